/*
 * The readers of bench's options, the contradictions between them, and the values that depend on
 * several of them. Contradictions are found here and not when a load starts, so that no run
 * begins with one.
 */
#include "cli/options/load_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parse.h"
#include "cli/options/readers.h"
#include "http/h2/h2.h"
#include "http/typed_url.h"

#define DEFAULT_DURATION       (10 * NSEC_PER_S)
#define DEFAULT_REHEARSED_RATE 5000
#define MAX_RATE_TEXT          32
#define MAX_STREAMS            1024
#define MAX_WINDOW_BYTES       INT32_MAX
#define MAX_HEADER_TABLE_BYTES (16 * 1024 * 1024)

/* --- readers --- */

/* Parses a rate of a ramp, the text [from, from + length). */
static bool ramp_rate(const char *from, size_t length, double *to)
{
    char text[MAX_RATE_TEXT];

    if (length >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)length, from);
    return rate_parse(text, LOAD_MAX_RATE, to);
}

/* Other programs have the content of a request in -d. */
bool load_read_duration(const struct given *given)
{
    if (strpbrk(given->value, "{[=&@<"))
        return refuse(given->option, given->value,
                      "not a duration; the content of a request is --data");
    return read_time(given);
}

/* "FROM:TO/TIME"; the rates are in requests per second. */
bool load_read_ramp(const struct given *given)
{
    struct schedule_options *schedule = &given->options->load.run.schedule;
    const char *text = given->value, *colon = strchr(text, ':');
    const char *slash = colon ? strchr(colon, '/') : NULL;

    if (slash && ramp_rate(text, (size_t)(colon - text), &schedule->from_rate) &&
        ramp_rate(colon + 1, (size_t)(slash - colon - 1), &schedule->to_rate) &&
        duration_parse(slash + 1, &schedule->ramp) && schedule->ramp)
        return true;
    return refuse(
        given->option, text,
        "must be FROM:TO/TIME in requests per second, at most 10000000, like 1000:20000/30s");
}

bool load_read_knee(const struct given *given)
{
    struct slo *knee = &given->options->load.knee;
    const char *wrong = slo_parse(knee, given->value);

    if (!wrong &&
        (knee->count != 1 || knee->part[0].kind == SLO_ERRORS || knee->part[0].kind == SLO_RPS))
        wrong = "must be one latency limit, like p99=20ms";
    return !wrong || refuse(given->option, given->value, wrong);
}

bool load_read_slo(const struct given *given)
{
    const char *wrong = slo_parse(&given->options->load.slo, given->value);

    return !wrong || refuse(given->option, given->value, wrong);
}

/* "on", "off", "50", "50%". */
bool load_read_resume(const struct given *given)
{
    unsigned long percent = !strcmp(given->value, "on") ? 100 : 0;
    size_t length = strlen(given->value);
    char digits[8];

    if (strcmp(given->value, "on") != 0 && strcmp(given->value, "off") != 0) {
        length -= length && given->value[length - 1] == '%';
        snprintf(digits, sizeof(digits), "%.*s", (int)length, given->value);
        if (length >= sizeof(digits) || !number_parse(digits, 0, 100, &percent))
            return refuse(given->option, given->value, "must be on, off or a percentage");
    }
    given->options->load.run.resume_percent = (unsigned)percent;
    return true;
}

/* The URL may contain a password, so a refusal does not show it. */
bool load_read_versus(const struct given *given)
{
    struct url url = {0};
    const char *wrong = typed_url_parse(&url, given->value, strlen(given->value));

    url_free(&url);
    return wrong ? refuse(given->option, NULL, wrong) : read_text(given);
}

/* Other programs have the method or a time limit in -m. */
bool load_read_streams(const struct given *given)
{
    unsigned long streams;

    if (!number_parse(given->value, 1, MAX_STREAMS, &streams))
        return refuse(given->option, given->value,
                      "not a number from 1 to 1024; the method is -X, the time limit -T");
    given->options->load.run.streams = (unsigned)streams;
    return true;
}

/* RFC 9113, section 6.9.1. A window of 0 would allow no response with content. */
bool load_read_window(const struct given *given)
{
    uint64_t bytes;

    if (!bytes_parse(given->value, MAX_WINDOW_BYTES, &bytes) || !bytes)
        return refuse(given->option, given->value,
                      "not a window of 1 to 2147483647 bytes, like 64K or 16M");
    given->options->load.run.window_bytes = (uint32_t)bytes;
    return true;
}

bool load_read_header_table(const struct given *given)
{
    uint64_t bytes;

    if (!bytes_parse(given->value, MAX_HEADER_TABLE_BYTES, &bytes))
        return refuse(given->option, given->value, "not a size up to 16M, like 0, 4096 or 64K");
    given->options->load.run.header_table_bytes = (size_t)bytes;
    return true;
}

/* --- contradictions --- */

/* Two options that exclude each other, and the reason. */
struct contradiction {
    bool given;
    const char *option, *other, *why; /* `other` is NULL if the option is wrong by itself */
};

static bool refuse_first(const struct contradiction *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].given)
            return refuse(all[i].option, all[i].other, all[i].why);
    return true;
}

