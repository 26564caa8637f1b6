/* The command line: what each option becomes, and a table of what is refused. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/options/options.h"
#include "tests/support/aside.h"

#define MOST_WORDS 64

/* A blank inside a word is written "_". */
static void unescape(char *word)
{
    while ((word = strchr(word, '_')))
        *word++ = ' ';
}

/* Reads a command line of words that stand between blanks. The texts are valid until the next. */
static bool read_line(struct options *options, const char *line)
{
    static char text[1024];
    static char *words[MOST_WORDS + 2];
    int count = 0;
    char *save;

    snprintf(text, sizeof(text), "firstbyte %s", line);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert_true(count < MOST_WORDS);
        unescape(word);
        words[count++] = word;
    }
    words[count] = NULL;
    optind = 0; /* getopt begins anew */
    return options_read(options, count, words);
}

/* Likewise, of one that is taken. */
static struct options taken(const char *line)
{
    struct options options;

    if (!read_line(&options, line))
        fail_msg("%s is refused", line);
    return options;
}

static void test_defaults(void **state)
{
    struct options options = taken("fetch");

    (void)state;
    assert_int_equal(options.command, COMMAND_FETCH);
    assert_string_equal(options.list.file, "sites.conf");
    assert_int_equal(options.list.word_count, 0);
    assert_int_equal(options.concurrency, 256);
    assert_int_equal(options.per_host, 6);
    assert_int_equal(options.request.timeout, 10 * NSEC_PER_S);
    assert_true(options.network.dns_timeout == NSEC_NEVER &&
                options.network.connect_timeout == NSEC_NEVER);
    assert_true(options.network.tls_timeout == NSEC_NEVER &&
                options.exchange.ttfb_timeout == NSEC_NEVER);
    assert_int_equal(options.chain.most_hops, 10);
    assert_int_equal(options.exchange.answer.preview, 10);
    assert_int_equal(options.exchange.answer.max_body, 1048576);
    assert_true(options.rate == 0 && options.per_host_rate == 0);
    assert_int_equal(options.chain.retries, 0);
    assert_int_equal(options.output.format, FORMAT_TEXT);
    assert_int_equal(options.output.color, COLOR_AUTO);
    assert_null(options.request.method);
    assert_null(options.request.headers);
    assert_null(options.request.user);
    assert_null(options.request.cookie);
    assert_null(options.request.content);
    assert_false(options.network.trust.describe);
    options_free(&options);
}

/* What is not named in test_defaults or below is false, NULL or 0 without its option. */
static void test_flags_are_off(void **state)
{
    struct options o = taken("http://a/");

    (void)state;
    assert_false(o.request.head || !o.chain.follow || o.exchange.answer.until_preview ||
                 o.network.ipv4_only || o.network.ipv6_only);
    assert_false(!o.exchange.keep_alive || o.network.trust.insecure || o.output.append ||
                 o.output.input_order || o.output.fail || o.exchange.tcp_facts);
    assert_false(o.output.quiet || o.network.verbose || o.rehearse || o.lifeline);
    assert_false(o.list.file || o.network.dns_servers || o.network.interfaces.count ||
                 o.network.unix_socket || o.network.proxy || o.network.noproxy);
    assert_false(o.network.trust.authorities_file || o.network.trust.authorities_directory ||
                 o.network.trust.certificate || o.network.trust.key || o.network.trust.sni);
    assert_false(o.output.file || o.output.resume || o.network.trust.min_version ||
                 o.network.trust.max_version || o.output.cert_warn_days);
    assert_false(o.network.routes || o.output.fields.count);
    options_free(&o);
}

static void test_flags(void **state)
{
    static const struct {
        const char *line;
        size_t offset; /* of the bool that it sets */
    } flags[] = {
        {"-I", offsetof(struct options, request.head)},
        {"--head", offsetof(struct options, request.head)},
        {"--until-preview", offsetof(struct options, exchange.answer.until_preview)},
        {"-4", offsetof(struct options, network.ipv4_only)},
        {"--ipv4", offsetof(struct options, network.ipv4_only)},
        {"-6", offsetof(struct options, network.ipv6_only)},
        {"--ipv6", offsetof(struct options, network.ipv6_only)},
        {"-k", offsetof(struct options, network.trust.insecure)},
        {"--insecure", offsetof(struct options, network.trust.insecure)},
        {"-o f --append", offsetof(struct options, output.append)},
        {"--order input", offsetof(struct options, output.input_order)},
        {"--tcp-info", offsetof(struct options, exchange.tcp_facts)},
        {"--fail", offsetof(struct options, output.fail)},
        {"-q", offsetof(struct options, output.quiet)},
        {"--quiet", offsetof(struct options, output.quiet)},
        {"-v", offsetof(struct options, network.verbose)},
        {"--verbose", offsetof(struct options, network.verbose)},
        {"--rehearse", offsetof(struct options, rehearse)},
        {"origin --lifeline", offsetof(struct options, lifeline)},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(flags); i++) {
        struct options options = taken(flags[i].line);

        if (!*(const bool *)((const char *)&options + flags[i].offset))
            fail_msg("%s sets nothing", flags[i].line);
        options_free(&options);
    }
}

static void test_flags_that_clear(void **state)
{
    struct options o = taken("--no-location");

    (void)state;
    assert_true(!o.chain.follow && !o.exchange.answer.follow && o.exchange.keep_alive);
    options_free(&o);
    o = taken("--no-keepalive");
    assert_true(o.chain.follow && o.exchange.answer.follow && !o.exchange.keep_alive);
    options_free(&o);
}

