/* The grammar of sites.conf: lines, words, and their meaning for a site. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "cli/list/grammar.h"

static const struct request_options ten_seconds = {.timeout = 10 * NSEC_PER_S};

/* A grammar, and the result of the last line that it read. */
struct reading {
    struct grammar *grammar;
    struct listed listed;
    const char *why;
    char *shown;
};

static void begin(struct reading *reading)
{
    *reading = (struct reading){.grammar = grammar_new(&ten_seconds, false)};
}

static void release(struct reading *reading)
{
    if (reading->listed.site)
        site_free(reading->listed.site);
    free(reading->shown);
    reading->listed.site = NULL;
    reading->shown = NULL;
}

static void end(struct reading *reading)
{
    release(reading);
    grammar_free(reading->grammar);
}

static void read_line(struct reading *reading, const char *line, size_t length)
{
    release(reading);
    reading->why =
        grammar_read_line(reading->grammar, line, length, false, &reading->listed, &reading->shown);
    assert_int_equal(reading->why != NULL, reading->shown != NULL);
}

/* Reads lines. Only the last one may be invalid or have a site. */
static void read_text(struct reading *reading, const char *text)
{
    for (const char *close; (close = strchr(text, '\n')); text = close + 1) {
        read_line(reading, text, (size_t)(close - text));
        assert_null(reading->why);
        assert_null(reading->listed.site);
    }
    read_line(reading, text, strlen(text));
}

/* Reads lines. The last must be a site with this URL; the reading owns the site. */
static struct listed expect(struct reading *reading, const char *text, const char *shown)
{
    read_text(reading, text);
    if (reading->why)
        fail_msg("%s: %s", text, reading->why);
    assert_string_equal(reading->listed.site->url.shown, shown);
    return reading->listed;
}

static void lines_without_a_site(void **state)
{
    static const char *const empty[] = {"",     " \t ",    "\r",           "# x",
                                        "  #x", "default", "default #\r\r"};
    struct reading reading;

    (void)state;
    begin(&reading);
    for (size_t i = 0; i < LENGTH(empty); i++) {
        read_text(&reading, empty[i]);
        assert_null(reading.why);
        assert_null(reading.listed.site);
    }
    end(&reading);
}

/* Lines, and the request of the site. */
static const struct {
    const char *text; /* default lines, if any, and a site */
    nsec timeout;
    const char *method;
    const char *headers;
} lines[] = {
    {"http://a/ timeout=2s", 2 * NSEC_PER_S, "GET", NULL},
    {"http://a/ timeout=2s timeout=3s", 3 * NSEC_PER_S, "GET", NULL},
    {"http://a/ timeout=\"2s\"", 2 * NSEC_PER_S, "GET", NULL},
    {"http://a/ time\"out\"=2s", 2 * NSEC_PER_S, "GET", NULL},
    {"http://a/ method=HEAD", 10 * NSEC_PER_S, "HEAD", NULL},
    {"http://a/ method=PROPFIND", 10 * NSEC_PER_S, "PROPFIND", NULL},
    {"http://a/ method=get", 10 * NSEC_PER_S, "get", NULL},
    {"default method=HEAD\nhttp://a/ method=GET", 10 * NSEC_PER_S, "GET", NULL},
    {"default timeout=1s\ndefault method=HEAD\nhttp://a/", NSEC_PER_S, "HEAD", NULL},
    {"default timeout=1s\ndefault timeout=2s\nhttp://a/", 2 * NSEC_PER_S, "GET", NULL},
    {"http://a/ header=\"A: b\"", 10 * NSEC_PER_S, "GET", "A: b\r\n"},
    {"http://a/ header=A:b", 10 * NSEC_PER_S, "GET", "A:b\r\n"},
    {"http://a/ header=\"A: \xc2\xa0\"", 10 * NSEC_PER_S, "GET", "A: \xc2\xa0\r\n"},
    {"http://a/ header=\"A: \\\"b\\\\\\x41\\t\"", 10 * NSEC_PER_S, "GET", "A: \"b\\A\t\r\n"},
    {"http://a/ header=\"A: 1\" header=\"A: 2\"", 10 * NSEC_PER_S, "GET", "A: 1\r\nA: 2\r\n"},
    {"default header=\"A: 1\" header=\"B: 1\"\nhttp://a/ header=\"a: 2\"", 10 * NSEC_PER_S, "GET",
     "B: 1\r\na: 2\r\n"},
    {"default header=\"A: 1\"\ndefault header=\"A: 2\"\nhttp://a/", 10 * NSEC_PER_S, "GET",
     "A: 2\r\n"},
    {"default header=\"A: 1\"\nhttp://a/ header=A:", 10 * NSEC_PER_S, "GET", "A:\r\n"},
    {"default header=\"Ab: 1\"\nhttp://a/ header=\"A: 2\"", 10 * NSEC_PER_S, "GET",
     "Ab: 1\r\nA: 2\r\n"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct reading reading;
        struct listed listed;

        begin(&reading);
        listed = expect(&reading, lines[i].text, "http://a/");
        assert_int_equal(listed.site->timeout, lines[i].timeout);
        assert_string_equal(site_method(listed.site), lines[i].method);
        if (lines[i].headers)
            assert_string_equal(listed.site->headers, lines[i].headers);
        else
            assert_null(listed.site->headers);
        assert_false(listed.behaviour.given);
        assert_int_equal(listed.weight, 1);
        end(&reading);
    }
}

