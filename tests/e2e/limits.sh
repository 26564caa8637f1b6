#!/bin/bash
# Limits and failures: few descriptors, a host that is down, invalid names, other protocols.
. "$(dirname "$0")/lib.bash"

start_nginx 18080 <<'N'
server { listen @:18080; location / { return 200 "0123456789"; } }
N
base=http://$HOME_ADDRESS:18080

# few descriptors: the concurrency is lowered, which is reported, and all sites are fetched
seq -f "$base/%.0f" 500 >"$TMPDIR/500"
(ulimit -n 40 && fb -c 256 -f "$TMPDIR/500" --format json &&
    exits "40 descriptors, 256 at once" 0 &&
    check "40 descriptors, 256 at once: it is reported" \
        grep -qE '^firstbyte: concurrency is lowered from 256 to [0-9]+: 40 descriptors' "$err" &&
    same "40 descriptors, 256 at once: all are fetched" 500 "$(grep -c '"status":200' "$out")")
(ulimit -n 40 && fb -c 256 -f "$TMPDIR/500" --order input &&
    exits "40 descriptors, --order input" 0 &&
    same "40 descriptors, --order input: each site once" 500 "$(wc -l <"$out")")
seq -f "http://%.0f.example/" 300 >"$TMPDIR/300"
(ulimit -n 40 && fb -c 256 -f "$TMPDIR/300" --rehearse &&
    exits "40 descriptors in a rehearsal" 0)
(ulimit -n 12 && fb -c 256 -f "$TMPDIR/500" --format json &&
    exits "12 descriptors" 0 &&
    check "12 descriptors: it is reported" stderr_has "concurrency is lowered")
(ulimit -n 40 && fb -c 8 -f "$TMPDIR/500" &&
    same "40 descriptors, 8 at once: no warning" "" "$(cat "$err")")
# so few descriptors that a site must wait for another
(ulimit -n 9 && fb -c 4 -f "$TMPDIR/500" --format json &&
    same "9 descriptors: no site fails" 500 "$(wc -l <"$out")")

# a thousand sites, every tenth on a host that is down: silent, refusing, or unknown
for i in {0..999}; do
    case $i in
    *3) echo "http://silent.example/$i rehearse-fault=connect-stall timeout=500ms" ;;
    *5) echo "http://refused.example/$i rehearse-fault=connect-refuse" ;;
    *7) echo "http://unknown.example/$i rehearse-fault=dns-nxdomain" ;;
    *) echo "http://$i.example/" ;;
    esac
done | conf
fb --rehearse -f "$LIST" --format json
exits "a thousand sites, a host down" 1
same "a thousand sites, a host down: the number of each result" \
    "700 connect.refused 100 dns.nxdomain 100 timeout.total 100" \
    "$(jq -r '.error.code // "0"' "$out" | sort | uniq -c |
    awk '{ print ($2 == "0" ? $1 : $2 " " $1) }' | xargs)"
check "a thousand sites, a host down: each result is that of its fault" \
    jq -es 'all(.[]; (.error.code // "") as $code |
    if .url | test("silent") then $code == "timeout.total"
    elif .url | test("refused") then $code == "connect.refused"
    elif .url | test("unknown") then $code == "dns.nxdomain"
    else $code == "" end)' "$out"

# the same thousand URLs on one host that is down
yes "http://$HOME_ADDRESS:18089/" | head -n 1000 >"$TMPDIR/1000"
fb -f "$TMPDIR/1000" --format json
same "a thousand on one host that is down" "1000 connect.refused" \
    "$(jq -r .error.code "$out" | sort | uniq -c | xargs)"

# names without a DNS query, and ports without a listener
fb --format json "http://$(printf 'a%.0s' {1..64}).example/"
same "a label of 64 bytes" dns.bad_name "$(jq -r .error.code "$out")"
fb --format json http://0.0.0.0:1/ "http://$HOME_ADDRESS:1/" 'http://[::1]:1/' --order input
same "ports without a listener" 3 "$(grep -cE '"code":"connect\.(refused|unreachable|failed)"' \
    "$out")"

# servers that send garbage, or do not use TLS
cat >"$TMPDIR/other.conf" <<'C'
http://garbage.example/ rehearse-fault=garbage
https://plain.example/ rehearse-fault=tls-plain
C
fb --rehearse -f "$TMPDIR/other.conf" --order input
same "messages of garbage and plain text" "malformed HTTP response (Expected HTTP/)
the server does not speak TLS on this port" \
    "$(sed -E 's/^.{30}: error: (.*) in [0-9:.]+s$/\1/; s/TLS on this port .*/TLS on this port/' \
    "$out")"

# an endless head is refused at its size limit, long before the timeout
echo 'http://endless.example/ rehearse-fault=head-endless timeout=50s' | conf
fb --rehearse -f "$LIST" --format json
same "a head over 256 KiB is refused at once" true \
    "$(jq '.error.code == "http.header_too_large" and .elapsed_ms < 20000' "$out")"

# a server that closes each connection after a response, without a warning: no site fails
for i in {1..200}; do
    echo "http://hangs-up.example/$i rehearse-fault=hang-up"
    echo "https://hangs-up.example/$i rehearse-fault=hang-up"
done | conf
for concurrency in 1 4 64; do
    fb --rehearse -f "$LIST" -c $concurrency
    exits "a server that closes after each response, $concurrency at once" 0
done

# more handshakes than handshake slots: they wait for a slot, and none is lost
seq -f "https://%.0f.example/" 400 >"$TMPDIR/400"
fb --rehearse -f "$TMPDIR/400" -c 400 -T 60s --format json
exits "400 handshakes at once" 0
check "no timing is negative, and all add up" jq -es 'all(.[]; .timings
    | (all(.[]; . == null or . >= 0)) and .tls != null and .blocked != null)' "$out"

# 128 handshakes at once; silent servers do not delay others
{
    for ((i = 0; i < 200; i++)); do echo "https://silent$i.example/ rehearse-fault=tls-stall"; done
    for ((i = 0; i < 20; i++)); do echo "https://well$i.example/"; done
} >"$TMPDIR/silent.conf"
fb fetch --rehearse -T 4s --format json -f "$TMPDIR/silent.conf"
same "silent TLS servers fail" 200 "$(grep -c '"timeout.total"' "$out")"
same "silent TLS servers: other sites are fetched meanwhile" 20 "$(grep -c '"status":200' "$out")"

# a soft limit of descriptors is raised in the program and in the origin
above_soft_limit() (
    ulimit -Sn 100
    seq -f 'http://n%g.example/' 600 | "$FIRSTBYTE" fetch --rehearse -c 300 -f - >"$TMPDIR/soft"
)
check "a soft limit of descriptors is raised, also in the origin" above_soft_limit
