/*
 * A journal in text. The first line names the format; each further line is a record:
 *
 *   1004 5d41402abc4b2a76 88123:5e6f7a8b 990 3 +1003 +1004 -17 -1001 ~1a2b3c4d
 *
 * The fields: the frontier, the list's checksum up to it, the length of the output file with the
 * checksum of its last bytes ("-": no file), the numbers of sites reported and failed; the events
 * since the previous record, +LINE started and -LINE reported; "end" if the list is done; the
 * record's own checksum. Reading applies the events again. A commit writes the new events, about
 * sixteen bytes for each site. A file that has become long is rewritten as one record with every
 * line of the set, in a new file that replaces the old one when it is on the disk.
 *
 * Rejected: the whole set at each commit, which writes every site in flight once per turn; a bitmap
 * of the list, which grows with it; a database, for two sets of numbers.
 */
#include "cli/fetch/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cli/fetch/line_set.h"
#include "cli/output/lock.h"
#include "cli/output/replacement.h"

#define TITLE                                                                                      \
    "firstbyte state 2: frontier, sum of the list, bytes:sum of the output, reported, failed, "    \
    "+taken, -reported, ~sum\n"
#define END         "end"
#define CHECK_BYTES (sizeof(" ~1a2b3c4d") - 1)
#define EVENT_BYTES (sizeof(" +18446744073709551615"))
#define MAX_BYTES   (64 * 1024 * 1024) /* a longer file is refused */

/* A file longer than MIN_LIMIT_BYTES, and than LIMIT_FACTOR times its length after a rewrite, is
   rewritten: once in tens of thousands of sites, because fsync blocks the loop. */
#define MIN_LIMIT_BYTES (1024 * 1024)
#define LIMIT_FACTOR    4

struct state_text {
    char *bytes;
    size_t length, room;
};

struct state {
    char *path;     /* with symbolic links resolved, so that the file itself is replaced */
    int fd;         /* open for appending; holds the lock */
    uint64_t size;  /* of the file in bytes */
    uint64_t limit; /* a longer file is rewritten */
    bool due;       /* an event must be recorded by the next commit */
    char damage[64];
    struct state_head head;
    struct line_set lines;
    struct state_text events; /* events since the last record, as text; ends with a NUL */
};

/*
 * Reading
 */

