/* The state of a run: its content for the next run, torn and damaged files, and runs that are
   killed several times. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/fetch/line_set.h"
#include "cli/fetch/state.h"

#define ROOM 256

static char folder[ROOM - 32], path[ROOM], output[ROOM], taken_log[ROOM];

static int begin(void **state)
{
    const char *above = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm"; /* fsync is quick there */

    (void)state;
    snprintf(folder, sizeof(folder), "%s/state.XXXXXX", above);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    snprintf(output, sizeof(output), "%s/output", folder);
    snprintf(taken_log, sizeof(taken_log), "%s/taken", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unlink(output);
    unlink(taken_log);
    return rmdir(folder); /* fails if another file is left */
}

static struct state *open_state(void)
{
    char *why;
    struct state *state = state_open(path, &why);

    if (!state)
        fail_msg("%s", why);
    assert_null(why);
    return state;
}

/* Fails unless the state is refused with this error after the file's name. */
static void check_refused(const char *sentence)
{
    char *why = NULL, wanted[2 * ROOM];

    assert_null(state_open(path, &why));
    snprintf(wanted, sizeof(wanted), "%s: %s", path, sentence);
    assert_string_equal(why, wanted);
    free(why);
}

/* The content of the file with a NUL at the end. The caller frees it. */
static char *read_file(const char *name, size_t *length)
{
    struct stat about;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    char *text;

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &about), 0);
    text = calloc(1, (size_t)about.st_size + 1);
    assert_int_equal(read(fd, text, (size_t)about.st_size), about.st_size);
    close(fd);
    if (length)
        *length = (size_t)about.st_size;
    return text;
}

static void write_file(const char *name, const char *bytes, size_t length)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

static off_t size_of(const char *name)
{
    struct stat about;

    assert_int_equal(stat(name, &about), 0);
    return about.st_size;
}

/* Takes and reports one line. */
static void pass(struct state *state, uint64_t number)
{
    state_take(state, number);
    state_report(state, number, false);
}

static void test_new(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    for (int again = 0; again < 2; again++) {
        const struct state_head *head = state_head(state);

        assert_int_equal(head->frontier, 0);
        assert_int_equal(head->list_sum, STATE_EMPTY_SUM);
        assert_true(head->output_bytes == STATE_NO_OUTPUT);
        assert_int_equal(head->reported, 0);
        assert_int_equal(head->failed, 0);
        assert_false(head->finished);
        assert_int_equal(state_unreported(state), 0);
        assert_false(state_is_done(state, 1));
        state_close(state);
        state = open_state();
    }
    state_close(state);
    state_close(NULL);
}

static void test_goes_on(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    state_take(state, 2);
    state_take(state, 3);
    state_take(state, 5);
    state_advance(state, 6, 77);
    state_report(state, 3, false);
    state_report(state, 5, true);
    assert_true(state_commit(state, 123, 0x1a2b3c4d));
    state_close(state);

    state = open_state();
    assert_int_equal(state_head(state)->frontier, 6);
    assert_int_equal(state_head(state)->list_sum, 77);
    assert_int_equal(state_head(state)->output_bytes, 123);
    assert_int_equal(state_head(state)->output_sum, 0x1a2b3c4d);
    assert_int_equal(state_head(state)->reported, 2);
    assert_int_equal(state_head(state)->failed, 1);
    assert_int_equal(state_unreported(state), 1);
    for (uint64_t number = 1; number <= 8; number++)
        assert_int_equal(state_is_done(state, number), number != 2 && number <= 6);
    state_take(state, 2);
    assert_int_equal(state_unreported(state), 1);
    state_report(state, 2, false);
    assert_true(state_is_done(state, 2));
    assert_true(state_commit(state, 124, 0));
    state_close(state);

    state = open_state();
    assert_true(state_is_done(state, 2));
    assert_int_equal(state_head(state)->reported, 3);
    state_close(state);
}

