/* One client's requests and responses over scripted transports: cut anywhere, and each failure. */
#include "tests/support/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/load/client.h"
#include "http/h1/h1_parser.h"
#include "tests/support/fixture.h"

#define MAX_PIPELINE 8
#define LARGE        100000 /* over CONN_SCRATCH_BYTES */
#define MEDIUM       30000

#define GET          "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define OK_AND_CLOSE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
#define HALF         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"

static const struct target get = {.bytes = GET, .count = sizeof(GET) - 1};
static const struct target head = {
    .bytes = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", .count = 28, .is_head_request = true};
static struct target medium, large; /* a head and much content */

static struct fixture fixture;
static struct site *site;
static struct client_group group;
static struct client client;
static struct load_request ring[MAX_PIPELINE];

static const struct target *sent_target; /* of all requests of a case */
static unsigned wanted;                  /* requests that remain to be started */
static unsigned max_per_connection;      /* requests; 0: no limit */
static nsec started, ended;              /* numbers of requests so far */
static unsigned connects;
static bool closes_in_callback;
static bool no_extra_events;   /* `run` sends no events */
static char events_seen[1024]; /* the client's events, one word each */

static void note(const char *word)
{
    size_t length = strlen(events_seen);

    snprintf(events_seen + length, sizeof(events_seen) - length, "%s%s", length ? " " : "", word);
}

static void on_open(void *owner, struct client *one)
{
    assert_ptr_equal(owner, &group);
    assert_ptr_equal(one, &client);
    assert_int_equal(client.state, CLIENT_OPEN);
    note("open");
}

static void on_room(void *owner, struct client *one)
{
    (void)owner;
    assert_true(client_has_room(one));
    while (wanted && client_has_room(one)) {
        wanted--;
        client_start(one, sent_target, started++, loop_clock(fixture.loop), true);
        if (max_per_connection && one->request_count >= max_per_connection)
            one->no_more_requests = true;
    }
}

static void on_waited(void *owner, struct load_request *request, nsec wait)
{
    (void)owner;
    (void)request;
    (void)wait;
    fail(); /* HTTP/1.1 has no limit of the server */
}

/* Requests end in the order in which they started. */
static void check_order(const struct load_request *request)
{
    assert_ptr_equal(request->client, &client);
    assert_ptr_equal(request->target, sent_target);
    assert_true(request->intended == ended++);
    assert_true(request->counted);
}

static void on_completed(void *owner, const struct load_request *request,
                         const struct load_response *response)
{
    char status[16];

    (void)owner;
    check_order(request);
    assert_true(response->received >= request->started);
    assert_false(response->stamped);
    snprintf(status, sizeof(status), "%u", response->status);
    note(status);
}

static void on_failed(void *owner, const struct load_request *request, enum error error)
{
    (void)owner;
    check_order(request);
    note(error_code(error));
}

static void on_closed(void *owner, struct client *one, enum error error)
{
    (void)owner;
    assert_int_equal(one->state, CLIENT_ABSENT);
    assert_null(one->conn);
    note("closed");
    if (error)
        note(error_code(error));
    if (closes_in_callback)
        client_close(one);
}

static void make_large(struct target *target, size_t count)
{
    char *bytes = malloc(count + 1);
    int length;

    memset(bytes, 'x', count);
    length = snprintf(bytes, count, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n", count);
    memset(bytes + length, 'x', count - (size_t)length); /* the script counts the ends of heads */
    strcpy(bytes + count - 5, "x\r\n\r\n");
    *target = (struct target){.bytes = bytes, .count = count};
}

static int setup(void **state)
{
    static const struct client_events events = {on_open,      on_room,   on_waited,
                                                on_completed, on_failed, on_closed};

    (void)state;
    fixture_open(&fixture, NSEC_PER_US);
    site = fixture_site(&fixture, "http", "/");
    group = (struct client_group){.dialer = &fixture.dialer,
                                  .url = &site->url,
                                  .events = &events,
                                  .owner = &group,
                                  .negotiation = negotiation_of(HTTP_1_1_ONLY),
                                  .slots = MAX_PIPELINE};
    client_group_init(&group);
    client_init(&client, &group, 0, ring);
    group.slots = 1;
    group.conn_options.pipeline = 1;
    sent_target = &get;
    wanted = max_per_connection = connects = 0;
    no_extra_events = closes_in_callback = false;
    started = ended = 0;
    events_seen[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_close(&client);
    loop_turn(fixture.loop, 0);
    assert_true(list_is_empty(&group.requests));
    client_group_free(&group);
    site_free(site);
    fixture_close(&fixture);
    return 0;
}

static void connect_client(void)
{
    connects++;
    client_connect(&client, NULL);
}

/* Turns the loop; connects whenever requests need a connection and there is none. */
static void run(void)
{
    for (int i = 0; i < 100; i++) {
        if (client.state == CLIENT_ABSENT && (wanted || client.in_flight) && connects < 5)
            connect_client();
        if (fixture.newest && !no_extra_events)
            fixture_send_event(&fixture, EPOLLIN | EPOLLOUT);
        loop_turn(fixture.loop, 0);
    }
}

static void start_script(const struct script *scripts, size_t count, unsigned requests,
                         unsigned pipeline)
{
    void *state = NULL;

    teardown(&state);
    setup(&state);
    fixture_set_scripts(&fixture, scripts, count);
    group.slots = pipeline;
    group.conn_options.pipeline = pipeline;
    wanted = requests;
}

static void expect(const char *words)
{
    if (strcmp(events_seen, words) != 0)
        fail_msg("\"%s\" instead of \"%s\"", events_seen, words);
}

/* Exactly `requests` complete requests were received on the newest connection. */
static void expect_requests(unsigned requests)
{
    assert_int_equal(fixture.received_bytes, requests * sent_target->count);
    for (unsigned i = 0; i < requests; i++)
        assert_memory_equal(fixture.received + i * sent_target->count, sent_target->bytes,
                            sent_target->count);
}

/* --- responses --- */

static void kept_alive(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(OK), REPEAT};
    static const struct script script = {.reads = reads};

    (void)state;
    start_script(&script, 1, 3, 1);
    run();
    expect("open 200 200 200");
    expect_requests(3);
    assert_int_equal(group.bytes_out, 3 * get.count);
    assert_int_equal(group.bytes_in, 3 * strlen(OK));
    assert_int_equal(client.state, CLIENT_OPEN);
    assert_int_equal(client.request_count, 3);
}

/* Each form of a response, its events, and whether the connection is reused. */
static void forms_of_responses(void **state)
{
    static const struct {
        const char *response;
        const struct target *target;
        const char *events_seen;
    } cases[] = {
        {"HTTP/1.1 204 No Content\r\n\r\n", &get, "open 204 204"},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", &get, "open 304 304"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", &head, "open 200 200"},
        {"HTTP/1.1 100 Continue\r\n\r\n" OK, &get, "open 200 200"},
        {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK, &get, "open 200 200"},
        {"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n", &get,
         "open 503 503"},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", &get,
         "open 200 200"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", &get, "open 200 closed open 200 closed"},
        {OK_AND_CLOSE, &get, "open 200 closed open 200 closed"},
        {"HTTP/1.1 200 OK\r\n\r\n", &head, "open 200 200"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(cases[i].response), REPEAT};
        const struct script script = {.reads = reads};

        start_script(&script, 1, 2, 1);
        sent_target = cases[i].target;
        run();
        expect(cases[i].events_seen);
    }
}

/* The end of the connection is the end of the response. */
static void body_until_the_end(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\n"),
                                               PAUSE, SEND("some"), END};
    static const struct script script = {.reads = reads};

    (void)state;
    start_script(&script, 1, 2, 1);
    run();
    expect("open 200 closed open 200 closed");
}