/* Reads a decimal number and advances *at. Unlike strtoull it refuses signs and leading zeros. */
static bool read_number(const char **at, uint64_t max, uint64_t *number)
{
    const char *first = *at;

    for (*number = 0; is_digit(**at); ++*at) {
        uint64_t digit = (uint64_t)(**at - '0');

        if (*number > max / 10 || digit > max - *number * 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *at > first && (*first != '0' || *at == first + 1);
}

/* Reads `digits` lower-case hexadecimal digits and advances *at. */
static bool read_sum(const char **at, size_t digits, uint64_t *sum)
{
    static const char all[] = "0123456789abcdef";

    for (*sum = 0; digits; digits--, ++*at) {
        const char *digit = **at ? strchr(all, **at) : NULL;

        if (!digit)
            return false;
        *sum = *sum << 4 | (uint64_t)(digit - all);
    }
    return true;
}

static bool read_char(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

/* Reads the length of the output file and the checksum of its last bytes, or "-". */
static bool read_output(const char **at, struct state_head *head)
{
    uint64_t sum = 0;
    bool read = read_char(at, '-') || (read_number(at, INT64_MAX, &head->output_bytes) &&
                                       read_char(at, ':') && read_sum(at, 8, &sum));

    head->output_sum = (uint32_t)sum;
    return read;
}

/* Reads the numbers at the start of a record. */
static bool read_head(const char **at, struct state_head *head)
{
    *head = (struct state_head){.output_bytes = STATE_NO_OUTPUT};
    return read_number(at, LINE_SET_MAX, &head->frontier) && read_char(at, ' ') &&
           read_sum(at, 16, &head->list_sum) && read_char(at, ' ') && read_output(at, head) &&
           read_char(at, ' ') && read_number(at, LINE_SET_MAX, &head->reported) &&
           read_char(at, ' ') && read_number(at, head->reported, &head->failed);
}

/* Applies an event of the file. False if the event is impossible. */
static bool replay(struct state *state, char event, uint64_t line)
{
    enum line_mark mark = line_set_get(&state->lines, line);

    if (!line)
        return false;
    if (event == '+') {
        line_set_mark(&state->lines, line, LINE_IN_FLIGHT);
        return mark == LINE_NONE;
    }
    line_set_mark(&state->lines, line, line > state->head.frontier ? LINE_REPORTED : LINE_NONE);
    /* a rewritten file has only "-" for a line reported above the frontier */
    return mark == LINE_IN_FLIGHT || (mark == LINE_NONE && line > state->head.frontier);
}

/* Reads the events of a record up to its checksum at `end`. */
static bool read_events(struct state *state, const char *at, const char *end)
{
    while (at < end && read_char(&at, ' ')) {
        char event = *at;
        uint64_t line;

        if (!strncmp(at, END, strlen(END))) {
            state->head.finished = true;
            at += strlen(END);
            break;
        }
        at++;
        if ((event != '+' && event != '-') || !read_number(&at, LINE_SET_MAX, &line) ||
            !replay(state, event, line))
            return false;
    }
    return at == end;
}

/* Whether a record is complete and its checksum is correct. */
static bool is_complete(const char *record, size_t length)
{
    const char *at;
    uint64_t check;

    if (length <= CHECK_BYTES)
        return false;
    at = record + length - CHECK_BYTES;
    return read_char(&at, ' ') && read_char(&at, '~') && read_sum(&at, 8, &check) &&
           at == record + length && check == hash_bytes(record, length - CHECK_BYTES);
}

/* Reads a complete record. False if it contradicts the records before it. */
static bool read_record(struct state *state, const char *record, size_t length)
{
    const char *at = record;
    struct state_head head;

    if (!read_head(&at, &head) || head.frontier < state->head.frontier ||
        head.reported < state->head.reported || head.failed < state->head.failed ||
        (head.frontier == state->head.frontier && head.list_sum != state->head.list_sum))
        return false;
    state->head = head;
    state->lines.floor = head.frontier;
    return read_events(state, at, record + length - CHECK_BYTES);
}

/* Reads all records of a text that ends with a NUL. Returns the error, or NULL. Ignores an
   incomplete last record. */
static const char *read_records(struct state *state, const char *text, size_t length)
{
    const char *end = text + length, *at = text + strlen(TITLE);
    size_t line = 2;

    if (length < strlen(TITLE) || memcmp(text, TITLE, strlen(TITLE)) != 0)
        return "not a state file of this version; it was not changed";
    for (; at < end; line++) {
        const char *close = memchr(at, '\n', (size_t)(end - at));
        bool complete = close && is_complete(at, (size_t)(close - at)),
             last = !close || close + 1 == end;

        if (complete && !read_record(state, at, (size_t)(close - at)))
            break;
        if (!complete && (line == 2 || !last))
            break;
        at = last ? end : close + 1;
    }
    if (at == end && line > 2)
        return NULL;
    snprintf(state->damage, sizeof(state->damage), "line %zu of this state file is damaged", line);
    return state->damage;
}

/* Reads the open file. Returns the error, or NULL. */
static const char *read_file(struct state *state)
{
    size_t length;
    char *text = file_read_open(state->fd, MAX_BYTES + 1, &length);
    const char *wrong = NULL;

    if (!text)
        return strerrordesc_np(errno);
    if (length > MAX_BYTES)
        wrong = "too long for a state file";
    else if (length)
        wrong = read_records(state, text, length);
    free(text);
    return wrong;
}

/*
 * Writing
 */

static void text_need(struct state_text *text, size_t count)
{
    if (text->length + count <= text->room)
        return;
    text->room = 2 * (text->length + count);
    text->bytes = memory_grow(text->bytes, text->room, 1);
}

static void write_event(struct state_text *to, char event, uint64_t line)
{
    text_need(to, EVENT_BYTES);
    to->length += (size_t)snprintf(to->bytes + to->length, EVENT_BYTES, " %c%" PRIu64, event, line);
}

/* Returns a record with the current head and these events. Free it. */
static char *record_of(const struct state_head *head, const struct state_text *events)
{
    char output[EVENT_BYTES + sizeof(":1a2b3c4d")] = "-", *record, *closed;

    if (head->output_bytes != STATE_NO_OUTPUT)
        snprintf(output, sizeof(output), "%" PRIu64 ":%08" PRIx32, head->output_bytes,
                 head->output_sum);
    record = memory_print("%" PRIu64 " %016" PRIx64 " %s %" PRIu64 " %" PRIu64 "%s%s",
                          head->frontier, head->list_sum, output, head->reported, head->failed,
                          events->length ? events->bytes : "", head->finished ? " " END : "");
    closed = memory_print("%s ~%08" PRIx32 "\n", record, hash_bytes(record, strlen(record)));
    free(record);
    return closed;
}

/* Returns the content of a rewritten file. Free it. */
static char *fresh_file(const struct state *state)
{
    struct state_text events = {0};
    enum line_mark mark = LINE_NONE;
    uint64_t line;
    char *record, *file;

    for (size_t at = 0; (line = line_set_next(&state->lines, &at, &mark));)
        write_event(&events, mark == LINE_IN_FLIGHT ? '+' : '-', line);
    record = record_of(&state->head, &events);
    file = memory_print("%s%s", TITLE, record);
    free(record);
    free(events.bytes);
    return file;
}

/* Marks all events as recorded. */
static void mark_recorded(struct state *state)
{
    state->events.length = 0;
    state->due = false;
}

/* Replaces the state file. Returns its descriptor for appending, or -1 and errno. */
static int replace_file(const char *path, const char *bytes, size_t length)
{
    struct replacement new;
    /* locked before it gets the name */
    bool put = replacement_open(&new, path) && !lock_take(new.fd) &&
               file_write(new.fd, bytes, length) && replacement_commit(&new);
    int fd = put ? new.fd : -1;

    if (!put)
        replacement_abandon(&new);
    replacement_free(&new);
    return fd;
}

/* Rewrites the file. False and errno on an error: the old file is then unchanged. */
static bool rewrite(struct state *state)
{
    char *bytes = fresh_file(state);
    size_t length = strlen(bytes);
    int fd = replace_file(state->path, bytes, length);

    free(bytes);
    if (fd < 0)
        return false;
    close(state->fd); /* releases the lock of the old file, which has no name now */
    state->fd = fd;
    state->size = length;
    state->limit = LIMIT_FACTOR * (uint64_t)length;
    if (state->limit < MIN_LIMIT_BYTES)
        state->limit = MIN_LIMIT_BYTES;
    mark_recorded(state);
    return true;
}

/* Appends a record. False and errno on an error. */
static bool append(struct state *state)
{
    char *record = record_of(&state->head, &state->events);
    size_t length = strlen(record);
    bool written = file_write(state->fd, record, length);

    free(record);
    if (!written) {
        state->limit = 0; /* rewrite: no record may follow an incomplete one */
        return false;
    }
    state->size += length;
    mark_recorded(state);
    return true;
}

/*
 * The run
 */

struct state *state_open(const char *path, char **why)
{
    struct state *state = memory_zeroed(sizeof(*state));
    const char *wrong, *shown = path;

    state->head = (struct state_head){.list_sum = STATE_EMPTY_SUM, .output_bytes = STATE_NO_OUTPUT};
    state->fd = lock_open(path);
    wrong = state->fd < 0 ? lock_error(errno) : NULL;
    state->path = realpath(path, NULL);
    if (!state->path)
        state->path = memory_text(path, strlen(path));
    if (!wrong && (wrong = read_file(state)))
        shown = state->path;
    else if (!wrong &&
             /* drops an incomplete record, and shows that the file can be replaced */
             !rewrite(state))
        wrong = strerrordesc_np(errno);
    *why = wrong ? memory_print("%s: %s", shown, wrong) : NULL;
    if (!wrong)
        return state;
    state_close(state);
    return NULL;
}

void state_close(struct state *state)
{
    if (!state)
        return;
    if (state->fd >= 0)
        close(state->fd);
    line_set_free(&state->lines);
    free(state->events.bytes);
    free(state->path);
    free(state);
}

const struct state_head *state_head(const struct state *state)
{
    return &state->head;
}

size_t state_unreported(const struct state *state)
{
    return state->lines.in_flight;
}

bool state_is_done(const struct state *state, uint64_t line)
{
    enum line_mark mark = line_set_get(&state->lines, line);

    return line <= state->head.frontier ? mark != LINE_IN_FLIGHT : mark == LINE_REPORTED;
}

uint64_t state_sum(uint64_t sum, const char *line, size_t length)
{
    const uint64_t prime = UINT64_C(0x100000001b3); /* FNV-1a, 64 bits */

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)line[i]) * prime;
    return (sum ^ '\n') * prime;
}

bool state_fits(const struct state *state, uint64_t line, uint64_t sum)
{
    return line != state->head.frontier || sum == state->head.list_sum;
}

void state_advance(struct state *state, uint64_t line, uint64_t sum)
{
    if (line <= state->head.frontier)
        return;
    state->head.frontier = state->lines.floor = line;
    state->head.list_sum = sum;
}

void state_take(struct state *state, uint64_t line)
{
    if (state_is_done(state, line) || line_set_get(&state->lines, line) == LINE_IN_FLIGHT)
        return;
    line_set_mark(&state->lines, line, LINE_IN_FLIGHT);
    write_event(&state->events, '+', line);
    state->head.finished = false;
}

void state_report(struct state *state, uint64_t line, bool failed)
{
    if (line_set_get(&state->lines, line) != LINE_IN_FLIGHT)
        return;
    line_set_mark(&state->lines, line, line > state->head.frontier ? LINE_REPORTED : LINE_NONE);
    write_event(&state->events, '-', line);
    state->head.reported++;
    state->head.failed += failed;
    state->due = true;
}

bool state_commit(struct state *state, uint64_t output_bytes, uint32_t output_sum)
{
    state->due = state->due || output_bytes != state->head.output_bytes;
    state->head.output_bytes = output_bytes;
    state->head.output_sum = output_sum;
    if (!state->due)
        return true;
    return state->size > state->limit ? rewrite(state) : append(state);
}

bool state_finish(struct state *state, uint64_t output_bytes, uint32_t output_sum)
{
    state->head.output_bytes = output_bytes;
    state->head.output_sum = output_sum;
    state->head.finished = true;
    return rewrite(state);
}
