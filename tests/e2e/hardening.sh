#!/bin/bash
# The program is built as Debian hardens its programs.
# shellcheck source=tests/e2e/lib.bash
source "$(dirname "$0")/lib.bash"

# commands VARIABLE=VALUE... : what would compile one file and link the program
commands() {
    env -u MAKEFLAGS -u MFLAGS -u CFLAGS -u CPPFLAGS -u LDFLAGS -u HARDEN -u HARDEN_LD \
        make -C "$E2E/../.." -n -B BUILD="$TMPDIR/b" "$@" \
        "$TMPDIR/b/obj/cli/main.o" "$TMPDIR/b/firstbyte" 2>/dev/null |
        grep -E -- ' -o [^ ]*(/obj/cli/main\.o|/firstbyte) '
}
in_commands() { [[ $2 == *"$1"* ]]; }

ours=$(commands) sanitized=$(commands SANITIZE=address) packager=$(commands HARDEN= HARDEN_LD=)
same "both commands are seen" "2 2 2" "$(wc -l <<<"$ours") $(wc -l <<<"$sanitized") $(wc -l <<<"$packager")"
for flag in -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE " -pie " -Wl,-z,relro -Wl,-z,now; do
    check "by default: $flag" in_commands "$flag" "$ours"
    check_not "not with sanitizers: $flag" in_commands "$flag" "$sanitized"
    check_not "not where a packager says so: $flag" in_commands "$flag" "$packager"
done
for flags in -O0 -g "-O2 -O0"; do
    made=$(commands "CFLAGS=$flags")
    check_not "nothing is fortified with $flags" in_commands _FORTIFY_SOURCE "$made"
    check "the rest stays with $flags" in_commands -fstack-protector-strong "$made"
done
made=$(commands CPPFLAGS=-D_FORTIFY_SOURCE=3)
check_not "a packager's level is the only one" in_commands _FORTIFY_SOURCE=2 "$made"
check "and is there" in_commands _FORTIFY_SOURCE=3 "$made"

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
