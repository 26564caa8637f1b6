#!/bin/bash
# System calls: one send and one receive for each request on a persistent connection, one
# registration for each connection, no thread for names, and the trust store only for https.
. "$(dirname "$0")/lib.bash"

if ! strace -o "$TMPDIR/try" true 2>/dev/null || [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "system calls" "strace does not work"
    exit 0
fi
start_nginx 18080 18081 18443 < <(
    make_authority
    make_certificate good "IP:$HOME_ADDRESS"
    cat <<'N'
server {
    listen @:18080;
    listen @:18443 ssl;
    ssl_certificate DIR/good.pem;
    ssl_certificate_key DIR/good.key;
    keepalive_requests 100000;
    location / { return 200 "0123456789"; }
}
server { listen @:18081 http2; location / { return 200 "0123456789"; } }
N
)
base=http://$HOME_ADDRESS:18080
# traced CALLS ARGUMENT... : runs the program under strace into $TMPDIR/trace
traced() {
    local calls=$1
    shift
    timeout 60 strace -f -qq -e "trace=$calls" -e signal=none -o "$TMPDIR/trace" \
        "$FIRSTBYTE" "$@" >"$out" 2>"$err"
    status=$?
}
count() { grep -cE "$1" "$TMPDIR/trace"; }

seq -f "$base/%.0f" 2000 >"$TMPDIR/2000"
traced '%network,epoll_ctl,epoll_pwait2,epoll_wait,read,write,recvfrom,sendto,fcntl,close' -c 10 \
    -f "$TMPDIR/2000"
exits "2000 fetches over http, 10 at once, under strace" 0
connects=$(count '^[0-9]+ +connect\(.*htons\(18080\)')
check "at most as many connections as fetches at once" test "$connects" -le 10
sends=$(count ' (sendto|send|sendmsg|write)\([0-9]+, "GET')
same "one send for each request" 2000 "$sends"
receives=$(count ' (recvfrom|recvmsg|read)\([0-9]+, "HTTP/1.1 200')
same "one receive for each response" 2000 "$receives"
empty=$(count 'EAGAIN')
check "few receives without data: $empty" test "$empty" -le 100
registered=$(count 'epoll_ctl\([0-9]+, EPOLL_CTL_ADD')
check "a connection is registered once: $registered" test "$registered" -le $((connects + 10))
same "no registration is changed" 0 "$(count 'EPOLL_CTL_MOD')"
check "a turn of the loop handles several events" \
    test "$(count 'epoll_(pwait2|wait|pwait)\(')" -lt 2000
check "no persistent connection is closed before the end" test "$(count ' shutdown\(')" = 0

seq -f "https://$HOME_ADDRESS:18443/%.0f" 500 >"$TMPDIR/500"
traced '%network,epoll_ctl' -c 10 -f "$TMPDIR/500" --cacert "$TMPDIR/ca.pem"
exits "500 fetches over TLS, under strace" 0
same "over TLS no registration is changed" 0 "$(count 'EPOLL_CTL_MOD')"
calls=$(count ' (sendto|recvfrom|sendmsg|recvmsg)\(')
check "over TLS one send and one receive for each request, without handshakes: $calls" \
    test "$calls" -le $((1000 + 10 * 12))

# the load generator: one send and one receive for each request, and no other calls for each request
count_calls() { # sets $calls: additional calls of 2000 additional requests, without epoll waits
    local few many
    traced all bench -n 1000 -c 32 "$@"
    few=$(grep -vcE ' epoll_(pwait2|wait|pwait)\(' "$TMPDIR/trace")
    traced all bench -n 3000 -c 32 "$@"
    many=$(grep -vcE ' epoll_(pwait2|wait|pwait)\(' "$TMPDIR/trace")
    calls=$((many - few))
}
for url in "$base/" "https://$HOME_ADDRESS:18443/"; do
    name="a load over ${url%%:*}"
    for stamps in off sample all; do
        count_calls --kernel-time $stamps --cacert "$TMPDIR/ca.pem" "$url"
        check "$name, stamps $stamps: $calls calls for 2000 requests" test "$calls" -le 4200
        check "$name, stamps $stamps: almost no receives without data" test "$(count EAGAIN)" -le 64
        same "$name, stamps $stamps: no registration is changed" 0 "$(count EPOLL_CTL_MOD)"
        check "$name, stamps $stamps: a connection is registered once" \
            test "$(count EPOLL_CTL_ADD)" -le 40
        stamped=$(count 'setsockopt\(.*, SO_TIMESTAMPING')
        messages=$(count ' recvmsg\(') receives=$(count ' recvfrom\(')
        case $stamps in
        off) same "$name: no stamps are enabled" "0 0" "$stamped $messages" ;;
        sample)
            same "$name: one connection in sixteen is stamped" 2 "$stamped"
            check "$name: only stamped connections use recvmsg" \
                test "$messages" -gt 0 -a "$messages" -lt "$receives"
            ;;
        # during a handshake, recvfrom is used
        all) check "$name: all connections are stamped" test "$stamped" = 32 \
            -a "$receives" -le 96 ;;
        esac
    done
done
traced '%network' bench -n 2000 -c 32 --kernel-time off "$base/"
same "a load: exactly one send for each request" 2000 "$(count ' (sendto|send|sendmsg)\(')"
same "a load: exactly one receive for each response" 2000 "$(count ' (recvfrom|recvmsg)\(')"

# the trust store
store='"(/usr/lib/ssl|/etc/ssl|/usr/share/ca-certificates)[^"]*(certs|cert\.pem|\.crt)'
unset SSL_CERT_FILE SSL_CERT_DIR
traced openat,open "$base/"
check_not "the trust store is not read for http" grep -qE "$store" "$TMPDIR/trace"
traced openat,open,newfstatat,stat "https://$HOME_ADDRESS:18443/"
check "the trust store is read for https" grep -qE "$store" "$TMPDIR/trace"
traced openat,open,newfstatat,stat -k "https://$HOME_ADDRESS:18443/"
check_not "the trust store is not read with -k" grep -qE "$store" "$TMPDIR/trace"
traced openat,open,newfstatat,stat --cacert "$TMPDIR/ca.pem" "https://$HOME_ADDRESS:18443/"
check_not "the trust store is not read with --cacert" grep -qE "$store" "$TMPDIR/trace"

# the reactor runs in one thread, and DNS queries need no other
seq -f "http://%.0f.example/" 50 >"$TMPDIR/50"
traced clone,clone3,fork,vfork,execve --rehearse -f "$TMPDIR/50"
same "one child, the origin, and no thread" 1 "$(count '(clone|clone3|vfork|fork)\(')"

# a request over HTTP/2 does not wait for the ACK of a control frame
traced setsockopt --http2-prior-knowledge "http://$HOME_ADDRESS:18081/"
same "TCP_NODELAY without TLS" 1 "$(count TCP_NODELAY)"
