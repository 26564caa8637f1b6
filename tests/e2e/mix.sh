#!/bin/bash
# Some hundred sites at once, a third of which misbehave in one of the origin's ways, drawn at
# random: each ends as its fault calls for, none before its limit. SEED=N draws others. bench/mix.sh
# measures more of them.
. "$(dirname "$0")/lib.bash"

SEED=${SEED:-31415}
draw() { awk -v sites="${SITES:-500}" -v seed="$SEED" "$@" -f "$E2E/../../bench/mix.awk" | conf; }
# the path of each URL is what it comes to: "/code/phase"
as_drawn() { codes | sed -E 's|^https?://[^/]*/([^ ]*) ([^ ]*) ([^ ]*)$|\1 \2/\3|' | awk '$1 != $2'; }
once_each() { diff -q <(jq -r .url "$1" | sort) <(cut -d' ' -f1 "$LIST" | sort); }

limits=(--max-body 64K -T 3s --dns-timeout 1s --connect-timeout 1s --tls-timeout 1s --ttfb-timeout 1s)
draw -v delay=10ms
fb fetch --rehearse -f "$LIST" "${limits[@]}" -c 100 --format json
exits "a crowd of which a third misbehave" 1
same "each ends as its fault calls for" "" "$(as_drawn)"
check "each has one result" once_each "$out"
check "which fits the schema" valid fetch "$out"
check "every fault was drawn" test "$(grep -o 'fault=[a-z-]*' "$LIST" | sort -u | wc -l)" = \
    "$(($(grep -c '^    X(FAULT_' "$E2E/../../origin/faults.h") - 1))"
check "no limit is over before its time" jq -es 'all(.[];
    {"dns.timeout": (.timings.dns >= 1000), "connect.timeout": (.timings.connect >= 1000),
     "tls.timeout": (.timings.tls >= 1000), "timeout.ttfb": (.timings.wait >= 1000),
     "timeout.total": (.elapsed_ms >= 3000)}[.error.code // ""] != false)' "$out"
# the wait for a handshake slot is in "blocked", and in the elapsed time
check "timings of failures add up" jq -es 'all(.[] | select(.error and .redirects == []);
    (.timings | map(. // 0) | add) as $sum | .elapsed_ms <= $sum + 0.01
    and .elapsed_ms >= $sum - .timings.blocked - 0.01)' "$out"

draw -v delay=10ms -v sites=200
fb fetch --rehearse -f "$LIST" "${limits[@]}" -c 50 --order input --format json
same "in the list's order" "$(cut -d' ' -f1 "$LIST")" "$(jq -r .url "$out")"
same "each ends as its fault calls for, in the list's order" "" "$(as_drawn)"

# asked again, those that fail in passing: three attempts each, and the others one
draw -v delay=10ms -v sites=150 -v share=60
fb fetch --rehearse -f "$LIST" --dns-timeout 300ms --connect-timeout 300ms --tls-timeout 500ms \
    --ttfb-timeout 300ms -T 2s --max-body 64K -c 150 --retry 1 --format json
same "with a retry each ends as its fault calls for" "" "$(as_drawn)"
# on a busy machine others may be too late once
same "and those that may pass were tried twice, the others once" "" "$(jq -r '
    (.error.code // "-") as $code
    | ($code | test("timeout|servfail|connect.refused|reset|empty|truncated")) as $passing
    | [.attempts[].error.code | select($passing or (test("timeout") | not))]
    | select(length != (if $passing then 1 else 0 end)) | "\($code) \(.)"' "$out")"
