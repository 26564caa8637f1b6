/* No file is read and written by one run, nor written in two ways, whatever it is called. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/files.h"
#include "tests/support/aside.h"

/* The working directory, where all files are. */
static char folder[4096];

static struct options begin(void)
{
    return (struct options){.command = COMMAND_FETCH};
}

/* Whether the run may begin; what was said has to have this in it. */
static bool allowed(const struct options *options, const char *part)
{
    const char *said;
    bool sound;

    aside_begin();
    sound = files_check(options);
    said = aside_end();
    if (sound)
        assert_string_equal(said, "");
    else if (!strstr(said, part))
        fail_msg("%s", said);
    return sound;
}

static void files_of_their_own(void **state)
{
    struct options options = begin();

    (void)state;
    assert_true(allowed(&options, ""));
    options.list.file = "there";
    options.output.file = "new";
    options.output.resume = "state";
    options.load.hlog = "new/other"; /* in no folder */
    assert_true(allowed(&options, ""));
    options.list.file = options.network.trust.authorities_file = options.network.trust.certificate =
        options.network.trust.key = "there"; /* all read */
    assert_true(allowed(&options, ""));
}

/* One that is there, under every name it has; one that is not, by its folder and name. */
static void a_file_with_two_roles(void **state)
{
    static const char *const names[][2] = {
        {"there", "there"},    {"there", "./there"},
        {"there", "symbolic"}, {"there", "hard"},
        {"symbolic", "hard"},  {"new", "./new"},
        {"new", "dangling"},   {"folder/new", "folder/../folder/new"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct options options = begin();

        options.output.file = names[i][0];
        options.load.hlog = names[i][1];
        assert_false(allowed(&options, "it is written by this run already"));
        options.load.hlog = NULL;
        options.list.file = names[i][1];
        assert_false(allowed(&options, "it is read by this run already (--file "));
    }
}

static void every_role_is_looked_at(void **state)
{
    struct options options = begin();
    const char *list[] = {"there"};

    (void)state;
    options.output.file = "there";
    options.output.resume = "there";
    assert_false(allowed(&options, "--output there: it is read by this run already (--resume"));
    options.output.resume = NULL;
    options.network.trust.key = "there";
    assert_false(allowed(&options, "(--key there)"));
    options.network.trust.key = NULL;
    options.data_files.list = list;
    options.data_files.count = 1;
    assert_false(allowed(&options, "(--data @there)"));
    options.data_files.count = 0;
    setenv("SSLKEYLOGFILE", "hard", 1);
    assert_false(allowed(&options, "SSLKEYLOGFILE=hard"));
    unsetenv("SSLKEYLOGFILE");
    options.list.words = (char *[]){(char *)"there"};
    options.list.word_count = 1;
    assert_true(allowed(&options, "")); /* a URL */
    options.command = COMMAND_DIFF;
    assert_false(allowed(&options, "--output there"));
}

/* The output may be the file of standard output, and nothing else may. */
static void standard_output_is_a_file(void **state)
{
    struct options options = begin();
    int terminal = dup(STDOUT_FILENO), file = open("there", O_RDWR | O_CLOEXEC);
    bool output, log;

    (void)state;
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    options.output.file = "there";
    output = files_check(&options);
    options.output.file = NULL;
    options.load.hlog = "there";
    aside_begin();
    log = files_check(&options);
    aside_end();
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    close(file);
    assert_true(output);
    assert_false(log);
}

/* What cannot be destroyed. */
static void devices_have_any_role(void **state)
{
    struct options options = begin();

    (void)state;
    options.list.file = options.output.file = options.load.hlog = "/dev/null";
    assert_true(allowed(&options, ""));
}

static int make_folder(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof(folder), "%s/filesXXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder) || chdir(folder) || mkdir("folder", 0700))
        return -1;
    close(open("there", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    return symlink("there", "symbolic") || link("there", "hard") || symlink("new", "dangling");
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"there", "symbolic", "hard", "dangling"};

    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++)
        unlink(names[i]);
    return rmdir("folder") || chdir("/") || rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_their_own),      cmocka_unit_test(a_file_with_two_roles),
        cmocka_unit_test(every_role_is_looked_at), cmocka_unit_test(standard_output_is_a_file),
        cmocka_unit_test(devices_have_any_role),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
