# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# The server of the load generators: nginx with one pinned worker, or the embedded origin if nginx
# is not installed. Sourced after nginx.bash.

server_kind='' server_turn=0
origin_pid='' stalled=''

# origin_start FILE : starts the embedded origin for the sites of FILE; sets origin_http and
# origin_https, each ADDRESS:PORT, and writes the certificate of the authority to $dir/origin.pem
origin_start() {
    local i
    ${server_core:+taskset -c "$server_core"} "$FIRSTBYTE" origin -f "$1" \
        >"$dir/origin" 2>"$dir/origin.err" &
    origin_pid=$!
    for ((i = 0; i < 100; i++)); do
        grep -q 'END CERTIFICATE' "$dir/origin" && break
        sleep 0.1
    done
    origin_http=$(sed -n 's/^http //p' "$dir/origin")
    origin_https=$(sed -n 's/^https //p' "$dir/origin")
    sed -n '/BEGIN/,/END/p' "$dir/origin" >"$dir/origin.pem"
    [ -s "$dir/origin.pem" ] && return
    fail "the embedded origin did not start" "$dir/origin.err"
    origin_stop
    return 1
}

origin_stop() {
    [ -n "$origin_pid" ] || return 0
    kill "$origin_pid" 2>/dev/null
    wait "$origin_pid" 2>/dev/null
    origin_pid=''
}

# Starts the server, once. Sets server_kind to nginx or origin.
server_start() {
    [ -z "$server_kind" ] || return 0
    choose_cores
    if has nginx && has openssl; then
        nginx_start "$dir" "$server_core" || { failed=1; return 1; }
        server_kind=nginx
        return
    fi
    skip "no nginx or no openssl (Debian: nginx-light, openssl): the embedded origin instead"
    printf '%s://127.0.0.1/ rehearse-delay=0s rehearse-body="%0612d"\n' http 0 https 0 \
        >"$dir/load.conf"
    origin_start "$dir/load.conf" || return 1
    server_kind=origin
}

server_stop() {
    server_go
    nginx_stop
    origin_stop
    server_kind=''
}

# server_url SCHEME [new] : sets `url` to a small page. Each call uses another address if possible,
# so that ports in TIME_WAIT do not matter. With `new`, its https port only does full handshakes.
server_url() {
    if [ "$server_kind" = origin ]; then
        url=http://$origin_http/
        [ "$1" = http ] || url=https://$origin_https/
        return
    fi
    url=$1://$(nginx_address $((server_turn++ % NGINX_ADDRESSES)))
    case $1/${2:-} in
    http/*)    url+=:$NGINX_HTTP/ ;;
    https/new) url+=:$NGINX_HTTPS_FULL/ ;;
    https/)    url+=:$NGINX_HTTPS/ ;;
    esac
}

# Prints the process id of the server.
server_worker() {
    if [ "$server_kind" = origin ]; then
        echo "$origin_pid"
    else
        cut -d' ' -f1 "/proc/$nginx_pid/task/$nginx_pid/children"
    fi
}

# server_stall, server_go : stop and continue the server process.
server_stall() { kill -STOP "${stalled:=$(server_worker)}"; }

server_go() {
    [ -z "$stalled" ] || kill -CONT "$stalled" 2>/dev/null
    stalled=''
}
