/*
 * getopt_long, one row an option: its name, the commands that know it, and where its value goes. An
 * option that the command does not know is refused by name, for one that silently means nothing is
 * worse than none. What contradicts something else is looked at when all is read. Rejected: a switch
 * over all options, which had to repeat each name and could not tell one command from another.
 */
#include "cli/options/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/options/help.h"
#include "cli/options/readers.h"
#include "cli/output/diagnostic.h"
#include "dns/resolver.h"
#include "http/body/preview.h"
#include "http/h1/h1_parser.h"
#include "http/request.h"
#include "tls/tls.h"

#define DEFAULT_FILE        "sites.conf"
#define DEFAULT_CONCURRENCY 256
#define DEFAULT_CONNECTIONS 64
#define MAX_CONCURRENCY     1000000
#define DEFAULT_TIMEOUT     (10 * NSEC_PER_S)
#define DEFAULT_REDIRECTS   10
#define DEFAULT_PREVIEW     10
#define DEFAULT_MAX_BODY    (1024 * 1024)
#define DEFAULT_PER_HOST    6
#define DEFAULT_SEED        1
#define MAX_FETCH_RATE      1000000
#define MAX_REQUESTS        1000000000000000
#define MAX_PIPELINE        1024
#define MAX_PROCESSES       1024
#define MAX_REPEATS         1000

/* The commands that know an option. */
enum {
    FETCH = 1 << COMMAND_FETCH,
    RACE = 1 << COMMAND_RACE,
    BENCH = 1 << COMMAND_BENCH,
    ORIGIN = 1 << COMMAND_ORIGIN,
    DIFF = 1 << COMMAND_DIFF,
    SITES = FETCH | RACE,
    SINGLY = FETCH | BENCH, /* what the blocking half of a race cannot do */
    ASKING = FETCH | RACE | BENCH,
    SERVING = ASKING | ORIGIN,
    EVERY = SERVING | DIFF,
};

static const char *const commands[] = {[COMMAND_FETCH] = "fetch",
                                       [COMMAND_RACE] = "race",
                                       [COMMAND_BENCH] = "bench",
                                       [COMMAND_ORIGIN] = "origin",
                                       [COMMAND_DIFF] = "diff"};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static bool print_help(const struct given *given)
{
    fputs(help_text(given->options->command), stdout);
    given->options->command = COMMAND_NONE;
    return true;
}

static bool print_version(const struct given *given)
{
    printf("firstbyte %s\n%s\nllhttp %s\nc-ares %s\n", FIRSTBYTE_VERSION, tls_version(),
           http1_parser_version(), resolver_version());
    given->options->command = COMMAND_NONE;
    return true;
}

