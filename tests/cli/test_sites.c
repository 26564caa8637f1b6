/* The grammar of sites.conf, the reading of files, pipes and words, and going back to the beginning. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/sites.h"

static const struct sites_options plain = {.timeout = 10 * NSEC_PER_S};
static char path[4096];

/* Puts the text into the file and opens it. */
static struct sites *open_bytes(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    struct sites *sites;

    fwrite(text, 1, length, file);
    fclose(file);
    sites = sites_open(path, &plain);
    assert_non_null(sites);
    return sites;
}

static struct sites *open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

/* The next is a site of that URL; returns what was listed, whose site is to be freed. */
static struct listed expect(struct sites *sites, const char *shown)
{
    struct listed listed;

    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    if (listed.site->unreadable)
        fail_msg("%s", listed.site->unreadable);
    assert_string_equal(listed.site->url.shown, shown);
    return listed;
}

static void expect_end(struct sites *sites)
{
    struct listed listed;

    assert_int_equal(sites_next(sites, &listed), SITES_END);
    assert_int_equal(sites_next(sites, &listed), SITES_END);
    sites_close(sites);
}

/* One line; what it says of the request. */
static const struct {
    const char *text; /* before it may be default lines */
    nsec timeout;
    bool head;
    const char *headers;
} lines[] = {
    {"http://a/", 10 * NSEC_PER_S, false, NULL},
    {"  \t http://a/ \t ", 10 * NSEC_PER_S, false, NULL},
    {"http://a/\n", 10 * NSEC_PER_S, false, NULL},
    {"http://a/\r\n", 10 * NSEC_PER_S, false, NULL},
    {"\xef\xbb\xbfhttp://a/\n", 10 * NSEC_PER_S, false, NULL},
    {"\n\r\n# x\n   # y\n\t\nhttp://a/", 10 * NSEC_PER_S, false, NULL},
    {"http://a/ # a comment \"", 10 * NSEC_PER_S, false, NULL},
    {"http://a/ timeout=5s#no comment", 0, false, NULL},
    {"http://a/ timeout=2s", 2 * NSEC_PER_S, false, NULL},
    {"http://a/ timeout=2s timeout=3s", 3 * NSEC_PER_S, false, NULL},
    {"http://a/ timeout=\"2s\"", 2 * NSEC_PER_S, false, NULL},
    {"http://a/ time\"out\"=2s", 2 * NSEC_PER_S, false, NULL},
    {"http://a/ method=HEAD", 10 * NSEC_PER_S, true, NULL},
    {"default method=HEAD\nhttp://a/ method=GET", 10 * NSEC_PER_S, false, NULL},
    {"default timeout=1s\ndefault method=HEAD\nhttp://a/", NSEC_PER_S, true, NULL},
    {"default timeout=1s\ndefault timeout=2s\nhttp://a/", 2 * NSEC_PER_S, false, NULL},
    {"default\nhttp://a/", 10 * NSEC_PER_S, false, NULL},
    {"http://a/ header=\"A: b\"", 10 * NSEC_PER_S, false, "A: b\r\n"},
    {"http://a/ header=A:b", 10 * NSEC_PER_S, false, "A:b\r\n"},
    {"http://a/ header=\"A: \\\"b\\\\\\x41\\t\"", 10 * NSEC_PER_S, false, "A: \"b\\A\t\r\n"},
    {"http://a/ header=\"A: 1\" header=\"A: 2\"", 10 * NSEC_PER_S, false, "A: 1\r\nA: 2\r\n"},
    {"default header=\"A: 1\" header=\"B: 1\"\nhttp://a/ header=\"a: 2\"", 10 * NSEC_PER_S, false,
     "B: 1\r\na: 2\r\n"},
    {"default header=\"A: 1\"\ndefault header=\"A: 2\"\nhttp://a/", 10 * NSEC_PER_S, false,
     "A: 2\r\n"},
    {"default header=\"Ab: 1\"\nhttp://a/ header=\"A: 2\"", 10 * NSEC_PER_S, false,
     "Ab: 1\r\nA: 2\r\n"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct sites *sites = open_text(lines[i].text);
        struct listed listed;

        if (!lines[i].timeout) { /* no comment begins inside a word */
            assert_int_equal(sites_next(sites, &listed), SITES_ONE);
            assert_non_null(listed.site->unreadable);
            site_free(listed.site);
            sites_close(sites);
            continue;
        }
        listed = expect(sites, "http://a/");
        assert_int_equal(listed.site->timeout, lines[i].timeout);
        assert_int_equal(listed.site->head, lines[i].head);
        if (lines[i].headers)
            assert_string_equal(listed.site->headers, lines[i].headers);
        else
            assert_null(listed.site->headers);
        assert_false(listed.play.given);
        site_free(listed.site);
        expect_end(sites);
    }
}

