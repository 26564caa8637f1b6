/* HTTP/2 frames of a server that does not have to follow the rules (RFC 9113, section 4). */
#ifndef TESTS_HTTP_H2_FRAMES_H
#define TESTS_HTTP_H2_FRAMES_H

#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <string.h>

#define FRAMES_BYTES (1024 * 1024)

struct frames {
    unsigned char bytes[FRAMES_BYTES];
    size_t count;
};

static inline void put_byte(struct frames *frames, unsigned byte)
{
    frames->bytes[frames->count++] = (unsigned char)byte;
}

static inline void put_number(struct frames *frames, uint32_t number, int bytes)
{
    while (bytes--)
        put_byte(frames, number >> 8 * bytes);
}

static inline void put_bytes(struct frames *frames, const void *bytes, size_t count)
{
    memcpy(frames->bytes + frames->count, bytes, count);
    frames->count += count;
}

/* Begins a frame; put_end sets its length. Returns its offset. */
static inline size_t put_frame(struct frames *frames, unsigned type, unsigned flags, uint32_t id)
{
    size_t at = frames->count;

    put_number(frames, 0, 3);
    put_byte(frames, type);
    put_byte(frames, flags);
    put_number(frames, id, 4);
    return at;
}

static inline void put_end(struct frames *frames, size_t at)
{
    size_t end = frames->count;

    frames->count = at;
    put_number(frames, (uint32_t)(end - at - 9), 3);
    frames->count = end;
}

/* A field as an HPACK literal without indexing and Huffman coding (RFC 7541, section 6.2.2). */
static inline void put_field(struct frames *frames, const char *name, const char *value,
                             size_t value_bytes)
{
    put_byte(frames, 0);
    put_byte(frames, (unsigned)strlen(name));
    put_bytes(frames, name, strlen(name));
    if (value_bytes < 127) {
        put_byte(frames, (unsigned)value_bytes);
    } else { /* a number with a prefix of seven bits, section 5.1 */
        size_t rest = value_bytes - 127;

        put_byte(frames, 127);
        for (; rest >= 128; rest >>= 7)
            put_byte(frames, (rest & 127) | 128);
        put_byte(frames, (unsigned)rest);
    }
    put_bytes(frames, value, value_bytes);
}

static inline void put_settings(struct frames *frames)
{
    put_end(frames, put_frame(frames, NGHTTP2_SETTINGS, 0, 0));
}

static inline void put_setting(struct frames *frames, unsigned id, uint32_t value)
{
    size_t at = put_frame(frames, NGHTTP2_SETTINGS, 0, 0);

    put_number(frames, id, 2);
    put_number(frames, value, 4);
    put_end(frames, at);
}

/* HEADERS with these lines "name: value", separated by "|"; ":status" is the first. */
static inline void put_head(struct frames *frames, uint32_t id, const char *lines, bool end)
{
    size_t at = put_frame(frames, NGHTTP2_HEADERS,
                          NGHTTP2_FLAG_END_HEADERS | (end ? NGHTTP2_FLAG_END_STREAM : 0), id);

    while (*lines) {
        size_t length = strcspn(lines, "|");
        const char *colon = strstr(lines + 1, ": ");
        char name[64] = "";

        memcpy(name, lines, (size_t)(colon - lines));
        put_field(frames, name, colon + 2, length - (size_t)(colon + 2 - lines));
        lines += length + (lines[length] == '|');
    }
    put_end(frames, at);
}

static inline void put_data(struct frames *frames, uint32_t id, const char *text, bool end)
{
    size_t at = put_frame(frames, NGHTTP2_DATA, end ? NGHTTP2_FLAG_END_STREAM : 0, id);

    put_bytes(frames, text, strlen(text));
    put_end(frames, at);
}

static inline void put_reset(struct frames *frames, uint32_t id, uint32_t code)
{
    size_t at = put_frame(frames, NGHTTP2_RST_STREAM, 0, id);

    put_number(frames, code, 4);
    put_end(frames, at);
}

static inline void put_goaway(struct frames *frames, uint32_t last, uint32_t code, const char *text)
{
    size_t at = put_frame(frames, NGHTTP2_GOAWAY, 0, 0);

    put_number(frames, last, 4);
    put_number(frames, code, 4);
    put_bytes(frames, text, strlen(text));
    put_end(frames, at);
}

static inline void put_window(struct frames *frames, uint32_t id, uint32_t increment)
{
    size_t at = put_frame(frames, NGHTTP2_WINDOW_UPDATE, 0, id);

    put_number(frames, increment, 4);
    put_end(frames, at);
}

static inline void put_ping(struct frames *frames)
{
    size_t at = put_frame(frames, NGHTTP2_PING, 0, 0);

    put_bytes(frames, "12345678", 8);
    put_end(frames, at);
}

#endif
