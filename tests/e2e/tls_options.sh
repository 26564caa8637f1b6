#!/bin/bash
# Options and environment variables of TLS, with nginx: trusted authorities, client certificates,
# versions, SNI, reported certificates, key log.
. "$(dirname "$0")/lib.bash"

at=$HOME_ADDRESS
day() { date -u -d "$1 days" +%Y%m%d; }
make_authority
make_certificate a.example "DNS:a.example,DNS:*.a.example,IP:$at,IP:2001:db8::1"
make_certificate b.example "DNS:b.example"
make_certificate soon "IP:$at" "$(day -10)" "$(day +11)" # at midnight: 10 whole days are left
make_certificate past "IP:$at" "$(day -20)" "$(day -3)"
make_certificate me "DNS:me.example"
cat "$TMPDIR/me.pem" "$TMPDIR/me.key" >"$TMPDIR/both.pem"
openssl pkey -in "$TMPDIR/me.key" -aes128 -passout pass:sesame -out "$TMPDIR/encrypted.key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -utf8 \
    -CA "$TMPDIR/ca.pem" -CAkey "$TMPDIR/ca.key" -keyout "$TMPDIR/odd.key" \
    -subj "/C=XX/O=Bücher, Töchter & \"Söhne\"/CN=odd" \
    -addext "subjectAltName=IP:$at,email:a@b.example" -out "$TMPDIR/odd.pem" \
    2>>"$TMPDIR/openssl.log"

server() { # PORT CERTIFICATE MORE
    echo "server { listen @:$1 ssl;
        ssl_certificate DIR/$2.pem; ssl_certificate_key DIR/$2.key; ${3-}
        location / { return 200 \$server_name; } }"
}
start_nginx 18443 18444 18445 18446 18447 18448 18449 < <(
    echo "ssl_protocols TLSv1.2 TLSv1.3;"
    echo "log_format seen '\$ssl_protocol \$ssl_server_name \$ssl_client_verify \$ssl_client_s_dn';"
    echo "access_log DIR/seen.log seen;"
    server 18443 a.example "server_name a.example;"
    server 18443 b.example "server_name b.example;"
    server 18444 soon
    server 18445 past
    server 18446 odd
    server 18447 a.example "ssl_protocols TLSv1.2;"
    server 18448 a.example "ssl_protocols TLSv1.3;"
    server 18449 a.example "ssl_verify_client on; ssl_client_certificate DIR/ca.pem;"
)
ca=(--cacert "$TMPDIR/ca.pem")
here=https://$at:18443/
last() { tail -n 1 "$TMPDIR/seen.log"; }
# field FILTER ARGUMENT... : runs fb, and applies the jq filter to its result
field() {
    local filter=$1
    shift
    fb --format json "$@"
    jq -rc "$filter" "$out"
}

# trusted authorities
expect "no trusted authority" "- tls.unknown_authority" "$here"
expect "--cacert" "200 -" "${ca[@]}" "$here"
mkdir "$TMPDIR/trusted" "$TMPDIR/empty"
cp "$TMPDIR/ca.pem" "$TMPDIR/trusted/"
fb --capath "$TMPDIR/trusted" "$here"
exits "--capath without hashed names" 3
check "--capath without hashed names: the remedy is reported" stderr_has "openssl rehash"
openssl rehash "$TMPDIR/trusted"
expect "--capath" "200 -" --capath "$TMPDIR/trusted" "$here"
cp "$TMPDIR/me.pem" "$TMPDIR/unrelated.pem"
expect "--capath and --cacert" "200 -" --capath "$TMPDIR/trusted" --cacert "$TMPDIR/unrelated.pem" \
    "$here"
SSL_CERT_FILE=$TMPDIR/ca.pem expect "SSL_CERT_FILE" "200 -" "$here"
SSL_CERT_DIR=$TMPDIR/trusted expect "SSL_CERT_DIR" "200 -" "$here"
SSL_CERT_FILE=$TMPDIR/ca.pem expect "--cacert wins over SSL_CERT_FILE" "- tls.unknown_authority" \
    --cacert "$TMPDIR/unrelated.pem" "$here"
