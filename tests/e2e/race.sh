#!/bin/bash
# The main job: the shipped sites.conf, rehearsed, blocking and then at once, as text and as JSON.
. "$(dirname "$0")/lib.bash"
cd "$E2E/../.." || exit 1

# each site: the URL, the latency that is rehearsed (us), the first ten characters of its body
sites=$(
    sed -nE 's/^(https?:[^ ]+) +rehearse-delay=([0-9]+)us +rehearse-body="((\\"|[^"])*)".*/\1 \2 \3/p' \
        sites.conf | while read -r url delay body; do
        body=${body//\\\"/\"}
        printf '%s %s %s\n' "$url" "$delay" "${body:0:10}"
    done
)

fb race --rehearse
exits "a race ends with 0" 0
same "a race says nothing on standard error" "" "$(cat "$err")"
mapfile -t lines <"$out"
same "seven sites twice, two headings, three totals" 19 "${#lines[@]}"
same "the first heading" "Running synchronous example" "${lines[0]}"
same "the second heading" "Running asynchronous example" "${lines[8]}"

# lines_of FROM TO : the URL, cut and padded to 30, the snippet, the latency in us
line='^(.{30}): (.{10}) in ([0-9]+):([0-5][0-9]):([0-5][0-9])\.([0-9]{6})s$'
lines_of() {
    local i
    for ((i = $1; i <= $2; i++)); do
        if [[ ${lines[i]} =~ $line ]]; then
            printf '%s|%s|%d\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" \
                $(((10#${BASH_REMATCH[4]} * 60 + 10#${BASH_REMATCH[5]}) * 1000000 + 10#${BASH_REMATCH[6]}))
        else
            echo "no line of a site: ${lines[i]}"
        fi
    done
}
wanted() {
    while IFS=' ' read -r url _; do printf '%-30.30s\n' "$url"; done <<<"$sites" |
        paste -d'|' - <(cut -d' ' -f3- <<<"$sites")
}
# no site answers before its time, and none takes over a second more
in_time() {
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
same "the synchronous half, in the list's order" "$(wanted)" "$(lines_of 1 7 | cut -d'|' -f1,2)"
same "the asynchronous half, every site once" "$(wanted | sort)" \
    "$(lines_of 9 15 | cut -d'|' -f1,2 | sort)"
check "no synchronous answer comes before its time" in_time < <(lines_of 1 7)
check "no asynchronous answer comes before its time" in_time < <(lines_of 9 15)
same "asynchronous lines come as sites finish" "$(lines_of 9 15 | cut -d'|' -f3 | sort -n)" \
    "$(lines_of 9 15 | cut -d'|' -f3)"
same "the rehearsed latencies" \
    "166793 172367 798940 883083 991291 1464526 1479646" \
    "$(cut -d' ' -f2 <<<"$sites" | sort -n | xargs)"
check "sites over http and over https" awk '/^http:/ { a++ } /^https:/ { b++ } END { exit !(a && b) }' \
    <<<"$sites"

# the closing lines
[[ ${lines[16]} =~ ^Synchronous\ example\ took\ ([0-9]+\.[0-9]{6})\ seconds$ ]] && sync=${BASH_REMATCH[1]}
[[ ${lines[17]} =~ ^Asynchronous\ example\ took\ ([0-9]+\.[0-9]{6})\ seconds$ ]] && async=${BASH_REMATCH[1]}
last='^([0-9]+\.[0-9]{2})x faster; the slowest site alone took ([0-9]+\.[0-9]{6}) seconds, '
last+='so at most ([0-9]+\.[0-9]{2})x is possible$'
[[ ${lines[18]} =~ $last ]] &&
    speedup=${BASH_REMATCH[1]} slowest=${BASH_REMATCH[2]} bound=${BASH_REMATCH[3]}
holds() { jq -en "${sync-0} as \$sync | ${async-0} as \$async | ${speedup-0} as \$speedup |
    ${slowest-0} as \$slowest | ${bound-0} as \$bound | $1"; }
check "the totals have their shape" holds '$sync > 0 and $async > 0 and $speedup > 0 and $bound > 0'
check "the speedup is sync by async" holds '$speedup - $sync / $async | fabs < 0.0051'
check "the bound is sync by the slowest" holds '$bound - $sync / $slowest | fabs < 0.0051'
check "sync is at least the sum, async at least the slowest" \
    holds '$sync >= 5.956646 and $async >= 1.479646 and $slowest >= 1.479646'

fb race --rehearse --format json
exits "a race as JSON ends with 0" 0
head -n 14 "$out" >"$TMPDIR/sites.json"
tail -n +15 "$out" >"$TMPDIR/totals.json"
check "its sites fit the schema" valid fetch "$TMPDIR/sites.json"
check "its last line fits the schema" valid race "$TMPDIR/totals.json"
same "one line of totals" 1 "$(wc -l <"$TMPDIR/totals.json")"
same "first the blocking half, then the reactor's" "7 blocking 7 reactor" \
    "$(jq -r .mode "$TMPDIR/sites.json" | uniq -c | xargs)"
check "JSON's totals are consistent" jq -e '(.speedup - .sync_s / .async_s | fabs < 0.001) and
    (.bound - .sync_s / .slowest_s | fabs < 0.001)' "$TMPDIR/totals.json"
check "JSON's sync is at least the sum of its sites" jq -en '
    [inputs] | ([.[:14][] | select(.mode == "blocking") | .timings | add] | add) as $sum
    | .[14].sync_s * 1000 | . >= $sum' "$out"
check "every site was fetched in both halves" jq -es '
    length == 14 and all(.[]; .error == null and .status == 200 and .body_bytes > 10)' \
    "$TMPDIR/sites.json"

conf <<'C'
http://late.example/ rehearse-delay=200ms
http://soon.example/ rehearse-delay=1ms
C
fb race --rehearse -f "$LIST" --order input --format json
same "--order input holds in a race" "http://late.example/ http://soon.example/" \
    "$(jq -r 'select(.mode == "reactor").url' "$out" | xargs)"

conf <<'C'
http://a.example/ rehearse-body=a
http://b.example/ rehearse-fault=wait-close
C
fb race --rehearse -f "$LIST"
exits "a race with a failed site ends with 1" 1
same "both halves tell of it" 2 "$(grep -c 'error: connection closed without response in 0:' "$out")"
check "its totals are there all the same" grep -q 'x is possible$' "$out"
fb race --rehearse http://a.example/ http://b.example/
exits "a race of URLs" 0
http_proxy=http://127.0.0.1:1 fb race --format json --fields error.code,proxy http://127.0.0.1:1/
same "no proxy of the environment gets into one half" '{"error.code":"connect.refused","proxy":null}' \
    "$(head -n 2 "$out" | sort -u)"
fb race --rehearse -f - <"$LIST"
exits "a race of standard input is refused: it is read twice" 2
mkfifo "$TMPDIR/fifo"
start writer sh -c 'echo http://a.example/ >"$0"' "$TMPDIR/fifo"
fb race --rehearse -f "$TMPDIR/fifo"
exits "so is a race of a pipe" 2
