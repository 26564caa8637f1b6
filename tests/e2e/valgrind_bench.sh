#!/bin/bash
# Short loads with memcheck of valgrind: http, https, pipelined, with several processes, and with
# failures. The client may be the bottleneck.
. "$(dirname "$0")/lib.bash"
needs_memcheck

conf <<'C'
http://a.example/ weight=2
http://a.example/post data=x
https://s.example/
http://stalled.example/ rehearse-fault=wait-stall
http://cut.example/ rehearse-fault=truncate
http://refused.example/ rehearse-fault=connect-refuse
C
start origin "$FIRSTBYTE" origin -f <(grep -v '^$' "$LIST")
ORIGIN=$pid
until_true 20 grep -qs 'END CERTIFICATE' "$TMPDIR/origin.out"
plain=(--connect-to "::$(sed -n 's/^http //p' "$TMPDIR/origin.out")")
tls=(--connect-to "::$(sed -n 's/^https //p' "$TMPDIR/origin.out")" --cacert "$TMPDIR/ca.pem")
sed -n '/BEGIN/,$p' "$TMPDIR/origin.out" >"$TMPDIR/ca.pem"
head -n 2 "$LIST" >"$TMPDIR/targets"

load() { # NAME STATUS ARGUMENT...
    local name=$1 wanted=$2
    shift 2
    memcheck "$name" "$wanted" bench --format json -T 60s "$@"
    cat "$out" >>"$TMPDIR/runs"
}
load "closed loop" '0|5' -n 100 -c 8 "${plain[@]}" -f "$TMPDIR/targets" --hlog "$TMPDIR/log" \
    --slo p99=1m,errors=0 --kernel-time all
load "open loop, text" '0|5' --format text -R 100 -n 50 -c 4 --arrival poisson "${plain[@]}" \
    http://a.example/
sed -i '/^{/!d' "$TMPDIR/runs"
load "pipelined, few requests per connection" '0|5' -n 60 -c 2 --pipeline 4 --requests-per-conn 6 \
    "${plain[@]}" http://a.example/
load "two processes" '0|5' -n 60 -c 4 --procs 2 "${plain[@]}" http://a.example/
load "https, resumed" '0|5' -n 12 -c 2 --new-conn --tls-resume 50 "${tls[@]}" https://s.example/
load "a silent server" '1|5' -n 8 -c 4 -T 300ms "${plain[@]}" http://stalled.example/
load "truncated responses" '1|5' -n 8 -c 4 "${plain[@]}" http://cut.example/
load "refused connections" '1|5' -n 8 -c 4 "http://$HOME_ADDRESS:18089/"
load "stalled responses at the end of the run" '0|1|5' -d 700ms -R 200 -c 2 "${plain[@]}" \
    http://stalled.example/
memcheck "a comparison" '0|5|6' bench -n 5 -c 1 --repeat 2 "${plain[@]}" http://a.example/ \
    --vs http://b.example/
memcheck "a search" '0|4|5' bench --find-knee p99=1us -d 20ms -c 2 "${plain[@]}" http://a.example/
memcheck "a search without a response" 1 bench --find-knee p99=1us -d 20ms -c 2 -T 300ms \
    "${plain[@]}" http://stalled.example/
memcheck "an invalid list" 2 bench -f "$LIST"
judge_runs
kill $ORIGIN && wait $ORIGIN
