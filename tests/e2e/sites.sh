#!/bin/bash
# sites.conf: its grammar and its bad lines. The log of nginx shows the requests.
. "$(dirname "$0")/lib.bash"

start_nginx 18080 <<'N'
log_format seen '$request_uri|$request_method|$http_accept|$http_x_one|$http_x_two|$http_user_agent|$http_host';
server {
    listen @:18080;
    access_log DIR/seen.log seen;
    location / { return 200 "0123456789 and more"; }
}
N
base=http://$HOME_ADDRESS:18080
# seen [COUNT] : the requests since the last call, when nginx has logged COUNT of them
seen() {
    logged "${1:-0}" "$TMPDIR/seen.log"
    sort "$TMPDIR/seen.log"
    : >"$TMPDIR/seen.log"
}
: >"$TMPDIR/seen.log"

# good lines
conf <<C
# a comment
   # one that is indented

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
same "what was asked" "\
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
same "lines in their order" "/plain /query?a=b#fragment /defaults /own /second /both /head /get /host" \
    "$(jq -r .url "$out" | sed "s|$base||" | xargs)"

printf '\xef\xbb\xbf%s/bom\r\n\r\n# comment\r\n%s/crlf method=HEAD\r\n%s/last' "$base" "$base" "$base" | conf
fb -f "$LIST" --format json --order input
exits "a byte order mark, CRLF, and no end on the last line" 0
same "are read as they are meant" "/bom|GET /crlf|HEAD /last|GET" "$(seen 3 | cut -d'|' -f1,2 | xargs)"

# a line of 64 KiB is the longest
{ printf '%s/long header="X-One: ' "$base"; head -c 20000 /dev/zero | tr '\0' y; printf '"\n'; } | conf
fb -f "$LIST" --format json
check "a long line is read whole" test "$(jq -c .error.code "$out")" != '"input.malformed"'
seen 1 >/dev/null

# bad lines: each is refused with file, line number and reason, and nothing is fetched
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
refused "a bad duration" "timeout: not a duration over 0, like 5s or 250ms" "$url" <<<"$url timeout=5"
refused "a duration of 0" "timeout: not a duration over 0, like 5s or 250ms" "$url" <<<"$url timeout=0s"
refused "a bad method" "method: not a method: a token (RFC 9110, section 9.1), and not CONNECT" "$url" \
    <<<"$url method=\"GE T\""
refused "a header without a colon" 'header: a header is "Name: value"' "$url" <<<"$url header=Accept"
refused "a header's bad name" "header: the header's name has a forbidden character" "$url" \
    <<<"$url header=\"A b: c\""
refused "a header that would begin a new line" "header: the value has a control character" \
    "$url" <<<"$url header=\"A: b\\r\\nC: d\""
refused "quotes that are not closed" "the quotes are not closed" "$url" <<<"$url header=\"A: b"
refused "an unknown escape" 'unknown escape in quotes; the escapes are \" \\ \n \r \t \xHH' "$url" \
    <<<"$url header=\"A: \\q\""
refused "a word that is no key=value" "not key=value" "$url" <<<"$url fast"
refused "a bad default" "speed: no such key" default <<<"default speed=9"
refused "an unknown fault" \
    "rehearse-fault: no such fault; firstbyte-sites.conf(5) lists the faults" "$url" \
    <<<"$url rehearse-fault=boredom"
refused "an unknown framing" "rehearse-framing: must be length, chunked or close" "$url" \
    <<<"$url rehearse-framing=tape"
refused "a bad status" "rehearse-status: not a status from 200 to 999" "$url" \
    <<<"$url rehearse-status=100"
refused "a bad delay" "rehearse-delay: not a duration, like 798940us or 1.5s" "$url" \
    <<<"$url rehearse-delay=-1s"
refused "no URL" "not a URL: a host has a dot or a port, or is localhost" example <<<example
refused "another scheme" "not an absolute http:// or https:// URL" ftp://example.org/ \
    <<<ftp://example.org/
refused "no host" "there is no host" 'http://?path' <<<'http://?path'
refused "a bad port" "the port is over 65535" http://a.example:65536/ <<<http://a.example:65536/
refused "a bad IPv4 address" "the host ends in a number, but is not an IPv4 address" \
    http://1.2.3.4.5/ <<<http://1.2.3.4.5/
