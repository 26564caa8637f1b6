#!/bin/bash
# ^C and killed processes: finished results are printed, the exit status is 130, no process remains.
. "$(dirname "$0")/lib.bash"

conf <<'C'
http://first.example/ rehearse-body="finished in time"
http://last.example/ rehearse-fault=wait-stall timeout=60s
C
printed() { grep -qs "$1" "$TMPDIR/run.out"; }
children_gone() { local child; for child in $children; do gone "$child" || return 1; done; }

# stop NAME SIGNAL TEXT ARGUMENT... : sends the signal when the program has printed TEXT
stop() {
    local name=$1 signal=$2 text=$3
    shift 3
    start run env --default-signal=INT "$FIRSTBYTE" "$@"
    check "$name: finished results are printed at once" until_true 20 printed "$text"
    children=$(children_of $pid)
    kill -s "$signal" $pid
    wait $pid
    status=$?
    exits "$name: exit status" 130
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    [ -z "$children" ] || check "$name: the origin has ended" until_true 10 children_gone
}

stop "^C in fetch" INT '^http://first' fetch --rehearse -f "$LIST"
same "^C in fetch: one line" 1 "$(wc -l <"$out")"
check "^C in fetch: the number of sites in flight is reported" \
    grep -q '1 site was in flight and' "$err"
stop "TERM in fetch" TERM '^http://first' fetch --rehearse -f "$LIST"
stop "^C in fetch, in the list's order" INT '^http://first' --order input --rehearse -f "$LIST"
stop "^C in the blocking half" INT '^http://first' race --rehearse -f "$LIST"
check_not "^C in the blocking half: the other half does not start" grep -q Asynchronous "$out"
same "^C in the blocking half: a heading and a line" 2 "$(wc -l <"$out")"

# results that wait for earlier lines of the list are printed too
printf '%s\n' 'http://last.example/ rehearse-fault=wait-stall timeout=60s' \
    'http://first.example/ rehearse-body=finished' 'http://second.example/ rehearse-delay=300ms' |
    conf
start run env --default-signal=INT "$FIRSTBYTE" --order input --rehearse -f "$LIST"
sleep 1
kill -s INT $pid
wait $pid
status=$?
exits "^C with results that wait for earlier lines" 130
same "^C with results that wait for earlier lines: they are printed" "first second" \
    "$(grep -oE 'first|second' "$TMPDIR/run.out" | xargs)"

# the asynchronous half of a race: its first line is for the second site of the list
conf <<'C'
http://slow.example/ rehearse-delay=1500ms
http://quick.example/
C
stop "^C in the asynchronous half" INT 'Running asynchronous' race --rehearse -f "$LIST"
check_not "^C in the asynchronous half: no totals" grep -q took "$out"

# servers that stall: the DNS query, the connection, the handshake, the body
for fault in dns-stall connect-stall tls-stall body-stall; do
    scheme=http
    [ $fault != tls-stall ] || scheme=https
    printf '%s\n' 'http://first.example/' \
        "$scheme://last.example/ rehearse-fault=$fault timeout=60s" | conf
    stop "^C at $fault" INT '^http://first' fetch --rehearse -f "$LIST"
    stop "^C at $fault, blocking" INT '^http://first' race --rehearse -f "$LIST"
done

# a list that never ends
mkfifo "$TMPDIR/in"
exec 7<>"$TMPDIR/in"
echo http://first.example/ >&7
start run env --default-signal=INT "$FIRSTBYTE" --rehearse -f - <&7
check "^C while waiting for input: the result is printed" until_true 20 printed '^http://first'
kill -s INT $pid
wait $pid
status=$?
exits "^C while waiting for input" 130
exec 7>&-

# if the parent is killed, its origin ends
for command in fetch race; do
    start run "$FIRSTBYTE" $command --rehearse -f "$LIST"
    until_true 20 printed '^http://first'
    children=$(children_of $pid)
    check "$command has an origin" test -n "$children"
    kill -s KILL $pid
    wait $pid 2>/dev/null
    check "$command is killed: its origin ends" until_true 10 children_gone
done

# the terminal sends ^C to the process group, which does not contain the origin
start run setsid env --default-signal=INT "$FIRSTBYTE" fetch --rehearse -f "$LIST"
until_true 20 printed '^http://first'
children=$(children_of $pid)
kill -s INT -- "-$pid"
wait $pid
status=$?
exits "^C to the group" 130
same "^C to the group: only the program prints a message" 1 "$(wc -l <"$TMPDIR/run.err")"
check "^C to the group: the origin has ended" until_true 10 children_gone

# the command origin runs until it is interrupted
start origin env --default-signal=INT "$FIRSTBYTE" origin -f "$LIST"
check "firstbyte origin prints its addresses" until_true 20 grep -qs 'END CERTIFICATE' \
    "$TMPDIR/origin.out"
same "firstbyte origin: nameserver, http, https and the authority" \
    "nameserver http https -----BEGIN" \
    "$(head -n 4 "$TMPDIR/origin.out" | cut -d' ' -f1 | xargs)"
