/* The search for the knee, and its report. Rejected: one long ramp. A rate above the knee leaves a
   queue behind that affects all later rates. Separate runs can wait until the server is idle. */
#include "cli/bench/knee.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/verdict.h"
#include "cli/bench/settle.h"
#include "cli/output/figures.h"
#include "cli/output/json.h"

/* share of requests that may wait at the end of a try; more is a growing queue */
#define MAX_WAITING 0.01

/* The share of scheduled requests that were not started at the end. */
static double waiting_share(const struct tally *tally)
{
    return tally->scheduled ? (double)tally->waiting / (double)tally->scheduled : 1;
}

static double error_share(const struct tally *tally)
{
    uint64_t ended = tally_ended(tally);

    return ended ? (double)tally_error_count(tally) / (double)ended : 1;
}

/* Whether more connections could raise the rate: all were busy, and without the wait for one the
   server was as fast as when idle. An overloaded server keeps all connections busy too, but is
   slow. */
static bool is_limited(const struct settle *settle, const struct tally *total)
{
    return verdict_limited(total) &&
           histogram_at(total->raw, 50) <= SETTLE_SLOWER * settle->service;
}

/* A search in progress. */
struct knee_search {
    struct knee *knee;
    const struct load_plan *plan;
    struct settle settle;
    nsec ended; /* when the last try ended; 0: no try yet */
    FILE *to;   /* each try is written there; NULL: nowhere */
};

static struct knee_try judge(const struct knee_search *search, double rate,
                             const struct tally *total, const struct load_outcome *outcome)
{
    struct slo slo = search->plan->load.knee;
    bool held = slo_judge(&slo, total);

    return (struct knee_try){
        .rate = rate,
        .rps = tally_per_second(total, total->completed),
        .measured = slo.part[0].measured,
        .error_share = error_share(total),
        .waiting = waiting_share(total),
        .held = held && waiting_share(total) <= MAX_WAITING && !tally_error_count(total),
        .limited = is_limited(&search->settle, total),
        .saturated = verdict_judge(total, outcome->busiest).verdict != VERDICT_OK,
    };
}

/* Returns the width of the column of times: that of "1.18 ms", or of the name of the limit. */
static int time_columns(const struct knee *knee)
{
    size_t name = strlen(knee->limit.name), time = strlen("1.18 ms");

    return (int)(name > time ? name : time);
}

static void show_head(FILE *to, const struct knee *knee)
{
    fprintf(to, "%10s  %11s  %*s  %6s  %7s  result\n", "intended/s", "completed/s",
            time_columns(knee), knee->limit.name, "errors", "waiting");
}

/* Returns why a try missed, if it was not the server. */
static const char *miss_cause(const struct knee_try *one)
{
    if (one->held)
        return "";
    return one->saturated ? ", limited by the client" : one->limited ? ", limited by -c" : "";
}

static void show(FILE *to, const struct knee *knee, const struct knee_try *one)
{
    fprintf(to, "%10s  %11s  %*s  %6s  %7s  %s%s\n", figure_rate(one->rate).text,
            figure_rate(one->rps).text, time_columns(knee), figure_span(one->measured).text,
            figure_share(one->error_share).text, figure_share(one->waiting).text,
            one->held ? "held" : "missed", miss_cause(one));
}

static void add_shortage(struct knee *knee, const struct tally *total)
{
    knee->ports = knee->ports || total->errors[ERROR_PORTS];
    knee->descriptors = knee->descriptors || total->errors[ERROR_DESCRIPTORS];
}

/* Runs one try of a rate. False if the run cannot be set up. */
static bool try_rate(struct knee_search *search, double rate, bool settled)
{
    struct knee *knee = search->knee;
    struct load_plan at = *search->plan;
    struct load_options *run = &at.load.run;
    struct recorder recorder;
    struct load_outcome outcome;
    struct knee_try *one = &knee->tries[knee->count];
    bool made;

    run->open_loop = true;
    run->schedule.from_rate = run->schedule.to_rate = rate;
    run->schedule.ramp = 0;
    run->start = search->settle.start;
    run->drain = SETTLE_TIME;
    made = recorder_open(&recorder, &at.load) && load_run(&at, &recorder, &outcome) &&
           recorder_end(&recorder);
    if (made && (outcome.interrupted || outcome.origin_ended)) {
        knee->interrupted = true;
    } else if (made) {
        *one = judge(search, rate, recorder.total, &outcome);
        one->settled = settled;
        knee->count++;
        knee->gave_up = (enum error)recorder.total->gave_up;
        add_shortage(knee, recorder.total);
        search->ended = outcome.ended;
        if (search->to)
            show(search->to, knee, one);
    }
    recorder_close(&recorder);
    return made;
}

/* Returns the next rate, from the highest rate that held and the lowest that missed; 0: found. */
static double next_rate(double held, double missed)
{
    if (!missed)
        return held * 2;
    if (missed - held <= held * KNEE_CLOSE || missed < 1)
        return 0;
    return held > 0 ? (held + missed) / 2 : missed / 2;
}

static bool has_ended(const struct knee *knee)
{
    return knee->interrupted || knee->gave_up;
}

/* Tries a rate on an idle server, and again if it missed. *last is the try that counts; NULL if the
   search ended before. False if a run cannot be set up. */
static bool try_twice(struct knee_search *search, double rate, const struct knee_try **last)
{
    struct knee *knee = search->knee;

    *last = NULL;
    for (int i = 0; i < 2 && !has_ended(knee) && !(*last && (*last)->held); i++) {
        nsec since = search->ended ? search->ended : clock_now();
        const struct knee_try *one = &knee->tries[knee->count];
        bool settled;

        if (!settle_wait(&search->settle, since + SETTLE_TIME, &settled))
            return false;
        knee->interrupted = search->settle.interrupted;
        if (has_ended(knee))
            break;
        if (!settled && search->to)
            fprintf(search->to, "  (the server is not idle after %d s)\n",
                    (int)(SETTLE_TIME / NSEC_PER_S));
        if (!try_rate(search, rate, settled))
            return false;
        if (!has_ended(knee))
            *last = one;
    }
    return true;
}

