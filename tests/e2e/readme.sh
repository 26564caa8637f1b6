#!/bin/bash
# The README is true: every command in it runs. A command is a line of a ```console block that begins
# with "$ "; those marked "# internet" or "# installs" are left to the reader. They run at the top of
# the tree, with firstbyte on the PATH; one that ends with a status of its own says so: "# exit 1".
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
    timeout -k 5 60 bash -c "$command" >"$out" 2>"$err" </dev/null
    status=$?
    exits "README: $command" "$wanted"
done < <(awk '/^ *```/ { inside = !inside && /console/; next } inside && /^ *\$ / {
    sub(/^ *\$ /, ""); print }' README.md)
check "README has commands" test $count -gt 0

# the tables: nothing that the program has is missing from them
documented() {
    local name=$1 word missing=
    while IFS= read -r word; do
        grep -qF -- "\`$word" README.md || missing+=" $word"
    done
    same "README has every $name" "" "$missing"
}
documented "error code" < <(sed -nE 's/.*, "([a-z]+\.[a-z_]+)".*/\1/p' http/error.h)
documented "fault" < <(sed -nE 's/^ +X\(FAULT_[A-Z_]+, "([^"]+)"\).*/\1/p' bench/play.h)
documented "key of sites.conf" < <(sed -nE 's/.*strcmp\(key, "([a-z-]+)"\).*/\1/p' cli/sites.c)
documented "field of a result" < <(jq -r '.properties | keys[]' tests/schema/fetch.json)
documented "phase" < <(jq -r '.properties.timings.properties | keys[]' tests/schema/fetch.json)
same "README has every option" "" "$(sed -nE 's/^    \{"([a-z-]+)", .*/--\1/p' cli/options.c |
    grep -v lifeline | while read -r option; do grep -qF -- "$option" README.md || echo "$option"; done)"
same "README has every field of the totals" "" "$(jq -r '.properties | keys[]' tests/schema/race.json |
    while read -r field; do grep -qF "\"$field\"" README.md || echo "$field"; done)"
