/*
 * Lists of sites, from a file and from a pipe that is filled piece by piece: the sites are the
 * same. The first line of the input is the plan of the pieces, the rest is the list. A byte 1 in it
 * stands for 16 KiB of text, so that a line can be too long.
 */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/list/reader.h"
#include "cli/list/sites.h"
#include "http/request.h"

#define LONG_BYTES 16384
#define MAX_LONG   10    /* of them in one input */
#define MAX_BYTES  4096  /* of an input */
#define MAX_CUTS   24    /* in one list */
#define MAX_PIECE  32768 /* fits into an empty pipe */

static int count_ready;

static const struct request_options one_second = {.timeout = NSEC_PER_S};

static void on_ready(void *owner)
{
    MUST(owner == &count_ready);
    count_ready++;
}

/* Replaces each byte 1 by LONG_BYTES of text. */
static struct part expand(struct part piece)
{
    static uint8_t text[MAX_BYTES + MAX_LONG * LONG_BYTES];
    struct part expanded = {text, 0};

    for (size_t i = 0; i < piece.size; i++) {
        size_t size = piece.at[i] == 1 ? LONG_BYTES : 1;

        memset(text + expanded.size, size == 1 ? piece.at[i] : 'x', size);
        expanded.size += size;
    }
    return expanded;
}

static bool is_too_long(struct part list)
{
    size_t count = 0;

    for (size_t i = 0; i < list.size; i++)
        count += list.at[i] == 1;
    return count > MAX_LONG || list.size > MAX_BYTES;
}

static void check_line_ends(const char *headers)
{
    for (const char *at = headers; at && *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');

        MUST(end && end > at && end[-1] == '\r' && memchr(at, '\r', (size_t)(end - at)) == end - 1);
    }
}

/* Exactly one request: its only empty line is its last one. */
static void check_request(const struct site *site)
{
    struct request request = request_of(site);
    size_t length;
    char *text = request_build(&request, &length);

    MUST(length == strlen(text) && strstr(text, "\r\n\r\n") == text + length - 4);
    free(text);
}

static void check_site(const struct listed *listed, uint64_t number)
{
    const struct site *site = listed->site;
    const struct site_behaviour *behaviour = &listed->behaviour;

    MUST(site && site->number == number && site->line && site->url.shown);
    if (site->line_error) {
        MUST(!site->url.host && !behaviour->given && !behaviour->body && !behaviour->headers);
        return;
    }
    MUST(site->url.host && site->timeout);
    MUST(request_is_method(site_method(site)));
    MUST(!site->cookie || (*site->cookie && !strpbrk(site->cookie, "\r\n")));
    MUST(!site->user || (site->url.user_info == site->user && strchr(site->user, ':')));
    check_line_ends(site->headers);
    check_line_ends(behaviour->headers);
    check_request(site);
    MUST(behaviour->fault < FAULT_COUNT && behaviour->framing < FRAMING_COUNT);
    MUST(behaviour->h2.reset <= H2_MAX_RESET_CODE + 1);
    MUST(behaviour->h2.streams <= H2_MAX_STREAMS_LIMIT + 1);
    MUST(behaviour->h2.streams_then <= H2_MAX_STREAMS_LIMIT + 1);
    MUST(!behaviour->status || (behaviour->status >= 200 && behaviour->status <= 999));
    MUST(behaviour->body || !behaviour->body_bytes);
}

/* The error of a line, without the name of the file. */
static const char *why_of(const struct site *site)
{
    const char *why = strchr(site->line_error, ':');

    MUST(why && why[1] >= '1' && why[1] <= '9');
    return why;
}

static const char *text_of(const char *text)
{
    return text ? text : "-";
}

static void note_bytes(struct note *note, const char *bytes, size_t count)
{
    fprintf(note->to, " %zu ", count);
    fwrite(count ? bytes : "", 1, count, note->to);
}

