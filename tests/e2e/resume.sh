#!/bin/bash
# --resume: a run is killed repeatedly and started again with the same command. Each site has one
# result, and only sites in flight are fetched again. The times are random; SEED=N sets the seed.
. "$(dirname "$0")/lib.bash"

RANDOM=${SEED:-27182}
SITES=2000
CONCURRENCY=16
STATE=$TMPDIR/state FILE=$TMPDIR/results

# below /sometimes/, one of ten requests is refused
start_nginx 18110 <<'N'
keepalive_requests 100000;
split_clients $request_id $unlucky { 10% 1; * 0; }
server {
    listen @:18110;
    location /sometimes/ {
        add_header Retry-After 0 always;
        if ($unlucky) { return 503; }
        return 200 "sometimes";
    }
    location / { return 200 "always"; }
}
N
# list PATH : $SITES sites of a hundred hosts in turn; every tenth site is of one more host
list() {
    local i host
    for ((i = 0; i < SITES; i++)); do
        host=$((i % 10 ? i % 100 : 100))
        echo "http://h$host.test:18110$1$i"
    done
}
live=(--resolve "*:18110:$HOME_ADDRESS" -c $CONCURRENCY --rate 5000)

# fresh : removes state, results and log
fresh() {
    rm -f "$STATE" "$FILE"
    : >"$NGINX_LOG"
}
finished() { grep -qs ' end ~' "$STATE"; }
# run_killed ARGUMENT... : kills the command up to 12 times, then runs it to its end. Its standard
# input is a pipe. Sets $kills.
run_killed() {
    local moment
    kills=0
    while [ $kills -lt 12 ] && ! finished; do
        moment=$((RANDOM % 150 + 10))
        start run "$FIRSTBYTE" fetch --resume "$STATE" --format json "$@" < <(cat "$TMPDIR/list")
        sleep "0.$(printf %03d $moment)"
        kill -s KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
        kills=$((kills + 1))
    done
    fb fetch --resume "$STATE" --format json "$@" < <(cat "$TMPDIR/list")
}
each_once() { diff -q <(jq -r .url "$1" | sort) <(sort "$TMPDIR/list"); }
in_order() { diff -q <(jq -r .url "$1") "$TMPDIR/list"; }
requests() { grep -c '" 200 ' "$NGINX_LOG"; }
# sites in flight are fetched again, and those whose results arrived in the last turn of the loop
not_much_more() {
    echo "$(requests) requests, $kills kills"
    [ "$(requests)" -ge $SITES ] && [ "$(requests)" -le $((SITES + kills * 2 * CONCURRENCY)) ]
}

# killed NAME CHECK ARGUMENT... : kills the run repeatedly; CHECK compares its results with the list
killed() {
    local name=$1 compare=$2
    shift 2
    fresh
    run_killed "${live[@]}" -o "$FILE" "$@"
    exits "$name: the last run: exit status" 0
    check "$name: the run was killed several times" test $kills -gt 2
    check "$name: each site has one line" "$compare" "$FILE"
    check "$name: the state file is small at the end" test "$(wc -c <"$STATE")" -lt 256
}

list / >"$TMPDIR/list"
killed "a file" each_once -f "$TMPDIR/list"
check "a file: only sites in flight are fetched again" not_much_more
killed "a pipe, --per-host" each_once -f - --per-host 2
check "a pipe, --per-host: only sites in flight are fetched again" not_much_more
list /sometimes/ >"$TMPDIR/list"
killed "retries" each_once -f "$TMPDIR/list" --per-host 2 --retry 20
check "retries: only sites in flight are fetched again" not_much_more
check "retries: all sites are fetched" jq -es 'all(.[]; .status == 200)' "$FILE"
check "retries: some results have attempts" jq -es 'any(.[]; .attempts != [])' "$FILE"
killed "--order input" in_order -f "$TMPDIR/list" --order input

# Standard output cannot be truncated: each site has at least one complete line, and killed runs may
# leave incomplete lines.
list / >"$TMPDIR/list"
fresh
while ! finished; do
    "$FIRSTBYTE" fetch --resume "$STATE" --format json "${live[@]}" -f "$TMPDIR/list" >>"$FILE" \
        2>"$err" &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 150 + 60)))"
    kill -s KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
done
same "standard output: each site has at least one line" "" \
    "$(comm -3 <(jq -rR 'fromjson? | .url' "$FILE" | sort -u) <(sort "$TMPDIR/list") | head)"
