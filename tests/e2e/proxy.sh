#!/bin/bash
# Fetches through tinyproxy (HTTP) and microsocks (SOCKS 5), from nginx. nginx is also used as a
# proxy with persistent connections, and the embedded origin as a proxy with faults.
. "$(dirname "$0")/lib.bash"
own_network

at=$HOME_ADDRESS
make_authority
make_certificate good "IP:$at,DNS:localhost,DNS:site.example"
make_certificate other "DNS:other.example"
# localhost may be 127.0.0.1 or ::1, and microsocks tries only the first address
six=
! grep -qs '^0*1 ' /proc/net/if_inet6 || six='listen [::1]:18092;'
start_nginx 18080 18081 18443 18444 < <(
cat <<'N'
log_format seen '$connection "$request" $http_host "$http_authorization" '
    '"$http_proxy_authorization"';
access_log DIR/seen.log seen;
keepalive_requests 1000;
server {
    listen @:18080;
    location / { return 200 "plain $uri"; }
    location /moved { return 302 https://@:18443/next; }
}
server { listen @:18081; location / { return 200 "a proxy's own"; } }
server {
    listen @:18443 ssl; ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key;
    location / { return 200 "secret $uri"; }
}
server {
    listen @:18444 ssl; ssl_certificate DIR/other.pem; ssl_certificate_key DIR/other.key;
    location / { return 200 "other"; }
}
server { listen @:18446 http2; location / { return 200 "plain HTTP/2"; } }
N
echo "server { listen 127.0.0.1:18092; $six location / { return 200 localhost; } }"
)
seen() { grep -v '^[0-9]* ""' "$TMPDIR/seen.log"; }
plain=http://$at:18080/ secure=https://$at:18443/
refused=http://$at:18089/ secure_refused=https://$at:18089/

# proxy NAME PORT LINE... : starts a tinyproxy with these lines in its configuration
proxy() {
    local name=$1 port=$2
    shift 2
    printf '%s\n' "Port $port" "Listen $at" "Timeout 20" "LogFile \"$TMPDIR/$name.log\"" "$@" \
        >"$TMPDIR/$name.conf"
    start "$name" tinyproxy -d -c "$TMPDIR/$name.conf"
    until_true 10 listens "$port"
}
echo 'forbidden' >"$TMPDIR/filter"
proxy open 18100 "ConnectPort 18443" "ConnectPort 18444" "ConnectPort 18446" \
    "ConnectPort 18089" \
    "Filter \"$TMPDIR/filter\""
proxy locked 18101 "BasicAuth quince sesame"
start socks microsocks -i "$at" -p 18102
start locked-socks microsocks -i "$at" -p 18103 -u quince -P "sesame open"
until_true 10 listens 18102
until_true 10 listens 18103
http=http://$at:18100 locked=$at:18101 socks=socks5://$at:18102

# The embedded origin, which has an address for each fault of a connection.
conf <<'C'
http://closes.example/ rehearse-fault=wait-close
http://resets.example/ rehearse-fault=wait-reset
http://silent.example/ rehearse-fault=wait-stall
http://endless.example/ rehearse-fault=head-endless
http://unknown.example/ rehearse-fault=dns-nxdomain
C
start origin "$FIRSTBYTE" origin -f "$LIST"
until_true 10 grep -q END "$TMPDIR/origin.out"
nameserver=$(sed -n 's/^nameserver //p' "$TMPDIR/origin.out")
port=$(sed -n 's/^http 127.0.0.1://p' "$TMPDIR/origin.out")

# through NAME PROXY WANTED ARGUMENT... : status, code, phase, address and proxy of the result;
# with PROXY "" there is no -x
through() {
    local name=$1 proxy=$2 wanted=$3
    shift 3
    expect "$name" "$wanted" --cacert "$TMPDIR/ca.pem" ${proxy:+-x "$proxy"} "$@"
}

# requests through each proxy
: >"$TMPDIR/seen.log"
through "http: the absolute form" "$http" "200 - - $at:18100 $http" "$plain?a"
check "http: tinyproxy receives the URL" grep -q "GET ${plain}?a HTTP/1.1" "$TMPDIR/open.log"
same "http: the body is that of the site" '"plain /"' "$(jq '.snippet' "$out")"
through "https: CONNECT" "$http" "200 - - $at:18100 $http" "$secure"
check "https: tinyproxy receives only host and port" grep -q "CONNECT $at:18443 HTTP/1.1" \
    "$TMPDIR/open.log"
same "https: the body is that of the site" '"secret /"' "$(jq '.snippet' "$out")"
same "https: no name is looked up" null "$(jq .timings.dns "$out")"
through "http with prior knowledge of HTTP/2" "$http" "200 - - $at:18100 $http" \
    --http2-prior-knowledge "http://$at:18446/"
same "http with prior knowledge of HTTP/2: the protocol" '"HTTP/2"' "$(jq .protocol "$out")"
check "http with prior knowledge of HTTP/2: a tunnel" grep -q "CONNECT $at:18446 HTTP/1.1" \
    "$TMPDIR/open.log"
through "a proxy without a scheme" "$at:18100" "200 - - $at:18100 $http" "$plain"
through "http over SOCKS" "$socks" "200 - - $at:18102 $socks" "$plain"
through "https over SOCKS" "$socks" "200 - - $at:18102 $socks" "$secure"
through "socks5h" "socks5h://$at:18102" "200 - - $at:18102 socks5h://$at:18102" "$secure"
through "a redirect uses the proxy too" "$http" "200 - - $at:18100 $http" "${plain}moved"
same "a redirect uses the proxy too: the final URL" "\"${secure}next\"" "$(jq .final_url "$out")"
through "a Unix socket is used without the proxy" "$http" \
    "- connect.failed connect unix:$TMPDIR/none -" --unix-socket "$TMPDIR/none" "$plain"

# names: for socks5 the program looks them up, for the other schemes the proxy does
through "socks5: the program looks up the name" "$socks" "200 - - $at:18102 $socks" \
    --dns-servers "$nameserver" "http://any.example:$port/"
check "socks5: the time of the lookup is reported" jq -e '.timings.dns != null' "$out"
through "socks5: no such name" "$socks" "- dns.nxdomain dns - $socks" \
    --dns-servers "$nameserver" http://unknown.example/
if getent ahosts localhost | head -n 1 | grep -qE '^(127\.0\.0\.1|::1) '; then
    through "socks5h: the proxy looks up the name" "socks5h://$at:18102" \
        "200 - - $at:18102 socks5h://$at:18102" http://localhost:18092/
    same "socks5h: no lookup time is reported" null "$(jq .timings.dns "$out")"
else
    skip "socks5h: the proxy looks up the name" "localhost is not in the hosts file"
fi
through "--connect-to: the proxy receives the other address" "$http" "200 - - $at:18100 $http" \
    --connect-to "site.example:443:$at:18443" https://site.example/
through "a proxy with a name" "http://localhost:18100" "200 - - $at:18100 http://localhost:18100" \
    --resolve "localhost:18100:$at" "$plain"
through "a proxy without an address" "http://unknown.example:1" \
    "- proxy.dns proxy - http://unknown.example:1" \
    --dns-servers "$nameserver" "$plain"

# the certificate is verified for the site, with any proxy
for proxy in "$http" "$socks"; do
    through "another's certificate through ${proxy%%:*}" "$proxy" \
        "- tls.hostname_mismatch tls ${proxy#*//} $proxy" "https://$at:18444/"
done

# reused connections: one for all requests to an origin
: >"$TMPDIR/seen.log"
fb -x "$http" --cacert "$TMPDIR/ca.pem" -c 1 --format json "$secure"{1..5}
same "five requests through one tunnel" "1 5" "$(seen | cut -d' ' -f1 | sort -u | wc -l) $(seen |
    wc -l)"
