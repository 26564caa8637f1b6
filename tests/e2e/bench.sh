#!/bin/bash
# The load generator: loops, limits, requests and connections in the log of the server, reports,
# and the exit status.
. "$(dirname "$0")/lib.bash"

make_authority
make_certificate good "IP:$HOME_ADDRESS"
six='' six_port=''
! grep -qs '^0*1 ' /proc/net/if_inet6 || six='listen [::1]:18092;' six_port=1
rest=${HOME_ADDRESS#127.*.} # HOME_ADDRESS is 127.20 and above
second=127.19.$rest third=127.18.$rest fourth=127.17.$rest
start_nginx 18080 18443 < <(
    cat <<N
log_format load '\$connection \$connection_requests \$pipe \$ssl_session_reused \$remote_addr '
    '\$request_method \$request_uri';
server {
    listen @:18080;
    listen unix:DIR/nginx.sock;
    $six
    listen @:18093;
    listen $second:18093;
    listen @:18443 ssl;
    ssl_certificate DIR/good.pem;
    ssl_certificate_key DIR/good.key;
    keepalive_requests 1000000;
    access_log DIR/load.log load;
    location / { return 200 "0123456789"; }
    location /missing { return 404; }
}
N
)
LOG=$TMPDIR/load.log
at=$HOME_ADDRESS:18080
base=http://$at
tls=https://$HOME_ADDRESS:18443
: >"$TMPDIR/runs"

# load NAME ARGUMENT... : a run against nginx; $LOG has its completed requests
load() {
    : >"$LOG"
    bench "$@"
    logged "$(run .totals.completed)" "$LOG"
}
# seen AWK : "text:count" for each different output of the awk program over $LOG, on one line
seen() { awk "$1" "$LOG" | sort | uniq -c | awk '{ print $2 ":" $1 }' | xargs; }
per_connection() { awk '{ n[$1]++ } END { for (c in n) print n[c] }' "$LOG"; }
about() { [ "$1" -ge $(($2 - $3)) ] && [ "$1" -le $(($2 + $3)) ]; }

# --- without options ---

fb bench -d 300ms
check "no URL: a run of the embedded origin" measured 0
check "no URL: the report names the embedded origin" \
    grep -q '^the embedded origin, http://127.0.0.1/:' "$out"
bench "no URL" -d 300ms
same "no URL: an open loop with 5000 requests per second" '["http://127.0.0.1/","open",5000,64]' \
    "$(run '.config | [.url, .loop, .rate, .connections]')"
same "no URL: all requests are counted" '[1500,0,1500]' \
    "$(run '.totals | [.scheduled, .waiting, .started]')"

# --- loops and limits ---

load "closed loop, -n" -n 500 -c 8 "$base/"
same "closed loop, -n: exactly N requests" "[500,0,500,500,0,0] 500" "$(totals) $(wc -l <"$LOG")"
same "closed loop, -n: connections" "8 8" "$(run .totals.connections) $(per_connection | wc -l)"
same "closed loop, -n: the fields of an open loop are absent or null" '["closed",null,false,null]' \
    "$(run '[.config.loop, .config.rate, has("raw_latency_us"), .client.late_share]')"
load "closed loop, -d" -d 300ms -c 2 "$base/"
check "closed loop, -d: the duration" jq -e '.totals.duration_s >= 0.3' "$out"
check "closed loop, -d: requests are completed" jq -e '.totals.completed > 2' "$out"
load "-d and -n: the run ends with the first, -n" -d 60s -n 20 "$base/"
same "-d and -n: N requests" 20 "$(run .totals.completed)"
load "-d and -n: the run ends with the first, -d" -d 200ms -n 100000000 "$base/"

load "open loop" -R 1000 -d 300ms -c 8 "$base/"
same "open loop: the schedule is kept" '[300,["open",1000,"constant"]]' \
    "$(run '[.totals.scheduled, (.config | [.loop, .rate, .arrival])]')"
check "open loop: both latencies are reported" jq -e '.raw_latency_us.count == .totals.completed
    and .latency_us.max >= .raw_latency_us.max' "$out"
load "open loop, -n" -R 1000 -n 100 "$base/"
same "open loop, -n: all requests are completed" '[100,0,100,100,0,0]' "$(totals)"
load "Poisson" -R 1000 -n 200 --arrival poisson "$base/"
same "Poisson: N requests" '[200,"poisson"]' "$(run '[.totals.completed, .config.arrival]')"
load "Poisson, by time" -R 2000 -d 300ms --arrival poisson --seed 7 "$base/"
scheduled=$(run .totals.scheduled)
check "Poisson: the number, $scheduled, is near that of a constant rate" about "$scheduled" 600 150
load "Poisson, the same seed" -R 2000 -d 300ms --arrival poisson --seed 7 "$base/"
same "Poisson, the same seed: the same schedule" "$scheduled" "$(run .totals.scheduled)"
load "Poisson, another seed" -R 2000 -d 300ms --arrival poisson --seed 8 "$base/"
check_not "Poisson, another seed: another schedule" test "$scheduled" = "$(run .totals.scheduled)"
load "a ramp" --ramp 100:1900/500ms "$base/"
check "a ramp: the number is that of the mean rate" about "$(run .totals.scheduled)" 500 2
same "a ramp: its rates" '[100,1900,0.5]' "$(run '.config | [.from_rate, .to_rate, .ramp_s]')"
load "a warm-up" -R 1000 -d 200ms --warmup 300ms "$base/"
same "a warm-up is not counted" '[200,0.3]' "$(run '[.totals.scheduled, .config.warmup_s]')"
check "a warm-up: its requests are sent" test "$(wc -l <"$LOG")" -gt 300
load "a warm-up in a closed loop" -n 100 --warmup 200ms -c 2 "$base/"
same "a warm-up in a closed loop: -n counts the requests after it" 100 "$(run .totals.completed)"
check "a warm-up in a closed loop: its requests are sent" test "$(wc -l <"$LOG")" -gt 110

# --- requests ---

load "several URLs" -n 300 -c 4 "$base/a" "$base/b" "$base/c"
share=$(seen '{ print $7 }')
same "several URLs: all are requested" "/a /b /c" "$(sed 's/:[0-9]*//g' <<<"$share")"
for one in $share; do check "several URLs: a third each, $one" about "${one#*:}" 100 45; done
conf <<C
$base/often weight=7
$base/seldom weight=2 method=POST data=x
default header="X-One: 1"
$base/missing
C
load "targets with weights" -f "$LIST" -n 1000 -c 8 --seed 3
share=$(seen '{ print $6 $7 }')
same "targets with weights: all are requested" "GET/missing POST/seldom GET/often" \
    "$(tr ' ' '\n' <<<"$share" | sort -t: -k2n | cut -d: -f1 | xargs)"
for one in GET/often:700 POST/seldom:200 GET/missing:100; do
    got=$(tr ' ' '\n' <<<"$share" | sed -n "s|^${one%:*}:||p")
    check "targets with weights: ${one%:*} has its share, $got" about "$got" "${one#*:}" 70
done
same "targets with weights: statuses" "$(tr ' ' '\n' <<<"$share" | sed -n 's/^GET.missing://p')" \
    "$(run '.status["404"]')"
load "targets with weights, the same seed" -f "$LIST" -n 1000 -c 8 --seed 3
same "targets with weights, the same seed: the same targets" "$share" "$(seen '{ print $6 $7 }')"
load "targets with weights, another seed" -f "$LIST" -n 1000 -c 8 --seed 4
check_not "targets with weights, another seed: other targets" \
    test "$share" = "$(seen '{ print $6 $7 }')"
load "targets from standard input" -n 20 -f - < <(echo "$base/piped")
same "targets from standard input: it is requested" "/piped:20" "$(seen '{ print $7 }')"

mkdir "$TMPDIR/seen"
start recorder perl "$E2E/recorder.pl" "$HOME_ADDRESS" 18090 "$TMPDIR/seen"
RECORDER=$pid
until_true 10 listens 18090 || fail "the recorder listens"
printf 'c\0\r\n\xff' >"$TMPDIR/content"
bench "a request with all options" -n 2 -c 1 -X PUT -H 'X-One: 1' -H 'Accept:' -A agent \
    --data "@$TMPDIR/content" \
    -u 'ali:open sesame' --cookie 'a=1; b=2' "http://$HOME_ADDRESS:18090/a?b=c#d"
printf '%s\r\n' 'PUT /a?b=c HTTP/1.1' "Host: $HOME_ADDRESS:18090" \
    "Authorization: Basic $(printf 'ali:open sesame' | base64)" 'Cookie: a=1; b=2' \
    'Content-Type: application/x-www-form-urlencoded' 'Content-Length: 5' 'X-One: 1' \
    'User-Agent: agent' \
    '' >"$TMPDIR/wanted"
cat "$TMPDIR/content" >>"$TMPDIR/wanted"
for i in 1 2; do
    check "a request with all options: its bytes, $i" cmp "$TMPDIR/wanted" "$TMPDIR/seen/$i"
done
same "bytes are counted: sent" $((2 * $(wc -c <"$TMPDIR/seen/1"))) "$(run .totals.bytes_out)"
same "bytes are counted: received" $((2 * 59)) "$(run .totals.bytes_in)"
check_not "no credentials are shown" grep -qE 'sesame|b=2' "$out" "$err"
kill $RECORDER && wait $RECORDER 2>/dev/null
load "HEAD" -I -n 20 -c 2 "$base/head"
same "HEAD: no body is expected, and the connections are reused" "HEAD/head:20 2" \
    "$(seen '{ print $6 $7 }') $(run .totals.connections)"

# --- connections ---

load "requests per connection" -n 200 -c 4 --requests-per-conn 10 "$base/"
same "requests per connection: at most ten" 10 "$(per_connection | sort -n | tail -n 1)"
check "requests per connection: the number of connections" about "$(per_connection | wc -l)" 21 2
check "requests per connection: the number is reported; unused ones are counted too" \
    about "$(run .totals.connections)" "$(per_connection | wc -l)" 3
load "new connections" --new-conn -n 100 -c 4 "$base/"
same "new connections: one for each request" "100 100" \
    "$(per_connection | wc -l) $(run .totals.connections)"
same "new connections: their time is reported" 100 "$(run .connect_us.count)"
load "new connections, open loop" --new-conn -R 500 -n 100 -c 4 "$base/"
same "new connections, open loop: one for each request" "100 100" \
    "$(per_connection | wc -l) $(run .totals.connections)"
load "pipeline" -n 800 -c 2 --pipeline 8 "$base/"
same "pipeline: all are completed" "800 2" "$(run .totals.completed) $(run .totals.connections)"
check "pipeline: the server receives pipelined requests" \
    test "$(grep -c '^[0-9]* [0-9]* p ' "$LOG")" -gt 400
load "no pipeline" -n 50 -c 2 "$base/"
same "no pipeline: one request at a time" 0 "$(grep -c '^[0-9]* [0-9]* p ' "$LOG")"
load "pipeline, open loop" -R 2000 -n 200 -c 1 --pipeline 8 "$base/"
same "pipeline, open loop: all are completed" 200 "$(run .totals.completed)"
load "a Unix socket" -n 50 -c 2 --unix-socket "$TMPDIR/nginx.sock" http://local.example/x
same "a Unix socket: in the log" "unix::50" "$(seen '{ print $5 }')"
load "two source addresses" -n 80 -c 8 --interface 127.0.0.2 --interface 127.0.0.3 "$base/"
same "two source addresses: four connections each" "127.0.0.2:4 127.0.0.3:4" \
    "$(awk '!s[$1]++ { print $5 }' "$LOG" | sort | uniq -c | awk '{ print $2 ":" $1 }' | xargs)"
load "-4" -4 -n 20 --resolve "site.example:18080:[::1],$HOME_ADDRESS" http://site.example:18080/
if [ $six_port ]; then
    load "-6" -6 -n 20 --resolve "site.example:18092:$HOME_ADDRESS,[::1]" http://site.example:18092/
    same "-6: in the log" "::1:20" "$(seen '{ print $5 }')"
else
    skip "-6" "there is no ::1"
fi

# --- several addresses of a name ---

# two of four respond; port 18094 has no listener
several() { echo "many.example:$1:$second,$third,$HOME_ADDRESS,$fourth"; }
load "several addresses" -n 80 -c 8 --resolve "$(several 18093)" http://many.example:18093/
same "several addresses: all connections are opened" "8 [0,0]" \
    "$(run '[.addresses[].connections] | add') $(run '[.addresses[].connections] | sort | .[:2]')"
same "several addresses: unreachable ones are dropped and reported" \
    "[\"$third:18093\",\"$fourth:18093\"] [\"connect.refused\"] 80 {}" \
    "$(run '[.addresses[] | select(.dropped) | .address]') $(
        run '[.addresses[].dropped | strings] | unique') $(
        run '[.addresses[].completed] | add') $(run .errors)"
