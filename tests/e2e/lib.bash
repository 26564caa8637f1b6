# shellcheck shell=bash disable=SC2034
# Functions for the end-to-end tests. A test sources this file and then runs its cases:
#
#   fb fetch URL                          runs the program: $out, $err, $status
#   check NAME COMMAND...                 a case: passes if the command succeeds
#   same NAME WANTED GOT                  a case: passes if the two texts are equal
#   exits NAME STATUS                     a case: passes if the last fb had that exit status
#
# Traffic stays on loopback. HOME_ADDRESS is a random loopback address for this test.
set -u
: "${FIRSTBYTE:?}" "${TMPDIR:?}"
E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCHEMA=$E2E/../schema
out=$TMPDIR/out err=$TMPDIR/err status=
HOME_ADDRESS=127.$((RANDOM % 200 + 20)).$((RANDOM % 256)).$((RANDOM % 254 + 1))
unset FIRSTBYTE_FILE LANG NO_COLOR http_proxy https_proxy all_proxy no_proxy HTTP_PROXY \
    HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE

# ends the background processes of the test
at_exit() {
    local pid
    for pid in $(jobs -pr); do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
}
trap at_exit EXIT

# pass NAME, fail NAME, skip NAME WHY
pass() { echo "ok - $1"; }
fail() { echo "not ok - $1"; }
skip() { echo "ok - $1 # SKIP $2"; }

# prints files as TAP comments, with control characters escaped
explain() {
    local file
    for file in "$@"; do
        [ -s "$file" ] || continue
        echo "# ${file##*/}:"
        head -c 3000 "$file" | cat -v | awk '{ print "#   " $0 }' # the last line also ends
    done
}

check() {
    local name=$1
    shift
    if "$@" >"$TMPDIR/why" 2>&1; then
        pass "$name"
    else
        fail "$name"
        printf '# command failed:'; printf ' %q' "$@"; echo
        explain "$TMPDIR/why" "$out" "$err"
    fi
}
check_not() {
    local name=$1
    shift
    check "$name" not "$@"
}
not() { ! "$@"; }

same() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | cat -v | sed 's/^/#   /'
        explain "$err"
    fi
}

# fb ARGUMENT... : runs the program with a time limit; exit status 124 means that the limit passed
fb() {
    timeout -k 5 60 "$FIRSTBYTE" "$@" >"$out" 2>"$err"
    status=$?
}
exits() { same "$1" "$2" "$status"; }
stderr_has() { grep -qF -- "$1" "$err"; }

# own_network : restarts the script in a network namespace that has only loopback, if the system
# allows it. OWN_NETWORK is 1 there, otherwise empty.
own_network() {
    [ -z "${OWN_NETWORK-}" ] || return
    export OWN_NETWORK=
    ! unshare -rn ip link set lo up 2>/dev/null ||
        OWN_NETWORK=1 exec unshare -rn bash -c 'ip link set lo up && exec bash "$0"' "$0"
}

# conf: writes standard input to the list $TMPDIR/sites.conf
conf() { cat >"$TMPDIR/sites.conf"; }
LIST=$TMPDIR/sites.conf

# get FILTER URL [FILE] : applies a jq filter to a URL's result in a file of JSON lines
get() { jq -c "select(.url == \"$2\") | $1" "${3:-$out}"; }
# codes [FILE] : "url code phase" for each failure, "url - -" for each success
codes() { jq -r '[.url, .error.code // "-", .error.phase // "-"] | join(" ")' "${1:-$out}"; }

