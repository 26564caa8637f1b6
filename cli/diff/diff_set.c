/*
 * Reads sets of runs with jansson, one object at a time, so that only one run with its intervals is
 * in memory. A file is first read whole, which limits its size and gives line numbers. Rejected:
 * skipping objects that are not runs. An incomplete set would be compared as a complete one.
 */
#include "cli/diff/diff_set.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "bench/load/verdict.h"
#include "cli/output/figures.h"

#define SCHEMA           "firstbyte.bench/1"
#define FIRST_BAD_STATUS 400
#define USEC_PER_S       1e6
#define MAX_NUMBER       1e18 /* of any unit */
#define NO_NUMBER        "is not a number from 0 to 1e18"
#define MAX_SHOWN        60 /* characters of a value that are shown */

/* A run that is being read. */
struct reading {
    const json_t *object;
    char *why; /* the first error; NULL: none */
};

/* Records an error, if it is the first. */
static void set_error(struct reading *reading, const char *name, const char *why)
{
    if (!reading->why)
        reading->why = memory_print("%s %s", name, why);
}

/* --- the numbers of an object --- */

/* Returns a member of an object in the run; NULL: missing. */
static const json_t *member(const struct reading *reading, const char *group, const char *key)
{
    return json_object_get(json_object_get(reading->object, group), key);
}

static bool is_plausible(const json_t *value)
{
    return json_is_number(value) && json_number_value(value) >= 0 &&
           json_number_value(value) <= MAX_NUMBER;
}

/* Returns a number of 0 or more. NaN if it is missing, or null where that is allowed. */
static double number_of(struct reading *reading, const char *group, const char *key,
                        bool may_be_null)
{
    const json_t *value = member(reading, group, key);
    char name[64];

    if (is_plausible(value))
        return json_number_value(value);
    if (!may_be_null || !json_is_null(value)) {
        snprintf(name, sizeof(name), "%s.%s", group, key);
        set_error(reading, name, value ? NO_NUMBER : "is missing");
    }
    return NAN;
}

/* Returns the number of responses with a status of 400 or more. */
static double bad_statuses(struct reading *reading)
{
    json_t *statuses = json_object_get(reading->object, "status"), *count;
    double bad = 0;
    const char *status;

    if (!json_is_object(statuses))
        set_error(reading, "status", "is missing");
    json_object_foreach (statuses, status, count) {
        if (!is_plausible(count))
            set_error(reading, "status", "has a count that " NO_NUMBER);
        if (strtoul(status, NULL, 10) >= FIRST_BAD_STATUS)
            bad += json_number_value(count);
    }
    return bad;
}

static void read_shares(struct reading *reading, struct diff_run *run)
{
    double completed = number_of(reading, "totals", "completed", false);
    double failed = number_of(reading, "totals", "failed", false);
    double cpu = number_of(reading, "client", "cpu_user_s", false) +
                 number_of(reading, "client", "cpu_sys_s", false);
    double bad = bad_statuses(reading) + failed, ended = completed + failed;

    run->value[DIFF_CPU] = completed >= 1 ? cpu / completed * USEC_PER_S : NAN;
    run->value[DIFF_ERRORS] = ended >= 1 ? bad / ended : NAN;
    if (bad > ended)
        set_error(reading, "status", "has more responses than totals.completed");
}

static void read_verdict(struct reading *reading, struct diff_run *run)
{
    const json_t *verdict = member(reading, "client", "verdict");
    const char *word = json_string_value(verdict);

    run->saturated = false;
    for (enum verdict i = VERDICT_OK; word && i <= VERDICT_SUSPENDED; i++) {
        if (strcmp(word, verdict_name(i)) != 0)
            continue;
        run->saturated = i != VERDICT_OK;
        return;
    }
    set_error(reading, "client.verdict",
              "is none of \"ok\", \"saturated\", \"starved\" and \"suspended\"");
}

