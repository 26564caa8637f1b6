#!/bin/bash
# A crowd of sites of which a third misbehave, each in one of the embedded origin's ways, and whether
#
#   codes      each ends with the error that its fault calls for
#   deadlines  none ends later than its limit and 50 ms, and none before its limit
#   healthy    the others are no slower than without them
#
# For the last, the list is fetched as it is, without those that misbehave, and with all of them well,
# by turns; the healthy ones arrive at the same rate in each. The report is for people; exit status 0
# where codes and deadlines hold, or 1.
#
#   FIRSTBYTE=build/firstbyte   the program
#   N=20000 SEED=1              sites, and what is drawn for them
#   RATE=400                    requests a second; at -c CONCURRENCY=500 no site waits for a slot
#   ROUNDS=2                    times that each of the three is run
#
# What limits is TLS: a handshake costs the client and the origin a millisecond of a core and more, and
# nearly half of those that misbehave need one; at 400 a second both are busy for four tenths of the
# time. Who comes meanwhile waits for them, and that is the difference between the first row and the
# second: those that stay silent cost nothing. The third row has the same handshakes without the faults.
set -u
cd "$(dirname "$0")/.." || exit 3

FIRSTBYTE=${FIRSTBYTE:-build/firstbyte}
N=${N:-20000} SEED=${SEED:-1} RATE=${RATE:-400} CONCURRENCY=${CONCURRENCY:-500} ROUNDS=${ROUNDS:-2}
SLACK_MS=50
PHASE_MS=500 TOTAL_MS=2000
limits=(-T "${TOTAL_MS}ms" --dns-timeout "${PHASE_MS}ms" --connect-timeout "${PHASE_MS}ms"
    --tls-timeout "${PHASE_MS}ms" --ttfb-timeout "${PHASE_MS}ms")

dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
failed=0

# run NAME RATE : fetches $dir/NAME.list, rows "url wanted got elapsed phase-of-the-limit" in $dir/NAME.rows
run() {
    "$FIRSTBYTE" fetch --rehearse -f "$dir/$1.list" -c "$CONCURRENCY" --rate "$2" "${limits[@]}" \
        --per-host 0 --format json >"$dir/$1.json" 2>"$dir/err"
    if [ $? -gt 1 ]; then
        cat "$dir/err"
        exit 3
    fi
    jq -r '(.error.code // "-") as $code | [.url, "\($code)/\(.error.phase // "-")", .elapsed_ms,
        ({"dns.timeout": .timings.dns, "connect.timeout": .timings.connect, "tls.timeout": .timings.tls,
          "timeout.ttfb": .timings.wait}[$code] // "-")] | join(" ")' "$dir/$1.json" |
        awk '{ wanted = $1; sub("^https?://[^/]*/", "", wanted); print $1, wanted, $2, $3, $4 }' \
            >"$dir/$1.rows"
}

check_codes() {
    local wrong
    wrong=$(awk '$2 != $3 { print "    " $1 ": " $3 }' "$dir/mix.rows")
    printf '  codes: %d results for %d sites, %d with another error than their fault calls for\n' \
        "$(wc -l <"$dir/mix.rows")" "$(wc -l <"$dir/mix.list")" "$(grep -c . <<<"$wrong")"
    [ -z "$wrong" ] || { head -10 <<<"$wrong"; failed=1; }
    [ "$(cut -d' ' -f1 "$dir/mix.rows" | sort -u | wc -l)" = "$(wc -l <"$dir/mix.list")" ] || failed=1
}

# how late, in milliseconds, what ended at a limit was
check_deadlines() {
    awk -v phase=$PHASE_MS -v total=$TOTAL_MS '
        $5 != "-" { print $5 - phase, $3 }
        $3 ~ /^timeout.total/ { print $4 - total, $3 }
        $4 > total { print $4 - total, "all" }' "$dir/mix.rows" | sort -g >"$dir/late"
    awk -v slack=$SLACK_MS '{ late[NR] = $1; if ($1 < 0) early++; if ($1 > slack) over++ }
        END { printf "  deadlines: %d passed, by %.1f ms at most (median %.1f, p99 %.1f); %d early, " \
                     "%d later than %d ms\n", NR, late[NR], late[int((NR + 1) / 2)],
                     late[int(NR * 0.99)], early, over, slack
              exit early || over }' "$dir/late" || { tail -3 "$dir/late" | sed 's/^/    /'; failed=1; }
}

# quantiles NAME SCHEME : of the elapsed times of the healthy
quantiles() {
    awk -v scheme="$2:" 'index($1, scheme) == 1 && $1 ~ /\/-\/-$/ && $3 == "-/-" { print $4 }' \
        "$dir/$1.healthy" | sort -g | awk '{ v[NR] = $1 }
        END { printf "%8.2f %8.2f %8.2f %8d", v[int((NR + 1) / 2)], v[int(NR * 0.9)], v[int(NR * 0.99)], NR }'
}

[ -x "$FIRSTBYTE" ] || { echo "no $FIRSTBYTE: run make first" >&2; exit 3; }
awk -v sites="$N" -v seed="$SEED" -f bench/mix.awk >"$dir/mix.list"
awk -v sites="$N" -v seed="$SEED" -v others=none -f bench/mix.awk >"$dir/alone.list"
awk -v sites="$N" -v seed="$SEED" -v others=well -f bench/mix.awk >"$dir/well.list"
grep -F rehearse-delay "$dir/mix.list" | cut -d' ' -f1 | sort >"$dir/healthy"
alone_rate=$(awk -v rate="$RATE" -v all="$N" -v some="$(wc -l <"$dir/alone.list")" \
    'BEGIN { printf "%.3f", rate * some / all }')
echo "$N sites, $(($(wc -l <"$dir/mix.list") - $(wc -l <"$dir/alone.list"))) of them misbehave;" \
    "seed $SEED, $RATE a second, $CONCURRENCY at once"
for ((round = 1; round <= ROUNDS; round++)); do
    run mix "$RATE"
    check_codes
    check_deadlines
    run alone "$alone_rate"
    run well "$RATE"
    for name in mix alone well; do
        sort "$dir/$name.rows" | join - "$dir/healthy" >>"$dir/$name.healthy"
    done
done
printf '  healthy, ms      %8s %8s %8s %8s\n' median p90 p99 sites
for scheme in http https; do
    printf '  %-5s as listed   %s\n' $scheme "$(quantiles mix $scheme)"
    printf '  %-5s alone       %s\n' $scheme "$(quantiles alone $scheme)"
    printf '  %-5s all well    %s\n' $scheme "$(quantiles well $scheme)"
done
exit $failed
