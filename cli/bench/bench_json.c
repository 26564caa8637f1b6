/*
 * A run for machines: one JSON object, or CSV of its intervals. Units are in the names, microseconds
 * keep their nanoseconds, and what was not measured is null: a 0 would be a lie. The interval's columns
 * are one table, so that both formats have the same. A line of JSON for each interval while the run
 * goes on was rejected: the report is one thing, written when the run is over.
 */
#include "cli/bench/bench_report.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/output/text.h"

#define SCHEMA "firstbyte.bench/1"
#define PROMPT (100 * NSEC_PER_US) /* of a send: what a bare timer loop keeps to nearly always */

static void put(FILE *to, const char *text)
{
    fputs_unlocked(text, to);
}

/* Begins a member of an object: a comma unless it is the first, and its name, which needs no escape. */
static void put_name(FILE *to, const char *name, bool first)
{
    fprintf(to, "%s\"%s\":", first ? "" : ",", name);
}

static void put_text(FILE *to, const char *name, const char *text)
{
    put_name(to, name, false);
    if (text)
        text_json(to, text, strlen(text), TEXT_ALL);
    else
        put(to, "null");
}

static void put_bool(FILE *to, const char *name, bool truth)
{
    fprintf(to, ",\"%s\":%s", name, truth ? "true" : "false");
}

static void put_count(FILE *to, const char *name, uint64_t count)
{
    fprintf(to, ",\"%s\":%" PRIu64, name, count);
}

/* A limit, of which 0 is none. */
static void put_limit(FILE *to, const char *name, uint64_t count)
{
    if (count)
        put_count(to, name, count);
    else
        fprintf(to, ",\"%s\":null", name);
}

static void put_us(FILE *to, nsec span)
{
    fprintf(to, "%" PRIu64 ".%03" PRIu64, span / NSEC_PER_US, span % NSEC_PER_US);
}

/* Seconds with all that is known of them; NSEC_NEVER is null. */
static void put_seconds(FILE *to, const char *name, nsec span)
{
    put_name(to, name, false);
    if (span == NSEC_NEVER)
        put(to, "null");
    else
        fprintf(to, "%" PRIu64 ".%09" PRIu64, span / NSEC_PER_S, span % NSEC_PER_S);
}

/* A number, or null for what is none. */
static void put_real(FILE *to, const char *name, double value, int decimals)
{
    put_name(to, name, false);
    if (isfinite(value))
        fprintf(to, "%.*f", decimals, value);
    else
        put(to, "null");
}

/* A rate that was measured: three decimals, of one that is below 1 a second six digits. */
static void put_rate(FILE *to, const char *name, double value)
{
    if (!(value > 0 && value < 1)) {
        put_real(to, name, value, 3);
        return;
    }
    put_name(to, name, false);
    fprintf(to, "%.6g", value);
}