static void note_site(struct note *note, struct listed *listed, uint64_t number)
{
    const struct site *site = listed->site;
    const struct site_behaviour *behaviour = &listed->behaviour;

    check_site(listed, number);
    fprintf(note->to, "%s", site->url.shown);
    if (site->line_error)
        fprintf(note->to, " error%s", why_of(site));
    else
        fprintf(note->to, " %s %lld %s %s %s %s %lld %u %d %d %d %u %s", site->url.target,
                (long long)site->timeout, text_of(site->headers), site_method(site),
                text_of(site->user), text_of(site->cookie), (long long)behaviour->delay,
                behaviour->status, (int)behaviour->framing, (int)behaviour->fault, behaviour->given,
                behaviour->fail_first, text_of(behaviour->headers));
    note_bytes(note, site->content ? site->content->bytes : NULL,
               site->content ? site->content->count : 0);
    note_bytes(note, behaviour->body, behaviour->body_bytes);
    fprintf(note->to, " line %llu\n", (unsigned long long)site->line);
    site_free(listed->site);
}

/* Takes all available sites. True if more may follow. */
static bool drain(struct sites *sites, struct note *note, uint64_t *number)
{
    struct listed listed;
    enum sites_next next;

    while ((next = sites_next(sites, &listed)) == SITES_ONE)
        note_site(note, &listed, (*number)++);
    return next == SITES_LATER;
}

static struct sites *open_fd(int fd, struct loop *loop, sites_sum_fn *sum)
{
    struct sites_options options = {
        .request = &one_second, .loop = loop, .ready = on_ready, .owner = &count_ready, .sum = sum};
    char path[32];
    struct sites *sites;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    sites = sites_open(&(struct list_options){.file = path}, &options);
    MUST(sites);
    return sites;
}

/* FNV-1a of the lines, with an LF after each. */
static uint64_t sum_line(uint64_t sum, const char *line, size_t length)
{
    MUST(!memchr(line, '\n', length) && length <= READER_MAX_LINE_BYTES);
    for (size_t i = 0; i <= length; i++)
        sum = (sum ^ (uint8_t)(i < length ? line[i] : '\n')) * 1099511628211u;
    return sum;
}

/* Reads a file twice, as a race does: the sites and the sums are the same. */
static void read_file(struct part rest, struct note *first, struct note *second)
{
    struct part list = expand(rest);
    int fd = memfd_create("sites", MFD_CLOEXEC);
    struct sites *sites;
    uint64_t number = 0, sum, last_line;

    MUST(fd >= 0 && write(fd, list.at, list.size) == (ssize_t)list.size);
    sites = open_fd(fd, NULL, sum_line);
    note_open(first);
    MUST(!drain(sites, first, &number));
    sum = sites_position(sites)->sum;
    last_line = sites_position(sites)->line;
    MUST(last_line >= number && (!last_line || sum));
    MUST(sites_rewind(sites) && !sites_position(sites)->line && !sites_position(sites)->sum);
    note_open(second);
    number = 0;
    MUST(!drain(sites, second, &number));
    MUST(sites_position(sites)->line == last_line && sites_position(sites)->sum == sum);
    sites_close(sites);
    close(fd);
}

/* A reader of a pipe, and its other end. */
struct piped {
    struct loop *loop;
    struct sites *sites;
    struct note *note;
    uint64_t number;
    bool over; /* before the end of the pipe: the list has another encoding */
    int fd;    /* to write to */
};

/* Writes to the empty pipe and reads all of it. Each write calls on_ready once. */
static void feed_pipe(struct piped *piped, struct part piece)
{
    int called = count_ready;

    while (piece.size && !piped->over) {
        size_t size = piece.size < MAX_PIECE ? piece.size : MAX_PIECE;

        MUST(write(piped->fd, piece.at, size) == (ssize_t)size);
        piece = (struct part){piece.at + size, piece.size - size};
        loop_turn(piped->loop, 0);
        MUST(count_ready == ++called);
        piped->over = !drain(piped->sites, piped->note, &piped->number);
        MUST(!piped->over || piped->number == 1);
    }
}

