#!/bin/bash
# Output: text, table, JSON and CSV; selected fields; files; colours, progress and messages, with
# and without a terminal.
. "$(dirname "$0")/lib.bash"

unset NO_COLOR COLUMNS
export TERM=xterm
conf <<'C'
http://plain.example/ rehearse-body="=1+1,\"x\"\r\n"
https://tls.example/ rehearse-status=404 rehearse-body="  a;b\tc  "
http://missing.example/ rehearse-fault=dns-nxdomain
http://moved.example/ rehearse-status=302 rehearse-header="Location: http://plain.example/"
http://cut.example/ rehearse-fault=truncate rehearse-body="日本語日本語日本語日本語日本語"
http://long.example/0123456789/0123456789/0123456789 rehearse-body="+\xe2\x80\xae\x1b[31m"
C
go() { fb --rehearse -f "$LIST" --order input "$@"; }

# text
go
same "text: a line each" "\
http://plain.example/         : =1+1,\"x\"\\x0d\\x0a
https://tls.example/          :   a;b\\x09c   (status 404)
http://missing.example/       : error: no such name
http://moved.example/         : =1+1,\"x\"\\x0d\\x0a
http://cut.example/           : error: connection closed during response
http://long.example/0123456789: +\\u202e\\x1b[31m" \
    "$(sed -E 's/ in [0-9]:[0-9]{2}:[0-9]{2}\.[0-9]{6}s( |$)/\1/' "$out")"

# table: a heading and aligned columns; a failure has its error in place of the snippet
go --format table
same "table: the heading" \
    "url status snippet elapsed_ms blocked dns connect tls send wait receive" \
    "$(head -n 1 "$out" | xargs)"
same "table: the rows" "\
http://plain.example/             200 =1+1,\"x\"  
https://tls.example/              404   a;b\\x09c
http://missing.example/             - error: no 
http://moved.example/             200 =1+1,\"x\"  
http://cut.example/               200 error: con
http://long.example/0123456789    200 +\\u202e   " "$(tail -n +2 "$out" | cut -c 1-48)"
same "table: all rows have the same width" 1 "$(grep -v error: "$out" |
    while IFS= read -r row; do wc -L <<<"$row"; done | sort -u | wc -l)"
go --format table --fields status,url,tls.version,redirects
same "table: chosen columns" "\
status url                            version redirects
   200 http://plain.example/          -               0
   404 https://tls.example/           TLSv1.3         0
     - http://missing.example/        -               0
   200 http://moved.example/          -               1
   200 http://cut.example/            -               0
   200 http://long.example/0123456789 -               0" "$(cat "$out")"

# JSON: every kind of result fits the schema
go --format json
check "JSON: results fit the schema" valid fetch "$out"
same "JSON: one object in each line" 6 "$(wc -l <"$out")"
{ cat "$LIST"; echo "http://again.example/ rehearse-fail-first=1"; } >"$TMPDIR/more.conf"
fb -f "$TMPDIR/more.conf" --rehearse --format json --retry 1 --tcp-info --cert-warn 30d --fail \
    --preview 100
timeout 60 "$FIRSTBYTE" -f - --format json < <(echo "no site") >>"$out" 2>>"$err"
check "JSON: attempts, tcp, warnings, --fail and a bad line fit the schema" valid fetch "$out"
check "JSON: these results are present" jq -es 'any(.[]; .tcp != null) and
    any(.[]; .cert_warning) and any(.[]; .error.code == "http.status") and
    any(.[]; .error.code == "input.malformed") and any(.[]; .attempts != [])' "$out"
fb --format json --unix-socket "$TMPDIR/nothing" http://a.example/
check "JSON: a result with a Unix socket fits the schema" valid fetch "$out"
same "JSON: the address of a Unix socket" '"unix:'"$TMPDIR/nothing"'"' "$(jq .address "$out")"
fb --format json -x "http://ali:sesame@$HOME_ADDRESS:1" http://a.example/
check "JSON: a result with a proxy fits the schema" valid fetch "$out"
same "JSON: a proxy is reported without its password" "http://$HOME_ADDRESS:1" \
    "$(jq -r .proxy "$out")"