static const char *const formats[] = {"text", "table", "json", "csv", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const orders[] = {"completion", "input", NULL};
static const char *const versions[] = {"1.2", "1.3", NULL};
static const char *const arrivals[] = {"constant", "poisson", NULL};
static const char *const stampings[] = {"off", "sample", "all", NULL};

/* The end of a row: the reader, the field in struct options, and what the reader needs to know. */
#define AT(field)               offsetof(struct options, field), sizeof(((struct options *)0)->field)
#define VALUE(reader, field)    reader, AT(field), 0, 0, NULL
#define SET(field, on)          read_flag, AT(field), on, 0, NULL
#define FLAG(field)             SET(field, true)
#define CLEAR(field)            SET(field, false)
#define TEXT(field)             VALUE(read_text, field)
#define FILE_NAME(field)        VALUE(read_file_name, field)
#define TIME(field, least)      read_time, AT(field), least, 0, NULL
#define RATE(field, max)        read_rate, AT(field), 0, max, NULL
#define NUMBER(field, low, top) read_number, AT(field), low, top, NULL
#define CHOICE(field, words)    read_choice, AT(field), 0, 0, words
#define ACTION(reader)          reader, 0, 0, 0, 0, NULL

/* Where a name or a letter is not the same thing for all commands, it has a row for each. */
static const struct option_row table[] = {
    {"file", 'f', SERVING, FILE_NAME(list.file)},
    {"concurrency", 'c', ASKING, NUMBER(concurrency, 1, MAX_CONCURRENCY)},
    {"connections", 0, BENCH, NUMBER(concurrency, 1, MAX_CONCURRENCY)},
    {"timeout", 'T', ASKING, TIME(request.timeout, 1)},
    {"dns-timeout", 0, ASKING, TIME(network.dns_timeout, 1)},
    {"connect-timeout", 0, ASKING, TIME(network.connect_timeout, 1)},
    {"tls-timeout", 0, ASKING, TIME(network.tls_timeout, 1)},
    {"ttfb-timeout", 0, SITES, TIME(exchange.ttfb_timeout, 1)},
    {"request", 'X', ASKING, VALUE(read_method, request.method)},
    {"header", 'H', ASKING, ACTION(read_header)},
    {"user-agent", 'A', ASKING, ACTION(read_user_agent)},
    {"user", 'u', ASKING, TEXT(request.user)},
    {"cookie", 'b', ASKING, VALUE(read_cookie, request.cookie)},
    {"data", 'd', SITES, ACTION(read_data)},
    {"data", 0, BENCH, ACTION(read_data)},
    {"head", 'I', ASKING, FLAG(request.head)},
    {"no-location", 0, FETCH, CLEAR(chain.follow)},
    {"max-redirs", 0, FETCH, NUMBER(chain.max_hops, 0, 1000)},
    {"no-keepalive", 0, SITES, CLEAR(exchange.keep_alive)},
    {"preview", 0, SITES, NUMBER(exchange.response.preview, 1, PREVIEW_MAX_CHARACTERS)},
    {"max-body", 0, SITES, VALUE(read_bytes, exchange.response.max_body)},
    {"until-preview", 0, SITES, FLAG(exchange.response.until_preview)},
    {"per-host", 0, SITES, NUMBER(per_host, 0, MAX_CONCURRENCY)},
    {"per-host-rate", 0, FETCH, RATE(per_host_rate, MAX_FETCH_RATE)},
    {"rate", 'R', FETCH, RATE(rate, MAX_FETCH_RATE)},
    {"rate", 'R', BENCH, RATE(load.rate, LOAD_MAX_RATE)},
    {"retry", 0, FETCH, NUMBER(chain.retries, 0, 100)},
    {"arrival", 0, BENCH, CHOICE(load.run.schedule.arrival, arrivals)},
    {"seed", 0, BENCH, NUMBER(load.run.schedule.seed, 0, UINT64_MAX)},
    {"ramp", 0, BENCH, ACTION(load_read_ramp)},
    {"find-knee", 0, BENCH, ACTION(load_read_knee)},
    {"requests", 'n', BENCH, NUMBER(load.run.requests, 1, MAX_REQUESTS)},
    {"duration", 'd', BENCH, TIME(load.run.duration, 1)},
    {"warmup", 0, BENCH, TIME(load.run.warmup, 0)},
    {"requests-per-conn", 0, BENCH, NUMBER(load.run.requests_per_connection, 1, MAX_REQUESTS)},
    {"new-conn", 0, BENCH, FLAG(load.run.new_connections)},
    {"tls-resume", 0, BENCH, ACTION(load_read_resume)},
    {"pipeline", 0, BENCH, NUMBER(load.run.pipeline, 1, MAX_PIPELINE)},
    {"procs", 0, BENCH, NUMBER(load.processes, 1, MAX_PROCESSES)},
    {"kernel-time", 0, BENCH, CHOICE(load.kernel_time, stampings)},
    {"slo", 0, BENCH, ACTION(load_read_slo)},
    {"hlog", 0, BENCH, FILE_NAME(load.hlog)},
    {"repeat", 0, BENCH, NUMBER(load.repeat, 1, MAX_REPEATS)},
    {"vs", 0, BENCH, VALUE(load_read_versus, load.versus)},
    {"ipv4", '4', SINGLY, FLAG(network.ipv4_only)},
    {"ipv6", '6', SINGLY, FLAG(network.ipv6_only)},
    {"resolve", 0, SINGLY, ACTION(read_resolve)},
    {"connect-to", 0, SINGLY, ACTION(read_connect_to)},
    {"dns-servers", 0, SINGLY, VALUE(read_servers, network.dns_servers)},
    {"interface", 0, SINGLY, VALUE(read_texts, network.interfaces)},
    {"unix-socket", 0, SINGLY, FILE_NAME(network.unix_socket)},
    {"proxy", 'x', FETCH, VALUE(read_proxy, network.proxy)},
    {"noproxy", 0, FETCH, TEXT(network.noproxy)},
    {"insecure", 'k', ASKING, FLAG(network.trust.insecure)},
    {"cacert", 0, ASKING, FILE_NAME(network.trust.authorities_file)},
    {"capath", 0, ASKING, FILE_NAME(network.trust.authorities_directory)},
    {"cert", 0, ASKING, FILE_NAME(network.trust.certificate)},
    {"key", 0, ASKING, FILE_NAME(network.trust.key)},
    {"tls-min", 0, ASKING, read_choice, AT(network.trust.min_version), 12, 0, versions},
    {"tls-max", 0, ASKING, read_choice, AT(network.trust.max_version), 12, 0, versions},
    {"sni", 0, ASKING, TEXT(network.trust.sni)},
    {"cert-warn", 0, SITES, VALUE(read_days, output.cert_warn_days)},
    {"format", 0, ASKING | DIFF, CHOICE(output.format, formats)},
    {"fields", 0, SITES, VALUE(read_fields, output.fields)},
    {"output", 'o', SINGLY, FILE_NAME(output.file)},
    {"append", 0, SINGLY, FLAG(output.append)},
    {"order", 0, SITES, CHOICE(output.input_order, orders)},
    {"tcp-info", 0, SITES, FLAG(exchange.tcp_facts)},
    {"fail", 0, SITES, FLAG(output.fail)},
    {"color", 0, ASKING, CHOICE(output.color, colors)},
    {"quiet", 'q', ASKING, FLAG(output.quiet)},
    {"verbose", 'v', FETCH, FLAG(network.verbose)},
    {"resume", 0, FETCH, FILE_NAME(output.resume)},
    {"rehearse", 0, ASKING, FLAG(rehearse)},
    {"lifeline", 0, ORIGIN, FLAG(lifeline)},
    {"help", 'h', EVERY, ACTION(print_help)},
    {"version", 'V', EVERY, ACTION(print_version)},
};

#define ROWS       (sizeof(table) / sizeof(*table))
#define FIRST_LONG 256 /* what getopt returns of a long option: its row, from here on */

static bool takes_value(const struct option_row *row)
{
    return row->read != read_flag && row->read != print_help && row->read != print_version;
}

/* The table as getopt wants it. */
struct getopt_form {
    struct option longs[ROWS + 1]; /* closed with one that is empty */
    char letters[2 * ROWS + 1];
};

static void getopt_form_fill(struct getopt_form *form)
{
    char *to = form->letters;

    *form = (struct getopt_form){0};
    for (size_t i = 0; i < ROWS; i++) {
        int argument = takes_value(&table[i]) ? required_argument : no_argument;

        form->longs[i] = (struct option){table[i].name, argument, NULL, FIRST_LONG + (int)i};
        if (!table[i].letter)
            continue;
        *to++ = (char)table[i].letter;
        if (argument)
            *to++ = ':';
    }
}

/* The row of what getopt returned: of several the command's own, else any. */
static const struct option_row *find_row(int option, enum command command)
{
    const struct option_row *any = NULL;

    for (const struct option_row *row = table; row < table + ROWS; row++) {
        if (option >= FIRST_LONG ? strcmp(row->name, table[option - FIRST_LONG].name) != 0
                                 : row->letter != option)
            continue;
        if (row->commands >> command & 1)
            return row;
        if (!any)
            any = row;
    }
    return any;
}

/* The commands that know a name, by whichever row. */
static unsigned commands_of(const char *name)
{
    unsigned set = 0;

    for (size_t i = 0; i < ROWS; i++)
        if (!strcmp(table[i].name, name))
            set |= table[i].commands;
    return set;
}

/* "firstbyte: race --proxy: for fetch alone". */
static bool refuse_stranger(const struct option_row *row, enum command command)
{
    const unsigned set = commands_of(row->name);
    const int count = __builtin_popcount(set);
    int named = 0;
    char *text;
    size_t length;
    FILE *to = memory_stream(&text, &length);

    fprintf(to, "%s --%s: for ", commands[command], row->name);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!(set >> i & 1))
            continue;
        named++;
        fprintf(to, "%s%s", named == 1 ? "" : named < count ? ", " : " and ", commands[i]);
    }
    fclose(to);
    diagnostic("%s%s", text, count == 1 ? " alone" : "");
    free(text);
    return false;
}

