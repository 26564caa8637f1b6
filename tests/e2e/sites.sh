#!/bin/bash
# The grammar of sites.conf, and invalid lines. The log of nginx has the requests.
. "$(dirname "$0")/lib.bash"

start_nginx 18080 <<'N'
log_format seen '$request_uri|$request_method|$http_accept|$http_x_one|$http_x_two|'
    '$http_user_agent|$http_host';
server {
    listen @:18080;
    access_log DIR/seen.log seen;
    location / { return 200 "0123456789 and more"; }
}
N
base=http://$HOME_ADDRESS:18080
# seen [COUNT] : prints the requests since the last call; waits until nginx has logged COUNT
seen() {
    logged "${1:-0}" "$TMPDIR/seen.log"
    sort "$TMPDIR/seen.log"
    : >"$TMPDIR/seen.log"
}
: >"$TMPDIR/seen.log"

# good lines
conf <<C
# a comment
   # an indented comment

$base/plain
$base/query?a=b#fragment   # a comment after it
default header="Accept: text/html" header="X-One: 1"
$base/defaults
	$base/own	header="accept: text/plain"  timeout=5s
$base/second header="X-Two: a \"quoted\" \\\\ word"
default header="X-Two: two" timeout=2m
$base/both header="User-Agent: mine" method=HEAD
default method=HEAD
$base/head
$base/get method=GET
$base/host header="Host: other.example"
C
fb -f "$LIST" --format json --order input
exits "a good list" 0
same "a good list: the requests" "\
/both|HEAD|text/html|1|two|mine|$HOME_ADDRESS:18080
/defaults|GET|text/html|1|-|AGENT|$HOME_ADDRESS:18080
/get|GET|text/html|1|two|AGENT|$HOME_ADDRESS:18080
/head|HEAD|text/html|1|two|AGENT|$HOME_ADDRESS:18080
/host|HEAD|text/html|1|two|AGENT|other.example
/own|GET|text/plain|1|-|AGENT|$HOME_ADDRESS:18080
/plain|GET|*/*|-|-|AGENT|$HOME_ADDRESS:18080
/query?a=b|GET|*/*|-|-|AGENT|$HOME_ADDRESS:18080
/second|GET|text/html|1|a \\x22quoted\\x22 \\x5C word|AGENT|$HOME_ADDRESS:18080" \
    "$(seen 9 | sed -E 's|firstbyte/[^|]+|AGENT|')"
same "a good list: results in the order of the list" \
    "/plain /query?a=b#fragment /defaults /own /second /both /head /get /host" \
    "$(jq -r .url "$out" | sed "s|$base||" | xargs)"

printf '\xef\xbb\xbf%s/bom\r\n\r\n# comment\r\n%s/crlf method=HEAD\r\n%s/last' "$base" "$base" \
    "$base" | conf
fb -f "$LIST" --format json --order input
exits "a byte order mark, CRLF, and a last line without a line end" 0
same "a byte order mark and CRLF are not part of a line" "/bom|GET /crlf|HEAD /last|GET" \
    "$(seen 3 | cut -d'|' -f1,2 | xargs)"

# a line of 64 KiB is the longest
{ printf '%s/long header="X-One: ' "$base"; head -c 20000 /dev/zero | tr '\0' y; printf '"\n'; } |
    conf
fb -f "$LIST" --format json
check "a long line is accepted" test "$(jq -c .error.code "$out")" != '"input.malformed"'
seen 1 >/dev/null

# invalid lines: each is refused with file, line number and reason, and nothing is fetched
refused() {
    local name=$1 reason=$2 shown=$3
    { printf '%s/before\n# comment\n' "$base"; cat; } | conf
    fb -f "$LIST"
    exits "$name: refused" 2
    same "$name: file, line and reason" "firstbyte: $LIST:3: $reason: $shown" "$(cat "$err")"
    same "$name: nothing is fetched or written" "" "$(cat "$TMPDIR/seen.log" "$out")"
}
url=$base/bad
refused "an unknown key" "colour: no such key" "$url" <<<"$url colour=red"
refused "a bad duration" "timeout: not a duration over 0, like 5s or 250ms" "$url" \
    <<<"$url timeout=5"
refused "a duration of 0" "timeout: not a duration over 0, like 5s or 250ms" "$url" \
    <<<"$url timeout=0s"
refused "a bad method" "method: not a method: a token (RFC 9110, section 9.1) except CONNECT" \
    "$url" \
    <<<"$url method=\"GE T\""
