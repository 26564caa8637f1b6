/*
 * The fields of a tally are grouped by the way they are added; each group is handled as an array.
 * When packed, all numbers have variable length (seven bits a byte, lowest first), and tables
 * contain only entries that are not 0, so the tally of one second has a few kilobytes. Rejected: a
 * copy of the memory, which has two megabytes, and text, which is too slow for a hundred thousand
 * counts.
 */
#include "bench/load/tally.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Offsets of the groups of struct tally, in numbers of 64 bits; the sums begin at 0. */
#define OFFSET(member) (offsetof(struct tally, member) / sizeof(uint64_t))
#define LEVELS         OFFSET(waiting)
#define MAXIMA         OFFSET(suspension)
#define MAXIMA_END     OFFSET(streams_limit_min)
#define TIMES          OFFSET(from)
#define TABLES         OFFSET(errors)
#define TABLES_END     OFFSET(processes)

/* Number of sums in a struct tally_address, before `dropped`. */
#define ADDRESS_SUMS                                                                               \
    ((offsetof(struct tally_address, dropped) - offsetof(struct tally_address, connections)) /     \
     sizeof(uint64_t))

#define MAGIC      "fbtally\4" /* of packed bytes, with the version */
#define MAGIC_SIZE (sizeof(MAGIC) - 1)

#define NUMBER_MAX_BYTES 10 /* of seven bits */
#define FIRST_ROOM       4096

struct tally *tally_new(void)
{
    struct tally *tally = memory_zeroed(sizeof(*tally));

    tally->processes = 1;
#define X(member) tally->member = histogram_new();
    TALLY_HISTOGRAMS(X)
#undef X
    return tally;
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
#define X(member) histogram_free(tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    free(tally);
}

void tally_clear(struct tally *tally)
{
    struct tally cleared = {.processes = 1};

#define X(member)                                                                                  \
    cleared.member = tally->member;                                                                \
    histogram_clear(cleared.member);
    TALLY_HISTOGRAMS(X)
#undef X
    *tally = cleared;
}

static void sum(uint64_t *to, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

/* Adds the fields that are added in the same way over time and over processes. */
static void add(struct tally *to, const struct tally *from)
{
    uint64_t *sums = &to->scheduled;
    const uint64_t *added = &from->scheduled;

    sum(sums, added, LEVELS);
    sum(to->errors, from->errors, TABLES_END - TABLES);
    if (from->any_settings &&
        (!to->any_settings || from->streams_limit_min < to->streams_limit_min))
        to->streams_limit_min = from->streams_limit_min;
    for (size_t i = MAXIMA; i < MAXIMA_END; i++)
        sums[i] = nsec_max(sums[i], added[i]);
#define X(member) histogram_add(to->member, from->member);
    TALLY_HISTOGRAMS(X)
#undef X
    if (from->gap > to->gap || (from->gap == to->gap && from->gap_absent > to->gap_absent)) {
        to->gap = from->gap;
        to->gap_at = from->gap_at;
        to->gap_absent = from->gap_absent;
    }
}

struct tally_address *tally_entry(struct tally_address *table, size_t *count,
                                  const struct address *address)
{
    struct tally_address *entry = table, *end = entry + *count;

    while (entry < end && !address_same(&entry->address, address))
        entry++;
    if (entry < end)
        return entry;
    if (*count == TALLY_ADDRESSES)
        return end - 1;
    *entry = (struct tally_address){0};
    if (++*count < TALLY_ADDRESSES)
        entry->address = *address;
    return entry;
}

/* `dropped` is the value at the end of the span, or of any process that has dropped the address. */
static void add_addresses(struct tally *to, const struct tally *from, bool is_next)
{
    for (size_t i = 0; i < from->address_count; i++) {
        const struct tally_address *one = &from->addresses[i];
        struct tally_address *entry = tally_entry(to->addresses, &to->address_count, &one->address);

        sum(&entry->connections, &one->connections, ADDRESS_SUMS);
        if (is_next || one->dropped)
            entry->dropped = one->dropped;
    }
}

void tally_append(struct tally *to, const struct tally *next)
{
    add(to, next);
    add_addresses(to, next, true);
    if (to->from == to->to)
        to->from = next->from;
    to->to = next->to;
    memcpy(&to->waiting, &next->waiting, (MAXIMA - LEVELS) * sizeof(uint64_t));
    if (next->processes > to->processes)
        to->processes = next->processes;
}

void tally_join(struct tally *to, const struct tally *other)
{
    add(to, other);
    add_addresses(to, other, false);
    to->from = nsec_min(to->from, other->from);
    to->to = nsec_max(to->to, other->to);
    sum(&to->waiting, &other->waiting, MAXIMA - LEVELS);
    to->processes += other->processes;
}

double tally_per_second(const struct tally *tally, uint64_t count)
{
    return tally->to > tally->from ? (double)count * NSEC_PER_S / (double)(tally->to - tally->from)
                                   : 0;
}

enum error tally_commonest_error(const struct tally *tally)
{
    enum error max = ERROR_NONE;

    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++)
        if (tally->errors[i] > tally->errors[max])
            max = i;
    return max;
}

