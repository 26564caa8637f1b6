/*
 * getopt_long, one row an option: its name, and where its value goes. What needs more than a plain
 * reader has a function of its own. What contradicts something else is looked at when all is read.
 */
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "http/fields.h"
#include "http/http1.h"
#include "http/preview.h"
#include "http/proxy.h"
#include "http/request.h"
#include "http/route.h"
#include "reactor/duration.h"
#include "reactor/memory.h"
#include "reactor/resolver.h"
#include "tls/client.h"

#define DEFAULT_FILE        "sites.conf"
#define DEFAULT_CONCURRENCY 256
#define MOST_CONCURRENCY    1000000
#define DEFAULT_TIMEOUT     (10 * NSEC_PER_S)
#define DEFAULT_REDIRECTS   10
#define DEFAULT_PREVIEW     10
#define DEFAULT_MAX_BODY    (1024 * 1024)
#define DEFAULT_PER_HOST    6
#define MOST_DATA_BYTES     (64 * 1024 * 1024)

static const char help[] =
    "Usage: firstbyte [fetch] [OPTION]... [URL...]  all sites at once, one line each\n"
    "       firstbyte race [OPTION]... [URL...]     one after the other, then at once\n"
    "       firstbyte origin [-f FILE] [URL...]     the rehearsal's servers, by hand\n"
    "\n"
    "Sites     -f, --file FILE (sites.conf; - is standard input)  --resume STATE\n"
    "          --rehearse (an embedded origin, no network)  -h, --help  -V, --version\n"
    "Requests  -X, --request METHOD  -H, --header 'NAME: VALUE'  -I, --head\n"
    "          -A, --user-agent TEXT  -u, --user NAME:PASSWORD  -b, --cookie 'A=1'\n"
    "          -d, --data TEXT|@FILE  --no-location  --max-redirs N (10)\n"
    "Bodies    --preview N (10 characters)  --max-body BYTES (1M)  --until-preview\n"
    "Limits    -c, --concurrency N (256)  --per-host N (6)  --retry N  --rate N\n"
    "          --per-host-rate N  --no-keepalive   rates per second; N/m and N/h too\n"
    "Time      -T, --timeout TIME (10s)  --dns-timeout  --connect-timeout\n"
    "          --tls-timeout  --ttfb-timeout   TIME takes us, ms, s, m or h\n"
    "Addresses -4, --ipv4  -6, --ipv6  --resolve HOST:PORT:ADDRESS\n"
    "          --connect-to HOST:PORT:HOST:PORT  --dns-servers ADDRESS,...\n"
    "          --interface NAME|ADDRESS  --unix-socket PATH  --noproxy HOST,...\n"
    "          -x, --proxy [http|socks5|socks5h://]HOST:PORT\n"
    "TLS       -k, --insecure  --cacert FILE  --capath DIR  --cert FILE  --key FILE\n"
    "          --tls-min 1.2|1.3  --tls-max 1.2|1.3  --sni NAME  --cert-warn DAYS\n"
    "Output    --format text|table|json|csv  --fields NAME,... ('help' lists them)\n"
    "          -o, --output FILE  --append  --order completion|input  --tcp-info\n"
    "          --color auto|always|never  -q, --quiet  -v, --verbose  --fail\n"
    "Exit      0 all fetched, 1 some failed, 2 usage, 3 no set-up, 130 interrupted\n";