static void a_comment_does_not_begin_inside_a_word(void **state)
{
    struct reading reading;

    (void)state;
    begin(&reading);
    read_text(&reading, "http://a/ timeout=5s#no comment");
    assert_non_null(reading.why);
    end(&reading);
}

static void test_behaviour(void **state)
{
    struct reading reading;
    struct listed listed;

    (void)state;
    begin(&reading);
    listed = expect(&reading,
                    "http://a/ rehearse-delay=798940us rehearse-body=\"<a>\\x00\\n\" "
                    "rehearse-status=404 rehearse-framing=chunked rehearse-fault=drip "
                    "rehearse-header=\"Location: /%HOST%\" rehearse-header=\"Location: /2\" "
                    "rehearse-fail-first=2 rehearse-h2-reset=CANCEL rehearse-h2-streams=0 "
                    "rehearse-h2-goaway-after=9 rehearse-h2-settings-delay=2ms "
                    "rehearse-h2-streams-then=1000 rehearse-h2-streams-delay=3ms",
                    "http://a/");
    assert_true(listed.behaviour.given);
    assert_int_equal(listed.behaviour.delay, 798940 * NSEC_PER_US);
    assert_int_equal(listed.behaviour.status, 404);
    assert_int_equal(listed.behaviour.framing, FRAMING_CHUNKED);
    assert_int_equal(listed.behaviour.fault, FAULT_DRIP);
    assert_int_equal(listed.behaviour.body_bytes, 5);
    assert_memory_equal(listed.behaviour.body, "<a>\0\n", 5);
    assert_string_equal(listed.behaviour.headers, "Location: /%HOST%\r\nLocation: /2\r\n");
    assert_int_equal(listed.behaviour.fail_first, 2);
    assert_int_equal(listed.behaviour.h2.reset, 8 + 1);
    assert_int_equal(listed.behaviour.h2.goaway_after, 9);
    assert_int_equal(listed.behaviour.h2.settings_delay, 2 * NSEC_PER_MS);
    assert_int_equal(listed.behaviour.h2.streams, 0 + 1);
    assert_int_equal(listed.behaviour.h2.streams_then, 1000 + 1);
    assert_int_equal(listed.behaviour.h2.streams_delay, 3 * NSEC_PER_MS);
    listed = expect(&reading,
                    "default rehearse-body=default rehearse-status=503 rehearse-fail-first=1 "
                    "rehearse-header=A:1 rehearse-header=B:1\n"
                    "http://b/",
                    "http://b/");
    assert_int_equal(listed.behaviour.status, 503);
    assert_int_equal(listed.behaviour.fault, FAULT_NONE);
    assert_memory_equal(listed.behaviour.body, "default", 7);
    assert_string_equal(listed.behaviour.headers, "A:1\r\nB:1\r\n");
    assert_int_equal(listed.behaviour.fail_first, 1);
    listed =
        expect(&reading, "http://c/ rehearse-body=own rehearse-header=a:2 rehearse-fail-first=0",
               "http://c/");
    assert_int_equal(listed.behaviour.body_bytes, 3);
    assert_memory_equal(listed.behaviour.body, "own", 3);
    assert_string_equal(listed.behaviour.headers, "B:1\r\na:2\r\n");
    assert_int_equal(listed.behaviour.fail_first, 0);
    end(&reading);
}