/* Pipelined requests after a body until the end are sent on the next connection. */
static void requests_after_a_body_until_the_end(void **state)
{
    static const struct script_step first[] = {AFTER_REQUEST, SEND("HTTP/1.1 200 OK\r\n\r\nsome"),
                                               END};
    static const struct script_step then[] = {AFTER_REQUEST, AFTER_REQUEST, SEND(OK OK), LAST};
    static const struct script scripts[] = {{.reads = first}, {.reads = then}};

    (void)state;
    start_script(scripts, 2, 3, 3);
    run();
    expect("open 200 closed open 200 200");
    expect_requests(2);
}

static const char four[] =
    "HTTP/1.1 100 Continue\r\n\r\n" OK "HTTP/1.1 204 No Content\r\n\r\n"
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nX: y\r\n\r\n";

/* Four responses in one segment, and in two, cut anywhere. */
static void responses_cut_anywhere(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < strlen(four); cut++) {
        const struct script_step reads[] = {AFTER_REQUEST,
                                            AFTER_REQUEST,
                                            AFTER_REQUEST,
                                            AFTER_REQUEST,
                                            {.kind = SCRIPT_SEND, .bytes = four, .count = cut},
                                            PAUSE,
                                            SEND(four + cut),
                                            LAST};
        const struct script script = {.reads = reads};

        start_script(&script, 1, 4, 4);
        run();
        expect("open 200 204 404 201");
        expect_requests(4);
    }
}