/* Reads the metrics that are members of the run. */
static void read_plain(struct reading *reading, struct diff_run *run)
{
    static const struct {
        const char *group, *key;
        enum diff_metric metric;
        bool may_be_null; /* if there was no response */
    } plain[] = {
        {"totals", "rps", DIFF_RPS, false},       {"latency_us", "p50", DIFF_P50, true},
        {"latency_us", "p90", DIFF_P90, true},    {"latency_us", "p99", DIFF_P99, true},
        {"latency_us", "p99.9", DIFF_P999, true}, {"latency_us", "mean", DIFF_MEAN, true},
    };
    bool has_responses = !json_is_null(json_object_get(reading->object, "latency_us"));

    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        run->value[plain[i].metric] =
            plain[i].may_be_null && !has_responses
                ? NAN
                : number_of(reading, plain[i].group, plain[i].key, plain[i].may_be_null);
}

/* Reads a run. False: *why, to be freed, is the error, and the run owns nothing. */
static bool read_run(const json_t *object, struct diff_run *run, char **why)
{
    const char *schema = json_string_value(json_object_get(object, "schema"));
    struct reading reading = {.object = object};

    *run = (struct diff_run){0};
    if (!schema)
        reading.why = memory_print("it has no \"schema\": it is not the report of a run");
    else if (strcmp(schema, SCHEMA) != 0)
        reading.why = memory_print("its schema is \"%s\", not \"%s\"", schema, SCHEMA);
    read_plain(&reading, run);
    read_shares(&reading, run);
    read_verdict(&reading, run);
    run->waited = number_of(&reading, "totals", "waiting", false) > 0;
    run->open_loop = json_object_get(object, "raw_latency_us"); /* null: no response came */
    run->interrupted = json_is_true(json_object_get(object, "interrupted"));
    if (!json_is_object(json_object_get(object, "config")))
        set_error(&reading, "config", "is missing");
    else if (!reading.why)
        run->config = json_incref(json_object_get(object, "config"));
    *why = reading.why;
    return !*why;
}

/* --- the objects of a set --- */

/* The unread bytes of a set. */
struct runs_left {
    const char *at;
    size_t count;
    size_t line; /* line of its first byte, from 1 */
};

static void skip(struct runs_left *rest, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rest->line += rest->at[i] == '\n';
    rest->at += count;
    rest->count -= count;
}

/* RFC 8259, section 2. */
static bool is_json_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Skips blanks. Returns whether all is read. */
static bool is_at_end(struct runs_left *rest)
{
    while (rest->count && is_json_space(*rest->at))
        skip(rest, 1);
    return !rest->count;
}

