#!/bin/bash
# --resume: a run that is killed again and again, by the same command, fetches each site, once but
# for what was under way. The moments are random and can be had again: SEED=N.
. "$(dirname "$0")/lib.bash"

RANDOM=${SEED:-27182}
SITES=2000
CONCURRENCY=16
STATE=$TMPDIR/state FILE=$TMPDIR/results

# one answer in ten is refused, where that is asked for
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
# list PATH : so many sites, to a hundred hosts in turn, every tenth to one host more
list() {
    local i host
    for ((i = 0; i < SITES; i++)); do
        host=$((i % 10 ? i % 100 : 100))
        echo "http://h$host.test:18110$1$i"
    done
}
live=(--resolve "*:18110:$HOME_ADDRESS" -c $CONCURRENCY --rate 5000)

# fresh : nothing was done yet
fresh() {
    rm -f "$STATE" "$FILE"
    : >"$NGINX_LOG"
}
finished() { grep -qs ' end ~' "$STATE"; }
# run_killed ARGUMENT... : the same command until it ends, its input a pipe; killed at first. Sets $kills.
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
# What was under way is fetched again, and what came in the turn in which the kill came.
not_much_more() {
    echo "$(requests) requests, $kills kills"
    [ "$(requests)" -ge $SITES ] && [ "$(requests)" -le $((SITES + kills * 2 * CONCURRENCY)) ]
}

# killed NAME SAMENESS ARGUMENT... : and what is true of each such run
killed() {
    local name=$1 sameness=$2
    shift 2
    fresh
    run_killed "${live[@]}" -o "$FILE" "$@"
    exits "$name: killed again and again, it ends" 0
    check "$name: it was killed in the middle" test $kills -gt 2
    check "$name: each site has one line" "$sameness" "$FILE"
    check "$name: the state is done, and small" test "$(wc -c <"$STATE")" -lt 256
}

list / >"$TMPDIR/list"
killed "a file" each_once -f "$TMPDIR/list"
check "a file: nothing else was fetched again" not_much_more
killed "a pipe, a queue" each_once -f - --per-host 2
check "a pipe, a queue: nothing else was fetched again" not_much_more
list /sometimes/ >"$TMPDIR/list"
killed "retries" each_once -f "$TMPDIR/list" --per-host 2 --retry 20
check "retries: nothing else was fetched again" not_much_more
check "retries: all were fetched in the end" jq -es 'all(.[]; .status == 200)' "$FILE"
check "retries: there were some" jq -es 'any(.[]; .attempts != [])' "$FILE"
killed "in the list's order" in_order -f "$TMPDIR/list" --order input

# standard output cannot be cut: a whole line at the least, and perhaps the part of one that a kill left
list / >"$TMPDIR/list"
fresh
while ! finished; do
    "$FIRSTBYTE" fetch --resume "$STATE" --format json "${live[@]}" -f "$TMPDIR/list" >>"$FILE" 2>"$err" &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 150 + 60)))"
    kill -s KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
done
same "standard output: at least a line each" "" \
    "$(comm -3 <(jq -rR 'fromjson? | .url' "$FILE" | sort -u) <(sort "$TMPDIR/list") | head)"