/* One byte per read; the client yields to other connections between the reads. */
static void responses_byte_by_byte(void **state)
{
    static struct script_step reads[sizeof(four) + 4];
    static const struct script script = {.reads = reads};
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        reads[count++] = (struct script_step)PAUSE;
    for (size_t i = 0; four[i]; i++)
        reads[count++] = (struct script_step){.kind = SCRIPT_SEND, .bytes = four + i, .count = 1};
    start_script(&script, 1, 4, 4);
    no_extra_events = true;
    run();
    expect("open 200 204 404 201");
}

/* --- the end of a connection --- */

static void announced_close(void **state)
{
    static const struct script_step closing[] = {AFTER_REQUEST, AFTER_REQUEST, SEND(OK_AND_CLOSE),
                                                 END};
    static const struct script_step remaining[] = {AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST,
                                                   SEND(OK OK OK), LAST};
    static const struct script scripts[] = {{.reads = closing}, {.reads = remaining}};

    (void)state;
    start_script(scripts, 2, 4, 4);
    run();
    expect("open 200 closed open 200 200 200");
    expect_requests(3);
    assert_int_equal(fixture.opened, 2);
    assert_int_equal(client.request_count, 3);
}

/* Bytes after a response with Connection: close are ignored. */
static void bytes_after_a_closing_response(void **state)
{
    static const struct script_step closing[] = {AFTER_REQUEST, AFTER_REQUEST,
                                                 SEND(OK_AND_CLOSE OK), END};
    static const struct script_step remaining[] = {AFTER_REQUEST, SEND(OK), LAST};
    static const struct script scripts[] = {{.reads = closing}, {.reads = remaining}};

    (void)state;
    start_script(scripts, 2, 2, 2);
    run();
    expect("open 200 closed open 200");
}

static void limit_of_requests(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(OK), REPEAT};
    static const struct script script = {.reads = reads};

    (void)state;
    start_script(&script, 1, 5, 1);
    max_per_connection = 2;
    run();
    expect("open 200 200 closed open 200 200 closed open 200");
    start_script(&script, 1, 5, 4);
    max_per_connection = 2;
    run();
    expect("open 200 200 closed open 200 200 closed open 200");
}

/* An idle connection ends or receives unexpected bytes: no request fails. */
static void idle_connection_ends(void **state)
{
    static const struct script_step closes[][4] = {
        {AFTER_REQUEST, SEND(OK), PAUSE, END},
        {AFTER_REQUEST, SEND(OK), PAUSE, FAIL(ECONNRESET)},
        {AFTER_REQUEST, SEND(OK), PAUSE, SEND("HTTP/1.1 408 Request Timeout\r\n\r\n")},
        {AFTER_REQUEST, SEND(OK), PAUSE, FAIL(TLS_TRUNCATED)},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(closes); i++) {
        const struct script script = {.reads = closes[i]};

        start_script(&script, 1, 1, 1);
        run();
        expect("open 200 closed");
    }
}

/* Bytes directly after a response end the connection; no request fails. */
static void bytes_after_a_response(void **state)
{
    static const char *const more[] = {OK OK, OK "x", OK "\r\nx", OK "\r\n\rx"};

    (void)state;
    for (size_t i = 0; i < LENGTH(more); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(more[i]), LAST};
        const struct script script = {.reads = reads};

        start_script(&script, 1, 2, 1);
        run();
        expect("open 200 closed open 200 closed");
    }
}