# --fields
fb --fields help
exits "--fields help" 0
cp "$out" "$TMPDIR/fields"
same "--fields help: every field of the schema" "" "$(jq -r '
    def names($at): .properties // {} | to_entries[] | .key as $key
        | ($at + $key), (.value | names($at + $key + "."));
    names("")' "$SCHEMA/fetch.json" | sort | comm -3 - <(sort "$TMPDIR/fields"))"
for format in text table json csv; do
    go --format $format --fields "$(paste -sd, "$TMPDIR/fields")"
    same "$format: all fields are accepted" "1 " "$status $(cat "$err")"
done
go --format json --fields timings.wait,url,tls.version --fields error,url,tcp
same "JSON: selected fields, in this order, once, null if absent" \
    '["timings.wait","url","tls.version","error","tcp"] null' \
    "$(head -n 1 "$out" | jq -c 'keys_unsorted, .tcp' | xargs -d '\n')"
same "JSON: a selected object" '{"phase":"dns","code":"dns.nxdomain","message":"no such name"}' \
    "$(jq -c 'select(.error.phase == "dns").error' "$out")"
go --fields status,url,error.code
same "text: selected fields, separated by tabs" $'200\thttp://plain.example/\t-
404\thttps://tls.example/\t-
-\thttp://missing.example/\tdns.nxdomain
200\thttp://moved.example/\t-
200\thttp://cut.example/\thttp.truncated
200\thttp://long.example/0123456789/0123456789/0123456789\t-' "$(cat "$out")"
for names in nothing url,nothing tls. "" url, URL; do
    fb --rehearse --fields "$names" http://a.example/
    exits "--fields \"$names\"" 2
    check "--fields \"$names\": is reported" stderr_has "no such field; --fields help lists them"
done

# cells FILE : reads CSV (RFC 4180); prints rows whose cells are separated by \x1f, and errors
cells() {
    LC_ALL=C awk 'BEGIN { RS = "\1" } {
        n = length($0); at = 1
        while (at <= n) {
            cell = ""; c = substr($0, at, 1)
            if (c == "\"") {
                for (at++; ; at++) {
                    c = substr($0, at, 1)
                    if (at > n) { print "BAD: open quotes"; exit }
                    if (c == "\"" && substr($0, at + 1, 1) != "\"") break
                    if (c == "\"") at++
                    cell = cell c
                }
                at++
            } else for (; at <= n && c != "," && c != "\r"; c = substr($0, ++at, 1)) {
                if (c == "\"" || c == "\n") { print "BAD: a quote or LF in a plain cell"; exit }
                cell = cell c
            }
            printf "%s", cell
            if (substr($0, at, 1) == ",") { printf "\037"; at++ }
            else if (substr($0, at, 2) == "\r\n") { printf "\n"; at += 2 }
            else { print "BAD: no separator after a cell"; exit }
        }
    }' "$1"
}
go --format csv
cells "$out" >"$TMPDIR/cells"
check_not "CSV: it is valid" grep -q BAD: "$TMPDIR/cells"
same "CSV: seven rows" 7 "$(wc -l <"$TMPDIR/cells")"
same "CSV: all rows have the same number of cells" 1 \
    "$(awk -F'\037' '{ print NF }' "$TMPDIR/cells" | sort -u | wc -l)"
heading=url,status,error.code,error.message,snippet,elapsed_ms,body_bytes,address,final_url
heading+=,redirects,attempts,timings.blocked,timings.dns,timings.connect,timings.tls
heading+=,timings.send,timings.wait,timings.receive
same "CSV: the heading" $heading \
    "$(head -n 1 "$TMPDIR/cells" | tr '\037' ,)"
