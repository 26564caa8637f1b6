#!/bin/bash
# Failures in the load generator: each is counted by its error code, none is lost, and the totals
# add up, also if a signal or an error ends the run.
. "$(dirname "$0")/lib.bash"
own_network

: >"$TMPDIR/runs"
# fault, scheme, number of completed requests of 20, error code of the others
table='
none                    http  20 -
none                    https 20 -
dns-nxdomain            http  0 dns.nxdomain
dns-empty               http  0 dns.no_address
dns-servfail            http  0 dns.servfail
dns-refused             http  0 dns.refused
dns-garbage             http  0 dns.malformed
dns-stall               http  0 dns.timeout
connect-refuse          http  0 connect.refused
connect-refuse          https 0 connect.refused
connect-stall           http  0 connect.timeout
tls-stall               https 0 tls.timeout
tls-plain               https 0 tls.not_tls
tls-reset               https 0 tls.reset
cert-expired            https 0 tls.cert_expired
cert-not-yet            https 0 tls.cert_not_yet_valid
cert-self-signed        https 0 tls.self_signed
cert-wrong-host         https 0 tls.hostname_mismatch
cert-unknown-authority  https 0 tls.unknown_authority
wait-stall              http  0 timeout.total
wait-stall              https 0 timeout.total
wait-close              http  0 http.empty
wait-close              https 0 http.empty
wait-reset              http  0 http.reset
wait-reset              https 0 http.reset
garbage                 http  0 http.malformed
garbage                 https 0 http.malformed
head-stall              http  0 timeout.total
head-endless            http  0 http.header_too_large
head-endless            https 0 http.header_too_large
body-stall              http  0 timeout.total
body-endless            http  0 timeout.total
body-chunk              http  0 http.malformed
body-chunk              https 0 http.malformed
body-reset              http  0 receive.reset
body-reset              https 0 receive.reset
truncate                http  0 http.truncated
truncate                https 0 http.truncated
no-close-notify         https 0 tls.truncated
drip                    http  0 timeout.total
drip                    https 0 timeout.total
hang-up                 http  - http.(empty|reset)
hang-up                 https - http.(empty|reset)
redirect-loop           http  20 -
redirect-endless        http  20 -
bad-location            http  20 -
bad-coding              http  20 -
bad-coding              https 20 -
'
table=$(sed '/^$/d' <<<"$table")
same "every fault of the origin is in the table" \
    "$(sed -nE 's/^ +X\(FAULT_[A-Z_]+, "([^"]+)"\).*/\1/p' "$E2E/../../origin/faults.h" | sort)" \
    "$(awk '{ print $1 }' <<<"$table" | sort -u)"

# One run with its own files. Faults that stall have a timeout of 300 ms, the others one that they
# do not reach. With the fault hang-up, a request may be lost: the server closes the connection
# after a response, when the next request may be sent already.
one_fault() { # FAULT SCHEME LOOP
    local file="$TMPDIR/$1.$2.$3" arguments=(-n 20 -c 4 -T 20s)
    case $1 in *stall | body-endless | drip) arguments+=(-T 300ms) ;; esac
    [ "$3" = closed ] || arguments+=(-R 400)
    printf '%s://%s.example/ rehearse-fault=%s rehearse-body="0123456789abcdef"\n' "$2" "$1" "$1" \
        >"$file.conf"
    timeout 60 "$FIRSTBYTE" bench --rehearse -f "$file.conf" --format json "${arguments[@]}" \
        >"$file.json" 2>"$file.err"
    echo $? >"$file.status"
}
running=0
while read -r fault scheme _; do
    for loop in closed open; do
        one_fault "$fault" "$scheme" $loop &
        running=$((running + 1))
        [ $running -lt 8 ] || { wait -n && running=$((running - 1)); }
    done
