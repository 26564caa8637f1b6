/*
 * Reports of runs that were made up: what each must say, and what it must not. The JSON is held to its
 * schema by the checker of tests/schema.
 */
#include "tests/support/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/bench/bench_report.h"

#define US NSEC_PER_US
#define MS NSEC_PER_MS
#define S  NSEC_PER_S

#define BEGAN (UINT64_C(1793000000) * S + 250 * MS) /* 2026-10-26T07:33:20.250Z */

/* A run, and all that it borrows. */
struct scene {
    struct options options;
    struct slo slo;
    struct tally *total;
    struct spool *spool;
    struct bench_run run;
};

static char *written;
static size_t written_bytes;

static FILE *begin(void)
{
    free(written);
    written = NULL;
    return open_memstream(&written, &written_bytes);
}

static const char *text_of(const struct scene *scene, bool color, size_t columns)
{
    FILE *to = begin();

    bench_report_text(to, &scene->run, color, columns);
    fclose(to);
    return written;
}

static const char *json_of(const struct scene *scene)
{
    FILE *to = begin();

    bench_report_json(to, &scene->run);
    fclose(to);
    return written;
}

static const char *csv_of(const struct scene *scene)
{
    FILE *to = begin();

    bench_report_csv(to, &scene->run);
    fclose(to);
    return written;
}

static void record(struct histogram *histogram, nsec value, unsigned times)
{
    while (times--)
        histogram_record(histogram, value);
}

/* A value that differs from `middle` by a factor, mostly a small one, seldom a great one. */
static nsec spread(nsec middle, double width)
{
    double uniform = ((double)unit_random() + 1) / ((double)UINT32_MAX + 2);
    double other = ((double)unit_random() + 1) / ((double)UINT32_MAX + 2);
    double normal = sqrt(-2 * log(uniform)) * cos(2 * M_PI * other);

    return (nsec)((double)middle * exp(width * normal));
}

/* A run of ten seconds in which nothing was done, closed loop, 64 connections. */
static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->options.command = COMMAND_BENCH;
    scene->options.concurrency = 64;
    scene->options.request.timeout = 30 * S;
    scene->options.load.duration = 10 * S;
    scene->options.load.arrival = ARRIVAL_CONSTANT;
    scene->options.load.seed = 1;
    scene->options.load.pipeline = 1;
    scene->options.load.processes = 1;
    scene->options.load.kernel_time = KERNEL_TIME_SAMPLE;
    scene->total = tally_new();
    scene->total->to = 10 * S;
    scene->spool = spool_new();
    scene->run = (struct bench_run){.options = &scene->options,
                                    .url = "http://127.0.0.1:8080/",
                                    .targets = 1,
                                    .began = BEGAN,
                                    .total = scene->total,
                                    .intervals = scene->spool,
                                    .slo = &scene->slo};
}

static void close_scene(struct scene *scene)
{
    spool_free(scene->spool);
    tally_free(scene->total);
}

/* So many requests, each answered with 200. */
static void complete(struct scene *scene, uint64_t count)
{
    struct tally *total = scene->total;

    total->scheduled += count;
    total->started += count;
    total->completed += count;
    total->status[200] += count;
    total->bytes_in += 850 * count;
    total->bytes_out += 80 * count;
}

/* What is in flight at the end. */
static void leave(struct scene *scene, uint64_t in_flight, uint64_t waiting)
{
    struct tally *total = scene->total;

    total->scheduled += in_flight + waiting;
    total->started += in_flight;
    total->in_flight = in_flight;
    total->waiting = waiting;
    for (uint64_t i = 0; i < in_flight + waiting; i++)
        histogram_record(total->latency, 100 * US + i * US);
}

static void lose(struct scene *scene, enum error error, uint64_t count)
{
    struct tally *total = scene->total;

    total->scheduled += count;
    total->started += count;
    total->failed += count;
    total->errors[error] += count;
}