/* Line ends after a response are ignored, cut anywhere. */
static void extra_line_ends(void **state)
{
    static const struct {
        struct script_step reads[9];
        unsigned pipeline;
        const char *events_seen;
    } cases[] = {
        {{AFTER_REQUEST, SEND(OK "\r\n"), REPEAT}, 1, "open 200 200 200"},
        {{AFTER_REQUEST, SEND(OK "\n"), REPEAT}, 1, "open 200 200 200"},
        {{AFTER_REQUEST, SEND(OK "\r\n\r\n"), REPEAT}, 1, "open 200 200 200"},
        {{AFTER_REQUEST, SEND(OK "\r"), SEND("\n"), REPEAT}, 1, "open 200 200 200"},
        {{AFTER_REQUEST, SEND(OK), PAUSE, SEND("\r\n"), REPEAT}, 1, "open 200 200 200"},
        {{AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST, SEND(OK "\r\n" OK "\n" OK "\r\n"), LAST},
         3,
         "open 200 200 200"},
        {{AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST, SEND(OK "\r"), SEND("\n" OK OK), LAST},
         3,
         "open 200 200 200"},
        {{AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST, SEND(OK "\r\n"), END},
         3,
         "open 200 http.empty http.empty closed"},
        {{AFTER_REQUEST, SEND(OK "\r\n"), PAUSE, END},
         1,
         "open 200 http.empty closed open 200 closed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script script = {.reads = cases[i].reads};

        start_script(&script, 1, 3, cases[i].pipeline);
        run();
        expect(cases[i].events_seen);
    }
}

/* Pipelined requests of which no byte was sent are sent on the next connection. */
static void bytes_after_a_response_in_a_pipeline(void **state)
{
    static const struct {
        struct script_step writes[8];
        const char *more, *events_seen;
    } cases[] = {
        {{TAKE(sizeof(GET) - 1), BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, LAST},
         OK "x",
         "open 200 closed open 200 200"},
        {{TAKE(sizeof(GET) - 1), BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, LAST},
         OK OK,
         "open 200 closed open 200 200"},
        {{TAKE(sizeof(GET) + 5), BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, LAST},
         OK "x",
         "open 200 http.malformed closed open 200"},
    };
    static const struct script_step again[] = {AFTER_REQUEST, SEND(OK), AFTER_REQUEST, SEND(OK),
                                               LAST};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script_step reads[] = {AFTER_REQUEST, SEND(cases[i].more), LAST};
        const struct script scripts[] = {{.reads = reads, .writes = cases[i].writes},
                                         {.reads = again}};

        start_script(scripts, 2, 3, 3);
        run();
        expect(cases[i].events_seen);
    }
}

static void ends_before_the_first_request(void **state)
{
    static const struct script_step reads[] = {END};
    static const struct script script = {.reads = reads};

    (void)state;
    start_script(&script, 1, 0, 1);
    connect_client();
    run();
    expect("open closed http.empty");
}

/* --- failures --- */