done <<<"$table"
wait
while read -r fault scheme completed error; do
    for loop in closed open; do
        file=$TMPDIR/$fault.$scheme.$loop name="$fault over $scheme, $loop loop"
        cp "$file.err" "$err"
        cp "$file.json" "$out"
        cat "$out" >>"$TMPDIR/runs"
        got=$(jq -r '[.totals.completed, (.errors | keys[])] | join(" ")' "$out")
        case $completed in
        -) check "$name: completed, or $error" grep -qE "^[0-9]+( $error)*\$" <<<"$got" ;;
        20) same "$name: completed" 20 "$got" ;;
        *) same "$name: only $error" "0 $error" "$got" ;;
        esac
        same "$name: twenty requests" '[20,0,20,0]' \
            "$(run '.totals | [.scheduled, .waiting, .started, .in_flight]')"
        status=$(cat "$file.status")
        [ "$completed" = 0 ] && wanted=1 || wanted=0
        check "$name: exit status" measured $wanted
    done
done <<<"$table"

# --- without the origin ---

# all_fail NAME ERROR ARGUMENT... : all requests of the run fail with this error
all_fail() {
    local name=$1 error=$2
    shift 2
    fb bench --format json "$@"
    cat "$out" >>"$TMPDIR/runs"
    check "$name: exit status" measured 1
    same "$name: counted by error code" "[\"$error\"] 0" \
        "$(run '.errors | keys') $(run .totals.completed)"
}
all_fail "a refused port" connect.refused -n 20 -c 4 "http://$HOME_ADDRESS:18089/"
# gave_up NAME ERROR ARGUMENT... : no server; the load stops after the first second
gave_up() {
    all_fail "$@"
    check "$1: it stops" jq -e --arg error "$2" '.gave_up == $error and .totals.duration_s < 30' \
        "$out"
    check "$1: the reason is reported" stderr_has "every connection of the first second failed: $2"
}
gave_up "no server, closed loop" connect.refused -d 60s -c 4 "http://$HOME_ADDRESS:18089/"
gave_up "no server, open loop" connect.refused -d 60s -c 4 -R 200 "http://$HOME_ADDRESS:18089/"
gave_up "no server, new connections" connect.refused -d 60s -R 20000 \
    --new-conn "http://$HOME_ADDRESS:18089/"
gave_up "no server, three processes" connect.refused -d 60s -c 6 --procs 3 --repeat 2 \
    "http://$HOME_ADDRESS:18089/"
same "no server: the next run does not begin" 1 "$(wc -l <"$out")"
fb bench --warmup 30s -d 30s -c 4 "http://$HOME_ADDRESS:18089/"
exits "no server, in the warm-up" 1
check "no server, in the warm-up: the reason is reported" \
    grep -q "^Stopped: every connection of the first second failed: connect.refused," "$out"
all_fail "a refused port, -d" connect.refused -d 300ms -c 4 -R 200 "http://$HOME_ADDRESS:18089/"
all_fail "a refused port, new connections" connect.refused -n 20 -c 4 \
    --new-conn "http://$HOME_ADDRESS:18089/"
all_fail "a refused port, three processes" connect.refused -n 20 -c 4 --procs 3 \
    "http://$HOME_ADDRESS:18089/"
all_fail "no Unix socket" connect.failed -n 20 -c 4 --unix-socket "$TMPDIR/nothing" \
    http://a.example/
all_fail "no Unix socket, a rate that is too high" connect.failed -R 10000000 -d 300ms \
    --unix-socket "$TMPDIR/nothing" \
    http://a.example/
check "no Unix socket, a rate that is too high: all requests are counted" \
    jq -e '.totals.scheduled == 3000000' "$out"
# the client is busy, but the cause is the missing server
fb bench -R 10000000 -d 2s --unix-socket "$TMPDIR/nothing" http://a.example/
exits "no Unix socket, a rate that is too high, until the load stops" 1
check "no Unix socket, until the load stops: the reason is reported" \
    grep -q "^Stopped: every connection of the first second failed: connect.failed," "$out"
check_not "no Unix socket, until the load stops: the client is not called the bottleneck" \
    grep -q "client was the bottleneck" "$out"
