#!/bin/bash
# Limits of the requests to a host: --per-host, --rate, --per-host-rate; and --retry.
. "$(dirname "$0")/lib.bash"

# nginx refuses the sixth request in flight to a host. It sends 600 bytes at a time, at a limited
# rate, so that a response takes about 30 ms, and that of /slow 1.5 s.
start_nginx 18100 18101 <<'N'
limit_conn_zone $host zone=hosts:1m;
limit_conn_status 503;
sendfile_max_chunk 600;
server {
    listen @:18100;
    listen @:18101;
    limit_conn hosts 5;
    location /there { return 302 http://b.test:18100/; }
    location / { limit_rate 20000; try_files /page =404; }
    location /slow { limit_rate 1000; try_files /slow =404; }
    location /at-once { limit_conn hosts 1000; return 200 "at once"; }
}
N
head -c 700 /dev/zero | tr '\0' x >"$TMPDIR/www/page"
head -c 1500 /dev/zero | tr '\0' x >"$TMPDIR/www/slow"
polite() {
    fb fetch --format json --resolve "*:18100:$HOME_ADDRESS" --resolve "*:18101:$HOME_ADDRESS" "$@"
}
refused() { grep -c '"status":503' "$out"; }
fetched() { grep -c '"status":200' "$out"; }

# hosts with two ports, one port, and redirects
for ((i = 0; i < 25; i++)); do
    printf 'http://%s\n' "a.test:18100/$i" "A.test:18101/$i" "b.test:18100/$i" \
        "c.test:18100/there/$i"
done >"$TMPDIR/hosts"
polite -f "$TMPDIR/hosts" -c 50 --per-host 5
same "five at once to a host: none is refused" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 1
same "one at once to a host: none is refused" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 5 --order input
same "five at once to a host, --order input: none is refused" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 0
check "without a limit some are refused" test "$(refused)" -gt 0

# a busy host at the beginning of the list does not delay the hosts after it
{
    for ((i = 0; i < 200; i++)); do echo "http://busy.example/$i rehearse-delay=10ms"; done
    for ((i = 0; i < 300; i++)); do echo "http://other$i.example/"; done
} | conf
fb fetch --rehearse -f "$LIST" -c 16 --per-host 2
exits "a busy host" 0
# before FIRST SECOND FILE : all lines with FIRST are before the first with SECOND
before() { awk -v first="$1" -v second="$2" '$0 ~ second && !s { s = NR } $0 ~ first { f = NR }
    END { exit !(f && s && f < s) }' "$3"; }
grep -n . "$out" >"$TMPDIR/numbered"
check "a busy host: the other hosts are fetched before its last sites" before other \
    'busy\.example/19[0-9] ' "$out"

# A site is taken at most 10,000 lines after one that waits. Invalid lines of a pipe have a result
# at once, so that exactly so many results precede that of the waiting site.
{
    echo "http://a.test:18100/slow"
    echo "http://a.test:18100/at-once"
    for ((i = 0; i < 12000; i++)); do echo "no site"; done
    echo "http://a.test:18100/at-once"
} >"$TMPDIR/long"
polite -f - --per-host 1 < <(cat "$TMPDIR/long")
same "at most 10,000 lines after a waiting site are read" "10000 /slow" \
    "$(grep -n '"error":null' "$out" | head -1 | sed -E 's|^([0-9]+):.*18100(/[a-z-]*)".*|\1 \2|')"
same "then the list is read to its end" "12003 3" "$(wc -l <"$out") $(fetched)"

# at_least MILLISECONDS ARGUMENT... : runs the program; it takes at least this time
at_least() {
    local wanted=$1 began=$EPOCHREALTIME
    shift
    polite "$@"
    began=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
    [ $began -ge "$wanted" ] || { echo "$began ms"; false; }
}
write_list() { # LINES HOSTS : consecutive lines have different hosts
    for ((i = 0; i < $1; i++)); do
        echo "http://h$((i % $2)).test:18100/at-once/$i"
    done >"$TMPDIR/some"
}
write_list 20 20
check "20 sites at 100 per second: 19 intervals" at_least 190 -f "$TMPDIR/some" --rate 100
same "20 sites at 100 per second: all are fetched" 20 "$(fetched)"
write_list 20 2
check "10 sites of each of two hosts, 50 per second" \
    at_least 180 -f "$TMPDIR/some" --per-host-rate 50
same "10 sites of each of two hosts, 50 per second: all are fetched" 20 "$(fetched)"
check "two sites at 150 per minute" at_least 400 --rate 150/m \
    http://a.test:18100/at-once http://b.test:18100/at-once
check "a redirect counts as a request" at_least 200 --rate 10 --per-host-rate 10 \
    http://a.test:18100/there http://c.test:18100/at-once
polite --rate 1/h http://a.test:18100/at-once
exits "no wait after the last request" 0
# a site that waits for the rate of its host does not delay others
{
    for ((i = 0; i < 4; i++)); do echo "http://a.test:18100/at-once/$i"; done
    for ((i = 0; i < 40; i++)); do echo "http://h$i.test:18100/at-once"; done
} >"$TMPDIR/some"
polite -f "$TMPDIR/some" --per-host-rate 4
check "a host with four requests per second does not delay others" \
    before 'h[0-9]*\.test' 'a\.test.*/3"' "$out"
# the same for a site that was taken before earlier lines, because its host had an idle connection
{
    echo "http://a.test:18100/at-once/1"
    for ((i = 0; i < 40; i++)); do echo "http://h$i.test:18100/at-once"; done
    echo "http://a.test:18100/at-once/2"
} >"$TMPDIR/some"
polite -f "$TMPDIR/some" -c 1 --per-host-rate 1
check "a site that was taken before earlier lines, and waits, does not delay others" \
    before 'h[0-9]*\.test' 'a\.test.*/2"' "$out"

# --retry. Retry-After: 0 makes the test short; without it, each wait takes at least 0.5 s.
soon='rehearse-header="Retry-After: 0"' next='rehearse-header="Location: /next"'
conf <<C
http://twice.example/ rehearse-fail-first=2 $soon
https://once.example/ rehearse-fail-first=1 rehearse-header="Retry-After: 1"
http://backoff.example/ rehearse-fail-first=1
http://refused.example/ rehearse-fault=connect-refuse
http://many.example/ rehearse-status=429 $soon
http://post.example/ method=POST data=x rehearse-fail-first=1 $soon
http://put.example/ method=PUT data=x rehearse-fail-first=1 $soon
http://missing.example/ rehearse-status=404 $soon
http://stalls.example/ rehearse-fault=wait-stall timeout=200ms
http://unknown.example/ rehearse-fault=dns-nxdomain
http://servfail.example/ rehearse-fault=dns-servfail
https://expired.example/ rehearse-fault=cert-expired
http://reset.example/ rehearse-fault=body-reset
http://moved.example/ rehearse-fail-first=1 rehearse-status=302 $next $soon
http://moved.example/next rehearse-fail-first=2 $soon
C
fb fetch --rehearse -f "$LIST" --retry 2 --format json
exits "--retry: some sites fail" 1
check "--retry: results with attempts fit the schema" valid fetch "$out"
# "url status code: the error code or status of each earlier attempt"
same "--retry: the attempts of each site" "http://backoff.example/ 200 -: 503
http://many.example/ 429 -: 429 429
http://missing.example/ 404 -:
http://post.example/ 503 -:
http://put.example/ 200 -: 503
http://refused.example/ null connect.refused: connect.refused connect.refused
http://reset.example/ 200 receive.reset: receive.reset receive.reset
http://servfail.example/ null dns.servfail: dns.servfail dns.servfail
http://stalls.example/ null timeout.total: timeout.total timeout.total
http://twice.example/ 200 -: 503 503
http://unknown.example/ null dns.nxdomain:
https://expired.example/ null tls.cert_expired:
https://once.example/ 200 -: 503" "$(jq -r 'select(.url | test("moved") | not) |
    ([.attempts[] | " " + (.error.code // "\(.status)")] | add // "") as $attempts |
    "\(.url) \(.status) \(.error.code // "-"):\($attempts)"' \
    "$out" | sort)"
check "--retry: the wait of Retry-After" jq -es 'map(select(.url | test("once"))) | length == 1 and
    all(.[]; .attempts[0].waited_ms == 1000)' "$out"
check "--retry: the wait without Retry-After, 0.5 to 1 s, then doubled" jq -es '
    map(select(.url | test("refused|servfail|stalls|reset"))) | length == 4 and
    all(.[].attempts; .[0].waited_ms >= 500 and .[0].waited_ms <= 1000
        and .[1].waited_ms >= 1000 and .[1].waited_ms <= 2000)' "$out"
# two sites of the list fetch /next, which fails twice in total
check "--retry: attempts before and after a redirect" jq -es '
    map(select(.url | test("moved.example/$"))) | length == 1 and all(.[];
        .status == 200 and .final_url == "http://moved.example/next" and
        [.redirects[].status] == [302] and .attempts[0].url == "http://moved.example/" and
        all(.attempts[1:][]; .url == "http://moved.example/next"))' "$out"
same "--retry: /next fails twice" 2 "$(jq '.attempts[].url' "$out" | grep -c /next)"
check "--retry: the times of the result are those of the last attempt" jq -es '
    map(select(.url | test("once"))) | all(.[]; .elapsed_ms < 1000)' "$out"

# a site that waits for a retry uses no slot of -c or --per-host
conf <<'C'
http://one.example/first rehearse-fail-first=1 rehearse-header="Retry-After: 1"
http://one.example/second
http://two.example/
C
fb fetch --rehearse -f "$LIST" --retry 1 -c 1 --per-host 1 --format json
same "a site that waits for a retry does not delay others" \
    "http://one.example/second http://two.example/ http://one.example/first" \
    "$(jq -r .url "$out" | xargs)"
fb fetch --rehearse -f "$LIST" -c 1 --format json
same "no attempt without --retry" "503 0" \
    "$(get '.status, (.attempts | length)' http://one.example/first | xargs)"
echo "http://twice.example/ rehearse-fail-first=2 $soon" | conf
fb fetch --rehearse -f "$LIST" --fail --retry 2
exits "--fail: a status of an earlier attempt is not a failure" 0