same "CSV: the cells; an apostrophe precedes formulas" "\
http://plain.example/|200||'=1+1,\"x\"\\x0d\\x0a
https://tls.example/|404||  a;b\\x09c  
http://missing.example/||dns.nxdomain|
http://moved.example/|200||'=1+1,\"x\"\\x0d\\x0a
http://cut.example/|200|http.truncated|日本語日本語日
http://long.example/0123456789/0123456789/0123456789|200||'+\\u202e\\x1b[31m" \
    "$(tail -n +2 "$TMPDIR/cells" | cut -d $'\037' -f 1-3,5 | tr '\037' '|')"
for first in + - @ = ＝ ＋ － ＠; do
    printf 'http://a.example/ rehearse-body="%s1"\n' "$first" >"$TMPDIR/one.conf"
    fb --rehearse -f "$TMPDIR/one.conf" --format csv --fields snippet
    same "CSV: a cell that begins with $first" "\"'${first}1\"" "$(tail -n 1 "$out" | tr -d '\r')"
done
go --format csv --fields tls.version,error,url
same "CSV: selected columns; an object has one for each member" \
    "tls.version,error.phase,error.code,error.message,url" \
    "$(head -n 1 "$out" | tr -d '\r')"
fb race --rehearse -f "$LIST" --format csv --order input
same "CSV: a race has one heading, and the column mode" "1 mode 6 blocking 6 reactor" \
    "$(cut -d, -f1 "$out" | uniq -c | xargs)"
same "CSV: a race has no totals" "" "$(cells "$out" | grep -E 'BAD:|took|sync')"

# -o: FILE is replaced when all results are written; an unrelated FILE.part is not changed
folder=$TMPDIR/files
mkdir "$folder"
file=$folder/results
echo mine >"$file.part"
echo old >"$file"
chmod 640 "$file"
ln -s results "$folder/link"
{
    head -n 1 "$LIST"
    echo 'http://stall.example/ rehearse-fault=wait-stall timeout=50s'
} >"$TMPDIR/stall.conf"
start slow env --default-signal=INT "$FIRSTBYTE" --rehearse -f "$TMPDIR/stall.conf" --format json \
    -v -o "$folder/link"
check "-o: a response was received" until_true 10 grep -q 'HTTP/1.1 200' "$TMPDIR/slow.err"
same "-o: the old results are there during the run" old "$(cat "$file")"
fb --rehearse http://a.example/ --fields url -o "$folder/other"
same "-o: another run in the folder is not disturbed" "0 http://a.example/" \
    "$status $(cat "$folder/other")"
rm "$folder/other"
kill -INT "$pid"
wait "$pid"
status=$?
exits "-o, interrupted" 130
same "-o, interrupted: the old results are kept" old "$(cat "$file")"
kept=$(sed -n 's/^firstbyte: the results are in //p' "$TMPDIR/slow.err")
same "-o, interrupted: the new results are kept in the reported file" 1 \
    "$(grep -c plain.example "$kept")"
same "-o, interrupted: the new file has the mode of the old one" 640 "$(stat -c %a "$kept")"
rm "$kept"
go --format json -o "$folder/link"
exits "-o" 1
same "-o: the results, in the order of the list" "$(cut -d' ' -f1 "$LIST")" "$(jq -r .url "$file")"
same "-o: nothing on standard output, and no temporary file" "link results results.part" \
    "$(cat "$out"; ls "$folder" | xargs)"
same "-o: an unrelated FILE.part is not changed" mine "$(cat "$file.part")"
same "-o: the mode and a link to the file are kept" "640 results" \
    "$(stat -c %a "$file") $(readlink "$folder/link")"
fb --rehearse -f /dev/null -o "$file"
same "-o without sites: an empty file" "0 0" "$status $(stat -c %s "$file")"
seq -f 'http://%.0f.example/' 200 >"$TMPDIR/200"
(ulimit -f 4 && fb --rehearse -f "$TMPDIR/200" --format json -o "$TMPDIR/limited"; exit "$status")
status=$?
exits "-o with a file size limit" 1
check "-o with a file size limit: it is reported" \
    stderr_has "output.closed: $TMPDIR/limited: File too large"
