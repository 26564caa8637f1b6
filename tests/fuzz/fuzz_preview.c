/*
 * Previews of any body: at most a number of characters, valid UTF-8 unless the character set is
 * UTF-8, and the same for a whole body and for pieces. The first lines are Content-Type,
 * Content-Encoding and the plan of the pieces. Then come a byte with the number of characters, a
 * byte that is odd for a complete body, and the body.
 */
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "http/body/preview.h"

struct wanted {
    const char *type, *coding; /* "": none */
    size_t characters;
    bool complete;
};

static enum preview_status run(struct preview *preview, const struct wanted *wanted,
                               struct part rest, const struct part *plan)
{
    enum preview_status status = PREVIEW_MORE;

    preview_start(preview, wanted->characters, *wanted->type ? wanted->type : NULL,
                  *wanted->coding ? wanted->coding : NULL);
    for (size_t i = 0; rest.size && status == PREVIEW_MORE; i++) {
        struct part piece = part_piece(&rest, plan, i);
        uint8_t *copy = memory_get(piece.size);

        memcpy(copy, piece.at, piece.size);
        status = preview_feed(preview, copy, piece.size);
        free(copy);
    }
    if (status != PREVIEW_MORE)
        MUST(preview_finish(preview, wanted->complete) == status);
    return preview_finish(preview, wanted->complete);
}

/* At most the wanted number of characters, valid unless they are copied unchanged. */
static size_t check_text(const struct preview *preview, const struct wanted *wanted)
{
    bool unchanged = !strcmp(preview_charset(preview), "utf-8"), whole;
    size_t bytes, count = 0, used;
    uint32_t character;
    const unsigned char *text = preview_text(preview, &bytes);

    for (size_t at = 0; at < bytes; at += used, count++) {
        used = utf8_next(text + at, bytes - at, &character, &whole);
        MUST(unchanged || (whole && (used > 1 || text[at] < 0x80)));
    }
    MUST(count <= wanted->characters);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    struct part rest = {data, size}, type = part_line(&rest), coding = part_line(&rest);
    struct part plan = part_line(&rest);
    char *type_text = part_text(&type), *coding_text = part_text(&coding);
    struct wanted wanted = {type_text, coding_text, 1 + (size_t)part_byte(&rest),
                            part_byte(&rest) & 1};
    struct preview whole, pieces;
    enum preview_status one = run(&whole, &wanted, rest, &uncut);
    enum preview_status other = run(&pieces, &wanted, rest, &plan);
    size_t bytes = check_text(&whole, &wanted);

    MUST(one != PREVIEW_MORE && other != PREVIEW_MORE);
    /* br and zstd may find malformed bytes before they return the text before those */
    MUST(one == other || (one == PREVIEW_MALFORMED && other == PREVIEW_READY));
    check_text(&pieces, &wanted);
    if (one == PREVIEW_READY) {
        size_t others;
        const unsigned char *text = preview_text(&pieces, &others);

        MUST(bytes == others && !memcmp(text, preview_text(&whole, &others), bytes));
        MUST(!strcmp(preview_charset(&whole), preview_charset(&pieces)));
    }
    preview_free(&whole);
    preview_free(&pieces);
    free(type_text);
    free(coding_text);
    return 0;
}
