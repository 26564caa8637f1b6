/*
 * The counting. Nothing is kept of a single request: what it was goes into the tally of the interval in
 * which it ended. Rejected: samples in a list, from which all could be computed afterwards. An hour at
 * 40,000 a second has 144 million. Also rejected, for failures: an estimator of censored times (Kaplan and Meier),
 * whose values no histogram of whole counts can hold.
 */
#include "bench/load/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

void record_init(struct record *record, const struct client_group *group, bool open_loop,
                 nsec timeout)
{
    *record =
        (struct record){.tally = tally_new(),
                        .group = group,
                        .open_loop = open_loop,
                        .from = NSEC_NEVER,
                        .timeout = timeout,
                        .schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)};
}

void record_free(struct record *record)
{
    tally_free(record->tally);
    if (record->schedstat >= 0)
        close(record->schedstat);
}

/* --- the thread and its bytes --- */

static double of_timeval(struct timeval time)
{
    return (double)time.tv_sec * (double)NSEC_PER_S + (double)time.tv_usec * (double)NSEC_PER_US;
}

/* The user's part of the thread's CPU time. The clock is exact; getrusage is brought up to date at ticks
   alone, but it knows the proportion. A part never shrinks. */
static nsec user_part(const struct record *record, nsec all)
{
    struct rusage usage;
    double user, system;
    nsec part;

    getrusage(RUSAGE_THREAD, &usage);
    user = of_timeval(usage.ru_utime);
    system = of_timeval(usage.ru_stime);
    part = user > 0 ? (nsec)((double)all * (user / (user + system))) : 0;
    return nsec_max(nsec_min(part, all - record->cpu_system), record->cpu_user);
}

/* For how long the thread has waited for a core so far (proc_pid_schedstat(5): the second number, in
   nanoseconds). */
static nsec starved_so_far(const struct record *record)
{
    char text[64] = "";
    unsigned long long ran, waited;

    if (record->schedstat < 0 || pread(record->schedstat, text, sizeof(text) - 1, 0) <= 0 ||
        sscanf(text, "%llu %llu", &ran, &waited) != 2 || waited < record->starved)
        return record->starved;
    return waited;
}

/* Adds what a count has grown since the last call. */
static void add_growth(uint64_t *sum, uint64_t *before, uint64_t now)
{
    *sum += now - *before;
    *before = now;
}

static void count_thread(struct record *record)
{
    struct tally *tally = record->tally;
    nsec cpu = clock_thread_cpu(), user = user_part(record, cpu);

    add_growth(&tally->cpu_user, &record->cpu_user, user);
    add_growth(&tally->cpu_system, &record->cpu_system, cpu - user);
    add_growth(&tally->starved, &record->starved, starved_so_far(record));
    add_growth(&tally->bytes_in, &record->bytes_in, record->group->bytes_in);
    add_growth(&tally->bytes_out, &record->bytes_out, record->group->bytes_out);
}

/* --- where the time of an absence went --- */

static void take_sample(struct record *record, nsec now)
{
    record->samples[0] = record->samples[1];
    record->samples[1] = (struct sample){now, clock_thread_cpu(), starved_so_far(record)};
}

/* The longest gap so far may have been one with an absence that is reported only now. */
static void share_gap(struct tally *tally, nsec from, nsec to)
{
    nsec end = nsec_min(tally->gap_at + tally->gap, to);
    nsec begin = nsec_max(tally->gap_at, from);

    if (end > begin)
        tally->gap_away = nsec_max(tally->gap_away, end - begin);
}

/* What the thread used since the last sample before the absence, it may have used in it; what that does not
   explain, it was stopped. Where the lag grows from turn to turn, for the loop is behind, it is looked at once
   in RECORD_AWAY. */
void record_away(struct record *record, nsec now, nsec lag)
{
    struct tally *tally = record->tally;
    const struct sample *samples = record->samples;
    struct stop *stop = &record->stop;
    bool same = now - stop->to < RECORD_AWAY;
    nsec away, used, suspended;

    if (lag < RECORD_AWAY || (same && lag < stop->away + RECORD_AWAY))
        return;
    if (!same)
        *stop = (struct stop){.since = now - samples[1].at < lag ? samples[0] : samples[1]};
    stop->to = now;
    away = nsec_min(now - stop->since.at, lag);
    if (away < stop->away + RECORD_AWAY)
        return;
    take_sample(record, now);
    used =
        record->samples[1].cpu - stop->since.cpu + record->samples[1].starved - stop->since.starved;
    record->samples[0] = record->samples[1]; /* what was before is explained */
    suspended = away >= used + RECORD_AWAY ? away - used : 0;
    record->away += away - stop->away;
    stop->away = away;
    share_gap(tally, now - away - record->from, now - record->from);
    absences_note(&record->absences, now - lag, now);
    if (suspended <= stop->suspended)
        return;
    tally->suspended += suspended - stop->suspended;
    stop->suspended = suspended;
    tally->suspension = nsec_max(tally->suspension, suspended);
}

