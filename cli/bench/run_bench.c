/*
 * firstbyte bench: one run, several runs, two targets alternately, or the search for the knee. A
 * report is written when its run has ended, so that writing does not disturb the measurement.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/bench/bench_page.h"
#include "cli/bench/bench_report.h"
#include "cli/bench/bench_runs.h"
#include "cli/bench/knee.h"
#include "cli/bench/load_run.h"
#include "cli/diff/diff.h"
#include "cli/list/load_targets.h"
#include "cli/output/diagnostic.h"
#include "cli/output/output.h"
#include "cli/output/terminal.h"
#include "cli/run.h"
#include "http/error.h"
#include "http/h2/h2.h"
#include "reactor/interrupt.h"

#define OWN_DESCRIPTORS 24 /* for purposes other than connections */
#define MAX_SIDES       2  /* the target, and the target of --vs */

struct side {
    struct target_list list;
    struct targets *targets;
    struct bench_runs runs; /* for the short text of several runs */
    char *json;             /* the reports of the runs, for the comparison; NULL: none */
    size_t json_bytes;
    unsigned kept; /* number of reports in `json` */
    FILE *to;      /* stream that writes `json` */
};

struct bench {
    const struct options *options;
    struct rehearsal rehearsal;
    struct side sides[MAX_SIDES];
    size_t side_count;
    struct output *output;
    bool interrupted, saturated, missed; /* in any run */
    bool proven;                         /* a limit was missed, and not because of the client */
    bool any_response;                   /* a response came */
    bool reported;                       /* a report was written */
    bool incomplete;                     /* figures were lost; reported */
    bool shortage;                       /* descriptors or local ports ran out; reported */
    bool gave_up;                        /* a run reached no server; reported */
    bool origin_ended;                   /* the rehearsal's process ended by itself; reported */
    bool not_set_up;                     /* a run could not be set up; reported */
};

/* --- setup --- */

/* Whether HTTP/2, if it is wanted, can be used with all targets. */
static bool check_versions(const struct target_list *list, enum http_versions versions)
{
    for (size_t i = 0; i < list->count && versions != HTTP_1_1_ONLY; i++) {
        const struct site *site = list->sites[i];
        size_t length;
        const char *field = h2_forbidden_field(site->headers, &length);

        if (versions == HTTP_2_ONLY && !site->url.https)
            return complain(site->url.shown, "--http2 is negotiated with https; with http, use "
                                             "--http2-prior-knowledge");
        if (field)
            return complain_and_free(
                site->url.shown,
                memory_print("HTTP/2 does not allow the field %.*s", (int)length, field));
    }
    return true;
}

static bool make_side(struct side *side, const struct options *options,
                      const struct list_options *from)
{
    struct target_list *list = &side->list;
    size_t other;

    if (!target_list_read(list, from, &options->request) ||
        !check_versions(list, options->load.run.versions))
        return false;
    if (list->keys_line && options->rehearse && !options->output.quiet && !rehearsal_reads(from))
        rehearsal_warn_ignored(from, list->keys_line);
    side->targets = targets_new(list->sites, list->weights, list->count, options->load.run.versions,
                                options->load.run.new_connections, &other);
    if (side->targets) {
        list->count = 0; /* the targets own the sites now */
        return true;
    }
    return complain(
        list->sites[other]->url.shown,
        "all targets of a run must have the same scheme, host and port; this one differs");
}

static bool make_sides(struct bench *bench)
{
    const struct options *options = bench->options;
    char *versus = (char *)options->load.versus;
    const struct list_options other = {.words = &versus, .word_count = 1};

    bench->side_count = versus ? 2 : 1;
    return make_side(&bench->sides[0], options, &options->list) &&
           (!versus || make_side(&bench->sides[1], options, &other));
}

static bool open_output(struct bench *bench)
{
    const struct options *options = bench->options;
    const struct output_file file = {
        .path = options->output.file, .append = options->output.append, .keep = OUTPUT_ALL};
    char *why;

    if (!options->output.file) {
        bench->output = output_new_blocking(STDOUT_FILENO);
        return true;
    }
    bench->output = output_open(NULL, &file, NULL, NULL, NULL, &why);
    return bench->output || complain_and_free("--output", why);
}

/* Warns if there are too few descriptors for the connections. */
static void check_descriptors(const struct options *options)
{
    struct rlimit limit;
    size_t each = (options->concurrency + options->load.processes - 1) / options->load.processes;

    if (getrlimit(RLIMIT_NOFILE, &limit) || each + OWN_DESCRIPTORS <= limit.rlim_cur)
        return;
    diagnostic("a process may open %llu descriptors, too few for %zu connections: raise the limit "
               "(ulimit -n, sysctl fs.nr_open), or divide them (--procs)",
               (unsigned long long)limit.rlim_cur, each);
}

