#!/bin/bash
# The embedded origin over HTTP/2: the result of each fault and key, and curl and nghttp as clients.
. "$(dirname "$0")/lib.bash"

# fault, expected code and phase over HTTP/2
table='
none                    - -
tls-stall               timeout.total tls
cert-expired            tls.cert_expired tls
wait-stall              timeout.total wait
wait-close              http.empty wait
wait-reset              http.reset wait
garbage                 http2.protocol receive
head-stall              timeout.total receive
head-endless            http.header_too_large receive
body-stall              timeout.total receive
body-endless            - -
body-chunk              http.malformed receive
body-reset              receive.reset receive
truncate                http.truncated receive
no-close-notify         tls.truncated receive
drip                    - -
hang-up                 - -
redirect-loop           http.redirect_loop receive
redirect-endless        http.too_many_redirects receive
bad-location            http.bad_location receive
bad-coding              http.bad_coding receive
h2-goaway               http2.goaway wait
h2-truncate             http.truncated receive
h2-zero-window          - -
h2-flood-settings       http2.flood receive
h2-flood-ping           http2.flood receive
h2-bad-frame            http2.protocol receive
'
table=$(sed '/^$/d' <<<"$table")
while read -r fault code _; do
    printf 'https://%s.example/ rehearse-fault=%s rehearse-body="0123456789abcdef"' \
        "$fault" "$fault"
    [ "$code" = timeout.total ] && echo " timeout=1s" || echo
done <<<"$table" | conf
fb --rehearse -f "$LIST" -T 30s --format json
exits "all faults over HTTP/2: exit status" 1
check "every result fits the schema" valid fetch "$out"
codes >"$TMPDIR/codes"
while read -r fault code phase; do
    same "$fault is $code" "https://$fault.example/ $code $phase" \
        "$(grep "^https://$fault\\.example/ " "$TMPDIR/codes")"
done <<<"$table"
same "responses are HTTP/2" '"HTTP/2"' \
    "$(jq -c 'select(.status).protocol' "$out" | sort -u)"
fb --rehearse -f "$LIST" -T 30s --http1.1 --format json
same "over HTTP/1.1, h2- faults have no effect" "" "$(codes | grep '/h2-' | grep -v ' - -$')"

# the same without TLS, by prior knowledge
sed -n 's/^https:\(.*h2-.*\)/http:\1/p' "$LIST" >"$TMPDIR/plain.conf"
fb --rehearse -f "$TMPDIR/plain.conf" --http2-prior-knowledge --format json
same "prior knowledge: the same results" \
    "$(sed -n 's/^https:\(.*\.h2-\|.*\/h2-\)/http:\1/p' "$TMPDIR/codes" | sort)" "$(codes | sort)"

# keys
conf <<'EOF'
https://reset.example/ rehearse-h2-reset=INTERNAL_ERROR
https://refused.example/ rehearse-h2-reset=REFUSED_STREAM
https://calm.example/ rehearse-h2-reset=11
https://old.example/ rehearse-h2-reset=HTTP_1_1_REQUIRED rehearse-body=old
https://slow.example/ rehearse-h2-settings-delay=200ms rehearse-body=slow
EOF
fb --rehearse -f "$LIST" --format json --order input
same "RST_STREAM with each code" "https://reset.example/ http2.reset
https://refused.example/ http2.refused_stream
https://calm.example/ http2.reset
https://old.example/ -
https://slow.example/ -" "$(codes | sed 's/ [a-z-]*$//')"
same "HTTP_1_1_REQUIRED: the request is sent again over HTTP/1.1" '["HTTP/1.1","old"]' \
    "$(get '[.protocol, .snippet]' https://old.example/)"
same "slow SETTINGS delay the response" true "$(get '.timings.wait >= 200' https://slow.example/)"

# more content than the window allows before the client knows it
head -c 300000 /dev/zero >"$TMPDIR/content"
echo 'https://zero.example/ rehearse-fault=h2-zero-window' | conf
fb --rehearse -f "$LIST" --data "@$TMPDIR/content" -T 1s --format json
same "a window of 0: content is not sent" "https://zero.example/ timeout.total" \
    "$(codes | sed 's/ [a-z]*$//')"
