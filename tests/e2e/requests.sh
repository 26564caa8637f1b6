#!/bin/bash
# Requests: method, header fields, credentials, cookies and content, by options and in a list. A
# recorder stores the received bytes; nginx receives large content. Credentials are not shown.
. "$(dirname "$0")/lib.bash"

mkdir "$TMPDIR/seen"
start recorder perl "$E2E/recorder.pl" "$HOME_ADDRESS" 18090 "$TMPDIR/seen"
until_true 10 listens 18090 || fail "the recorder listens"
host=$HOME_ADDRESS:18090
base=http://$host
count=0

# sent ARGUMENT... : sends the next request, and prints it as received, without CR
sent() {
    fb "$@" >/dev/null
    count=$((count + 1))
    [ "$status" = 0 ] || explain "$err"
    tr -d '\r' <"$TMPDIR/seen/$count"
}
# request NAME WANTED ARGUMENT... : compares the request with WANTED, a format of printf %b
request() {
    local name=$1 wanted=$2
    shift 2
    # sent() runs in another process, so that its count is lost
    same "$name" "$(printf '%b' "$wanted")" "$(sent "$@")"
    count=$((count + 1))
}
ours="Host: $host\nUser-Agent: firstbyte/0.1.0\nAccept: */*\n"
ours+="Accept-Encoding: gzip, deflate, br, zstd"
form="Content-Type: application/x-www-form-urlencoded"

request "no options" "GET /a?b=c HTTP/1.1\n$ours" "$base/a?b=c#d"
same "each line ends with CR LF" 6 "$(grep -c $'\r$' "$TMPDIR/seen/1")"
request "-I" "HEAD / HTTP/1.1\n$ours" -I "$base/"
request "-X" "PURGE / HTTP/1.1\n$ours" -X PURGE "$base/"
request "-X: the method is not changed" "get / HTTP/1.1\n$ours" -X get "$base/"
request "-X POST without content: Content-Length is 0" "POST / HTTP/1.1\n$ours\nContent-Length: 0" \
    -X POST "$base/"
request "-X wins over -I" "OPTIONS / HTTP/1.1\n$ours" -I -X OPTIONS "$base/"

# fields
request "-H adds a field" "GET / HTTP/1.1\n$ours\nX-One: 1\nX-One: 2\nX-Two:3" \
    -H "X-One: 1" -H "X-One: 2" -H "X-Two:3" "$base/"
request "-H replaces a field; case is ignored" "GET / HTTP/1.1
Host: $host\nAccept-Encoding: gzip, deflate, br, zstd\nuser-agent: mine\nACCEPT: text/html" \
    -H "user-agent: mine" -H "ACCEPT: text/html" "$base/"
request "-H removes a field" "GET / HTTP/1.1\nHost: $host\nUser-Agent: firstbyte/0.1.0" \
    -H "Accept:" -H "accept-encoding: " "$base/"
request "-H replaces Host" "GET / HTTP/1.1\nUser-Agent: firstbyte/0.1.0
Accept: */*\nAccept-Encoding: gzip, deflate, br, zstd\nHost: other.example" \
    -H "Host: other.example" "$base/"
request "-A" "GET / HTTP/1.1\nHost: $host\nAccept: */*\nAccept-Encoding: gzip, deflate, br, zstd
User-Agent: a b/1" -A "a b/1" "$base/"
request "--no-keepalive: Connection is close" "GET / HTTP/1.1\n$ours\nConnection: close" \
    --no-keepalive "$base/"

# credentials
basic() { printf 'Authorization: Basic %s' "$(printf '%s' "$1" | base64)"; }
request "-u" "GET / HTTP/1.1\n$ours\n$(basic 'ali:open: sesame')" -u 'ali:open: sesame' "$base/"
request "-u without a password" "GET / HTTP/1.1\n$ours\n$(basic 'ali:')" -u ali "$base/"
request "user info of the URL wins over -u" "GET / HTTP/1.1\n$ours\n$(basic 'bob:b@b')" \
    -u ali:sesame \
    "http://bob:b%40b@$host/"
request "-H wins over user info and -u" "GET / HTTP/1.1\n$ours\nAuthorization: Bearer x" \
    -u ali:sesame \
    -H "Authorization: Bearer x" "http://bob:bob@$host/"
request "--cookie" "GET / HTTP/1.1\n$ours\nCookie: a=1; b=2" --cookie 'a=1; b=2' "$base/"