/* Credentials, cookies and content of a site, with the default lines before it. */
static const struct {
    const char *text, *method, *user, *cookie, *content; /* NULL: none */
} contents[] = {
    {"http://a/", "GET", NULL, NULL, NULL},
    {"http://a/ user=u:p", "GET", "u:p", NULL, NULL},
    {"http://a/ user=\"u:p w:\\\"d\"", "GET", "u:p w:\"d", NULL, NULL},
    {"http://a/ user=u", "GET", "u:", NULL, NULL},
    {"http://a/ user=:", "GET", ":", NULL, NULL},
    {"default user=u:p\nhttp://a/", "GET", "u:p", NULL, NULL},
    {"default user=u:p\nhttp://a/ user=v:q", "GET", "v:q", NULL, NULL},
    {"default user=u:p\nhttp://a/ user=", "GET", NULL, NULL, NULL},
    {"http://x:y@a/ user=u:p", "GET", "x:y", NULL, NULL},
    {"http://a/ cookie=a=1", "GET", NULL, "a=1", NULL},
    {"default cookie=\"a=1; b=2\"\nhttp://a/", "GET", NULL, "a=1; b=2", NULL},
    {"default cookie=a=1\nhttp://a/ cookie=b=2", "GET", NULL, "b=2", NULL},
    {"default cookie=a=1\nhttp://a/ cookie=", "GET", NULL, NULL, NULL},
    {"http://a/ data=a=1&b=2", "POST", NULL, NULL, "a=1&b=2"},
    {"http://a/ data=@/etc/passwd", "POST", NULL, NULL, "@/etc/passwd"},
    {"http://a/ data=", "POST", NULL, NULL, ""},
    {"http://a/ data=x method=PUT", "PUT", NULL, NULL, "x"},
    {"default data=x\nhttp://a/ data=y", "POST", NULL, NULL, "y"},
    {"default data=x\nhttp://a/ method=GET", "GET", NULL, NULL, "x"},
};

static void expect_text(const char *text, const char *expected)
{
    if (expected) {
        assert_non_null(text);
        assert_string_equal(text, expected);
    } else {
        assert_null(text);
    }
}

static void expect_content(const struct content *content, const char *expected)
{
    if (expected) {
        assert_non_null(content);
        assert_int_equal(content->count, strlen(expected));
        assert_memory_equal(content->bytes, expected, content->count);
    } else {
        assert_null(content);
    }
}

static void test_credentials_and_contents(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(contents); i++) {
        struct reading reading;
        struct site *site;

        begin(&reading);
        site = expect(&reading, contents[i].text, "http://a/").site;
        assert_string_equal(site_method(site), contents[i].method);
        expect_text(site->url.user_info, contents[i].user);
        if (contents[i].user)
            assert_int_equal(site->url.user_info_bytes, strlen(contents[i].user));
        expect_text(site->cookie, contents[i].cookie);
        expect_content(site->content, contents[i].content);
        end(&reading);
    }
}

static void test_content_of_any_bytes(void **state)
{
    struct reading reading;
    struct site *site;

    (void)state;
    begin(&reading);
    site = expect(&reading, "http://a/ data=\"\\x00\\n\"", "http://a/").site;
    assert_int_equal(site->content->count, 2);
    assert_memory_equal(site->content->bytes, "\0\n", 2);
    end(&reading);
}

