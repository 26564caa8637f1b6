#!/bin/bash
# The addresses of connections: --resolve, --connect-to, -4, -6, Happy Eyeballs, --dns-servers,
# --interface, --unix-socket, international names.
. "$(dirname "$0")/lib.bash"
own_network

at=$HOME_ADDRESS sock=$TMPDIR/nginx.sock tls_sock=$TMPDIR/nginx-tls.sock
make_authority
make_certificate good "DNS:site.example,DNS:xn--bcher-kva.example"
six=; ! grep -q . /proc/net/if_inet6 2>/dev/null || six='listen [::1]:18090;'
start_nginx 18080 18443 <<N
log_format seen '\$remote_addr \$http_host \$ssl_server_name';
access_log DIR/seen.log seen;
server {
    listen @:18080; listen @:18090; listen @:18091; $six listen unix:$sock;
    location / { return 200 "\$server_addr"; }
}
server {
    listen @:18443 ssl; listen unix:$tls_sock ssl;
    ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key;
    location / { return 200 "\$host"; }
}
N
seen() { grep -v -e ' - ' -e '^127[0-9.]* -' "$TMPDIR/seen.log" | tail -n 1; }
trust="--cacert $TMPDIR/ca.pem"

# The embedded origin: on the ports of 127.0.0.1, 127.0.0.2 refuses connections and 127.0.0.3 has a
# full backlog and drops SYNs.
conf <<'C'
http://site.example/ rehearse-body="the origin"
http://unknown.example/ rehearse-fault=dns-nxdomain
C
start origin "$FIRSTBYTE" origin -f "$LIST"
until_true 10 grep -q END "$TMPDIR/origin.out"
nameserver=$(sed -n 's/^nameserver //p' "$TMPDIR/origin.out")
port=$(sed -n 's/^http 127.0.0.1://p' "$TMPDIR/origin.out")

# fetched NAME WANTED ARGUMENT... : status, error code and address of the only result
fetched() {
    local name=$1 wanted=$2
    shift 2
    # shellcheck disable=SC2086
    expect "$name" "$wanted" $trust "$@"
}
# tried WANTED : the addresses that were tried, in order
tried() { same "the addresses were tried in this order" "$1" \
    "$(sed -n 's/^\* \[1\] trying //p' "$err" | xargs)"; }

# --resolve
fetched "--resolve" "200 - $at:18080" --resolve "site.example:18080:$at" http://site.example:18080/
same "the Host field has the host of the URL" "site.example:18080" "$(seen | cut -d' ' -f2)"
same "--resolve: no DNS query" null "$(jq .timings.dns "$out")"
fetched "--resolve: any host" "200 - $at:18080" --resolve "*:18080:$at" http://site.example:18080/
fetched "--resolve: another entry has another port" "- connect.refused 127.0.0.2:18080" \
    --resolve "site.example:18081:$at" --resolve "site.example:*:127.0.0.2" \
    http://site.example:18080/
fetched "--resolve: the certificate is for the URL's host" "200 - $at:18443" \
    --resolve "site.example:18443:$at" https://site.example:18443/
same "SNI has the URL's host" site.example "$(seen | cut -d' ' -f3)"
fetched "--resolve: a certificate for another host" "- tls.hostname_mismatch $at:18443" \
    --resolve "wrong.example:18443:$at" https://wrong.example:18443/
fetched "--resolve: a name in capitals, with a dot" "200 - $at:18080" \
    --resolve "Site.Example:18080:$at" http://sITE.example.:18080/

# --connect-to
fetched "--connect-to" "200 - $at:18080" --connect-to "site.example:80:$at:18080" \
    http://site.example/
same "the Host field has the host of the URL" site.example "$(seen | cut -d' ' -f2)"
fetched "--connect-to: the certificate is for the URL's host" "200 - $at:18443" \
    --connect-to "site.example:443:$at:18443" https://site.example/
fetched "--connect-to: any host and port" "200 - $at:18443" --connect-to "::$at:18443" \
    https://site.example/
fetched "--connect-to: a certificate for another host" "- tls.hostname_mismatch $at:18443" \
    --connect-to "other.example:443:$at:18443" https://other.example/
fetched "--connect-to a name of --resolve" "200 - $at:18080" \
    --connect-to "site.example:80:there.example:18080" --resolve "there.example:18080:$at" \
    http://site.example/
fetched "--connect-to: an entry for another host" "200 - $at:18080" \
    --connect-to other.example:80:127.0.0.2:1 --resolve "site.example:18080:$at" \
    http://site.example:18080/

