/*
 * The report as one JSON object, or as CSV of the intervals. Names have the units; a value that was
 * not measured is null, not 0. One table has the columns of an interval for both formats. Rejected:
 * a line of JSON after each interval. The report is written when the run has ended.
 */
#include "cli/bench/bench_report.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/output/json.h"

#define SCHEMA "firstbyte.bench/1"
/* a send within this lateness is prompt: a plain timer loop nearly always achieves it */
#define PROMPT (100 * NSEC_PER_US)

/* Writes a limit; 0, no limit, is null. */
static void put_limit(struct json *json, const char *key, uint64_t count)
{
    if (count)
        json_unsigned(json, key, count);
    else
        json_null(json, key);
}

/* Writes microseconds with three decimals. */
static void put_us(struct json *json, const char *key, nsec span)
{
    json_fixed(json, key, span, 3);
}

/* Writes seconds with nine decimals; NSEC_NEVER is null. */
static void put_seconds(struct json *json, const char *key, nsec span)
{
    if (span == NSEC_NEVER)
        json_null(json, key);
    else
        json_fixed(json, key, span, 9);
}

/* Writes a measured rate: three decimals, or six digits if it is below 1 per second. */
static void put_rate(struct json *json, const char *key, double value)
{
    if (value > 0 && value < 1)
        json_digits(json, key, value, 6);
    else
        json_real(json, key, value, 3);
}

/* Writes an option's number with the fewest digits that give the same value. */
static void put_exact(struct json *json, const char *key, double value)
{
    char text[32];
    int digits = DBL_DIG;

    for (; digits < DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    json_digits(json, key, value, digits);
}

/* Writes the summary of a histogram; null if it is empty. */
static void put_summary(struct json *json, const char *key, const struct histogram *histogram)
{
    struct histogram_summary summary;

    if (!histogram->count) {
        json_null(json, key);
        return;
    }
    histogram_summarize(histogram, &summary);
    json_object(json, key);
    json_unsigned(json, "count", summary.count);
    json_unsigned(json, "clamped", histogram->clamped);
    put_us(json, "min", summary.min);
    json_real(json, "mean", summary.mean / (double)NSEC_PER_US, 3);
    json_real(json, "stddev", summary.stddev / (double)NSEC_PER_US, 3);
#define X(member, percent, percentile) put_us(json, percentile, summary.member);
    HISTOGRAM_PERCENTILES(X)
#undef X
    put_us(json, "max", summary.max);
    json_object_end(json);
}

/* The options of the run */

static const char *method_of(const struct request_options *request)
{
    if (request->method)
        return request->method;
    return request->head ? "HEAD" : request->content ? "POST" : "GET";
}

static void put_schedule(struct json *json, const struct bench_run *run)
{
    const struct schedule_options *schedule = &run->load->schedule;
    bool open = run->load->open_loop;
    double none = (double)NAN;

    json_string(json, "loop", open ? "open" : "closed");
    put_exact(json, "rate", open ? schedule->to_rate : none);
    put_exact(json, "from_rate", open ? schedule->from_rate : none);
    put_exact(json, "to_rate", open ? schedule->to_rate : none);
    put_seconds(json, "ramp_s", open ? schedule->ramp : NSEC_NEVER);
    json_string(json, "arrival",
                !open                                   ? NULL
                : schedule->arrival == ARRIVAL_CONSTANT ? "constant"
                                                        : "poisson");
    json_unsigned(json, "seed", schedule->seed);
}

/* Options of HTTP/2; null with HTTP/1.1, and for a default of the protocol. */
static void put_protocol(struct json *json, const struct load_options *load)
{
    bool http2 = load->versions != HTTP_1_1_ONLY;
    size_t table = load->header_table_bytes;

    json_string(json, "protocol", http2 ? "HTTP/2" : "HTTP/1.1");
    put_limit(json, "streams", http2 ? load->streams : 0);
    put_limit(json, "window", http2 ? load->window_bytes : 0);
    if (http2 && table != SIZE_MAX)
        json_unsigned(json, "header_table", table);
    else
        json_null(json, "header_table");
}

/* Writes all that is needed to repeat the run, but no header fields, names or passwords. */
static void put_config(struct json *json, const struct bench_run *run)
{
    static const char *const stamped[] = {
        [KERNEL_TIME_OFF] = "off", [KERNEL_TIME_SAMPLE] = "sample", [KERNEL_TIME_ALL] = "all"};
    const struct load_options *load = run->load;

    json_object(json, "config");
    json_string(json, "url", run->url);
    json_unsigned(json, "targets", run->targets);
    json_string(json, "method", method_of(run->request));
    json_string(json, "unix_socket", run->unix_socket);
    json_unsigned(json, "connections", load->connections);
    put_schedule(json, run);
    put_seconds(json, "duration_s", load->duration);
    put_seconds(json, "warmup_s", load->warmup);
    put_limit(json, "requests", load->requests);
    put_seconds(json, "timeout_s", load->timeout);
    json_unsigned(json, "pipeline", load->pipeline);
    put_protocol(json, load);
    put_limit(json, "requests_per_connection", load->requests_per_connection);
    json_bool(json, "new_connections", load->new_connections);
    json_unsigned(json, "resume_percent", load->resume_percent);
    json_unsigned(json, "processes", run->command->processes);
    json_string(json, "kernel_time", stamped[run->command->kernel_time]);
    json_object_end(json);
}

/* The results of the run */

/* Counts of HTTP/2; null with HTTP/1.1. */
static void put_http2_totals(struct json *json, const struct tally *total, bool http2)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"goaways", total->goaways},
        {"resets", total->resets},
        {"refused", total->refused},
        {"resent", total->resent},
        {"header_bytes_in", total->header_bytes_in},
        {"header_bytes_in_plain", total->header_bytes_in_plain},
        {"header_bytes_out", total->header_bytes_out},
        {"header_bytes_out_plain", total->header_bytes_out_plain},
    };

    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
        if (http2)
            json_unsigned(json, counts[i].name, counts[i].count);
        else
            json_null(json, counts[i].name);
}

