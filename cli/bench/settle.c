/* Probes are runs of one request, so they take the path of other requests: names, routes, TLS.
   Rejected: one kept connection. It would not show that the server queues connections. */
#include "cli/bench/settle.h"

#define FIRST_PAUSE   (10 * NSEC_PER_MS) /* before the first probe of a wait; then doubled */
#define LONGEST_PAUSE NSEC_PER_S

/* The result of a probe. */
struct settle_probe {
    bool responded;
    bool bad_status; /* the status was 400 or more */
    nsec time, service;
};

/* Sends a probe after a pause, and waits for its response until the deadline. */
static bool send_probe(struct settle *settle, nsec pause, nsec deadline, struct settle_probe *probe)
{
    nsec now = clock_now(), left = deadline > now + pause ? deadline - now - pause : 1;
    struct load_plan plan = settle->plan;
    struct recorder recorder;
    struct load_outcome outcome;
    bool made;

    if (plan.load.run.timeout > left)
        plan.load.run.timeout = left;
    plan.load.run.start = now + pause;
    made = recorder_open(&recorder, &plan.load) && load_run(&plan, &recorder, &outcome) &&
           recorder_end(&recorder);
    *probe = (struct settle_probe){0};
    if (made) {
        const struct tally *total = recorder.total;

        settle->interrupted = outcome.interrupted || outcome.origin_ended;
        settle->error = tally_commonest_error(total);
        *probe = (struct settle_probe){.responded = total->completed,
                                       .bad_status = tally_error_count(total),
                                       .time = total->latency->max,
                                       .service = total->raw->max};
    }
    recorder_close(&recorder);
    return made;
}

/* Whether a probe measures the idle server better than the earlier probes. */
static bool is_better(const struct settle *settle, const struct settle_probe *probe)
{
    if (!probe->responded || !settle->time)
        return probe->responded;
    if (probe->bad_status != settle->bad_status)
        return settle->bad_status;
    return probe->time < settle->time;
}

/* Reduces a load to one request on one connection, without a log. */
static void reduce(struct load_command *load)
{
    struct load_options *run = &load->run;

    load->processes = 1;
    load->hlog = NULL;
    load->live = false;
    run->connections = run->pipeline = run->streams = 1;
    run->requests = 1;
    run->duration = NSEC_NEVER;
    run->warmup = 0;
    run->open_loop = true;
    run->schedule =
        (struct schedule_options){.from_rate = 1, .to_rate = 1, .seed = run->schedule.seed};
}

bool settle_begin(struct settle *settle, const struct load_plan *plan)
{
    nsec deadline = clock_now() + SETTLE_TIME;

    *settle = (struct settle){.plan = *plan};
    reduce(&settle->plan.load);
    for (int i = 0; i < SETTLE_PROBES && clock_now() < deadline && !settle->interrupted; i++) {
        struct settle_probe probe;

        if (!send_probe(settle, i ? FIRST_PAUSE : 0, deadline, &probe))
            return false;
        if (is_better(settle, &probe)) {
            settle->time = probe.time;
            settle->service = probe.service;
            settle->bad_status = probe.bad_status;
        }
    }
    if (settle->time)
        settle->error = ERROR_NONE;
    return true;
}

static bool is_idle(const struct settle *settle, const struct settle_probe *probe)
{
    return probe->responded && (!probe->bad_status || settle->bad_status) &&
           (probe->time <= SETTLE_SLOWER * settle->time ||
            probe->time <= settle->time + SETTLE_SLACK);
}

/* The pauses grow, because probes themselves could keep a rate limiter busy. */
bool settle_wait(struct settle *settle, nsec deadline, bool *settled)
{
    nsec pause = FIRST_PAUSE;

    *settled = false;
    while (!*settled && clock_now() < deadline) {
        struct settle_probe probe;

        if (!send_probe(settle, pause, deadline, &probe))
            return false;
        if (settle->interrupted)
            return true;
        *settled = is_idle(settle, &probe);
        settle->start = clock_now() + pause;
        pause = pause < LONGEST_PAUSE / 2 ? 2 * pause : LONGEST_PAUSE;
    }
    return true;
}
