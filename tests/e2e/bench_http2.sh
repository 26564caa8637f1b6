#!/bin/bash
# The load generator over HTTP/2, against nginx: streams, GOAWAY, deadlines, and each kind of run.
. "$(dirname "$0")/lib.bash"
own_network
if ! nginx -V 2>&1 | grep -q http_v2_module; then
    skip "bench over HTTP/2" "nginx has no HTTP/2"
    exit 0
fi

make_authority
make_certificate good "IP:$HOME_ADDRESS"
mkdir -p "$TMPDIR/www"
echo 0123456789 >"$TMPDIR/www/index.html"
head -c 20000 /dev/zero | tr '\0' x >"$TMPDIR/www/slow"
tls='ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key;'
start_nginx 18120 18121 18122 18123 <<N
http2_max_concurrent_streams 128;
access_log off;
server { listen @:18120 http2; keepalive_requests 10; }
server { listen @:18121 ssl http2; $tls keepalive_requests 10; }
server {
    listen @:18122 http2; keepalive_requests 1000000;
    location /slow { limit_rate 1; }
}
server { listen @:18123 http2; keepalive_requests 1000000; http2_max_concurrent_streams 2; }
N
h2c=http://$HOME_ADDRESS
secure=(--http2 --cacert "$TMPDIR/ca.pem" "https://$HOME_ADDRESS:18121/")
: >"$TMPDIR/runs"

# --- GOAWAY after ten requests: none is lost ---

for streams in 1 10 37; do
    bench "GOAWAY, $streams streams" -n 500 -c 4 -m "$streams" --http2-prior-knowledge "$h2c:18120/"
    same "GOAWAY, $streams streams: all complete" "[500,0,500,500,0,0]" "$(totals)"
    check "GOAWAY, $streams streams: GOAWAY and requests sent again are counted" \
        jq -e '.totals.goaways >= 40 and (.config.streams == 1 or .totals.resent > 0)' "$out"
    check "GOAWAY, $streams streams: ten requests a connection" \
        jq -e '.totals.connections >= 50' "$out"
    bench "GOAWAY, TLS, $streams streams" -n 200 -c 4 -m "$streams" "${secure[@]}"
    same "GOAWAY, TLS, $streams streams: all complete" "[200,0,200,200,0,0]" "$(totals)"
done

# --- the ends of connections ---

bench "five requests a connection" -n 100 -c 2 -m 3 --requests-per-conn 5 \
    --http2-prior-knowledge "$h2c:18122/"
same "five requests a connection: all complete" "[100,0,100,100,0,0]" "$(totals)"
# more if the last requests are divided among both clients
check "five requests a connection: at least twenty connections" \
    jq -e '.totals.connections | . >= 20 and . <= 22' "$out"
bench "a connection for each request" -n 50 -c 4 --new-conn --http2-prior-knowledge "$h2c:18122/"
same "a connection for each request: all complete" "[50,0,50,50,0,0]" "$(totals)"
same "a connection for each request: their number" 50 "$(run .totals.connections)"

# --- fewer streams than -m: the requests wait, none is refused ---

bench "two streams of ten" -n 500 -c 2 -m 10 --http2-prior-knowledge "$h2c:18123/"
same "two streams of ten: all complete" "[500,0,500,500,0,0]" "$(totals)"
same "two streams of ten: none is refused" 0 "$(run .totals.refused)"
same "two streams of ten: the limit" '{"min":2,"max":2}' "$(run .streams_limit)"
check "two streams of ten: requests have waited" jq -e '.slot_wait_us.count > 100' "$out"
same "two streams of ten: two connections" 2 "$(run .totals.connections)"

# --- the text ---

fb bench --report full -n 500 -c 2 -m 10 --http2-prior-knowledge "$h2c:18123/"
check "text: the protocol" grep -qx \
    "Protocol     HTTP/2 with prior knowledge, 10 streams per connection" "$out"
check "text: fewer streams" grep -qx " *the server allows fewer streams than -m: 2" "$out"
check "text: the limit" grep -qx "Streams      the server allows 2" "$out"
check "text: the wait" grep -q "^Slot wait  .* requests waited: p50 " "$out"
check "text: fields" \
    grep -q "^Headers      a request: .* in (HPACK saves .*%), .* out (saves" "$out"
fb bench -n 100 -c 2 -m 10 --http2-prior-knowledge "$h2c:18123/"
check "the short text: at most 20 lines" test "$(wc -l <"$out")" -le 20
check "the short text: fewer streams" grep -qx \
    "Streams      the server allows fewer streams than -m: 2" "$out"
fb bench -n 10 "$h2c:18123/"
exits "HTTP/1.1 to a server that speaks HTTP/2 alone" 1
fb bench --format json -n 10 --http2-prior-knowledge "$h2c:18121/"
cat "$out" >>"$TMPDIR/runs"
same "HTTP/2 to a server that speaks TLS: the error" '["http2.not_http2"]' "$(run '.errors | keys')"

# --- a deadline resets one stream; the others continue on the same connection ---

cat >"$TMPDIR/targets" <<T
$h2c:18122/ weight=9
$h2c:18122/slow weight=1
T
bench "deadlines" --http2-prior-knowledge -n 200 -c 1 -m 20 -T 1s -f "$TMPDIR/targets"
same "deadlines: only timeouts" '["timeout.total"]' "$(run '.errors | keys')"
same "deadlines: every request has ended" 200 "$(run '.totals.completed + .totals.failed')"
check "deadlines: most complete" \
    jq -e '.totals.completed > 100 and .totals.failed > 2' "$out"
same "deadlines: one connection" 1 "$(run .totals.connections)"

# --- kinds of runs ---

bench "open loop" -R 500 -d 1s -c 4 -m 10 --http2-prior-knowledge "$h2c:18122/"
same "open loop: every request became due" 500 "$(run .totals.scheduled)"
same "open loop: none fails" 0 "$(run .totals.failed)"
bench "warm-up" -d 300ms --warmup 200ms -c 2 -m 5 --http2-prior-knowledge "$h2c:18122/"
check "warm-up: requests complete" \
    jq -e '.totals.completed > 0 and .totals.failed == 0' "$out"
bench "two processes" -n 101 --procs 2 -c 3 -m 4 --http2-prior-knowledge "$h2c:18120/"
same "two processes: all complete" "[101,0,101,101,0,0]" "$(totals)"
fb bench --format json -R 200 -d 500ms -m 4 --slo max=1us --http2-prior-knowledge "$h2c:18122/"
exits "a limit that does not hold" 4
cat "$out" >>"$TMPDIR/runs"
judge_runs

fb bench --find-knee p99=1s -d 200ms -c 2 -m 50 --format json --http2-prior-knowledge "$h2c:18122/"
check "the knee: a report that fits its schema" valid knee "$out"
