/*
 * One line per interval: start, length, maximum, and all counts. The counts are a sequence of
 * numbers of variable length, compressed, in base64; a run of zeros is one negative number. A line
 * has some kilobytes and contains the complete histogram.
 *
 * Rejected: the text format of percentiles (.hgrm). It is easier to read, but its intervals cannot
 * be added.
 */
#include "bench/load/hlog.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/memory.h"

#define COOKIE            UINT32_C(0x1c849303)
#define COOKIE_COMPRESSED UINT32_C(0x1c849304)
#define VARIABLE_LENGTH   UINT32_C(0x10) /* in the bits of the count size of older encodings */
#define DIGITS            3
#define RATIO_OF_ONE      UINT64_C(0x3ff0000000000000) /* the bits of 1.0 */

#define NUMBER_MAX 9 /* bytes of a number: eight of seven bits, and one of eight */

/* The header before the counts. All numbers are big-endian. */
struct counts_head {
    uint32_t cookie;
    uint32_t payload_bytes;
    uint32_t normalizing_offset;
    uint32_t digits;     /* significant, decimal */
    uint64_t lowest;     /* value that differs from 0 */
    uint64_t highest;    /* value */
    uint64_t ratio_bits; /* factor between integers and floating-point values, a double */
};

struct compressed_head {
    uint32_t cookie;
    uint32_t compressed_bytes;
};

#define PLAIN_MAX (sizeof(struct counts_head) + HISTOGRAM_COUNTS * NUMBER_MAX)

struct hlog {
    FILE *file;
    int error;                      /* errno of the first write that failed */
    size_t room;                    /* for compressed bytes */
    unsigned char *packed;          /* compressed_head and compressed bytes */
    unsigned char *payload;         /* in `plain`, after the counts_head */
    unsigned char plain[PLAIN_MAX]; /* counts_head and payload */
};

static void check(struct hlog *hlog, bool written)
{
    if (!written && !hlog->error)
        hlog->error = errno ? errno : EIO;
}

/* Always three decimals, because the C library's reader needs them. */
static void write_thousandths(FILE *file, const char *prefix, uint64_t thousandths)
{
    fprintf(file, "%s%llu.%03llu", prefix, (unsigned long long)(thousandths / 1000),
            (unsigned long long)(thousandths % 1000));
}

static void write_head(FILE *file, uint64_t wall_start)
{
    time_t seconds = (time_t)(wall_start / NSEC_PER_S);
    char date[sizeof("2026-11-08T07:33:20Z") + 16];
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm))
        *date = '\0';
    fputs("#[firstbyte bench: values in nanoseconds, Interval_Max in milliseconds]\n"
          "#[Histogram log format version 1.3]\n",
          file);
    write_thousandths(file, "#[StartTime: ", wall_start / NSEC_PER_MS);
    fprintf(file, " (seconds since epoch), %s]\n", date);
    write_thousandths(file, "#[BaseTime: ", wall_start / NSEC_PER_MS);
    fputs(" (seconds since epoch)]\n"
          "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
          "Histogram\"\n",
          file);
}

struct hlog *hlog_open(const char *path, uint64_t wall_start, int *error)
{
    FILE *file = fopen(path, "we");
    struct hlog *hlog;

    if (!file) {
        *error = errno;
        return NULL;
    }
    hlog = memory_get(sizeof(*hlog));
    hlog->file = file;
    hlog->error = 0;
    hlog->room = compressBound(PLAIN_MAX);
    hlog->packed = memory_get(sizeof(struct compressed_head) + hlog->room);
    hlog->payload = hlog->plain + sizeof(struct counts_head);
    write_head(file, wall_start);
    return hlog;
}

/* A signed number of variable length: ZigZag, then seven bits a byte, lowest first. The top bit
   means that more bytes follow; the ninth byte has eight bits. */
static unsigned char *put_number(unsigned char *to, int64_t number)
{
    uint64_t bits = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    const unsigned char *last = to + NUMBER_MAX - 1;

    for (; bits > 0x7f && to < last; bits >>= 7)
        *to++ = (unsigned char)(bits | 0x80);
    *to++ = (unsigned char)bits;
    return to;
}

/* The counts up to the last that is not 0. Several zeros become one negative number. */
static size_t put_counts(unsigned char *payload, const struct histogram *histogram)
{
    unsigned char *to = payload;
    int64_t zeros = histogram->first;

    for (uint32_t index = histogram->first; index < histogram->end; index++) {
        uint64_t count = histogram->counts[index];

        if (!count) {
            zeros++;
            continue;
        }
        if (zeros)
            to = put_number(to, zeros > 1 ? -zeros : 0);
        zeros = 0;
        to = put_number(to, (int64_t)count);
    }
    if (!histogram->count)
        to = put_number(to, 0);
    return (size_t)(to - payload);
}

/* The histogram's column of a line, to be freed by the caller; NULL: out of memory. */
static char *encode(struct hlog *hlog, const struct histogram *histogram)
{
    size_t bytes = put_counts(hlog->payload, histogram);
    struct counts_head head = {
        .cookie = htobe32(COOKIE | VARIABLE_LENGTH),
        .payload_bytes = htobe32((uint32_t)bytes),
        .digits = htobe32(DIGITS),
        .lowest = htobe64(1),
        .highest = htobe64(HISTOGRAM_MAX),
        .ratio_bits = htobe64(RATIO_OF_ONE),
    };
    struct compressed_head outer = {.cookie = htobe32(COOKIE_COMPRESSED | VARIABLE_LENGTH)};
    uLongf packed = hlog->room;

    memcpy(hlog->plain, &head, sizeof(head));
    if (compress(hlog->packed + sizeof(outer), &packed, hlog->plain, sizeof(head) + bytes) != Z_OK)
        return NULL; /* not Z_BUF_ERROR: the room is enough */
    outer.compressed_bytes = htobe32((uint32_t)packed);
    memcpy(hlog->packed, &outer, sizeof(outer));
    return base64_encode((const char *)hlog->packed, sizeof(outer) + packed);
}

void hlog_interval(struct hlog *hlog, nsec from, nsec length, const struct histogram *histogram)
{
    char *counts;

    if (hlog->error)
        return;
    counts = encode(hlog, histogram);
    if (!counts) {
        hlog->error = ENOMEM;
        return;
    }
    errno = 0;
    write_thousandths(hlog->file, "", from / NSEC_PER_MS);
    write_thousandths(hlog->file, ",", length / NSEC_PER_MS);
    write_thousandths(hlog->file, ",", histogram->max / NSEC_PER_US);
    fprintf(hlog->file, ",%s\n", counts);
    check(hlog,
          !fflush(hlog->file) && !ferror(hlog->file)); /* other programs may read during the run */
    free(counts);
}

int hlog_close(struct hlog *hlog)
{
    int error;

    errno = 0;
    check(hlog, !ferror(hlog->file));
    check(hlog, !fclose(hlog->file));
    error = hlog->error;
    free(hlog->packed);
    free(hlog);
    return error;
}
