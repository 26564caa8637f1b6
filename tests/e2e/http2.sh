#!/bin/bash
# HTTP/2 with servers that break its rules, or that speak something else: three requests on one
# connection, of which the second fails. The others are not harmed unless the error is one of the
# connection, and each request has one result. A number such as "curl#6015" is the report of a
# client that behaved otherwise.
. "$(dirname "$0")/lib.bash"

base=http://$HOME_ADDRESS:18080

# serve SCENARIO [STREAMS] : starts the server
serve() {
    start server perl "$E2E/frames.pl" "$HOME_ADDRESS" 18080 "$@"
    until_true 10 listens 18080 || fail "$1: the server listens"
}
stop() { kill "$pid" && ! wait "$pid" 2>/dev/null; }
fetch_three() {
    fb --format json --order input --retry 0 -c 3 --per-host 3 --timeout 20s \
        --http2-prior-knowledge "$@" "$base/"{1,2,3}
}
# results: of each URL, its status, snippet and error code
results() {
    jq -r '[.url[-1:], .status // "-", (.snippet | if . == "" then "-" else . // "-" end),
        .error.code // "-"] | map(tostring) | join(" ")' "$out"
}

# scenario, then the results of the three requests, and a part of the message of 2. "+": good; each
# CODE: half of the body of 1 was received, and the heads of 2 and 3; none CODE: nothing was
while IFS='|' read -r scenario first second third message; do
    [[ $scenario != '#'* ]] || continue
    case $first in
    'each '*) second="200 - ${first#each }" third=$second first="200 half ${first#each }" ;;
    'none '*) first="- - ${first#none }" second=$first third=$first ;;
    esac
    [ "$first" != + ] || first='200 good 1 -'
    [ "$second" != + ] || second='200 good 3 -'
    [ "$third" != + ] || third='200 good 5 -'
    wanted=$(printf '1 %s\n2 %s\n3 %s' "$first" "$second" "$third")
    serve "$scenario"
    fetch_three
    same "$scenario: results" "$wanted" "$(results)"
    exits "$scenario: exit status" "$(grep -qv -e '-$' <<<"$wanted" && echo 1 || echo 0)"
    same "$scenario: the message is clear" true \
        "$(jq --arg part "$message" -n '[inputs][1].error.message // "" | contains($part)' "$out")"
    cat "$out" >>"$TMPDIR/all"
    stop