load "several addresses, new connections" --new-conn -n 100 -c 4 --resolve "$(several 18093)" \
    http://many.example:18093/
check "several addresses, new connections: they are distributed evenly" \
    about "$(run ".addresses[] | select(.address == \"$second:18093\") | .connections")" 50 4
load "several addresses, processes" --procs 2 -n 40 -c 2 \
    --resolve "many.example:18093:$second,$HOME_ADDRESS" \
    http://many.example:18093/
same "several addresses, processes: each begins with another address" \
    "[[\"$second:18093\",1,20],[\"$HOME_ADDRESS:18093\",1,20]]" \
    "$(run '[.addresses[] | [.address, .connections, .completed]]')"
fb bench --report full -n 40 -c 4 --resolve "$(several 18093)" http://many.example:18093/
check "several addresses: a line for each" \
    grep -qE "^Addresses    $second:18093 +2 connections, [0-9]+ completed, mean" "$out"
check "several addresses: the reason of a drop is reported" \
    grep -qE "^             $fourth:18093 +dropped: connection refused" "$out"
fb bench --report full -n 5 -c 1 --resolve "$(several 18094)" http://many.example:18094/
exits "all refuse" 1
check "all refuse: the error is reported" grep -qE "^Errors +connect.refused +5 " "$out"
load "one address" -n 5 -c 1 "$base/"
same "one address: its numbers in JSON" "[\"$at\",1,0,5,0,null]" "$(run '.addresses[0]
    | [.address, .connections, .refused, .completed, .failed, .dropped]')"
