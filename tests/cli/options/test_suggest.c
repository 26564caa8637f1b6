/* What is proposed for options and words that are unknown. */
#include "tests/support/command_line.h"

#include <string.h>

#include "cli/options/option_table.h"
#include "cli/options/suggest.h"

static void test_similar_names(void **state)
{
    static const struct {
        const char *name, *option; /* NULL: none is similar */
    } cases[] = {
        {"formt", "format"},
        {"fomrat", "format"},
        {"formats", "format"},
        {"outptu", "output"},
        {"requestss", "requests"},
        {"concurency", "concurrency"},
        {"keyy", "key"},
        {"ke", "key"},
        {"xyz", NULL},
        {"nothing", NULL},
        {"lifelin", NULL},
        {"", NULL},
        {"a-name-that-is-longer-than-every-name", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        enum command command = !strncmp(cases[i].name, "req", 3) ? COMMAND_BENCH : COMMAND_FETCH;
        const char *similar = suggest_option(command, cases[i].name);

        if (cases[i].option)
            assert_string_equal(similar ? similar : "none", cases[i].option);
        else
            assert_null(similar);
    }
    assert_null(suggest_option(COMMAND_DIFF, "fields")); /* an option of other commands */
    assert_string_equal(suggest_command("fecth"), "fetch");
    assert_string_equal(suggest_command("rac"), "race");
    assert_string_equal(suggest_command("hepl"), "help");
    assert_null(suggest_command("sites"));
    assert_null(suggest_command(""));
}

static void test_messages(void **state)
{
    static const struct refused_line refused[] = {
        {"fecth", "fecth: neither a command nor a URL; did you mean fetch?"},
        {"--formt json http://a/", "--formt: unknown option; did you mean --format?"},
        {"-rate 5 http://a/", "-rate: unknown option; did you mean --rate?"},
        {"--tls- 5 http://a/", "--tls-: it may be --tls-timeout, --tls-min, --tls-max"},
        {"--requ GET http://a/", "--requ: it may be --request\n"},
        {"diff --co x", "--co: unknown option\n"},
        {"diff --tls- 5", "--tls-: unknown option\n"},
        {"-K", "-K: unknown option\n"},
        {"--=x http://a/", "--: unknown option\n"},
        {"-\xff", "-\xef\xbf\xbd: unknown option\n"},
        {"--for\x1b[31mat x", "--for\\x1b[31mat: unknown option\n"},
        {"-c \x1b[31m http://a/", "--concurrency \\x1b[31m: not a number"},
        {"bench -z 10s http://a/", "-z: use -d TIME, --duration\n"},
        {"bench -q 100 http://a/", "-q 100: -q is --quiet; the rate is -R N, --rate N\n"},
        {"-q 2.5 http://a/", "-q 2.5: -q is --quiet; the rate is -R N, --rate N\n"},
        {"race -m POST http://a/", "-m: use -X METHOD for the method, or -T TIME"},
        {"bench -m POST http://a/", "POST: not a number from 1 to 1024; the method is -X"},
        {"bench -h2 https://a/", "-h2: -h is --help; HTTP/2 is --http2\n"},
        {"bench -h2c http://a/", "-h2c: -h is --help; use --http2-prior-knowledge\n"},
        {"-h2 https://a/", "-h2: -h is --help; HTTP/2 is --http2\n"},
        {"bench --h1 http://a/", "--h1: use --http1.1\n"},
        {"bench -w 16 https://a/", "-w: use --window BYTES for the window of a stream, or"},
        {"bench -W 30 https://a/", "-W: the window of a connection is 16M, or --window"},
        {"bench --header-table-size=0 https://a/", "use --header-table BYTES\n"},
        {"bench --max-concurrent-streams=9 https://a/", "use -m N, --streams\n"},
        {"bench --http1.0 http://a/", "--http1.0: HTTP/1.0 is not supported\n"},
        {"race --http1.1 http://a/", "race --http1.1: only for fetch and bench\n"},
        {"-L http://a/", "-L: redirects are followed; --no-location stops that\n"},
        {"-w x http://a/", "-w: use --fields NAME,...\n"},
        {"--write-out=x http://a/", "--write-out: use --fields NAME,...\n"},
        {"-s http://a/", "-s: use -q, --quiet\n"},
        {"-vs http://a/", "-s: use -q, --quiet\n"},
        {"-i http://a/", "-i: use -v, --verbose to see the heads"},
        {"bench -i http://a/", "-i: use -I, --head for HEAD requests\n"},
        {"bench -s x http://a/", "-s: use -f FILE, --file\n"},
        {"bench -t 4 http://a/", "-t: use --procs N\n"},
        {"bench --latency http://a/", "--latency: the report always has the latency\n"},
        {"bench -d 10 http://a/", "--duration 10: not a duration; for seconds, write 10s\n"},
        {"-T 2.5 http://a/", "--timeout 2.5: not a duration; for seconds, write 2.5s\n"},
        {"bench -d {\"a\":1} http://a/",
         "--duration {\"a\":1}: not a duration; the content of a request is --data\n"},
        {"bench -d a=b http://a/",
         "--duration a=b: not a duration; the content of a request is --data\n"},
        {"bench -d 0 http://a/", "--duration 0: not a duration over 0, like 5s or 250ms\n"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

/* A word after -q that is not a number is a URL, also an address of IPv4. */
static void test_quiet(void **state)
{
    static const char *const lines[] = {"-q http://a/", "-q 127.0.0.1", "-q 10.1.2.3 a.b"};

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options = read_valid(lines[i]);

        assert_true(options.output.quiet);
        options_free(&options);
    }
}

static bool has_option(enum command command, const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        if (option_belongs(row, command) &&
            (name[1] == '-' ? !strcmp(row->name, name + 2) : row->letter == name[1]))
            return true;
    }
    return false;
}

/* A name of another program is no option of the same command here: it would never be seen. */
static void test_foreign_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        char names[256], *save, *name;

        if (!option_table[i].foreign)
            continue;
        snprintf(names, sizeof(names), "%s", option_table[i].foreign);
        for (name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
            bool dashes = name[0] == '-' && name[1] && (name[1] == '-') == (strlen(name) > 2);

            assert_true(dashes);
            for (enum command command = 0; command < COMMAND_NONE; command++) {
                char *advice = suggest_for_foreign(command, name);

                if (!option_belongs(&option_table[i], command)) {
                    free(advice);
                    continue;
                }
                assert_non_null(advice);
                free(advice);
                if (has_option(command, name))
                    fail_msg("%s %s", command_names[command], name);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similar_names),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_foreign_names),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
