#!/bin/bash
# HTTP/2 against real servers, over TLS and with prior knowledge: nghttpd, h2o, lighttpd, nginx,
# haproxy in front of nginx, Caddy and Apache. Bodies are compared with those that curl receives.
. "$(dirname "$0")/../e2e/lib.bash"
PATH=$PATH:/usr/sbin
make_authority
make_certificate good "IP:$HOME_ADDRESS"
cat "$TMPDIR/good.pem" "$TMPDIR/good.key" >"$TMPDIR/both.pem"
www=$TMPDIR/www
mkdir -p "$www"
head -c 612 /dev/zero | tr '\0' x >"$www/index.html"
seq 1 10000 >"$www/numbers.txt"
head -c 20000000 /dev/zero >"$www/large.bin"
head -c 1000000 /dev/zero | tr '\0' y >"$TMPDIR/content"
: >"$TMPDIR/runs"

# serve NAME PORTS COMMAND... : starts a server and waits until the ports accept connections
serve() {
    local port name=$1 ports=$2
    shift 2
    start "$name" "$@"
    for port in $ports; do
        until_true 10 listens "$port" && continue
        fail "$name listens on $port"
        explain "$TMPDIR/$name.out" "$TMPDIR/$name.err"
        return 1
    done
}

# requests NAME ARGUMENT... URL : the cases of one server and one port; URL ends with /. The
# arguments are also valid for curl. $connections: how many a fetch of 300 URLs opens; empty: any
# number. $gzip: not empty if the server compresses. $post: the status for a request with content: a
# server of files may refuse the method.
requests() {
    local name=$1 url=${*: -1} i
    local -a how=("${@:2:$#-2}")
    for i in {1..300}; do echo "$url?$i"; done >"$TMPDIR/urls"
    fb fetch "${how[@]}" --format json -f "$TMPDIR/urls"
    exits "$name: 300 URLs" 0
    same "$name: 300 URLs, all HTTP/2, status 200, 612 bytes" '300 ["HTTP/2",200,612]' \
        "$(jq -c '[.protocol, .status, .body_bytes]' "$out" | sort | uniq -c |
            awk '{ print $1, $2 }')"
    [ -z "$connections" ] || same "$name: 300 URLs, connections" "$connections" \
        "$(jq -s 'map(.connection.number) | unique | length' "$out")"
    fb fetch "${how[@]}" --format json --max-body 21M "${url}large.bin"
    same "$name: a body of 20 MB" '["HTTP/2",200,20000000]' \
        "$(run '[.protocol, .status, .body_bytes]')"
    fb fetch "${how[@]}" --format json -I "$url"
    same "$name: HEAD" '["HTTP/2",200,0]' "$(run '[.protocol, .status, .body_bytes]')"
    fb fetch "${how[@]}" --format json "${url}missing"
    same "$name: a page that is missing" '["HTTP/2",404]' "$(run '[.protocol, .status]')"
    content "$name" "$url"
    bench "$name: a load" "${how[@]}" -c 4 -m 10 -n 2000 "$url"
    same "$name: a load: all complete" "[2000,0,2000,2000,0,0]" "$(totals)"
}

# body COMMAND... : writes the decoded body, at most 64 KiB, to $TMPDIR/body
body() {
    fb fetch "${how[@]}" --format json --preview 65536 "$@"
    jq -j .snippet "$out" >"$TMPDIR/body"
}