refused "a header without a colon" 'header: a header field is "Name: value"' "$url" \
    <<<"$url header=Accept"
refused "a header with an invalid name" "header: the header's name has a forbidden character" \
    "$url" \
    <<<"$url header=\"A b: c\""
refused "a header with a line end" "header: the value has a control character" \
    "$url" <<<"$url header=\"A: b\\r\\nC: d\""
refused "quotes that are not closed" "the quotes are not closed" "$url" <<<"$url header=\"A: b"
refused "an unknown escape" 'unknown escape in quotes; the escapes are \" \\ \n \r \t \xHH' "$url" \
    <<<"$url header=\"A: \\q\""
refused "a word that is not key=value" "not key=value" "$url" <<<"$url fast"
refused "a bad default" "speed: no such key" default <<<"default speed=9"
refused "an unknown fault" \
    "rehearse-fault: no such fault; firstbyte-sites.conf(5) and docs/rehearsal.md list them" \
    "$url" <<<"$url rehearse-fault=boredom"
refused "an unknown framing" "rehearse-framing: must be length, chunked or close" "$url" \
    <<<"$url rehearse-framing=tape"
refused "a bad status" "rehearse-status: not a status from 200 to 999" "$url" \
    <<<"$url rehearse-status=100"
refused "a bad delay" "rehearse-delay: not a duration, like 798940us or 1.5s" "$url" \
    <<<"$url rehearse-delay=-1s"
refused "no URL" "not a URL: no scheme, and the host has no dot or port" example <<<example
refused "another scheme" "not an absolute http:// or https:// URL" ftp://example.org/ \
    <<<ftp://example.org/
refused "no host" "there is no host" 'http://?path' <<<'http://?path'
refused "a bad port" "the port is over 65535" http://a.example:65536/ <<<http://a.example:65536/
refused "a bad IPv4 address" "the host ends in a number, but is not an IPv4 address" \
    http://1.2.3.4.5/ <<<http://1.2.3.4.5/
refused "a host that begins with a dot" "the host's name begins with a dot" https://.example/ \
    <<<https://.example/
refused "a bad IPv6 address" "not an IPv6 address in the brackets" 'http://[::g]/' \
    <<<'http://[::g]/'
refused "escape sequences in a bad line" "not a URL: no scheme, and the host has no dot or port" \
    '\x1b[2J' <<<$'\e[2J'
refused "a line that is too long" "the line is over 65536 bytes" "$(printf 'x%.0s' {1..256})" \
    < <(head -c 70000 /dev/zero | tr '\0' x; echo)
fb "$url$(printf '%070000d' 0)"
exits "a URL that is too long" 2
check "a URL that is too long: the limit is reported" stderr_has "the URL is over 65536 bytes"

# the line number counts all lines, and all invalid lines are reported
printf '%s\n\r\n\n#\nbad\nworse\n' "$url" | conf
fb -f "$LIST"
same "several invalid lines: all are reported" \
    "firstbyte: $LIST:5: not a URL: no scheme, and the host has no dot or port: bad
firstbyte: $LIST:6: not a URL: no scheme, and the host has no dot or port: worse" "$(cat "$err")"
fb race -f "$LIST"
exits "several invalid lines: a race refuses the list" 2
same "several invalid lines: a race prints nothing" "" "$(cat "$out")"
fb race --rehearse -f "$LIST"
exits "several invalid lines: a rehearsal refuses the list" 2