double tally_share(const struct tally *tally, nsec time)
{
    double span = (double)(tally->to - tally->from) * tally->processes;

    return span > 0 ? (double)time / span : 0;
}

double tally_busy(const struct tally *tally)
{
    return tally_share(tally, tally->cpu_user + tally->cpu_system);
}

double tally_limited(const struct tally *tally)
{
    double share = tally_share(tally, tally->limited);

    return share < 1 ? share : 1;
}

/* The output of tally_pack. */
struct writer {
    unsigned char *bytes;
    size_t count, room;
};

static void put(struct writer *writer, uint64_t number)
{
    if (writer->room - writer->count < NUMBER_MAX_BYTES) {
        writer->room *= 2;
        writer->bytes = memory_grow(writer->bytes, writer->room, 1);
    }
    for (; number > 0x7f; number >>= 7)
        writer->bytes[writer->count++] = (unsigned char)(number | 0x80);
    writer->bytes[writer->count++] = (unsigned char)number;
}

static void put_row(struct writer *writer, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(writer, numbers[i]);
}

/* Writes the numbers that are not 0: the distance from the previous one, and the number. A distance
   of 0 is the end. */
static void put_table(struct writer *writer, const uint64_t *table, size_t begin, size_t end)
{
    size_t next = 0; /* the distance is at least 1 */

    for (size_t i = begin; i < end; i++) {
        if (!table[i])
            continue;
        put(writer, i + 1 - next);
        put(writer, table[i]);
        next = i + 1;
    }
    put(writer, 0);
}

static void put_histogram(struct writer *writer, const struct histogram *histogram)
{
    put_table(writer, histogram->counts, histogram->first, histogram->end);
    if (!histogram->count)
        return;
    put(writer, histogram->clamped);
    put(writer, histogram->min);
    put(writer, histogram->max);
}

static void put_address(struct writer *writer, const struct tally_address *entry)
{
    const struct address *address = &entry->address;
    const unsigned char *bytes = (const unsigned char *)&address->any;

    put(writer, address->length);
    for (size_t i = 0; i < address->length; i++)
        put(writer, bytes[i]);
    put_row(writer, &entry->connections, ADDRESS_SUMS + 1);
}

void *tally_pack(const struct tally *tally, size_t *count)
{
    struct writer writer = {memory_get(FIRST_ROOM), MAGIC_SIZE, FIRST_ROOM};

    memcpy(writer.bytes, MAGIC, MAGIC_SIZE);
    put_row(&writer, &tally->scheduled, TABLES);
    put(&writer, tally->processes);
    put_table(&writer, tally->errors, 0, TABLES_END - TABLES);
#define X(member) put_histogram(&writer, tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    put(&writer, tally->address_count);
    for (size_t i = 0; i < tally->address_count; i++)
        put_address(&writer, &tally->addresses[i]);
    *count = writer.count;
    return writer.bytes;
}

/* The input of tally_unpack. After an error all numbers are 0. */
struct tally_reader {
    const unsigned char *at, *end;
    bool malformed;
};

static uint64_t fail(struct tally_reader *reader)
{
    reader->malformed = true;
    reader->at = reader->end;
    return 0;
}

