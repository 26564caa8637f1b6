/*
 * A body with two codings is decoded by two stages. The last stage pulls: a stage without input
 * requests a buffer from the previous one. Rejected: pushing from the first stage, which needs a
 * buffer for all of its output.
 *
 * One table describes the three libraries; their common parts, and the limits that they lack, are
 * implemented here once.
 */
#define ZLIB_CONST /* declares zlib's input const */

#include "http/body/coding.h"

#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/span.h"

#define STAGE_BUFFER_BYTES 4096 /* the buffer between two stages */

/* libbrotli returns output only after it has decoded all of its input, so it gets small slices. */
#define SLICE_BYTES 512

/* A stage that reads from another stage may consume this many bytes, plus twice its output; nested
   streams of empty members would otherwise use the CPU without output. */
#define MAX_WITHOUT_OUTPUT (1024 * 1024)

#define ZLIB_WINDOW_LOG 15
#define ZSTD_WINDOW_LOG 23

/* Input and output of a library. */
struct input {
    const unsigned char *at;
    size_t left;
};

struct room {
    unsigned char *at;
    size_t left;
};

enum coding_progress {
    CODING_CONTINUES, /* the stream continues */
    CODING_COMPLETE,  /* the stream is complete */
    CODING_INVALID,   /* it is malformed */
};

struct stage {
    const struct codec *codec;
    struct input in; /* input that is not consumed */
    bool made_state; /* the library's state exists */
    bool open;       /* inside a stream */
    bool completed;  /* a stream was completed */
    bool full;       /* the last output buffer was filled: more output may follow */
    bool ended;      /* later input is ignored */
    bool malformed;
    uint64_t taken, made;
    union {
        z_stream zlib;
        BrotliDecoderState *brotli;
        ZSTD_DStream *zstd;
    } state;
    unsigned char *buffer; /* output of the previous stage; NULL: the input is the body */
};

struct decoder {
    unsigned count;
    struct stage stages[]; /* the first one reads the body */
};

/* The functions of a library. */
struct codec {
    const char *name;
    bool repeats;            /* several streams may follow one another */
    const char *first_bytes; /* the possible first bytes; NULL: any */
    void (*make)(struct stage *stage, unsigned char first);
    void (*again)(struct stage *stage); /* prepares for the next stream; NULL: not repeated */
    enum coding_progress (*step)(struct stage *stage, struct input *in, struct room *out);
    void (*free)(struct stage *stage);
};

static void *zlib_get(void *owner, unsigned count, unsigned size)
{
    (void)owner;
    return memory_grow(NULL, count, size);
}

static void zlib_free(void *owner, void *memory)
{
    (void)owner;
    free(memory);
}

static void zlib_make(struct stage *stage, int window_bits)
{
    stage->state.zlib = (z_stream){.zalloc = zlib_get, .zfree = zlib_free};
    if (inflateInit2(&stage->state.zlib, window_bits) != Z_OK)
        abort(); /* the library does not match its header */
}

static enum coding_progress zlib_step(struct stage *stage, struct input *in, struct room *out)
{
    z_stream *zlib = &stage->state.zlib;
    int status;

    zlib->next_in = in->at;
    zlib->avail_in = (uInt)in->left;
    zlib->next_out = out->at;
    zlib->avail_out = out->left < UINT32_MAX ? (uInt)out->left : UINT32_MAX;
    status = inflate(zlib, Z_NO_FLUSH);
    in->at = zlib->next_in;
    in->left = zlib->avail_in;
    out->left -= (size_t)(zlib->next_out - out->at);
    out->at = zlib->next_out;
    if (status == Z_STREAM_END)
        return CODING_COMPLETE;
    return status == Z_OK || status == Z_BUF_ERROR ? CODING_CONTINUES : CODING_INVALID;
}

static void zlib_end(struct stage *stage)
{
    inflateEnd(&stage->state.zlib);
}

static void gzip_make(struct stage *stage, unsigned char first)
{
    (void)first;
    zlib_make(stage, ZLIB_WINDOW_LOG + 16); /* 16: gzip's header and trailer */
}

static void gzip_again(struct stage *stage)
{
    inflateReset(&stage->state.zlib);
}

/* The zlib format begins with the method, 8, and a window of at most 32 KiB (RFC 1950, section
   2.2). A raw stream begins with the same bits only for a stored block with ones as padding, which
   no encoder writes. */
