/* Tallies: sums over spans and processes, and their packed form. */
#include "tests/support/unit.h"

#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bench/load/tally.h"
#include "tests/support/sums.h"

#define SMALL_BYTES 8192 /* limit for the packed tally of a second */
#define HEAD_BYTES  8    /* of the packed form */

/* Counts that differ from each other. */
static struct tally *sample(uint64_t n)
{
    struct tally *tally = tally_new();

    tally->from = n * NSEC_PER_S;
    tally->to = (n + 1) * NSEC_PER_S;
    tally->scheduled = 100 * n + 9;
    tally->started = 100 * n + 7;
    tally->completed = 100 * n + 3;
    tally->failed = 1;
    tally->waiting = 2;
    tally->in_flight = 3;
    tally->bytes_in = n << 40;
    tally->bytes_out = n << 20;
    tally->connections = n + 1;
    tally->handshakes = n + 2;
    tally->resumed = n;
    tally->open = n + 5;
    tally->errors[ERROR_TRUNCATED] = 1;
    tally->errors[ERROR_COUNT - 1] = n;
    tally->status[200] = 100 * n;
    tally->status[TALLY_STATUSES - 1] = 3;
    tally->stamps_missing = n * 3;
    tally->stamps_unusable = n * 5;
    tally->cpu_user = n * NSEC_PER_MS;
    tally->cpu_system = 2 * n * NSEC_PER_MS;
    tally->goaways = n;
    tally->resets = 2 * n;
    tally->refused = 3 * n;
    tally->resent = 4 * n;
    tally->header_bytes_in = 5 * n;
    tally->header_bytes_in_plain = 50 * n;
    tally->header_bytes_out = 6 * n;
    tally->header_bytes_out_plain = 60 * n;
    tally->heads_in = 7 * n;
    tally->heads_out = 8 * n;
    tally->any_settings = 1;
    tally->streams_limit_min = 10 * n;
    tally->streams_limit_max = 20 * n;
    tally->gap = n * NSEC_PER_US;
    tally->gap_at = n * NSEC_PER_S + 1;
    tally->address_count = 3;
    address_parse(&tally->addresses[0].address, "127.0.0.1", 80);
    address_parse(&tally->addresses[1].address, "fe80::1", 65535);
    tally->addresses[1].address.v6.sin6_scope_id = 7;
    tally->addresses[0].connections = n;
    tally->addresses[0].completed = 3 * n;
    tally->addresses[0].time = n * NSEC_PER_S;
    tally->addresses[1].refused = 1;
    tally->addresses[1].failed = n;
    tally->addresses[1].dropped = ERROR_CONNECT_REFUSED;
    tally->addresses[2].connections = 9; /* others */
    histogram_record(tally->latency, n * 123456);
    histogram_record(tally->latency, 1);
    histogram_record(tally->lag, 2 * HISTOGRAM_MAX);
    histogram_record(tally->send_delay, HISTOGRAM_MAX);
    histogram_record(tally->slot_wait, n * NSEC_PER_MS);
    return tally;
}

static bool same_histogram(const struct histogram *a, const struct histogram *b)
{
    return a->count == b->count && a->clamped == b->clamped && a->min == b->min &&
           a->max == b->max && !memcmp(a->counts, b->counts, sizeof(a->counts));
}

