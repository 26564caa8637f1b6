/* Lists: files, pipes and arguments, numbers and lines of sites, and rewinding. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/list/reader.h"
#include "cli/list/sites.h"

static const struct request_options ten_seconds = {.timeout = 10 * NSEC_PER_S};
static const struct sites_options plain = {.request = &ten_seconds};
static char path[4096];

/* Puts the text into the file and opens it. */
static struct sites *open_bytes(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    struct sites *sites;

    fwrite(text, 1, length, file);
    fclose(file);
    sites = sites_open(&(struct list_options){.file = path}, &plain);
    assert_non_null(sites);
    return sites;
}

static struct sites *open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

/* The next entry must be a site with this URL. The caller frees the site. */
static struct listed expect(struct sites *sites, const char *shown)
{
    struct listed listed;

    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    if (listed.site->line_error)
        fail_msg("%s", listed.site->line_error);
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

/* Lists with one URL and no settings. */
static const char *const bare[] = {
    "http://a/",
    "  \t http://a/ \t ",
    "http://a/\n",
    "http://a/\r\n",
    "\xef\xbb\xbfhttp://a/\n",
    "\n\r\n# x\n   # y\n\t\nhttp://a/",
    "http://a/ # a comment \"",
    "default\nhttp://a/",
    "http://a/\r\r\n",
    "# \xc2\xa0 \xe2\x80\x8b \x1a\n#\xc2\xa0\nhttp://a/ #\xc2\xa0",
};

static void test_bare(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bare); i++) {
        struct sites *sites = open_text(bare[i]);
        struct listed listed = expect(sites, "http://a/");

        assert_int_equal(listed.site->timeout, 10 * NSEC_PER_S);
        assert_string_equal(site_method(listed.site), "GET");
        assert_null(listed.site->headers);
        assert_false(listed.behaviour.given);
        site_free(listed.site);
        expect_end(sites);
    }
}

/* The error has the file and the line; the line has a site number; the next line is normal. */
static void test_bad(void **state)
{
    struct sites *sites = open_text("#\nhttp://u:secret@a/ x=1\nhttp://after/\n");
    struct listed listed;
    char why[8192];

    (void)state;
    snprintf(why, sizeof(why), "%s:2: x: no such key", path);
    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    assert_string_equal(listed.site->line_error, why);
    assert_string_equal(listed.site->url.shown, "http://a/");
    assert_int_equal(listed.site->number, 0);
    site_free(listed.site);
    listed = expect(sites, "http://after/");
    assert_int_equal(listed.site->number, 1);
    assert_int_equal(listed.site->timeout, 10 * NSEC_PER_S);
    site_free(listed.site);
    expect_end(sites);
}

/* Options of the command line apply to lines and arguments without their own setting. */
static void test_request_options(void **state)
{
    struct request_options request = {
        .method = "PUT",
        .headers = (char *)"A: 1\r\nB: 1\r\n",
        .user = "u",
        .cookie = "a=1",
        .content = content_new("body", 4),
        .head = true,
        .timeout = 3 * NSEC_PER_S,
    };
    struct sites_options options = {.request = &request};
    char *words[] = {(char *)"http://a/", (char *)"http://b/"};
    struct site *site[2];
    struct sites *sites =
        sites_open(&(struct list_options){.words = words, .word_count = 2}, &options);

    (void)state;
    site[0] = expect(sites, "http://a/").site;
    site[1] = expect(sites, "http://b/").site;
    for (int i = 0; i < 2; i++) {
        assert_string_equal(site_method(site[i]), "PUT");
        assert_string_equal(site[i]->headers, "A: 1\r\nB: 1\r\n");
        assert_string_equal(site[i]->url.user_info, "u:");
        assert_string_equal(site[i]->cookie, "a=1");
        assert_ptr_equal(site[i]->content, request.content); /* not a copy */
        assert_int_equal(site[i]->timeout, 3 * NSEC_PER_S);
    }
    site_free(site[0]);
    expect_end(sites);
    assert_memory_equal(site[1]->content->bytes, "body", 4); /* valid after the list is closed */
    site_free(site[1]);
    sites_close(open_text("default header=a:2 data=own\nhttp://a/\nhttp://b/ header=\"b: 3\"\n"));
    request.method = NULL;
    sites = sites_open(&(struct list_options){.file = path}, &options);
    for (int pass = 0; pass < 2; pass++) {
        site[0] = expect(sites, "http://a/").site;
        assert_string_equal(site_method(site[0]), "HEAD");
        assert_string_equal(site[0]->headers, "B: 1\r\na:2\r\n");
        assert_int_equal(site[0]->content->count, 3);
        assert_memory_equal(site[0]->content->bytes, "own", 3);
        site[1] = expect(sites, "http://b/").site;
        assert_string_equal(site[1]->headers, "a:2\r\nb: 3\r\n");
        assert_ptr_equal(site[0]->content, site[1]->content);
        site_free(site[0]);
        site_free(site[1]);
        assert_true(sites_rewind(sites)); /* both passes give the same sites */
    }
    sites_close(sites);
    assert_int_equal(request.content->references, 1);
    content_drop(request.content);
}

