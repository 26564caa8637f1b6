#!/bin/bash
# The histogram log of a run, read by an independent library: the sum of its intervals has the
# percentiles of the report.
. "$(dirname "$0")/lib.bash"

log=$TMPDIR/run.hlog
top=$E2E/../..

# reader : installs the library, or prints why it cannot; with CI set, this is a failed case
reader() {
    command -v node >"$TMPDIR/node" || { echo "node is not installed"; return 1; }
    timeout 60 "$top/tools/hdr" 2>&1
}

# agree : each value of the report, which is in microseconds with a fraction, is in the bucket that
# the library reads.
agree() {
    jq -n -e --slurpfile report "$out" --slurpfile log "$TMPDIR/read" '
        $report[0].latency_us as $reported | $log[0].total as $logged |
        ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"] | map(
            . as $name | ($reported[$name] * 1000 | round) as $value | $logged[$name] |
            select($value < .[0] or .[1] < $value) | "\($name): \($value), not in \(.)") |
        . == [] or error(tostring)'
}

read_log() { node "$E2E/hlog.js" "$top/build/npm/node_modules" "$log" >"$TMPDIR/read"; }
from_log() { jq -c "$1" "$TMPDIR/read"; }

# read_back NAME ARGUMENT... : compares the log of a run with its report
read_back() {
    local name=$1
    shift
    rm -f "$log"
    fb bench --hlog "$log" --format json "$@"
    # 5: the client was the bottleneck, which does not matter here
    check "$name: runs" grep -qx '[05]' <<<"$status"
    check "$name: the log is read" read_log
    [ -s "$TMPDIR/read" ] || return
    check "$name: the same percentiles" agree
    same "$name: the same number of values" "$(jq .totals.completed "$out")" \
        "$(from_log .total.count)"
    same "$name: the same number of intervals" "$(jq '.intervals | length' "$out")" \
        "$(from_log '.intervals | length')"
    same "$name: each interval begins at the end of the previous one, within 1 ms" "[]" \
        "$(from_log '
        .intervals | [range(1; length) as $i |
            .[$i].start_ms - .[$i - 1].start_ms - .[$i - 1].length_ms | select(fabs > 1.5)]')"
}

if why=$(reader); then
    read_back "open loop" -R 2000 -n 4500
    read_back "closed loop" -c 8 -n 10000
elif [ "${CI-}" ]; then
    fail "the log is read: $why"
else
    skip "the log is read" "$why"
fi

fb bench --hlog /dev/full --format json -c 2 -n 100
check_not "a full disk: exit status" test "$status" = 0
check "a full disk: it is reported" stderr_has "No space left on device"
fb bench --hlog "$TMPDIR/nowhere/log" -n 100
exits "no such directory" 3
check "no such directory: it is reported" stderr_has "$TMPDIR/nowhere/log"
