/*
 * Reads the command line with getopt_long and the table of options. An option of another command
 * is refused by name. Contradictions between options are checked after all options are read.
 * Rejected: a switch over all options, because it repeated each name and did not know the
 * commands.
 */
#include "cli/options/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/options/command_line.h"
#include "cli/options/help.h"
#include "cli/options/hints.h"
#include "cli/options/readers.h"
#include "cli/options/suggest.h"
#include "cli/output/diagnostic.h"
#include "http/request.h"
#include "http/typed_url.h"

#define DEFAULT_FILE        "sites.conf"
#define DEFAULT_CONCURRENCY 256
#define DEFAULT_CONNECTIONS 64
#define DEFAULT_TIMEOUT     (10 * NSEC_PER_S)
#define DEFAULT_REDIRECTS   10
#define DEFAULT_PREVIEW     10
#define DEFAULT_MAX_BODY    (1024 * 1024)
#define DEFAULT_SEED        1

#define FIRST_LONG 256 /* getopt_long returns this number and the row's index for a long option */

/* The table in the form of getopt. */
struct getopt_form {
    struct option *longs; /* ended by an empty one */
    char *letters;
};

/* The first row of the same name. Rows of one name must have one value: getopt_long refuses an
   abbreviation that fits options with different values. */
static size_t first_row(size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (!strcmp(option_table[i].name, option_table[row].name))
            return i;
    return row;
}

static void getopt_form_init(struct getopt_form *form)
{
    char *letter;

    form->longs = memory_zeroed((option_count + 1) * sizeof(*form->longs));
    form->letters = letter = memory_zeroed(2 * option_count + 2);
    *letter++ = ':'; /* getopt returns it for a missing value, and prints nothing */
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        form->longs[i] = (struct option){
            .name = row->name,
            .has_arg = row->argument ? required_argument : no_argument,
            .val = FIRST_LONG + (int)first_row(i),
        };
        if (!row->letter)
            continue;
        *letter++ = (char)row->letter;
        if (row->argument)
            *letter++ = ':';
    }
}

static void getopt_form_free(struct getopt_form *form)
{
    free(form->longs);
    free(form->letters);
}

/* The row of an option that getopt returned: the row for the command if there is one, else the
   first. NULL: there is no row. */
static const struct option_row *find_row(int option, enum command command)
{
    const struct option_row *first = NULL;

    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        if (option >= FIRST_LONG ? strcmp(row->name, option_table[option - FIRST_LONG].name) != 0
                                 : row->letter != option)
            continue;
        if (option_belongs(row, command))
            return row;
        if (!first)
            first = row;
    }
    return first;
}

/* "firstbyte: race --proxy: only for fetch". A letter may be known from other programs. */
static bool refuse_other_command(const struct option_row *row, enum command command, int letter)
{
    const char option[] = {'-', (char)letter, '\0'};
    char *advice = letter ? suggest_for_foreign(command, option) : NULL;
    const unsigned set = option_commands(row->name);
    const int count = __builtin_popcount(set);
    int named = 0;
    char *text;
    size_t length;
    FILE *to;

    if (advice) {
        refuse(option, NULL, advice);
        free(advice);
        return false;
    }
    to = memory_stream(&text, &length);
    fprintf(to, "%s --%s: only for ", command_names[command], row->name);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!(set >> i & 1))
            continue;
        named++;
        fprintf(to, "%s%s", named == 1 ? "" : named < count ? ", " : " and ", command_names[i]);
    }
    fclose(to);
    diagnostic("%s", text);
    free(text);
    return false;
}

/* The command's options whose names begin with `name`, "--tls-min, --tls-max"; to be freed. */
static char *list_of_prefix(enum command command, const char *name)
{
    char *text;
    size_t length;
    FILE *to = memory_stream(&text, &length);
    const char *separator = "";

    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        if (!*name || strncmp(row->name, name, strlen(name)) != 0 ||
            !option_belongs(row, command) || row->group == GROUP_INTERNAL)
            continue;
        fprintf(to, "%s--%s", separator, row->name);
        separator = ", ";
    }
    fclose(to);
    return text;
}