/* How the client fared. */
static void run_client(struct scene *scene, double busy, nsec lag)
{
    struct tally *total = scene->total;

    total->connections = 64;
    total->open = 64;
    for (int i = 0; i < 64; i++)
        histogram_record(total->connecting, spread(120 * US, 0.3));
    for (int i = 0; i < 5000; i++)
        histogram_record(total->lag, spread(lag, 0.8));
    total->cpu_user = (nsec)(busy * 3e9);
    total->cpu_system = (nsec)(busy * 7e9);
    scene->run.judgement.busy_share = busy;
}

static void fill_intervals(struct scene *scene)
{
    struct tally *interval = tally_new();

    for (unsigned i = 0; i < 3; i++) {
        tally_clear(interval);
        interval->from = i * S;
        interval->to = (i + 1) * S;
        interval->cpu_user = 250 * MS;
        if (i == 1) { /* nothing was answered in this one */
            interval->scheduled = interval->waiting = 7;
        } else {
            interval->scheduled = interval->started = interval->completed = 1000;
            interval->bytes_in = 850000;
            record(interval->latency, 250 * US, 1000);
        }
        record(interval->lag, 2 * US, 10);
        spool_add(scene->spool, interval);
    }
    tally_free(interval);
}

/* Nothing is wrong with this one. */
static void open_normal(struct scene *scene)
{
    open_scene(scene);
    complete(scene, 200000);
    for (unsigned i = 0; i < 200000; i++) {
        nsec latency = i % 500 ? spread(420 * US, 0.18) : spread(2 * MS, 0.4);
        nsec delay = spread(14 * US, 0.5);

        histogram_record(scene->total->latency, latency);
        if (i % 16)
            continue;
        histogram_record(scene->total->kernel, latency > delay ? latency - delay : 0);
        histogram_record(scene->total->delay, delay);
    }
    leave(scene, 64, 0);
    run_client(scene, 0.431, 3 * US);
    scene->total->gap = 3100 * US;
    scene->total->gap_at = 4300 * MS;
    fill_intervals(scene);
}

/* The server does nothing for two seconds, in the middle. */
static void open_stall(struct scene *scene)
{
    open_scene(scene);
    scene->run.open_loop = true;
    scene->run.from_rate = scene->run.to_rate = scene->options.load.rate = 1000;
    scene->options.concurrency = 50;
    complete(scene, 10000 - 3);
    for (unsigned i = 0; i < 9997; i++) {
        nsec raw = spread(250 * US, 0.15), latency = raw;

        if (i >= 4000 && i < 6000) {
            latency += 2 * S - (nsec)(i - 4000) * MS;
            raw += i < 4050 ? latency : 0;
        }
        histogram_record(scene->total->latency, latency);
        histogram_record(scene->total->raw, raw);
        histogram_record(scene->total->lateness, spread(8 * US, 0.5));
    }
    leave(scene, 1, 2);
    run_client(scene, 0.052, 2 * US);
    scene->total->gap = 2 * S;
    scene->total->gap_at = 4 * S;
    assert_null(slo_parse(&scene->slo, "p50=1ms,p99=5ms,errors=0.1%,rps=900"));
    slo_judge(&scene->slo, scene->total);
    fill_intervals(scene);
}

/* The server hangs at the end of a closed loop. */
static void open_hung(struct scene *scene)
{
    open_scene(scene);
    complete(scene, 1000);
    record(scene->total->latency, 1 * MS, 1000);
    scene->total->scheduled += 64;
    scene->total->started += 64;
    scene->total->in_flight = 64;
    record(scene->total->unfinished, 2 * S, 64);
    assert_null(slo_parse(&scene->slo, "p50=5ms,p99=5ms,max=1s"));
    slo_judge(&scene->slo, scene->total);
}