static void test_texts(void **state)
{
    static const struct {
        const char *line;
        size_t offset; /* of the text that it sets to "x y" */
    } texts[] = {
        {"-f x_y", offsetof(struct options, list.file)},
        {"--file x_y", offsetof(struct options, list.file)},
        {"-u x_y", offsetof(struct options, request.user)},
        {"--user x_y", offsetof(struct options, request.user)},
        {"-b x_y", offsetof(struct options, request.cookie)},
        {"--cookie=x_y", offsetof(struct options, request.cookie)},
        {"bench --hlog x_y", offsetof(struct options, load.hlog)},
        {"bench -f x_y", offsetof(struct options, list.file)},
        {"--unix-socket x_y", offsetof(struct options, network.unix_socket)},
        {"--noproxy x_y", offsetof(struct options, network.noproxy)},
        {"--cacert x_y", offsetof(struct options, network.trust.authorities_file)},
        {"--capath x_y", offsetof(struct options, network.trust.authorities_directory)},
        {"--cert x_y", offsetof(struct options, network.trust.certificate)},
        {"--cert c --key x_y", offsetof(struct options, network.trust.key)},
        {"--sni x_y", offsetof(struct options, network.trust.sni)},
        {"-o x_y", offsetof(struct options, output.file)},
        {"--output x_y", offsetof(struct options, output.file)},
        {"--resume x_y", offsetof(struct options, output.resume)},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct options options = taken(texts[i].line);
        const char *text = *(const char *const *)((const char *)&options + texts[i].offset);

        if (!text || strcmp(text, "x y") != 0)
            fail_msg("%s sets %s", texts[i].line, text ? text : "nothing");
        options_free(&options);
    }
}

static void test_numbers(void **state)
{
    struct options o = taken("-T 1m --dns-timeout 1s --connect-timeout 2s --tls-timeout=3s "
                             "--ttfb-timeout 4ms --max-redirs 0 --preview 7 -c 1000000 "
                             "--per-host 0 --retry 3 --cert-warn 30d --tls-min 1.2 --tls-max 1.3");

    (void)state;
    assert_int_equal(o.request.timeout, 60 * NSEC_PER_S);
    assert_int_equal(o.network.dns_timeout, NSEC_PER_S);
    assert_int_equal(o.network.connect_timeout, 2 * NSEC_PER_S);
    assert_int_equal(o.network.tls_timeout, 3 * NSEC_PER_S);
    assert_int_equal(o.exchange.ttfb_timeout, 4 * NSEC_PER_MS);
    assert_int_equal(o.chain.most_hops, 0);
    assert_int_equal(o.exchange.answer.preview, 7);
    assert_int_equal(o.concurrency, 1000000);
    assert_int_equal(o.per_host, 0);
    assert_int_equal(o.chain.retries, 3);
    assert_int_equal(o.output.cert_warn_days, 30);
    assert_int_equal(o.network.trust.min_version, 12);
    assert_int_equal(o.network.trust.max_version, 13);
    assert_true(o.network.trust.describe);
    options_free(&o);
    o = taken("--timeout=5s --concurrency 9 --cert-warn 7 --max-redirs=1000 --tls-max 1.2");
    assert_int_equal(o.request.timeout, 5 * NSEC_PER_S);
    assert_int_equal(o.concurrency, 9);
    assert_int_equal(o.output.cert_warn_days, 7);
    assert_int_equal(o.chain.most_hops, 1000);
    assert_int_equal(o.network.trust.max_version, 12);
    options_free(&o);
}

static void test_rates(void **state)
{
    static const struct {
        const char *value;
        double rate;
    } rates[] = {
        {"20", 20},          {"0.5", 0.5},
        {".5", 0.5},         {"5.", 5},
        {"3/s", 3},          {"30/m", 0.5},
        {"36/h", 0.01},      {"1000000", 1e6},
        {"60000000/m", 1e6}, {"0.0417/h", 0.0417 / 3600},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(rates); i++) {
        char line[64];
        struct options options;

        snprintf(line, sizeof(line), "--rate %s --per-host-rate %s", rates[i].value,
                 rates[i].value);
        options = taken(line);
        assert_true(options.rate == rates[i].rate && options.per_host_rate == rates[i].rate);
        options_free(&options);
    }
}

static void test_bytes(void **state)
{
    static const struct {
        const char *value;
        uint64_t bytes;
    } sizes[] = {
        {"0", 0},
        {"65536", 65536},
        {"64K", 65536},
        {"1M", 1048576},
        {"2G", UINT64_C(2) << 30},
        {"1024G", UINT64_C(1) << 40},
        {"007", 7},
        {"1099511627776", UINT64_C(1) << 40},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        char line[64];
        struct options options;

        snprintf(line, sizeof(line), "--max-body %s", sizes[i].value);
        options = taken(line);
        assert_true(options.exchange.answer.max_body == sizes[i].bytes);
        options_free(&options);
    }
}

/* Where --resolve leads a host on port 80. */
static const char *resolved(const struct options *options, const char *host)
{
    static char text[ADDRESS_TEXT_BYTES];
    struct address address;

    return routes_addresses(options->network.routes, host, 80, &address, 1)
               ? address_text(&address, text)
               : "";
}