static bool read_option(struct options *options, int option)
{
    const struct option_row *row = find_row(option, options->command);
    char name[64];
    struct given given = {.option = name, .value = optarg, .options = options, .row = row};

    if (!row) /* getopt has said why */
        return false;
    if (!(row->commands >> options->command & 1))
        return refuse_stranger(row, options->command);
    snprintf(name, sizeof(name), "--%s", row->name);
    given.to = (char *)options + row->offset;
    return row->read(&given);
}

/* The subcommand is the first word, if it is one. */
static enum command read_command(int *argc, char ***argv)
{
    for (size_t i = 0; *argc > 1 && i < COMMANDS; i++) {
        if (strcmp((*argv)[1], commands[i]) != 0)
            continue;
        (*argv)[1] = (*argv)[0];
        ++*argv;
        --*argc;
        return (enum command)i;
    }
    return COMMAND_FETCH;
}

/* What a rehearsal decides by itself; `implied` where nobody asked for one. */
static bool check_rehearsal(const struct network_options *network, bool implied)
{
    static const char dials[] = "every dial of a rehearsal ends at its origin";
    static const char trust[] = "a rehearsal trusts its own authority alone";
    const struct {
        const char *value, *name, *why;
    } decided[] = {
        {network->trust.authorities_file, "--cacert", trust},
        {network->trust.authorities_directory, "--capath", trust},
        {network->proxy, "--proxy", dials},
        {network->unix_socket, "--unix-socket", dials},
        {network->dns_servers, "--dns-servers", "a rehearsal asks its own nameserver"},
    };

    for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++)
        if (decided[i].value)
            return refuse(decided[i].name, NULL, /* a proxy has a password */
                          implied ? "give a URL: without one, bench asks its embedded origin"
                                  : decided[i].why);
    return true;
}