enum long_option {
    OPTION_DNS_TIMEOUT = 256,
    OPTION_CONNECT_TIMEOUT,
    OPTION_TLS_TIMEOUT,
    OPTION_TTFB_TIMEOUT,
    OPTION_NO_LOCATION,
    OPTION_MAX_REDIRS,
    OPTION_NO_KEEPALIVE,
    OPTION_PREVIEW,
    OPTION_MAX_BODY,
    OPTION_UNTIL_PREVIEW,
    OPTION_PER_HOST,
    OPTION_PER_HOST_RATE,
    OPTION_RATE,
    OPTION_RETRY,
    OPTION_RESOLVE,
    OPTION_CONNECT_TO,
    OPTION_DNS_SERVERS,
    OPTION_INTERFACE,
    OPTION_UNIX_SOCKET,
    OPTION_NOPROXY,
    OPTION_CACERT,
    OPTION_CAPATH,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_TLS_MIN,
    OPTION_TLS_MAX,
    OPTION_SNI,
    OPTION_CERT_WARN,
    OPTION_FORMAT,
    OPTION_FIELDS,
    OPTION_APPEND,
    OPTION_ORDER,
    OPTION_TCP_INFO,
    OPTION_FAIL,
    OPTION_COLOR,
    OPTION_RESUME,
    OPTION_REHEARSE,
    OPTION_LIFELINE,
};

#define SHORT_OPTIONS "f:c:T:X:H:A:u:b:d:I46x:ko:qvhV"