# expect NAME WANTED ARGUMENT... : runs fb with --format json and stores its only result.
# judge FILTER : compares the fields of the filter, joined by spaces, with WANTED for every stored
# result; a null field is "-". Also checks the schema. One jq process checks all results, because jq
# starts slowly.
expected=() expected_names=()
expect() {
    expected_names+=("$1") expected+=("$2")
    shift 2
    fb --format json "$@"
    [ "$(wc -l <"$out")" = 1 ] || echo '{}' >"$out"
    cat "$out" >>"$TMPDIR/results"
}
judge() {
    local got i=0
    while read -r got; do
        same "${expected_names[i]}" "${expected[i]}" "$got"
        i=$((i + 1))
    done < <(jq -r "[$1] | map(. // \"-\" | tostring) | join(\" \")" "$TMPDIR/results")
    same "each command has one result" ${#expected[@]} $i
    check "every result fits the schema" valid fetch "$TMPDIR/results"
}

# valid SCHEMA FILE : the file is not empty, and every line is valid by tests/schema/SCHEMA.json
valid() {
    [ -s "$2" ] && jq -r --slurpfile schema "$SCHEMA/$1.json" -L "$SCHEMA" \
        'include "check"; problems($schema[0])' "$2" >"$TMPDIR/problems" &&
        [ ! -s "$TMPDIR/problems" ] || { cat "$TMPDIR/problems"; false; }
}

# bench NAME ARGUMENT... : runs the load generator with --format json; the exit status must be 0, or
# 5 if the machine was busy. judge_runs checks the stored reports of all runs.
bench() {
    local name=$1
    shift
    fb bench --format json "$@"
    check "$name: runs" measured 0
    cat "$out" >>"$TMPDIR/runs"
}
# measured STATUS : the last run had this exit status, or 5 and reports that the client was the
# bottleneck
measured() {
    [ "$status" = "$1" ] ||
        { [ "$status" = 5 ] && grep -qE -e '"verdict":"(saturated|starved|suspended)"' \
            -e '^The client was the bottleneck' "$out"; }
}
# retry_busy COMMAND... : runs the command until the client was not the bottleneck, at most six
# times; another test may use the core
retry_busy() {
    local i
    for i in {1..6}; do
        "$@"
        [ "$status" = 5 ] || return 0
    done
}
# run FILTER : applies a jq filter to the last run's report
run() { jq -c "$1" "$out"; }
totals() { run '.totals | [.scheduled, .waiting, .started, .completed, .failed, .in_flight]'; }

# selects the reports whose totals do not add up
SUMS='select(.totals as $t | ($t.scheduled != $t.started + $t.waiting
        or $t.started != $t.completed + $t.failed + $t.in_flight
        or $t.failed != ([.errors[]] | add // 0) or $t.completed != ([.status[]] | add // 0)
        or any("started", "completed", "failed", "scheduled", "bytes_in", "bytes_out",
            "connections"; . as $key | $t[$key] != ([$runs.intervals[][$key]] | add // 0))))'
sums_hold() {
    jq -c ". as \$runs | $SUMS | [.config.url, .totals, .errors, .status]" "$1" >"$TMPDIR/sums" &&
        [ ! -s "$TMPDIR/sums" ] || { cat "$TMPDIR/sums"; false; }
}
judge_runs() {
    check "every report fits the schema" valid bench "$TMPDIR/runs"
    check "in every report the totals add up" sums_hold "$TMPDIR/runs"
}

# memcheck NAME STATUS ARGUMENT... : runs fb and its children under valgrind; a finding is a
# failure. STATUS may have alternatives: "0|5".
needs_memcheck() {
    if [ "${FIRSTBYTE_SANITIZED-}" ]; then
        skip "memcheck" "the sanitizer checks memory"
        exit 0
    fi
}
memcheck() {
    local name=$1 wanted=$2
    shift 2
    rm -f "$TMPDIR"/memcheck.*
    timeout -k 5 110 valgrind --quiet --trace-children=yes --leak-check=full --error-exitcode=99 \
        --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
        --log-file="$TMPDIR/memcheck.%p" "$FIRSTBYTE" "$@" >"$out" 2>"$err"
    status=$?
    check "$name: exit status" grep -qxE "$wanted" <<<"$status"
    # "--" lines are warnings about unknown system calls
    same "$name: memcheck finds no error" "" "$(grep -hv '^--' "$TMPDIR"/memcheck.* | head -n 60)"
}

# start NAME COMMAND... : runs the command in the background. Sets $pid; the output goes to
# $TMPDIR/NAME.{out,err}. The command inherits standard input.
start() {
    local name=$1
    shift
    : >"$TMPDIR/$name.out" # deletes the output of an earlier run
    "$@" <&0 >"$TMPDIR/$name.out" 2>"$TMPDIR/$name.err" &
    pid=$!
}

# until_true SECONDS COMMAND... : repeats the command until it succeeds or the time passed
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null; do
        [ $SECONDS -le $end ] || return 1
        sleep 0.02
    done
}

# logged COUNT FILE : waits until nginx has logged COUNT requests; it may log after the client
# has the response
logged() { until_true 10 has_lines "$@" || echo "# ${2##*/} has less than $1 lines"; }
has_lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }

# gone PID : the process has ended (a zombie counts as ended)
gone() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
children_of() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
listens() { : <"/dev/tcp/$HOME_ADDRESS/$1"; } 2>/dev/null

# start_nginx PORT... : starts nginx with the servers of standard input, and waits until all ports
# accept connections. @ is replaced by HOME_ADDRESS, DIR by $TMPDIR.
start_nginx() {
    local port
    NGINX_LOG=$TMPDIR/access.log
    : >"$NGINX_LOG"
    {
        cat <<NGINX
${OWN_NETWORK:+user root;}
daemon off;
master_process off;
pid $TMPDIR/nginx.pid;
error_log $TMPDIR/error.log;
events { worker_connections 4096; }
http {
    log_format line '\$connection \$request_method \$scheme \$host "\$request_uri" \$status '
        '"\$http_authorization"';
    access_log $NGINX_LOG line;
    client_body_temp_path $TMPDIR/nginx-body;
    proxy_temp_path $TMPDIR/nginx-proxy;
    fastcgi_temp_path $TMPDIR/nginx-fastcgi;
    uwsgi_temp_path $TMPDIR/nginx-uwsgi;
    scgi_temp_path $TMPDIR/nginx-scgi;
    root $TMPDIR/www;
    default_type text/html;
NGINX
        sed "s|@|$HOME_ADDRESS|g; s|DIR|$TMPDIR|g"
        echo "}"
    } >"$TMPDIR/nginx.conf"
    mkdir -p "$TMPDIR/www"
    start nginx nginx -e "$TMPDIR/error.log" -p "$TMPDIR" -c "$TMPDIR/nginx.conf"
    NGINX_PID=$pid
    for port in "$@"; do
        until_true 10 listens "$port" && continue
        fail "nginx listens on $port"
        explain "$TMPDIR/nginx.err" "$TMPDIR/error.log"
        exit 1
    done
}

# creates a test authority: $TMPDIR/ca.pem
make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=An authority of this test" -keyout "$TMPDIR/ca.key" -out "$TMPDIR/ca.pem" \
        -addext basicConstraints=critical,CA:TRUE 2>"$TMPDIR/openssl.log"
}
# make_certificate NAME ALTERNATIVE-NAME [FROM TO] : creates NAME.pem and NAME.key; dates are
# YYYYMMDD
make_certificate() {
    local base=$TMPDIR/$1 from=${3:-20200101} to=${4:-20991231}
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout "$base.key" -out "$base.csr" 2>>"$TMPDIR/openssl.log"
    printf '%s\n' '[ca]' 'default_ca=c' '[c]' "database=$base.index" 'policy=p' 'rand_serial=yes' \
        "new_certs_dir=$TMPDIR" 'default_md=sha256' 'x509_extensions=x' '[p]' \
        'commonName=supplied' \
        '[x]' "subjectAltName=$2" >"$base.cnf"
    : >"$base.index"
    openssl ca -batch -notext -config "$base.cnf" -cert "$TMPDIR/ca.pem" -keyfile "$TMPDIR/ca.key" \
        -startdate "${from}000000Z" -enddate "${to}000000Z" -in "$base.csr" -out "$base.pem" \
        2>>"$TMPDIR/openssl.log"
}