/* The client cannot keep up, and the server refuses now and then. */
static void open_saturated(struct scene *scene)
{
    open_scene(scene);
    scene->run.url = "https://bench.example/search?q=\033[2J";
    scene->run.targets = 3;
    scene->run.open_loop = true;
    scene->run.from_rate = 1000;
    scene->run.to_rate = scene->options.load.rate = 50000;
    scene->options.load.arrival = ARRIVAL_POISSON;
    scene->options.load.ramp = 5 * S;
    scene->options.load.warmup = 2 * S;
    scene->run.interrupted = true;
    scene->total->to = 7400 * MS;
    complete(scene, 150000);
    scene->total->status[200] -= 1504;
    scene->total->status[429] = 4;
    scene->total->status[503] = 1500;
    lose(scene, ERROR_CONNECT_REFUSED, 312);
    lose(scene, ERROR_TOTAL_TIMEOUT, 17);
    lose(scene, ERROR_WAIT_RESET, 1204);
    for (unsigned i = 0; i < 150017; i++) {
        nsec raw = spread(i % 3 ? 300 * US : 9 * MS, 0.2), late = spread(900 * US, 0.8);

        histogram_record(scene->total->latency, i < 17 ? 30 * S : raw + late);
        histogram_record(scene->total->lateness, late);
        if (i >= 17)
            histogram_record(scene->total->raw, raw);
    }
    record(scene->total->latency, 2 * HISTOGRAM_MOST, 2);
    leave(scene, 64, 4127);
    run_client(scene, 0.74 * 0.992, 400 * US);
    scene->total->handshakes = 64;
    scene->total->resumed = 32;
    scene->total->stamps_missing = 3;
    scene->total->stamps_unusable = 1;
    scene->run.judgement = (struct judgement){.verdict = VERDICT_SATURATED,
                                              .busy = true,
                                              .late = true,
                                              .busy_share = 0.992,
                                              .late_share = 0.434};
    fill_intervals(scene);
}

static const char *problems(const struct scene *scene);

/* Says all of them, in this order; the end of one line may be the beginning of the next. */
static void assert_lines(const char *text, const char *const *lines, size_t count)
{
    assert_non_null(text);
    for (size_t i = 0; text && i < count; i++) {
        const char *at = strstr(text, lines[i]);

        if (!at)
            fail_msg("not said, or not here: %s\n%s", lines[i], text);
        assert_non_null(at);
        text = at + strlen(lines[i]) - 1;
    }
}

#define SAYS(text, ...)                                                                            \
    do {                                                                                           \
        const char *const lines_[] = {__VA_ARGS__};                                                \
        assert_lines(text, lines_, LENGTH(lines_));                                                \
    } while (0)

static void test_normal(void **state)
{
    struct scene scene;
    const char *text;

    (void)state;
    open_normal(&scene);
    text = text_of(&scene, false, 0);
    assert_ptr_equal(
        strstr(text, "http://127.0.0.1:8080/: closed loop, 64 connections, 10.0 s\n\n"), text);
    SAYS(text, "\nRequests     200,000 completed, 0 failed, 64 in flight at the end\n",
         "\nRate         20,000/s completed\n",
         "\nTransfer     170 MB in (17.0 MB/s), 16.0 MB out (1.60 MB/s)\n",
         "\nStatus       200    200,000  100%\n", "\nErrors       0\n",
         "        latency        kernel  client delay\n", "\n  p50  ", "\n  p99.99  ", "\n  max  ",
         "\n  mean  ", "\n  stddev  ", "Of 12,500 stamped answers.\n", "\n  64 had no response",
         "\nLatency\n", "  p50", "  max\n",
         "\nLongest gap  3.10 ms between two answers, at 4.30 s\n", "\nConnections  64 made\n",
         "\nClient       ok, busy 43.1% of the time\n",
         "\n             CPU 1.29 s user, 3.02 s system: 21.6 us a request\n", "loop lag    p50 ");
    assert_null(strstr(text, "bottleneck"));
    assert_null(strstr(text, "waiting"));
    assert_null(strstr(text, "TLS"));
    assert_null(strstr(text, "SLO"));
    assert_null(strstr(text, "raw"));
    assert_null(strstr(text, "send delay"));
    assert_null(strstr(text, "stamps could"));
    close_scene(&scene);
}