static void test_no_request_options(void **state)
{
    char *words[] = {(char *)"http://a/"};
    struct sites *sites = sites_open(&(struct list_options){.words = words, .word_count = 1},
                                     &(struct sites_options){0});
    struct site *site = expect(sites, "http://a/").site;

    (void)state;
    assert_true(site->timeout == NSEC_NEVER);
    assert_string_equal(site_method(site), "GET");
    site_free(site);
    sites_close(sites);
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
    for (size_t length = READER_MAX_LINE_BYTES - 3; length <= 3 * READER_MAX_LINE_BYTES;
         length += length < READER_MAX_LINE_BYTES + 3 ? 1 : READER_MAX_LINE_BYTES / 2) {
        char *line = long_line(length), *text = malloc(length + 64);
        struct sites *sites;
        struct listed listed;

        sprintf(text, "%s\nhttp://b/\n", line);
        sites = open_text(text);
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_int_equal(listed.site->line_error != NULL, length > READER_MAX_LINE_BYTES);
        site_free(listed.site);
        listed = expect(sites, "http://b/"); /* the rest of the long line is skipped */
        site_free(listed.site);
        expect_end(sites);
        free(text);
        free(line);
    }
}

static void test_no_end_on_the_last_line(void **state)
{
    char *line = long_line(READER_MAX_LINE_BYTES);
    struct sites *sites = open_text(line);
    struct listed listed;

    (void)state;
    listed = expect(sites, "http://a/");
    site_free(listed.site);
    expect_end(sites);
    free(line);
}

/* One entry reports the encoding, and the rest of the list is not read. */
static void other_encodings_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        unsigned bits;
    } lists[] = {
#define LIST(bytes, bits) {bytes, sizeof(bytes) - 1, bits}
        LIST("\xff\xfeh\0t\0t\0p\0:\0/\0/\0a\0/\0\n\0x\0\n\0", 16),
        LIST("\xfe\xff\0h\0t\0t\0p\0:\0/\0/\0a\0/\0\n\0x\0\n", 16),
        LIST("h\0t\0t\0p\0:\0/\0/\0a\0/\0\n\0x\0\n\0", 16),
        LIST("\0h\0t\0t\0p\0:\0/\0/\0a\0/\0\n\0x\0\n", 16),
        LIST("\xff\xfe#\0\n\0", 16),
        LIST("\xff\xfe", 16),
        LIST("\xff\xfe\0\0h\0\0\0\n\0\0\0", 32),
        LIST("\0\0\xfe\xff\0\0\0h\0\0\0\n", 32),
#undef LIST
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lists); i++) {
        struct sites *sites = open_bytes(lists[i].bytes, lists[i].count);
        struct listed listed;
        char why[8192];

        snprintf(why, sizeof(why),
                 "%s:1: the list is in UTF-%u; it must be UTF-8: iconv -f UTF-%u -t UTF-8", path,
                 lists[i].bits, lists[i].bits);
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_string_equal(listed.site->line_error, why);
        site_free(listed.site);
        assert_int_equal(sites_position(sites)->count, 1);
        expect_end(sites);
    }
}

/* The line is before a site that is taken out of order. */
static void a_line_with_a_cr_is_refused_once(void **state)
{
    struct sites *sites = open_text("http://a/\nhttp://b/1\rhttp://b/2\nhttp://b/3\n");
    struct listed listed = expect(sites, "http://a/");
    struct url_origin origin;

    (void)state;
    site_free(listed.site);
    assert_true(url_origin(&origin, "http://b/", 9));
    assert_true(sites_near(sites, &origin, &listed));
    assert_string_equal(listed.site->url.shown, "http://b/3");
    site_free(listed.site);
    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    assert_non_null(listed.site->line_error);
    site_free(listed.site);
    expect_end(sites);
}