printf 'part of a li' >"$FILE"
"$FIRSTBYTE" fetch --rehearse --resume "$STATE.other" --format json --fields url -f <(echo http://a.example/) >>"$FILE"
same "a part of a line is ended" 'part of a li {"url":"http://a.example/"}' "$(tr '\n' ' ' <"$FILE" | sed 's/ $//')"
csv() { "$FIRSTBYTE" fetch --rehearse --resume "$STATE.csv" --format csv --fields url -f "$TMPDIR/few" >>"$FILE"; }
rm "$FILE"
echo http://a.example/ >"$TMPDIR/few"
csv 2>"$err"
echo http://b.example/ >>"$TMPDIR/few"
csv 2>"$err"
same "the heading of a table comes once" "url http://a.example/ http://b.example/" \
    "$(tr -d '\r' <"$FILE" | xargs)"

# interrupted, gone on with, and what may be done to the list between
go_on() { fb fetch --resume "$STATE" --format json -o "$FILE" "${live[@]}" "$@"; }
# interrupted ARGUMENT... : ^C when some are done
interrupted() {
    fresh
    start run env --default-signal=INT "$FIRSTBYTE" fetch --resume "$STATE" --format json -o "$FILE" \
        "${live[@]}" "$@" < <(cat "$TMPDIR/list")
    until_true 10 grep -qs 'h55\.test' "$FILE"
    kill -s INT $pid
    wait $pid
    status=$?
}
interrupted -f "$TMPDIR/list"
exits "^C" 130
check "^C in the middle" not each_once "$FILE"
cp "$STATE" "$TMPDIR/state.before"
cp "$FILE" "$TMPDIR/results.before"
: >"$NGINX_LOG"
refused() { # NAME ARGUMENT... : it is another list, and nothing happens
    local name=$1
    shift
    go_on "$@" < <(cat "$TMPDIR/other")
    exits "$name is refused" 2
    check "$name: it is reported" stderr_has "belongs to another list"
    same "$name: nothing is fetched" "0" "$(wc -l <"$NGINX_LOG")"
    check "$name: the results are as they were" cmp "$FILE" "$TMPDIR/results.before"
}
sed 1s/$/x/ "$TMPDIR/list" >"$TMPDIR/other"
refused "a list that was changed at its top" -f "$TMPDIR/other"
head -n 5 "$TMPDIR/list" >"$TMPDIR/other"
refused "a list that is too short" -f "$TMPDIR/other"
sed 1d "$TMPDIR/list" >"$TMPDIR/other"
refused "a list that lost a line" -f "$TMPDIR/other"

go_on -f "$TMPDIR/list"
exits "the list itself goes on" 0
check "each site has one line" each_once "$FILE"
same "the requests are those that were left" "$((SITES - $(wc -l <"$TMPDIR/results.before")))" "$(requests)"
: >"$NGINX_LOG"
go_on -f "$TMPDIR/list"
exits "a list that is done" 0
check "it is reported" stderr_has "this list is complete"
same "nothing is fetched" "0" "$(wc -l <"$NGINX_LOG")"
go_on -q -f "$TMPDIR/list"
same "-q: it is not said" "" "$(cat "$err")"
echo "http://h1.test:18110/added" >>"$TMPDIR/list"
go_on -f "$TMPDIR/list"
same "a line that was added is fetched" "0 1" "$status $(requests)"
check "each site has one line, again" each_once "$FILE"
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
seq -f 'http://h%g.test:18110/more' 50 >>"$TMPDIR/list"
go_on -f - < <(cat "$TMPDIR/list")
same "a list that grew goes on, by a pipe too" 0 "$status"
check "each site has one line, the new ones too" each_once "$FILE"

# with ^C, what has not had its turn keeps it
fresh
printf '%s\n' "http://first.example/ rehearse-delay=1s" http://second.example/ | conf
ordered=(fetch --rehearse --resume "$STATE" -f "$LIST" -o "$FILE" --order input)
start run env --default-signal=INT "$FIRSTBYTE" "${ordered[@]}" -v
until_true 10 grep -q 'HTTP/1.1 200' "$TMPDIR/run.err"
kill -s INT $pid
wait $pid
fb "${ordered[@]}"
same "^C with a line that waits for its turn" "http://first.example/ http://second.example/" \
    "$(cut -d' ' -f1 "$FILE" | xargs)"

# results that are not those of the run
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
cp "$STATE" "$TMPDIR/state.before"
tail -c 500 "$FILE" >"$TMPDIR/short"
mv "$TMPDIR/short" "$FILE"
go_on -f "$TMPDIR/list"
exits "results that are shorter than they should be" 3
check "it is reported of them" stderr_has "it is not the output of that run"

# an output that is not the run's, and one that would be taken for something else
list / >"$TMPDIR/list"
interrupted -f "$TMPDIR/list"
yes '' | head -n 300000 >"$TMPDIR/other" # a line ends at each offset
cp "$TMPDIR/other" "$TMPDIR/other.before"
FILE=$TMPDIR/other
go_on -f "$TMPDIR/list"
exits "a file that another program wrote" 3
check "the message names it" stderr_has "$FILE: its bytes before offset"
check "the message names the state" stderr_has "not the output of that run (--resume $STATE)"
check "it is left as it is" cmp "$FILE" "$TMPDIR/other.before"
for FILE in "$STATE" "$TMPDIR/list"; do
    cp "$FILE" "$TMPDIR/before"
    go_on -f "$TMPDIR/list"
    exits "${FILE##*/} as the output" 2
    check "${FILE##*/} as the output: it is reported" stderr_has "already read by this run"
    check "${FILE##*/} as the output: it is left as it is" cmp "$FILE" "$TMPDIR/before"
done
FILE=$TMPDIR/results

# states that are none: said, with status 3, and left as they are
bad_state() {
    local name=$1 words=$2
    fb fetch --resume "$STATE" "${live[@]}" -f "$TMPDIR/list"
    exits "$name" 3
    check "$name: it is reported" stderr_has "$words"
}
fresh
echo "my own notes" >"$STATE"
bad_state "a file that is no state" "it was not changed"
same "and is left as it is" "my own notes" "$(cat "$STATE")"
sed '2s/ /  /' "$TMPDIR/state.before" >"$STATE"
bad_state "a state that is damaged" "line 2 of this state file is damaged"
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
start other env --default-signal=INT "$FIRSTBYTE" fetch --rehearse --resume "$STATE" -f "$TMPDIR/waits"
until_true 10 test -s "$STATE"
bad_state "another run has it" "$STATE"
kill -s INT $pid
wait $pid
status=$?
exits "the other run goes on undisturbed" 130

# the last record may be torn: what it told is fetched again
interrupted -f "$TMPDIR/list"
truncate -s -3 "$STATE"
go_on -f "$TMPDIR/list"
exits "a state whose last record is torn" 0
check "each site has one line then too" each_once "$FILE"
