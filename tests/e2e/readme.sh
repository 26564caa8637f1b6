#!/bin/bash
# The README is true: every command in it runs. A command is a line of a ```console block that begins
# with "$ "; those marked "# internet" or "# installs" are left to the reader. They run at the top of
# the tree, with firstbyte on the PATH; one that ends with a status of its own says so: "# exit 1".
# A load on "# your server" is one on the embedded origin here, for a fifth of a second. What a load came to
# is not looked at, for other tests take its core: statuses 4, 5 and 6 say that it was measured.
. "$(dirname "$0")/lib.bash"

top=$E2E/../..
if [ ! -e "$top/README.md" ]; then
    fail "there is a README.md"
    exit 1
fi
mkdir "$TMPDIR/bin" "$TMPDIR/tree"
ln -s "$FIRSTBYTE" "$TMPDIR/bin/firstbyte"
PATH=$TMPDIR/bin:$PATH
# a copy, so that a command that writes harms nothing; build/firstbyte is the program under test
(cd "$top" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$TMPDIR/tree"
mkdir "$TMPDIR/tree/build"
ln -s "$FIRSTBYTE" "$TMPDIR/tree/build/firstbyte"
cd "$TMPDIR/tree" || exit 1

count=0
while IFS= read -r command; do
    count=$((count + 1))
    [[ $command =~ \#\ *(internet|installs) ]] && continue
    wanted=0
    [[ $command =~ \#\ *exit\ ([0-9]+) ]] && wanted=${BASH_REMATCH[1]}
    run=$command
    [[ $command =~ \#\ *your\ server ]] &&
        run=$(sed -E 's/ -d [0-9]+s / /; s/firstbyte bench/& --rehearse -c 4 -d 200ms/' <<<"$command")
    timeout -k 5 60 bash -c "$run" >"$out" 2>"$err" </dev/null
    status=$?
    [[ $command =~ firstbyte\ (bench|diff)\  && $status =~ ^[456]$ ]] && status=0
    exits "README: $command" "$wanted"
done < <(awk '/^ *```/ { inside = !inside && /console/; next } inside && /^ *\$ / {
    sub(/^ *\$ /, ""); print }' README.md)
check "README has commands" test $count -gt 0

# the tables: what the program has, by names between backticks or quotes, and nothing else
documented() {
    local name=$1 word lead missing= count=0
    while IFS= read -r word; do
        count=$((count + 1))
        [[ $word == --* ]] && lead='[` ]' || lead='[`"]'
        grep -qE -- "$lead$word([\`\" =,]|\|)" README.md || missing+=" $word"
    done
    same "README has every $name" "" "$missing"
    check "there are such: $name" test $count -gt 3
}
# words that a section has in the first column, or in all, of its tables: HEADING [all]
words_of() {
    awk -v heading="### $1" -v all="${2-}" '/^##/ { inside = $0 == heading; next }
        inside && /^\| `/ { split($0, cell, / \| /); print all ? $0 : cell[1] }' README.md |
        grep -oE '`[^`]+`' | tr -d '`'
}
codes=$(sed -nE 's/.*, "([a-z]+\.[a-z_]+)".*/\1/p' http/error.h)
faults=$(sed -nE 's/^ +X\(FAULT_[A-Z_]+, "([^"]+)"\).*/\1/p' origin/faults.h)
keys=$(sed -nE 's/^ +\{"([a-z-]+)", set_.*/\1/p; s/^ +\{REHEARSE "([a-z-]+)", set_.*/rehearse-\1/p' cli/list/settings.c)
"$FIRSTBYTE" --fields help >"$TMPDIR/fields"
documented "error code" <<<"$codes"
documented "fault" < <(grep -v none <<<"$faults")
documented "key of sites.conf" <<<"$keys"
documented "field of a result" < <(sed 's/.*\.//' "$TMPDIR/fields")
documented "phase" < <(jq -r '.properties.timings.properties | keys[]' tests/schema/fetch.json)
documented "field of a load" < <(jq -r '[.. | .properties? // empty | keys[]] | unique[]' tests/schema/bench.json)
documented "option" < <(sed -nE 's/^    \{"([a-z0-9-]+)", .*/--\1/p' cli/options/options.c | grep -v lifeline)
documented "field of the totals" < <(jq -r '.properties | keys[]' tests/schema/race.json)
same "README's error codes are those there are" "output.closed
$(sort <<<"$codes")" "$(words_of Errors | sort -u | sed '/^output\.closed$/d; 1ioutput.closed')"
same "its faults" "$(grep -v none <<<"$faults" | sort)" \
    "$(words_of Rehearsal | grep -vx rehearse-fault | sort)"
same "what they come to is an error code" "" \
    "$(words_of Rehearsal all | grep -E '^[a-z]+\.[a-z_]+$' | grep -vxF "$codes")"
same "its keys" "$(sort <<<"$keys")" "$(words_of sites.conf | sed 's/=.*//' | sort)"
same "its fields and phases" "" \
    "$(words_of Results | sed 's/^/./' | grep -vxFf <(sed 's/^/./; p; s/.*\././' "$TMPDIR/fields"))"
same "its fields of a load" "$(jq -r '.properties | keys[]' tests/schema/bench.json)" \
    "$(words_of 'Results of bench' | sort)"
same "its comparisons" "$(sed -n 's/^ALL="\(.*\)"/\1/p' bench/compare.sh | xargs -n1)" \
    "$(words_of 'Beside other programs')"
same "its options" "" "$(grep -oE '`[^`]*`' README.md | grep -oE -- '(^`|[ ,])--[a-z0-9-]+' | tr -d '`, ' | sort -u |
    while read -r option; do grep -qF "{\"${option#--}\"," cli/options/options.c || echo "$option"; done)"
