/* The command line: a table of what is taken and what is refused. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"

#define MOST_WORDS 16

/* Reads a command line of words that stand between blanks. */
static bool read_line(struct options *options, const char *line)
{
    static char text[256];
    static char *words[MOST_WORDS + 2];
    int count = 0;
    char *save;

    snprintf(text, sizeof(text), "firstbyte %s", line);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        words[count++] = word;
    words[count] = NULL;
    optind = 0; /* getopt begins anew */
    return options_read(options, count, words);
}

static void test_defaults(void **state)
{
    struct options options;

    (void)state;
    assert_true(read_line(&options, ""));
    assert_int_equal(options.command, COMMAND_FETCH);
    assert_string_equal(options.file, "sites.conf");
    assert_int_equal(options.word_count, 0);
    assert_int_equal(options.concurrency, 256);
    assert_int_equal(options.timeout, 10 * NSEC_PER_S);
    assert_int_equal(options.dns_timeout, NSEC_NEVER);
    assert_int_equal(options.connect_timeout, NSEC_NEVER);
    assert_int_equal(options.tls_timeout, NSEC_NEVER);
    assert_int_equal(options.ttfb_timeout, NSEC_NEVER);
    assert_null(options.authorities);
    assert_false(options.insecure || options.fail || options.json || options.input_order ||
                 options.rehearse || options.lifeline);
}

static void test_all(void **state)
{
    struct options options;

    (void)state;
    assert_true(read_line(&options, "race -f list -c 7 -T 1m -k --cacert ca.pem --fail"));
    assert_int_equal(options.command, COMMAND_RACE);
    assert_string_equal(options.file, "list");
    assert_int_equal(options.concurrency, 7);
    assert_int_equal(options.timeout, 60 * NSEC_PER_S);
    assert_true(options.insecure && options.fail);
    assert_string_equal(options.authorities, "ca.pem");
    assert_true(read_line(&options, "--dns-timeout 1s --connect-timeout 2s --tls-timeout=3s "
                                    "--ttfb-timeout=4s"));
    assert_int_equal(options.dns_timeout, NSEC_PER_S);
    assert_int_equal(options.connect_timeout, 2 * NSEC_PER_S);
    assert_int_equal(options.tls_timeout, 3 * NSEC_PER_S);
    assert_int_equal(options.ttfb_timeout, 4 * NSEC_PER_S);
    assert_true(read_line(&options, "--format json --order input --rehearse http://a/ http://b/"));
    assert_true(options.json && options.input_order && options.rehearse);
    assert_null(options.file);
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[0], "http://a/");
    assert_string_equal(options.words[1], "http://b/");
    assert_true(
        read_line(&options, "--format json --format text --order input --order completion"));
    assert_false(options.json || options.input_order);
    assert_true(
        read_line(&options, "http://a/ --rehearse http://b/")); /* options among the words */
    assert_true(options.rehearse);
    assert_int_equal(options.word_count, 2);
}

static void test_commands(void **state)
{
    static const struct {
        const char *line;
        enum command command;
        const char *file;
        size_t words;
    } lines[] = {
        {"fetch", COMMAND_FETCH, "sites.conf", 0}, {"race", COMMAND_RACE, "sites.conf", 0},
        {"origin", COMMAND_ORIGIN, NULL, 0},       {"origin -f list", COMMAND_ORIGIN, "list", 0},
        {"fetch fetch", COMMAND_FETCH, NULL, 1},   {"--rehearse race", COMMAND_FETCH, NULL, 1},
        {"fetch -f -", COMMAND_FETCH, "-", 0},     {"fetch -- --fail", COMMAND_FETCH, NULL, 1},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options;

        assert_true(read_line(&options, lines[i].line));
        assert_int_equal(options.command, lines[i].command);
        assert_int_equal(options.word_count, lines[i].words);
        if (lines[i].file)
            assert_string_equal(options.file, lines[i].file);
        else
            assert_null(options.file);
    }
}

/* Standard error is closed to the terminal while the refusals are said. */
static void test_refused(void **state)
{
    static const char *const lines[] = {
        "--nothing",
        "-z",
        "-f",
        "-T",
        "-T 5",
        "-T 0s",
        "-T -1s",
        "--timeout=never",
        "-c 0",
        "-c x",
        "-c 1000001",
        "-c",
        "--format",
        "--format xml",
        "--order up",
        "--dns-timeout 5",
        "--tls-timeout 0s",
        "--cacert",
        "-f a http://b/",
        "race -f -",
        "--fail=yes",
        "--rehearse=1",
        "--timeo=",
    };
    int terminal = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const char *taken = NULL;

    (void)state;
    fflush(stderr);
    dup2(nowhere, STDERR_FILENO);
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options;

        if (read_line(&options, lines[i]))
            taken = lines[i];
    }
    fflush(stderr);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    close(nowhere);
    if (taken)
        fail_msg("%s is taken", taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_refused),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