/* Refuses an option that no command has; `option` is as the user wrote it. */
static bool refuse_unknown(enum command command, const char *option)
{
    const char *name = option + strspn(option, "-");
    const char *similar = option[1] == '-' || name[1] ? suggest_option(command, name) : NULL;
    char *text = suggest_for_foreign(command, option);
    bool refused;

    if (!text && similar)
        text = memory_print("unknown option; did you mean --%s?", similar);
    refused = refuse(option, NULL, text ? text : "unknown option");
    free(text);
    return refused;
}

/* Refuses a long option that is unknown, or the beginning of several names. */
static bool refuse_long(enum command command, const char *word)
{
    char *option = memory_text(word, strcspn(word, "="));
    char *list = list_of_prefix(command, option + 2), *why;

    if (*list) {
        why = memory_print("it may be %s", list);
        refuse(option, NULL, why);
        free(why);
    } else {
        refuse_unknown(command, option);
    }
    free(list);
    free(option);
    return false;
}

/* Refuses an unknown letter. If the whole word is the name of a long option, it suggests this
   option. */
static bool refuse_letter(enum command command, int letter, const char *word)
{
    char option[] = {'-', (char)letter, '\0'};

    if (word && word[0] == '-' && word[1] == letter && word[2] && suggest_option(command, word + 1))
        return refuse_unknown(command, word);
    return refuse_unknown(command, option);
}

/* Refuses an option that getopt did not accept: `returned` is ':' for a missing value, else '?'.
   `word` is the word that getopt read last. */
static bool refuse_option(enum command command, int returned, const char *word)
{
    const struct option_row *row = optopt ? find_row(optopt, command) : NULL;
    char name[64], *why;

    if (!optopt)
        return refuse_long(command, word);
    if (!row)
        return refuse_letter(command, optopt, word);
    snprintf(name, sizeof(name), "--%s", row->name);
    if (returned != ':')
        return refuse(name, NULL, "takes no value");
    why = memory_print("needs a value: %s", row->argument);
    refuse(name, NULL, why);
    free(why);
    return false;
}

static bool read_option(struct options *options, int option)
{
    const struct option_row *row = find_row(option, options->command);
    char name[64];
    struct given given = {.option = name, .value = optarg, .options = options, .row = row};

    if (!option_belongs(row, options->command))
        return refuse_other_command(row, options->command, option < FIRST_LONG ? option : 0);
    snprintf(name, sizeof(name), "--%s", row->name);
    given.to = (char *)options + row->offset;
    return row->read(&given);
}

/* The first word, if it is a command; it is removed. */
static enum command read_command(int *argc, char ***argv)
{
    for (size_t i = 0; *argc > 1 && i < COMMAND_COUNT; i++) {
        if (strcmp((*argv)[1], command_names[i]) != 0)
            continue;
        (*argv)[1] = (*argv)[0];
        ++*argv;
        --*argc;
        return (enum command)i;
    }
    return COMMAND_FETCH;
}

/* Refuses options that a rehearsal does not allow. `implied`: bench rehearses because it has no
   URL. */
static bool check_rehearsal(const struct network_options *network, bool implied)
{
    static const char dials[] = "a rehearsal connects only to its embedded origin";
    static const char trust[] = "a rehearsal trusts only the certificate authority of its origin";
    const struct {
        const char *value, *name, *why;
    } not_allowed[] = {
        {network->trust.authorities_file, "--cacert", trust},
        {network->trust.authorities_directory, "--capath", trust},
        {network->proxy, "--proxy", dials},
        {network->unix_socket, "--unix-socket", dials},
        {network->dns_servers, "--dns-servers", "a rehearsal uses its own nameserver"},
    };

    for (size_t i = 0; i < sizeof(not_allowed) / sizeof(*not_allowed); i++)
        if (not_allowed[i].value)
            return refuse(not_allowed[i].name, NULL, /* a proxy has a password */
                          implied ? "give a URL: without one, bench uses the embedded origin"
                                  : not_allowed[i].why);
    return true;
}