/* Writes a limit of streams; null: the server sent SETTINGS without one. */
static void put_streams(struct json *json, const char *key, uint64_t limit)
{
    if (limit == UINT32_MAX)
        json_null(json, key);
    else
        json_unsigned(json, key, limit); /* a server may allow 0 */
}

/* The limits of streams that servers sent; null: unknown, or HTTP/1.1. */
static void put_streams_limit(struct json *json, const struct tally *total)
{
    if (!total->any_settings) {
        json_null(json, "streams_limit");
        return;
    }
    json_object(json, "streams_limit");
    put_streams(json, "min", total->streams_limit_min);
    put_streams(json, "max", total->streams_limit_max);
    json_object_end(json);
}

static void put_totals(struct json *json, const struct bench_run *run)
{
    const struct tally *total = run->total;

    json_object(json, "totals");
    json_unsigned(json, "scheduled", total->scheduled);
    json_unsigned(json, "waiting", total->waiting);
    json_unsigned(json, "started", total->started);
    json_unsigned(json, "completed", total->completed);
    json_unsigned(json, "failed", total->failed);
    json_unsigned(json, "in_flight", total->in_flight);
    put_seconds(json, "duration_s", total->to - total->from);
    put_rate(json, "rps", tally_per_second(total, total->completed));
    json_unsigned(json, "bytes_in", total->bytes_in);
    json_unsigned(json, "bytes_out", total->bytes_out);
    json_unsigned(json, "connections", total->connections);
    json_unsigned(json, "handshakes", total->handshakes);
    json_unsigned(json, "resumed", total->resumed);
    put_http2_totals(json, total, run->load->versions != HTTP_1_1_ONLY);
    json_object_end(json);
}

static void put_errors(struct json *json, const struct tally *total)
{
    json_object(json, "errors");
    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        if (total->errors[i])
            json_unsigned(json, error_code(i), total->errors[i]);
    }
    json_object_end(json);
}

static void put_status(struct json *json, const struct tally *total)
{
    char key[16];

    json_object(json, "status");
    for (unsigned i = 0; i < TALLY_STATUSES; i++) {
        if (!total->status[i])
            continue;
        snprintf(key, sizeof(key), "%u", i);
        json_unsigned(json, key, total->status[i]);
    }
    json_object_end(json);
}

static void put_addresses(struct json *json, const struct tally *total)
{
    json_array(json, "addresses");
    for (size_t i = 0; i < total->address_count; i++) {
        const struct tally_address *one = &total->addresses[i];
        double mean = one->completed ? (double)one->time / (double)one->completed : (double)NAN;
        char address[ADDRESS_TEXT_BYTES] = "";

        address_text(&one->address, address);
        json_object(json, NULL);
        json_string(json, "address", one->address.length ? address : NULL);
        json_unsigned(json, "connections", one->connections);
        json_unsigned(json, "refused", one->refused);
        json_unsigned(json, "completed", one->completed);
        json_unsigned(json, "failed", one->failed);
        json_real(json, "mean_us", mean / (double)NSEC_PER_US, 3);
        json_string(json, "dropped", one->dropped ? error_code((enum error)one->dropped) : NULL);
        json_object_end(json);
    }
    json_array_end(json);
}