/* A number that was asked for, with all its digits and none more: the fewest that give it back. */
static void put_exact(FILE *to, const char *name, double value)
{
    char text[32] = "null";

    for (int digits = DBL_DIG; isfinite(value) && digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    put_name(to, name, false);
    put(to, text);
}

static double seconds(nsec span)
{
    return (double)span / (double)NSEC_PER_S;
}

static double rate(uint64_t count, double duration_s)
{
    return duration_s > 0 ? (double)count / duration_s : 0;
}

/* A histogram as its summary; null where it has no value. */
static void put_summary(FILE *to, const char *name, const struct histogram *histogram)
{
    struct histogram_summary summary;

    put_name(to, name, false);
    if (!histogram->count) {
        put(to, "null");
        return;
    }
    histogram_summarize(histogram, &summary);
    fprintf(to, "{\"count\":%" PRIu64 ",\"clamped\":%" PRIu64 ",\"min\":", summary.count,
            histogram->clamped);
    put_us(to, summary.min);
    put_real(to, "mean", summary.mean / (double)NSEC_PER_US, 3);
    put_real(to, "stddev", summary.stddev / (double)NSEC_PER_US, 3);
#define X(member, percent, percentile)                                                             \
    put_name(to, percentile, false);                                                               \
    put_us(to, summary.member);
    HISTOGRAM_PERCENTILES(X)
#undef X
    put_name(to, "max", false);
    put_us(to, summary.max);
    put(to, "}");
}

/* What was asked */

static const char *method_of(const struct request_options *request)
{
    if (request->method)
        return request->method;
    return request->head ? "HEAD" : request->content ? "POST" : "GET";
}

static void put_schedule(FILE *to, const struct bench_run *run)
{
    const struct load_command *load = &run->options->load;
    double none = (double)NAN;

    put_text(to, "loop", run->open_loop ? "open" : "closed");
    put_exact(to, "rate", run->open_loop ? run->to_rate : none);
    put_exact(to, "from_rate", run->open_loop ? run->from_rate : none);
    put_exact(to, "to_rate", run->open_loop ? run->to_rate : none);
    put_seconds(to, "ramp_s", run->open_loop ? load->ramp : NSEC_NEVER);
    put_text(to, "arrival",
             !run->open_loop                     ? NULL
             : load->arrival == ARRIVAL_CONSTANT ? "constant"
                                                 : "poisson");
    put_count(to, "seed", load->seed);
}

/* All that is needed to do it again, but for secrets: header fields, names and passwords. */
static void put_config(FILE *to, const struct bench_run *run)
{
    static const char *const stamped[] = {
        [KERNEL_TIME_OFF] = "off", [KERNEL_TIME_SAMPLE] = "sample", [KERNEL_TIME_ALL] = "all"};
    const struct options *options = run->options;
    const struct load_command *load = &options->load;

    put(to, ",\"config\":{\"url\":");
    text_json(to, run->url, strlen(run->url), TEXT_ALL);
    put_count(to, "targets", run->targets);
    put_text(to, "method", method_of(&options->request));
    put_text(to, "unix_socket", options->unix_socket);
    put_count(to, "connections", options->concurrency);
    put_schedule(to, run);
    put_seconds(to, "duration_s", load->duration);
    put_seconds(to, "warmup_s", load->warmup);
    put_limit(to, "requests", load->requests);
    put_seconds(to, "timeout_s", options->request.timeout);
    put_count(to, "pipeline", load->pipeline);
    put_limit(to, "requests_per_connection", load->requests_per_connection);
    put_bool(to, "new_connections", load->new_connections);
    put_count(to, "resume_percent", load->resume_percent);
    put_count(to, "processes", load->processes);
    put_text(to, "kernel_time", stamped[load->kernel_time]);
    put(to, "}");
}

/* What it came to */

static void put_totals(FILE *to, const struct tally *total)
{
    double duration_s = seconds(total->to - total->from);

    fprintf(to, ",\"totals\":{\"scheduled\":%" PRIu64, total->scheduled);
    put_count(to, "waiting", total->waiting);
    put_count(to, "started", total->started);
    put_count(to, "completed", total->completed);
    put_count(to, "failed", total->failed);
    put_count(to, "in_flight", total->in_flight);
    put_seconds(to, "duration_s", total->to - total->from);
    put_rate(to, "rps", rate(total->completed, duration_s));
    put_count(to, "bytes_in", total->bytes_in);
    put_count(to, "bytes_out", total->bytes_out);
    put_count(to, "connections", total->connections);
    put_count(to, "handshakes", total->handshakes);
    put_count(to, "resumed", total->resumed);
    put(to, "}");
}

static void put_errors(FILE *to, const struct tally *total)
{
    const char *lead = "";

    put(to, ",\"errors\":{");
    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        if (!total->errors[i])
            continue;
        fprintf(to, "%s\"%s\":%" PRIu64, lead, error_code(i), total->errors[i]);
        lead = ",";
    }
    put(to, "}");
}

static void put_status(FILE *to, const struct tally *total)
{
    const char *lead = "";

    put(to, ",\"status\":{");
    for (unsigned i = 0; i < TALLY_STATUSES; i++) {
        if (!total->status[i])
            continue;
        fprintf(to, "%s\"%u\":%" PRIu64, lead, i, total->status[i]);
        lead = ",";
    }
    put(to, "}");
}

static void put_addresses(FILE *to, const struct tally *total)
{
    put(to, ",\"addresses\":[");
    for (size_t i = 0; i < total->address_count; i++) {
        const struct tally_address *one = &total->addresses[i];
        double mean = one->completed ? (double)one->time / (double)one->completed : (double)NAN;
        char address[ADDRESS_TEXT_BYTES] = "";

        address_text(&one->address, address);
        fprintf(to, "%s{\"address\":", i ? "," : "");
        if (one->address.length)
            text_json(to, address, strlen(address), TEXT_ALL);
        else
            put(to, "null");
        put_count(to, "connections", one->connections);
        put_count(to, "refused", one->refused);
        put_count(to, "completed", one->completed);
        put_count(to, "failed", one->failed);
        put_real(to, "mean_us", mean / (double)NSEC_PER_US, 3);
        put_text(to, "dropped", one->dropped ? error_code((enum error)one->dropped) : NULL);
        put(to, "}");
    }
    put(to, "]");
}