static void test_play(void **state)
{
    struct sites *sites =
        open_text("http://a/ rehearse-delay=798940us rehearse-body=\"<a>\\x00\\n\" "
                  "rehearse-status=404 rehearse-framing=chunked rehearse-fault=drip\n"
                  "default rehearse-body=default rehearse-status=503\n"
                  "http://b/\n"
                  "http://c/ rehearse-body=own\n");
    struct listed listed = expect(sites, "http://a/");

    (void)state;
    assert_true(listed.play.given);
    assert_int_equal(listed.play.delay, 798940 * NSEC_PER_US);
    assert_int_equal(listed.play.status, 404);
    assert_int_equal(listed.play.framing, FRAMING_CHUNKED);
    assert_int_equal(listed.play.fault, FAULT_DRIP);
    assert_int_equal(listed.play.body_bytes, 5);
    assert_memory_equal(listed.play.body, "<a>\0\n", 5);
    site_free(listed.site);
    listed = expect(sites, "http://b/");
    assert_int_equal(listed.play.status, 503);
    assert_int_equal(listed.play.fault, FAULT_NONE);
    assert_memory_equal(listed.play.body, "default", 7);
    site_free(listed.site);
    listed = expect(sites, "http://c/");
    assert_int_equal(listed.play.body_bytes, 3);
    assert_memory_equal(listed.play.body, "own", 3);
    site_free(listed.site);
    expect_end(sites);
}

/* Bad lines: what is said of them, and what stands for their URL. */
static const struct {
    const char *line, *why, *shown;
} bad[] = {
    {"a", "not an absolute http:// or https:// URL", "a"},
    {"defaults timeout=1s", "not an absolute http:// or https:// URL", "defaults"},
    {"default timeout=1", "timeout: not a duration over 0, like 5s or 250ms", "default"},
    {"http://a/ timeout=0s", "timeout: not a duration over 0, like 5s or 250ms", "http://a/"},
    {"http://a/ x", "not key=value", "http://a/"},
    {"http://a/ =", ": no such key", "http://a/"},
    {"http://a/ x=1", "x: no such key", "http://a/"},
    {"http://a/ Timeout=1s", "Timeout: no such key", "http://a/"},
    {"http://a/ timeout =1s", "not key=value", "http://a/"},
    {"http://a/ \"timeout=1s", "the quotes are not closed", "http://a/"},
    {"http://a/ header=\"A: b\\", "the quotes are not closed", "http://a/"},
    {"http://a/ header=\"A: \\x4\"",
     "no such escape in the quotes; they are \\\" \\\\ \\n \\r \\t \\xHH", "http://a/"},
    {"http://a/ header=\"A: \\x00\"", "header: the value has a NUL byte", "http://a/"},
    {"http://a/ header=\"A: \\n\"", "header: the header's value has a control character",
     "http://a/"},
    {"http://a/ header=\": b\"", "header: a header is \"Name: value\"", "http://a/"},
    {"http://a/ method=get", "method: the method is GET or HEAD", "http://a/"},
    {"http://a/ rehearse-status=199", "rehearse-status: not a status from 200 to 999", "http://a/"},
    {"http://a/ rehearse-fault=x", "rehearse-fault: no such fault; README.md lists them",
     "http://a/"},
    {"http://a/ rehearse-framing=x", "rehearse-framing: the framing is length, chunked or close",
     "http://a/"},
    {"http://a/ rehearse-delay=x", "rehearse-delay: not a duration, like 798940us or 1.5s",
     "http://a/"},
    /* what may be a password is not shown */
    {"http://u:secret@a/ x=1", "x: no such key", "http://a/"},
    {"http://u:secret@a:x/", "the port is not a number", "http://a:x/"},
    {"http://u:sec/ret@a/", "the port is not a number", "http://a/"},
    {"ftp://u:secret@a/", "not an absolute http:// or https:// URL", "ftp://a/"},
    {"u:secret@a", "not an absolute http:// or https:// URL", "a"},
    {"http://a/@u x=1", "x: no such key", "http://a/@u"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char text[512], why[8192];
        struct sites *sites;
        struct listed listed;

        snprintf(text, sizeof(text), "#\n%s\nhttp://after/\n", bad[i].line);
        snprintf(why, sizeof(why), "%s:2: %s", path, bad[i].why);
        sites = open_text(text);
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_non_null(listed.site->unreadable);
        assert_string_equal(listed.site->unreadable, why);
        assert_string_equal(listed.site->url.shown, bad[i].shown);
        assert_int_equal(listed.site->number, 0);
        site_free(listed.site);
        listed = expect(sites, "http://after/"); /* a bad line harms no other */
        assert_int_equal(listed.site->number, 1);
        assert_int_equal(listed.site->timeout, 10 * NSEC_PER_S);
        site_free(listed.site);
        expect_end(sites);
    }
}

