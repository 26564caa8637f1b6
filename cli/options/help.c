/* The screens, written by hand: made from the table of options they would say less, and at length. */
#include "cli/options/help.h"

const char help_usage[] =
    "Usage: firstbyte [OPTION]... URL...    all at once, a line each\n"
    "       firstbyte [OPTION]... -f FILE   a list, one URL a line; - is standard input\n"
    "       firstbyte race, bench, diff     one after the other and at once; a load\n"
    "       firstbyte --rehearse            the sites of sites.conf, without a network\n";

static const char fetch_help[] =
    "Usage: firstbyte [fetch] [OPTION]... [URL...]  all sites at once, one line each\n"
    "       firstbyte race [OPTION]... [URL...]     one after the other, then at once\n"
    "       firstbyte bench [OPTION]... [URL...]    a load; firstbyte bench --help\n"
    "       firstbyte diff A.json B.json...         are runs of bench different?\n"
    "       firstbyte origin [-f FILE] [URL...]     the rehearsal's servers, by hand\n"
    "Sites     -f, --file FILE (sites.conf; - is standard input)  --resume STATE\n"
    "          --rehearse (an embedded origin, no network)  -h, --help  -V, --version\n"
    "Requests  -X, --request METHOD  -H, --header 'NAME: VALUE'  -I, --head\n"
    "          -A, --user-agent TEXT  -u, --user NAME:PASSWORD  -b, --cookie 'A=1'\n"
    "          -d, --data TEXT|@FILE  --no-location  --max-redirs N (10)\n"
    "Bodies    --preview N (10 characters)  --max-body BYTES (1M)  --until-preview\n"
    "Limits    -c, --concurrency N (256)  --per-host N (6)  --retry N  -R, --rate N\n"
    "          --per-host-rate N  --no-keepalive   rates per second; N/m and N/h too\n"
    "Time      -T, --timeout TIME (10s)  --dns-timeout  --connect-timeout\n"
    "          --tls-timeout  --ttfb-timeout   TIME takes us, ms, s, m or h\n"
    "Addresses -4, --ipv4  -6, --ipv6  --resolve HOST:PORT:ADDRESS  --noproxy HOST\n"
    "          --connect-to HOST:PORT:HOST:PORT  --dns-servers ADDRESS,...\n"
    "          --interface NAME|ADDRESS  --unix-socket PATH  -x, --proxy URL\n"
    "TLS       -k, --insecure  --cacert FILE  --capath DIR  --cert FILE  --key FILE\n"
    "          --tls-min 1.2|1.3  --tls-max 1.2|1.3  --sni NAME  --cert-warn DAYS\n"
    "Output    --format text|table|json|csv  --fields NAME,... ('help' lists them)\n"
    "          -o, --output FILE  --append  --order completion|input  --tcp-info\n"
    "          --color auto|always|never  -q, --quiet  -v, --verbose  --fail\n"
    "Exit      0 all fetched, 1 some failed, 2 usage, 3 set-up, 130 interrupted\n";

static const char bench_help[] =
    "Usage: firstbyte bench [OPTION]... [URL...]  no URL: an embedded origin, -R 5000\n"
    "\n"
    "Loops     -c, --connections, --concurrency N (64)  closed, if no rate is given\n"
    "          -R, --rate N (a second: open)  --arrival constant|poisson  --seed N\n"
    "          --ramp FROM:TO/TIME  --find-knee p99=20ms  --procs N (1)\n"
    "Stopping  -d, --duration TIME (10s)  -n, --requests N  --warmup TIME\n"
    "Requests  -f, --file TARGETS (weight=N)  -X, --request METHOD  -I, --head\n"
    "          -H, --header 'NAME: VALUE'  -A, --user-agent TEXT  -b, --cookie 'A=1'\n"
    "          -u, --user NAME:PASSWORD  --data TEXT|@FILE (-d is the duration)\n"
    "Shape     --requests-per-conn N  --new-conn  --pipeline N (1)\n"
    "          --tls-resume on|off|PERCENT (off)\n"
    "Measuring --slo p99=5ms,errors=0.1%,rps=10000  --kernel-time off|sample|all\n"
    "          --repeat N (1)  --vs URL (the two take turns)  --hlog FILE\n"
    "Time      -T, --timeout TIME (10s, of a request)  --dns-timeout\n"
    "          --connect-timeout  --tls-timeout   TIME takes us, ms, s, m or h\n"
    "Addresses -4, --ipv4  -6, --ipv6  --resolve HOST:PORT:ADDRESS  --rehearse\n"
    "          --connect-to HOST:PORT:HOST:PORT  --dns-servers ADDRESS,...\n"
    "          --interface NAME|ADDRESS (several take turns)  --unix-socket PATH\n"
    "TLS       -k, --insecure  --cacert FILE  --capath DIR  --cert FILE  --key FILE\n"
    "          --tls-min 1.2|1.3  --tls-max 1.2|1.3  --sni NAME\n"
    "Output    --format text|json|csv  -o, --output FILE  --append\n"
    "          --color auto|always|never  -q, --quiet  -h, --help  -V, --version\n"
    "Exit      0 measured, 1 nothing answered, 2 usage, 3 set-up, 4 --slo missed,\n"
    "          5 the client was the bottleneck, 6 --vs is slower, 130 interrupted\n";

const char *help_text(enum command command)
{
    return command == COMMAND_BENCH ? bench_help : fetch_help;
}