same "five requests through one tunnel: connected once" 4 \
    "$(jq -s '[.[] | select(.timings.connect == null)] | length' "$out")"
same "five requests through one tunnel: the field proxy" "5 $http" \
    "$(jq -r .proxy "$out" | uniq -c | xargs)"
: >"$TMPDIR/seen.log"
fb -x "$at:18081" -c 1 --format json http://site.example/{1..5}
same "five requests on one connection to a proxy for http" "1 5" \
    "$(seen | cut -d' ' -f1 | sort -u | wc -l) $(seen | wc -l)"
same "a proxy for http receives the URL, and the Host field of the site" \
    "GET http://site.example/1 HTTP/1.1 site.example" \
    "$(seen | head -n 1 | cut -d' ' -f2-5 | tr -d '"')"

# credentials: right, wrong, none
: >"$TMPDIR/seen.log"
through "http with user and password" "quince:sesame@$locked" "200 - - $locked http://$locked" \
    "$plain"
through "https with user and password" "quince:sesame@$locked" "200 - - $locked http://$locked" \
    "$secure"
through "SOCKS with user and password" "socks5://quince:sesame%20open@$at:18103" \
    "200 - - $at:18103 socks5://$at:18103" "$plain"
same "credentials of the proxy are not sent to the site" 3 "$(seen | grep -c '"-" "-"$')"
through "credentials of the site and of the proxy" "quince:sesame@$locked" \
    "200 - - $locked http://$locked" -u me:mine \
    "$plain"