done <<'R'
good|+|+|+
# --- the end of a stream: curl#6015 RST_STREAM with NO_ERROR was a success
reset-in-body|+|200 half http.truncated|+|connection closed during response
reset-after-end|+|+|+
reset-internal|+|- - http2.reset|+|the server reset the stream (INTERNAL_ERROR)
reset-calm|+|- - http2.reset|+|(ENHANCE_YOUR_CALM)
reset-unknown|+|200 - http2.reset|+|the server reset the stream
refused-in-body|+|200 half http2.refused_stream|+|the server refused the stream
# --- errors of the connection end all streams
frame-too-large|each http2.protocol|||(FRAME_SIZE_ERROR,
bad-padding|each http2.protocol|||(PROTOCOL_ERROR,
window-overflow|each http2.protocol|||(FLOW_CONTROL_ERROR
window-zero|each http2.protocol|||(PROTOCOL_ERROR,
push|each http2.protocol|||(PROTOCOL_ERROR, PUSH_PROMISE
enable-push|each http2.protocol|||(PROTOCOL_ERROR, SETTINGS
data-on-idle-stream|each http2.protocol|||(PROTOCOL_ERROR,
bad-hpack|each http2.protocol|||(COMPRESSION_ERROR
closes|+|200 half http.truncated|200 good 1 -|
# --- floods: golang#65051 CONTINUATION frames without end
pings|each http2.flood|||too many HTTP/2 control frames
settings|each http2.flood|||
empty-data|each http2.flood|||over 1,000 control frames
padding-alone|each http2.flood|||over 1,000 control frames
window-updates|each http2.flood|||over 1,000 control frames
priorities|each http2.flood|||over 1,000 control frames
resets|200 half http2.flood|200 - http2.flood|+|over 1,000 control frames
continuations|each http2.flood|||CONTINUATION
hpack-bomb|+|- - http.header_too_large|+|head larger than 256 KiB
large-fields|+|- - http.header_too_large|+|
interims|+|- - http.malformed|+|over 32 interim responses
# --- messages that are not valid
length-too-short|+|200 - http.malformed|+|
length-too-long|+|200 bad http.malformed|+|
body-of-204|+|204 - http.malformed|+|
upper-case|+|- - http.malformed|+|
no-status|+|- - http.malformed|+|
two-statuses|+|- - http.malformed|+|
bad-status|+|- - http.malformed|+|
connection|+|- - http.malformed|+|
nul|+|- - http.malformed|+|
cr|+|- - http.malformed|+|
lf|+|- - http.malformed|+|
# --- what is allowed: nghttp2#1786 white space around a value was an error
spaces|+|200 bad -|+|
trailers|+|200 bad -|+|
padding|+|200 bad -|+|
unknown-frames|+|200 bad -|+|
interim|+|200 bad -|+|
# --- GOAWAY: curl#4267 it came after a complete 204, which was an error
graceful|+|+|+|
goaway-after-response|+|204 - -|+|
streams-1|+|+|+|
streams-0|+|+|+|
# --- another protocol
http-1-1|none http2.not_http2|||does not speak HTTP/2
http-1-1-ok|none http2.not_http2|||
tls-alert|none http2.not_http2|||
ssh|none http2.not_http2|||
junk|none http2.not_http2|||
short|none http2.not_http2|||
R
check "every result fits the schema" valid fetch "$TMPDIR/all"

# GOAWAY's debug text has ESC, a line end, and bytes that are not UTF-8
serve goaway-text
fetch_three
same "debug text: JSON" "3 http2.goaway" "$(jq -r .error.code "$out" | sort | uniq -c | xargs)"
check "debug text: names the code" grep -qF "ENHANCE_YOUR_CALM, slow" "$out"
stop
serve goaway-text
fb --retry 0 -c 3 --per-host 3 --http2-prior-knowledge "$base/"{1,2,3}
check "debug text: is on the screen" grep -qF 'ENHANCE_YOUR_CALM, slow' "$out"
check_not "debug text: without control characters" grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$out"
same "debug text: one line for each URL" 3 "$(wc -l <"$out")"
stop

# a deadline ends one stream
serve silent
fetch_three --timeout 1s
same "no response: results" "$(printf '%s\n' "1 200 good 1 -" "2 - - timeout.total" \
    "3 200 good 5 -")" "$(results)"
check "no response: the stream is cancelled" until_true 5 grep -qx 'reset 3 8' \
    "$TMPDIR/server.err"
# golang#80759: the last stream in GOAWAY of a client is one of the server: none
check "GOAWAY of the client names no stream" until_true 5 grep -qx 'goaway 0 0 on 2' \
    "$TMPDIR/server.err"
stop

serve body-of-head 1
fb --format json --retry 0 -I --http2-prior-knowledge "$base/1"
same "a body for HEAD" "1 200 - http.malformed" "$(results)"
stop

# A request that the server has not processed is sent once more, with any method, and not for ever:
# curl#5794, curl#5119. golang#20985, golang#18639, envoy#36450: it was not sent again.
# scenario, number of requests that the server got, error code of the three; none: status 200
while IFS='|' read -r scenario count code; do
    serve "$scenario"
    fetch_three -X POST
    same "$scenario: results" "3 ${code:-200}" \
        "$(jq -r '.error.code // .status' "$out" | sort | uniq -c | xargs)"
    same "$scenario: requests" "$count" "$(grep -c ^request "$TMPDIR/server.err")"
    stop
done <<'R'
goaway-0|6|
goaway-3|4|
goaway-1-closes|5|
refused|4|
always-refused|6|http2.refused_stream
http-1-1-required|3|http2.http_1_1_required
goaway-http-1-1-required|3|http2.http_1_1_required
R
serve always-calm
fetch_three
same "always-calm: results" "3 http2.goaway" "$(jq -r .error.code "$out" | sort | uniq -c | xargs)"
check "always-calm: at most two requests each" test "$(grep -c ^request "$TMPDIR/server.err")" -le 6
stop

# golang#36026: a connection that brought nothing during a request gets no other request
serve always-silent-from-3
fetch_three -c 1 --timeout 1s
same "a silent connection: results" "$(printf '%s\n' "1 200 good 1 -" "2 - - timeout.total" \
    "3 200 good 1 -")" "$(results)"
check "a silent connection: another one is used" grep -qx 'request 1 on 3' "$TMPDIR/server.err"
stop

# a load counts what the server breaks
serve ignores-window 1
fb bench --format json --http2-prior-knowledge --window 16K -n 1 -c 1 "$base/"
same "the server ignores the window" '{"http2.protocol":1}' "$(run .errors)"
check "the server ignores the window: RST_STREAM with FLOW_CONTROL_ERROR" until_true 5 \
    grep -qx 'reset 1 3' "$TMPDIR/server.err"
stop
serve pings 5
fb bench --format json --http2-prior-knowledge -m 5 -n 5 -c 1 "$base/"
same "a flood ends each request of a load" '{"http2.flood":5}' "$(run .errors)"
check "a flood: the totals add up" sums_hold "$out"
stop

# curl#5611: the server ends each connection after ten requests
start_nginx 18081 <<'N'
    server {
        listen @:18081 http2;
        keepalive_requests 10;
    }
N
echo hello >"$TMPDIR/www/a"
yes "http://$HOME_ADDRESS:18081/a" | head -n 200 >"$TMPDIR/list"
fb --format json --http2-prior-knowledge -c 20 --per-host 20 --retry 3 -f "$TMPDIR/list"
same "ten requests on a connection: 200 fetched" "200 200" \
    "$(jq -r .status "$out" | sort | uniq -c | xargs)"

# --- ALPN

make_authority
make_certificate localhost "IP:$HOME_ADDRESS"
tls=https://$HOME_ADDRESS:18443/
# serve_tls ARGUMENT... : OpenSSL's server
serve_tls() {
    start tls openssl s_server -accept "$HOME_ADDRESS:18443" -quiet \
        -cert "$TMPDIR/localhost.pem" -key "$TMPDIR/localhost.key" "$@"
    until_true 10 listens 18443 || fail "the TLS server listens"
}
tls_result() {
    fb --format json --retry 0 --cacert "$TMPDIR/ca.pem" "$@" "$tls"
    jq -r '[.status // "-", .protocol // "-", .error.code // "-"] | map(tostring) |
        join(" ")' "$out"
}

serve_tls -www
same "no ALPN" "200 HTTP/1.0 -" "$(tls_result)"
same "no ALPN, prior knowledge" "- - http2.not_negotiated" "$(tls_result --http2-prior-knowledge)"
stop
serve_tls -www -alpn http/1.1
same "ALPN answers http/1.1" "200 HTTP/1.0 -" "$(tls_result)"
stop
serve_tls -www -alpn other
same "no common ALPN" "- - tls.alpn" "$(tls_result)"
stop

# Frames over TLS: OpenSSL's server passes the bytes to the server of frames. Its first connection
# is that of `listens`. Both open the two pipes in the same order.
mkfifo "$TMPDIR/to" "$TMPDIR/from"
perl "$E2E/frames.pl" - 0 reset-in-body \
    <"$TMPDIR/from" >"$TMPDIR/to" 2>"$TMPDIR/frames.err" &
openssl s_server -accept "$HOME_ADDRESS:18443" -quiet -naccept 2 -alpn h2 \
    -cert "$TMPDIR/localhost.pem" -key "$TMPDIR/localhost.key" \
    >"$TMPDIR/from" <"$TMPDIR/to" 2>"$TMPDIR/tls.err" &
until_true 10 listens 18443 || fail "the TLS server listens"
fb --format json --order input --retry 0 --timeout 20s -c 3 --per-host 3 \
    --cacert "$TMPDIR/ca.pem" "$tls"{1,2,3}
same "frames over TLS: results" "$(printf '%s\n' "1 200 good 1 -" "2 200 half http.truncated" \
    "3 200 good 5 -")" "$(results)"
