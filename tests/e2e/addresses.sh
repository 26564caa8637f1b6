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
server { listen @:18080; listen @:18090; listen @:18091; $six listen unix:$sock; location / { return 200 "\$server_addr"; } }
server { listen @:18443 ssl; listen unix:$tls_sock ssl; ssl_certificate DIR/good.pem; ssl_certificate_key DIR/good.key;
    location / { return 200 "\$host"; } }
N
seen() { grep -v -e ' - ' -e '^127[0-9.]* -' "$TMPDIR/seen.log" | tail -n 1; }
trust="--cacert $TMPDIR/ca.pem"

# The rehearsal's origin: 127.0.0.2 refuses, 127.0.0.3 has a full backlog and drops SYNs, on the
# ports of 127.0.0.1.
conf <<'C'
http://site.example/ rehearse-body="the origin"
http://nobody.example/ rehearse-fault=dns-nxdomain
C
start origin "$FIRSTBYTE" origin -f "$LIST"
until_true 10 grep -q END "$TMPDIR/origin.out"
nameserver=$(sed -n 's/^nameserver //p' "$TMPDIR/origin.out")
port=$(sed -n 's/^http 127.0.0.1://p' "$TMPDIR/origin.out")

# asked NAME WANTED URL OPTION... : status, code and address of the only result
asked() {
    local name=$1 wanted=$2
    shift 2
    # shellcheck disable=SC2086
    expect "$name" "$wanted" $trust "$@"
}
# tried WANTED : the addresses that were tried, in their order
tried() { same "these were tried, in this order" "$1" "$(sed -n 's/^\* \[1\] trying //p' "$err" | xargs)"; }

# --resolve
asked "--resolve" "200 - $at:18080" --resolve "site.example:18080:$at" http://site.example:18080/
same "the site's name is the one that is asked for" "site.example:18080" "$(seen | cut -d' ' -f2)"
same "nobody is asked for its address" null "$(jq .timings.dns "$out")"
asked "--resolve: any host" "200 - $at:18080" --resolve "*:18080:$at" http://site.example:18080/
asked "--resolve: a port is one of two" "- connect.refused 127.0.0.2:18080" \
    --resolve "site.example:18081:$at" --resolve "site.example:*:127.0.0.2" http://site.example:18080/
asked "--resolve: the certificate is for the URL's host" "200 - $at:18443" \
    --resolve "site.example:18443:$at" https://site.example:18443/
same "whose name is in SNI" site.example "$(seen | cut -d' ' -f3)"
asked "--resolve: and for no other" "- tls.hostname_mismatch $at:18443" \
    --resolve "wrong.example:18443:$at" https://wrong.example:18443/
asked "--resolve: a name in capitals, with a dot" "200 - $at:18080" \
    --resolve "Site.Example:18080:$at" http://sITE.example.:18080/

# --connect-to
asked "--connect-to" "200 - $at:18080" --connect-to "site.example:80:$at:18080" http://site.example/
same "the site's name is in Host" site.example "$(seen | cut -d' ' -f2)"
asked "--connect-to: the certificate is for the URL's host" "200 - $at:18443" \
    --connect-to "site.example:443:$at:18443" https://site.example/
asked "--connect-to: any host and port" "200 - $at:18443" --connect-to "::$at:18443" https://site.example/
asked "--connect-to: the certificate is not for that one" "- tls.hostname_mismatch $at:18443" \
    --connect-to "other.example:443:$at:18443" https://other.example/
asked "--connect-to a name that --resolve knows" "200 - $at:18080" \
    --connect-to "site.example:80:there.example:18080" --resolve "there.example:18080:$at" http://site.example/
asked "--connect-to: it is for others" "200 - $at:18080" \
    --connect-to other.example:80:127.0.0.2:1 --resolve "site.example:18080:$at" http://site.example:18080/

# several addresses
asked "the first refuses: the next, at once" "200 - 127.0.0.1:$port" -v \
    --resolve "site.example:$port:127.0.0.2,127.0.0.1" "http://site.example:$port/"
