#!/bin/bash
# Memory of the load generator: it does not grow with the length of a run, nor with the number of
# waiting requests.
. "$(dirname "$0")/lib.bash"
if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "memory" "the sanitizer's memory would be measured"
    exit 0
fi

conf <<'C'
http://well.example/ rehearse-body=well
http://stalled.example/ rehearse-fault=wait-stall
C
start origin "$FIRSTBYTE" origin -f "$LIST"
ORIGIN=$pid
until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")

# peak NAME SECONDS ARGUMENT... : runs a load for SECONDS; its peak memory, in KB, is in NAME.peak
peak() {
    local name=$1 seconds=$2 pid now
    shift 2
    "$FIRSTBYTE" bench -d "${seconds}s" --format csv --connect-to "::$where" "$@" \
        >"$TMPDIR/$name.csv" 2>"$TMPDIR/$name.err" &
    pid=$!
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null) &&
        [ "$now" ]; do
        echo "$now" >"$TMPDIR/$name.peak"
        sleep 0.1
    done
    wait $pid
    echo $? >"$TMPDIR/$name.status"
}
# seconds of the two runs that are compared
short=2 long=11
closed=(-c 8 http://well.example/ --resolve well.example:80:127.0.0.1)
open=(-R 1000 -c 8 --hlog /dev/null http://well.example/)
stalled=(-R 20000 -c 8 -T 60s http://stalled.example/)
failing=(-R 20000 -c 8 -T 100ms http://stalled.example/)
kinds='closed open stalled failing'
declare -A waiting=([$short]='' [$long]='')
for seconds in $short $long; do
    for kind in $kinds; do
        declare -n arguments=$kind
        peak $kind.$seconds $seconds "${arguments[@]}" &
        waiting[$seconds]+=" $!"
    done
done
# shellcheck disable=SC2086
wait ${waiting[$short]} ${waiting[$long]}
kill $ORIGIN && wait $ORIGIN

for kind in $kinds; do
    first=$(cat "$TMPDIR/$kind.$short.peak") last=$(cat "$TMPDIR/$kind.$long.peak")
    check "$kind: $first KB in $short s, $last KB in $long s" test "$last" -le $((first + 400))
    same "$kind: all intervals are reported" $((long + 1)) "$(wc -l <"$TMPDIR/$kind.$long.csv")"
done
queued=$(tail -n 1 "$TMPDIR/stalled.$long.csv" | cut -d, -f4)
check "$queued requests waited" test "$queued" -gt 150000
