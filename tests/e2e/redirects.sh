#!/bin/bash
# Redirects: their targets, the fields that are sent or dropped, their limits, and their fields in
# the result. The log of nginx shows the requests.
. "$(dirname "$0")/lib.bash"

make_authority
make_certificate here "IP:$HOME_ADDRESS"
servers() {
    cat <<'N'
log_format seen '$server_port $request_method $request_uri length=$content_length '
    'type=$content_type auth=$http_authorization cookie=$http_cookie own=$http_x_own '
    'host=$http_host';
access_log DIR/seen.log seen;
absolute_redirect off;
server {
    listen @:18080;
    listen @:18443 ssl;
    ssl_certificate DIR/here.pem;
    ssl_certificate_key DIR/here.key;
    location / { return 200 "here it is"; }
    location /down/x { rewrite ^/down/x(x*)$ /down/$1 redirect; }
    location /more/ { rewrite ^/more/(.*)$ /more/x$1 redirect; }
    location = /loop/1 { return 302 2; }
    location = /loop/2 { return 307 1; }
    location = /self { return 302 /self; }
    location = /gate {
        add_header Set-Cookie seen=1;
        if ($http_cookie ~ seen=1) { return 200 "come in"; }
        return 302 /gate;
    }
    location = /set/1 {
        add_header Set-Cookie "one=1; Path=/; HttpOnly";
        add_header Set-Cookie "gone=0";
        add_header Set-Cookie "safe=0; Secure";
        add_header Set-Cookie "aside=0; Path=/else";
        return 302 2;
    }
    location = /set/2 {
        add_header Set-Cookie "two=2; Path=/";
        add_header Set-Cookie "gone=; Max-Age=0";
        return 302 /end;
    }
    location = /set/away { add_header Set-Cookie "one=1; Path=/"; return 302 http://@:18081/end; }
    location = /set/secure {
        add_header Set-Cookie "one=1; Path=/";
        return 302 https://@:18443/end;
    }
    location = /a/query {
        if ($args) { return 200 "asked"; }
        return 302 ?y=2;
    }
    location = /large { error_page 404 =302 /large.body; return 404; }
    location = /large.body { internal; alias DIR/large; add_header Location /end always; }
    location = /bare { return 304; }
    location = /choices { add_header Location /end; return 300 "several"; }
    location = /nowhere { add_header X-Location /end always; return 404; }
N
    for status in 301 302 303 307 308; do
        echo "    location = /by/$status { return $status /end; }"
    done
    while read -r name to; do echo "    location = $name { return 302 \"$to\"; }"; done <<'T'
/a/relative next?x=1
/a/up ../up
/a/absolute /end
/a/scheme //@:18081/end
/a/dots /b/./c/../end
/a/blank /end?a b
/a/same-scheme http:next
/fragment /end#two
/back http://@:18081/return
/away http://@:18081/end
/secure https://@:18443/end
/plain http://@:18080/end
/refused http://@:18089/end
/bad/scheme ftp://@/
/bad/host http://[::g]/
/bad/port http://@:99999/
/bad/mail mailto:someone
/escape /end‮
/empty 
T
    cat <<'N'
}
server {
    listen @:18081;
    location / { return 200 "and here"; }
    location = /return { return 302 http://@:18080/end; }
}
server {
    listen @:18082;
    server_name app.site.test;
    location / {
        add_header Set-Cookie app=1;
        if ($http_cookie ~ sso=) { return 200 "come in"; }
        return 302 http://login.site.test:18082/in;
    }
}
server {
    listen @:18082;
    server_name login.site.test;
    add_header Set-Cookie "sso=2; Domain=site.test; Path=/";
    add_header Set-Cookie "own=3; Path=/";
    add_header Set-Cookie "far=4; Domain=test; Path=/";
    location = /in { return 302 /in/2; }
    location = /in/2 { return 302 http://app.site.test:18082/; }
}
server {
    listen @:18082;
    server_name one.github.io;
    add_header Set-Cookie "a=1; Domain=github.io; Path=/";
    location = / { return 302 http://two.github.io:18082/; }
}
server {
    listen @:18082;
    server_name two.github.io;
    location / { return 200 "another site"; }
}
N
}
start_nginx 18080 18443 18081 18082 < <(servers)
base=http://$HOME_ADDRESS:18080
secure=https://$HOME_ADDRESS:18443
other=http://$HOME_ADDRESS:18081
seen() { cut -d' ' -f"$1" "$TMPDIR/seen.log"; : >"$TMPDIR/seen.log"; }
go() {
    : >"$TMPDIR/seen.log"
    fb --format json --cacert "$TMPDIR/ca.pem" "$@"
    logged "$(jq -s 'map((.redirects | length) + (if .status then 1 else 0 end)) | add' "$out")" \
        "$TMPDIR/seen.log"
}

# targets
target() { # PATH FINAL-URL [REQUEST-TARGET]
    go "$base$1"
    same "$1" "200 $2 1" "$(jq -r '"\(.status) \(.final_url) \(.redirects | length)"' "$out")"
    [ $# -lt 3 ] || same "$1: the request target" "$3" "$(seen 3 | tail -n 1)"
}
target /a/relative "$base/a/next?x=1" "/a/next?x=1"
target /a/up "$base/up"
target /a/query "$base/a/query?y=2"
target /a/absolute "$base/end"
target /a/scheme "$other/end"
target /a/dots "$base/b/end"
target /a/blank "$base/end?a%20b" "/end?a%20b"
target /a/same-scheme "$base/a/next"
target "/a/absolute#one" "$base/end#one" /end
target "/fragment#one" "$base/end#two" /end
target /secure "$secure/end"
target /escape "$base/end%E2%80%AE"
go "$secure/plain"
same "from https to http" "200 $base/end null" \
    "$(jq -r '"\(.status) \(.final_url) \(.tls)"' "$out")"

# methods
: >"$TMPDIR/methods"
for code in 301 302 303 307 308; do
    line=$code
    for method in GET HEAD POST PUT DELETE; do
        case $method in P*) content="-d x=123" ;; *) content= ;; esac
        # shellcheck disable=SC2086
        go -X $method $content "$base/by/$code"
        line+=" $(seen 2,4,5 | tail -n 1 |
            sed 's/ length=/:/; s/ type=-//; s/ type=.*urlencoded/:form/; s/:-$//')"
    done
    echo "$line" >>"$TMPDIR/methods"
done
same "the method and content after each status" "\
301 GET HEAD GET PUT:5:form DELETE
302 GET HEAD GET PUT:5:form DELETE
303 GET HEAD GET GET GET
307 GET HEAD POST:5:form PUT:5:form DELETE
308 GET HEAD POST:5:form PUT:5:form DELETE" "$(cat "$TMPDIR/methods")"
go -d '{}' -H "Content-Type: application/json" "$base/by/302"
same "without the content, its Content-Type is not sent" "type=-" "$(seen 5 | tail -n 1)"
head -c 300000 /dev/zero >"$TMPDIR/large"
go -d "@$TMPDIR/large" "$base/by/307"
same "large content is sent twice" "length=300000 length=300000" "$(seen 4 | xargs)"

# credentials and cookies: sent to the same origin; dropped at a redirect to another origin
secrets=(-u ali:sesame --cookie own=0 -H "X-Own: kept")
basic="auth=Basic $(printf ali:sesame | base64)"
go "${secrets[@]}" "$base/a/absolute"
same "credentials are sent to the same origin" "$basic cookie=own=0 own=kept" \
    "$(seen 6-9 | tail -n 1)"
for path in /away /secure; do
    go "${secrets[@]}" "$base$path"
    same "$path: credentials are not sent to another origin" "auth=- cookie=- own=kept" \
        "$(seen 6-8 | tail -n 1)"
done
go "${secrets[@]}" "$base/back"
same "credentials are not sent after a redirect back to the origin" \
    "18080 auth=- cookie=- own=kept" "$(seen 1,6-8 | tail -n 1)"
go -H "Authorization: Bearer x" -H "cookie:own=0" -H "X-Own: kept" -H "Host: named.example" \
    "$base/away"
same "credentials and Host of -H are not sent to another origin" \
    "auth=- cookie=- own=kept host=$HOME_ADDRESS:18081" \
    "$(seen 6-9 | tail -n 1)"
go -H "Authorization: Bearer x" -H "Host: named.example" "$base/a/absolute"
same "credentials and Host of -H are sent to the same origin" \
    "auth=Bearer x cookie=- own=- host=named.example" \
    "$(seen 6-10 | tail -n 1)"
go "http://ali:sesame@$HOME_ADDRESS:18080/away"
same "credentials of the URL are not sent to another origin" "$basic auth=-" \
    "$(seen 6-7 | sed 's/ cookie=-//' | xargs)"
check_not "credentials are not shown" grep -q sesame "$out" "$err"

# cookies of redirects
go "$base/set/1" "$base/end" -c 1 --order input
same "cookies that match are sent, only for the same site of the list" "cookie=-
cookie=gone=0; one=1
cookie=one=1; two=2
cookie=-" "$(seen 7-8 | sed 's/ own=.*//')"
go --cookie own=0 "$base/set/1"
same "cookies of redirects are after those of --cookie" "cookie=own=0; one=1; two=2" \
    "$(seen 7-9 | tail -n 1 | sed 's/ own=-.*//')"
for path in /set/away /set/secure; do
    go --cookie own=0 "$base$path"
    same "$path: cookies are sent to another port or scheme of the host" "cookie=own=0
cookie=one=1" "$(seen 7-8 | sed 's/ own=.*//')"
done
hosts=(--resolve "*:18082:$HOME_ADDRESS")
go "${hosts[@]}" --cookie user=0 "http://app.site.test:18082/"
same "to a login host and back" '200 "come in" 3' \
    "$(jq -r '"\(.status) \"\(.snippet)\" \(.redirects | length)"' "$out")"
same "to a login host and back: cookies of the host and of the domain" "user=0
-
sso=2; own=3
app=1; sso=2" "$(seen 7-8 | sed 's/^cookie=//; s/ own=-//')"
go "${hosts[@]}" "http://one.github.io:18082/"
same "a cookie for a public suffix is ignored" "cookie=- cookie=-" "$(seen 7 | xargs)"
go "$base/gate"
same "the same URL again, with a cookie" '200 "come in" 1' \
    "$(jq -r '"\(.status) \"\(.snippet)\" \(.redirects | length)"' "$out")"

# a long body of a redirect is not read: a new connection is faster
head -c 5000000 /dev/zero >"$TMPDIR/large"
go "$base/large"
same "a redirect with a long body" '200 "here it is" 10 false false' \
    "$(jq \
    -r '"\(.status) \"\(.snippet)\" \(.body_bytes) \(.truncated) \(.timings.connect == null)"' \
    "$out")"

# limits and errors
result() { # NAME WANTED ARGUMENT...
    local name=$1 wanted=$2
    shift 2
    fb --format json "$@"
    same "$name" "$wanted" \
        "$(jq -r '"\(.status) \(.error.code) \(.error.phase) \(.redirects | length) " +
        (.final_url // "-")' "$out")"
}
result "a loop of two" "302 http.redirect_loop receive 10 $base/loop/1" "$base/loop/1"
result "a loop of one" "302 http.redirect_loop receive 10 $base/self" "$base/self"
result "--max-redirs 0 and a loop" "302 http.redirect_loop receive 0 $base/self" --max-redirs 0 \
    "$base/self"
result "redirects without an end" "302 http.too_many_redirects receive 10 $base/more/xxxxxxxxxx" \
    "$base/more/"
result "ten redirects are followed" "200 null null 10 $base/down/" "$base/down/xxxxxxxxxx"
result "eleven redirects are not followed" "302 http.too_many_redirects receive 10 $base/down/x" \
    "$base/down/xxxxxxxxxxx"
result "--max-redirs 11" "200 null null 11 $base/down/" --max-redirs 11 "$base/down/xxxxxxxxxxx"
result "--max-redirs 2" "302 http.too_many_redirects receive 2 $base/down/x" --max-redirs 2 \
    "$base/down/xxx"
result "--max-redirs 0" "302 http.too_many_redirects receive 0 $base/down/x" --max-redirs 0 \
    "$base/down/x"
result "--max-redirs 100" "302 http.too_many_redirects receive 100 $base/more/$(printf 'x%.0s' \
    {1..100})" \
    --max-redirs 100 "$base/more/"
check "a hundred redirects fit the schema" valid fetch "$out"
result "--max-redirs 1000" "302 http.redirect_loop receive 1000 $base/self" --max-redirs 1000 \
    "$base/self"
result "--max-redirs 0 without a redirect" "200 null null 0 $base/end" --max-redirs 0 "$base/end"
result "--no-location" "302 null null 0 $base/more/" --no-location "$base/more/"
same "--no-location: the body is shown" '"<html>\r\n<h"' "$(jq -c .snippet "$out")"
for path in scheme host port mail; do
    result "a bad $path" "302 http.bad_location receive 0 $base/bad/$path" "$base/bad/$path"
done
result "304 is not followed" "304 null null 0 $base/bare" "$base/bare"
result "300 is not followed" "300 null null 0 $base/choices" "$base/choices"
result "an empty Location is ignored" "302 null null 0 $base/empty" "$base/empty"
result "a redirect to a refused connection" \
    "null connect.refused connect 1 http://$HOME_ADDRESS:18089/end" "$base/refused"
fb --max-redirs 1001 "$base/"
exits "--max-redirs 1001" 2
fb race --format json "$base/away"
same "a race follows no redirects" "302 302" "$(jq -s '.[:2][].status' "$out" | xargs)"

# responses that nginx does not send: /N redirects N times to itself, then responds with 200
start odd perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(LocalAddr => $ARGV[0],
    LocalPort => 18090, Listen => 9, ReuseAddr => 1) or die; my %seen;
    while (my $p = $l->accept) {
        sysread $p, my $b, 99999 or next;
        my ($path) = $b =~ m{^GET /(\S*)};
        my $moved = "HTTP/1.1 302 X\r\nContent-Length: 0\r\nConnection: close\r\n";
        my $ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere";
        syswrite $p, $path =~ /^\d+$/ && $seen{$path}++ < $path
                ? $moved . "Location: /$path\r\n\r\n"
            : $path eq "twice" ? $moved . "Location:\r\nLocation: /end\r\nLocation: /else\r\n\r\n"
            : $path =~ /^long(\d+)/ ? $moved . "Location: /" . "x" x ($1 - 1) . "\r\n\r\n"
            : $ok;
    }' "$HOME_ADDRESS"
until_true 10 listens 18090
odd=http://$HOME_ADDRESS:18090
result "ten redirects to the same URL" "200 null null 10 $odd/10" "$odd/10"
result "eleven redirects to the same URL" "302 http.redirect_loop receive 10 $odd/11" "$odd/11"
result "several Location fields: the first that is not empty" "200 null null 1 $odd/end" \
    "$odd/twice"
long() { printf '%0*d' "$1" 0 | tr 0 x; }
result "a Location of 64 KiB" "200 null null 1 $odd/$(long 65535)" "$odd/long65536"
result "a Location of 64 KiB and one byte" "302 http.bad_location receive 0 $odd/long65537" \
    "$odd/long65537"

# the fields of each redirect in the result; a phase that did not happen is null
conf <<C
$base/down/xxx
$base/secure
$base/refused
$base/back
$base/loop/1
$base/end
C
go -f "$LIST" --order input -c 1 --max-redirs 3
check "results with redirects fit the schema" valid fetch "$out"
same "redirects: statuses" '[302,302,302] [302] [302] [302,302] [302,307,302] []' \
    "$(jq -c '[.redirects[].status]' "$out" | xargs)"
same "redirects: URLs" "$base/down/xxx $base/down/xx $base/down/x" \
    "$(jq -rs '.[0].redirects[].url' "$out" | xargs)"
same "redirects: addresses" "18080 18080 18443" "$(jq -rs '.[3].redirects[0].address,
    .[3].final_url[:0] + .[3].address, .[1].address' "$out" | sed 's/.*://' | xargs)"
same "redirects: the first opens a connection, the others reuse it" "[false,true,true] true" \
    "$(jq -c '[.redirects[].timings.connect == null], .timings.connect == null' "$out" | head -n 2 |
    xargs)"
same "redirects: the time of TLS, only with https" "null false" \
    "$(jq -sr '.[1] | .redirects[0].timings.tls, .timings.tls == null' "$out" | xargs)"
check "redirects: times of send, wait and receive" jq -es 'all(.[].redirects[].timings;
    .blocked != null and .send != null and .wait != null and .receive != null)' "$out"
check "redirects: elapsed_ms is at least the sum of the times until the last head" jq -es '
    def sum: map(. // 0) | add; all(.[]; .elapsed_ms + 0.02 * (1 + (.redirects | length)) >=
    (.redirects | map(.timings | del(.blocked) | sum) | add // 0) +
    (.timings | del(.blocked) | if true then del(.receive) else . end | sum))' "$out"
check "a site without redirects: the list is empty" jq -es '.[5].redirects == []' "$out"

# rehearsed redirects between names and schemes, with latencies
to_two='rehearse-header="Location: //two.example/x"'
to_three='rehearse-header="Location: https://bücher.example/?q=ü"'
to_user='rehearse-header="Location: http://eve:sesame@user.example/end"'
conf <<C
http://one.example/ rehearse-status=301 $to_two rehearse-delay=60ms
http://two.example/x rehearse-status=302 $to_three rehearse-delay=70ms
https://bücher.example/?q=ü rehearse-body="0123456789" rehearse-delay=80ms
http://user.example/ rehearse-status=302 $to_user
http://user.example/end rehearse-body="0123456789"
http://slow.example/ rehearse-fault=redirect-endless rehearse-delay=150ms timeout=500ms
C
{
    echo 'default rehearse-status=302 rehearse-header="Location: http://user.example/end"'
    for fault in truncate body-reset body-stall; do
        echo "http://$fault.example/ rehearse-fault=$fault"
        echo "https://$fault.example/ rehearse-fault=$fault"
    done
    echo "https://no-close-notify.example/ rehearse-fault=no-close-notify"
} >>"$LIST"
fb --rehearse -f "$LIST" --format json --order input -c 1 -v
check "rehearsed redirects: the results fit the schema" valid fetch "$out"
same "rehearsed redirects: between names and schemes" \
    '[200,"https://xn--bcher-kva.example/?q=%C3%BC","0123456789",true]' \
    "$(get '[.status, .final_url, .snippet, .tls != null]' http://one.example/)"
same "rehearsed redirects: each has its latency" true "$(get 'def waited: .timings | .send + .wait;
    (.redirects[0] | waited >= 60) and (.redirects[1] | waited >= 70) and waited >= 80 and
    .elapsed_ms >= 210' http://one.example/)"
same "rehearsed redirects: each has a name lookup" true \
    "$(get '[.timings.dns, .redirects[].timings.dns] |
    all(. != null)' http://one.example/)"
same "the user info of a Location is removed" '[200,"http://user.example/end"]' \
    "$(get '[.status, .final_url]' http://user.example/)"
check_not "the user info of a Location is not sent" grep -qi '> .*authorization' "$err"
same "the total timeout applies to all redirects together" '["timeout.total","wait",3,true]' \
    "$(get '[.error.code, .error.phase, (.redirects | length), .elapsed_ms >= 500]' \
    http://slow.example/)"
same "bodies of redirects that are truncated, reset, stalled, or without close_notify" \
    "7 200 0123456789 null" "$(jq -r 'select(.url | test("://[a-z-]*(-|truncate)[a-z-]*[.]")) |
    "\(.status) \(.snippet) \(.error.code)"' "$out" | sort | uniq -c | xargs)"