static const struct option table[] = {
    {"file", required_argument, NULL, 'f'},
    {"concurrency", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, 'T'},
    {"dns-timeout", required_argument, NULL, OPTION_DNS_TIMEOUT},
    {"connect-timeout", required_argument, NULL, OPTION_CONNECT_TIMEOUT},
    {"tls-timeout", required_argument, NULL, OPTION_TLS_TIMEOUT},
    {"ttfb-timeout", required_argument, NULL, OPTION_TTFB_TIMEOUT},
    {"request", required_argument, NULL, 'X'},
    {"header", required_argument, NULL, 'H'},
    {"user-agent", required_argument, NULL, 'A'},
    {"user", required_argument, NULL, 'u'},
    {"cookie", required_argument, NULL, 'b'},
    {"data", required_argument, NULL, 'd'},
    {"head", no_argument, NULL, 'I'},
    {"no-location", no_argument, NULL, OPTION_NO_LOCATION},
    {"max-redirs", required_argument, NULL, OPTION_MAX_REDIRS},
    {"no-keepalive", no_argument, NULL, OPTION_NO_KEEPALIVE},
    {"preview", required_argument, NULL, OPTION_PREVIEW},
    {"max-body", required_argument, NULL, OPTION_MAX_BODY},
    {"until-preview", no_argument, NULL, OPTION_UNTIL_PREVIEW},
    {"per-host", required_argument, NULL, OPTION_PER_HOST},
    {"per-host-rate", required_argument, NULL, OPTION_PER_HOST_RATE},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"retry", required_argument, NULL, OPTION_RETRY},
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"resolve", required_argument, NULL, OPTION_RESOLVE},
    {"connect-to", required_argument, NULL, OPTION_CONNECT_TO},
    {"dns-servers", required_argument, NULL, OPTION_DNS_SERVERS},
    {"interface", required_argument, NULL, OPTION_INTERFACE},
    {"unix-socket", required_argument, NULL, OPTION_UNIX_SOCKET},
    {"proxy", required_argument, NULL, 'x'},
    {"noproxy", required_argument, NULL, OPTION_NOPROXY},
    {"insecure", no_argument, NULL, 'k'},
    {"cacert", required_argument, NULL, OPTION_CACERT},
    {"capath", required_argument, NULL, OPTION_CAPATH},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"tls-min", required_argument, NULL, OPTION_TLS_MIN},
    {"tls-max", required_argument, NULL, OPTION_TLS_MAX},
    {"sni", required_argument, NULL, OPTION_SNI},
    {"cert-warn", required_argument, NULL, OPTION_CERT_WARN},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"fields", required_argument, NULL, OPTION_FIELDS},
    {"output", required_argument, NULL, 'o'},
    {"append", no_argument, NULL, OPTION_APPEND},
    {"order", required_argument, NULL, OPTION_ORDER},
    {"tcp-info", no_argument, NULL, OPTION_TCP_INFO},
    {"fail", no_argument, NULL, OPTION_FAIL},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"resume", required_argument, NULL, OPTION_RESUME},
    {"rehearse", no_argument, NULL, OPTION_REHEARSE},
    {"lifeline", no_argument, NULL, OPTION_LIFELINE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* The value may be NULL: it does not matter then. */
static bool refuse(const char *option, const char *value, const char *why)
{
    fprintf(stderr, "firstbyte: %s%s%s: %s\nTry 'firstbyte --help'.\n", option, value ? " " : "",
            value ? value : "", why);
    return false;
}

/* --- readers of values: false where one is refused, which is said --- */

static bool read_time(const char *option, const char *value, nsec *to)
{
    if (duration_parse(value, to) && *to)
        return true;
    return refuse(option, value, "not a duration over 0, like 5s or 250ms");
}

/* The place of a word in a list that is closed with NULL. */
static bool read_choice(const char *option, const char *value, const char *const *words, int *to)
{
    for (*to = 0; words[*to]; ++*to)
        if (!strcmp(value, words[*to]))
            return true;
    fprintf(stderr, "firstbyte: %s %s: it is ", option, value);
    for (int i = 0; words[i]; i++)
        fprintf(stderr, "%s%s", i ? words[i + 1] ? ", " : " or " : "", words[i]);
    fputs("\nTry 'firstbyte --help'.\n", stderr);
    return false;
}

static bool read_number(const char *option, const char *value, unsigned long low,
                        unsigned long high, unsigned long *to)
{
    char why[80];

    if (number_parse(value, low, high, to))
        return true;
    snprintf(why, sizeof(why), "not a number from %lu to %lu", low, high);
    return refuse(option, value, why);
}

static bool read_size(const char *option, const char *value, unsigned long low, unsigned long high,
                      size_t *to)
{
    unsigned long number;

    if (!read_number(option, value, low, high, &number))
        return false;
    *to = number;
    return true;
}

static bool read_unsigned(const char *option, const char *value, unsigned long low,
                          unsigned long high, unsigned *to)
{
    unsigned long number;

    if (!read_number(option, value, low, high, &number))
        return false;
    *to = (unsigned)number;
    return true;
}

/* "20", "0.5", "30/m": requests a second, a minute or an hour, down to one a day. */
static bool read_rate(const char *option, const char *value, double *to)
{
    static const char *const units[] = {"", "/s", "/m", "/h", NULL};
    static const double seconds[] = {1, 1, 60, 3600};
    size_t digits = strspn(value, "0123456789."); /* strtod would take "inf" and "0x1p3" too */
    char *end;
    double number = strtod(value, &end);

    for (int i = 0; units[i] && digits && end == value + digits; i++) {
        *to = number / seconds[i];
        if (!strcmp(end, units[i]) && *to >= 1.0 / 86400 && *to <= 1e6)
            return true;
    }
    return refuse(option, value, "not a rate, like 20, 0.5 or 30/m; at most 1000000 a second");
}

/* "65536", "64K", "1M", "2G". */
static bool read_bytes(const char *option, const char *value, uint64_t *to)
{
    static const char units[] = "KMG";
    char *end;
    unsigned long long number = strtoull(value, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;

    *to = (uint64_t)number << shift;
    if (*value >= '0' && *value <= '9' && number <= UINT64_C(1) << 40 >> shift &&
        !end[unit ? 1 : 0])
        return true;
    return refuse(option, value, "not a size up to 1024G, like 65536, 64K or 1M");
}

/* "30" or "30d". */
static bool read_days(const char *option, const char *value, unsigned *to)
{
    char digits[16];
    size_t length = strlen(value);

    if (length && value[length - 1] == 'd')
        length--;
    snprintf(digits, sizeof(digits), "%.*s", (int)length, value);
    return length < sizeof(digits) && number_parse(digits, 1, 36500, &(unsigned long){0})
               ? read_unsigned(option, digits, 1, 36500, to)
               : refuse(option, value, "not a number of days, like 30d");
}

static bool read_tls(const char *option, const char *value, int *to)
{
    static const char *const versions[] = {"1.2", "1.3", NULL};

    if (!read_choice(option, value, versions, to))
        return false;
    *to += 12;
    return true;
}

static void add_text(struct texts *texts, const char *text)
{
    texts->list = memory_grow(texts->list, texts->count + 1, sizeof(*texts->list));
    texts->list[texts->count++] = text;
}

/* The value may be a secret: of a field that is refused, the name alone is shown. */
static bool read_header(struct options *options, const char *line)
{
    const char *wrong = request_check_header(line, strlen(line));
    char name[64];

    if (wrong) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, strchr(line, ':') ? ":" : " "),
                 line);
        return refuse("--header", *name ? name : NULL, wrong);
    }
    fields_add(&options->request.headers, line, &(size_t){0});
    return true;
}

