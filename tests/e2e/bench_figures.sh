#!/bin/bash
# Figures of the load generator in difficult cases: requests without a response are in the
# percentiles and in the SLOs, rates are those of the schedule, and a stopped client is reported.
. "$(dirname "$0")/lib.bash"
: >"$TMPDIR/runs"

# --- connections that take too long ---

start backlog perl "$E2E/full_backlog.pl" "$HOME_ADDRESS" 18101
SERVER=$pid
until_true 20 grep -q full "$TMPDIR/backlog.out" || fail "the backlog is full"
start run "$FIRSTBYTE" bench --format json -R 50 -T 400ms -d 3s "http://$HOME_ADDRESS:18101/"
sleep 2.2 # over two thirds of the run
kill -USR1 $SERVER
wait $pid
status=$?
cp "$TMPDIR/run.out" "$out"
cp "$TMPDIR/run.err" "$err"
cat "$out" >>"$TMPDIR/runs"
check "no connection for two of three seconds: counted by error code" \
    jq -e '.errors["connect.timeout"] > 0' "$out"
check "no connection for two of three seconds: the median is at least -T" \
    jq -e '.latency_us.p50 >= 400000' "$out"
check "no connection for two of three seconds: all requests are in the percentiles" \
    jq -e '.totals.scheduled == 150 and .latency_us.count == 150' "$out"
kill $SERVER && wait $SERVER 2>/dev/null

# --- rates are those of the schedule ---

start_origin() { # standard input is the list; sets $where, its address for http
    cat >"$TMPDIR/origin.conf"
    start origin "$FIRSTBYTE" origin -f "$TMPDIR/origin.conf"
    ORIGIN=$pid
    until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
    where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
}
start_origin <<<'http://quick.example/'
to=(--connect-to "::$where")
for procs in 1 3; do
    name="five requests at ten a second, $procs processes"
    bench "$name" -R 10 -n 5 -c 8 --procs $procs "${to[@]}" http://quick.example/
    same "$name" '[5,0.5,10]' "$(run '.totals | [.completed, .duration_s, .rps]')"
done
bench "ten a second" -R 10 -d 500ms --slo rps=10,errors=0 "${to[@]}" http://quick.example/
same "the load of half a second has the set rate, and the SLOs hold" '[5,0.5,10,[true,true]]' \
    "$(run '[.totals.completed, .totals.duration_s, .totals.rps, [.slo[].held]]')"
bench "one an hour" -R 1/h -n 1 -d 100ms "${to[@]}" http://quick.example/
same "one an hour" '[true,true]' "$(run '.config | [.rate, .from_rate]
    | map(. * 3600 | . > 0.999999 and . < 1.000001)')"

# --- a server that hangs ---

start run "$FIRSTBYTE" bench --format json -d 1500ms -c 4 \
    --slo max=300ms,p50=300ms,p99.9999=300ms,errors=0 \
    "${to[@]}" http://quick.example/
# served : a connection to the origin is established
served() {
    awk -v port="${where##*:}" '{ split($3, a, ":") }
        a[2] == sprintf("%04X", port) && $4 == "01" { found = 1 }
        END { exit !found }' /proc/net/tcp
}
until_true 10 served
sleep 0.3
kill -STOP $ORIGIN
wait $pid
status=$?
kill -CONT $ORIGIN
cp "$TMPDIR/run.out" "$out"
cp "$TMPDIR/run.err" "$err"
cat "$out" >>"$TMPDIR/runs"
check "a server that hangs: the SLOs do not hold" measured 4
same "a server that hangs: the maximum and a high percentile do not hold" \
    '[["max",false],["p50",true],["p99.9999",false],["errors",true]]' \
    "$(run '[.slo[] | [.name, .held]]')"
check "a server that hangs: requests in flight are judged" jq -e '.unfinished_us.count == 4
    and .unfinished_us.max == .slo[0].measured and .latency_us.count == .totals.completed' "$out"

kill $ORIGIN && wait $ORIGIN

# --- a client that is stopped ---

start_origin <<'C'
http://quick.example/ rehearse-delay=1ms
http://late.example/ rehearse-delay=400ms
http://missing.example/ rehearse-delay=1ms rehearse-status=404
C
to=(--connect-to "::$where")
# stopped ARGUMENT... : a run during which the client is stopped for 0.7 s
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
# repeats the run if other processes used the core, because the client is starved then
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
check "a client that is stopped, closed loop: the time of the suspension" \
    jq -e '.client.longest_suspension_s | . > 0.4 and . < 1.2' "$out"
check "a client that is stopped, closed loop: the gap is the client's" \
    jq -e '.longest_gap_s > 0.6 and .longest_gap_away_s > .longest_gap_s / 2' "$out"
check "a client that is stopped: is reported on standard error too" \
    stderr_has "the client was the bottleneck: suspended"
undisturbed -c 4 -R 500 http://quick.example/
same "a client that is stopped, open loop: its verdict" '["suspended",true]' \
    "$(run '.client | [.verdict, (.reasons | index("late") != null)]')"

# SLOs that are judged although the client was stopped
stopped -c 4 --slo errors=0 http://missing.example/
exits "a client that is stopped: errors are the server's" 4
stopped -c 4 --kernel-time all --slo max=300ms http://late.example/
exits "a client that is stopped: latencies with kernel stamps are the server's" 4
stopped -c 4 --kernel-time off --slo max=300ms http://late.example/
exits "a client that is stopped: latencies without kernel stamps are not judged" 5
stopped -c 4 --kernel-time all --slo p50=1us,max=650ms http://late.example/
exits "a client that is stopped: percentiles and unconfirmed maxima are not judged" 5
kill $ORIGIN && wait $ORIGIN

judge_runs
