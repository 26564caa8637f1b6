/* Types of options that commands pass on. Code that uses them need not include struct options. */
#ifndef CLI_TYPES_H
#define CLI_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/site.h"
#include "reactor/interrupt.h"

/* Exit statuses. */
enum exit_status {
    EXIT_FETCHED = 0,                /* every site was fetched */
    EXIT_SOME_FAILED = 1,            /* at least one site failed */
    EXIT_USAGE = 2,                  /* bad options or a bad list */
    EXIT_SETUP = MEMORY_EXIT_STATUS, /* set-up failed, resources ran out, or results were lost */
    EXIT_SLO = 4,                    /* bench: --slo was missed */
    EXIT_SATURATED = 5,              /* bench: the client was the bottleneck, not the server */
    EXIT_SLOWER = 6,                 /* diff, bench --vs: slower than the baseline */
    EXIT_INTERRUPTED = INTERRUPT_EXIT_STATUS /* SIGINT, SIGTERM or SIGHUP */
};

enum command {
    COMMAND_FETCH,
    COMMAND_RACE,
    COMMAND_BENCH,
    COMMAND_ORIGIN,
    COMMAND_DIFF,
    COMMAND_NONE
};

enum format { FORMAT_TEXT, FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* An option that may be given several times. The texts are borrowed from the command line. */
struct texts {
    const char **list; /* owned */
    size_t count;
};

/* Where sites come from. */
struct list_options {
    const char *file; /* the list, or the targets of bench; NULL: `words` */
    char **words;     /* of the command line: URLs, or the files of diff */
    size_t word_count;
};

/* The request for every site whose line in the list does not override it. */
struct request_options {
    const char *method;      /* -X; NULL: GET, HEAD with -I, POST with --data */
    char *headers;           /* -H, each closed with CR LF; owned; NULL: none */
    const char *user;        /* -u "name:password"; NULL: none */
    const char *cookie;      /* --cookie; NULL: none */
    struct content *content; /* --data; owned; NULL: none */
    bool head;               /* -I */
    nsec timeout;            /* -T */
};

/* How and where results are written. */
struct output_options {
    enum format format;
    struct texts fields; /* names of --fields, checked; empty: the fields of the format */
    const char *file;    /* -o; NULL: standard output */
    bool append;         /* --append: lines are added at the end of the file */
    bool input_order;
    bool fail; /* --fail: a status of 400 or more is a failure */
    enum color color;
    bool quiet;              /* -q: only errors on standard error */
    const char *resume;      /* --resume: the state file */
    unsigned cert_warn_days; /* --cert-warn; 0: not given */
};

#endif