static void put_reasons(FILE *to, const struct judgement *judgement)
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
    bool first = true;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        if (!reasons[i].holds)
            continue;
        fprintf(to, "%s\"%s\"", first ? "" : ",", reasons[i].word);
        first = false;
    }
}

/* The share of values up to a limit; NaN where there are none. */
static double within(const struct histogram *histogram, nsec limit)
{
    return histogram->count ? (double)histogram_up_to(histogram, limit) / (double)histogram->count
                            : (double)NAN;
}

static void put_client(FILE *to, const struct bench_run *run)
{
    const struct tally *total = run->total;
    const struct judgement *judgement = &run->judgement;
    uint64_t ended = tally_ended(total);
    double cpu_us = (double)(total->cpu_user + total->cpu_system) / (double)NSEC_PER_US;

    fprintf(to, ",\"client\":{\"verdict\":\"%s\",\"reasons\":[", verdict_name(judgement->verdict));
    put_reasons(to, judgement);
    put(to, "]");
    put_count(to, "processes", total->processes);
    put_seconds(to, "cpu_user_s", total->cpu_user);
    put_seconds(to, "cpu_sys_s", total->cpu_system);
    put_real(to, "cpu_us_per_request", ended ? cpu_us / (double)ended : (double)NAN, 3);
    put_real(to, "busy_share", judgement->busy_share, 6);
    put_real(to, "starved_share", judgement->starved_share, 6);
    put_real(to, "suspended_share", judgement->suspended_share, 6);
    put_seconds(to, "longest_suspension_s",
                judgement->suspension ? judgement->suspension : NSEC_NEVER);
    put_real(to, "late_share", run->open_loop ? judgement->late_share : (double)NAN, 6);
    put_real(to, "connections_busy_share", run->open_loop ? tally_limited(total) : (double)NAN, 6);
    put_bool(to, "connections_limited", verdict_limited(total));
    put_real(to, "within_100us_share", within(total->lateness, PROMPT), 6);
    put_summary(to, "lateness_us", total->lateness);
    put_summary(to, "loop_lag_us", total->lag);
    put_count(to, "stamps_missing", total->stamps_missing);
    put_count(to, "stamps_unusable", total->stamps_unusable);
    put(to, "}");
}

static void put_slo_part(FILE *to, const struct slo_part *part)
{
    static const char *const units[] = {[SLO_PERCENTILE] = "us",
                                        [SLO_MEAN] = "us",
                                        [SLO_MAX] = "us",
                                        [SLO_ERRORS] = "share",
                                        [SLO_RPS] = "rps"};
    bool span = part->kind <= SLO_MAX;
    double unit = span ? (double)NSEC_PER_US : 1;
    int decimals = part->kind == SLO_ERRORS ? 9 : 3;

    put(to, "{\"name\":");
    text_json(to, part->name, strnlen(part->name, sizeof(part->name)), TEXT_ALL);
    put_text(to, "unit", units[part->kind]);
    if (part->kind == SLO_RPS) {
        put_exact(to, "limit", part->limit);
        put_rate(to, "measured", part->measured);
    } else {
        put_real(to, "limit", part->limit / unit, decimals);
        put_real(to, "measured", part->measured / unit, decimals);
    }
    put_bool(to, "held", part->held);
    put(to, "}");
}

static void put_slo(FILE *to, const struct slo *slo)
{
    if (!slo->count)
        return;
    put(to, ",\"slo\":[");
    for (size_t i = 0; i < slo->count; i++) {
        put(to, i ? "," : "");
        put_slo_part(to, &slo->part[i]);
    }
    put(to, "]");
}

/* Intervals */

static double interval_rps(const struct interval *interval)
{
    return rate(interval->completed, interval->to_s - interval->from_s);
}

/* Their columns: COUNT(name, value), REAL(name, decimals, value), and SPAN(name, value), which is in
   microseconds, and is not there where nothing was answered. */
