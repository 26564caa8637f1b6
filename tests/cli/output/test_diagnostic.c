/* Messages on standard error: one line each, with untrusted text escaped. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "base/memory.h"
#include "cli/output/diagnostic.h"
#include "tests/support/stderr_capture.h"

static void a_message_is_a_line(void **state)
{
    (void)state;
    stderr_capture_begin();
    diagnostic("%u of %s", 3u, "them");
    diagnostic("100%%");
    assert_string_equal(stderr_capture_end(), "firstbyte: 3 of them\nfirstbyte: 100%\n");
}

static void a_complaint_is_escaped(void **state)
{
    bool returned;

    (void)state;
    stderr_capture_begin();
    returned = complain("a\x1b[2J\nb", "%s\r");
    complain("what", "");
    assert_string_equal(stderr_capture_end(),
                        "firstbyte: a\\x1b[2J\\x0ab: %s\\x0d\nfirstbyte: what\n");
    assert_false(returned);
}

static void a_reason_is_freed(void **state)
{
    char *why = memory_text("why", 3);
    bool failed, fine;

    (void)state;
    stderr_capture_begin();
    failed = complain_and_free("what", why);
    fine = complain_and_free("what", NULL);
    assert_string_equal(stderr_capture_end(), "firstbyte: what: why\n");
    assert_false(failed);
    assert_true(fine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_a_line),
        cmocka_unit_test(a_complaint_is_escaped),
        cmocka_unit_test(a_reason_is_freed),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