/* A line of `length` bytes, its end not counted. */
static char *long_line(size_t length)
{
    char *line = malloc(length + 1);
    static const char begin[] = "http://a/ rehearse-body=";

    memset(line, 'x', length);
    memcpy(line, begin, sizeof(begin) - 1);
    line[length] = '\0';
    return line;
}

static void test_long_lines(void **state)
{
    (void)state;
    for (size_t length = SITES_MOST_LINE_BYTES - 3; length <= 3 * SITES_MOST_LINE_BYTES;
         length += length < SITES_MOST_LINE_BYTES + 3 ? 1 : SITES_MOST_LINE_BYTES / 2) {
        char *line = long_line(length), *text = malloc(length + 64);
        struct sites *sites;
        struct listed listed;

        sprintf(text, "%s\nhttp://b/\n", line);
        sites = open_text(text);
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_int_equal(listed.site->unreadable != NULL, length >= SITES_MOST_LINE_BYTES);
        site_free(listed.site);
        listed = expect(sites, "http://b/"); /* the rest of the long one is no line */
        site_free(listed.site);
        expect_end(sites);
        free(text);
        free(line);
    }
}

static void test_no_end_on_the_last_line(void **state)
{
    char *line = long_line(SITES_MOST_LINE_BYTES - 1);
    struct sites *sites = open_text(line);
    struct listed listed;

    (void)state;
    listed = expect(sites, "http://a/");
    site_free(listed.site);
    expect_end(sites);
    free(line);
}

static void test_nul_bytes(void **state)
{
    static const char text[] = "http://a\0b/\nhttp://c/ timeout=\0005s\nhttp://d/\n";
    struct sites *sites = open_bytes(text, sizeof(text) - 1);
    struct listed listed;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_non_null(listed.site->unreadable);
        site_free(listed.site);
    }
    listed = expect(sites, "http://d/");
    site_free(listed.site);
    expect_end(sites);
}

/* What one reading makes of a list, as text. */
static char *reading(struct sites *sites)
{
    char *text;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    struct listed listed;

    while (sites_next(sites, &listed) == SITES_ONE) {
        fprintf(to, "%u %s %s %u\n", (unsigned)listed.site->number, listed.site->url.shown,
                listed.site->unreadable ? listed.site->unreadable : "-",
                listed.site->unreadable ? 0 : (unsigned)(listed.site->timeout / NSEC_PER_MS));
        site_free(listed.site);
    }
    fclose(to);
    return text;
}

static void test_rewind(void **state)
{
    struct sites *sites = open_text("\xef\xbb\xbfhttp://a/\ndefault timeout=1s\nhttp://b/\nbad\n");
    char *first = reading(sites), *second;
    struct listed listed;

    (void)state;
    assert_true(sites_rewind(sites));
    second = reading(sites);
    assert_string_equal(first, second);
    free(second);
    assert_true(sites_rewind(sites)); /* from the middle too */
    site_free(expect(sites, "http://a/").site);
    site_free(expect(sites, "http://b/").site);
    assert_true(sites_rewind(sites));
    listed = expect(sites, "http://a/");
    assert_int_equal(listed.site->timeout, 10 * NSEC_PER_S); /* the default is forgotten */
    site_free(listed.site);
    sites_close(sites);
    free(first);
}

