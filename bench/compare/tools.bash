# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# The load generators: their commands, and the parsing of their output.

LOAD_CONNECTIONS=64
COUNTED_CONNECTIONS=8 # of a run whose instructions are counted

# tools_find : sets `tools` to the installed ones, and prints the missing ones
tools_find() {
    local tool package
    tools=()
    if has_bench; then
        tools+=(firstbyte)
    else
        skip "firstbyte: this one has no bench"
    fi
    for package in wrk:wrk h2load:nghttp2-client hey:hey ab:apache2-utils; do
        tool=${package%:*}
        if has "$tool"; then
            tools+=("$tool")
        else
            skip "$tool (Debian: ${package#*:})"
        fi
    done
    if build_peer floor; then
        tools+=(floor)
    else
        skip "floor: floor.c does not build"
    fi
}

# tool_can TOOL SCENARIO
tool_can() {
    # the origin has no persistent HTTP/1.0 connections and no names with a port
    case $server_kind/$1/$2 in
    origin/ab/* | origin/hey/*https) return 1 ;;
    esac
    case $1/$2 in
    h2load/new-* | floor/new-* | floor/https) return 1 ;; # one connection has all requests
    firstbyte-resumed/new-https) return 0 ;;
    firstbyte-resumed/*) return 1 ;;
    esac
}

# tool_command TOOL SCENARIO SECONDS URL : sets `command`
tool_command() {
    local tool=$1 seconds=$3 url=$4 ours=() close=() keep=(-k) no_keep=()
    case $2 in new-*)
        ours=(--new-conn) close=(-H 'Connection: close') keep=() no_keep=(-disable-keepalive) ;;
    esac
    case $tool in
    firstbyte)
        command=("$FIRSTBYTE" bench -k -c "$LOAD_CONNECTIONS" -d "${seconds}s" --format json \
            "${ours[@]}" "$url") ;;
    firstbyte-resumed)
        command=("$FIRSTBYTE" bench -k -c "$LOAD_CONNECTIONS" -d "${seconds}s" --format json \
            "${ours[@]}"
            --tls-resume on "$url") ;;
    wrk)
        command=(wrk -t1 -c"$LOAD_CONNECTIONS" -d"${seconds}s" "${close[@]}" "$url") ;;
    h2load)
        command=(h2load --h1 -t1 -c"$LOAD_CONNECTIONS" -D "$seconds" "$url") ;;
    hey)
        command=(env GOMAXPROCS=1 hey -c "$LOAD_CONNECTIONS" -z "${seconds}s" "${no_keep[@]}" \
            "$url") ;;
    ab) # -n after -t, because -t sets a default for -n
        command=(ab -q "${keep[@]}" -c "$LOAD_CONNECTIONS" -t "$seconds" -n 10000000 "$url") ;;
    floor)
        command=("$PEERS/floor" -c "$LOAD_CONNECTIONS" -d "$seconds" "$url") ;;
    esac
}

# tool_command_counted TOOL REQUESTS URL : sets `command` for a run with this number of requests.
# Returns 1 for wrk and floor, which can only run for a time, and for hey: valgrind does not support
# its Go runtime.
tool_command_counted() {
    local connections=$COUNTED_CONNECTIONS requests=$2 url=$3
    case $1 in
    firstbyte)
        command=("$FIRSTBYTE" bench -k -q -c "$connections" -n "$requests" --format json \
            --kernel-time off "$url") ;;
    h2load)
        command=(h2load --h1 -t1 -c"$connections" -n "$requests" "$url") ;;
    ab)
        command=(ab -q -k -c "$connections" -n "$requests" "$url") ;;
    *)
        return 1 ;;
    esac
}

# tool_succeeded TOOL STATUS : firstbyte's status 5 means that the client was the bottleneck
tool_succeeded() {
    case $1/$2 in
    */0 | firstbyte*/5) return 0 ;;
    esac
    return 1
}

# tool_figures TOOL : "requests errors seconds" from its output in $dir/out
tool_figures() {
    case $1 in
    firstbyte*) jq -r '.totals | "\(.completed) \(.failed) \(.duration_s)"' "$dir/out" ;;
    wrk)        wrk_figures ;;
    h2load)     h2load_figures ;;
    hey)        hey_figures ;;
    ab)         ab_figures ;;
    floor)      jq -r '"\(.completed) \(.failed) \(.duration_s)"' "$dir/out" ;;
    esac
}

wrk_figures() {
    awk '/ requests in / { done = $1; seconds = $4 + 0
             if ($4 ~ /ms,$/) seconds /= 1000; else if ($4 ~ /m,$/) seconds *= 60 }
        /Socket errors:/ { errors += $4 + $6 + $8 + $10 }
        /Non-2xx or 3xx/ { errors += $NF }
        END { print done + 0, errors + 0, seconds + 0 }' "$dir/out"
}

h2load_figures() {
    awk '/^finished in/ { seconds = $3 + 0
             if ($3 ~ /ms,$/) seconds /= 1000; else if ($3 ~ /m,$/) seconds *= 60 }
        /^requests:/ { done = $8; errors = $10 + $12 + $14 }
        /^status codes:/ { errors += $7 + $9 }
        END { print done + 0, errors + 0, seconds + 0 }' "$dir/out"
}

hey_figures() {
    awk '/^  Total:/ { seconds = $2 }
        / responses$/ { done += $2; if ($1 !~ /^\[[23]/) errors += $2 }
        /^Error distribution/ { failed = 1; next }
        failed && /^ *\[/ { gsub(/[][]/, ""); errors += $1 }
        END { print done + 0, errors + 0, seconds + 0 }' "$dir/out"
}

ab_figures() {
    awk '/^Time taken for tests:/ { seconds = $5 }
        /^Complete requests:/ { done = $3 }
        /^HTML transferred:/ && $3 == 0 { done = 0 } # ab counts failed handshakes as complete
        /^Failed requests:/ { errors += $3 }
        /^Non-2xx responses:/ { errors += $3 }
        END { print done + 0, errors + 0, seconds + 0 }' "$dir/out"
}
