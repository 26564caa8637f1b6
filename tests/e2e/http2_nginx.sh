#!/bin/bash
# Fetches over HTTP/2 from nginx: sharing of connections, their end, the
# fields of results, and servers that speak another version.
. "$(dirname "$0")/lib.bash"

make_authority
make_certificate good "IP:$HOME_ADDRESS"
mkdir "$TMPDIR/www"
head -c 3000000 /dev/zero | tr '\0' x >"$TMPDIR/www/large"
server() { # PORT HTTP2 MORE
    echo "server { listen @:$1 ssl $2;
        ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key; ${3-}
        location / { return 200 \"it is \$arg_n\"; }
        location /echo { return 200 \"\$request_method \$content_length\"; }
        location /away { return 302 /?n=5; }
        location /large { root DIR/www; } }"
}
start_nginx 18443 18444 18445 18446 18080 18081 < <(
    server 18443 http2
    server 18444 http2 "keepalive_requests 10;"
    server 18445 http2 "http2_max_concurrent_streams 2;"
    server 18446 ""
    echo 'server { listen @:18080 http2; keepalive_requests 10; return 200 "it is $arg_n"; }'
    echo 'server { listen @:18081; return 200 "it is $arg_n"; }'
)
base=https://$HOME_ADDRESS

# fetch PORT COUNT OPTION... : COUNT different URLs
fetch() {
    local port=$1 count=$2
    shift 2
    seq -f "$base:$port/?n=%g" "$count" >"$TMPDIR/list"
    fb -f "$TMPDIR/list" --cacert "$TMPDIR/ca.pem" --format json "$@"
}
all() { jq -es "all(.[]; $1)" "$out" >/dev/null; }
each_is_right='.status == 200 and .snippet == ("it is " + (.url / "=" | last))'

fetch 18443 300
exits "300 URLs" 0
check "each response belongs to its request" all "$each_is_right"
check "each result fits the schema" valid fetch "$out"
check "the protocol is HTTP/2" all '.protocol == "HTTP/2" and .tls.alpn == "h2"'
same "all are on one connection" '[1]' "$(jq -cs 'map(.connection.number) | unique' "$out")"
same "requests are counted" '[0,299,300]' \
    "$(jq -cs 'map(.connection.requests_before) | [min, max, (unique | length)]' "$out")"
same "each has its own stream" 300 "$(jq -cs 'map(.stream) | unique | length' "$out")"
same "only one request has opened the connection" 1 \
    "$(jq -cs 'map(select(.timings.connect or .timings.tls)) | length' "$out")"
# shellcheck disable=SC2016 # $first is a variable of jq
check "the others were blocked while it was opened" jq -es '
    map(select(.connection.requests_before < 6)) | min_by(.connection.requests_before) as $first
        | (length == 6) and all(.[]; .timings.blocked > $first.timings.tls or . == $first)' "$out"

fetch 18443 40 --fields protocol,stream,connection.number --format csv
check "fields of CSV" grep -q '^HTTP/2,1,1' "$out"

fetch 18444 200
check "GOAWAY after ten requests: none is lost" all "$each_is_right"
check "GOAWAY after ten requests: further connections" \
    jq -es '(map(.connection.number) | unique | length) > 10' "$out"

fetch 18445 200
check "two streams at a time: none is lost" all "$each_is_right"

fetch 18443 40 --http1.1
check "--http1.1" all "$each_is_right"' and .protocol == "HTTP/1.1" and .stream == null'

fetch 18446 40
check "a server without HTTP/2" all "$each_is_right"' and .protocol == "HTTP/1.1"'
fetch 18446 1 --http2-prior-knowledge
same "a server without HTTP/2, which is required" '"tls.alpn"' "$(jq .error.code "$out")"


# --- without TLS

seq -f "http://$HOME_ADDRESS:18080/?n=%g" 200 >"$TMPDIR/list"
fb -f "$TMPDIR/list" --http2-prior-knowledge --format json
check "prior knowledge, ten requests on a connection: none is lost" all \
    "$each_is_right"' and .protocol == "HTTP/2" and .tls == null'
fb --http2-prior-knowledge --format json "http://$HOME_ADDRESS:18081/?n=1"
same "prior knowledge, a server without HTTP/2" '"http2.not_http2"' "$(jq .error.code "$out")"
fb --format json "http://$HOME_ADDRESS:18080/?n=1"
same "without prior knowledge, a server of HTTP/2 alone" '"http.malformed"' \
    "$(jq .error.code "$out")"

# --- a server that accepts HTTP/2 alone in ALPN

start alone openssl s_server -accept "$HOME_ADDRESS:18447" -quiet -alpn h2 \
    -cert "$TMPDIR/good.pem" -key "$TMPDIR/good.key"
until_true 10 listens 18447 || fail "OpenSSL's server listens"
fb --cacert "$TMPDIR/ca.pem" --http1.1 --format json "https://$HOME_ADDRESS:18447/"
same "HTTP/2 alone, --http1.1" '"tls.alpn"' "$(jq .error.code "$out")"

# --- further options

fetch 18443 20 --no-keepalive
check "--no-keepalive" all "$each_is_right"' and .connection.requests_before == 0'
same "--no-keepalive: connections" 20 "$(jq -cs 'map(.connection.number) | unique | length' "$out")"

seq -f "$base:18443/echo?n=%g" 30 >"$TMPDIR/list"
fb -f "$TMPDIR/list" --cacert "$TMPDIR/ca.pem" --format json -d "some content"
check "requests with content share a connection" all \
    '.snippet == "POST 12" and .connection.number == 1'

fb --cacert "$TMPDIR/ca.pem" --format json "$base:18443/away"
check "a redirect is followed on the same connection" all \
    '.snippet == "it is 5" and .connection.requests_before == 1'

fb --cacert "$TMPDIR/ca.pem" --format json --max-body 10M "$base:18443/large" "$base:18443/?n=1"
same "a large body" '[3000000,7]' "$(jq -cs 'map(.body_bytes) | sort | reverse' "$out")"
fb --cacert "$TMPDIR/ca.pem" --format json --until-preview "$base:18443/large"{,,,}
check "--until-preview: the connection is used again" all \
    '.truncated and .snippet == "xxxxxxxxxx" and .connection.number == 1'

fb --cacert "$TMPDIR/ca.pem" -v "$base:18443/?n=1"
for line in '* [1] SETTINGS of the client: ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 1048576' \
    '* [1] SETTINGS of the server: MAX_CONCURRENT_STREAMS 128' '* [1] stream 1: request' \
    '> [1] :method: GET' '> [1] :path: /?n=1' '* [1] stream 1: response' '< [1] HTTP/2 200' \
    '* [1] GOAWAY of the client: NO_ERROR'; do
    check "-v: $line" stderr_has "$line"
done

SSLKEYLOGFILE=$TMPDIR/keys fb --cacert "$TMPDIR/ca.pem" "$base:18443/?n=1"
check "SSLKEYLOGFILE: the secrets of a connection" grep -qE '^CLIENT_(RANDOM|TRAFFIC_SECRET_0) ' \
    "$TMPDIR/keys"
