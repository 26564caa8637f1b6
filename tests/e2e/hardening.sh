#!/bin/bash
# The program is built with the hardening flags of Debian.
# shellcheck source=tests/e2e/lib.bash
source "$(dirname "$0")/lib.bash"

# commands VARIABLE=VALUE... : prints the commands that compile one file and link the program
commands() {
    env -u MAKEFLAGS -u MFLAGS -u CFLAGS -u CPPFLAGS -u LDFLAGS -u HARDEN -u HARDEN_LD \
        make -C "$E2E/../.." -n -B BUILD="$TMPDIR/b" "$@" \
        "$TMPDIR/b/obj/cli/main.o" "$TMPDIR/b/firstbyte" 2>/dev/null |
        grep -E -- ' -o [^ ]*(/obj/cli/main\.o|/firstbyte) '
}
in_commands() { [[ $2 == *"$1"* ]]; }

default=$(commands) sanitized=$(commands SANITIZE=address) packager=$(commands HARDEN= HARDEN_LD=)
same "each build has both commands" "2 2 2" "$(wc -l <<<"$default") $(wc -l <<<"$sanitized") $(wc \
    -l <<<"$packager")"
for flag in -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE " -pie " -Wl,-z,relro -Wl,-z,now; do
    check "by default: $flag" in_commands "$flag" "$default"
    check_not "not with sanitizers: $flag" in_commands "$flag" "$sanitized"
    check_not "not with empty HARDEN and HARDEN_LD: $flag" in_commands "$flag" "$packager"
done
for flags in -O0 -g "-O2 -O0"; do
    made=$(commands "CFLAGS=$flags")
    check_not "no FORTIFY with $flags" in_commands _FORTIFY_SOURCE "$made"
    check "the other flags with $flags" in_commands -fstack-protector-strong "$made"
done
made=$(commands CPPFLAGS=-D_FORTIFY_SOURCE=3)
check_not "another level of FORTIFY replaces the default" in_commands _FORTIFY_SOURCE=2 "$made"
check "another level of FORTIFY is used" in_commands _FORTIFY_SOURCE=3 "$made"

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