tried "127.0.0.2:$port 127.0.0.1:$port"
asked "the first is silent: the next, soon" "200 - 127.0.0.1:$port" -v --connect-timeout 2s \
    --resolve "site.example:$port:127.0.0.3,127.0.0.1" "http://site.example:$port/"
tried "127.0.0.3:$port 127.0.0.1:$port"
asked "the first is good: no other" "200 - 127.0.0.1:$port" -v \
    --resolve "site.example:$port:127.0.0.1,127.0.0.2" "http://site.example:$port/"
tried "127.0.0.1:$port"
asked "all refuse" "- connect.refused 127.0.0.2:$port" -v \
    --resolve "site.example:$port:127.0.0.2,127.0.0.2" "http://site.example:$port/"
tried "127.0.0.2:$port 127.0.0.2:$port"
asked "all are silent" "- connect.timeout 127.0.0.3:$port" --connect-timeout 300ms \
    --resolve "site.example:$port:127.0.0.3,127.0.0.3" "http://site.example:$port/"

# IPv6: a listener with a full backlog drops SYNs; the IPv4 listener responds
if [ "$six" ] && [ "$OWN_NETWORK" ]; then
    asked "IPv6 is asked" "200 - [::1]:18090" 'http://[::1]:18090/'
    asked "both: the first that is given" "200 - [::1]:18090" \
        --resolve "site.example:18090:[::1],$at" http://site.example:18090/
    asked "-4" "200 - $at:18090" -4 --resolve "site.example:18090:[::1],$at" http://site.example:18090/
    asked "-6" "200 - [::1]:18090" -6 --resolve "site.example:18090:$at,[::1]" http://site.example:18090/
    asked "-6, and there is none" "- dns.no_address -" -6 --resolve "site.example:18090:$at" \
        http://site.example:18090/
    {
        sed -n '/^http/q; s/nginx.pid/full.pid/; p' "$TMPDIR/nginx.conf"
        echo 'http { access_log off;'
        sed -n '/_temp_path/s/nginx-/full-/p' "$TMPDIR/nginx.conf"
        echo 'server { listen [::1]:18091 backlog=1; } }'
    } >"$TMPDIR/full.conf"
    start full nginx -e "$TMPDIR/full.log" -p "$TMPDIR" -c "$TMPDIR/full.conf"
    answers() { : <"/dev/tcp/::1/18091"; }
    until_true 10 answers
    # a stopped process accepts nothing: connections fill the backlog
    kill -STOP "$pid"
    has_no_room() { ! timeout 0.3 bash -c ': </dev/tcp/::1/18091'; }
    until_true 10 has_no_room
    asked "IPv6 is silent" "- connect.timeout [::1]:18091" --connect-timeout 300ms 'http://[::1]:18091/'
    asked "then IPv4 wins" "200 - $at:18091" -v --connect-timeout 5s \
        --resolve "site.example:18091:[::1],$at" http://site.example:18091/
    tried "[::1]:18091 $at:18091"
    kill -CONT "$pid"
else
    skip "IPv6" "no network of its own is allowed here, or it has no IPv6"
fi

# nameservers
asked "--dns-servers" "200 - 127.0.0.1:$port" --dns-servers "$nameserver" "http://site.example:$port/"
check "which takes its time" jq -e '.timings.dns != null' "$out"
asked "--dns-servers: no such name" "- dns.nxdomain -" --dns-servers "$nameserver" http://nobody.example/
asked "--dns-servers: nobody is there" "- dns.unreachable -" --dns-servers 127.0.0.2:53 http://site.example/
asked "--dns-servers: the second answers" "200 - 127.0.0.1:$port" \
    --dns-servers "127.0.0.2:1,$nameserver" "http://site.example:$port/"
asked "-4 with a nameserver" "200 - 127.0.0.1:$port" -4 --dns-servers "$nameserver" "http://site.example:$port/"
asked "-6 of an IPv4 address" "- dns.no_address -" -6 "http://127.0.0.1:$port/"
asked "-6 of a name with IPv4 alone" "- dns.no_address -" -6 --dns-servers "$nameserver" \
    "http://site.example:$port/"

