/* Content codings: output of the command-line tools, split at every byte, and bombs. */
#include "tests/support/unit.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "http/body/coding.h"
#include "tests/support/names.h"

#define BOMB_BYTES (10 * 1024 * 1024)
#define MIB        (1024 * 1024)

/* Allocated bytes; the test frees them. */
struct bytes {
    unsigned char *at;
    size_t count;
};

/* "line N of a body that was put into a coding", N from 1 to 8, encoded by gzip -9n, brotli, zstd
   -19, and by gzip and then brotli. */
static const unsigned char text_gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0xc9, 0xcc, 0x4b, 0x55,
    0x30, 0x54, 0xc8, 0x4f, 0x53, 0x48, 0x54, 0x48, 0xca, 0x4f, 0xa9, 0x54, 0x28, 0xc9, 0x48,
    0x2c, 0x51, 0x28, 0x4f, 0x2c, 0x56, 0x28, 0x28, 0x2d, 0x51, 0xc8, 0xcc, 0x2b, 0xc9, 0x07,
    0x4a, 0x24, 0xe7, 0xa7, 0x64, 0xe6, 0xa5, 0x73, 0xe5, 0x80, 0xd4, 0x1a, 0x91, 0xa0, 0xd6,
    0x98, 0x04, 0xb5, 0x26, 0x24, 0xa8, 0x35, 0x25, 0x41, 0xad, 0x19, 0x09, 0x6a, 0xcd, 0x49,
    0x50, 0x6b, 0x41, 0x9c, 0x5a, 0x00, 0x62, 0x13, 0x02, 0x55, 0x60, 0x01, 0x00, 0x00,
};
static const unsigned char text_brotli[] = {
    0xa1, 0xf8, 0x0a, 0x00, 0x2f, 0x10, 0x73, 0xa3, 0x4e, 0x49, 0x17, 0xaa, 0xfe, 0xad, 0x32,
    0x9d, 0x8e, 0x02, 0x05, 0xc6, 0x80, 0x03, 0xb0, 0x14, 0x56, 0xdc, 0x76, 0x3e, 0x71, 0x25,
    0x51, 0xb2, 0x28, 0xc4, 0x43, 0x41, 0x41, 0x57, 0x13, 0xb8, 0x89, 0x79, 0x06, 0xca, 0x89,
    0x6b, 0xfe, 0x65, 0x50, 0x55, 0x35, 0xd5, 0xd5, 0x50, 0x53, 0x2d, 0xb0, 0x01,
};
static const unsigned char text_zstd[] = {
    0x28, 0xb5, 0x2f, 0xfd, 0x64, 0x60, 0x00, 0x3d, 0x02, 0x00, 0x32, 0x03, 0x0c, 0x12, 0x90,
    0xcf, 0x01, 0xec, 0xc2, 0xc0, 0xf5, 0xc3, 0x2e, 0x33, 0xd3, 0x60, 0x86, 0xe2, 0x70, 0xfe,
    0x2f, 0x1d, 0xe8, 0x98, 0x42, 0x86, 0x00, 0x4e, 0xc2, 0x35, 0xd5, 0xfb, 0xd3, 0x4a, 0x78,
    0x7b, 0xe9, 0x6b, 0xe3, 0xdb, 0x7e, 0xf6, 0x79, 0xcd, 0xf4, 0x7e, 0x9b, 0x0f, 0x67, 0x12,
    0xc6, 0x08, 0x20, 0xc0, 0x33, 0x07, 0x1f, 0xc1, 0x3c, 0x4c, 0x46, 0x53, 0x30, 0x0f, 0x93,
    0x61, 0x23, 0xf8, 0x04, 0x52, 0x06, 0xd1, 0x4c, 0x05, 0xae,
};
static const unsigned char text_gzip_brotli[] = {
    0x0f, 0x2c, 0x80, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0xc9, 0xcc,
    0x4b, 0x55, 0x30, 0x54, 0xc8, 0x4f, 0x53, 0x48, 0x54, 0x48, 0xca, 0x4f, 0xa9, 0x54, 0x28, 0xc9,
    0x48, 0x2c, 0x51, 0x28, 0x4f, 0x2c, 0x56, 0x28, 0x28, 0x2d, 0x51, 0xc8, 0xcc, 0x2b, 0xc9, 0x07,
    0x4a, 0x24, 0xe7, 0xa7, 0x64, 0xe6, 0xa5, 0x73, 0xe5, 0x80, 0xd4, 0x1a, 0x91, 0xa0, 0xd6, 0x98,
    0x04, 0xb5, 0x26, 0x24, 0xa8, 0x35, 0x25, 0x41, 0xad, 0x19, 0x09, 0x6a, 0xcd, 0x49, 0x50, 0x6b,
    0x41, 0x9c, 0x5a, 0x00, 0x62, 0x13, 0x02, 0x55, 0x60, 0x01, 0x00, 0x00, 0x03,
};
/* BOMB_BYTES zeros, encoded by brotli. */
static const unsigned char zeros_brotli[] = {
    0x9f, 0xff, 0xff, 0x9f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x13,
};

