#!/bin/bash
# lib.bash: how a failed case is explained.
. "$(dirname "$0")/lib.bash"

printf 'no line end' >"$TMPDIR/first"
printf 'an escape: \033\n' >"$TMPDIR/second"
: >"$TMPDIR/empty"
same "each line of a file is a comment, also a last line without its end" \
    "# first:|#   no line end|# second:|#   an escape: ^[|" \
    "$(explain "$TMPDIR"/{first,empty,missing,second} | tr '\n' '|')"
