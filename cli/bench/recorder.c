/* Adds up the intervals of a run and passes them on. */
#include "cli/bench/recorder.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output/diagnostic.h"
#include "cli/output/terminal.h"

static void open_live(struct recorder *recorder, const struct load_command *load)
{
    const struct live_options options = {
        .url = targets_url(load->run.targets)->shown,
        .others = targets_count(load->run.targets) - 1,
        .duration = load->run.duration,
        .requests = load->run.requests,
        .color = terminal_wants_color(load->color, STDERR_FILENO),
    };

    recorder->live = live_new(STDERR_FILENO, &options);
}

bool recorder_open(struct recorder *recorder, const struct load_command *load)
{
    int error;

    *recorder = (struct recorder){
        .total = tally_new(),
        .spool = spool_new(),
        .path = load->hlog,
        .wall_start = clock_wall_ns() + load->run.warmup,
    };
    recorder->total->processes = 0;
    if (recorder->path) {
        recorder->hlog = hlog_open(recorder->path, recorder->wall_start, &error);
        if (!recorder->hlog)
            return complain(recorder->path, strerrordesc_np(error));
    }
    if (load->live)
        open_live(recorder, load);
    return true;
}

void recorder_interval(struct recorder *recorder, const struct tally *tally)
{
    tally_append(recorder->total, tally);
    spool_add(recorder->spool, tally);
    if (recorder->hlog)
        hlog_interval(recorder->hlog, tally->from, tally->to - tally->from, tally->latency);
    live_show(recorder->live, tally, recorder->total);
}

bool recorder_end(struct recorder *recorder)
{
    int error = recorder->hlog ? hlog_close(recorder->hlog) : 0;

    recorder->hlog = NULL;
    live_free(recorder->live);
    recorder->live = NULL;
    if (error)
        complain(recorder->path, strerrordesc_np(error));
    if (spool_error(recorder->spool))
        complain("some intervals are lost", strerrordesc_np(spool_error(recorder->spool)));
    return !error && !spool_error(recorder->spool);
}

void recorder_close(struct recorder *recorder)
{
    if (recorder->hlog)
        hlog_close(recorder->hlog);
    live_free(recorder->live);
    spool_free(recorder->spool);
    tally_free(recorder->total);
}