/* Arguments with a line end are refused: the URL parser would drop it. */
static void arguments_with_line_ends(void **state)
{
    char *words[] = {(char *)"http://a/\nhttp://b/", (char *)"http://a/\rx",
                     (char *)" \nhttp://a/\r\n"};
    struct sites *sites =
        sites_open(&(struct list_options){.words = words, .word_count = LENGTH(words)}, &plain);
    struct listed listed;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_string_equal(listed.site->line_error,
                            "it contains a line end; give each URL as an argument of its own");
        site_free(listed.site);
    }
    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    assert_null(listed.site->line_error);
    site_free(listed.site);
    expect_end(sites);
}

static void test_nul_bytes(void **state)
{
    static const char text[] = "http://a\0b/\nhttp://c/ timeout=\0005s\nhttp://d/\n";
    struct sites *sites = open_bytes(text, sizeof(text) - 1);
    struct listed listed;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sites_next(sites, &listed), SITES_ONE);
        assert_non_null(listed.site->line_error);
        site_free(listed.site);
    }
    listed = expect(sites, "http://d/");
    site_free(listed.site);
    expect_end(sites);
}

/* Reads the list to its end. Returns its sites as text, which the caller frees. */
static char *read_all(struct sites *sites)
{
    char *text;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    struct listed listed;

    while (sites_next(sites, &listed) == SITES_ONE) {
        fprintf(to, "%u %s %s %u\n", (unsigned)listed.site->number, listed.site->url.shown,
                listed.site->line_error ? listed.site->line_error : "-",
                listed.site->line_error ? 0 : (unsigned)(listed.site->timeout / NSEC_PER_MS));
        site_free(listed.site);
    }
    fclose(to);
    return text;
}

static void test_rewind(void **state)
{
    struct sites *sites = open_text("\xef\xbb\xbfhttp://a/\ndefault timeout=1s\nhttp://b/\nbad\n");
    char *first = read_all(sites), *second;
    struct listed listed;

    (void)state;
    assert_true(sites_rewind(sites));
    second = read_all(sites);
    assert_string_equal(first, second);
    free(second);
    assert_true(sites_rewind(sites)); /* from the middle too */
    site_free(expect(sites, "http://a/").site);
    site_free(expect(sites, "http://b/").site);
    assert_true(sites_rewind(sites));
    listed = expect(sites, "http://a/");
    assert_int_equal(listed.site->timeout, 10 * NSEC_PER_S); /* without the default line */
    site_free(listed.site);
    sites_close(sites);
    free(first);
}

static void test_words(void **state)
{
    char *words[] = {(char *)"http://a/", (char *)"http://u:secret word@b:x/",
                     (char *)" http://c/ "};
    struct sites *sites =
        sites_open(&(struct list_options){.words = words, .word_count = LENGTH(words)}, &plain);
    char *first, *second;

    (void)state;
    first = read_all(sites);
    assert_string_equal(first, "0 http://a/ - 10000\n"
                               "1 http://b:x/ the port is not a number 0\n"
                               "2 http://c/ - 10000\n");
    assert_true(sites_rewind(sites));
    second = read_all(sites);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sites_close(sites);
}

static void test_cannot_open(void **state)
{
    (void)state;
    errno = 0;
    assert_null(sites_open(&(struct list_options){.file = "/nowhere/sites.conf"}, &plain));
    assert_int_equal(errno, ENOENT);
    assert_null(sites_open(&(struct list_options){.file = "/"}, &plain));
    assert_int_equal(errno, EISDIR);
    sites_close(NULL);
}

/* Makes a file standard input, at this offset. Returns the previous standard input. */
static int input_from(const char *text, off_t offset)
{
    int previous = dup(STDIN_FILENO), fd;
    struct sites *sites = open_text(text);

    sites_close(sites);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && lseek(fd, offset, SEEK_SET) == offset);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    return previous;
}

static void restore_input(int previous)
{
    if (previous < 0) {
        close(STDIN_FILENO);
        return;
    }
    dup2(previous, STDIN_FILENO);
    close(previous);
}