expect "--cacert: the server's own certificate" "200 -" --cacert "$TMPDIR/a.example.pem" "$here"
SSL_CERT_FILE=$TMPDIR/a.example.pem expect "SSL_CERT_FILE: only root certificates are trusted" \
    "- tls.unknown_authority" "$here"
expect "an underscore under a wildcard" "200 -" "${ca[@]}" --resolve "*:18443:$at" \
    https://x_y.a.example:18443/
expect "an underscore without a wildcard" "- tls.hostname_mismatch" "${ca[@]}" \
    --resolve "*:18443:$at" \
    https://x_y.example:18443/
for wrong in --cacert --capath --cert; do
    fb $wrong "$TMPDIR/nothing" "$here"
    exits "$wrong: no such file" 3
    same "$wrong: no such file: it is reported" \
        "firstbyte: TLS: $TMPDIR/nothing: No such file or directory" "$(cat "$err")"
done
echo nonsense >"$TMPDIR/nonsense"
fb --cacert "$TMPDIR/nonsense" "$here"
exits "--cacert: no certificate" 3

# client certificates
mine=https://$at:18449/
expect "a server that requires a client certificate" "400 -" "${ca[@]}" "$mine"
expect "--cert and --key" "200 -" "${ca[@]}" --cert "$TMPDIR/me.pem" --key "$TMPDIR/me.key" "$mine"
same "--cert and --key: nginx has verified the certificate" "SUCCESS CN=me" \
    "$(last | cut -d' ' -f3-)"
expect "--cert with certificate and key in one file" "200 -" "${ca[@]}" --cert "$TMPDIR/both.pem" \
    "$mine"
expect "--cert with a server that does not request it" "200 -" "${ca[@]}" \
    --cert "$TMPDIR/both.pem" "$here"
same "--cert with a server that does not request it: it is not sent" \
    "NONE -" "$(last | cut -d' ' -f3-)"
refused() { # NAME WORDS OPTION...
    local name=$1 words=$2
    shift 2
    fb "$@" "$mine"
    exits "$name" 3
    check "$name: it is reported" stderr_has "$words"
    same "$name: nothing is fetched" "" "$(cat "$out")"
}
refused "the key of another certificate" "not the key of the certificate" --cert "$TMPDIR/me.pem" \
    --key "$TMPDIR/ca.key"
refused "an encrypted key" "it must be unencrypted" --cert "$TMPDIR/me.pem" \
    --key "$TMPDIR/encrypted.key"
refused "a file without a key" "no private key in PEM" --cert "$TMPDIR/me.pem" \
    --key "$TMPDIR/ca.pem"

# versions
same "without options: the highest version" TLSv1.3 "$(field .tls.version "${ca[@]}" "$here")"
same "--tls-max 1.2" TLSv1.2 "$(field .tls.version "${ca[@]}" --tls-max 1.2 "$here")"
same "--tls-max 1.2: the version in the log of nginx" TLSv1.2 "$(last | cut -d' ' -f1)"
same "--tls-min 1.3" TLSv1.3 "$(field .tls.version "${ca[@]}" --tls-min 1.3 "$here")"
same "--tls-min and --tls-max" TLSv1.2 \
    "$(field .tls.version "${ca[@]}" --tls-min 1.2 --tls-max 1.2 "$here")"
expect "--tls-min 1.3 with a server for 1.2" "- tls.protocol" "${ca[@]}" --tls-min 1.3 \
    "https://$at:18447/"
expect "--tls-max 1.2 with a server for 1.3" "- tls.protocol" "${ca[@]}" --tls-max 1.2 \
    "https://$at:18448/"

