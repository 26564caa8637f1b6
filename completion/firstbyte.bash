# shellcheck shell=bash disable=SC2207
# Completion of firstbyte's command line. Made by: firstbyte help completion
_firstbyte() {
    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    local command=fetch options='' values='' files=''
    # bash makes a word of the = in --option=value
    [ "$word" != = ] || word=
    [ "$option" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}
    if [ "$COMP_CWORD" -gt 1 ]; then
        case ${COMP_WORDS[1]} in
        fetch|race|bench|origin|diff) command=${COMP_WORDS[1]} ;;
        help)
            [ "$COMP_CWORD" -gt 2 ] ||
                COMPREPLY=($(compgen -W 'fetch race bench origin diff options completion mdoc' -- "$word"))
            return
            ;;
        esac
    fi
    case $command in
    fetch)
        options='--file -f --resume --rehearse --request -X --header -H --head -I --user-agent -A --user -u --cookie -b --data -d --no-location --max-redirs --http1.1 --http2 --http2-prior-knowledge --preview --max-body --until-preview --concurrency -c --no-keepalive --per-host --per-host-rate --rate -R --retry --timeout -T --dns-timeout --connect-timeout --tls-timeout --ttfb-timeout --ipv4 -4 --ipv6 -6 --interface --unix-socket --resolve --connect-to --dns-servers --proxy -x --noproxy --insecure -k --cacert --capath --cert --key --tls-min --tls-max --sni --cert-warn --format --fields --output -o --append --order --tcp-info --fail --quiet -q --color --verbose -v --help -h --version -V'
        case $option in
        -f|--file) files=-f ;;
        --resume) files=-f ;;
        -X|--request) values='' ;;
        -H|--header) values='' ;;
        -A|--user-agent) values='' ;;
        -u|--user) values='' ;;
        -b|--cookie) values='' ;;
        -d|--data) values='' ;;
        --max-redirs) values='' ;;
        --preview) values='' ;;
        --max-body) values='' ;;
        -c|--concurrency) values='' ;;
        --per-host) values='' ;;
        --per-host-rate) values='' ;;
        -R|--rate) values='' ;;
        --retry) values='' ;;
        -T|--timeout) values='' ;;
        --dns-timeout) values='' ;;
        --connect-timeout) values='' ;;
        --tls-timeout) values='' ;;
        --ttfb-timeout) values='' ;;
        --interface) values='' ;;
        --unix-socket) files=-f ;;
        --resolve) values='' ;;
        --connect-to) values='' ;;
        --dns-servers) values='' ;;
        -x|--proxy) values='' ;;
        --noproxy) values='' ;;
        --cacert) files=-f ;;
        --capath) files=-d ;;
        --cert) files=-f ;;
        --key) files=-f ;;
        --tls-min) values='1.2 1.3' ;;
        --tls-max) values='1.2 1.3' ;;
        --sni) values='' ;;
        --cert-warn) values='' ;;
        --format) values='text table json csv' ;;
        --fields) values='' ;;
        -o|--output) files=-f ;;
        --order) values='completion input' ;;
        --color) values='auto always never' ;;
        *) option= ;;
        esac
        ;;
    race)
        options='--file -f --rehearse --request -X --header -H --head -I --user-agent -A --user -u --cookie -b --data -d --preview --max-body --until-preview --concurrency -c --no-keepalive --per-host --timeout -T --dns-timeout --connect-timeout --tls-timeout --ttfb-timeout --insecure -k --cacert --capath --cert --key --tls-min --tls-max --sni --cert-warn --format --fields --order --tcp-info --fail --quiet -q --color --help -h --version -V'
        case $option in
        -f|--file) files=-f ;;
        -X|--request) values='' ;;
        -H|--header) values='' ;;
        -A|--user-agent) values='' ;;
        -u|--user) values='' ;;
        -b|--cookie) values='' ;;
        -d|--data) values='' ;;
        --preview) values='' ;;
        --max-body) values='' ;;
        -c|--concurrency) values='' ;;
        --per-host) values='' ;;
        -T|--timeout) values='' ;;
        --dns-timeout) values='' ;;
        --connect-timeout) values='' ;;
        --tls-timeout) values='' ;;
        --ttfb-timeout) values='' ;;
        --cacert) files=-f ;;
        --capath) files=-d ;;
        --cert) files=-f ;;
        --key) files=-f ;;
        --tls-min) values='1.2 1.3' ;;
        --tls-max) values='1.2 1.3' ;;
        --sni) values='' ;;
        --cert-warn) values='' ;;
        --format) values='text table json csv' ;;
        --fields) values='' ;;
        --order) values='completion input' ;;
        --color) values='auto always never' ;;
        *) option= ;;
        esac
        ;;
    bench)
        options='--file -f --rehearse --vs --request -X --header -H --head -I --user-agent -A --user -u --cookie -b --data --http1.1 --http2 --http2-prior-knowledge --concurrency -c --connections --rate -R --arrival --seed --ramp --find-knee --procs --pipeline --repeat --streams -m --window --header-table --requests -n --duration -d --warmup --requests-per-conn --new-conn --tls-resume --kernel-time --slo --report --timeout -T --dns-timeout --connect-timeout --ipv4 -4 --ipv6 -6 --interface --unix-socket --resolve --connect-to --dns-servers --insecure -k --cacert --capath --cert --key --tls-min --tls-max --sni --tls-timeout --format --hlog --output -o --append --quiet -q --color --help -h --version -V'
        case $option in
        -f|--file) files=-f ;;
        --vs) values='' ;;
        -X|--request) values='' ;;
        -H|--header) values='' ;;
        -A|--user-agent) values='' ;;
        -u|--user) values='' ;;
        -b|--cookie) values='' ;;
        --data) values='' ;;
        -c|--concurrency) values='' ;;
        --connections) values='' ;;
        -R|--rate) values='' ;;
        --arrival) values='constant poisson' ;;
        --seed) values='' ;;
        --ramp) values='' ;;
        --find-knee) values='' ;;
        --procs) values='' ;;
        --pipeline) values='' ;;
        --repeat) values='' ;;
        -m|--streams) values='' ;;
        --window) values='' ;;
        --header-table) values='' ;;
        -n|--requests) values='' ;;
        -d|--duration) values='' ;;
        --warmup) values='' ;;
        --requests-per-conn) values='' ;;
        --tls-resume) values='on off' ;;
        --kernel-time) values='off sample all' ;;
        --slo) values='' ;;
        --report) values='short full' ;;
        -T|--timeout) values='' ;;
        --dns-timeout) values='' ;;
        --connect-timeout) values='' ;;
        --interface) values='' ;;
        --unix-socket) files=-f ;;
        --resolve) values='' ;;
        --connect-to) values='' ;;
        --dns-servers) values='' ;;
        --cacert) files=-f ;;
        --capath) files=-d ;;
        --cert) files=-f ;;
        --key) files=-f ;;
        --tls-min) values='1.2 1.3' ;;
        --tls-max) values='1.2 1.3' ;;
        --sni) values='' ;;
        --tls-timeout) values='' ;;
        --format) values='text json csv' ;;
        --hlog) files=-f ;;
        -o|--output) files=-f ;;
        --color) values='auto always never' ;;
        *) option= ;;
        esac
        ;;
    origin)
        options='--file -f --help -h --version -V'
        case $option in
        -f|--file) files=-f ;;
        *) option= ;;
        esac
        ;;
    diff)
        options='--format --help -h --version -V'
        case $option in
        --format) values='text json' ;;
        *) option= ;;
        esac
        ;;
    esac
    if [ -z "$option" ]; then
        if [[ $word == -* ]]; then
            values=$options
        elif [ "$COMP_CWORD" = 1 ]; then
            values='fetch race bench origin diff help'
        elif [ "$command" = diff ]; then
            files=-f
        fi
    fi
    if [ -n "$files" ]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen "$files" -- "$word"))
    else
        COMPREPLY=($(compgen -W "$values" -- "$word"))
    fi
}
complete -F _firstbyte firstbyte