/* Both figures, side by side. */
static void test_stall(void **state)
{
    struct scene scene;
    const char *text;

    (void)state;
    open_stall(&scene);
    text = text_of(&scene, false, 0);
    SAYS(text, "http://127.0.0.1:8080/:\n  open loop, 1,000 requests/s, up to 50 connections, ",
         "\nRequests     10,000 scheduled, 9,998 started, 2 still waiting\n",
         "\n             9,997 completed, 0 failed, 1 in flight at the end\n",
         "\nRate         1,000/s completed, of 1,000/s scheduled\n",
         "\nLatency        corrected           raw\n", "\n  p90            1.00 s ",
         "\n  p99            1.90 s ", "\n  max            2.00 s        2.00 s\n",
         "\nCorrected latency\n", "\nLongest gap  2.00 s between two answers, at 4.00 s\n",
         "\n             send delay  p50 ", "; 0% over 1 ms\n",
         "\nSLO          held    p50     at most 1.00 ms, was ",
         "\n             missed  p99     at most 5.00 ms, was 1.90 s\n",
         "\n             held    errors  at most 0.10%, was 0%\n",
         "\n             held    rps     at least 900/s, was 1,000/s\n");
    close_scene(&scene);
}

/* Where the client is not what was measured, its connections may have been. */
static void test_limited(void **state)
{
    static const char words[] = "All connections (50) were busy 1";
    struct scene scene;

    (void)state;
    open_stall(&scene);
    scene.total->limited = 100 * MS; /* 1% of the time */
    assert_null(strstr(text_of(&scene, false, 0), words));
    assert_non_null(strstr(json_of(&scene), "\"connections_busy_share\":0.010000,"
                                            "\"connections_limited\":false,"));
    scene.total->limited = 1950 * MS;
    SAYS(text_of(&scene, false, 0),
         "\n\nAll connections (50) were busy 19.5% of the time while requests waited for one:\n"
         "their number was a limit, perhaps before the server was. Compare with more of\n"
         "them (-c).\n\n");
    assert_string_equal(problems(&scene), "");
    assert_non_null(strstr(written, "\"connections_busy_share\":0.195000,"
                                    "\"connections_limited\":true,"));
    scene.run.judgement.verdict = VERDICT_STARVED;
    assert_null(strstr(text_of(&scene, false, 0), words));
    close_scene(&scene);
}

static void test_hung(void **state)
{
    struct scene scene;
    const char *text;

    (void)state;
    open_hung(&scene);
    text = text_of(&scene, false, 0);
    SAYS(text,
         "\nRequests     1,000 completed, 0 failed, 64 in flight at the end, the oldest for\n",
         "\n             2.00 s\n", "\n  max            1.00 ms\n",
         "\nSLO          held    p50     at most 5.00 ms, was 1.00 ms\n",
         "\n             missed  p99     at most 5.00 ms, was 2.00 s\n",
         "\n             missed  max     at most 1.00 s, was 2.00 s\n");
    assert_string_equal(problems(&scene), "");
    SAYS(written, "\"latency_us\":{\"count\":1000,", "\"unfinished_us\":{\"count\":64,",
         "\"name\":\"max\",\"unit\":\"us\",\"limit\":1000000.000,\"measured\":2000000.000,",
         "\"held\":false");
    close_scene(&scene);
}

