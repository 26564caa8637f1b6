#!/bin/bash
# Several hundred sites at once, a third of which have a random fault of the embedded origin: each
# ends with the error of its fault, and none before its timeout. SEED=N sets the seed. bench/mix.sh
# measures larger lists.
. "$(dirname "$0")/lib.bash"

SEED=${SEED:-31415}
draw() { awk -v sites="${SITES:-500}" -v seed="$SEED" "$@" -f "$E2E/../../bench/mix.awk" | conf; }
# as_drawn : prints the results that differ from the path of their URL, "/code/phase"
as_drawn() { codes | sed -E 's|^https?://[^/]*/([^ ]*) ([^ ]*) ([^ ]*)$|\1 \2/\3|' |
    awk '$1 != $2'; }
once_each() { diff -q <(jq -r .url "$1" | sort) <(cut -d' ' -f1 "$LIST" | sort); }

limits=(--max-body 64K -T 3s --dns-timeout 1s --connect-timeout 1s --tls-timeout 1s \
    --ttfb-timeout 1s)
draw -v delay=10ms
fb fetch --rehearse -f "$LIST" "${limits[@]}" -c 100 --format json
exits "sites of which a third have a fault" 1
same "each site ends with the error of its fault" "" "$(as_drawn)"
check "each site has one result" once_each "$out"
check "every result fits the schema" valid fetch "$out"
check "every fault was drawn" test "$(grep -o 'fault=[a-z0-9-]*' "$LIST" | sort -u | wc -l)" = \
    "$(($(grep -c '^    X(FAULT_' "$E2E/../../origin/faults.h") - 1))"
check "no timeout is reported before its limit" jq -es 'all(.[];
    {"dns.timeout": (.timings.dns >= 1000), "connect.timeout": (.timings.connect >= 1000),
     "tls.timeout": (.timings.tls >= 1000), "timeout.ttfb": (.timings.wait >= 1000),
     "timeout.total": (.elapsed_ms >= 3000)}[.error.code // ""] != false)' "$out"
# the wait for a handshake slot is in "blocked", and in the elapsed time
check "timings of failures add up" jq -es 'all(.[] | select(.error and .redirects == []);
    (.timings | map(. // 0) | add) as $sum | .elapsed_ms <= $sum + 0.01
    and .elapsed_ms >= $sum - .timings.blocked - 0.01)' "$out"

draw -v delay=10ms -v sites=200
fb fetch --rehearse -f "$LIST" "${limits[@]}" -c 50 --order input --format json
same "--order input: the order of the list" "$(cut -d' ' -f1 "$LIST")" "$(jq -r .url "$out")"
same "--order input: each site ends with the error of its fault" "" "$(as_drawn)"

# --retry 1: two attempts for transient errors, one for the others
draw -v delay=10ms -v sites=150 -v share=60
fb fetch --rehearse -f "$LIST" --dns-timeout 300ms --connect-timeout 300ms --tls-timeout 500ms \
    --ttfb-timeout 300ms -T 2s --max-body 64K -c 150 --retry 1 --format json
same "--retry 1: each site ends with the error of its fault" "" "$(as_drawn)"
# on a busy machine, other sites may have one timeout
same "--retry 1: only transient errors have a second attempt" "" "$(jq -r '
    (.error.code // "-") as $code
    | ($code | test("timeout|servfail|connect.refused|reset|empty|truncated|goaway")) as $transient
    | [.attempts[].error.code | select($transient or (test("timeout") | not))]
    | select(length != (if $transient then 1 else 0 end)) | "\($code) \(.)"' "$out")"