static bool read_user_agent(struct options *options, const char *value)
{
    char line[1024];

    if (snprintf(line, sizeof(line), "User-Agent: %s", value) >= (int)sizeof(line))
        return refuse("--user-agent", value, "over 1000 bytes");
    return read_header(options, line);
}

static bool read_method(const char *value, const char **to)
{
    if (!request_is_method(value))
        return refuse("--request", value,
                      "not a method: a token (RFC 9110, section 9.1), and not CONNECT");
    *to = value;
    return true;
}

static bool read_cookie(const char *value, const char **to)
{
    const char *wrong = request_check_value(value, strlen(value));

    *to = value;
    return !wrong || refuse("--cookie", NULL, wrong);
}

/* A file's bytes, to be freed. NULL, and it is said why. */
static char *read_file(const char *path, size_t *length)
{
    FILE *from = fopen(path, "re");
    char *bytes = NULL;

    *length = 0;
    if (from) {
        bytes = memory_get(MOST_DATA_BYTES + 1);
        *length = fread(bytes, 1, MOST_DATA_BYTES + 1, from);
    }
    if (!from || ferror(from) || *length > MOST_DATA_BYTES) {
        refuse("--data", path,
               from && *length > MOST_DATA_BYTES ? "over 64 MiB" : strerrordesc_np(errno));
        free(bytes);
        bytes = NULL;
    }
    if (from)
        fclose(from);
    return bytes;
}

/* Several are joined by "&", as in curl. */
static bool read_data(struct options *options, const char *value)
{
    struct content *old = options->request.content;
    size_t length = strlen(value), before = old ? old->count + 1 : 0;
    char *file = *value == '@' ? read_file(value + 1, &length) : NULL, *all;

    if (*value == '@' && !file)
        return false;
    all = memory_get(before + length + 1);
    if (old)
        *(char *)mempcpy(all, old->bytes, old->count) = '&';
    memcpy(all + before, file ? file : value, length);
    options->request.content = content_new(all, before + length);
    content_drop(old);
    free(all);
    free(file);
    return true;
}

static bool read_route(const char *option, const char *value, struct texts *to,
                       const char *(*add)(struct routes *routes, const char *text))
{
    struct routes *routes = routes_new();
    const char *wrong = add(routes, value);

    routes_free(routes);
    add_text(to, value);
    return !wrong || refuse(option, value, wrong);
}

static bool read_proxy(const char *value, const char **to)
{
    struct proxy proxy = {0};
    const char *wrong = *value ? proxy_parse(&proxy, value) : NULL;

    proxy_free(&proxy);
    *to = value;
    return !wrong || refuse("--proxy", NULL, wrong); /* it may hold a password */
}

static bool read_fields(struct options *options, const char *value)
{
    const char *wrong;
    char name[64];

    if (!strcmp(value, "help")) {
        options->command = COMMAND_NONE;
        report_list_fields(stdout);
        return true;
    }
    wrong = report_check_fields(value);
    if (!wrong) {
        add_text(&options->fields, value);
        return true;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(wrong, ","), wrong);
    return refuse("--fields", name, "no such field; --fields help lists them");
}