/* --- a run and its report --- */

static struct load_plan plan_of(const struct bench *bench, const struct side *side)
{
    const struct options *options = bench->options;
    struct load_plan plan = {options->load, &options->network, &bench->rehearsal};

    plan.load.run.targets = side->targets;
    return plan;
}

static bool wants_color(const struct bench *bench)
{
    const struct output_options *options = &bench->options->output;

    return !options->file && terminal_wants_color(options->color, STDOUT_FILENO);
}

/* Whether the text has one line for each run. */
static bool has_table(const struct bench *bench)
{
    const struct options *options = bench->options;

    return options->output.format == FORMAT_TEXT && options->load.repeat > 1 &&
           !options->load.full_report;
}

/* Writes the line of a run, such as "2" or "2 a". */
static void write_line(struct bench *bench, struct side *side, FILE *to,
                       const struct bench_run *run)
{
    size_t number = side->runs.count + 1;
    char name[32];

    snprintf(name, sizeof(name), bench->side_count > 1 ? "%zu %c" : "%zu", number,
             side == &bench->sides[0] ? 'a' : 'b');
    bench_runs_add(to, &side->runs, run, name, wants_color(bench));
}

static void write_report(struct bench *bench, struct side *side, FILE *to,
                         const struct bench_run *run)
{
    const struct options *options = bench->options;
    bool color = wants_color(bench);

    if (has_table(bench)) {
        write_line(bench, side, to, run);
        return;
    }
    if (bench->reported && options->output.format == FORMAT_TEXT)
        putc('\n', to);
    switch (options->output.format) {
    case FORMAT_JSON: bench_report_json(to, run); break;
    case FORMAT_CSV: bench_report_csv(to, run); break;
    default: bench_report_text(to, run, color, terminal_columns(STDOUT_FILENO)); break;
    }
}

/* Writes remedies if the system ran out of ports or descriptors. Returns whether it did. */
static bool report_shortage(bool ports, bool descriptors)
{
    if (ports)
        diagnostic("local ports ran out: widen net.ipv4.ip_local_port_range, allow their reuse "
                   "(net.ipv4.tcp_tw_reuse=1), or start from several addresses (--interface, "
                   "repeated)");
    if (descriptors)
        diagnostic("descriptors ran out: raise ulimit -n and sysctl fs.nr_open, or divide the "
                   "connections (--procs)");
    return ports || descriptors;
}

/* Writes the notices of the text report to standard error, if the report is JSON or CSV. */
static void report_verdict(const struct bench_run *run)
{
    enum error error = (enum error)run->total->gave_up;

    if (error)
        diagnostic("every connection of the first second failed: %s, %s", error_code(error),
                   error_sentence(error));
    if (run->judgement.verdict != VERDICT_OK && !error)
        diagnostic("the client was the bottleneck: %s: busy %.1f%% of the time, %.1f%% "
                   "waiting for a core, %.1f%% stopped, %.1f%% of the requests sent late",
                   verdict_name(run->judgement.verdict), 100 * run->judgement.busy_share,
                   100 * run->judgement.starved_share, 100 * run->judgement.suspended_share,
                   100 * run->judgement.late_share);
    else if (verdict_limited(run->total))
        diagnostic("all connections were busy %.1f%% of the time while requests waited for "
                   "one: compare with %s",
                   100 * tally_limited(run->total), bench_remedy(run->load, run->total));
    for (size_t i = 0; i < run->slo->count; i++)
        if (!run->slo->part[i].held)
            diagnostic("--slo %s was missed", run->slo->part[i].name);
}