/* Refuses options of HTTP/2 without it, and options of HTTP/1.1 with it. */
static bool check_versions(const struct options *options)
{
    static const char needs[] = "needs HTTP/2: --http2, or --http2-prior-knowledge";
    static const char one[] = "a connection with one request has one stream";
    const struct load_options *run = &options->load.run;
    bool http2 = options->versions != HTTP_1_1_ONLY;
    const struct contradiction all[] = {
        {!http2 && run->streams, "--streams", NULL, needs},
        {!http2 && run->window_bytes, "--window", NULL, needs},
        {!http2 && run->header_table_bytes != SIZE_MAX, "--header-table", NULL, needs},
        {http2 && run->pipeline > 1, "--pipeline", NULL,
         "is of HTTP/1.1; with HTTP/2 use -m N, --streams N"},
        {run->new_connections && run->streams > 1, "--new-conn", "--streams", one},
        {run->requests_per_connection == 1 && run->streams > 1, "--requests-per-conn 1",
         "--streams", one},
    };
    size_t length;
    const char *field = http2 ? h2_forbidden_field(options->request.headers, &length) : NULL;
    char *name;

    if (!refuse_first(all, sizeof(all) / sizeof(*all)))
        return false;
    if (!field)
        return true;
    name = memory_text(field, length);
    refuse("--header", name, "HTTP/2 does not allow this field (RFC 9113, section 8.2.2)");
    free(name);
    return false;
}

bool load_options_check(const struct options *options)
{
    const struct load_command *load = &options->load;
    const struct load_options *run = &load->run;
    bool knee = load->knee.count, ramp = run->schedule.ramp;
    const struct contradiction all[] = {
        /* the loop */
        {ramp && load->rate > 0, "--ramp", "--rate", "use only one of these options"},
        {knee && load->rate > 0, "--find-knee", "--rate", "the search chooses the rates"},
        {knee && ramp, "--find-knee", "--ramp", "the search chooses the rates"},
        {knee && run->requests, "--find-knee", "--requests",
         "each rate of the search lasts for --duration"},
        {knee && load->slo.count, "--find-knee", "--slo", "the search has its own limit"},
        {knee && load->hlog, "--find-knee", "--hlog", "a log contains only one run"},
        {knee && load->repeat > 1, "--find-knee", "--repeat",
         "only a run can be repeated, not a search"},
        {run->schedule.arrival != ARRIVAL_CONSTANT && !knee && !ramp && load->rate <= 0,
         "--arrival", NULL, "needs an open loop: --rate, --ramp or --find-knee"},
        {ramp && run->warmup >= run->schedule.ramp, "--warmup", NULL,
         "the ramp would end before measuring begins"},
        /* connections and processes */
        {run->new_connections && run->pipeline > 1, "--new-conn", "--pipeline",
         "a connection with one request has no pipeline"},
        {run->requests_per_connection == 1 && run->pipeline > 1, "--requests-per-conn 1",
         "--pipeline", "a connection with one request has no pipeline"},
        {run->new_connections && run->requests_per_connection > 1, "--new-conn",
         "--requests-per-conn", "with --new-conn each connection has one request"},
        {options->concurrency < load->processes, "--procs", "--connections",
         "each process needs a connection"},
        {run->requests && run->requests < load->processes, "--procs", "--requests",
         "each process needs a request"},
        /* repeats and the report */
        {load->versus && load->repeat < 2, "--vs", NULL,
         "needs --repeat N: both URLs are measured N times, alternately"},
        {load->versus && (options->list.file || options->list.word_count != 1), "--vs", NULL,
         "needs exactly one other URL to compare with"},
        {options->output.format == FORMAT_CSV && load->repeat > 1, "--format csv", "--repeat",
         "the table contains only one run"},
        {load->hlog && load->repeat > 1, "--hlog", "--repeat", "a log contains only one run"},
        {options->output.format == FORMAT_TABLE, "--format", "table",
         "must be text, json or csv for bench"},
    };

    return refuse_first(all, sizeof(all) / sizeof(*all)) && check_versions(options);
}

/* --- derived values --- */

void load_options_derive(struct options *options)
{
    /* a numeric host: the origin delays the response by a hash of the name */
    static char embedded[] = "http://127.0.0.1/", *words[] = {embedded};
    static const unsigned stamped_every[] = {
        [KERNEL_TIME_OFF] = 0, [KERNEL_TIME_SAMPLE] = LOAD_STAMPED_EVERY, [KERNEL_TIME_ALL] = 1};
    struct load_command *load = &options->load;
    struct load_options *run = &load->run;
    nsec ramp = run->schedule.ramp;

    if (!run->duration)
        run->duration = run->requests ? NSEC_NEVER : ramp ? ramp : DEFAULT_DURATION;
    if (run->new_connections)
        run->requests_per_connection = 1;
    if (!run->streams)
        run->streams = 1;
    run->connections = options->concurrency;
    run->timeout = options->request.timeout;
    run->versions = options->versions;
    run->stamped_every = stamped_every[load->kernel_time];
    load->live = !options->output.quiet;
    load->color = options->output.color;
    if (!options->list.file && !options->list.word_count) {
        options->rehearse = true;
        options->list.words = words;
        options->list.word_count = 1;
        if (load->rate <= 0 && !ramp && !load->knee.count)
            load->rate = DEFAULT_REHEARSED_RATE;
    }
    if (!ramp)
        run->schedule.from_rate = run->schedule.to_rate = load->rate;
    run->open_loop = run->schedule.to_rate > 0;
}
