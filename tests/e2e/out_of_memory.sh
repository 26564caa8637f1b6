#!/bin/bash
# Out of memory, wherever it happens: the program's sentence and exit status 3, no signal, no result
# that is wrong for it.
. "$(dirname "$0")/lib.bash"

if [ "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "out of memory" "the sanitizer's own memory is over any limit"
    exit 0
fi

# limited KIB ARGUMENT... : fb with so much address space
limited() {
    local kib=$1
    shift
    (ulimit -v "$kib" && exec timeout -k 5 60 "$FIRSTBYTE" "$@") >"$out" 2>"$err"
    status=$?
}
# what the program needs to begin with: less, and its libraries have no room
least=4000
for step in 4096 512 64; do
    until limited $least --version && [ $status = 0 ]; do least=$((least + step)); done
    least=$((least - step))
done

# sweep NAME WANTED ARGUMENT... : at many limits the run is as it should be (WANTED: its exit statuses), or out
# of memory, which happens at some; STEP in KiB
sweep() {
    local name=$1 wanted=$2 kib bad="" enough=0 seen=0
    shift 2
    for ((kib = least; enough < 3 && kib < least + 40000; kib += ${STEP:-150})); do
        limited $kib "$@"
        if [[ " $wanted " == *" $status "* ]]; then
            enough=$((enough + 1))
            right || bad+=" $kib: wrong results;"
            continue
        fi
        enough=0
        # the libraries need more than --version does: the dynamic loader's or the kernel's refusal
        [ $status != 127 ] || continue
        if [ $status = 3 ] && stderr_has "firstbyte: "; then
            ! stderr_has "firstbyte: out of memory" || seen=$((seen + 1))
            kept || bad+=" $kib: nothing is kept where it is said;"
        else
            bad+=" $kib: $status $(head -n 1 "$err");"
        fi
    done
    same "$name" "" "$bad"
    check "$name: it was out of memory at times" test $seen -gt 0
    check "$name: in the end it has enough" test $enough = 3
}
kept() {
    local file
    file=$(sed -n 's/^firstbyte: the results are in //p' "$err")
    [ -z "$file" ] || [ -s "$file" ]
}
right() { :; }

limited $((least + 64)) --version
same "the least that will do" 0 $status
conf <<'C'
https://gbk.example/ rehearse-header="Content-Type: text/html; charset=gbk" rehearse-body="\xc4\xe3\xba\xc3"
https://xn--bcher-kva.example/ rehearse-body="plain"
http://moved.example/ rehearse-status=302 rehearse-header="Location: https://gbk.example/"
C
right() { grep -q '"snippet":"你好"' "$out"; }
# iconv finds no memory for its module within a few KiB only
head -n 1 "$LIST" >"$TMPDIR/one"
STEP=25 sweep "a character set" 0 fetch --rehearse --format json -f "$TMPDIR/one"
for ((i = 0; i < 60; i++)); do echo "https://site$i.example/ rehearse-body=plain"; done >>"$LIST"
right() {
    [ "$(grep -c '"snippet":"你好"' "$TMPDIR/results")" = 2 ] && [ "$(grep -c '"snippet":"plain"' "$TMPDIR/results")" = 61 ]
}
sweep "fetch" 0 fetch --rehearse -f "$LIST" --format json -o "$TMPDIR/results" -c 64
right() { grep -q '^Asynchronous' "$out"; }
sweep "race" 0 race --rehearse -f "$LIST"
right() { grep -q '"completed":100,' "$out"; }
sweep "a load" "0 5" bench -k --rehearse -c 8 -n 100 --format json https://x.example/
sweep "processes" "0 5" bench -k --rehearse -c 8 -n 100 --procs 2 --format json https://x.example/
fb bench -d 50ms -R 100 --repeat 20 -q --format json -o "$TMPDIR/runs.json"
right() { grep -q 'no difference shown' "$out"; }
sweep "a comparison" 0 diff "$TMPDIR/runs.json" "$TMPDIR/runs.json"
