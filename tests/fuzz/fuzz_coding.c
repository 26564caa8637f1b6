/*
 * Content codings: whatever the bytes are, decoding them in pieces comes to what decoding them at
 * once does, and the room is kept. The first line is the Content-Encoding field, the second says
 * how the body is cut, its first character how much room there is; the rest is the body.
 */
#include "tests/fuzz/fuzz.h"

#include "http/body/coding.h"
#include "tests/support/names.h"

#define MAX_MADE (64 * 1024) /* of a bomb this is enough */

struct decoded {
    unsigned char *at;
    size_t count;
    enum decoder_status status;
    bool cut;
};

/* Feeds a piece until it is used up, or all is over. */
static void feed(struct decoder *decoder, struct part piece, size_t room, struct decoded *decoded)
{
    do {
        size_t made = SIZE_MAX, left = piece.size;
        unsigned char *to = memory_get(room); /* of its own, so that a sanitizer sees its end */

        decoded->status = decoder_feed(decoder, &piece.at, &piece.size, to, room, &made);
        MUST(made <= room && piece.size <= left);
        MUST(decoded->status != DECODER_FULL || made == room);
        MUST(decoded->status != DECODER_MORE || !piece.size);
        decoded->at = memory_grow(decoded->at, decoded->count + made, 1);
        memcpy(decoded->at + decoded->count, to, made);
        decoded->count += made;
        free(to);
    } while (decoded->status == DECODER_FULL && decoded->count < MAX_MADE);
}

static struct decoded decode(const struct coding_list *list, struct part rest,
                             const struct part *plan, size_t room)
{
    struct decoder *decoder = decoder_new(list);
    struct decoded decoded = {memory_get(1), 0, DECODER_MORE, false};

    for (size_t i = 0; rest.size && decoded.count < MAX_MADE; i++) {
        feed(decoder, part_piece(&rest, plan, i), room, &decoded);
        if (decoded.status != DECODER_MORE)
            break;
    }
    decoded.cut = decoder_is_cut(decoder);
    decoder_free(decoder);
    return decoded;
}

/* libbrotlidec and libzstd find out what is malformed at the end of what they were given at once,
   and then give out nothing of it: what was cut otherwise may have been whole before that. */
static bool judges_by_piece(const struct coding_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->coding[i] == CODING_BROTLI || list->coding[i] == CODING_ZSTD)
            return true;
    return false;
}

/* One of both may have given out more before it met what is malformed. */
static void compare(const struct coding_list *list, const struct decoded *a,
                    const struct decoded *b)
{
    size_t both = a->count < b->count ? a->count : b->count;
    bool malformed = a->status == DECODER_MALFORMED || b->status == DECODER_MALFORMED;

    MUST(!memcmp(a->at, b->at, both));
    if (a->count >= MAX_MADE || b->count >= MAX_MADE)
        return;
    if (malformed && judges_by_piece(list))
        return;
    MUST((a->status == DECODER_MALFORMED) == (b->status == DECODER_MALFORMED));
    if (malformed)
        return;
    MUST(a->count == b->count && a->status == b->status && a->cut == b->cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    struct part rest = {data, size}, line = part_line(&rest), plan = part_line(&rest);
    size_t room = 1 + (size_t)part_byte(&plan);
    char *field = part_text(&line), name[CODING_NAME_BYTES];
    struct decoded whole, pieces;
    struct coding_list list, again;

    coding_list_read(&list, field);
    MUST(list.count <= CODING_MAX && strlen(coding_list_name(&list, name)) < sizeof(name));
    coding_list_read(&again, name);
    MUST(again.count == list.count && !memcmp(again.coding, list.coding, list.count));
    if (list.count) {
        whole = decode(&list, rest, &uncut, 1024);
        pieces = decode(&list, rest, &plan, room);
        compare(&list, &whole, &pieces);
        free(whole.at);
        free(pieces.at);
    }
    free(field);
    return 0;
}