static void test_requests(void **state)
{
    const char *host;
    uint16_t port;
    struct options o = taken("-X PURGE -H A:_1 --header A:2 -A me/1_(x) -H Accept:");

    (void)state;
    assert_string_equal(o.request.method, "PURGE");
    assert_string_equal(o.request.headers, "A: 1\r\nA:2\r\nUser-Agent: me/1 (x)\r\nAccept:\r\n");
    options_free(&o);
    o = taken("--request M-SEARCH --user-agent me");
    assert_string_equal(o.request.method, "M-SEARCH");
    assert_string_equal(o.request.headers, "User-Agent: me\r\n");
    options_free(&o);
    o = taken("--resolve a:80:127.0.0.1 --resolve b:80:::1 --connect-to a:1:b:2 "
              "-x http://a:1");
    assert_string_equal(o.network.proxy, "http://a:1");
    assert_string_equal(resolved(&o, "a"), "127.0.0.1:80");
    assert_string_equal(resolved(&o, "b"), "[::1]:80");
    assert_string_equal(resolved(&o, "c"), "");
    assert_true(routes_connect_to(o.network.routes, "a", 1, &host, &port));
    assert_string_equal(host, "b");
    assert_int_equal(port, 2);
    assert_false(routes_connect_to(o.network.routes, "c", 1, &host, &port));
    options_free(&o);
    o = taken("--dns-servers 127.0.0.1:53,[::1]");
    assert_string_equal(o.network.dns_servers, "127.0.0.1:53,[::1]");
    options_free(&o);
}

/* --data: from the command line and from a file, which may have any bytes, joined by "&". */
static void test_data(void **state)
{
    char path[256], line[512];
    int fd = unit_file(path, sizeof(path));
    struct options o;

    (void)state;
    assert_int_equal(write(fd, "x\0\n", 3), 3);
    close(fd);
    for (char *at = path; *at; at++)
        if (*at == '_')
            skip(); /* a temporary directory that read_line cannot spell */
    o = taken("-d a=1");
    assert_int_equal(o.request.content->count, 3);
    assert_memory_equal(o.request.content->bytes, "a=1", 3);
    assert_int_equal(o.request.content->holders, 1);
    options_free(&o);
    snprintf(line, sizeof(line), "-d a=1 --data @%s -d %%26 --data=", path);
    o = taken(line);
    assert_int_equal(o.request.content->count, 12);
    assert_memory_equal(o.request.content->bytes, "a=1&x\0\n&%26&", 12);
    options_free(&o);
    snprintf(line, sizeof(line), "-d @%s", path);
    assert_int_equal(truncate(path, 0), 0);
    o = taken(line);
    assert_int_equal(o.request.content->count, 0);
    options_free(&o);
    unlink(path);
}

static void test_output(void **state)
{
    static const char *const formats[] = {"text", "table", "json", "csv"};
    static const char *const colors[] = {"auto", "always", "never"};
    struct options o;
    char line[64];

    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof(line), "--format %s --color %s", formats[i], colors[i % 3]);
        o = taken(line);
        assert_int_equal(o.output.format, i);
        assert_int_equal(o.output.color, i % 3);
        assert_int_equal(o.network.trust.describe, o.output.format == FORMAT_JSON);
        options_free(&o);
    }
    o = taken("--order input --order completion --format json --format text");
    assert_false(o.output.input_order);
    assert_int_equal(o.output.format, FORMAT_TEXT);
    options_free(&o);
    o = taken("--fields url,status --fields error.code");
    assert_int_equal(o.output.fields.count, 2);
    assert_string_equal(o.output.fields.list[1], "error.code");
    assert_true(o.network.trust.describe);
    options_free(&o);
}

