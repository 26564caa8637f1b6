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

# zlib_of FILE : the zlib format (RFC 1950): the deflate data of gzip's output, with an Adler-32
# checksum
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
    iconv -f utf-8 -t "$charset" <<<"${texts[$charset]}" >"$www/$charset" ||
        fail "iconv writes $charset"
done
{ printf '\xff\xfe'; cat "$www/utf-16le"; } >"$www/bom-le"
{ printf '\xfe\xff'; cat "$www/utf-16be"; } >"$www/bom-be"
printf '\xef\xbb\xbf%s' "$text" >"$www/bom-8"
page() {
    printf '<!doctype html><html><head>%s<title>' "$1"
    iconv -f utf-8 -t "$2" <<<"Grüße 日本" 2>/dev/null
}
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
    for charset in "${!texts[@]}"; do
        echo "set/$charset $charset - text/plain; charset=$charset"
    done
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
same "every coding: forty characters are decoded" "18 ${text:0:40}" \
    "$(jq -r 'select(.url | test("members") | not).snippet' "$out" | uniq -c | xargs)"
same "gzip: several members" "first
${text:0:34}" "$(get .snippet "$base/members" | jq -r .)"
same "encoding is the value of the field" "gzip deflate deflate br zstd GZip x-gzip" \
    "$(jq -r .encoding "$out" | head -n 7 | xargs)"
same "encoding of the other bodies" "br,gzip|gzip|identity|x-secret|null" \
    "$(jq -r .encoding "$out" | tail -n 5 | paste -sd'|')"
same "body_bytes is the number of encoded bytes" \
    "$(stat -c %s "$www"/long.{gzip,deflate,raw,br,zstd} | xargs)" \
    "$(jq .body_bytes "$out" | sed -n 8,12p | xargs)"
go --preview 65536
same "--preview 65536: a long body is decoded completely" "$(md5sum <"$www/long")" \
    "$(get .snippet "$base/long/br" | jq -j . | md5sum)"
same "--preview 65536: all codings have the same result" 1 \
    "$(jq -r 'select(.url | test("/long/")).snippet' "$out" | jq -Rsr . | md5sum | wc -l)"
same "--preview 65536: no body is truncated" "false" "$(jq .truncated "$out" | sort -u)"
list long/{gzip,br,zstd}
go -I
same "HEAD: the coding is reported, without a body" '["",0,null,"gzip",null]' \
    "$(get '[.snippet, .body_bytes, .error, .encoding, .charset]' "$base/long/gzip")"
list nothing empty/gzip empty/br
go
same "204 and empty bodies with a coding are no errors" "204 null 200 null 200 null" \
    "$(jq -r '.status, .error.code' "$out" | xargs)"

# Malformed codings are errors. If a coding ends early, or is malformed after the first character,
# the decoded part is shown.
list broken none short/gzip short/zstd cut late many
go --preview 40
exits "malformed codings" 1
same "malformed codings: error codes" "broken http.bad_coding receive
none http.bad_coding receive
short/gzip - -
short/zstd - -
cut - -
late - -
many http.bad_coding receive" "$(codes | sed "s|$base/||")"
same "malformed codings: the message names the coding" '"malformed content coding (gzip)"' \
    "$(get .error.message "$base/broken")"
same "malformed codings: the status and the decoded part" '[200,true]' \
    "$(get '[.status, (.snippet | "'"$text"'" | startswith(.))]' "$base/short/gzip")"
same "malformed codings: all bytes are counted" "$(stat -c '%s false' "$www/late.gzip")" \
    "$(get '"\(.body_bytes) \(.truncated)"' "$base/late" | jq -r .)"
go --preview 65536
same "a coding that ends early, with a long preview" '[null,true]' \
    "$(get '[.error.code, (.snippet | length) > 1000]' "$base/cut")"
same "a coding that is malformed later, with a long preview" '[null,true]' \
    "$(get '[.error.code, (.snippet | length) > 1000]' "$base/late")"