# several addresses
fetched "the first refuses: the next is tried at once" "200 - 127.0.0.1:$port" -v \
    --resolve "site.example:$port:127.0.0.2,127.0.0.1" "http://site.example:$port/"
tried "127.0.0.2:$port 127.0.0.1:$port"
fetched "the first is silent: the next is tried after a delay" "200 - 127.0.0.1:$port" \
    -v --connect-timeout 2s \
    --resolve "site.example:$port:127.0.0.3,127.0.0.1" "http://site.example:$port/"
tried "127.0.0.3:$port 127.0.0.1:$port"
fetched "the first responds: no other is tried" "200 - 127.0.0.1:$port" -v \
    --resolve "site.example:$port:127.0.0.1,127.0.0.2" "http://site.example:$port/"
tried "127.0.0.1:$port"
fetched "all refuse" "- connect.refused 127.0.0.2:$port" -v \
    --resolve "site.example:$port:127.0.0.2,127.0.0.2" "http://site.example:$port/"
tried "127.0.0.2:$port 127.0.0.2:$port"
fetched "all are silent" "- connect.timeout 127.0.0.3:$port" --connect-timeout 300ms \
    --resolve "site.example:$port:127.0.0.3,127.0.0.3" "http://site.example:$port/"

# IPv6: a listener with a full backlog drops SYNs; the IPv4 listener responds
if [ "$six" ] && [ "$OWN_NETWORK" ]; then
    fetched "an IPv6 address" "200 - [::1]:18090" 'http://[::1]:18090/'
    fetched "IPv6 and IPv4: the first of the list" "200 - [::1]:18090" \
        --resolve "site.example:18090:[::1],$at" http://site.example:18090/
    fetched "-4" "200 - $at:18090" -4 --resolve "site.example:18090:[::1],$at" \
        http://site.example:18090/
    fetched "-6" "200 - [::1]:18090" -6 --resolve "site.example:18090:$at,[::1]" \
        http://site.example:18090/
    fetched "-6, and no IPv6 address" "- dns.no_address -" -6 --resolve "site.example:18090:$at" \
        http://site.example:18090/
    {
        sed -n '/^http/q; s/nginx.pid/full.pid/; p' "$TMPDIR/nginx.conf"
        echo 'http { access_log off;'
        sed -n '/_temp_path/s/nginx-/full-/p' "$TMPDIR/nginx.conf"
        echo 'server { listen [::1]:18091 backlog=1; } }'
    } >"$TMPDIR/full.conf"
    start full nginx -e "$TMPDIR/full.log" -p "$TMPDIR" -c "$TMPDIR/full.conf"
    accepts() { : <"/dev/tcp/::1/18091"; }
    until_true 10 accepts
    # a stopped process accepts no connections, so that the backlog fills
    kill -STOP "$pid"
    drops_syns() { ! timeout 0.3 bash -c ': </dev/tcp/::1/18091'; }
    until_true 10 drops_syns
    fetched "IPv6 is silent" "- connect.timeout [::1]:18091" --connect-timeout 300ms \
        'http://[::1]:18091/'
    fetched "IPv6 is silent: IPv4 is used" "200 - $at:18091" -v --connect-timeout 5s \
        --resolve "site.example:18091:[::1],$at" http://site.example:18091/
    tried "[::1]:18091 $at:18091"
    kill -CONT "$pid"
else
    skip "IPv6" "network namespaces are not permitted, or have no IPv6"
fi

# nameservers
fetched "--dns-servers" "200 - 127.0.0.1:$port" --dns-servers "$nameserver" \
    "http://site.example:$port/"
check "--dns-servers: the time of the lookup is reported" jq -e '.timings.dns != null' "$out"
fetched "--dns-servers: no such name" "- dns.nxdomain -" --dns-servers "$nameserver" \
    http://unknown.example/
fetched "--dns-servers: no nameserver at the address" "- dns.unreachable -" \
    --dns-servers 127.0.0.2:53 http://site.example/
fetched "--dns-servers: only the second responds" "200 - 127.0.0.1:$port" \
    --dns-servers "127.0.0.2:1,$nameserver" "http://site.example:$port/"
fetched "-4 with a nameserver" "200 - 127.0.0.1:$port" -4 --dns-servers "$nameserver" \
    "http://site.example:$port/"
fetched "-6 with an IPv4 address" "- dns.no_address -" -6 "http://127.0.0.1:$port/"
fetched "-6 with a name that has only IPv4" "- dns.no_address -" -6 --dns-servers "$nameserver" \
    "http://site.example:$port/"