/* Sites beyond the frontier: reported, and in flight. */
static void test_before_their_turn(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    state_take(state, 1);
    state_advance(state, 1, 1);
    state_take(state, 900);
    pass(state, 1000);
    assert_true(state_is_done(state, 1000));
    assert_false(state_is_done(state, 999));
    assert_true(state_commit(state, STATE_NO_OUTPUT, 0));
    for (int again = 0; again < 2; again++) { /* the second time from a fresh file */
        state_close(state);
        state = open_state();
        assert_int_equal(state_unreported(state), 2);
        assert_true(state_is_done(state, 1000));
        assert_false(state_is_done(state, 900));
        assert_false(state_is_done(state, 1));
        assert_false(state_is_done(state, 2));
    }
    state_report(state, 900, false);
    state_advance(state, 950, 2);
    assert_true(state_is_done(state, 900));
    assert_true(state_is_done(state, 1000));
    assert_false(state_is_done(state, 951));
    state_advance(state, 1001, 3);
    assert_true(state_is_done(state, 1000));
    assert_true(state_commit(state, STATE_NO_OUTPUT, 0));
    state_close(state);
    state = open_state();
    assert_true(state_is_done(state, 900));
    assert_true(state_is_done(state, 1000));
    assert_int_equal(state_unreported(state), 1);
    state_close(state);
}

static void test_uncommitted(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    pass(state, 1);
    state_advance(state, 1, 1);
    assert_true(state_commit(state, 10, 0));
    pass(state, 2);
    state_advance(state, 2, 2);
    state_close(state);
    state = open_state();
    assert_true(state_is_done(state, 1));
    assert_false(state_is_done(state, 2));
    assert_int_equal(state_head(state)->output_bytes, 10);
    assert_int_equal(state_head(state)->reported, 1);
    state_close(state);
}

/* Invalid calls are ignored, and calls without a change write nothing. */
static void test_nothing_happens(void **unused)
{
    struct state *state = open_state();
    off_t size;

    (void)unused;
    pass(state, 1);
    state_advance(state, 1, 1);
    state_report(state, 1, true);
    state_report(state, 7, true);
    state_take(state, 1);
    state_advance(state, 1, 99);
    state_advance(state, 0, 98);
    assert_int_equal(state_head(state)->reported, 1);
    assert_int_equal(state_head(state)->failed, 0);
    assert_int_equal(state_head(state)->list_sum, 1);
    assert_int_equal(state_unreported(state), 0);
    assert_true(state_commit(state, 5, 0));
    size = size_of(path);
    assert_true(state_commit(state, 5, 0));
    state_advance(state, 2, 2);
    assert_true(state_commit(state, 5, 0));
    assert_int_equal(size_of(path), size);
    assert_true(state_commit(state, 6, 0));
    assert_true(size_of(path) > size);
    state_close(state);
}

static void test_locked(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    check_refused("another run is using it");
    pass(state, 1);
    assert_true(state_finish(state, 1, 0)); /* written anew: another file has the name */
    check_refused("another run is using it");
    state_close(state);
    state_close(open_state());
}

static void test_finished(void **unused)
{
    struct state *state = open_state();

    (void)unused;
    pass(state, 1);
    state_advance(state, 3, 5);
    assert_true(state_finish(state, 99, 0));
    state_close(state);
    state = open_state();
    assert_true(state_head(state)->finished);
    assert_int_equal(state_head(state)->output_bytes, 99);
    assert_true(state_is_done(state, 1));
    assert_false(state_is_done(state, 4));
    pass(state, 4); /* the list has grown */
    assert_true(state_commit(state, 120, 0));
    state_close(state);
    state = open_state();
    assert_false(state_head(state)->finished);
    state_close(state);
}

static void test_another_list(void **unused)
{
    struct state *state = open_state();
    uint64_t one = state_sum(STATE_EMPTY_SUM, "http://a/", 9), two = state_sum(one, "", 0);

    (void)unused;
    assert_true(one != two);
    assert_true(two != state_sum(state_sum(STATE_EMPTY_SUM, "http://b/", 9), "", 0));
    assert_true(state_sum(STATE_EMPTY_SUM, "ab", 2) !=
                state_sum(state_sum(STATE_EMPTY_SUM, "a", 1), "b", 1));
    assert_true(state_fits(state, 1, one));
    pass(state, 1);
    state_advance(state, 2, two);
    assert_true(state_commit(state, 1, 0));
    state_close(state);
    state = open_state();
    assert_true(state_fits(state, 1, 12345)); /* not known */
    assert_true(state_fits(state, 2, two));
    assert_false(state_fits(state, 2, one));
    assert_true(state_fits(state, 3, one));
    state_close(state);
}