void record_turn(struct record *record, nsec now, nsec lag)
{
    histogram_record(record->tally->lag, lag);
    record_away(record, now, lag);
    if (now - record->samples[1].at >= RECORD_SAMPLE_EVERY)
        take_sample(record, now);
}

void record_from(struct record *record, nsec from)
{
    record->from = record->last_response = from;
}

void record_begin(struct record *record)
{
    struct tally *tally = record->tally;

    record->last_response = record->from;
    count_thread(record);
    take_sample(record, record->from);
    record->samples[0] = record->samples[1];
    tally->cpu_user = tally->cpu_system = tally->starved = 0;
    tally->bytes_in = tally->bytes_out = 0;
}

/* --- requests --- */

/* The part of a kernel latency that is not our own. A request that was started in an absence may not have left
   before its end: then that part is none. */
static nsec proven(const struct record *record, nsec started, nsec latency)
{
    nsec own = absences_rest(&record->absences, started);

    return latency > own ? latency - own : 0;
}

/* What the kernel says of an answer. Its stamp must lie inside of the request, or the wall clock jumped. */
static void count_stamp(struct record *record, nsec started, nsec latency, nsec kernel_age_ns)
{
    struct tally *tally = record->tally;

    if (kernel_age_ns == NSEC_NEVER) {
        tally->stamps_missing++;
    } else if (kernel_age_ns > latency) {
        tally->stamps_unusable++;
    } else {
        histogram_record(tally->kernel, latency - kernel_age_ns);
        tally->proven = nsec_max(tally->proven, proven(record, started, latency - kernel_age_ns));
        histogram_record(tally->delay, kernel_age_ns);
        /* where the stop began when a wait had its events, the loop takes it for a long wait */
        record_away(record, started + latency, kernel_age_ns);
    }
}

/* Time without an answer ends now. */
static void count_gap(struct record *record, nsec now)
{
    struct tally *tally = record->tally;
    nsec gap = now - record->last_response;

    if (gap > tally->gap) {
        tally->gap = gap;
        tally->gap_at = record->last_response - record->from;
        tally->gap_away = nsec_min(record->away, gap);
    }
    record->last_response = now;
    record->away = 0;
}

void record_response(struct record *record, const struct load_request *request,
                     const struct response_arrival *arrival)
{
    struct tally *tally = record->tally;
    nsec latency = arrival->at - request->intended;
    unsigned status = arrival->status;

    record->responses++;
    record->response_time += latency;
    tally->completed++;
    tally->status[status < TALLY_STATUSES ? status : 0]++;
    histogram_record(tally->latency, latency);
    if (record->open_loop)
        histogram_record(tally->raw, arrival->at - request->started);
    if (arrival->stamped)
        count_stamp(record, request->started, arrival->at - request->started,
                    arrival->kernel_age_ns);
    count_gap(record, arrival->at);
}

/* Whether a failed request waited long enough to be a latency; record.h has the table. */
static bool has_waited(const struct record *record, enum error error, nsec age)
{
    switch (error) {
    case ERROR_TOTAL_TIMEOUT:
    case ERROR_DNS_TIMEOUT:
    case ERROR_CONNECT_TIMEOUT:
    case ERROR_TLS_TIMEOUT: return true;
    case ERROR_DESCRIPTORS:
    case ERROR_PORTS:
    case ERROR_LOCAL: return false;
    default: break;
    }
    return age >= record->timeout ||
           (record->responses && age > record->response_time / record->responses);
}

void record_failure(struct record *record, enum error error, nsec age)
{
    struct tally *tally = record->tally;

    tally->failed++;
    tally->errors[error]++;
    if (has_waited(record, error, age))
        histogram_record(tally->latency, age);
}

void record_ages(struct record *record, nsec age, uint64_t count)
{
    struct tally *tally = record->tally;

    histogram_record_many(record->open_loop ? tally->latency : tally->unfinished, age, count);
}

/* --- connections and intervals --- */

/* A wait for its turn to shake hands is ours, and not part of the time that it took. */
void record_connection(struct record *record, const struct dial *dial, const struct conn *conn)
{
    struct tally *tally = record->tally;
    const struct stamps *stamps = &dial->stamps;
    nsec stood = stamps->tls ? stamps->tls : stamps->connect;
    struct tls_facts facts;

    tally->connections++;
    histogram_record(tally->connecting, stood - stamps->start - stamps->queued);
    if (!conn->https)
        return;
    conn->transport->calls->facts(conn->transport, &facts);
    tls_certificate_drop(facts.certificate);
    tally->handshakes++;
    tally->resumed += facts.resumed;
}

const struct tally *record_interval(struct record *record, nsec now, size_t open, uint64_t waiting,
                                    uint64_t in_flight)
{
    struct tally *tally = record->tally;

    if (!record->over)
        count_thread(record);
    tally->to = now - record->from;
    tally->waiting = waiting;
    tally->in_flight = in_flight;
    tally->open = open;
    return tally;
}

void record_end(struct record *record, nsec now)
{
    count_gap(record, now);
    count_thread(record);
    record->over = true;
}

void record_next(struct record *record, nsec now)
{
    tally_clear(record->tally);
    record->tally->from = now - record->from;
}
