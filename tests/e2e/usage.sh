#!/bin/bash
# The command line: help, version, invalid arguments, and exit statuses.
. "$(dirname "$0")/lib.bash"

for help in help --help -h "fetch --help" "race -h" "bench --help" "bench -h" "origin --help" \
    "diff --help" "help fetch" "help race" "help bench" "help origin" "help diff"; do
    # shellcheck disable=SC2086
    fb $help
    exits "$help" 0
    cp "$out" "$TMPDIR/help"
    name=${help#help } name=${name%% -*}
    [[ $name != -* ]] || name=fetch
    [ -e "$TMPDIR/help.$name" ] || cp "$out" "$TMPDIR/help.$name"
    same "$help is the screen of $name" "$(cat "$TMPDIR/help.$name")" "$(cat "$out")"
    check "$help fits a screen of 80 by 24" awk 'length > 80 || NR > 24 { bad = 1 }
        END { exit bad || NR < 10 }' "$TMPDIR/help"
    check "$help ends with examples" grep -q '^Examples' "$out"
done
same "each command has its own screen" 6 "$(md5sum "$TMPDIR"/help.* | cut -d' ' -f1 | sort -u |
    wc -l)"
same "help is printed only to standard output" "" "$(cat "$err")"
fb --version
exits "--version" 0
check "--version: the program" grep -qE '^firstbyte [0-9]+\.[0-9]' "$out"
for library in OpenSSL llhttp nghttp2 c-ares; do
    check "--version: $library and its version" grep -qE "^$library [0-9]+\.[0-9]+\.[0-9]+" "$out"
done
check "--version: the version of OpenSSL in use" grep -qF "$(openssl version | cut -d' ' -f1,2)" \
    "$out"
fb -V
exits "-V" 0

# every option of the table is on a help screen, and each command accepts the options of its screen
options_in() { grep -ohE '[ ,]--[a-z0-9.-]+' "$@" | tr -d ' ,' | sed 's/^--//' | sort -u; }
named=$(sed -nE 's/^    \{"([a-z0-9.-]+)", .*/\1/p' "$E2E/../../cli/options/option_table.c" |
    grep -v lifeline | sort -u)
same "help has every option" "$named" "$(options_in "$TMPDIR/help.fetch" "$TMPDIR/help.bench")"
unknown=
for option in $(options_in "$TMPDIR/help.bench"); do
    fb bench "--$option" --fail --fail # always refused
    ! stderr_has "bench --$option: only for " || unknown+=" $option"
done
same "bench accepts each option of its help" "" "$unknown"
unknown=
for option in $(options_in "$TMPDIR/help.fetch"); do
    fb fetch "--$option" --seed --seed # always refused
    ! stderr_has "fetch --$option: only for " || unknown+=" $option"
done
same "fetch accepts each option of its help" "" "$unknown"
check "the help of fetch names that of bench" grep -q 'firstbyte bench --help' "$TMPDIR/help.fetch"

refused() {
    local name=$1 text=$2
    shift 2
    fb "$@"
    exits "$name" 2
    check "$name: is reported" grep -qF -- "$text" "$err"
    check "$name: help is offered" grep -qF "Try 'firstbyte ${help_of-}--help'." "$err"
    same "$name: nothing is written" "" "$(cat "$out")"
}
refused "an unknown topic of help" "help nothing: must be fetch, race, bench, " help nothing
refused "two topics of help" "help fetch: give at most one topic" help bench fetch
refused "an unknown option" "--slow: unknown option" --slow
refused "an option with a wrong letter" "--formt: unknown option; did you mean --format?" \
    --formt json
refused "an unknown letter" "-K: unknown option" -K
refused "an option of curl" "-L: redirects are followed; --no-location stops that" \
    -L http://a.example/
refused "an option without its argument" "--timeout: needs a value: TIME" --timeout
refused "a timeout without a unit" "--timeout 5: not a duration; for seconds, write 5s" \
    -T 5 http://a.example/
refused "a timeout of 0" "--timeout 0s: not a duration over 0" -T 0s http://a.example/
refused "an invalid timeout of a phase" "--dns-timeout soon: not a duration" --dns-timeout soon
refused "a negative timeout of a phase" "--connect-timeout -1s: not a duration" \
    --connect-timeout=-1s
