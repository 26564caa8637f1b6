#!/bin/bash
# What `make bench` runs: firstbyte beside other ways of doing the same. Each comparison is a
# function below; it prints a table and writes build/bench/NAME.json. What is not installed is
# skipped and named. Exit status: 0, or 1 when a run failed. No goal is asserted here.
#
#   FIRSTBYTE=build/firstbyte   the program
#   PEERS=build/peers           where the peers were built; they are built there when missing
#   ROUNDS=5                    times that each subject runs; subjects take turns within a round
#   ONLY="race fetch calls"     which comparisons
#
# All traffic stays on loopback. CPU seconds are user and system time of the client alone, which is
# pinned to one core, the server to another. On loopback that includes the part of the server's TCP
# work that the kernel does while the client sends.
set -u
cd "$(dirname "$0")/.." || exit 3
. bench/nginx.sh

BUILD=${BUILD:-build}
FIRSTBYTE=${FIRSTBYTE:-$BUILD/firstbyte}
PEERS=${PEERS:-$BUILD/peers}
ROUNDS=${ROUNDS:-5}
ONLY=${ONLY:-race fetch calls}
URLS=10000
CONCURRENCY=256
LIMIT_S=180 # for one run
OUT=$BUILD/bench

dir=$(mktemp -d) || exit 3
failed=0
at_exit() {
    nginx_stop
    rm -rf "$dir"
}
trap at_exit EXIT
trap 'exit 130' INT TERM

skip() { echo "  skipped: $1"; }
has() { command -v "$1" >/dev/null; }
title() { printf '\n%s\n' "$1"; }

# ---- figures ------------------------------------------------------------------------------------

# The least, the median and the greatest of the numbers on standard input.
spread() {
    sort -g | awk '{ v[NR] = $1 }
        END { if (NR) printf "%s %s %s\n", v[1],
                  NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[NR] }'
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'; }

# ---- race: the sites of sites.conf, one after the other and at once -----------------------------

compare_race() {
    local runs=3 i line
    title "race --rehearse, sites.conf, $runs runs; seconds"
    for ((i = 0; i < runs; i++)); do
        line=$(timeout -k 5 "$LIMIT_S" "$FIRSTBYTE" race --rehearse --format json 2>"$dir/err" |
            grep -F '"firstbyte.race/1"')
        if [ -z "$line" ]; then
            echo "  run $((i + 1)) gave no result"
            cat "$dir/err"
            failed=1
            return
        fi
        echo "$line" >>"$dir/race"
    done
    { echo '['; sed '$!s/$/,/' "$dir/race"; echo ']'; } >"$OUT/race.json"
    sed -E 's/.*"sync_s":([0-9.]+),"async_s":([0-9.]+).*"slowest_s":([0-9.]+).*/\1 \2 \3/' \
        "$dir/race" | awk '{ print $1, $2, $1 / $2, $3, $2 / $3 }' >"$dir/race.rows"
    printf '  %-26s %10s %10s %10s\n' '' least median greatest
    i=0
    for line in 'blocking total' 'reactor total' 'times faster' 'slowest site' 'reactor / slowest'; do
        i=$((i + 1))
        # shellcheck disable=SC2046,SC2183 # three numbers in one expansion
        printf '  %-26s %10.4f %10.4f %10.4f\n' "$line" \
            $(awk -v column="$i" '{ print $column }' "$dir/race.rows" | spread)
    done
    echo "  goal: reactor / slowest at most 1.01"
}

# ---- fetch: many URLs on many addresses, beside libcurl -----------------------------------------

# Two cores of those we may use: `client` and `server`; empty where there is one only.
choose_cores() {
    local cores
    client='' server=''
    has taskset || { skip "pinning: no taskset (Debian: util-linux)"; return; }
    cores=$(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
        awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }' | head -2)
    case $cores in
    *$'\n'*) client=${cores%$'\n'*} server=${cores#*$'\n'} ;;
    *) skip "pinning: one core only, the server shares it" ;;
    esac
}

build_peer() {
    [ "$PEERS/multi" -nt bench/peers/multi.c ] && return
    mkdir -p "$PEERS"
    "${CC:-cc}" -std=gnu11 -O2 -D_GNU_SOURCE -o "$PEERS/multi" bench/peers/multi.c -lcurl \
        2>"$dir/cc.log"
}