# content NAME URL : the bodies of responses, and a request with a body; uses `how`
content() {
    local name=$1 url=$2
    timeout 5 curl -sS "${how[@]}" -o "$TMPDIR/curl.body" "${url}numbers.txt"
    body -H "Accept-Encoding: identity" "${url}numbers.txt"
    check "$name: a body is that of curl" cmp "$TMPDIR/curl.body" "$TMPDIR/body"
    if [ "$gzip" ]; then
        body -H "Accept-Encoding: gzip" "${url}numbers.txt"
        same "$name: gzip" '"gzip"' "$(run .encoding)"
        check "$name: gzip: the decoded body is that of curl" \
            cmp "$TMPDIR/curl.body" "$TMPDIR/body"
    fi
    # curl 7.88 fails, or does not end, if a server responds before the end of the content, and
    # resets the stream with NO_ERROR
    timeout 5 curl -sS "${how[@]}" -o "$TMPDIR/curl.body" --data-binary @"$TMPDIR/content" \
        "$url" 2>"$TMPDIR/curl.err" || rm -f "$TMPDIR/curl.body"
    body -H "Accept-Encoding: identity" -d @"$TMPDIR/content" "$url"
    same "$name: POST of 1 MB: status" "$post" "$(run .status)"
    [ ! -f "$TMPDIR/curl.body" ] || check "$name: POST of 1 MB: the body is that of curl" \
        cmp <(head -c 65536 "$TMPDIR/curl.body") "$TMPDIR/body"
    fb fetch "${how[@]}" --format json --until-preview -c 1 "${url}large.bin"{,,,} "$url"
    same "$name: --until-preview: the connection is used again" '[[true],[1],[200]]' \
        "$(jq -cs '[(.[:4] | map(.truncated)), map(.connection.number), map(.status)]
            | map(unique)' "$out")"
}

# both NAME PLAIN SECURE : the cases over TLS and with prior knowledge
both() {
    requests "$1, h2c" --http2-prior-knowledge "http://$HOME_ADDRESS:$2/"
    requests "$1, TLS" --http2 --cacert "$TMPDIR/ca.pem" "https://$HOME_ADDRESS:$3/"
}

# stopped NAME LOG ARGUMENT... : the server is stopped during a load; $pid is its process
stopped() {
    local name="$1, stopped in a load" log=$2 server=$pid load completed
    shift 2
    : >"$log"
    timeout 30 "$FIRSTBYTE" bench --format json -c 4 -m 10 -d 2s "$@" >"$out" 2>"$err" &
    load=$!
    until_true 10 has_lines 1000 "$log"
    kill "$server"
    wait "$server" "$load"
    completed=$(run .totals.completed)
    check "$name: requests complete" [ "$completed" -gt 0 ]
    check "$name: some fail" jq -e '.totals.failed > 0' "$out"
    check "$name: no more complete than the server has logged" \
        [ "$completed" -le "$(wc -l <"$log")" ]
    cat "$out" >>"$TMPDIR/runs"
}

connections=1 gzip='' post=200
if command -v nghttpd >/dev/null; then
    serve nghttpd 18201 nghttpd -a "$HOME_ADDRESS" -d "$www" --no-tls --echo-upload 18201 &&
        serve nghttpd-tls 18202 nghttpd -a "$HOME_ADDRESS" -d "$www" --echo-upload 18202 \
            "$TMPDIR/good.key" "$TMPDIR/good.pem" && both nghttpd 18201 18202
else
    skip nghttpd "no nghttpd (Debian: nghttp2-server)"
fi

connections=1 gzip=1 post=405
if command -v h2o >/dev/null; then
    cat >"$TMPDIR/h2o.conf" <<H
$([ "$(id -u)" != 0 ] || echo "user: root")
num-threads: 1
compress: ON
compress-minimum-size: 1000
access-log: {path: $TMPDIR/h2o.log, format: "%s"}
listen: {host: $HOME_ADDRESS, port: 18211}
listen:
  host: $HOME_ADDRESS
  port: 18212
  ssl: {certificate-file: $TMPDIR/good.pem, key-file: $TMPDIR/good.key}
hosts: {default: {paths: {/: {file.dir: $www}}}}
H
    serve h2o "18211 18212" h2o -c "$TMPDIR/h2o.conf" && both h2o 18211 18212 &&
        stopped "h2o, TLS" "$TMPDIR/h2o.log" --http2 --cacert "$TMPDIR/ca.pem" \
            "https://$HOME_ADDRESS:18212/"
else
    skip h2o "no h2o (Debian: h2o)"
fi

# lighttpd allows eight streams on a connection, so a fetch opens further ones
connections='' gzip='' post=200
if command -v lighttpd >/dev/null; then
    cat >"$TMPDIR/lighttpd.conf" <<L