# SNI selects the server; the certificate must be valid for the host of the URL
a=https://a.example:18443/ b=https://b.example:18443/
to=(--resolve "*:18443:$at")
expect "SNI has the host" "200 -" "${ca[@]}" "${to[@]}" "$b"
same "SNI has the host: in the log of nginx" b.example "$(last | cut -d' ' -f2)"
same "no SNI for an IP address" - "$(fb "${ca[@]}" "$here" && last | cut -d' ' -f2)"
expect "--sni of another host: its certificate does not match" "- tls.hostname_mismatch" \
    "${ca[@]}" "${to[@]}" --sni a.example "$b"
expect "--sni of an unknown host: the default server" "200 -" "${ca[@]}" "${to[@]}" \
    --sni unknown.example "$a"
same "--sni of an unknown host: in the log of nginx" unknown.example "$(last | cut -d' ' -f2)"
same "--sni with -k: the certificate of the other host" '["b.example"]' \
    "$(field .tls.certificate.names -k "${to[@]}" --sni b.example "$a")"
same "--sni: the Host field selects the server for the request" a.example "$(jq -r .snippet "$out")"
expect "--sni with a URL that has an IP address" "200 -" "${ca[@]}" --sni a.example "$here"
expect '--sni "": no SNI' "200 -" "${ca[@]}" "${to[@]}" --sni "" "$a"
same '--sni "": in the log of nginx' - "$(last | cut -d' ' -f2)"
refused "--sni with an address" "no host name for SNI" --sni 192.0.2.1

# compare_certificate NAME PORT : compares the reported certificate with the output of openssl
compare_certificate() {
    local file=$TMPDIR/$1.pem form=RFC2253,-esc_msb,utf8
    field '.tls.certificate | del(.days_left)' -k "https://$at:$2/" >"$TMPDIR/reported"
    dates() { date -u -d "$(openssl x509 -in "$file" -noout "-${1}date" | cut -d= -f2)" +%FT%TZ; }
    same "the certificate of $1 as openssl prints it" \
        "$(jq -nc '$ARGS.positional | {subject: .[0], issuer: .[1],
        names: (.[2] | split("\n") - [""]), not_before: .[3], not_after: .[4]}' --args \
        "$(openssl x509 -in "$file" -noout -subject -nameopt $form | sed 's/^subject=//')" \
        "$(openssl x509 -in "$file" -noout -issuer -nameopt $form | sed 's/^issuer=//')" \
        "$(openssl x509 -in "$file" -noout -ext subjectAltName | tail -n +2 | tr ',' '\n' |
            sed -nE 's/^ *(DNS|IP Address)://p' | sed 's/^2001:DB8:0:0:0:0:0:1$/2001:db8::1/')" \
        "$(dates start)" "$(dates end)")" "$(cat "$TMPDIR/reported")"
}
compare_certificate a.example 18443
compare_certificate odd 18446
compare_certificate soon 18444
compare_certificate past 18445
same "days until the end of a certificate" \
    "10 -4" "$(field .tls.certificate.days_left -k --order input "https://$at:1844"{4,5}/ | xargs)"

# --cert-warn
expect "no --cert-warn" "200 -" "${ca[@]}" "https://$at:18444/"
same "no --cert-warn: no warning" null "$(jq .cert_warning "$out")"
for days in 10:false 11:true 30d:true; do
    same "--cert-warn ${days%:*}" "${days#*:}" \
        "$(field .cert_warning "${ca[@]}" --cert-warn "${days%:*}" "https://$at:18444/")"
done
same "--cert-warn without TLS: no warning" null \
    "$(field .cert_warning --cert-warn 30d http://127.0.0.1:1/)"
fb "${ca[@]}" --cert-warn 30d "https://$at:18444/"
check "--cert-warn in text" grep -q ' (certificate expires in 10 days)$' "$out"
exits "--cert-warn: exit status" 0
fb "${ca[@]}" --cert-warn 5d "https://$at:18444/"
check_not "--cert-warn in text: no warning" grep -q certificate "$out"
fb -k --cert-warn 5d "https://$at:18445/"
check "--cert-warn in text: the certificate has expired" grep -q ' (certificate has expired)$' \
    "$out"
