#!/bin/bash
# Requests: method, header fields, credentials, cookies and content, by options and in a list. A
# recorder stores the received bytes; nginx takes large content. Credentials are never shown.
. "$(dirname "$0")/lib.bash"

mkdir "$TMPDIR/seen"
start recorder perl "$E2E/recorder.pl" "$HOME_ADDRESS" 18090 "$TMPDIR/seen"
until_true 10 listens 18090 || fail "the recorder listens"
host=$HOME_ADDRESS:18090
base=http://$host
count=0

# sent ARGUMENT... : one more request; what came of it, line by line, the content with its own ends
sent() {
    fb "$@" >/dev/null
    count=$((count + 1))
    [ "$status" = 0 ] || explain "$err"
    tr -d '\r' <"$TMPDIR/seen/$count"
}
# asks NAME WANTED ARGUMENT... : the request is this line and these fields behind the first three
asks() {
    local name=$1 wanted=$2
    shift 2
    # one more is counted here, for sent() does it in a process of its own
    same "$name" "$(printf '%b' "$wanted")" "$(sent "$@")"
    count=$((count + 1))
}
ours="Host: $host\nUser-Agent: firstbyte/0.1.0\nAccept: */*\nAccept-Encoding: gzip, deflate, br, zstd"
form="Content-Type: application/x-www-form-urlencoded"

asks "nothing is asked for" "GET /a?b=c HTTP/1.1\n$ours" "$base/a?b=c#d"
same "each line ends with CR LF" 6 "$(grep -c $'\r$' "$TMPDIR/seen/1")"
asks "-I" "HEAD / HTTP/1.1\n$ours" -I "$base/"
asks "-X" "PURGE / HTTP/1.1\n$ours" -X PURGE "$base/"
asks "a method is as it was written" "get / HTTP/1.1\n$ours" -X get "$base/"
asks "-X POST without content says so" "POST / HTTP/1.1\n$ours\nContent-Length: 0" -X POST "$base/"
asks "-X wins over -I" "OPTIONS / HTTP/1.1\n$ours" -I -X OPTIONS "$base/"

# fields
asks "-H adds" "GET / HTTP/1.1\n$ours\nX-One: 1\nX-One: 2\nX-Two:3" \
    -H "X-One: 1" -H "X-One: 2" -H "X-Two:3" "$base/"
asks "-H replaces, whatever its case" "GET / HTTP/1.1
Host: $host\nAccept-Encoding: gzip, deflate, br, zstd\nuser-agent: mine\nACCEPT: text/html" \
    -H "user-agent: mine" -H "ACCEPT: text/html" "$base/"
asks "-H takes away" "GET / HTTP/1.1\nHost: $host\nUser-Agent: firstbyte/0.1.0" \
    -H "Accept:" -H "accept-encoding: " "$base/"
asks "-H names another host" "GET / HTTP/1.1\nUser-Agent: firstbyte/0.1.0
Accept: */*\nAccept-Encoding: gzip, deflate, br, zstd\nHost: other.example" -H "Host: other.example" "$base/"
asks "-A" "GET / HTTP/1.1\nHost: $host\nAccept: */*\nAccept-Encoding: gzip, deflate, br, zstd
User-Agent: a b/1" -A "a b/1" "$base/"
asks "--no-keepalive says so" "GET / HTTP/1.1\n$ours\nConnection: close" --no-keepalive "$base/"

# credentials
basic() { printf 'Authorization: Basic %s' "$(printf '%s' "$1" | base64)"; }
asks "-u" "GET / HTTP/1.1\n$ours\n$(basic 'ali:open: sesame')" -u 'ali:open: sesame' "$base/"
asks "-u without a password" "GET / HTTP/1.1\n$ours\n$(basic 'ali:')" -u ali "$base/"
asks "the URL's come before -u" "GET / HTTP/1.1\n$ours\n$(basic 'bob:b@b')" -u ali:sesame \
    "http://bob:b%40b@$host/"
asks "-H comes before both" "GET / HTTP/1.1\n$ours\nAuthorization: Bearer x" -u ali:sesame \
    -H "Authorization: Bearer x" "http://bob:bob@$host/"
asks "--cookie" "GET / HTTP/1.1\n$ours\nCookie: a=1; b=2" --cookie 'a=1; b=2' "$base/"

# content
asks "-d" "POST / HTTP/1.1\n$ours\n$form\nContent-Length: 3\n\na=1" -d a=1 "$base/"
printf 'c\0\r\n\xff' >"$TMPDIR/content"
fb -d a=1 -d "@$TMPDIR/content" -d b=2 "$base/"
count=$((count + 1))
same "several are joined, a file as it is" "$(printf 'a=1&c\0\r\n\xff&b=2' | od -c)" \
    "$(tail -c 13 "$TMPDIR/seen/$count" | od -c)"
