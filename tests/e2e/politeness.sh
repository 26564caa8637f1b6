#!/bin/bash
# Limits of requests to a host: --per-host, --rate, --per-host-rate; and --retry.
. "$(dirname "$0")/lib.bash"

# nginx counts the requests under way to a host and refuses the sixth. It sends 600 bytes at a time, at
# a rate: an answer takes some 30 ms, and the slow one a second and a half.
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

# two hosts, one on two ports, one also by way of redirects
for ((i = 0; i < 25; i++)); do
    printf 'http://%s\n' "a.test:18100/$i" "A.test:18101/$i" "b.test:18100/$i" "c.test:18100/there/$i"
done >"$TMPDIR/hosts"
polite -f "$TMPDIR/hosts" -c 50 --per-host 5
same "five at once to a host: none is too many" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 1
same "one at once" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 5 --order input
same "in the list's order" "100 0" "$(fetched) $(refused)"
polite -f "$TMPDIR/hosts" -c 50 --per-host 0
check "without a limit there are too many" test "$(refused)" -gt 0

# a busy host at the top of the list does not hold back those behind it
{
    for ((i = 0; i < 200; i++)); do echo "http://busy.example/$i rehearse-delay=10ms"; done
    for ((i = 0; i < 300; i++)); do echo "http://other$i.example/"; done
} | conf
fb fetch --rehearse -f "$LIST" -c 16 --per-host 2
exits "a busy host" 0
before() { awk -v first="$1" -v second="$2" '$0 ~ second && !s { s = NR } $0 ~ first { f = NR }
    END { exit !(f && s && f < s) }' "$3"; }
grep -n . "$out" >"$TMPDIR/numbered"
check "the others come before its last" before other 'busy\.example/19[0-9] ' "$out"

# no site is taken 10,000 places behind one that waits: the lines of a pipe that are no sites are
# results at once, so as many of them come first
{
    echo "http://a.test:18100/slow"
    echo "http://a.test:18100/at-once"
    for ((i = 0; i < 12000; i++)); do echo "no site"; done
    echo "http://a.test:18100/at-once"
} >"$TMPDIR/long"
polite -f - --per-host 1 < <(cat "$TMPDIR/long")
same "the list goes on within 10,000 lines of one that waits" "10000 /slow" \
    "$(grep -n '"error":null' "$out" | head -1 | sed -E 's|^([0-9]+):.*18100(/[a-z-]*)".*|\1 \2|')"
same "then to its end" "12003 3" "$(wc -l <"$out") $(fetched)"

# at_least MILLISECONDS ARGUMENT... : runs it, and it cannot have been quicker
at_least() {
    local wanted=$1 began=$EPOCHREALTIME
    shift
    polite "$@"
    began=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
    [ $began -ge "$wanted" ] || { echo "$began ms"; false; }
}
some() { # so many lines, to so many hosts by turns
    for ((i = 0; i < $1; i++)); do echo "http://h$((i % $2)).test:18100/at-once/$i"; done >"$TMPDIR/some"
}
some 20 20
check "20 at 100 per second: 19 intervals" at_least 190 -f "$TMPDIR/some" --rate 100
same "all are fetched" 20 "$(fetched)"
some 20 2
check "10 to each of two hosts at 50 per second" at_least 180 -f "$TMPDIR/some" --per-host-rate 50
same "all are fetched" 20 "$(fetched)"
check "two at 150 a minute" at_least 400 --rate 150/m \
    http://a.test:18100/at-once http://b.test:18100/at-once
check "a redirect is one more request" at_least 200 --rate 10 --per-host-rate 10 \
    http://a.test:18100/there http://c.test:18100/at-once
polite --rate 1/h http://a.test:18100/at-once
exits "the end is not waited for as another request would be" 0
# a site that waits for the rate of its host does not delay others
{
    for ((i = 0; i < 4; i++)); do echo "http://a.test:18100/at-once/$i"; done
    for ((i = 0; i < 40; i++)); do echo "http://h$i.test:18100/at-once"; done
} >"$TMPDIR/some"
polite -f "$TMPDIR/some" --per-host-rate 4
check "a host that is asked four times per second does not hold back others" \
    before 'h[0-9]*\.test' 'a\.test.*/3"' "$out"
# nor does one whose site was taken before its turn, for a connection to it was idle
{
    echo "http://a.test:18100/at-once/1"
    for ((i = 0; i < 40; i++)); do echo "http://h$i.test:18100/at-once"; done
    echo "http://a.test:18100/at-once/2"
} >"$TMPDIR/some"
polite -f "$TMPDIR/some" -c 1 --per-host-rate 1
check "a site taken before its turn that has to wait does not hold back others" \
    before 'h[0-9]*\.test' 'a\.test.*/2"' "$out"

# --retry. Retry-After: 0 makes the tests short; without it the waits are half a second at least.
soon='rehearse-header="Retry-After: 0"'
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
http://moved.example/ rehearse-fail-first=1 rehearse-status=302 rehearse-header="Location: /next" $soon
http://moved.example/next rehearse-fail-first=2 $soon
C
fb fetch --rehearse -f "$LIST" --retry 2 --format json
exits "some cannot be fetched" 1
check "results with attempts fit the schema" valid fetch "$out"
# "url status code: what each attempt came to, and R for each redirect"
same "what is tried again, and how often" "http://backoff.example/ 200 -: 503
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
    "\(.url) \(.status) \(.error.code // "-"):\([.attempts[] | " " + (.error.code // "\(.status)")] | add // "")"' \
    "$out" | sort)"
check "Retry-After is waited for" jq -es 'map(select(.url | test("once"))) | length == 1 and
    all(.[]; .attempts[0].waited_ms == 1000)' "$out"
check "where nothing is reported, half a second to one, then twice as long" jq -es '
    map(select(.url | test("refused|servfail|stalls|reset"))) | length == 4 and
    all(.[].attempts; .[0].waited_ms >= 500 and .[0].waited_ms <= 1000
        and .[1].waited_ms >= 1000 and .[1].waited_ms <= 2000)' "$out"
# both lines fetch /next, which fails twice in all
check "attempts before and behind a redirect" jq -es '
    map(select(.url | test("moved.example/$"))) | length == 1 and all(.[];
        .status == 200 and .final_url == "http://moved.example/next" and
        [.redirects[].status] == [302] and .attempts[0].url == "http://moved.example/" and
        all(.attempts[1:][]; .url == "http://moved.example/next"))' "$out"
same "/next fails twice" 2 "$(jq '.attempts[].url' "$out" | grep -c /next)"
check "the result's times are those of the last attempt" jq -es '
    map(select(.url | test("once"))) | all(.[]; .elapsed_ms < 1000)' "$out"

# who rests holds neither a slot nor its host
conf <<'C'
http://one.example/first rehearse-fail-first=1 rehearse-header="Retry-After: 1"
http://one.example/second
http://two.example/
C
fb fetch --rehearse -f "$LIST" --retry 1 -c 1 --per-host 1 --format json
same "a site that rests lets others by" "http://one.example/second http://two.example/ http://one.example/first" \
    "$(jq -r .url "$out" | xargs)"
fb fetch --rehearse -f "$LIST" -c 1 --format json
same "no attempt without --retry" "503 0" "$(get '.status, (.attempts | length)' http://one.example/first | xargs)"
echo "http://twice.example/ rehearse-fail-first=2 $soon" | conf
fb fetch --rehearse -f "$LIST" --fail --retry 2
exits "with --fail a status that passes is no failure" 0
