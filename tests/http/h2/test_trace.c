/* The lines of -v about frames. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/http/h2/frames.h"
#include "tests/support/fixture.h"

#define LINES_BYTES 8192

static struct fixture fixture;
static struct frames frames;
static char lines[LINES_BYTES];

static void on_line(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                    size_t length)
{
    static const char marks[] = {[PROBE_NOTE] = '*', [PROBE_SENT] = '>', [PROBE_RECEIVED] = '<'};
    size_t at = strlen(lines);

    (void)owner;
    assert_int_equal(number, 1);
    snprintf(lines + at, sizeof(lines) - at, "%c %.*s\n", marks[kind], (int)length, text);
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    pool_free(fixture.pool);
    fixture.pool = pool_new(&(struct pool_options){
        .limit = 10, .max_streams = 100, .negotiation = negotiation_of(HTTP_2_ASSUMED)});
    fixture.probe.line = on_line;
    loop_set_probe(fixture.loop, &fixture.probe);
    frames.count = 0;
    *lines = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

/* Fetches, while the server sends `frames`. */
static void fetch(void)
{
    const struct script_step reads[] = {
        PAUSE, {SCRIPT_SEND, frames.count, (const char *)frames.bytes, 0}, HANG};
    struct site *site = fixture_site(&fixture, "http", "/path");
    struct outcome outcome = {0};

    site->timeout = NSEC_PER_S;
    fixture_set_scripts(&fixture, &(struct script){.reads = reads}, 1);
    fixture_fetch(&fixture, site, &outcome);
    site_free(site);
}

static void expect(const char *line)
{
    if (!strstr(lines, line))
        fail_msg("no \"%s\" in\n%s", line, lines);
}

static void request_and_response(void **state)
{
    (void)state;
    put_setting(&frames, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 128);
    put_head(&frames, 1, ":status: 200|server: x", false);
    put_data(&frames, 1, "hello", true);
    fetch();
    expect("* SETTINGS of the client: ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 1048576\n");
    expect("* stream 1: request\n> :method: GET\n> :scheme: http\n> :authority: 127.0.0.1:");
    expect("\n> :path: /path\n");
    expect("* SETTINGS of the server: MAX_CONCURRENT_STREAMS 128\n");
    expect("* stream 1: response\n< HTTP/2 200\n< server: x\n< \n");
}

static void resets_and_goaway(void **state)
{
    (void)state;
    put_settings(&frames);
    put_goaway(&frames, 1, NGHTTP2_ENHANCE_YOUR_CALM, "too many");
    put_reset(&frames, 1, NGHTTP2_INTERNAL_ERROR);
    fetch();
    expect("* SETTINGS of the server: defaults\n");
    expect("* GOAWAY of the server: ENHANCE_YOUR_CALM, last stream 1, too many\n");
    expect("* stream 1: RST_STREAM of the server, INTERNAL_ERROR\n");
}

static void own_frames(void **state)
{
    (void)state;
    put_setting(&frames, 0x99, 7);
    put_head(&frames, 1, ":status: 200|Upper: x", true);
    fetch();
    expect("* SETTINGS of the server: 0x99 7\n");
    expect("* stream 1: RST_STREAM of the client, PROTOCOL_ERROR\n");
    assert_true(pool_drop_oldest(fixture.pool));
    unit_settle(fixture.loop);
    expect("* GOAWAY of the client: NO_ERROR, last stream 0\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(request_and_response),
        CASE(resets_and_goaway),
        CASE(own_frames),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("h2 trace", tests, NULL, NULL);
}
