/* The default fields and the default body of a response, and the faults of fields. */
#include "origin/response.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "http/fields.h"

#define DEFAULT_STATUS   200
#define MAX_DEFAULT_BODY 2048 /* bytes */

/* How a fault changes what is sent of a response. */
struct cut {
    enum part part;
    enum ending ending;
};

/* Other faults concern the name, the connection or the certificate, or are in apply_field_fault. */
static const struct cut cuts[FAULT_COUNT] = {
    [FAULT_WAIT_STALL] = {PART_NOTHING, ENDING_STALL},
    [FAULT_WAIT_CLOSE] = {PART_NOTHING, ENDING_CLOSE},
    [FAULT_WAIT_RESET] = {PART_NOTHING, ENDING_RESET},
    [FAULT_GARBAGE] = {PART_WHOLE, ENDING_CLOSE},
    [FAULT_HEAD_ENDLESS] = {PART_WHOLE, ENDING_REPEAT},
    [FAULT_BODY_ENDLESS] = {PART_WHOLE, ENDING_REPEAT},
    [FAULT_BODY_CHUNK] = {PART_WHOLE, ENDING_CLOSE},
    [FAULT_HEAD_STALL] = {PART_HALF_HEAD, ENDING_STALL},
    [FAULT_BODY_STALL] = {PART_HALF_BODY, ENDING_STALL},
    [FAULT_BODY_RESET] = {PART_HALF_BODY, ENDING_RESET},
    [FAULT_TRUNCATE] = {PART_HALF_BODY, ENDING_CLOSE},
    [FAULT_NO_CLOSE_NOTIFY] = {PART_WHOLE, ENDING_FIN},
    [FAULT_HANG_UP] = {PART_WHOLE, ENDING_CLOSE},
};

/* The body for a site without one: a small page with the host name, of a length by a hash. */
static char *default_body(const char *host, size_t *length)
{
    char *body = memory_get(MAX_DEFAULT_BODY);
    size_t want;
    int count;

    count = snprintf(body, MAX_DEFAULT_BODY, "<!doctype html><title>%.255s</title>\n", host);
    want = (size_t)count + hash_text(host) % (MAX_DEFAULT_BODY - (size_t)count);
    memset(body + count, '.', want - (size_t)count);
    *length = want;
    return body;
}

static bool status_has_no_body(unsigned status)
{
    return status == 204 || status == 304;
}

static void redirect(struct origin_response *response, const char *location)
{
    response->status = 302;
    response->location = location;
}

/* The faults that are complete responses with wrong fields. */
static void apply_field_fault(struct origin_response *response,
                              const struct origin_request *request)
{
    static const char no_gzip[] = "these bytes are no gzip";

    switch (response->fault) {
    case FAULT_REDIRECT_LOOP:
        snprintf(response->location_buffer, sizeof(response->location_buffer), "%s://%s%s",
                 request->https ? "https" : "http", request->host, request->target);
        redirect(response, response->location_buffer);
        break;
    case FAULT_REDIRECT_ENDLESS: /* from "/7" to "/8", from a path without a number to "/1" */
        snprintf(response->location_buffer, sizeof(response->location_buffer), "/%lu",
                 strtoul(request->target + (*request->target == '/'), NULL, 10) + 1);
        redirect(response, response->location_buffer);
        break;
    case FAULT_BAD_LOCATION: redirect(response, "gopher://x/"); break;
    case FAULT_BAD_CODING:
        response->coding = "gzip";
        response->body = no_gzip;
        response->body_bytes = sizeof(no_gzip) - 1;
        break;
    case FAULT_NO_CLOSE_NOTIFY: response->framing = FRAMING_CLOSE; break;
    default: break;
    }
}

void origin_response_plan(struct origin_response *response, const struct site_behaviour *behaviour,
                          const struct origin_request *request)
{
    response->status = behaviour->status ? behaviour->status : DEFAULT_STATUS;
    response->framing = behaviour->framing;
    response->fault = behaviour->fault;
    response->part = cuts[behaviour->fault].part;
    response->ending = cuts[behaviour->fault].ending;
    response->headers = behaviour->headers;
    response->location = response->coding = NULL;
    response->body = behaviour->body;
    response->body_bytes = behaviour->body_bytes;
    response->default_body = NULL;
    if (!behaviour->body)
        response->body = response->default_body =
            default_body(request->host, &response->body_bytes);
    apply_field_fault(response, request);
    response->declared_bytes = response->body_bytes;
    response->has_body = !request->is_head && !status_has_no_body(response->status);
}

void origin_response_free(struct origin_response *response)
{
    free(response->default_body);
    response->default_body = NULL;
}

static void write_field(FILE *to, const struct origin_response *response, const char *name,
                        const char *value)
{
    if (value && !fields_have(response->headers, name))
        fprintf(to, "%s: %s\r\n", name, value);
}

static void write_framing(FILE *to, const struct origin_response *response)
{
    char count[24];

    if (status_has_no_body(response->status))
        return;
    snprintf(count, sizeof(count), "%zu", response->declared_bytes);
    switch (response->framing) {
    case FRAMING_LENGTH: write_field(to, response, "Content-Length", count); break;
    case FRAMING_CHUNKED: write_field(to, response, "Transfer-Encoding", "chunked"); break;
    default: write_field(to, response, "Connection", "close"); break;
    }
}

void origin_response_write_fields(FILE *to, const struct origin_response *response)
{
    const char *at = response->headers;
    struct request_field line;

    write_field(to, response, "Server", "firstbyte-rehearsal");
    write_field(to, response, "Content-Type", "text/html");
    write_field(to, response, "Content-Encoding", response->coding);
    write_field(to, response, "Location", response->location);
    write_framing(to, response);
    while (fields_next(&at, &line))
        if (!line.empty)
            fwrite(line.text, 1, line.bytes, to);
}
