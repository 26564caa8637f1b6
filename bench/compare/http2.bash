# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# http2: HTTP/2 against nghttpd and h2o, with firstbyte, h2load, hey -h2 and curl --parallel: CPU
# time, system calls and instructions per request, memory of a connection, CPU time per URL.
# Ratios are to the other program's run in the same round.

H2_SHAPES="64x1 64x10 1x100 64x100" # connections x streams
H2_CALLS_SHAPES="64x1 64x10 64x100"
# requests of the two runs whose system calls are counted
H2_CALLS_FEW=20000
H2_CALLS_MANY=80000
H2_HELD=2000
H2_URLS=2000
# 1250 addresses belong to nginx
h2_address=$nginx_net.9.1
h2_pids=()

# h2_port SERVER SCHEME
h2_port() {
    case $1/$2 in
    nghttpd/h2c) echo 18580 ;;
    nghttpd/tls) echo 18543 ;;
    h2o/h2c)     echo 18680 ;;
    h2o/tls)     echo 18643 ;;
    esac
}

# h2_url SERVER SCHEME : sets `url`
h2_url() {
    url=http://$h2_address:$(h2_port "$1" "$2")/
    [ "$2" = h2c ] || url=${url/http/https}
}

h2_answers() { (exec 3<>"/dev/tcp/$h2_address/$1") 2>/dev/null; }

# h2_start SERVER SCHEMES COMMAND... : starts a server on the server's core
h2_start() {
    local server=$1 schemes=$2 scheme i up
    shift 2
    ${server_core:+taskset -c "$server_core"} "$@" >"$dir/$server.log" 2>&1 &
    h2_pids+=($!)
    for scheme in $schemes; do
        up=
        for ((i = 0; i < 100; i++)); do
            h2_answers "$(h2_port "$server" "$scheme")" && up=1 && break
            sleep 0.1
        done
        [ "$up" ] || { fail "$server did not start" "$dir/$server.log"; return 1; }
    done
}

h2_stop() {
    [ ${#h2_pids[@]} -gt 0 ] || return 0
    kill "${h2_pids[@]}" 2>/dev/null
    wait "${h2_pids[@]}" 2>/dev/null
    h2_pids=()
}

h2_files() {
    mkdir -p "$dir/h2"
    head -c 612 /dev/zero | tr '\0' x >"$dir/h2/index.html"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=localhost -keyout "$dir/h2.key" -out "$dir/h2.pem" 2>"$dir/openssl.log" ||
        { fail "openssl" "$dir/openssl.log"; return 1; }
    cat >"$dir/h2o.conf" <<H
$([ "$(id -u)" != 0 ] || echo "user: root")
num-threads: 1
max-connections: 16384
listen: {host: $h2_address, port: $(h2_port h2o h2c)}
listen:
  host: $h2_address
  port: $(h2_port h2o tls)
  ssl: {certificate-file: $dir/h2.pem, key-file: $dir/h2.key}
hosts:
  default:
    paths: {/: {file.dir: $dir/h2}}
H
}

# Starts the installed servers; sets `h2_servers`.
h2_prepare() {
    local hard
    has openssl || { skip "http2: no openssl"; return 1; }
    h2_files || return
    hard=$(ulimit -Hn)
    [ "$hard" = unlimited ] || ulimit -Sn "$hard"
    h2_servers=()
    if has nghttpd; then
        h2_start nghttpd h2c nghttpd -a "$h2_address" -d "$dir/h2" -m 128 --no-tls \
            "$(h2_port nghttpd h2c)" &&
            h2_start nghttpd tls nghttpd -a "$h2_address" -d "$dir/h2" -m 128 \
                "$(h2_port nghttpd tls)" "$dir/h2.key" "$dir/h2.pem" && h2_servers+=(nghttpd)
    else
        skip "nghttpd (Debian: nghttp2-server)"
    fi
    if has h2o; then
        h2_start h2o "h2c tls" h2o -c "$dir/h2o.conf" && h2_servers+=(h2o)
    else
        skip "h2o (Debian: h2o)"
    fi
    [ ${#h2_servers[@]} -gt 0 ]
}

# Sets `h2_tools` to the installed ones.
h2_find_tools() {
    h2_tools=()
    if has_bench; then h2_tools+=(firstbyte); else skip "firstbyte: this one has no bench"; fi
    if has h2load; then h2_tools+=(h2load); else skip "h2load (Debian: nghttp2-client)"; fi
    if has hey; then h2_tools+=(hey); else skip "hey (Debian: hey)"; fi
}

# h2_can TOOL SCHEME SHAPE : hey speaks HTTP/2 over TLS only, on one connection
h2_can() { [ "$1" != hey ] || [ "$2/${3%x*}" = tls/1 ]; }

# h2_command TOOL SCHEME SHAPE : sets `command`, without the length of the run; `url` is set
h2_command() {
    local connections=${3%x*} streams=${3#*x} version=--http2
    [ "$2" = tls ] || version=--http2-prior-knowledge
    case $1 in
    firstbyte)
        command=("$FIRSTBYTE" bench -k $version -c "$connections" -m "$streams" --format json \
            "$url") ;;
    h2load)
        command=(h2load -t1 -c"$connections" -m"$streams" "$url") ;;
    hey)
        command=(env GOMAXPROCS=1 hey -h2 -c "$streams" "$url") ;;
    esac
}

# h2_lasting TOOL SECONDS, h2_requests TOOL COUNT : add the length of the run to `command`
h2_lasting() {
    local length
    case $1 in
    firstbyte) length=(-d "$2s") ;;
    h2load)    length=(-D "$2") ;;
    hey)       length=(-z "$2s") ;;
    esac
    command=("${command[@]:0:${#command[@]}-1}" "${length[@]}" "$url")
}
h2_requests() { command=("${command[@]:0:${#command[@]}-1}" -n "$2" "$url"); }