/* Writes the report of a run, and keeps it for the comparison. */
static void report_run(struct bench *bench, struct side *side, const struct load_plan *plan,
                       const struct recorder *recorder, const struct load_outcome *outcome)
{
    const struct options *options = bench->options;
    struct slo slo = options->load.slo;
    FILE *to;
    struct bench_run run = {
        .command = &plan->load,
        .load = &plan->load.run,
        .request = &options->request,
        .unix_socket = options->network.unix_socket,
        .rehearsed = options->rehearse,
        .url = targets_url(side->targets)->shown,
        .targets = targets_count(side->targets),
        .wall_start = recorder->wall_start,
        .total = recorder->total,
        .intervals = recorder->spool,
        .slo = &slo,
        .judgement = verdict_judge(recorder->total, outcome->busiest),
        .interrupted = outcome->interrupted || outcome->origin_ended,
    };

    if (!slo_judge(&slo, recorder->total))
        bench->missed = true;
    bench->proven = bench->proven || slo_is_proven(&slo);
    bench->saturated = bench->saturated || run.judgement.verdict != VERDICT_OK;
    bench->any_response = bench->any_response || recorder->total->completed;
    to = output_begin(bench->output);
    write_report(bench, side, to, &run);
    bench->reported = true;
    output_end(bench->output);
    if (side->to && !run.interrupted) {
        bench_report_json(side->to, &run);
        side->kept++;
    }
    bench->shortage = report_shortage(recorder->total->errors[ERROR_PORTS],
                                      recorder->total->errors[ERROR_DESCRIPTORS]) ||
                      bench->shortage;
    bench->gave_up = bench->gave_up || recorder->total->gave_up;
    if (!options->output.quiet && options->output.format != FORMAT_TEXT)
        report_verdict(&run);
}

/* Runs one side once. False, with a diagnostic, if it cannot be set up. */
static bool run_side(struct bench *bench, struct side *side)
{
    const struct load_plan plan = plan_of(bench, side);
    struct recorder recorder;
    struct load_outcome outcome;
    bool made = recorder_open(&recorder, &plan.load) && load_run(&plan, &recorder, &outcome);

    if (made) {
        bench->incomplete = !recorder_end(&recorder) || outcome.lost || bench->incomplete;
        bench->interrupted = outcome.interrupted;
        bench->origin_ended = outcome.origin_ended && rehearsal_report_end(&bench->rehearsal);
        report_run(bench, side, &plan, &recorder, &outcome);
    }
    recorder_close(&recorder);
    bench->not_set_up = !made;
    return made;
}

/* --- several runs --- */

/* Prepares to keep the reports of two sides for the comparison. */
static void keep_reports(struct bench *bench)
{
    for (size_t i = 0; i < MAX_SIDES && bench->side_count > 1; i++)
        bench->sides[i].to = memory_stream(&bench->sides[i].json, &bench->sides[i].json_bytes);
}

static enum exit_status compare(struct bench *bench)
{
    struct diff_set sets[MAX_SIDES] = {0};
    enum exit_status status = EXIT_SETUP;
    bool sound = true;

    for (size_t i = 0; i < MAX_SIDES; i++) {
        struct side *side = &bench->sides[i];
        char *why = NULL;

        fclose(side->to);
        side->to = NULL;
        sound = sound && diff_set_parse(&sets[i], targets_url(side->targets)->shown, side->json,
                                        side->json_bytes, &why);
        complain_and_free("comparison", why);
    }
    if (sound && bench->options->output.format != FORMAT_CSV)
        status =
            diff_sets(sets, MAX_SIDES, bench->options->output.format, output_begin(bench->output));
    output_end(bench->output);
    for (size_t i = 0; i < MAX_SIDES; i++)
        diff_set_free(&sets[i]);
    return status;
}

/* Returns the exit status for the worst outcome. */
static enum exit_status exit_status_of(const struct bench *bench)
{
    if (bench->interrupted)
        return EXIT_INTERRUPTED;
    if (bench->origin_ended || bench->incomplete || bench->shortage)
        return EXIT_SETUP;
    if (bench->proven)
        return EXIT_SLO;
    if (bench->gave_up && !bench->any_response)
        return EXIT_SOME_FAILED;
    if (bench->saturated)
        return EXIT_SATURATED;
    if (bench->missed)
        return EXIT_SLO;
    return bench->any_response ? EXIT_FETCHED : EXIT_SOME_FAILED;
}

/* Whether another run is useful: no signal came, a server was reached, and output is possible. */
static bool continues(struct bench *bench)
{
    bench->interrupted = bench->interrupted || interrupts_pending();
    return !bench->interrupted && !bench->origin_ended && !bench->gave_up &&
           !output_error(bench->output);
}

static void write_medians(struct bench *bench)
{
    for (size_t i = 0; i < bench->side_count; i++)
        bench_runs_end(output_begin(bench->output), &bench->sides[i].runs,
                       bench->side_count == 1 ? "median"
                       : i == 0               ? "median a"
                                              : "median b",
                       wants_color(bench));
    if (bench->sides[0].kept && bench->sides[1].kept) /* the comparison follows */
        putc('\n', output_begin(bench->output));
    output_end(bench->output);
}