refused "a host that begins with a dot" "the host's name begins with a dot" https://.example/ \
    <<<https://.example/
refused "a bad IPv6 address" "not an IPv6 address in the brackets" 'http://[::g]/' <<<'http://[::g]/'
refused "escape sequences in a bad line" "not a URL: a host has a dot or a port, or is localhost" '\x1b[2J' <<<$'\e[2J'
refused "a line that is too long" "the line is over 65536 bytes" "$(printf 'x%.0s' {1..256})" \
    < <(head -c 70000 /dev/zero | tr '\0' x; echo)
fb "$url$(printf '%070000d' 0)"
exits "a URL that is too long" 2
check "which says its limit" stderr_has "the URL is over 65536 bytes"

# the number of the line counts every line; all bad ones are named
printf '%s\n\r\n\n#\nbad\nworse\n' "$url" | conf
fb -f "$LIST"
same "each bad line, whatever stands before it" \
    "firstbyte: $LIST:5: not a URL: a host has a dot or a port, or is localhost: bad
firstbyte: $LIST:6: not a URL: a host has a dot or a port, or is localhost: worse" "$(cat "$err")"
fb race -f "$LIST"
exits "a race refuses the list likewise" 2
same "before either half" "" "$(cat "$out")"
fb race --rehearse -f "$LIST"
exits "so does a rehearsal" 2