# h2_succeeded WHAT TOOL STATUS [REQUESTS] : the run completed, with this number of requests; sets
# `requests` and `errors`
h2_succeeded() {
    local seconds
    tool_succeeded "$2" "$3" || { fail "$1: exit status $3" "$dir/err"; return 1; }
    read -r requests errors seconds <<<"$(tool_figures "$2")"
    [ "${requests:-0}" -gt 0 ] || { fail "$1: no responses" "$dir/err" "$dir/out"; return 1; }
    [ -z "${4:-}" ] || [ "$requests $errors" = "$4 0" ] || {
        fail "$1: $requests of $4 responses, $errors errors" "$dir/err"
        return 1
    }
}

# ---- CPU time per request -----------------------------------------------------------------------

# h2_cpu_run TOOL ROUND : adds "server scheme shape tool round us errors" to $dir/http2.cpu
h2_cpu_run() {
    local command url requests errors status
    h2_url "$server" "$scheme"
    h2_command "$1" "$scheme" "$shape"
    h2_lasting "$1" "$LOAD_S"
    measure "${command[@]}"
    status=$?
    h2_succeeded "$1, $server, $scheme, $shape" "$1" $status || return
    awk -v row="$server $scheme $shape $1 $2" -v cpu="$user_s $system_s" -v n="$requests" \
        -v errors="$errors" \
        'BEGIN { split(cpu, s); printf "%s %.4f %d\n", row, (s[1] + s[2]) / n * 1e6, errors }' \
        >>"$dir/http2.cpu"
    sleep 0.2 # the server closes its connections
}

# h2_cpu TOOL : "round us" of the rounds of this tool
h2_cpu() {
    awk -v row="$server $scheme $shape $1" '$1 " " $2 " " $3 " " $4 == row { print $5, $6 }' \
        "$dir/http2.cpu"
}

# h2_ratio TOOL BASE FUNCTION : "median (min-max)" of the ratios by round; FUNCTION prints
# "round value" of a tool
h2_ratio() {
    join <("$3" "$1" | sort) <("$3" "$2" | sort) | awk '$3 > 0 { print $2 / $3 }' | spread |
        awk '{ printf "%.3f (%.2f-%.2f)", $2, $1, $3 }'
}

h2_cpu_row() {
    local min median max errors ratios
    read -r min median max <<<"$(h2_cpu "$1" | cut -d' ' -f2 | spread)"
    [ -n "${median:-}" ] || return
    errors=$(awk -v row="$server $scheme $shape $1" \
        '$1 " " $2 " " $3 " " $4 == row { sum += $7 } END { print sum + 0 }' "$dir/http2.cpu")
    ratios=$(h2_ratio "$1" h2load h2_cpu)
    printf '  %-7s %-4s %-7s %-10s %9.2f %15s %20s %7d\n' "$server" "$scheme" "$shape" "$1" \
        "$median" "$(printf '%.2f-%.2f' "$min" "$max")" "${ratios:--}" "$errors"
    bar http2 "$server, $scheme, $shape: CPU microseconds per request" "$1" "$median" "$min" "$max"
}