server.modules = ("mod_openssl")
server.document-root = "$www"
server.bind = "$HOME_ADDRESS"
server.port = 18221
index-file.names = ("index.html")
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain")
server.feature-flags += ("server.h2proto" => "enable", "server.h2c" => "enable")
\$SERVER["socket"] == "$HOME_ADDRESS:18222" {
    ssl.engine = "enable"
    ssl.pemfile = "$TMPDIR/good.pem"
    ssl.privkey = "$TMPDIR/good.key"
}
L
    serve lighttpd "18221 18222" lighttpd -D -f "$TMPDIR/lighttpd.conf" &&
        both lighttpd 18221 18222
else
    skip lighttpd "no lighttpd (Debian: lighttpd, lighttpd-mod-openssl)"
fi

connections=1 gzip=1 post=405
# nginx is also the server behind haproxy
tls='ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key;'
start_nginx 18230 18231 18232 <<N
gzip on;
gzip_min_length 1000;
gzip_types text/plain;
types { text/plain txt; text/html html; }
client_max_body_size 2m;
keepalive_requests 100000;
server { default_type application/octet-stream; listen @:18230; access_log off; }
server { default_type application/octet-stream; listen @:18231 http2; }
server { default_type application/octet-stream; listen @:18232 ssl http2; $tls }
N
if nginx -V 2>&1 | grep -q http_v2_module; then
    both nginx 18231 18232
else
    skip nginx "nginx has no HTTP/2"
fi

if command -v haproxy >/dev/null; then
    cat >"$TMPDIR/haproxy.cfg" <<H
global
    log stdout format raw local0
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend both
    bind $HOME_ADDRESS:18241 proto h2
    bind $HOME_ADDRESS:18242 ssl crt $TMPDIR/both.pem alpn h2,http/1.1
    default_backend nginx
backend nginx
    server nginx $HOME_ADDRESS:18230
H
    serve haproxy "18241 18242" haproxy -db -f "$TMPDIR/haproxy.cfg" && both haproxy 18241 18242
else
    skip haproxy "no haproxy (Debian: haproxy)"
fi
if nginx -V 2>&1 | grep -q http_v2_module; then
    pid=$NGINX_PID
    stopped "nginx, h2c" "$NGINX_LOG" --http2-prior-knowledge "http://$HOME_ADDRESS:18231/"
fi

post=200
if command -v caddy >/dev/null; then
    cat >"$TMPDIR/Caddyfile" <<C
{
    admin off
    auto_https off
    servers {
        protocols h1 h2 h2c
    }
}
(site) {
    root * $www
    encode {
        gzip
        minimum_length 1000
    }
    file_server
}
http://$HOME_ADDRESS:18251 {
    import site
}
https://$HOME_ADDRESS:18252 {
    tls $TMPDIR/good.pem $TMPDIR/good.key
    import site
}
C
    serve caddy "18251 18252" env HOME="$TMPDIR" XDG_DATA_HOME="$TMPDIR" XDG_CONFIG_HOME="$TMPDIR" \
        caddy run --adapter caddyfile --config "$TMPDIR/Caddyfile" && both caddy 18251 18252
else
    skip caddy "no caddy (Debian: caddy)"
fi

connections=''
modules=/usr/lib/apache2/modules
if command -v apache2 >/dev/null && [ -e $modules/mod_http2.so ]; then
    {
        for module in mpm_event authz_core dir mime deflate filter ssl http2; do
            echo "LoadModule ${module}_module $modules/mod_$module.so"
        done
        cat <<A
ServerRoot $TMPDIR
ServerName localhost
PidFile $TMPDIR/apache.pid
ErrorLog $TMPDIR/apache.log
TypesConfig /etc/mime.types
DefaultRuntimeDir $TMPDIR
Mutex file:$TMPDIR
DocumentRoot $www
DirectoryIndex index.html
Listen $HOME_ADDRESS:18261
Listen $HOME_ADDRESS:18262
Protocols h2 h2c http/1.1
AddOutputFilterByType DEFLATE text/plain
<VirtualHost *:18262>
    SSLEngine on
    SSLCertificateFile $TMPDIR/good.pem
    SSLCertificateKeyFile $TMPDIR/good.key
</VirtualHost>
A
    } >"$TMPDIR/apache.conf"
    serve apache "18261 18262" apache2 -DFOREGROUND -f "$TMPDIR/apache.conf" &&
        both apache 18261 18262
else
    skip apache "no apache2 with mod_http2 (Debian: apache2)"
fi
judge_runs