static void test_commands(void **state)
{
    static const struct {
        const char *line;
        enum command command;
        const char *file;
        size_t words;
    } lines[] = {
        {"fetch", COMMAND_FETCH, "sites.conf", 0},
        {"race", COMMAND_RACE, "sites.conf", 0},
        {"origin", COMMAND_ORIGIN, NULL, 0},
        {"origin -f list", COMMAND_ORIGIN, "list", 0},
        {"diff a b", COMMAND_DIFF, NULL, 2},
        {"fetch fetch", COMMAND_FETCH, NULL, 1},
        {"--rehearse race", COMMAND_FETCH, NULL, 1},
        {"fetch -f -", COMMAND_FETCH, "-", 0},
        {"fetch -- --fail", COMMAND_FETCH, NULL, 1},
        {"http://a/ --fail http://b/", COMMAND_FETCH, NULL, 2},
        {"race -c 7 --per-host 2 -k --fail --format json -X PUT -d x -H A:b -u a:b -b c=d -T 1s",
         COMMAND_RACE, "sites.conf", 0},
        {"race --max-body 1K --preview 5 --until-preview --order input", COMMAND_RACE, "sites.conf",
         0},
        {"bench", COMMAND_BENCH, NULL, 1},
        {"bench http://a/ http://b/", COMMAND_BENCH, NULL, 2},
        {"bench bench", COMMAND_BENCH, NULL, 1},
        {"bench -f -", COMMAND_BENCH, "-", 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options = taken(lines[i].line);

        assert_int_equal(options.command, lines[i].command);
        assert_int_equal(options.list.word_count, lines[i].words);
        if (lines[i].file)
            assert_string_equal(options.list.file, lines[i].file);
        else
            assert_null(options.list.file);
        options_free(&options);
    }
}

/* What bench is without options, and what follows from the few that say when it ends. */
static void test_load_defaults(void **state)
{
    struct options o = taken("bench http://a/");
    const struct load_command *load = &o.load;

    (void)state;
    assert_int_equal(o.concurrency, 64);
    assert_int_equal(o.request.timeout, 10 * NSEC_PER_S);
    assert_false(o.rehearse);
    assert_true(load->rate == 0 && load->ramp_from == 0 && load->ramp_to == 0);
    assert_int_equal(load->arrival, ARRIVAL_CONSTANT);
    assert_int_equal(load->seed, 1);
    assert_true(!load->ramp && !load->requests && !load->warmup);
    assert_true(!load->knee.count && !load->slo.count && !load->hlog && !load->versus);
    assert_int_equal(load->duration, 10 * NSEC_PER_S);
    assert_int_equal(load->requests_per_connection, 0);
    assert_false(load->new_connections);
    assert_int_equal(load->resume_percent, 0);
    assert_int_equal(load->pipeline, 1);
    assert_int_equal(load->processes, 1);
    assert_int_equal(load->repeat, 1);
    assert_int_equal(load->kernel_time, KERNEL_TIME_SAMPLE);
    assert_true(load->live && load->color == COLOR_AUTO);
    options_free(&o);
    o = taken("bench -q --color never http://a/");
    assert_true(!load->live && load->color == COLOR_NEVER);
    options_free(&o);
    o = taken("bench --format json http://a/");
    assert_false(o.network.trust.describe); /* nobody shows it: each handshake would pay */
    options_free(&o);
}

static void test_load_lengths(void **state)
{
    static const struct {
        const char *line;
        nsec duration;
        uint64_t requests;
    } lengths[] = {
        {"bench http://a/ -d 30s", 30 * NSEC_PER_S, 0},
        {"bench http://a/ --duration 1m", 60 * NSEC_PER_S, 0},
        {"bench http://a/ -n 5", NSEC_NEVER, 5},
        {"bench http://a/ --requests 5 -d 2s", 2 * NSEC_PER_S, 5},
        {"bench http://a/ --ramp 1:2/3s", 3 * NSEC_PER_S, 0},
        {"bench http://a/ --ramp 1:2/3s -d 4s", 4 * NSEC_PER_S, 0},
        {"bench http://a/ --ramp 1:2/3s -n 7", NSEC_NEVER, 7},
        {"bench http://a/ --find-knee p99=1ms", 10 * NSEC_PER_S, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct options options = taken(lengths[i].line);

        if (options.load.duration != lengths[i].duration ||
            options.load.requests != lengths[i].requests)
            fail_msg("%s: %llu ns", lengths[i].line, (unsigned long long)options.load.duration);
        options_free(&options);
    }
}

static void test_load_options(void **state)
{
    struct options o = taken("bench -R 10000000 --arrival poisson --seed 18446744073709551615 "
                             "--warmup 0s --tls-resume 30% --pipeline 1024 --procs 9 "
                             "--kernel-time all --slo p99=5ms,rps=10 --requests-per-conn 7 -T 1s "
                             "--interface lo --interface 127.0.0.2 --data a=1 http://a/");

    (void)state;
    assert_true(o.load.rate == 1e7 && o.rate == 0);
    assert_int_equal(o.load.arrival, ARRIVAL_POISSON);
    assert_true(o.load.seed == UINT64_MAX);
    assert_int_equal(o.load.resume_percent, 30);
    assert_int_equal(o.load.pipeline, 1024);
    assert_int_equal(o.load.processes, 9);
    assert_int_equal(o.load.kernel_time, KERNEL_TIME_ALL);
    assert_int_equal(o.load.slo.count, 2);
    assert_int_equal(o.load.requests_per_connection, 7);
    assert_int_equal(o.request.timeout, NSEC_PER_S);
    assert_int_equal(o.network.interfaces.count, 2);
    assert_string_equal(o.network.interfaces.list[1], "127.0.0.2");
    assert_memory_equal(o.request.content->bytes, "a=1", 3);
    options_free(&o);
    o = taken("bench --ramp 0.5:2000/30s --connections 3 --tls-resume on --tls-resume off "
              "--kernel-time off --new-conn http://a/");
    assert_true(o.load.ramp_from == 0.5 && o.load.ramp_to == 2000);
    assert_int_equal(o.load.ramp, 30 * NSEC_PER_S);
    assert_int_equal(o.concurrency, 3);
    assert_int_equal(o.load.resume_percent, 0);
    assert_int_equal(o.load.kernel_time, KERNEL_TIME_OFF);
    assert_true(o.load.new_connections);
    assert_int_equal(o.load.requests_per_connection, 1);
    options_free(&o);
    o = taken("bench --tls-resume on --find-knee p99=20ms http://a/");
    assert_int_equal(o.load.resume_percent, 100);
    assert_int_equal(o.load.knee.count, 1);
    options_free(&o);
    o = taken("bench --repeat 3 --vs http://b/ http://a/");
    assert_int_equal(o.load.repeat, 3);
    assert_string_equal(o.load.versus, "http://b/");
    options_free(&o);
}

/* No URL: the embedded origin, in an open loop unless there is another rule. */
static void test_load_nobody(void **state)
{
    static const struct {
        const char *line;
        double rate;
    } lines[] = {
        {"bench", 5000},   {"bench -c 3 -d 1s", 5000}, {"bench --rehearse", 5000},
        {"bench -R 7", 7}, {"bench --ramp 1:2/1s", 0}, {"bench --find-knee p99=1ms", 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options = taken(lines[i].line);

        assert_true(options.rehearse && !options.list.file);
        assert_int_equal(options.list.word_count, 1);
        assert_string_equal(options.list.words[0], "http://127.0.0.1/");
        if (options.load.rate != lines[i].rate)
            fail_msg("%s: %f", lines[i].line, options.load.rate);
        options_free(&options);
    }
}

/* Each is refused, with words of its own on standard error. */
static const struct {
    const char *line, *says;
} refused[] = {
    {"--nothing", "unrecognized option '--nothing'"},
    {"-z", "invalid option -- 'z'"},
    {"-f", "requires an argument"},
    {"--fail=yes", "doesn't allow an argument"},
    {"--rehearse=1", "doesn't allow an argument"},
    {"-T 5", "--timeout 5: not a duration"},
    {"-T 0s", "--timeout 0s: not a duration"},
    {"-T -1s", "--timeout -1s: not a duration"},
    {"--timeout=never", "--timeout never: not a duration"},
    {"--timeout=", "--timeout : not a duration"},
    {"--dns-timeout 5", "--dns-timeout 5: not a duration"},
    {"--connect-timeout x", "--connect-timeout x: not a duration"},
    {"--tls-timeout 0s", "--tls-timeout 0s: not a duration"},
    {"--ttfb-timeout s", "--ttfb-timeout s: not a duration"},
    {"-c 0", "--concurrency 0: not a number from 1 to 1000000"},
    {"-c x", "--concurrency x: not a number"},
    {"-c 1000001", "--concurrency 1000001: not a number"},
    {"--per-host -1", "--per-host -1: not a number from 0 to 1000000"},
    {"--retry 101", "--retry 101: not a number from 0 to 100"},
    {"--max-redirs 1001", "--max-redirs 1001: not a number from 0 to 1000"},
    {"--preview 0", "--preview 0: not a number from 1 to"},
    {"--preview 99999999", "--preview 99999999: not a number from 1 to"},
    {"--rate 0", "--rate 0: not a rate"},
    {"--rate -1", "--rate -1: not a rate"},
    {"--rate 1e3", "--rate 1e3: not a rate"},
    {"--rate inf", "--rate inf: not a rate"},
    {"--rate nan", "--rate nan: not a rate"},
    {"--rate 0x10", "--rate 0x10: not a rate"},
    {"--rate +5", "--rate +5: not a rate"},
    {"--rate _5", "--rate  5: not a rate"},
    {"--rate .", "--rate .: not a rate"},
    {"--rate 1.2.3", "--rate 1.2.3: not a rate"},
    {"--rate /m", "--rate /m: not a rate"},
    {"--rate 5/d", "--rate 5/d: not a rate"},
    {"--rate 5m", "--rate 5m: not a rate"},
    {"--rate 1000001", "--rate 1000001: not a rate"},
    {"--rate 0.00001", "--rate 0.00001: not a rate"},
    {"--rate=", "--rate : not a rate"},
    {"--per-host-rate 0/h", "--per-host-rate 0/h: not a rate"},
    {"--max-body x", "--max-body x: not a size"},
    {"--max-body -1", "--max-body -1: not a size"},
    {"--max-body +1", "--max-body +1: not a size"},
    {"--max-body _1", "--max-body  1: not a size"},
    {"--max-body 1k", "--max-body 1k: not a size"},
    {"--max-body 1KB", "--max-body 1KB: not a size"},
    {"--max-body 1.5M", "--max-body 1.5M: not a size"},
    {"--max-body 1025G", "--max-body 1025G: not a size"},
    {"--max-body 1099511627777", "--max-body 1099511627777: not a size"},
    {"--max-body 99999999999999999999", "--max-body 99999999999999999999: not a size"},
    {"--max-body 18014398509481985K", "--max-body 18014398509481985K: not a size"},
    {"--max-body K", "--max-body K: not a size"},
    {"--max-body=", "--max-body : not a size"},
    {"-X G:T", "--request G:T: not a method"},
    {"-X CONNECT", "--request CONNECT: not a method"},
    {"-X=", "--request =: not a method"},
    {"-H A", "--header A: a header is \"Name: value\""},
    {"-H :b", "--header: a header is \"Name: value\""},
    {"-H content-length:5", "--header content-length: the framing"},
    {"-H Transfer-Encoding:chunked", "--header Transfer-Encoding: the framing"},
    {"-H A_:b", "--header A : the header's name has a forbidden character"},
    {"-H A:\x01", "the value has a control character"},
    {"-H A:b\r\nC:d", "the value has a control character"},
    {"-A a\x7f", "the value has a control character"},
    {"-b a=\x01", "the value has a control character"},
    {"-d @/nowhere/x", "--data /nowhere/x: No such file or directory"},
    {"-d @/", "--data /: Is a directory"},
    {"-d a -d @", "--data: the name of a file is empty"},
    {"--format xml", "--format xml: it is text, table, json or csv"},
    {"--format=", "--format : it is text"},
    {"--color yes", "--color yes: it is auto, always or never"},
    {"--order up", "--order up: it is completion or input"},
    {"--fields url,nothing", "--fields nothing: no such field"},
    {"--cert-warn 0", "--cert-warn 0: not a number of days"},
    {"--cert-warn d", "--cert-warn d: not a number of days"},
    {"--cert-warn 30dd", "--cert-warn 30dd: not a number of days"},
    {"--cert-warn 36501", "--cert-warn 36501: not a number of days"},
    {"--cert-warn 99999999999999999999d", "not a number of days"},
    {"--tls-min 1.1", "--tls-min 1.1: it is 1.2 or 1.3"},
    {"--tls-max 13", "--tls-max 13: it is 1.2 or 1.3"},
    {"--tls-min 1.3 --tls-max 1.2", "--tls-min 1.3: over --tls-max"},
    {"--dns-servers nothing", "--dns-servers nothing: "},
    {"-4 -6", "-4 -6: one of them"},
    {"--key k", "--key k: it belongs to a certificate"},
    {"--append", "--append: it belongs to --output"},
    {"--output=", "--output: the name of a file is empty"},
    {"--resume=", "--resume: the name of a file is empty"},
    {"--file=", "--file: the name of a file is empty"},
    {"--file= http://a/", "--file: the name of a file is empty"},
    {"bench --file=", "--file: the name of a file is empty"},
    {"--unix-socket=", "--unix-socket: the name of a file is empty"},
    {"--cacert=", "--cacert: the name of a file is empty"},
    {"--capath=", "--capath: the name of a file is empty"},
    {"--cert=", "--cert: the name of a file is empty"},
    {"--cert c --key=", "--key: the name of a file is empty"},
    {"-I -d x", "--head --data: a HEAD has no content"},
    {"-f a http://b/", "--file a: give a list or URLs, not both"},
    {"--rehearse --cacert a", "--cacert: a rehearsal trusts its own"},
    {"--rehearse --capath a", "--capath: a rehearsal trusts its own"},
    {"--rehearse -x a:1", "--proxy: every dial of a rehearsal"},
    {"--rehearse --unix-socket a", "--unix-socket: every dial of a rehearsal"},
    {"--rehearse --dns-servers 127.0.0.1", "--dns-servers: a rehearsal asks its own"},
    {"-x https://a:b@c:1", "firstbyte: --proxy: TLS to the proxy"},
    {"-x socks4://a:1", "firstbyte: --proxy: SOCKS4"},
    {"--resolve a:80", "--resolve a:80: it is HOST:PORT:ADDRESS"},
    {"--resolve a:80:b", "--resolve a:80:b: not a numeric address"},
    {"--connect-to a:1", "--connect-to a:1: it is HOST1:PORT1"},
    {"diff", "diff: it compares two files or more"},
    {"diff a", "diff: it compares two files or more"},
    {"diff --format csv a b", "diff --format: it is text or json"},
    {"diff -o c a b", "diff --output: for fetch and bench"},
    {"race -f -", "race --file -: a race reads its list twice"},
    {"--interface lo --interface eth0", "--interface eth0: one is enough for a fetch"},
    {"bench --nothing", "unrecognized option '--nothing'"},
    {"bench -c 0", "--concurrency 0: not a number from 1 to 1000000"},
    {"bench --connections x", "--connections x: not a number from 1 to 1000000"},
    {"bench -R 0", "--rate 0: not a rate"},
    {"bench -R 10000001", "--rate 10000001: not a rate, like 20, 0.5 or 30/m; at most 10000000"},
    {"bench --arrival often", "--arrival often: it is constant or poisson"},
    {"bench --seed -1", "--seed -1: not a number from 0 to 18446744073709551615"},
    {"bench --seed 18446744073709551616", "--seed 18446744073709551616: not a number"},
    {"bench --ramp 1:2", "--ramp 1:2: it is FROM:TO/TIME"},
    {"bench --ramp 1/2s", "--ramp 1/2s: it is FROM:TO/TIME"},
    {"bench --ramp 1:2/0s", "--ramp 1:2/0s: it is FROM:TO/TIME"},
    {"bench --ramp 1:2/5", "--ramp 1:2/5: it is FROM:TO/TIME"},
    {"bench --ramp 0:2/1s", "--ramp 0:2/1s: it is FROM:TO/TIME"},
    {"bench --ramp 1:/1s", "--ramp 1:/1s: it is FROM:TO/TIME"},
    {"bench --ramp :1/1s", "--ramp :1/1s: it is FROM:TO/TIME"},
    {"bench --ramp 1:10000001/1s", "--ramp 1:10000001/1s: it is FROM:TO/TIME"},
    {"bench --ramp 00000000000000000000000000000001:2/1s", "it is FROM:TO/TIME"},
    {"bench --find-knee p99", "--find-knee p99: "},
    {"bench --find-knee rps=5", "--find-knee rps=5: one limit of a latency"},
    {"bench --find-knee errors=1%", "--find-knee errors=1%: one limit of a latency"},
    {"bench --find-knee p99=1ms,p50=1ms", "p50=1ms: one limit of a latency"},
    {"bench --slo fast", "--slo fast: "},
    {"bench -n 0", "--requests 0: not a number from 1 to"},
    {"bench -n 1e6", "--requests 1e6: not a number"},
    {"bench -d 0s", "--duration 0s: not a duration over 0"},
    {"bench -d a=1", "--duration a=1: not a duration"},
    {"bench --warmup 5", "--warmup 5: not a duration"},
    {"bench --requests-per-conn 0", "--requests-per-conn 0: not a number"},
    {"bench --tls-resume 101", "--tls-resume 101: it is on, off or a percentage"},
    {"bench --tls-resume=", "--tls-resume : it is on, off or a percentage"},
    {"bench --tls-resume %", "--tls-resume %: it is on, off or a percentage"},
    {"bench --tls-resume 0000000000050", "it is on, off or a percentage"},
    {"bench --pipeline 1025", "--pipeline 1025: not a number from 1 to 1024"},
    {"bench --procs 0", "--procs 0: not a number from 1 to 1024"},
    {"bench --kernel-time some", "--kernel-time some: it is off, sample or all"},
    {"bench --repeat 0", "--repeat 0: not a number"},
    {"bench --repeat 2 --vs b http://a/", "firstbyte: --vs: "},
    {"bench --format table http://a/", "--format table: for bench it is text, json or csv"},
    {"bench -f a http://b/", "--file a: give a list or URLs, not both"},
    {"bench -R 1 --ramp 1:2/1s", "--ramp --rate: one of them"},
    {"bench -R 1 --find-knee p99=1ms", "--find-knee --rate: the search chooses"},
    {"bench --ramp 1:2/1s --find-knee p99=1ms", "--find-knee --ramp: the search chooses"},
    {"bench -n 5 --find-knee p99=1ms", "--find-knee --requests: each of its rates"},
    {"bench --slo p50=1s --find-knee p99=1ms", "--find-knee --slo: it has a limit"},
    {"bench --hlog f --find-knee p99=1ms", "--find-knee --hlog: a log is that of one run"},
    {"bench --repeat 2 --find-knee p99=1ms", "--find-knee --repeat: a search is no sample"},
    {"bench --arrival poisson http://a/", "--arrival: it belongs to an open loop"},
    {"bench --ramp 1:2/1s --warmup 1s", "--warmup: the ramp would be over"},
    {"bench --new-conn --pipeline 2", "--new-conn --pipeline: a connection of one request"},
    {"bench --requests-per-conn 1 --pipeline 2", "--requests-per-conn 1 --pipeline: a conn"},
    {"bench --new-conn --requests-per-conn 2", "--new-conn --requests-per-conn: with"},
    {"bench --procs 65", "--procs --connections: each process needs a connection"},
    {"bench --procs 3 -n 2", "--procs --requests: each process needs a request"},
    {"bench --vs http://b/ http://a/", "--vs: it belongs to --repeat N"},
    {"bench --repeat 2 --vs http://b/", "--vs: it is compared with one URL"},
    {"bench --repeat 2 --vs http://b/ -f a", "--vs: it is compared with one URL"},
    {"bench --repeat 2 --vs http://b/ http://a/ http://c/", "--vs: it is compared with one URL"},
    {"bench --hlog f --repeat 2", "--hlog --repeat: a log is that of one run"},
    {"bench --hlog=", "--hlog: the name of a file is empty"},
    {"bench --cacert a", "--cacert: give a URL: without one"},
    {"bench --unix-socket a", "--unix-socket: give a URL: without one"},
    {"bench --rehearse --cacert a http://a/", "--cacert: a rehearsal trusts its own"},
};

/* Reads a line with standard error in a file. Returns whether it was taken, and what was said. */
static bool read_aside(const char *line, char *said, size_t room)
{
    struct options options;
    bool was_taken;

    aside_begin();
    was_taken = read_line(&options, line);
    options_free(&options);
    snprintf(said, room, "%s", aside_end());
    return was_taken;
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(refused); i++) {
        char said[2048];

        if (read_aside(refused[i].line, said, sizeof(said)))
            fail_msg("%s is taken", refused[i].line);
        if (strncmp(said, "firstbyte: ", 11) != 0 || !strstr(said, refused[i].says) ||
            !strstr(said, strncmp(refused[i].line, "bench", 5) != 0
                              ? "Try 'firstbyte --help'.\n"
                              : "Try 'firstbyte bench --help'.\n"))
            fail_msg("%s: %s", refused[i].line, said);
    }
}

/* Which commands know an option; one that does not names those that do. */
static void test_commands_know(void **state)
{
    static const char *const commands[] = {"fetch", "race", "bench", "origin"};
    static const struct {
        const char *option;
        const char *knowing; /* a letter for each of the commands */
        const char *says;    /* to the others */
    } known[] = {
        {"-f x", "frbo", ""},
        {"-c 5", "frb", "--concurrency: for fetch, race and bench\n"},
        {"--connections 5", "b", "--connections: for bench alone\n"},
        {"-T 1s", "frb", "--timeout: for fetch, race and bench\n"},
        {"--dns-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--connect-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--tls-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--ttfb-timeout 1s", "fr", "--ttfb-timeout: for fetch and race\n"},
        {"-X PUT", "frb", "--request: for"},
        {"-H A:b", "frb", "--header: for"},
        {"-A me", "frb", "--user-agent: for"},
        {"-u a:b", "frb", "--user: for"},
        {"-b a=b", "frb", "--cookie: for"},
        {"--data x", "frb", "--data: for"},
        {"-d 5s", "frb", "--data: for"},
        {"-I", "frb", "--head: for"},
        {"--no-location", "f", "--no-location: for fetch alone\n"},
        {"--max-redirs 1", "f", "--max-redirs: for fetch alone\n"},
        {"--no-keepalive", "fr", "--no-keepalive: for fetch and race\n"},
        {"--preview 5", "fr", "--preview: for fetch and race\n"},
        {"--max-body 5", "fr", "--max-body: for fetch and race\n"},
        {"--until-preview", "fr", "--until-preview: for fetch and race\n"},
        {"--per-host 1", "fr", "--per-host: for fetch and race\n"},
        {"--per-host-rate 1", "f", "--per-host-rate: for fetch alone\n"},
        {"--rate 1", "fb", "--rate: for fetch and bench\n"},
        {"-R 1", "fb", "--rate: for fetch and bench\n"},
        {"--retry 1", "f", "--retry: for fetch alone\n"},
        {"--arrival constant", "b", "--arrival: for bench alone\n"},
        {"--seed 1", "b", "--seed: for bench alone\n"},
        {"--ramp 1:2/1s", "b", "--ramp: for bench alone\n"},
        {"--find-knee p99=1s", "b", "--find-knee: for bench alone\n"},
        {"-n 1", "b", "--requests: for bench alone\n"},
        {"--duration 1s", "b", "--duration: for bench alone\n"},
        {"--warmup 1s", "b", "--warmup: for bench alone\n"},
        {"--requests-per-conn 1", "b", "--requests-per-conn: for bench alone\n"},
        {"--new-conn", "b", "--new-conn: for bench alone\n"},
        {"--tls-resume on", "b", "--tls-resume: for bench alone\n"},
        {"--pipeline 2", "b", "--pipeline: for bench alone\n"},
        {"--procs 2", "b", "--procs: for bench alone\n"},
        {"--kernel-time all", "b", "--kernel-time: for bench alone\n"},
        {"--slo p99=1s", "b", "--slo: for bench alone\n"},
        {"--hlog x", "b", "--hlog: for bench alone\n"},
        {"--repeat 2", "b", "--repeat: for bench alone\n"},
        {"--vs http://b/", "b", "--vs: for bench alone\n"},
        {"-4", "fb", "--ipv4: for fetch and bench\n"},
        {"-6", "fb", "--ipv6: for fetch and bench\n"},
        {"--resolve a:80:::1", "fb", "--resolve: for fetch and bench\n"},
        {"--connect-to a:1:b:2", "fb", "--connect-to: for fetch and bench\n"},
        {"--dns-servers 127.0.0.1", "fb", "--dns-servers: for fetch and bench\n"},
        {"--interface lo", "fb", "--interface: for fetch and bench\n"},
        {"--unix-socket x", "fb", "--unix-socket: for fetch and bench\n"},
        {"-x a:1", "f", "--proxy: for fetch alone\n"},
        {"--noproxy a", "f", "--noproxy: for fetch alone\n"},
        {"-k", "frb", "--insecure: for"},
        {"--cacert x", "frb", "--cacert: for"},
        {"--capath x", "frb", "--capath: for"},
        {"--cert x", "frb", "--cert: for"},
        {"--cert x --key y", "frb", "--cert: for"},
        {"--tls-min 1.2", "frb", "--tls-min: for"},
        {"--tls-max 1.2", "frb", "--tls-max: for"},
        {"--sni a", "frb", "--sni: for"},
        {"--cert-warn 5", "fr", "--cert-warn: for fetch and race\n"},
        {"--format json", "frb", "--format: for"},
        {"--fields url", "fr", "--fields: for fetch and race\n"},
        {"-o x", "fb", "--output: for fetch and bench\n"},
        {"--append", "fb", "--append: for fetch and bench\n"},
        {"--order input", "fr", "--order: for fetch and race\n"},
        {"--tcp-info", "fr", "--tcp-info: for fetch and race\n"},
        {"--fail", "fr", "--fail: for fetch and race\n"},
        {"--color never", "frb", "--color: for"},
        {"-q", "frb", "--quiet: for"},
        {"-v", "f", "--verbose: for fetch alone\n"},
        {"--resume x", "f", "--resume: for fetch alone\n"},
        {"--rehearse", "frb", "--rehearse: for"},
        {"--lifeline", "o", "--lifeline: for origin alone\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(known) * LENGTH(commands); i++) {
        const char *command = commands[i % LENGTH(commands)], *option;
        const char *says = known[i / LENGTH(commands)].says;
        char line[128], said[2048], stranger[192];
        bool knows = strchr(known[i / LENGTH(commands)].knowing, *command);

        option = known[i / LENGTH(commands)].option;
        snprintf(line, sizeof(line), "%s %s", command, option);
        snprintf(stranger, sizeof(stranger), "firstbyte: %s --", command);
        if (read_aside(line, said, sizeof(said)) && !knows)
            fail_msg("%s is taken", line);
        if (knows ? strstr(said, stranger) != NULL
                  : strncmp(said, stranger, strlen(stranger)) != 0 || !strstr(said, says))
            fail_msg("%s: %s", line, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_flags_are_off),
        cmocka_unit_test(test_flags),        cmocka_unit_test(test_flags_that_clear),
        cmocka_unit_test(test_texts),        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rates),        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_requests),     cmocka_unit_test(test_data),
        cmocka_unit_test(test_output),       cmocka_unit_test(test_commands),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_load_defaults),
        cmocka_unit_test(test_load_lengths), cmocka_unit_test(test_load_options),
        cmocka_unit_test(test_load_nobody),  cmocka_unit_test(test_commands_know),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