static void read_pipe(struct loop *loop, struct part rest, const struct part *plan,
                      struct note *note)
{
    static const struct part uncut;
    struct piped piped = {.loop = loop, .note = note};
    int ends[2];

    MUST(!pipe(ends));
    piped.fd = ends[1];
    piped.sites = open_fd(ends[0], loop, sum_line);
    close(ends[0]);
    note_open(note);
    MUST(!sites_rewind(piped.sites));
    MUST(drain(piped.sites, note, &piped.number));
    for (size_t i = 0; rest.size; i++)
        feed_pipe(&piped, expand(part_piece(&rest, i < MAX_CUTS ? plan : &uncut, i)));
    close(piped.fd);
    loop_turn(loop, 0);
    MUST(!drain(piped.sites, note, &piped.number));
    sites_close(piped.sites);
}

/* A hash of a site that does not depend on the order of the sites. */
static uint64_t hash_of(const struct site *site)
{
    uint64_t hash = hash_text(site->url.shown);

    hash = hash * 31 + hash_text(site->line_error ? site->line_error : site->url.target);
    hash = hash * 31 + hash_text(site->headers ? site->headers : "");
    hash = hash * 31 + hash_text(site_method(site)) + site->line;
    return hash * 31 + site->timeout;
}

/* The sum of the hashes of a list. `near`: sites of the same origin are taken next. */
static uint64_t sum_of(int fd, bool near)
{
    struct sites *sites = open_fd(fd, NULL, NULL);
    struct listed listed;
    uint64_t sum = 0;

    while (sites_next(sites, &listed) == SITES_ONE) {
        struct site *site = listed.site;

        sum += hash_of(site) | 1;
        while (near && !site->line_error) {
            struct url_origin origin = {site->url.https, site->url.port, site->url.host,
                                        strlen(site->url.host)};

            if (!sites_near(sites, &origin, &listed))
                break;
            site_free(site);
            site = listed.site;
            sum += hash_of(site) | 1;
        }
        site_free(site);
    }
    sites_close(sites);
    return sum;
}

/* Looking ahead changes only the order. */
static void check_ahead(struct part rest)
{
    struct part list = expand(rest);
    int fd = memfd_create("ahead", MFD_CLOEXEC);
    uint64_t in_order;

    MUST(fd >= 0 && write(fd, list.at, list.size) == (ssize_t)list.size);
    in_order = sum_of(fd, false);
    MUST(lseek(fd, 0, SEEK_SET) == 0);
    MUST(sum_of(fd, true) == in_order);
    close(fd);
}

/* Lines are read to their end: with an invalid word at the end, the line is an error. */
static void check_whole_line(struct part list)
{
    static const char nonsense[] = " nonsense";
    struct part line = part_line(&list);
    int fd = memfd_create("line", MFD_CLOEXEC);
    struct listed listed;
    struct sites *sites;

    MUST(fd >= 0 && write(fd, line.at, line.size) == (ssize_t)line.size);
    MUST(write(fd, nonsense, strlen(nonsense)) == (ssize_t)strlen(nonsense));
    sites = open_fd(fd, NULL, NULL);
    MUST(sites_next(sites, &listed) == SITES_ONE && listed.site->line_error);
    site_free(listed.site);
    MUST(sites_next(sites, &listed) == SITES_END);
    sites_close(sites);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct loop *loop;
    struct part rest = {data, size}, plan = part_line(&rest);
    struct note first, second, piped;

    if (is_too_long(rest))
        return 0;
    if (!loop)
        loop = loop_new();
    read_file(rest, &first, &second);
    read_pipe(loop, rest, &plan, &piped);
    note_compare(&first, &second);
    note_compare(&first, &piped);
    check_ahead(rest);
    if (rest.size && !memchr(rest.at, '#', rest.size))
        check_whole_line(rest);
    note_free(&first);
    note_free(&second);
    note_free(&piped);
    return 0;
}