# list SCHEME PORT : URL i on address i mod NGINX_ADDRESSES
list() {
    local i address=()
    for ((i = 0; i < NGINX_ADDRESSES; i++)); do
        address[i]=$(nginx_address "$i")
    done
    for ((i = 0; i < URLS; i++)); do
        echo "$1://${address[i % NGINX_ADDRESSES]}:$2/10k.bin?$i"
    done
}

# Sets `command` to how a subject fetches a list.
command_of() {
    local subject=$1 list=$2
    case $subject in
    firstbyte)
        command=("$FIRSTBYTE" fetch -k -f "$list" -c "$CONCURRENCY" --format json) ;;
    firstbyte-order) # no site before its turn: a connection for nearly each, as in libcurl
        command=("$FIRSTBYTE" fetch -k -f "$list" -c "$CONCURRENCY" --format json --order input) ;;
    libcurl-*) # as many connections kept as firstbyte keeps; for libcurl, the cheaper setting
        command=("$PEERS/multi" -k --loop "${subject#*-}" --max-idle "$CONCURRENCY" "$CONCURRENCY") ;;
    esac
}

# run SUBJECT SCHEME : one measured run, a line "SUBJECT cpu user sys wall kib" in $dir/SCHEME.rows
run() {
    local subject=$1 scheme=$2 list=$dir/$2.list status command
    local TIMEFORMAT='%3U %3S %3R'
    command_of "$subject" "$list"
    echo 0 >"$dir/kib"
    { time timeout -k 5 "$LIMIT_S" ${client:+taskset -c "$client"} "${gnu_time[@]}" "${command[@]}" \
        <"$list" >/dev/null 2>"$dir/err"; } 2>"$dir/times"
    status=$?
    if [ "$status" != 0 ]; then
        echo "  $subject, $scheme: exit status $status"
        head -5 "$dir/err"
        failed=1
        return
    fi
    awk -v subject="$subject" -v kib="$(cat "$dir/kib")" \
        '{ print subject, $1 + $2, $1, $2, $3, kib }' "$dir/times" >>"$dir/$scheme.rows"
}

# column SUBJECT SCHEME NUMBER
column() { awk -v s="$1" -v n="$3" '$1 == s { print $n }' "$dir/$2.rows"; }

# middle SUBJECT SCHEME NUMBER : the median alone
middle() { column "$@" | spread | cut -d' ' -f2; }

fetch_table() {
    local scheme=$1 subject least median most
    printf '  %-16s %8s %15s %7s %7s %7s %7s %10s %8s\n' "$scheme" 'CPU s' 'least-greatest' user sys \
        wall MiB '/ perform' '/ epoll'
    for subject in "${subjects[@]}"; do
        read -r least median most <<<"$(column "$subject" "$scheme" 2 | spread)"
        [ -n "${median:-}" ] || continue
        printf '  %-16s %8.3f %15s %7.3f %7.3f %7.2f %7.1f %10s %8s\n' "$subject" "$median" \
            "$(printf '%.2f-%.2f' "$least" "$most")" "$(middle "$subject" "$scheme" 3)" \
            "$(middle "$subject" "$scheme" 4)" "$(middle "$subject" "$scheme" 5)" \
            "$(middle "$subject" "$scheme" 6 | awk '{ print $1 / 1024 }')" \
            "$(ratio "$median" "$(middle libcurl-perform "$scheme" 2)")" \
            "$(ratio "$median" "$(middle libcurl-epoll "$scheme" 2)")"
    done
}

fetch_json() {
    awk -v urls="$URLS" -v concurrency="$CONCURRENCY" '
        { printf "%s{\"subject\":\"%s\",\"scheme\":\"%s\",\"urls\":%d,\"concurrency\":%d," \
                 "\"cpu_s\":%.3f,\"user_s\":%.3f,\"system_s\":%.3f,\"wall_s\":%.3f,\"peak_kib\":%d}", \
                 (NR > 1 ? ",\n" : "[\n"), $1, $7, urls, concurrency, $2, $3, $4, $5, $6 }
        END { print "\n]" }' \
        <(sed 's/$/ http/' "$dir/http.rows") <(sed 's/$/ https/' "$dir/https.rows") >"$OUT/fetch.json"
}

