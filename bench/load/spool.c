/*
 * The first ten minutes are in memory; the rest is in a file, as an array of struct interval. The
 * file is created when it is needed, and has no name, so it disappears with the process. Rejected:
 * all intervals in memory (a month has 330 MB), and dropping some of them.
 */
#include "bench/load/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

struct spool {
    struct interval held[SPOOL_HELD]; /* the first ones */
    size_t count;                     /* of intervals that can be read */
    int fd;                           /* of the file; -1: not created yet */
    int error;                        /* errno of the first failure, or 0 */
};

struct spool *spool_new(void)
{
    struct spool *spool = memory_zeroed(sizeof(*spool));

    spool->fd = -1;
    return spool;
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool);
}

static struct interval interval_of(const struct tally *tally)
{
    const struct histogram *latency = tally->latency;
    struct interval interval = {
        .from_s = (double)tally->from / NSEC_PER_S,
        .to_s = (double)tally->to / NSEC_PER_S,
        .scheduled = tally->scheduled,
        .waiting = tally->waiting,
        .started = tally->started,
        .completed = tally->completed,
        .failed = tally->failed,
        .in_flight = tally->in_flight,
        .bytes_in = tally->bytes_in,
        .bytes_out = tally->bytes_out,
        .connections = tally->connections,
        .max = latency->max,
        .lag_p99 = histogram_at(tally->lag, 99),
        .busy = tally_busy(tally),
        .rps = tally_per_second(tally, tally->completed),
    };
    struct histogram_summary summary;

    histogram_summarize(latency, &summary);
    interval.p50 = summary.p50;
    interval.p90 = summary.p90;
    interval.p99 = summary.p99;
    interval.p999 = summary.p999;
    return interval;
}

/* Creates an unnamed file; not all file systems support O_TMPFILE. */
static int open_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    char *path;
    int fd;

    if (!folder || !*folder)
        folder = "/tmp";
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0)
        return fd;
    path = memory_print("%s/firstbyte.XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path); /* keeps errno */
    return fd;
}

/* Seeks to interval i in the file. False: errno is set. */
static bool seek(const struct spool *spool, size_t i)
{
    return lseek(spool->fd, (off_t)((i - SPOOL_HELD) * sizeof(struct interval)), SEEK_SET) >= 0;
}

/* Writes the next interval. False: errno is set; the next call overwrites a partial interval. */
static bool write_next(struct spool *spool, const struct interval *interval)
{
    if (spool->fd < 0)
        spool->fd = open_nameless();
    return spool->fd >= 0 && seek(spool, spool->count) &&
           file_write(spool->fd, interval, sizeof(*interval));
}

static void keep_error(struct spool *spool, int error)
{
    if (!spool->error)
        spool->error = error;
}

void spool_add(struct spool *spool, const struct tally *tally)
{
    struct interval interval = interval_of(tally);

    if (spool->count < SPOOL_HELD) {
        spool->held[spool->count] = interval;
    } else if (!write_next(spool, &interval)) {
        keep_error(spool, errno);
        return;
    }
    spool->count++;
}

size_t spool_count(const struct spool *spool)
{
    return spool->count;
}

bool spool_get(struct spool *spool, size_t i, struct interval *interval)
{
    size_t length = 0;
    char *bytes = NULL;
    bool whole;

    if (i >= spool->count)
        return false;
    if (i < SPOOL_HELD) {
        *interval = spool->held[i];
        return true;
    }
    if (seek(spool, i))
        bytes = file_read_open(spool->fd, sizeof(*interval), &length);
    whole = length == sizeof(*interval);
    if (whole)
        memcpy(interval, bytes, length);
    else
        keep_error(spool, bytes ? EIO : errno); /* EIO: the file is too short */
    free(bytes);
    return whole;
}

int spool_error(const struct spool *spool)
{
    return spool->error;
}
