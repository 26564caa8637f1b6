/*
 * A set of runs from memory. It is refused with an error, or its runs have valid numbers. Then a
 * file of the same bytes has the same set, and a comparison of the set with itself shows no
 * difference, as text and as JSON.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/diff/diff.h"

#define MAX_COMPARED 8 /* runs: more are slow and test nothing new */

static void check_run(const struct diff_run *run)
{
    MUST(run->config);
    for (int metric = 0; metric < DIFF_METRICS; metric++)
        MUST(isnan(run->value[metric]) ||
             (isfinite(run->value[metric]) && run->value[metric] >= 0));
    MUST(!(run->value[DIFF_ERRORS] > 1));
}

/* The same bytes as a file. */
static void check_file(const struct diff_set *set, const uint8_t *data, size_t size)
{
    int fd = memfd_create("runs", MFD_CLOEXEC);
    struct diff_set again;
    char path[32], *why;
    struct note same;

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    MUST(diff_set_read(&again, path, &why));
    MUST(again.count == set->count);
    note_open(&same);
    for (size_t i = 0; i < set->count; i++)
        MUST(!diff_run_differs(&set->runs[i], &again.runs[i], false, same.to));
    note_free(&same);
    diff_set_free(&again);
    close(fd);
}

static void check_printable(const struct note *note)
{
    for (size_t i = 0; i < note->length; i++) {
        unsigned char byte = (unsigned char)note->text[i];

        MUST((byte >= ' ' && byte != 0x7f) || byte == '\n');
    }
}

/* Compared with itself: the same report each time, and nothing is slower. */
static void check_compared(const struct diff_set *set, enum format format)
{
    const struct diff_set sets[] = {*set, *set};
    struct note one, other;

    note_open(&one);
    note_open(&other);
    MUST(diff_sets(sets, 2, format, one.to) == EXIT_FETCHED);
    MUST(diff_sets(sets, 2, format, other.to) == EXIT_FETCHED);
    note_compare(&one, &other);
    check_printable(&one);
    note_free(&one);
    note_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = memory_get(size), *why; /* without a NUL, for the sanitizer */
    struct diff_set set;

    if (size)
        memcpy(bytes, data, size);
    if (!diff_set_parse(&set, "set", bytes, size, &why)) {
        MUST(why && *why && !set.count && !set.runs);
        free(why);
        free(bytes);
        return 0;
    }
    MUST(!why && set.count && set.count <= DIFF_MAX_RUNS);
    for (size_t i = 0; i < set.count; i++)
        check_run(&set.runs[i]);
    check_file(&set, data, size);
    if (set.count <= MAX_COMPARED) {
        check_compared(&set, FORMAT_TEXT);
        check_compared(&set, FORMAT_JSON);
    }
    diff_set_free(&set);
    free(bytes);
    return 0;
}