/* A client that was stopped, and one that had no core: what is wrong, what helps, and whose the gap is. */
static void test_other_verdicts(void **state)
{
    struct scene scene;

    (void)state;
    open_normal(&scene);
    scene.total->gap = 710 * MS;
    scene.total->gap_away = 700 * MS;
    scene.run.judgement = (struct judgement){.verdict = VERDICT_SUSPENDED,
                                             .suspended = true,
                                             .busy_share = 0.4,
                                             .suspended_share = 0.07,
                                             .suspension = 700 * MS};
    SAYS(text_of(&scene, false, 0),
         "\n\nThe client was the bottleneck: it was stopped for 7.0% of the time, 700 ms at\n",
         "once. These numbers are the client's, not the server's. A signal or the machine\n",
         "stopped it: run it again, undisturbed.\n",
         "\nLongest gap  710 ms between two answers, at 4.30 s: for 700 ms of it the client\n",
         "             itself did not look.\n",
         "\nClient       suspended, busy 40.0% of the time\n");
    assert_null(strstr(written, "hides"));
    assert_string_equal(problems(&scene), "");
    SAYS(written, "\"longest_gap_away_s\":0.700000000,",
         "\"verdict\":\"suspended\",\"reasons\":[\"suspended\"],",
         "\"suspended_share\":0.070000,\"longest_suspension_s\":0.700000000,");
    scene.run.judgement = (struct judgement){.verdict = VERDICT_STARVED,
                                             .starved = true,
                                             .late = true,
                                             .starved_share = 0.25,
                                             .late_share = 0.3};
    scene.total->gap_away = 300 * MS;
    SAYS(text_of(&scene, false, 0),
         "its thread waited for a core 25.0% of the time,\nand 30.0% of the requests",
         "Give it a core of its own (taskset).\n",
         "\nLongest gap  710 ms between two answers, at 4.30 s: 7.1% of the run, which a\n",
         "\nClient       starved, busy 0% of the time\n");
    close_scene(&scene);
}

static void test_saturated(void **state)
{
    struct scene scene;
    const char *text;

    (void)state;
    open_saturated(&scene);
    text = text_of(&scene, false, 0);
    SAYS(text, "https://bench.example/search?q=\\x1b[2J and 2 more:\n",
         "\n  open loop, 1,000 to 50,000 requests/s in 5.00 s (Poisson), up to 64\n  connections, ",
         "7.40 s after 2.00 s of ", "warm-up\n",
         "\n\nThe client was the bottleneck: its thread was busy 99.2% of the time, and 43.4%\n",
         "of the requests were sent over 1 ms late. These numbers are the client's, not\n",
         "the server's. Lower the rate (-R), or share the load among several processes\n",
         "(--procs).\n", "\nInterrupted after 7.40 s of 10.0 s: ", "\n\nRequests",
         "4,127 still waiting\n", "\n             150,000 completed, 1,533 failed, 64 in flight",
         "\nStatus       200    148,496  99.0%\n             429          4  <0.01%\n",
         "             503      1,500  1.0%\n",
         "\nErrors       timeout.total                17  timed out\n",
         "\n             connect.refused             312  connection refused\n",
         "\n             http.reset                1,204  connection reset before the answer\n",
         "\n  2 of them took over an hour, and are counted as an hour.\n", "⋮", "  3600 s",
         "handshake included\n", "\n             64 TLS handshakes, 32 (50.0%) of them resumed\n",
         "\nClient       saturated, busy 99.2% of the time\n",
         "3 answers came without a kernel stamp\n", "1 kernel stamps could not be used");
    scene.run.open_loop = false; /* and what helps then */
    scene.total->processes = 2;
    SAYS(text_of(&scene, false, 0), "closed loop, 64 connections, 2 processes, 7.40 s after",
         "bottleneck: one of its threads was busy", "fewer connections (-c).\n",
         "saturated, its busiest process busy 99.2%");
    close_scene(&scene);
}