printf 'part of a li' >"$FILE"
"$FIRSTBYTE" fetch --rehearse --resume "$STATE.other" --format json --fields url \
    -f <(echo http://a.example/) >>"$FILE"
same "standard output: an incomplete line is ended" 'part of a li {"url":"http://a.example/"}' \
    "$(tr '\n' ' ' <"$FILE" | sed 's/ $//')"
csv() { "$FIRSTBYTE" fetch --rehearse --resume "$STATE.csv" --format csv --fields url \
    -f "$TMPDIR/few" >>"$FILE"; }
rm "$FILE"
echo http://a.example/ >"$TMPDIR/few"
csv 2>"$err"
echo http://b.example/ >>"$TMPDIR/few"
csv 2>"$err"
same "standard output: one heading" "url http://a.example/ http://b.example/" \
    "$(tr -d '\r' <"$FILE" | xargs)"

# interrupted and resumed runs, and changes of the list between them
resume() { fb fetch --resume "$STATE" --format json -o "$FILE" "${live[@]}" "$@"; }
# interrupted ARGUMENT... : ^C when some sites are finished
interrupted() {
    fresh
    start run env --default-signal=INT "$FIRSTBYTE" fetch --resume "$STATE" --format json \
        -o "$FILE" \
        "${live[@]}" "$@" < <(cat "$TMPDIR/list")
    until_true 10 grep -qs 'h55\.test' "$FILE"
    kill -s INT $pid
    wait $pid
    status=$?
}
interrupted -f "$TMPDIR/list"
exits "^C" 130
continues="$FIRSTBYTE fetch --resume $STATE --format json -o $FILE --resolve "
continues+="'*:18110:$HOME_ADDRESS' -c $CONCURRENCY --rate 5000 -f $TMPDIR/list"
check "^C: the last line has the command that continues the run" \
    grep -qFx -- "$continues" <(tail -n 1 "$TMPDIR/run.err" |
        sed -E "s/^firstbyte: [0-9,]+ of 2,000 sites are done; to continue: //")
check "^C: not all sites are finished" not each_once "$FILE"
cp "$STATE" "$TMPDIR/state.before"
cp "$FILE" "$TMPDIR/results.before"
: >"$NGINX_LOG"
refused() { # NAME ARGUMENT... : the list in $TMPDIR/other is refused
    local name=$1
    shift
    resume "$@" < <(cat "$TMPDIR/other")
    exits "$name is refused" 2
    check "$name: it is reported" stderr_has "belongs to another list"
    same "$name: nothing is fetched" "0" "$(wc -l <"$NGINX_LOG")"
    check "$name: the results are not changed" cmp "$FILE" "$TMPDIR/results.before"
}
sed 1s/$/x/ "$TMPDIR/list" >"$TMPDIR/other"
refused "a list with a changed first line" -f "$TMPDIR/other"
head -n 5 "$TMPDIR/list" >"$TMPDIR/other"
refused "a list that is too short" -f "$TMPDIR/other"
sed 1d "$TMPDIR/list" >"$TMPDIR/other"
refused "a list without its first line" -f "$TMPDIR/other"

resume -f "$TMPDIR/list"
exits "the same list is resumed" 0
check "the same list is resumed: each site has one line" each_once "$FILE"
same "the same list is resumed: only remaining sites are fetched" \
    "$((SITES - $(wc -l <"$TMPDIR/results.before")))" "$(requests)"
: >"$NGINX_LOG"
resume -f "$TMPDIR/list"
exits "a complete list" 0
check "a complete list: it is reported" stderr_has "this list is complete"
same "a complete list: nothing is fetched" "0" "$(wc -l <"$NGINX_LOG")"
resume -q -f "$TMPDIR/list"
same "a complete list, -q: it is not reported" "" "$(cat "$err")"
echo "http://h1.test:18110/added" >>"$TMPDIR/list"
resume -f "$TMPDIR/list"
same "an added line is fetched" "0 1" "$status $(requests)"
check "an added line: each site has one line" each_once "$FILE"
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
seq -f 'http://h%g.test:18110/more' 50 >>"$TMPDIR/list"
resume -f - < <(cat "$TMPDIR/list")
same "added lines, in a pipe" 0 "$status"
check "added lines, in a pipe: each site has one line" each_once "$FILE"

# results that wait for earlier lines when ^C ends the run keep their order
fresh
printf '%s\n' "http://first.example/ rehearse-delay=1s" http://second.example/ | conf
ordered=(fetch --rehearse --resume "$STATE" -f "$LIST" -o "$FILE" --order input)
start run env --default-signal=INT "$FIRSTBYTE" "${ordered[@]}" -v
until_true 10 grep -q 'HTTP/1.1 200' "$TMPDIR/run.err"
kill -s INT $pid
wait $pid
fb "${ordered[@]}"
same "^C with a result that waits for an earlier line" \
    "http://first.example/ http://second.example/" \
    "$(cut -d' ' -f1 "$FILE" | xargs)"

# a results file that was changed
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
cp "$STATE" "$TMPDIR/state.before"
tail -c 500 "$FILE" >"$TMPDIR/short"
mv "$TMPDIR/short" "$FILE"
resume -f "$TMPDIR/list"
exits "results that are too short" 3
check "results that are too short: it is reported" stderr_has "it is not the output of that run"

# a run that continues with another kind of output, and one whose command is not shown
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
fb fetch --resume "$STATE" --format json "${live[@]}" -f "$TMPDIR/list"
exits "without the -o of the earlier run" 3
check "without the -o of the earlier run: the message names both outputs" stderr_has \
    "$STATE: the earlier run wrote its results to a file, and this run would write to standard"
check "without the -o of the earlier run: the message has the remedy" \
    stderr_has "give the same -o FILE"
same "without the -o of the earlier run: nothing is printed" "" "$(cat "$out")"
resume -f "$TMPDIR/list"
check "with the same -o: each site has one line" each_once "$FILE"
fresh
start run env --default-signal=INT "$FIRSTBYTE" fetch --resume "$STATE" --format json \
    "${live[@]}" -u user:hidden -f "$TMPDIR/list"
until_true 10 grep -qs 'h55\.test' "$TMPDIR/run.out"
kill -s INT $pid
wait $pid
status=$?
exits "^C with a password" 130
check "^C with a password: the command is not shown" \
    grep -q 'sites are done; to continue, repeat the same command$' "$TMPDIR/run.err"
check_not "^C with a password: the password is not shown" grep -q hidden "$TMPDIR/run.err"
resume -f "$TMPDIR/list"
exits "an -o that the earlier run did not have" 3
check "an -o that the earlier run did not have: the message names both outputs" stderr_has \
    "wrote its results to standard output or to a pipe, and this run would write to $FILE"

# output files that the run did not write, and files with another use
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
yes '' | head -n 300000 >"$TMPDIR/other" # a line ends at each offset
cp "$TMPDIR/other" "$TMPDIR/other.before"
FILE=$TMPDIR/other
resume -f "$TMPDIR/list"
exits "a file of another program" 3
check "a file of another program: the message names it" stderr_has "$FILE: its bytes before offset"
check "a file of another program: the message names the state" \
    stderr_has "not the output of that run (--resume $STATE)"
check "a file of another program: it is not changed" cmp "$FILE" "$TMPDIR/other.before"
for FILE in "$STATE" "$TMPDIR/list"; do
    cp "$FILE" "$TMPDIR/before"
    resume -f "$TMPDIR/list"
    exits "${FILE##*/} as the output" 2
    check "${FILE##*/} as the output: it is reported" stderr_has "already read by this run"
    check "${FILE##*/} as the output: it is not changed" cmp "$FILE" "$TMPDIR/before"
done
FILE=$TMPDIR/results

# invalid state files: they are reported, with exit status 3, and not changed
bad_state() {
    local name=$1 words=$2
    fb fetch --resume "$STATE" "${live[@]}" -f "$TMPDIR/list"
    exits "$name" 3
    check "$name: it is reported" stderr_has "$words"
}
fresh
echo "my own notes" >"$STATE"
bad_state "a file that is not a state" "it was not changed"
same "a file that is not a state: it is not changed" "my own notes" "$(cat "$STATE")"
sed '2s/ /  /' "$TMPDIR/state.before" >"$STATE"
bad_state "a damaged state" "line 2 of this state file is damaged"
rm "$STATE"
mkdir "$STATE"
bad_state "a directory" "$STATE"
rmdir "$STATE"
STATE=$TMPDIR/none/state
bad_state "no such directory" "No such file or directory"
STATE=/dev/null
bad_state "a device" "$STATE"
STATE=$TMPDIR/state
echo "http://waits.example/ rehearse-fault=wait-stall timeout=60s" >"$TMPDIR/waits"
start other env --default-signal=INT "$FIRSTBYTE" fetch --rehearse --resume "$STATE" \
    -f "$TMPDIR/waits"
until_true 10 test -s "$STATE"
bad_state "a state that another run uses" "$STATE"
kill -s INT $pid
wait $pid
status=$?
exits "a state that another run uses: the other run continues" 130

# if the last record is incomplete, its sites are fetched again
interrupted -f "$TMPDIR/list"
truncate -s -3 "$STATE"
resume -f "$TMPDIR/list"
exits "a state with an incomplete last record" 0
check "a state with an incomplete last record: each site has one line" each_once "$FILE"
