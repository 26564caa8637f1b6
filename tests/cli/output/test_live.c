/* The live view on a pseudo-terminal: its lines, its width, and full or stopped terminals. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output/live.h"

#define US    NSEC_PER_US
#define S     NSEC_PER_S
#define MARK  "$" /* not in any frame */
#define ERASE "\r\033[K"
#define URL   "http://a.example/"
#define FIRST ERASE URL "\n" ERASE /* the first line, and the beginning of the second */

struct view {
    struct live *live;
    struct tally *interval, *total;
    int master, slave;
    char seen[1 << 16]; /* the text of the last call of `seen` */
};

static void resize(struct view *view, unsigned short rows, unsigned short columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};

    assert_int_equal(ioctl(view->master, TIOCSWINSZ, &size), 0);
}

static void open_options(struct view *view, const struct live_options *options)
{
    struct termios modes;

    memset(view, 0, sizeof(*view));
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    assert_int_equal(openpty(&view->master, &view->slave, NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(view->slave, &modes), 0);
    modes.c_oflag &= ~(tcflag_t)OPOST; /* line ends are not converted */
    assert_int_equal(tcsetattr(view->slave, TCSANOW, &modes), 0);
    resize(view, 24, 80);
    view->interval = tally_new();
    view->total = tally_new();
    view->live = live_new(view->slave, options);
    assert_non_null(view->live);
}

static void open_view(struct view *view, nsec duration, uint64_t requests, bool color)
{
    const struct live_options options = {
        .url = URL, .duration = duration, .requests = requests, .color = color};

    open_options(view, &options);
}

static void close_view(struct view *view)
{
    live_free(view->live);
    tally_free(view->interval);
    tally_free(view->total);
    close(view->slave);
    close(view->master);
}

/* The text sent to the terminal since the last call. Sends a mark after it and waits for it. */
static const char *seen(struct view *view)
{
    size_t count = 0;

    assert_int_equal(write(view->slave, MARK, 1), 1);
    do {
        ssize_t got = read(view->master, view->seen + count, sizeof(view->seen) - count);

        assert_true(got > 0);
        count += (size_t)got;
    } while (view->seen[count - 1] != *MARK);
    view->seen[count - 1] = '\0';
    return view->seen;
}

/* Shows an interval of a second with these requests. */
static void pass(struct view *view, unsigned completed, unsigned failed)
{
    struct tally *interval = view->interval;
    nsec from = interval->to;

    tally_clear(interval);
    interval->from = from;
    interval->to = from + S;
    interval->completed = interval->status[200] = completed;
    interval->failed = interval->errors[ERROR_CONNECT_REFUSED] = failed;
    interval->in_flight = 3;
    interval->started = interval->scheduled = completed + failed;
    interval->open = 64;
    interval->cpu_user = 430 * NSEC_PER_MS;
    for (unsigned i = 0; i < completed; i++)
        histogram_record(interval->latency, 250 * US);
    tally_append(view->total, interval);
    live_show(view->live, interval, view->total);
}

static void test_frame(void **state)
{
    struct view view;

    (void)state;
    open_view(&view, 4 * S, 0, false);
    assert_string_equal(seen(&view), "");
    pass(&view, 1000, 0);
    assert_string_equal(
        seen(&view), FIRST
        "1 s of 4 s  ███████▌······················ 25%\n" ERASE "1,000/s now, 1,000/s mean\n" ERASE
        "2xx 1,000, 0 failed\n" ERASE "latency p50 250 us, p99 250 us, max 250 us\n" ERASE
        "64 connections, 3 in flight, client 43.0% busy\n" ERASE "█ 1,000/s\n" ERASE "█\n\033[J");
    pass(&view, 250, 7);
    assert_string_equal(
        seen(&view),
        "\033[8A" FIRST "2 s of 4 s  ███████████████··············· 50%\n" ERASE
        "250/s now, 625/s mean\n" ERASE "2xx 1,250, 7 failed: 7 connect.refused\n" ERASE
        "latency p50 250 us, p99 250 us, max 250 us\n" ERASE
        "64 connections, 3 in flight, client 43.0% busy\n" ERASE "█  1,000/s\n" ERASE "█▄\n\033[J");
    live_free(view.live);
    view.live = NULL;
    assert_string_equal(seen(&view), "\033[8A\r\033[J");
    close_view(&view);
}

static void test_limits(void **state)
{
    static const struct {
        nsec duration;
        uint64_t requests;
        const char *line;
    } cases[] = {
        {NSEC_NEVER, 0, FIRST "1 s\n"},
        {NSEC_NEVER, 4000, FIRST "1 s, 1,000 of 4,000 requests  ███████▌"},
        {10 * S, 2000, FIRST "1 s of 10 s, 1,000 of 2,000 requests  ███████████████·"},
        {1 * S, 0, FIRST "1 s of 1 s  ██████████████████████████████ 100%\n"},
        {S / 2, 0,
         FIRST "1 s of 0 s  ██████████████████████████████ 100%\n"}, /* after the duration */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct view view;

        open_view(&view, cases[i].duration, cases[i].requests, false);
        pass(&view, 1000, 0);
        assert_ptr_equal(strstr(seen(&view), cases[i].line), view.seen);
        close_view(&view);
    }
}

static void test_nothing_yet(void **state)
{
    struct view view;

    (void)state;
    open_view(&view, 10 * S, 0, false);
    view.interval->waiting = 12;
    live_show(view.live, view.interval, view.total); /* a span of length 0 */
    assert_non_null(strstr(seen(&view), "0/s now, 0/s mean\n" ERASE "0 failed\n"));
    assert_non_null(strstr(view.seen, "no response yet\n"));
    assert_non_null(strstr(view.seen, "0 in flight, 12 waiting, client 0% busy\n"));
    close_view(&view);
}

/* Characters of the longest line, without escape sequences. */
static size_t widest(const char *text, size_t *lines)
{
    size_t width = 0, max = 0;

    for (*lines = 0; *text; text++) {
        if (*text == '\033') {
            text += strcspn(text, "ABCDEFGHJKm");
        } else if (*text == '\n') {
            max = width > max ? width : max;
            width = 0;
            ++*lines;
        } else {
            width += *text != '\r' && ((unsigned char)*text & 0xc0) != 0x80;
        }
    }
    return max;
}

/* The last column stays free, and the graph shows the last minute. */
static void test_size(void **state)
{
    static const struct {
        unsigned short rows, columns;
        size_t lines;
    } cases[] = {{24, 80, 8}, {24, 200, 8}, {24, 40, 8}, {24, 20, 8}, {5, 80, 4},
                 {2, 80, 1},  {24, 19, 0},  {1, 80, 0},  {0, 0, 8}};
    struct view view;
    size_t lines;

    (void)state;
    open_view(&view, 100 * S, 0, true);
    for (unsigned i = 0; i < 70; i++) {
        pass(&view, 1000 + i, i % 2);
        assert_in_range(widest(seen(&view), &lines), 1, 79);
    }
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t width;

        resize(&view, cases[i].rows, cases[i].columns);
        pass(&view, 1000000, 1);
        width = widest(seen(&view), &lines);
        assert_int_equal(lines, cases[i].lines);
        assert_true(width < (cases[i].columns ? cases[i].columns : 80));
    }
    close_view(&view);
}

