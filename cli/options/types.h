/* Types of options that commands pass on: what reads them need not know struct options. */
#ifndef CLI_OPTIONS_TYPES_H
#define CLI_OPTIONS_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/site.h"
#include "reactor/interrupt.h"

/* Exit statuses. */
enum exit_status {
    EXIT_FETCHED = 0,                /* every site answered */
    EXIT_SOME_FAILED = 1,            /* some did not */
    EXIT_USAGE = 2,                  /* bad options or a bad list */
    EXIT_SETUP = MEMORY_EXIT_STATUS, /* no set-up, a lack of resources, or figures lost */
    EXIT_SLO = 4,                    /* bench: --slo was missed */
    EXIT_SATURATED = 5,              /* bench: the client was saturated, starved or suspended */
    EXIT_SLOWER = 6, /* diff, bench --vs: slower than the first of what was compared */
    EXIT_INTERRUPTED = INTERRUPT_EXIT_STATUS /* SIGINT, SIGTERM or SIGHUP */
};

enum format { FORMAT_TEXT, FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What is asked of every site whose line does not say otherwise. */
struct request_options {
    const char *method;      /* -X; NULL: GET, HEAD with -I, POST with --data */
    char *headers;           /* -H, each closed with CR LF; owned; NULL: none */
    const char *user;        /* -u "name:password"; NULL: none */
    const char *cookie;      /* --cookie; NULL: none */
    struct content *content; /* --data; owned; NULL: none */
    bool head;               /* -I */
    nsec timeout;            /* -T */
};

/* An option that may be given several times; the texts are those of the command line. */
struct texts {
    const char **list; /* owned */
    size_t count;
};

#endif