refused "a timeout with an unknown unit" "--tls-timeout 1d: not a duration" --tls-timeout 1d
refused "an infinite timeout" "--ttfb-timeout inf: not a duration" --ttfb-timeout inf
refused "a concurrency of 0" "--concurrency 0: not a number from 1 to 1000000" -c 0
refused "a concurrency that is not a number" "--concurrency many: not a number" -c many
refused "a concurrency that is too large" "--concurrency 99999999999999999999: not a number" \
    -c 99999999999999999999
refused "an unknown format" "--format xml: must be text, table, json or csv" --format xml
refused "an unknown order" "--order random: must be completion or input" --order random
refused "a list and URLs" "give a list or URLs, not both" -f sites.conf http://a.example/
help_of="race "
refused "race with an option of fetch" "race --no-location: only for fetch" race --no-location
help_of="origin "
refused "origin with an option of fetch" "origin --rate: only for fetch and bench" origin --rate 5
help_of=
refused "fetch with an option of bench" "fetch --pipeline: only for bench" --pipeline 2
help_of="race "
refused "a race of a pipe" "a race reads its list twice" race -f -
help_of="bench "
refused "bench with an option of fetch" "bench --retry: only for fetch" bench --retry 1
refused "a load with --rate and --ramp" "--ramp --rate: use only one of these options" bench -R 5 \
    --ramp 1:2/1s http://a.example/
refused "bench -d with data" "--duration a=1: not a duration; the content of a request is --data" \
    bench -d a=1 http://a.example/
refused "a load through a Unix socket without a URL" "give a URL" bench --unix-socket /nowhere
refused "more processes than connections" "each process needs a connection" bench -c 2 --procs 3
refused "a comparison without repeats" "--vs: needs --repeat N" bench --vs http://b.example/
refused "streams without HTTP/2" "--streams: needs HTTP/2: --http2, or --http2-prior-knowledge" \
    bench -m 8 https://a.example/
refused "a pipeline with HTTP/2" "--pipeline: is of HTTP/1.1; with HTTP/2 use -m N" \
    bench --http2 --pipeline 8 https://a.example/
refused "a field that HTTP/2 forbids" "--header Connection: HTTP/2 does not allow this field" \
    bench --http2 -H "Connection: close" https://a.example/
refused "a password in an invalid URL" "--vs: " bench --repeat 2 --vs ftp://a:hush@b/
check_not "a password in an invalid URL is not shown" grep -q hush "$err"
help_of=
negotiated="--http2 is negotiated with https; with http, use --http2-prior-knowledge"
fb bench --http2 http://a.example/
same "--http2 with http: refused" "2 firstbyte: http://a.example/: $negotiated" \
    "$status $(cat "$err")"
fb bench --http2
same "--http2 without a URL: refused" "2 firstbyte: http://127.0.0.1/: $negotiated" \
    "$status $(cat "$err")"
fb bench --http2 --repeat 2 --vs http://b.example/ https://a.example/
same "--http2 with http in --vs: refused" "2 firstbyte: http://b.example/: $negotiated" \
    "$status $(cat "$err")"
printf 'https://a.example/\nhttps://a.example/b header="Keep-Alive: 5"\n' >"$TMPDIR/targets"
fb bench --http2 -f "$TMPDIR/targets"
same "a target with a field that HTTP/2 forbids: refused" \
    "2 firstbyte: https://a.example/b: HTTP/2 does not allow the field Keep-Alive" \
    "$status $(cat "$err")"
forbidden="HTTP/2 does not allow this field; it is sent with HTTP/1.1 only"
fb -H "Upgrade: x" --connect-timeout 1ms https://127.0.0.1:1/
check "a fetch with a field that HTTP/2 forbids: a warning" \
    stderr_has "firstbyte: --header Upgrade: $forbidden"
fb -H "Upgrade: x" --http1.1 https://127.0.0.1:1/
check_not "the same with HTTP/1.1: no warning" stderr_has "$forbidden"
fb ftp://a.example/
exits "an invalid URL" 2

