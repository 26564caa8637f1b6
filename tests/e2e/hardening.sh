#!/bin/bash
# The program is built as Debian hardens its programs.
# shellcheck source=tests/e2e/lib.bash
source "$(dirname "$0")/lib.bash"

if [ -n "${FIRSTBYTE_SANITIZED-}" ]; then
    skip "hardening flags" "a build with sanitizers does not use them"
    exit
fi

readelf -W -h -l -d --dyn-syms "$FIRSTBYTE" >"$TMPDIR/elf" 2>&1
has() { grep -qE -- "$1" "$TMPDIR/elf"; }
check "a position-independent executable" has 'Type: +DYN'
check "relocations are read-only" has 'GNU_RELRO'
check "all symbols are bound at start" has 'FLAGS_1.*NOW'
check "stack protector" has '__stack_chk_fail'
check "calls of the C library are fortified" has '__(memcpy|snprintf|vsnprintf|fprintf)_chk'
check_not "no executable stack" has 'GNU_STACK.* RWE '
