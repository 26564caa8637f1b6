#!/bin/bash
# Readers of the output that close it, are slow, or do not read; and a full disk.
. "$(dirname "$0")/lib.bash"

seq -f "http://%.0f.example/" 3000 >"$TMPDIR/many"

# a reader that closes after one line
for arguments in "fetch" "race" "fetch --format json" "--order input"; do
    # shellcheck disable=SC2086
    timeout 60 "$FIRSTBYTE" $arguments --rehearse -f "$TMPDIR/many" 2>"$err" | head -n 1 >"$out"
    status=${PIPESTATUS[0]}
    exits "$arguments | head -n 1" 1
    same "$arguments | head -n 1: one line" 1 "$(wc -l <"$out")"
    same "$arguments | head -n 1: no message" "" "$(cat "$err")"
done
timeout 60 "$FIRSTBYTE" --rehearse -f "$TMPDIR/many" --resume "$TMPDIR/state" 2>"$err" |
    head -n 1 >"$out"
status=${PIPESTATUS[0]}
exits "--resume | head -n 1" 1
check "--resume | head -n 1: it is reported" \
    stderr_has "output.closed: standard output: Broken pipe"
check "--resume | head -n 1: the last line says how to continue" \
    grep -qE '^firstbyte: [0-9,]+ of 3,000 sites are done; to continue, repeat the same command$' \
    <(tail -n 1 "$err")

# commands that write their output at the end, to a pipe without a reader
for arguments in "help fetch" "help bench" "--help" "--version" "--fields help"; do
    # shellcheck disable=SC2086
    { sleep 0.3; timeout 60 "$FIRSTBYTE" $arguments 2>"$err"; } | true
    status=${PIPESTATUS[0]}
    exits "$arguments to a pipe without a reader" 1
    same "$arguments to a pipe without a reader: no message" "" "$(cat "$err")"
done

# no reader
timeout 60 "$FIRSTBYTE" --rehearse -f "$TMPDIR/many" 2>"$err" | true
status=${PIPESTATUS[0]}
exits "a pipe without a reader" 1
same "a pipe without a reader: no message" "" "$(cat "$err")"
for half in fetch race; do
    timeout 60 "$FIRSTBYTE" $half --rehearse http://a.example/ 2>"$err" >&-
    status=$?
    exits "$half with a closed output" 1
    check "$half with a closed output: it is reported" \
        stderr_has "standard output: Bad file descriptor"
    timeout 60 "$FIRSTBYTE" $half --rehearse http://a.example/ 2>"$err" >/dev/full
    status=$?
    exits "$half to a full disk" 1
    check "$half to a full disk: it is reported" \
        stderr_has "standard output: No space left on device"
done
timeout 60 "$FIRSTBYTE" --rehearse http://a.example/ >"$out" 2>&-
status=$?
exits "a closed standard error" 0
same "a closed standard error: the result is printed" 1 "$(wc -l <"$out")"
timeout 60 "$FIRSTBYTE" --rehearse http://a.example/ <&- >&- 2>&-
status=$?
exits "three closed standard streams" 1
timeout 60 "$FIRSTBYTE" --help >/dev/full 2>"$err"
status=$?
exits "help to a full disk" 1

# a slow reader: the program waits for it, and no result is lost
timeout 60 "$FIRSTBYTE" --rehearse -f "$TMPDIR/many" --format json --order input 2>"$err" | {
    sleep 1
    cat
} >"$out"
status=${PIPESTATUS[0]}
exits "a slow reader" 0
same "a slow reader: it receives every line" "$(md5sum <"$TMPDIR/many")" \
    "$(jq -r .url "$out" | md5sum)"

# If the reader stops, no new sites are started, but the deadlines of sites in flight are enforced:
# a stalled site has timed out when the reader continues.
{
    echo 'default timeout=300ms'
    echo 'http://first.example/ rehearse-fault=wait-stall'
    seq -f "http://%.0f.example/ timeout=10s" 5000
} | conf
mkfifo "$TMPDIR/pipe"
timeout 60 "$FIRSTBYTE" --rehearse -f "$LIST" --format json >"$TMPDIR/pipe" 2>"$err" &
late=$!
exec 8<"$TMPDIR/pipe"
sleep 2
cat <&8 >"$out"
exec 8<&-
wait $late
status=$?
exits "a reader that stops for 2 s" 1
same "a reader that stops for 2 s: it receives every line" 5001 "$(wc -l <"$out")"
same "a reader that stops for 2 s: a deadline passed in this time" "true" \
    "$(get '.error.code == "timeout.total" and .elapsed_ms < 1500' http://first.example/)"

# standard output is not made non-blocking, because the flags of a terminal are shared
timeout 60 "$FIRSTBYTE" --rehearse -f "$TMPDIR/many" >"$TMPDIR/pipe" 2>"$err" &
late=$!
exec 8<"$TMPDIR/pipe"
sleep 0.5
flags=$(sed -n 's/^flags:\t//p' "/proc/$late/fdinfo/1" 2>/dev/null || true)
child=$(children_of $late)
[ -z "$child" ] || flags=$(sed -n 's/^flags:\t//p' "/proc/${child%% *}/fdinfo/1")
check "standard output stays blocking ($flags)" test $((0$flags & 04000)) = 0
cat <&8 >"$out"
exec 8<&-
wait $late
same "standard output stays blocking: every line is printed" 3000 "$(wc -l <"$out")"
