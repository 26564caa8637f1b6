/*
 * Every member is in one of the lists below, by what becomes of it when two tallies are added; a count
 * that is in none does not compile. Packed, all numbers are of variable length (seven bits a byte, the
 * lowest first), and of a table only what is not 0 is there: a second's tally is a few kilobytes, not
 * the two megabytes of its memory. Sending the memory as it is was rejected for that reason, text for
 * the time that a hundred thousand counts would take.
 */
#include "bench/load/tally.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What adds up over time and over processes. */
#define SUMS(X)                                                                                    \
    X(scheduled)                                                                                   \
    X(started)                                                                                     \
    X(completed)                                                                                   \
    X(failed)                                                                                      \
    X(bytes_in)                                                                                    \
    X(bytes_out)                                                                                   \
    X(connections)                                                                                 \
    X(handshakes)                                                                                  \
    X(resumed)                                                                                     \
    X(stamps_missing)                                                                              \
    X(stamps_unusable)                                                                             \
    X(cpu_user)                                                                                    \
    X(cpu_system)                                                                                  \
    X(starved)                                                                                     \
    X(suspended)                                                                                   \
    X(limited)

/* What holds at the end of the span. */
#define LEVELS(X)                                                                                  \
    X(waiting)                                                                                     \
    X(in_flight)                                                                                   \
    X(open)

/* Of which the greater is kept. */
#define GREATEST(X)                                                                                \
    X(gave_up)                                                                                     \
    X(suspension)                                                                                  \
    X(proven)

#define TIMES(X)                                                                                   \
    X(from)                                                                                        \
    X(to)                                                                                          \
    X(gap)                                                                                         \
    X(gap_at)                                                                                      \
    X(gap_away)

#define ONE(member) +1
_Static_assert(offsetof(struct tally, processes) == (0 SUMS(ONE) LEVELS(ONE) GREATEST(ONE)
                                                         TIMES(ONE) +
                                                     ERROR_COUNT + TALLY_STATUSES) *
                                                        sizeof(uint64_t),
               "a count of struct tally is in none of the lists, or in two");
#undef ONE

/* What packed bytes begin with; the count of all that follows it stands behind. */
#define MAGIC      "fbtally\2" /* with the version */
#define MAGIC_SIZE (sizeof(MAGIC) - 1)
#define SIZE_BYTES 4 /* of that count, the lowest first */
#define HEAD_BYTES (MAGIC_SIZE + SIZE_BYTES)

#define NUMBER_MOST_BYTES 10 /* of seven bits */
#define FIRST_ROOM        4096

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

/* Adds what adds up in either way. */
static void add(struct tally *to, const struct tally *from)
{
#define X(member) to->member += from->member;
    SUMS(X)
#undef X
#define X(member) histogram_add(to->member, from->member);
    TALLY_HISTOGRAMS(X)
#undef X
#define X(member)                                                                                  \
    if (from->member > to->member)                                                                 \
        to->member = from->member;
    GREATEST(X)
#undef X
    for (size_t i = 0; i < ERROR_COUNT; i++)
        to->errors[i] += from->errors[i];
    for (size_t i = 0; i < TALLY_STATUSES; i++)
        to->status[i] += from->status[i];
    if (from->gap > to->gap) {
        to->gap = from->gap;
        to->gap_at = from->gap_at;
        to->gap_away = from->gap_away;
    }
}

/* The entry of an address; a new one where there is none, and room. */
static struct tally_address *entry_of(struct tally *tally, const struct address *address)
{
    struct tally_address *entry = tally->addresses, *end = entry + tally->address_count;

    while (entry < end && !address_same(&entry->address, address))
        entry++;
    if (entry < end)
        return entry;
    if (tally->address_count == TALLY_ADDRESSES)
        return end - 1;
    *entry = (struct tally_address){0};
    if (++tally->address_count < TALLY_ADDRESSES)
        entry->address = *address;
    return entry;
}

