/* The command line, read and checked once. */
#ifndef CLI_OPTIONS_OPTIONS_H
#define CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cli/options/load_options.h"
#include "cli/options/types.h"

enum command {
    COMMAND_FETCH,
    COMMAND_RACE,
    COMMAND_BENCH,
    COMMAND_ORIGIN,
    COMMAND_DIFF,
    COMMAND_NONE
};

struct options {
    enum command command; /* COMMAND_NONE: help or version was printed */
    const char *file;     /* the list, of bench its targets; NULL: the words */
    char **words;         /* URLs */
    size_t word_count;
    size_t concurrency; /* of bench its connections */

    /* time */
    nsec dns_timeout, connect_timeout, tls_timeout, ttfb_timeout;

    /* the request */
    struct request_options request;
    struct texts data_files; /* of --data @FILE */
    bool no_location;        /* redirects are results */
    unsigned max_redirs;     /* followed at most */

    /* the body */
    size_t preview;     /* characters shown */
    uint64_t max_body;  /* bytes taken at most */
    bool until_preview; /* hang up when the snippet is there */

    /* addresses */
    bool ipv4_only, ipv6_only;
    struct texts resolve, connect_to; /* as given */
    const char *dns_servers;          /* "address[:port],..." */
    struct texts interfaces; /* names of devices or addresses of this machine; fetch: one */
    const char *unix_socket;
    const char *proxy, *noproxy; /* NULL: the environment's */

    /* politeness */
    size_t per_host;            /* at once; 0: no limit */
    double rate, per_host_rate; /* requests a second; 0: no limit */
    unsigned retries;           /* --retry */
    bool no_keepalive;

    /* TLS */
    const char *authorities;           /* --cacert */
    const char *authorities_directory; /* --capath */
    const char *certificate, *key;     /* --cert, --key: PEM files */
    const char *sni;                   /* instead of the host; "": none is sent */
    int tls_min, tls_max;              /* 12 or 13; 0: the library's */
    unsigned cert_warn_days;           /* --cert-warn; 0: not given */
    bool insecure;

    /* output */
    enum format format;
    struct texts fields; /* names of --fields, checked; none: all, or the format's own */
    const char *output;  /* -o; NULL: standard output */
    bool append;         /* --append: whole lines at the file's end */
    bool input_order;
    bool fail; /* a status of 400 and up is a failure */
    bool tcp_info;
    enum color color;
    bool quiet;         /* -q: errors of the program alone on standard error */
    bool verbose;       /* -v */
    const char *resume; /* --resume: the state file */

    struct load_command load; /* of bench alone */

    bool rehearse;
    bool lifeline; /* origin: ends when standard input does */
};

/* Reads the command line, whose words are borrowed. False where it is refused, also for having no
   word at all, which is said on standard error. Freed with options_free in either case. */
bool options_read(struct options *options, int argc, char **argv);

void options_free(struct options *options);

/* Whether anything that will be shown needs what a server's certificate says. */
bool options_want_certificate(const struct options *options);

#endif
