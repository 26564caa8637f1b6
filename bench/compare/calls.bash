# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# calls: counts the system calls of the runs of fetch.

# calls_table SUBJECT SCHEME : the sum, and the frequent calls
calls_table() {
    awk -v urls="$URLS" -v subject="$1" -v scheme="$2" '
        $1 ~ /^[0-9.]+$/ && $NF != "total" { n = $4 / urls; sum += n
            if (n >= 0.005) text = text sprintf(" %s %.2f", $NF, n) }
        END { printf "  %-5s %-16s %6.2f =%s\n", scheme, subject, sum, text }' "$dir/calls"
}

# calls_sum SUBJECT SCHEME : all calls
calls_sum() {
    jq --arg subject "$1" --arg scheme "$2" \
        'select(.subject == $subject and .scheme == $scheme) | ([.calls[]] | add) / .urls' \
        "$dir/calls.runs"
}

# calls_count : $dir/calls as a JSON object
calls_count() {
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" {
            text = text sprintf("%s\"%s\":%d", (text ? "," : ""), $NF, $4) }
        END { print "{" text "}" }' "$dir/calls"
}

calls_run() {
    local subject=$1 scheme=$2 command input=$dir/$2.list
    fetch_command "$subject" "$scheme"
    traced "${command[@]}" || {
        fail "$subject, $scheme: did not finish under strace" "$dir/err"
        return
    }
    calls_table "$subject" "$scheme"
    jq -nc --arg subject "$subject" --arg scheme "$scheme" --argjson urls "$URLS" \
        --argjson calls "$(calls_count)" '$ARGS.named' >>"$dir/calls.runs"
    bar calls "$scheme: system calls a URL" "$subject" "$(calls_sum "$subject" "$scheme")"
}

compare_calls() {
    local scheme subject
    title "calls: system calls for each URL, the whole run divided by $URLS"
    has strace || { skip "calls: no strace (Debian: strace)"; return; }
    fetch_prepare || { skip "calls, which needs nginx"; return; }
    for scheme in http https; do
        for subject in "${subjects[@]}"; do
            calls_run "$subject" "$scheme"
        done
    done
    chart calls "System calls, $URLS URLs of 10 KB"
}
