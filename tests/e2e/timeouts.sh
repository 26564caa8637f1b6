#!/bin/bash
# Timeouts of the phases, the total timeout, and slow or endless bodies, in both halves of a race.
. "$(dirname "$0")/lib.bash"

# both NAME WANTED OPTION... : races $LIST; "mode url code phase" of each failure
both() {
    local name=$1 wanted=$2
    shift 2
    fb race --rehearse -f "$LIST" --format json --order input "$@"
    for mode in blocking reactor; do
        same "$mode: $name" "$wanted" \
            "$(jq -r "select(.mode == \"$mode\")" "$out" >"$TMPDIR/half"; codes "$TMPDIR/half")"
    done
}

conf <<'C'
http://dns.example/ rehearse-fault=dns-stall
http://connect.example/ rehearse-fault=connect-stall
https://tls.example/ rehearse-fault=tls-stall
http://wait.example/ rehearse-fault=wait-stall
C
both "each phase has its own timeout" "http://dns.example/ dns.timeout dns
http://connect.example/ connect.timeout connect
https://tls.example/ tls.timeout tls
http://wait.example/ timeout.ttfb wait" --dns-timeout 100ms --connect-timeout 100ms \
    --tls-timeout 100ms --ttfb-timeout 100ms -T 30s
both "a total timeout that is shorter than those of the phases" \
    "http://dns.example/ timeout.total dns
http://connect.example/ timeout.total connect
https://tls.example/ timeout.total tls
http://wait.example/ timeout.total wait" --dns-timeout 10s --connect-timeout 10s \
    --tls-timeout 10s --ttfb-timeout 10s -T 200ms
check "no timeout is reported before its limit" jq -es \
    'all(.[:8][]; .elapsed_ms >= 200)' "$out"

# 3000 bytes, one every 10 ms; --ttfb-timeout does not apply after the first byte
{
    printf 'http://drip.example/ rehearse-fault=drip rehearse-body="'
    printf '%3000s" timeout=500ms\n' drip
    printf 'https://drip.example/ rehearse-fault=drip rehearse-body="'
    printf '%3000s" timeout=500ms\n' drip
    echo 'http://endless.example/ rehearse-fault=body-endless timeout=500ms'
} | conf
both "the total timeout applies to slow and endless bodies" \
    "http://drip.example/ timeout.total receive
https://drip.example/ timeout.total receive
http://endless.example/ timeout.total receive" --ttfb-timeout 10s --max-body 1024G

# --ttfb-timeout counts from the request, not from the start
conf <<'C'
http://slow.example/ rehearse-delay=500ms
http://quick.example/ rehearse-delay=1ms
C
both "a slow first byte" "http://slow.example/ timeout.ttfb wait
http://quick.example/ - -" --ttfb-timeout 250ms

# the timeout of a line wins over the command line, and the last default wins over the first
conf <<'C'
default timeout=30s
http://one.example/ rehearse-fault=wait-stall timeout=100ms
default timeout=150ms
http://two.example/ rehearse-fault=wait-stall
C
fb --rehearse -f "$LIST" -T 40s --format json --order input
same "the timeout of a line" "http://one.example/ timeout.total wait
http://two.example/ timeout.total wait" "$(codes)"

# deadlines in another order than the list
for i in 3 1 2; do echo "http://$i.example/ rehearse-fault=wait-stall timeout=${i}00ms"; done | conf
fb --rehearse -f "$LIST" --format json
same "timeouts are reported in the order of their deadlines" \
    "http://1.example/ http://2.example/ http://3.example/" \
    "$(jq -r .url "$out" | xargs)"