static void put_reasons(struct json *json, const struct judgement *judgement)
{
    const struct {
        const char *word;
        bool holds;
    } reasons[] = {
        {"busy", judgement->busy},
        {"suspended", judgement->suspended},
        {"starved", judgement->starved},
        {"late", judgement->late},
    };

    json_array(json, "reasons");
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (reasons[i].holds)
            json_string(json, NULL, reasons[i].word);
    json_array_end(json);
}

/* Returns the share of values up to a limit; NaN for an empty histogram. */
static double within(const struct histogram *histogram, nsec limit)
{
    return histogram->count ? (double)histogram_up_to(histogram, limit) / (double)histogram->count
                            : (double)NAN;
}

static void put_client(struct json *json, const struct bench_run *run)
{
    const struct tally *total = run->total;
    const struct judgement *judgement = &run->judgement;
    uint64_t ended = tally_ended(total);
    double cpu_us = (double)(total->cpu_user + total->cpu_system) / (double)NSEC_PER_US;

    json_object(json, "client");
    json_string(json, "verdict", verdict_name(judgement->verdict));
    put_reasons(json, judgement);
    json_unsigned(json, "processes", total->processes);
    put_seconds(json, "cpu_user_s", total->cpu_user);
    put_seconds(json, "cpu_sys_s", total->cpu_system);
    json_real(json, "cpu_us_per_request", ended ? cpu_us / (double)ended : (double)NAN, 3);
    json_real(json, "busy_share", judgement->busy_share, 6);
    json_real(json, "starved_share", judgement->starved_share, 6);
    json_real(json, "suspended_share", judgement->suspended_share, 6);
    put_seconds(json, "longest_suspension_s",
                judgement->suspension ? judgement->suspension : NSEC_NEVER);
    json_real(json, "late_share", run->load->open_loop ? judgement->late_share : (double)NAN, 6);
    json_real(json, "connections_busy_share",
              run->load->open_loop ? tally_limited(total) : (double)NAN, 6);
    json_bool(json, "connections_limited", verdict_limited(total));
    json_real(json, "within_100us_share", within(total->send_delay, PROMPT), 6);
    put_summary(json, "lateness_us", total->send_delay);
    put_summary(json, "loop_lag_us", total->lag);
    json_unsigned(json, "stamps_missing", total->stamps_missing);
    json_unsigned(json, "stamps_unusable", total->stamps_unusable);
    json_object_end(json);
}

static void put_slo_part(struct json *json, const struct slo_part *part)
{
    bool span = part->kind <= SLO_MAX;
    double unit = span ? (double)NSEC_PER_US : 1;
    int decimals = span ? 3 : 9;

    json_object(json, NULL);
    json_string(json, "name", part->name);
    json_string(json, "unit", span ? "us" : part->kind == SLO_RPS ? "rps" : "share");
    if (part->kind == SLO_RPS) {
        put_exact(json, "limit", part->limit);
        put_rate(json, "measured", part->measured);
    } else {
        json_real(json, "limit", part->limit / unit, decimals);
        json_real(json, "measured", part->measured / unit, decimals);
    }
    json_bool(json, "held", part->held);
    json_object_end(json);
}

static void put_slo(struct json *json, const struct slo *slo)
{
    if (!slo->count)
        return;
    json_array(json, "slo");
    for (size_t i = 0; i < slo->count; i++)
        put_slo_part(json, &slo->part[i]);
    json_array_end(json);
}

/* Intervals */

enum column_kind {
    COUNT,   /* uint64_t */
    REAL,    /* double, with six decimals */
    SPAN,    /* nsec, shown in microseconds */
    LATENCY, /* the same; no value if no response came */
    RATE     /* double, with three decimals */
};