static struct bytes expected_text(void)
{
    struct bytes text = {malloc(1024), 0};

    for (int i = 1; i <= 8; i++)
        text.count += (size_t)sprintf((char *)text.at + text.count,
                                      "line %d of a body that was put into a coding\n", i);
    return text;
}

static struct bytes copy_of(const void *at, size_t count)
{
    struct bytes bytes = {malloc(count + !count), count};

    memcpy(bytes.at, at, count);
    return bytes;
}

#define COPY(array) copy_of(array, sizeof(array))

static struct bytes joined(struct bytes a, struct bytes b)
{
    a.at = realloc(a.at, a.count + b.count + 1);
    memcpy(a.at + a.count, b.at, b.count);
    a.count += b.count;
    free(b.at);
    return a;
}

/* `window_bits` as in zlib: 31 gzip, 15 zlib, -15 raw. */
static struct bytes deflated(struct bytes plain, int window_bits)
{
    struct bytes coded = {malloc(plain.count + 1024), plain.count + 1024};
    z_stream zlib = {0};

    assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_in = plain.at;
    zlib.avail_in = (uInt)plain.count;
    zlib.next_out = coded.at;
    zlib.avail_out = (uInt)coded.count;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    coded.count -= zlib.avail_out;
    deflateEnd(&zlib);
    free(plain.at);
    return coded;
}

/* A frame with this window size and without a content size. */
static struct bytes zstd_frame(struct bytes plain, int window_log)
{
    struct bytes coded = {malloc(ZSTD_compressBound(plain.count)), 0};
    ZSTD_outBuffer out = {coded.at, ZSTD_compressBound(plain.count), 0};
    ZSTD_inBuffer in = {plain.at, plain.count, 0}, nothing = {NULL, 0, 0};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
    assert_false(ZSTD_isError(ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_continue)));
    assert_int_equal(ZSTD_compressStream2(zstd, &out, &nothing, ZSTD_e_end), 0);
    ZSTD_freeCCtx(zstd);
    coded.count = out.pos;
    free(plain.at);
    return coded;
}

/* An uncompressed meta-block of up to 64 KiB and the empty last one (RFC 7932, section 9.2). */
static struct bytes brotli_stored(struct bytes plain)
{
    uint32_t header = (uint32_t)(plain.count - 1) << 4 | 1u << 20;
    struct bytes coded = {malloc(plain.count + 4), plain.count + 4};

    coded.at[0] = (unsigned char)header;
    coded.at[1] = (unsigned char)(header >> 8);
    coded.at[2] = (unsigned char)(header >> 16);
    memcpy(coded.at + 3, plain.at, plain.count);
    coded.at[plain.count + 3] = 3;
    free(plain.at);
    return coded;
}

static struct bytes zeros(size_t count)
{
    return (struct bytes){calloc(1, count + 1), count};
}

static struct decoder *decoder_for(const char *field)
{
    struct coding_list list;

    coding_list_read(&list, field);
    assert_true(list.count > 0);
    return decoder_new(&list);
}

/* Decodes `coded` in pieces of `piece` bytes, with `room` bytes for the output of each call.
   Returns the last status. */