go --until-preview --preview 3
same "bytes after the preview are not decoded" null "$(get .error.code "$base/cut")"
gz=$(gzip -n9 <"$www/plain" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')
conf <<C
default rehearse-header="Content-Encoding: gzip" rehearse-body="$gz"
http://drip.example/ rehearse-fault=drip
http://chunks.example/ rehearse-framing=chunked
http://half.example/ rehearse-fault=truncate
C
fb --rehearse -f "$LIST" --format json --order input --preview 30
same "a coded body: byte by byte, in chunks, and truncated" \
    "${text:0:30} - ${text:0:30} - http.truncated" \
    "$(jq -r '[(if .error then empty else .snippet end), .error.code // "-"] | join(" ")' "$out" |
    xargs)"

# character sets
list set/{iso-8859-1,windows-1252,shift_jis,gb18030,utf-16le,utf-16be} \
    set/{big5,euc-kr,koi8-r,euc-jp,iso-8859-15,iso-2022-jp}
go --preview 100
for charset in "${!texts[@]}"; do
    same "$charset is decoded" "${texts[$charset]}" "$(get .snippet "$base/set/$charset" | jq -r .)"
done
same "charset is the name of the decoder" "windows-1252 windows-1252 shift_jis gb18030" \
    "$(jq -r .charset "$out" | head -n 4 | tr "[:upper:]" "[:lower:]" | xargs)"
check "content_type is the value of the field" \
    grep -q '"content_type":"text/plain; charset=koi8-r"' "$out"
list latin1 latin1/gzip odd wrong mark/{le,be,8} page/{meta,equiv,16,xml,field,plain}
go --preview 200
charset() { same "$1: $2" "$3" "$(get '[.charset, .snippet[-'"$4"':]]' "$base/$1")"; }
charset latin1 "a label in quotes" '["windows-1252","ÄÖÜß\n"]' 5
charset latin1/gzip "with a coding" '["windows-1252","ÄÖÜß\n"]' 5
charset odd "an unknown label is UTF-8" '["utf-8","so on"]' 5
charset mark/le "a byte order mark" '["utf-16le","日本語\n"]' 4
charset mark/be "a byte order mark wins over the field" '["utf-16be","日本語\n"]' 4
charset mark/8 "a byte order mark of UTF-8 wins too" '["utf-8","so on"]' 5
charset page/meta "a meta element with charset" '["shift_jis","日本\n"]' 3
charset page/equiv "a meta element with http-equiv" '["gb18030","日本\n"]' 3
charset page/16 "a meta element with UTF-16 means UTF-8" '["utf-8","日本\n"]' 3
charset page/xml "an XML declaration" '["euc-jp","日本語\n"]' 4
same "the field wins over the page" '["utf-8",true]' \
    "$(get '[.charset, (.snippet | test("�"))]' "$base/page/field")"
same "a meta element in plain text is ignored" '"utf-8"' "$(get .charset "$base/page/plain")"
same "bytes that are invalid in the character set are U+FFFD" '"Gr��e"' \
    "$(get '.snippet[:5]' "$base/wrong")"
same "a byte order mark is not shown" '"01"' "$(get '.snippet[:2]' "$base/mark/8")"

