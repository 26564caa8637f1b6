/* What is planned for a request: status, fields, body, and what a fault changes of them. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "origin/response.h"

static const struct origin_request get = {.host = "a.example", .target = "/7", .https = true};

/* Plans and writes the fields. The caller frees the text. */
static char *fields_of(const struct site_behaviour *behaviour, const struct origin_request *request)
{
    struct origin_response response;
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);

    origin_response_plan(&response, behaviour, request);
    origin_response_write_fields(to, &response);
    fclose(to);
    origin_response_free(&response);
    return text;
}

static void fields_of_each_response(void **state)
{
#define DEFAULT "Server: firstbyte-rehearsal\r\nContent-Type: text/html\r\n"
    static const struct {
        struct site_behaviour behaviour;
        const char *fields;
    } cases[] = {
        {{.body_bytes = 3}, DEFAULT "Content-Length: 3\r\n"},
        {{.framing = FRAMING_CHUNKED}, DEFAULT "Transfer-Encoding: chunked\r\n"},
        {{.framing = FRAMING_CLOSE}, DEFAULT "Connection: close\r\n"},
        {{.status = 204}, DEFAULT},
        {{.status = 304}, DEFAULT},
        {{.headers = (char *)"server: x\r\nContent-Type:\r\nA: b\r\n", .body_bytes = 3},
         "Content-Length: 3\r\nserver: x\r\nA: b\r\n"},
        {{.fault = FAULT_REDIRECT_LOOP},
         DEFAULT "Location: https://a.example/7\r\nContent-Length: 0\r\n"},
        {{.fault = FAULT_REDIRECT_ENDLESS}, DEFAULT "Location: /8\r\nContent-Length: 0\r\n"},
        {{.fault = FAULT_BAD_LOCATION}, DEFAULT "Location: gopher://x/\r\nContent-Length: 0\r\n"},
        {{.fault = FAULT_BAD_CODING}, DEFAULT "Content-Encoding: gzip\r\nContent-Length: 23\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct site_behaviour behaviour = cases[i].behaviour;
        char *fields;

        behaviour.body = (char *)"abc";
        fields = fields_of(&behaviour, &get);
        assert_string_equal(fields, cases[i].fields);
        free(fields);
    }
}

static void bodies(void **state)
{
    static const struct site_behaviour nothing;
    struct origin_request request = get;
    struct origin_response response;

    (void)state;
    origin_response_plan(&response, &nothing, &request);
    assert_true(response.has_body);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.declared_bytes, response.body_bytes);
    assert_true(response.body_bytes < 2048);
    assert_memory_equal(response.body, "<!doctype html><title>a.example</title>\n", 40);
    origin_response_free(&response);
    request.is_head = true;
    origin_response_plan(&response, &nothing, &request);
    assert_false(response.has_body);
    origin_response_free(&response);
}

static void endings(void **state)
{
    static const struct {
        enum fault fault;
        enum part part;
        enum ending ending;
    } cases[] = {
        {FAULT_NONE, PART_WHOLE, ENDING_KEEP},
        {FAULT_CERT_EXPIRED, PART_WHOLE, ENDING_KEEP},
        {FAULT_WAIT_RESET, PART_NOTHING, ENDING_RESET},
        {FAULT_HEAD_STALL, PART_HALF_HEAD, ENDING_STALL},
        {FAULT_TRUNCATE, PART_HALF_BODY, ENDING_CLOSE},
        {FAULT_BODY_ENDLESS, PART_WHOLE, ENDING_REPEAT},
        {FAULT_NO_CLOSE_NOTIFY, PART_WHOLE, ENDING_FIN},
        {FAULT_H2_TRUNCATE, PART_WHOLE, ENDING_KEEP}, /* no effect over HTTP/1.1 */
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct site_behaviour behaviour = {.fault = cases[i].fault};
        struct origin_response response;

        origin_response_plan(&response, &behaviour, &get);
        assert_int_equal(response.part, cases[i].part);
        assert_int_equal(response.ending, cases[i].ending);
        origin_response_free(&response);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_each_response),
        cmocka_unit_test(bodies),
        cmocka_unit_test(endings),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
