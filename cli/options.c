/* getopt_long and the one screen of help. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/duration.h"
#include "http/http1.h"
#include "http/request.h"
#include "reactor/resolver.h"
#include "tls/client.h"

#define DEFAULT_FILE        "sites.conf"
#define DEFAULT_CONCURRENCY 256
#define MOST_CONCURRENCY    1000000
#define DEFAULT_TIMEOUT     (10 * NSEC_PER_S)

static const char help[] =
    "Usage: firstbyte [fetch] [OPTION]... [URL...]  all sites at once, one line each\n"
    "       firstbyte race [OPTION]... [URL...]     one after the other, then at once\n"
    "       firstbyte origin [-f FILE] [URL...]     the rehearsal's servers, by hand\n"
    "\n"
    "  -f, --file FILE         the list of sites (sites.conf); - is standard input\n"
    "  -c, --concurrency N     sites at once (256)\n"
    "  -T, --timeout TIME      for a site in all (10s); TIME takes us, ms, s, m or h\n"
    "      --dns-timeout TIME  --connect-timeout TIME  --tls-timeout TIME\n"
    "      --ttfb-timeout TIME for one phase: the last is the wait for the first byte\n"
    "  -k, --insecure          do not verify certificates\n"
    "      --cacert FILE       trust these authorities (PEM) instead of the system's\n"
    "      --fail              a status of 400 or more is a failure\n"
    "      --format text|json  json: one object a line\n"
    "      --order completion|input  lines as sites finish, or in the list's order\n"
    "      --rehearse          against an embedded origin, with no network\n"
    "  -h, --help   -V, --version\n"
    "\n"
    "Exit status: 0 all fetched, 1 some failed, 2 bad usage or list, 3 could not set\n"
    "up, 130 interrupted.\n";

enum long_option {
    OPTION_DNS = 256,
    OPTION_CONNECT,
    OPTION_TLS,
    OPTION_TTFB,
    OPTION_CACERT,
    OPTION_FAIL,
    OPTION_FORMAT,
    OPTION_ORDER,
    OPTION_REHEARSE,
    OPTION_LIFELINE,
};

static const struct option table[] = {
    {"file", required_argument, NULL, 'f'},
    {"concurrency", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, 'T'},
    {"dns-timeout", required_argument, NULL, OPTION_DNS},
    {"connect-timeout", required_argument, NULL, OPTION_CONNECT},
    {"tls-timeout", required_argument, NULL, OPTION_TLS},
    {"ttfb-timeout", required_argument, NULL, OPTION_TTFB},
    {"insecure", no_argument, NULL, 'k'},
    {"cacert", required_argument, NULL, OPTION_CACERT},
    {"fail", no_argument, NULL, OPTION_FAIL},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"order", required_argument, NULL, OPTION_ORDER},
    {"rehearse", no_argument, NULL, OPTION_REHEARSE},
    {"lifeline", no_argument, NULL, OPTION_LIFELINE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static bool refuse(const char *option, const char *value, const char *why)
{
    fprintf(stderr, "firstbyte: %s %s: %s\nTry 'firstbyte --help'.\n", option, value, why);
    return false;
}

static bool read_time(const char *option, const char *value, nsec *to)
{
    if (duration_parse(value, to) && *to)
        return true;
    return refuse(option, value, "not a duration over 0, like 5s or 250ms");
}

/* One of two words. */
static bool read_choice(const char *option, const char *value, const char *no, const char *yes,
                        bool *to)
{
    *to = !strcmp(value, yes);
    if (*to || !strcmp(value, no))
        return true;
    fprintf(stderr, "firstbyte: %s %s: it is %s or %s\nTry 'firstbyte --help'.\n", option, value,
            no, yes);
    return false;
}

static bool read_concurrency(const char *value, size_t *to)
{
    unsigned long number;

    if (!number_parse(value, 1, MOST_CONCURRENCY, &number))
        return refuse("--concurrency", value, "not a number from 1 to 1000000");
    *to = number;
    return true;
}

static void print_version(void)
{
    printf("firstbyte %s\n%s\nllhttp %s\nc-ares %s\n", FIRSTBYTE_VERSION, tls_version(),
           http1_parser_version(), resolver_version());
}

static bool read_option(struct options *options, int option)
{
    switch (option) {
    case 'f': options->file = optarg; return true;
    case 'c': return read_concurrency(optarg, &options->concurrency);
    case 'T': return read_time("--timeout", optarg, &options->timeout);
    case 'k': options->insecure = true; return true;
    case OPTION_DNS: return read_time("--dns-timeout", optarg, &options->dns_timeout);
    case OPTION_CONNECT: return read_time("--connect-timeout", optarg, &options->connect_timeout);
    case OPTION_TLS: return read_time("--tls-timeout", optarg, &options->tls_timeout);
    case OPTION_TTFB: return read_time("--ttfb-timeout", optarg, &options->ttfb_timeout);
    case OPTION_CACERT: options->authorities = optarg; return true;
    case OPTION_FAIL: options->fail = true; return true;
    case OPTION_FORMAT: return read_choice("--format", optarg, "text", "json", &options->json);
    case OPTION_ORDER:
        return read_choice("--order", optarg, "completion", "input", &options->input_order);
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
        .timeout = DEFAULT_TIMEOUT,
    };
    options->command = read_command(&argc, &argv);
    argv[0] = name; /* in getopt's messages, as in ours */
    while ((option = getopt_long(argc, argv, "f:c:T:khV", table, NULL)) != -1) {
        if (!read_option(options, option))
            return false;
        if (options->command == COMMAND_NONE)
            return true;
    }
    options->words = argv + optind;
    options->word_count = (size_t)(argc - optind);
    if (options->rehearse && options->authorities)
        return refuse("--cacert", options->authorities,
                      "a rehearsal trusts its own authority alone");
    if (options->file && options->word_count)
        return refuse("--file", options->file, "give a list or URLs, not both");
    if (!options->file && !options->word_count && options->command != COMMAND_ORIGIN)
        options->file = DEFAULT_FILE;
    if (options->command == COMMAND_RACE && options->file && !strcmp(options->file, "-"))
        return refuse("race --file", "-", "a race reads its list twice; give it a file");
    return true;
}