static enum decoder_status decode(const char *field, struct bytes coded, size_t piece, size_t room,
                                  struct bytes *plain, bool *cut)
{
    struct decoder *decoder = decoder_for(field);
    enum decoder_status status = DECODER_MORE;
    unsigned char *to = malloc(room);

    *plain = (struct bytes){malloc(1), 0};
    for (size_t at = 0; at < coded.count && status != DECODER_MALFORMED; at += piece) {
        size_t count = coded.count - at < piece ? coded.count - at : piece, made;
        const unsigned char *bytes = coded.at + at;

        do {
            status = decoder_feed(decoder, &bytes, &count, to, room, &made);
            assert_true(made <= room && (status != DECODER_FULL || made == room));
            assert_true(status != DECODER_MORE || !count);
            plain->at = realloc(plain->at, plain->count + made + 1);
            memcpy(plain->at + plain->count, to, made);
            plain->count += made;
        } while (status == DECODER_FULL);
    }
    *cut = decoder_is_cut(decoder);
    decoder_free(decoder);
    free(to);
    return status;
}

static void fields_are_parsed(void **state)
{
    static const struct {
        const char *field, *name;
        unsigned count;
        bool unknown, too_many;
    } cases[] = {
        {NULL, "identity", 0, 0, 0},
        {"", "identity", 0, 0, 0},
        {"identity", "identity", 0, 0, 0},
        {" Identity , ,", "identity", 0, 0, 0},
        {"gzip", "gzip", 1, 0, 0},
        {"GZip", "gzip", 1, 0, 0},
        {"x-gzip", "gzip", 1, 0, 0},
        {"X-GZIP\t", "gzip", 1, 0, 0},
        {"\t deflate ", "deflate", 1, 0, 0},
        {"br", "br", 1, 0, 0},
        {"zstd", "zstd", 1, 0, 0},
        {"gzip, br", "gzip, br", 2, 0, 0},
        {"gzip,identity,,BR", "gzip, br", 2, 0, 0},
        {"deflate,deflate,deflate,deflate", "deflate, deflate, deflate, deflate", 4, 0, 0},
        {"gzip,gzip,gzip,gzip,gzip", "unknown", 0, 0, 1},
        {"gzip,gzip,gzip,gzip,identity", "gzip, gzip, gzip, gzip", 4, 0, 0},
        {"compress", "unknown", 0, 1, 0},
        {"gzip, compress", "unknown", 0, 1, 0},
        {"gzip gzip", "unknown", 0, 1, 0},
        {"gzip;q=1", "unknown", 0, 1, 0},
        {"gzi", "unknown", 0, 1, 0},
        {"gzipp", "unknown", 0, 1, 0},
        {"none", "unknown", 0, 1, 0},
        {"gzip,gzip,gzip,gzip,gzip,x", "unknown", 0, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char name[CODING_NAME_BYTES];
        struct coding_list list;

        coding_list_read(&list, cases[i].field);
        assert_string_equal(coding_list_name(&list, name), cases[i].name);
        assert_int_equal(list.count, cases[i].count);
        assert_int_equal(list.unknown, cases[i].unknown);
        assert_int_equal(list.too_many, cases[i].too_many);
    }
}

/* Complete encoded bodies that decode to the text. */
static struct bytes complete_body(size_t number, const char **field)
{
    static const char *const fields[] = {"gzip",   "br",      "zstd",    "gzip, br",
                                         "x-gzip", "deflate", "deflate", "zstd, deflate, gzip"};

    *field = fields[number];
    switch (number) {
    case 0: return COPY(text_gzip);
    case 1: return COPY(text_brotli);
    case 2: return COPY(text_zstd);
    case 3: return COPY(text_gzip_brotli);
    case 4: return deflated(expected_text(), 31);
    case 5: return deflated(expected_text(), 15);
    case 6: return deflated(expected_text(), -15);
    default: return deflated(deflated(zstd_frame(expected_text(), 17), 15), 31);
    }
}

#define COMPLETE_BODIES 8

static void complete_bodies_in_all_pieces(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 100000};
    struct bytes text = expected_text(), plain;
    const char *field;
    bool cut;

    (void)state;
    for (size_t number = 0; number < COMPLETE_BODIES; number++) {
        struct bytes coded = complete_body(number, &field);

        for (size_t i = 0; i < LENGTH(sizes) * LENGTH(sizes); i++) {
            size_t piece = sizes[i % LENGTH(sizes)], room = sizes[i / LENGTH(sizes)];

            assert_int_not_equal(decode(field, coded, piece, room, &plain, &cut),
                                 DECODER_MALFORMED);
            assert_int_equal(plain.count, text.count);
            assert_memory_equal(plain.at, text.at, text.count);
            assert_false(cut);
            free(plain.at);
        }
        free(coded.at);
    }
    free(text.at);
}

