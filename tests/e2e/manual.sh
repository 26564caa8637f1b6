#!/bin/bash
# The man pages and the completion have the options of the table, and `make install` installs them.
. "$(dirname "$0")/lib.bash"

top=$(realpath "$E2E/../..")
page=$top/man/firstbyte.1 completion=$top/completion/firstbyte.bash

# --- the table, the screens, the man page and the completion name the same options ---

# "command option" for each option on the help screen of a command
for command in fetch race bench origin diff; do
    "$FIRSTBYTE" $command --help | sed '/^Exit/,$d' | grep -oE '(^| |, )--[a-z0-9.-]+' |
        tr -d ' ,' | sed "s/^/$command /"
done | sort -u >"$TMPDIR/screens"
table=$(sed -nE 's/^    \{"([a-z0-9.-]+)", .*/--\1/p' "$top/cli/options/option_table.c" |
    grep -vx -e --lifeline | sort -u)
same "the screens have the options of the table" "$table" \
    "$(cut -d' ' -f2 "$TMPDIR/screens" | sort -u)"
same "the man page has the options of each command" "$(cat "$TMPDIR/screens")" "$(
    awk '$1 == ".It" && $0 ~ / Fl -/ { sub(/.* Fl -/, "--"); option = $1 }
        $1 == ".Pq" { for (i = 3; i <= NF; i++) if ($i != ",") print $i, option }' "$page" |
            sort -u)"
same "help options has the options of the table" "$table" "$("$FIRSTBYTE" help options |
    grep -oE '^  (-., |    )--[a-z0-9.-]+' | grep -oE -- '--[a-z0-9.-]+' | sort -u)"

# candidates WORD... : the completions of the last word
# shellcheck disable=SC1090,SC2034
candidates() {
    (
        . "$completion"
        COMP_WORDS=(firstbyte "$@") COMP_CWORD=$# COMPREPLY=()
        _firstbyte
        printf '%s\n' "${COMPREPLY[@]}"
    )
}
for command in fetch race bench origin diff; do
    candidates $command -- | grep -- '^--' | sed "s/^/$command /"
done | sort -u >"$TMPDIR/completed"
same "the completion has the options of each command" "$(cat "$TMPDIR/screens")" \
    "$(cat "$TMPDIR/completed")"
same "the commands are completed" "bench diff fetch help origin race" \
    "$(candidates '' | sort | xargs)"
same "without a command, the options of fetch are completed" --retry "$(candidates --retr)"
same "a value is completed" "json" "$(candidates race --format j)"
same "a value after = is completed" "json" "$(candidates race --format = j)"
same "only the values of the command are completed" "text json" \
    "$(candidates diff --format '' | xargs)"
same "topics of help are completed" "bench" "$(candidates help b)"
touch "$TMPDIR/old.json"
same "files of diff are completed" "$TMPDIR/old.json" "$(candidates diff "$TMPDIR/o")"
same "the file of an option is completed" "$TMPDIR/old.json" "$(candidates bench -f "$TMPDIR/o")"
same "a number is not completed" "" "$(candidates bench -c '')"

# --- generated files are up to date ---

same "man/firstbyte.1 is the output of 'make generated'" "$("$FIRSTBYTE" help mdoc)" \
    "$(sed '1,/^\.\\" Begin of the list/d; /^\.\\" End of the list/,$d' "$page")"
same "completion/firstbyte.bash is the output of 'make generated'" \
    "$("$FIRSTBYTE" help completion)" \
    "$(cat "$completion")"

# --- names in the pages ---

keys=$(sed -nE -e 's/^ +\{"([a-z-]+)", set_.*/\1/p' \
    -e 's/^ +\{REHEARSE "([a-z0-9-]+)", set_.*/rehearse-\1/p' "$top/cli/list/settings.c" | sort)
same "firstbyte-sites.conf(5) has every key" "$keys" \
    "$(sed -nE 's/^\.It Cm ([a-z0-9-]+) Ns = .*/\1/p' "$top/man/firstbyte-sites.conf.5" | sort)"
same "firstbyte-sites.conf(5) has every fault" \
    "$(sed -nE 's/^ +X\(FAULT_[A-Z0-9_]+, "([^"]+)"\).*/\1/p' "$top/origin/faults.h")" \
    "$(sed -nE '/It is one of/,/^\.El/s/^\.Cm ([a-z0-9-]+) [,.]$/\1/p' \
    "$top/man/firstbyte-sites.conf.5")"
sed -n '/^enum exit_status/,/^}/p' "$top/cli/types.h" |
    sed -nE 's/.* = ([0-9]+),.*/\1/p; s/.*MEMORY_EXIT.*/3/p; s/.*INTERRUPT_EXIT.*/130/p' \
        >"$TMPDIR/statuses"
same "firstbyte(1) has every exit status" "$(cat "$TMPDIR/statuses")" \
    "$(sed -nE '/^\.Sh EXIT STATUS/,/^\.Sh EX.*ES/s/^\.It ([0-9]+)$/\1/p' "$page")"
sed -n '/^\.Bd -literal/,/^\.Ed/p' "$top/man/firstbyte-sites.conf.5" |
    sed '/^\./d; /weight=/,$d' >"$TMPDIR/example"
fb --rehearse -f "$TMPDIR/example" --fields url
exits "the example of firstbyte-sites.conf(5) is a list" 0

# `getenv("NAME")` in the sources, and the names that http/proxy reads through a function
variables=$(grep -rhoE 'getenv\("[A-Za-z_]+"\)' --include='*.c' \
    "$top"/{base,reactor,dns,tls,http,origin,bench,cli} | cut -d'"' -f2
    printf '%s\n' {http,https,all,no}_proxy {HTTP,HTTPS,ALL,NO}_PROXY SSL_CERT_FILE SSL_CERT_DIR)
same "firstbyte(1) has every environment variable" "$(sort -u <<<"$variables")" "$(
    sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh FILES/p' "$page" |
        sed -nE 's/^\.(It )?Ev //p' | tr -d ' ' | tr , '\n' | sort -u)"

