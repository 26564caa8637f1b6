/*
 * The readers of options' values. A row of the table names its reader, the field for the value,
 * and the limits of the value. A reader that refuses a value prints the reason on standard error.
 */
#ifndef CLI_OPTIONS_READERS_H
#define CLI_OPTIONS_READERS_H

#include "cli/options/option_table.h"
#include "cli/options/options.h"

/* An option of the command line. */
struct given {
    const char *option;      /* for messages: "--rate" */
    const char *value;       /* a text of the command line; NULL: the option takes none */
    struct options *options; /* the options that are being read */
    void *to;                /* the field that the value is for */
    const struct option_row *row;
};

/* Prints "firstbyte: option value: why". The value may be NULL, for example if it is a secret.
   Returns false, so that a caller can return the result. */
bool refuse(const char *option, const char *value, const char *why);

/* The list owns its array, not the texts. */
void texts_add(struct texts *texts, const char *text);
void texts_free(struct texts *texts);

/* Parses a rate, "20", "0.5" or "30/m", into requests per second, from one a day to `max` per
   second. False if the text is no such rate. */
bool rate_parse(const char *text, double max, double *rate);

/* Parses a size, "65536", "64K", "1M" or "2G". False if the text is no size, or over `max`. */
bool bytes_parse(const char *text, uint64_t max, uint64_t *bytes);

/* Readers for any field of a type. */
reader_fn read_flag;      /* bool */
reader_fn read_enum;      /* an enum: the value is the row's `low` */
reader_fn read_text;      /* const char * */
reader_fn read_file_name; /* const char *, not empty */
reader_fn read_texts;     /* struct texts */
reader_fn read_time;      /* nsec */
reader_fn read_number;    /* unsigned, size_t or uint64_t */
reader_fn read_choice;    /* an enum, or a bool for the second of two words */
reader_fn read_rate;      /* double */
reader_fn read_bytes;     /* uint64_t */
reader_fn read_days;      /* unsigned */

/* Readers of one option. */
reader_fn read_method, read_header, read_user_agent, read_cookie, read_data;
reader_fn read_resolve, read_connect_to, read_servers, read_proxy;
reader_fn read_fields;

#endif
