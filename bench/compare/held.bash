# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# held: peak resident memory per connection when many are open, less the memory of a run with one
# connection.

HELD=10000
HELD_DESCRIPTORS=14500 # nginx listens on 1250 addresses at three ports

# held_command SUBJECT SCHEME CONNECTIONS : sets `command`
held_command() {
    local url seconds=8
    server_url "$2"
    [ "$2" = http ] || seconds=25 # mostly handshakes
    [ "$3" != 1 ] || seconds=1
    case $1 in
    firstbyte) # two responses each
        command=("$FIRSTBYTE" bench -k -c "$3" -n $(($3 * 2)) -d 120s --format json "$url") ;;
    wrk)
        command=(wrk -t1 -c"$3" -d"${seconds}s" --timeout 60s "$url") ;;
    esac
}

# held_run SUBJECT SCHEME CONNECTIONS : sets peak_kib, requests, errors
held_run() {
    local command seconds status
    held_command "$@"
    measure "${command[@]}"
    status=$?
    tool_succeeded "$1" $status || {
        fail "$1, $2, $3 connections: exit status $status" "$dir/err"
        return 1
    }
    read -r requests errors seconds <<<"$(tool_figures "$1")"
}

# held_row SUBJECT SCHEME
held_row() {
    local requests errors one_kib each
    held_run "$1" "$2" 1 || return
    one_kib=$peak_kib
    held_run "$1" "$2" $HELD || return
    each=$(awk -v all="$peak_kib" -v one="$one_kib" -v n=$HELD \
        'BEGIN { printf "%.2f", (all - one) / n }')
    printf '  %-6s %-12s %12s %10.1f %10.1f %10d %7d\n' "$2" "$1" "$each" \
        "$(awk -v kib="$peak_kib" 'BEGIN { print kib / 1024 }')" \
        "$(awk -v kib="$one_kib" 'BEGIN { print kib / 1024 }')" "$requests" "$errors"
    jq -nc --arg subject "$1" --arg scheme "$2" --argjson connections $HELD \
        --argjson kib_each "$each" \
        --argjson peak_kib "$peak_kib" --argjson one_kib "$one_kib" --argjson requests "$requests" \
        --argjson errors "$errors" '$ARGS.named' >>"$dir/held.runs"
    bar held "$2: KiB a connection" "$1" "$each"
}

compare_held() {
    local scheme hard
    title "held: $HELD connections at once; KiB of peak resident memory for each"
    server_start || return
    [ "$server_kind" = nginx ] || { skip "held, which needs nginx"; return; }
    hard=$(ulimit -Hn)
    [ "$hard" = unlimited ] || [ "$hard" -ge $HELD_DESCRIPTORS ] ||
        {
            skip "held: $hard descriptors are allowed, $HELD_DESCRIPTORS are needed (ulimit -Hn)"
            return
        }
    ulimit -Sn "$hard"
    choose_time
    [ ${#gnu_time[@]} != 0 ] || { skip "held, which needs GNU time"; return; }
    printf '  %-6s %-12s %12s %10s %10s %10s %7s\n' '' '' 'KiB each' 'peak MiB' 'of one' requests \
        errors
    for scheme in http https; do
        ! has_bench || held_row firstbyte $scheme
        ! has wrk || held_row wrk $scheme
    done
    has_bench || skip "firstbyte: this version has no bench"
    has wrk || skip "wrk (Debian: wrk)"
    chart held "Memory of a connection, $HELD held"
}