# no arguments: the usage is printed, and no site is fetched; a pipe that is not read is reported
cd "$TMPDIR" || exit 1
echo 'http://a.example/' >sites.conf
fb </dev/null
exits "no argument" 2
check "no argument: the usage is printed" stderr_has "Usage: firstbyte [OPTION]... URL..."
check "no argument: help is offered" stderr_has "Try 'firstbyte --help'."
check "no argument: the message is short" test "$(wc -l <"$err")" -le 6
same "no argument: nothing on standard output" "" "$(cat "$out")"
hint="firstbyte: standard input is a pipe and is not read; -f - reads a list from it"
piped() { echo http://b.example/ | fb "$@"; }
piped
check "no argument, and a pipe: the hint" stderr_has "$hint"
fb --rehearse --fields url
same "options and no URL: sites.conf" "0 http://a.example/" "$status $(cat "$out" "$err")"
piped --rehearse --fields url
same "options, no URL and a pipe: sites.conf" "http://a.example/" "$(cat "$out")"
same "options, no URL and a pipe: the hint" "$hint" "$(cat "$err")"
piped bench -n 5
check "a load and a pipe: the hint" stderr_has "$hint"
for arguments in "-q --rehearse" "--rehearse http://c.example/" "--rehearse -f -" \
    "--rehearse -f sites.conf" "race --rehearse"; do
    # shellcheck disable=SC2086
    piped $arguments
    check_not "no hint: $arguments" stderr_has "is a pipe"
done

# exit statuses: 0 all fetched, 1 some failed, 2 usage (above), 3 setup failed; 130 is tested by
# interrupt.sh
fb --rehearse http://a.example/ http://b.example/
exits "all sites are fetched" 0
conf <<'C'
http://good.example/
http://bad.example/ rehearse-fault=wait-close
C
fb --rehearse -f "$LIST"
exits "a site fails" 1
echo 'http://missing.example/ rehearse-status=404' | conf
fb --rehearse -f "$LIST"
exits "404 is not a failure" 0
fb --rehearse --fail -f "$LIST"
exits "--fail: 404 is a failure" 1
same "--fail: the line has the error" "error: the status is an error (404)" \
    "$(sed -E 's/^.{30}: (.*) in .*/\1/' "$out")"
fb race --rehearse --fail -f "$LIST"
exits "--fail in a race" 1
same "--fail in a race: in both halves" 2 "$(grep -c 'error: the status is an error (404)' "$out")"
fb --cacert "$TMPDIR/none.pem" http://a.example/
exits "--cacert with a missing file" 3
same "--cacert with a missing file: it is reported" \
    "firstbyte: TLS: $TMPDIR/none.pem: No such file or directory" "$(cat "$err")"
echo "no certificate" >"$TMPDIR/junk.pem"
fb --cacert "$TMPDIR/junk.pem" http://a.example/
exits "--cacert with an invalid file" 3
(ulimit -n 4 && fb --rehearse http://a.example/ && exits "no descriptor for the origin" 3)

# durations with us, ms, s, m and h
for time in 5000000us 5000ms 5s 5.5s 1m 1h; do
    fb -T "$time" --dns-timeout "$time" --rehearse http://a.example/
    exits "a timeout of $time" 0
done

# a command must be the first argument
fb --rehearse fetch
exits "a command after an option is refused as a URL" 2
fb fetch --rehearse -- http://a.example/
exits "-- ends the options" 0

fb rcae
exits "an unknown command" 2
check "an unknown command: it is reported" \
    grep -q '^firstbyte: rcae: neither a command nor a URL; did you mean race?$' "$err"
(
    cd "$TMPDIR" || exit
    echo http://a.example/ >list.txt
    fb --rehearse list.txt
    check "a URL that is the name of a file" \
        stderr_has "list.txt: taken as a URL; -f list.txt reads the file"
    fb --rehearse -q list.txt
    same "-q: no hint" "" "$(cat "$err")"
)
fb --rehearse localhost example.org 127.0.0.1:8080/a
exits "URLs without a scheme" 0
same "they are http" "http://127.0.0.1:8080/a http://example.org http://localhost" \
    "$(awk '{ print $1 }' "$out" | sort | xargs)"
fb race --rehearse --cacert "$TMPDIR/none.pem"
exits "a rehearsal with --cacert" 2
echo 'http://user:12 hush@host/' >"$TMPDIR/blank.conf"
fb fetch -f "$TMPDIR/blank.conf"
exits "a password with a blank" 2
check_not "a password with a blank is not shown" grep -q hush "$err"
