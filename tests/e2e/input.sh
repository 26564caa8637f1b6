#!/bin/bash
# The list on standard input: a pipe, a slow pipe, a file, and one so long that it must not be held.
. "$(dirname "$0")/lib.bash"

start_nginx 18080 <<'N'
server { listen @:18080; keepalive_requests 1000000; location / { return 200 "0123456789"; } }
N
base=http://$HOME_ADDRESS:18080
fetch() { timeout -k 5 60 "$FIRSTBYTE" -f - "$@" >"$out" 2>"$err"; }

seq -f "$base/%.0f" 1000 >"$TMPDIR/list"
cat "$TMPDIR/list" | fetch --format json --order input
status=$?
exits "a pipe" 0
same "each line once, in its place" "$(md5sum <"$TMPDIR/list")" "$(jq -r .url "$out" | md5sum)"
fetch --format json <"$TMPDIR/list"
status=$?
exits "a file" 0
same "each line once" "$(sort "$TMPDIR/list" | md5sum)" "$(jq -r .url "$out" | sort | md5sum)"
fetch </dev/null
status=$?
exits "nothing" 0
printf '%s' "$base/unended" | fetch
status=$?
exits "a last line without its end" 0
same "is fetched" 1 "$(wc -l <"$out")"
fetch <&-
status=$?
exits "a closed standard input" 2
check "is reported" stderr_has "standard input:0: Bad file descriptor"

# a line in pieces, and lines one by one: each result comes before the next line is written
mkfifo "$TMPDIR/in" "$TMPDIR/results"
timeout 60 "$FIRSTBYTE" -f - <"$TMPDIR/in" >"$TMPDIR/results" 2>"$err" &
reader=$!
exec 7>"$TMPDIR/in" 8<"$TMPDIR/results"
came=
for i in 1 2 3; do
    printf '%s' "${base:0:9}" >&7
    sleep 0.1
    printf '%s\n' "${base:9}/$i" >&7
    IFS= read -r -t 20 line <&8 && came+="${line:0:30}|"
done
same "results come while the input goes on" \
    "$(for i in 1 2 3; do printf '%-30.30s|' "$base/$i"; done)" "$came"
exec 7>&-
check_not "the end of the input is the end" read -r -t 20 line <&8
exec 8<&-
wait $reader
status=$?
exits "with 0" 0

# the default lines of a stream hold from there on
printf 'default method=HEAD\n%s/h\n' "$base" | fetch
head_is_logged() { grep ' HEAD ' "$NGINX_LOG" | grep -q '"/h"'; }
check "defaults in a stream" until_true 10 head_is_logged

# memory does not grow with the list: nobody listens, so that 200,000 are soon refused. Up to 10,000
# wait for their host in both cases.
peak() {
    local count=$1 pid
    seq -f "http://$HOME_ADDRESS:18089/%.0f" "$count" | {
        "$FIRSTBYTE" -f - -c 64 >"$TMPDIR/lines.$count" 2>"$err" &
        pid=$!
        # the highest seen so far, until it is gone
        while grep -s VmHWM "/proc/$pid/status"; do sleep 0.01; done |
            awk '{ if ($2 > most) most = $2 } END { print most + 0 }'
        wait $pid
    }
}
if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "peak memory does not grow with the list" "the sanitizer's memory does"
else
    few=$(peak 20000) many=$(peak 200000)
    check "peak memory does not grow with the list: $few kB and $many kB" \
        test "$many" -le $((few + 2048))
    same "and each has its line" 200000 "$(grep -c 'error: connection refused' "$TMPDIR/lines.200000")"
fi
