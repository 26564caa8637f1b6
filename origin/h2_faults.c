/* The faults of a site that replace a response by other frames, or by bytes that are no frames; and
   the SETTINGS of a site. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "origin/h2_session.h"

#define DEFAULT_STREAMS_DELAY (100 * NSEC_PER_MS)
#define FRAME_HEAD_BYTES      9
#define MAX_RAW_BYTES         64

/* --- SETTINGS --- */

static void change_setting(struct h2_server *server, int32_t id, uint32_t value)
{
    const nghttp2_settings_entry setting = {id, value};

    nghttp2_submit_settings(server->session, NGHTTP2_FLAG_NONE, &setting, 1);
}

void h2_server_apply(struct h2_server *server, const struct site_behaviour *behaviour)
{
    const struct h2_behaviour *keys = &behaviour->h2;
    struct loop *loop = server->options.loop;
    nsec now = loop_clock(loop);

    loop_cancel(loop, &server->hold);
    if (keys->settings_delay)
        loop_arm(loop, &server->hold, clock_after(now, keys->settings_delay));
    if (keys->streams)
        change_setting(server, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, keys->streams - 1);
    if (keys->streams_then) {
        server->streams_then = keys->streams_then;
        loop_arm(
            loop, &server->change,
            clock_after(now, keys->streams_delay ? keys->streams_delay : DEFAULT_STREAMS_DELAY));
    }
    if (behaviour->fault == FAULT_H2_ZERO_WINDOW) {
        server->no_window = true;
        change_setting(server, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0);
    }
}

void h2_server_goaway(struct h2_server *server, int32_t served_id)
{
    if (server->served_id != INT32_MAX)
        return;
    server->served_id = served_id;
    nghttp2_submit_goaway(server->session, NGHTTP2_FLAG_NONE, served_id, NGHTTP2_NO_ERROR, NULL, 0);
}

/* --- bytes instead of frames --- */

/* After the frames that are queued, the connection sends these bytes and then only what the ending
   says. */
static void end_with(struct h2_server *server, enum ending ending, const void *bytes, size_t count)
{
    free(server->raw);
    server->raw = memory_get(count);
    memcpy(server->raw, bytes, count);
    server->raw_bytes = count;
    server->ending = ending;
}

/* Writes a frame (section 4.1) and returns its size. */
static size_t put_frame(unsigned char to[MAX_RAW_BYTES], unsigned type, unsigned flags, int32_t id,
                        const void *payload, size_t count)
{
    const unsigned char head[FRAME_HEAD_BYTES] = {
        0,
        0,
        (unsigned char)count,
        (unsigned char)type,
        (unsigned char)flags,
        (unsigned char)(id >> 24),
        (unsigned char)(id >> 16),
        (unsigned char)(id >> 8),
        (unsigned char)id,
    };

    memcpy(to, head, sizeof(head));
    memcpy(to + sizeof(head), payload, count);
    return sizeof(head) + count;
}

static void end_with_frame(struct h2_server_stream *stream, enum ending ending, unsigned type,
                           unsigned flags, const char *payload, size_t count)
{
    bool of_connection = type == NGHTTP2_SETTINGS || type == NGHTTP2_PING;
    unsigned char frame[MAX_RAW_BYTES];
    size_t bytes = put_frame(frame, type, flags, of_connection ? 0 : stream->id, payload, count);

    end_with(stream->server, ending, frame, bytes);
}

/* --- the faults --- */

static bool replace_by_fault(struct h2_server_stream *stream)
{
    static const char half_head[] = "\x88\x76\x13"
                                    "firstbyte"; /* ":status: 200", "server: fir... */
    struct h2_server *server = stream->server;

    switch (stream->fault) {
    case FAULT_GARBAGE:
        end_with(server, ENDING_CLOSE, RESPONSE_GARBAGE, strlen(RESPONSE_GARBAGE));
        return true;
    case FAULT_HEAD_STALL: /* without END_HEADERS: no other frame may follow */
        end_with_frame(stream, ENDING_STALL, NGHTTP2_HEADERS, 0, half_head, strlen(half_head));
        return true;
    case FAULT_H2_GOAWAY: h2_server_goaway(server, 0); return true;
    case FAULT_H2_FLOOD_SETTINGS:
        end_with_frame(stream, ENDING_REPEAT, NGHTTP2_SETTINGS, 0, "", 0);
        return true;
    case FAULT_H2_FLOOD_PING:
        end_with_frame(stream, ENDING_REPEAT, NGHTTP2_PING, 0, "12345678", 8);
        return true;
    case FAULT_H2_BAD_FRAME: /* 255 bytes of padding in a frame of 3 bytes */
        end_with_frame(stream, ENDING_CLOSE, NGHTTP2_DATA, NGHTTP2_FLAG_PADDED,
                       "\xff"
                       "ab",
                       3);
        return true;
    default: return false;
    }
}

bool h2_server_replace(struct h2_server_stream *stream)
{
    struct h2_server *server = stream->server;

    if (stream->reset) {
        nghttp2_submit_rst_stream(server->session, NGHTTP2_FLAG_NONE, stream->id,
                                  stream->reset - 1);
        return true;
    }
    if (stream->part != PART_NOTHING)
        return replace_by_fault(stream);
    if (stream->ending != ENDING_STALL)
        server->ending = stream->ending;
    return true;
}