/* Standard input was partly read before the list was opened. */
static void test_rewind_to_the_first_offset(void **state)
{
    int previous = input_from("http://read/\nhttp://a/\nhttp://b/\n", 13);
    struct sites *sites = sites_open(&(struct list_options){.file = "-"}, &plain);
    char *first = read_all(sites), *second;

    (void)state;
    assert_string_equal(first, "0 http://a/ - 10000\n1 http://b/ - 10000\n");
    assert_true(sites_rewind(sites));
    second = read_all(sites);
    assert_string_equal(first, second);
    free(first);
    free(second);
    sites_close(sites);
    restore_input(previous);
}

/* A sum that records its lines as text. */
static char summed[256];

static uint64_t sum_lines(uint64_t sum, const char *line, size_t length)
{
    size_t have = strlen(summed);

    snprintf(summed + have, sizeof(summed) - have, "%u<%.*s>", (unsigned)sum, (int)length, line);
    return sum + 1;
}

static const struct sites_options with_sum = {
    .request = &ten_seconds, .sum = sum_lines, .sum_start = 7};

static void expect_line(struct sites *sites, const char *shown, uint64_t line)
{
    struct site *site = expect(sites, shown).site;

    assert_int_equal(site->line, line);
    assert_int_equal(sites_position(sites)->line, line);
    assert_int_equal(sites_position(sites)->sum, 7 + line);
    site_free(site);
}

static void test_lines_and_sums(void **state)
{
    static const char *const all =
        "7<#>8<default timeout=1s>9<http://a/>10<>11<http://b/ \r>12<  >";
    struct sites *sites;

    (void)state;
    sites_close(open_text("#\ndefault timeout=1s\nhttp://a/\n\nhttp://b/ \r\n  "));
    sites = sites_open(&(struct list_options){.file = path}, &with_sum);
    assert_int_equal(sites_position(sites)->line, 0);
    assert_int_equal(sites_position(sites)->sum, 7);
    for (int pass = 0; pass < 2; pass++) {
        summed[0] = '\0';
        expect_line(sites, "http://a/", 3);
        expect_line(sites, "http://b/", 5);
        assert_int_equal(sites_next(sites, &(struct listed){0}), SITES_END);
        assert_int_equal(sites_position(sites)->line, 6);
        assert_int_equal(sites_position(sites)->sum, 13);
        assert_string_equal(summed, all);
        assert_true(sites_rewind(sites));
        assert_int_equal(sites_position(sites)->line, 0);
        assert_int_equal(sites_position(sites)->sum, 7);
    }
    sites_close(sites);
}

static void test_lines_of_arguments(void **state)
{
    char *words[] = {(char *)"http://a/", (char *)"none", (char *)"http://b/"};
    struct sites *sites =
        sites_open(&(struct list_options){.words = words, .word_count = 3}, &with_sum);
    struct listed listed;

    (void)state;
    summed[0] = '\0';
    expect_line(sites, "http://a/", 1);
    assert_int_equal(sites_next(sites, &listed), SITES_ONE);
    assert_int_equal(listed.site->line, 2);
    site_free(listed.site);
    expect_line(sites, "http://b/", 3);
    assert_string_equal(summed, "7<http://a/>8<none>9<http://b/>");
    sites_close(sites);
}

/* A site that is taken out of order has its own line; the position of the list stays. */
static void test_near(void **state)
{
    static const struct url_origin b = {false, 80, "b", 1}, c = {false, 80, "c", 1};
    struct sites *sites = open_text("http://a/\nhttp://b/1\nhttp://c/\nhttp://b/2\n");
    struct listed listed;

    (void)state;
    assert_false(sites_near(sites, &(struct url_origin){true, 443, "b", 1}, &listed));
    site_free(expect(sites, "http://a/").site);
    assert_true(sites_near(sites, &b, &listed));
    assert_string_equal(listed.site->url.shown, "http://b/1");
    assert_int_equal(listed.site->line, 2);
    assert_int_equal(sites_position(sites)->line, 1);
    site_free(listed.site);
    assert_true(sites_near(sites, &c, &listed));
    assert_int_equal(listed.site->line, 3);
    site_free(listed.site);
    assert_false(sites_near(sites, &c, &listed));
    listed = expect(sites, "http://b/2");
    assert_int_equal(listed.site->line, 4);
    site_free(listed.site);
    expect_end(sites);
    sites = sites_open(&(struct list_options){.file = path},
                       &with_sum); /* a sum needs all lines in order */
    site_free(expect(sites, "http://a/").site);
    assert_false(sites_near(sites, &b, &listed));
    sites_close(sites);
}

