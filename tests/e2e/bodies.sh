#!/bin/bash
# Bodies: content codings, character sets, previews and limits, and the cost of a small body that
# decodes to a large one. Other programs create the bytes, and nginx serves them.
. "$(dirname "$0")/lib.bash"

mkdir "$TMPDIR/www"
www=$TMPDIR/www
text='0123456789 Grüße aus Österreich, 日本語のテキスト, and so on'
printf '%s' "$text" >"$www/plain"
for i in {1..400}; do printf '%s %s\n' "$text" $i; done >"$www/long"
head -c 10485760 /dev/zero >"$www/zeros"

# zlib_of FILE : the zlib format (RFC 1950), from what gzip makes: its deflate, and the sum of Adler
raw_of() { gzip -n9 <"$1" | tail -c +11 | head -c -8; }
zlib_of() {
    printf '\x78\x9c'
    raw_of "$1"
    # shellcheck disable=SC2059
    printf "$(od -An -v -tu1 "$1" | awk 'BEGIN { a = 1 } {
        for (i = 1; i <= NF; i++) { a = (a + $i) % 65521; b = (b + a) % 65521 } }
        END { printf "\\x%02x\\x%02x\\x%02x\\x%02x", b / 256, b % 256, a / 256, a % 256 }')"
}
for name in plain long; do
    gzip -n9 <"$www/$name" >"$www/$name.gzip"
    zlib_of "$www/$name" >"$www/$name.deflate"
    raw_of "$www/$name" >"$www/$name.raw"
    brotli -c "$www/$name" >"$www/$name.br"
    zstd -qc "$www/$name" >"$www/$name.zstd"
done
gzip -n9 <"$www/plain.br" >"$www/both"
{ gzip -n9 <<<"first"; gzip -n9 <"$www/plain"; } >"$www/members"
gzip -n9 <"$www/zeros" >"$www/bomb.gzip"
gzip -n9 <"$www/bomb.gzip" >"$www/bomb.twice"
brotli -c "$www/zeros" >"$www/bomb.br"
zstd -qc "$www/zeros" >"$www/bomb.zstd"
head -c 600 "$www/long.gzip" >"$www/cut.gzip"
head -c 30 "$www/plain.gzip" >"$www/short.gzip"
head -c 12 "$www/plain.zstd" >"$www/short.zstd"
{ head -c 1000 "$www/long.gzip"; head -c 100000 /dev/zero | tr '\0' '\377'; } >"$www/late.gzip"
{ head -c 10 "$www/plain.gzip"; head -c 100 /dev/zero | tr '\0' '\377'; } >"$www/broken.gzip"
: >"$www/empty"
head -c 1048576 /dev/zero | tr '\0' x >"$www/1M"
{ cat "$www/1M"; printf x; } >"$www/1M1"
head -c 1000 "$www/1M" >"$www/1000"
head -c 60000000 /dev/zero | tr '\0' y >"$www/60M"

# a text in each character set, and pages that declare theirs
declare -A texts=([iso-8859-1]='Grüße: äöüÄÖÜß' [windows-1252]='“Grüße” – 5 €, Œuvre'
    [shift_jis]='日本語のテキスト、カタカナ' [gb18030]='中文文本：你好，世界' [utf-16le]='Grüße 日本語'
    [utf-16be]='Grüße 日本語' [big5]='繁體中文測試' [euc-kr]='한국어 텍스트' [koi8-r]='Привет, мир'
    [euc-jp]='日本語のテキスト' [iso-8859-15]='5 € und Œ' [iso-2022-jp]='日本語 ASCII 日本')
for charset in "${!texts[@]}"; do
    iconv -f utf-8 -t "$charset" <<<"${texts[$charset]}" >"$www/$charset" || fail "iconv makes $charset"
done
{ printf '\xff\xfe'; cat "$www/utf-16le"; } >"$www/bom-le"
{ printf '\xfe\xff'; cat "$www/utf-16be"; } >"$www/bom-be"
printf '\xef\xbb\xbf%s' "$text" >"$www/bom-8"
page() { printf '<!doctype html><html><head>%s<title>' "$1"; iconv -f utf-8 -t "$2" <<<"Grüße 日本" 2>/dev/null; }
page '<meta charset="shift_jis">' shift_jis//TRANSLIT >"$www/meta"
page "<META http-equiv='Content-Type' content='text/html; charset=gb18030'>" gb18030 >"$www/equiv"
page '<!-- <meta charset="koi8-r"> --><meta charset=utf-16>' utf-8 >"$www/meta-16"
{ printf '<?xml version="1.0" encoding="euc-jp"?>'; iconv -f utf-8 -t euc-jp <<<"日本語"; } >"$www/xml"

