#!/bin/bash
# HTTP/2 against real servers: nghttpd, h2o and lighttpd, over TLS and with prior knowledge.
. "$(dirname "$0")/../e2e/lib.bash"
PATH=$PATH:/usr/sbin
make_authority
make_certificate good "IP:$HOME_ADDRESS"
cat "$TMPDIR/good.pem" "$TMPDIR/good.key" >"$TMPDIR/both.pem"
www=$TMPDIR/www
mkdir -p "$www"
head -c 612 /dev/zero | tr '\0' x >"$www/index.html"
head -c 20000000 /dev/zero >"$www/large.bin"

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

# requests NAME ARGUMENT... URL : the cases of one server and one port; URL ends with /
requests() {
    local name=$1 url=${*: -1} i
    local -a how=("${@:2:$#-2}")
    for i in {1..300}; do echo "$url?$i"; done >"$TMPDIR/urls"
    fb fetch "${how[@]}" --format json -f "$TMPDIR/urls"
    exits "$name: 300 URLs" 0
    same "$name: 300 URLs, all HTTP/2, status 200, 612 bytes" '300 ["HTTP/2",200,612]' \
        "$(jq -c '[.protocol, .status, .body_bytes]' "$out" | sort | uniq -c |
            awk '{ print $1, $2 }')"
    fb fetch "${how[@]}" --format json --max-body 21M "${url}large.bin"
    same "$name: a body of 20 MB" '["HTTP/2",200,20000000]' \
        "$(run '[.protocol, .status, .body_bytes]')"
    fb fetch "${how[@]}" --format json -I "$url"
    same "$name: HEAD" '["HTTP/2",200,0]' "$(run '[.protocol, .status, .body_bytes]')"
    fb fetch "${how[@]}" --format json "${url}missing"
    same "$name: a page that is missing" '["HTTP/2",404]' "$(run '[.protocol, .status]')"
    bench "$name: a load" "${how[@]}" -c 4 -m 10 -n 2000 "$url"
    same "$name: a load: all complete" "[2000,0,2000,2000,0,0]" "$(totals)"
}

# both NAME PLAIN SECURE : the cases over TLS and with prior knowledge
both() {
    requests "$1, h2c" --http2-prior-knowledge "http://$HOME_ADDRESS:$2/"
    requests "$1, TLS" --http2 --cacert "$TMPDIR/ca.pem" "https://$HOME_ADDRESS:$3/"
}

# h2o is stopped during a load; $pid is its process
stopped() {
    local server=$pid load completed
    : >"$TMPDIR/h2o.log"
    timeout 30 "$FIRSTBYTE" bench --http2-prior-knowledge --format json -c 4 -m 10 -d 2s \
        "http://$HOME_ADDRESS:18211/" >"$out" 2>"$err" &
    load=$!
    until_true 10 has_lines 1000 "$TMPDIR/h2o.log"
    kill "$server"
    wait "$server" "$load"
    completed=$(run .totals.completed)
    check "h2o, stopped in a load: requests complete" [ "$completed" -gt 0 ]
    check "h2o, stopped in a load: some fail" jq -e '.totals.failed > 0' "$out"
    check "h2o, stopped in a load: no more complete than the server has logged" \
        [ "$completed" -le "$(wc -l <"$TMPDIR/h2o.log")" ]
    cat "$out" >>"$TMPDIR/runs"
}
: >"$TMPDIR/runs"

if command -v nghttpd >/dev/null; then
    serve nghttpd 18201 nghttpd -a "$HOME_ADDRESS" -d "$www" --no-tls 18201 &&
        serve nghttpd-tls 18202 nghttpd -a "$HOME_ADDRESS" -d "$www" 18202 "$TMPDIR/good.key" \
            "$TMPDIR/good.pem" && both nghttpd 18201 18202
else
    skip nghttpd "no nghttpd (Debian: nghttp2-server)"
fi

if command -v h2o >/dev/null; then
    cat >"$TMPDIR/h2o.conf" <<H
$([ "$(id -u)" != 0 ] || echo "user: root")
num-threads: 1
access-log: {path: $TMPDIR/h2o.log, format: "%s"}
listen: {host: $HOME_ADDRESS, port: 18211}
listen:
  host: $HOME_ADDRESS
  port: 18212
  ssl: {certificate-file: $TMPDIR/good.pem, key-file: $TMPDIR/good.key}
hosts: {default: {paths: {/: {file.dir: $www}}}}
H
    serve h2o "18211 18212" h2o -c "$TMPDIR/h2o.conf" && both h2o 18211 18212 && stopped
else
    skip h2o "no h2o (Debian: h2o)"
fi

if command -v lighttpd >/dev/null; then
    cat >"$TMPDIR/lighttpd.conf" <<L
server.modules = ("mod_openssl")
server.document-root = "$www"
server.bind = "$HOME_ADDRESS"
server.port = 18221
index-file.names = ("index.html")
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
judge_runs
