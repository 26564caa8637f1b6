#!/bin/bash
# Sites of an origin with an idle connection are taken before earlier lines: each is still fetched
# once, with the defaults of its line, and a bad line keeps its number.
. "$(dirname "$0")/lib.bash"

for ((i = 0; i < 6000; i++)); do
    echo "http://h$((i % 1500)).example/$i"
done >"$TMPDIR/list"

urls() { jq -r .url | sort; }

each_once() {
    "$FIRSTBYTE" fetch --rehearse -c 64 --format json "$@" >"$TMPDIR/out" &&
        diff <(urls <"$TMPDIR/out") <(sort "$TMPDIR/list")
}
from_a_pipe() { cat "$TMPDIR/list" | "$FIRSTBYTE" fetch --rehearse -c 64 --format json -f - |
    urls | diff - <(sort "$TMPDIR/list"); }
some_out_of_order() { ! diff -q <(jq -r .url "$TMPDIR/out") "$TMPDIR/list"; }
fewer_connections() {
    [ "$(jq -r 'select(.timings.connect != null) | .url' "$TMPDIR/out" | wc -l)" -lt 3500 ]
}
in_order() {
    "$FIRSTBYTE" fetch --rehearse -c 64 --order input --format json -f "$TMPDIR/list" |
        jq -r .url | diff - "$TMPDIR/list"
}

# a default applies from its line on, even if a later site is taken early
defaults_hold() {
    {
        sed -n 1,3000p "$TMPDIR/list"
        echo 'default method=HEAD'
        sed -n 3001,6000p "$TMPDIR/list"
    } >"$TMPDIR/defaults"
    "$FIRSTBYTE" fetch --rehearse -c 64 --format json -f "$TMPDIR/defaults" >"$TMPDIR/out" || return
    jq -r 'select(.body_bytes == 0) | .url' "$TMPDIR/out" | sort |
        diff - <(sed -n 3001,6000p "$TMPDIR/list" | sort)
}

bad_lines_keep_their_numbers() {
    sed '4000s/$/ nonsense/; 2500s/$/ timeout=x/' "$TMPDIR/list" >"$TMPDIR/bad"
    cat "$TMPDIR/bad" | "$FIRSTBYTE" fetch --rehearse -c 64 --format json -f - >"$TMPDIR/out"
    [ $? = 1 ] && [ "$(wc -l <"$TMPDIR/out")" = 6000 ] &&
        jq -r 'select(.error) | .error.message' "$TMPDIR/out" | sort >"$TMPDIR/messages" &&
        [ "$(wc -l <"$TMPDIR/messages")" = 2 ] &&
        grep -q 'input:2500:' "$TMPDIR/messages" && grep -q 'input:4000:' "$TMPDIR/messages"
}

check "each site of a file is fetched once" each_once -f "$TMPDIR/list"
check "some sites are fetched before earlier lines" some_out_of_order
check "fewer connections than sites" fewer_connections
check "each site of a pipe is fetched once" from_a_pipe
check "--order input: the order of the list" in_order
check "defaults apply from their line on" defaults_hold
check "bad lines keep their numbers" bad_lines_keep_their_numbers

# a line that is too long is refused once, and not fetched early
long_line_once() {
    {
        sed -n 1,200p "$TMPDIR/list"
        printf 'http://h1.example/long header="X: %070000d"\n' 0
        sed -n 201,400p "$TMPDIR/list"
    } >"$TMPDIR/long"
    cat "$TMPDIR/long" | "$FIRSTBYTE" fetch --rehearse -c 4 --format json -f - >"$TMPDIR/out"
    [ "$(wc -l <"$TMPDIR/out")" = 401 ] && [ "$(grep -c input.malformed "$TMPDIR/out")" = 1 ]
}
# the rehearsal's child does not read the parent's named pipe
named_pipe() {
    "$FIRSTBYTE" fetch --rehearse --format json -f <(sed -n 1,300p "$TMPDIR/list") >"$TMPDIR/out"
    [ "$(wc -l <"$TMPDIR/out")" = 300 ]
}
check "a line that is too long has one result" long_line_once
check "a named pipe is read by one process" named_pipe
