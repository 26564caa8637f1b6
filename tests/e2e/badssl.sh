#!/bin/bash
# The cases of badssl.com, with local servers: the certificates and handshakes that are accepted,
# and the error code of each refused one. All servers are addressed by IP address;
# tests/tls/test_reason.c tests host names.
#
# Cases of badssl.com that are not tested:
#   revoked                     accepted: revocation is not checked, because each check would need
#                               one more connection
#   pinning-test, *-sct         need lists that a browser contains
#   rsa8192                     rsa4096 tests the same; an RSA key of 8,192 bits takes seconds
#   dh480, dh512                OpenSSL serves no group under 1,024 bits; dh1024 is refused too
#   rc4, 3des                   Debian's OpenSSL has no such cipher; the case null replaces them
#   dh-small-subgroup, dh-composite   only the size of a group is checked
#   mixed-*, http-*, hsts-*     concern pages in a browser
. "$(dirname "$0")/lib.bash"

log=$TMPDIR/openssl.log
LEAF=basicConstraints=critical,CA:FALSE
CA=basicConstraints=critical,CA:TRUE
HERE=subjectAltName=IP:$HOME_ADDRESS

# issue NAME ISSUER SUBJECT KEY DIGEST EXTENSION... : creates NAME.pem and NAME.key; with ISSUER ""
# the certificate is self-signed
issue() {
    local name=$1 base=$TMPDIR/$1 issuer=$2 subject=$3 key=$4 digest=$5 by=() kind
    shift 5
    case $key in
    RSA*) kind=(rsa -pkeyopt "rsa_keygen_bits:${key#RSA}") ;;
    *) kind=(ec -pkeyopt "ec_paramgen_curve:$key") ;;
    esac
    [ -z "$issuer" ] || by=(-CA "$TMPDIR/$issuer.pem" -CAkey "$TMPDIR/$issuer.key")
    printf '%s\n' '[req]' distinguished_name=n x509_extensions=x '[n]' '[x]' "$@" >"$base.cnf"
    openssl req -x509 -config "$base.cnf" "${by[@]}" -newkey "${kind[@]}" -nodes -days 30 \
        -subj "$subject" "-$digest" -keyout "$base.key" -out "$base.pem" 2>>"$log" ||
        { fail "the certificate $name is created"; explain "$log"; exit 1; }
}

