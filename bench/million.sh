#!/bin/bash
# Fetches a million URLs in one run: memory, CPU time, and whether each URL has a result.
#
#   FIRSTBYTE=build/firstbyte           the program
#   N=1000000 NAMES=60000               number of URLs, and of names in the embedded nameserver
#   CONCURRENCY=1000
#   ORDERS="round-robin grouped"        round-robin: consecutive URLs have different names, so each
#                                       needs a lookup and a connection; grouped: the URLs of a name
#                                       are consecutive
#
# The origin is a separate process, so the client is measured alone. Both are sampled once per
# second.
# Exit status: 0 if every URL has one result and none failed, otherwise 1. Connections are limited
# by the client's ports: there are 28,232 by default, and each stays in TIME_WAIT for a minute. On
# loopback the kernel reuses a port after a second (net.ipv4.tcp_tw_reuse is 2 by default), so the
# limit here is 28,000 connections per second; to one address and port of another machine it is 470.
set -u
cd "$(dirname "$0")/.." || exit 3

FIRSTBYTE=${FIRSTBYTE:-build/firstbyte}
N=${N:-1000000} NAMES=${NAMES:-60000} CONCURRENCY=${CONCURRENCY:-1000}
ORDERS=${ORDERS:-round-robin grouped}

dir=$(mktemp -d) || exit 3
origin='' client='' failed=0
at_exit() {
    local pid
    for pid in $client $origin; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap at_exit EXIT
trap 'exit 130' INT TERM

start_origin() {
    local i
    "$FIRSTBYTE" origin -f /dev/null >"$dir/origin" &
    origin=$!
    for ((i = 0; i < 100; i++)); do
        grep -q END "$dir/origin" && break
        sleep 0.1
    done
    nameserver=$(sed -n 's/^nameserver //p' "$dir/origin")
    port=$(sed -n 's/^http .*://p' "$dir/origin")
    [ -n "$port" ] || { echo "the origin did not start" >&2; exit 3; }
}

list() {
    awk -v n="$N" -v names="$NAMES" -v port="$port" -v order="$1" 'BEGIN {
        each = int((n + names - 1) / names)
        for (i = 0; i < n; i++)
            print "http://n" (order == "grouped" ? int(i / each) : i % names) ".example:" port "/" i
    }'
}

# memory PID : "now max" in KiB
memory() {
    awk '/^VmHWM/ { max = $2 } /^VmRSS/ { now = $2 } END { print now + 0, max + 0 }' \
        "/proc/$1/status" 2>/dev/null
}
# CPU seconds of a running process
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ printf "%.2f", ($14 + $15) / hz }' "/proc/$1/stat"; }

# run ORDER : rows "second client-now client-max origin-now origin-max" in $dir/samples
run() {
    local second=0 TIMEFORMAT='%U %S %R' sample
    list "$1" >"$dir/list"
    rm -f "$dir/results"
    : >"$dir/samples"
    {
        time "$FIRSTBYTE" fetch --dns-servers "$nameserver" -f "$dir/list" -c "$CONCURRENCY" \
            --format json -o "$dir/results" -q 2>"$dir/err"
        echo $? >"$dir/status"
    } 2>"$dir/times" &
    client=
    runner=$!
    while kill -0 $runner 2>/dev/null; do
        [ -n "$client" ] || read -r client <"/proc/$runner/task/$runner/children"
        sample=$(memory "${client:-none}")
        [ "${sample:-0 0}" = "0 0" ] || echo "$second $sample $(memory $origin)" >>"$dir/samples"
        second=$((second + 1))
        sleep 1
    done
    wait $runner
    client=
}

report() {
    local results distinct bad user system wall before=$2
    read -r user system wall <"$dir/times"
    results=$(wc -l <"$dir/results")
    distinct=$(sed -E 's/^.*"url":"([^"]*)".*/\1/' "$dir/results" | LC_ALL=C sort -u | wc -l)
    bad=$(grep -vc '"error":null' "$dir/results")
    printf '%s: %d URLs on %d names, %d at once\n' "$1" "$N" "$NAMES" "$CONCURRENCY"
    printf '  %-10s %d, of %d URLs, %d failed; exit status %d\n' \
        results "$results" "$distinct" "$bad" "$(cat "$dir/status")"
    awk -v n="$N" -v user="$user" -v kernel="$system" -v wall="$wall" -v origin="$(cpu $origin)" \
        -v before="$before" 'BEGIN {
        printf "  %-10s %.1f s, %.0f URLs per second\n", "wall", wall, n / wall
        printf "  %-10s client %.1f s (%.1f user, %.1f system), %.1f us a URL; origin %.1f s\n",
            "CPU", user + kernel, user, kernel, (user + kernel) / n * 1e6, origin - before }'
    awk '{ min = $1 >= 60 && (!min || $2 < min) ? $2 : min; if ($1 >= 60 && $2 > max) max = $2
           client = $3 > client ? $3 : client; origin = $5 > origin ? $5 : origin }
        END { printf "  %-10s client %.1f MiB at most; ", "memory", client / 1024
              if (max) printf "after the first minute %.1f to %.1f; ", min / 1024, max / 1024
              printf "origin %.1f\n", origin / 1024 }' "$dir/samples"
    awk -v every="$(($(wc -l <"$dir/samples") / 10 + 1))" 'NR % every == 1 || every == 1 {
        text = text sprintf(" %d:%.1f", $1, $2 / 1024) }
        END { print "  MiB at second" text }' "$dir/samples"
    if [ "$bad" != 0 ]; then
        grep -o '"code":"[^"]*"' "$dir/results" | sort | uniq -c | sed 's/^/  /'
    fi
    [ "$results" = "$N" ] && [ "$distinct" = "$N" ] && [ "$bad" = 0 ] || failed=1
}

[ -x "$FIRSTBYTE" ] || { echo "no $FIRSTBYTE: run make first" >&2; exit 3; }
start_origin
for order in $ORDERS; do
    before=$(cpu $origin)
    run "$order"
    report "$order" "$before"
done
exit $failed