static void deflate_make(struct stage *stage, unsigned char first)
{
    bool wrapped = (first & 0x0f) == Z_DEFLATED && first >> 4 <= ZLIB_WINDOW_LOG - 8;

    zlib_make(stage, wrapped ? ZLIB_WINDOW_LOG : -ZLIB_WINDOW_LOG);
}

static void *brotli_get(void *owner, size_t bytes)
{
    (void)owner;
    return memory_get(bytes);
}

static void brotli_make(struct stage *stage, unsigned char first)
{
    (void)first;
    stage->state.brotli = BrotliDecoderCreateInstance(brotli_get, zlib_free, NULL);
}

static enum coding_progress brotli_step(struct stage *stage, struct input *in, struct room *out)
{
    switch (BrotliDecoderDecompressStream(stage->state.brotli, &in->left, &in->at, &out->left,
                                          &out->at, NULL)) {
    case BROTLI_DECODER_RESULT_SUCCESS: return CODING_COMPLETE;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return CODING_CONTINUES;
    case BROTLI_DECODER_RESULT_ERROR: break;
    }
    return CODING_INVALID;
}

static void brotli_end(struct stage *stage)
{
    BrotliDecoderDestroyInstance(stage->state.brotli);
}

/* A frame or a skippable frame (RFC 8878, sections 3.1.1 and 3.1.2). The older formats, which the
   library still reads with other limits, begin with other bytes. */
#define ZSTD_FIRST_BYTES "\x28PQRSTUVWXYZ[\\]^_"

