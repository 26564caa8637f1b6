#!/bin/bash
# The search for the knee against servers whose capacity is known from elsewhere: one that works on
# one request at a time, a limiter of nginx, one for which the connections are the limit.
. "$(dirname "$0")/lib.bash"
own_network

# knee ARGUMENT... : a search of short runs
knee() { fb bench --find-knee p99=50ms -d 400ms --format json "$@"; }
# within NAME LOW HIGH : the rate that was found
within() { check "$1: $(run .rate) is between $2 and $3" jq -e ".rate >= $2 and .rate <= $3" "$out"; }

# --- one request at a time ---

start one perl "$E2E/one_at_a_time.pl" "$HOME_ADDRESS:18111" 4
SERVER=$pid
until_true 10 listens 18111
one=http://$HOME_ADDRESS:18111/
# the truth, by a loop that is closed: what it does at most
capacity() { fb bench --format json -d 1s -c 1 "$one"; }
retry_busy capacity
most=$(run '.totals.rps | floor')
retry_busy knee -c 64 "$one"
exits "one at a time" 0
within "one at a time: 64 connections" $((most * 65 / 100)) $((most * 150 / 100))
check "one at a time: it is the server's limit" jq -e '.connections_limited == false' "$out"
check "one at a time: each try began on an idle server" jq -e 'all(.curve[]; .settled)' "$out"
check "one at a time: what missed was tried twice" jq -e '
    .curve | group_by(.rate) | all(.[]; any(.[]; .held) or length == 2)' "$out"
kill "$SERVER" && wait "$SERVER" 2>/dev/null

# --- a limiter that remembers ---

mkdir -p "$TMPDIR/www" && echo 0123456789 >"$TMPDIR/www/index.html" # limit_req comes too late for a `return`
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
exits "a limiter that delays" 0
within "a limiter that delays" 250 350
retry_busy knee -c 64 "http://$HOME_ADDRESS:18113/"
within "a limiter that refuses" 250 350

# --- no server ---

fb bench --find-knee p99=50ms -d 400ms "http://$HOME_ADDRESS:18119/"
exits "no server: exit status" 1
check "no server: says why" grep -qx 'The server gave no response: connect.refused, connection refused.' "$out"
knee "http://$HOME_ADDRESS:18119/"
check "no server in JSON" jq -e '.gave_up == "connect.refused" and .curve == [] and .rate == 0' "$out"