check "their length is reported" grep -q $'^Content-Length: 13\r$' "$TMPDIR/seen/$count"
asks "-d with a method and a type" "PUT / HTTP/1.1\n$ours
Content-Length: 2\nContent-Type: application/json\n\n{}" \
    -X PUT -H "Content-Type: application/json" -d '{}' "$base/"
asks "an empty -d" "POST / HTTP/1.1\n$ours\n$form\nContent-Length: 0" -d '' "$base/"

# a list says the same, of its own sites alone, before the command line
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
exits "a list that asks" 0
asked() {
    local i
    for ((i = count + 1; i <= count + $1; i++)); do
        tr -d '\r' <"$TMPDIR/seen/$i" | sed -nE '1s/ HTTP.*//p; /^(X-|Auth|Cookie|Content-L)/p; 1,/^$/d; p' |
            cat -v | tr '\n' '|'
        echo
    done | sed 's/|$//'
}
same "what each asks" "\
PATCH /own|$(basic 'ali:open sesame')|Cookie: c=own|Content-Length: 6|X-One: own|a^@|\"b
LINE /line|$(basic zoe:zoe)|Cookie: c=line|X-One: line
DELETE /default|$(basic bob:)|Cookie: c=default|X-One: default
DELETE /none
DELETE /url|$(basic eve:eve)|Cookie: c=default|X-One: default
POST /data|$(basic bob:)|Cookie: c=default|Content-Length: 3|X-One: default|x=1
DELETE /more|$(basic bob:)|Cookie: c=default|Content-Length: 0|X-One: default" "$(asked 7)"
count=$((count + 7))

# refused, before anything is asked
refused() {
    local name=$1 wanted=$2
    shift 2
    fb "$@" "$base/"
    exits "$name" 2
    check "$name: is reported" stderr_has "$wanted"
}
refused "a method with a blank" "not a method" -X "GET /"
refused "CONNECT" "not a method" -X CONNECT
refused "no method" "not a method" -X ""
refused "a field without a colon" 'a header is "Name: value"' -H Accept
refused "a field without a name" 'a header is "Name: value"' -H ": value"
refused "a field's name with a blank" "forbidden character" -H "Acc ept: x"
refused "a field that begins a new line" "control character" -H $'A: b\r\nC: d'
refused "an agent that does" "control character" -A $'x\r\nC: d'
refused "a cookie that does" "control character" --cookie $'a=1\r\nC: d'
refused "content of a file that is not there" "No such file" -d "@$TMPDIR/nothing"
refused "content of a directory" "Is a directory" -d "@$TMPDIR"
refused "HEAD with content" "a HEAD request has no content" -I -d a=1
same "nothing of that was asked" "$count" "$(find "$TMPDIR/seen" -type f | wc -l)"

# content that no socket buffer holds, to one that reads it all, one that does not, over TLS too
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
    location = /private { auth_basic "who?"; auth_basic_user_file DIR/users; }
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
        same "$bytes bytes to ${url%%:*}: an answer" '[200,"taken"]' "$(get '[.status, .snippet]' "$url")"
        same "$bytes bytes to ${url%%:*}: all came" "POST /large $bytes" "$(cut -d' ' -f1-3 "$TMPDIR/got.log")"
        check "$bytes bytes to ${url%%:*}: unharmed" cmp "$TMPDIR/part" "$(cut -d' ' -f4 "$TMPDIR/got.log")"
    done
done
fb --format json -d "@$TMPDIR/large" "$nginx/small" "$nginx/early" --order input
same "one that answers before it has heard all" "413 null 200 null" \
    "$(jq -r '.status, .error.code' "$out" | xargs)"
check "results fit the schema" valid fetch "$out"
seq -f "$nginx/many?%.0f" 40 >"$TMPDIR/many"
: >"$TMPDIR/got.log"
head -c 300000 "$TMPDIR/large" >"$TMPDIR/part"
fb -f "$TMPDIR/many" -d "@$TMPDIR/part" --per-host 0
exits "forty at once" 0
logged 40 "$TMPDIR/got.log"
same "each whole" "40 300000" "$(cut -d' ' -f3 "$TMPDIR/got.log" | uniq -c | xargs)"

# credentials: in whatever form they were given and whatever becomes of the site, nothing shows them
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
    check "but results" test -s "$out"
done
fb -f "$LIST" --format json --order input
same "they were used" "404 404 200 null 404 401" "$(jq .status "$out" | xargs)"
for arguments in "-H Authorization:sesame"$'\x01' "--cookie sesame"$'\x01' "--proxy http://ali:sesame@a:b" \
    "--rehearse --proxy http://ali:sesame@a:1" "http://ali:sesame@a:b/" "-x ftp://ali:sesame@a:1"; do
    # shellcheck disable=SC2086
    fb $arguments http://a.invalid/
    check "what is refused: ${arguments%%[: ]*}" test "$status" -ge 2
    check_not "is not shown" grep -q sesame "$out" "$err"
done
