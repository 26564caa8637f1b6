#!/bin/bash
# Fetches from nginx over https: certificate verification, and the error code of each failure.
. "$(dirname "$0")/lib.bash"

make_authority
make_certificate good "IP:$HOME_ADDRESS,DNS:localhost"
make_certificate expired "IP:$HOME_ADDRESS" 20200101 20210101
make_certificate future "IP:$HOME_ADDRESS" 20980101 20990101
make_certificate other "IP:192.0.2.1,DNS:other.example"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=self \
    -addext "subjectAltName=IP:$HOME_ADDRESS" -keyout "$TMPDIR/self.key" -out "$TMPDIR/self.pem" \
    2>>"$TMPDIR/openssl.log"

mkdir "$TMPDIR/www"
{ echo large; head -c 10485754 /dev/zero | tr '\0' .; } >"$TMPDIR/www/large"
head -c 10240 /dev/zero | tr '\0' x >"$TMPDIR/www/10k"
server() { # PORT CERTIFICATE MORE
    echo "server { listen @:$1 ssl;
        ssl_certificate DIR/$2.pem; ssl_certificate_key DIR/$2.key; ${3-}
        location /words { return 200 \"0123456789 and more\"; } }"
}
start_nginx 18443 18444 18445 18446 18447 18448 18449 18450 18451 18452 18080 < <(
    echo "ssl_protocols TLSv1.2 TLSv1.3;"
    echo "log_format reused '\$ssl_session_reused \$ssl_protocol';"
    server 18451 good "keepalive_requests 1; access_log DIR/reused.log reused;"
    server 18452 good \
        "keepalive_requests 1; access_log DIR/reused12.log reused; ssl_protocols TLSv1.2;"
    server 18443 good
    server 18444 expired
    server 18445 future
    server 18446 other
    server 18447 self
    server 18448 good "ssl_protocols TLSv1.2;"
    server 18449 good "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"
    server 18450 good "ssl_verify_client on; ssl_client_certificate DIR/ca.pem;"
    echo 'server { listen @:18080; location / { return 200 "plain"; } }'
)
base=https://$HOME_ADDRESS
for port in 18443 18444 18445 18446 18447 18448 18449 18450 18080; do
    echo "$base:$port/words"
done | conf

# both NAME WANTED OPTION... : a race; in each half, a line for each port with status and error code
both() {
    local name=$1 wanted=$2 mode
    shift 2
    fb race -f "$LIST" --format json --order input "$@"
    for mode in blocking reactor; do
        same "$name, $mode half" "$wanted" "$(jq -r "select(.mode == \"$mode\")
            | [(.url | .[-11:-6]), .status, .error.code, .tls.version]
            | map(. // \"-\" | tostring) | join(\" \")" "$out")"
    done
}
both "with the authority" "18443 200 - TLSv1.3
18444 - tls.cert_expired -
18445 - tls.cert_not_yet_valid -
18446 - tls.hostname_mismatch -
18447 - tls.self_signed -
18448 200 - TLSv1.2
18449 - tls.protocol -
18450 400 - TLSv1.3
18080 - tls.not_tls -" --cacert "$TMPDIR/ca.pem"
head -n -1 "$out" >"$TMPDIR/results"
check "every result fits the schema" valid fetch "$TMPDIR/results"
both "without verification" "18443 200 - TLSv1.3
18444 200 - TLSv1.3
18445 200 - TLSv1.3
18446 200 - TLSv1.3
18447 200 - TLSv1.3
18448 200 - TLSv1.2
18449 - tls.protocol -
18450 400 - TLSv1.3
18080 - tls.not_tls -" -k
fb --format json "$base:18443/words" "$base:18447/words" --order input
same "the authorities of the system" "$base:18443/words tls.unknown_authority tls
$base:18447/words tls.self_signed tls" "$(codes)"
exits "the authorities of the system: exit status" 1

# complete responses over TLS: large ones, many, and on reused connections
fb --cacert "$TMPDIR/ca.pem" --max-body 1G --format json -T 60s "$base:18443/large" \
    "$base:18448/large"
same "10 MB over TLS 1.3 and 1.2" "10485760 10485760" "$(jq .body_bytes "$out" | xargs)"
seq -f "$base:18443/10k?%.0f" 300 >"$TMPDIR/300"
: >"$NGINX_LOG"
fb --cacert "$TMPDIR/ca.pem" -c 16 -T 60s --format json -f "$TMPDIR/300"
same "300 sites, 16 at once" "300 10240" "$(jq .body_bytes "$out" | sort | uniq -c | xargs)"
check "300 sites, 16 at once: at most 16 connections" \
    test "$(cut -d' ' -f1 "$NGINX_LOG" | sort -u | wc -l)" -le 16
same "a fetch on a reused connection has the fields of TLS" "300 TLSv1.3" \
    "$(jq -r .tls.version "$out" | uniq -c | xargs)"

# a server that closes each connection: sessions are resumed, in TLS 1.3 and 1.2, verified or not
for trust in "--cacert $TMPDIR/ca.pem" -k; do
    : >"$TMPDIR/reused.log"
    : >"$TMPDIR/reused12.log"
    { seq -f "$base:18451/words?%.0f" 10; seq -f "$base:18452/words?%.0f" 10; } >"$TMPDIR/20"
    # shellcheck disable=SC2086
    fb $trust -c 1 -f "$TMPDIR/20"
    exits "10 connections to each port, ${trust%% *}" 0
    same "all except the first are resumed, ${trust%% *}" \
        "1 . TLSv1.3 9 r TLSv1.3 1 . TLSv1.2 9 r TLSv1.2" \
        "$(cat "$TMPDIR/reused.log" "$TMPDIR/reused12.log" | uniq -c | xargs)"
done

# a request without TLS to a port for TLS
fb --format json "http://$HOME_ADDRESS:18443/words"
same "http to a port for https: status 400" 400 "$(jq .status "$out")"

# a server that requires a client certificate sends an alert: in the handshake or, in TLS 1.3, later
for version in tls1_2 tls1_3; do
    [ $version = tls1_2 ] && code=tls.alert || code='(tls.alert|receive.failed)'
    port=$((18460 + ${version#tls1_}))
    start "s_server-$version" openssl s_server -accept "$HOME_ADDRESS:$port" \
        -cert "$TMPDIR/good.pem" \
        -key "$TMPDIR/good.key" -CAfile "$TMPDIR/ca.pem" -Verify 1 \
        -verify_return_error "-$version" -www
    until_true 10 listens "$port"
    fb race --cacert "$TMPDIR/ca.pem" --format json "$base:$port/"
    same "a client certificate is required, $version" 2 \
        "$(grep -cE "\"status\":null.*\"code\":\"$code\"" "$out")"
    check "a client certificate is required, $version: the message" grep -q 'certificate required' \
        "$out"
done
