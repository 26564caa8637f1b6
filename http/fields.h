/* The fields of a message as one text: lines "Name: value" (RFC 9112, section 5), each ending with
   CR LF. NULL: no fields. The user's fields replace default fields of the same name; a line without
   a value, "Name:", only removes the default field and is not sent. */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct request_field {
    const char *text;
    size_t bytes; /* with its CR LF */
    bool empty;   /* it has no value */
};

/* Reads the next line; false at the end. Initially *at is the text. */
bool fields_next(const char **at, struct request_field *line);

/* Whether the line has this name, without regard to case. */
bool field_is_named(const struct request_field *line, const char *name, size_t length);

/* Whether the text has a field of this name, without regard to case. */
bool fields_have(const char *fields, const char *name);

/* Adds a line, without CR LF, that request_check_header accepts; *fields is reallocated. Lines of
   the same name among the first *inherited bytes are removed, and *inherited is reduced by their
   length. */
void fields_add(char **fields, const char *line, size_t *inherited);

#endif
