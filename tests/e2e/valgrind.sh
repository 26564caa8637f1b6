#!/bin/bash
# A rehearsed race with memcheck of valgrind: both halves and the origin.
. "$(dirname "$0")/lib.bash"
needs_memcheck

cd "$E2E/../.." || exit 1
# with valgrind the first handshake may take longer than the timeout of the list
sed 's/^default timeout=10s/default/' sites.conf | conf
memcheck "a rehearsed race" 0 race --rehearse -T 60s -f "$LIST"
same "a rehearsed race: all lines are printed" 19 "$(wc -l <"$out")"
memcheck "an invalid list" 2 fetch -f origin/faults.h
memcheck "an invalid list in a pipe" 1 fetch -f - < <(seq 3)
