# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# open: whether requests start on time at a fixed rate, half of the server's capacity. For
# comparison, a loop that only waits for such times shows the limit of the machine.

# Sets `rate` to half of the capacity.
open_rate() {
    local command requests errors seconds
    tool_command firstbyte plain "$LOAD_S" "$url"
    measure "${command[@]}"
    tool_succeeded firstbyte $? || { fail "firstbyte, for the capacity" "$dir/err"; return 1; }
    read -r requests errors seconds <<<"$(tool_figures firstbyte)"
    rate=$(awk -v n="$requests" -v s="$seconds" 'BEGIN { printf "%d", n / s / 2 }')
}

# open_run SUBJECT ROUND : adds a line to $dir/open.runs
open_run() {
    local command share status
    case $1 in
    firstbyte)
        command=("$FIRSTBYTE" bench -k -R "$rate" -c "$LOAD_CONNECTIONS" -d "${LOAD_S}s" \
            --format json "$url") ;;
    timer)
        command=("$PEERS/timer" "$rate" "$LOAD_S") ;;
    esac
    measure "${command[@]}"
    status=$?
    share=$(jq '.client.within_100us_share // .within_100us_share' "$dir/out")
    tool_succeeded "$1" $status || { fail "$1: exit status $status" "$dir/err"; return; }
    [ "${share:-null}" != null ] || { fail "$1: no share within 100 us in its output"; return; }
    jq -nc --arg subject "$1" --argjson round "$2" --argjson rate "$rate" --argjson share "$share" \
        '$ARGS.named' >>"$dir/open.runs"
}

# open_row LABEL SUBJECT
open_row() {
    local min median max
    read -r min median max <<<"$(
        jq "select(.subject == \"$2\").share * 100" "$dir/open.runs" | spread)"
    [ -n "${median:-}" ] || return
    printf '  %-20s %9.2f %9.2f %9.2f\n' "$1" "$min" "$median" "$max"
    bar open "starts within 100 us of their time, percent" "$1" "$median" "$min" "$max"
}

compare_open() {
    local url rate round subject
    title "open: half of the capacity, $LOAD_S s, $ROUNDS rounds;" \
        "starts within 100 us of their time, percent"
    has_bench || { skip "open: this version of firstbyte has no bench"; return; }
    build_peer timer || { fail "timer.c does not build" "$dir/cc.log"; return; }
    server_start || return
    choose_time
    server_url http
    open_rate || return
    for ((round = 0; round < ROUNDS; round++)); do
        for subject in $(rotated "$round" firstbyte timer); do
            open_run "$subject" "$round"
        done
    done
    [ -s "$dir/open.runs" ] || return
    printf '  %-20s %9s %9s %9s\n' "$rate a second" min median max
    open_row firstbyte firstbyte
    open_row 'a bare timer loop' timer
    jq -rs 'group_by(.round) | map(select(length == 2) | map({(.subject): .share}) | add |
        (.timer - .firstbyte) * 100) | sort |
        if length > 0 then .[length / 2 | floor] else empty end |
        "  points below the timer loop, median of rounds: \(. * 100 | round / 100)"' \
        "$dir/open.runs"
    chart open "An open loop at $rate requests per second"
}