static void assert_same(const struct tally *a, const struct tally *b)
{
    assert_memory_equal(a, b, offsetof(struct tally, processes));
    assert_int_equal(a->processes, b->processes);
    assert_int_equal(a->address_count, b->address_count);
    for (size_t i = 0; i < a->address_count; i++) {
        const struct tally_address *one = &a->addresses[i], *other = &b->addresses[i];

        assert_true(address_same(&one->address, &other->address));
        assert_memory_equal(&one->connections, &other->connections,
                            sizeof(*one) - offsetof(struct tally_address, connections));
    }
#define X(member)                                                                                  \
    if (!same_histogram(a->member, b->member))                                                     \
        fail_msg("%s differs", #member);
    TALLY_HISTOGRAMS(X)
#undef X
}

static void a_new_tally_is_empty(void **state)
{
    struct tally *tally = tally_new(), *used = sample(4);

    (void)state;
    assert_int_equal(tally->processes, 1);
    assert_int_equal(tally->latency->count, 0);
    assert_true(tally_adds_up(tally));
    assert_true(tally_busy(tally) == 0);
    used->processes = 3;
    tally_clear(used);
    assert_same(tally, used);
    tally_free(tally);
    tally_free(used);
    tally_free(NULL);
}

static void appending_the_next_span(void **state)
{
    struct tally *run = tally_new(), *first = sample(5), *second = sample(6);

    (void)state;
    tally_append(run, first);
    assert_same(run, first);
    second->gap = 1;
    second->processes = 1;
    first->processes = run->processes = 2;
    tally_append(run, second);
    assert_int_equal(run->from, 5 * NSEC_PER_S);
    assert_int_equal(run->to, 7 * NSEC_PER_S);
    assert_int_equal(run->scheduled, 509 + 609);
    assert_int_equal(run->waiting, 2);
    assert_int_equal(run->in_flight, 3);
    assert_int_equal(run->open, 11);
    assert_int_equal(run->bytes_in, UINT64_C(11) << 40);
    assert_int_equal(run->cpu_system, 22 * NSEC_PER_MS);
    assert_int_equal(run->resent, 44);
    assert_int_equal(run->header_bytes_out_plain, 660);
    assert_int_equal(run->streams_limit_min, 50);
    assert_int_equal(run->streams_limit_max, 120);
    assert_int_equal(run->slot_wait->count, 2);
    assert_int_equal(run->errors[ERROR_COUNT - 1], 11);
    assert_int_equal(run->status[200], 1100);
    assert_int_equal(run->gap, 5 * NSEC_PER_US);
    assert_int_equal(run->gap_at, 5 * NSEC_PER_S + 1);
    assert_int_equal(run->processes, 2);
    assert_int_equal(run->latency->count, 4);
    assert_int_equal(run->lag->clamped, 2);
    assert_int_equal(run->address_count, 3);
    assert_int_equal(run->addresses[0].completed, 15 + 18);
    assert_int_equal(run->addresses[0].time, 11 * NSEC_PER_S);
    assert_int_equal(run->addresses[1].dropped, ERROR_CONNECT_REFUSED);
    second->addresses[1].dropped = ERROR_NONE; /* it is used again */
    tally_append(run, second);
    assert_int_equal(run->addresses[1].dropped, ERROR_NONE);
    tally_free(run);
    tally_free(first);
    tally_free(second);
}

/* A limit of 0 is a limit; a process without SETTINGS has none. */
static void the_smallest_limit_of_streams(void **state)
{
    static const struct {
        uint64_t any[2], min[2], max[2];
        uint64_t wanted_any, wanted_min, wanted_max;
    } cases[] = {
        {{0, 1}, {0, 100}, {0, 200}, 1, 100, 200},
        {{1, 0}, {100, 0}, {200, 0}, 1, 100, 200},
        {{1, 1}, {100, 0}, {100, 0}, 1, 0, 100},
        {{1, 1}, {8, 100}, {8, UINT32_MAX}, 1, 8, UINT32_MAX},
        {{0, 0}, {0, 0}, {0, 0}, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tally *tallies[2] = {tally_new(), tally_new()};

        for (int j = 0; j < 2; j++) {
            tallies[j]->any_settings = cases[i].any[j];
            tallies[j]->streams_limit_min = cases[i].min[j];
            tallies[j]->streams_limit_max = cases[i].max[j];
        }
        tally_join(tallies[0], tallies[1]);
        assert_int_equal(tallies[0]->any_settings, cases[i].wanted_any);
        assert_int_equal(tallies[0]->streams_limit_min, cases[i].wanted_min);
        assert_int_equal(tallies[0]->streams_limit_max, cases[i].wanted_max);
        tally_free(tallies[0]);
        tally_free(tallies[1]);
    }
}

static void joining_another_process(void **state)
{
    struct tally *all = sample(5), *other = sample(5);

    (void)state;
    other->from -= 10;
    other->to -= 10;
    other->gap = NSEC_PER_S;
    other->gap_at = 17;
    other->addresses[1].dropped = ERROR_NONE;
    address_parse(&other->addresses[0].address, "127.0.0.2", 80); /* unknown to the first */
    tally_join(all, other);
    assert_int_equal(all->address_count, 4);
    assert_int_equal(all->addresses[0].completed, 15);
    assert_int_equal(all->addresses[1].failed, 10);
    assert_int_equal(all->addresses[1].dropped, ERROR_CONNECT_REFUSED);
    assert_int_equal(all->addresses[2].connections, 18);
    assert_int_equal(all->addresses[3].completed, 15);
    assert_int_equal(all->from, 5 * NSEC_PER_S - 10);
    assert_int_equal(all->to, 6 * NSEC_PER_S);
    assert_int_equal(all->scheduled, 2 * 509);
    assert_int_equal(all->waiting, 4);
    assert_int_equal(all->in_flight, 6);
    assert_int_equal(all->open, 20);
    assert_int_equal(all->handshakes, 14);
    assert_int_equal(all->gap, NSEC_PER_S);
    assert_int_equal(all->gap_at, 17);
    assert_int_equal(all->processes, 2);
    assert_int_equal(all->latency->count, 4);
    tally_free(all);
    tally_free(other);
}

static void sums_are_checked(void **state)
{
    struct tally tally = {.scheduled = 10, .started = 8, .waiting = 2};

    (void)state;
    tally.completed = 5;
    tally.failed = 2;
    assert_false(tally_adds_up(&tally));
    tally.in_flight = 1;
    assert_true(tally_adds_up(&tally));
    tally.waiting = 1;
    assert_false(tally_adds_up(&tally));
}

static void busy_share(void **state)
{
    struct tally tally = {.from = NSEC_PER_S, .to = 3 * NSEC_PER_S, .processes = 1};

    (void)state;
    tally.cpu_user = NSEC_PER_S;
    tally.cpu_system = NSEC_PER_S / 2;
    assert_true(tally_busy(&tally) == 0.75);
    tally.processes = 2;
    assert_true(tally_busy(&tally) == 0.375);
    tally.to = tally.from;
    assert_true(tally_busy(&tally) == 0);
}

static void per_second(void **state)
{
    struct tally tally = {.from = NSEC_PER_S, .to = 3 * NSEC_PER_S};

    (void)state;
    assert_true(tally_per_second(&tally, 5) == 2.5);
    assert_true(tally_per_second(&tally, 0) == 0);
    tally.to = tally.from;
    assert_true(tally_per_second(&tally, 5) == 0);
}

static void most_frequent_error(void **state)
{
    struct tally tally = {0};

    (void)state;
    assert_int_equal(tally_commonest_error(&tally), ERROR_NONE);
    tally.errors[ERROR_EMPTY] = 2;
    assert_int_equal(tally_commonest_error(&tally), ERROR_EMPTY);
    tally.errors[ERROR_CONNECT_REFUSED] = 3;
    assert_int_equal(tally_commonest_error(&tally), ERROR_CONNECT_REFUSED);
    tally.errors[ERROR_COUNT - 1] = 4;
    assert_int_equal(tally_commonest_error(&tally), ERROR_COUNT - 1);
}

static void packed_and_unpacked(void **state)
{
    struct tally *from = sample(7), *to = sample(9);
    size_t count;
    void *bytes;

    (void)state;
    from->processes = UINT_MAX;
    from->scheduled = UINT64_MAX;
    for (uint32_t i = 0; i < 300; i++)
        histogram_record(from->raw, unit_random());
    bytes = tally_pack(from, &count);
    assert_true(count < SMALL_BYTES);
    assert_true(tally_unpack(to, bytes, count));
    assert_same(from, to);
    histogram_record(to->raw, 5); /* usable after unpacking */
    histogram_clear(to->raw);
    tally_clear(from);
    assert_true(same_histogram(to->raw, from->raw));
    free(bytes);

    bytes = tally_pack(from, &count);
    assert_true(tally_unpack(to, bytes, count));
    assert_same(from, to);
    free(bytes);
    tally_free(from);
    tally_free(to);
}

/* With any byte changed, unpacking fails or gives a tally that packs into the same bytes. */
static void changed_bytes(void **state)
{
    struct tally *tally = sample(3), *empty = tally_new(), *to = tally_new();
    size_t count, again;
    unsigned char *bytes = tally_pack(tally, &count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        unsigned char was = bytes[i];

        bytes[i] ^= (unsigned char)(1 + unit_random() % 255);
        if (tally_unpack(to, bytes, count)) {
            void *same = tally_pack(to, &again);

            assert_int_equal(again, count);
            assert_memory_equal(same, bytes, count);
            free(same);
        } else {
            assert_same(to, empty);
        }
        bytes[i] = was;
    }
    for (size_t i = 0; i < count; i++)
        assert_false(tally_unpack(to, bytes, i));
    bytes = memory_grow(bytes, count + 1, 1);
    bytes[count] = 0;
    assert_false(tally_unpack(to, bytes, count + 1));
    free(bytes);
    tally_free(tally);
    tally_free(empty);
    tally_free(to);
}

/* The first number of an empty tally in other forms. */
static void numbers_in_other_forms(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool valid;
    } forms[] = {
        {"\x05", 1, true},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, true},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, false},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01", 11, false},
        {"\x85\x80\x01", 3, true},
        {"\x85\x00", 2, false},
    };
    struct tally *tally = tally_new(), *to = tally_new();
    size_t count;
    unsigned char *bytes = tally_pack(tally, &count), changed[256];

    (void)state;
    for (size_t i = 0; i < LENGTH(forms); i++) {
        size_t length = forms[i].length, rest = count - HEAD_BYTES - 1;

        memcpy(changed, bytes, HEAD_BYTES);
        memcpy(changed + HEAD_BYTES, forms[i].bytes, length);
        memcpy(changed + HEAD_BYTES + length, bytes + HEAD_BYTES + 1, rest);
        if (tally_unpack(to, changed, HEAD_BYTES + length + rest) != forms[i].valid)
            fail_msg("%zu is %s", i, forms[i].valid ? "refused" : "accepted");
    }
    free(bytes);
    tally_free(tally);
    tally_free(to);
}