# of many, the first 20 and their number
many() { for ((i = 1; i <= $1; i++)); do echo "bad$i"; done; }
wanted() {
    for ((i = 1; i <= 20; i++)); do
        echo "firstbyte: $1:$i: not a URL: a host has a dot or a port, or is localhost: bad$i"
    done
    [ $# -lt 2 ] || echo "firstbyte: $1: $2 are bad, of which the first 20 are shown"
}
many 20 | conf
fb -f "$LIST"
same "20 bad lines" "$(wanted "$LIST")" "$(cat "$err")"
many 21 | conf
fb -f "$LIST"
same "21" "$(wanted "$LIST" 21)" "$(cat "$err")"
{ many 5000 && echo "$url"; } | conf
fb bench -f "$LIST"
exits "bench refuses them likewise" 2
same "the first 20 and their number" "$(wanted "$LIST" 5000)" "$(cat "$err")"
fb bench -f - <"$LIST"
same "on standard input too" "$(wanted "standard input" 5000)" "$(cat "$err")"
fb origin -f "$LIST"
exits "and an origin" 2
same "does the same" "$(wanted "$LIST" 5000)" "$(cat "$err")"
# shellcheck disable=SC2046 # words
fb $(many 21)
exits "so it is with URLs" 2
same "of which each is named" "firstbyte: bad20: neither a command nor a URL
firstbyte: URLs: 21 are bad, of which the first 20 are shown" "$(tail -n 2 "$err")"
printf '%s\n' "$url timeout=5s" "$url" bad "$url timeout=6s" | conf
fb bench -f "$LIST"
same "what a target alone may not have is among them" \
    "firstbyte: $LIST:1: a target cannot have its own timeout; use --timeout for all
firstbyte: $LIST:3: not a URL: a host has a dot or a port, or is localhost: bad
firstbyte: $LIST:4: a target cannot have its own timeout; use --timeout for all" "$(cat "$err")"

# lists of other systems: refused, and never joined
seen >/dev/null
printf '%s/1\r%s/2\r%s/3\r' "$base" "$base" "$base" | conf
fb -f "$LIST"
exits "CR alone" 2
same "is named" \
    "firstbyte: $LIST:1: the line contains a CR; lines end with LF or CR LF: $base/1" "$(cat "$err")"
fb -f - <"$LIST"
same "on standard input too" "firstbyte: standard input:1: the line contains a CR; lines end with \
LF or CR LF: $base/1" "$(cat "$err")"
fb bench -n 1 -f "$LIST"
exits "nor is it a target" 2
check "which is reported" stderr_has "the line contains a CR"
timeout 30 "$FIRSTBYTE" --format json -f - < <(cat "$LIST") >"$out" 2>"$err"
same "from a pipe, one result says so" input.malformed "$(jq -r .error.code "$out")"
same "nothing is fetched" "" "$(seen)"
yes "$base/long" | head -n 5000 | tr '\n' '\r' | conf
fb -f "$LIST"
check "also where it makes one line of the whole file" stderr_has "$LIST:1: the line contains a CR"
printf '%s\r\n' "$base/1" "$base/2" | iconv -f UTF-8 -t UTF-16 | conf
fb -f "$LIST"
exits "UTF-16" 2
same "is named" "firstbyte: $LIST:1: the list is in UTF-16; it must be UTF-8: \
iconv -f UTF-16 -t UTF-8" "$(cat "$err")"
printf '%s/\xc2\xa0\n%s/\xe2\x80\x8b\n\x1a' "$base" "$base" | conf
fb -f "$LIST"
exits "what nobody sees" 2
same "is named" "U+00A0 NO-BREAK SPACE
U+200B ZERO WIDTH SPACE
^Z (0x1a), the end of a DOS file," \
    "$(sed -n 's/^firstbyte: .*:[0-9]*: \(.*\) is not allowed; remove it: .*/\1/p' "$err")"
same "nothing is fetched" "" "$(seen)"

# a regular file on standard input is judged beforehand, a pipe as it comes
seen >/dev/null
printf '%s\n\r\n\n#\nbad\nworse\n' "$url" | conf
fb -f - <"$LIST"
exits "a bad line in a file on standard input" 2
same "its name and line, and those of the other" \
    "firstbyte: standard input:5: not a URL: a host has a dot or a port, or is localhost: bad
firstbyte: standard input:6: not a URL: a host has a dot or a port, or is localhost: worse" "$(cat "$err")"
same "nothing is fetched" "" "$(seen)"
printf '%s/1\nbad\n%s/2 no=key\n%s/3\n' "$base" "$base" "$base" |
    timeout 30 "$FIRSTBYTE" -f - --format json --order input >"$out" 2>"$err"
status=${PIPESTATUS[1]}
exits "bad lines in a pipe: the others are fetched" 1
same "each is a result in its place" "$base/1 - -
bad input.malformed input
$base/2 input.malformed input
$base/3 - -" "$(codes)"
check "results of bad lines fit the schema" valid fetch "$out"
same "no URL was asked for them" 2 "$(jq -r .final_url "$out" | grep -c '^null$')"
same "with the line in the message" "bad line (standard input:3: no: no such key)" \
    "$(get .error.message "$base/2" | jq -r .)"
same "the good ones were fetched" "/1 /3" "$(seen 2 | cut -d'|' -f1 | xargs)"

# lists that cannot be read
fb -f "$TMPDIR/nothing.conf"
exits "a missing file" 2
same "is named" "firstbyte: $TMPDIR/nothing.conf: no such file; give URLs, or a list with -f FILE" "$(cat "$err")"
fb -f "$TMPDIR"
exits "a directory" 2
same "is reported" "firstbyte: $TMPDIR: Is a directory" "$(cat "$err")"
(cd "$TMPDIR" && rm -f sites.conf && fb --order input && exits "no list at all: sites.conf of this directory" 2 &&
    same "is missed" "firstbyte: sites.conf: no such file; give URLs, or a list with -f FILE" "$(cat "$err")")
: | conf
fb -f "$LIST"
exits "an empty list has nothing that failed" 0
same "and is named" "firstbyte: $LIST: it contains no site" "$(cat "$err")"
fb race --rehearse -f "$LIST"
exits "so has its race" 0
same "that says so" "firstbyte: $LIST: it contains no site" "$(cat "$err")"
fb -q -f "$LIST"
same "but not with -q" "" "$(cat "$err")"
: | timeout 30 "$FIRSTBYTE" -f - >"$out" 2>"$err"
status=${PIPESTATUS[1]}
exits "an empty pipe" 0
same "says so, too" "firstbyte: standard input: it contains no site" "$(cat "$err")"
fb -f - </dev/null
same "once" "firstbyte: standard input: it contains no site" "$(cat "$err")"
printf '# nothing\n\ndefault timeout=1s\n' | conf
fb bench -f "$LIST"
exits "nor has it a target" 2
same "which is reported" "firstbyte: $LIST: it contains no target" "$(cat "$err")"
fb "$base/good" "http://bad host/"
exits "a bad URL on the command line" 2
same "is named" "firstbyte: http://bad host/: the host's name has a forbidden character" \
    "$(cat "$err")"
same "and nothing is fetched" "" "$(seen)"