same "the site receives only its own credentials" "\"Basic $(printf me:mine | base64)\" \"-\"" \
    "$(seen | tail -n 1 | cut -d' ' -f6-)"
for user in "" zelda:sesame@ quince:open@; do
    through "CONNECT is refused, ${user:-no user}" "http://$user$locked" \
        "- proxy.auth proxy $locked http://$locked" "$secure"
    through "SOCKS is refused, ${user:-no user}" "socks5h://$user$at:18103" \
        "- proxy.auth proxy $at:18103 socks5h://$at:18103" "$plain"
done
through "http is refused" "http://$locked" "407 proxy.auth proxy $locked http://$locked" "$plain"
for proxy in "quince:sesame@$locked" "socks5://quince:sesame%20open@$at:18103" \
    "zelda:sesame@$locked"; do
    fb -v -x "$proxy" --cacert "$TMPDIR/ca.pem" "$plain" "$secure"
    check_not "credentials are not shown, $proxy" \
        grep -qe sesame -e quince -e zelda -e "$(printf quince:sesame | base64)" "$out" "$err"
done
# Proxy-Authorization by -H: only for the proxy, and in place of the credentials of -x
given="Proxy-Authorization: Basic $(printf quince:sesame | base64)"
: >"$TMPDIR/seen.log"
through "-H, http" "http://$locked" "200 - - $locked http://$locked" -H "$given" "$plain"
through "-H, https" "http://$locked" "200 - - $locked http://$locked" -H "$given" "$secure"
through "-H, after a redirect" "http://$locked" "200 - - $locked http://$locked" -H "$given" \
    "${plain}moved"
through "-H wins over -x" "zelda:sesame@$locked" "200 - - $locked http://$locked" -H "$given" \
    "$secure"
through "-H without a value: no credentials" "quince:sesame@$locked" \
    "- proxy.auth proxy $locked http://$locked" \
    -H "Proxy-Authorization:" "$secure"
through "-H, SOCKS" "$socks" "200 - - $at:18102 $socks" -H "$given" "$plain"
through "-H, without the proxy" "$http" "200 - - $at:18443 -" --noproxy "$at" -H "$given" "$secure"
start echo perl -MSocket -e 'use IO::Socket;
    my $s = IO::Socket::INET->new(LocalAddr => shift, Listen => 5, ReuseAddr => 1);
    while (my $c = $s->accept) { while (<$c>) { print; STDOUT->flush; last if /^\r?$/ }
    print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"; close $c }' "$at:18105"
until_true 10 listens 18105
through "-H, through SOCKS" "$socks" "200 - - $at:18102 $socks" -H "$given" -H "X-Other: 1" \
    "http://$at:18105/"
check "-H, through SOCKS: other fields are sent to the site" grep -q '^X-Other: 1' \
    "$TMPDIR/echo.out"
check_not "-H, through SOCKS: Proxy-Authorization is not sent" grep -qi '^proxy-authorization' \
    "$TMPDIR/echo.out"
same "-H: no site receives Proxy-Authorization" "7 0" "$(seen | wc -l) $(seen |
    grep -c "${given##* }")"
fb -v -x "$socks" -H "$given" "http://$at:18105/"
check "-H: -v reports that it is not sent" \
    stderr_has 'Proxy-Authorization is for a proxy, and not sent to the site'