/* A pipe as standard input. */
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
    struct sites_options options = {.request = &ten_seconds, .ready = on_ready, .owner = end};
    int ends[2];

    *end = (struct pipe_end){.loop = loop_new(), .input = dup(STDIN_FILENO)};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    end->writer = ends[1];
    options.loop = end->loop;
    end->sites = sites_open(&(struct list_options){.file = "-"}, &options);
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

/* Byte by byte: a site is returned after the last byte of its line, and none is lost. */
static void test_pipe(void **state)
{
    static const char text[] =
        "default timeout=1s\nhttp://a/\r\n\nbad\nhttp://b/ method=HEAD\nhttp://c/";
    struct pipe_end end;
    struct listed listed;
    int count = 0;

    (void)state;
    open_pipe(&end);
    assert_false(sites_rewind(end.sites));
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        enum sites_next next = sites_next(end.sites, &listed);
        int ready = end.ready;

        assert_int_equal(next, SITES_LATER);
        assert_int_equal(sites_next(end.sites, &listed), SITES_LATER);
        assert_int_equal(write(end.writer, text + i, 1), 1);
        TURN_UNTIL(end.loop, end.ready > ready);
        if (text[i] != '\n')
            continue;
        while ((next = sites_next(end.sites, &listed)) == SITES_ONE) {
            assert_int_equal(listed.site->number, count++);
            site_free(listed.site);
        }
        assert_int_equal(next, SITES_LATER);
    }
    assert_int_equal(count, 3);
    assert_int_equal(sites_next(end.sites, &listed), SITES_LATER);
    close(end.writer);
    TURN_UNTIL(end.loop, sites_next(end.sites, &listed) == SITES_ONE);
    assert_string_equal(listed.site->url.shown, "http://c/");
    assert_int_equal(listed.site->timeout, NSEC_PER_S);
    site_free(listed.site);
    assert_int_equal(sites_next(end.sites, &listed), SITES_END);
    close_pipe(&end);
}

/* Closed while it waits for more bytes. */
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

/* Very many comment lines: sites_next returns to the loop between them, and the callback is called
   each time. */
static void test_comments_without_end(void **state)
{
    static char comments[1024 * 1024];
    struct pipe_end end = {.loop = loop_new(), .input = -1};
    const struct sites_options options = {
        .request = &ten_seconds, .loop = end.loop, .ready = on_ready, .owner = &end};
    struct listed listed;
    FILE *file = fopen(path, "w");
    int later = 0;

    (void)state;
    memset(comments, '#', sizeof(comments));
    for (size_t i = 63; i < sizeof(comments); i += 64)
        comments[i] = '\n';
    for (int i = 0; i < 8; i++)
        assert_int_equal(fwrite(comments, 1, sizeof(comments), file), sizeof(comments));
    fputs("http://a/\n", file);
    fclose(file);
    end.sites = sites_open(&(struct list_options){.file = path}, &options);
    for (; sites_next(end.sites, &listed) == SITES_LATER && later < 100; later++)
        TURN_UNTIL(end.loop, end.ready > later);
    assert_in_range(later, 2, 99);
    assert_string_equal(listed.site->url.shown, "http://a/");
    assert_int_equal(listed.site->line, 8 * sizeof(comments) / 64 + 1);
    site_free(listed.site);
    assert_int_equal(sites_next(end.sites, &listed), SITES_END);
    sites_close(end.sites);
    loop_free(end.loop);
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
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_request_options),
        cmocka_unit_test(test_no_request_options),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_no_end_on_the_last_line),
        cmocka_unit_test(other_encodings_are_named),
        cmocka_unit_test(a_line_with_a_cr_is_refused_once),
        cmocka_unit_test(arguments_with_line_ends),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_rewind),
        cmocka_unit_test(test_rewind_to_the_first_offset),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_lines_and_sums),
        cmocka_unit_test(test_lines_of_arguments),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_close_waiting),
        cmocka_unit_test(test_comments_without_end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