/* What has no meaning together. */
static bool check_together(const struct options *options)
{
    const struct network_options *network = &options->network;
    const struct tls_client_options *trust = &network->trust;

    if (network->ipv4_only && network->ipv6_only)
        return refuse("-4", "-6", "one of them");
    if (trust->min_version && trust->max_version && trust->min_version > trust->max_version)
        return refuse("--tls-min", trust->min_version == 13 ? "1.3" : "1.2", "over --tls-max");
    if (trust->key && !trust->certificate)
        return refuse("--key", trust->key, "it belongs to a certificate: --cert FILE");
    if (options->output.append && !options->output.file)
        return refuse("--append", NULL, "it belongs to --output FILE");
    if (options->request.head && options->request.content)
        return refuse("--head", "--data", "a HEAD has no content; -X names the method");
    if (options->list.file && options->list.word_count)
        return refuse("--file", options->list.file, "give a list or URLs, not both");
    return true;
}

static bool check_diff(const struct options *options)
{
    if (options->list.word_count < 2)
        return refuse("diff", NULL, "it compares two files or more: firstbyte diff A.json B.json");
    return options->output.format == FORMAT_TEXT || options->output.format == FORMAT_JSON ||
           refuse("diff", "--format", "it is text or json");
}

static bool check(const struct options *options)
{
    bool bench = options->command == COMMAND_BENCH;
    bool nobody = bench && !options->list.file && !options->list.word_count;

    if (options->command == COMMAND_DIFF)
        return check_diff(options);
    if (!check_together(options) ||
        ((options->rehearse || nobody) && !check_rehearsal(&options->network, nobody)))
        return false;
    if (options->command == COMMAND_RACE && options->list.file && !strcmp(options->list.file, "-"))
        return refuse("race --file", "-", "a race reads its list twice; give it a file");
    if (!bench && options->network.interfaces.count > 1)
        return refuse("--interface", options->network.interfaces.list[1],
                      "one is enough for a fetch");
    return !bench || load_options_check(options);
}