load "no address" -n 5 -c 1 --unix-socket "$TMPDIR/nginx.sock" http://local.example/x
same "no address: the list is empty" "[]" "$(run .addresses)"

# --- TLS ---

trust=(--cacert "$TMPDIR/ca.pem")
load "https" -n 100 -c 4 "${trust[@]}" "$tls/"
same "https: handshakes" '[100,4,4,0]' \
    "$(run '.totals | [.completed, .connections, .handshakes, .resumed]')"
load "resumption off" --new-conn -n 40 -c 1 "${trust[@]}" "$tls/"
same "resumption off" '[40,0] .:40' \
    "$(run '.totals | [.handshakes, .resumed]') $(seen '{ print $4 }')"
load "resumption on" --new-conn -n 40 -c 1 --tls-resume on "${trust[@]}" "$tls/"
same "resumption on: all handshakes except the first" '[40,39] .:1 r:39' \
    "$(run '.totals | [.handshakes, .resumed]') $(seen '{ print $4 }')"
load "resumption of half" --new-conn -n 40 -c 1 --tls-resume 50 "${trust[@]}" "$tls/"
same "resumption of half, without the first" '[40,19] .:21 r:19' \
    "$(run '.totals | [.handshakes, .resumed]') $(seen '{ print $4 }')"

