# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# Shared by the comparisons: messages, pinning, one measured run, statistics and results. Sourced by
# compare.sh, which sets BUILD, FIRSTBYTE, PEERS, OUT, LIMIT_S and dir.

skip() { echo "  skipped: $1"; }
has() { command -v "$1" >/dev/null; }
title() { printf '\n%s\n' "$*"; }

# fail WHAT [FILE...] : reports a failed run, with the first lines of the files
fail() {
    echo "  failed: $1"
    shift
    [ $# = 0 ] || head -qn 5 "$@" | sed 's/^/    /'
    failed=1
}

# Whether FIRSTBYTE has the load generator; it may be an older version.
has_bench() { "$FIRSTBYTE" --help | grep -F 'firstbyte bench' >/dev/null; }

# ---- cores and programs -------------------------------------------------------------------------

# Sets `client_core` and `server_core`, empty if there is only one core, and `on_client`, a prefix
# for commands. Once.
choose_cores() {
    local cores
    [ -z "${client_core+chosen}" ] || return 0
    client_core='' server_core='' on_client=()
    has taskset || { skip "pinning: no taskset (Debian: util-linux)"; return; }
    cores=$(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
        awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }' | head -2)
    case $cores in
    *$'\n'*) client_core=${cores%$'\n'*} server_core=${cores#*$'\n'} ;;
    *) skip "pinning: only one core, shared with the server" ;;
    esac
    on_client=(${client_core:+taskset -c "$client_core"})
}

# Sets `gnu_time`, a prefix for commands that measures peak memory. Once.
choose_time() {
    [ -z "${gnu_time+chosen}" ] || return 0
    gnu_time=()
    if [ -x /usr/bin/time ]; then
        gnu_time=(/usr/bin/time -q -f %M -o "$dir/kib")
    else
        skip "peak memory: no GNU time (Debian: time)"
    fi
}

# build_peer NAME [LIBRARY...] : builds a peer, unless it exists
build_peer() {
    local name=$1
    shift
    [ "$PEERS/$name" -nt "bench/peers/$name.c" ] && return
    mkdir -p "$PEERS"
    "${CC:-cc}" -std=gnu11 -O2 -D_GNU_SOURCE -o "$PEERS/$name" "bench/peers/$name.c" "$@" \
        2>"$dir/cc.log"
}

# python_with MODULE : prints an interpreter that has the module
python_with() {
    local python
    for python in python3 /usr/bin/python3 /usr/local/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && echo "$python" && return
    done
    return 1
}

# ---- a run --------------------------------------------------------------------------------------

# measure COMMAND... : one run on the client's core, with standard input from $input and output in
# $dir/out and $dir/err. Sets user_s, system_s, wall_s and peak_kib (0: unknown) of all its threads.
# Returns its status.
measure() {
    local status TIMEFORMAT='%3U %3S %3R'
    echo 0 >"$dir/kib"
    { time timeout -k 5 "$LIMIT_S" "${on_client[@]}" "${gnu_time[@]}" "$@" \
        <"${input:-/dev/null}" >"$dir/out" 2>"$dir/err"; } 2>"$dir/times"
    status=$?
    read -r user_s system_s wall_s <"$dir/times"
    read -r peak_kib <"$dir/kib"
    return $status
}

# traced COMMAND... : like measure, but counts system calls in $dir/calls instead
traced() {
    timeout -k 5 "$LIMIT_S" "${on_client[@]}" strace -c -f -o "$dir/calls" "$@" \
        <"${input:-/dev/null}" >"$dir/out" 2>"$dir/err"
}

# counted COMMAND... : like measure, but sets `instructions` instead: the number that the command
# executed in user space, by callgrind
counted() {
    local status
    timeout -k 5 "$LIMIT_S" "${on_client[@]}" valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null --log-file="$dir/callgrind" "$@" \
        <"${input:-/dev/null}" >"$dir/out" 2>"$dir/err"
    status=$?
    instructions=$(sed -n 's/.* Collected : \([0-9]*\).*/\1/p' "$dir/callgrind")
    return $status
}

# rotated ROUND SUBJECT... : the order of a round; each round begins with another subject
rotated() {
    local first=$(($1 % ($# - 1)))
    shift
    echo "${@:first + 1}" "${@:1:first}"
}

# ---- statistics ---------------------------------------------------------------------------------

# Prints minimum, median and maximum of the numbers on standard input.
spread() {
    sort -g | awk '{ v[NR] = $1 }
        END { if (NR) printf "%s %s %s\n", v[1],
                  NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[NR] }'
}

# Prints only the median.
middle() { spread | cut -d' ' -f2; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'; }

# ---- results ------------------------------------------------------------------------------------

# write_json NAME : writes build/bench/NAME.json from the objects in $dir/NAME.runs, one a line
write_json() {
    [ -s "$dir/$1.runs" ] || return 0
    jq -s --arg name "$1" --arg date "$(date -u +%FT%TZ)" --arg kernel "$(uname -r)" \
        --arg machine "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
        --argjson cores "$(getconf _NPROCESSORS_ONLN)" \
        '{comparison: $name, date: $date, machine: $machine, cores: $cores, kernel: $kernel,
            runs: .}' \
        "$dir/$1.runs" >"$OUT/$1.json" || fail "cannot write $OUT/$1.json"
}

# chart NAME TITLE : writes build/bench/NAME.svg from the bars in $dir/NAME.bars (see chart.awk)
chart() {
    [ -s "$dir/$1.bars" ] || return 0
    awk -v title="$2" -f bench/compare/chart.awk "$dir/$1.bars" >"$OUT/$1.svg" ||
        fail "cannot write $OUT/$1.svg"
}

# bar NAME GROUP LABEL VALUE [MIN MAX] : adds a bar to a chart
bar() {
    local name=$1
    shift
    local IFS=$'\t'
    echo "$*" >>"$dir/$name.bars"
}
