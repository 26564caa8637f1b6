#!/bin/bash
# firstbyte diff: sets of invented runs (the same, slower, faster, too few), and invalid files.
. "$(dirname "$0")/lib.bash"

# invent FILE FACTOR COUNT [JQ] : writes a set of COUNT runs with latencies of about FACTOR * 1000
# us. The filter changes each run; $i is its number, from 0.
invent() {
    jq -cn --argjson factor "$2" --argjson count "$3" "range(\$count) as \$i
        | (\$factor * (1000 + 7 * (\$i * 5 % 11))) as \$us
        | {min: \$us, mean: \$us, stddev: 1, p50: \$us, p75: \$us, p90: (2 * \$us), p95: (2 * \$us),
           p99: (4 * \$us), \"p99.9\": (5 * \$us), \"p99.99\": (6 * \$us),
           max: (7 * \$us)} as \$latency
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
invent base.json 1 6
invent again.json 1.001 6
invent slower.json 1.2 6
invent faster.json 0.8 6
invent few.json 2 3

prints() { check "$1" grep -qF -- "$2" "$out"; }

fb diff base.json again.json
exits "the same" 0
prints "the same: no difference" "again.json: no difference shown"
same "the same: nothing on standard error" "" "$(cat "$err")"
check "the same: the output fits 80 columns" test "$(wc -L <"$out")" -le 80
check_not "the same: no warning" grep -q warning "$out"

fb diff base.json slower.json
exits "slower" 6
prints "slower: by all judged figures" "slower.json: slower by rps, p50, p99"
check "slower: the ratio of p50" grep -qE '^p50 .* 1\.200 .* slower$' "$out"
check "slower: the ratio of the rate" grep -qE '^requests/s .* 0\.833 .* slower$' "$out"
check "slower: other figures are shown" grep -qE '^p99\.9 .* 1\.200 .* - not judged$' "$out"

fb diff base.json faster.json
exits "faster" 0
prints "faster: by all judged figures" "faster.json: faster by rps, p50, p99"

fb diff base.json again.json faster.json slower.json
exits "several, one of them slower" 6
same "several: each has a verdict" 3 \
    "$(grep -cE '^(again|faster|slower)\.json: (no|faster|slower)' "$out")"
timeout 60 "$FIRSTBYTE" diff base.json slower.json >/dev/full 2>"$err"
same "a full disk: exit status" 1 $?
check "a full disk: is reported" stderr_has "standard output: No space left on device"

fb diff base.json few.json
exits "three and six runs" 0
prints "three and six runs: no verdict" "too few runs: 6 and 3 runs cannot show any difference"
prints "three and six runs: the number that is needed" "Each set needs 5 runs (bench --repeat 5)"
invent one.json 1 1
fb diff one.json one.json
exits "one run each" 0
check "one run each: no confidence interval" grep -qE '^p50 .* 1\.000 +- +- ' "$out"

# the open loop
open='.raw_latency_us = .latency_us | .config.loop = "open" | .config.rate = 1000
    | .totals.rps = 1000 - $i'
invent open.json 1 5 "$open"
invent open_slower.json 1.5 5 "$open"
fb diff open.json open_slower.json
exits "an open loop" 6
prints "an open loop: slower by its latencies" "open_slower.json: slower by p50, p99"
check "an open loop: the rate is not judged" grep -qE '^requests/s .* not judged$' "$out"
invent behind.json 1.5 5 "$open | .totals.waiting = 5 | .totals.rps = 700 + \$i"
fb diff open.json behind.json
prints "an open loop behind its schedule: the rate is judged" "behind.json: slower by rps, p50, p99"

# errors
invent failing.json 0.5 6 '.status = {"200": (9990 - $i), "503": (10 + $i)}'
fb diff base.json failing.json
exits "faster, with more errors" 6
prints "faster, with more errors: slower by errors" \
    "failing.json: slower by errors; faster by rps, p50, p99"
check "faster, with more errors: the share of errors" \
    grep -qE '^errors +0% +0\.12% .* more$' "$out"
invent dead.json 1 6 '.latency_us = null | .totals.completed = 0 | .totals.failed = 10000
    | .status = {} | .totals.rps = 0'
fb diff base.json dead.json
exits "a server without responses" 6
prints "a server without responses: slower by rate and errors" "dead.json: slower by rps, errors"

# warnings
warned() {
    fb diff base.json "$2"
    prints "$1" "warning: $3"
}
invent odd.json 1 6 'if $i == 2 or $i == 4 then .client.verdict = "saturated" else . end'
warned "a saturated client" odd.json \
    "odd.json: the client was the bottleneck, not the server: run 3, 5"
invent odd.json 1 6 'if $i == 5 then .interrupted = true else . end'
warned "an interrupted run" odd.json "odd.json: interrupted early: run 6"
invent odd.json 1 6 'if $i == 1 then .config.connections = 32 else . end'
warned "a mixed set" odd.json \
    "odd.json: runs 1 and 2 have different options: connections (64 and 32)"
rates="rate (none and 1000)"
warned "open and closed" open.json \
    "base.json and open.json have different options: loop (closed and open), $rates"
invent elsewhere.json 1 6 '.config.url = "http://b.example/"'
fb diff base.json elsewhere.json
check_not "another URL: no warning" grep -q warning "$out"

# JSON
fb diff --format json base.json again.json slower.json
exits "JSON" 6
check "JSON: it fits the schema" valid diff "$out"
same "JSON: the verdicts" '["none","slower"]' "$(jq -c '[.comparisons[].verdict]' "$out")"
same "JSON: the number of judged figures" 6 "$(jq .judged "$out")"
fb diff --format json dead.json behind.json
check "JSON: a figure that was not measured is null" valid diff "$out"
fb diff --format json base.json slower.json && cp "$out" first
fb diff --format json base.json slower.json
check "JSON: the output is reproducible" cmp "$out" first

# the names and the content of files are untrusted
invent $'\e[31m.json' 1 6 '.config."\u001b[31m" = "\u001b[32m"'
fb diff base.json $'\e[31m.json'
check_not "control characters of names and files are escaped" grep -q $'\e' "$out"

# invalid files
refused() {
    fb diff base.json "$2"
    exits "$1" 2
    same "$1: the reason" "firstbyte: $2: $3" "$(cat "$err")"
    same "$1: nothing is written" "" "$(cat "$out")"
}
bad() {
    invent bad.json 1 3 "if \$i == 1 then $2 else . end"
    refused "$1" bad.json "run 2 (line 2): $3"
}
range="is not a number from 0 to 1e18"
refused "no file" none.json "No such file or directory"
refused "a folder" . "Is a directory"
: >empty.json
refused "an empty file" empty.json "it contains no run"
printf '\n\n' >empty.json
refused "a file with blank lines" empty.json "it contains no run"
{ cat one.json; echo 'p99 1ms'; } >text.json
fb diff base.json text.json
exits "not JSON" 2
check "not JSON: the position is reported" \
    stderr_has "firstbyte: text.json: run 2: not JSON: line 2, column 1: "
{ cat one.json; head -c 100 one.json; } >torn.json
fb diff base.json torn.json
exits "a truncated file" 2
check "a truncated file: the position is reported" \
    stderr_has "torn.json: run 2: not JSON: line 2, column"
echo '[]' >list.json
refused "a list" list.json "run 1 (line 1): it is not a JSON object"
echo '{"a":1}' >list.json
refused "another object" list.json \
    'run 1 (line 1): it has no "schema": it is not the report of a run'
bad "another schema" '.schema = "firstbyte.fetch/1"' \
    'its schema is "firstbyte.fetch/1", not "firstbyte.bench/1"'
bad "a missing number" 'del(.totals.rps)' "totals.rps is missing"
bad "a text in place of a number" '.latency_us.p99 = "1ms"' "latency_us.p99 $range"
bad "a negative number" '.latency_us.mean = -1' "latency_us.mean $range"
bad "a number that is too large" '.client.cpu_sys_s = 1e300' "client.cpu_sys_s $range"
bad "a null in place of a number" '.totals.completed = null' "totals.completed $range"
bad "no latency" 'del(.latency_us)' "latency_us.p50 is missing"
bad "no statuses" 'del(.status)' "status is missing"
bad "an invalid count of a status" '.status."500" = true' "status has a count that $range"
bad "more statuses than responses" '.status."500" = 20000' \
    "status has more responses than totals.completed"
bad "no verdict" 'del(.client.verdict)' \
    'client.verdict is none of "ok", "saturated", "starved" and "suspended"'
bad "no config" 'del(.config)' "config is missing"
invent many.json 1 1001
refused "too many runs" many.json "over 1,000 runs"
truncate -s 65M huge.json
refused "a file that is too long" huge.json "over 64 MiB"

fb diff base.json
exits "one file" 2
check "one file: two are needed" stderr_has "needs two files or more"
fb diff --format csv base.json base.json
exits "--format csv is refused" 2
fb diff -o x base.json base.json
exits "-o is refused" 2
invent piped.json 1 6
fb diff base.json <(cat piped.json)
exits "a pipe" 0
