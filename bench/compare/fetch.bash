# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# fetch: many URLs on many addresses, compared with libcurl, curl and aiohttp.

URLS=10000
CONCURRENCY=256

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

# fetch_command SUBJECT SCHEME : sets `command`, which fetches a list
fetch_command() {
    local subject=$1 list=$dir/$2.list
    case $subject in
    firstbyte)
        command=("$FIRSTBYTE" fetch -k -f "$list" -c "$CONCURRENCY" --format json) ;;
    firstbyte-order) # in the order of the list: nearly each URL needs a connection, as in libcurl
        command=("$FIRSTBYTE" fetch -k -f "$list" -c "$CONCURRENCY" --format json --order input) ;;
    libcurl-*) # keeps as many connections as firstbyte; the faster setting for libcurl
        command=("$PEERS/multi" -k --loop "${subject#*-}" --max-idle "$CONCURRENCY" \
            "$CONCURRENCY") ;;
    curl-parallel)
        command=(curl -k -sS -K "$dir/$2.curl" --http1.1 --parallel \
            --parallel-max "$CONCURRENCY") ;;
    aiohttp)
        command=("$python" bench/peers/async.py -k -q -c "$CONCURRENCY" -f "$list") ;;
    esac
}

# fetch_run SUBJECT SCHEME ROUND : one measured run; adds a line to $dir/fetch.runs
fetch_run() {
    local command input=$dir/$2.list status
    fetch_command "$1" "$2"
    measure "${command[@]}"
    status=$?
    [ "$status" = 0 ] || { fail "$1, $2: exit status $status" "$dir/err"; return; }
    jq -nc --arg subject "$1" --arg scheme "$2" --argjson round "$3" --argjson urls "$URLS" \
        --argjson concurrency "$CONCURRENCY" --argjson user_s "$user_s" \
        --argjson system_s "$system_s" \
        --argjson wall_s "$wall_s" --argjson peak_kib "$peak_kib" \
        '$ARGS.named + {cpu_s: (($user_s + $system_s) * 1e3 | round / 1e3)}' >>"$dir/fetch.runs"
}

# fetch_column SUBJECT SCHEME FIELD
fetch_column() {
    jq --arg subject "$1" --arg scheme "$2" \
        "select(.subject == \$subject and .scheme == \$scheme).$3" "$dir/fetch.runs"
}

fetch_table() {
    local scheme=$1 subject min median max
    printf '  %-16s %8s %15s %7s %7s %7s %7s %10s %8s\n' "$scheme" 'CPU s' min-max user sys \
        wall MiB '/ perform' '/ epoll'
    for subject in "${subjects[@]}"; do
        read -r min median max <<<"$(fetch_column "$subject" "$scheme" cpu_s | spread)"
        [ -n "${median:-}" ] || continue
        printf '  %-16s %8.3f %15s %7.3f %7.3f %7.2f %7.1f %10s %8s\n' "$subject" "$median" \
            "$(printf '%.2f-%.2f' "$min" "$max")" \
            "$(fetch_column "$subject" "$scheme" user_s | middle)" \
            "$(fetch_column "$subject" "$scheme" system_s | middle)" \
            "$(fetch_column "$subject" "$scheme" wall_s | middle)" \
            "$(fetch_column "$subject" "$scheme" 'peak_kib / 1024' | middle)" \
            "$(ratio "$median" "$(fetch_column libcurl-perform "$scheme" cpu_s | middle)")" \
            "$(ratio "$median" "$(fetch_column libcurl-epoll "$scheme" cpu_s | middle)")"
        bar fetch "$scheme: CPU seconds for $URLS URLs" "$subject" "$median" "$min" "$max"
    done
}

# Starts nginx and creates the lists and subjects, for fetch and calls. Once.
fetch_prepare() {
    [ -z "${fetch_prepared:-}" ] || return "$fetch_prepared"
    fetch_prepared=1
    server_start || return
    [ "$server_kind" = nginx ] || return
    choose_time
    fetch_subjects
    list http "$NGINX_HTTP" >"$dir/http.list"
    list https "$NGINX_HTTPS" >"$dir/https.list"
    local scheme
    for scheme in http https; do
        sed 's|.*|url = "&"\noutput = "/dev/null"|' "$dir/$scheme.list" >"$dir/$scheme.curl"
    done
    fetch_prepared=0
}

fetch_subjects() {
    subjects=(firstbyte firstbyte-order)
    if build_peer multi -lcurl; then
        subjects+=(libcurl-perform libcurl-epoll)
    else
        skip "libcurl: multi.c does not build (Debian: libcurl4-openssl-dev)"
        sed -n 1,3p "$dir/cc.log"
    fi
    if has curl; then
        subjects+=(curl-parallel)
    else
        skip "curl --parallel (Debian: curl)"
    fi
    if python=$(python_with aiohttp); then
        subjects+=(aiohttp)
    else
        skip "aiohttp: no Python has the module (Debian: python3-aiohttp)"
    fi
}

compare_fetch() {
    local scheme round subject
    title "fetch: $URLS URLs of 10 KB on $NGINX_ADDRESSES addresses, $CONCURRENCY at once," \
        "$ROUNDS rounds; medians"
    fetch_prepare || { skip "fetch, which needs nginx"; return; }
    for scheme in http https; do
        for ((round = 0; round < ROUNDS; round++)); do
            for subject in $(rotated "$round" "${subjects[@]}"); do
                fetch_run "$subject" "$scheme" "$round"
                sleep 0.3 # the server closes its connections
            done
        done
        fetch_table "$scheme"
    done
    chart fetch "$URLS URLs of 10 KB, $CONCURRENCY at once"
}
