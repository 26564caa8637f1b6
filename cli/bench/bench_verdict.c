/* The notices above the report, and the lines about the client. */
#include "cli/bench/bench_page.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"

/* Writes the reasons as parts of a sentence with "and". */
static void describe_reasons(const struct page *page, char *text)
{
    const struct judgement *judgement = &page->run->judgement;
    bool several = page->total->processes > 1;
    const char *and = "";

    if (judgement->busy) {
        page_add(text, "%s was busy %s of the time", several ? "one of its threads" : "its thread",
                 figure_share(judgement->busy_share).text);
        and = ", and ";
    }
    if (judgement->suspended) {
        page_add(text, "%s%s stopped for %s of the time, once for %s", and,
                 several ? "its processes were" : "it was",
                 figure_share(judgement->suspended_share).text,
                 figure_span((double)judgement->suspension).text);
        and = ", and ";
    }
    if (judgement->starved) {
        page_add(text, "%s%s waited for a core %s of the time", and,
                 several ? "its threads" : "its thread",
                 figure_share(judgement->starved_share).text);
        and = ", and ";
    }
    if (judgement->late)
        page_add(text, "%s%s of the requests were sent over %d ms late", and,
                 figure_share(judgement->late_share).text, (int)(VERDICT_LATE / NSEC_PER_MS));
}

/* Writes a remedy. */
static void describe_remedy(const struct page *page, char *text)
{
    const char *many = page->total->processes > 1 ? "more" : "several";

    switch (page->run->judgement.verdict) {
    case VERDICT_OK: break;
    case VERDICT_STARVED: page_add(text, "Give it a core of its own (taskset)."); break;
    case VERDICT_SUSPENDED:
        page_add(text, "A signal or the machine stopped it: repeat the run without interruption.");
        break;
    case VERDICT_SATURATED:
        if (page->run->load->open_loop)
            page_add(text, "Lower the rate (-R), or share the load among %s processes (--procs).",
                     many);
        else
            page_add(text,
                     "Share the load among %s processes (--procs), or take fewer connections (-c).",
                     many);
        break;
    }
}

/* The notice that the client was the bottleneck; the first one. */
void bench_put_bottleneck(const struct page *page)
{
    char text[NOTE_BYTES] = "The client was the bottleneck: ";

    if (page->run->judgement.verdict == VERDICT_OK || page->total->gave_up)
        return;
    describe_reasons(page, text);
    page_add(text, ". These numbers are the client's, not the server's. ");
    describe_remedy(page, text);
    page_notice(page, SHADE_RED, text);
}

/* The notice that the number of connections was a limit; not if the client was the bottleneck. */
void bench_put_limited(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->judgement.verdict != VERDICT_OK || !verdict_limited(total))
        return;
    page_add(
        text,
        "All connections (%s) were busy %s of the time while requests waited for one. Their number "
        "was a limit, perhaps before the server was. Compare with %s.",
        figure_count(page->run->load->connections).text, figure_share(tally_limited(total)).text,
        bench_remedy(page->run->load, total));
    page_notice(page, SHADE_YELLOW, text);
}

void bench_put_interrupted(const struct page *page)
{
    nsec duration = page->run->load->duration;
    char text[NOTE_BYTES] = "";

    if (!page->run->interrupted)
        return;
    page_add(text, "Interrupted after %s", figure_span(page->duration).text);
    if (duration != NSEC_NEVER)
        page_add(text, " of %s", figure_span((double)duration).text);
    page_add(text, ": the report covers the time until then.");
    page_notice(page, SHADE_YELLOW, text);
}

/* The notice that the run ended early, because no server was reached. */
void bench_put_gave_up(const struct page *page)
{
    enum error error = (enum error)page->total->gave_up;
    char text[NOTE_BYTES] = "";

    if (!error)
        return;
    page_add(text, "Stopped: every connection of the first second failed: %s, %s.",
             error_code(error), error_sentence(error));
    page_notice(page, SHADE_RED, text);
}

static void put_stamps(const struct page *page)
{
    const struct tally *total = page->total;

    if (total->stamps_missing)
        page_line(page, "", SHADE_DIM, "%s responses came without a kernel stamp",
                  figure_count(total->stamps_missing).text);
    if (total->stamps_unusable)
        page_line(page, "", SHADE_YELLOW,
                  "%s kernel stamps could not be used: the wall clock was changed during the run",
                  figure_count(total->stamps_unusable).text);
}

/* Writes "loop lag    p50 2 us, p99 31 us, max 1.2 ms". */
static void put_spread(const struct page *page, const char *name, const struct histogram *histogram,
                       const char *rest)
{
    if (!histogram->count)
        return;
    page_label(page, "");
    fprintf(page->to, "%s  p50 %s, p99 %s, max %s%s\n", name,
            figure_span((double)histogram_at(histogram, 50)).text,
            figure_span((double)histogram_at(histogram, 99)).text,
            figure_span((double)histogram->max).text, rest);
}

static void put_cpu(const struct page *page)
{
    const struct tally *total = page->total;
    uint64_t ended = tally_ended(total);
    double cpu = (double)(total->cpu_user + total->cpu_system);
    char each[NOTE_BYTES] = "";

    if (ended)
        page_add(each, ": %s per request", figure_span(cpu / (double)ended).text);
    page_line(page, "", "", "CPU %s user, %s system%s", figure_span((double)total->cpu_user).text,
              figure_span((double)total->cpu_system).text, each);
}

void bench_put_client(const struct page *page)
{
    const struct judgement *judgement = &page->run->judgement;
    const struct tally *total = page->total;
    bool ok = judgement->verdict == VERDICT_OK;
    char late[NOTE_BYTES] = "";

    page_line(page, "Client", ok ? SHADE_GREEN : SHADE_RED, "%s, %sbusy %s of the time",
              verdict_name(judgement->verdict), total->processes > 1 ? "its busiest process " : "",
              figure_share(judgement->busy_share).text);
    put_cpu(page);
    put_spread(page, "loop lag  ", total->lag, "");
    page_add(late, "; %s over %d ms", figure_share(judgement->late_share).text,
             (int)(VERDICT_LATE / NSEC_PER_MS));
    if (page->run->load->open_loop)
        put_spread(page, "send delay", total->send_delay, late);
    put_stamps(page);
}
