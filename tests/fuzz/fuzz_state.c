/*
 * Any file as the state of a run. It is refused and left unchanged, or it has the same content when
 * it is read again, and a run can continue from it. If the first byte of the input is odd, its
 * lines become records: the title is written before them and a checksum after each, so that they
 * are parsed. Then the last event of a line decides whether it is done.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/fetch/line_set.h"
#include "cli/fetch/state.h"

#define CHECKED_LINES 200 /* lines that are checked, from the first */

static char folder[64], path[80];

static void clear(void)
{
    unlink(path);
    rmdir(folder);
}

/* Makes a folder, in memory if possible. */
static void make_folder(void)
{
    if (*folder)
        return;
    snprintf(folder, sizeof(folder), "%s/fuzz_state.XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    MUST(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    atexit(clear);
}

static void write_file(const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    MUST(fd >= 0 && (!length || write(fd, bytes, length) == (ssize_t)length));
    close(fd);
}

/* Fails unless the file has these bytes. */
static void check_file(const char *bytes, size_t length)
{
    char *now = memory_get(length + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    MUST(fd >= 0 && read(fd, now, length + 1) == (ssize_t)length && !memcmp(now, bytes, length));
    close(fd);
    free(now);
}

/* The first line of a state. */
static void write_title(FILE *to)
{
    char *why, line[256];
    struct state *state;
    FILE *file;

    unlink(path);
    state = state_open(path, &why);
    MUST(state);
    state_close(state);
    file = fopen(path, "re");
    MUST(file && fgets(line, sizeof(line), file));
    fclose(file);
    fputs(line, to);
}

static void write_records(struct part lines, FILE *to)
{
    write_title(to);
    while (lines.size) {
        struct part line = part_line(&lines);

        fwrite(line.at, 1, line.size, to);
        fprintf(to, " ~%08" PRIx32 "\n", hash_bytes((const char *)line.at, line.size));
    }
}

/* Whether the line is done, according to the text of all records. */
static bool is_done(struct part lines, uint64_t number, uint64_t frontier)
{
    bool done = number <= frontier;
    char taken[32], reported[32];

    snprintf(taken, sizeof(taken), "+%" PRIu64, number);
    snprintf(reported, sizeof(reported), "-%" PRIu64, number);
    while (lines.size) {
        struct part line = part_line(&lines);
        char *text = part_text(&line), *rest = text, *word;

        while ((word = strtok_r(rest, " ", &rest))) {
            if (!strcmp(word, taken))
                done = false;
            if (!strcmp(word, reported))
                done = true;
        }
        free(text);
    }
    return done;
}

static void check_same(const struct state *state, const struct state_head *head, size_t unreported,
                       const bool *done)
{
    const struct state_head *now = state_head(state);

    MUST(now->frontier == head->frontier && now->list_sum == head->list_sum);
    MUST(now->output_bytes == head->output_bytes && now->finished == head->finished);
    MUST(now->reported == head->reported && now->failed == head->failed);
    MUST(state_unreported(state) == unreported);
    for (uint64_t number = 1; number <= CHECKED_LINES; number++)
        MUST(state_is_done(state, number) == done[number]);
}

static struct state *reopen(struct state *state)
{
    char *why;

    state_close(state);
    state = state_open(path, &why);
    MUST(state && !why);
    return state;
}

/* Continues the run: all lines that are not done are fetched. */
static void continue_run(struct state *state)
{
    uint64_t reported = state_head(state)->reported, own = 0, bytes;

    if (reported >
        LINE_SET_MAX -
            CHECKED_LINES) { /* forged: no run counts so far, and none continues from there */
        state_close(state);
        return;
    }
    for (uint64_t number = 1; number <= CHECKED_LINES; number++) {
        own += !state_is_done(state, number);
        state_take(state, number);
        state_report(state, number, number % 2);
        MUST(state_is_done(state, number));
        state_advance(state, number, number);
    }
    bytes = state_head(state)->output_bytes;
    MUST(state_commit(state, bytes == 1 ? 2 : 1, 0));
    state = reopen(state);
    MUST(state_head(state)->reported == reported + own);
    MUST(state_head(state)->frontier >= CHECKED_LINES);
    for (uint64_t number = 1; number <= CHECKED_LINES; number++)
        MUST(state_is_done(state, number));
    state_close(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part input = {data, size};
    bool fitted = part_byte(&input) & 1;
    struct state_head head;
    struct state *state;
    struct note file;
    size_t unreported;
    bool done[CHECKED_LINES + 1];
    char *why = NULL;

    make_folder();
    note_open(&file);
    if (fitted)
        write_records(input, file.to);
    else if (input.size)
        fwrite(input.at, 1, input.size, file.to);
    note_close(&file);
    write_file(file.text, file.length);
    state = state_open(path, &why);
    MUST(!state == !!why);
    if (!state) {
        MUST(!strncmp(why, path, strlen(path)));
        check_file(file.text, file.length);
    } else {
        head = *state_head(state);
        unreported = state_unreported(state);
        for (uint64_t number = 1; number <= CHECKED_LINES; number++) {
            done[number] = state_is_done(state, number);
            MUST(!fitted || done[number] == is_done(input, number, head.frontier));
        }
        state = reopen(state);
        check_same(state, &head, unreported, done);
        continue_run(state);
    }
    free(why);
    note_free(&file);
    return 0;
}
