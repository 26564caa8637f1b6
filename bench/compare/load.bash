# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# load: one small page at the maximum rate, with every installed load generator: requests per
# second, CPU time, system calls and instructions per request, memory. Ratios are to wrk in the same
# round.

SCENARIOS="plain https new-plain new-https"
BASE=wrk
TRACED_S=2 # seconds of a run whose system calls are counted
# requests of the two runs whose instructions are counted
COUNTED_FEW=2000
COUNTED_MANY=12000

scenario_name() {
    case $1 in
    plain)     echo "http, kept alive" ;;
    https)     echo "https, kept alive" ;;
    new-plain) echo "http, a new connection for each request" ;;
    new-https) echo "https, a new connection for each request" ;;
    esac
}

# load_url SUBJECT SCENARIO : sets `url`
load_url() {
    case $1/$2 in
    firstbyte-resumed/*) server_url https ;;
    */new-https)         server_url https new ;;
    */https)             server_url https ;;
    *)                   server_url http ;;
    esac
}

# load_run SUBJECT SCENARIO ROUND : one measured run; adds a line
# "scenario subject round requests errors seconds user system kib" in $dir/load.rows
load_run() {
    local command url requests errors seconds status
    load_url "$1" "$2"
    tool_command "$1" "$2" "$LOAD_S" "$url"
    measure "${command[@]}"
    status=$?
    tool_succeeded "$1" "$status" || { fail "$1, $2: exit status $status" "$dir/err"; return; }
    read -r requests errors seconds <<<"$(tool_figures "$1")"
    [ "${requests:-0}" -gt 0 ] || { fail "$1, $2: no responses" "$dir/err" "$dir/out"; return; }
    echo "$2 $1 $3 $requests $errors $seconds $user_s $system_s $peak_kib" >>"$dir/load.rows"
    sleep 0.2 # the server closes its connections
}

# load_calls SUBJECT SCENARIO : adds "scenario subject calls waits", per request, to $dir/load.calls
load_calls() {
    local command url requests errors seconds status
    load_url "$1" "$2"
    tool_command "$1" "$2" "$TRACED_S" "$url"
    traced "${command[@]}"
    status=$?
    tool_succeeded "$1" "$status" || {
        fail "$1, $2, under strace: exit status $status" "$dir/err"
        return
    }
    read -r requests errors seconds <<<"$(tool_figures "$1")"
    awk -v requests="$requests" -v row="$2 $1" '
        $1 ~ /^[0-9.]+$/ && $NF ~ /^epoll_p?wait2?$/ { waits += $4; next }
        $1 ~ /^[0-9.]+$/ && $NF != "total" { calls += $4 }
        END { if (requests > 0) print row, calls / requests, waits / requests }' \
        "$dir/calls" >>"$dir/load.calls"
}

# load_instructions SUBJECT SCENARIO : adds "scenario subject instructions", per request, to
# $dir/load.instructions. The difference of two runs excludes the start and the end of the program.
load_instructions() {
    local command url n requests errors seconds status instructions counts=()
    load_url "$1" "$2"
    for n in $COUNTED_FEW $COUNTED_MANY; do
        tool_command_counted "$1" "$n" "$url" || return 0
        counted "${command[@]}"
        status=$?
        tool_succeeded "$1" "$status" || {
            fail "$1, $2, under callgrind: exit status $status" "$dir/err"
            return
        }
        read -r requests errors seconds <<<"$(tool_figures "$1")"
        [ "$requests $errors" = "$n 0" ] || {
            fail "$1, $2, under callgrind: $requests of $n responses, $errors errors" "$dir/err"
            return
        }
        counts+=("$instructions")
    done
    echo "$2 $1 $(((counts[1] - counts[0]) / (COUNTED_MANY - COUNTED_FEW)))" \
        >>"$dir/load.instructions"
}

# load_figure SUBJECT SCENARIO EXPRESSION : the awk EXPRESSION over the names below, for each round
load_figure() {
    awk -v subject="$1" -v scenario="$2" "\$1 == scenario && \$2 == subject {
        requests = \$4; errors = \$5; seconds = \$6; cpu = \$7 + \$8; kib = \$9; print \$3, $3 }" \
            "$dir/load.rows"
}

# load_ratio SUBJECT SCENARIO EXPRESSION [BASE] : minimum, median and maximum of the ratios by round
load_ratio() {
    join <(load_figure "$1" "$2" "$3" | sort) <(load_figure "${4:-$BASE}" "$2" "$3" | sort) |
        awk '$3 > 0 { print $2 / $3 }' | spread
}

# load_middle SUBJECT SCENARIO EXPRESSION
load_middle() { load_figure "$@" | cut -d' ' -f2 | middle; }

# load_row SUBJECT SCENARIO
load_row() {
    local cpu rate calls=- waits=- ratios
    rate=$(load_middle "$1" "$2" 'requests / seconds')
    [ -n "$rate" ] || return
    cpu=$(load_middle "$1" "$2" 'cpu / requests * 1e6')
    read -r calls waits <<<"$(awk -v row="$2 $1" '$1 " " $2 == row { printf "%.2f %.2f", $3, $4 }' \
        "$dir/load.calls")"
    ratios=$(load_ratio "$1" "$2" 'cpu / requests' |
        awk '{ printf "%.2f (%.2f-%.2f)", $2, $1, $3 }')
    [ -n "$ratios" ] || ratios=-
    printf '  %-18s %9.0f %7s %9.2f %18s %7s %7s %8.1f %7.0f\n' "$1" "$rate" \
        "$(load_ratio "$1" "$2" 'requests / seconds' | awk '{ printf "%.2f", $2 }')" "$cpu" \
        "$ratios" \
        "${calls:--}" "${waits:--}" "$(load_middle "$1" "$2" 'kib / 1024')" \
        "$(load_figure "$1" "$2" errors | awk '{ sum += $2 } END { print sum }')"
    load_bars "$1" "$2"
}

