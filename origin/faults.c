/* The names of faults and framings, and copies of behaviours. */
#include "origin/faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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