/* Refuses a first word that is not a URL and is probably a misspelled command. */
static bool check_first_word(const struct options *options)
{
    const char *word = options->list.word_count ? options->list.words[0] : "";
    const char *similar = suggest_command(word);
    char *why;

    if (options->command != COMMAND_FETCH || !similar || typed_url_is_likely(word, strlen(word)))
        return true;
    why = memory_print("neither a command nor a URL; did you mean %s?", similar);
    refuse(word, NULL, why);
    free(why);
    return false;
}

/* Contradictions that hold for several commands. */
static bool check_contradictions(const struct options *options)
{
    const struct network_options *network = &options->network;
    const struct tls_client_options *trust = &network->trust;

    if (network->ipv4_only && network->ipv6_only)
        return refuse("-4", "-6", "use only one of these options");
    if (trust->min_version && trust->max_version && trust->min_version > trust->max_version)
        return refuse("--tls-min", trust->min_version == 13 ? "1.3" : "1.2",
                      "must not be higher than --tls-max");
    if (trust->key && !trust->certificate)
        return refuse("--key", trust->key, "needs a certificate: --cert FILE");
    if (options->output.append && !options->output.file)
        return refuse("--append", NULL, "needs --output FILE");
    if (options->request.head && options->request.content)
        return refuse("--head", "--data", "a HEAD request has no content; set the method with -X");
    if (options->list.file && options->list.word_count)
        return refuse("--file", options->list.file, "give a list or URLs, not both");
    return true;
}

static bool check_diff(const struct options *options)
{
    if (options->list.word_count < 2)
        return refuse("diff", NULL, "needs two files or more: firstbyte diff A.json B.json");
    return options->output.format == FORMAT_TEXT || options->output.format == FORMAT_JSON ||
           refuse("diff", "--format", "must be text or json");
}

static bool check(const struct options *options)
{
    bool bench = options->command == COMMAND_BENCH;
    bool no_target = bench && !options->list.file && !options->list.word_count;

    if (options->command == COMMAND_DIFF)
        return check_diff(options);
    if (!check_first_word(options) || !check_contradictions(options) ||
        ((options->rehearse || no_target) && !check_rehearsal(&options->network, no_target)))
        return false;
    if (options->command == COMMAND_RACE && options->list.file && !strcmp(options->list.file, "-"))
        return refuse("race --file", "-", "a race reads its list twice; give it a file");
    if (!bench && options->network.interfaces.count > 1)
        return refuse("--interface", options->network.interfaces.list[1],
                      "only bench uses several");
    return !bench || load_options_check(options);
}

static void set_defaults(struct options *options, enum command command)
{
    *options = (struct options){
        .command = command,
        .concurrency = command == COMMAND_BENCH ? DEFAULT_CONNECTIONS : DEFAULT_CONCURRENCY,
        .request.timeout = DEFAULT_TIMEOUT,
        .versions = command == COMMAND_BENCH ? HTTP_1_1_ONLY : HTTP_ANY,
        .exchange = {.response = {.preview = DEFAULT_PREVIEW, .max_body = DEFAULT_MAX_BODY},
                     .ttfb_timeout = NSEC_NEVER,
                     .keep_alive = true},
        .chain = {.follow = command == COMMAND_FETCH, .max_hops = DEFAULT_REDIRECTS},
        .network = {.dns_timeout = NSEC_NEVER,
                    .connect_timeout = NSEC_NEVER,
                    .tls_timeout = NSEC_NEVER},
        .per_host = PER_HOST_DEFAULT,
        .load = {.run = {.schedule.seed = DEFAULT_SEED,
                         .pipeline = 1,
                         .header_table_bytes = SIZE_MAX},
                 .processes = 1,
                 .repeat = 1,
                 .kernel_time = KERNEL_TIME_SAMPLE}, /* load_options_derive sets the duration */
    };
}

/* Whether a word is a number; an IPv4 address is not one. */
static bool is_number(const char *text)
{
    const char *point = strchr(text, '.');

    return *text && !text[strspn(text, "0123456789.")] && (!point || !strchr(point + 1, '.'));
}

