#!/bin/bash
# `make bench`: compares firstbyte with other programs. Each comparison is a file in compare/ with
# one function; it prints a table and writes build/bench/NAME.json and NAME.svg. Programs that are
# not installed are skipped with a message; `make bench-deps` installs all. Exit status: 0, or 1 if
# a run failed. No result is asserted here.
#
#   FIRSTBYTE=build/firstbyte   the program
#   PEERS=build/peers           folder of the built peers; missing ones are built
#   ROUNDS=3                    runs of each subject; subjects alternate within a round
#   LOAD_S=2                    seconds of one run of load and open
#   ONLY="race fetch ..."       comparisons to run
#
# All traffic is on loopback. The client is pinned to one core, the server to another. CPU seconds
# are user and system time of the client; on loopback they include the server's TCP work that the
# kernel does while the client sends. With ROUNDS=21 the medians are stable; that takes almost an
# hour.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 3

BUILD=${BUILD:-build}
FIRSTBYTE=${FIRSTBYTE:-$BUILD/firstbyte}
PEERS=${PEERS:-$BUILD/peers}
ROUNDS=${ROUNDS:-3}
LOAD_S=${LOAD_S:-2}
ALL="race fetch calls load stall open held http2"
ONLY=${ONLY:-$ALL}
# shellcheck disable=SC2034 # lib.bash uses it
LIMIT_S=180 # for one run
OUT=$BUILD/bench

for file in lib nginx server race fetch calls tools load stall open held http2; do
    # shellcheck source=/dev/null
    . "bench/compare/$file.bash"
done

dir=$(mktemp -d) || exit 3
failed=0
# shellcheck disable=SC2317 # the trap reaches it
at_exit() {
    server_stop
    h2_stop
    rm -rf "$dir"
}
trap at_exit EXIT
trap 'exit 130' INT TERM

[ -x "$FIRSTBYTE" ] || { echo "no $FIRSTBYTE: run make first" >&2; exit 3; }
has jq || { echo "jq is missing; it reads the output of the tools (Debian: jq)" >&2; exit 3; }
mkdir -p "$OUT" || exit 3
for comparison in $ONLY; do
    case " $ALL " in
    *" $comparison "*) ;;
    *) echo "no such comparison: $comparison; comparisons: $ALL" >&2; exit 2 ;;
    esac
done
for comparison in $ONLY; do
    "compare_$comparison"
    write_json "$comparison"
done
exit "$failed"
