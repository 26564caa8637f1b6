/* The options of bench: values, defaults, and invalid combinations. */
#include "tests/support/command_line.h"

/* The defaults of bench, and values that follow from other options. */
static void test_load_defaults(void **state)
{
    struct options o = read_valid("bench http://a/");
    const struct load_command *load = &o.load;

    (void)state;
    assert_int_equal(o.concurrency, 64);
    assert_int_equal(o.request.timeout, 10 * NSEC_PER_S);
    assert_false(o.rehearse);
    assert_true(load->rate == 0 && load->run.schedule.from_rate == 0 &&
                load->run.schedule.to_rate == 0);
    assert_int_equal(load->run.schedule.arrival, ARRIVAL_CONSTANT);
    assert_int_equal(load->run.schedule.seed, 1);
    assert_true(!load->run.schedule.ramp && !load->run.requests && !load->run.warmup);
    assert_true(!load->knee.count && !load->slo.count && !load->hlog && !load->versus);
    assert_int_equal(load->run.duration, 10 * NSEC_PER_S);
    assert_int_equal(load->run.requests_per_connection, 0);
    assert_false(load->run.new_connections);
    assert_int_equal(load->run.resume_percent, 0);
    assert_int_equal(load->run.pipeline, 1);
    assert_int_equal(load->run.streams, 1);
    assert_int_equal(load->run.window_bytes, 0);
    assert_true(load->run.header_table_bytes == SIZE_MAX);
    assert_int_equal(load->run.versions, HTTP_1_1_ONLY);
    assert_int_equal(load->processes, 1);
    assert_int_equal(load->repeat, 1);
    assert_int_equal(load->kernel_time, KERNEL_TIME_SAMPLE);
    assert_int_equal(load->run.stamped_every, LOAD_STAMPED_EVERY);
    assert_int_equal(load->run.connections, o.concurrency);
    assert_int_equal(load->run.timeout, o.request.timeout);
    assert_false(load->run.open_loop);
    assert_true(load->live && load->color == COLOR_AUTO);
    options_free(&o);
    o = read_valid("bench -q --color never http://a/");
    assert_true(!load->live && load->color == COLOR_NEVER);
    options_free(&o);
    o = read_valid("bench --format json http://a/");
    assert_false(o.network.trust.describe); /* not shown, and would slow down each handshake */
    options_free(&o);
}