# content
request "-d" "POST / HTTP/1.1\n$ours\n$form\nContent-Length: 3\n\na=1" -d a=1 "$base/"
printf 'c\0\r\n\xff' >"$TMPDIR/content"
fb -d a=1 -d "@$TMPDIR/content" -d b=2 "$base/"
count=$((count + 1))
same "several -d are joined; a file is not changed" "$(printf 'a=1&c\0\r\n\xff&b=2' | od -c)" \
    "$(tail -c 13 "$TMPDIR/seen/$count" | od -c)"
check "several -d: Content-Length" grep -q $'^Content-Length: 13\r$' "$TMPDIR/seen/$count"
request "-d with a method and a type" "PUT / HTTP/1.1\n$ours
Content-Length: 2\nContent-Type: application/json\n\n{}" \
    -X PUT -H "Content-Type: application/json" -d '{}' "$base/"
request "an empty -d" "POST / HTTP/1.1\n$ours\n$form\nContent-Length: 0" -d '' "$base/"

# keys of a list have the same meaning, for their sites only, and win over the command line
conf <<C
$base/own method=PATCH header="X-One: own" user="ali:open sesame" cookie="c=own" data="a\x00\r\n\"b"
$base/line
default method=DELETE header="X-One: default" user=bob cookie="c=default"
$base/default
$base/none user="" cookie="" header="X-One:"
$base/url?auth
default data="x=1"
$base/data method=POST
$base/more data=""
C
sed -i "s|http://[^ ]*auth|http://eve:eve@$host/url|" "$LIST"
fb -f "$LIST" -H "X-One: line" -u "zoe:zoe" --cookie c=line -X LINE -c 1
exits "keys of a list" 0
received() { # COUNT : request line, some fields and content of the next COUNT requests
    local i
    for ((i = count + 1; i <= count + $1; i++)); do
        tr -d '\r' <"$TMPDIR/seen/$i" |
            sed -nE '1s/ HTTP.*//p; /^(X-|Auth|Cookie|Content-L)/p; 1,/^$/d; p' | cat -v |
                tr '\n' '|'
        echo
    done | sed 's/|$//'
}
same "keys of a list: the requests" "\
PATCH /own|$(basic 'ali:open sesame')|Cookie: c=own|Content-Length: 6|X-One: own|a^@|\"b
LINE /line|$(basic zoe:zoe)|Cookie: c=line|X-One: line
DELETE /default|$(basic bob:)|Cookie: c=default|X-One: default
DELETE /none
DELETE /url|$(basic eve:eve)|Cookie: c=default|X-One: default
POST /data|$(basic bob:)|Cookie: c=default|Content-Length: 3|X-One: default|x=1
DELETE /more|$(basic bob:)|Cookie: c=default|Content-Length: 0|X-One: default" "$(received 7)"
count=$((count + 7))

# refused before any request
refused() {
    local name=$1 wanted=$2
    shift 2
    fb "$@" "$base/"
    exits "$name" 2
    check "$name: is reported" stderr_has "$wanted"
}
refused "a method with a blank" "not a method" -X "GET /"
refused "CONNECT" "not a method" -X CONNECT
refused "an empty method" "not a method" -X ""
refused "a field without a colon" 'a header field is "Name: value"' -H Accept
refused "a field without a name" 'a header field is "Name: value"' -H ": value"
refused "a field name with a blank" "forbidden character" -H "Acc ept: x"
refused "a field with a line end" "control character" -H $'A: b\r\nC: d'
refused "an agent with a line end" "control character" -A $'x\r\nC: d'
refused "a cookie with a line end" "control character" --cookie $'a=1\r\nC: d'
refused "content of a missing file" "No such file" -d "@$TMPDIR/nothing"
refused "content of a directory" "Is a directory" -d "@$TMPDIR"
refused "HEAD with content" "a HEAD request has no content" -I -d a=1
same "refused requests are not sent" "$count" "$(find "$TMPDIR/seen" -type f | wc -l)"