/* A truncated body is detected at every length; the bytes before are decoded. */
static void truncated_bodies_are_detected(void **state)
{
    struct bytes text = expected_text(), plain;
    const char *field;
    bool cut;

    (void)state;
    for (size_t number = 0; number < COMPLETE_BODIES; number++) {
        struct bytes coded = complete_body(number, &field);

        for (size_t length = 0; length < coded.count; length++) {
            struct bytes part = copy_of(coded.at, length); /* a sanitizer detects reads beyond it */

            assert_int_not_equal(decode(field, part, length + 1, 50, &plain, &cut),
                                 DECODER_MALFORMED);
            assert_true(plain.count <= text.count);
            assert_memory_equal(plain.at, text.at, plain.count);
            /* with two codings, the text may be complete before the outer coding is */
            if (length && !(strchr(field, ',') && plain.count == text.count))
                assert_true(cut);
            free(plain.at);
            free(part.at);
        }
        free(coded.at);
    }
    free(text.at);
}

static void invalid_bodies_are_malformed(void **state)
{
    static const struct {
        const char *field;
        const char *bytes;
    } cases[] = {
        {"gzip", "<!doctype html>"},
        {"gzip", "\x1f\x8c"},
        {"gzip", "\x1f\x8b\x07\xff"},
        {"deflate", "<!doctype html>"},
        {"deflate", "\x78\x9d"},
        {"deflate", "\x07"},
        {"br", "<!doctype html>"},
        {"br", "\x11\x03"}, /* a large window */
        {"zstd", "<!doctype html>"},
        {"zstd", "\x25\xb5\x2f\xfd"}, /* zstd 0.5 */
        {"zstd", "\xfd\x2f\xb5\x1e"}, /* zstd 0.1 */
        {"zstd", "\x28\xb5\x2f\xfe\x01\x02\x03\x04"},
        {"gzip, deflate", "\x1f\x8b"},
    };
    struct bytes plain;
    bool cut;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes coded = copy_of(cases[i].bytes, strlen(cases[i].bytes));

        for (size_t piece = 1; piece <= coded.count; piece++) {
            if (decode(cases[i].field, coded, piece, 100, &plain, &cut) != DECODER_MALFORMED)
                fail_msg("%s: case %zu in pieces of %zu", cases[i].field, i, piece);
            assert_int_equal(plain.count, 0);
            free(plain.at);
        }
        free(coded.at);
    }
}

/* The bytes before the error are decoded; the error is permanent. */
static void corrupt_body_is_malformed(void **state)
{
    struct bytes text = expected_text(), coded = COPY(text_gzip);
    struct decoder *decoder = decoder_for("gzip");
    const unsigned char *at = coded.at;
    unsigned char to[1024];
    size_t made;

    (void)state;
    coded.at[coded.count - 6] ^= 1; /* in the checksum */
    assert_int_equal(decoder_feed(decoder, &at, &coded.count, to, sizeof(to), &made),
                     DECODER_MALFORMED);
    assert_int_equal(made, text.count);
    assert_memory_equal(to, text.at, made);
    assert_int_equal(decoder_feed(decoder, &at, &coded.count, to, sizeof(to), &made),
                     DECODER_MALFORMED);
    assert_int_equal(made, 0);
    decoder_free(decoder);
    free(coded.at);
    free(text.at);
}