kept=$(sed -n 's/^firstbyte: the results are in //p' "$err")
check "-o with a file size limit: the written results are kept" grep -q '^{"schema"' "${kept:-none}"
check_not "-o with a file size limit: FILE does not exist" test -e "$TMPDIR/limited"
go -o /dev/full
exits "-o /dev/full" 1
check "-o /dev/full: it is reported" stderr_has "output.closed: /dev/full: No space left on device"
go -o /dev/stdout
same "-o /dev/stdout" 6 "$(wc -l <"$out")"
go -o "$TMPDIR/nowhere/file"
exits "-o in a directory that does not exist" 3
check "-o in a directory that does not exist: it is reported" \
    stderr_has "firstbyte: --output: $TMPDIR/nowhere/file"
go -o "$TMPDIR"
exits "-o a directory" 3
fb --rehearse http://a.example/ --append
exits "--append without a file" 2

# --append: complete lines after the existing ones, and one heading
printf 'unended' >"$TMPDIR/log"
go --format json --append -o "$TMPDIR/log"
go --format json --append -o "$TMPDIR/log"
same "--append" "13 unended" "$(wc -l <"$TMPDIR/log") $(head -n 1 "$TMPDIR/log")"
go --format csv --append -o "$TMPDIR/log.csv"
go --format csv --append -o "$TMPDIR/log.csv"
same "--append: one heading in a CSV file" "13 1" \
    "$(wc -l <"$TMPDIR/log.csv") $(grep -c ^url, "$TMPDIR/log.csv")"

# on_terminal COMMAND : runs it on a pseudo-terminal; its output goes to $out
on_terminal() { script -qec "$1" /dev/null </dev/null >"$out" 2>&1; }
run="'$FIRSTBYTE' --rehearse -f '$LIST' --order input"
esc=$'\e'
has_color() { grep -q "${esc}\[[0-9]" "$out"; }

# colours
go
check_not "no colours without a terminal" has_color
go --color always
check "--color always: colours without a terminal" has_color
same "--color always: the colours of success, warning and failure" "2 1 2" \
    "$(for code in 32 33 31; do grep -c "${esc}\[${code}m" "$out"; done | xargs |
    sed 's/^3/2/')"
NO_COLOR=1 go --color always
check "--color always wins over NO_COLOR" has_color
for format in json csv; do
    go --color always --format $format
    check_not "--color always: no colours in $format" grep -q "$esc" "$out"
done
go --color sometimes
exits "--color sometimes" 2
on_terminal "$run"
check "colours on a terminal" has_color
check_not "colours on a terminal: those of the body are escaped" grep -qF "+$esc" "$out"
on_terminal "$run --format table"
check "colours in a table" has_color
on_terminal "NO_COLOR=1 $run"
check_not "NO_COLOR: no colours" has_color
on_terminal "NO_COLOR= $run"
check "an empty NO_COLOR is ignored" has_color
on_terminal "TERM=dumb $run"
check_not "TERM=dumb: no colours" has_color
on_terminal "$run --color never"
check_not "--color never: no colours" has_color
on_terminal "COLUMNS=200 $run --format table --fields url,status"
check "COLUMNS=200: a URL is not truncated" \
    grep -qF "http://long.example/0123456789/0123456789/0123456789 " "$out"
on_terminal "COLUMNS=30 $run --format table --fields url,status"
check "COLUMNS=30: a URL is truncated" grep -qE 'http://long.example/012 ' "$out"