# content larger than socket buffers, to servers that read all or not all of it, also over TLS
make_authority
make_certificate large "IP:$HOME_ADDRESS"
start_nginx 18080 18443 18081 <<'N'
log_format got '$request_method $uri $content_length $request_body_file $http_expect';
server {
    listen @:18080;
    listen @:18443 ssl;
    ssl_certificate DIR/large.pem;
    ssl_certificate_key DIR/large.key;
    access_log DIR/got.log got;
    client_max_body_size 64m;
    client_body_in_file_only on;
    location /small { client_max_body_size 1k; return 200 small; }
    location / { proxy_pass http://@:18081; }
    location = /early { client_body_in_file_only off; return 200 early; }
    location = /private { auth_basic "private"; auth_basic_user_file DIR/users; }
    location = /away { return 302 http://@:18081/; }
    location = /cookie { add_header Set-Cookie "set=sesame"; return 302 /private; }
}
server { listen @:18081; client_max_body_size 64m; location / { return 200 "taken"; } }
N
nginx=http://$HOME_ADDRESS:18080
head -c 9000000 /dev/urandom >"$TMPDIR/large"
for bytes in 65000 65536 70000 9000000; do
    head -c $bytes "$TMPDIR/large" >"$TMPDIR/part"
    for url in "$nginx/large" "https://$HOME_ADDRESS:18443/large"; do
        : >"$TMPDIR/got.log"
        fb --format json --cacert "$TMPDIR/ca.pem" -d "@$TMPDIR/part" "$url"
        logged 1 "$TMPDIR/got.log"
        same "$bytes bytes to ${url%%:*}: the response" '[200,"taken"]' \
            "$(get '[.status, .snippet]' "$url")"
        same "$bytes bytes to ${url%%:*}: all are received" "POST /large $bytes" \
            "$(cut -d' ' -f1-3 "$TMPDIR/got.log")"
        check "$bytes bytes to ${url%%:*}: they are not changed" cmp "$TMPDIR/part" \
            "$(cut -d' ' -f4 "$TMPDIR/got.log")"
    done
done
fb --format json -d "@$TMPDIR/large" "$nginx/small" "$nginx/early" --order input
same "servers that respond before they have received all content" "413 null 200 null" \
    "$(jq -r '.status, .error.code' "$out" | xargs)"
check "servers that respond early: the results fit the schema" valid fetch "$out"
seq -f "$nginx/many?%.0f" 40 >"$TMPDIR/many"
: >"$TMPDIR/got.log"
head -c 300000 "$TMPDIR/large" >"$TMPDIR/part"
fb -f "$TMPDIR/many" -d "@$TMPDIR/part" --per-host 0
exits "forty requests with content at once" 0
logged 40 "$TMPDIR/got.log"
same "forty requests with content at once: all are complete" "40 300000" \
    "$(cut -d' ' -f3 "$TMPDIR/got.log" | uniq -c | xargs)"

# credentials are not shown, for each way to set them and each result
printf 'ali:{PLAIN}sesame\n' >"$TMPDIR/users"
secrets="sesame|$(printf 'ali:sesame' | base64)"
conf <<C
$nginx/private user="ali:sesame"
http://ali:sesame@$HOME_ADDRESS:18080/private
http://ali:sesame@$HOME_ADDRESS:18080/away
http://ali:sesame@$HOME_ADDRESS:18089/refused
$nginx/private header="authorization:Basic $(printf 'ali:sesame' | base64)" cookie="id=sesame"
$nginx/private header="Cookie: id=sesame" header="Proxy-Authorization: Basic sesame"
C
for arguments in "--format text" "--format table" "--format json" "--format csv" "-v" \
    "--format json -v --order input" "--fields url,final_url,redirects,attempts,error" \
    "--format json --retry 1 --retry 0 --fail"; do
    # shellcheck disable=SC2086
    fb -f "$LIST" $arguments -u ali:sesame --cookie id=sesame -H "X-Plain: 1"
    check_not "no credentials in $arguments" grep -qiE "$secrets" "$out" "$err"
    check "results in $arguments" test -s "$out"
done
fb -f "$LIST" --format json --order input
same "credentials are used" "404 404 200 null 404 401" "$(jq .status "$out" | xargs)"
for arguments in "-H Authorization:sesame"$'\x01' "--cookie sesame"$'\x01' \
    "--proxy http://ali:sesame@a:b" \
    "--rehearse --proxy http://ali:sesame@a:1" "http://ali:sesame@a:b/" "-x ftp://ali:sesame@a:1";
    do
    # shellcheck disable=SC2086
    fb $arguments http://a.invalid/
    check "credentials in a refused command: ${arguments%%[: ]*}" test "$status" -ge 2
    check_not "credentials in a refused command are not shown: ${arguments%%[: ]*}" \
        grep -q sesame "$out" "$err"
done
