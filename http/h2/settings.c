/*
 * A new session: what the client announces in SETTINGS, and the options of nghttp2.
 */
#include <string.h>

#include "base/memory.h"
#include "http/h2/memory.h"
#include "http/h2/session.h"

#define CONNECTION_WINDOW (16 * 1024 * 1024)
#define STREAM_WINDOW     (1024 * 1024)

uint32_t h2_stream_window(const struct conn_options *options)
{
    return options->stream_window ? options->stream_window : STREAM_WINDOW;
}

static uint32_t connection_window(const struct conn_options *options)
{
    return options->stream_window > CONNECTION_WINDOW ? options->stream_window : CONNECTION_WINDOW;
}

static nghttp2_option *new_options(const struct conn_options *conn_options)
{
    nghttp2_option *options;

    if (nghttp2_option_new(&options))
        memory_exhausted();
    /* curl accepts white space around a value too */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1);
    nghttp2_option_set_peer_max_concurrent_streams(options, H2_INITIAL_STREAMS);
    nghttp2_option_set_no_closed_streams(options, 1);
    /* the default of 64 KiB would end a larger request as if the server had refused it */
    nghttp2_option_set_max_send_header_block_length(options, INT32_MAX);
    if (conn_options->sets_header_table)
        nghttp2_option_set_max_deflate_dynamic_table_size(options, conn_options->header_table);
    return options;
}

/* The options of nghttp2, made again when other values are requested. */
static const nghttp2_option *library_options(const struct conn_options *options)
{
    static nghttp2_option *made;
    static bool sets_header_table;
    static uint32_t header_table;

    if (!made || sets_header_table != options->sets_header_table ||
        header_table != options->header_table) {
        nghttp2_option_del(made);
        made = new_options(options);
        sets_header_table = options->sets_header_table;
        header_table = options->header_table;
    }
    return made;
}

static void submit_settings(nghttp2_session *session, const struct conn_options *options)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, h2_stream_window(options)},
        {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options->header_table}, /* optional: the last */
    };
    size_t count = sizeof(settings) / sizeof(*settings);

    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                            options->sets_header_table ? count : count - 1);
}

nghttp2_session *h2_session_new(struct conn *conn)
{
    const struct conn_options *options = conn->options;
    nghttp2_session *session;

    if (nghttp2_session_client_new3(&session, h2_callbacks(), conn, library_options(options),
                                    h2_memory()))
        memory_exhausted();
    submit_settings(session, options);
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                          (int32_t)connection_window(options));
    return session;
}