# --- processes ---

load "three processes" --procs 3 -n 1000 -c 7 "$base/"
same "three processes: the sum is exact" "[1000,0,1000,1000,0,0] 7 3 1000" \
    "$(totals) $(run .totals.connections) $(run .client.processes) $(wc -l <"$LOG")"
same "three processes: every response has a latency" 1000 "$(run .latency_us.count)"
load "three processes, open loop" --procs 3 -R 1000 -d 300ms -c 6 "$base/"
same "three processes, open loop: one schedule" 300 "$(run .totals.scheduled)"
load "three processes, -n in an open loop" --procs 3 -R 1000 -n 100 -c 6 "$base/"
same "three processes, -n in an open loop: all are completed" "[100,0,100,100,0,0]" "$(totals)"

# --- several runs ---

: >"$LOG"
fb bench --repeat 3 -n 20 -c 2 --format json "$base/"
check "--repeat: runs" measured 0
same "--repeat: a report each" "20 20 20" "$(jq .totals.completed "$out" | xargs)"
cat "$out" >>"$TMPDIR/runs"

conf <<C
http://slow.example/ rehearse-delay=4ms
http://quick.example/ rehearse-delay=1ms
http://late.example/ rehearse-delay=200ms
C
start origin "$FIRSTBYTE" origin -f "$LIST"
ORIGIN=$pid
until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
where=$(sed -n 's/^http //p' "$TMPDIR/origin.out")
to=(--connect-to "::$where")

