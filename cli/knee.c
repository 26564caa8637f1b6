/* The search, and how its curve is shown. Rejected: one long ramp. A rate that is over the knee leaves a
   queue behind, which spoils all rates after it; runs of their own start with an idle server. */
#include "cli/knee.h"

#include <math.h>
#include <stdlib.h>

#include "bench/verdict.h"

#define MOST_WAITING 0.01 /* of the requests, at the end of a try: more is a queue that grows */

/* The share of what was due that was not even started in the end. */
static double waiting_share(const struct tally *tally)
{
    return tally->scheduled ? (double)tally->waiting / (double)tally->scheduled : 1;
}

static double wrong_share(const struct tally *tally)
{
    uint64_t ended = tally->completed + tally->failed;

    return ended ? (double)tally_wrong(tally) / (double)ended : 1;
}

static struct knee_try judge(const struct options *options, double rate, const struct tally *total,
                             const struct load_outcome *outcome)
{
    struct slo slo = options->load.knee;
    double seconds = (double)total->to / (double)NSEC_PER_S;
    bool held = slo_judge(&slo, total);

    return (struct knee_try){
        .rate = rate,
        .rps = seconds > 0 ? (double)total->completed / seconds : 0,
        .measured = slo.part[0].measured,
        .wrong = wrong_share(total),
        .waiting = waiting_share(total),
        .held = held && waiting_share(total) <= MOST_WAITING && !tally_wrong(total),
        .saturated = verdict_judge(total, outcome->busiest).verdict != VERDICT_OK,
    };
}

/* Shows a time that was measured, or a limit. */
static const char *time_text(char text[32], double nanoseconds)
{
    if (isnan(nanoseconds))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%.3f ms", nanoseconds / (double)NSEC_PER_MS);
    return text;
}

static void show(FILE *to, const struct knee_try *one)
{
    char measured[32];

    fprintf(to, "  %12.0f %12.0f %14s %9.2f%% %9.2f%%  %s%s\n", one->rate, one->rps,
            time_text(measured, one->measured), 100 * one->wrong, 100 * one->waiting,
            one->held ? "held" : "missed", one->saturated ? ", the client was the bottleneck" : "");
}

static void show_head(FILE *to, const struct options *options)
{
    const struct slo_part *part = &options->load.knee.part[0];

    fprintf(to, "  %12s %12s %14s %10s %10s\n", "asked/s", "answered/s", part->name, "wrong",
            "waiting");
}

/* One rate. False where the run cannot be set up. */
static bool try_rate(struct knee *knee, const struct load_plan *plan, double rate, FILE *to)
{
    struct load_plan at = *plan;
    struct recorder recorder;
    struct load_outcome outcome;
    struct knee_try *one = &knee->tries[knee->count];
    bool made;

    at.open_loop = true;
    at.from_rate = at.to_rate = rate;
    at.ramp = 0;
    made = recorder_open(&recorder, plan->options, at.duration, 0) &&
           load_run(&at, &recorder, &outcome) && recorder_end(&recorder);
    if (made && (outcome.interrupted || outcome.origin_ended)) {
        knee->interrupted = true;
    } else if (made) {
        *one = judge(plan->options, rate, recorder.total, &outcome);
        knee->count++;
        if (to)
            show(to, one);
    }
    recorder_close(&recorder);
    return made;
}

/* The rate to be tried next, from the highest that held and the lowest that did not; 0: it is found. */
static double next_rate(double held, double missed)
{
    if (!missed)
        return held * 2;
    if (missed - held <= held * KNEE_CLOSE || missed < 1)
        return 0;
    return held > 0 ? (held + missed) / 2 : missed / 2;
}

bool knee_find(struct knee *knee, const struct load_plan *plan, FILE *to)
{
    double held = 0, missed = 0;
    double rate = plan->from_rate > 0 ? plan->from_rate : KNEE_FIRST_RATE;

    *knee = (struct knee){0};
    if (to)
        show_head(to, plan->options);
    while (rate > 0 && knee->count < KNEE_MOST_TRIES) {
        const struct knee_try *one = &knee->tries[knee->count];

        if (!try_rate(knee, plan, rate, to))
            return false;
        if (knee->interrupted)
            break;
        if (one->held) {
            held = rate;
        } else {
            missed = rate;
            knee->saturated = one->saturated;
        }
        rate = next_rate(held, missed);
    }
    knee->rate = held;
    return true;
}

static int by_rate(const void *a, const void *b)
{
    double one = ((const struct knee_try *)a)->rate, other = ((const struct knee_try *)b)->rate;

    return (one > other) - (one < other);
}

/* The tries in the order of their rates. */
static struct knee sorted(const struct knee *knee)
{
    struct knee copy = *knee;

    qsort(copy.tries, copy.count, sizeof(*copy.tries), by_rate);
    return copy;
}

void knee_curve(FILE *to, const struct knee *knee, const struct options *options)
{
    const struct knee curve = sorted(knee);

    fprintf(to, "The curve, %zu rates:\n", curve.count);
    show_head(to, options);
    for (size_t i = 0; i < curve.count; i++)
        show(to, &curve.tries[i]);
}

void knee_text(FILE *to, const struct knee *knee, const struct options *options)
{
    const struct slo_part *part = &options->load.knee.part[0];
    char limit[32];

    time_text(limit, part->limit);
    if (knee->interrupted)
        fprintf(to, "Interrupted. Until then %s at most %s was held at %.0f a second.\n",
                part->name, limit, knee->rate);
    else if (knee->rate > 0)
        fprintf(to, "%s at most %s is held up to %.0f requests a second%s.\n", part->name, limit,
                knee->rate, knee->saturated ? "; beyond that the client was the bottleneck" : "");
    else
        fprintf(to, "%s at most %s was held at no rate.\n", part->name, limit);
}

void knee_json(FILE *to, const struct knee *knee, const struct options *options)
{
    const struct knee curve = sorted(knee);
    const struct slo_part *part = &options->load.knee.part[0];

    fprintf(to, "{\"schema\":\"firstbyte.knee/1\",\"limit\":{\"name\":\"%s\",\"us\":%.3f},",
            part->name, part->limit / (double)NSEC_PER_US);
    fprintf(to, "\"rate\":%.3f,\"interrupted\":%s,\"saturated\":%s,\"curve\":[", knee->rate,
            knee->interrupted ? "true" : "false", knee->saturated ? "true" : "false");
    for (size_t i = 0; i < curve.count; i++) {
        const struct knee_try *one = &curve.tries[i];

        fprintf(to, "%s{\"rate\":%.3f,\"rps\":%.3f,", i ? "," : "", one->rate, one->rps);
        if (isnan(one->measured))
            fputs("\"us\":null,", to);
        else
            fprintf(to, "\"us\":%.3f,", one->measured / (double)NSEC_PER_US);
        fprintf(to, "\"wrong\":%.6f,\"waiting\":%.6f,\"held\":%s,\"saturated\":%s}", one->wrong,
                one->waiting, one->held ? "true" : "false", one->saturated ? "true" : "false");
    }
    fputs("]}\n", to);
}