fb "${ca[@]}" -v "https://$at:18444/"
check "-v prints the certificate" \
    grep -q '^\* \[1\] certificate of CN=soon, issued by CN=An authority of this test$' "$err"

# resumption: a resumed connection has the certificate of the first
for version in 1.2 1.3; do
    for trust in "--cacert $TMPDIR/ca.pem" -k; do
        # shellcheck disable=SC2086
        fb --format json $trust --tls-min $version --tls-max $version --no-keepalive \
            -c 1 "$here"{1..3}
        same "resumption, $version, ${trust%% *}" "false true true" \
            "$(jq .tls.resumed "$out" | xargs)"
        same "resumption, the certificate, $version, ${trust%% *}" "3 CN=a.example" \
            "$(jq -r .tls.certificate.subject "$out" | uniq -c | xargs)"
        cat "$out" >"$TMPDIR/resumed"
        check "resumption: the results fit the schema" valid fetch "$TMPDIR/resumed"
    done
done

# the key log, for packet captures
secret='^(CLIENT_RANDOM|(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_0)'
secret+='|EXPORTER_SECRET) [0-9a-f]{64} [0-9a-f]+$'
SSLKEYLOGFILE=$TMPDIR/keys fb "${ca[@]}" "$here"
exits "SSLKEYLOGFILE" 0
same "SSLKEYLOGFILE: five secrets of TLS 1.3" 5 "$(grep -cE "$secret" "$TMPDIR/keys")"
same "SSLKEYLOGFILE: only the owner can read it" 600 "$(stat -c %a "$TMPDIR/keys")"
SSLKEYLOGFILE=$TMPDIR/keys fb "${ca[@]}" --tls-max 1.2 "$here"
same "SSLKEYLOGFILE: one secret of TLS 1.2" "6 1" \
    "$(wc -l <"$TMPDIR/keys") $(grep -c '^CLIENT_RANDOM ' "$TMPDIR/keys")"
check_not "SSLKEYLOGFILE: no other lines" grep -qvE "$secret" "$TMPDIR/keys"
SSLKEYLOGFILE='' fb "${ca[@]}" "$here"
exits "an empty SSLKEYLOGFILE is ignored" 0
SSLKEYLOGFILE=$TMPDIR/nothing/keys fb "${ca[@]}" "$here"
exits "an SSLKEYLOGFILE that cannot be written" 3
check "an SSLKEYLOGFILE that cannot be written: it is reported" \
    stderr_has "No such file or directory"

# failed handshakes; badssl.sh tests invalid certificates
expect "an expired certificate" "- tls.cert_expired" "${ca[@]}" "https://$at:18445/"
expect "a certificate of another host" "- tls.hostname_mismatch" "${ca[@]}" "${to[@]}" \
    https://other.example:18443/
start origin "$FIRSTBYTE" origin -f /dev/null
until_true 10 grep -q END "$TMPDIR/origin.out"
port=$(sed -n 's/^https 127.0.0.1://p' "$TMPDIR/origin.out")
expect "a silent server" "- tls.timeout" --tls-timeout 200ms "https://127.0.0.4:$port/"
expect "a server without TLS" "- tls.not_tls" "https://127.0.0.5:$port/"
expect "a reset in the handshake" "- tls.reset" "https://127.0.0.6:$port/"
fb "${ca[@]}" "https://$at:18445/"
check "an expired certificate in text" grep -q ': error: certificate has expired in ' "$out"

# endless key updates, sent by the server of OpenSSL
start updates openssl s_server -accept "$at:18450" -cert "$TMPDIR/a.example.pem" \
    -key "$TMPDIR/a.example.key" \
    < <(yes k 2>/dev/null)
until_true 10 grep -q ACCEPT "$TMPDIR/updates.out"
expect "endless key updates" "- tls.failed" "${ca[@]}" "https://$at:18450/"
check "endless key updates: the reason is reported" grep -q 'over 256 KiB of tickets, key updates' \
    "$out"

judge ".status, .error.code"
