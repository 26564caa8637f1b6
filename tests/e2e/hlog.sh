#!/bin/bash
# The histogram log of a run, read by an independent library: the sum has the percentiles of the
# report.
. "$(dirname "$0")/lib.bash"

log=$TMPDIR/run.hlog
top=$E2E/../..

# the library, or why it is not here; on a machine for CI it has to be
reader() {
    command -v node >"$TMPDIR/node" || { echo "no node here"; return 1; }
    timeout 60 "$top/tools/hdr" 2>&1
}

# Whether each value of the report lies in the place where the log's reader finds it. The report is in
# microseconds, with the nanoseconds kept.
agree() {
    jq -n -e --slurpfile report "$out" --slurpfile log "$TMPDIR/read" '
        $report[0].latency_us as $ours | $log[0].total as $theirs |
        ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"] | map(
            . as $name | ($ours[$name] * 1000 | round) as $value | $theirs[$name] |
            select($value < .[0] or .[1] < $value) | "\($name): \($value), not in \(.)") |
        . == [] or error(tostring)'
}

read_log() { node "$E2E/hlog.js" "$top/build/npm/node_modules" "$log" >"$TMPDIR/read"; }
from_log() { jq -c "$1" "$TMPDIR/read"; }

# read_back NAME ARGUMENT... : a run, its report and its log
read_back() {
    local name=$1
    shift
    rm -f "$log"
    fb bench --hlog "$log" --format json "$@"
    # how busy the machine is, is not the point: 5 says that it was
    check "$name: runs" grep -qx '[05]' <<<"$status"
    check "$name: is read" read_log
    [ -s "$TMPDIR/read" ] || return
    check "$name: the same percentiles" agree
    same "$name: as many values" "$(jq .totals.completed "$out")" "$(from_log .total.count)"
    same "$name: as many intervals" "$(jq '.intervals | length' "$out")" "$(from_log '.intervals | length')"
    same "$name: each begins where the one before ended, to a millisecond" "[]" "$(from_log '
        .intervals | [range(1; length) as $i |
            .[$i].start_ms - .[$i - 1].start_ms - .[$i - 1].length_ms | select(fabs > 1.5)]')"
}

if why=$(reader); then
    read_back "open loop" -R 2000 -n 4500
    read_back "closed loop" -c 8 -n 10000
elif [ "${CI-}" ]; then
    fail "the log is read back: $why"
else
    skip "the log is read back" "$why"
fi

fb bench --hlog /dev/full --format json -c 2 -n 100
check_not "a full disk: exit status" test "$status" = 0
check "is reported" stderr_has "No space left on device"
fb bench --hlog "$TMPDIR/nowhere/log" -n 100
exits "no such directory" 3
check "is reported too" stderr_has "$TMPDIR/nowhere/log"