static void test_words(void **state)
{
    char *words[] = {(char *)"http://a/", (char *)"http://u:secret word@b:x/",
                     (char *)" http://c/ "};
    struct sites *sites = sites_from_words(words, LENGTH(words), &plain);
    char *first, *second;

    (void)state;
    first = reading(sites);
    assert_string_equal(first, "0 http://a/ - 10000\n"
                               "1 http://b:x/ the port is not a number 0\n"
                               "2 http://c/ - 10000\n");
    assert_true(sites_rewind(sites));
    second = reading(sites);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sites_close(sites);
}

static void test_cannot_open(void **state)
{
    (void)state;
    errno = 0;
    assert_null(sites_open("/nowhere/sites.conf", &plain));
    assert_int_equal(errno, ENOENT);
    assert_null(sites_open("/", &plain));
    assert_int_equal(errno, EISDIR);
    sites_close(NULL);
}

/* A pipe instead of standard input. */
struct pipe_end {
    struct loop *loop;
    struct sites *sites;
    int writer, input;
    int ready; /* calls */
};

static void on_ready(void *owner)
{
    ((struct pipe_end *)owner)->ready++;
}

static void open_pipe(struct pipe_end *end)
{
    struct sites_options options = {.timeout = 10 * NSEC_PER_S, .ready = on_ready, .owner = end};
    int ends[2];

    *end = (struct pipe_end){.loop = loop_new(), .input = dup(STDIN_FILENO)};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    end->writer = ends[1];
    options.loop = end->loop;
    end->sites = sites_open("-", &options);
    assert_non_null(end->sites);
}

static void close_pipe(struct pipe_end *end)
{
    sites_close(end->sites);
    loop_free(end->loop);
    if (end->input >= 0) {
        dup2(end->input, STDIN_FILENO);
        close(end->input);
    } else {
        close(STDIN_FILENO);
    }
}

/* A byte at a time: each site comes with the last byte of its line, and nothing is lost. */
static void test_pipe(void **state)
{
    static const char text[] =
        "default timeout=1s\nhttp://a/\r\n\nbad\nhttp://b/ method=HEAD\nhttp://c/";
    struct pipe_end end;
    struct listed listed;
    int came = 0;

    (void)state;
    open_pipe(&end);
    assert_false(sites_rewind(end.sites));
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        enum sites_next next = sites_next(end.sites, &listed);
        int ready = end.ready;

        assert_int_equal(next, SITES_LATER);
        assert_int_equal(sites_next(end.sites, &listed),
                         SITES_LATER); /* asking twice harms nothing */
        assert_int_equal(write(end.writer, text + i, 1), 1);
        TURN_UNTIL(end.loop, end.ready > ready);
        if (text[i] != '\n')
            continue;
        while ((next = sites_next(end.sites, &listed)) == SITES_ONE) {
            assert_int_equal(listed.site->number, came++);
            site_free(listed.site);
        }
        assert_int_equal(next, SITES_LATER);
    }
    assert_int_equal(came, 3);
    assert_int_equal(sites_next(end.sites, &listed), SITES_LATER);
    close(end.writer);
    TURN_UNTIL(end.loop, sites_next(end.sites, &listed) == SITES_ONE);
    assert_string_equal(listed.site->url.shown, "http://c/");
    assert_int_equal(listed.site->timeout, NSEC_PER_S);
    site_free(listed.site);
    assert_int_equal(sites_next(end.sites, &listed), SITES_END);
    close_pipe(&end);
}

/* Closed while it waits for more. */
static void test_close_waiting(void **state)
{
    struct pipe_end end;
    struct listed listed;

    (void)state;
    open_pipe(&end);
    assert_int_equal(sites_next(end.sites, &listed), SITES_LATER);
    close(end.writer);
    close_pipe(&end);
}

static int make_file(void **state)
{
    const char *directory = getenv("TMPDIR");
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "%s/firstbyte-sites-XXXXXX", directory ? directory : "/tmp");
    fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_play),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_no_end_on_the_last_line),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_close_waiting),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
