#!/bin/bash
# valgrind's memcheck over the rehearsal's race: both halves, and the origin.
. "$(dirname "$0")/lib.bash"
needs_memcheck

cd "$E2E/../.." || exit 1
# under valgrind the first handshake may take longer than the list gives it
sed 's/^default timeout=10s/default/' sites.conf | conf
memcheck "the rehearsal's race" 0 race --rehearse -T 60s -f "$LIST"
same "all of it is there" 19 "$(wc -l <"$out")"
memcheck "a bad list" 2 fetch -f origin/faults.h
memcheck "a bad list in a pipe" 1 fetch -f - < <(seq 3)
