/* The table of errors, and the error of a failed call in each phase. */
#include "tests/support/unit.h"

#include <errno.h>

#include "base/bytes.h"
#include "http/error.h"
#include "tls/transport.h"

static bool is_code(const char *code)
{
    const char *dot = strchr(code, '.');

    for (const char *at = code; *at; at++)
        if (!(is_letter(*at) && *at == to_lower(*at)) && !is_digit(*at) && *at != '_' && at != dot)
            return false;
    return dot && dot > code && dot[1];
}

static void each_error_has_a_phase_a_code_and_a_sentence(void **state)
{
    static const char *const phases[] = {"input", "local", "total", "dns",  "connect",
                                         "proxy", "tls",   "send",  "wait", "receive"};

    (void)state;
    assert_string_equal(error_phase(ERROR_NONE), "");
    assert_string_equal(error_code(ERROR_NONE), "");
    assert_string_equal(error_sentence(ERROR_NONE), "");
    for (int i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        enum error error = (enum error)i;
        bool known = false;

        for (size_t p = 0; p < LENGTH(phases); p++)
            known = known || !strcmp(error_phase(error), phases[p]);
        if (!known || !is_code(error_code(error)) || strlen(error_sentence(error)) < 5)
            fail_msg("%d: %s %s %s", i, error_phase(error), error_code(error),
                     error_sentence(error));
        for (int j = ERROR_NONE + 1; j < i; j++)
            assert_string_not_equal(error_code(error), error_code((enum error)j));
    }
}

static void failed_connects(void **state)
{
    static const struct {
        int reason;
        enum error error;
    } cases[] = {
        {EMFILE, ERROR_DESCRIPTORS},
        {ENFILE, ERROR_DESCRIPTORS},
        {EADDRNOTAVAIL, ERROR_PORTS},
        {EACCES, ERROR_LOCAL},
        {ENOBUFS, ERROR_LOCAL},
        {EINTR, ERROR_INTERRUPTED},
        {ECONNREFUSED, ERROR_CONNECT_REFUSED},
        {ETIMEDOUT, ERROR_CONNECT_TIMEOUT},
        {ENETUNREACH, ERROR_CONNECT_UNREACHABLE},
        {EHOSTUNREACH, ERROR_CONNECT_UNREACHABLE},
        {ECONNRESET, ERROR_CONNECT_RESET},
        {EAFNOSUPPORT, ERROR_CONNECT_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_int_equal(error_of_connect(cases[i].reason), cases[i].error);
}

/* Each reason of a transport has its own error, with the right phase. */
static void failed_handshakes(void **state)
{
    (void)state;
    for (int reason = TLS_NOT_TLS; reason < TLS_FLOOD; reason++) {
        enum error error = error_of_handshake(reason);

        assert_int_not_equal(error, ERROR_TLS_FAILED);
        assert_string_equal(error_phase(error), "tls");
        for (int other = TLS_NOT_TLS; other < reason; other++)
            assert_int_not_equal(error, error_of_handshake(other));
    }
    assert_int_equal(error_of_handshake(TLS_FAILED), ERROR_TLS_FAILED);
    assert_int_equal(error_of_handshake(EIO), ERROR_TLS_FAILED);
    assert_int_equal(error_of_handshake(ECONNRESET), ERROR_TLS_RESET);
    assert_int_equal(error_of_handshake(EPIPE), ERROR_TLS_RESET);
    assert_int_equal(error_of_handshake(EINTR), ERROR_INTERRUPTED);
}

static void failed_sends_and_receives(void **state)
{
    (void)state;
    assert_int_equal(error_of_send(EPIPE), ERROR_SEND_RESET);
    assert_int_equal(error_of_send(ECONNRESET), ERROR_SEND_RESET);
    assert_int_equal(error_of_send(EINTR), ERROR_INTERRUPTED);
    assert_int_equal(error_of_send(TLS_FAILED), ERROR_SEND_FAILED);
    assert_int_equal(error_of_receive(ECONNRESET, false), ERROR_WAIT_RESET);
    assert_int_equal(error_of_receive(ECONNRESET, true), ERROR_RECEIVE_RESET);
    assert_int_equal(error_of_receive(TLS_TRUNCATED, true), ERROR_TLS_TRUNCATED);
    assert_int_equal(error_of_receive(TLS_TRUNCATED, false), ERROR_EMPTY);
    assert_int_equal(error_of_receive(EINTR, true), ERROR_INTERRUPTED);
    assert_int_equal(error_of_receive(EIO, true), ERROR_RECEIVE_FAILED);
    assert_int_equal(error_of_receive(TLS_FLOOD, true), ERROR_TLS_FAILED);
    assert_int_equal(error_of_receive(TLS_FLOOD, false), ERROR_TLS_FAILED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_has_a_phase_a_code_and_a_sentence),
        cmocka_unit_test(failed_connects),
        cmocka_unit_test(failed_handshakes),
        cmocka_unit_test(failed_sends_and_receives),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