/* What was dropped is so at the end of the span; of several processes, in one of them at least. */
static void add_addresses(struct tally *to, const struct tally *from, bool is_next)
{
    for (size_t i = 0; i < from->address_count; i++) {
        const struct tally_address *one = &from->addresses[i];
        struct tally_address *entry = entry_of(to, &one->address);

#define X(member) entry->member += one->member;
        TALLY_ADDRESS_SUMS(X)
#undef X
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
#define X(member) to->member = next->member;
    LEVELS(X)
#undef X
    if (next->processes > to->processes)
        to->processes = next->processes;
}

void tally_join(struct tally *to, const struct tally *other)
{
    add(to, other);
    add_addresses(to, other, false);
    if (other->from < to->from)
        to->from = other->from;
    if (other->to > to->to)
        to->to = other->to;
#define X(member) to->member += other->member;
    LEVELS(X)
#undef X
    to->processes += other->processes;
}

double tally_per_second(const struct tally *tally, uint64_t count)
{
    return tally->to > tally->from ? (double)count * NSEC_PER_S / (double)(tally->to - tally->from)
                                   : 0;
}

enum error tally_commonest_error(const struct tally *tally)
{
    enum error most = ERROR_NONE;

    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++)
        if (tally->errors[i] > tally->errors[most])
            most = i;
    return most;
}

/* The share of the processes' time. */
static double share_of_span(const struct tally *tally, nsec time)
{
    double span = (double)(tally->to - tally->from) * tally->processes;

    return span > 0 ? (double)time / span : 0;
}

double tally_busy(const struct tally *tally)
{
    return share_of_span(tally, tally->cpu_user + tally->cpu_system);
}

double tally_starved(const struct tally *tally)
{
    return share_of_span(tally, tally->starved);
}

double tally_suspended(const struct tally *tally)
{
    return share_of_span(tally, tally->suspended);
}

double tally_limited(const struct tally *tally)
{
    double share = share_of_span(tally, tally->limited);

    return share < 1 ? share : 1;
}

/* Bytes as they are written. */
struct writer {
    unsigned char *bytes;
    size_t count, room;
};

static void put(struct writer *writer, uint64_t number)
{
    if (writer->room - writer->count < NUMBER_MOST_BYTES) {
        writer->room *= 2;
        writer->bytes = memory_grow(writer->bytes, writer->room, 1);
    }
    for (; number > 0x7f; number >>= 7)
        writer->bytes[writer->count++] = (unsigned char)(number | 0x80);
    writer->bytes[writer->count++] = (unsigned char)number;
}

/* Writes those of the numbers that are not 0: how far from the one before, and how many; a distance of
   0 ends them. */
static void put_table(struct writer *writer, const uint64_t *table, size_t begin, size_t end)
{
    size_t next = 0; /* the distance counts from here, and is at least 1 */

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
    uint64_t half[2] = {0};

    put(writer, address->length ? address->any.sa_family : AF_UNSPEC);
    if (address->length) {
        put(writer, address_port(address));
        if (address->any.sa_family == AF_INET) {
            put(writer, ntohl(address->v4.sin_addr.s_addr));
        } else {
            memcpy(half, &address->v6.sin6_addr, sizeof(half));
            put(writer, half[0]);
            put(writer, half[1]);
            put(writer, address->v6.sin6_scope_id);
        }
    }
#define X(member) put(writer, entry->member);
    TALLY_ADDRESS_SUMS(X)
#undef X
    put(writer, entry->dropped);
}

void *tally_pack(const struct tally *tally, size_t *count)
{
    struct writer writer = {memory_get(FIRST_ROOM), HEAD_BYTES, FIRST_ROOM};
    size_t length;

#define X(member) put(&writer, tally->member);
    SUMS(X)
    LEVELS(X)
    GREATEST(X)
    TIMES(X)
#undef X
    put(&writer, tally->processes);
    put_table(&writer, tally->errors, 0, ERROR_COUNT);
    put_table(&writer, tally->status, 0, TALLY_STATUSES);
#define X(member) put_histogram(&writer, tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    put(&writer, tally->address_count);
    for (size_t i = 0; i < tally->address_count; i++)
        put_address(&writer, &tally->addresses[i]);
    length = writer.count - HEAD_BYTES;
    memcpy(writer.bytes, MAGIC, MAGIC_SIZE);
    for (size_t i = 0; i < SIZE_BYTES; i++)
        writer.bytes[MAGIC_SIZE + i] = (unsigned char)(length >> 8 * i);
    *count = writer.count;
    return writer.bytes;
}

/* Bytes as they are read. What is wrong with them is remembered: then all that is read is 0. */
struct tally_reader {
    const unsigned char *at, *end;
    bool wrong;
};

static uint64_t wrong(struct tally_reader *reader)
{
    reader->wrong = true;
    reader->at = reader->end;
    return 0;
}

/* A number in the one form in which put() writes it. */
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
    return wrong(reader);
}

/* The next of a table of `size`: its place, and how many. `next` is the place after the one before.
   False at its end. */
