# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# stall: the server is stopped for two seconds during a run at a fixed rate. Compares the latencies
# that the tools report with the true ones: a queue in the order of the intended starts, served at
# the server's maximum rate, which is measured just before (stall.awk).

STALL_RATE=1000
STALL_CONNECTIONS=50
STALL_RUN_S=10
STALL_AT_S=4
STALL_S=2

# stall_command SUBJECT SECONDS : sets `command`; `url` is set
stall_command() {
    local rate=() per_connection=$((STALL_RATE / STALL_CONNECTIONS))
    case $1 in
    firstbyte) rate=(-R "$STALL_RATE") ;&
    firstbyte-closed)
        command=("$FIRSTBYTE" bench -k "${rate[@]}" -c "$STALL_CONNECTIONS" -d "$2s" --format json \
            "$url") ;;
    wrk)
        command=(wrk -t1 -c"$STALL_CONNECTIONS" -d"$2s" --latency "$url") ;;
    hey) # its rate is per connection
        command=(env GOMAXPROCS=1 hey -c "$STALL_CONNECTIONS" -q "$per_connection" -z "$2s" \
            "$url") ;;
    esac
}

# stall_figures SUBJECT FILE : "p50 p90 p99 max" in microseconds; raw: from the actual start
stall_figures() {
    case $1 in
    firstbyte)     jq -r '.latency_us | "\(.p50) \(.p90) \(.p99) \(.max)"' "$2" ;;
    firstbyte-raw) jq -r '.raw_latency_us | "\(.p50) \(.p90) \(.p99) \(.max)"' "$2" ;;
    wrk)
        awk 'function us(text) {
                return text * (text ~ /[0-9]us/ ? 1 : text ~ /ms/ ? 1e3 : text ~ /m/ ? 6e7 : 1e6) }
            $1 == "Latency" && NF == 5 { max = us($4) }
            $1 ~ /^[0-9.]+%$/ { at[$1] = us($2) }
            END { print at["50%"], at["90%"], at["99%"], max }' "$2" ;;
    hey)
        awk '$1 == "Slowest:" { max = $2 * 1e6 }
            $2 == "in" && $4 == "secs" { at[$1 + 0] = $3 * 1e6 }
            END { print at[50], at[90], at[99], max }' "$2" ;;
    esac
}

# Sets `drain` to the server's maximum rate.
stall_drain() {
    local command tool=$1 requests errors seconds subject=$1
    [ "$tool" = wrk ] || subject=firstbyte-closed
    stall_command "$subject" 2
    measure "${command[@]}"
    tool_succeeded "$tool" $? || { fail "$tool, for the drain rate" "$dir/err"; return 1; }
    read -r requests errors seconds <<<"$(tool_figures "$tool")"
    drain=$(awk -v n="$requests" -v s="$seconds" 'BEGIN { printf "%.0f", n / s }')
}

# between FROM TO : seconds
between() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.6f", to - from }'; }

# stall_run SUBJECT : a run with the stall; sets `truth`; the output is in $dir/stall.SUBJECT
stall_run() {
    local command runner began stopped went status
    stall_command "$1" $STALL_RUN_S
    stalled=$(server_worker)
    began=$EPOCHREALTIME
    timeout -k 5 "$LIMIT_S" "${on_client[@]}" "${command[@]}" >"$dir/stall.$1" 2>"$dir/err" &
    runner=$!
    sleep $STALL_AT_S
    server_stall
    stopped=$EPOCHREALTIME
    sleep $STALL_S
    server_go
    went=$EPOCHREALTIME
    wait "$runner"
    status=$?
    tool_succeeded "$1" $status || { fail "$1: exit status $status" "$dir/err"; return 1; }
    [ $status = 0 ] || echo "  $1 reports that the client was the bottleneck"
    truth=$(awk -v rate=$STALL_RATE -v seconds=$STALL_RUN_S -v at="$(between "$began" "$stopped")" \
        -v stall="$(between "$stopped" "$went")" -v drain="$drain" -f bench/compare/stall.awk)
}