/* The columns of an interval, in JSON and CSV. */
static const struct column {
    const char *name;
    enum column_kind kind;
    size_t offset; /* in struct interval */
} columns[] = {
#define AT(field) offsetof(struct interval, field)
    {"from_s", REAL, AT(from_s)},
    {"to_s", REAL, AT(to_s)},
    {"scheduled", COUNT, AT(scheduled)},
    {"waiting", COUNT, AT(waiting)},
    {"started", COUNT, AT(started)},
    {"completed", COUNT, AT(completed)},
    {"failed", COUNT, AT(failed)},
    {"in_flight", COUNT, AT(in_flight)},
    {"rps", RATE, AT(rps)},
    {"bytes_in", COUNT, AT(bytes_in)},
    {"bytes_out", COUNT, AT(bytes_out)},
    {"connections", COUNT, AT(connections)},
    {"p50_us", LATENCY, AT(p50)},
    {"p90_us", LATENCY, AT(p90)},
    {"p99_us", LATENCY, AT(p99)},
    {"p99.9_us", LATENCY, AT(p999)},
    {"max_us", LATENCY, AT(max)},
    {"lag_p99_us", SPAN, AT(lag_p99)},
    {"busy_share", REAL, AT(busy)},
#undef AT
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

struct cell {
    char text[64]; /* "": no value */
};

static struct cell cell_of(const struct column *column, const struct interval *interval)
{
    const void *field = (const char *)interval + column->offset;
    const uint64_t *count = field;
    struct cell cell = {""};

    if (column->kind == COUNT)
        snprintf(cell.text, sizeof(cell.text), "%" PRIu64, *count);
    else if (column->kind == REAL)
        snprintf(cell.text, sizeof(cell.text), "%.6f", *(const double *)field);
    else if (column->kind == RATE)
        snprintf(cell.text, sizeof(cell.text), "%.3f", *(const double *)field);
    else if (column->kind == SPAN || interval->max)
        snprintf(cell.text, sizeof(cell.text), "%.3f", (double)*count / (double)NSEC_PER_US);
    return cell;
}

static void put_interval(struct json *json, const struct interval *interval)
{
    json_object(json, NULL);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct cell cell = cell_of(&columns[i], interval);

        if (*cell.text)
            json_encoded(json, columns[i].name, cell.text, strlen(cell.text));
        else
            json_null(json, columns[i].name);
    }
    json_object_end(json);
}

static void put_intervals(struct json *json, struct spool *spool)
{
    struct interval interval;

    json_array(json, "intervals");
    for (size_t i = 0; i < spool_count(spool); i++)
        if (spool_get(spool, i, &interval))
            put_interval(json, &interval);
    json_array_end(json);
}

static void put_wall_start(struct json *json, uint64_t wall_start)
{
    time_t wall_seconds = (time_t)(wall_start / NSEC_PER_S);
    char date[32] = "", text[48];
    struct tm parts;

    if (gmtime_r(&wall_seconds, &parts))
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof(text), "%s.%03" PRIu64 "Z", date, wall_start % NSEC_PER_S / NSEC_PER_MS);
    json_string(json, "began", text);
}

void bench_report_json(FILE *to, const struct bench_run *run)
{
    const struct tally *total = run->total;
    struct json json;

    json_begin(&json, to);
    json_object(&json, NULL);
    json_string(&json, "schema", SCHEMA);
    put_wall_start(&json, run->wall_start);
    put_config(&json, run);
    json_bool(&json, "interrupted", run->interrupted);
    json_string(&json, "gave_up", total->gave_up ? error_code((enum error)total->gave_up) : NULL);
    put_totals(&json, run);
    put_summary(&json, "latency_us", total->latency);
    if (run->load->open_loop)
        put_summary(&json, "raw_latency_us", total->raw);
    put_summary(&json, "unfinished_us", total->unfinished);
    put_summary(&json, "kernel_latency_us", total->kernel_latency);
    put_summary(&json, "client_delay_us", total->client_delay);
    put_summary(&json, "connect_us", total->connecting);
    put_streams_limit(&json, total);
    put_summary(&json, "slot_wait_us", total->slot_wait);
    put_seconds(&json, "longest_gap_s", total->gap ? total->gap : NSEC_NEVER);
    put_seconds(&json, "longest_gap_at_s", total->gap ? total->gap_at : NSEC_NEVER);
    put_seconds(&json, "longest_gap_away_s", total->gap ? total->gap_absent : NSEC_NEVER);
    put_errors(&json, total);
    put_status(&json, total);
    put_addresses(&json, total);
    put_client(&json, run);
    put_slo(&json, run->slo);
    put_intervals(&json, run->intervals);
    json_object_end(&json);
    json_end(&json);
}

void bench_report_csv(FILE *to, const struct bench_run *run)
{
    struct interval interval;

    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(to, "%s%s", i ? "," : "", columns[i].name);
    fputs("\r\n", to);
    for (size_t at = 0; at < spool_count(run->intervals); at++) {
        if (!spool_get(run->intervals, at, &interval))
            continue;
        for (size_t i = 0; i < COLUMNS; i++)
            fprintf(to, "%s%s", i ? "," : "", cell_of(&columns[i], &interval).text);
        fputs("\r\n", to);
    }
}