static void several_members_or_frames(void **state)
{
    static const unsigned char skipped[] = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
    static const unsigned char rest[] = {0, 0, 0, 'x'};
    const struct {
        const char *field;
        struct bytes coded;
        size_t times; /* number of texts in it */
    } cases[] = {
        {"gzip", joined(COPY(text_gzip), COPY(text_gzip)), 2},
        {"gzip", joined(joined(COPY(text_gzip), deflated(zeros(0), 31)), COPY(text_gzip)), 2},
        {"gzip", joined(joined(COPY(text_gzip), COPY(text_gzip)), COPY(rest)), 2},
        {"zstd", joined(COPY(text_zstd), COPY(text_zstd)), 2},
        {"zstd", joined(joined(COPY(skipped), COPY(text_zstd)), COPY(skipped)), 1},
        {"zstd", joined(COPY(text_zstd), COPY(rest)), 1},
        {"br", joined(COPY(text_brotli), COPY(text_brotli)), 1},
        {"deflate", joined(deflated(expected_text(), 15), COPY(rest)), 1},
        {"deflate", joined(deflated(expected_text(), -15), COPY(rest)), 1},
    };
    struct bytes text = expected_text(), plain;
    bool cut;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        for (size_t piece = 1; piece < 1000; piece = piece * 3 + 1) {
            assert_int_not_equal(decode(cases[i].field, cases[i].coded, piece, 33, &plain, &cut),
                                 DECODER_MALFORMED);
            assert_int_equal(plain.count, cases[i].times * text.count);
            assert_memory_equal(plain.at + plain.count - text.count, text.at, text.count);
            assert_false(cut);
            free(plain.at);
        }
        free(cases[i].coded.at);
    }
    free(text.at);
}

/* After a complete body the status is DONE, and later bytes are not read. */
static void bytes_after_the_body_are_ignored(void **state)
{
    struct decoder *decoder = decoder_for("br");
    const unsigned char *at = text_brotli;
    size_t count = sizeof(text_brotli), made;
    unsigned char to[1024];

    (void)state;
    assert_int_equal(decoder_feed(decoder, &at, &count, to, sizeof(to), &made), DECODER_DONE);
    at = (const unsigned char *)"more";
    count = 4;
    assert_int_equal(decoder_feed(decoder, &at, &count, to, sizeof(to), &made), DECODER_DONE);
    assert_int_equal(made, 0);
    decoder_free(decoder);
}

/* Ten megabytes of zeros, of which 40 bytes are wanted. */
static void bombs_cost_the_wanted_bytes(void **state)
{
    const struct {
        const char *field;
        struct bytes coded;
        size_t max_memory; /* of the decoder */
    } cases[] = {
        {"gzip", deflated(zeros(BOMB_BYTES), 31), 64 * 1024},
        {"deflate", deflated(zeros(BOMB_BYTES), 15), 64 * 1024},
        {"deflate", deflated(zeros(BOMB_BYTES), -15), 64 * 1024},
        {"br", COPY(zeros_brotli), 17 * MIB},
        {"zstd", zstd_frame(zeros(BOMB_BYTES), 23), 9 * MIB},
        {"deflate, gzip", deflated(deflated(zeros(BOMB_BYTES), 15), 31), 128 * 1024},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct mallinfo2 before = mallinfo2(), after;
        struct decoder *decoder = decoder_for(cases[i].field);
        const unsigned char *at = cases[i].coded.at;
        size_t count = cases[i].coded.count, made, spent;
        unsigned char to[40];
        uint64_t taken, all;

        assert_true(count < 24 * 1024);
        assert_int_equal(decoder_feed(decoder, &at, &count, to, sizeof(to), &made), DECODER_FULL);
        assert_int_equal(made, sizeof(to));
        decoder_work(decoder, &taken, &all);
        assert_true(taken <= 4096 + 2 * 512); /* a buffer between the codings, and two slices */
        assert_true(all <= 4096 + sizeof(to));
        after = mallinfo2(); /* all 0 under a sanitizer */
        spent = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
        assert_true(spent <= cases[i].max_memory);
        decoder_free(decoder);
        free(cases[i].coded.at);
    }
}