static void print_version(void)
{
    printf("firstbyte %s\n%s\nllhttp %s\nc-ares %s\n", FIRSTBYTE_VERSION, tls_version(),
           http1_parser_version(), resolver_version());
}

/* --- the options, by subject --- */

static bool read_time_option(struct options *options, int option)
{
    switch (option) {
    case 'T': return read_time("--timeout", optarg, &options->request.timeout);
    case OPTION_DNS_TIMEOUT: return read_time("--dns-timeout", optarg, &options->dns_timeout);
    case OPTION_CONNECT_TIMEOUT:
        return read_time("--connect-timeout", optarg, &options->connect_timeout);
    case OPTION_TLS_TIMEOUT: return read_time("--tls-timeout", optarg, &options->tls_timeout);
    default: return read_time("--ttfb-timeout", optarg, &options->ttfb_timeout);
    }
}

static bool read_request_option(struct options *options, int option)
{
    struct request_options *request = &options->request;

    switch (option) {
    case 'X': return read_method(optarg, &request->method);
    case 'H': return read_header(options, optarg);
    case 'A': return read_user_agent(options, optarg);
    case 'u': request->user = optarg; return true;
    case 'b': return read_cookie(optarg, &request->cookie);
    case 'd': return read_data(options, optarg);
    case 'I': request->head = true; return true;
    case OPTION_NO_LOCATION: options->no_location = true; return true;
    case OPTION_MAX_REDIRS:
        return read_unsigned("--max-redirs", optarg, 0, 100, &options->max_redirs);
    case OPTION_NO_KEEPALIVE: options->no_keepalive = true; return true;
    case OPTION_PREVIEW:
        return read_size("--preview", optarg, 1, PREVIEW_MOST_CHARACTERS, &options->preview);
    case OPTION_MAX_BODY: return read_bytes("--max-body", optarg, &options->max_body);
    default: options->until_preview = true; return true;
    }
}

static bool read_politeness_option(struct options *options, int option)
{
    switch (option) {
    case 'c': return read_size("--concurrency", optarg, 1, MOST_CONCURRENCY, &options->concurrency);
    case OPTION_PER_HOST:
        return read_size("--per-host", optarg, 0, MOST_CONCURRENCY, &options->per_host);
    case OPTION_PER_HOST_RATE: return read_rate("--per-host-rate", optarg, &options->per_host_rate);
    case OPTION_RATE: return read_rate("--rate", optarg, &options->rate);
    default: return read_unsigned("--retry", optarg, 0, 100, &options->retries);
    }
}

static bool read_address_option(struct options *options, int option)
{
    const char *wrong;

    switch (option) {
    case '4': options->ipv4_only = true; return true;
    case '6': options->ipv6_only = true; return true;
    case OPTION_RESOLVE:
        return read_route("--resolve", optarg, &options->resolve, routes_add_resolve);
    case OPTION_CONNECT_TO:
        return read_route("--connect-to", optarg, &options->connect_to, routes_add_connect_to);
    case OPTION_DNS_SERVERS:
        wrong = resolver_check_servers(optarg);
        options->dns_servers = optarg;
        return !wrong || refuse("--dns-servers", optarg, wrong);
    case OPTION_INTERFACE: options->interface = optarg; return true;
    case OPTION_UNIX_SOCKET: options->unix_socket = optarg; return true;
    case 'x': return read_proxy(optarg, &options->proxy);
    default: options->noproxy = optarg; return true;
    }
}

static bool read_tls_option(struct options *options, int option)
{
    switch (option) {
    case 'k': options->insecure = true; return true;
    case OPTION_CACERT: options->authorities = optarg; return true;
    case OPTION_CAPATH: options->authorities_directory = optarg; return true;
    case OPTION_CERT: options->certificate = optarg; return true;
    case OPTION_KEY: options->key = optarg; return true;
    case OPTION_TLS_MIN: return read_tls("--tls-min", optarg, &options->tls_min);
    case OPTION_TLS_MAX: return read_tls("--tls-max", optarg, &options->tls_max);
    case OPTION_SNI: options->sni = optarg; return true;
    default: return read_days("--cert-warn", optarg, &options->cert_warn_days);
    }
}

