/* The command line: values of options, invalid combinations, and the commands of each option. */
#include "tests/support/command_line.h"

static void test_defaults(void **state)
{
    struct options options = read_valid("fetch");

    (void)state;
    assert_int_equal(options.command, COMMAND_FETCH);
    assert_string_equal(options.list.file, "sites.conf");
    assert_int_equal(options.list.word_count, 0);
    assert_int_equal(options.concurrency, 256);
    assert_true(options.per_host == PER_HOST_DEFAULT);
    assert_int_equal(options.request.timeout, 10 * NSEC_PER_S);
    assert_true(options.network.dns_timeout == NSEC_NEVER &&
                options.network.connect_timeout == NSEC_NEVER);
    assert_true(options.network.tls_timeout == NSEC_NEVER &&
                options.exchange.ttfb_timeout == NSEC_NEVER);
    assert_int_equal(options.chain.max_hops, 10);
    assert_int_equal(options.exchange.response.preview, 10);
    assert_int_equal(options.exchange.response.max_body, 1048576);
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

/* Options that are not in test_defaults are false, NULL or 0 by default. */
static void test_flags_are_off(void **state)
{
    struct options o = read_valid("http://a/");

    (void)state;
    assert_false(o.request.head || !o.chain.follow || o.exchange.response.until_preview ||
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
        {"--until-preview", offsetof(struct options, exchange.response.until_preview)},
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
        struct options options = read_valid(flags[i].line);

        if (!*(const bool *)((const char *)&options + flags[i].offset))
            fail_msg("%s sets nothing", flags[i].line);
        options_free(&options);
    }
}

static void test_flags_that_clear(void **state)
{
    struct options o = read_valid("--no-location");

    (void)state;
    assert_true(!o.chain.follow && !o.exchange.response.follow && o.exchange.keep_alive);
    options_free(&o);
    o = read_valid("--no-keepalive");
    assert_true(o.chain.follow && o.exchange.response.follow && !o.exchange.keep_alive);
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
        struct options options = read_valid(texts[i].line);
        const char *text = *(const char *const *)((const char *)&options + texts[i].offset);

        if (!text || strcmp(text, "x y") != 0)
            fail_msg("%s sets %s", texts[i].line, text ? text : "nothing");
        options_free(&options);
    }
}

static void test_numbers(void **state)
{
    struct options o =
        read_valid("-T 1m --dns-timeout 1s --connect-timeout 2s --tls-timeout=3s "
                   "--ttfb-timeout 4ms --max-redirs 0 --preview 7 -c 1000000 "
                   "--per-host 0 --retry 3 --cert-warn 30d --tls-min 1.2 --tls-max 1.3");

    (void)state;
    assert_int_equal(o.request.timeout, 60 * NSEC_PER_S);
    assert_int_equal(o.network.dns_timeout, NSEC_PER_S);
    assert_int_equal(o.network.connect_timeout, 2 * NSEC_PER_S);
    assert_int_equal(o.network.tls_timeout, 3 * NSEC_PER_S);
    assert_int_equal(o.exchange.ttfb_timeout, 4 * NSEC_PER_MS);
    assert_int_equal(o.chain.max_hops, 0);
    assert_int_equal(o.exchange.response.preview, 7);
    assert_int_equal(o.concurrency, 1000000);
    assert_int_equal(o.per_host, 0);
    assert_int_equal(o.chain.retries, 3);
    assert_int_equal(o.output.cert_warn_days, 30);
    assert_int_equal(o.network.trust.min_version, 12);
    assert_int_equal(o.network.trust.max_version, 13);
    assert_true(o.network.trust.describe);
    options_free(&o);
    o = read_valid("--timeout=5s --concurrency 9 --cert-warn 7 --max-redirs=1000 --tls-max 1.2");
    assert_int_equal(o.request.timeout, 5 * NSEC_PER_S);
    assert_int_equal(o.concurrency, 9);
    assert_int_equal(o.output.cert_warn_days, 7);
    assert_int_equal(o.chain.max_hops, 1000);
    assert_int_equal(o.network.trust.max_version, 12);
    options_free(&o);
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
        o = read_valid(line);
        assert_int_equal(o.output.format, i);
        assert_int_equal(o.output.color, i % 3);
        assert_int_equal(o.network.trust.describe, o.output.format == FORMAT_JSON);
        options_free(&o);
    }
    o = read_valid("--order input --order completion --format json --format text");
    assert_false(o.output.input_order);
    assert_int_equal(o.output.format, FORMAT_TEXT);
    options_free(&o);
    o = read_valid("--fields url,status --fields error.code");
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
        struct options options = read_valid(lines[i].line);

        assert_int_equal(options.command, lines[i].command);
        assert_int_equal(options.list.word_count, lines[i].words);
        if (lines[i].file)
            assert_string_equal(options.list.file, lines[i].file);
        else
            assert_null(options.list.file);
        options_free(&options);
    }
}

