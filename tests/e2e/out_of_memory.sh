#!/bin/bash
# Out of memory at many places: the program prints its message and ends with exit status 3, without
# a signal and without wrong results.
. "$(dirname "$0")/lib.bash"

if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "out of memory" "the sanitizer needs more memory than any limit"
    exit 0
fi

# limited KIB ARGUMENT... : runs fb with a limit of its address space
limited() {
    local kib=$1
    shift
    (ulimit -v "$kib" && exec timeout -k 5 60 "$FIRSTBYTE" "$@") >"$out" 2>"$err"
    status=$?
}
# the smallest limit with which the libraries can be loaded
least=4000
for step in 4096 512 64; do
    until limited $least --version && [ $status = 0 ]; do least=$((least + step)); done
    least=$((least - step))
done

# sweep NAME WANTED ARGUMENT... : runs the command with increasing limits, in steps of STEP KiB.
# Each run has one of the exit statuses WANTED and correct results, or is out of memory. Both must
# occur.
sweep() {
    local name=$1 wanted=$2 kib bad="" enough=0 seen=0
    shift 2
    for ((kib = least; enough < 3 && kib < least + 40000; kib += ${STEP:-150})); do
        limited $kib "$@"
        if [[ " $wanted " == *" $status "* ]]; then
            enough=$((enough + 1))
            correct || bad+=" $kib: wrong results;"
            continue
        fi
        enough=0
        # the dynamic loader has too little memory; this run needs more libraries than --version
        [ $status != 127 ] || continue
        if [ $status = 3 ] && stderr_has "firstbyte: "; then
            ! stderr_has "firstbyte: out of memory" || seen=$((seen + 1))
            kept || bad+=" $kib: the reported file is empty;"
        else
            bad+=" $kib: $status $(head -n 1 "$err");"
        fi
    done
    same "$name" "" "$bad"
    check "$name: some runs are out of memory" test $seen -gt 0
    check "$name: some runs have enough memory" test $enough = 3
}
# kept : if the program has reported a file with its results, the file is not empty
kept() {
    local file
    file=$(sed -n 's/^firstbyte: the results are in //p' "$err")
    [ -z "$file" ] || [ -s "$file" ]
}
correct() { :; }

limited $((least + 64)) --version
same "the smallest limit: exit status" 0 $status
type='rehearse-header="Content-Type: text/html; charset=gbk"'
conf <<C
https://gbk.example/ $type rehearse-body="\xc4\xe3\xba\xc3"
https://xn--bcher-kva.example/ rehearse-body="plain"
http://moved.example/ rehearse-status=302 rehearse-header="Location: https://gbk.example/"
C
correct() { grep -q '"snippet":"你好"' "$out"; }
# iconv fails to load its module only with limits in a range of a few KiB
head -n 1 "$LIST" >"$TMPDIR/one"
STEP=25 sweep "a character set" 0 fetch --rehearse --format json -f "$TMPDIR/one"
for ((i = 0; i < 60; i++)); do echo "https://site$i.example/ rehearse-body=plain"; done >>"$LIST"
correct() {
    [ "$(grep -c '"snippet":"你好"' "$TMPDIR/results")" = 2 ] &&
        [ "$(grep -c '"snippet":"plain"' "$TMPDIR/results")" = 61 ]
}
sweep "fetch" 0 fetch --rehearse -f "$LIST" --format json -o "$TMPDIR/results" -c 64
correct() { grep -q '^Asynchronous' "$out"; }
sweep "race" 0 race --rehearse -f "$LIST"
correct() { grep -q '"completed":100,' "$out"; }
sweep "a load" "0 5" bench -k --rehearse -c 8 -n 100 --format json https://x.example/
sweep "processes" "0 5" bench -k --rehearse -c 8 -n 100 --procs 2 --format json https://x.example/
fb bench -d 50ms -R 100 --repeat 20 -q --format json -o "$TMPDIR/runs.json"
correct() { grep -q 'no difference shown' "$out"; }
sweep "a comparison" 0 diff "$TMPDIR/runs.json" "$TMPDIR/runs.json"
