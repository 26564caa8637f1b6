#!/bin/bash
# Fetches from nginx, over http.
. "$(dirname "$0")/lib.bash"

mkdir "$TMPDIR/www"
printf '0123456789 and more' >"$TMPDIR/www/page"
{ echo large; head -c 10485754 /dev/zero | tr '\0' .; } >"$TMPDIR/www/large"
for i in {1..10}; do echo "<html>$i</html>"; done >"$TMPDIR/www/included.html"
head -c 10240 /dev/zero | tr '\0' x >"$TMPDIR/www/10k"
printf 'ali:{PLAIN}sesame open\n' >"$TMPDIR/users"

start_nginx 18080 18081 18082 <<'N'
gzip_min_length 1;
gzip_types *;
server {
    listen @:18080;
    keepalive_requests 100000;
    location /words { return 200 "0123456789 and more"; }
    location /included.html { ssi on; }
    location /until-closed.html {
        alias DIR/www/included.html; ssi on; chunked_transfer_encoding off;
    }
    location /zipped { alias DIR/www/page; gzip on; }
    location /nothing { return 204; }
    location /unchanged { return 304; }
    location /moved { return 301 /words; }
    location /missing { return 404 "not here"; }
    location /dropped { return 444; }
    location /private { auth_basic "private"; auth_basic_user_file DIR/users; alias DIR/www/page; }
}
server { listen @:18081; keepalive_requests 1; location / { return 200 "one a connection"; } }
server { listen @:18082; keepalive_timeout 1s; location / { return 200 "a short timeout"; } }
N
base=http://$HOME_ADDRESS:18080
refused=http://$HOME_ADDRESS:18089/
conf <<C
$base/page
$base/words
$base/included.html
$base/until-closed.html
$base/large timeout=60s
$base/zipped header="Accept-Encoding: gzip"
$base/page?head method=HEAD
$base/large?range header="Range: bytes=0-99"
$base/nothing
$base/unchanged
$base/missing
$base/dropped
$refused
C
wanted="/page 200 19 0123456789 null
/words 200 19 0123456789 null
/included.html 200 151 <html>1</h null
/until-closed.html 200 151 <html>1</h null
/large 200 10485760 large
.... null
/zipped 200 $(gzip -n6 <"$TMPDIR/www/page" | wc -c) 0123456789 null
/page?head 200 0  null
/large?range 206 100 large
.... null
/nothing 204 0  null
/unchanged 304 0  null
/missing 404 8 not here null
/dropped null 0 null http.empty
${refused#"$base"} null 0 null connect.refused"
summary() {
    jq -rs ".[] | $1 | [(.url | ltrimstr(\"$base\")), .status, .body_bytes, .snippet, .error.code]
        | map(. // \"null\" | tostring) | join(\" \")" "$out"
}
fb -f "$LIST" --max-body 1G --format json --order input
exits "responses of all kinds, and two failures" 1
same "status, length and first characters of each response" "$wanted" "$(summary .)"
check "every result fits the schema" valid fetch "$out"
same "the address is that of nginx" true "$(get ".address == \"$HOME_ADDRESS:18080\"" "$base/page")"
same "encoding of a body with gzip" '"gzip"' "$(get .encoding "$base/zipped")"
fb race -f "$LIST" --max-body 1G --format json --order input
same "the blocking half has the same results" "$wanted" "$(summary 'select(.mode == "blocking")')"
same "the asynchronous half has the same results" "$wanted" \
    "$(summary 'select(.mode == "reactor")')"

fb --format json --no-location "$base/moved"
same "--no-location: a redirect is not followed" "301 null" \
    "$(jq -r '"\(.status) \(.error)"' "$out")"
fb --format json "$base/moved"
same "a redirect is followed" "200 $base/words" "$(jq -r '"\(.status) \(.final_url)"' "$out")"

# Basic authorization: nginx accepts it, and it is not shown
fb --format json --order input "http://ali:sesame%20open@$HOME_ADDRESS:18080/private" \
    "http://ali:wrong@$HOME_ADDRESS:18080/private" "$base/private"
same "Basic authorization: statuses" "200 401 401" "$(jq .status "$out" | xargs)"
check_not "user info is not shown" grep -q -e ali: -e sesame "$out" "$err"
check "the field is base64 of user and password" \
    grep -q "\"Basic $(printf 'ali:sesame open' | base64)\"" \
    "$NGINX_LOG"

# reused connections: at most as many as fetches at once
connections() { cut -d' ' -f1 "$NGINX_LOG" | sort -u | wc -l; }
seq -f "$base/words?%.0f" 500 >"$TMPDIR/500"
: >"$NGINX_LOG"
fb -c 1 -f "$TMPDIR/500"
exits "500 on one connection" 0
logged 500 "$NGINX_LOG"
same "500 on one connection: the number of connections and requests" "1 500" \
    "$(connections) $(wc -l <"$NGINX_LOG")"
: >"$NGINX_LOG"
fb -c 8 -f "$TMPDIR/500" --format json
same "500 on eight connections" 500 "$(grep -c '"status":200' "$out")"
check "at most as many connections as fetches at once" test "$(connections)" -le 8
check "a fetch on a reused connection has no connect time" jq -es \
    '[.[] | select(.timings.connect == null)] | length >= 492' "$out"
seq -f "http://$HOME_ADDRESS:18081/%.0f" 100 >"$TMPDIR/100"
: >"$NGINX_LOG"
fb -c 4 -f "$TMPDIR/100"
exits "a server that closes each connection" 0
same "a server that closes each connection: one for each request" 100 "$(connections)"

# an idle connection that nginx has closed is not used
: >"$NGINX_LOG"
(echo "http://$HOME_ADDRESS:18082/1"; sleep 2.5; echo "http://$HOME_ADDRESS:18082/2") |
    timeout 30 "$FIRSTBYTE" -f - >"$out" 2>"$err"
same "a connection that was closed while idle" "2 2" \
    "$(connections) $(grep -c 'a short ti in' "$out")"

# an idle connection that is closed after the request: the request is repeated once, on a new one
: >"$NGINX_LOG"
fb -c 1 --order input "$base/words" "$base/dropped" "$base/words" --format json
same "an idle connection is closed after the request: it is repeated once" "200 http.empty 200" \
    "$(jq -r '.status // .error.code' "$out" | xargs)"
logged 4 "$NGINX_LOG"
same "an idle connection is closed after the request: it is in the log twice" "2 2" \
    "$(grep -c /dropped "$NGINX_LOG") $(grep /dropped "$NGINX_LOG" | cut -d' ' -f1 | sort -u |
    wc -l)"
: >"$NGINX_LOG"
fb "$base/dropped"
logged 1 "$NGINX_LOG"
same "a new connection is closed after the request: it is not repeated" 1 "$(wc -l <"$NGINX_LOG")"

# many at once
seq -f "$base/10k?%.0f" 3000 >"$TMPDIR/3000"
fb -f "$TMPDIR/3000" -T 60s --format json
exits "3000 sites, 256 at once" 0
same "3000 sites, 256 at once: all bodies are complete" "3000 10240" \
    "$(jq .body_bytes "$out" | sort | uniq -c | xargs)"
fb -f "$TMPDIR/3000" -T 60s -c 3000 --order input --format json
exits "3000 sites at once" 0
same "3000 sites at once: the order of the list" "$(md5sum <"$TMPDIR/3000")" \
    "$(jq -r .url "$out" | md5sum)"

# names of the hosts file
if getent ahostsv4 localhost | grep -q '^127\.0\.0\.1 '; then
    fb --format json http://localhost:1/
    same "localhost is found in the hosts file" "http://localhost:1/ connect.refused connect" \
        "$(codes)"
else
    skip "localhost is found in the hosts file" "it is not there"
fi