/* Writes the head of the table before the first run, which may be long. */
static void begin_table(struct bench *bench)
{
    const char *other = bench->side_count > 1 ? targets_url(bench->sides[1].targets)->shown : NULL;
    const struct load_command *command = &bench->options->load;
    const struct bench_run run = {.command = command,
                                  .load = &command->run,
                                  .rehearsed = bench->options->rehearse,
                                  .url = targets_url(bench->sides[0].targets)->shown,
                                  .targets = targets_count(bench->sides[0].targets)};

    bench_runs_begin(output_begin(bench->output), &run, other, wants_color(bench));
    output_end(bench->output);
}

/* Runs the sides alternately (A B A B), so that changes of the machine affect both. */
static enum exit_status run_all(struct bench *bench)
{
    enum exit_status status;

    keep_reports(bench);
    if (has_table(bench))
        begin_table(bench);
    for (unsigned i = 0; i < bench->options->load.repeat; i++)
        for (size_t side = 0; side < bench->side_count && continues(bench); side++)
            if (!run_side(bench, &bench->sides[side]))
                return EXIT_SETUP;
    if (has_table(bench))
        write_medians(bench);
    status = exit_status_of(bench);
    if (!bench->sides[0].kept || !bench->sides[1].kept || output_error(bench->output))
        return status;
    return status == EXIT_FETCHED ? compare(bench) : (compare(bench), status);
}

static enum exit_status search(struct bench *bench)
{
    const struct options *options = bench->options;
    const struct load_plan plan = plan_of(bench, &bench->sides[0]);
    struct knee knee;
    FILE *to;

    bench->not_set_up = !knee_find(&knee, &plan, options->output.quiet ? NULL : stderr);
    if (bench->not_set_up)
        return EXIT_SETUP;
    bench->origin_ended = rehearsal_report_end(&bench->rehearsal);
    to = output_begin(bench->output);
    if (options->output.format == FORMAT_JSON) {
        knee_json(to, &knee);
    } else {
        if (options->output.quiet || options->output.file ||
            !isatty(STDOUT_FILENO)) /* otherwise each try was shown */
            knee_curve(to, &knee);
        knee_text(to, &knee);
    }
    output_end(bench->output);
    if (bench->origin_ended)
        return EXIT_SETUP;
    if (knee.interrupted)
        return EXIT_INTERRUPTED;
    if (report_shortage(knee.ports, knee.descriptors))
        return EXIT_SETUP;
    if (knee.gave_up) {
        if (options->output.format == FORMAT_JSON && !options->output.quiet)
            diagnostic("the server gave no response: %s, %s", error_code(knee.gave_up),
                       error_sentence(knee.gave_up));
        return EXIT_SOME_FAILED;
    }
    return knee.saturated ? EXIT_SATURATED : knee.rate > 0 ? EXIT_FETCHED : EXIT_SLO;
}

/* Finishes the output: with a complete set of reports it replaces the older file. */
static enum exit_status end_output(struct bench *bench, enum exit_status status)
{
    bool finished = output_finish(bench->output, !bench->not_set_up);
    const char *kept = output_kept(bench->output);

    if (kept)
        diagnostic("the results are in %s", kept);
    if (finished)
        return status;
    if (bench->options->output.file || output_error(bench->output) != EPIPE)
        complain(output_name(bench->output), strerrordesc_np(output_error(bench->output)));
    return EXIT_SOME_FAILED;
}

/* Runs all, and finishes the output. From here a signal does not lose results. */
static enum exit_status measure(struct bench *bench)
{
    interrupts_hold();
    return end_output(bench, bench->options->load.knee.count ? search(bench) : run_all(bench));
}

enum exit_status run_bench(const struct options *options)
{
    struct bench bench = {.options = options};
    enum exit_status status = EXIT_USAGE;

    if (make_sides(&bench)) {
        status = EXIT_SETUP;
        if (!options->output.quiet)
            check_descriptors(options);
        if (open_output(&bench) &&
            (!options->rehearse ||
             rehearsal_start(&bench.rehearsal, &options->list, options->load.versus)))
            status = measure(&bench);
    }
    rehearsal_stop(&bench.rehearsal);
    output_free(bench.output);
    for (size_t i = 0; i < MAX_SIDES; i++) {
        if (bench.sides[i].to)
            fclose(bench.sides[i].to);
        free(bench.sides[i].json);
        bench_runs_free(&bench.sides[i].runs);
        targets_free(bench.sides[i].targets);
        target_list_free(&bench.sides[i].list);
    }
    return status;
}