static void test_no_state(void **unused)
{
    static const char *const texts[] = {
        "x", "\n", "https://example.org/\n", "firstbyte state 2", "firstbyte state 1: other\n",
    };
    char *after;

    (void)unused;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        write_file(path, texts[i], strlen(texts[i]));
        check_refused("not a state file of this version; it was not changed");
        after = read_file(path, NULL);
        assert_string_equal(after, texts[i]);
        free(after);
    }
}

static void test_not_a_file(void **unused)
{
    char *why;

    (void)unused;
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused("not a regular file");
    assert_null(state_open("/nowhere/at/all", &why));
    assert_string_equal(why, "/nowhere/at/all: No such file or directory");
    free(why);
}

static void test_behind_a_link(void **unused)
{
    struct state *state;
    struct stat about;

    (void)unused;
    assert_int_equal(symlink("output", path), 0);
    state = open_state();
    pass(state, 1);
    state_advance(state, 1, 1);
    assert_true(state_finish(state, 1, 0));
    state_close(state);
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    state = open_state();
    assert_true(state_is_done(state, 1));
    state_close(state);
}

/* A state file of some records, and which of its first lines are done after each record. */
enum { RECORDS = 12, CHECKED_LINES = 40 };

static struct story {
    size_t size[RECORDS + 1]; /* of the file after each commit */
    bool done[RECORDS + 1][CHECKED_LINES + 1];
    uint64_t bytes[RECORDS + 1];
} story;

static void note_story(const struct state *state, int record)
{
    story.size[record] = (size_t)size_of(path);
    story.bytes[record] = state_head(state)->output_bytes;
    for (uint64_t number = 1; number <= CHECKED_LINES; number++)
        story.done[record][number] = state_is_done(state, number);
}

static char *make_story(size_t *length)
{
    struct state *state = open_state();
    uint64_t frontier = 0;

    note_story(state, 0);
    for (int record = 1; record <= RECORDS; record++) {
        for (int i = 0; i < 4; i++)
            state_take(state, frontier + 1 + unit_random() % 6);
        for (int i = 0; i < 8; i++)
            state_report(state, 1 + unit_random() % (frontier + 6), false);
        for (int i = 0; i < 2; i++) {
            state_take(state, ++frontier);
            state_advance(state, frontier, frontier * 1000);
        }
        assert_true(state_commit(state, (uint64_t)record * 100, 0));
        note_story(state, record);
    }
    state_close(state);
    return read_file(path, length);
}

/* Fails unless the state is that after `record` commits. */
static void check_story(int record)
{
    struct state *state = open_state();

    assert_true(state_head(state)->output_bytes == story.bytes[record]);
    for (uint64_t number = 1; number <= CHECKED_LINES; number++)
        assert_int_equal(state_is_done(state, number), story.done[record][number]);
    state_close(state);
}

static void test_torn_anywhere(void **unused)
{
    size_t length, first;
    char *bytes = make_story(&length);
    int record = 0;

    (void)unused;
    first = story.size[0];
    assert_int_equal(length, story.size[RECORDS]);
    for (size_t cut = 1; cut <= length; cut++) {
        write_file(path, bytes, cut);
        while (record < RECORDS && story.size[record + 1] <= cut)
            record++;
        if (cut >= first)
            check_story(record);
        else if (cut > (size_t)(strchr(bytes, '\n') - bytes))
            check_refused("line 2 of this state file is damaged");
        else
            check_refused("not a state file of this version; it was not changed");
    }
    free(bytes);
}

/* One changed byte: in the last record, the record is ignored; in any other, the file is refused.
   If the LF before the last record is changed, both records count as the last one. */
static void test_damaged_anywhere(void **unused)
{
    size_t length;
    char *bytes = make_story(&length);

    (void)unused;
    for (size_t at = 0; at < length; at++) {
        char *why = NULL, was = bytes[at];
        struct state *state;

        bytes[at] = (char)(was ^ (1 << unit_random() % 8));
        write_file(path, bytes, length);
        bytes[at] = was;
        state = state_open(path, &why);
        assert_true(!state == (at + 1 < story.size[RECORDS - 1]));
        assert_true(!state == !!why);
        if (state)
            assert_true(state_head(state)->output_bytes ==
                        story.bytes[RECORDS - 1 - (at < story.size[RECORDS - 1])]);
        state_close(state);
        free(why);
    }
    free(bytes);
}

