/* Frames as lines for -v: requests, both sides' SETTINGS, GOAWAY and RST_STREAM. The fields of a
   response are reported by its exchange. */
#include <stdio.h>
#include <string.h>

#include "http/h2/session.h"

#define LINE_BYTES 1024 /* GOAWAY's text may be larger: it is cut */

static const char *name_of_setting(int32_t id)
{
    static const char *const names[] = {
        [NGHTTP2_SETTINGS_HEADER_TABLE_SIZE] = "HEADER_TABLE_SIZE",
        [NGHTTP2_SETTINGS_ENABLE_PUSH] = "ENABLE_PUSH",
        [NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS] = "MAX_CONCURRENT_STREAMS",
        [NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE] = "INITIAL_WINDOW_SIZE",
        [NGHTTP2_SETTINGS_MAX_FRAME_SIZE] = "MAX_FRAME_SIZE",
        [NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE] = "MAX_HEADER_LIST_SIZE",
    };
    size_t count = sizeof(names) / sizeof(*names);

    return id > 0 && (size_t)id < count ? names[id] : NULL;
}

/* "ENABLE_PUSH 0, 0x9 1" */
static void report_settings(const struct conn *conn, const nghttp2_settings *settings,
                            const char *whose)
{
    char text[LINE_BYTES];
    size_t length = 0;

    if (settings->hd.flags & NGHTTP2_FLAG_ACK)
        return;
    for (size_t i = 0; i < settings->niv && length < sizeof(text); i++) {
        const nghttp2_settings_entry *entry = &settings->iv[i];
        const char *name = name_of_setting(entry->settings_id);
        const char *comma = i ? ", " : "";

        length += (size_t)(name ? snprintf(text + length, sizeof(text) - length, "%s%s %u", comma,
                                           name, entry->value)
                                : snprintf(text + length, sizeof(text) - length, "%s0x%x %u", comma,
                                           (unsigned)entry->settings_id, entry->value));
    }
    probe_line(conn->loop, conn->number, PROBE_NOTE, "SETTINGS of the %s: %s", whose,
               settings->niv ? text : "defaults");
}

static void report_goaway(const struct conn *conn, const nghttp2_goaway *goaway, const char *whose)
{
    size_t length = goaway->opaque_data_len < LINE_BYTES ? goaway->opaque_data_len : LINE_BYTES;

    probe_line(conn->loop, conn->number, PROBE_NOTE, "GOAWAY of the %s: %s, last stream %d%s%.*s",
               whose, nghttp2_http2_strerror(goaway->error_code), goaway->last_stream_id,
               length ? ", " : "", (int)length, length ? (const char *)goaway->opaque_data : "");
}

/* The frames that both sides send. */
static void report_control(const struct conn *conn, const nghttp2_frame *frame, const char *whose)
{
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS: report_settings(conn, &frame->settings, whose); break;
    case NGHTTP2_GOAWAY: report_goaway(conn, &frame->goaway, whose); break;
    case NGHTTP2_RST_STREAM:
        probe_line(conn->loop, conn->number, PROBE_NOTE, "stream %d: RST_STREAM of the %s, %s",
                   frame->hd.stream_id, whose,
                   nghttp2_http2_strerror(frame->rst_stream.error_code));
        break;
    default: break;
    }
}

void h2_report_received(const struct conn *conn, const nghttp2_frame *frame)
{
    report_control(conn, frame, "server");
}

void h2_report_sent(const struct conn *conn, const nghttp2_frame *frame)
{
    if (frame->hd.type != NGHTTP2_HEADERS) {
        report_control(conn, frame, "client");
        return;
    }
    probe_line(conn->loop, conn->number, PROBE_NOTE, "stream %d: request", frame->hd.stream_id);
    for (size_t i = 0; i < frame->headers.nvlen; i++) {
        const nghttp2_nv *field = &frame->headers.nva[i];

        probe_line(conn->loop, conn->number, PROBE_SENT, "%.*s: %.*s", (int)field->namelen,
                   (const char *)field->name, (int)field->valuelen, (const char *)field->value);
    }
    probe_line(conn->loop, conn->number, PROBE_SENT, "%s", "");
}