/* Reads object `number`, from 1. False: *why, to be freed, is the error. */
static bool read_next(struct runs_left *rest, size_t number, struct diff_run *run, char **why)
{
    json_error_t error;
    json_t *object =
        json_loadb(rest->at, rest->count, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
    size_t line = rest->line;
    char *wrong = NULL;
    bool sound;

    if (!object) {
        *why = memory_print("run %zu: not JSON: line %zu, column %d: %s", number,
                            line + (error.line > 0 ? (size_t)error.line - 1 : 0), error.column,
                            error.text);
        return false;
    }
    skip(rest, (size_t)error.position); /* jansson: the number of bytes read */
    sound = json_is_object(object) && read_run(object, run, &wrong);
    json_decref(object);
    if (!sound)
        *why = memory_print("run %zu (line %zu): %s", number, line,
                            wrong ? wrong : "it is not a JSON object");
    free(wrong);
    return sound;
}

bool diff_set_parse(struct diff_set *set, const char *name, const char *bytes, size_t count,
                    char **why)
{
    struct runs_left rest = {bytes, count, 1};

    *set = (struct diff_set){.name = name};
    *why = NULL;
    while (!*why && !is_at_end(&rest)) {
        struct diff_run run;

        if (set->count == DIFF_MAX_RUNS)
            *why = memory_print("over %s runs", figure_count(DIFF_MAX_RUNS).text);
        if (*why || !read_next(&rest, set->count + 1, &run, why))
            break;
        set->runs = memory_grow(set->runs, set->count + 1, sizeof(*set->runs));
        set->runs[set->count++] = run;
    }
    if (!*why && !set->count)
        *why = memory_print("it contains no run");
    if (*why)
        diff_set_free(set);
    return !*why;
}

void diff_set_begin(void)
{
    json_set_alloc_funcs(memory_for_library, free);
}

bool diff_set_read(struct diff_set *set, const char *path, char **why)
{
    size_t count;
    char *bytes = file_read(path, DIFF_MAX_FILE_BYTES + 1, &count);

    *set = (struct diff_set){.name = path};
    *why = NULL;
    if (!bytes)
        *why = memory_print("%s", strerrordesc_np(errno));
    else if (count > DIFF_MAX_FILE_BYTES)
        *why = memory_print("over %zu MiB", DIFF_MAX_FILE_BYTES / 1024 / 1024);
    else
        diff_set_parse(set, path, bytes, count, why);
    free(bytes);
    return !*why;
}

void diff_set_free(struct diff_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        json_decref(set->runs[i].config);
    free(set->runs);
    set->runs = NULL;
    set->count = 0;
}

/* --- differences between runs --- */

static bool is_one_of(const char *key, const char *const *names)
{
    while (*names && strcmp(key, *names) != 0)
        names++;
    return *names;
}

/* Whether an option may differ between repeats, or, with `two_servers`, between two servers. */
static bool may_differ(const char *key, bool two_servers)
{
    static const char *const repeats[] = {"seed", "loop", NULL};
    static const char *const servers[] = {"url", "targets", "unix_socket", NULL};

    return is_one_of(key, repeats) || (two_servers && is_one_of(key, servers));
}

/* Whether a configuration that has no such key means this value: reports from before HTTP/2. */
static bool is_implied(const char *key, const json_t *value)
{
    static const char *const of_http2[] = {"streams", "window", "header_table", NULL};

    if (!strcmp(key, "protocol"))
        return json_is_string(value) && !strcmp(json_string_value(value), "HTTP/1.1");
    return is_one_of(key, of_http2) && json_is_null(value);
}

/* Whether a key has the same value in both configurations; NULL: it has none. */
static bool is_same(const char *key, const json_t *one, const json_t *other)
{
    return one && other ? json_equal(one, other) : is_implied(key, one ? one : other);
}

static void write_value(const json_t *value, FILE *to)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    size_t length = text ? strlen(text) : 0;

    if (!text)
        fputs("none", to);
    else
        fprintf(to, "%.*s%s", MAX_SHOWN, text, length > MAX_SHOWN ? "..." : "");
    free(text);
}

/* Writes one difference; `count` is the number of earlier ones. */
static void write_difference(const char *key, const json_t *one, const json_t *other, size_t count,
                             FILE *to)
{
    fprintf(to, "%s%s (", count ? ", " : "", key);
    write_value(one, to);
    fputs(" and ", to);
    write_value(other, to);
    fputc(')', to);
}

size_t diff_run_differs(const struct diff_run *one, const struct diff_run *other, bool two_servers,
                        FILE *to)
{
    size_t count = 0;
    const char *key;
    json_t *value;

    if (one->open_loop != other->open_loop) {
        fprintf(to, "loop (%s)", one->open_loop ? "open and closed" : "closed and open");
        count++;
    }
    if (!one->config || !other->config)
        return count;
    json_object_foreach (one->config, key, value)
        if (!may_differ(key, two_servers) &&
            !is_same(key, value, json_object_get(other->config, key)))
            write_difference(key, value, json_object_get(other->config, key), count++, to);
    json_object_foreach (other->config, key, value)
        if (!may_differ(key, two_servers) && !json_object_get(one->config, key) &&
            !is_same(key, NULL, value))
            write_difference(key, NULL, value, count++, to);
    return count;
}