static void failures(void **state)
{
    static const struct {
        struct script_step reads[6];
        const char *events_seen; /* of three requests in flight */
    } cases[] = {
        {{AFTER_REQUEST, SEND(HALF), END},
         "open http.truncated http.truncated http.truncated closed"},
        {{AFTER_REQUEST, SEND("HTTP/1.1 2"), END},
         "open http.truncated http.truncated http.truncated closed"},
        {{AFTER_REQUEST, SEND("SSH-2.0-x\r\n"), LAST},
         "open http.malformed http.malformed http.malformed closed"},
        {{AFTER_REQUEST, END}, "open http.empty http.empty http.empty closed"},
        {{AFTER_REQUEST, FAIL(ECONNRESET)}, "open http.reset http.reset http.reset closed"},
        {{AFTER_REQUEST, SEND(HALF), FAIL(ECONNRESET)},
         "open receive.reset receive.reset receive.reset closed"},
        {{AFTER_REQUEST, SEND(HALF), FAIL(TLS_TRUNCATED)},
         "open tls.truncated tls.truncated tls.truncated closed"},
        {{AFTER_REQUEST, SEND(OK HALF), END}, "open 200 http.truncated http.truncated closed"},
        {{AFTER_REQUEST, SEND(OK OK), END}, "open 200 200 http.empty closed"},
        {{AFTER_REQUEST, SEND(OK OK), FAIL(ECONNRESET)}, "open 200 200 http.reset closed"},
        {{AFTER_REQUEST, SEND(OK "x"), LAST}, "open 200 http.malformed http.malformed closed"},
        {{AFTER_REQUEST, SEND("HTTP/1.1 101 On\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
          LAST},
         "open http.upgrade http.upgrade http.upgrade closed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script script = {.reads = cases[i].reads};

        start_script(&script, 1, 3, 3);
        run();
        expect(cases[i].events_seen);
    }
}

static void head_too_large(void **state)
{
    static char text[H1_MAX_HEAD_BYTES + 1000] = "HTTP/1.1 200 OK\r\nA: ";
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(text), LAST};
    static const struct script script = {.reads = reads};

    (void)state;
    memset(text + strlen(text), 'a', sizeof(text) - 1 - strlen(text));
    start_script(&script, 1, 1, 1);
    run();
    expect("open http.header_too_large closed");
}

/* Line ends before a response count as part of its head. */
static void line_ends_without_an_end(void **state)
{
    static char text[H1_MAX_HEAD_BYTES + 1000];
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(text), LAST};
    static const struct script script = {.reads = reads};

    (void)state;
    memset(text, '\n', sizeof(text) - 1);
    start_script(&script, 1, 1, 1);
    run();
    expect("open http.header_too_large closed");
}

/* A CR alone before a response is malformed, cut anywhere. */
static void carriage_return_before_a_response(void **state)
{
    static const struct script_step cases[][5] = {
        {AFTER_REQUEST, SEND("\r" OK), LAST},
        {AFTER_REQUEST, SEND("\r"), SEND(OK), LAST},
        {AFTER_REQUEST, SEND("\r"), PAUSE, SEND(OK), LAST},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script script = {.reads = cases[i]};

        start_script(&script, 1, 1, 1);
        run();
        expect("open http.malformed closed");
    }
}

