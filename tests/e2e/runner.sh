#!/bin/bash
# The test runner, with tests that pass, fail, crash, hang, and print nothing.
set -u
here=$(dirname "$0")
unset ASAN_OPTIONS UBSAN_OPTIONS

# fake NAME : a test program; standard input is its script
fake() {
    mkdir -p "$TMPDIR/t/unit" "$TMPDIR/b/tests/unit" "$TMPDIR/t/e2e"
    : >"$TMPDIR/t/unit/test_$1.c"
    { echo '#!/bin/bash'; cat; } >"$TMPDIR/b/tests/unit/test_$1"
    chmod +x "$TMPDIR/b/tests/unit/test_$1"
}

# expect NAME STATUS LAST-LINE TEXT PATTERN... : runs the fakes that match PATTERN
expect() {
    local name=$1 status=$2 last=$3 text=$4 got
    shift 4
    "$here/../run" -b "$TMPDIR/b" -d "$TMPDIR/t" -t 1 "$@" >"$TMPDIR/out" 2>&1
    got=$?
    if [ $got = "$status" ] && [ "$(tail -n 1 "$TMPDIR/out")" = "$last" ] &&
        grep -qF -- "$text" "$TMPDIR/out"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        echo "# status $got, wanted $status, and: $last, and: $text"
        sed 's/^/# /' "$TMPDIR/out"
    fi
}

fake pass <<'E'
echo 'ok 1 - one'; echo 'ok 2 - two'; echo 1..2
E
fake fail <<'E'
echo 'ok 1 - one'; echo 'not ok 2 - two'; echo 'the reason'; exit 1
E
fake crash <<'E'
echo 'ok 1 - one'; kill -SEGV $$
E
fake hang <<'E'
echo 'ok 1 - one'; sleep 100
E
fake stubborn <<'E'
trap '' TERM; echo 'ok 1 - one'; while :; do sleep 0.2; done
E
fake silent <<'E'
exit 0
E
fake short <<'E'
echo 1..3; echo 'ok 1 - one'
E
fake status <<'E'
echo 'ok 1 - one'; exit 7
E
fake skip <<'E'
echo 'ok 1 - one'; echo 'ok 2 - two # SKIP no IPv6 here'
E
fake allskip <<'E'
echo '1..0 # SKIP no network'
E
fake report <<'E'
log=${ASAN_OPTIONS##*log_path=}; echo 'heap-use-after-free' >"${log%%:*}.77"; echo 'ok 1 - one'
E
fake orphan <<'E'
setsid sleep 60 >/dev/null 2>&1 & echo 'ok 1 - one'
E
fake signals <<'E'
trap 'echo "ok 1 - interrupted"; exit 0' INT; kill -INT $$; echo 'not ok 1 - INT was ignored'
E
fake fresh <<'E'
[ -z "$(ls -A "$TMPDIR")" ] && : >"$TMPDIR/x" && echo 'ok - empty'
read -r line || echo 'ok - no input'
E
: >"$TMPDIR/t/unit/test_missing.c"
cat >"$TMPDIR/t/e2e/script.sh" <<'E'
case $FIRSTBYTE in
/*/b/firstbyte) echo "ok - path" ;;
*) echo "not ok - path" ;;
esac
E

expect "passing cases are counted" 0 "2 passed, 0 failed" "ok   unit/test_pass" test_pass
expect "a failed case is counted and shown" 1 "1 passed, 1 failed" "the reason" test_fail
expect "a crash is a failed case" 1 "1 passed, 1 failed" "ended by signal 11 (SEGV)" test_crash
expect "a timeout is a failed case" 1 "1 passed, 1 failed" "no end after 1 s" test_hang
expect "a test that ignores TERM is killed" 1 "1 passed, 1 failed" "no end after 1 s" stubborn
expect "a test without a case is a failed case" 1 "0 passed, 1 failed" "printed no case" silent
expect "fewer cases than planned are a failed case" 1 "1 passed, 1 failed" "ran 1 of 3 cases" \
    test_short
expect "a bad exit status is a failed case" 1 "1 passed, 1 failed" "exit status 7" test_status
expect "a skipped case is reported with its reason" 0 "1 passed, 0 failed, 1 skipped" \
    "no IPv6 here" test_skip
expect "a whole test can be skipped" 0 "0 passed, 0 failed, 1 skipped" "no network" allskip
expect "a sanitizer's report is a failed case" 1 "1 passed, 1 failed" "heap-use-after-free" report
expect "a process that the test did not end is a failed case" 1 "1 passed, 1 failed" "sleep 60" \
    orphan
expect "signals have their default action" 0 "1 passed, 0 failed" "" signals
expect "a fresh directory and no input" 0 "2 passed, 0 failed" "" fresh
expect "a missing test program is a failed case" 1 "0 passed, 1 failed" "printed no case" missing
expect "scripts have the path of the program" 0 "1 passed, 0 failed" "e2e/script" script
expect "several patterns, one total" 1 "3 passed, 1 failed" "failed: unit/test_fail" test_pass \
    test_fail
expect "nothing to run is a failure" 1 "0 passed, 0 failed" "no test to run" nosuchtest
