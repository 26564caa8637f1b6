/* Constructed runs and their reports, for the tests of cli/bench/bench_*.c. */
#ifndef TESTS_SUPPORT_SAMPLE_RUN_H
#define TESTS_SUPPORT_SAMPLE_RUN_H

#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/bench/bench_report.h"

#define US NSEC_PER_US
#define MS NSEC_PER_MS
#define S  NSEC_PER_S

#define WALL_START (UINT64_C(1793000000) * S + 250 * MS) /* 2026-10-26T07:33:20.250Z */

/* A run with the objects that it borrows. */
struct sample_run {
    struct request_options request;
    struct load_command load;
    struct slo slo;
    struct tally *total;
    struct spool *spool;
    struct bench_run run;
};

static char *written;
static size_t written_bytes;

static inline FILE *begin(void)
{
    free(written);
    written = NULL;
    return open_memstream(&written, &written_bytes);
}

static inline const char *text_of(const struct sample_run *sample, bool color, size_t columns)
{
    FILE *to = begin();

    bench_report_text(to, &sample->run, color, columns);
    fclose(to);
    return written;
}

static inline const char *short_text_of(struct sample_run *sample, bool color)
{
    sample->load.full_report = false;
    return text_of(sample, color, 0);
}

static inline const char *json_of(const struct sample_run *sample)
{
    FILE *to = begin();

    bench_report_json(to, &sample->run);
    fclose(to);
    return written;
}

static inline const char *csv_of(const struct sample_run *sample)
{
    FILE *to = begin();

    bench_report_csv(to, &sample->run);
    fclose(to);
    return written;
}

static inline void record(struct histogram *histogram, nsec value, unsigned times)
{
    while (times--)
        histogram_record(histogram, value);
}

/* A random value of a log-normal distribution around `middle`. */
static inline nsec spread(nsec middle, double width)
{
    double uniform = ((double)unit_random() + 1) / ((double)UINT32_MAX + 2);
    double other = ((double)unit_random() + 1) / ((double)UINT32_MAX + 2);
    double normal = sqrt(-2 * log(uniform)) * cos(2 * M_PI * other);

    return (nsec)((double)middle * exp(width * normal));
}

/* A closed loop with 64 connections that ran ten seconds without a request. */
static inline void sample_open(struct sample_run *sample)
{
    memset(sample, 0, sizeof(*sample));
    sample->load.run.connections = 64;
    sample->load.run.timeout = 30 * S;
    sample->load.run.duration = 10 * S;
    sample->load.run.schedule.arrival = ARRIVAL_CONSTANT;
    sample->load.run.schedule.seed = 1;
    sample->load.run.pipeline = 1;
    sample->load.run.versions = HTTP_1_1_ONLY;
    sample->load.run.streams = 1;
    sample->load.run.header_table_bytes = SIZE_MAX;
    sample->load.processes = 1;
    sample->load.kernel_time = KERNEL_TIME_SAMPLE;
    sample->load.full_report = true;
    sample->total = tally_new();
    sample->total->to = 10 * S;
    sample->spool = spool_new();
    sample->run = (struct bench_run){.command = &sample->load,
                                     .load = &sample->load.run,
                                     .request = &sample->request,
                                     .url = "http://127.0.0.1:8080/",
                                     .targets = 1,
                                     .wall_start = WALL_START,
                                     .total = sample->total,
                                     .intervals = sample->spool,
                                     .slo = &sample->slo};
}

static inline void sample_close(struct sample_run *sample)
{
    spool_free(sample->spool);
    tally_free(sample->total);
}

/* Adds completed requests with status 200. */
static inline void add_completed(struct sample_run *sample, uint64_t count)
{
    struct tally *total = sample->total;

    total->scheduled += count;
    total->started += count;
    total->completed += count;
    total->status[200] += count;
    total->bytes_in += 850 * count;
    total->bytes_out += 80 * count;
}

/* Adds the requests that are in flight or waiting at the end. */
static inline void set_unfinished(struct sample_run *sample, uint64_t in_flight, uint64_t waiting)
{
    struct tally *total = sample->total;

    total->scheduled += in_flight + waiting;
    total->started += in_flight;
    total->in_flight = in_flight;
    total->waiting = waiting;
    for (uint64_t i = 0; i < in_flight + waiting; i++)
        histogram_record(total->latency, 100 * US + i * US);
}