check_not "-H: -v does not show its value" grep -q "${given##* }" "$err"
fb -H "$given" "http://$at:18105/"
check "-H: without a proxy, Proxy-Authorization is sent to the site" \
    grep -qi '^proxy-authorization' "$TMPDIR/echo.out"

fb -x "http://quince:sesame@" "$plain"
exits "an invalid proxy" 2
check "an invalid proxy: the reason is reported" grep -q '^firstbyte: --proxy: there is no host' \
    "$err"
check_not "an invalid proxy: its credentials are not shown" grep -q sesame "$err"

# requests that a proxy refuses, and sites that it cannot reach
through "a port that is forbidden for CONNECT" "$http" "- proxy.denied proxy $at:18100 $http" \
    "https://$at:18445/"
through "a site that is forbidden" "$http" "- proxy.denied proxy $at:18100 $http" \
    https://forbidden.example:18443/
through "a site that is forbidden, http: the response of the proxy" "$http" \
    "403 - - $at:18100 $http" http://forbidden.example/
through "tinyproxy: a refused connection, without a reason" "$http" \
    "- proxy.failed proxy $at:18100 $http" \
    "$secure_refused"
check "tinyproxy: its status is reported" \
    grep -q '(the proxy responded with 500 Internal Server Error)' "$out"
through "tinyproxy: a refused connection, http" "$http" "500 - - $at:18100 $http" "$refused"
through "SOCKS: a refused connection" "$socks" "- connect.refused connect $at:18102 $socks" \
    "$refused"
through "SOCKS: microsocks reports a reset as the end of the connection" "$socks" \
    "- http.empty wait $at:18102 $socks" \
    --resolve "resets.example:$port:127.0.0.1" "http://resets.example:$port/"
through "SOCKS: a silent site" "$socks" "- timeout.ttfb wait $at:18102 $socks" \
    --ttfb-timeout 200ms --resolve "silent.example:$port:127.0.0.1" "http://silent.example:$port/"
if [ "$OWN_NETWORK" ]; then
    through "SOCKS: unreachable" "$socks" "- connect.unreachable connect $at:18102 $socks" \
        http://192.0.2.1/
    through "SOCKS: no such name" "socks5h://$at:18102" \
        "- proxy.gateway proxy $at:18102 socks5h://$at:18102" http://unknown.example/
    through "an unreachable proxy" http://192.0.2.1:1 \
        "- proxy.unreachable proxy 192.0.2.1:1 http://192.0.2.1:1" "$plain"
    through "tinyproxy: no such name" "$http" "- proxy.failed proxy $at:18100 $http" \
        https://unknown.example:18443/
else
    skip "unreachable networks and names through a proxy" "network namespaces are not permitted"
fi

# invalid proxies: addresses of the embedded origin, each with a fault
bad() {
    local name=$1 host=$2 code=$3 scheme
    for scheme in http socks5h; do
        through "$name, $scheme" "$scheme://$host:$port" \
            "- proxy.$code proxy $host:$port $scheme://$host:$port" --connect-timeout 200ms \
            https://site.example/
    done
}
bad "no listener" 127.0.0.2 refused
bad "a full backlog" 127.0.0.3 timeout
bad "a silent proxy" 127.0.0.4 timeout
bad "another protocol" 127.0.0.5 malformed
bad "a reset" 127.0.0.6 closed
through "a web server as a proxy, http" "127.0.0.1:$port" \
    "- proxy.malformed proxy 127.0.0.1:$port http://127.0.0.1:$port" https://site.example/
through "a web server as a proxy, SOCKS" "socks5h://127.0.0.1:$port" \
    "- proxy.closed proxy 127.0.0.1:$port socks5h://127.0.0.1:$port" https://site.example/
connect() {
    through "$1" "127.0.0.1:$port" "- $3 127.0.0.1:$port http://127.0.0.1:$port" \
        --connect-timeout 500ms "https://$2.example/"
}
connect "CONNECT: the proxy closes" closes "proxy.closed proxy"
connect "CONNECT: the proxy resets" resets "proxy.closed proxy"
connect "CONNECT: no response" silent "proxy.timeout proxy"
connect "CONNECT: a head without end" endless "proxy.malformed proxy"
through "a silent proxy without --connect-timeout: the total timeout" "127.0.0.4:$port" \
    "- timeout.total connect 127.0.0.4:$port http://127.0.0.4:$port" -T 200ms "$secure"