fb bench -R 10000000 -d 2s --unix-socket "$TMPDIR/nothing" --format json http://a.example/
exits "no Unix socket, until the load stops, in JSON" 1
check_not "no Unix socket, in JSON: the client is not called the bottleneck on standard error" \
    stderr_has "client was the bottleneck"
all_fail "a name with a label that is too long" dns.bad_name -n 20 \
    -c 4 "http://$(printf 'a%.0s' {1..64}).example/"
make_authority
make_certificate other "DNS:other.example"
start_nginx 18443 18080 <<'N'
server {
    listen @:18443 ssl;
    listen @:18080;
    ssl_certificate DIR/other.pem;
    ssl_certificate_key DIR/other.key;
    keepalive_requests 100000;
    location / { return 200 "0123456789"; }
}
N
base=http://$HOME_ADDRESS:18080
all_fail "a certificate of an unknown authority" tls.unknown_authority -n 20 \
    -c 4 "https://$HOME_ADDRESS:18443/"
all_fail "a certificate of another host" tls.hostname_mismatch -n 20 -c 4 \
    --cacert "$TMPDIR/ca.pem" \
    "https://$HOME_ADDRESS:18443/"
bench "-k: any certificate" -k -n 20 -c 4 "https://$HOME_ADDRESS:18443/"
all_fail "plain text on the TLS port" tls.not_tls -n 20 -c 4 "https://$HOME_ADDRESS:18080/"

# --- a server that stops ---

# ended NAME STATUS : waits for the run in the background, and checks its exit status
ended() {
    wait "$pid"
    status=$?
    cp "$TMPDIR/run.out" "$out"
    cp "$TMPDIR/run.err" "$err"
    cat "$out" >>"$TMPDIR/runs"
    check "$1: exit status" measured "$2"
}
start_origin() { # standard input is the list; sets $where, its address for http
    cat >"$TMPDIR/origin.conf"
    start origin "$FIRSTBYTE" origin -f "$TMPDIR/origin.conf"
    ORIGIN=$pid
    until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
    where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
}
stop_origin() { kill "$ORIGIN" && wait "$ORIGIN"; }
# served : a connection to the origin is established
served() {
    awk -v port="${where##*:}" '{ split($3, a, ":") }
        a[2] == sprintf("%04X", port) && $4 == "01" { found = 1 }
        END { exit !found }' /proc/net/tcp
}
for loop in "-R 500" ""; do
    name="a server that stops, ${loop:+open}${loop:-closed} loop"
    start_origin <<<"http://a.example/ rehearse-delay=5ms"
    # shellcheck disable=SC2086
    start run "$FIRSTBYTE" bench --format json $loop -d 1s -c 4 --connect-to "::$where" \
        http://a.example/
    running=$pid
    until_true 10 served
    sleep 0.3
    stop_origin
    pid=$running
    ended "$name" 0
    check "$name: later connections are refused" \
        jq -e '.totals.completed > 0 and .errors["connect.refused"] > 0' "$out"
done

# --- too few descriptors and ports ---

with_40_descriptors() { (ulimit -n 40 && fb bench --format json "$@" && exit "$status");
    status=$?; }
with_40_descriptors -c 64 -R 2000 -d 300ms --new-conn -T 200ms \
    --connect-to "::$HOME_ADDRESS:18080" http://a.example/
check "40 descriptors, 64 connections: a warning before the run" \
    stderr_has "a process may open 40 descriptors, too few for 64"
with_40_descriptors -c 64 -n 2000 "$base/"
cat "$out" >>"$TMPDIR/runs"
exits "40 descriptors, 64 connections: exit status" 3
check "40 descriptors, 64 connections: counted by error code" \
    jq -e '.errors["local.descriptors"] > 0' "$out"
check "40 descriptors, 64 connections: the other connections continue" \
    jq -e '.totals.completed > 0' "$out"
