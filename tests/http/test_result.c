/* Timings that are computed from stamps. */
#include "tests/support/unit.h"

#include "http/result.h"

#define PHASES_BEFORE_RECEIVE PHASE_RECEIVE

/* Sets `start`, and each stamp whose bit is in `which`, some time after the previous one. */
static void stamp(struct stamps *stamps, unsigned which)
{
    nsec *const row[PHASES_BEFORE_RECEIVE] = {&stamps->start, &stamps->dns,  &stamps->connect,
                                              &stamps->tls,   &stamps->send, &stamps->first_byte};
    nsec now = 1000;

    *stamps = (struct stamps){.taken = now};
    for (int i = 0; i < PHASES_BEFORE_RECEIVE; i++) {
        now += (nsec)10 << i;
        if (which & 1u << i)
            *row[i] = now;
    }
    stamps->done = now + 7;
}

static nsec sum_of(const nsec timings[PHASE_COUNT])
{
    nsec sum = 0;

    for (int i = 0; i < PHASE_COUNT; i++)
        sum += timings[i] == NSEC_NEVER ? 0 : timings[i];
    return sum;
}

static void timings_of(const struct result *result, nsec timings[PHASE_COUNT])
{
    stamps_timings(&result->stamps, result->error != ERROR_NONE, result->phase, timings);
}

/* Every combination of missing stamps, with a complete response. */
static void timings_of_a_response_add_up(void **state)
{
    (void)state;
    for (unsigned which = 1; which < 1u << PHASES_BEFORE_RECEIVE; which += 2) {
        struct result result = {.error = ERROR_NONE};
        nsec timings[PHASE_COUNT];

        stamp(&result.stamps, which);
        timings_of(&result, timings);
        assert_true(sum_of(timings) == result.stamps.done - result.stamps.taken);
        for (int i = 0; i < PHASES_BEFORE_RECEIVE; i++)
            assert_int_equal(timings[i] != NSEC_NEVER, (which >> i) & 1);
        assert_true(timings[PHASE_RECEIVE] != NSEC_NEVER);
    }
}

/* Every failure: the stamp of the failed phase and all later ones are missing. */
static void timings_of_a_failure_add_up(void **state)
{
    (void)state;
    for (unsigned phase = PHASE_DNS; phase < PHASE_COUNT; phase++) {
        for (unsigned which = 1; which < 1u << phase; which += 2) {
            struct result result = {.error = ERROR_TOTAL_TIMEOUT, .phase = (enum phase)phase};
            nsec timings[PHASE_COUNT];

            stamp(&result.stamps, which);
            timings_of(&result, timings);
            assert_true(sum_of(timings) == result.stamps.done - result.stamps.taken);
            assert_true(timings[phase] != NSEC_NEVER);
        }
    }
}

static void each_phase_has_its_time(void **state)
{
    struct result result = {.stamps = {.taken = 100,
                                       .start = 101,
                                       .dns = 103,
                                       .connect = 107,
                                       .tls = 115,
                                       .send = 131,
                                       .first_byte = 163,
                                       .head = 170,
                                       .done = 227}};
    static const nsec expected[PHASE_COUNT] = {1, 2, 4, 8, 16, 32, 64};
    nsec timings[PHASE_COUNT];

    (void)state;
    timings_of(&result, timings);
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_true(timings[i] == expected[i]);
    assert_true(result_elapsed(&result) == 69);
    result.error = ERROR_TRUNCATED;
    result.phase = PHASE_RECEIVE;
    assert_true(result_elapsed(&result) == 126);
}

/* Waiting for a handshake slot counts as blocked, not as tls. */
static void waiting_for_a_handshake_slot_is_blocked(void **state)
{
    struct result result = {.stamps = {.taken = 100,
                                       .start = 101,
                                       .connect = 111,
                                       .queued = 50,
                                       .tls = 181,
                                       .send = 182,
                                       .first_byte = 190,
                                       .head = 191,
                                       .done = 200}};
    nsec timings[PHASE_COUNT];

    (void)state;
    timings_of(&result, timings);
    assert_true(timings[PHASE_BLOCKED] == 51 && timings[PHASE_TLS] == 20);
    assert_true(sum_of(timings) == 100);

    result.stamps =
        (struct stamps){.taken = 100, .start = 101, .connect = 111, .queued = 50, .done = 200};
    result.error = ERROR_TLS_TIMEOUT;
    result.phase = PHASE_TLS; /* failed in the handshake, with a slot */
    timings_of(&result, timings);
    assert_true(timings[PHASE_BLOCKED] == 51 && timings[PHASE_TLS] == 39);
    assert_true(sum_of(timings) == 100);

    result.stamps.queued = 0; /* failed while it waited for a slot */
    result.error = ERROR_TOTAL_TIMEOUT;
    result.phase = PHASE_BLOCKED;
    timings_of(&result, timings);
    assert_true(timings[PHASE_BLOCKED] == 90 && timings[PHASE_TLS] == NSEC_NEVER);
    assert_true(sum_of(timings) == 100);
}

/* An unreadable line fails before any phase. */
static void unreadable_line_has_no_timings(void **state)
{
    struct result result = {.error = ERROR_INPUT, .stamps = {.taken = 5, .start = 5, .done = 5}};
    nsec timings[PHASE_COUNT];

    (void)state;
    timings_of(&result, timings);
    assert_true(timings[PHASE_BLOCKED] == 0);
    for (int i = PHASE_BLOCKED + 1; i < PHASE_COUNT; i++)
        assert_true(timings[i] == NSEC_NEVER);
}

/* The elapsed time contains each redirect up to its last byte; it does not contain failed attempts
   and the waits after them. */
static void elapsed_time_of_redirects_and_attempts(void **state)
{
    const struct leg legs[] = {
        {.redirect = true, .stamps = {.taken = 50, .start = 100, .head = 105, .done = 107}},
        {.redirect = false,
         .error = ERROR_CONNECT_REFUSED,
         .stamps = {.taken = 107, .start = 107, .done = 1107},
         .waited = 5000},
        {.redirect = true, .stamps = {.taken = 6107, .start = 6110, .head = 6120, .done = 6180}},
    };
    struct result result = {.legs = legs,
                            .leg_count = LENGTH(legs),
                            .stamps = {.taken = 6180, .start = 6190, .head = 6200, .done = 6300}};

    (void)state;
    assert_true(result_elapsed(&result) == 7 + 70 + 10);
    result.error = ERROR_TRUNCATED;
    assert_true(result_elapsed(&result) == 7 + 70 + 110);
    result.error = ERROR_NONE;
    /* a response without a head and without an error: its elapsed time ends at `done` */
    result.stamps.head = 0;
    assert_true(result_elapsed(&result) == 7 + 70 + 110);
}

static void phases_have_names(void **state)
{
    static const char *const names[PHASE_COUNT] = {"blocked", "dns",  "connect", "tls",
                                                   "send",    "wait", "receive"};

    (void)state;
    for (int i = 0; i < PHASE_COUNT; i++)
        assert_string_equal(phase_name((enum phase)i), names[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(timings_of_a_response_add_up),
        cmocka_unit_test(timings_of_a_failure_add_up),
        cmocka_unit_test(each_phase_has_its_time),
        cmocka_unit_test(waiting_for_a_handshake_slot_is_blocked),
        cmocka_unit_test(unreadable_line_has_no_timings),
        cmocka_unit_test(phases_have_names),
        cmocka_unit_test(elapsed_time_of_redirects_and_attempts),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