# stall_row LABEL FIGURES TRUTH [bar] : TRUTH is empty if there is none
stall_row() {
    local figures=$2
    [ -n "${figures// /}" ] || { fail "$1: printed no percentiles"; return; }
    awk -v label="$1" -v figures="$figures" -v truth="$3" 'BEGIN {
        split(figures, reported); split(truth, is)
        printf "  %-34s", label
        for (i = 1; i <= 4; i++) printf " %9.3f", reported[i] / 1e3
        for (i = 2; i <= 4; i++) if (is[i] > 0) printf " %7.3f", reported[i] / is[i]
        print "" }'
    jq -nc --arg subject "$1" --arg said "$figures" --arg truth "$3" --argjson drain "$drain" '
        def named: split(" ") | map(tonumber) | {p50: .[0], p90: .[1], p99: .[2], max: .[3]};
        {subject: $subject, drain_rps: $drain, said_us: ($said | named),
         truth_us: (if $truth == "" then null else $truth | named end)}' >>"$dir/stall.runs"
    [ -z "$3${4:-}" ] || stall_bars "$1" "$figures"
}

# The chart's groups are percentiles; the bars are added by subject and sorted at the end.
stall_bars() {
    awk -v label="$1" -v figures="$2" 'BEGIN {
        split(figures, reported); split("p50 p90 p99 max", name)
        for (i = 2; i <= 4; i++)
            printf "%d\t%s, milliseconds\t%s\t%.3f\n", i, name[i], label, reported[i] / 1e3 }' \
                >>"$dir/stall.unsorted"
}

stall_subject() {
    stall_run "$1" || return
    case $1 in
    firstbyte)
        stall_row truth "$truth" '' bar
        stall_row 'firstbyte' "$(stall_figures firstbyte "$dir/stall.$1")" "$truth"
        stall_row 'firstbyte, from the actual start' \
            "$(stall_figures firstbyte-raw "$dir/stall.$1")" "$truth" ;;
    wrk)
        stall_row 'wrk, closed loop' "$(stall_figures wrk "$dir/stall.$1")" "$truth" ;;
    hey)
        stall_row 'hey -q' "$(stall_figures hey "$dir/stall.$1")" "$truth" ;;
    esac
}

# The same rate without a stall.
stall_calm() {
    local command
    stall_command firstbyte $((STALL_RUN_S / 2))
    measure "${command[@]}"
    tool_succeeded firstbyte $? || { fail "firstbyte without a stall" "$dir/err"; return; }
    stall_row 'firstbyte, no stall' "$(stall_figures firstbyte "$dir/out")" ''
}

compare_stall() {
    local url drain truth subject subjects=()
    title "stall: $STALL_RATE requests per second, $STALL_CONNECTIONS connections," \
        "the server is stopped for $STALL_S of $STALL_RUN_S s"
    server_start || return
    choose_time
    if has_bench; then subjects+=(firstbyte); else skip "firstbyte: this one has no bench"; fi
    if has wrk; then subjects+=(wrk); else skip "wrk (Debian: wrk)"; fi
    if has hey; then subjects+=(hey); else skip "hey (Debian: hey)"; fi
    case ${subjects[0]:-} in
    '' | hey) skip "stall, which needs firstbyte or wrk for the drain rate"; return ;;
    esac
    server_url http
    stall_drain "${subjects[0]}" || return
    echo "  the server completes at most $drain requests per second"
    printf '  %-34s %9s %9s %9s %9s %7s %7s %7s\n' 'ms; / truth of the same run' p50 p90 p99 max \
        p90 p99 max
    for subject in "${subjects[@]}"; do
        server_url http
        stall_subject "$subject"
    done
    ! has_bench || stall_calm
    sort -s -n -k1,1 "$dir/stall.unsorted" | cut -f2- >"$dir/stall.bars"
    chart stall "What a stall of $STALL_S s looks like"
}