# a table is never wider than the terminal; on a pipe it has all fields
for columns in 40 80 120; do
    on_terminal "stty cols $columns; $run -q --format table"
    check "table: at most $columns columns" \
        test "$(sed "s/$esc\\[[0-9;]*m//g" "$out" | tr -d '\r' | wc -L)" -le $columns
    check "table: $columns columns: with the status" grep -qE '^url +status snippet' "$out"
    on_terminal "stty cols $columns; $run --format table | cat"
    check "table on a pipe, $columns columns: all fields" grep -qE 'snippet .* receive.?$' "$out"
done

# the header is written before the first result
echo 'http://slow.example/ rehearse-delay=20s' >"$TMPDIR/slow.conf"
for format in table csv; do
    coproc slow { exec "$FIRSTBYTE" --rehearse -f "$TMPDIR/slow.conf" --format $format 2>&1; }
    line=
    IFS= read -r -t 10 -u "${slow[0]}" line
    check "$format: a pipe receives the header at once" grep -qE '^url[ ,]+status' <<<"$line"
    # shellcheck disable=SC2154
    kill "$slow_PID"
    wait "$slow_PID" 2>/dev/null
done

# the live view of a load: its items at three widths, and in ASCII
# live COLUMNS LOCALE : the lines of the first frame
live() {
    on_terminal "stty cols $1 rows 24; LC_ALL=$2 '$FIRSTBYTE' bench --rehearse -d 1s -R 200 -c 2 \
        --color never http://a.example/0123456789/0123456789/0123456789"
    sed "/$esc\\[J/,\$d; s/$esc\\[K//g" "$out" | tr -d '\r'
}
for columns in 40 80 120; do
    live $columns C.UTF-8 >"$TMPDIR/frame"
    check "live view, $columns columns: no line is longer" \
        test "$(wc -L <"$TMPDIR/frame")" -lt $columns
    check "live view, $columns columns: the URL" grep -q '^http://a.example/0123456789/' \
        "$TMPDIR/frame"
    check "live view, $columns columns: status classes and failures" \
        grep -qE '^(2xx [0-9]+, )?0 failed$' "$TMPDIR/frame"
done
check "live view: bars in UTF-8" grep -q '█' "$TMPDIR/frame"
live 80 C >"$TMPDIR/frame"
check "live view in the locale C: bars in ASCII" grep -qE '  #+=?\.* [0-9]+%$' "$TMPDIR/frame"
check_not "the locale C: nothing but ASCII" grep -qP '[^\x00-\x7f]' "$out"

# progress, only on a terminal; at the end a total replaces it
echo 'http://slow.example/ rehearse-delay=700ms rehearse-body="0123456789"' >"$TMPDIR/slow.conf"
slow="'$FIRSTBYTE' --rehearse -f '$TMPDIR/slow.conf'"
has_progress() { grep -qF "0 of 1 done, 0 failed, " "$out"; }
on_terminal "$slow >'$TMPDIR/lines'"
check "progress on a terminal" has_progress
check "progress: at the end the total replaces it" \
    grep -qP '^.*\r\e\[Kfirstbyte: 1 ok, 0 failed; [0-9.]+ m?s\r?$' "$out"
same "progress: the results are on standard output" 1 \
    "$(grep -c ': 0123456789 in ' "$TMPDIR/lines")"
on_terminal "$slow"
check "progress: a result overwrites it" grep -qP '\r\e\[Khttp://slow.example/ +: ' "$out"
on_terminal "(echo http://a.example/; sleep 0.7) | '$FIRSTBYTE' --rehearse -f -"
check "progress of a pipe: without the number of sites" grep -qF "1 done, 2xx 1, 0 failed, " "$out"
for how in "2>'$TMPDIR/lines'" "-q" "-v 2>&1" "2>&1 | cat"; do
    on_terminal "$slow $how"
    check_not "no progress with $how" grep -qE " done, | ok, " "$out"
done
cat >"$TMPDIR/kinds" <<'C'
http://a.example/
http://b.example/ rehearse-status=500
http://c.example/ rehearse-fault=dns-nxdomain
http://d.example/ rehearse-fault=dns-nxdomain
http://e.example/ rehearse-fault=wait-close
http://f.example/ rehearse-status=500
https://g.example/ rehearse-status=404
C
on_terminal "'$FIRSTBYTE' --rehearse -f '$TMPDIR/kinds'"
counts='2 dns.nxdomain, 1 http.empty; 2 with status 500, 1 with status 404'
check "the total counts errors and statuses" \
    grep -qE "firstbyte: 4 ok, 3 failed: $counts; [0-9.]+ m?s" "$out"
on_terminal "'$FIRSTBYTE' --rehearse --fail -f '$TMPDIR/kinds'"
check "the total with --fail" grep -qF "firstbyte: 1 ok, 6 failed: 3 http.status, 2 dns.nxdomain, \
1 http.empty; 2 with status 500" "$out"
fb --rehearse -f "$TMPDIR/kinds"
same "a status of 400 and over is in the line" "(status 500) (status 500) (status 404)" \
    "$(grep -E '^http.*: [^ ]* +in 0:00:00\.[0-9]{6}s \(status' "$out" | sort |
    grep -oE '\(status [0-9]+\)$' | xargs)"