# --- the examples of the pages and of the help screens ---

make_authority
make_certificate server "IP:$HOME_ADDRESS"
start_nginx 8080 8081 <<'N'
keepalive_requests 1000000;
server {
    listen @:8080;
    listen @:8081;
    location / { return 200 "a page"; }
}
N

# the example as this test runs it: short, on these servers, and without a network
adapted() {
    sed -E -e "s|http://127.0.0.1(:80[0-9]*)?/|http://$HOME_ADDRESS:8080/|g" \
        -e "s|http://127.0.0.1:81/|http://$HOME_ADDRESS:8081/|" \
        -e 's/ -d [0-9]+m?s / -d 200ms /' -e 's/ -R [0-9]+ / -R 500 /' \
        -e '/ -d /!s/^firstbyte bench/& -d 200ms/' \
        -e 's/^firstbyte bench --find-knee/timeout 2 &/' -e 's/^firstbyte origin/timeout 1 &/' \
        -e '/--rehearse|bench|origin|diff/!s/^firstbyte( race)?/& --rehearse/' <<<"$1"
}
# Statuses 4, 5 and 6 are verdicts of a load; 124 is from timeout; 1 is from grep without a line.
run_examples() { # NAME; the commands on standard input
    local example count=0
    mkdir -p "$TMPDIR/examples/$1" && cd "$TMPDIR/examples/$1" || exit 1
    printf '%s\n' http://a.example/ https://b.example/ >sites.conf
    seq -f 'http://site%g.example/' 20 >list
    while IFS= read -r example; do
        count=$((count + 1))
        timeout -k 5 60 bash -c "PATH=$TMPDIR/bin:\$PATH; $(adapted "$example")" \
            >"$out" 2>"$err" </dev/null
        status=$?
        case "$example:$status" in
        *" bench "*:[456] | *" diff "*:6 | *--find-knee*:124 | *" origin "*:124 | *"| grep"*:1)
            status=0 ;;
        esac
        exits "$1: $example" 0
    done
    check "$1 has examples" test $count -gt 0
    cd "$OLDPWD" || exit 1
}
mkdir "$TMPDIR/bin"
ln -s "$FIRSTBYTE" "$TMPDIR/bin/firstbyte"
run_examples "firstbyte(1)" < <(sed -nE 's/^\.Dl \$ //p' "$page")
for screen in fetch race bench origin diff; do
    run_examples "$screen --help" < <("$FIRSTBYTE" $screen --help |
        sed -n '/^Examples/,/^[A-DF-Z]/p' | sed -E 's/^Examples//' | grep -oE '^ +firstbyte .*' |
        sed -E 's/^ +//')
done
run_examples "firstbyte help" < <("$FIRSTBYTE" help | sed '1,/^Examples/d' | sed -E 's/^ +//')

# --- make install and make uninstall ---

# a copy of the tree's files; the program is the one under test
mkdir -p "$TMPDIR/tree/build"
cp -r "$top/Makefile" "$top/man" "$top/completion" "$TMPDIR/tree"
ln -s "$FIRSTBYTE" "$TMPDIR/tree/build/firstbyte"
make_tree() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MANDIR -u COMPLETIONS -u SANITIZE \
        make -s -C "$TMPDIR/tree" -o all BUILD=build "$@" >"$out" 2>"$err"
    status=$?
}
make_tree install DESTDIR="$TMPDIR/root" PREFIX=/usr
exits "make install" 0
same "make install: program, man pages and completion" "usr/bin/firstbyte 755
usr/share/bash-completion/completions/firstbyte 644
usr/share/man/man1/firstbyte.1 644
usr/share/man/man5/firstbyte-sites.conf.5 644" "$(cd "$TMPDIR/root" &&
    find . -type f -printf '%P %m\n' | sort)"
same "make install: the program runs" "$("$FIRSTBYTE" --version)" \
    "$("$TMPDIR/root/usr/bin/firstbyte" --version)"
if command -v mandoc >/dev/null; then
    same "mandoc reports no errors" "" "$(mandoc -T lint "$top"/man/* 2>&1)"
else
    skip "mandoc reports no errors" "mandoc is not installed"
fi
make_tree uninstall DESTDIR="$TMPDIR/root" PREFIX=/usr
exits "make uninstall" 0
same "make uninstall: no file is left" "" "$(find "$TMPDIR/root" -type f)"

make_tree help
exits "make help" 0
same "make help has every documented target" \
    "$(sed -nE 's/^([a-z-]+):.*## .*/\1/p' "$top/Makefile")" \
    "$(sed -nE 's/^  make ([a-z-]+) .*/\1/p' "$out")"
check "make help has install" grep -q '^  make install ' "$out"
check "make help fits 80 columns" awk 'length > 80 { exit 1 }' "$out"
