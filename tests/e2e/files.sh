#!/bin/bash
# A run does not write files that it reads, also under other names; unrelated files do not change.
. "$(dirname "$0")/lib.bash"

cd "$TMPDIR" || exit 1
mkdir folder
cd folder || exit 1
# fresh : a list, other names of it, and unrelated files with names like those of temporary files
fresh() {
    local other
    rm -rf -- ./* "$TMPDIR/folder.sum"
    echo 'http://a.example/' >list
    ln list hard
    ln -s list soft
    ln -s missing dangling
    for other in results.part results.tmp state.tmp state.part log.part; do
        echo 'http://mine.example/' >$other
    done
    md5sum -- list *.part *.tmp >"$TMPDIR/folder.sum"
}
untouched() { md5sum --quiet -c "$TMPDIR/folder.sum"; }
# refused NAME WORDS ARGUMENT... : exit status 2, and no file is written
refused() {
    local name=$1 words=$2
    shift 2
    fresh
    fb "$@"
    exits "$name" 2
    check "$name: it is reported" stderr_has "$words"
    check "$name: no file is changed" untouched
    same "$name: no file is created" 9 "$(find . -mindepth 1 | wc -l)"
}
read_already() { echo "already read by this run ($1); give another name"; }

for name in list ./list ../folder/list hard soft; do
    refused "the list as the output: $name" "--output $name: $(read_already '--file list')" \
        --rehearse -f list -o $name
    refused "the list as the output, appended: $name" \
        "--output $name: $(read_already '--file list')" \
        --rehearse -f list --append -o $name
    refused "the list as the state: $name" "--resume $name: $(read_already '--file list')" \
        --rehearse -f list --resume $name
    refused "the targets as the log: $name" "--hlog $name: $(read_already '--file list')" \
        bench --rehearse -n 5 -f list --hlog $name
    refused "the targets as the report: $name" "--output $name: $(read_already '--file list')" \
        bench --rehearse -n 5 -f list -o $name
done
refused "the state as the output" "--output state: $(read_already '--resume state')" \
    --rehearse -f list --resume state -o state
refused "the state as the output, by a link to a missing file" \
    "--output missing: $(read_already '--resume dangling')" \
    --rehearse -f list --resume dangling -o missing
refused "the log as the report" "--hlog log: already written by this run (--output ./log)" \
    bench --rehearse -n 5 --hlog log -o ./log
refused "data as the output" "--output soft: $(read_already '--data @list')" \
    --rehearse --data @list -o soft http://a.example/
refused "authorities as the output" "--output hard: $(read_already '--cacert list')" \
    --cacert list -o hard http://a.example/
refused "a key as the output" "--output list: $(read_already '--key soft')" \
    --cert results.tmp --key soft -o list http://a.example/

# the list as a standard stream
fresh
timeout 60 "$FIRSTBYTE" --rehearse -f list >>hard 2>"$err"
status=$?
exits "the list as standard output" 2
check "the list as standard output: it is reported" \
    stderr_has "standard output: $(read_already '--file list')"
timeout 60 "$FIRSTBYTE" --rehearse -f list 2>>soft
status=$?
exits "the list as standard error" 2
timeout 60 "$FIRSTBYTE" --rehearse -f - -o hard <list 2>"$err"
status=$?
exits "standard input as the output" 2
check "standard input as the output: it is reported" \
    stderr_has "--output hard: $(read_already '--file -')"
# the shell has connected standard error to the list
fresh
fb bench -q -R 100 -n 5 --format json --repeat 5 -o results
cp results again
timeout 60 "$FIRSTBYTE" diff results again >>again 2>"$err"
status=$?
exits "a comparison appended to its own file" 2
check "a comparison appended to its own file: it is reported" \
    stderr_has "standard output: $(read_already again)"
check "a comparison appended to its own file: the file is not changed" cmp results again
SSLKEYLOGFILE=list fb --rehearse -f list
exits "a list as the key log" 2
check "a list as the key log: it is reported" \
    stderr_has "SSLKEYLOGFILE=list: $(read_already '--file list')"

# names that look like temporary files are allowed
allowed() {
    local name=$1 wanted=$2
    shift 2
    fresh
    fb "$@"
    exits "$name" "$wanted"
    check "$name: unrelated files are not changed" untouched
}
allowed "a list called FILE.part" 0 --rehearse -f results.part -o results
same "a list called FILE.part: the results" 1 "$(grep -c mine.example results)"
allowed "a list called STATE.tmp" 0 --rehearse -f state.tmp --resume state
check "a list called STATE.tmp: the state" grep -q ' end ~' state
allowed "a list, a state and results with such names" 0 --rehearse -f results.tmp --resume results \
    -o state
fresh
retry_busy fb bench -q -R 100 -n 5 -o results
check "a file called REPORT.part: the report" grep -q ' 5 completed' results
check "a file called REPORT.part is not changed" untouched
fresh
fb --rehearse -f list --resume state -o state.tmp
same "results called STATE.tmp" "0 1" "$status $(grep -c a.example state.tmp)"
check "results called STATE.tmp: the state" grep -q ' end ~' state
check "results called STATE.tmp: the list is not changed" md5sum --quiet \
    -c <(grep -E ' list$' "$TMPDIR/folder.sum")

# the state file keeps its permissions
fresh
fb --rehearse -f list --resume state
chmod 600 state
echo http://b.example/ >>list
fb --rehearse -f list --resume state
same "the mode of the state file" "0 600" "$status $(stat -c %a state)"

# a folder without write permission
if [ "$(id -u)" != 0 ]; then
    fresh
    echo old >results
    chmod 500 .
    fb --rehearse -f list -o results
    chmod 700 .
    exits "a folder without write permission" 3
    check "a folder without write permission: a remedy is reported" \
        stderr_has "--append writes into it"
    same "a folder without write permission: the old results are kept" old "$(cat results)"
else
    skip "a folder without write permission" "root can write to all folders"
fi
