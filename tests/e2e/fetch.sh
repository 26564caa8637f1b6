#!/bin/bash
# One fetch: the fields of a result, their types, when they are null, and how text is shown.
. "$(dirname "$0")/lib.bash"

conf <<'C'
http://length.example/ rehearse-body="0123456789abcdef" rehearse-delay=150ms
http://chunked.example/ rehearse-body="0123456789abcdef" rehearse-framing=chunked
http://close.example/ rehearse-body="0123456789abcdef" rehearse-framing=close
https://close.example/ rehearse-body="0123456789abcdef" rehearse-framing=close
https://secure.example/ rehearse-body="0123456789abcdef" rehearse-delay=40ms
http://empty.example/ rehearse-body=""
http://head.example/ rehearse-body="0123456789abcdef" method=HEAD
http://none.example/ rehearse-status=204
http://same.example/ rehearse-status=304
http://missing.example/ rehearse-status=404 rehearse-body="not here"
http://broken.example/ rehearse-status=503 rehearse-body="come back"
http://127.0.0.1/ rehearse-body="by address"
http://[::1]:8080/ rehearse-body="by address"
http://refused.example/ rehearse-fault=connect-refuse
http://unknown.example/ rehearse-fault=dns-nxdomain
http://cut.example/ rehearse-fault=truncate rehearse-body="0123456789"
C
fb -f "$LIST" --rehearse --format json --order input
exits "fetch without its name; some sites fail" 1
check "every result fits the schema" valid fetch "$out"
same "--order input: the order of the list" "$(cut -d' ' -f1 "$LIST")" "$(jq -r .url "$out")"
check_not "a fetch has no field mode" grep -q '"mode"' "$out"
for framing in http://length http://chunked http://close https://close; do
    same "$framing: the body as sent" '[200,16,"0123456789"]' \
        "$(get '[.status, .body_bytes, .snippet]' $framing.example/)"
done
same "an empty body" '[200,0,""]' "$(get '[.status, .body_bytes, .snippet]' http://empty.example/)"
same "HEAD has no body" '[200,0,""]' \
    "$(get '[.status, .body_bytes, .snippet]' http://head.example/)"
same "204 has no body" '[204,0,""]' "$(get '[.status, .body_bytes, .snippet]' http://none.example/)"
same "304 has no body" '[304,0,""]' "$(get '[.status, .body_bytes, .snippet]' http://same.example/)"
same "404 is not a failure" '[404,null,"not here"]' \
    "$(get '[.status, .error, .snippet]' http://missing.example/)"
same "503 is not a failure" '[503,null,"come back"]' \
    "$(get '[.status, .error, .snippet]' http://broken.example/)"
same "an IPv4 address: no DNS query" '["by address",null]' \
    "$(get '[.snippet, .timings.dns]' http://127.0.0.1/)"
same "an IPv6 address is rehearsed too" '["by address",null]' \
    "$(get '[.snippet, .timings.dns]' 'http://[::1]:8080/')"
same "http: tls is null" '[null,null]' "$(get '[.tls, .timings.tls]' http://length.example/)"
same "https: version and cipher" '["TLSv1.3",true]' \
    "$(get '[.tls.version, (.tls.cipher | startswith("TLS_"))]' https://secure.example/)"
same "a refused connection: which fields are null" \
    '[null,"connect","connect.refused","connection refused",null,0,null,null,'\
'["blocked","dns","connect"]]' \
    "$(get \
    '[.status, .error.phase, .error.code, .error.message, .snippet, .body_bytes, .protocol, .tls,
        [.timings | to_entries[] | select(.value != null).key]]' http://refused.example/)"
same "a refused connection: the address" true \
    "$(get '.address | test("^127[.]0[.]0[.]2:[0-9]+$")' http://refused.example/)"
same "an unknown name: no address" '[null,["blocked","dns"]]' \
    "$(get '[.address, [.timings | to_entries[] | select(.value != null).key]]' \
    http://unknown.example/)"