static inline void add_failed(struct sample_run *sample, enum error error, uint64_t count)
{
    struct tally *total = sample->total;

    total->scheduled += count;
    total->started += count;
    total->failed += count;
    total->errors[error] += count;
}

/* Sets the load generator's own figures: its connections, lag and CPU time. */
static inline void set_client(struct sample_run *sample, double busy, nsec lag)
{
    struct tally *total = sample->total;

    total->connections = 64;
    total->open = 64;
    for (int i = 0; i < 64; i++)
        histogram_record(total->connecting, spread(120 * US, 0.3));
    for (int i = 0; i < 5000; i++)
        histogram_record(total->lag, spread(lag, 0.8));
    total->cpu_user = (nsec)(busy * 3e9);
    total->cpu_system = (nsec)(busy * 7e9);
    sample->run.judgement.busy_share = busy;
}

static inline void fill_intervals(struct sample_run *sample)
{
    struct tally *interval = tally_new();

    for (unsigned i = 0; i < 3; i++) {
        tally_clear(interval);
        interval->from = i * S;
        interval->to = (i + 1) * S;
        interval->cpu_user = 250 * MS;
        if (i == 1) { /* an interval without a response */
            interval->scheduled = interval->waiting = 7;
        } else {
            interval->scheduled = interval->started = interval->completed = 1000;
            interval->bytes_in = 850000;
            record(interval->latency, 250 * US, 1000);
        }
        record(interval->lag, 2 * US, 10);
        spool_add(sample->spool, interval);
    }
    tally_free(interval);
}

/* A run without problems. */
static inline void sample_open_normal(struct sample_run *sample)
{
    sample_open(sample);
    add_completed(sample, 200000);
    for (unsigned i = 0; i < 200000; i++) {
        nsec latency = i % 500 ? spread(420 * US, 0.18) : spread(2 * MS, 0.4);
        nsec delay = spread(14 * US, 0.5);

        histogram_record(sample->total->latency, latency);
        if (i % 16)
            continue;
        histogram_record(sample->total->kernel_latency, latency > delay ? latency - delay : 0);
        histogram_record(sample->total->client_delay, delay);
    }
    set_unfinished(sample, 64, 0);
    set_client(sample, 0.431, 3 * US);
    sample->total->gap = 3100 * US;
    sample->total->gap_at = 4300 * MS;
    fill_intervals(sample);
}

/* The same with HTTP/2, 100 streams, and a server that allows 8 and sends GOAWAY. */
static inline void sample_open_http2(struct sample_run *sample)
{
    struct tally *total;

    sample_open_normal(sample);
    sample->run.url = "https://127.0.0.1:8443/";
    sample->load.run.versions = HTTP_2_ONLY;
    sample->load.run.streams = 100;
    total = sample->total;
    total->any_settings = 1;
    total->streams_limit_min = total->streams_limit_max = 8;
    total->goaways = 1200;
    total->resets = 3;
    total->refused = 2;
    total->resent = 900;
    total->header_bytes_in = 4000000;
    total->header_bytes_in_plain = 20000000;
    total->header_bytes_out = 1000000;
    total->header_bytes_out_plain = 10000000;
    total->heads_in = total->heads_out = 200000;
    record(total->slot_wait, 2 * MS, 5000);
}

/* An open loop whose server stalls for two seconds. */
static inline void sample_open_stall(struct sample_run *sample)
{
    sample_open(sample);
    sample->load.run.open_loop = true;
    sample->load.run.schedule.from_rate = sample->load.run.schedule.to_rate = sample->load.rate =
        1000;
    sample->load.run.connections = 50;
    add_completed(sample, 10000 - 3);
    for (unsigned i = 0; i < 9997; i++) {
        nsec raw = spread(250 * US, 0.15), latency = raw;

        if (i >= 4000 && i < 6000) {
            latency += 2 * S - (nsec)(i - 4000) * MS;
            raw += i < 4050 ? latency : 0;
        }
        histogram_record(sample->total->latency, latency);
        histogram_record(sample->total->raw, raw);
        histogram_record(sample->total->send_delay, spread(8 * US, 0.5));
    }
    set_unfinished(sample, 1, 2);
    set_client(sample, 0.052, 2 * US);
    sample->total->gap = 2 * S;
    sample->total->gap_at = 4 * S;
    assert_null(slo_parse(&sample->slo, "p50=1ms,p99=5ms,errors=0.1%,rps=900"));
    slo_judge(&sample->slo, sample->total);
    fill_intervals(sample);
}

