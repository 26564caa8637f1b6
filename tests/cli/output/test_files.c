/* No run reads and writes the same file, or writes it twice, under any of its names. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/files.h"
#include "tests/support/stderr_capture.h"

/* The working directory, where all files are. */
static char folder[4096];

/* The files of the run. */
static struct {
    struct list_options list;
    struct output_options output;
    struct tls_client_options trust;
    struct texts data;
} options;

static struct files_options files = {.list = &options.list,
                                     .output = &options.output,
                                     .trust = &options.trust,
                                     .data = &options.data};

/* Each test begins without files. */
static int setup(void **state)
{
    (void)state;
    memset(&options, 0, sizeof(options));
    files.hlog = NULL;
    files.compared = false;
    return 0;
}

/* Whether the run may begin. If not, the error must contain `part`. */
static bool allowed(const char *part)
{
    const char *printed;
    bool valid;

    stderr_capture_begin();
    valid = files_check(&files);
    printed = stderr_capture_end();
    if (valid)
        assert_string_equal(printed, "");
    else if (!strstr(printed, part))
        fail_msg("%s", printed);
    return valid;
}

static void different_files(void **state)
{
    (void)state;
    assert_true(allowed(""));
    options.list.file = "there";
    options.output.file = "new";
    options.output.resume = "state";
    files.hlog = "new/other"; /* the folder does not exist */
    assert_true(allowed(""));
    options.list.file = options.trust.authorities_file = options.trust.certificate =
        options.trust.key = "there"; /* all read */
    assert_true(allowed(""));
}

/* An existing file under each of its names; a new file by its folder and name. */
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
        setup(state);
        options.output.file = names[i][0];
        files.hlog = names[i][1];
        assert_false(allowed("already written by this run"));
        files.hlog = NULL;
        options.list.file = names[i][1];
        assert_false(allowed("already read by this run (--file "));
    }
}

static void every_role_is_checked(void **state)
{
    const char *list[] = {"there"};

    (void)state;
    options.output.file = "there";
    options.output.resume = "there";
    assert_false(allowed("--output there: already read by this run (--resume"));
    options.output.resume = NULL;
    options.trust.key = "there";
    assert_false(allowed("(--key there)"));
    options.trust.key = NULL;
    options.data.list = list;
    options.data.count = 1;
    assert_false(allowed("(--data @there)"));
    options.data.count = 0;
    setenv("SSLKEYLOGFILE", "hard", 1);
    assert_false(allowed("SSLKEYLOGFILE=hard"));
    unsetenv("SSLKEYLOGFILE");
    options.list.words = (char *[]){(char *)"there"};
    options.list.word_count = 1;
    assert_true(allowed("")); /* a URL */
    files.compared = true;
    assert_false(allowed("--output there"));
}

/* Only --output may be the file of standard output. */
static void standard_output_is_a_file(void **state)
{
    int terminal = dup(STDOUT_FILENO), file = open("there", O_RDWR | O_CLOEXEC);
    bool output, log;

    (void)state;
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    options.output.file = "there";
    output = files_check(&files);
    options.output.file = NULL;
    files.hlog = "there";
    stderr_capture_begin();
    log = files_check(&files);
    stderr_capture_end();
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    close(file);
    assert_true(output);
    assert_false(log);
}

/* Writing does not destroy a device. */
static void devices_have_any_role(void **state)
{
    (void)state;
    options.list.file = options.output.file = files.hlog = "/dev/null";
    assert_true(allowed(""));
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
        cmocka_unit_test_setup(different_files, setup),
        cmocka_unit_test_setup(a_file_with_two_roles, setup),
        cmocka_unit_test_setup(every_role_is_checked, setup),
        cmocka_unit_test_setup(standard_output_is_a_file, setup),
        cmocka_unit_test_setup(devices_have_any_role, setup),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
