#!/bin/bash
# Figures of the load generator that must not mislead: what waited in vain is in the percentiles and judged,
# rates are those of the schedule, and a client that stood still says so.
. "$(dirname "$0")/lib.bash"
: >"$TMPDIR/runs"

# --- connections that take too long ---

start door perl "$E2E/closed_door.pl" "$HOME_ADDRESS" 18101
DOOR=$pid
until_true 20 grep -q full "$TMPDIR/door.out" || fail "the door is closed"
start run "$FIRSTBYTE" bench --format json -R 50 -T 400ms -d 3s "http://$HOME_ADDRESS:18101/"
sleep 2.2 # over two thirds of the run
kill -USR1 $DOOR
wait $pid
status=$?
cp "$TMPDIR/run.out" "$out"
cp "$TMPDIR/run.err" "$err"
cat "$out" >>"$TMPDIR/runs"
check "no connection for two of three seconds: counted by name" jq -e '.errors["connect.timeout"] > 0' "$out"
check "no connection for two of three seconds: the half of all took at least -T" \
    jq -e '.latency_us.p50 >= 400000' "$out"
check "no connection for two of three seconds: all of them are in the percentiles" \
    jq -e '.totals.scheduled == 150 and .latency_us.count == 150' "$out"
kill $DOOR && wait $DOOR 2>/dev/null

judge_runs