/* The line of the frame; `seen` is split at its line ends. */
static const char *line_of(struct view *view, size_t line)
{
    char *at = view->seen;

    while (line--)
        at = strchr(at, '\n') + 1;
    at[strcspn(at, "\n")] = '\0';
    return strstr(at, ERASE) + strlen(ERASE);
}

static const char all_counts[] =
    "2xx 1,234,000, 3xx 60, 4xx 500, 5xx 7, 12 failed: 9 http.reset, 2 connect.refused, "
    "1 http.empty";

/* The items that do not fit are left out, the least important first. A number is never cut. */
static void test_narrow(void **state)
{
    static const struct {
        unsigned short columns;
        const char *lines[6];
    } cases[] = {
        {100,
         {URL, "1 s of 100 s, 1,234,567 of 8,000,000 requests  ████▋························· 15%",
          "1,234,555/s now, 1,234,555/s mean", all_counts,
          "latency p50 250 us, p99 250 us, max 250 us",
          "64 connections, 3 in flight, 1,000 waiting, client 43.0% busy"}},
        {80,
         {URL, "1 s of 100 s, 1,234,567 of 8,000,000 requests  ████▍······················· 15%",
          "1,234,555/s now, 1,234,555/s mean",
          "2xx 1,234,000, 3xx 60, 4xx 500, 5xx 7, 12 failed: 9 http.reset",
          "latency p50 250 us, p99 250 us, max 250 us",
          "64 connections, 3 in flight, 1,000 waiting, client 43.0% busy"}},
        {60,
         {URL, "1 s of 100 s, 1,234,567 of 8,000,000 requests, 15%",
          "1,234,555/s now, 1,234,555/s mean",
          "2xx 1,234,000, 4xx 500, 5xx 7, 12 failed: 9 http.reset",
          "latency p50 250 us, p99 250 us, max 250 us",
          "3 in flight, 1,000 waiting, client 43.0% busy"}},
        {40,
         {URL, "1 s of 100 s  ███▎················· 15%", "1,234,555/s now, 1,234,555/s mean",
          "4xx 500, 5xx 7, 12 failed: 9 http.reset", "latency p50 250 us, p99 250 us",
          "3 in flight, 1,000 waiting"}},
        {20,
         {URL, "1 s of 100 s, 15%", "1,234,555/s now", "12 failed", "latency p50 250 us",
          "1,000 waiting"}},
    };
    const struct live_options options = {.url = URL, .duration = 100 * S, .requests = 8000000};
    struct view view;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        open_options(&view, &options);
        pass(&view, 1000, 12);
        seen(&view);
        view.interval->completed = view.total->completed = 1234555;
        view.interval->waiting = 1000;
        view.total->status[200] = 1234000;
        view.total->status[301] = 60;
        view.total->status[404] = 500;
        view.total->status[503] = 7;
        view.total->errors[ERROR_CONNECT_REFUSED] = 2;
        view.total->errors[ERROR_WAIT_RESET] = 9;
        view.total->errors[ERROR_EMPTY] = 1;
        resize(&view, 24, cases[i].columns);
        live_show(view.live, view.interval, view.total);
        for (size_t line = 0; line < LENGTH(cases[i].lines); line++) {
            seen(&view);
            assert_string_equal(line_of(&view, line), cases[i].lines[line]);
            live_show(view.live, view.interval, view.total);
        }
        close_view(&view);
    }
}

