#!/bin/bash
# A race of the sites.conf of the project, rehearsed: first blocking, then asynchronous; as text and
# as JSON.
. "$(dirname "$0")/lib.bash"
cd "$E2E/../.." || exit 1

# each site: the URL, the rehearsed latency (us), the first ten characters of the body
sites=$(
    sed -nE \
        's/^(https?:[^ ]+) +rehearse-delay=([0-9]+)us +rehearse-body="((\\"|[^"])*)".*/\1 \2 \3/p' \
        sites.conf | while read -r url delay body; do
        body=${body//\\\"/\"}
        printf '%s %s %s\n' "$url" "$delay" "${body:0:10}"
    done
)

fb race --rehearse
exits "a race: exit status" 0
same "a race: nothing on standard error" "" "$(cat "$err")"
mapfile -t lines <"$out"
same "a race: seven sites twice, two headings, three totals" 19 "${#lines[@]}"
same "the first heading" "Running synchronous example" "${lines[0]}"
same "the second heading" "Running asynchronous example" "${lines[8]}"

# lines_of FROM TO : URL, truncated or padded to 30 characters, snippet, and latency in us
line='^(.{30}): (.{10}) in ([0-9]+):([0-5][0-9]):([0-5][0-9])\.([0-9]{6})s$'
lines_of() {
    local i
    for ((i = $1; i <= $2; i++)); do
        if [[ ${lines[i]} =~ $line ]]; then
            printf '%s|%s|%d\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" \
                $((10#${BASH_REMATCH[4]} * 60000000 + 10#${BASH_REMATCH[5]} * 1000000 + \
                10#${BASH_REMATCH[6]}))
        else
            echo "not the line of a site: ${lines[i]}"
        fi
    done
}
wanted() {
    while IFS=' ' read -r url _; do printf '%-30.30s\n' "$url"; done <<<"$sites" |
        paste -d'|' - <(cut -d' ' -f3- <<<"$sites")
}
# not_early : the latency of each of the seven lines is at least that in sites.conf
not_early() {
    local shown snippet took url delay count=0
    while IFS='|' read -r shown snippet took; do
        while read -r url delay _; do
            [ "$(printf '%-30.30s' "$url")" = "$shown" ] || continue
            count=$((count + 1))
            [ "$took" -ge "$delay" ] || { echo "$url: $took us, under $delay"; return 1; }
        done <<<"$sites"
    done
    [ $count = 7 ]
}
same "the synchronous half: the order of the list" "$(wanted)" "$(lines_of 1 7 | cut -d'|' -f1,2)"
same "the asynchronous half: every site once" "$(wanted | sort)" \
    "$(lines_of 9 15 | cut -d'|' -f1,2 | sort)"
check "the synchronous half: no latency is under the rehearsed one" not_early < <(lines_of 1 7)
check "the asynchronous half: no latency is under the rehearsed one" not_early < <(lines_of 9 15)
same "the asynchronous half: lines are printed when their sites finish" \
    "$(lines_of 9 15 | cut -d'|' -f3 | sort -n)" \
    "$(lines_of 9 15 | cut -d'|' -f3)"
same "the rehearsed latencies" \
    "166793 172367 798940 883083 991291 1464526 1479646" \
    "$(cut -d' ' -f2 <<<"$sites" | sort -n | xargs)"
check "sites over http and over https" \
    awk '/^http:/ { a++ } /^https:/ { b++ } END { exit !(a && b) }' \
    <<<"$sites"

# the closing lines
[[ ${lines[16]} =~ ^Synchronous\ example\ took\ ([0-9]+\.[0-9]{6})\ seconds$ ]] &&
    sync=${BASH_REMATCH[1]}
[[ ${lines[17]} =~ ^Asynchronous\ example\ took\ ([0-9]+\.[0-9]{6})\ seconds$ ]] &&
    async=${BASH_REMATCH[1]}
last='^([0-9]+\.[0-9]{2})x faster; the slowest site alone took ([0-9]+\.[0-9]{6}) seconds, '
last+='so at most about ([0-9]+\.[0-9])x is possible$'
[[ ${lines[18]} =~ $last ]] &&
    speedup=${BASH_REMATCH[1]} slowest=${BASH_REMATCH[2]} bound=${BASH_REMATCH[3]}
holds() { jq -en "${sync-0} as \$sync | ${async-0} as \$async | ${speedup-0} as \$speedup |
    ${slowest-0} as \$slowest | ${bound-0} as \$bound | $1"; }
check "the totals are positive numbers" holds \
    '$sync > 0 and $async > 0 and $speedup > 0 and $bound > 0'
check "the speedup is the synchronous time divided by the asynchronous time" holds \
    '$speedup - $sync / $async | fabs < 0.0051'
check "the bound is the synchronous time divided by that of the slowest site" holds \
    '$bound - $sync / $slowest | fabs < 0.051'
check "the times are at least the sum and the maximum of the rehearsed latencies" \
    holds '$sync >= 5.956646 and $async >= 1.479646 and $slowest >= 1.479646'

fb race --rehearse --format json
exits "a race as JSON: exit status" 0
head -n 14 "$out" >"$TMPDIR/sites.json"
tail -n +15 "$out" >"$TMPDIR/totals.json"
check "a race as JSON: the sites fit the schema" valid fetch "$TMPDIR/sites.json"
check "a race as JSON: the totals fit the schema" valid race "$TMPDIR/totals.json"
same "a race as JSON: one line of totals" 1 "$(wc -l <"$TMPDIR/totals.json")"
same "a race as JSON: first the blocking half, then the asynchronous half" "7 blocking 7 reactor" \
    "$(jq -r .mode "$TMPDIR/sites.json" | uniq -c | xargs)"
check "a race as JSON: the totals are consistent" \
    jq -e '(.speedup - .sync_s / .async_s | fabs < 0.001) and
    (.bound - .sync_s / .slowest_s | fabs < 0.001)' "$TMPDIR/totals.json"
check "a race as JSON: sync_s is at least the sum of the blocking half" jq -en '
    [inputs] | ([.[:14][] | select(.mode == "blocking") | .timings | add] | add) as $sum
    | .[14].sync_s * 1000 | . >= $sum' "$out"
check "a race as JSON: every site is fetched in both halves" jq -es '
    length == 14 and all(.[]; .error == null and .status == 200 and .body_bytes > 10)' \
    "$TMPDIR/sites.json"

conf <<'C'
http://late.example/ rehearse-delay=200ms
http://soon.example/ rehearse-delay=1ms
C
fb race --rehearse -f "$LIST" --order input --format json
same "--order input in a race" "http://late.example/ http://soon.example/" \
    "$(jq -r 'select(.mode == "reactor").url' "$out" | xargs)"

conf <<'C'
http://a.example/ rehearse-body=a
http://b.example/ rehearse-fault=wait-close
C
fb race --rehearse -f "$LIST"
exits "a race with a failed site: exit status" 1
same "a race with a failed site: both halves report it" 2 \
    "$(grep -c 'error: connection closed without response in 0:' "$out")"
check "a race with a failed site: the totals are printed" grep -q '^Asynchronous .* took' "$out"
check "a race with a failed site: the ratio of the times" \
    grep -qE '^([0-9.]+x (faster|slower)|equally fast)' "$out"
fb race --rehearse http://a.example/ http://b.example/
exits "a race of URLs" 0
http_proxy=http://127.0.0.1:1 fb race --format json --fields error.code,proxy http://127.0.0.1:1/
same "a race uses no proxy of the environment in either half" \
    '{"error.code":"connect.refused","proxy":null}' \
    "$(head -n 2 "$out" | sort -u)"
fb race --rehearse -f - <"$LIST"
exits "a race of standard input is refused, because it must be read twice" 2
mkfifo "$TMPDIR/fifo"
start writer sh -c 'echo http://a.example/ >"$0"' "$TMPDIR/fifo"
fb race --rehearse -f "$TMPDIR/fifo"
exits "a race of a named pipe is refused" 2
