# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# race: the sites of sites.conf, sequentially and concurrently, with firstbyte and with two Python
# programs: requests in a loop, and aiohttp.

race_round() {
    local round=$1 line program
    line=$(timeout -k 5 "$LIMIT_S" "$FIRSTBYTE" race --rehearse --format json 2>"$dir/err" |
        grep -F '"firstbyte.race/1"')
    [ -n "$line" ] || { fail "firstbyte race" "$dir/err"; return 1; }
    jq -c --argjson round "$round" '{subject: "firstbyte", round: $round, result: .}' <<<"$line" \
        >>"$dir/race.runs"
    for program in "${race_python[@]}"; do
        race_python_run "$program" "$round" || return 1
    done
}

# race_python_run PROGRAM ROUND : adds a line "seconds" to $dir/race.PROGRAM
race_python_run() {
    local program=$1 total python=${race_interpreter[$1]}
    if ! timeout -k 5 "$LIMIT_S" "$python" "bench/peers/$program.py" -f "$dir/race.list" \
        --http "$origin_http" --https "$origin_https" --cacert "$dir/origin.pem" \
        >"$dir/out" 2>"$dir/err"; then
        fail "$program.py" "$dir/err"
        return 1
    fi
    total=$(sed -n 's/^total_s //p' "$dir/out")
    echo "$total" >>"$dir/race.$program"
    jq -nc --arg subject "$program.py" --argjson round "$2" --argjson total "$total" \
        '{subject: $subject, round: $round, total_s: $total}' >>"$dir/race.runs"
}

# Sets race_python to the scripts that can run, and starts their origin.
race_prepare() {
    local program module
    race_python=()
    declare -gA race_interpreter=()
    for program in sequential:requests async:aiohttp; do
        module=${program#*:} program=${program%:*}
        if race_interpreter[$program]=$(python_with "$module"); then
            race_python+=("$program")
        else
            skip "$program.py: no Python with $module (Debian: python3-$module)"
        fi
    done
    [ ${#race_python[@]} != 0 ] || return 0
    origin_start sites.conf || { race_python=(); return 1; }
    awk '/^https?:/ { print $1 }' sites.conf >"$dir/race.list"
}

# race_row LABEL [bar] : from the numbers on standard input
race_row() {
    local min median max
    read -r min median max <<<"$(spread)"
    [ -n "${median:-}" ] || return
    printf '  %-28s %10.4f %10.4f %10.4f\n' "$1" "$min" "$median" "$max"
    [ -z "${2:-}" ] || bar race "seconds for all sites" "$1" "$median" "$min" "$max"
}

# race_figure FILTER : the filter's value for each run of firstbyte
race_figure() { jq "select(.subject == \"firstbyte\").result | $1" "$dir/race.runs"; }

race_table() {
    printf '  %-28s %10s %10s %10s\n' '' min median max
    [ ! -s "$dir/race.sequential" ] || race_row 'python requests, in a loop' bar \
        <"$dir/race.sequential"
    race_figure .sync_s | race_row 'firstbyte, blocking' bar
    [ ! -s "$dir/race.async" ] || race_row 'python aiohttp' bar <"$dir/race.async"
    race_figure .async_s | race_row 'firstbyte, reactor' bar
    race_figure .slowest_s | race_row 'the slowest site alone' bar
    race_figure '.sync_s / .async_s' | race_row 'blocking / reactor'
    race_figure '.async_s / .slowest_s' | race_row 'reactor / slowest'
}

compare_race() {
    local round
    title "race --rehearse, sites.conf, $ROUNDS rounds; seconds"
    race_prepare || failed=1
    for ((round = 0; round < ROUNDS; round++)); do
        race_round "$round" || break
    done
    origin_stop
    [ -s "$dir/race.runs" ] || return
    race_table
    chart race "Homepages of sites.conf, rehearsed"
}