# --preview
list plain/gzip
for n in 1 10 11 13 $((${#text} - 1)) ${#text} 65536; do
    fb --format json --preview "$n" -f "$LIST"
    same "--preview $n" "${text:0:n}" "$(jq -r .snippet "$out")"
done
fb --preview 14 "$base/plain"
check "--preview in text" grep -qF ": ${text:0:14} in " "$out"
for n in 0 65537 -1 ten; do
    fb --preview "$n" "$base/plain"
    exits "--preview $n" 2
done

# --max-body: a body of exactly this length is not truncated
max_body() { # NAME WANTED OPTION...
    local name=$1 wanted=$2
    shift 2
    fb --format json --order input -f "$LIST" "$@"
    same "$name" "$wanted" "$(jq -rs 'map("\(.body_bytes) \(.truncated)") | join(", ")' "$out")"
}
list 1M 1M1
max_body "--max-body: 1 MiB by default" "1048576 false, 1048576 true"
max_body "--max-body: one byte more" "1048576 false, 1048577 false" --max-body 1048577
max_body "--max-body: one byte less" "1048575 true, 1048575 true" --max-body 1048575
max_body "--max-body with K" "1024 true, 1024 true" --max-body 1K
list 1000 chunked closed
max_body "--max-body: the exact length, in each framing" "1000 false, 1000 false, 1000 false" \
    --max-body 1000
max_body "--max-body: one byte less, in each framing" "999 true, 999 true, 999 true" --max-body 999
max_body "--max-body 0" "0 true, 0 true, 0 true" --max-body 0
list empty
max_body "--max-body 0 and an empty body" "0 false" --max-body 0
list long/gzip
max_body "--max-body counts encoded bytes" "100 true" --max-body 100
same "a truncated body: the decoded part is shown" '[null,"0123456789"]' \
    "$(jq -c '[.error, .snippet]' "$out")"
list 1000 1000 1000
: >"$TMPDIR/sent.log"
fb -c 1 -f "$LIST" --max-body 1000
logged 3 "$TMPDIR/sent.log"
same "a complete body: the connection is reused" 1 "$(cut -d' ' -f3 "$TMPDIR/sent.log" | sort -u |
    wc -l)"
: >"$TMPDIR/sent.log"
list 1M 1M 1M
fb -c 1 -f "$LIST" --max-body 1000
exits "a truncated body is not a failure" 0
logged 3 "$TMPDIR/sent.log"
same "a truncated body: the connection is closed" 3 "$(cut -d' ' -f3 "$TMPDIR/sent.log" | sort -u |
    wc -l)"

# --until-preview closes the connection; the server sends only what the socket buffers hold
list 60M 1000 long/br
: >"$TMPDIR/sent.log"
fb --format json --order input -f "$LIST" --until-preview --max-body 1G
same "--until-preview: the previews" "yyyyyyyyyy true, xxxxxxxxxx, 0123456789" "$(jq -rs \
    '"\(.[0] | "\(.snippet) \(.truncated)"), \(.[1].snippet), \(.[2].snippet)"' "$out")"
sent() { awk '$1 == "/60M" { print $2 }' "$TMPDIR/sent.log"; }
until_true 10 test -n "$(sent)"
check "--until-preview: the server does not send the rest" test "$(sent)" -lt 20000000
check "--until-preview: few bytes are received" jq -es '.[0].body_bytes < 1000000' "$out"
list empty 1000
fb --format json --order input -f "$LIST" --until-preview --preview 5000
same "--until-preview: short bodies are not truncated" "0 false, 1000 false" \
    "$(jq -rs 'map("\(.body_bytes) \(.truncated)") | join(", ")' "$out")"

# decompression bombs, ten megabytes of zeros: only the preview is decoded
list bomb/{gzip,twice,br,zstd}
go --preview 3
same "a decompression bomb: the preview" '"\u0000\u0000\u0000"' "$(jq -c .snippet "$out" | sort -u)"
same "a decompression bomb: body_bytes" "$(stat -c %s "$www"/bomb.{gzip,twice,br,zstd} | xargs)" \
    "$(jq .body_bytes "$out" | xargs)"
same "a decompression bomb is not a failure" null "$(jq .error "$out" | uniq)"
if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "the cost of a decompression bomb" "the sanitizer executes other instructions"
else
    # cost PATH : the instructions of one fetch, measured with valgrind
    cost() {
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$FIRSTBYTE" "$base/$1" 2>&1 \
            >"$out" |
            sed -nE 's/.*Collected : ([0-9]+).*/\1/p'
    }
    plain=$(cost 1000)
    for coding in gzip twice; do
        bomb=$(cost "bomb/$coding")
        check "instructions for bomb/$coding: $bomb, for 1000 bytes: $plain" \
            test "$bomb" -le $((plain + 500000))
    done
    # 60 MB of address space: room for a window and the libraries, not for the decoded body
    for coding in gzip twice br zstd; do
        (ulimit -v 60000 && fb "$base/bomb/$coding" &&
            exits "bomb/$coding in 60 MB of address space" 0)
    done
fi
