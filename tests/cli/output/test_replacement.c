/* A new version of a file: not visible until it is complete, without changes of other files, on
   file systems with and without O_TMPFILE. */
#include "tests/support/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/output/replacement.h"

#define ROOM 256

static char folder[ROOM - 64], path[ROOM];
static bool no_nameless, no_link; /* what the simulated file system cannot do */
static int last_flags;            /* of the last open(2) that made a file */

/* These functions replace those of libc. */
int open(const char *file, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
    if (no_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (flags & (O_CREAT | O_TMPFILE))
        last_flags = flags;
    return (int)syscall(SYS_openat, AT_FDCWD, file, flags, mode);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    if (no_link) {
        errno = EXDEV;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

static int begin(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    no_nameless = no_link = false;
    snprintf(folder, sizeof(folder), "%s/replacement.XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

/* Empties the folder. */
static int end(void **state)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;

    (void)state;
    while ((entry = readdir(directory)))
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    return rmdir(folder);
}

static size_t count_files(void)
{
    DIR *directory = opendir(folder);
    size_t count = 0;

    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2; /* "." and ".." */
}

static void write_file(const char *file, const char *text)
{
    FILE *to = fopen(file, "we");

    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static void check_content(const char *file, const char *wanted)
{
    char text[256];
    FILE *from = fopen(file, "re");

    assert_non_null(from);
    text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
    fclose(from);
    assert_string_equal(text, wanted);
}

static mode_t mode_of(const char *file)
{
    struct stat about;

    assert_int_equal(stat(file, &about), 0);
    return about.st_mode & 07777;
}

static void open_with(struct replacement *new, const char *text)
{
    assert_true(replacement_open(new, path));
    assert_int_equal(write(new->fd, text, strlen(text)), strlen(text));
}

static void close_all(struct replacement *new)
{
    if (new->fd >= 0)
        close(new->fd);
    replacement_free(new);
}

/* A commit, a drop, and a kept result. */
static void check_all_ends(void)
{
    struct replacement new;
    size_t named = no_nameless;

    write_file(path, "old");
    chmod(path, 0640);
    open_with(&new, "new");
    assert_int_equal(new.named, no_nameless);
    assert_int_equal(count_files(), 1 + named);
    check_content(path, "old");
    assert_true(replacement_commit(&new));
    check_content(path, "new");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(count_files(), 1);
    close_all(&new);

    open_with(&new, "third");
    replacement_drop(&new);
    close_all(&new);
    check_content(path, "new");
    assert_int_equal(count_files(), 1);

    open_with(&new, "third");
    assert_true(replacement_keep(&new));
    assert_true(replacement_keep(&new));
    assert_int_equal(strncmp(new.name, path, strlen(path)), 0);
    assert_int_equal(strncmp(new.name + strlen(path), ".part-", 6), 0);
    assert_int_equal(strlen(new.name), strlen(path) + 6 + 16);
    check_content(path, "new");
    check_content(new.name, "third");
    assert_int_equal(mode_of(new.name), 0640);
    assert_int_equal(count_files(), 2);
    close_all(&new);
}

static void test_nameless(void **state)
{
    struct replacement new;

    (void)state;
    assert_true(replacement_open(&new, path));
    if (new.named) {
        close_all(&new);
        skip(); /* this file system has no O_TMPFILE */
    }
    close_all(&new);
    check_all_ends();
    assert_int_equal(last_flags & O_TMPFILE, O_TMPFILE);
}

static void test_named(void **state)
{
    (void)state;
    no_nameless = true;
    check_all_ends();
    assert_int_equal(last_flags & (O_CREAT | O_EXCL | O_NOFOLLOW), O_CREAT | O_EXCL | O_NOFOLLOW);
}

/* A file without a name that cannot be linked is copied. */
static void test_no_link(void **state)
{
    (void)state;
    no_link = true;
    check_all_ends();
}

static void test_names_differ(void **state)
{
    char first[ROOM];
    struct replacement new;

    (void)state;
    no_nameless = true;
    open_with(&new, "one");
    snprintf(first, sizeof(first), "%s", new.name);
    close_all(&new);
    open_with(&new, "two");
    assert_string_not_equal(new.name, first);
    close_all(&new);
    check_content(first, "one");
}

static void test_new_file(void **state)
{
    struct replacement new;

    (void)state;
    umask(0027);
    open_with(&new, "text");
    umask(0022);
    assert_true(replacement_commit(&new));
    check_content(path, "text");
    assert_int_equal(mode_of(path), 0640);
    close_all(&new);
}

/* A new file with a name has the mode of the old file. */
static void test_mode_is_never_wider(void **state)
{
    struct replacement new;

    (void)state;
    no_nameless = true;
    write_file(path, "secret");
    chmod(path, 0600);
    open_with(&new, "also secret");
    assert_int_equal(mode_of(new.name), 0600);
    replacement_drop(&new);
    close_all(&new);
}

static void test_long_name(void **state)
{
    struct replacement new;
    size_t length = strlen(folder);
    char long_path[ROOM + NAME_MAX];

    (void)state;
    snprintf(long_path, sizeof(long_path), "%s/%0*d", folder, NAME_MAX, 0);
    assert_true(replacement_open(&new, long_path));
    assert_true(replacement_keep(&new));
    assert_int_equal(strlen(new.name), length + 1 + NAME_MAX);
    assert_true(replacement_commit(&new));
    assert_int_equal(access(long_path, F_OK), 0);
    close_all(&new);
}

static void test_target(void **state)
{
    static const struct {
        const char *link, *to, *path, *wanted; /* in the folder; NULL: no link, refused */
    } cases[] = {
        {NULL, NULL, "file", "file"},           {"to_file", "file", "to_file", "file"},
        {"to_none", "none", "to_none", "none"}, {"to_dot", "./none", "to_dot", "none"},
        {"twice", "to_none", "twice", "none"},  {NULL, NULL, "nowhere/file", NULL},
        {"out", "nowhere/file", "out", NULL},   {"loop", "loop", "loop", NULL},
    };
    char at[ROOM], wanted[PATH_MAX], *real = realpath(folder, NULL);

    (void)state;
    write_file(path, "");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *target;

        snprintf(at, sizeof(at), "%s/%s", folder, cases[i].link ? cases[i].link : "");
        if (cases[i].link)
            assert_int_equal(symlink(cases[i].to, at), 0);
        snprintf(at, sizeof(at), "%s/%s", folder, cases[i].path);
        snprintf(wanted, sizeof(wanted), "%s/%s", real, cases[i].wanted ? cases[i].wanted : "");
        target = replacement_target(at);
        if (!target != !cases[i].wanted || (target && strcmp(target, wanted) != 0))
            fail_msg("%s: %s", cases[i].path, target ? target : "none");
        free(target);
    }
    free(real);
}

static void test_refused(void **state)
{
    struct replacement new;
    char none[ROOM];

    (void)state;
    snprintf(none, sizeof(none), "%s/none/file", folder);
    assert_false(replacement_open(&new, none));
    assert_int_equal(errno, ENOENT);
    close_all(&new);
    if (!geteuid())
        return; /* root can write to any folder */
    chmod(folder, 0500);
    assert_false(replacement_open(&new, path));
    assert_int_equal(errno, EACCES);
    close_all(&new);
    chmod(folder, 0700);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nameless, begin, end),
        cmocka_unit_test_setup_teardown(test_named, begin, end),
        cmocka_unit_test_setup_teardown(test_no_link, begin, end),
        cmocka_unit_test_setup_teardown(test_names_differ, begin, end),
        cmocka_unit_test_setup_teardown(test_new_file, begin, end),
        cmocka_unit_test_setup_teardown(test_mode_is_never_wider, begin, end),
        cmocka_unit_test_setup_teardown(test_long_name, begin, end),
        cmocka_unit_test_setup_teardown(test_target, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
