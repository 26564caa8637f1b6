#!/bin/bash
# Irregular responses, as real servers send them: bare line ends, invalid fields, repeated lengths,
# padded chunk sizes, bytes after the end. They are accepted as in browsers and curl, or refused.
. "$(dirname "$0")/lib.bash"

mkdir "$TMPDIR/responses"
start server perl "$E2E/irregular.pl" "$HOME_ADDRESS" 18080 "$TMPDIR/responses"
until_true 10 listens 18080 || fail "the server listens"
base=http://$HOME_ADDRESS:18080

# response NAME FORMAT : the response to GET /NAME, as a format of printf
response() { printf "$2" >"$TMPDIR/responses/$1"; }

# format of the response, then the result: status, snippet, error code
n=0
while IFS='|' read -r format wanted; do
    format=${format/CHUNKED/Transfer-Encoding: chunked}
    n=$((n + 1))
    response "$n" "$format"
    printf '%s\n' "$format" >>"$TMPDIR/formats"
    printf '%s\n' "$wanted" >>"$TMPDIR/wanted"
    echo "$base/$n" >>"$TMPDIR/list"
    : >"$TMPDIR/responses/$n.end"
done <<'R'
HTTP/1.1 200 OK\nContent-Length: 5\n\nhello|200 hello -
HTTP/1.1 200 OK\r\r\nSet-Cookie: s=x\r\nContent-Length: 5\r\n\r\nhello|200 hello -
HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nhello|200 hello -
HTTP/1.1 200 OK\r\nX: \ra: b\r\nContent-Length: 5\r\n\r\nhello|200 hello -
HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\rhello|- - http.malformed
HTTP/1.1 200 OK\r\nSet-Cookie: a=\001b\r\nContent-Length: 5\r\n\r\nhello|200 hello -
HTTP/1.1 200 OK\r\nX@A: b\r\n\303\251: c\r\nContent-Length : 5\r\n\r\nhello!|200 hello -
HTTP/1.1 200 OK\r\nX: a\000b\r\nContent-Length: 5\r\n\r\nhello|- - http.malformed
HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5, 5\r\n\r\nhello|200 hello -
HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello|- - http.malformed
HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello|- - http.malformed
HTTP/1.1 200 OK\nCHUNKED\n\n5\nhello\n0\n\n|200 hello -
HTTP/1.1 200 OK\r\nCHUNKED\r\n\r\n5  ; a = "\\";" ;b\r\nhello\r\n0 \r\nX: y\n\r\n|200 hello -
HTTP/1.1 200 OK\r\nCHUNKED\r\n\r\n5\rhello\r\n0\r\n\r\n|200 - http.malformed
\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\r\n|200 hello -
R
fb --format json --order input --retry 0 -c 1 -f "$TMPDIR/list"
same "irregular responses" "$(paste -d' ' <(seq "$n") "$TMPDIR/wanted")" "$(jq -r \
    '[(.url | split("/")[3]), .status // "-", (.snippet | if . == "" then "-" else . // "-" end),
        .error.code // "-"] | map(tostring) | join(" ")' "$out")"
check "a length out of range is reported" grep -qF "Content-Length is out of range" "$out"
check "lengths that differ are reported" grep -qF "Content-Length has different values" "$out"

# bytes after a response: a line end is ignored; other bytes close the connection, without an error
good='HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
response plain "$good"
response line "$good\r\n"
response apart "$good" && printf '\r\n' >"$TMPDIR/responses/apart.later"
response junk "${good}junk"
response late "$good" && printf 'junk' >"$TMPDIR/responses/late.later"
connections_of() { awk -v name="$1" '$2 == name { print $1 }' "$TMPDIR/server.out" | sort -u |
    wc -l; }

for name in line apart junk late; do
    yes "$base/$name" | head -n 20 >"$TMPDIR/list"
    fb --format json -c 1 -f "$TMPDIR/list"
    same "$name: 20 fetched" "20 200 hello" \
        "$(jq -r '"\(.status) \(.snippet)"' "$out" | sort | uniq -c | awk '{ print $1, $2, $3 }')"
done
same "a line end after the response: the connection is reused" "1 1" \
    "$(connections_of line) $(connections_of apart)"
same "other bytes after the response: the connection is closed" 20 "$(connections_of junk)"

bench "a line end in a load" -n 100 -c 2 "$base/line"
same "a line end in a load: two connections" "100 0 2" \
    "$(run '.totals | .completed, .failed, .connections' | xargs)"
bench "a line end in a pipeline" -n 100 -c 2 --pipeline 4 "$base/line"
same "a line end in a pipeline: two connections" "100 0 2" \
    "$(run '.totals | .completed, .failed, .connections' | xargs)"
bench "other bytes after each response" -n 100 -c 2 "$base/junk"
# both clients may be connecting when one request is left
same "other bytes after each response: one connection for each, no failure" "100 0 true" \
    "$(run '.totals | .completed, .failed, (.connections | . == 100 or . == 101)' | xargs)"
bench "other bytes after each response, open loop" -R 200 -n 100 -c 2 "$base/junk"
same "other bytes after each response, open loop: no failure" "100 0" \
    "$(run '.totals | .completed, .failed' | xargs)"
explain "$TMPDIR/server.err"
judge_runs
