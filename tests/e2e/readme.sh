#!/bin/bash
# Runs every command of README.md and docs/. A command is a line of a ```console block that begins
# with "$ ", and the lines that a backslash or a here-document adds to it. The pages run at the same
# time, each in its own folder with sites.conf and build/firstbyte; firstbyte is in the PATH.
#
#   # exit N                   the exit status that is expected instead of 0
#   # internet                 the command is not run; the same for "# installs" and "# slow"
#   make TARGET                the command is not run, but the target has to exist
#   http://127.0.0.1:8080/     nginx, which listens on 8080, 8081 and, with TLS, on 8443
#
# To limit the time, lists have 100 lines, a load takes 200 ms, and a knee search is ended after two
# seconds. Exit statuses 4, 5 and 6 of a load are accepted, because other tests use the same cores.
# From docs/internals/ and CONTRIBUTING.md, only commands that begin with firstbyte or
# build/firstbyte are run.
. "$(dirname "$0")/lib.bash"

top=$(realpath "$E2E/../..")
mkdir "$TMPDIR/bin"
ln -s "$FIRSTBYTE" "$TMPDIR/bin/firstbyte"
PATH=$TMPDIR/bin:$PATH

make_authority
make_certificate server "IP:$HOME_ADDRESS"
start_nginx 8080 8081 8443 <<'N'
keepalive_requests 1000000;
server {
    listen @:8080;
    listen @:8081;
    listen @:8443 ssl;
    ssl_certificate DIR/server.pem;
    ssl_certificate_key DIR/server.key;
    location / { return 200 "a page"; }
}
N

# commands_of PAGE : its commands, each followed by the control character RS
commands_of() {
    awk 'function done() { if (command != "") printf "%s\036", command; command = "" }
        /^ *```/ { done(); inside = !inside && /```console/; next }
        !inside { next }
        end != "" { command = command "\n" $0; if ($0 == end) end = ""; next }
        more { command = command "\n" $0; more = /\\$/; next }
        { done() }
        sub(/^ *\$ /, "") {
            command = $0
            more = /\\$/
            if (match($0, /<<.?[A-Z]+/)) {
                end = substr($0, RSTART + 2, RLENGTH - 2)
                sub(/^[^A-Z]/, "", end)
            }
        }' "$1"
}

# duration of each load; with sanitizers, a handshake for each request takes longer
run_time=200ms
[ -z "${FIRSTBYTE_SANITIZED-}" ] || run_time=700ms

# --foreground: one signal; a second one may stop the sanitizer's search for leaks at the end
search="timeout --foreground 2 firstbyte bench --find-knee"

# adapted COMMAND : the command with the limits and addresses of this test
adapted() {
    local command=${1//127.0.0.1:8/$HOME_ADDRESS:8}

    [[ $command != seq\ * ]] || command=$(sed -E 's/ [0-9]{3,} >list/ 100 >list/' <<<"$command")
    command=${command/firstbyte bench --find-knee/$search}
    if [[ $command == *"firstbyte bench"* ]]; then
        [[ $command =~ \ -d\ |\ --ramp\  ]] ||
            command=${command/firstbyte bench/firstbyte bench -d $run_time}
        command=$(sed -E -e "s/ -d [0-9]+m?s( |\$)/ -d $run_time\1/" \
            -e 's/ --warmup [0-9]+m?s / --warmup 50ms /' \
            -e 's|( --ramp [0-9]+:[0-9]+)/[0-9]+s |\1/100ms |' <<<"$command")
    fi
    printf '%s\n' "$command"
}

targets_exist() { # COMMAND WITH make
    local word
    for word in ${1#*make}; do
        [[ $word != "#" ]] || return 0
        [[ $word == *=* || $word == -* ]] ||
            grep -qE "^([^:=#	]* )?$word( [^:=]*)?:" "$top/Makefile" || return 1
    done
}

run_page() { # PAGE
    local page=$1 command wanted count=0
    while IFS= read -r -d $'\036' command; do
        count=$((count + 1))
        if [[ $command =~ ^([A-Z_]+=[^\ ]+\ |[A-Z]+=\"[^\"]+\"\ )*make($|\ ) ]]; then
            check "$page: the target exists: $command" targets_exist "$command"
            continue
        fi
        [[ ! $command =~ \#\ *(internet|installs|slow) ]] || continue
        [[ $page != docs/internals/* && $page != CONTRIBUTING.md ||
            $command =~ ^(build/)?firstbyte\  ]] || continue
        wanted=0
        [[ ! $command =~ \#\ *exit\ ([0-9]+) ]] || wanted=${BASH_REMATCH[1]}
        timeout -k 5 90 bash -o pipefail -c "$(adapted "$command")" >"$out" 2>"$err" </dev/null
        status=$?
        [[ ! $command =~ firstbyte\ (bench|diff)\  || ! $status =~ ^[456]$ ]] || status=0
        [[ $command != *--find-knee* || $status != 124 ]] || status=0
        exits "$page: ${command//$'\n'/ }" "$wanted"
    done < <(commands_of "$top/$page")
    [ $count -gt 0 ] || [ "$page" = docs/README.md ] || [[ $page = docs/internals/* ]] ||
        fail "$page has commands"
}

cd "$top" || exit 1
pages=()
for page in README.md CONTRIBUTING.md docs/*.md docs/internals/*.md; do
    [ ! -e "$page" ] || pages+=("$page")
done
waited=()
for page in "${pages[@]}"; do
    at=$TMPDIR/pages/${page//\//-}
    mkdir -p "$at/build"
    cp sites.conf "$at"
    ln -s "$FIRSTBYTE" "$at/build/firstbyte"
    (
        out=$at.out err=$at.err
        cd "$at" && run_page "$page" >"$at.cases"
    ) &
    waited+=($!)
done
wait "${waited[@]}"
cat "$TMPDIR"/pages/*.cases
check "all pages were run" test "$(find "$TMPDIR/pages" -name '*.cases' | wc -l)" = ${#pages[@]}
check "the pages have commands" test "$(cat "$TMPDIR"/pages/*.cases | grep -c '^ok')" -gt 50