/* Refuses options of other load generators that getopt would read as -q or -h: "-q 100" is a rate,
   "-h2" and "-h2c" are HTTP/2. */
static bool check_foreign_words(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (!strcmp(argv[i], "-q") && i + 1 < argc && is_number(argv[i + 1]))
            return refuse("-q", argv[i + 1], "-q is --quiet; the rate is -R N, --rate N");
        if (!strcmp(argv[i], "-h2"))
            return refuse("-h2", NULL, "-h is --help; HTTP/2 is --http2");
        if (!strcmp(argv[i], "-h2c"))
            return refuse("-h2c", NULL, "-h is --help; use --http2-prior-knowledge");
    }
    return true;
}

/* Reads all options and words; contradictions are not checked. */
static bool read_all(struct options *options, int argc, char **argv)
{
    struct getopt_form form;
    bool accepted;
    int option;

    getopt_form_init(&form);
    accepted = check_foreign_words(argc, argv);
    while (accepted && options->command != COMMAND_NONE) {
        int at = optind ? optind : 1; /* of the word that is read next */

        option = getopt_long(argc, argv, form.letters, form.longs, NULL);
        if (option == -1)
            break;
        accepted =
            option == '?' || option == ':'
                ? refuse_option(options->command, option, argv[optind > at ? optind - 1 : at])
                : read_option(options, option);
    }
    getopt_form_free(&form);
    options->list.words = argv + optind;
    options->list.word_count = (size_t)(argc - optind);
    return accepted;
}

/* firstbyte help [TOPIC] */
static bool read_help(struct options *options, int argc, char **argv)
{
    options->command = COMMAND_NONE;
    return argc > 3 ? refuse("help", argv[3], "give at most one topic") : help_topic(argv[2]);
}

/* Sets the values that depend on several options. Only fetch uses the proxies of the environment: a
   rehearsal stays on loopback, the blocking half of a race has no proxies, and a load measures the
   server itself. */
static void derive(struct options *options)
{
    const struct output_options *output = &options->output;
    struct network_options *network = &options->network;
    bool bench = options->command == COMMAND_BENCH;

    if (bench)
        load_options_derive(options);
    else if (!options->list.file && !options->list.word_count &&
             options->command != COMMAND_ORIGIN && options->command != COMMAND_DIFF)
        options->list.file = DEFAULT_FILE;
    options->exchange.response.follow = options->chain.follow;
    network->proxied = options->command == COMMAND_FETCH && !options->rehearse;
    network->headers = options->request.headers;
    network->trust.describe = !bench && (output->format == FORMAT_JSON || output->fields.count ||
                                         output->cert_warn_days || network->verbose);
}

/* Whether an option of the request may be a secret. Secrets of a URL: command_line_quote. */
static bool has_secret(const struct request_options *request)
{
    return request->user || request->cookie || request->headers || request->content;
}

bool options_read(struct options *options, int argc, char **argv)
{
    bool nothing = argc <= 1, help = argc > 1 && !strcmp(argv[1], "help");
    char *line = command_line_quote(argc, argv); /* before the words are moved */
    enum command command = read_command(&argc, &argv);

    set_defaults(options, command);
    options->command_line = line;
    if (nothing) {
        fputs(help_usage, stderr);
        hint_at_pipe(options);
    }
    if (nothing || !(help ? read_help(options, argc, argv) : read_all(options, argc, argv)) ||
        (options->command != COMMAND_NONE && !check(options))) {
        bool named = command != COMMAND_FETCH;

        fprintf(stderr, "Try 'firstbyte %s%s--help'.\n", named ? command_names[command] : "",
                named ? " " : "");
        return false;
    }
    hint_at_pipe(options);
    hint_at_files(options);
    hint_at_fields(options);
    derive(options);
    if (has_secret(&options->request)) {
        free(options->command_line);
        options->command_line = NULL;
    }
    return true;
}

void options_free(struct options *options)
{
    free(options->command_line);
    free(options->request.headers);
    content_drop(options->request.content);
    texts_free(&options->data_files);
    routes_free(options->network.routes);
    texts_free(&options->network.interfaces);
    texts_free(&options->output.fields);
}