h2_cpu_shape() {
    local round tool subjects=()
    for tool in "${h2_tools[@]}"; do
        h2_can "$tool" "$scheme" "$shape" && subjects+=("$tool")
    done
    for ((round = 0; round < ROUNDS; round++)); do
        for tool in $(rotated "$round" "${subjects[@]}"); do
            h2_cpu_run "$tool" "$round"
        done
    done
    for tool in "${subjects[@]}"; do
        h2_cpu_row "$tool"
    done
}

h2_cpu_table() {
    local server scheme shape
    echo "  CPU microseconds per request; connections x streams"
    printf '  %-7s %-4s %-7s %-10s %9s %15s %20s %7s\n' '' '' '' '' 'CPU us' min-max '/ h2load' \
        errors
    for server in "${h2_servers[@]}"; do
        for scheme in h2c tls; do
            for shape in $H2_SHAPES; do
                h2_cpu_shape
            done
        done
    done
}

# ---- counts per request -------------------------------------------------------------------------

# h2_counted_calls : system calls without waits of the last traced run
h2_counted_calls() {
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" && $NF !~ /^epoll_p?wait2?$/ { calls += $4 }
        END { print calls + 0 }' "$dir/calls"
}

# h2_count METHOD TOOL FEW MANY : prints the system calls (calls) or the instructions per request:
# the difference of two runs, which excludes the start and the end of the program
h2_count() {
    local n command url requests errors status instructions counts=()
    h2_url "$server" "$scheme"
    for n in "$3" "$4"; do
        h2_command "$2" "$scheme" "$shape"
        h2_requests "$2" "$n"
        if [ "$1" = calls ]; then
            traced "${command[@]}"
        else
            [ "$2" != firstbyte ] || command+=(-q --kernel-time off)
            counted "${command[@]}"
        fi
        status=$?
        h2_succeeded "$2, $1, $server, $shape" "$2" $status "$n" >&2 || return
        [ "$1" = instructions ] || instructions=$(h2_counted_calls)
        counts+=("$instructions")
    done
    awk -v few="${counts[0]}" -v many="${counts[1]}" -v n=$(($4 - $3)) \
        'BEGIN { printf "%.3f", (many - few) / n }'
}

# h2_count_rows METHOD TITLE FEW MANY SHAPE... : firstbyte and h2load, h2c
h2_count_rows() {
    local method=$1 name=$2 few=$3 many=$4 server=${h2_servers[0]} scheme=h2c shape tool value
    shift 4
    echo "  $name per request, $server, h2c"
    for shape; do
        for tool in "${h2_tools[@]}"; do
            h2_can "$tool" $scheme "$shape" || continue
            value=$(h2_count "$method" "$tool" "$few" "$many") || { failed=1; continue; }
            printf '  %-7s %-10s %12s\n' "$shape" "$tool" "$value"
            echo "{\"$method\":$value,\"shape\":\"$shape\",\"subject\":\"$tool\"}" \
                >>"$dir/http2.runs"
        done
    done
}

# ---- memory of a held connection ----------------------------------------------------------------

# h2_peak TOOL CONNECTIONS : sets `peak_kib`; two responses for each connection
h2_peak() {
    local command url requests errors status
    h2_url "$server" "$scheme"
    h2_command "$1" "$scheme" "$2x1"
    h2_requests "$1" $(($2 * 2))
    measure "${command[@]}"
    status=$?
    h2_succeeded "$1, $2 connections, $server, $scheme" "$1" $status
}