where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
fb "http://$where/"
exits "firstbyte origin: a fetch from it" 0
kill -s INT $pid
wait $pid
status=$?
exits "firstbyte origin: ^C ends it" 0

# a slow reader of the output: after ^C no new site is started
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
    fail "^C with a slow reader: the program continues"
    kill -s KILL $pid
fi
kill $reader

# ^C before the first result: the program handles the signal, and is not killed by it
mkfifo "$TMPDIR/list"
interrupt_open() { # ARGUMENT... : sends SIGINT when the program blocks in openat(2)
    perl -e 'my $pid = fork; if (!$pid) { $SIG{INT} = "DEFAULT"; exec @ARGV }
        for (1 .. 1000) {
            last if `cat /proc/$pid/syscall` =~ /^257 /;
            select undef, undef, undef, 0.01;
        }
        kill INT => $pid;
        waitpid $pid, 0;
        printf "status %d, signal %d\n", $? >> 8, $? & 127' "$FIRSTBYTE" "$@"
}
for command in fetch race "bench -d 5s"; do
    # shellcheck disable=SC2086
    same "^C while a named pipe as the list has no writer: $command" "status 130, signal 0" \
        "$(interrupt_open $command --rehearse -f "$TMPDIR/list" 2>&1 </dev/null)"
done
same "^C while a named pipe as the output has no reader" "status 130, signal 0" \
    "$(interrupt_open --rehearse -o "$TMPDIR/list" http://a.example/ 2>&1 </dev/null)"

# a signal that the caller ignores
printf '%s\n' 'http://first.example/' 'http://last.example/ rehearse-delay=1500ms' | conf
for command in fetch race; do
    start run bash -c 'trap "" INT TERM HUP; exec "$0" "$@"' "$FIRSTBYTE" $command --rehearse \
        -f "$LIST"
    until_true 20 printed '^http://first'
    for signal in INT TERM HUP; do kill -s $signal $pid; done
    wait $pid
    status=$?
    exits "ignored signals: $command" 0
    check "ignored signals: $command: all results are printed" printed '^http://last'
done

# if the origin is killed, this is reported, and the run ends at once
printf '%s\n' 'http://first.example/' \
    'http://last.example/ rehearse-fault=wait-stall timeout=100s' | conf
# kill_origin NAME TEXT ARGUMENT... : kills the origin when the program has printed TEXT, or, if it
# is "", when the origin has connections
kill_origin() {
    local name=$1 text=$2 origin
    shift 2
    start run "$FIRSTBYTE" "$@"
    if [ -n "$text" ]; then
        check "$name: the run has started" until_true 20 printed "$text"
    else
        check "$name: the run has started" until_true 20 has_connections
    fi
    origin=$(pgrep -P $pid -f origin | head -n 1)
    kill -s KILL "$origin"
    check "$name: the program ends" until_true 20 gone $pid
    kill -s KILL $pid 2>/dev/null
    wait $pid
    status=$?
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    exits "$name: exit status" 3
    same "$name: it is reported once" 1 \
        "$(grep -c "^firstbyte: the rehearsal's origin was killed by signal 9, so the run ended$" \
        "$err")"
}
has_connections() {
    ls -l "/proc/$(pgrep -P $pid -f origin | head -n 1)/fd" | grep -c socket: |
        grep -qE '[0-9]{2}'
}
kill_origin "killed origin of fetch" '^http://first' fetch --rehearse -f "$LIST"
kill_origin "killed origin of the blocking half" '^http://first' race --rehearse -f "$LIST"
check_not "killed origin of the blocking half: the other half does not start" grep -q Asynchronous \
    "$out"
printf '%s\n' 'http://first.example/ rehearse-delay=1s' 'http://last.example/ rehearse-delay=2s' |
    conf
kill_origin "killed origin of the asynchronous half" 'Running asynchronous' race --rehearse \
    -f "$LIST"
check_not "killed origin of the asynchronous half: no totals" grep -q took "$out"
for arguments in "-d 60s" "-d 60s --procs 2" "-d 60s -R 100 --repeat 5" "-d 60s --find-knee p99=1s";
    do
    # shellcheck disable=SC2086
    kill_origin "killed origin of bench $arguments" "" bench --rehearse -c 16 --format json \
        $arguments http://a.example/
    check "killed origin of bench $arguments: the results until then" \
        jq -es 'length == 1 and .[0].interrupted' "$out"
done

# a stopped origin is ended by the program
printf '%s\n' 'http://first.example/' \
    'http://last.example/ rehearse-fault=wait-stall timeout=100s' | conf
start run "$FIRSTBYTE" fetch --rehearse -f "$LIST"
until_true 20 printed '^http://first'
origin=$(children_of $pid)
kill -s STOP $origin
kill -s TERM $pid
check "a stopped origin: the program ends" until_true 20 gone $pid
check "a stopped origin: the origin ends" until_true 20 gone $origin
kill -s KILL $pid $origin 2>/dev/null
wait $pid
check "a stopped origin: exit status" test $? = 130