/* A large body, of which 40 bytes are wanted: the rest is not read. */
static void only_wanted_bytes_are_read(void **state)
{
    struct bytes coded = brotli_stored(zeros(60000));
    struct decoder *decoder = decoder_for("br");
    const unsigned char *at = coded.at;
    size_t count = coded.count, made;
    unsigned char to[40];
    uint64_t taken, all;

    (void)state;
    assert_int_equal(decoder_feed(decoder, &at, &count, to, sizeof(to), &made), DECODER_FULL);
    decoder_work(decoder, &taken, &all);
    assert_true(taken <= 1024 && all == sizeof(to));
    assert_ptr_equal(at, coded.at + taken);
    decoder_free(decoder);
    free(coded.at);
}

/* Many empty gzip members, compressed by gzip: much work without output. */
static void many_empty_members_are_malformed(void **state)
{
    struct bytes empty = deflated(zeros(0), 31), many, coded;
    struct decoder *decoder = decoder_for("gzip, gzip");
    const unsigned char *at;
    unsigned char to[40];
    uint64_t taken, made_in_all;
    size_t count, made;

    (void)state;
    many = zeros(BOMB_BYTES / empty.count * empty.count);
    for (size_t i = 0; i < many.count; i += empty.count)
        memcpy(many.at + i, empty.at, empty.count);
    coded = deflated(many, 31);
    at = coded.at;
    count = coded.count;
    assert_int_equal(decoder_feed(decoder, &at, &count, to, sizeof(to), &made), DECODER_MALFORMED);
    assert_int_equal(made, 0);
    decoder_work(decoder, &taken, &made_in_all);
    assert_true(made_in_all < 2 * MIB);
    decoder_free(decoder);
    free(coded.at);
    free(empty.at);
}

/* RFC 9659: at most 8 MiB, by the window size or the content size of the frame. */
static void zstd_windows_are_limited(void **state)
{
    static const unsigned char large_single[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0,
                                                 0x01, 0x00, 0x80, 0x00};
    static const unsigned char max_single[] = {0x28, 0xb5, 0x2f, 0xfd, 0xa0,
                                               0x00, 0x00, 0x80, 0x00};
    const struct {
        struct bytes coded;
        bool good;
    } cases[] = {
        {zstd_frame(expected_text(), 23), true},
        {zstd_frame(expected_text(), 24), false},
        {COPY(max_single), true},
        {COPY(large_single), false},
    };
    struct bytes plain;
    bool cut;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(decode("zstd", cases[i].coded, 1, 1000, &plain, &cut) != DECODER_MALFORMED,
                         cases[i].good);
        free(plain.at);
        free(cases[i].coded.at);
    }
}

/* An empty body is complete, and allocates nothing. */
static void empty_body_is_complete(void **state)
{
    static const char *const fields[] = {"gzip", "deflate", "br", "zstd", "br, gzip"};

    (void)state;
    for (size_t i = 0; i < LENGTH(fields); i++) {
        struct decoder *decoder = decoder_for(fields[i]);
        const unsigned char *at = NULL;
        unsigned char to[1];
        size_t count = 0, made;

        for (int times = 0; times < 40; times++)
            assert_int_equal(decoder_feed(decoder, &at, &count, to, 1, &made), DECODER_MORE);
        assert_false(decoder_is_cut(decoder));
        decoder_free(decoder);
    }
    decoder_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_parsed),
        cmocka_unit_test(complete_bodies_in_all_pieces),
        cmocka_unit_test(truncated_bodies_are_detected),
        cmocka_unit_test(invalid_bodies_are_malformed),
        cmocka_unit_test(corrupt_body_is_malformed),
        cmocka_unit_test(several_members_or_frames),
        cmocka_unit_test(bytes_after_the_body_are_ignored),
        cmocka_unit_test(bombs_cost_the_wanted_bytes),
        cmocka_unit_test(only_wanted_bytes_are_read),
        cmocka_unit_test(many_empty_members_are_malformed),
        cmocka_unit_test(zstd_windows_are_limited),
        cmocka_unit_test(empty_body_is_complete),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("coding", tests, NULL, NULL);
}