/* Bad lines: the error, and the text that is shown instead of a URL. */
static const struct {
    const char *line, *why, *shown;
} bad[] = {
    {"a", "not a URL: no scheme, and the host has no dot or port", "a"},
    {"defaults timeout=1s", "not a URL: no scheme, and the host has no dot or port", "defaults"},
    {"default timeout=1", "timeout: not a duration over 0, like 5s or 250ms", "default"},
    {"default timeout=0s", "timeout: not a duration over 0, like 5s or 250ms", "default"},
    {"http://a/ timeout=0s", "timeout: not a duration over 0, like 5s or 250ms", "http://a/"},
    {"http://a/ x", "not key=value", "http://a/"},
    {"http://a/ =", ": no such key", "http://a/"},
    {"http://a/ x=1", "x: no such key", "http://a/"},
    {"http://a/ weight=2", "weight: only targets of bench can have a weight", "http://a/"},
    {"http://a/ Timeout=1s", "Timeout: no such key", "http://a/"},
    {"http://a/ timeout =1s", "not key=value", "http://a/"},
    {"http://a/ \"timeout=1s", "the quotes are not closed", "http://a/"},
    {"http://a/ header=\"A: b\\", "the quotes are not closed", "http://a/"},
    {"http://a/ header=\"A: \\x4\"",
     "unknown escape in quotes; the escapes are \\\" \\\\ \\n \\r \\t \\xHH", "http://a/"},
    {"http://a/ header=\"A: \\x00\"", "header: the value contains a NUL byte", "http://a/"},
    {"http://a/ header=\"A: \\n\"", "header: the value has a control character", "http://a/"},
    {"http://a/ header=\": b\"", "header: a header field is \"Name: value\"", "http://a/"},
    {"http://a/ method=GE:T",
     "method: not a method: a token (RFC 9110, section 9.1) except CONNECT", "http://a/"},
    {"http://a/ method=CONNECT",
     "method: not a method: a token (RFC 9110, section 9.1) except CONNECT", "http://a/"},
    {"http://a/ method=", "method: not a method: a token (RFC 9110, section 9.1) except CONNECT",
     "http://a/"},
    {"http://a/ user=a:\"\\x00\"", "user: the value contains a NUL byte", "http://a/"},
    {"http://a/ cookie=\"a=1\\r\\nX: y\"", "cookie: the value has a control character",
     "http://a/"},
    {"http://a/ cookie=\"\\x7f\"", "cookie: the value has a control character", "http://a/"},
    {"http://a/ rehearse-header=\"A: \\r\\nB: c\"",
     "rehearse-header: the value has a control character", "http://a/"},
    {"http://a/ rehearse-header=A", "rehearse-header: a header field is \"Name: value\"",
     "http://a/"},
    {"http://a/ rehearse-fail-first=x", "rehearse-fail-first: not a number from 0 to 1000000",
     "http://a/"},
    {"http://a/ rehearse-fail-first=-1", "rehearse-fail-first: not a number from 0 to 1000000",
     "http://a/"},
    {"http://a/ \"da\\x00ta\"=1", "not key=value", "http://a/"},
    {"http://a/ rehearse-status=199", "rehearse-status: not a status from 200 to 999", "http://a/"},
    {"http://a/ rehearse-h2-reset=cancel",
     "rehearse-h2-reset: not an error code of HTTP/2, like CANCEL or 8", "http://a/"},
    {"http://a/ rehearse-h2-streams=1001", "rehearse-h2-streams: not a number from 0 to 1000",
     "http://a/"},
    {"http://a/ rehearse-fault=x",
     "rehearse-fault: no such fault; firstbyte-sites.conf(5) and docs/rehearsal.md list them",
     "http://a/"},
    {"http://a/ rehearse-framing=x", "rehearse-framing: must be length, chunked or close",
     "http://a/"},
    {"http://a/ rehearse-delay=x", "rehearse-delay: not a duration, like 798940us or 1.5s",
     "http://a/"},
    /* a CR is not a line end */
    {"http://a/\rhttp://b/\rhttp://c/", "the line contains a CR; lines end with LF or CR LF",
     "http://a/"},
    {"# a comment\rhttp://b/", "the line contains a CR; lines end with LF or CR LF", "# a comment"},
    {"default timeout=1s\rhttp://b/", "the line contains a CR; lines end with LF or CR LF",
     "default timeout=1s"},
    {"http://a/ header=\"A: b\rc\"", "the line contains a CR; lines end with LF or CR LF",
     "http://a/ header=\"A: b"},
    {"http://u:secret@a/\rhttp://v:secret@b/", "the line contains a CR; lines end with LF or CR LF",
     "http://a/"},
    /* invisible characters */
    {"http://a/\xc2\xa0", "U+00A0 NO-BREAK SPACE is not allowed; remove it", "http://a/\xc2\xa0"},
    {"\xc2\xa0http://a/", "U+00A0 NO-BREAK SPACE is not allowed; remove it", "\xc2\xa0http://a/"},
    {"\xc2\xa0", "U+00A0 NO-BREAK SPACE is not allowed; remove it", "\xc2\xa0"},
    {"http://a/\xe2\x80\x8b", "U+200B ZERO WIDTH SPACE is not allowed; remove it",
     "http://a/\xe2\x80\x8b"},
    {"http://a\xe2\x80\x8b/", "U+200B ZERO WIDTH SPACE is not allowed; remove it",
     "http://a\xe2\x80\x8b/"},
    {"http://a/ timeout=5s\xe2\x80\x8b", "U+200B ZERO WIDTH SPACE is not allowed; remove it",
     "http://a/"},
    {"http://a/ \xef\xbb\xbftimeout=5s", "U+FEFF, a byte order mark, is not allowed; remove it",
     "http://a/"},
    {"http://a/\x1a", "^Z (0x1a), the end of a DOS file, is not allowed; remove it",
     "http://a/\x1a"},
    {"\x1a", "^Z (0x1a), the end of a DOS file, is not allowed; remove it", "\x1a"},
    {"default timeout=1s\xc2\xa0", "U+00A0 NO-BREAK SPACE is not allowed; remove it", "default"},
    {"http://u:secret@a/\xc2\xa0", "U+00A0 NO-BREAK SPACE is not allowed; remove it",
     "http://a/\xc2\xa0"},
    /* possible passwords are not shown */
    {"http://u:secret@a/ x=1", "x: no such key", "http://a/"},
    {"http://u:secret@a:x/", "the port is not a number", "http://a:x/"},
    {"http://u:sec/ret@a/", "the port is not a number", "http://a/"},
    {"ftp://u:secret@a/", "not an absolute http:// or https:// URL", "ftp://a/"},
    {"u:secret@a:x", "the port is not a number", "a:x"},
    {"http://a/@u x=1", "x: no such key", "http://a/@u"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct reading reading;

        begin(&reading);
        read_text(&reading, bad[i].line);
        assert_non_null(reading.why);
        assert_string_equal(reading.why, bad[i].why);
        assert_string_equal(reading.shown, bad[i].shown);
        assert_null(reading.listed.site);
        assert_int_equal(expect(&reading, "http://after/", "http://after/").site->timeout,
                         10 * NSEC_PER_S); /* the next line is read normally */
        end(&reading);
    }
}