same "a truncated response: status and snippet are kept" '[200,"http.truncated","01234",5]' \
    "$(get '[.status, .error.code, .snippet, .body_bytes]' http://cut.example/)"
check "a response has the times of all phases of its connection" jq -es 'all(.[] | select(.status);
    .timings as $t | all("blocked", "connect", "send", "wait", "receive"; $t[.] != null)
    and (($t.tls != null) == (.url | startswith("https"))))' "$out"

# elapsed_ms ends with the head, timings end with the body; each is truncated to microseconds
check "elapsed_ms is the time to connect, send and wait" jq -es 'all(.[] | select(.status);
    (.timings | (.dns // 0) + .connect + (.tls // 0) + .send + .wait) as $sum
    | .elapsed_ms - $sum | . > -0.01)' "$out"
check "elapsed_ms and blocked are at most the sum of the timings" jq -es 'all(.[];
    (.timings | map(. // 0) | add) as $sum | $sum - .elapsed_ms - .timings.blocked | . > -0.01)' \
        "$out"
check "elapsed_ms of a failure is the sum of its timings without blocked" \
    jq -es 'all(.[] | select(.error);
    (.timings | map(. // 0) | add) as $sum
    | $sum - .elapsed_ms - .timings.blocked | . > -0.01 and . < 0.01)' "$out"
same "the latency of the server is in wait" true \
    "$(get '.timings.wait >= 150' http://length.example/)"
same "the latency of the server is in elapsed_ms" true \
    "$(get '.elapsed_ms >= 150' http://length.example/)"

fb -f "$LIST" --rehearse --format json -c 1
check "-c 1: blocked begins when the site is taken from the list" \
    jq -es 'all(.[]; .timings.blocked < 1)' "$out"
fb -f "$LIST" --rehearse --format json --order completion
same "--order completion: lines are printed when their sites finish" http://length.example/ \
    "$(tail -n 1 "$out" | jq -r .url)"
fb -f "$LIST" --rehearse --fail --format json --order input
same "--fail: statuses of 400 and over are failures" \
    'http://missing.example/ http.status receive
http://broken.example/ http.status receive' "$(codes | grep http.status)"
same "--fail: status and snippet are kept" '[404,"not here"]' \
    "$(get '[.status, .snippet]' http://missing.example/)"
fb --rehearse http://missing.example/
exits "all sites are fetched" 0

# shown NAME BODY TEXT JSON : an untrusted body, its form in text, and its form in JSON
shown() {
    printf 'http://shown.example/ rehearse-body="%s"\n' "$2" | conf
    fb -f "$LIST" --rehearse
    same "$1, in text" "http://shown.example/         : $3 in" "$(sed 's/ in 0:.*/ in/' "$out")"
    fb -f "$LIST" --rehearse --format json
    same "$1, in JSON" "$4" "$(jq -j .snippet "$out"; echo .)"
    check_not "$1, in JSON: control characters are escaped" grep -qP '[\x00-\x09\x0b-\x1f\x7f]' \
        "$out"
}
shown "escape sequences" '\x1b[31mred\x1b[0m' '\x1b[31mred\x1b[' $'\e[31mred\e[.'
printf 'http://shown.example/ rehearse-body="%s"\n' 'a\x00b\x07c\x7f\x08' | conf
fb -f "$LIST" --rehearse
check "control characters, in text" grep -qF 'a\x00b\x07c\x7f\x08 in' "$out"
fb -f "$LIST" --rehearse --format json
same "control characters, in JSON" '[97,0,98,7,99,127,8]' "$(jq -c '.snippet | explode' "$out")"
shown "line ends and tabs" '1\r\n2\t3' '1\x0d\x0a2\x093' $'1\r\n2\t3.'
shown "C1 control characters" 'a\xc2\x9bb\xc2\x85c' 'a\x9bb\x85c' $'a\u009bb\u0085c.'
shown "ten characters of two bytes" 'ääääääääääüüü' 'ääääääääää' 'ääääääääää.'
shown "ten characters of four bytes" \
    '😀😀😀😀😀😀😀😀😀😀😀😀' '😀😀😀😀😀😀😀😀😀😀' '😀😀😀😀😀😀😀😀😀😀.'
shown "bytes that are not UTF-8" 'a\xffb\xc3(\xe2\x82d' 'a�b�(�d' 'a�b�(�d.'
shown "an incomplete character at the end" 'ab\xe2\x82' 'ab�' 'ab�.'
shown "overlong forms and surrogates" '\xc0\xaf\xed\xa0\x80' '�����' '�����.'
shown "a character that changes the direction of text" 'a\xe2\x80\xaeb' 'a\u202eb' $'a\u202eb.'
shown "quotes and backslashes" 'a\"b\\c' 'a"b\c' 'a"b\c.'

# URLs that are longer than their column, with control characters, and in Unicode
fb --rehearse "http://long.example/0123456789012345678901234567890"
same "a long URL is truncated to 30 characters" "http://long.example/0123456789: " \
    "$(head -c 32 "$out")"
fb --rehearse $'http://x.example/\e[2J'
check "a URL's control characters are escaped" grep -qF 'http://x.example/\x1b[2J' "$out"
fb --rehearse --format json 'http://x.example/"q"'
same "a URL's quotes in JSON" 'http://x.example/"q"' "$(jq -r .url "$out")"
fb --rehearse "http://x.example/ääääääääääääääääää"
same "a URL in Unicode is truncated to 30 characters, not bytes" \
    "http://x.example/äääääääääääää: " \
    "$(head -n 1 "$out" | grep -oP '^.{30}: ')"

# user info is sent and never shown
secret='sesame%20open'
for arguments in "--format json" "--format text" "--format json --order input"; do
    # shellcheck disable=SC2086
    fb $arguments --rehearse "http://ali:$secret@auth.example/" \
        "http://ali:$secret@auth.example:1x/" \
        "http://ali:$secret@/" "ftp://ali:$secret@auth.example/" "http://ali:$secret@[::1/"
    check_not "user info is not shown: $arguments" grep -q -e ali -e sesame "$out" "$err"
done
{ echo "http://ali:$secret@auth.example/ timeout=never"; } | conf
fb --rehearse -f "$LIST"
check_not "user info is not shown: a refused line" grep -q -e ali -e sesame "$out" "$err"
fb --rehearse -f - <"$LIST"
check_not "user info is not shown: a refused line of standard input" grep -q -e ali -e sesame \
    "$out" "$err"
fb --rehearse -f - < <(cat "$LIST")
check_not "user info is not shown: a refused line of a pipe" grep -q -e ali -e sesame "$out" "$err"

# a server that responds with 408 to each request except the first of a connection
start tired perl -MIO::Socket::INET -e '$| = 1; my $l = IO::Socket::INET->new(LocalAddr => $ARGV[0],
    LocalPort => 18090, Listen => 9, ReuseAddr => 1) or die;
    while (my $p = $l->accept) {
        for (my $n = 0; sysread $p, my $b, 9999; $n++) {
            print $n ? "late\n" : "first\n";
            syswrite $p, $n
                ? "HTTP/1.1 408 Late\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate"
                : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere";
            last if $n;
        }
    }' "$HOME_ADDRESS"
until_true 10 listens 18090
fb --format json -c 1 --order input "http://$HOME_ADDRESS:18090/"{1,2,3}
same "408 on an idle connection: the request is repeated on a new connection" \
    "200 here 200 here 200 here" \
    "$(jq -r '"\(.status) \(.snippet)"' "$out" | xargs)"
same "408 on an idle connection: the requests that the server received" \
    "first late first late first" "$(xargs <"$TMPDIR/tired.out")"
check "408 on an idle connection: the results fit the schema" valid fetch "$out"
