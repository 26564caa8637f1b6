#!/bin/bash
# tools/deps: its messages and exit status. No package is installed: apt-get and related commands
# are stand-ins in a separate PATH.
. "$(dirname "$0")/lib.bash"

DEPS=$(realpath "$E2E/../../tools/deps")
bin=$TMPDIR/bin
# tools NAME... : makes a PATH with only these commands of the system
tools() {
    local name
    rm -rf "$bin"
    mkdir "$bin"
    for name in "$@"; do ln -s "$(command -v "$name")" "$bin/$name"; done
}
# stand_in NAME : adds a command to the PATH; standard input is its script
stand_in() { { echo '#!/bin/bash'; cat; } >"$bin/$1" && chmod 755 "$bin/$1"; }
deps() {
    timeout 60 env PATH="$bin" /bin/bash "$DEPS" "$@" >"$out" 2>"$err"
    status=$?
}

basics=(bash dirname awk grep cat mktemp rm tee env)
# debian : a user of a Debian system that lacks jq and curl
debian() {
    tools "${basics[@]}"
    ln -sf "$(command -v mawk || command -v awk)" "$bin/awk"
    echo 'echo 1000' | stand_in id
    stand_in dpkg-query <<'S'
for name in libcmocka-dev nginx-core openssl valgrind strace procps iproute2 tinyproxy-bin \
    microsocks brotli zstd librust-url-2+default-dev mandoc; do
    echo "installed $name nginx-light (= 1.0), librust-url-dev (= 2.3.1)"
done
echo "config-files jq "
S
    echo 'exit 0' | stand_in apt-get
}

debian
deps test
exits "without root and sudo" 1
same "missing packages are reported" "firstbyte needs: jq curl" "$(cat "$out")"
same "the command to install them is reported" \
    "Installation needs root, and sudo is missing; as root, run: apt-get install jq curl" \
    "$(cat "$err")"

# a sudo that runs only apt-get
stand_in_sudo() {
    stand_in sudo <<'S'
case $1 in
apt-get) "$@" ;;
env) shift 2; "$@" ;;
tee) cat >/dev/null ;;
esac
S
}
debian
stand_in_sudo
deps test
exits "packages that can be installed" 0
same "they are reported before the installation" \
    "firstbyte needs: jq curl|installing them (apt-get)" "$(head -n 2 "$out" | tr '\n' '|' |
    sed 's/|$//')"
stand_in apt-get <<'S'
for word; do [ "$word" != update ] || exit 0; done
echo "E: Failed to fetch http://archive/jq.deb  Temporary failure resolving 'archive'" >&2
exit 100
S
deps test
exits "no network" 1
check "no network: it is reported" \
    stderr_has "they could not be installed: the package archive cannot be reached: no network?"
check "no network: apt-get's message is printed too" stderr_has "Temporary failure resolving"
stand_in apt-get <<'S'
for word; do [ "$word" != update ] || { echo "W: Could not connect to archive:80"; exit 0; }; done
echo "E: Unable to locate package jq" >&2
exit 100
S
deps test
exits "no network and no package lists" 1
check "no network and no package lists: it is reported" stderr_has "no network?"
echo 'echo "E: jq: a broken package" >&2; exit 100' | stand_in apt-get
deps test
exits "a package that cannot be installed" 1
check "a package that cannot be installed: it is reported" \
    stderr_has "they could not be installed; apt-get's reason is above"
check_not "a package that cannot be installed: the network is not reported" stderr_has "network"
debian
stand_in dpkg-query <<'S'
echo "installed $PACKAGES"
S
PACKAGES="libcmocka-dev nginx-light jq openssl curl valgrind strace procps iproute2 tinyproxy-bin \
    microsocks brotli zstd librust-url-dev mandoc" deps test
same "all packages are installed: nothing is reported" "0 " "$status $(cat "$out" "$err")"

# another system
tools "${basics[@]}"
deps test
exits "not a Debian system" 1
check "not a Debian system: missing packages are named" \
    grep -q "^firstbyte needs, by Debian's names: libcmocka-dev nginx-light jq " "$err"
check "not a Debian system: it is reported" stderr_has "This is not a Debian system"
for name in nginx jq openssl curl valgrind strace ps ip tinyproxy microsocks brotli zstd mandoc \
    pkg-config; do
    echo 'exit 0' | stand_in $name
done
deps test
same "not a Debian system, all packages present: nothing is reported" "0 " \
    "$status $(cat "$out" "$err")"
# each library of the program is checked by its name in pkg-config
for pair in libssl:libssl-dev libcares:libc-ares-dev libidn2:libidn2-dev libpsl:libpsl-dev \
    zlib:zlib1g-dev \
    libbrotlidec:libbrotli-dev libzstd:libzstd-dev jansson:libjansson-dev \
    libutf8proc:libutf8proc-dev; do
    printf 'case $* in *%s*) exit 1 ;; esac\n' "${pair%:*}" | stand_in pkg-config
    deps run
    check "not a Debian system: ${pair#*:} is reported as missing" grep -qwF -- "${pair#*:}" "$err"
done
deps nothing
exits "an unknown group" 2
