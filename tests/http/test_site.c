/* The method of a site, and content that several sites share. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/site.h"

static void content_is_freed_with_its_last_reference(void **state)
{
    char bytes[] = "a\0b";
    struct content *content = content_new(bytes, 3);
    struct site *one = site_new(), *two = site_new();

    (void)state;
    bytes[0] = 'x'; /* content_new copied it */
    one->content = content_hold(content);
    two->content = content_hold(content);
    content_drop(content);
    assert_int_equal(content->references, 2);
    site_free(one);
    assert_int_equal(two->content->count, 3);
    assert_memory_equal(two->content->bytes, "a\0b", 3);
    site_free(two);
    assert_null(content_hold(NULL));
    content_drop(NULL);
    site_free(NULL);
}

static void default_method_depends_on_the_content(void **state)
{
    struct site *site = site_new();

    (void)state;
    assert_true(site->timeout == NSEC_NEVER);
    assert_string_equal(site_method(site), "GET");
    site->content = content_new("", 0);
    assert_string_equal(site_method(site), "POST");
    site->method = strdup("PATCH");
    assert_string_equal(site_method(site), "PATCH");
    site_free(site);
}

static void user_is_freed_with_the_site(void **state)
{
    struct site *site = site_new();

    (void)state;
    assert_null(url_parse(&site->url, "http://a/", 9));
    site->user = strdup("u:p");
    site->url.user_info = site->user;
    site->url.user_info_bytes = 3;
    site_free(site); /* a sanitizer detects a leak */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_freed_with_its_last_reference),
        cmocka_unit_test(default_method_depends_on_the_content),
        cmocka_unit_test(user_is_freed_with_the_site),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
