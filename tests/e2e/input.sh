#!/bin/bash
# The list on standard input: a pipe, a slow pipe, a file, and a list that is too long for memory.
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
same "a pipe: each line once, in its order" "$(md5sum <"$TMPDIR/list")" \
    "$(jq -r .url "$out" | md5sum)"
fetch --format json <"$TMPDIR/list"
status=$?
exits "a file" 0
same "a file: each line once" "$(sort "$TMPDIR/list" | md5sum)" \
    "$(jq -r .url "$out" | sort | md5sum)"
fetch </dev/null
status=$?
exits "an empty input" 0
printf '%s' "$base/unended" | fetch
status=$?
exits "a last line without a line end" 0
same "a last line without a line end is fetched" 1 "$(wc -l <"$out")"
fetch <&-
status=$?
exits "a closed standard input" 2
check "a closed standard input: it is reported" stderr_has "standard input:0: Bad file descriptor"

# lines in two writes, one at a time: each result is printed before the next line is written
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
same "results are printed before the input ends" \
    "$(for i in 1 2 3; do printf '%-30.30s|' "$base/$i"; done)" "$came"
exec 7>&-
check_not "the output ends after the input" read -r -t 20 line <&8
exec 8<&-
wait $reader
status=$?
exits "a slow input: exit status" 0

# a default line applies to the lines after it
printf 'default method=HEAD\n%s/h\n' "$base" | fetch
head_is_logged() { grep ' HEAD ' "$NGINX_LOG" | grep -q '"/h"'; }
check "default lines in a pipe" until_true 10 head_is_logged

# peak COUNT : peak memory, in KB, for a list of COUNT sites. Connections are refused, so that the
# run is short. In both runs, up to 10,000 sites wait for their host.
peak() {
    local count=$1 pid
    seq -f "http://$HOME_ADDRESS:18089/%.0f" "$count" | {
        "$FIRSTBYTE" -f - -c 64 >"$TMPDIR/lines.$count" 2>"$err" &
        pid=$!
        # VmHWM is read until the process ends
        while grep -s VmHWM "/proc/$pid/status"; do sleep 0.01; done |
            awk '{ if ($2 > max) max = $2 } END { print max + 0 }'
        wait $pid
    }
}
if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "peak memory does not grow with the list" "the sanitizer's memory grows"
else
    few=$(peak 20000) many=$(peak 200000)
    check "peak memory does not grow with the list: $few kB and $many kB" \
        test "$many" -le $((few + 2048))
    same "each site has a line" 200000 \
        "$(grep -c 'error: connection refused' "$TMPDIR/lines.200000")"
fi