servers="" ports=()
: >"$TMPDIR/wanted"
# serve NAME WANTED WANTED-WITH-K CHAIN... [-- DIRECTIVES] : adds a server that sends the
# certificates CHAIN and has the key of the first. WANTED and WANTED-WITH-K, which is for -k, are a
# status or an error code.
serve() {
    local name=$1 wanted=$2 insecure=$3 port=$((19000 + ${#ports[@]})) chain=() more=
    shift 3
    while [ $# -gt 0 ]; do
        [ "$1" = -- ] && { more=$2; break; }
        chain+=("$TMPDIR/$1.pem")
        shift
    done
    cat "${chain[@]}" >"$TMPDIR/$name.chain"
    servers+="server { listen @:$port ssl; ssl_certificate DIR/$name.chain;
        ssl_certificate_key ${chain[0]%.pem}.key; $more
        location / { return 200 fine; } } "
    echo "https://$HOME_ADDRESS:$port/ $name $wanted $insecure" >>"$TMPDIR/wanted"
    ports+=("$port")
}

make_authority
issue between ca /CN=between P-256 sha256 $CA
issue stranger "" /CN=stranger P-256 sha256 $CA
issue superfish "" "/CN=Superfish, Inc." P-256 sha256 $CA

# accepted certificates
for key in P-256 P-384 RSA2048 RSA4096; do
    issue "$key" ca /CN=x $key sha256 $LEAF "$HERE"
    serve "$key" 200 200 "$key"
done
for digest in sha384 sha512; do
    issue $digest ca /CN=x P-256 $digest $LEAF "$HERE"
    serve $digest 200 200 $digest
done
issue chain between /CN=x P-256 sha256 $LEAF "$HERE"
serve chain 200 200 chain between
issue no-common-name ca /O=x P-256 sha256 $LEAF "$HERE"
serve no-common-name 200 200 no-common-name
issue no-subject ca / P-256 sha256 $LEAF "subjectAltName=critical,IP:$HOME_ADDRESS"
serve no-subject 200 200 no-subject
issue extended-validation ca "/businessCategory=Private Organization/O=x/CN=x" P-256 sha256 $LEAF \
    "$HERE" certificatePolicies=2.23.140.1.1
serve extended-validation 200 200 extended-validation
issue 1000-sans ca /CN=x P-256 sha256 $LEAF \
    "$HERE$(seq -f ',DNS:%.0f.example' -s '' 1000)"
serve 1000-sans 200 200 1000-sans

# dates, names and issuers
make_certificate expired "IP:$HOME_ADDRESS" 20200101 20210101
serve expired tls.cert_expired 200 expired
make_certificate not-yet "IP:$HOME_ADDRESS" 20980101 20990101
serve not-yet tls.cert_not_yet_valid 200 not-yet
issue wrong.host ca /CN=x P-256 sha256 $LEAF subjectAltName=IP:192.0.2.1,DNS:a.example
serve wrong.host tls.hostname_mismatch 200 wrong.host
make_certificate expired-wrong.host IP:192.0.2.1 20200101 20210101
serve expired-wrong.host tls.hostname_mismatch 200 expired-wrong.host
issue name-for-address ca "/CN=$HOME_ADDRESS" P-256 sha256 $LEAF "subjectAltName=DNS:$HOME_ADDRESS"
serve name-for-address tls.hostname_mismatch 200 name-for-address
issue self-signed "" /CN=x P-256 sha256 "$HERE"
serve self-signed tls.self_signed 200 self-signed
issue untrusted-root stranger /CN=x P-256 sha256 $LEAF "$HERE"
serve untrusted-root tls.self_signed 200 untrusted-root stranger
issue superfish-leaf superfish /CN=x P-256 sha256 $LEAF "$HERE"
serve superfish-leaf tls.unknown_authority 200 superfish-leaf
serve incomplete-chain tls.unknown_authority 200 chain
issue 10000-sans ca /CN=x P-256 sha256 $LEAF \
    "$HERE$(seq -f ',DNS:%.0f.example' -s '' 10000)" # over 100 KB
serve 10000-sans tls.failed tls.failed 10000-sans

# purpose and constraints
issue for-clients ca /CN=x P-256 sha256 $LEAF "$HERE" extendedKeyUsage=clientAuth
serve for-clients tls.wrong_purpose 200 for-clients
issue no-authority ca /CN=no-authority P-256 sha256 $LEAF
issue by-no-authority no-authority /CN=x P-256 sha256 $LEAF "$HERE"
serve by-no-authority tls.wrong_purpose 200 by-no-authority no-authority
issue path0 ca /CN=path0 P-256 sha256 $CA,pathlen:0
issue path1 path0 /CN=path1 P-256 sha256 $CA
issue too-long path1 /CN=x P-256 sha256 $LEAF "$HERE"
serve too-long tls.cert_invalid 200 too-long path1 path0
issue permitted ca /CN=permitted P-256 sha256 $CA \
    "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0"
issue not-permitted permitted /CN=x P-256 sha256 $LEAF "$HERE"
serve not-permitted tls.name_constraints 200 not-permitted permitted
issue excluded ca /CN=excluded P-256 sha256 $CA \
    "nameConstraints=critical,excluded;IP:127.0.0.0/255.0.0.0"
issue is-excluded excluded /CN=x P-256 sha256 $LEAF "$HERE"
serve is-excluded tls.name_constraints 200 is-excluded excluded
issue unknown-critical ca /CN=x P-256 sha256 $LEAF "$HERE" 1.2.3.4.5=critical,DER:0500
serve unknown-critical tls.cert_invalid 200 unknown-critical

# strength
issue rsa1024 ca /CN=x RSA1024 sha256 $LEAF "$HERE"
serve rsa1024 tls.weak_key 200 rsa1024
issue sha1 ca /CN=x P-256 sha1 $LEAF "$HERE"
serve sha1 tls.weak_key 200 sha1
issue sha1-between ca /CN=sha1 P-256 sha1 $CA
issue sha1-intermediate sha1-between /CN=x P-256 sha256 $LEAF "$HERE"
serve sha1-intermediate tls.weak_key 200 sha1-intermediate sha1-between

# the handshake
openssl genpkey -genparam -algorithm DH -pkeyopt dh_rfc5114:1 -out "$TMPDIR/dh1024" 2>>"$log"
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out "$TMPDIR/dh2048" 2>>"$log"
dh="ssl_protocols TLSv1.2; ssl_ciphers DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0; ssl_dhparam DIR"
serve dh1024 tls.weak_key tls.weak_key RSA2048 -- "$dh/dh1024;"
serve dh2048 200 200 RSA2048 -- "$dh/dh2048;"
serve cbc 200 200 RSA2048 -- "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA;"
serve static-rsa 200 200 RSA2048 -- "ssl_protocols TLSv1.2; ssl_ciphers AES128-GCM-SHA256;"
serve null tls.alert tls.alert RSA2048 \
    -- "ssl_protocols TLSv1.2; ssl_ciphers NULL-SHA256:@SECLEVEL=0;"
serve tls-v1-0 tls.protocol tls.protocol P-256 -- "ssl_protocols TLSv1;"
serve tls-v1-1 tls.protocol tls.protocol P-256 -- "ssl_protocols TLSv1.1;"
serve tls-v1-2 200 200 P-256 -- "ssl_protocols TLSv1.2;"
serve tls-v1-3 200 200 P-256 -- "ssl_protocols TLSv1.3;"
# a server that requests a certificate, accepts none, and responds with an HTTP error
serve client-cert-missing 400 400 P-256 \
    -- "ssl_verify_client on; ssl_client_certificate DIR/ca.pem;"

# a server that accepts weak parameters
printf '%s\n' openssl_conf=o '[o]' ssl_conf=s '[s]' system_default=d '[d]' MinProtocol=TLSv1 \
    'CipherString=ALL:@SECLEVEL=0' >"$TMPDIR/weak.cnf"
OPENSSL_CONF=$TMPDIR/weak.cnf start_nginx "${ports[@]}" <<<"ssl_protocols TLSv1.2 TLSv1.3; $servers"
cut -d' ' -f1 "$TMPDIR/wanted" >"$TMPDIR/sites"

# compare FIELD HOW : compares the status or error code of each site with WANTED (1) or
# WANTED-WITH-K (2)
compare() {
    local url name secure insecure wanted
    while read -r url name secure insecure; do
        [ "$1" = 1 ] && wanted=$secure || wanted=$insecure
        same "$name, $2" "$wanted" "$(get '.error.code // .status' "$url" | tr -d '"')"
    done <"$TMPDIR/wanted"
}
fb fetch --cacert "$TMPDIR/ca.pem" --format json -f "$TMPDIR/sites"
exits "some sites are refused" 1
check "every result fits the schema" valid fetch "$out"
compare 1 "verified"
fb fetch -k --format json -f "$TMPDIR/sites"
compare 2 "without verification"