# many invalid lines: the first 20 and the number are reported
many() { for ((i = 1; i <= $1; i++)); do echo "bad$i"; done; }
wanted() {
    for ((i = 1; i <= 20; i++)); do
        echo "firstbyte: $1:$i: not a URL: no scheme, and the host has no dot or port: bad$i"
    done
    [ $# -lt 2 ] || echo "firstbyte: $1: $2 are bad, of which the first 20 are shown"
}
many 20 | conf
fb -f "$LIST"
same "20 invalid lines" "$(wanted "$LIST")" "$(cat "$err")"
many 21 | conf
fb -f "$LIST"
same "21 invalid lines" "$(wanted "$LIST" 21)" "$(cat "$err")"
{ many 5000 && echo "$url"; } | conf
fb bench -f "$LIST"
exits "5000 invalid lines: bench refuses the list" 2
same "5000 invalid lines: bench reports the first 20 and the number" "$(wanted "$LIST" 5,000)" \
    "$(cat "$err")"
fb bench -f - <"$LIST"
same "5000 invalid lines on standard input" "$(wanted "standard input" 5,000)" "$(cat "$err")"
fb origin -f "$LIST"
exits "5000 invalid lines: origin refuses the list" 2
same "5000 invalid lines: origin reports the first 20 and the number" "$(wanted "$LIST" 5,000)" \
    "$(cat "$err")"
# shellcheck disable=SC2046 # words
fb $(many 21)
exits "21 invalid URLs" 2
same "21 invalid URLs: the first 20 and the number are reported" \
    "firstbyte: bad20: neither a command nor a URL
firstbyte: URLs: 21 are bad, of which the first 20 are shown" "$(tail -n 2 "$err")"
printf '%s\n' "$url timeout=5s" "$url" bad "$url timeout=6s" | conf
fb bench -f "$LIST"
same "keys that a target cannot have are reported too" \
    "firstbyte: $LIST:1: a target cannot have its own timeout; use --timeout for all
firstbyte: $LIST:3: not a URL: no scheme, and the host has no dot or port: bad
firstbyte: $LIST:4: a target cannot have its own timeout; use --timeout for all" "$(cat "$err")"

# line ends and encodings of other systems are refused
seen >/dev/null
printf '%s/1\r%s/2\r%s/3\r' "$base" "$base" "$base" | conf
fb -f "$LIST"
exits "CR as line end" 2
same "CR as line end: it is reported" \
    "firstbyte: $LIST:1: the line contains a CR; lines end with LF or CR LF: $base/1" \
    "$(cat "$err")"
fb -f - <"$LIST"
same "CR as line end, on standard input" \
    "firstbyte: standard input:1: the line contains a CR; lines end with \
LF or CR LF: $base/1" "$(cat "$err")"
fb bench -n 1 -f "$LIST"
exits "CR as line end: bench refuses the list" 2
check "CR as line end: bench reports it" stderr_has "the line contains a CR"
timeout 30 "$FIRSTBYTE" --format json -f - < <(cat "$LIST") >"$out" 2>"$err"
same "CR as line end, in a pipe: one result" input.malformed "$(jq -r .error.code "$out")"
same "CR as line end: nothing is fetched" "" "$(seen)"
yes "$base/long" | head -n 5000 | tr '\n' '\r' | conf
fb -f "$LIST"
check "CR as line end, in a large file" stderr_has "$LIST:1: the line contains a CR"
printf '%s\r\n' "$base/1" "$base/2" | iconv -f UTF-8 -t UTF-16 | conf
fb -f "$LIST"
exits "UTF-16" 2
same "UTF-16: it is reported" "firstbyte: $LIST:1: the list is in UTF-16; it must be UTF-8: \
iconv -f UTF-16 -t UTF-8" "$(cat "$err")"
printf '%s/\xc2\xa0\n%s/\xe2\x80\x8b\n\x1a' "$base" "$base" | conf
fb -f "$LIST"
exits "invisible characters" 2
same "invisible characters: they are reported" "U+00A0 NO-BREAK SPACE
U+200B ZERO WIDTH SPACE
^Z (0x1a), the end of a DOS file," \
    "$(sed -n 's/^firstbyte: .*:[0-9]*: \(.*\) is not allowed; remove it: .*/\1/p' "$err")"
same "invisible characters: nothing is fetched" "" "$(seen)"

# a regular file on standard input is checked before the run, a pipe during the run
seen >/dev/null
printf '%s\n\r\n\n#\nbad\nworse\n' "$url" | conf
fb -f - <"$LIST"
exits "invalid lines of a file on standard input" 2
same "invalid lines of a file on standard input: all are reported" \
    "firstbyte: standard input:5: not a URL: no scheme, and the host has no dot or port: bad
firstbyte: standard input:6: not a URL: no scheme, and the host has no dot or port: worse" \
    "$(cat "$err")"
same "invalid lines of a file on standard input: nothing is fetched" "" "$(seen)"
printf '%s/1\nbad\n%s/2 no=key\n%s/3\n' "$base" "$base" "$base" |
    timeout 30 "$FIRSTBYTE" -f - --format json --order input >"$out" 2>"$err"
status=${PIPESTATUS[1]}
exits "invalid lines in a pipe" 1
same "invalid lines in a pipe: each has a result, in its order" "$base/1 - -
bad input.malformed input
$base/2 input.malformed input
$base/3 - -" "$(codes)"
check "invalid lines in a pipe: the results fit the schema" valid fetch "$out"
same "invalid lines in a pipe: final_url is null" 2 "$(jq -r .final_url "$out" | grep -c '^null$')"
same "invalid lines in a pipe: the message has the line number" \
    "bad line (standard input:3: no: no such key)" \
    "$(get .error.message "$base/2" | jq -r .)"
same "invalid lines in a pipe: the other sites are fetched" "/1 /3" \
    "$(seen 2 | cut -d'|' -f1 | xargs)"

# rehearse- keys that the origin cannot read: one warning, with the first line that has them
ignored="rehearse- keys have no effect here, because the origin reads only a regular file;"
ignored+=" give the list with -f FILE"
conf <<C
# a comment
http://a.example/
http://b.example/ rehearse-status=404
http://c.example/ rehearse-status=404
C
fb --rehearse --fail -f - <"$LIST"
exits "ignored keys, a file on standard input" 0
same "ignored keys, a file on standard input: one warning" \
    "firstbyte: standard input:3: $ignored" "$(cat "$err")"
fb --rehearse --fail -f - < <(cat "$LIST")
exits "ignored keys, a pipe" 0
same "ignored keys, a pipe: one warning" "firstbyte: standard input:3: $ignored" "$(cat "$err")"
fb --rehearse -f <(cat "$LIST")
check "ignored keys, a pipe with a name" grep -q "^firstbyte: /dev/fd/[0-9]*:3: $ignored\$" "$err"
fb --rehearse -q -f - <"$LIST"
same "ignored keys, -q: no warning" "" "$(cat "$err")"
fb --rehearse --fail -f "$LIST"
exits "keys of a regular file" 1
same "keys of a regular file: no warning" "" "$(cat "$err")"
echo "http://b.example/ rehearse-status=404" | conf
fb bench --rehearse -n 2 -f - <"$LIST"
check "ignored keys of a target: a warning" stderr_has "firstbyte: standard input:1: $ignored"
fb bench --rehearse -n 2 -f "$LIST"
check_not "keys of a target in a regular file: no warning" stderr_has "$ignored"
(cd "$TMPDIR" && cp sites.conf ./- && fb --rehearse -f - <"$LIST" &&
    check "a file with the name -: standard input is read" stderr_has "standard input:1: $ignored")
rm -f "$TMPDIR/-"

# lists that cannot be read
fb -f "$TMPDIR/nothing.conf"
exits "a missing file" 2
same "a missing file: it is reported" \
    "firstbyte: $TMPDIR/nothing.conf: no such file; give URLs, or a list with -f FILE" \
    "$(cat "$err")"
fb -f "$TMPDIR"
exits "a directory" 2
same "a directory: it is reported" "firstbyte: $TMPDIR: Is a directory" "$(cat "$err")"
(cd "$TMPDIR" && rm -f sites.conf && fb --order input &&
    exits "no list and no sites.conf" 2 &&
    same "no list and no sites.conf: it is reported" \
        "firstbyte: sites.conf: no such file; give URLs, or a list with -f FILE" "$(cat "$err")")
: | conf
fb -f "$LIST"
exits "an empty list" 0
same "an empty list: it is reported" "firstbyte: $LIST: it contains no site" "$(cat "$err")"
fb race --rehearse -f "$LIST"
exits "an empty list, in a race" 0
same "an empty list, in a race: it is reported" "firstbyte: $LIST: it contains no site" \
    "$(cat "$err")"
fb -q -f "$LIST"
same "an empty list, -q: it is not reported" "" "$(cat "$err")"
: | timeout 30 "$FIRSTBYTE" -f - >"$out" 2>"$err"
status=${PIPESTATUS[1]}
exits "an empty pipe" 0
same "an empty pipe: it is reported" "firstbyte: standard input: it contains no site" \
    "$(cat "$err")"
fb -f - </dev/null
same "an empty standard input: it is reported once" \
    "firstbyte: standard input: it contains no site" "$(cat "$err")"
printf '# nothing\n\ndefault timeout=1s\n' | conf
fb bench -f "$LIST"
exits "an empty list, in bench" 2
same "an empty list, in bench: it is reported" "firstbyte: $LIST: it contains no target" \
    "$(cat "$err")"
fb "$base/good" "http://bad host/"
exits "an invalid URL on the command line" 2
same "an invalid URL on the command line: it is reported" \
    "firstbyte: http://bad host/: the host's name has a forbidden character" \
    "$(cat "$err")"
same "an invalid URL on the command line: nothing is fetched" "" "$(seen)"
