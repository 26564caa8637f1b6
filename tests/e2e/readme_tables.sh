#!/bin/bash
# The tables of docs/ have exactly the names of the program, which are read from the sources, the
# schemas and the help of the program. The outputs in README.md and docs/bench.md have the words of
# the program's output.
. "$(dirname "$0")/lib.bash"

top=$E2E/../..
cd "$top" || exit 1

# a search, which is interrupted after its first rate; its JSON is checked at the end
start search "$FIRSTBYTE" bench --find-knee p50=1us -d 10ms --format json
search=$pid

# the rows of the tables in a section, up to the next heading of the same or a higher level
rows_of() { # PAGE HEADING, as "## Keys"
    awk -v heading="$2" '/^##/ { level = length($1) }
        $0 == heading { inside = 1; own = level; next }
        /^##/ && level <= own { inside = 0 }
        inside && /^\| / && !/^\| --/' "docs/$1"
}
# the names between backticks in the first column of these rows
names_of() { rows_of "$@" | first_names; }
first_names() { sed -E 's/ \| .*//' | words_in_code | sort -u; }
# shellcheck disable=SC2016 # the backticks are Markdown's
words_in_code() { grep -ohE '`[^`]+`' "$@" | tr -d '`'; }
# exactly NAME WANTED GOT : the two lists are equal, and are not empty by mistake
exactly() {
    same "$1" "$(sort -u <<<"$2")" "$3"
    check "$1: more than three names" test "$(wc -l <<<"$2")" -gt 3
}
# mentioned NAME PAGE... : every word of standard input is between backticks or quotes in a page
mentioned() {
    local name=$1 word missing='' count=0
    shift
    while IFS= read -r word; do
        count=$((count + 1))
        grep -qE -- "[\`\" ]$word([\`\" =,]|\\\\?\|)" "${@/#/docs/}" || missing+=" $word"
    done
    same "$name" "" "$missing"
    check "$name: more than three names" test $count -gt 3
}
properties() { jq -r "$1 | keys[]" "tests/schema/$2.json"; }

# error codes, with their phases and whether they are retried
errors=$(tr -d '\\\n' <http/error.h |
    grep -oE 'X\(ERROR_[A-Z0-9_]+, [A-Z]+, *"[a-z]+", *"[a-z0-9]+\.[a-z0-9_]+"' |
    sed -E \
        's/X\([A-Z0-9_]+, ([A-Z]+), *"([a-z]+)", *"([^"]+)"/\3 \2 \1/
        s/TRANSIENT$/yes/; s/[A-Z]+$/no/
        s/^(timeout\.total) total/\1 any/')
exactly "errors.md has every error code, its phase and its retry" "$errors" "$(
    rows_of errors.md '## Error codes' | tr -d '`' |
        sed -nE 's/^\| ([a-z0-9_.]+) \| ([a-z]+) \| (yes|no) \| .*/\1 \2 \3/p' | sort -u)"
check "errors.md names output.closed" grep -qF "\`output.closed\`" docs/errors.md
exactly "errors.md has every exit status" "$(seq 0 6; echo 130)" "$(
    rows_of errors.md '## Exit statuses' | sed -nE 's/^\| ([0-9]+) .*/\1/p' | sort -u)"

# faults, and the errors that they cause
codes=$(cut -d' ' -f1 <<<"$errors")
faults=$(sed -nE 's/^ +X\(FAULT_[A-Z0-9_]+, "([^"]+)"\).*/\1/p' origin/faults.h | grep -vx none)
exactly "rehearsal.md has every fault" "$faults" \
    "$(names_of rehearsal.md '## Faults' | grep -vx rehearse-fault)"
same "the results of faults are error codes" "" "$(rows_of rehearsal.md '## Faults' |
    words_in_code | grep -E '^[a-z0-9]+\.[a-z_]+$' | grep -vxF -e "$codes")"

# keys of a list
keys=$(sed -nE -e 's/^ +\{"([a-z-]+)", set_.*/\1/p' \
    -e 's/^ +\{REHEARSE "([a-z0-9-]+)", set_.*/rehearse-\1/p' cli/list/settings.c)
exactly "sites.conf.md has every key" "$keys" \
    "$(names_of sites.conf.md '## Keys' | sed 's/=.*//' | sort)"