# one of several processes is killed, with requests in flight and after its first interval
start procs "$FIRSTBYTE" bench --format json --procs 3 -R 300 -d 2500ms -c 90 "${to[@]}" \
    http://late.example/
three() { [ "$(children_of $pid | wc -w)" = 3 ]; }
check "a killed process: three processes run" until_true 10 three
one=$(children_of $pid | cut -d' ' -f2)
sleep 1.4 # the end of the first interval cannot be observed
kill -KILL "$one"
wait $pid
status=$?
cp "$TMPDIR/procs.out" "$out"
cp "$TMPDIR/procs.err" "$err"
exits "a killed process: exit status" 3
check "a killed process: is reported" \
    grep -qE '^firstbyte: process [123] of 3 was killed by signal 9' "$err"
check "a killed process: the results of the others are reported" \
    jq -e '.totals.completed > 400 and .totals.duration_s >= 2.5' "$out"
check "a killed process: its requests stay in flight" jq -e '.totals.in_flight > 48' "$out"
cat "$out" >>"$TMPDIR/runs"

# A process that a signal ends early sends its results, and is reported. A stopped process does not
# block the report of the others.
signal_process() { # NAME SIGNAL WORDS
    start procs env --default-signal=INT "$FIRSTBYTE" bench --format json --procs 3 -R 300 \
        -d 1500ms -c 90 "${to[@]}" http://late.example/
    until_true 10 three
    one=$(children_of $pid | cut -d' ' -f2)
    until_true 10 loop_runs "$one"
    kill -s "$2" "$one"
    wait $pid
    status=$?
    cp "$TMPDIR/procs.out" "$out"
    cp "$TMPDIR/procs.err" "$err"
    exits "$1: exit status" 3
    check "$1: is reported" grep -qE "^firstbyte: process [123] of 3 $3" "$err"
    check "$1: fewer requests were started" \
        jq -e '.totals.started < 450 and .totals.completed > 150' "$out"
    cat "$out" >>"$TMPDIR/runs"
}
# loop_runs PID : the process has connections, so that it handles SIGINT and SIGTERM
loop_runs() { [ "$(readlink "/proc/$1/fd"/* 2>/dev/null | grep -c '^socket:')" -gt 2 ]; }
signal_process "a process that gets SIGTERM" TERM "was ended early by signal 15"
signal_process "a process that gets SIGINT" INT "was ended early by signal 2"
signal_process "a process that is stopped" STOP "was stopped \(SIGSTOP\) when the others had ended"

versus() { fb bench -n 100 -c 2 --repeat 5 "${to[@]}" "$@"; }
retry_busy versus http://quick.example/ --vs http://slow.example/ --format json
exits "--vs: the second URL is slower" 6
same "--vs: the runs alternate" "quick slow quick slow quick slow quick slow quick slow" \
    "$(head -n -1 "$out" | jq -r .config.url | sed 's|http://\(.*\)\.example/|\1|' | xargs)"
head -n -1 "$out" >>"$TMPDIR/runs"
tail -n 1 "$out" >"$TMPDIR/diff"
check "--vs: the comparison fits its schema" valid diff "$TMPDIR/diff"
same "--vs: its verdict" '"slower"' "$(jq '.comparisons[0].verdict' "$TMPDIR/diff")"
retry_busy versus http://slow.example/ --vs http://quick.example/
exits "--vs: the second URL is faster" 0
check "--vs: in text" grep -q '^http://quick.example/: faster by .*p50' "$out"