check "40 descriptors, 64 connections: a remedy is reported" \
    stderr_has "descriptors ran out: raise ulimit -n"
with_40_descriptors -q -c 64 -n 2000 --procs 1 --repeat 2 "$base/"
exits "40 descriptors, -q: exit status" 3
check "40 descriptors, -q: the reason of the exit status is reported" \
    stderr_has "descriptors ran out"
with_40_descriptors -c 8 -n 100 "$base/"
same "40 descriptors, 8 connections: no error and no warning" "[100,0,100,100,0,0] " \
    "$(totals) $(cat "$err")"
with_40_descriptors -c 64 --procs 4 -n 1000 "$base/"
same "40 descriptors, 64 connections of four processes: no error and no warning" \
    "[1000,0,1000,1000,0,0] " "$(totals) $(cat "$err")"

# a range without the ports of earlier listeners, which are in use on all addresses for some time
ports=/proc/sys/net/ipv4/ip_local_port_range
if [ "$OWN_NETWORK" ] && was=$(cat $ports) && echo "20000 20015" >$ports 2>"$TMPDIR/why"; then
    fb bench --format json -c 32 -n 1000 "$base/"
    cat "$out" >>"$TMPDIR/runs"
    exits "16 ports, 32 connections: exit status" 3
    check "16 ports, 32 connections: counted by error code" jq -e '.errors["local.ports"] > 0' \
        "$out"
    check "16 ports, 32 connections: the other connections continue" jq -e '.totals.completed > 0' \
        "$out"
    check "16 ports, 32 connections: a remedy is reported" stderr_has "net.ipv4.ip_local_port_range"
    fb bench --format json -c 32 -n 1000 --interface 127.0.0.2 --interface 127.0.0.3 "$base/"
    check "16 ports of two addresses, 32 connections: no error" jq -e '.totals.completed == 1000' \
        "$out"
    echo "$was" >$ports
else
    skip "too few ports" "network namespaces are not permitted"
fi

# --- no disk space ---

timeout 60 "$FIRSTBYTE" bench -n 20 -c 2 -o /dev/full "$base/" >"$out" 2>"$err"
status=$?
exits "-o on a full disk" 1
check "-o on a full disk: is reported" stderr_has "/dev/full: No space left on device"
echo before >"$TMPDIR/kept"
fb bench -n 20 -c 2 --hlog "$TMPDIR/nowhere/log" -o "$TMPDIR/kept" "$base/"
exits "a run that cannot start" 3
same "a run that cannot start: the earlier report is kept" before "$(cat "$TMPDIR/kept"*)"
fb bench -n 20 -c 2 --hlog /dev/full --format json "$base/"
exits "--hlog on a full disk" 3
check "--hlog on a full disk: is reported" stderr_has "/dev/full: No space left on device"
check "--hlog on a full disk: the report is complete" jq -e '.totals.completed == 20' "$out"
timeout 60 "$FIRSTBYTE" bench -d 500ms -c 2 --repeat 1000 --format json "$base/" 2>"$err" | true
same "a reader that closes the pipe: exit status" 1 "${PIPESTATUS[0]}"
check_not "a reader that closes the pipe: no message of it" stderr_has "Broken pipe"
if [ "$OWN_NETWORK" ] && unshare -m true 2>/dev/null; then
    full() {
        unshare -m bash -c '
            mount -t tmpfs -o size=16k none "$1" && cd "$1" && head -c 8k /dev/zero >most
            "$2" bench -n 20 -c 2 --repeat 1000 --format json -o report "$3" 2>&1
            echo "status $?"; head -c 20 report.part-*' - "$1" "$FIRSTBYTE" "$base/" >"$out"
    }
    mkdir "$TMPDIR/small"
    full "$TMPDIR/small"
    check "a disk that fills up" grep -qx 'status 1' "$out"
    check "a disk that fills up: is reported" grep -q 'report: No space left on device' "$out"
    same "a disk that fills up: no run follows, and the file with the first reports is named" \
        "firstbyte: the results are in $TMPDIR/small/report.part-" "$(grep "results are in" "$out" |
        sed 's/-[0-9a-f]*$/-/')"
    check "a disk that fills up: the first reports are in the file" \
        grep -q '^{"schema":"firstbyte' "$out"