# options: every option has a row, and every name of an option on a page is an option
options=$(sed -nE "s/^ +\{\"([a-z0-9.-]+)\", *('.'|0|[A-Z]).*/--\1/p" cli/options/*.c |
    grep -vx -e --lifeline | sort -u)
options_in() { grep -oE -- '(^|[, ])--[a-z0-9.-]+' | tr -d ', ' | sort -u; }
options_of_rows() { cat "$@" | grep '^| .--*[a-zA-Z0-9]' | first_names | options_in; }
screen() { "$FIRSTBYTE" "$1" --help | options_in; }
exactly "fetch.md and bench.md have a row for every option" "$options" \
    "$(options_of_rows docs/fetch.md docs/bench.md)"
same "every option that a page names exists" "" "$(words_in_code README.md docs/*.md | options_in |
    grep -vxF -e "$options")"
same "fetch.md has a row for every option of fetch --help" "" \
    "$(screen fetch | grep -vxF -e "$(options_of_rows docs/fetch.md)")"
same "bench.md has a row for every option of bench --help" "" \
    "$(screen bench | grep -vxF -e "$(options_of_rows docs/bench.md)")"

# environment
mentioned "fetch.md has every environment variable" fetch.md < <(
    grep -rhoE 'getenv\("[A-Za-z_]+"\)' --include='*.c' base reactor dns tls http bench cli |
        cut -d'"' -f2 | sort -u
    printf '%s\n' http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY)

# fields of fetch and phases: every field is mentioned, and every row is a field
"$FIRSTBYTE" --fields help >"$TMPDIR/fields"
mentioned "results.md has every field of fetch" results.md < <(sed 's/.*\.//' "$TMPDIR/fields")
same "every row of fetch is a field" "" "$(names_of results.md '## Results of fetch' |
    grep -vxF -e "$(properties .properties fetch)
$(cat "$TMPDIR/fields")
tls.certificate")"
same "every field of the schema has a row" "" \
    "$(properties .properties fetch | grep -vxF -e "$(names_of results.md '## Results of fetch')")"
exactly "results.md has every phase" "$(properties .properties.timings.properties fetch)" \
    "$(names_of results.md '## Phases')"
exactly "results.md has every field of a race" "$(properties .properties race | grep -vx schema)" \
    "$(names_of results.md '## Totals of a race')"

# fields of bench
report=$(rows_of results.md '## Results of bench' | sed -n '/^| .schema. /,/^| .intervals. /p')
exactly "results.md has every field of bench" "$(properties .properties bench)" \
    "$(first_names <<<"$report")"
for section in config totals client; do
    exactly "results.md has every field of $section" \
        "$(properties ".properties.$section.properties" bench)" \
        "$(names_of results.md "### ${section^}" | grep -vx "$section")"
done
exactly "results.md has every field of an address" \
    "$(properties .properties.addresses.items.properties bench)" \
    "$(names_of results.md '### Addresses')"
exactly "results.md has every column of the intervals" \
    "$(properties '.. | .intervals? // empty | .items | .properties // empty' bench)" \
    "$(names_of results.md '## Intervals of bench')"
mentioned "results.md has every field of a load" results.md \
    < <(jq -r '[.. | .properties? // empty | keys[]] | unique[]' tests/schema/bench.json)
mentioned "results.md has every field of diff" results.md \
    < <(jq -r '[.. | .properties? // empty | keys[]] | unique[]' tests/schema/diff.json)

# fields of a search
until_true 60 grep -q '^ *[0-9]' "$TMPDIR/search.err"
kill "$search" && wait "$search"
check "the report of a search fits its schema" valid knee "$TMPDIR/search.out"
fields=$(jq -r '[.. | .properties? // empty | keys[]] | unique[]' tests/schema/knee.json)
mentioned "results.md has every field of a search" results.md <<<"$fields"
exactly "results.md has every schema" "$(jq -r '.properties.schema.const + " " + input_filename' \
    tests/schema/*.json)" "$(sed -nE \
    's/^\| `(firstbyte\.[a-z]+\/1)` \| `(tests\/schema\/[a-z]+\.json)` \|$/\1 \2/p' \
    docs/results.md | sort -u)"
same "every row of a search is a field" "" \
    "$(names_of results.md '## Results of a knee search' | grep -vxF -e "$fields")"

comparisons=$(sed -n 's/^ALL="\(.*\)"/\1/p' bench/compare.sh | xargs -n1)
exactly "measurements.md has every comparison" "$comparisons" \
    "$(names_of measurements.md '## How to measure')"

# the outputs on the pages have the words of the program; numbers differ
numbers_out() { sed -E 's/[0-9][0-9.,:]*/N/g'; }
lines_of_race() { grep -E '^(Running|Synchronous|Asynchronous|[0-9.]+x )' "$1" | numbers_out; }
notes_of_report() { sed -n '/^  corrected:/,/^$/p' "$1" | numbers_out; }
headings_of_report() { grep -oE '^[A-Z][a-z]+( [a-z]+)?  +' "$1" | sort -u; }
# enough sites and delay for "faster" on a busy machine
printf 'http://%s.example/ rehearse-delay=200ms\n' one two three four | conf
fb race --rehearse -f "$LIST"
same "README.md shows the lines of a race" "$(lines_of_race "$out")" "$(lines_of_race README.md)"
fb bench --report full -R 2000 -d 100ms --slo p99=10s --kernel-time all
notes=$(notes_of_report docs/bench.md)
same "bench.md shows notes of the report" "" "$(grep -vxF "$(notes_of_report "$out")" <<<"$notes")"
check "bench.md shows more than two notes" test "$(wc -l <<<"$notes")" -gt 2
same "bench.md shows every row of the report" "" \
    "$(headings_of_report "$out" | grep -vxF "$(headings_of_report docs/bench.md)")"
