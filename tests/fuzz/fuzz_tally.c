/* Any bytes as a packed tally. An accepted tally packs into the same bytes and can be added and
   summarized. After a refusal the tally is empty. The input has the bytes after the head, which is
   made here; if its first byte is odd, it has the head too. */
#include "tests/fuzz/fuzz.h"

#include "bench/load/tally.h"

#define HEAD_BYTES 8 /* of a packed tally */

static struct tally *tally, *sum; /* reused for all inputs */

/* The input after a valid head. The caller frees it. */
static unsigned char *with_head(const struct part *body, size_t *count)
{
    unsigned char *bytes;

    tally_clear(sum);
    bytes = tally_pack(sum, count);
    *count = HEAD_BYTES + body->size;
    bytes = memory_grow(bytes, *count, 1);
    if (body->size)
        memcpy(bytes + HEAD_BYTES, body->at, body->size);
    return bytes;
}

static void check_histogram(const struct histogram *histogram)
{
    struct histogram_summary summary;
    uint64_t count = 0;

    for (uint32_t i = histogram->first; i < histogram->end; i++)
        count += histogram->counts[i];
    MUST(count == histogram->count);
    MUST(histogram->clamped <= count);
    histogram_summarize(histogram, &summary);
    MUST(histogram_at(histogram, 100) <= histogram->max);
}

static void check_accepted(const void *bytes, size_t count)
{
    size_t again;
    void *packed = tally_pack(tally, &again);

    MUST(again == count && !memcmp(packed, bytes, count));
    MUST(tally_busy(tally) >= 0);
    tally_clear(sum);
    tally_append(sum, tally);
    tally_join(sum, tally);
#define X(member) check_histogram(tally->member);
    TALLY_HISTOGRAMS(X)
#undef X
    free(packed);
}

static void check_refused(void)
{
    MUST(tally->processes == 1 && !tally->scheduled && !tally->errors[ERROR_COUNT - 1]);
#define X(member) MUST(!tally->member->count);
    TALLY_HISTOGRAMS(X)
#undef X
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size};
    bool raw = part_byte(&rest) & 1;
    size_t count = rest.size;
    unsigned char *bytes;

    if (!tally) {
        tally = tally_new();
        sum = tally_new();
    }
    bytes = raw ? (unsigned char *)part_text(&rest) : with_head(&rest, &count);
    if (tally_unpack(tally, bytes, count))
        check_accepted(bytes, count);
    else
        check_refused();
    free(bytes);
    return 0;
}
