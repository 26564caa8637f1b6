/*
 * Reads the reader's lines with the grammar and numbers them. A line that is returned before its
 * order is found through an index of the reader's buffer, and is changed into a comment there.
 */
#include "cli/list/sites.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/list/ahead.h"
#include "cli/list/bad_lines.h"
#include "cli/list/reader.h"
#include "cli/list/stray.h"
#include "http/typed_url.h"

struct sites {
    struct sites_options options;
    struct grammar *grammar;
    struct reader *reader; /* NULL: words */
    struct list_options list;
    size_t word; /* index of the next word */
    struct sites_position at;
    struct ahead *ahead; /* index of lines in the buffer; NULL until sites_near is called */
    uint64_t indexed;    /* lines below this offset are in the index */
    size_t indexed_line; /* the number of the last line below `indexed` */
};

/* Counts a line that is read in order. */
static void count_line(struct sites *sites, const char *line, size_t length)
{
    sites->at.line++;
    if (sites->options.sum)
        sites->at.sum = sites->options.sum(sites->at.sum, line, length);
}

/* Completes a site; for a bad line, with the error `wrong`, a site with `line_error`. Takes over
   `shown`. False if the line has no site. */
static bool finish_site(struct sites *sites, struct listed *listed, const char *wrong, char *shown)
{
    if (wrong) {
        listed->site = site_new();
        listed->site->line_error =
            sites->reader ? memory_print("%s:%zu: %s", bad_lines_file(sites->list.file),
                                         sites->at.line, wrong)
                          : memory_text(wrong, strlen(wrong));
        listed->site->url.shown = shown;
    }
    if (!listed->site)
        return false;
    listed->site->number = sites->at.count++;
    listed->site->line = sites->at.line;
    return true;
}

static bool give_line(struct sites *sites, const char *text, size_t length, bool too_long,
                      struct listed *listed)
{
    char *shown;
    const char *wrong = grammar_read_line(sites->grammar, text, length, too_long, listed, &shown);

    return finish_site(sites, listed, wrong, shown);
}

static void give_word(struct sites *sites, const char *text, struct listed *listed)
{
    char *shown;
    const char *wrong = grammar_read_word(sites->grammar, text, listed, &shown);

    count_line(sites, text, strlen(text));
    finish_site(sites, listed, wrong, shown);
}

/* Ends a list that cannot be read: its last site has the error. */
static bool end_with_error(struct sites *sites, struct listed *listed, const char *why)
{
    reader_end(sites->reader);
    *listed = (struct listed){.weight = 1};
    return finish_site(sites, listed, why, memory_text("", 0));
}

/* Reads a line of the file. False if it has no site. */
static bool take_line(struct sites *sites, const struct line *line, struct listed *listed)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *wrong;
    size_t skip = 0;

    count_line(sites, line->text, line->length);
    if (sites->at.line == 1) {
        wrong = stray_encoding(line->text, line->length);
        if (wrong)
            return end_with_error(sites, listed, wrong);
        if (line->length >= strlen(byte_order_mark) &&
            !memcmp(line->text, byte_order_mark, strlen(byte_order_mark)))
            skip = strlen(byte_order_mark);
    }
    return give_line(sites, line->text + skip, line->length - skip, line->too_long, listed);
}

enum sites_next sites_next(struct sites *sites, struct listed *listed)
{
    enum reader_next next;
    struct line line;
    int error;

    if (!sites->reader) {
        if (sites->word == sites->list.word_count)
            return SITES_END;
        give_word(sites, sites->list.words[sites->word++], listed);
        return SITES_ONE;
    }
    reader_begin(sites->reader);
    while ((next = reader_next(sites->reader, &line)) == READER_LINE)
        if (take_line(sites, &line, listed))
            return SITES_ONE;
    if (next == READER_LATER)
        return SITES_LATER;
    error = reader_take_error(sites->reader);
    if (!error)
        return SITES_END;
    end_with_error(sites, listed, strerrordesc_np(error));
    return SITES_ONE;
}

/* Indexes new lines in the buffer, up to a "default" line, which changes the settings after it. */
static void look_ahead(struct sites *sites)
{
    uint64_t here = reader_offset(sites->reader);
    const char *text;
    size_t length;

    if (!sites->ahead)
        sites->ahead = ahead_new();
    if (sites->indexed <= here) {
        sites->indexed = here;
        sites->indexed_line = sites->at.line;
    }
    while ((text = reader_line_at(sites->reader, sites->indexed, &length))) {
        struct url_origin origin;

        if (grammar_is_default(text, length))
            break;
        sites->indexed_line++;
        if (length <= READER_MAX_LINE_BYTES &&
            /* a line with a CR is refused when it is read in order */
            !stray_line_end(text, grammar_trim(text, length)) &&
            typed_url_origin(&origin, text, length))
            ahead_add(sites->ahead, url_origin_hash(&origin), sites->indexed, sites->indexed_line);
        sites->indexed += length + 1;
    }
}

/* The argument of has_origin. */
struct origin_match {
    const struct sites *sites;
    const struct url_origin *origin;
};

/* Compares the origins, because two origins may have the same hash. */
static bool has_origin(void *owner, const struct ahead_line *line)
{
    const struct origin_match *match = owner;
    struct url_origin origin;
    size_t length;
    const char *text = reader_line_at(match->sites->reader, line->offset, &length);

    return typed_url_origin(&origin, text, length) && url_same_origin(&origin, match->origin);
}

bool sites_near(struct sites *sites, const struct url_origin *origin, struct listed *listed)
{
    struct origin_match match = {sites, origin};
    struct ahead_line found;
    size_t length, line = sites->at.line;
    char *text;

    if (!sites->reader || sites->options.sum || !reader_look_ahead(sites->reader))
        return false;
    look_ahead(sites);
    if (!ahead_take(sites->ahead, url_origin_hash(origin), reader_offset(sites->reader), has_origin,
                    &match, &found))
        return false;
    text = reader_line_at(sites->reader, found.offset, &length);
    sites->at.line = found.number;
    give_line(sites, text, length, false, listed);
    sites->at.line = line;
    *text = '#'; /* reading in order then skips it */
    return true;
}

struct sites *sites_open(const struct list_options *list, const struct sites_options *options)
{
    struct reader *reader = NULL;
    struct sites *sites;

    if (list->file) {
        reader = reader_open(list->file, options->loop, options->ready, options->owner);
        if (!reader)
            return NULL;
    }
    sites = memory_zeroed(sizeof(*sites));
    sites->options = *options;
    sites->list = *list;
    sites->grammar = grammar_new(options->request, options->weights);
    sites->reader = reader;
    sites->at.sum = options->sum_start;
    return sites;
}

const struct sites_position *sites_position(const struct sites *sites)
{
    return &sites->at;
}

bool sites_rewind(struct sites *sites)
{
    if (sites->reader && !reader_rewind(sites->reader))
        return false;
    grammar_free(sites->grammar);
    sites->grammar = grammar_new(sites->options.request, sites->options.weights);
    sites->at = (struct sites_position){.sum = sites->options.sum_start};
    sites->indexed = sites->word = 0;
    ahead_free(sites->ahead);
    sites->ahead = NULL;
    return true;
}

void sites_close(struct sites *sites)
{
    if (!sites)
        return;
    reader_close(sites->reader);
    grammar_free(sites->grammar);
    ahead_free(sites->ahead);
    free(sites);
}