through "http: the proxy closes without a response" "127.0.0.1:$port" \
    "- http.empty wait 127.0.0.1:$port http://127.0.0.1:$port" http://closes.example/
through "CONNECT to nginx" "$at:18081" "- proxy.failed proxy $at:18081 http://$at:18081" "$secure"

# environment variables: lower case wins; HTTP_PROXY is not read
direct="200 - - $at:18080 -"
proxied="200 - - $at:18100 $http"
http_proxy=$http through "http_proxy" "" "$proxied" "$plain"
https_proxy=$at:18100 through "https_proxy" "" "$proxied" "$secure"
all_proxy=$http through "all_proxy" "" "$proxied" "$secure"
http_proxy=$http all_proxy=$socks through "http_proxy wins over all_proxy" "" "$proxied" "$plain"
http_proxy=$socks through "-x wins over http_proxy" "$http" "$proxied" "$plain"
http_proxy=$socks through '-x "": no proxy' "" "$direct" -x "" "$plain"
https_proxy=$http through "https_proxy is not used for http" "" "$direct" "$plain"
HTTPS_PROXY=$at:18100 through "HTTPS_PROXY" "" "$proxied" "$secure"
ALL_PROXY=$http through "ALL_PROXY" "" "$proxied" "$plain"
ALL_PROXY=$socks all_proxy=$http through "all_proxy wins over ALL_PROXY" "" "$proxied" "$plain"
NO_PROXY=$at through "NO_PROXY" "$http" "$direct" "$plain"
HTTP_PROXY=$socks through "HTTP_PROXY is not read" "" "$direct" "$plain"
HTTP_PROXY=http://quince:sesame@p fb -v "$plain"
check "HTTP_PROXY: -v reports that it is ignored" stderr_has '* HTTP_PROXY is ignored'
check_not "HTTP_PROXY: -v does not show its value" grep -q sesame "$err"
http_proxy=$http HTTP_PROXY=$http fb -v "$plain"
check_not "HTTP_PROXY: no report if http_proxy is set too" stderr_has 'is ignored'
HTTP_PROXY=$http fb "$plain"
check_not "HTTP_PROXY: no report without -v" stderr_has 'is ignored'
http_proxy='' all_proxy='' through "empty variables: no proxy" "" "$direct" "$plain"
http_proxy=http://quince:sesame@ fb "$plain"
exits "http_proxy with an invalid value" 3
check "http_proxy with an invalid value: its name is reported" \
    grep -q '^firstbyte: proxy: http_proxy: ' "$err"
check_not "http_proxy with an invalid value: its password is not shown" grep -q sesame "$err"

# exceptions
no_proxy=$at through "no_proxy: an address" "$http" "$direct" "$plain"
no_proxy=10.0.0.0/8,127.0.0.0/8 through "no_proxy: a network" "$http" "$direct" "$plain"
no_proxy='*' through "no_proxy: all" "$http" "$direct" "$plain"
no_proxy=$at through "--noproxy wins over no_proxy" "$http" "$proxied" --noproxy other.example \
    "$plain"
no_proxy='*' through '--noproxy "": no exceptions' "$http" "$proxied" --noproxy "" "$plain"
name="$http --resolve site.example:18080:$at"
# shellcheck disable=SC2086
{
    fb -x $name --format json --noproxy .example http://site.example:18080/
    same "--noproxy: names in a domain" null "$(jq .proxy "$out")"
    fb -x $name --format json --noproxy ample --order input http://site.example:18080/
    same "--noproxy: a part of a label does not match" "\"$http\"" "$(jq .proxy "$out")"
}
fb --format json --cacert "$TMPDIR/ca.pem" -x "$http" --noproxy site.example --order input \
    --resolve "site.example:18443:$at" https://site.example:18443/ "$secure"
same "--noproxy: one site of two" "null \"$http\"" "$(jq .proxy "$out" | xargs -d '\n')"

judge ".status, .error.code, .error.phase, .address, .proxy"