load_bars() {
    local min median max
    read -r min median max <<<"$(load_figure "$1" "$2" 'cpu / requests * 1e6' | cut -d' ' -f2 |
        spread)"
    bar load "$(scenario_name "$2"): CPU microseconds per request" "$1" "$median" "$min" "$max"
    read -r min median max <<<"$(load_figure "$1" "$2" 'requests / seconds' | cut -d' ' -f2 |
        spread)"
    bar load-rate "$(scenario_name "$2"): requests per second" "$1" "$median" "$min" "$max"
}

load_table() {
    local scenario=$1 subject
    printf '  %s\n  %-18s %9s %7s %9s %18s %7s %7s %8s %7s\n' "$(scenario_name "$scenario")" '' \
        'req/s' "/ $BASE" 'CPU us' "/ $BASE" calls waits MiB errors
    for subject in "${subjects[@]}"; do
        load_row "$subject" "$scenario"
    done
    [ "$scenario" = new-https ] && has_bench || return
    printf '  firstbyte, CPU per request resumed / not: %s\n' \
        "$(load_ratio firstbyte-resumed new-https 'cpu / requests' firstbyte |
        awk '{ printf "%.2f", $2 }')"
}

# Prints the instructions per request of the scenarios with kept connections.
load_instructions_table() {
    local command tool not_counted=''
    [ -s "$dir/load.instructions" ] || return 0
    echo "  instructions per request in user space, kept alive"
    awk 'BEGIN { printf "  %-18s %9s %9s\n", "", "http", "https" }
        !($2 in row) { name[++n] = $2 }
        { row[$2]; count[$2, $1] = $3 }
        END {
            for (i = 1; i <= n; i++)
                printf "  %-18s %9s %9s\n", name[i],
                    (name[i], "plain") in count ? count[name[i], "plain"] : "-",
                    (name[i], "https") in count ? count[name[i], "https"] : "-"
        }' "$dir/load.instructions"
    echo "  method: callgrind, $COUNTED_CONNECTIONS connections; a run of $COUNTED_MANY requests" \
        "minus a run of $COUNTED_FEW, divided by $((COUNTED_MANY - COUNTED_FEW))"
    for tool in "${tools[@]}"; do
        tool_command_counted "$tool" 1 / || not_counted+=${not_counted:+, }$tool
    done
    [ -z "$not_counted" ] || echo "  not counted: $not_counted"
}

load_json() {
    awk '{ printf "{\"scenario\":\"%s\",\"subject\":\"%s\",\"round\":%d," \
                  "\"requests\":%d,\"errors\":%d,\"seconds\":%.6f," \
                  "\"user_s\":%.3f,\"system_s\":%.3f,\"peak_kib\":%d}\n", \
                  $1, $2, $3, $4, $5, $6, $7, $8, $9 }' "$dir/load.rows" >"$dir/load.runs"
    awk '{ printf "{\"scenario\":\"%s\",\"subject\":\"%s\",\"calls_a_request\":%.4f," \
                  "\"waits_a_request\":%.4f}\n", $1, $2, $3, $4 }' "$dir/load.calls" \
                  >>"$dir/load.runs"
    awk '{ printf "{\"scenario\":\"%s\",\"subject\":\"%s\",\"instructions_a_request\":%d}\n", \
                  $1, $2, $3 }' "$dir/load.instructions" >>"$dir/load.runs"
}

# Sets `subjects` to the tools that support a scenario.
load_subjects() {
    local tool
    subjects=()
    for tool in "${tools[@]}"; do
        if tool_can "$tool" "$1"; then
            subjects+=("$tool")
        else
            skip "$tool: cannot do $1 with $server_kind"
        fi
    done
    case " ${tools[*]} " in *" firstbyte "*)
        tool_can firstbyte-resumed "$1" && subjects+=(firstbyte-resumed) ;;
    esac
}

load_scenario() {
    local scenario=$1 round subject
    load_subjects "$scenario"
    for ((round = 0; round < ROUNDS; round++)); do
        for subject in $(rotated "$round" "${subjects[@]}"); do
            load_run "$subject" "$scenario" "$round"
        done
    done
    for subject in "${subjects[@]}"; do
        ! has strace || load_calls "$subject" "$scenario"
        case $scenario in plain | https)
            ! has valgrind || load_instructions "$subject" "$scenario" ;;
        esac
    done
    load_table "$scenario"
}

compare_load() {
    local scenario
    title "load: a page of 612 bytes, $LOAD_CONNECTIONS connections, $LOAD_S s, $ROUNDS rounds;" \
        "medians (spread)"
    server_start || return
    choose_time
    has strace || skip "system calls: no strace (Debian: strace)"
    has valgrind || skip "instructions per request: no valgrind (Debian: valgrind)"
    tools_find
    : >"$dir/load.rows"
    : >"$dir/load.calls"
    : >"$dir/load.instructions"
    for scenario in $SCENARIOS; do
        load_scenario "$scenario"
    done
    echo "  calls: system calls per request without waits (epoll_wait etc.);" \
        "h2load keeps its connections"
    load_instructions_table
    load_json
    chart load "CPU of load generators, $LOAD_CONNECTIONS connections, one $server_kind worker"
    chart load-rate "Requests per second, $LOAD_CONNECTIONS connections, one $server_kind worker"
}