# source addresses and devices
fetched "--interface: an address" "200 - $at:18080" --interface 127.0.0.5 "http://$at:18080/"
same "--interface: the server sees the address" 127.0.0.5 "$(seen | cut -d' ' -f1)"
fetched "--interface: a device" "200 - $at:18080" --interface lo "http://$at:18080/"
for wrong in nonsense0 192.0.2.77 "" 127.0.0.5.6 a-name-that-is-too-long-for-a-device; do
    fb --interface "$wrong" "http://$at:18080/"
    exits "--interface \"$wrong\": refused" 3
    same "--interface \"$wrong\": one message" 1 "$(wc -l <"$err")"
done
if [ "$six" ]; then
    fetched "--interface: an address of the other family" "- connect.unreachable [::1]:18090" \
        --interface 127.0.0.5 'http://[::1]:18090/'
fi

# Unix sockets
fetched "--unix-socket" "200 - unix:$sock" --unix-socket "$sock" http://site.example/
same "--unix-socket: no name is looked up" null "$(jq .timings.dns "$out")"
same "--unix-socket: the Host field has the host of the URL" "unix: site.example" \
    "$(seen | cut -d' ' -f1,2)"
fetched "--unix-socket: https" "200 - unix:$tls_sock" --unix-socket "$tls_sock" \
    https://site.example/
fetched "--unix-socket: the certificate is verified" "- tls.hostname_mismatch unix:$tls_sock" \
    --unix-socket "$tls_sock" https://other.example/
fetched "--unix-socket: no such socket" "- connect.failed unix:$TMPDIR/none" \
    --unix-socket "$TMPDIR/none" http://site.example/
fb --unix-socket "$TMPDIR/$(printf 'a%.0s' {1..120})" http://site.example/
check "--unix-socket: a path that is too long" grep -q 'connecting failed (File name too long)' \
    "$out"
fb --unix-socket "$sock" -c 1 --format json http://site.example/{1..3}
same "--unix-socket: the connection is reused" 2 \
    "$(jq -s '[.[] | select(.timings.connect == null)] | length' "$out")"

# --tcp-info: numbers of the kernel, for TCP connections
for how in "http://$at:18080/" "--resolve site.example:18443:$at https://site.example:18443/"; do
    # shellcheck disable=SC2086
    expect "--tcp-info, ${how%%:*}" "200 - $at:${how: -6:5}" $trust --tcp-info $how
    check "--tcp-info, ${how%%:*}: its numbers" \
        jq -e '.tcp | .rtt_us > 0 and .mss_bytes > 500 and .retransmits == 0' "$out"
    # shellcheck disable=SC2086
    fb $trust --tcp-info $how
    check "--tcp-info, ${how%%:*}: in text" grep -qE ' rtt [0-9.]+.* mss [0-9]+' "$out"
done
fetched "--tcp-info with a Unix socket" "200 - unix:$sock" --tcp-info --unix-socket "$sock" \
    http://site.example/
same "--tcp-info with a Unix socket: null" null "$(jq .tcp "$out")"
fb --tcp-info --unix-socket "$sock" http://site.example/
check_not "--tcp-info with a Unix socket: not in text" grep -q mss "$out"
fb --format json "http://$at:18080/"
same "without --tcp-info there is no such field" false "$(jq 'has("tcp")' "$out")"

# international names
fetched "a name in Unicode" "200 - $at:18443" --resolve "xn--bcher-kva.example:18443:$at" \
    https://bücher.example:18443/
same "its URL is shown as given" '"https://bücher.example:18443/"' "$(jq .url "$out")"
same "the server gets the encoded form" "xn--bcher-kva.example:18443 xn--bcher-kva.example" \
    "$(seen | cut -d' ' -f2,3)"
fetched "--resolve with a name in Unicode" "200 - $at:18443" --resolve "bücher.example:18443:$at" \
    https://xn--bcher-kva.example:18443/
fetched "a name in Unicode and capitals" "200 - $at:18443" \
    --resolve "xn--bcher-kva.example:18443:$at" https://BÜCHER.example:18443/
fetched "hyphens as third and fourth characters" "200 - $at:18080" \
    --resolve "xn--ab---3ra.example:80:$at" \
    --connect-to "xn--ab---3ra.example:80:$at:18080" http://ab--ü.example/
fetched "a name with an invalid encoding" "200 - $at:18080" \
    --connect-to "xn--pokxncvks.example:80:$at:18080" \
    http://xn--pokxncvks.example/
same "a name with an invalid encoding is not changed" xn--pokxncvks.example \
    "$(seen | cut -d' ' -f2)"

judge ".status, .error.code, .address"
