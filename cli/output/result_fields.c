/*
 * The values of the fields: a switch that the compiler checks for completeness. Rejected: a table
 * of offsets and types. Half of the fields are computed from others.
 */
#include "cli/output/result_fields.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_SECONDS    86400
#define ALL_CHARACTERS SIZE_MAX

const struct field_row field_rows[FIELD_RESULT] = {
#define X(id, parent, key, columns)                                                                \
    {IN_##parent key,                                                                              \
     key,                                                                                          \
     "\"" IN_##parent key "\":",                                                                   \
     "\"" key "\":",                                                                               \
     sizeof("\"" IN_##parent key "\":") - 1,                                                       \
     sizeof("\"" key "\":") - 1,                                                                   \
     FIELD_##parent,                                                                               \
     columns},
    FIELDS(X)
#undef X
};

static const struct value absent = {.kind = VALUE_ABSENT}, null = {.kind = VALUE_NULL};

static struct value object(enum field field)
{
    return (struct value){.kind = VALUE_OBJECT, .object = field};
}

static struct value word(const char *ascii)
{
    return (struct value){.kind = VALUE_WORD, .text = ascii};
}

static struct value text(const char *untrusted)
{
    if (!untrusted)
        return null;
    return (struct value){
        .kind = VALUE_TEXT, .text = untrusted, .length = strlen(untrusted), .max = ALL_CHARACTERS};
}

static struct value counted(enum value_kind kind, int64_t number)
{
    return (struct value){.kind = kind, .number = number};
}

static struct value truth(bool holds)
{
    return counted(VALUE_TRUTH, holds);
}

static struct value span(nsec time)
{
    return time == NSEC_NEVER ? null : counted(VALUE_SPAN, (int64_t)time);
}

static struct value tcp(const struct view *view, uint32_t number)
{
    return view->options->tcp_info && view->result->tcp.known ? counted(VALUE_NUMBER, number)
                                                              : null;
}

static struct value connection(const struct result *result, uint64_t number)
{
    return result->connection ? counted(VALUE_NUMBER, (int64_t)number) : null;
}

/* Whether an error can occur in any phase, so that its message needs the phase. */
static bool in_any_phase(enum error error)
{
    return error == ERROR_TOTAL_TIMEOUT || error == ERROR_INTERRUPTED;
}

static const char *phase_of(const struct result *result)
{
    return in_any_phase(result->error) ? phase_name(result->phase) : error_phase(result->error);
}

/* For example "connection refused", "timed out (tls)". */
static struct value message(struct view *view)
{
    const struct result *r = view->result;
    const char *sentence = error_sentence(r->error);
    const char *more = in_any_phase(r->error) ? phase_name(r->phase) : r->detail;

    if (more && strcasecmp(more, sentence) == 0)
        more = NULL;
    snprintf(view->message, sizeof(view->message), more ? "%s (%s)" : "%s", sentence, more);
    return text(view->message);
}

static struct value snippet(const struct view *view)
{
    return (struct value){.kind = VALUE_TEXT,
                          .text = view->result->snippet ? view->result->snippet : "",
                          .length = view->result->snippet_bytes,
                          .max = view->options->preview};
}

static struct value address(struct view *view)
{
    const struct result *r = view->result;

    if (r->unix_socket) {
        snprintf(view->address, sizeof(view->address), "unix:%s", r->unix_socket);
        return text(view->address);
    }
    return r->address.length ? word(address_text(&r->address, view->address)) : null;
}

static struct value protocol(struct view *view)
{
    const struct result *r = view->result;

    if (r->stream)
        return word("HTTP/2");
    view->protocol[5] = (char)('0' + r->major % 10);
    view->protocol[7] = (char)('0' + r->minor % 10);
    return word(view->protocol);
}

static struct value date(int64_t when)
{
    return when == TLS_NO_TIME ? null : counted(VALUE_DATE, when);
}

/* Whole days, rounded down: -1 on the day after the end. */
static struct value days_left(const struct view *view)
{
    int64_t end = view->result->tls.certificate->not_after, left;

    if (end == TLS_NO_TIME)
        return null;
    left = end - view->options->unix_time;
    return counted(VALUE_NUMBER, left / DAY_SECONDS - (left % DAY_SECONDS < 0));
}

static struct value cert_warning(const struct view *view)
{
    struct value days = view->result->tls.certificate ? days_left(view) : null;

    if (!view->options->cert_warn_days || days.kind == VALUE_NULL)
        return null;
    return truth(days.number < (int64_t)view->options->cert_warn_days);
}

static int64_t legs(const struct result *result, bool redirects)
{
    int64_t count = 0;

    for (size_t i = 0; i < result->leg_count; i++)
        count += result->legs[i].redirect == redirects;
    return count;
}

void view_open(struct view *view, const struct result *result, const struct fields_options *options)
{
    view->result = result;
    view->options = options;
    strcpy(view->protocol, "HTTP/0.0");
    stamps_timings(&result->stamps, result->error != ERROR_NONE, result->phase, view->timings);
}

struct value view_value(struct view *view, enum field field)
{
    const struct result *r = view->result;
    const struct tls_certificate *c = r->tls.certificate;
    const struct tcp_facts *t = &r->tcp;

    switch (field) {
    case FIELD_SCHEMA: return word("firstbyte.fetch/1");
    case FIELD_MODE: return r->mode ? word(r->mode) : absent;
    case FIELD_URL: return text(r->site->url.shown);
    case FIELD_STATUS: return r->status ? counted(VALUE_STATUS, r->status) : null;
    case FIELD_ERROR: return r->error ? object(field) : null;
    case FIELD_ERROR_PHASE: return r->error ? word(phase_of(r)) : null;
    case FIELD_ERROR_CODE: return r->error ? word(error_code(r->error)) : null;
    case FIELD_ERROR_MESSAGE: return r->error ? message(view) : null;
    case FIELD_SNIPPET: return r->status ? snippet(view) : null;
    case FIELD_BODY_BYTES: return counted(VALUE_NUMBER, (int64_t)r->body_bytes);
    case FIELD_ADDRESS: return address(view);
    case FIELD_PROTOCOL: return r->status ? protocol(view) : null;
    case FIELD_TLS: return r->tls.version ? object(field) : null;
    case FIELD_TLS_VERSION: return r->tls.version ? word(r->tls.version) : null;
    case FIELD_TLS_CIPHER: return r->tls.version ? word(r->tls.cipher) : null;
    case FIELD_TLS_ALPN: return r->tls.version && *r->tls.alpn ? text(r->tls.alpn) : null;
    case FIELD_TLS_RESUMED: return r->tls.version ? truth(r->tls.resumed) : null;
    case FIELD_CERTIFICATE: return r->tls.certificate ? object(field) : null;
    case FIELD_SUBJECT: return c ? text(c->subject) : null;
    case FIELD_ISSUER: return c ? text(c->issuer) : null;
    case FIELD_NAMES: return c ? counted(VALUE_NAMES, (int64_t)c->name_count) : null;
    case FIELD_NOT_BEFORE: return c ? date(c->not_before) : null;
    case FIELD_NOT_AFTER: return c ? date(c->not_after) : null;
    case FIELD_DAYS_LEFT: return c ? days_left(view) : null;
    case FIELD_ELAPSED: return span(result_elapsed(r));
    case FIELD_TIMINGS: return object(field);
    case FIELD_BLOCKED: return span(view->timings[PHASE_BLOCKED]);
    case FIELD_DNS: return span(view->timings[PHASE_DNS]);
    case FIELD_CONNECT: return span(view->timings[PHASE_CONNECT]);
    case FIELD_HANDSHAKE: return span(view->timings[PHASE_TLS]);
    case FIELD_SEND: return span(view->timings[PHASE_SEND]);
    case FIELD_WAIT: return span(view->timings[PHASE_WAIT]);
    case FIELD_RECEIVE: return span(view->timings[PHASE_RECEIVE]);
    case FIELD_FINAL_URL: return text(r->url);
    case FIELD_REDIRECTS: return counted(VALUE_REDIRECTS, legs(r, true));
    case FIELD_ATTEMPTS: return counted(VALUE_ATTEMPTS, legs(r, false));
    case FIELD_TRUNCATED: return truth(r->truncated);
    case FIELD_CONTENT_TYPE: return text(r->content_type);
    case FIELD_ENCODING: return text(r->coding);
    case FIELD_CHARSET: return text(r->charset);
    case FIELD_PROXY: return text(r->proxy);
    case FIELD_CERT_WARNING: return cert_warning(view);
    case FIELD_STREAM: return r->stream ? counted(VALUE_NUMBER, r->stream) : null;
    case FIELD_CONNECTION: return r->connection ? object(field) : null;
    case FIELD_NUMBER: return connection(r, r->connection);
    case FIELD_REQUESTS_BEFORE: return connection(r, r->requests_before);
    case FIELD_TCP: return !view->options->tcp_info ? absent : t->known ? object(field) : null;
    case FIELD_RTT: return tcp(view, t->rtt_us);
    case FIELD_RTTVAR: return tcp(view, t->rttvar_us);
    case FIELD_RETRANSMITS: return tcp(view, t->retransmits);
    case FIELD_MSS: return tcp(view, t->mss_bytes);
    case FIELD_RESULT: break;
    }
    return absent;
}

bool field_is_object(enum field field)
{
    return field + 1 < FIELD_RESULT && field_rows[field + 1].parent == field;
}

bool field_find(const char *name, size_t length, enum field *field)
{
    for (enum field i = 0; i < FIELD_RESULT; i++) {
        if (strlen(field_rows[i].name) != length || memcmp(field_rows[i].name, name, length) != 0)
            continue;
        *field = i;
        return true;
    }
    return false;
}
