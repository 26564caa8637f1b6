/*
 * A request is counted in the tally of the interval in which it ends; nothing else is kept of it.
 * Rejected: a list of all samples, because an hour at 40,000 requests per second has 144 million.
 * Also rejected, for failures: the Kaplan-Meier estimator of censored times, because its values are
 * not whole counts, which the histogram needs.
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

/* --- times and bytes of the thread --- */

static double of_timeval(struct timeval time)
{
    return (double)time.tv_sec * (double)NSEC_PER_S + (double)time.tv_usec * (double)NSEC_PER_US;
}

/* The user part of the thread's CPU time. `all` is exact; getrusage is only updated at timer ticks,
   and supplies the proportion. Neither part ever decreases. */
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

/* The time that the thread has waited for a core (proc_pid_schedstat(5): the second number, in
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

/* Adds the growth of a counter since the last call. */
static void add_growth(uint64_t *sum, uint64_t *prev, uint64_t now)
{
    *sum += now - *prev;
    *prev = now;
}

/* HTTP/2: the growth of what the connections have counted. */
static void count_protocol(struct record *record)
{
    const struct protocol_counters *now = &record->group->counters;
    struct protocol_counters *prev = &record->counters;
    struct tally *tally = record->tally;

    add_growth(&tally->goaways, &prev->goaways, now->goaways);
    add_growth(&tally->resets, &prev->resets, now->resets);
    add_growth(&tally->refused, &prev->refused, now->refused);
    add_growth(&tally->resent, &record->resent, record->group->resent);
    add_growth(&tally->header_bytes_in, &prev->header_bytes_in, now->header_bytes_in);
    add_growth(&tally->header_bytes_in_plain, &prev->header_bytes_in_plain,
               now->header_bytes_in_plain);
    add_growth(&tally->header_bytes_out, &prev->header_bytes_out, now->header_bytes_out);
    add_growth(&tally->header_bytes_out_plain, &prev->header_bytes_out_plain,
               now->header_bytes_out_plain);
    add_growth(&tally->heads_in, &prev->heads_in, now->heads_in);
    add_growth(&tally->heads_out, &prev->heads_out, now->heads_out);
    tally->any_settings = now->any_settings;
    tally->streams_limit_min = now->streams_limit_min;
    tally->streams_limit_max = now->streams_limit_max;
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
    count_protocol(record);
}

/* --- causes of an absence --- */

static void take_sample(struct record *record, nsec now)
{
    record->samples[0] = record->samples[1];
    record->samples[1] = (struct thread_time){now, clock_thread_cpu(), starved_so_far(record)};
}

static nsec overlap(nsec at, nsec length, nsec from, nsec to)
{
    nsec begin = nsec_max(at, from), end = nsec_min(at + length, to);

    return end > begin ? end - begin : 0;
}

/* An absence is reported when it is over: it may overlap the longest gap so far, or that of the
   previous tally, which is then counted again with its absence. */
static void count_gap_absence(struct record *record, nsec from, nsec to)
{
    struct tally *tally = record->tally;
    nsec absent = overlap(record->prev_gap_at, record->prev_gap, from, to);

    tally->gap_absent = nsec_max(tally->gap_absent, overlap(tally->gap_at, tally->gap, from, to));
    if (!absent || record->prev_gap < tally->gap)
        return;
    tally->gap = record->prev_gap;
    tally->gap_at = record->prev_gap_at;
    tally->gap_absent = absent;
}

/* The samples show the time that the thread used since the last one before the absence: on a core,
   or waiting for one. All of it may have been in the absence; in the rest of the absence the thread
   was stopped. If the lag grows from turn to turn, because the loop is overloaded, it is examined
   once per RECORD_ABSENCE. */