same "other lines have no status" 3 "$(grep -c status "$out")"
on_terminal "TERM=dumb $slow"
check_not "TERM=dumb: no progress" has_progress

# -q: only errors that end the run
(ulimit -n 40 && fb --rehearse -f "$TMPDIR/200" &&
    check "without -q: a warning" stderr_has "concurrency is lowered" &&
        fb --rehearse -q -f "$TMPDIR/200" &&
    same "-q: no warning" "0 " "$status $(cat "$err")")
fb -q -f "$TMPDIR/nothing.conf"
check "-q: a missing list is reported" stderr_has "no such file"
timeout 60 "$FIRSTBYTE" -q --rehearse http://a.example/ >/dev/full 2>"$err"
check "-q: a closed output is reported" stderr_has "output.closed"

# -v: the messages of each connection, without terminal control characters
start_nginx 18080 <<N
server {
    listen @:18080;
    add_header X-Evil "a$(printf '\xc2\x9b')31m$(printf '\xe2\x80\xae')z";
    location / { return 200 body; }
}
N
fb -v -H "X-Mine: ü" "http://$HOME_ADDRESS:18080/path?q"
sed -E 's/\[[0-9]+\]/[n]/' "$err" >"$TMPDIR/verbose"
same "-v: the request" "> [n] GET /path?q HTTP/1.1
> [n] Host: $HOME_ADDRESS:18080
> [n] User-Agent: firstbyte/0.1.0
> [n] Accept: */*
> [n] Accept-Encoding: gzip, deflate, br, zstd
> [n] X-Mine: ü
> [n] " "$(grep '^>' "$TMPDIR/verbose")"
check "-v: the status line" grep -qx '< \[n\] HTTP/1.1 200 OK' "$TMPDIR/verbose"
check "-v: a field with control characters is escaped" grep -qxF '< [n] X-Evil: a\x9b31m\u202ez' \
    "$TMPDIR/verbose"
check "-v: the address" grep -qxF "* [n] trying $HOME_ADDRESS:18080" "$TMPDIR/verbose"
for states in 'dial 1: .* -> open' 'connection 1: open -> closed' 'exchange 1: send -> head'; do
    check "-v: state changes: $states" grep -qx "\* $states" "$TMPDIR/verbose"
done
same "-v: no other lines" "" "$(grep -v -e '^[*<>] \[n\] ' -e '^\* [a-z ]* 1: [a-z-]* -> [a-z-]*$' \
    "$TMPDIR/verbose")"
same "-v: the results are on standard output" 1 "$(wc -l <"$out")"
printf 'HTTP/1.1 200 OK\r\nX-Evil: \e[2J\e]0;title\a\r\nContent-Length: 0\r\n\r\n' >"$TMPDIR/evil"
start evil perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(LocalAddr => $ARGV[0],
    LocalPort => 18090, Listen => 9, ReuseAddr => 1) or die;
    open F, $ARGV[1]; my $all = join "", <F>;
    while (my $p = $l->accept) { sysread $p, my $b, 9999 or next; syswrite $p, $all }' \
        "$HOME_ADDRESS" "$TMPDIR/evil"
until_true 10 listens 18090
for format in text table json csv; do
    fb -v --format $format "http://$HOME_ADDRESS:18090/"
    check_not "-v: a hostile field, $format: control characters are escaped" \
        grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' "$out" "$err"
done
