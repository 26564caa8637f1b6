/*
 * Content codings: any bytes decode to the same content whole and in pieces, within the given room.
 * The first line is the Content-Encoding field. The second begins with a byte for the size of the
 * room; then comes the plan of the pieces. The rest of the input is the body.
 */
#include "tests/fuzz/fuzz.h"

#include "http/body/coding.h"
#include "tests/support/names.h"

#define MAX_MADE (64 * 1024) /* stops decompression bombs */

struct decoded {
    unsigned char *at;
    size_t count;
    enum decoder_status status;
    bool cut;
};

/* Feeds a piece until it is used up or decoding has ended. */
static void feed(struct decoder *decoder, struct part piece, size_t room, struct decoded *decoded)
{
    do {
        size_t made = SIZE_MAX, left = piece.size;
        unsigned char *to = memory_get(room); /* allocated, for the sanitizer */

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

/* libbrotlidec and libzstd return nothing of a piece that has malformed bytes: with other pieces
   they return what is before those bytes. */
static bool depends_on_pieces(const struct coding_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->coding[i] == CODING_BROTLI || list->coding[i] == CODING_ZSTD)
            return true;
    return false;
}

/* One of them may have returned more before it found malformed bytes. */
static void compare(const struct coding_list *list, const struct decoded *a,
                    const struct decoded *b)
{
    size_t both = a->count < b->count ? a->count : b->count;
    bool malformed = a->status == DECODER_MALFORMED || b->status == DECODER_MALFORMED;

    MUST(!memcmp(a->at, b->at, both));
    if (a->count >= MAX_MADE || b->count >= MAX_MADE)
        return;
    if (malformed && depends_on_pieces(list))
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