/* A closed loop whose server hangs at the end. */
static inline void sample_open_hung(struct sample_run *sample)
{
    sample_open(sample);
    add_completed(sample, 1000);
    record(sample->total->latency, 1 * MS, 1000);
    sample->total->scheduled += 64;
    sample->total->started += 64;
    sample->total->in_flight = 64;
    record(sample->total->unfinished, 2 * S, 64);
    assert_null(slo_parse(&sample->slo, "p50=5ms,p99=5ms,max=1s"));
    slo_judge(&sample->slo, sample->total);
}

/* An open loop with a saturated load generator and some failed requests. */
static inline void sample_open_saturated(struct sample_run *sample)
{
    sample_open(sample);
    sample->run.url = "https://bench.example/search?q=\033[2J";
    sample->run.targets = 3;
    sample->load.run.open_loop = true;
    sample->load.run.schedule.from_rate = 1000;
    sample->load.run.schedule.to_rate = sample->load.rate = 50000;
    sample->load.run.schedule.arrival = ARRIVAL_POISSON;
    sample->load.run.schedule.ramp = 5 * S;
    sample->load.run.warmup = 2 * S;
    sample->run.interrupted = true;
    sample->total->to = 7400 * MS;
    add_completed(sample, 150000);
    sample->total->status[200] -= 1504;
    sample->total->status[429] = 4;
    sample->total->status[503] = 1500;
    add_failed(sample, ERROR_CONNECT_REFUSED, 312);
    add_failed(sample, ERROR_TOTAL_TIMEOUT, 17);
    add_failed(sample, ERROR_WAIT_RESET, 1204);
    for (unsigned i = 0; i < 150017; i++) {
        nsec raw = spread(i % 3 ? 300 * US : 9 * MS, 0.2), late = spread(900 * US, 0.8);

        histogram_record(sample->total->latency, i < 17 ? 30 * S : raw + late);
        histogram_record(sample->total->send_delay, late);
        if (i >= 17)
            histogram_record(sample->total->raw, raw);
    }
    record(sample->total->latency, 2 * HISTOGRAM_MAX, 2);
    set_unfinished(sample, 64, 4127);
    set_client(sample, 0.74 * 0.992, 400 * US);
    sample->total->handshakes = 64;
    sample->total->resumed = 32;
    sample->total->stamps_missing = 3;
    sample->total->stamps_unusable = 1;
    sample->run.judgement = (struct judgement){.verdict = VERDICT_SATURATED,
                                               .busy = true,
                                               .late = true,
                                               .busy_share = 0.992,
                                               .late_share = 0.434};
    fill_intervals(sample);
}

/* Fails unless the text contains the lines in this order. The last character of a line may be the
   first of the next. */
static inline void assert_lines(const char *text, const char *const *lines, size_t count)
{
    assert_non_null(text);
    for (size_t i = 0; text && i < count; i++) {
        const char *at = strstr(text, lines[i]);

        if (!at)
            fail_msg("missing, or in the wrong order: %s\n%s", lines[i], text);
        assert_non_null(at);
        text = at + strlen(lines[i]) - 1;
    }
}

#define ASSERT_LINES(text, ...)                                                                    \
    do {                                                                                           \
        const char *const lines_[] = {__VA_ARGS__};                                                \
        assert_lines(text, lines_, LENGTH(lines_));                                                \
    } while (0)

/* Returns the violations of tests/schema/bench.json; "" if the JSON is valid. */
static inline const char *schema_problems(const struct sample_run *sample)
{
    static char violations[4096];
    char path[256], command[512];
    int fd = unit_file(path, sizeof(path));
    FILE *jq;

    json_of(sample);
    assert_int_equal(write(fd, written, written_bytes), written_bytes);
    close(fd);
    snprintf(command, sizeof(command),
             "jq -r --slurpfile schema tests/schema/bench.json -L tests/schema "
             "'include \"check\"; problems($schema[0])' '%s' 2>&1",
             path);
    jq = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(jq);
    violations[fread(violations, 1, sizeof(violations) - 1, jq)] = '\0';
    assert_int_equal(pclose(jq), 0);
    unlink(path);
    return violations;
}

static inline int end(void **state)
{
    (void)state;
    free(written);
    return 0;
}

#endif