/* Searches by doubling, then by bisection, until the knee is found or the search ends. */
static bool search_from(struct knee_search *search, double rate)
{
    struct knee *knee = search->knee;
    double missed = 0;

    for (int i = 0; i < KNEE_MAX_RATES && rate > 0 && !has_ended(knee); i++) {
        const struct knee_try *last;

        if (!try_twice(search, rate, &last))
            return false;
        if (!last)
            continue;
        if (last->held) {
            knee->rate = rate;
        } else {
            missed = rate;
            knee->saturated = last->saturated;
            knee->limited = last->limited && !last->saturated;
        }
        rate = next_rate(knee->rate, missed);
    }
    return true;
}

bool knee_find(struct knee *knee, const struct load_plan *plan, FILE *to)
{
    struct knee_search search = {.knee = knee, .plan = plan, .to = to};
    double first = plan->load.run.schedule.from_rate;

    *knee = (struct knee){.limit = plan->load.knee.part[0]};
    if (!settle_begin(&search.settle, plan))
        return false;
    knee->interrupted = search.settle.interrupted;
    knee->gave_up = search.settle.error;
    if (has_ended(knee))
        return true;
    if (to)
        show_head(to, knee);
    return search_from(&search, first > 0 ? first : KNEE_FIRST_RATE);
}

static int by_rate(const void *a, const void *b)
{
    const struct knee_try *one = a, *other = b;

    if (one->rate != other->rate)
        return one->rate > other->rate ? 1 : -1;
    return (one->held > other->held) - (one->held < other->held);
}

/* Returns the tries sorted by rate. Of two tries of one rate the one that missed was the first. */
static struct knee sorted(const struct knee *knee)
{
    struct knee copy = *knee;

    qsort(copy.tries, copy.count, sizeof(*copy.tries), by_rate);
    return copy;
}

void knee_curve(FILE *to, const struct knee *knee)
{
    const struct knee curve = sorted(knee);

    if (!curve.count)
        return;
    fprintf(to, "The curve, %zu %s:\n", curve.count, curve.count == 1 ? "try" : "tries");
    show_head(to, knee);
    for (size_t i = 0; i < curve.count; i++) {
        show(to, knee, &curve.tries[i]);
        if (!curve.tries[i].settled)
            fputs("  (the server was not idle at the start of this try)\n", to);
    }
}

/* Writes the limit and the highest rate that held it. The verb is "is" or "was". */
static void put_result(FILE *to, const struct knee *knee, const char *verb)
{
    fprintf(to, "%s at most %s %s held ", knee->limit.name, figure_span(knee->limit.limit).text,
            verb);
    if (knee->rate > 0)
        fprintf(to, "up to %s requests per second.\n", figure_rate(knee->rate).text);
    else
        fputs("at no rate.\n", to);
}

/* Writes what limits higher rates, if it is not the server. */
static void put_limit_above(FILE *to, const struct knee *knee)
{
    const char *above = knee->rate > 0 ? "Above that rate" : "At the lowest rate";

    if (knee->saturated)
        fprintf(to, "%s the client was the bottleneck.\n", above);
    else if (knee->limited)
        fprintf(to,
                "%s all connections were busy, and the server was as fast\n"
                "as when it was idle: the connections were the limit. Try more of them (-c).\n",
                above);
}

void knee_text(FILE *to, const struct knee *knee)
{
    if (knee->interrupted) {
        fputs("Interrupted before the knee was found. Until then\n", to);
        put_result(to, knee, "was");
    } else if (knee->gave_up) {
        fprintf(to, "The server gave no response:\n%s, %s.\n%s", error_code(knee->gave_up),
                error_sentence(knee->gave_up), knee->count ? "The search ended there.\n" : "");
    } else {
        put_result(to, knee, knee->rate > 0 ? "is" : "was");
        put_limit_above(to, knee);
    }
}

static void put_try(struct json *json, const struct knee_try *one)
{
    json_object(json, NULL);
    json_real(json, "rate", one->rate, 3);
    json_real(json, "rps", one->rps, 3);
    json_real(json, "us", one->measured / (double)NSEC_PER_US, 3);
    json_real(json, "wrong", one->error_share, 6);
    json_real(json, "waiting", one->waiting, 6);
    json_bool(json, "held", one->held);
    json_bool(json, "saturated", one->saturated);
    json_bool(json, "connections_limited", one->limited);
    json_bool(json, "settled", one->settled);
    json_object_end(json);
}

void knee_json(FILE *to, const struct knee *knee)
{
    const struct knee curve = sorted(knee);
    const struct slo_part *part = &knee->limit;
    struct json json;

    json_begin(&json, to);
    json_object(&json, NULL);
    json_string(&json, "schema", "firstbyte.knee/1");
    json_object(&json, "limit");
    json_string(&json, "name", part->name);
    json_real(&json, "us", part->limit / (double)NSEC_PER_US, 3);
    json_object_end(&json);
    json_real(&json, "rate", knee->rate, 3);
    json_bool(&json, "interrupted", knee->interrupted);
    json_bool(&json, "saturated", knee->saturated);
    json_bool(&json, "connections_limited", knee->limited);
    json_string(&json, "gave_up", knee->gave_up ? error_code(knee->gave_up) : NULL);
    json_array(&json, "curve");
    for (size_t i = 0; i < curve.count; i++)
        put_try(&json, &curve.tries[i]);
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
}