/* A send fails: a response that was already received counts; otherwise the error of the send. */
static void sending_fails(void **state)
{
    static const struct script_step failing_writes[] = {TAKE(5), FAIL(EPIPE)};
    static const struct script_step responds[] = {PAUSE, PAUSE,
                                                  SEND("HTTP/1.1 413 No\r\nConnection: close\r\n"
                                                       "Content-Length: 0\r\n\r\n"),
                                                  END};
    static const struct script_step closes[] = {PAUSE, PAUSE, END};
    static const struct script_step resets[] = {PAUSE, PAUSE, FAIL(ECONNRESET)};
    static const struct script_step truncates[] = {PAUSE, PAUSE, SEND(HALF), END};
    const struct {
        const struct script_step *reads;
        const char *events_seen;
    } cases[] = {
        {responds, "open 413 closed"},
        {closes, "open send.reset closed"},
        {resets, "open send.reset closed"},
        {truncates, "open http.truncated closed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script script = {.reads = cases[i].reads, .writes = failing_writes};

        start_script(&script, 1, 1, 1);
        run();
        expect(cases[i].events_seen);
    }
}

static void connection_refused(void **state)
{
    static const struct script script = {NULL, NULL, NULL};

    (void)state;
    start_script(&script, 1, 0, 2);
    close(fixture.listener);
    fixture.listener = -1;
    connect_client();
    run();
    expect("closed connect.refused");
    events_seen[0] = '\0';
    for (int i = 0; i < 2; i++) /* requests that wait for the connection fail with its error */
        client_start(&client, sent_target, started++, loop_clock(fixture.loop), true);
    connects = 4;
    run();
    expect("connect.refused connect.refused closed connect.refused");
}

/* The server ends the connection: unsent requests fail too. */
static void unsent_when_the_server_ends(void **state)
{
    static const struct script_step writes[] = {TAKE(sizeof(GET) - 1), STUCK};
    static const struct {
        struct script_step reads[4];
        const char *expected;
    } cases[] = {
        {{AFTER_REQUEST, SEND(OK), END}, "open 200 http.empty http.empty closed"},
        {{AFTER_REQUEST, SEND(OK), FAIL(ECONNRESET)}, "open 200 http.reset http.reset closed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct script script = {.reads = cases[i].reads, .writes = writes};

        events_seen[0] = '\0';
        start_script(&script, 1, 3, 3);
        run();
        expect(cases[i].expected);
    }
}

/* The callback closes the client, as a finished load does: dial and connection are freed once. */
static void closed_in_the_callback(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, END};
    static const struct script closes = {.reads = reads}, dials = {NULL, NULL, NULL};

    (void)state;
    closes_in_callback = true;
    start_script(&dials, 1, 1, 1);
    fixture.refuse = true;
    run();
    assert_non_null(strstr(events_seen, "tls.failed closed"));
    fixture.refuse = false;
    events_seen[0] = '\0';
    start_script(&closes, 1, 1, 1);
    run();
    expect("open http.empty closed");
    assert_int_equal(client.state, CLIENT_ABSENT);
}

static void failed_by_the_owner(void **state)
{
    static const struct script_step reads[] = {AFTER_REQUEST, SEND(OK HALF), LAST};
    static const struct script_step again[] = {AFTER_REQUEST, SEND(OK), LAST};
    static const struct script scripts[] = {{.reads = reads}, {.reads = again}};

    (void)state;
    start_script(scripts, 2, 3, 3);
    run();
    expect("open 200");
    client_fail(&client, ERROR_TOTAL_TIMEOUT);
    expect("open 200 timeout.total timeout.total closed");
    wanted = 1;
    run(); /* nothing of the incomplete response remains */
    expect("open 200 timeout.total timeout.total closed open 200");
    expect_requests(1);
}

static void failed_while_connecting(void **state)
{
    static const struct script script = {NULL, NULL, NULL};

    (void)state;
    start_script(&script, 1, 0, 2);
    connect_client();
    assert_int_equal(client.state, CLIENT_CONNECTING);
    client_start(&client, sent_target, started++, loop_clock(fixture.loop), true);
    client_fail(&client, ERROR_TOTAL_TIMEOUT);
    expect("timeout.total closed");
    assert_false(client.was_open);
    client_fail(&client, ERROR_TOTAL_TIMEOUT); /* no connection: no effect */
    expect("timeout.total closed");
}

static void closed_in_flight(void **state)
{
    static const struct script script = {NULL, NULL, NULL};

    (void)state;
    start_script(&script, 1, 3, 3);
    run();
    assert_int_equal(client.in_flight, 3);
    client_close(&client);
    expect("open");
    assert_true(list_is_empty(&group.requests));
    assert_int_equal(fixture.opened, fixture.closed);
    client_close(&client);
}

/* --- sending --- */

static void written_in_parts(void **state)
{
    static const struct script_step writes[][4] = {
        {TAKE(1), REPEAT},
        {TAKE(7), BLOCK, REPEAT},
        {TAKE(27), BLOCK, TAKE(1), REPEAT},
        {BLOCK, TAKE(40), LAST},
    };
    static const struct script_step reads[] = {AFTER_REQUEST, AFTER_REQUEST,     AFTER_REQUEST,
                                               AFTER_REQUEST, SEND(OK OK OK OK), LAST};

    (void)state;
    for (size_t i = 0; i < LENGTH(writes); i++) {
        const struct script script = {.reads = reads, .writes = writes[i]};

        start_script(&script, 1, 4, 4);
        run();
        expect("open 200 200 200 200");
        expect_requests(4);
        assert_int_equal(group.bytes_out, 4 * get.count);
    }
}

/* Requests larger than the buffer in which requests are assembled. */
static void large_requests(void **state)
{
    static const struct script_step writes[] = {TAKE(1000), BLOCK, TAKE(50000), BLOCK, REPEAT};
    static const struct script_step reads[] = {AFTER_REQUEST, AFTER_REQUEST, AFTER_REQUEST,
                                               SEND(OK OK OK), LAST};
    static const struct script_step one[] = {AFTER_REQUEST, SEND(OK), LAST};
    static const struct script scripts[] = {{.reads = reads, .writes = writes},
                                            {.reads = one, .writes = writes}};

    (void)state;
    start_script(&scripts[0], 1, 3, 3);
    sent_target = &medium;
    run();
    expect("open 200 200 200");
    expect_requests(3);
    start_script(&scripts[1], 1, 1, 3);
    sent_target = &large;
    run();
    expect("open 200");
    expect_requests(1);
}

/* The response arrives before the request is completely sent: the next request starts at its own
   first byte, on another connection or after the rest of the first request. */
static void response_before_the_request_is_sent(void **state)
{
    static const struct script_step writes[] = {TAKE(1000), BLOCK, BLOCK, BLOCK,
                                                BLOCK,      BLOCK, LAST};
    static const struct script_step reads[] = {PAUSE,
                                               SEND("HTTP/1.1 401 No\r\n"
                                                    "Content-Length: 0\r\n\r\n"),
                                               AFTER_REQUEST, SEND(OK), LAST};
    static const struct script_step again[] = {AFTER_REQUEST, SEND(OK), LAST};
    static const struct script scripts[] = {{.reads = reads, .writes = writes}, {.reads = again}};

    (void)state;
    start_script(scripts, 2, 2, 1);
    sent_target = &medium;
    run();
    if (fixture.opened == 1 && fixture.received_bytes != 2 * medium.count)
        fail_msg("%zu bytes were sent for two requests of %zu: the second request began inside the "
                 "first",
                 fixture.received_bytes, medium.count);
    expect_requests(fixture.opened == 1 ? 2 : 1);
    assert_int_equal(ended, 2);
}

/* The same in a pipeline that is completely unsent. */
static void response_before_the_pipeline_is_sent(void **state)
{
    static const struct script_step writes[] = {TAKE(1000), BLOCK, BLOCK, BLOCK,
                                                BLOCK,      BLOCK, LAST};
    static const struct script_step reads[] = {PAUSE,
                                               SEND("HTTP/1.1 401 No\r\n"
                                                    "Content-Length: 0\r\n\r\n"),
                                               AFTER_REQUEST, SEND(OK), LAST};
    static const struct script_step again[] = {AFTER_REQUEST, SEND(OK), LAST};
    static const struct script scripts[] = {{.reads = reads, .writes = writes}, {.reads = again}};

    (void)state;
    start_script(scripts, 2, 2, 2);
    sent_target = &medium;
    run();
    expect_requests(fixture.opened == 1 ? 2 : 1);
    assert_int_equal(ended, 2);
}

/* TCP_NODELAY is set: small requests do not wait for acknowledgements. */
static void sends_without_delay(void **state)
{
    static const struct script script = {NULL, NULL, NULL};
    socklen_t length = sizeof(int);
    int on = 0;

    (void)state;
    start_script(&script, 1, 2, 2);
    run();
    expect("open");
    assert_int_equal(
        getsockopt(client.conn->sock->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, &length), 0);
    assert_int_equal(on, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int make_targets(void **state)
{
    (void)state;
    make_large(&medium, MEDIUM);
    make_large(&large, LARGE);
    return 0;
}

static int free_targets(void **state)
{
    (void)state;
    free((char *)medium.bytes);
    free((char *)large.bytes);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(kept_alive),
        CASE(forms_of_responses),
        CASE(body_until_the_end),
        CASE(requests_after_a_body_until_the_end),
        CASE(responses_cut_anywhere),
        CASE(responses_byte_by_byte),
        CASE(announced_close),
        CASE(bytes_after_a_closing_response),
        CASE(limit_of_requests),
        CASE(idle_connection_ends),
        CASE(bytes_after_a_response),
        CASE(extra_line_ends),
        CASE(bytes_after_a_response_in_a_pipeline),
        CASE(ends_before_the_first_request),
        CASE(failures),
        CASE(head_too_large),
        CASE(line_ends_without_an_end),
        CASE(carriage_return_before_a_response),
        CASE(sending_fails),
        CASE(connection_refused),
        CASE(unsent_when_the_server_ends),
        CASE(closed_in_the_callback),
        CASE(failed_by_the_owner),
        CASE(failed_while_connecting),
        CASE(closed_in_flight),
        CASE(written_in_parts),
        CASE(large_requests),
        CASE(response_before_the_request_is_sent),
        CASE(response_before_the_pipeline_is_sent),
        CASE(sends_without_delay),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("client", tests, make_targets, free_targets);
}