/* Each line has its own error. */
static void test_refused(void **state)
{
    static const struct refused_line refused[] = {
        {"--nothing", "--nothing: unknown option"},
        {"-K", "-K: unknown option"},
        {"-f", "--file: needs a value: FILE"},
        {"--fail=yes", "--fail: takes no value"},
        {"--rehearse=1", "--rehearse: takes no value"},
        {"--tls-min 1.3 --tls-max 1.2", "--tls-min 1.3: must not be higher than --tls-max"},
        {"-4 -6", "-4 -6: use only one of these options"},
        {"--key k", "--key k: needs a certificate"},
        {"--append", "--append: needs --output"},
        {"-I -d x", "--head --data: a HEAD request has no content"},
        {"-f a http://b/", "--file a: give a list or URLs, not both"},
        {"--rehearse --cacert a", "--cacert: a rehearsal trusts only"},
        {"--rehearse --capath a", "--capath: a rehearsal trusts only"},
        {"--rehearse --unix-socket a", "--unix-socket: a rehearsal connects only to"},
        {"--rehearse --dns-servers 127.0.0.1", "--dns-servers: a rehearsal uses its own"},
        {"diff", "diff: needs two files or more"},
        {"diff a", "diff: needs two files or more"},
        {"diff --format csv a b", "diff --format: must be text or json"},
        {"diff -o c a b", "diff --output: only for fetch and bench"},
        {"race -f -", "race --file -: a race reads its list twice"},
        {"--interface lo --interface eth0", "--interface eth0: only bench uses several"},
        {"bench --file=", "--file: the name of a file is empty"},
        {"bench --nothing", "--nothing: unknown option"},
        {"bench -c 0", "--concurrency 0: not a number from 1 to 1000000"},
        {"bench --connections x", "--connections x: not a number from 1 to 1000000"},
        {"bench -f a http://b/", "--file a: give a list or URLs, not both"},
        {"bench --cacert a", "--cacert: give a URL: without one"},
        {"bench --unix-socket a", "--unix-socket: give a URL: without one"},
        {"bench --rehearse --cacert a http://a/", "--cacert: a rehearsal trusts only"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

/* The commands that know an option. The errors of the other commands name them. */
static void test_commands_of_options(void **state)
{
    static const char *const commands[] = {"fetch", "race", "bench", "origin"};
    static const struct {
        const char *option;
        const char *knowing; /* a letter for each of the commands */
        const char *message; /* of the others */
    } known[] = {
        {"-f x", "frbo", ""},
        {"-c 5", "frb", "--concurrency: only for fetch, race and bench\n"},
        {"--connections 5", "b", "--connections: only for bench\n"},
        {"-T 1s", "frb", "--timeout: only for fetch, race and bench\n"},
        {"--dns-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--connect-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--tls-timeout 1s", "frb", "for fetch, race and bench\n"},
        {"--ttfb-timeout 1s", "fr", "--ttfb-timeout: only for fetch and race\n"},
        {"-X PUT", "frb", "--request: only for"},
        {"-H A:b", "frb", "--header: only for"},
        {"-A me", "frb", "--user-agent: only for"},
        {"-u a:b", "frb", "--user: only for"},
        {"-b a=b", "frb", "--cookie: only for"},
        {"--data x", "frb", "--data: only for"},
        {"-d 5s", "frb", "--data: only for"},
        {"-I", "frb", "--head: only for"},
        {"--no-location", "f", "--no-location: only for fetch\n"},
        {"--max-redirs 1", "f", "--max-redirs: only for fetch\n"},
        {"--no-keepalive", "fr", "--no-keepalive: only for fetch and race\n"},
        {"--preview 5", "fr", "--preview: only for fetch and race\n"},
        {"--max-body 5", "fr", "--max-body: only for fetch and race\n"},
        {"--until-preview", "fr", "--until-preview: only for fetch and race\n"},
        {"--per-host 1", "fr", "--per-host: only for fetch and race\n"},
        {"--per-host-rate 1", "f", "--per-host-rate: only for fetch\n"},
        {"--rate 1", "fb", "--rate: only for fetch and bench\n"},
        {"-R 1", "fb", "--rate: only for fetch and bench\n"},
        {"--retry 1", "f", "--retry: only for fetch\n"},
        {"--arrival constant", "b", "--arrival: only for bench\n"},
        {"--seed 1", "b", "--seed: only for bench\n"},
        {"--ramp 1:2/1s", "b", "--ramp: only for bench\n"},
        {"--find-knee p99=1s", "b", "--find-knee: only for bench\n"},
        {"-n 1", "b", "--requests: only for bench\n"},
        {"--duration 1s", "b", "--duration: only for bench\n"},
        {"--warmup 1s", "b", "--warmup: only for bench\n"},
        {"--requests-per-conn 1", "b", "--requests-per-conn: only for bench\n"},
        {"--new-conn", "b", "--new-conn: only for bench\n"},
        {"--tls-resume on", "b", "--tls-resume: only for bench\n"},
        {"--pipeline 2", "b", "--pipeline: only for bench\n"},
        {"--procs 2", "b", "--procs: only for bench\n"},
        {"--kernel-time all", "b", "--kernel-time: only for bench\n"},
        {"--slo p99=1s", "b", "--slo: only for bench\n"},
        {"--hlog x", "b", "--hlog: only for bench\n"},
        {"--repeat 2", "b", "--repeat: only for bench\n"},
        {"--vs http://b/", "b", "--vs: only for bench\n"},
        {"-4", "fb", "--ipv4: only for fetch and bench\n"},
        {"-6", "fb", "--ipv6: only for fetch and bench\n"},
        {"--resolve a:80:::1", "fb", "--resolve: only for fetch and bench\n"},
        {"--connect-to a:1:b:2", "fb", "--connect-to: only for fetch and bench\n"},
        {"--dns-servers 127.0.0.1", "fb", "--dns-servers: only for fetch and bench\n"},
        {"--interface lo", "fb", "--interface: only for fetch and bench\n"},
        {"--unix-socket x", "fb", "--unix-socket: only for fetch and bench\n"},
        {"-x a:1", "f", "--proxy: only for fetch\n"},
        {"--noproxy a", "f", "--noproxy: only for fetch\n"},
        {"-k", "frb", "--insecure: only for"},
        {"--cacert x", "frb", "--cacert: only for"},
        {"--capath x", "frb", "--capath: only for"},
        {"--cert x", "frb", "--cert: only for"},
        {"--cert x --key y", "frb", "--cert: only for"},
        {"--tls-min 1.2", "frb", "--tls-min: only for"},
        {"--tls-max 1.2", "frb", "--tls-max: only for"},
        {"--sni a", "frb", "--sni: only for"},
        {"--cert-warn 5", "fr", "--cert-warn: only for fetch and race\n"},
        {"--format json", "frb", "--format: only for"},
        {"--fields url", "fr", "--fields: only for fetch and race\n"},
        {"-o x", "fb", "--output: only for fetch and bench\n"},
        {"--append", "fb", "--append: only for fetch and bench\n"},
        {"--order input", "fr", "--order: only for fetch and race\n"},
        {"--tcp-info", "fr", "--tcp-info: only for fetch and race\n"},
        {"--fail", "fr", "--fail: only for fetch and race\n"},
        {"--color never", "frb", "--color: only for"},
        {"-q", "frb", "--quiet: only for"},
        {"-v", "f", "--verbose: only for fetch\n"},
        {"--resume x", "f", "--resume: only for fetch\n"},
        {"--rehearse", "frb", "--rehearse: only for"},
        {"--lifeline", "o", "--lifeline: only for origin\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(known) * LENGTH(commands); i++) {
        const char *command = commands[i % LENGTH(commands)], *option;
        const char *message = known[i / LENGTH(commands)].message;
        char line[128], printed[2048], prefix[192];
        bool knows = strchr(known[i / LENGTH(commands)].knowing, *command);

        option = known[i / LENGTH(commands)].option;
        snprintf(line, sizeof(line), "%s %s", command, option);
        snprintf(prefix, sizeof(prefix), "firstbyte: %s --", command);
        if (read_captured(line, printed, sizeof(printed)) && !knows)
            fail_msg("%s is accepted", line);
        if (knows ? strstr(printed, prefix) != NULL
                  : strncmp(printed, prefix, strlen(prefix)) != 0 || !strstr(printed, message))
            fail_msg("%s: %s", line, printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_flags_are_off),
        cmocka_unit_test(test_flags),    cmocka_unit_test(test_flags_that_clear),
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_output),   cmocka_unit_test(test_commands),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_commands_of_options),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
