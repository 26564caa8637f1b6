/* The output to pipes: order, slow readers, closed readers, a full disk. The output to files:
   replaced, appended to, truncated. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "cli/output/output.h"

struct fixture {
    struct loop *loop;
    struct output *output;
    int reader, writer;
    int rooms;            /* calls of room */
    int broken;           /* calls of broken */
    int error;            /* its argument */
    int wrote;            /* calls of wrote */
    uint64_t wrote_bytes; /* output_bytes in the last of them */
    char folder[128];
    char path[160];    /* a file in it that does not exist yet */
    char foreign[160]; /* a file of another program in the same folder */
};

static char child_path[160]; /* the file in a child */

static void on_room(void *owner)
{
    ((struct fixture *)owner)->rooms++;
}

static void on_broken(void *owner, int error)
{
    ((struct fixture *)owner)->broken++;
    ((struct fixture *)owner)->error = error;
}

static void on_wrote(void *owner)
{
    struct fixture *fixture = owner;

    assert_true(output_idle(fixture->output));
    fixture->wrote++;
    fixture->wrote_bytes = output_bytes(fixture->output);
}

static void make_folder(struct fixture *fixture)
{
    const char *parent = getenv("TMPDIR");

    snprintf(fixture->folder, sizeof(fixture->folder), "%s/output.XXXXXX",
             parent ? parent : "/tmp");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/file", fixture->folder);
    snprintf(fixture->foreign, sizeof(fixture->foreign), "%s/file.part", fixture->folder);
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int result[2];

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(result, O_CLOEXEC), 0);
    fixture->reader = result[0];
    fixture->writer = result[1];
    fixture->loop = loop_new();
    make_folder(fixture);
    fixture->output = output_new(fixture->loop, fixture->writer, on_room, on_broken, fixture);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    int result;

    output_free(fixture->output);
    loop_free(fixture->loop);
    if (fixture->reader >= 0)
        close(fixture->reader);
    close(fixture->writer);
    unlink(fixture->path);
    unlink(fixture->foreign);
    result = rmdir(fixture->folder); /* fails if another file is left */
    free(fixture);
    return result;
}

static void put(struct output *output, const char *line)
{
    fputs(line, output_begin(output));
    output_end(output);
}

/* Reads what is in the pipe, without waiting. */
static size_t take(struct fixture *fixture, char *to, size_t room)
{
    ssize_t count;

    fcntl(fixture->reader, F_SETFL, O_NONBLOCK);
    count = read(fixture->reader, to, room);
    return count > 0 ? (size_t)count : 0;
}

static void test_lines(void **state)
{
    struct fixture *fixture = *state;
    char text[64] = "";

    assert_true(output_idle(fixture->output));
    put(fixture->output, "one\n");
    put(fixture->output, "two\n");
    assert_false(output_idle(fixture->output));
    assert_int_equal(take(fixture, text, sizeof(text)), 0); /* not before the end of the turn */
    loop_turn(fixture->loop, 0);
    assert_true(output_idle(fixture->output));
    assert_int_equal(take(fixture, text, sizeof(text)), 8);
    assert_memory_equal(text, "one\ntwo\n", 8);
    assert_int_equal(output_error(fixture->output), 0);
}

