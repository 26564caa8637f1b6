# shellcheck shell=bash disable=SC2034,SC2154 # names are shared with compare.sh and the others
# An nginx with one worker on many loopback addresses.
#
#   nginx_start DIR CORE     starts it in DIR; returns 1 with a message on stderr if that fails
#   nginx_address I          the address of server I, from 0 to NGINX_ADDRESSES - 1
#   nginx_stop               stops it, by its process id, if it runs
#
# Every address has its own `listen` line: a wildcard would open the server to the network. The
# certificate is self-signed ECDSA on P-256, the default of Let's Encrypt and large CDNs. Signing is
# fast, so the server is not the bottleneck.

NGINX_ADDRESSES=1250
NGINX_HTTP=18080
NGINX_HTTPS=18443
NGINX_HTTPS_FULL=18444 # without tickets and sessions: every handshake is full
nginx_net=127.$((RANDOM % 200 + 20)) # two instances use different networks
nginx_pid=

nginx_address() { echo "$nginx_net.$(($1 / 250 + 1)).$(($1 % 250 + 1))"; }

# nginx_listen PORT [WORD] : prints `listen` lines with a large backlog
nginx_listen() {
    local i
    for ((i = 0; i < NGINX_ADDRESSES; i++)); do
        echo "    listen $nginx_net.$((i / 250 + 1)).$((i % 250 + 1)):$1${2:+ $2} backlog=4096;"
    done
}

# nginx_config DIR DESCRIPTORS
nginx_config() {
    local dir=$1
    [ "$(id -u)" != 0 ] || echo "user root;"
    cat <<N
daemon off;
pid $dir/pid;
error_log $dir/error.log warn;
worker_processes 1;
worker_rlimit_nofile $2;
events { worker_connections $2; }
http {
    access_log off;
    root $dir/www;
    index small.txt;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 60s;
    keepalive_requests 1000000;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    server {
$(nginx_listen $NGINX_HTTP)
    }
    server {
        ssl_certificate $dir/certificate.pem;
        ssl_certificate_key $dir/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
$(nginx_listen $NGINX_HTTPS ssl)
    }
    server {
        ssl_certificate $dir/certificate.pem;
        ssl_certificate_key $dir/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_tickets off;
        ssl_session_cache off;
$(nginx_listen $NGINX_HTTPS_FULL ssl)
    }
}
N
}

# Raises the limit of descriptors as far as needed and allowed, and prints it.
nginx_descriptors() {
    local hard
    hard=$(ulimit -Hn)
    [ "$hard" != unlimited ] && [ "$hard" -lt 16384 ] || hard=16384
    echo "$hard"
}

nginx_answers() {
    (exec 3<>"/dev/tcp/$(nginx_address $((NGINX_ADDRESSES - 1)))/$NGINX_HTTPS") 2>/dev/null
}

nginx_start() {
    local dir=$1 core=$2 descriptors i
    descriptors=$(nginx_descriptors)
    mkdir -p "$dir/www"
    head -c 10240 /dev/zero | tr '\0' x >"$dir/www/10k.bin"
    head -c 612 /dev/zero | tr '\0' x >"$dir/www/small.txt" # the response of /
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=localhost -keyout "$dir/key.pem" -out "$dir/certificate.pem" \
        2>"$dir/openssl.log" ||
        { cat "$dir/openssl.log" >&2; return 1; }
    nginx_config "$dir" "$descriptors" >"$dir/nginx.conf"
    (ulimit -n "$descriptors" && exec ${core:+taskset -c "$core"} nginx -c "$dir/nginx.conf") \
        >"$dir/nginx.log" 2>&1 &
    nginx_pid=$!
    for ((i = 0; i < 100; i++)); do
        nginx_answers && return 0
        kill -0 $nginx_pid 2>/dev/null || break
        sleep 0.1
    done
    echo "nginx did not start:" >&2
    cat "$dir/nginx.log" "$dir/error.log" >&2
    nginx_stop
    return 1
}

nginx_stop() {
    [ -n "$nginx_pid" ] || return 0
    kill "$nginx_pid" 2>/dev/null
    wait "$nginx_pid" 2>/dev/null
    nginx_pid=
}