/* Zeros at the end, as after a loss of power. */
static void test_zeros_at_the_end(void **unused)
{
    size_t length;
    char *bytes = make_story(&length);

    (void)unused;
    bytes = realloc(bytes, length + 100);
    memset(bytes + length, 0, 100);
    write_file(path, bytes, length + 100);
    check_story(RECORDS);
    free(bytes);
}

/* Some lines stay in flight while very many others end: the file stays small and correct. */
static void test_bounded(void **unused)
{
    enum { MANY = 300000, IN_FLIGHT = 100 };
    struct state *state = open_state();
    off_t max = 0;
    size_t length;

    (void)unused;
    state_take(state, 1);
    for (uint64_t number = 2; number <= MANY; number++) {
        state_take(state, number);
        state_advance(state, number, number);
        if (number > IN_FLIGHT)
            state_report(state, number - IN_FLIGHT + 1, false);
        if (number % 10)
            continue;
        assert_true(state_commit(state, number, 0));
        if (size_of(path) > max)
            max = size_of(path);
    }
    assert_in_range(max, 1024 * 1024, 1024 * 1024 + 4096);
    state_close(state);
    state = open_state();
    assert_true(size_of(path) < 4096);
    free(read_file(path, &length));
    assert_int_equal(state_unreported(state), IN_FLIGHT);
    assert_false(state_is_done(state, 1));
    assert_true(state_is_done(state, 2));
    assert_true(state_is_done(state, MANY - IN_FLIGHT + 1));
    assert_false(state_is_done(state, MANY - IN_FLIGHT + 2));
    assert_int_equal(state_head(state)->reported, MANY - IN_FLIGHT);
    state_close(state);
}