/* Packs an inconsistent tally; unpacking it fails. */
static void check_impossible(struct tally *tally)
{
    struct tally *to = tally_new();
    size_t count;
    void *bytes = tally_pack(tally, &count);

    assert_false(tally_unpack(to, bytes, count));
    free(bytes);
    tally_free(to);
    tally_clear(tally);
}

static void impossible_tallies(void **state)
{
    struct tally *tally = tally_new();

    (void)state;
    tally->from = 1;
    check_impossible(tally);
    tally->processes = 0;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, 5);
    tally->kernel_latency->max = 4;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, 5);
    tally->kernel_latency->min = 4;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, 5);
    tally->kernel_latency->max = 6;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, 5);
    tally->kernel_latency->clamped = 1;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, 5);
    histogram_record(tally->kernel_latency, 6);
    tally->kernel_latency->counts[5] = UINT64_MAX;
    check_impossible(tally);
    histogram_record(tally->kernel_latency, HISTOGRAM_MAX);
    tally->kernel_latency->counts[histogram_index(HISTOGRAM_MAX) + 1] =
        1; /* over the greatest index */
    tally->kernel_latency->end++;
    tally->kernel_latency->max = HISTOGRAM_MAX;
    check_impossible(tally);
    tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_tally_is_empty),
        cmocka_unit_test(appending_the_next_span),
        cmocka_unit_test(the_smallest_limit_of_streams),
        cmocka_unit_test(joining_another_process),
        cmocka_unit_test(sums_are_checked),
        cmocka_unit_test(busy_share),
        cmocka_unit_test(per_second),
        cmocka_unit_test(most_frequent_error),
        cmocka_unit_test(packed_and_unpacked),
        cmocka_unit_test(changed_bytes),
        cmocka_unit_test(numbers_in_other_forms),
        cmocka_unit_test(impossible_tallies),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