echo 'https://zero.example/' | conf
fb --rehearse -f "$LIST" --data "@$TMPDIR/content" --format json
same "content over the window is read" 200 "$(get .status https://zero.example/)"

for i in {1..30}; do
    echo "https://late.example/$i rehearse-h2-goaway-after=4 rehearse-body=$i"
done | conf
fb --rehearse -f "$LIST" --format json
exits "GOAWAY after each 4 requests: no request is lost" 0
for i in {1..20}; do
    echo "https://few.example/$i rehearse-h2-streams=0 rehearse-h2-streams-then=3 rehearse-body=$i"
done | conf
fb --rehearse -f "$LIST" --retry 3 --format json # each new connection refuses a part of them first
exits "a limit of 0 streams, then 3: each request is served" 0

# a race is HTTP/1.1 in both halves
echo 'https://a.example/ rehearse-body=abc' | conf
fb race --rehearse -f "$LIST" --format json
same "a race uses HTTP/1.1 in both halves" '"HTTP/1.1","HTTP/1.1"' \
    "$(head -n -1 "$out" | jq -c .protocol | paste -sd,)"

# --- other clients ---

conf <<'EOF'
http://plain.example/ rehearse-body=plain
http://plain.example/slow rehearse-body=slow rehearse-delay=300ms
https://tls.example/ rehearse-body=tls
https://tls.example/cut rehearse-body=0123456789 rehearse-fault=h2-truncate
https://tls.example/goaway rehearse-fault=h2-goaway
https://tls.example/close rehearse-body=last rehearse-framing=close
EOF
start origin "$FIRSTBYTE" origin -f "$LIST"
until_true 10 grep -q 'END CERTIFICATE' "$TMPDIR/origin.out" || fail "the origin starts"
port_of() { sed -n "s/^$1 127.0.0.1://p" "$TMPDIR/origin.out"; }
http=$(port_of http) https=$(port_of https)
sed -n '/BEGIN/,/END/p' "$TMPDIR/origin.out" >"$TMPDIR/origin.pem"

# get_with_curl ARGUMENT... URL : prints the body, the version and curl's exit status
get_with_curl() {
    curl -s --max-time 20 --cacert "$TMPDIR/origin.pem" -w ' %{http_version} ' \
        --resolve "plain.example:$http:127.0.0.1" --resolve "tls.example:$https:127.0.0.1" "$@"
    echo $?
}
same "curl: ALPN h2" "tls 2 0" "$(get_with_curl --http2 "https://tls.example:$https/")"
same "curl: ALPN http/1.1 alone" "tls 1.1 0" \
    "$(get_with_curl --http1.1 "https://tls.example:$https/")"
same "curl: no ALPN" "tls 1.1 0" "$(get_with_curl --no-alpn "https://tls.example:$https/")"
same "curl: prior knowledge" "plain 2 0" \
    "$(get_with_curl --http2-prior-knowledge "http://plain.example:$http/")"
same "curl: an upgrade is not offered, HTTP/1.1 is used" "plain 1.1 0" \
    "$(get_with_curl --http1.1 "http://plain.example:$http/")"
check_not "curl: half a body is a failure" grep -q ' 0$' \
    <<<"$(get_with_curl "https://tls.example:$https/cut")"
check_not "curl: GOAWAY is a failure" grep -q ' 0$' \
    <<<"$(get_with_curl "https://tls.example:$https/goaway")"
same "curl: Connection: close" "last 2 0" "$(get_with_curl "https://tls.example:$https/close")"
same "curl: content over the window" "tls 2 0" \
    "$(get_with_curl --data-binary "@$TMPDIR/content" "https://tls.example:$https/")"

# nghttp prints the bodies as they arrive
if command -v nghttp >/dev/null; then
    same "nghttp: a delayed response does not delay the next one" plainslow \
        "$(nghttp -t 20 -H ':authority: plain.example' "http://127.0.0.1:$http/slow" \
        "http://127.0.0.1:$http/" 2>"$TMPDIR/nghttp.err")"
else
    skip "nghttp" "not installed"
fi