h2_held_table() {
    local server=${h2_servers[0]} scheme tool peak_kib one each
    [ ${#gnu_time[@]} != 0 ] || return
    echo "  KiB of each of $H2_HELD connections, $server"
    for scheme in h2c tls; do
        for tool in "${h2_tools[@]}"; do
            h2_can "$tool" "$scheme" 64x1 || continue
            h2_peak "$tool" 1 || continue
            one=$peak_kib
            h2_peak "$tool" $H2_HELD || continue
            each=$(awk -v all="$peak_kib" -v one="$one" -v n=$H2_HELD \
                'BEGIN { printf "%.2f", (all - one) / n }')
            printf '  %-7s %-10s %12s\n' $scheme "$tool" "$each"
            echo "{\"kib_each\":$each,\"scheme\":\"$scheme\",\"subject\":\"$tool\"}" \
                >>"$dir/http2.runs"
        done
    done
}

# ---- fetch --------------------------------------------------------------------------------------

# h2_fetch_run SUBJECT ROUND : adds "server subject round us" to $dir/http2.fetch
h2_fetch_run() {
    local command list=$dir/h2.$server
    case $1 in
    firstbyte) command=("$FIRSTBYTE" fetch -k -f "$list.list") ;;
    curl)      command=(curl -k -sS --http2 --parallel --parallel-max 100 -K "$list.curl") ;;
    esac
    measure "${command[@]}" || { fail "$1, fetch, $server" "$dir/err"; return; }
    awk -v row="$server $1 $2" -v cpu="$user_s $system_s" -v n=$H2_URLS \
        'BEGIN { split(cpu, s); printf "%s %.3f\n", row, (s[1] + s[2]) / n * 1e6 }' \
        >>"$dir/http2.fetch"
    sleep 0.2
}

h2_fetch_us() {
    awk -v row="$server $1" '$1 " " $2 == row { print $3, $4 }' "$dir/http2.fetch"
}

h2_fetch_table() {
    local server round tool subjects=(firstbyte) url min median max ratios
    if has curl; then subjects+=(curl); else skip "curl --parallel (Debian: curl)"; fi
    echo "  CPU microseconds per URL, $H2_URLS URLs of one origin over TLS"
    for server in "${h2_servers[@]}"; do
        h2_url "$server" tls
        seq -f "$url?%.0f" $H2_URLS >"$dir/h2.$server.list"
        sed 's|.*|url = "&"\noutput = "/dev/null"|' "$dir/h2.$server.list" >"$dir/h2.$server.curl"
        for ((round = 0; round < ROUNDS; round++)); do
            for tool in $(rotated "$round" "${subjects[@]}"); do
                h2_fetch_run "$tool" "$round"
            done
        done
        for tool in "${subjects[@]}"; do
            read -r min median max <<<"$(h2_fetch_us "$tool" | cut -d' ' -f2 | spread)"
            [ -n "${median:-}" ] || continue
            ratios=$(h2_ratio "$tool" curl h2_fetch_us)
            printf '  %-7s %-10s %9.2f %15s   / curl %s\n' "$server" "$tool" "$median" \
                "$(printf '%.2f-%.2f' "$min" "$max")" "${ratios:--}"
            bar http2 "$server, fetch: CPU microseconds per URL" "$tool" "$median" "$min" "$max"
        done
    done
}

h2_json() {
    awk '{ printf "{\"server\":\"%s\",\"scheme\":\"%s\",\"shape\":\"%s\",\"subject\":\"%s\"," \
                  "\"round\":%d,\"cpu_us\":%s,\"errors\":%d}\n", $1, $2, $3, $4, $5, $6, $7 }' \
        "$dir/http2.cpu" >>"$dir/http2.runs"
    awk '{ printf "{\"server\":\"%s\",\"subject\":\"%s\",\"round\":%d,\"cpu_us_a_url\":%s}\n", \
                  $1, $2, $3, $4 }' "$dir/http2.fetch" >>"$dir/http2.runs"
}

compare_http2() {
    local h2_servers h2_tools
    title "http2: a page of 612 bytes, $LOAD_S s, $ROUNDS rounds; medians (spread)"
    : >"$dir/http2.cpu"
    : >"$dir/http2.fetch"
    choose_cores
    choose_time
    h2_prepare || { skip "http2, which needs nghttpd or h2o"; return; }
    h2_find_tools
    h2_cpu_table
    h2_fetch_table
    if has strace; then
        # shellcheck disable=SC2086
        h2_count_rows calls "system calls without waits" $H2_CALLS_FEW $H2_CALLS_MANY \
            $H2_CALLS_SHAPES
    else
        skip "system calls: no strace (Debian: strace)"
    fi
    if has valgrind; then
        h2_count_rows instructions "instructions in user space" $COUNTED_FEW $COUNTED_MANY \
            "${COUNTED_CONNECTIONS}x1"
    else
        skip "instructions per request: no valgrind (Debian: valgrind)"
    fi
    h2_held_table
    h2_json
    h2_stop
    chart http2 "HTTP/2, ${h2_servers[*]}"
}
