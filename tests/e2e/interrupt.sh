#!/bin/bash
# ^C and a killed process: finished results are printed, the exit status is 130, no process remains.
. "$(dirname "$0")/lib.bash"

conf <<'C'
http://first.example/ rehearse-body="finished in time"
http://last.example/ rehearse-fault=wait-stall timeout=60s
C
printed() { grep -qs "$1" "$TMPDIR/run.out"; }
children_gone() { local child; for child in $children; do gone "$child" || return 1; done; }

# stop NAME SIGNAL FOR ARGUMENT... : signals the program when it has printed FOR
stop() {
    local name=$1 signal=$2 for=$3
    shift 3
    start run env --default-signal=INT "$FIRSTBYTE" "$@"
    check "$name: what is finished is printed at once" until_true 20 printed "$for"
    children=$(children_of $pid)
    kill -s "$signal" $pid
    wait $pid
    status=$?
    exits "$name: exit status" 130
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    [ -z "$children" ] || check "$name: the origin has gone" until_true 10 children_gone
}

stop "^C in fetch" INT '^http://first' fetch --rehearse -f "$LIST"
same "^C in fetch: one line" 1 "$(wc -l <"$out")"
check "^C in fetch: sites in flight are reported" grep -q '1 sites\? w.* in flight and' "$err"
stop "TERM in fetch" TERM '^http://first' fetch --rehearse -f "$LIST"
stop "^C in fetch, in the list's order" INT '^http://first' --order input --rehearse -f "$LIST"
stop "^C in the blocking half" INT '^http://first' race --rehearse -f "$LIST"
check_not "^C in the blocking half: the other half does not begin" grep -q Asynchronous "$out"
same "^C in the blocking half: a heading and a line" 2 "$(wc -l <"$out")"

# lines that wait for their turn are printed too
printf '%s\n' 'http://last.example/ rehearse-fault=wait-stall timeout=60s' \
    'http://first.example/ rehearse-body=finished' 'http://second.example/ rehearse-delay=300ms' | conf
start run env --default-signal=INT "$FIRSTBYTE" --order input --rehearse -f "$LIST"
sleep 1
kill -s INT $pid
wait $pid
status=$?
exits "^C with lines that wait for their turn" 130
same "they are printed" "first second" \
    "$(grep -oE 'first|second' "$TMPDIR/run.out" | xargs)"

# the reactor's half of a race: its first line is the list's second
conf <<'C'
http://slow.example/ rehearse-delay=1500ms
http://quick.example/
C
stop "^C in the asynchronous half" INT 'Running asynchronous' race --rehearse -f "$LIST"
check_not "^C in the asynchronous half: no totals" grep -q took "$out"

# in phases without a reply: names, connects, handshakes
for fault in dns-stall connect-stall tls-stall body-stall; do
    scheme=http
    [ $fault != tls-stall ] || scheme=https
    printf '%s\n' 'http://first.example/' "$scheme://last.example/ rehearse-fault=$fault timeout=60s" | conf
    stop "^C at $fault" INT '^http://first' fetch --rehearse -f "$LIST"
    stop "^C at $fault, blocking" INT '^http://first' race --rehearse -f "$LIST"
done

# a list that never ends
mkfifo "$TMPDIR/in"
exec 7<>"$TMPDIR/in"
echo http://first.example/ >&7
start run env --default-signal=INT "$FIRSTBYTE" --rehearse -f - <&7
check "^C while waiting for input: the line is there" until_true 20 printed '^http://first'
kill -s INT $pid
wait $pid
status=$?
exits "^C while waiting for input" 130
exec 7>&-

# a parent that is killed takes its origin with it
for command in fetch race; do
    start run "$FIRSTBYTE" $command --rehearse -f "$LIST"
    until_true 20 printed '^http://first'
    children=$(children_of $pid)
    check "$command has an origin" test -n "$children"
    kill -s KILL $pid
    wait $pid 2>/dev/null
    check "$command is killed: its origin ends by itself" until_true 10 children_gone
done

# the terminal sends ^C to the whole group: the origin is not in it
start run setsid env --default-signal=INT "$FIRSTBYTE" fetch --rehearse -f "$LIST"
until_true 20 printed '^http://first'
children=$(children_of $pid)
kill -s INT -- "-$pid"
wait $pid
status=$?
exits "^C to the group" 130
same "the origin says nothing" 1 "$(wc -l <"$TMPDIR/run.err")"
check "and has gone" until_true 10 children_gone

# the origin by hand: until interrupted
start origin env --default-signal=INT "$FIRSTBYTE" origin -f "$LIST"
check "the origin by hand says where it is" until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
same "names, http, https and the authority" "nameserver http https -----BEGIN" \
    "$(head -n 4 "$TMPDIR/origin.out" | cut -d' ' -f1 | xargs)"
where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
fb "http://$where/"
exits "a live fetch from it" 0
kill -s INT $pid
wait $pid
status=$?
exits "^C ends it" 0