else
    skip "a disk that fills up" "mount namespaces are not permitted"
fi

# --- interrupted runs ---

start_origin <<'C'
http://a.example/ rehearse-delay=20ms
http://stalled.example/ rehearse-fault=wait-stall
C
to=(--connect-to "::$where")
# interrupted NAME SIGNAL ARGUMENT... : a run that a signal ends
interrupted() {
    local name=$1 signal=$2
    shift 2
    start run env --default-signal=INT "$FIRSTBYTE" bench --format json -d 60s -c 4 "${to[@]}" "$@"
    until_true 10 served && sleep 0.3
    children=$(children_of $pid)
    kill -s "$signal" $pid
    ended "$name" 130
    check "$name: the report has the results until then" \
        jq -e '.interrupted and .totals.duration_s < 30' "$out"
    for child in $children; do check "$name: a child has ended" until_true 10 gone "$child"; done
}
interrupted "^C in a closed loop" INT http://a.example/
check "^C in a closed loop: requests in flight are counted" \
    jq -e '.totals.in_flight == 4 and .totals.completed > 0' "$out"
interrupted "^C in an open loop" INT -R 500 http://a.example/
check "^C in an open loop: waiting requests are counted" \
    jq -e '.totals.waiting > 0 and .totals.completed > 0
    and .latency_us.count == .totals.scheduled' "$out"
interrupted "TERM" TERM http://a.example/
interrupted "^C with a silent server" INT http://stalled.example/
interrupted "^C with a silent server, open loop" INT -R 100 http://stalled.example/
interrupted "^C in the warm-up" INT --warmup 20s http://a.example/
check "^C in the warm-up: nothing was measured" \
    jq -e '.totals.scheduled == 0 and .latency_us == null' "$out"
interrupted "^C of three processes" INT --procs 3 http://a.example/
interrupted "^C of three processes in an open loop" INT --procs 3 -R 500 http://a.example/
interrupted "^C with a log" INT --hlog "$TMPDIR/hlog" http://a.example/
check "^C with a log: the log has its lines" grep -q '^[0-9]' "$TMPDIR/hlog"

# several runs: no run follows
start run env --default-signal=INT "$FIRSTBYTE" bench --format json -d 30s -c 4 "${to[@]}" \
    --repeat 3 http://a.example/
until_true 10 served && sleep 0.3
kill -s INT $pid
ended "^C of the first of three runs" 130
same "^C of the first of three runs: one report" 1 "$(wc -l <"$out")"
start run env --default-signal=INT "$FIRSTBYTE" bench --format json --find-knee p99=1s -d 30s \
    -c 4 "${to[@]}" http://a.example/
until_true 10 served && sleep 0.3
kill -s INT $pid
wait $pid
status=$?
exits "^C of a search" 130
check "^C of a search: the report" jq -e '.interrupted and .curve == []' "$TMPDIR/run.out"

# between two runs: the program blocks while it writes a report, or a line of a search, to a full
# pipe
mkfifo "$TMPDIR/pipe"
exec 8<>"$TMPDIR/pipe"
fill() { dd if=/dev/zero of="$TMPDIR/pipe" conv=notrunc bs=4096 count=64 oflag=nonblock \
    2>/dev/null; }