static void test_load_lengths(void **state)
{
    static const struct {
        const char *line;
        nsec duration;
        uint64_t requests;
    } lengths[] = {
        {"bench http://a/ -d 30s", 30 * NSEC_PER_S, 0},
        {"bench http://a/ --duration 1m", 60 * NSEC_PER_S, 0},
        {"bench http://a/ -n 5", NSEC_NEVER, 5},
        {"bench http://a/ --requests 5 -d 2s", 2 * NSEC_PER_S, 5},
        {"bench http://a/ --ramp 1:2/3s", 3 * NSEC_PER_S, 0},
        {"bench http://a/ --ramp 1:2/3s -d 4s", 4 * NSEC_PER_S, 0},
        {"bench http://a/ --ramp 1:2/3s -n 7", NSEC_NEVER, 7},
        {"bench http://a/ --find-knee p99=1ms", 10 * NSEC_PER_S, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct options options = read_valid(lengths[i].line);

        if (options.load.run.duration != lengths[i].duration ||
            options.load.run.requests != lengths[i].requests)
            fail_msg("%s: %llu ns", lengths[i].line, (unsigned long long)options.load.run.duration);
        options_free(&options);
    }
}

static void test_load_options(void **state)
{
    struct options o =
        read_valid("bench -R 10000000 --arrival poisson --seed 18446744073709551615 "
                   "--warmup 0s --tls-resume 30% --pipeline 1024 --procs 9 "
                   "--kernel-time all --slo p99=5ms,rps=10 --requests-per-conn 7 -T 1s "
                   "--interface lo --interface 127.0.0.2 --data a=1 http://a/");

    (void)state;
    assert_true(o.load.rate == 1e7 && o.rate == 0);
    assert_true(o.load.run.schedule.from_rate == 1e7 && o.load.run.schedule.to_rate == 1e7);
    assert_int_equal(o.load.run.schedule.arrival, ARRIVAL_POISSON);
    assert_true(o.load.run.schedule.seed == UINT64_MAX);
    assert_int_equal(o.load.run.resume_percent, 30);
    assert_int_equal(o.load.run.pipeline, 1024);
    assert_int_equal(o.load.processes, 9);
    assert_int_equal(o.load.kernel_time, KERNEL_TIME_ALL);
    assert_int_equal(o.load.run.stamped_every, 1);
    assert_true(o.load.run.open_loop);
    assert_int_equal(o.load.slo.count, 2);
    assert_int_equal(o.load.run.requests_per_connection, 7);
    assert_int_equal(o.request.timeout, NSEC_PER_S);
    assert_int_equal(o.network.interfaces.count, 2);
    assert_string_equal(o.network.interfaces.list[1], "127.0.0.2");
    assert_memory_equal(o.request.content->bytes, "a=1", 3);
    options_free(&o);
    o = read_valid("bench --ramp 0.5:2000/30s --connections 3 --tls-resume on --tls-resume off "
                   "--kernel-time off --new-conn http://a/");
    assert_true(o.load.run.schedule.from_rate == 0.5 && o.load.run.schedule.to_rate == 2000);
    assert_int_equal(o.load.run.schedule.ramp, 30 * NSEC_PER_S);
    assert_int_equal(o.concurrency, 3);
    assert_int_equal(o.load.run.resume_percent, 0);
    assert_int_equal(o.load.kernel_time, KERNEL_TIME_OFF);
    assert_int_equal(o.load.run.stamped_every, 0);
    assert_true(o.load.run.open_loop);
    assert_true(o.load.run.new_connections);
    assert_int_equal(o.load.run.requests_per_connection, 1);
    options_free(&o);
    o = read_valid("bench --tls-resume on --find-knee p99=20ms http://a/");
    assert_int_equal(o.load.run.resume_percent, 100);
    assert_int_equal(o.load.knee.count, 1);
    options_free(&o);
    o = read_valid("bench --repeat 3 --vs http://b/ http://a/");
    assert_int_equal(o.load.repeat, 3);
    assert_string_equal(o.load.versus, "http://b/");
    options_free(&o);
}

static void test_http2(void **state)
{
    struct options o = read_valid("bench --http2 -m 1024 --window 64K --header-table 0 https://a/");
    const struct load_options *run = &o.load.run;

    (void)state;
    assert_int_equal(run->versions, HTTP_2_ONLY);
    assert_int_equal(run->streams, 1024);
    assert_int_equal(run->window_bytes, 65536);
    assert_true(run->header_table_bytes == 0);
    options_free(&o);
    o = read_valid("bench --http2-prior-knowledge --streams 2 --window 2147483647 "
                   "--header-table 16M --requests-per-conn 2 http://a/");
    assert_int_equal(run->versions, HTTP_2_ASSUMED);
    assert_int_equal(run->streams, 2);
    assert_int_equal(run->window_bytes, INT32_MAX);
    assert_true(run->header_table_bytes == 16 * 1024 * 1024);
    options_free(&o);
    /* a field that is removed, and a field with the only value that HTTP/2 allows */
    o = read_valid("bench --http2 -m 1 --new-conn -H Connection: -H TE:_trailers -H Host:_b "
                   "https://a/");
    assert_int_equal(run->streams, 1);
    options_free(&o);
    o = read_valid("bench -H Connection:_close http://a/");
    options_free(&o);
}

static void test_http2_refused(void **state)
{
    static const struct refused_line refused[] = {
        {"bench -m 2 https://a/", "--streams: needs HTTP/2: --http2, or --http2-prior-knowledge\n"},
        {"bench -m 1 https://a/", "--streams: needs HTTP/2: "},
        {"bench --http2 --http1.1 -m 2 https://a/", "--streams: needs HTTP/2: "},
        {"bench --window 64K https://a/", "--window: needs HTTP/2: "},
        {"bench --header-table 0 https://a/", "--header-table: needs HTTP/2: "},
        {"bench --http2 -m 0 https://a/", "--streams 0: not a number from 1 to 1024"},
        {"bench --http2 -m 1025 https://a/", "--streams 1025: not a number from 1 to 1024"},
        {"bench --http2 -m POST https://a/", "the method is -X, the time limit -T\n"},
        {"bench --http2 --window 0 https://a/", "--window 0: not a window of 1 to 2147483647"},
        {"bench --http2 --window 2G https://a/", "--window 2G: not a window of 1 to 2147483647"},
        {"bench --http2 --window 64KB https://a/", "--window 64KB: not a window"},
        {"bench --http2 --window -1 https://a/", "--window -1: not a window"},
        {"bench --http2 --window 99999999999999999999 https://a/", ": not a window"},
        {"bench --http2 --header-table 17M https://a/", "--header-table 17M: not a size up to 16M"},
        {"bench --http2 --header-table= https://a/", "--header-table : not a size up to 16M"},
        {"bench --http2 --pipeline 2 https://a/",
         "--pipeline: is of HTTP/1.1; with HTTP/2 use -m N, --streams N\n"},
        {"bench --http2 --new-conn -m 2 https://a/", "--new-conn --streams: a connection with one"},
        {"bench --http2 --requests-per-conn 1 -m 2 https://a/",
         "--requests-per-conn 1 --streams: a connection with one request has one stream\n"},
        {"bench --http2 -H Accept:_x -H connection:_close https://a/",
         "--header connection: HTTP/2 does not allow this field (RFC 9113, section 8.2.2)\n"},
        {"bench --http2 -H Keep-Alive:_timeout=5 https://a/", "--header Keep-Alive: HTTP/2 does"},
        {"bench --http2 -H Proxy-Connection:_close https://a/", "--header Proxy-Connection: "},
        {"bench --http2-prior-knowledge -H Upgrade:_h2c http://a/", "--header Upgrade: HTTP/2"},
        {"bench --http2 -H TE:_gzip https://a/", "--header TE: HTTP/2 does"},
        {"--streams 2 https://a/", "fetch --streams: only for bench"},
        {"-m 2 https://a/", "-m: use -X METHOD for the method, or -T TIME for the time limit\n"},
        {"race --window 64K https://a/", "race --window: only for bench"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

/* No URL: the embedded origin, in an open loop unless other options decide. */
static void test_load_without_url(void **state)
{
    static const struct {
        const char *line;
        double rate;
    } lines[] = {
        {"bench", 5000},   {"bench -c 3 -d 1s", 5000}, {"bench --rehearse", 5000},
        {"bench -R 7", 7}, {"bench --ramp 1:2/1s", 0}, {"bench --find-knee p99=1ms", 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        struct options options = read_valid(lines[i].line);

        assert_true(options.rehearse && !options.list.file);
        assert_int_equal(options.list.word_count, 1);
        assert_string_equal(options.list.words[0], "http://127.0.0.1/");
        if (options.load.rate != lines[i].rate)
            fail_msg("%s: %f", lines[i].line, options.load.rate);
        options_free(&options);
    }
}

/* Each line has its own error. */
static void test_refused(void **state)
{
    static const struct refused_line refused[] = {
        {"bench -R 0", "--rate 0: not a rate"},
        {"bench -R 10000001",
         "--rate 10000001: not a rate, like 20, 0.5 or 30/m; at most 10000000"},
        {"bench --arrival often", "--arrival often: must be constant or poisson"},
        {"bench --seed -1", "--seed -1: not a number from 0 to 18446744073709551615"},
        {"bench --seed 18446744073709551616", "--seed 18446744073709551616: not a number"},
        {"bench --ramp 1:2", "--ramp 1:2: must be FROM:TO/TIME"},
        {"bench --ramp 1/2s", "--ramp 1/2s: must be FROM:TO/TIME"},
        {"bench --ramp 1:2/0s", "--ramp 1:2/0s: must be FROM:TO/TIME"},
        {"bench --ramp 1:2/5", "--ramp 1:2/5: must be FROM:TO/TIME"},
        {"bench --ramp 0:2/1s", "--ramp 0:2/1s: must be FROM:TO/TIME"},
        {"bench --ramp 1:/1s", "--ramp 1:/1s: must be FROM:TO/TIME"},
        {"bench --ramp :1/1s", "--ramp :1/1s: must be FROM:TO/TIME"},
        {"bench --ramp 1:10000001/1s", "--ramp 1:10000001/1s: must be FROM:TO/TIME"},
        {"bench --ramp 00000000000000000000000000000001:2/1s", "must be FROM:TO/TIME"},
        {"bench --find-knee p99", "--find-knee p99: "},
        {"bench --find-knee rps=5", "--find-knee rps=5: must be one latency limit"},
        {"bench --find-knee errors=1%", "--find-knee errors=1%: must be one latency limit"},
        {"bench --find-knee p99=1ms,p50=1ms", "p50=1ms: must be one latency limit"},
        {"bench --slo fast", "--slo fast: "},
        {"bench -n 0", "--requests 0: not a number from 1 to"},
        {"bench -n 1e6", "--requests 1e6: not a number"},
        {"bench -d 0s", "--duration 0s: not a duration over 0"},
        {"bench -d a=1", "--duration a=1: not a duration"},
        {"bench --warmup 5", "--warmup 5: not a duration"},
        {"bench --requests-per-conn 0", "--requests-per-conn 0: not a number"},
        {"bench --tls-resume 101", "--tls-resume 101: must be on, off or a percentage"},
        {"bench --tls-resume=", "--tls-resume : must be on, off or a percentage"},
        {"bench --tls-resume %", "--tls-resume %: must be on, off or a percentage"},
        {"bench --tls-resume 0000000000050", "must be on, off or a percentage"},
        {"bench --pipeline 1025", "--pipeline 1025: not a number from 1 to 1024"},
        {"bench --procs 0", "--procs 0: not a number from 1 to 1024"},
        {"bench --kernel-time some", "--kernel-time some: must be off, sample or all"},
        {"bench --repeat 0", "--repeat 0: not a number"},
        {"bench --repeat 2 --vs b http://a/", "firstbyte: --vs: "},
        {"bench --format table http://a/", "--format table: must be text, json or csv for bench"},
        {"bench -R 1 --ramp 1:2/1s", "--ramp --rate: use only one of these options"},
        {"bench -R 1 --find-knee p99=1ms", "--find-knee --rate: the search chooses"},
        {"bench --ramp 1:2/1s --find-knee p99=1ms", "--find-knee --ramp: the search chooses"},
        {"bench -n 5 --find-knee p99=1ms", "--find-knee --requests: each rate of the search"},
        {"bench --slo p50=1s --find-knee p99=1ms", "--find-knee --slo: the search has"},
        {"bench --hlog f --find-knee p99=1ms", "--find-knee --hlog: a log contains only one run"},
        {"bench --repeat 2 --find-knee p99=1ms",
         "--find-knee --repeat: only a run can be repeated, not a search"},
        {"bench --arrival poisson http://a/", "--arrival: needs an open loop"},
        {"bench --ramp 1:2/1s --warmup 1s", "--warmup: the ramp would end"},
        {"bench --new-conn --pipeline 2", "--new-conn --pipeline: a connection with one request"},
        {"bench --requests-per-conn 1 --pipeline 2", "--requests-per-conn 1 --pipeline: a conn"},
        {"bench --new-conn --requests-per-conn 2", "--new-conn --requests-per-conn: with"},
        {"bench --procs 65", "--procs --connections: each process needs a connection"},
        {"bench --procs 3 -n 2", "--procs --requests: each process needs a request"},
        {"bench --vs http://b/ http://a/", "--vs: needs --repeat N"},
        {"bench --repeat 2 --vs http://b/", "--vs: needs exactly one other URL"},
        {"bench --repeat 2 --vs http://b/ -f a", "--vs: needs exactly one other URL"},
        {"bench --repeat 2 --vs http://b/ http://a/ http://c/",
         "--vs: needs exactly one other URL"},
        {"bench --hlog f --repeat 2", "--hlog --repeat: a log contains only one run"},
        {"bench --hlog=", "--hlog: the name of a file is empty"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_defaults), cmocka_unit_test(test_load_lengths),
        cmocka_unit_test(test_load_options),  cmocka_unit_test(test_load_without_url),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_http2),
        cmocka_unit_test(test_http2_refused),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