# where connections start
asked "--interface: an address" "200 - $at:18080" --interface 127.0.0.5 "http://$at:18080/"
same "which the server sees" 127.0.0.5 "$(seen | cut -d' ' -f1)"
asked "--interface: a device" "200 - $at:18080" --interface lo "http://$at:18080/"
for wrong in nonsense0 192.0.2.77 "" 127.0.0.5.6 a-name-that-is-too-long-for-a-device; do
    fb --interface "$wrong" "http://$at:18080/"
    exits "--interface: no such thing, \"$wrong\"" 3
    same "it is reported, and nothing else" 1 "$(wc -l <"$err")"
done
if [ "$six" ]; then
    asked "--interface: of another family" "- connect.unreachable [::1]:18090" \
        --interface 127.0.0.5 'http://[::1]:18090/'
fi

# Unix sockets
asked "--unix-socket" "200 - unix:$sock" --unix-socket "$sock" http://site.example/
same "no name is looked up" null "$(jq .timings.dns "$out")"
same "the site's name is in Host" "unix: site.example" "$(seen | cut -d' ' -f1,2)"
asked "--unix-socket: https" "200 - unix:$tls_sock" --unix-socket "$tls_sock" https://site.example/
asked "--unix-socket: the certificate is verified" "- tls.hostname_mismatch unix:$tls_sock" \
    --unix-socket "$tls_sock" https://other.example/
asked "--unix-socket: there is none" "- connect.failed unix:$TMPDIR/none" \
    --unix-socket "$TMPDIR/none" http://site.example/
fb --unix-socket "$TMPDIR/$(printf 'a%.0s' {1..120})" http://site.example/
check "--unix-socket: too long a path" grep -q 'connecting failed (File name too long)' "$out"
fb --unix-socket "$sock" -c 1 --format json http://site.example/{1..3}
same "a connection to it is kept" 2 "$(jq -s '[.[] | select(.timings.connect == null)] | length' "$out")"

# the kernel's numbers, of TCP alone
for how in "http://$at:18080/" "--resolve site.example:18443:$at https://site.example:18443/"; do
    # shellcheck disable=SC2086
    expect "--tcp-info, ${how%%:*}" "200 - $at:${how: -6:5}" $trust --tcp-info $how
    check "its numbers, ${how%%:*}" jq -e '.tcp | .rtt_us > 0 and .mss_bytes > 500 and .retransmits == 0' "$out"
    # shellcheck disable=SC2086
    fb $trust --tcp-info $how
    check "in text, ${how%%:*}" grep -qE ' rtt [0-9.]+.* mss [0-9]+' "$out"
done
asked "--tcp-info: not of a Unix socket" "200 - unix:$sock" --tcp-info --unix-socket "$sock" http://site.example/
same "which has none" null "$(jq .tcp "$out")"
fb --tcp-info --unix-socket "$sock" http://site.example/
check_not "nor in text" grep -q mss "$out"
fb --format json "http://$at:18080/"
same "none that were not asked for" false "$(jq 'has("tcp")' "$out")"

# international names
asked "a name in Unicode" "200 - $at:18443" --resolve "xn--bcher-kva.example:18443:$at" \
    https://bücher.example:18443/
same "its URL is shown as given" '"https://bücher.example:18443/"' "$(jq .url "$out")"
same "the server hears the other form" "xn--bcher-kva.example:18443 xn--bcher-kva.example" \
    "$(seen | cut -d' ' -f2,3)"
asked "--resolve takes it as well" "200 - $at:18443" --resolve "bücher.example:18443:$at" \
    https://xn--bcher-kva.example:18443/
asked "in capitals" "200 - $at:18443" --resolve "xn--bcher-kva.example:18443:$at" https://BÜCHER.example:18443/
asked "hyphens in third and fourth place" "200 - $at:18080" --resolve "xn--ab---3ra.example:80:$at" \
    --connect-to "xn--ab---3ra.example:80:$at:18080" http://ab--ü.example/
asked "what only looks encoded" "200 - $at:18080" --connect-to "xn--pokxncvks.example:80:$at:18080" \
    http://xn--pokxncvks.example/
same "is asked for as it is" xn--pokxncvks.example "$(seen | cut -d' ' -f2)"

judge ".status, .error.code, .address"