static bool read_output_option(struct options *options, int option)
{
    static const char *const formats[] = {"text", "table", "json", "csv", NULL};
    static const char *const colors[] = {"auto", "always", "never", NULL};
    static const char *const orders[] = {"completion", "input", NULL};
    int choice;

    switch (option) {
    case OPTION_FORMAT:
        if (!read_choice("--format", optarg, formats, &choice))
            return false;
        options->format = (enum format)choice;
        return true;
    case OPTION_COLOR:
        if (!read_choice("--color", optarg, colors, &choice))
            return false;
        options->color = (enum color)choice;
        return true;
    case OPTION_ORDER:
        if (!read_choice("--order", optarg, orders, &choice))
            return false;
        options->input_order = choice;
        return true;
    case OPTION_FIELDS: return read_fields(options, optarg);
    case 'o': options->output = optarg; return true;
    case OPTION_APPEND: options->append = true; return true;
    case OPTION_TCP_INFO: options->tcp_info = true; return true;
    case OPTION_FAIL: options->fail = true; return true;
    case 'q': options->quiet = true; return true;
    default: options->verbose = true; return true;
    }
}

static bool read_option(struct options *options, int option)
{
    switch (option) {
    case 'f': options->file = optarg; return true;
    case OPTION_RESUME: options->resume = optarg; return true;
    case OPTION_REHEARSE: options->rehearse = true; return true;
    case OPTION_LIFELINE: options->lifeline = true; return true;
    case 'h':
        options->command = COMMAND_NONE;
        fputs(help, stdout);
        return true;
    case 'V':
        options->command = COMMAND_NONE;
        print_version();
        return true;
    case 'T':
    case OPTION_DNS_TIMEOUT ... OPTION_TTFB_TIMEOUT: return read_time_option(options, option);
    case 'X':
    case 'H':
    case 'A':
    case 'u':
    case 'b':
    case 'd':
    case 'I':
    case OPTION_NO_LOCATION ... OPTION_UNTIL_PREVIEW: return read_request_option(options, option);
    case 'c':
    case OPTION_PER_HOST ... OPTION_RETRY: return read_politeness_option(options, option);
    case '4':
    case '6':
    case 'x':
    case OPTION_RESOLVE ... OPTION_NOPROXY: return read_address_option(options, option);
    case 'k':
    case OPTION_CACERT ... OPTION_CERT_WARN: return read_tls_option(options, option);
    case 'o':
    case 'q':
    case 'v':
    case OPTION_FORMAT ... OPTION_COLOR: return read_output_option(options, option);
    default: fputs("Try 'firstbyte --help'.\n", stderr); return false;
    }
}

/* The subcommand is the first word, if it is one. */
static enum command read_command(int *argc, char ***argv)
{
    static const struct {
        const char *name;
        enum command command;
    } commands[] = {{"fetch", COMMAND_FETCH}, {"race", COMMAND_RACE}, {"origin", COMMAND_ORIGIN}};

    for (size_t i = 0; *argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp((*argv)[1], commands[i].name) != 0)
            continue;
        (*argv)[1] = (*argv)[0];
        ++*argv;
        --*argc;
        return commands[i].command;
    }
    return COMMAND_FETCH;
}

/* What a rehearsal decides by itself. */
static bool check_rehearsal(const struct options *options)
{
    static const char dials[] = "every dial of a rehearsal ends at its origin";
    static const char trust[] = "a rehearsal trusts its own authority alone";
    const struct {
        const char *value, *name, *why;
    } decided[] = {
        {options->authorities, "--cacert", trust},
        {options->authorities_directory, "--capath", trust},
        {options->proxy, "--proxy", dials},
        {options->unix_socket, "--unix-socket", dials},
        {options->dns_servers, "--dns-servers", "a rehearsal asks its own nameserver"},
    };

    for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++)
        if (decided[i].value)
            return refuse(decided[i].name, NULL, decided[i].why); /* a proxy has a password */
    return true;
}