# What fetch and calls both need: a server, the lists and the subjects. Once.
prepare_fetch() {
    [ -z "${prepared:-}" ] || return "$prepared"
    prepared=1
    has nginx || { skip "no nginx (Debian: nginx-light)"; return 1; }
    has openssl || { skip "no openssl to make a certificate with"; return 1; }
    choose_cores
    subjects=(firstbyte firstbyte-order)
    if build_peer; then
        subjects+=(libcurl-perform libcurl-epoll)
    else
        skip "the peer: multi.c does not build (Debian: libcurl4-openssl-dev)"
        sed -n 1,3p "$dir/cc.log"
    fi
    nginx_start "$dir" "$server" || { failed=1; return 1; }
    list http "$NGINX_HTTP" >"$dir/http.list"
    list https "$NGINX_HTTPS" >"$dir/https.list"
    prepared=0
}

compare_fetch() {
    local scheme round subject gnu_time=()
    title "fetch: $URLS URLs of 10 KB on $NGINX_ADDRESSES addresses, $CONCURRENCY at once, $ROUNDS rounds; medians"
    prepare_fetch || return
    if [ -x /usr/bin/time ]; then
        gnu_time=(/usr/bin/time -q -f %M -o "$dir/kib")
    else
        skip "peak memory: no GNU time (Debian: time)"
    fi
    for scheme in http https; do
        : >"$dir/$scheme.rows"
        for ((round = 0; round < ROUNDS; round++)); do
            for subject in "${subjects[@]}"; do
                run "$subject" "$scheme"
                sleep 0.3 # the server closes what the client left
            done
        done
        fetch_table "$scheme"
    done
    echo "  goal: at most 0.30 of libcurl, under 24 MiB"
    fetch_json
}

# ---- calls: the system calls of the same runs, counted and not timed ----------------------------

calls_table() {
    awk -v urls="$URLS" -v subject="$1" -v scheme="$2" '
        $1 ~ /^[0-9.]+$/ && $NF != "total" { n = $4 / urls; sum += n
            if (n >= 0.005) text = text sprintf(" %s %.2f", $NF, n) }
        END { printf "  %-5s %-16s %6.2f =%s\n", scheme, subject, sum, text }' "$3"
}

calls_json() {
    awk -v subject="$1" -v scheme="$2" -v urls="$URLS" '
        $1 ~ /^[0-9.]+$/ && $NF != "total" { text = text sprintf("%s\"%s\":%d", (text ? "," : ""), $NF, $4) }
        END { printf "{\"subject\":\"%s\",\"scheme\":\"%s\",\"urls\":%d,\"calls\":{%s}}\n", subject, \
                     scheme, urls, text }' "$3"
}

compare_calls() {
    local scheme subject command list
    title "calls: system calls for each URL, the whole run divided by $URLS"
    has strace || { skip "no strace (Debian: strace)"; return; }
    prepare_fetch || return
    for scheme in http https; do
        for subject in "${subjects[@]}"; do
            list=$dir/$scheme.list
            command_of "$subject" "$list"
            if timeout -k 5 "$LIMIT_S" strace -c -f -o "$dir/calls" "${command[@]}" \
                <"$list" >/dev/null 2>"$dir/err"; then
                calls_table "$subject" "$scheme" "$dir/calls"
                calls_json "$subject" "$scheme" "$dir/calls" >>"$dir/calls.json"
            else
                echo "  $subject, $scheme: did not finish under strace"
                head -5 "$dir/err"
                failed=1
            fi
        done
    done
    { echo '['; sed '$!s/$/,/' "$dir/calls.json"; echo ']'; } >"$OUT/calls.json"
}

# ---- the program --------------------------------------------------------------------------------

[ -x "$FIRSTBYTE" ] || { echo "no $FIRSTBYTE: run make first" >&2; exit 3; }
mkdir -p "$OUT" || exit 3
for comparison in $ONLY; do
    case $comparison in
    race | fetch | calls) "compare_$comparison" ;;
    *) echo "no such comparison: $comparison" >&2; exit 2 ;;
    esac
done
exit "$failed"