#define COLUMNS(COUNT, REAL, SPAN)                                                                 \
    REAL("from_s", 6, i->from_s)                                                                   \
    REAL("to_s", 6, i->to_s)                                                                       \
    COUNT("scheduled", i->scheduled)                                                               \
    COUNT("waiting", i->waiting)                                                                   \
    COUNT("started", i->started)                                                                   \
    COUNT("completed", i->completed)                                                               \
    COUNT("failed", i->failed)                                                                     \
    COUNT("in_flight", i->in_flight)                                                               \
    REAL("rps", 3, interval_rps(i))                                                                \
    COUNT("bytes_in", i->bytes_in)                                                                 \
    COUNT("bytes_out", i->bytes_out)                                                               \
    COUNT("connections", i->connections)                                                           \
    SPAN("p50_us", i->p50)                                                                         \
    SPAN("p90_us", i->p90)                                                                         \
    SPAN("p99_us", i->p99)                                                                         \
    SPAN("p99.9_us", i->p999)                                                                      \
    SPAN("max_us", i->max)                                                                         \
    REAL("lag_p99_us", 3, (double)i->lag_p99 / (double)NSEC_PER_US)                                \
    REAL("busy_share", 6, i->busy)

/* What stands between two columns, and where there is no value. */
struct layout {
    const char *between, *none;
    bool named; /* each value has its name before it */
};

static void put_lead(FILE *to, const struct layout *layout, size_t column, const char *name)
{
    put(to, column ? layout->between : "");
    if (layout->named)
        put_name(to, name, true);
}

static void put_columns(FILE *to, const struct layout *layout, const struct interval *i)
{
    size_t column = 0;

#define COUNT(name, value)                                                                         \
    put_lead(to, layout, column++, name);                                                          \
    fprintf(to, "%" PRIu64, value);
#define REAL(name, decimals, value)                                                                \
    put_lead(to, layout, column++, name);                                                          \
    fprintf(to, "%.*f", decimals, value);
#define SPAN(name, value)                                                                          \
    put_lead(to, layout, column++, name);                                                          \
    if (i->max)                                                                                    \
        put_us(to, value);                                                                         \
    else                                                                                           \
        put(to, layout->none);
    COLUMNS(COUNT, REAL, SPAN)
#undef COUNT
#undef REAL
#undef SPAN
}

static void put_intervals(FILE *to, struct spool *spool)
{
    static const struct layout json = {",", "null", true};
    struct interval interval;
    const char *lead = "";

    put(to, ",\"intervals\":[");
    for (size_t i = 0; i < spool_count(spool); i++) {
        if (!spool_get(spool, i, &interval))
            continue;
        fprintf(to, "%s{", lead);
        put_columns(to, &json, &interval);
        put(to, "}");
        lead = ",";
    }
    put(to, "]");
}

static void put_began(FILE *to, uint64_t began)
{
    time_t wall_seconds = (time_t)(began / NSEC_PER_S);
    char date[32] = "";
    struct tm parts;

    if (gmtime_r(&wall_seconds, &parts))
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(to, ",\"began\":\"%s.%03" PRIu64 "Z\"", date, began % NSEC_PER_S / NSEC_PER_MS);
}

void bench_report_json(FILE *to, const struct bench_run *run)
{
    const struct tally *total = run->total;

    put(to, "{\"schema\":\"" SCHEMA "\"");
    put_began(to, run->began);
    put_config(to, run);
    put_bool(to, "interrupted", run->interrupted);
    put_text(to, "gave_up", total->gave_up ? error_code((enum error)total->gave_up) : NULL);
    put_totals(to, total);
    put_summary(to, "latency_us", total->latency);
    if (run->open_loop)
        put_summary(to, "raw_latency_us", total->raw);
    put_summary(to, "unfinished_us", total->unfinished);
    put_summary(to, "kernel_latency_us", total->kernel);
    put_summary(to, "client_delay_us", total->delay);
    put_summary(to, "connect_us", total->connecting);
    put_seconds(to, "longest_gap_s", total->gap ? total->gap : NSEC_NEVER);
    put_seconds(to, "longest_gap_at_s", total->gap ? total->gap_at : NSEC_NEVER);
    put_seconds(to, "longest_gap_away_s", total->gap ? total->gap_away : NSEC_NEVER);
    put_errors(to, total);
    put_status(to, total);
    put_addresses(to, total);
    put_client(to, run);
    put_slo(to, run->slo);
    put_intervals(to, run->intervals);
    put(to, "}\n");
}

void bench_report_csv(FILE *to, const struct bench_run *run)
{
    static const struct layout csv = {",", "", false};
    struct interval interval;
    const char *lead = "";

#define NAME(name, ...)                                                                            \
    fprintf(to, "%s%s", lead, name);                                                               \
    lead = ",";
    COLUMNS(NAME, NAME, NAME)
#undef NAME
    put(to, "\r\n");
    for (size_t i = 0; i < spool_count(run->intervals); i++) {
        if (!spool_get(run->intervals, i, &interval))
            continue;
        put_columns(to, &csv, &interval);
        put(to, "\r\n");
    }
}