void record_absence(struct record *record, nsec now, nsec lag)
{
    struct tally *tally = record->tally;
    const struct thread_time *samples = record->samples;
    struct counted_absence *last = &record->last_absence;
    bool same = now - last->to < RECORD_ABSENCE;
    nsec length, used, suspended;

    if (lag < RECORD_ABSENCE || (same && lag < last->length + RECORD_ABSENCE))
        return;
    if (!same)
        *last =
            (struct counted_absence){.since = now - samples[1].at < lag ? samples[0] : samples[1]};
    last->to = now;
    length = nsec_min(now - last->since.at, lag);
    if (length < last->length + RECORD_ABSENCE)
        return;
    take_sample(record, now);
    used =
        record->samples[1].cpu - last->since.cpu + record->samples[1].starved - last->since.starved;
    record->samples[0] = record->samples[1]; /* the time before is accounted for */
    suspended = length >= used + RECORD_ABSENCE ? length - used : 0;
    record->absent += length - last->length;
    last->length = length;
    count_gap_absence(record, now - length - record->from, now - record->from);
    absences_add(&record->absences, now - lag, now);
    if (suspended <= last->suspended)
        return;
    tally->suspended += suspended - last->suspended;
    last->suspended = suspended;
    tally->suspension = nsec_max(tally->suspension, suspended);
}

void record_turn(struct record *record, nsec now, nsec lag)
{
    histogram_record(record->tally->lag, lag);
    record_absence(record, now, lag);
    if (now - record->samples[1].at >= RECORD_SAMPLE_EVERY)
        take_sample(record, now);
}

void record_set_start(struct record *record, nsec from)
{
    record->from = record->last_response = from;
}

void record_start(struct record *record)
{
    struct tally *tally = record->tally;

    record->last_response = record->from;
    count_thread(record);
    take_sample(record, record->from);
    record->samples[0] = record->samples[1];
    tally->cpu_user = tally->cpu_system = tally->starved = 0;
    tally->bytes_in = tally->bytes_out = 0;
    tally->goaways = tally->resets = tally->refused = tally->resent = 0;
    tally->header_bytes_in = tally->header_bytes_in_plain = 0;
    tally->header_bytes_out = tally->header_bytes_out_plain = 0;
    tally->heads_in = tally->heads_out = 0;
}

/* --- requests --- */

/* The part of a kernel latency that the load generator did not cause. A request that was started in
   an absence may have been sent only at its end. */
static nsec proven(const struct record *record, nsec started, nsec latency)
{
    nsec own = absences_remaining(&record->absences, started);

    return latency > own ? latency - own : 0;
}

/* Counts the kernel timestamp of a response. If it is earlier than the request, the wall clock
   jumped. */
static void count_stamp(struct record *record, nsec started, nsec latency, nsec kernel_age_ns)
{
    struct tally *tally = record->tally;

    if (kernel_age_ns == NSEC_NEVER) {
        tally->stamps_missing++;
    } else if (kernel_age_ns > latency) {
        tally->stamps_unusable++;
    } else {
        histogram_record(tally->kernel_latency, latency - kernel_age_ns);
        tally->proven = nsec_max(tally->proven, proven(record, started, latency - kernel_age_ns));
        histogram_record(tally->client_delay, kernel_age_ns);
        /* if the thread was stopped just after epoll_wait, the loop's lag does not show it */
        record_absence(record, started + latency, kernel_age_ns);
    }
}

/* A time without responses ends now. */
static void count_gap(struct record *record, nsec now)
{
    struct tally *tally = record->tally;
    nsec gap = now - record->last_response;

    if (gap > tally->gap) {
        tally->gap = gap;
        tally->gap_at = record->last_response - record->from;
        tally->gap_absent = nsec_min(record->absent, gap);
    }
    record->last_response = now;
    record->absent = 0;
}

void record_response(struct record *record, const struct load_request *request,
                     const struct load_response *response)
{
    struct tally *tally = record->tally;
    nsec latency = response->received - request->intended;
    unsigned status = response->status;

    record->responses++;
    record->response_time += latency;
    tally->completed++;
    tally->status[status < TALLY_STATUSES ? status : 0]++;
    histogram_record(tally->latency, latency);
    if (record->open_loop)
        histogram_record(tally->raw, response->received - request->started);
    if (response->stamped)
        count_stamp(record, request->started, response->received - request->started,
                    response->kernel_age_ns);
    count_gap(record, response->received);
}

/* Whether the age of a failed request is recorded as a latency; record.h has the table. */
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

void record_unfinished(struct record *record, nsec age, uint64_t count)
{
    struct tally *tally = record->tally;

    histogram_record_many(record->open_loop ? tally->latency : tally->unfinished, age, count);
}

/* --- connections and intervals --- */

/* The wait for a handshake slot is not part of the connection's time. */
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
    record->prev_gap = record->tally->gap;
    record->prev_gap_at = record->tally->gap_at;
    tally_clear(record->tally);
    record->tally->from = now - record->from;
}