static void begin(struct options *options, enum command command)
{
    *options = (struct options){
        .command = command,
        .concurrency = command == COMMAND_BENCH ? DEFAULT_CONNECTIONS : DEFAULT_CONCURRENCY,
        .request.timeout = DEFAULT_TIMEOUT,
        .exchange = {.response = {.preview = DEFAULT_PREVIEW, .max_body = DEFAULT_MAX_BODY},
                     .ttfb_timeout = NSEC_NEVER,
                     .keep_alive = true},
        .chain = {.follow = command == COMMAND_FETCH, .max_hops = DEFAULT_REDIRECTS},
        .network = {.dns_timeout = NSEC_NEVER,
                    .connect_timeout = NSEC_NEVER,
                    .tls_timeout = NSEC_NEVER},
        .per_host = DEFAULT_PER_HOST,
        .load = {.run = {.schedule.seed = DEFAULT_SEED, .pipeline = 1},
                 .processes = 1,
                 .repeat = 1,
                 .kernel_time = KERNEL_TIME_SAMPLE}, /* the duration: load_options_settle */
    };
}

/* All options and words, each by itself. */
static bool read_all(struct options *options, int argc, char **argv)
{
    static char name[] = "firstbyte";
    struct getopt_form form;
    int option;

    getopt_form_fill(&form);
    argv[0] = name; /* in getopt's messages, as in ours */
    while ((option = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
        if (!read_option(options, option))
            return false;
        if (options->command == COMMAND_NONE)
            return true;
    }
    options->list.words = argv + optind;
    options->list.word_count = (size_t)(argc - optind);
    return true;
}

/* A list that was meant to be read, and is not. Of a race, which reads its list twice, it cannot be. */
static void hint_at_input(const struct options *options)
{
    struct stat input;

    if (!options->list.file && !options->list.word_count && !options->output.quiet &&
        (options->command == COMMAND_FETCH || options->command == COMMAND_BENCH) &&
        !fstat(STDIN_FILENO, &input) && S_ISFIFO(input.st_mode))
        diagnostic("standard input is a pipe and is not read; -f - reads a list from it");
}

/* What follows from what was read. A rehearsal ends on loopback, the blocking half of a race knows no
   proxies, and a load is meant for the server itself: none of the environment gets in between. */
static void settle(struct options *options)
{
    const struct output_options *output = &options->output;
    struct network_options *network = &options->network;
    bool bench = options->command == COMMAND_BENCH;

    if (bench)
        load_options_settle(options);
    else if (!options->list.file && !options->list.word_count &&
             options->command != COMMAND_ORIGIN && options->command != COMMAND_DIFF)
        options->list.file = DEFAULT_FILE;
    options->exchange.response.follow = options->chain.follow;
    network->proxied = options->command == COMMAND_FETCH && !options->rehearse;
    network->headers = options->request.headers;
    network->trust.describe = !bench && (output->format == FORMAT_JSON || output->fields.count ||
                                         output->cert_warn_days || network->verbose);
}

bool options_read(struct options *options, int argc, char **argv)
{
    bool nothing = argc <= 1;
    enum command command = read_command(&argc, &argv);

    begin(options, command);
    if (nothing) {
        fputs(help_usage, stderr);
        hint_at_input(options);
    }
    if (nothing || !read_all(options, argc, argv) ||
        (options->command != COMMAND_NONE && !check(options))) {
        fprintf(stderr, "Try 'firstbyte %s--help'.\n", command == COMMAND_BENCH ? "bench " : "");
        return false;
    }
    hint_at_input(options);
    settle(options);
    return true;
}

void options_free(struct options *options)
{
    free(options->request.headers);
    content_drop(options->request.content);
    texts_free(&options->data_files);
    routes_free(options->network.routes);
    texts_free(&options->network.interfaces);
    texts_free(&options->output.fields);
}
