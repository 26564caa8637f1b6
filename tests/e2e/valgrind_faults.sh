#!/bin/bash
# All faults of the embedded origin with memcheck of valgrind.
. "$(dirname "$0")/lib.bash"
needs_memcheck

{
    echo 'default timeout=4s'
    sed -nE 's/^ +X\(FAULT_[A-Z_]+, "([^"]+)"\).*/\1/p' "$E2E/../../origin/faults.h" |
        grep -v body-endless | while read -r fault; do
        echo "http://$fault.example/ rehearse-fault=$fault rehearse-body=\"0123456789\""
        echo "https://$fault.example/ rehearse-fault=$fault rehearse-body=\"0123456789\""
    done
} | conf
memcheck "every fault" 1 fetch --rehearse -f "$LIST" --format json
check "every result fits the schema" valid fetch "$out"
same "each site has a result" "$(($(wc -l <"$LIST") - 1))" "$(wc -l <"$out")"

# the blocking half, without the faults that stall
grep -v -e stall -e drip "$LIST" | sed 's/4s/20s/' >"$TMPDIR/quick.conf"
memcheck "the other faults in the blocking half" 1 race --rehearse -f "$TMPDIR/quick.conf"