empty() { dd if="$TMPDIR/pipe" bs=65536 count=1 iflag=nonblock 2>/dev/null | tr -d '\0'; }
# waits PID : the process sleeps in write(2)
waits() { [ "$(cut -d' ' -f1 "/proc/$1/syscall")" = 1 ] && grep -q '^State:.S' "/proc/$1/status"; }
quick=(bench --format json -d 100ms -c 4 "${to[@]}" http://a.example/)
fill
env --default-signal=INT "$FIRSTBYTE" "${quick[@]}" --repeat 50 >"$TMPDIR/pipe" 2>"$err" 8>&- &
pid=$!
check "^C between two runs: the program waits for the reader" until_true 20 waits $pid
kill -s INT $pid
empty >"$TMPDIR/run.out"
wait $pid
status=$?
empty >>"$TMPDIR/run.out"
cp "$TMPDIR/run.out" "$out"
exits "^C between two runs" 130
check "^C between two runs: the report of the first is complete" \
    jq -es 'length == 1 and .[0].totals.completed > 0' "$out"
fill
dd if="$TMPDIR/pipe" bs=4096 count=1 >/dev/null 2>&1
dd if=/dev/zero of="$TMPDIR/pipe" conv=notrunc bs=3996 count=1 2>/dev/null # room for the heading
env --default-signal=INT "$FIRSTBYTE" "${quick[@]}" --find-knee p99=1s >"$out" 2>"$TMPDIR/pipe" \
    8>&- &
pid=$!
check "^C between two rates: the program waits for the reader" until_true 20 waits $pid
kill -s INT $pid
empty >/dev/null
wait $pid
status=$?
exits "^C between two rates" 130
check "^C between two rates: the report" \
    jq -es 'length == 1 and .[0].interrupted and .[0].curve != null' "$out"
empty >/dev/null

# a second ^C ends the program without a reader
again() { kill -s INT $pid; gone $pid; }
fill
env --default-signal=INT "$FIRSTBYTE" bench -d 60s -c 4 "${to[@]}" http://a.example/ \
    >"$TMPDIR/pipe" 2>"$err" 8>&- &
pid=$!
until_true 10 served && sleep 0.3
kill -s INT $pid
check "^C without a reader: the program waits" until_true 20 waits $pid
check "a second ^C: the program ends" until_true 10 again
wait $pid
check "a second ^C: exit status" test $? = 130
exec 8<&-

# two servers alternately: the runs until then are compared
start run env --default-signal=INT "$FIRSTBYTE" bench --format json -d 300ms -c 4 \
    --connect-to "::$where" --repeat 100 \
    --vs http://b.example/ http://a.example/
check "^C of a comparison: both servers were measured" until_true 20 has_lines 2 "$TMPDIR/run.out"
kill -s INT $pid
wait $pid
status=$?
exits "^C of a comparison" 130
check "^C of a comparison: the completed runs are compared" \
    jq -es '.[-1] | .schema == "firstbyte.diff/1" and .comparisons[0].runs >= 1' "$TMPDIR/run.out"

# a signal that the caller ignores stays ignored: with one process and with several
ignores() {
    local name=$1
    shift
    start run bash -c 'trap "" INT HUP; exec "$0" "$@"' "$FIRSTBYTE" bench --format json \
        -c 4 "${to[@]}" "$@" http://a.example/
    until_true 10 served && sleep 0.2
    kill -s INT $pid
    kill -s HUP $pid
    wait $pid
    status=$?
    cp "$TMPDIR/run.out" "$out"
    check "$name: ^C is ignored: the run continues" measured 0
    check "$name: ^C is ignored: the report" jq -es '.[0].interrupted == false' "$out"
}
ignores "a load" -d 1s
ignores "processes" -d 1s --procs 2
# a signal that ends the parent ends all processes
start run bash -c 'trap "" INT; exec "$0" "$@"' "$FIRSTBYTE" bench --format json -c 4 "${to[@]}" \
    -d 60s --procs 2 http://a.example/
until_true 10 served && sleep 0.2
kill -s TERM $pid
ended "TERM while ^C is ignored" 130
start run "$FIRSTBYTE" bench --format json -c 4 "${to[@]}" -d 60s http://a.example/
until_true 10 served && sleep 0.2
kill -s HUP $pid
ended "a terminal that is closed" 130
check "a terminal that is closed: the report has the results until then" jq -es '.[0].interrupted' \
    "$out"
stop_origin
judge_runs