/* What has no meaning together. */
static bool check_together(const struct options *options)
{
    if ((options->output && !*options->output) || (options->resume && !*options->resume))
        return refuse(options->resume && !*options->resume ? "--resume" : "--output", NULL,
                      "the name of a file is empty");
    if (options->ipv4_only && options->ipv6_only)
        return refuse("-4", "-6", "one of them");
    if (options->tls_min && options->tls_max && options->tls_min > options->tls_max)
        return refuse("--tls-min", options->tls_min == 13 ? "1.3" : "1.2", "over --tls-max");
    if (options->key && !options->certificate)
        return refuse("--key", options->key, "it belongs to a certificate: --cert FILE");
    if (options->append && !options->output)
        return refuse("--append", NULL, "it belongs to --output FILE");
    if (options->request.head && options->request.content)
        return refuse("--head", "--data", "a HEAD has no content; -X names the method");
    if (options->file && options->word_count)
        return refuse("--file", options->file, "give a list or URLs, not both");
    return true;
}

/* What the blocking half of a race cannot do, or what would make its halves differ. */
static bool check_race(const struct options *options)
{
    const struct {
        bool given;
        const char *name;
    } alone[] = {
        {options->proxy, "--proxy"},
        {options->unix_socket, "--unix-socket"},
        {options->interface, "--interface"},
        {options->resolve.count, "--resolve"},
        {options->connect_to.count, "--connect-to"},
        {options->dns_servers, "--dns-servers"},
        {options->ipv4_only || options->ipv6_only, "-4 and -6"},
        {options->retries, "--retry"},
        {options->rate > 0 || options->per_host_rate > 0, "--rate and --per-host-rate"},
        {options->resume, "--resume"},
        {options->verbose, "--verbose"},
        {options->output, "--output"},
    };

    for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++)
        if (alone[i].given)
            return refuse("race", alone[i].name, "for fetch alone");
    if (options->file && !strcmp(options->file, "-"))
        return refuse("race --file", "-", "a race reads its list twice; give it a file");
    return true;
}

bool options_read(struct options *options, int argc, char **argv)
{
    static char name[] = "firstbyte";
    int option;

    *options = (struct options){
        .concurrency = DEFAULT_CONCURRENCY,
        .dns_timeout = NSEC_NEVER,
        .connect_timeout = NSEC_NEVER,
        .tls_timeout = NSEC_NEVER,
        .ttfb_timeout = NSEC_NEVER,
        .request.timeout = DEFAULT_TIMEOUT,
        .max_redirs = DEFAULT_REDIRECTS,
        .preview = DEFAULT_PREVIEW,
        .max_body = DEFAULT_MAX_BODY,
        .per_host = DEFAULT_PER_HOST,
    };
    options->command = read_command(&argc, &argv);
    argv[0] = name; /* in getopt's messages, as in ours */
    while ((option = getopt_long(argc, argv, SHORT_OPTIONS, table, NULL)) != -1) {
        if (!read_option(options, option))
            return false;
        if (options->command == COMMAND_NONE)
            return true;
    }
    options->words = argv + optind;
    options->word_count = (size_t)(argc - optind);
    if (!check_together(options) || (options->rehearse && !check_rehearsal(options)) ||
        (options->command == COMMAND_RACE && !check_race(options)))
        return false;
    if (!options->file && !options->word_count && options->command != COMMAND_ORIGIN)
        options->file = DEFAULT_FILE;
    return true;
}

bool options_want_certificate(const struct options *options)
{
    return options->format == FORMAT_JSON || options->fields.count || options->cert_warn_days ||
           options->verbose;
}

void options_free(struct options *options)
{
    free(options->request.headers);
    content_drop(options->request.content);
    free(options->resolve.list);
    free(options->connect_to.list);
    free(options->fields.list);
}