/* No space: the commit fails, earlier records stay, and a later commit has all changes. */
static bool no_room(void)
{
    char *why;
    struct state *state = state_open(path, &why);
    struct rlimit limit = {.rlim_max = RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    CHILD_CHECK(state);
    pass(state, 1);
    state_advance(state, 1, 1);
    CHILD_CHECK(state_commit(state, 10, 0));
    limit.rlim_cur = (rlim_t)size_of(path) + 10; /* in the middle of the next record */
    CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    pass(state, 2);
    state_advance(state, 2, 2);
    CHILD_CHECK(!state_commit(state, 20, 0) && errno == EFBIG);
    CHILD_CHECK((!state_commit(state, 20, 0) && errno == EFBIG) ||
                size_of(path) < (off_t)limit.rlim_cur);
    limit.rlim_cur = 10; /* too small for a new file too */
    CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    pass(state, 3);
    state_advance(state, 3, 3);
    CHILD_CHECK(!state_finish(state, 30, 0) && errno == EFBIG);
    limit.rlim_cur = RLIM_INFINITY;
    CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    pass(state, 4);
    state_advance(state, 4, 4);
    CHILD_CHECK(state_commit(state, 40, 0));
    state_close(state);
    state = state_open(path, &why);
    CHILD_CHECK(state && state_head(state)->reported == 4 && state_is_done(state, 3));
    state_close(state);
    return true;
}

/* The last record is torn by a full disk: the next run begins after the record before it. */
static bool no_room_and_left(void)
{
    char *why;
    struct state *state = state_open(path, &why);
    struct rlimit limit = {.rlim_max = RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    CHILD_CHECK(state);
    pass(state, 5);
    CHILD_CHECK(state_commit(state, 50, 0));
    limit.rlim_cur = (rlim_t)size_of(path) + 10;
    CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    pass(state, 6);
    CHILD_CHECK(!state_commit(state, 60, 0) && errno == EFBIG);
    CHILD_CHECK(size_of(path) == (off_t)limit.rlim_cur);
    return true;
}

static void test_no_room(void **unused)
{
    struct state *state;

    (void)unused;
    unit_in_child(no_room);
    unit_in_child(no_room_and_left);
    state = open_state();
    assert_true(state_is_done(state, 5));
    assert_false(state_is_done(state, 6));
    assert_int_equal(state_head(state)->output_bytes, 50);
    state_close(state);
}

/*
 * Runs that are killed. The list has SITES lines; each seventh line is not a site. A child takes
 * sites in the list's order or somewhat earlier, reports those in flight in any order, each with a
 * line of output, and commits at random times. At each step it writes to a small pipe; the parent
 * reads a random number of steps and kills it.
 */
enum { STEP_BYTES = 128, PIPE_BYTES = 4096 };
enum { SITES = 3000, IN_FLIGHT = 50, AHEAD = 100, COMMIT_EVERY = 8, ROUNDS = 20 };

static bool is_site(uint64_t number)
{
    return number % 7 != 0;
}

struct attempt {
    struct state *state;
    FILE *output;
    int log;       /* all lines that were taken */
    int steps;     /* the pipe */
    uint64_t next; /* line that the reader returns next */
    uint64_t flight[IN_FLIGHT];
    size_t count;
    bool ahead[SITES + AHEAD + 1]; /* taken out of order, in this run */
};

/* Marks a step, at which the parent may kill this process. */
static void step(int steps)
{
    static const char bytes[STEP_BYTES];

    if (write(steps, bytes, sizeof(bytes)) != sizeof(bytes))
        _exit(7);
}

/* Takes a site unless it is done or taken. */
static void give_out(struct attempt *attempt, uint64_t number)
{
    char line[32];
    int length = snprintf(line, sizeof(line), "%" PRIu64 "\n", number);

    if (state_is_done(attempt->state, number) || attempt->ahead[number])
        return;
    state_take(attempt->state, number);
    attempt->ahead[number] = true;
    attempt->flight[attempt->count++] = number;
    if (write(attempt->log, line, (size_t)length) != length)
        _exit(3);
}

/* Takes the next site of the list, or one after it. */
static void read_on(struct attempt *attempt)
{
    uint64_t number = attempt->next + 2 + unit_random() % AHEAD;
    size_t count = attempt->count;

    if (unit_random() % 4 == 0 && number <= SITES && is_site(number)) {
        give_out(attempt, number);
        return;
    }
    while (attempt->next <= SITES && attempt->count == count) {
        number = attempt->next++;
        if (is_site(number))
            give_out(attempt, number);
        if (!state_fits(attempt->state, number, number * 3))
            _exit(4);
        state_advance(attempt->state, number, number * 3);
    }
}

static void report_one(struct attempt *attempt)
{
    size_t pick = unit_random() % attempt->count;
    uint64_t number = attempt->flight[pick];

    attempt->flight[pick] = attempt->flight[--attempt->count];
    fprintf(attempt->output, "result of %" PRIu64 "\n", number);
    state_report(attempt->state, number, number % 5 == 0);
}

/* A complete run, in a child process. */
static void run_until_killed(int steps, int seed)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    uint64_t cut;
    char *why;

    unit_time_limit();
    while (seed--)
        unit_random();
    attempt->steps = steps;
    attempt->next = 1;
    attempt->state = state_open(path, &why);
    attempt->output = fopen(output, "ae");
    attempt->log = open(taken_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (!attempt->state || !attempt->output || attempt->log < 0)
        _exit(2);
    cut = state_head(attempt->state)->output_bytes;
    if (truncate(output, cut == STATE_NO_OUTPUT ? 0 : (off_t)cut))
        _exit(5);
    while (attempt->next <= SITES || attempt->count) {
        if (attempt->next <= SITES && attempt->count < IN_FLIGHT && unit_random() % 2)
            read_on(attempt);
        else if (attempt->count)
            report_one(attempt);
        if (unit_random() % COMMIT_EVERY == 0) {
            fflush(attempt->output);
            step(steps);
            if (!state_commit(attempt->state, (uint64_t)size_of(output), 0))
                _exit(6);
        }
        step(steps);
    }
    fflush(attempt->output);
    _exit(state_finish(attempt->state, (uint64_t)size_of(output), 0) ? 0 : 8);
}

/* Starts a run and kills it after a random number of steps. True if it had ended before. */
static bool run_and_kill(int seed)
{
    size_t left = (10 + unit_random() % 1000) * STEP_BYTES;
    int ends[2], status;
    char bytes[PIPE_BYTES];
    ssize_t count;
    pid_t child;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        run_until_killed(ends[1], seed);
    }
    close(ends[1]);
    do {
        count = read(ends[0], bytes, left < sizeof(bytes) ? left : sizeof(bytes));
        left -= count > 0 ? (size_t)count : 0;
    } while (left && count > 0);
    kill(child, SIGKILL);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        assert_int_equal(WTERMSIG(status), SIGKILL);
    return WIFEXITED(status);
}

/* Counts the numbers at the end of the lines of a file. */
static void count_lines(const char *name, const char *before, int *counts)
{
    char *text = read_file(name, NULL), *at = text;

    memset(counts, 0, (SITES + 1) * sizeof(*counts));
    while (*at) {
        unsigned long number;

        assert_memory_equal(at, before, strlen(before));
        number = strtoul(at + strlen(before), &at, 10);
        assert_in_range(number, 1, SITES);
        assert_int_equal(*at++, '\n');
        counts[number]++;
    }
    free(text);
}

/* A kill in the middle of a write that crosses a page may leave a part of a line: removes it. */
static void cut_to_whole_lines(const char *name)
{
    char *text = read_file(name, NULL), *last = strrchr(text, '\n');

    assert_int_equal(truncate(name, last ? last + 1 - text : 0), 0);
    free(text);
}

/* After a kill: notes the done lines. Lines that were done before must not be taken again. */
static void check_taken(bool *done, int *taken_before)
{
    static int taken[SITES + 1];
    struct state *state = open_state();
    size_t again = 0;

    cut_to_whole_lines(taken_log);
    count_lines(taken_log, "", taken);
    for (uint64_t number = 1; number <= SITES; number++) {
        if (done[number])
            assert_int_equal(taken[number], taken_before[number]);
        again += taken[number] > 0 && is_site(number) && !state_is_done(state, number);
        done[number] = is_site(number) && state_is_done(state, number);
        taken_before[number] = taken[number];
    }
    /* in flight or since the last commit, which is at a random time: no exact limit */
    assert_in_range(again, 0, IN_FLIGHT + 20 * COMMIT_EVERY);
    assert_in_range(size_of(path), 1, 16 * 1024);
    state_close(state);
}

static void test_killed(void **unused)
{
    static bool done[SITES + 1];
    static int counts[SITES + 1], taken[SITES + 1];
    struct state *state;
    uint64_t failed = 0;
    int kills = 0;

    (void)unused;
    memset(done, 0, sizeof(done));
    memset(taken, 0, sizeof(taken));
    while (!run_and_kill(kills)) {
        check_taken(done, taken);
        kills++;
    }
    assert_true(kills > 0);
    check_taken(done, taken);
    count_lines(output, "result of ", counts);
    for (uint64_t number = 1; number <= SITES; number++) {
        assert_int_equal(counts[number], is_site(number));
        failed += is_site(number) && number % 5 == 0;
    }
    state = open_state();
    assert_true(state_head(state)->finished);
    assert_int_equal(state_head(state)->reported, SITES - SITES / 7);
    assert_int_equal(state_head(state)->failed, failed);
    state_close(state);
}

static void test_killed_again(void **unused)
{
    for (int round = 0; round < ROUNDS; round++) {
        test_killed(unused);
        unlink(path);
        unlink(output);
        unlink(taken_log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new, begin, end),
        cmocka_unit_test_setup_teardown(test_goes_on, begin, end),
        cmocka_unit_test_setup_teardown(test_before_their_turn, begin, end),
        cmocka_unit_test_setup_teardown(test_uncommitted, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_happens, begin, end),
        cmocka_unit_test_setup_teardown(test_locked, begin, end),
        cmocka_unit_test_setup_teardown(test_finished, begin, end),
        cmocka_unit_test_setup_teardown(test_another_list, begin, end),
        cmocka_unit_test_setup_teardown(test_no_state, begin, end),
        cmocka_unit_test_setup_teardown(test_not_a_file, begin, end),
        cmocka_unit_test_setup_teardown(test_behind_a_link, begin, end),
        cmocka_unit_test_setup_teardown(test_torn_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(test_damaged_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(test_zeros_at_the_end, begin, end),
        cmocka_unit_test_setup_teardown(test_bounded, begin, end),
        cmocka_unit_test_setup_teardown(test_no_room, begin, end),
        cmocka_unit_test_setup_teardown(test_killed_again, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
