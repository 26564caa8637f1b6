/* The fields of a request for HTTP/2: lower case, pseudo-header fields first, none of HTTP/1.1. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "http/h2/session.h"
#include "http/site.h"

static struct site *site;

static int setup(void **state)
{
    static const char url[] = "http://a.test:81/x?y=z#f";

    (void)state;
    site = site_new();
    assert_null(url_parse(&site->url, url, strlen(url)));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_free(site);
    return 0;
}

/* Compares the fields, as lines "name: value", separated by "|". */
static void expect(const struct request *request, bool https, const char *wanted)
{
    struct h2_request *prepared = h2_request_new(request, https);
    char lines[1024] = "";
    size_t plain = 0, length = 0;

    for (size_t i = 0; i < prepared->count; i++) {
        const nghttp2_nv *field = &prepared->list[i];

        assert_int_equal(field->flags,
                         NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
        length +=
            (size_t)snprintf(lines + length, sizeof(lines) - length, "%s%.*s: %.*s", i ? "|" : "",
                             (int)field->namelen, field->name, (int)field->valuelen, field->value);
        plain += field->namelen + field->valuelen + strlen(": \r\n");
    }
    assert_string_equal(lines, wanted);
    assert_int_equal(prepared->plain_bytes, plain);
    h2_request_free(prepared);
}

#define PSEUDO(method, scheme, authority)                                                          \
    ":method: " method "|:scheme: " scheme "|:authority: " authority "|:path: /x?y=z"

static void minimal_fields(void **state)
{
    struct request request = request_of(site);

    (void)state;
    request.minimal_fields = true;
    expect(&request, false, PSEUDO("GET", "http", "a.test:81"));
    expect(&request, true, PSEUDO("GET", "https", "a.test:81"));
}

static void default_fields(void **state)
{
    struct request request = request_of(site);

    (void)state;
    expect(&request, false,
           PSEUDO("GET", "http", "a.test:81") "|user-agent: firstbyte/" FIRSTBYTE_VERSION
                                              "|accept: */*|accept-encoding: gzip, deflate, br, "
                                              "zstd");
}

/* Host becomes :authority; fields of a connection are left out. */
static void fields_of_the_user(void **state)
{
    struct request request = request_of(site);

    (void)state;
    request.minimal_fields = request.connection_close = true;
    request.headers = "HOST: b.test\r\nX-Up: Up\r\nConnection: x\r\nKeep-Alive: 5\r\n"
                      "Proxy-Connection: y\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n"
                      "TE: trailers\r\n";
    expect(&request, false, PSEUDO("GET", "http", "b.test") "|x-up: Up|te: trailers");
    request.headers = "TE: gzip\r\n";
    expect(&request, false, PSEUDO("GET", "http", "a.test:81"));
}

static void content(void **state)
{
    struct request request;
    struct h2_request *prepared;

    (void)state;
    site->content = content_new("hello", 5);
    request = request_of(site);
    request.minimal_fields = true;
    expect(&request, false,
           PSEUDO("POST", "http", "a.test:81") "|content-type: application/x-www-form-urlencoded"
                                               "|content-length: 5");
    prepared = h2_request_new(&request, false);
    assert_ptr_equal(prepared->content, site->content);
    h2_request_free(prepared);
    h2_request_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(minimal_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(default_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_of_the_user, setup, teardown),
        cmocka_unit_test_setup_teardown(content, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