/* A long URL is shortened at its end; the number of the other targets is not. */
static void test_url(void **state)
{
    static const struct {
        const char *url;
        size_t others;
        unsigned short columns;
        const char *line;
    } cases[] = {
        {URL, 0, 80, URL},
        {URL, 1234, 80, URL " and 1,234 more"},
        {"http://a.example/0123456789", 0, 28, "http://a.example/0123456789"},
        {"http://a.example/0123456789", 0, 27, "http://a.example/012345..."},
        {"http://a.example/0123456789", 1234, 40, "http://a.example/0123... and 1,234 more"},
        {"http://a.example/0123456789", 12, 20, "http://a.example..."},
        {"http://a.example/\033[2Jx", 0, 80, "http://a.example/\\x1b[2Jx"},
        {"http://a.example/\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 0, 22, "http://a.example/ ..."},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct live_options options = {
            .url = cases[i].url, .others = cases[i].others, .duration = S};
        struct view view;

        open_options(&view, &options);
        resize(&view, 24, cases[i].columns);
        pass(&view, 1, 0);
        seen(&view);
        assert_string_equal(line_of(&view, 0), cases[i].line);
        close_view(&view);
    }
}

/* In another character set than UTF-8 a frame is in ASCII. */
static void test_ascii(void **state)
{
    struct view view;

    (void)state;
    setenv("LC_ALL", "C", 1);
    open_view(&view, 4 * S, 0, false);
    pass(&view, 1000, 0);
    pass(&view, 250, 7);
    seen(&view);
    for (const char *at = view.seen; *at; at++)
        assert_in_range((unsigned char)*at, 1, 0x7e);
    assert_non_null(strstr(view.seen, "1 s of 4 s  #######=...................... 25%\n"));
    assert_non_null(strstr(view.seen, "\n" ERASE "#  1,000/s\n" ERASE "#:\n"));
    setenv("LC_ALL", "C.UTF-8", 1);
    close_view(&view);
}

