#!/bin/bash
# Every fault of the embedded origin, in both halves of a race: the error code and the phase. A race
# uses HTTP/1.1; h2_faults.sh has the faults over HTTP/2.
. "$(dirname "$0")/lib.bash"

# fault, scheme, expected code and phase
table='
none                    http  - -
dns-nxdomain            http  dns.nxdomain dns
dns-empty               http  dns.no_address dns
dns-servfail            http  dns.servfail dns
dns-refused             http  dns.refused dns
dns-garbage             http  dns.malformed dns
dns-stall               http  timeout.total dns
connect-refuse          http  connect.refused connect
connect-refuse          https connect.refused connect
connect-stall           http  timeout.total connect
tls-stall               https timeout.total tls
tls-plain               https tls.not_tls tls
tls-reset               https tls.reset tls
cert-expired            https tls.cert_expired tls
cert-not-yet            https tls.cert_not_yet_valid tls
cert-self-signed        https tls.self_signed tls
cert-wrong-host         https tls.hostname_mismatch tls
cert-unknown-authority  https tls.unknown_authority tls
wait-stall              http  timeout.total wait
wait-stall              https timeout.total wait
wait-close              http  http.empty wait
wait-close              https http.empty wait
wait-reset              http  http.reset wait
wait-reset              https http.reset wait
garbage                 http  http.malformed receive
garbage                 https http.malformed receive
head-stall              http  timeout.total receive
head-endless            http  http.header_too_large receive
head-endless            https http.header_too_large receive
body-stall              http  timeout.total receive
body-endless            http  - -
body-chunk              http  http.malformed receive
body-chunk              https http.malformed receive
body-reset              http  receive.reset receive
body-reset              https receive.reset receive
truncate                http  http.truncated receive
truncate                https http.truncated receive
no-close-notify         https tls.truncated receive
drip                    http  - -
drip                    https - -
hang-up                 http  - -
hang-up                 https - -
redirect-loop           http  - -
redirect-endless        http  - -
bad-location            http  - -
bad-coding              http  http.bad_coding receive
bad-coding              https http.bad_coding receive
h2-goaway               https - -
h2-truncate             https - -
h2-zero-window          https - -
h2-flood-settings       https - -
h2-flood-ping           https - -
h2-bad-frame            https - -
'
table=$(sed '/^$/d' <<<"$table")

same "every fault of the origin is in the table" \
    "$(sed -nE 's/^ +X\(FAULT_[A-Z0-9_]+, "([^"]+)"\).*/\1/p' "$E2E/../../origin/faults.h" |
    sort)" \
    "$(awk '{ print $1 }' <<<"$table" | sort -u)"

# faults that end with timeout.total have a timeout of 1 s, the others one that they do not reach
while read -r fault scheme code _; do
    printf '%s://%s.example/ rehearse-fault=%s rehearse-body="0123456789abcdef"' \
        "$scheme" "$fault" "$fault"
    [ "$code" = timeout.total ] && echo " timeout=1s" || echo
done <<<"$table" | conf
fb race --rehearse -f "$LIST" -T 30s --format json --order input
exits "a race with all faults: exit status" 1
head -n -1 "$out" >"$TMPDIR/all.json"
check "every result fits the schema" valid fetch "$TMPDIR/all.json"
for mode in blocking reactor; do
    jq -c "select(.mode == \"$mode\")" "$TMPDIR/all.json" >"$TMPDIR/$mode.json"
    codes "$TMPDIR/$mode.json" >"$TMPDIR/codes"
    while read -r fault scheme code phase; do
        same "$mode: $fault over $scheme is $code" "$scheme://$fault.example/ $code $phase" \
            "$(grep "^$scheme://$fault\\.example/ " "$TMPDIR/codes")"
    done <<<"$table"
done
check "timings of failures add up in both halves" jq -es 'all(.[] | select(.error);
    (.timings | map(. // 0) | add) as $sum | # the wait for a handshake slot is in blocked too
    $sum > .elapsed_ms - 0.01 and $sum - .timings.blocked < .elapsed_ms + 0.01)' \
    "$TMPDIR/all.json"
check "both halves count the same bytes of complete bodies" jq -es '
    [.[] | select(.error == null) | [.url, .status, .body_bytes, .snippet]] | group_by(.)
    | all(length == 2)' "$TMPDIR/all.json"

# text: each failure has its message, and a timeout names the phase
grep -E 'stall|nxdomain|connect-refuse|=truncate' "$LIST" >"$TMPDIR/few.conf"
fb --rehearse -f "$TMPDIR/few.conf" --order input
same "messages of failures" "no such name
timed out (dns)
connection refused
connection refused
timed out (connect)
timed out (tls)
timed out (wait)
timed out (wait)
timed out (receive)
timed out (receive)
connection closed during response
connection closed during response" "$(sed -E 's/^.{30}: error: (.*) in [0-9:.]+s$/\1/' "$out")"

# a fetch follows redirects, a race does not
conf <<'EOF'
http://loop.example/a?b rehearse-fault=redirect-loop
https://loop.example/a?b rehearse-fault=redirect-loop
http://endless.example/ rehearse-fault=redirect-endless
http://location.example/ rehearse-fault=bad-location
http://moved.example/ rehearse-status=301 rehearse-header="Location: http://here.example/x"
http://here.example/x rehearse-body="here it is"
EOF
fb --rehearse -f "$LIST" --format json --order input
same "redirects without an end are failures" "http://loop.example/a?b http.redirect_loop receive
https://loop.example/a?b http.redirect_loop receive
http://endless.example/ http.too_many_redirects receive
http://location.example/ http.bad_location receive
http://moved.example/ - -
http://here.example/x - -" "$(codes)"
same "a redirect is followed" '"here it is"' "$(get .snippet http://moved.example/)"

# a site that fails twice
conf <<'EOF'
http://third.example/ rehearse-fail-first=2 rehearse-header="Retry-After: 0" rehearse-body=up
EOF
fb --rehearse -f "$LIST" --format json --retry 1
same "--retry 1: the second attempt fails" 503 "$(get .status http://third.example/)"
fb --rehearse -f "$LIST" --format json --retry 2
same "--retry 2: the third attempt succeeds" 200 "$(get .status http://third.example/)"

# -k
grep '^https://cert-' "$LIST" >"$TMPDIR/certs.conf"
fb --rehearse -k -f "$TMPDIR/certs.conf"
exits "-k accepts any certificate" 0