/* Accepts only the encoding that put() writes. */
static uint64_t take(struct tally_reader *reader)
{
    uint64_t number = 0;

    for (unsigned shift = 0; reader->at < reader->end; shift += 7) {
        uint64_t byte = *reader->at++, bits = byte & 0x7f;

        if (shift > 63 || bits << shift >> shift != bits || (shift && !byte))
            break;
        number |= bits << shift;
        if (bits == byte)
            return number;
    }
    return fail(reader);
}

/* Takes the next entry of a table of `size` numbers. *next is the index after the last entry,
   before and after the call. Returns false at the end of the table. */
static bool take_entry(struct tally_reader *reader, size_t size, size_t *next, uint64_t *number)
{
    uint64_t distance = take(reader);

    if (!distance)
        return false;
    *number = take(reader);
    if (!*number || distance > size - *next) {
        fail(reader);
        return false;
    }
    *next += (size_t)distance;
    return true;
}

static void take_row(struct tally_reader *reader, uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = take(reader);
}

static void take_table(struct tally_reader *reader, uint64_t *table, size_t size)
{
    size_t next = 0;
    uint64_t number;

    while (take_entry(reader, size, &next, &number))
        table[next - 1] = number;
}

static uint32_t index_of(nsec value)
{
    return histogram_index(nsec_min(value, HISTOGRAM_MAX));
}

/* Fills an empty histogram; rejects inconsistent values. */
static void take_histogram(struct tally_reader *reader, struct histogram *histogram)
{
    size_t next = 0;
    uint64_t number;

    while (take_entry(reader, index_of(HISTOGRAM_MAX) + 1, &next, &number)) {
        uint32_t index = (uint32_t)(next - 1);

        if (!histogram->count)
            histogram->first = index;
        histogram->end = index + 1;
        histogram->counts[index] = number;
        if (__builtin_add_overflow(histogram->count, number, &histogram->count)) {
            fail(reader);
            return;
        }
    }
    if (!histogram->count)
        return;
    histogram->clamped = take(reader);
    histogram->min = take(reader);
    histogram->max = take(reader);
    if (histogram->min > histogram->max || index_of(histogram->min) != histogram->first ||
        index_of(histogram->max) + 1 != histogram->end ||
        histogram->clamped > histogram->counts[index_of(HISTOGRAM_MAX)])
        fail(reader);
}

static uint64_t take_max(struct tally_reader *reader, uint64_t max)
{
    uint64_t number = take(reader);

    return number <= max ? number : fail(reader);
}

static void take_address(struct tally_reader *reader, struct tally_address *entry)
{
    struct address *address = &entry->address;
    unsigned char *bytes = (unsigned char *)&address->any;
    sa_family_t family;

    *entry = (struct tally_address){0};
    address->length = (socklen_t)take_max(reader, sizeof(address->v6));
    for (size_t i = 0; i < address->length; i++)
        bytes[i] = (unsigned char)take_max(reader, UCHAR_MAX);
    family = address->any.sa_family;
    if (address->length && !(family == AF_INET && address->length == sizeof(address->v4)) &&
        !(family == AF_INET6 && address->length == sizeof(address->v6)))
        fail(reader);
    take_row(reader, &entry->connections, ADDRESS_SUMS + 1);
    if (entry->dropped >= ERROR_COUNT)
        fail(reader);
}

static void take_tally(struct tally_reader *reader, struct tally *tally)
{
    take_row(reader, &tally->scheduled, TABLES);
    tally->processes = (unsigned)take_max(reader, UINT_MAX);
    if (tally->any_settings > 1 || tally->streams_limit_max > UINT32_MAX ||
        tally->streams_limit_min > tally->streams_limit_max)
        fail(reader);
    if (tally->from > tally->to || !tally->processes || tally->gave_up >= ERROR_COUNT)
        fail(reader);
    take_table(reader, tally->errors, TABLES_END - TABLES);
#define X(member) take_histogram(reader, tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    tally->address_count = take_max(reader, TALLY_ADDRESSES);
    for (size_t i = 0; i < tally->address_count; i++)
        take_address(reader, &tally->addresses[i]);
    if (reader->at != reader->end)
        fail(reader);
}

bool tally_unpack(struct tally *tally, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    struct tally_reader reader = {.at = at + MAGIC_SIZE, .end = at + count};

    tally_clear(tally);
    if (count < MAGIC_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
        return false;
    take_tally(&reader, tally);
    if (reader.malformed)
        tally_clear(tally);
    return !reader.malformed;
}