/* Nothing came, and nothing is divided by it. */
static void test_nothing(void **state)
{
    struct scene scene;
    const char *text;

    (void)state;
    open_scene(&scene);
    scene.total->to = 0;
    lose(&scene, ERROR_CONNECT_REFUSED, 5);
    assert_null(slo_parse(&scene.slo, "p99=5ms"));
    slo_judge(&scene.slo, scene.total);
    text = text_of(&scene, false, 0);
    SAYS(text, "\nRequests     0 completed, 5 failed\n", "\nRate         0/s completed\n",
         "connect.refused", "\nLatency      nothing was answered\n", "\nConnections  0 made\n",
         "missed  p99     at most 5.00 ms, was nothing\n");
    assert_null(strstr(text, "gap"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(json_of(&scene), "nan"));
    SAYS(written, "\"rps\":0.000", "\"latency_us\":null", "\"measured\":null,\"held\":false");
    close_scene(&scene);
}

/* What a closed loop does not show in its percentiles, it is told. */
static void test_gap(void **state)
{
    static const struct {
        nsec gap, latency;
        bool told;
    } cases[] = {
        {2 * S, 250 * US, true},
        {2 * S, 250 * MS, false},
        {101 * MS, 250 * US, true},
        {99 * MS, 250 * US, false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct scene scene;
        bool told;

        open_scene(&scene);
        complete(&scene, 1000);
        record(scene.total->latency, cases[i].latency, 1000);
        scene.total->gap = cases[i].gap;
        scene.total->gap_at = 4300 * MS;
        told = strstr(text_of(&scene, false, 0), "hides") != NULL;
        assert_int_equal(told, cases[i].told);
        if (i == 0)
            SAYS(written,
                 "\nLongest gap  2.00 s between two answers, at 4.30 s: 20.0% of the run, ",
                 "which a\n             closed loop hides");
        scene.run.open_loop = true; /* which does show it */
        assert_null(strstr(text_of(&scene, false, 0), "hides"));
        close_scene(&scene);
    }
}

static void test_few(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    complete(&scene, 640);
    record(scene.total->latency, 1 * MS, 640);
    SAYS(text_of(&scene, false, 0), "\n  Of 640 values, p99.9 and above are the greatest.\n");
    record(scene.total->latency, 1 * MS, 9360);
    assert_null(strstr(text_of(&scene, false, 0), "are the greatest"));
    close_scene(&scene);
}

/* The columns that a line of text takes. */
static size_t width_of(const char *line, size_t length)
{
    size_t columns = 0;

    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    return columns;
}

/* No line is longer than the terminal, none ends with a space. */
static void test_width(void **state)
{
    static void (*const open[])(struct scene * scene) = {open_normal, open_stall, open_saturated};
    static const size_t widths[] = {0, 80, 100, 120};

    (void)state;
    for (size_t i = 0; i < LENGTH(open) * LENGTH(widths); i++) {
        size_t width = widths[i / LENGTH(open)];
        struct scene scene;

        open[i % LENGTH(open)](&scene);
        for (const char *line = text_of(&scene, false, width), *end; (end = strchr(line, '\n'));
             line = end + 1) {
            if (width_of(line, (size_t)(end - line)) > (width ? width : 80))
                fail_msg("over %zu columns: %.*s", width, (int)(end - line), line);
            assert_true(end == line || end[-1] != ' ');
        }
        close_scene(&scene);
    }
}

/* The same text, with sequences in it. */
static void test_color(void **state)
{
    struct scene scene;
    char *plain, *to;

    (void)state;
    open_saturated(&scene);
    plain = strdup(text_of(&scene, false, 0));
    assert_null(strchr(plain, '\033'));
    SAYS(text_of(&scene, true, 0), "\033[31mThe client", "\033[33mInterrupted", "\033[0m");
    to = written;
    for (const char *from = written; *from; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(written, plain);
    free(plain);
    close_scene(&scene);
}

/* What the checker of tests/schema says of the JSON; "" where it fits. */
static const char *problems(const struct scene *scene)
{
    static char said[4096];
    char path[256], command[512];
    int fd = unit_file(path, sizeof(path));
    FILE *jq;

    json_of(scene);
    assert_int_equal(write(fd, written, written_bytes), written_bytes);
    close(fd);
    snprintf(command, sizeof(command),
             "jq -r --slurpfile schema tests/schema/bench.json -L tests/schema "
             "'include \"check\"; problems($schema[0])' '%s' 2>&1",
             path);
    jq = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(jq);
    said[fread(said, 1, sizeof(said) - 1, jq)] = '\0';
    assert_int_equal(pclose(jq), 0);
    unlink(path);
    return said;
}

static void test_json(void **state)
{
    struct scene scene;

    (void)state;
    open_normal(&scene);
    assert_string_equal(problems(&scene), "");
    SAYS(written, "{\"schema\":\"firstbyte.bench/1\",\"began\":\"2026-10-26T07:33:20.250Z\",",
         "\"url\":\"http://127.0.0.1:8080/\",\"targets\":1,\"method\":\"GET\",",
         "\"loop\":\"closed\",\"rate\":null,", "\"duration_s\":10.000000000,", "\"requests\":null,",
         "\"interrupted\":false,\"gave_up\":null,\"totals\":{\"scheduled\":200064,\"waiting\":0,",
         "\"started\":200064,",
         "\"completed\":200000,\"failed\":0,\"in_flight\":64,\"duration_s\":10.000000000,",
         "\"rps\":20000.000,\"bytes_in\":170000000,",
         "\"latency_us\":{\"count\":200064,\"clamped\":0,\"min\":", "\"kernel_latency_us\":{",
         "\"client_delay_us\":{", "\"longest_gap_s\":0.003100000,", "\"errors\":{},",
         "\"status\":{\"200\":200000},", "\"client\":{\"verdict\":\"ok\",\"reasons\":[],",
         "\"starved_share\":0.000000,\"suspended_share\":0.000000,\"longest_suspension_s\":null,",
         "\"late_share\":null,", "\"within_100us_share\":null,\"lateness_us\":null,",
         "\"intervals\":[{\"from_s\":0.000000,\"to_s\":1.000000,", "\"p50_us\":250.000,",
         "},{\"from_s\":1.000000,", "\"p50_us\":null,");
    assert_null(strstr(written, "raw_latency"));
    assert_null(strstr(written, "\"slo\""));
    assert_string_equal(written + written_bytes - 4, "}]}\n");
    close_scene(&scene);
}

static void test_addresses(void **state)
{
    struct scene scene;
    struct tally_address *all;
    const char *text;

    (void)state;
    open_scene(&scene);
    complete(&scene, 3000);
    run_client(&scene, 0.3, 5 * US);
    all = scene.total->addresses;
    scene.total->address_count = 1;
    address_parse(&all[0].address, "192.0.2.1", 80);
    all[0].connections = 32;
    all[0].completed = 2000;
    all[0].time = 500 * MS;
    assert_null(strstr(text_of(&scene, false, 0), "Addresses")); /* it is the URL's */
    scene.total->address_count = 4;
    address_parse(&all[1].address, "2001:db8::1", 80);
    all[1].connections = 1;
    all[1].failed = 7;
    all[1].dropped = ERROR_CONNECT_TIMEOUT;
    address_parse(&all[2].address, "192.0.2.3", 80);
    all[2].refused = 2;
    all[2].dropped = ERROR_CONNECT_REFUSED;
    all[3].connections = 1000;
    text = text_of(&scene, false, 0);
    SAYS(text, "\nAddresses    192.0.2.1:80      32 connections, 2,000 completed, mean 250 us\n",
         "\n             [2001:db8::1]:80  1 connection, 0 completed, 7 failed; dropped:",
         "\n             192.0.2.3:80      dropped: connection refused\n",
         "\n             others            1,000 connections, 0 completed\n");
    assert_string_equal(problems(&scene), "");
    SAYS(json_of(&scene),
         "\"addresses\":[{\"address\":\"192.0.2.1:80\",\"connections\":32,\"refused\":0,"
         "\"completed\":2000,\"failed\":0,\"mean_us\":250.000,\"dropped\":null},",
         "{\"address\":\"192.0.2.3:80\",\"connections\":0,\"refused\":2,\"completed\":0,"
         "\"failed\":0,\"mean_us\":null,\"dropped\":\"connect.refused\"},"
         "{\"address\":null,\"connections\":1000,");
    close_scene(&scene);
}

static void test_json_of_open_loops(void **state)
{
    struct scene scene;

    (void)state;
    open_stall(&scene);
    assert_string_equal(problems(&scene), "");
    SAYS(written, "\"loop\":\"open\",\"rate\":1000,", "\"raw_latency_us\":{\"count\":9997,",
         "\"kernel_latency_us\":null,\"client_delay_us\":null,",
         "\"slo\":[{\"name\":\"p50\",\"unit\":\"us\",\"limit\":1000.000,\"measured\":",
         "{\"name\":\"errors\",\"unit\":\"share\",\"limit\":0.001000000,\"measured\":0.000000000,",
         "\"held\":true}");
    close_scene(&scene);
    open_saturated(&scene);
    scene.options.request.head = true;
    assert_string_equal(problems(&scene), "");
    SAYS(written, "\"url\":\"https://bench.example/search?q=\\u001b[2J\",\"targets\":3,",
         "\"method\":\"HEAD\",", "\"arrival\":\"poisson\",", "\"interrupted\":true,",
         "\"errors\":{\"timeout.total\":17,\"connect.refused\":312,\"http.reset\":1204},",
         "\"status\":{\"200\":148496,\"429\":4,\"503\":1500},",
         "\"verdict\":\"saturated\",\"reasons\":[\"busy\",\"late\"],", "\"late_share\":0.434000,");
    close_scene(&scene);
}

/* A rate is given back as it was asked for, however small. */
static void test_json_of_rates(void **state)
{
    static const struct {
        double rate;
        const char *text;
    } cases[] = {{1.0 / 3600, "\"rate\":0.0002777777777777778,"},
                 {1.0 / 86400, "\"rate\":1.1574074074074073e-05,"},
                 {0.5, "\"rate\":0.5,"},
                 {33.3, "\"rate\":33.3,"},
                 {1234567.5, "\"rate\":1234567.5,"},
                 {10000000, "\"rate\":10000000,"}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct scene scene;

        open_scene(&scene);
        scene.run.open_loop = true;
        scene.run.from_rate = scene.run.to_rate = cases[i].rate;
        scene.total->to = 3600 * S;
        complete(&scene, 1);
        assert_null(slo_parse(&scene.slo, "rps=0.0002"));
        slo_judge(&scene.slo, scene.total);
        assert_string_equal(problems(&scene), "");
        SAYS(written, cases[i].text, "\"rps\":0.000277778,",
             "\"limit\":0.0002,\"measured\":0.000277778,\"held\":true");
        close_scene(&scene);
    }
}

/* Header fields and credentials are nobody's business. */
static void test_json_without_secrets(void **state)
{
    char header[] = "Authorization: Bearer sesame\r\n";
    struct scene scene;

    (void)state;
    open_scene(&scene);
    scene.options.request.headers = header;
    scene.options.request.user = "ali:sesame";
    scene.options.request.cookie = "sesame=1";
    scene.options.load.duration = NSEC_NEVER;
    scene.options.request.timeout = NSEC_NEVER;
    scene.options.load.requests = 7;
    assert_string_equal(problems(&scene), "");
    assert_null(strstr(written, "sesame"));
    SAYS(written, "\"duration_s\":null,", "\"requests\":7,\"timeout_s\":null,");
    close_scene(&scene);
}

static void test_csv(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    fill_intervals(&scene);
    assert_string_equal(
        csv_of(&scene),
        "from_s,to_s,scheduled,waiting,started,completed,failed,in_flight,rps,bytes_in,bytes_out,"
        "connections,p50_us,p90_us,p99_us,p99.9_us,max_us,lag_p99_us,busy_share\r\n"
        "0.000000,1.000000,1000,0,1000,1000,0,0,1000.000,850000,0,0,250.000,250.000,250.000,"
        "250.000,250.000,2.000,0.250000\r\n"
        "1.000000,2.000000,7,7,0,0,0,0,0.000,0,0,0,,,,,,2.000,0.250000\r\n"
        "2.000000,3.000000,1000,0,1000,1000,0,0,1000.000,850000,0,0,250.000,250.000,250.000,"
        "250.000,250.000,2.000,0.250000\r\n");
    close_scene(&scene);
}

static int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_stall),
        cmocka_unit_test(test_limited),
        cmocka_unit_test(test_hung),
        cmocka_unit_test(test_other_verdicts),
        cmocka_unit_test(test_saturated),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_open_loops),
        cmocka_unit_test(test_json_of_rates),
        cmocka_unit_test(test_json_without_secrets),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_csv),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}