# a reader that is slower than the sites: after ^C nothing new is started
{
    echo 'default rehearse-delay=300ms'
    seq -f 'http://n%g.example/some-words-to-fill-the-pipe' 20000
} >"$TMPDIR/many"
mkfifo "$TMPDIR/pipe"
(
    sleep 1.5 # the pipe is full by then
    while head -c 8192; do sleep 0.14; done >"$TMPDIR/slowly"
) <"$TMPDIR/pipe" &
reader=$!
env --default-signal=INT "$FIRSTBYTE" fetch --rehearse -c 64 --format json -f "$TMPDIR/many" \
    >"$TMPDIR/pipe" 2>"$TMPDIR/run.err" &
pid=$!
sleep 2.5
kill -s INT $pid
if until_true 12 gone $pid; then
    wait $pid
    status=$?
    exits "^C with a slow reader" 130
else
    fail "^C with a slow reader: new sites are started after it"
    kill -s KILL $pid
fi
kill $reader

# before there is anything to report: no end by the signal itself, at whatever moment
mkfifo "$TMPDIR/list"
ends() {
    perl -e 'my $pid = fork; if (!$pid) { $SIG{INT} = "DEFAULT"; exec @ARGV }
        for (1 .. 1000) { last if `cat /proc/$pid/syscall` =~ /^257 /; select undef, undef, undef, 0.01 }
        kill INT => $pid; waitpid $pid, 0; printf "status %d, signal %d\n", $? >> 8, $? & 127' "$FIRSTBYTE" "$@"
}
for command in fetch race "bench -d 5s"; do
    # shellcheck disable=SC2086
    same "^C at a list that nobody writes: $command" "status 130, signal 0" \
        "$(ends $command --rehearse -f "$TMPDIR/list" 2>&1 </dev/null)"
done
same "^C at an output that nobody reads" "status 130, signal 0" \
    "$(ends --rehearse -o "$TMPDIR/list" http://a.example/ 2>&1 </dev/null)"

# a signal that the caller ignores
printf '%s\n' 'http://first.example/' 'http://last.example/ rehearse-delay=1500ms' | conf
for command in fetch race; do
    start run bash -c 'trap "" INT TERM HUP; exec "$0" "$@"' "$FIRSTBYTE" $command --rehearse -f "$LIST"
    until_true 20 printed '^http://first'
    for signal in INT TERM HUP; do kill -s $signal $pid; done
    wait $pid
    status=$?
    exits "signals that are ignored: $command" 0
    check "signals that are ignored: $command: all is there" printed '^http://last'
done

# the origin is killed: this is reported, and the run ends at once
printf '%s\n' 'http://first.example/' 'http://last.example/ rehearse-fault=wait-stall timeout=100s' | conf
orphaned() { # NAME FOR ARGUMENT... : when the program has printed FOR, or with "" when it has an origin
    local name=$1 for=$2 origin
    shift 2
    start run "$FIRSTBYTE" "$@"
    if [ -n "$for" ]; then
        check "$name: it has begun" until_true 20 printed "$for"
    else
        check "$name: it has begun" until_true 20 has_connections
    fi
    origin=$(pgrep -P $pid -f origin | head -n 1)
    kill -s KILL "$origin"
    check "$name: it ends" until_true 20 gone $pid
    kill -s KILL $pid 2>/dev/null
    wait $pid
    status=$?
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    exits "$name: exit status" 3
    same "$name: it is reported once" 1 \
        "$(grep -c "^firstbyte: the rehearsal's origin was killed by signal 9, so the run ended$" "$err")"
}
has_connections() { ls -l "/proc/$(pgrep -P $pid -f origin | head -n 1)/fd" | grep -c socket: | grep -qE '[0-9]{2}'; }
orphaned "no origin for fetch" '^http://first' fetch --rehearse -f "$LIST"
orphaned "no origin for the blocking half" '^http://first' race --rehearse -f "$LIST"
check_not "no origin for the blocking half: the other half does not begin" grep -q Asynchronous "$out"
printf '%s\n' 'http://first.example/ rehearse-delay=1s' 'http://last.example/ rehearse-delay=2s' | conf
orphaned "no origin for the asynchronous half" 'Running asynchronous' race --rehearse -f "$LIST"
check_not "no origin for the asynchronous half: no totals" grep -q took "$out"
for arguments in "-d 60s" "-d 60s --procs 2" "-d 60s -R 100 --repeat 5" "-d 60s --find-knee p99=1s"; do
    # shellcheck disable=SC2086
    orphaned "no origin for bench $arguments" "" bench --rehearse -c 16 --format json $arguments http://a.example/
    check "no origin for bench $arguments: what was measured" jq -es 'length == 1 and .[0].interrupted' "$out"
done

# one that is stopped ends too
printf '%s\n' 'http://first.example/' 'http://last.example/ rehearse-fault=wait-stall timeout=100s' | conf
start run "$FIRSTBYTE" fetch --rehearse -f "$LIST"
until_true 20 printed '^http://first'
origin=$(children_of $pid)
kill -s STOP $origin
kill -s TERM $pid
check "an origin that is stopped: the program ends" until_true 20 gone $pid
check "an origin that is stopped: so does it" until_true 20 gone $origin
kill -s KILL $pid $origin 2>/dev/null
wait $pid
check "an origin that is stopped: exit status" test $? = 130
