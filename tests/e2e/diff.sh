#!/bin/bash
# firstbyte diff: sets of made-up runs, the same, slower, faster, too few; and files that are none.
. "$(dirname "$0")/lib.bash"

# made FILE FACTOR COUNT [JQ]: a set of runs whose times are FACTOR of 1000 us, with a spread; the filter
# changes the object, $i is its number from 0
made() {
    jq -cn --argjson factor "$2" --argjson count "$3" "range(\$count) as \$i
        | (\$factor * (1000 + 7 * (\$i * 5 % 11))) as \$us
        | {min: \$us, mean: \$us, stddev: 1, p50: \$us, p75: \$us, p90: (2 * \$us), p95: (2 * \$us),
           p99: (4 * \$us), \"p99.9\": (5 * \$us), \"p99.99\": (6 * \$us), max: (7 * \$us)} as \$latency
        | {schema: \"firstbyte.bench/1\",
           config: {url: \"http://a.example/\", loop: \"closed\", connections: 64, seed: \$i},
           totals: {scheduled: 10000, waiting: 0, started: 10000, completed: 10000, failed: 0,
                    in_flight: 0, duration_s: 10, rps: (20000000 / \$us), bytes_in: 1, bytes_out: 1,
                    connections: 64, handshakes: 0, resumed: 0},
           latency_us: \$latency, errors: {}, status: {\"200\": 10000}, intervals: [],
           client: {cpu_user_s: 0.1, cpu_sys_s: 0.1, loop_lag_us: \$latency, verdict: \"ok\"}}
        | ${4:-.}" >"$TMPDIR/$1"
}
cd "$TMPDIR" || exit 1
made base.json 1 6
made again.json 1.001 6
made slower.json 1.2 6
made faster.json 0.8 6
made few.json 2 3

says() { check "$1" grep -qF -- "$2" "$out"; }

fb diff base.json again.json
exits "the same" 0
says "the same is said" "again.json: no difference shown"
same "nothing on standard error" "" "$(cat "$err")"
check "it fits 80 columns" test "$(wc -L <"$out")" -le 80
check_not "there is no warning" grep -q warning "$out"

fb diff base.json slower.json
exits "slower" 6
says "slower by all that is judged" "slower.json: slower by rps, p50, p99"
check "the ratio of p50" grep -qE '^p50 us .* 1\.200 .* slower$' "$out"
check "that of the rate" grep -qE '^requests/s .* 0\.833 .* slower$' "$out"
check "what is not judged is shown" grep -qE '^p99\.9 us .* 1\.200 .* - not judged$' "$out"

fb diff base.json faster.json
exits "faster" 0
says "faster is said" "faster.json: faster by rps, p50, p99"

fb diff base.json again.json faster.json slower.json
exits "several, one of them slower" 6
same "each has its verdict" 3 "$(grep -cE '^(again|faster|slower)\.json: (no|faster|slower)' "$out")"
timeout 60 "$FIRSTBYTE" diff base.json slower.json >/dev/full 2>"$err"
same "a full disk: exit status" 1 $?
check "is reported" stderr_has "standard output: No space left on device"

fb diff base.json few.json
exits "three and six" 0
says "nothing can be shown" "too few runs: 6 and 3 runs cannot show a difference"
says "how many it needs" "Each set needs 5 runs (bench --repeat 5)"
made one.json 1 1
fb diff one.json one.json
exits "one and one" 0
check "there is no interval" grep -qE '^p50 us .* 1\.000 +- +- ' "$out"

# the open loop
open='.raw_latency_us = .latency_us | .config.loop = "open" | .config.rate = 1000 | .totals.rps = 1000 - $i'
made open.json 1 5 "$open"
made open_slower.json 1.5 5 "$open"
fb diff open.json open_slower.json
exits "an open loop" 6
says "whose rate is its schedule's" "open_slower.json: slower by p50, p99"
check "it is not judged" grep -qE '^requests/s .* not judged$' "$out"
made behind.json 1.5 5 "$open | .totals.waiting = 5 | .totals.rps = 700 + \$i"
fb diff open.json behind.json
says "a schedule that was not met is" "behind.json: slower by rps, p50, p99"

# errors
made failing.json 0.5 6 '.status = {"200": (9990 - $i), "503": (10 + $i)}'
fb diff base.json failing.json
exits "faster, but it fails" 6
says "errors make it slower" "failing.json: slower by errors; faster by rps, p50, p99"
check "their share" grep -qE '^errors % +0\.000 +0\.125 .* more$' "$out"
made dead.json 1 6 '.latency_us = null | .totals.completed = 0 | .totals.failed = 10000
    | .status = {} | .totals.rps = 0'
fb diff base.json dead.json
exits "a server that answers nothing" 6
says "is slower by what there is" "dead.json: slower by rps, errors"

# warnings
warned() {
    fb diff base.json "$2"
    says "$1" "warning: $3"
}
made odd.json 1 6 'if $i == 2 or $i == 4 then .client.verdict = "saturated" else . end'
warned "a saturated client" odd.json "odd.json: the client was the bottleneck, not the server: run 3, 5"
made odd.json 1 6 'if $i == 5 then .interrupted = true else . end'
warned "an interrupted run" odd.json "odd.json: interrupted early: run 6"
made odd.json 1 6 'if $i == 1 then .config.connections = 32 else . end'
warned "a mixed set" odd.json \
    "odd.json: runs 1 and 2 have different options: connections (64 and 32)"
warned "open and closed" open.json \
    "base.json and open.json have different options: loop (closed and open), rate (none and 1000)"
made elsewhere.json 1 6 '.config.url = "http://b.example/"'
fb diff base.json elsewhere.json
check_not "another server is what it is for" grep -q warning "$out"

# JSON
fb diff --format json base.json again.json slower.json
exits "JSON" 6
check "it fits its schema" valid diff "$out"
same "verdicts" '["none","slower"]' "$(jq -c '[.comparisons[].verdict]' "$out")"
same "all are judged together" 6 "$(jq .judged "$out")"
fb diff --format json dead.json behind.json
check "what was not measured is null" valid diff "$out"
fb diff --format json base.json slower.json && cp "$out" first
fb diff --format json base.json slower.json
check "the same in each run" cmp "$out" first

# a name, and what is in a file, are strangers
made $'\e[31m.json' 1 6 '.config."\u001b[31m" = "\u001b[32m"'
fb diff base.json $'\e[31m.json'
check_not "nothing of them is written raw" grep -q $'\e' "$out"

# files that are none
refused() {
    fb diff base.json "$2"
    exits "$1" 2
    same "$1: why" "firstbyte: $2: $3" "$(cat "$err")"
    same "$1: nothing is written" "" "$(cat "$out")"
}
bad() {
    made bad.json 1 3 "if \$i == 1 then $2 else . end"
    refused "$1" bad.json "run 2 (line 2): $3"
}
range="is not a number from 0 to 1e18"
refused "no file" none.json "No such file or directory"
refused "a folder" . "Is a directory"
: >empty.json
refused "an empty file" empty.json "it contains no run"
printf '\n\n' >empty.json
refused "a file of blanks" empty.json "it contains no run"
{ cat one.json; echo 'p99 1ms'; } >text.json
fb diff base.json text.json
exits "not JSON" 2
check "says where it is not" stderr_has "firstbyte: text.json: run 2: not JSON: line 2, column 1: "
{ cat one.json; head -c 100 one.json; } >torn.json
fb diff base.json torn.json
exits "a torn file" 2
check "says where" stderr_has "torn.json: run 2: not JSON: line 2, column"
echo '[]' >list.json
refused "a list" list.json "run 1 (line 1): it is not a JSON object"
echo '{"a":1}' >list.json
refused "another object" list.json 'run 1 (line 1): it has no "schema": it is not the report of a run'
bad "another schema" '.schema = "firstbyte.fetch/1"' \
    'its schema is "firstbyte.fetch/1", not "firstbyte.bench/1"'
bad "a missing number" 'del(.totals.rps)' "totals.rps is missing"
bad "a number that is none" '.latency_us.p99 = "1ms"' "latency_us.p99 $range"
bad "a negative one" '.latency_us.mean = -1' "latency_us.mean $range"
bad "a huge one" '.client.cpu_sys_s = 1e300' "client.cpu_sys_s $range"
bad "a null that may not be" '.totals.completed = null' "totals.completed $range"
bad "no latency" 'del(.latency_us)' "latency_us.p50 is missing"
bad "no statuses" 'del(.status)' "status is missing"
bad "a status that is none" '.status."500" = true' "status has a count that $range"
bad "statuses of nobody" '.status."500" = 20000' "status has more responses than totals.completed"
bad "no verdict" 'del(.client.verdict)' 'client.verdict is none of "ok", "saturated", "starved" and "suspended"'
bad "no config" 'del(.config)' "config is missing"
made many.json 1 1001
refused "too many" many.json "over 1000 runs"
truncate -s 65M huge.json
refused "too long" huge.json "over 64 MiB"

fb diff base.json
exits "one file" 2
check "two are asked for" stderr_has "needs two files or more"
fb diff --format csv base.json base.json
exits "a format that it has not" 2
fb diff -o x base.json base.json
exits "a file for the output" 2
made piped.json 1 6
fb diff base.json <(cat piped.json)
exits "a pipe" 0