/* A line has no bytes of a longer line before it. */
static void test_shorter_line(void **state)
{
    struct fixture *fixture = *state;
    char text[64] = "";

    put(fixture->output, "a long one\n");
    put(fixture->output, "b\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(take(fixture, text, sizeof(text)), 13);
    assert_memory_equal(text, "a long one\nb\n", 13);
}

static void test_never_nonblocking(void **state)
{
    struct fixture *fixture = *state;

    put(fixture->output, "one\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(fcntl(fixture->writer, F_GETFL) & O_NONBLOCK, 0);
}

/* The pipe fills up; the rest waits, in order, until the pipe is read. */
static void test_slow_reader(void **state)
{
    struct fixture *fixture = *state;
    unsigned lines = 0, read = 0;
    char line[32], text[65536 + 1];
    size_t kept = 0;

    while (!output_full(fixture->output)) {
        snprintf(line, sizeof(line), "%u\n", lines++);
        put(fixture->output, line);
        loop_turn(fixture->loop, 0);
    }
    assert_false(output_idle(fixture->output));
    assert_int_equal(fixture->rooms, 0);
    while (read < lines) {
        size_t count = take(fixture, text + kept, sizeof(text) - 1 - kept) + kept;
        char *at = text, *close;

        text[count] = '\0';
        while ((close = strchr(at, '\n'))) {
            assert_int_equal(strtoul(at, NULL, 10), read++);
            at = close + 1;
        }
        kept = count - (size_t)(at - text);
        memmove(text, at, kept);
        loop_turn(fixture->loop, 0);
    }
    unit_settle(fixture->loop);
    assert_true(output_idle(fixture->output));
    assert_false(output_full(fixture->output));
    assert_int_equal(fixture->rooms, 1);
    assert_int_equal(fixture->broken, 0);
}

static void test_closed_reader(void **state)
{
    struct fixture *fixture = *state;

    close(fixture->reader);
    fixture->reader = -1;
    put(fixture->output, "unread\n");
    TURN_UNTIL(fixture->loop, fixture->broken);
    put(fixture->output, "also unread\n");
    unit_settle(fixture->loop);
    assert_int_equal(fixture->broken, 1);
    assert_int_equal(fixture->error, EPIPE);
    assert_int_equal(output_error(fixture->output), EPIPE);
    assert_true(output_idle(fixture->output));
}

/* The reader closes while the output waits for room. */
static void test_reader_closes_while_output_waits(void **state)
{
    struct fixture *fixture = *state;

    while (!output_full(fixture->output)) {
        put(fixture->output, "a long line that fills the buffers\n");
        loop_turn(fixture->loop, 0);
    }
    close(fixture->reader);
    fixture->reader = -1;
    TURN_UNTIL(fixture->loop, fixture->broken);
    assert_int_equal(fixture->error, EPIPE);
    assert_true(output_idle(fixture->output));
}

/* /dev/full is always writable, and each write fails with ENOSPC. */
static void test_full_disk(void **state)
{
    struct fixture *fixture = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    output_free(fixture->output);
    fixture->output = output_new(fixture->loop, full, on_room, on_broken, fixture);
    put(fixture->output, "line\n");
    TURN_UNTIL(fixture->loop, fixture->broken);
    assert_int_equal(fixture->error, ENOSPC);
    output_free(fixture->output);
    fixture->output = NULL;
    close(full);
}

static void test_regular_file(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = tmpfile();
    char text[16] = "";

    output_free(fixture->output);
    fixture->output = output_new(fixture->loop, fileno(file), on_room, on_broken, fixture);
    put(fixture->output, "line\n");
    loop_turn(fixture->loop, 0);
    assert_true(output_idle(fixture->output));
    assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 5);
    assert_string_equal(text, "line\n");
    fclose(file);
}

static void test_blocking(void **state)
{
    struct fixture *fixture = *state;
    struct output *output = output_new_blocking(fixture->writer);
    char text[16] = "";

    put(output, "at once\n");
    assert_int_equal(take(fixture, text, sizeof(text)), 8);
    assert_true(output_idle(output));
    close(fixture->reader);
    fixture->reader = -1;
    put(output, "unread\n");
    assert_int_equal(output_error(output), EPIPE);
    output_free(output);
}

/* Freed with an unwritten line: the line is dropped, and no callback is called. */
static void test_free_early(void **state)
{
    struct fixture *fixture = *state;
    char text[16];

    put(fixture->output, "line\n");
    output_free(fixture->output);
    fixture->output = NULL;
    unit_settle(fixture->loop);
    assert_int_equal(take(fixture, text, sizeof(text)), 0);
    output_free(NULL);
}

/*
 * Files
 */

/* Opens a file instead of the pipe. `wrote` is the output of an earlier run, to which the file is
   truncated; NULL: not truncated. Returns NULL, or an error that the caller frees. */
static char *reopen(struct fixture *fixture, const char *path, bool append, const char *wrote)
{
    const struct output_file file = {.path = path,
                                     .append = append,
                                     .keep = wrote ? strlen(wrote) : OUTPUT_ALL,
                                     .sum = wrote ? hash_text(wrote) : 0};
    char *why;

    output_free(fixture->output);
    fixture->output = output_open(fixture->loop, &file, on_room, on_broken, fixture, &why);
    assert_true(!fixture->output == !!why);
    if (fixture->output)
        output_on_written(fixture->output, on_wrote, fixture);
    return why;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The content of the file; "none" without a file. */
static const char *content(const char *path)
{
    static char text[256];
    FILE *file = fopen(path, "re");

    if (!file)
        return "none";
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Fails unless `why` is the path and this text. */
static void check_why(char *why, const char *path, const char *rest)
{
    char wanted[512];

    snprintf(wanted, sizeof(wanted), "%s: %s", path, rest);
    assert_non_null(why);
    assert_string_equal(why, wanted);
    free(why);
}

/* The old file stays until the new one is complete. */
static void test_replaces(void **state)
{
    struct fixture *fixture = *state;
    struct stat about;

    write_file(fixture->path, "old\n");
    chmod(fixture->path, 0640);
    write_file(fixture->foreign, "another program's\n");
    assert_null(reopen(fixture, fixture->path, false, ""));
    assert_string_equal(output_name(fixture->output), fixture->path);
    assert_false(output_can_be_cut(fixture->output));
    assert_int_equal(output_bytes(fixture->output), 0);
    put(fixture->output, "one\n");
    put(fixture->output, "two\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->wrote, 1);
    assert_int_equal(fixture->wrote_bytes, 8);
    assert_string_equal(content(fixture->path), "old\n");
    assert_true(output_finish(fixture->output, true));
    assert_null(output_kept(fixture->output));
    assert_string_equal(content(fixture->path), "one\ntwo\n");
    assert_string_equal(content(fixture->foreign), "another program's\n");
    assert_int_equal(stat(fixture->path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
}

static void test_new_file(void **state)
{
    struct fixture *fixture = *state;

    assert_null(reopen(fixture, fixture->path, false, ""));
    assert_string_equal(content(fixture->path), "none");
    assert_true(output_finish(fixture->output, true)); /* an empty output is valid */
    assert_string_equal(content(fixture->path), "");
    assert_int_equal(fixture->wrote, 0);
}

static void test_interrupted(void **state)
{
    struct fixture *fixture = *state;
    char kept[256];

    write_file(fixture->path, "old\n");
    assert_null(reopen(fixture, fixture->path, false, ""));
    put(fixture->output, "one\n");
    loop_turn(fixture->loop, 0);
    assert_true(output_finish(fixture->output, false));
    assert_non_null(output_kept(fixture->output));
    snprintf(kept, sizeof(kept), "%s", output_kept(fixture->output));
    assert_string_equal(content(fixture->path), "old\n");
    assert_string_equal(content(kept), "one\n");
    assert_null(reopen(fixture, fixture->path, false, ""));
    assert_true(output_finish(fixture->output, false));
    assert_null(output_kept(fixture->output)); /* it was empty */
    assert_null(reopen(fixture, fixture->path, false, ""));
    output_free(fixture->output); /* without output_finish */
    fixture->output = NULL;
    assert_string_equal(content(kept), "one\n");
    unlink(kept);
    assert_string_equal(content(fixture->path), "old\n");
}

/* Two runs with the same file do not mix their lines; the file of the last run stays. */
static void test_two_runs(void **state)
{
    struct fixture *fixture = *state;
    const struct output_file file = {.path = fixture->path};
    char *why;
    struct output *other;

    assert_null(reopen(fixture, fixture->path, false, ""));
    put(fixture->output, "one\n");
    loop_turn(fixture->loop, 0);
    other = output_open(fixture->loop, &file, NULL, NULL, NULL, &why);
    assert_non_null(other);
    put(other, "two\n");
    loop_turn(fixture->loop, 0);
    assert_true(output_finish(fixture->output, true));
    assert_string_equal(content(fixture->path), "one\n");
    assert_true(output_finish(other, true));
    output_free(other);
    assert_string_equal(content(fixture->path), "two\n");
}

/* Out of memory: all lines are kept in another file, and the message has its name. */
static bool out_of_memory(void)
{
    const struct output_file file = {.path = child_path};
    struct loop *loop = loop_new();
    char *why;
    struct output *output = output_open(loop, &file, NULL, NULL, NULL, &why);

    put(output, "one\n");
    loop_turn(loop, 0);
    put(output, "two\n");
    memory_exhausted();
}

static void test_out_of_memory(void **state)
{
    struct fixture *fixture = *state;
    char text[512] = "", *name;
    int result[2], status;
    pid_t child;

    snprintf(child_path, sizeof(child_path), "%s", fixture->path);
    assert_int_equal(pipe2(result, O_CLOEXEC), 0);
    child = fork();
    if (!child) {
        dup2(result[1], STDERR_FILENO);
        _exit(out_of_memory());
    }
    close(result[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(read(result[0], text, sizeof(text) - 1) > 0);
    close(result[0]);
    assert_int_equal(status, MEMORY_EXIT_STATUS << 8);
    name = strstr(text, "results are in ");
    assert_non_null(name);
    name += strlen("results are in ");
    name[strcspn(name, "\n")] = '\0';
    assert_string_equal(content(name), "one\ntwo\n");
    assert_string_equal(content(fixture->path), "none");
    unlink(name);
}

/* The symbolic link stays, and its target is replaced. */
static void test_symbolic_link(void **state)
{
    struct fixture *fixture = *state;
    char real[192];
    struct stat about;

    snprintf(real, sizeof(real), "%s/real", fixture->folder);
    write_file(real, "old\n");
    assert_int_equal(symlink("real", fixture->path), 0);
    assert_null(reopen(fixture, fixture->path, false, ""));
    put(fixture->output, "new\n");
    loop_turn(fixture->loop, 0);
    assert_true(output_finish(fixture->output, true));
    assert_int_equal(lstat(fixture->path, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_string_equal(content(real), "new\n");
    unlink(real);
}

static void test_appends(void **state)
{
    static const struct {
        const char *old;   /* NULL: no file */
        const char *wrote; /* by the resumed run; NULL: not truncated */
        const char *then;  /* content before a line is written */
    } cases[] = {
        {NULL, NULL, ""},
        {NULL, "", ""},
        {"", NULL, ""},
        {"a\nb\n", NULL, "a\nb\n"},
        {"a\nb", NULL, "a\nb\n"}, /* the incomplete line is ended */
        {"a\nb\n", "a\nb\n", "a\nb\n"},
        {"a\nb\nincomplete", "a\nb\n", "a\nb\n"},
        {"a\nb\nc\n", "a\n", "a\n"},
        {"a\nb\n", "", ""},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < LENGTH(cases); i++) {
        char wanted[64];

        unlink(fixture->path);
        if (cases[i].old)
            write_file(fixture->path, cases[i].old);
        fixture->wrote = 0;
        assert_null(reopen(fixture, fixture->path, true, cases[i].wrote));
        assert_true(output_idle(fixture->output));
        assert_true(output_can_be_cut(fixture->output));
        assert_string_equal(content(fixture->path), cases[i].then);
        assert_int_equal(output_bytes(fixture->output), strlen(cases[i].then));
        put(fixture->output, "line\n");
        loop_turn(fixture->loop, 0);
        snprintf(wanted, sizeof(wanted), "%sline\n", cases[i].then);
        assert_string_equal(content(fixture->path), wanted);
        assert_int_equal(fixture->wrote, 1);
        assert_int_equal(fixture->wrote_bytes, strlen(wanted));
        assert_true(output_finish(fixture->output, i % 2));
        assert_string_equal(content(fixture->path), wanted);
    }
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;

    check_why(reopen(fixture, "/nowhere/at/all", false, ""), "/nowhere/at/all",
              "No such file or directory");
    check_why(reopen(fixture, "/nowhere/at/all", true, NULL), "/nowhere/at/all",
              "No such file or directory");
    check_why(reopen(fixture, fixture->folder, false, ""), fixture->folder, "Is a directory");
    check_why(reopen(fixture, fixture->folder, true, ""), fixture->folder, "Is a directory");
    write_file(fixture->path, "abc");
    check_why(reopen(fixture, fixture->path, true, "nine byte"), fixture->path,
              "it has 3 bytes and should have 9: it is not the output of that run");
    assert_string_equal(content(fixture->path), "abc");
    check_why(reopen(fixture, fixture->path, true, "x\n"), fixture->path,
              "its bytes before offset 2 are not those that the run wrote: it is not the output of "
              "that run");
    assert_string_equal(content(fixture->path), "abc");
    write_file(fixture->path, "a\nb\n"); /* a line ends at offset 2, but it is another line */
    check_why(reopen(fixture, fixture->path, true, "x\n"), fixture->path,
              "its bytes before offset 2 are not those that the run wrote: it is not the output of "
              "that run");
    assert_string_equal(content(fixture->path), "a\nb\n");
    unlink(fixture->path);
    check_why(reopen(fixture, fixture->path, true, "nine byte"), fixture->path,
              "No such file or directory");
    assert_int_equal(access(fixture->path, F_OK), -1);
}

/* A FIFO is written to and never replaced, with --append and without. */
static void test_fifo(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    for (int append = 0; append < 2; append++) {
        int reader = open(fixture->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        char text[16] = "";
        struct stat about;

        assert_null(reopen(fixture, fixture->path, append, ""));
        assert_false(output_can_be_cut(fixture->output));
        put(fixture->output, "line\n");
        unit_settle(fixture->loop);
        assert_int_equal(read(reader, text, sizeof(text)), 5);
        assert_string_equal(text, "line\n");
        assert_int_equal(fixture->wrote_bytes, 5);
        while (!output_full(fixture->output)) { /* it waits for room as standard output does */
            put(fixture->output, "a long line that fills the buffers\n");
            loop_turn(fixture->loop, 0);
        }
        close(reader);
        fixture->broken = 0;
        TURN_UNTIL(fixture->loop, fixture->broken);
        assert_int_equal(fixture->error, EPIPE);
        assert_false(output_finish(fixture->output, true));
        assert_int_equal(output_error(fixture->output), EPIPE);
        assert_int_equal(stat(fixture->path, &about), 0);
        assert_true(S_ISFIFO(about.st_mode));
        output_free(fixture->output); /* a FIFO without writers loses its content */
        fixture->output = NULL;
    }
}

/* Standard output is a file that is not empty. */
static bool standard_output(void)
{
    const struct output_file files[] = {
        {.path = "/dev/stdout"},
        {.path = "/dev/stdout", .append = true, .keep = 0},
        {.path = child_path},
        {.path = "/dev/fd/3"},
    };
    int fd = open(child_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    CHILD_CHECK(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    CHILD_CHECK(dup2(fd, 3) == 3);
    CHILD_CHECK(write(STDOUT_FILENO, "before\n", 7) == 7);
    for (size_t i = 0; i < LENGTH(files); i++) {
        char *why;
        struct output *output = output_open(NULL, &files[i], NULL, NULL, NULL, &why);

        CHILD_CHECK(output && !output_can_be_cut(output));
        put(output, "line\n");
        CHILD_CHECK(output_finish(output, true));
        output_free(output);
    }
    CHILD_CHECK(write(STDOUT_FILENO, "after\n", 6) == 6);
    CHILD_CHECK(!strcmp(content(child_path), "before\nline\nline\nline\nline\nafter\n"));
    return true;
}

static void test_standard_output(void **state)
{
    struct fixture *fixture = *state;

    assert_string_equal(output_name(fixture->output), "standard output");
    snprintf(child_path, sizeof(child_path), "%s", fixture->path);
    unit_in_child(standard_output);
}

/* No space: the new lines are kept in another file, and the old file stays. */
static bool no_room(void)
{
    const struct output_file file = {.path = child_path};
    char *why;
    struct output *output = output_open(NULL, &file, NULL, NULL, NULL, &why);
    struct rlimit limit = {.rlim_cur = 6, .rlim_max = RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    CHILD_CHECK(output && !setrlimit(RLIMIT_FSIZE, &limit));
    put(output, "one\n");
    CHILD_CHECK(output_error(output) == 0 && output_bytes(output) == 4);
    put(output, "two\n");
    CHILD_CHECK(output_error(output) == EFBIG);
    CHILD_CHECK(!output_finish(output, true) && output_error(output) == EFBIG);
    CHILD_CHECK(output_kept(output));
    CHILD_CHECK(!strcmp(content(output_kept(output)), "one\ntw"));
    CHILD_CHECK(!unlink(output_kept(output)));
    output_free(output);
    return true;
}

static void test_no_room(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture->path, "old\n");
    snprintf(child_path, sizeof(child_path), "%s", fixture->path);
    unit_in_child(no_room);
    assert_string_equal(content(fixture->path), "old\n");
}

/* The callback is called once when all lines are written, not while lines wait. */
static void test_wrote(void **state)
{
    struct fixture *fixture = *state;
    char text[4096];

    output_on_written(fixture->output, on_wrote, fixture);
    put(fixture->output, "one\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->wrote, 1);
    assert_int_equal(fixture->wrote_bytes, 4);
    for (int i = 0; i < 10000; i++)
        put(fixture->output, "a long line that fills the buffers\n");
    unit_settle(fixture->loop);
    assert_int_equal(fixture->wrote, 1);
    while (take(fixture, text, sizeof(text)))
        loop_turn(fixture->loop, 0);
    assert_int_equal(fixture->wrote, 2);
    assert_int_equal(fixture->wrote_bytes, 4 + 10000 * 35);
    output_end(fixture->output); /* without a line */
    unit_settle(fixture->loop);
    assert_int_equal(fixture->wrote, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_shorter_line, begin, end),
        cmocka_unit_test_setup_teardown(test_never_nonblocking, begin, end),
        cmocka_unit_test_setup_teardown(test_slow_reader, begin, end),
        cmocka_unit_test_setup_teardown(test_closed_reader, begin, end),
        cmocka_unit_test_setup_teardown(test_reader_closes_while_output_waits, begin, end),
        cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
        cmocka_unit_test_setup_teardown(test_regular_file, begin, end),
        cmocka_unit_test_setup_teardown(test_blocking, begin, end),
        cmocka_unit_test_setup_teardown(test_free_early, begin, end),
        cmocka_unit_test_setup_teardown(test_replaces, begin, end),
        cmocka_unit_test_setup_teardown(test_new_file, begin, end),
        cmocka_unit_test_setup_teardown(test_interrupted, begin, end),
        cmocka_unit_test_setup_teardown(test_two_runs, begin, end),
        cmocka_unit_test_setup_teardown(test_out_of_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_symbolic_link, begin, end),
        cmocka_unit_test_setup_teardown(test_appends, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_fifo, begin, end),
        cmocka_unit_test_setup_teardown(test_standard_output, begin, end),
        cmocka_unit_test_setup_teardown(test_no_room, begin, end),
        cmocka_unit_test_setup_teardown(test_wrote, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
