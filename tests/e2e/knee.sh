#!/bin/bash
# The knee search with servers of known capacity: a server that handles one request at a time, and
# two rate limits of nginx.
. "$(dirname "$0")/lib.bash"
own_network

# knee ARGUMENT... : a search of short runs
knee() { fb bench --find-knee p99=50ms -d 400ms --format json "$@"; }
# within NAME LOW HIGH : the rate that was found
within() { check "$1: $(run .rate) is between $2 and $3" jq -e ".rate >= $2 and .rate <= $3" \
    "$out"; }

# --- one request at a time ---

start one perl "$E2E/one_at_a_time.pl" "$HOME_ADDRESS:18111" 4
SERVER=$pid
until_true 10 listens 18111
one=http://$HOME_ADDRESS:18111/
# the capacity, measured with a closed loop
capacity() { fb bench --format json -d 1s -c 1 "$one"; }
retry_busy capacity
rate=$(run '.totals.rps | floor')
retry_busy knee -c 64 "$one"
exits "one at a time" 0
check "one at a time: the report fits its schema" valid knee "$out"
within "one at a time: 64 connections" $((rate * 65 / 100)) $((rate * 150 / 100))
check "one at a time: the connections are not the limit" jq -e '.connections_limited == false' \
    "$out"
check "one at a time: the server was idle before each try" jq -e 'all(.curve[]; .settled)' "$out"
check "one at a time: each rate that did not hold was tried twice" jq -e '
    .curve | group_by(.rate) | all(.[]; any(.[]; .held) or length == 2)' "$out"
kill "$SERVER" && wait "$SERVER" 2>/dev/null

# --- rate limits ---

# a file, because nginx does not apply limit_req to `return`
mkdir -p "$TMPDIR/www" && echo 0123456789 >"$TMPDIR/www/index.html"
start_nginx 18112 18113 <<'N'
limit_req_zone $server_port zone=all:1m rate=300r/s;
server {
    listen @:18112;
    keepalive_requests 1000000;
    location / { limit_req zone=all burst=10000; }
}
server {
    listen @:18113;
    keepalive_requests 1000000;
    location / { limit_req zone=all burst=10 nodelay; }
}
N
retry_busy knee -c 500 "http://$HOME_ADDRESS:18112/"
exits "a rate limit that delays" 0
within "a rate limit that delays" 250 350
retry_busy knee -c 64 "http://$HOME_ADDRESS:18113/"
within "a rate limit that refuses" 250 350

# --- no server ---

fb bench --find-knee p99=50ms -d 400ms "http://$HOME_ADDRESS:18119/"
exits "no server: exit status" 1
same "no server: the reason is reported" \
    "The server gave no response: connect.refused, connection refused." "$(xargs <"$out")"
    grep -qx 'The server gave no response: connect.refused, connection refused.' "$out"
knee "http://$HOME_ADDRESS:18119/"
check "no server: the report fits its schema" valid knee "$out"
check "no server in JSON" jq -e '.gave_up == "connect.refused" and .curve == [] and .rate == 0' \
    "$out"