static bool take_entry(struct tally_reader *reader, size_t size, size_t *next, uint64_t *number)
{
    uint64_t distance = take(reader);

    if (!distance)
        return false;
    *number = take(reader);
    if (!*number || distance > size - *next) {
        wrong(reader);
        return false;
    }
    *next += (size_t)distance;
    return true;
}

static void take_table(struct tally_reader *reader, uint64_t *table, size_t size)
{
    size_t next = 0;
    uint64_t number;

    while (take_entry(reader, size, &next, &number))
        table[next - 1] = number;
}

/* Where the least or the greatest value was counted. */
static uint32_t place_of(nsec value)
{
    return histogram_place(value < HISTOGRAM_MOST ? value : HISTOGRAM_MOST);
}

/* Fills an empty histogram, with what can have been in one. */
static void take_histogram(struct tally_reader *reader, struct histogram *histogram)
{
    size_t next = 0;
    uint64_t number;

    while (take_entry(reader, place_of(HISTOGRAM_MOST) + 1, &next, &number)) {
        uint32_t place = (uint32_t)(next - 1);

        if (!histogram->count)
            histogram->first = place;
        histogram->end = place + 1;
        histogram->counts[place] = number;
        if (__builtin_add_overflow(histogram->count, number, &histogram->count)) {
            wrong(reader);
            return;
        }
    }
    if (!histogram->count)
        return;
    histogram->clamped = take(reader);
    histogram->min = take(reader);
    histogram->max = take(reader);
    if (histogram->min > histogram->max || place_of(histogram->min) != histogram->first ||
        place_of(histogram->max) + 1 != histogram->end ||
        histogram->clamped > histogram->counts[place_of(HISTOGRAM_MOST)])
        wrong(reader);
}

static uint64_t take_most(struct tally_reader *reader, uint64_t most)
{
    uint64_t number = take(reader);

    return number <= most ? number : wrong(reader);
}

static void take_address(struct tally_reader *reader, struct tally_address *entry)
{
    struct address *address = &entry->address;
    uint64_t family = take(reader), port = family ? take_most(reader, UINT16_MAX) : 0, half[2];

    *entry = (struct tally_address){0};
    if (family == AF_INET) {
        address->length = sizeof(address->v4);
        address->v4.sin_family = AF_INET;
        address->v4.sin_addr.s_addr = htonl((uint32_t)take_most(reader, UINT32_MAX));
    } else if (family == AF_INET6) {
        address->length = sizeof(address->v6);
        address->v6.sin6_family = AF_INET6;
        half[0] = take(reader);
        half[1] = take(reader);
        memcpy(&address->v6.sin6_addr, half, sizeof(half));
        address->v6.sin6_scope_id = (uint32_t)take_most(reader, UINT32_MAX);
    } else if (family) {
        wrong(reader);
    }
    if (address->length)
        address_set_port(address, (uint16_t)port);
#define X(member) entry->member = take(reader);
    TALLY_ADDRESS_SUMS(X)
#undef X
    entry->dropped = take_most(reader, ERROR_COUNT - 1);
}

static void take_tally(struct tally_reader *reader, struct tally *tally)
{
#define X(member) tally->member = take(reader);
    SUMS(X)
    LEVELS(X)
    GREATEST(X)
    TIMES(X)
#undef X
    tally->processes = (unsigned)take_most(reader, UINT_MAX);
    if (tally->from > tally->to || !tally->processes || tally->gave_up >= ERROR_COUNT)
        wrong(reader);
    take_table(reader, tally->errors, ERROR_COUNT);
    take_table(reader, tally->status, TALLY_STATUSES);
#define X(member) take_histogram(reader, tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    tally->address_count = take_most(reader, TALLY_ADDRESSES);
    for (size_t i = 0; i < tally->address_count; i++)
        take_address(reader, &tally->addresses[i]);
    if (reader->at != reader->end)
        wrong(reader);
}

bool tally_unpack(struct tally *tally, const void *bytes, size_t count)
{
    const unsigned char *head = bytes;
    struct tally_reader reader = {0};
    size_t length = 0;

    tally_clear(tally);
    if (count < HEAD_BYTES || memcmp(head, MAGIC, MAGIC_SIZE) != 0)
        return false;
    for (size_t i = 0; i < SIZE_BYTES; i++)
        length |= (size_t)head[MAGIC_SIZE + i] << 8 * i;
    if (length != count - HEAD_BYTES)
        return false;
    reader.at = head + HEAD_BYTES;
    reader.end = head + count;
    take_tally(&reader, tally);
    if (reader.wrong)
        tally_clear(tally);
    return !reader.wrong;
}
