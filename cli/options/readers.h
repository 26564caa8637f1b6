/*
 * The readers of options' values. A row of the table names one, and what it needs to know:
 * where the value goes and between which limits it lies. Each says on standard error why it refuses.
 */
#ifndef CLI_OPTIONS_READERS_H
#define CLI_OPTIONS_READERS_H

#include "cli/options/option_table.h"
#include "cli/options/options.h"

/* An option as it was given. */
struct given {
    const char *option;      /* as it is shown: "--rate" */
    const char *value;       /* a text of the command line; NULL: it takes none */
    struct options *options; /* all of them */
    void *to;                /* the field that the value is for */
    const struct option_row *row;
};

/* Says "firstbyte: option value: why"; the value may be NULL: it does not matter then, or is a secret.
   Returns false, for the caller's. */
bool refuse(const char *option, const char *value, const char *why);

/* Adds to a list that texts_free empties. */
void texts_add(struct texts *texts, const char *text);
void texts_free(struct texts *texts);

/* A rate as "20", "0.5", "30/m", a second; from one a day to `most` a second. False where it is none. */
bool rate_parse(const char *text, double max, double *rate);

/* Plain kinds, for a field of any subject. */
reader_fn read_flag;      /* bool */
reader_fn read_text;      /* const char * */
reader_fn read_file_name; /* const char *, not empty */
reader_fn read_texts;     /* struct texts */
reader_fn read_time;      /* nsec */
reader_fn read_number;    /* unsigned, size_t or uint64_t */
reader_fn read_choice;    /* an enum, or a bool for the second of two words */
reader_fn read_rate;      /* double */
reader_fn read_bytes;     /* uint64_t */
reader_fn read_days;      /* unsigned */

/* Those of one option. */
reader_fn read_method, read_header, read_user_agent, read_cookie, read_data;
reader_fn read_resolve, read_connect_to, read_servers, read_proxy;
reader_fn read_fields;

#endif