# --- SLOs ---

slow() { fb bench -n 60 -c 4 "${to[@]}" --format json "$@" http://slow.example/; }
retry_busy slow --slo p50=1ms,errors=0
exits "--slo: one does not hold" 4
same "--slo: which one does not hold" '[["p50",1000,false],["errors",0,true]]' \
    "$(run '[.slo[] | [.name, .limit, .held]]')"
cat "$out" >>"$TMPDIR/runs"
retry_busy slow --slo p50=10s,p99.9=20s,mean=10s,max=1h,errors=0.1%,rps=1
exits "--slo: all hold" 0
cat "$out" >>"$TMPDIR/runs"
fb bench -n 60 -c 4 --slo errors=1% --format json "$base/missing"
check "--slo: statuses of 400 and over are errors" measured 4
slow --slo rps=1000000
check "--slo: the rate does not hold" measured 4

# --- the client as the bottleneck ---

start run "$FIRSTBYTE" bench --format json -R 1000 -d 1200ms -c 8 "${to[@]}" http://quick.example/
for i in 1 2 3; do
    sleep 0.2
    kill -STOP $pid
    sleep 0.1
    kill -CONT $pid
done
wait $pid
status=$?
cp "$TMPDIR/run.out" "$out"
exits "a client that was stopped: exit status" 5
same "a client that was stopped: its verdict" '["suspended",true]' \
    "$(run '.client | [.verdict, (.reasons | index("late") != null)]')"
check "a client that was stopped: the schedule is complete" jq -e '.totals.scheduled == 1200' "$out"
cat "$out" >>"$TMPDIR/runs"
overloaded() { fb bench --format json -R 1000 -d 500ms -c 2 "${to[@]}" http://slow.example/; }
retry_busy overloaded
exits "a slow server: the client is not the bottleneck" 0
check "a slow server: waiting requests are counted" jq -e '.totals.waiting > 50 and
    .totals.scheduled == 500 and .latency_us.count == 500 and
    .latency_us.p50 > .raw_latency_us.p50' "$out"
cat "$out" >>"$TMPDIR/runs"
fb bench --report full -R 1000 -d 300ms -c 2 "${to[@]}" http://slow.example/
check "a slow server: waiting requests are reported in text" grep -qi 'waiting' "$out"

# --- too few connections ---

# each response takes 4 ms, so that one connection has at most 250 requests per second
fb bench --format json -R 500 -c 1 -d 1s "${to[@]}" http://slow.example/
cat "$out" >>"$TMPDIR/runs"
check "one connection: it limits the rate" \
    jq -e '.client.connections_limited and .client.connections_busy_share > 0.9' "$out"
check "one connection: more are proposed" \
    grep -qE 'compare with more connections \(-c\)|the client was the bottleneck' "$err"
fb bench --format json -R 500 -c 100 -d 1s "${to[@]}" http://slow.example/
cat "$out" >>"$TMPDIR/runs"
check "a hundred connections: they do not limit the rate" \
    jq -e '.client.connections_limited == false' "$out"

# --- the knee ---

knee() { fb bench --find-knee p99=100ms -d 250ms -c 1 "${to[@]}" "$@" http://slow.example/; }
retry_busy knee
exits "--find-knee" 0
check "--find-knee: the curve" grep -qE '^The curve, [0-9]+ tries:' "$out"
check "--find-knee: the highest rate that holds" \
    grep -qE '^p99 at most 100 ms is held up to [0-9.]+ requests per second\.$' "$out"
check "--find-knee: each tried rate is reported at once" grep -qE '^ +1,000 .* missed' "$err"
check "--find-knee: the output fits 80 columns" test "$(cat "$out" "$err" | wc -L)" -le 80
retry_busy knee --format json
exits "--find-knee in JSON" 0
check "--find-knee: the curve is sorted, and its highest rate that holds is the result" jq -e '
    .schema == "firstbyte.knee/1" and .limit == {name: "p99", us: 100000} and .interrupted == false
    and .rate > 0 and .rate < 1000 and ([.curve[].rate] | . == sort) and any(.curve[]; .held | not)
    and .rate == ([.curve[] | select(.held).rate] | max)
    and all(.curve[]; .held | type == "boolean")' "$out"
fb bench --find-knee p99=1us -d 50ms -c 1 --format json "${to[@]}" http://slow.example/
check "--find-knee: no rate holds" test "$status" -ge 4
same "--find-knee: the rate is 0" 0 "$(run .rate)"

# --- reports and outputs ---

bench "kernel stamps off" --kernel-time off -n 100 "$base/"
same "kernel stamps off" '[null,null]' "$(run '[.kernel_latency_us, .client_delay_us]')"
bench "kernel stamps" --kernel-time all -n 100 -c 4 "$base/"
check "kernel stamps: all responses have one, or are counted as missing" jq -e '
    .kernel_latency_us.count + .client.stamps_missing + .client.stamps_unusable == 100
    and .kernel_latency_us.count > 0' "$out"
fb bench --format csv -R 100 -d 1200ms --hlog "$TMPDIR/hlog" "$base/"
same "CSV: a heading and two intervals, each with all columns" "19 19 19" \
    "$(tr -d '\r' <"$out" | awk -F, '{ print NF }' | xargs)"
same "CSV: lines end with CR LF" 3 "$(grep -c $'\r$' "$out")"
same "CSV: the sum of a column" 120 "$(tr -d '\r' <"$out" | awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { sum += $at["scheduled"] } END { print sum }')"
check "CSV: only numbers" awk -F, 'NR > 1 {
    sub("\r", ""); for (i = 1; i <= NF; i++) if ($i !~ /^[0-9.]*$/) exit 1 }' "$out"
check "--hlog: a log of two intervals" test "$(grep -c '^[0-9]' "$TMPDIR/hlog")" = 2

file=$TMPDIR/report
fb bench --format json -n 20 -o "$file" "$base/"
check "-o: nothing on standard output" test ! -s "$out"
check "-o: the report" jq -e '.totals.completed == 20' "$file"
fb bench --format json -n 30 -o "$file" "$base/"
same "-o: the file is replaced" 30 "$(jq .totals.completed "$file")"
fb bench --format json -n 40 -o "$file" --append "$base/"
same "--append: the file has both reports" "30 40" "$(jq .totals.completed "$file" | xargs)"
cat "$file" >>"$TMPDIR/runs"
timeout 60 "$FIRSTBYTE" bench -n 20 -c 2 "$base/" >/dev/full 2>"$err"
same "a full disk: exit status" 1 $?
check "a full disk: is reported" stderr_has "standard output: No space left on device"
timeout 60 "$FIRSTBYTE" bench -n 20 -c 2 "$base/" >&- 2>"$err"
same "a closed output: exit status" 1 $?
check "a closed output: is reported" stderr_has "standard output: Bad file descriptor"
fb bench -n 20 -c 2 -o "$TMPDIR/nowhere/report" "$base/"
exits "no such directory" 3
check "no such directory: is reported" stderr_has "$TMPDIR/nowhere/report"
fb bench -q -n 20 -c 2 "$base/"
same "-q: nothing on standard error" "" "$(cat "$err")"
fb bench --color always -n 20 -c 2 "$base/"
check "--color always: colours" grep -q $'\e\[' "$out"
fb bench -n 20 -c 2 "$base/"
check_not "no colours without --color" grep -q $'\e' "$out"
check "the report fits 80 columns" test "$(wc -L <"$out")" -le 80

# --- invalid command lines ---

refused() {
    local name=$1 wanted=$2
    shift 2
    fb bench "$@"
    exits "$name" 2
    check "$name: is reported" stderr_has "$wanted"
}
refused "targets of two origins" "the same scheme, host and port" "$base/" "$tls/"
refused "an invalid weight" weight -f <(echo "$base/ weight=0")
refused "an empty list" "it contains no target" -f /dev/null
refused "an invalid rate" --rate -R 0 "$base/"
refused "more processes than connections" --procs --procs 3 -c 2 "$base/"

kill $ORIGIN && wait $ORIGIN
judge_runs
