/* The names of faults and framings, and copies of behaviours. */
#include "origin/faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parse.h"

static const char *const faults[] = {
#define X(constant, name) [constant] = name,
    FAULTS(X)
#undef X
};

static const char *const framings[] = {
    [FRAMING_LENGTH] = "length",
    [FRAMING_CHUNKED] = "chunked",
    [FRAMING_CLOSE] = "close",
};

/* RFC 9113, section 7. The index is the code. */
static const char *const reset_codes[] = {
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
};

static int named(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

int fault_named(const char *name)
{
    return named(faults, FAULT_COUNT, name);
}

int framing_named(const char *name)
{
    return named(framings, FRAMING_COUNT, name);
}

int h2_reset_named(const char *text)
{
    unsigned long code;
    int known = named(reset_codes, sizeof(reset_codes) / sizeof(*reset_codes), text);

    if (known >= 0)
        return known + 1;
    return number_parse(text, 0, H2_MAX_RESET_CODE, &code) ? (int)code + 1 : -1;
}

int h2_streams_named(const char *text)
{
    unsigned long limit;

    return number_parse(text, 0, H2_MAX_STREAMS_LIMIT, &limit) ? (int)limit + 1 : -1;
}

void site_behaviour_copy(struct site_behaviour *to, const struct site_behaviour *from)
{
    *to = *from;
    if (from->headers)
        to->headers = memory_text(from->headers, strlen(from->headers));
    if (from->body)
        to->body = memory_text(from->body, from->body_bytes);
}

void site_behaviour_free(struct site_behaviour *behaviour)
{
    free(behaviour->headers);
    free(behaviour->body);
    *behaviour = (struct site_behaviour){0};
}