static void zstd_make(struct stage *stage, unsigned char first)
{
    (void)first;
    stage->state.zstd = ZSTD_createDStream(); /* its stable interface has no custom allocator */
    if (!stage->state.zstd)
        memory_exhausted();
    ZSTD_DCtx_setParameter(stage->state.zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
}

static void zstd_again(struct stage *stage)
{
    ZSTD_DCtx_reset(stage->state.zstd, ZSTD_reset_session_only);
}

static enum coding_progress zstd_step(struct stage *stage, struct input *in, struct room *out)
{
    ZSTD_inBuffer from = {in->at, in->left, 0};
    ZSTD_outBuffer to = {out->at, out->left, 0};
    size_t status = ZSTD_decompressStream(stage->state.zstd, &to, &from);

    if (ZSTD_getErrorCode(status) == ZSTD_error_memory_allocation)
        memory_exhausted();
    if (ZSTD_isError(status))
        return CODING_INVALID;
    in->at += from.pos;
    in->left -= from.pos;
    out->at += to.pos;
    out->left -= to.pos;
    return status ? CODING_CONTINUES : CODING_COMPLETE;
}

static void zstd_end(struct stage *stage)
{
    ZSTD_freeDStream(stage->state.zstd);
}

static const struct codec codecs[] = {
    [CODING_GZIP] = {"gzip", true, "\x1f", gzip_make, gzip_again, zlib_step, zlib_end},
    [CODING_DEFLATE] = {"deflate", false, NULL, deflate_make, NULL, zlib_step, zlib_end},
    [CODING_BROTLI] = {"br", false, NULL, brotli_make, NULL, brotli_step, brotli_end},
    [CODING_ZSTD] = {"zstd", true, ZSTD_FIRST_BYTES, zstd_make, zstd_again, zstd_step, zstd_end},
};

#define CODECS (sizeof(codecs) / sizeof(*codecs))

static void list_add(struct coding_list *list, struct span name)
{
    size_t coding = 0;

    if (!span_bytes(name) || span_is(name, "identity"))
        return;
    if (!span_is(name, "x-gzip")) /* RFC 9110, section 8.4.1.3 */
        while (coding < CODECS && !span_is(name, codecs[coding].name))
            coding++;
    if (coding == CODECS)
        list->unknown = true;
    else if (list->count == CODING_MAX)
        list->too_many = true;
    else
        list->coding[list->count++] = (unsigned char)coding;
}

void coding_list_read(struct coding_list *list, const char *field)
{
    struct span rest = {0};

    *list = (struct coding_list){0};
    if (field)
        rest = span_of(field, strlen(field));
    while (span_bytes(rest))
        list_add(list, span_trim(span_take(&rest, ','), is_blank));
    if (list->unknown)
        list->too_many = false;
    if (list->unknown || list->too_many)
        list->count = 0;
}

struct decoder *decoder_new(const struct coding_list *list)
{
    size_t bytes = sizeof(struct decoder) + list->count * sizeof(struct stage);
    struct decoder *decoder = memory_zeroed(bytes);

    decoder->count = list->count;
    for (unsigned i = 0; i < list->count; i++) /* the last coding is removed first */
        decoder->stages[i].codec = &codecs[list->coding[list->count - 1 - i]];
    return decoder;
}

/* Opens a stream at its first byte. False: no stream begins with this byte. */
static bool stage_open(struct stage *stage)
{
    const struct codec *codec = stage->codec;
    unsigned char first = *stage->in.at;

    if ((stage->completed && !codec->repeats) ||
        (codec->first_bytes && !(first && strchr(codec->first_bytes, first)))) {
        stage->ended = stage->completed;
        stage->malformed = !stage->completed;
        return false;
    }
    if (stage->made_state)
        codec->again(stage);
    else
        codec->make(stage, first);
    return stage->made_state = stage->open = true;
}

/* Passes one slice to the library. There is input, or the library may still have output. */
static void stage_step(struct stage *stage, struct room *out)
{
    struct input in = stage->in;
    size_t left, room = out->left;
    enum coding_progress progress;

    if (!stage->open && !(in.left && stage_open(stage))) {
        stage->full = false;
        return;
    }
    in.left = left = in.left < SLICE_BYTES ? in.left : SLICE_BYTES;
    progress = stage->codec->step(stage, &in, out);
    left -= in.left;
    room -= out->left;
    if (left) {
        stage->in.at += left;
        stage->in.left -= left;
    }
    stage->taken += left;
    stage->made += room;
    stage->full = !out->left;
    stage->open = progress == CODING_CONTINUES;
    stage->completed |= progress == CODING_COMPLETE;
    stage->ended |= progress == CODING_COMPLETE && !stage->codec->repeats;
    stage->malformed |=
        progress == CODING_INVALID || (progress == CODING_CONTINUES && in.left && !left && !room);
    if (stage->buffer && stage->taken > MAX_WITHOUT_OUTPUT + 2 * stage->made)
        stage->malformed = true;
}

static enum decoder_status stage_fill(struct decoder *decoder, unsigned number, struct room *out);

/* Requests input from the previous stage. False: there is none, and *status is the reason. */
static bool stage_refill(struct decoder *decoder, unsigned number, enum decoder_status *status)
{
    struct stage *stage = &decoder->stages[number];
    struct room room;

    if (!stage->buffer)
        stage->buffer = memory_get(STAGE_BUFFER_BYTES);
    room = (struct room){stage->buffer, STAGE_BUFFER_BYTES};
    *status = stage_fill(decoder, number - 1, &room);
    stage->in = (struct input){stage->buffer, STAGE_BUFFER_BYTES - room.left};
    return stage->in.left > 0;
}

/* Writes as much output as the input allows. Recursion is at most CODING_MAX deep. */
static enum decoder_status stage_fill(struct decoder *decoder, unsigned number, struct room *out)
{
    struct stage *stage = &decoder->stages[number];
    enum decoder_status status;

    while (out->left) {
        if (stage->malformed)
            return DECODER_MALFORMED;
        if (stage->ended)
            return DECODER_DONE;
        if (stage->in.left || stage->full)
            stage_step(stage, out);
        else if (!number)
            return DECODER_MORE;
        else if (!stage_refill(decoder, number, &status))
            return status;
    }
    return DECODER_FULL;
}

enum decoder_status decoder_feed(struct decoder *decoder, const unsigned char **bytes,
                                 size_t *count, unsigned char *to, size_t room, size_t *made)
{
    struct stage *first = &decoder->stages[0];
    struct room out = {to, room};
    enum decoder_status status;

    first->in = (struct input){*bytes, *count};
    status = stage_fill(decoder, decoder->count - 1, &out);
    *bytes = first->in.at;
    *count = first->in.left;
    *made = room - out.left;
    return status;
}

bool decoder_is_cut(const struct decoder *decoder)
{
    for (unsigned i = decoder->count; i-- > 0;) {
        if (decoder->stages[i].open)
            return true;
        if (decoder->stages[i].ended) /* earlier stages need not end */
            return false;
    }
    return false;
}

void decoder_work(const struct decoder *decoder, uint64_t *taken, uint64_t *made)
{
    *taken = *made = 0;
    for (unsigned i = 0; i < decoder->count; i++) {
        *taken += decoder->stages[i].taken;
        *made += decoder->stages[i].made;
    }
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    for (unsigned i = 0; i < decoder->count; i++) {
        struct stage *stage = &decoder->stages[i];

        if (stage->made_state)
            stage->codec->free(stage);
        free(stage->buffer);
    }
    free(decoder);
}
