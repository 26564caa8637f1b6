#!/bin/bash
# Deadlines: each phase's own, the total, and what drips past none of them. In both halves.
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
both "each phase has its own limit" "http://dns.example/ dns.timeout dns
http://connect.example/ connect.timeout connect
https://tls.example/ tls.timeout tls
http://wait.example/ timeout.ttfb wait" --dns-timeout 100ms --connect-timeout 100ms \
    --tls-timeout 100ms --ttfb-timeout 100ms -T 30s
both "the total is first where it is shorter" "http://dns.example/ timeout.total dns
http://connect.example/ timeout.total connect
https://tls.example/ timeout.total tls
http://wait.example/ timeout.total wait" --dns-timeout 10s --connect-timeout 10s \
    --tls-timeout 10s --ttfb-timeout 10s -T 200ms
check "no site is given up before its time" jq -es \
    'all(.[:8][]; .elapsed_ms >= 200)' "$out"

# a byte every 10 ms: 30 s of them. The first byte comes in time for its own limit.
{
    printf 'http://drip.example/ rehearse-fault=drip rehearse-body="'
    printf '%3000s" timeout=500ms\n' drip
    printf 'https://drip.example/ rehearse-fault=drip rehearse-body="'
    printf '%3000s" timeout=500ms\n' drip
    echo 'http://endless.example/ rehearse-fault=body-endless timeout=500ms'
} | conf
both "what drips or never ends does not outlast the total" "http://drip.example/ timeout.total receive
https://drip.example/ timeout.total receive
http://endless.example/ timeout.total receive" --ttfb-timeout 10s --max-body 1024G

# the limit of the wait counts from the request on, not from the start
conf <<'C'
http://slow.example/ rehearse-delay=500ms
http://quick.example/ rehearse-delay=1ms
C
both "a slow first byte" "http://slow.example/ timeout.ttfb wait
http://quick.example/ - -" --ttfb-timeout 250ms

# a site's own timeout wins over the command line, and the last default over the first
conf <<'C'
default timeout=30s
http://one.example/ rehearse-fault=wait-stall timeout=100ms
default timeout=150ms
http://two.example/ rehearse-fault=wait-stall
C
fb --rehearse -f "$LIST" -T 40s --format json --order input
same "a line's own timeout" "http://one.example/ timeout.total wait
http://two.example/ timeout.total wait" "$(codes)"

# deadlines hold in their order
for i in 3 1 2; do echo "http://$i.example/ rehearse-fault=wait-stall timeout=${i}00ms"; done | conf
fb --rehearse -f "$LIST" --format json
same "deadlines come in their order" "http://1.example/ http://2.example/ http://3.example/" \
    "$(jq -r .url "$out" | xargs)"