static void a_line_that_is_too_long(void **state)
{
    static const char line[] = "http://u:secret@a/ header=";
    struct reading reading;

    (void)state;
    begin(&reading);
    reading.why = grammar_read_line(reading.grammar, line, strlen(line), true, &reading.listed,
                                    &reading.shown);
    assert_string_equal(reading.why, "the line is over 65536 bytes");
    assert_string_equal(reading.shown, "http://a/ header=");
    assert_null(reading.listed.site);
    end(&reading);
}

static void weights_of_targets(void **state)
{
    struct reading reading = {.grammar = grammar_new(&ten_seconds, true)};

    (void)state;
    assert_int_equal(expect(&reading, "http://a/", "http://a/").weight, 1);
    assert_int_equal(expect(&reading, "http://a/ weight=1000000", "http://a/").weight, 1000000);
    assert_int_equal(expect(&reading, "default weight=3\nhttp://a/", "http://a/").weight, 3);
    read_text(&reading, "http://a/ weight=1000001");
    assert_string_equal(reading.why, "weight: not a number from 1 to 1000000");
    end(&reading);
    reading = (struct reading){.grammar = grammar_new(&ten_seconds, true)};
    assert_int_equal(expect(&reading, "http://a/", "http://a/").weight, 1);
    end(&reading);
}

/* An argument is only a URL, without settings or a comment. */
static void test_words(void **state)
{
    static const struct {
        const char *word, *why, *shown; /* NULL: valid */
    } words[] = {
        {" http://c/ ", NULL, NULL},
        {"http://u:secret word@b:x/", "the port is not a number", "http://b:x/"},
        {"none", "neither a command nor a URL", "none"},
        {"http://a/\nhttp://b/", "it contains a line end; give each URL as an argument of its own",
         "http://a/\nhttp://b/"},
    };
    struct reading reading;

    (void)state;
    begin(&reading);
    for (size_t i = 0; i < LENGTH(words); i++) {
        release(&reading);
        reading.why =
            grammar_read_word(reading.grammar, words[i].word, &reading.listed, &reading.shown);
        expect_text(reading.why, words[i].why);
        expect_text(reading.shown, words[i].shown);
        assert_int_equal(reading.listed.site != NULL, !words[i].why);
    }
    end(&reading);
}

static void default_lines_are_recognized(void **state)
{
    (void)state;
    assert_true(grammar_is_default("default\n", 7));
    assert_true(grammar_is_default(" \tdefault x\n", 11));
    assert_true(grammar_is_default("defaults\n", 8)); /* reported when the line is read */
    assert_false(grammar_is_default("defaul\n", 6));
    assert_false(grammar_is_default("# default\n", 9));
    assert_int_equal(grammar_trim("a\r\r", 3), 1);
    assert_int_equal(grammar_trim("\r", 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_without_a_site),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(a_comment_does_not_begin_inside_a_word),
        cmocka_unit_test(test_behaviour),
        cmocka_unit_test(test_credentials_and_contents),
        cmocka_unit_test(test_content_of_any_bytes),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(a_line_that_is_too_long),
        cmocka_unit_test(weights_of_targets),
        cmocka_unit_test(test_words),
        cmocka_unit_test(default_lines_are_recognized),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
