#!/bin/bash
# Instructions per request of a load on kept connections, in user space, counted by callgrind. The
# processor that callgrind emulates does not depend on the machine, and other processes change only
# the number of waits for events.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

FEW=1000 MANY=6000 # requests
# http needs 1,507 instructions, and 3,274 without http/h1/head_memo; https needs 14,731, and 18,038
# if it also allocates its buffers for each record.
HTTP_MAX=2200
HTTPS_MAX=16500

# limits_hold_here : whether the limits are for this build and this machine; if not, sets $why
limits_hold_here() {
    if [ "${FIRSTBYTE_SANITIZED-}" ]; then
        why="the sanitizer executes other instructions"
    elif ! command -v valgrind >/dev/null; then
        why="valgrind is missing"
    elif [ "$(uname -m)" != x86_64 ] || ! grep -qw avx2 /proc/cpuinfo; then
        why="the limits are for x86-64 with AVX2"
    elif ! readelf --debug-dump=info --dwarf-depth=1 "$FIRSTBYTE" 2>/dev/null |
        grep 'DW_AT_producer.*GNU C.* -O[23s]' >/dev/null; then
        why="the limits are for gcc with -O2 -g"
    else
        return 0
    fi
    return 1
}
limits_hold_here || { skip "instructions per request" "$why"; exit 0; }

start_nginx 18080 18443 < <(
    make_authority
    make_certificate good "IP:$HOME_ADDRESS"
    cat <<'N'
server {
    listen @:18080;
    listen @:18443 ssl;
    ssl_certificate DIR/good.pem;
    ssl_certificate_key DIR/good.key;
    ssl_protocols TLSv1.3;
    keepalive_requests 100000;
    location / { return 200 "0123456789"; }
}
N
)

# counted REQUESTS URL : sets `instructions` for a load with this number of requests
counted() {
    timeout -k 5 60 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --log-file="$TMPDIR/callgrind" "$FIRSTBYTE" bench -q -c 8 -n "$1" --kernel-time off \
        --format json --cacert "$TMPDIR/ca.pem" "$2" >"$out" 2>"$err"
    status=$?
    instructions=$(sed -nE 's/.*Collected : ([0-9]+).*/\1/p' "$TMPDIR/callgrind")
    check "$1 requests of ${2%%:*}: runs in callgrind" measured 0
    same "$1 requests of ${2%%:*}: all succeed" "$1 0" \
        "$(jq -r '.totals | "\(.completed) \(.failed)"' "$out")"
}

# at_most LIMIT URL : compares two loads, so that the start and the end of the program do not count
at_most() {
    local few each
    counted $FEW "$2"
    few=$instructions
    counted $MANY "$2"
    each=$(((instructions - few) / (MANY - FEW)))
    check "instructions per request of ${2%%:*}: $each, at most $1" \
        test "$each" -gt 0 -a "$each" -le "$1"
}

at_most $HTTP_MAX "http://$HOME_ADDRESS:18080/"
if grep -qsx 'ID=debian' /etc/os-release && grep -qsx 'VERSION_ID="12"' /etc/os-release; then
    at_most $HTTPS_MAX "https://$HOME_ADDRESS:18443/"
else
    skip "instructions per request of https" "the limit is for the OpenSSL of Debian 12"
fi