/* An interval with errors is red. */
static void test_color(void **state)
{
    struct view view;

    (void)state;
    open_view(&view, 10 * S, 0, true);
    pass(&view, 1000, 0);
    assert_null(strstr(seen(&view), "\033[31m"));
    pass(&view, 1000, 1);
    pass(&view, 0, 1);
    assert_non_null(
        strstr(seen(&view), "\033[31m2 failed\033[0m: \033[31m2 connect.refused\033[0m"));
    assert_non_null(strstr(view.seen, "\033[32m█\033[31m█ \033[0m"));
    assert_non_null(strstr(view.seen, "\033[32m█\033[31m█▁\033[0m"));
    close_view(&view);
}

/* A terminal that is not read does not block: frames without room are dropped, and the rest of a
   partly written frame is written first. */
static void test_full_terminal(void **state)
{
    struct view view;
    unsigned frames = 0, reads = 40;
    size_t count = 0;

    (void)state;
    open_view(&view, 10000 * S, 0, true);
    for (unsigned i = 0; i < 300; i++)
        pass(&view, 10, 1);
    while (reads--) { /* there are bytes each time: the rest of a frame, or a new one */
        ssize_t got = read(view.master, view.seen + count, sizeof(view.seen) - 1 - count);

        assert_true(got > 0);
        count += (size_t)got;
        live_show(view.live, view.interval, view.total);
    }
    view.seen[count] = '\0';
    for (const char *at = view.seen; (at = strstr(at, "\033[8A")); at++, frames++)
        assert_memory_equal(at - 4, "\n\033[J\033[8A\r\033[K\033[1m", 15);
    assert_in_range(frames, 2, 300);
    close_view(&view);
}

static void test_stopped_terminal(void **state)
{
    struct view view;

    (void)state;
    open_view(&view, 10 * S, 0, false);
    pass(&view, 1, 0);
    seen(&view);
    assert_int_equal(tcflow(view.slave, TCOOFF), 0);
    pass(&view, 2000, 0); /* waits for room */
    pass(&view, 3000, 0); /* is dropped */
    assert_int_equal(tcflow(view.slave, TCOON), 0);
    pass(&view, 4000, 0);
    assert_non_null(strstr(seen(&view), "2,000/s now"));
    assert_null(strstr(view.seen, "3,000/s now"));
    assert_non_null(strstr(view.seen, "4,000/s now"));
    close_view(&view);
}

/* O_NONBLOCK is not set, because other processes share the open file description. */
static void test_shared_descriptor(void **state)
{
    struct view view;

    (void)state;
    open_view(&view, 10 * S, 0, false);
    pass(&view, 1, 0);
    assert_false(fcntl(view.slave, F_GETFL) & O_NONBLOCK);
    close_view(&view);
}

static void test_no_terminal(void **state)
{
    const struct live_options options = {.url = URL, .duration = 10 * S};
    struct view view;
    int ends[2];

    (void)state;
    open_view(&view, 10 * S, 0, false);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_null(live_new(ends[1], &options));
    setenv("TERM", "dumb", 1);
    assert_null(live_new(view.slave, &options));
    live_show(NULL, view.interval, view.total);
    live_free(NULL);
    close(ends[0]);
    close(ends[1]);
    close_view(&view);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_full_terminal),
        cmocka_unit_test(test_stopped_terminal),
        cmocka_unit_test(test_shared_descriptor),
        cmocka_unit_test(test_no_terminal),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