servers() {
    local type
    cat <<'N'
log_format sent '$uri $bytes_sent $connection $request_method';
access_log DIR/sent.log sent;
types { }
server {
    listen @:18080;
    root DIR/www;
    keepalive_requests 100000;
    location / { }
    location = /chunked { alias DIR/www/1000; ssi on; ssi_types *; default_type text/html; }
    location = /closed {
        alias DIR/www/1000; ssi on; default_type text/html; chunked_transfer_encoding off;
    }
    location = /nothing { add_header Content-Encoding gzip; return 204; }
N
    # path, file, Content-Encoding, Content-Type
    while read -r path file coding type; do
        echo "    location = /$path { alias DIR/www/$file; default_type '$type';"
        [ "$coding" = - ] || echo "        add_header Content-Encoding '$coding';"
        echo "    }"
    done
    echo "}"
}
{
    for name in plain long; do
        for coding in gzip deflate br zstd; do
            echo "$name/$coding $name.$coding $coding text/plain; charset=utf-8"
        done
        echo "$name/raw $name.raw deflate text/plain"
        echo "$name/GZIP $name.gzip GZip text/plain"
        echo "$name/x-gzip $name.gzip x-gzip text/plain"
    done
    for charset in "${!texts[@]}"; do echo "set/$charset $charset - text/plain; charset=$charset"; done
    cat <<'T'
both both br,gzip text/plain
members members gzip text/plain
identity plain identity text/plain
unknown plain x-secret text/plain
many plain gzip,gzip,gzip,gzip,gzip text/plain
no-type plain -
cut cut.gzip gzip text/plain
short/gzip short.gzip gzip text/plain
short/zstd short.zstd zstd text/plain
broken broken.gzip gzip text/plain
late late.gzip gzip text/plain
none plain gzip text/plain
empty/gzip empty gzip text/plain
empty/br empty br text/plain
bomb/gzip bomb.gzip gzip text/plain
bomb/twice bomb.twice gzip,gzip text/plain
bomb/br bomb.br br text/plain
bomb/zstd bomb.zstd zstd text/plain
latin1 iso-8859-1 - text/plain; charset="ISO-8859-1"
latin1/gzip latin1.gzip gzip text/plain; charset=latin1
odd plain - text/plain; charset=x-klingon
wrong iso-8859-1 - text/plain; charset=utf-8
mark/le bom-le - text/plain
mark/be bom-be - text/plain; charset=koi8-r
mark/8 bom-8 - text/html; charset=iso-8859-1
page/meta meta - text/html
page/equiv equiv - text/html
page/16 meta-16 - text/html
page/xml xml - application/xml
page/field meta - text/html; charset=utf-8
page/plain meta - text/plain
T
} >"$TMPDIR/table"
gzip -n9 <"$www/iso-8859-1" >"$www/latin1.gzip"
start_nginx 18080 < <(servers <"$TMPDIR/table")
base=http://$HOME_ADDRESS:18080
list() { local path; for path in "$@"; do echo "$base/$path"; done >"$LIST"; }
go() {
    : >"$TMPDIR/sent.log"
    fb --format json --order input -f "$LIST" "$@"
    check "results fit the schema" valid fetch "$out"
}

# codings
list {plain,long}/{gzip,deflate,raw,br,zstd,GZIP,x-gzip} both members identity unknown no-type
go --preview 40
exits "every coding" 0
same "decoded, each: forty characters" "18 ${text:0:40}" \
    "$(jq -r 'select(.url | test("members") | not).snippet' "$out" | uniq -c | xargs)"
same "one stream after another" "first
${text:0:34}" "$(get .snippet "$base/members" | jq -r .)"
same "the coding as it was told" "gzip deflate deflate br zstd GZip x-gzip" \
    "$(jq -r .encoding "$out" | head -n 7 | xargs)"
same "and of the others" "br,gzip|gzip|identity|x-secret|null" "$(jq -r .encoding "$out" | tail -n 5 | paste -sd'|')"
same "bytes are counted as they were sent" "$(stat -c %s "$www"/long.{gzip,deflate,raw,br,zstd} | xargs)" \
    "$(jq .body_bytes "$out" | sed -n 8,12p | xargs)"
go --preview 65536
same "all of a long one" "$(md5sum <"$www/long")" \
    "$(get .snippet "$base/long/br" | jq -j . | md5sum)"
same "the same of each" 1 "$(jq -r 'select(.url | test("/long/")).snippet' "$out" | jq -Rsr . | md5sum | wc -l)"
same "each is whole" "false" "$(jq .truncated "$out" | sort -u)"
list long/{gzip,br,zstd}
go -I
same "HEAD tells the coding of nothing" '["",0,null,"gzip",null]' \
    "$(get '[.snippet, .body_bytes, .error, .encoding, .charset]' "$base/long/gzip")"
list nothing empty/gzip empty/br
go
same "neither does 204, nor an empty body" "204 null 200 null 200 null" \
    "$(jq -r '.status, .error.code' "$out" | xargs)"

# codings that are none are said; those that end early, or break behind a character, are shown so far
list broken none short/gzip short/zstd cut late many
go --preview 40
exits "malformed codings" 1
same "their codes" "broken http.bad_coding receive
none http.bad_coding receive
short/gzip - -
short/zstd - -
cut - -
late - -
many http.bad_coding receive" "$(codes | sed "s|$base/||")"
same "whose message names the coding" '"malformed content coding (gzip)"' \
    "$(get .error.message "$base/broken")"
same "a status, and no more of it than was good" '[200,true]' \
    "$(get '[.status, (.snippet | "'"$text"'" | startswith(.))]' "$base/short/gzip")"
same "all bytes of a body that breaks are counted" "$(stat -c '%s false' "$www/late.gzip")" \
    "$(get '"\(.body_bytes) \(.truncated)"' "$base/late" | jq -r .)"
go --preview 65536
same "a stream that stops in its middle, when so much is wanted" '[null,true]' \
    "$(get '[.error.code, (.snippet | length) > 1000]' "$base/cut")"
same "one that breaks there" '[null,true]' \
    "$(get '[.error.code, (.snippet | length) > 1000]' "$base/late")"
go --until-preview --preview 3
same "nothing is wrong where nobody looks" null "$(get .error.code "$base/cut")"
gz=$(gzip -n9 <"$www/plain" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')
conf <<C
http://drip.example/ rehearse-fault=drip rehearse-header="Content-Encoding: gzip" rehearse-body="$gz"
http://chunks.example/ rehearse-framing=chunked rehearse-header="Content-Encoding: gzip" rehearse-body="$gz"
http://half.example/ rehearse-fault=truncate rehearse-header="Content-Encoding: gzip" rehearse-body="$gz"
C
fb --rehearse -f "$LIST" --format json --order input --preview 30
same "a byte at a time, in chunks, and cut" "${text:0:30} - ${text:0:30} - http.truncated" \
    "$(jq -r '[(if .error then empty else .snippet end), .error.code // "-"] | join(" ")' "$out" | xargs)"

# character sets
list set/{iso-8859-1,windows-1252,shift_jis,gb18030,utf-16le,utf-16be,big5,euc-kr,koi8-r,euc-jp,iso-8859-15,iso-2022-jp}
go --preview 100
for charset in "${!texts[@]}"; do
    same "$charset is read" "${texts[$charset]}" "$(get .snippet "$base/set/$charset" | jq -r .)"
done
same "and named, latin1 by what it is" "windows-1252 windows-1252 shift_jis gb18030" \
    "$(jq -r .charset "$out" | head -n 4 | tr "[:upper:]" "[:lower:]" | xargs)"
check "a type is as it was sent" grep -q '"content_type":"text/plain; charset=koi8-r"' "$out"
list latin1 latin1/gzip odd wrong mark/{le,be,8} page/{meta,equiv,16,xml,field,plain}
go --preview 200
expect() { same "$1: $2" "$3" "$(get '[.charset, .snippet[-'"$4"':]]' "$base/$1")"; }
expect latin1 "a label in quotes" '["windows-1252","ÄÖÜß\n"]' 5
expect latin1/gzip "under a coding" '["windows-1252","ÄÖÜß\n"]' 5
expect odd "an unknown label is UTF-8" '["utf-8","so on"]' 5
expect mark/le "a mark" '["utf-16le","日本語\n"]' 4
expect mark/be "a mark comes before the field" '["utf-16be","日本語\n"]' 4
expect mark/8 "that of UTF-8 too" '["utf-8","so on"]' 5
expect page/meta "a page says it" '["shift_jis","日本\n"]' 3
expect page/equiv "or so" '["gb18030","日本\n"]' 3
expect page/16 "but is not in UTF-16" '["utf-8","日本\n"]' 3
expect page/xml "an XML declaration" '["euc-jp","日本語\n"]' 4
same "the field comes before the page" '["utf-8",true]' \
    "$(get '[.charset, (.snippet | test("�"))]' "$base/page/field")"
same "a plain text is no page" '"utf-8"' "$(get .charset "$base/page/plain")"
same "what is not in its character set is U+FFFD" '"Gr��e"' "$(get '.snippet[:5]' "$base/wrong")"
same "marks are no text" '"01"' "$(get '.snippet[:2]' "$base/mark/8")"

# --preview
list plain/gzip
for n in 1 10 11 13 $((${#text} - 1)) ${#text} 65536; do
    fb --format json --preview "$n" -f "$LIST"
    same "--preview $n" "${text:0:n}" "$(jq -r .snippet "$out")"
done
fb --preview 14 "$base/plain"
check "in text too" grep -qF ": ${text:0:14} in " "$out"
for n in 0 65537 -1 ten; do
    fb --preview "$n" "$base/plain"
    exits "--preview $n" 2
done

# --max-body: as many bytes and no more; one that has just as many is whole
bound() { # NAME WANTED OPTION...
    local name=$1 wanted=$2
    shift 2
    fb --format json --order input -f "$LIST" "$@"
    same "$name" "$wanted" "$(jq -rs 'map("\(.body_bytes) \(.truncated)") | join(", ")' "$out")"
}
list 1M 1M1
bound "1 MiB unless told otherwise" "1048576 false, 1048576 true"
bound "a byte more" "1048576 false, 1048577 false" --max-body 1048577
bound "a byte less" "1048575 true, 1048575 true" --max-body 1048575
bound "in K" "1024 true, 1024 true" --max-body 1K
list 1000 chunked closed
bound "just as many, in each framing" "1000 false, 1000 false, 1000 false" --max-body 1000
bound "one less" "999 true, 999 true, 999 true" --max-body 999
bound "none" "0 true, 0 true, 0 true" --max-body 0
list empty
bound "none of none" "0 false" --max-body 0
list long/gzip
bound "coded bytes count" "100 true" --max-body 100
same "what is there of a cut one is shown" '[null,"0123456789"]' "$(jq -c '[.error, .snippet]' "$out")"
list 1000 1000 1000
: >"$TMPDIR/sent.log"
fb -c 1 -f "$LIST" --max-body 1000
logged 3 "$TMPDIR/sent.log"
same "its connection is kept" 1 "$(cut -d' ' -f3 "$TMPDIR/sent.log" | sort -u | wc -l)"
: >"$TMPDIR/sent.log"
list 1M 1M 1M
fb -c 1 -f "$LIST" --max-body 1000
exits "a cut one is no failure" 0
logged 3 "$TMPDIR/sent.log"
same "but nobody waits for the rest" 3 "$(cut -d' ' -f3 "$TMPDIR/sent.log" | sort -u | wc -l)"

# --until-preview: hangs up; of 60 MB no more goes out than fits into the socket's buffers
list 60M 1000 long/br
: >"$TMPDIR/sent.log"
fb --format json --order input -f "$LIST" --until-preview --max-body 1G
same "--until-preview: enough" "yyyyyyyyyy true, xxxxxxxxxx, 0123456789" "$(jq -rs \
    '"\(.[0] | "\(.snippet) \(.truncated)"), \(.[1].snippet), \(.[2].snippet)"' "$out")"
sent() { awk '$1 == "/60M" { print $2 }' "$TMPDIR/sent.log"; }
until_true 10 test -n "$(sent)"
check "the server could not send the rest" test "$(sent)" -lt 20000000
check "what was read was little" jq -es '.[0].body_bytes < 1000000' "$out"
list empty 1000
fb --format json --order input -f "$LIST" --until-preview --preview 5000
same "one that has no more is whole" "0 false, 1000 false" \
    "$(jq -rs 'map("\(.body_bytes) \(.truncated)") | join(", ")' "$out")"

# ten megabytes of zeros in ten kilobytes, or in seventeen bytes: what is not asked for is not decoded
list bomb/{gzip,twice,br,zstd}
go --preview 3
same "a bomb is shown" '"\u0000\u0000\u0000"' "$(jq -c .snippet "$out" | sort -u)"
same "its bytes are those that came" "$(stat -c %s "$www"/bomb.{gzip,twice,br,zstd} | xargs)" \
    "$(jq .body_bytes "$out" | xargs)"
same "it is no failure" null "$(jq .error "$out" | uniq)"
if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "what a bomb costs" "the sanitizer's instructions are others"
else
    # instructions of one fetch, by valgrind
    cost() {
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$FIRSTBYTE" "$base/$1" 2>&1 >"$out" |
            sed -nE 's/.*Collected : ([0-9]+).*/\1/p'
    }
    plain=$(cost 1000)
    for coding in gzip twice; do
        bomb=$(cost "bomb/$coding")
        check "instructions for bomb/$coding: $bomb, for 1000 bytes: $plain" \
            test "$bomb" -le $((plain + 500000))
    done
    # address space: a window and what OpenSSL and the C library map, far less than ten megabytes more
    for coding in gzip twice br zstd; do
        (ulimit -v 60000 && fb "$base/bomb/$coding" && exits "bomb/$coding in 60 MB of addresses" 0)
    done
fi
