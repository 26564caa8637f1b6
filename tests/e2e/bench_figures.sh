#!/bin/bash
# Figures of the load generator that must not mislead: requests without a response are in the
# percentiles and judged, rates are those of the schedule, and a stopped client is reported.
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

# --- rates are those of the schedule ---

started_origin() { # LINE... : standard input; its http port is at $where
    cat >"$TMPDIR/origin.conf"
    start origin "$FIRSTBYTE" origin -f "$TMPDIR/origin.conf"
    ORIGIN=$pid
    until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
    where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
}
started_origin <<<'http://quick.example/'
to=(--connect-to "::$where")
for procs in 1 3; do
    name="five requests at ten a second, $procs processes"
    bench "$name" -R 10 -n 5 -c 8 --procs $procs "${to[@]}" http://quick.example/
    same "$name" '[5,0.5,10]' "$(run '.totals | [.completed, .duration_s, .rps]')"
done
bench "ten a second" -R 10 -d 500ms --slo rps=10,errors=0 "${to[@]}" http://quick.example/
same "what was asked for in half a second is ten a second, and holds" '[5,0.5,10,[true,true]]' \
    "$(run '[.totals.completed, .totals.duration_s, .totals.rps, [.slo[].held]]')"
bench "one an hour" -R 1/h -n 1 -d 100ms "${to[@]}" http://quick.example/
same "one an hour" '[true,true]' "$(run '.config | [.rate, .from_rate] | map(. * 3600 | . > 0.999999 and . < 1.000001)')"

# --- a server that hangs ---

start run "$FIRSTBYTE" bench --format json -d 1500ms -c 4 --slo max=300ms,p50=300ms,p99.9999=300ms,errors=0 \
    "${to[@]}" http://quick.example/
served() { [ "$(awk -v port="${where##*:}" '{ split($3, a, ":") } a[2] == sprintf("%04X", port) && $4 == "01"' /proc/net/tcp | wc -l)" -ge 1 ]; }
until_true 10 served
sleep 0.3
kill -STOP $ORIGIN
wait $pid
status=$?
kill -CONT $ORIGIN
cp "$TMPDIR/run.out" "$out"
cp "$TMPDIR/run.err" "$err"
cat "$out" >>"$TMPDIR/runs"
check "a server that hangs: it misses" measured 4
same "a server that hangs: the greatest, and a percentile whose rank is reached" \
    '[["max",false],["p50",true],["p99.9999",false],["errors",true]]' "$(run '[.slo[] | [.name, .held]]')"
check "a server that hangs: by those in flight, which are in no latency" jq -e '.unfinished_us.count == 4
    and .unfinished_us.max == .slo[0].measured and .latency_us.count == .totals.completed' "$out"

kill $ORIGIN && wait $ORIGIN

# --- a client that is stopped ---

started_origin <<'C'
http://quick.example/ rehearse-delay=1ms
http://late.example/ rehearse-delay=400ms
http://missing.example/ rehearse-delay=1ms rehearse-status=404
C
to=(--connect-to "::$where")
# stopped ARGUMENT... : a run whose client is stopped for 0.7 s of it
stopped() {
    start run "$FIRSTBYTE" bench --format json -d 1500ms "${to[@]}" "$@"
    until_true 10 served
    sleep 0.4
    kill -STOP $pid
    sleep 0.7
    kill -CONT $pid
    wait $pid
    status=$?
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    cat "$out" >>"$TMPDIR/runs"
}
# where others have the core for as long, it may be starved as well
undisturbed() {
    for _ in {1..4}; do
        stopped "$@"
        [ "$(run '.client.starved_share > 0.2')" = true ] || return 0
    done
}
undisturbed -c 4 http://quick.example/
exits "a client that is stopped, closed loop: exit status" 5
same "a client that is stopped, closed loop: its verdict" '["suspended",true]' \
    "$(run '.client | [.verdict, (.reasons | index("suspended") != null)]')"
check "a client that is stopped, closed loop: for so long" \
    jq -e '.client.longest_suspension_s | . > 0.4 and . < 1.2' "$out"
check "a client that is stopped, closed loop: the gap is its own" \
    jq -e '.longest_gap_s > 0.6 and .longest_gap_away_s > .longest_gap_s / 2' "$out"
check "a client that is stopped: is reported beside a report for machines" stderr_has "the client was the bottleneck: suspended"
undisturbed -c 4 -R 500 http://quick.example/
same "a client that is stopped, open loop: its verdict" '["suspended",true]' \
    "$(run '.client | [.verdict, (.reasons | index("late") != null)]')"

# what it is held to all the same
stopped -c 4 --slo errors=0 http://missing.example/
exits "a client that is stopped: errors are the server's" 4
stopped -c 4 --kernel-time all --slo max=300ms http://late.example/
exits "a client that is stopped: so is what the kernel saw" 4
stopped -c 4 --kernel-time off --slo max=300ms http://late.example/
exits "a client that is stopped: without its stamps nothing is known" 5
stopped -c 4 --kernel-time all --slo p50=1us,max=650ms http://late.example/
exits "a client that is stopped: nor of a percentile, or of a max that the kernel did not see" 5
kill $ORIGIN && wait $ORIGIN

judge_runs
