/* The fields of a message as one text: lines "Name: value" (RFC 9112, section 5), each closed with
   CR LF. NULL is none at all. Where such a text stands beside fields of our own, ours of the same name
   give way; a line without a value, "Name:", does no more than that, and is not sent. */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct field_line {
    const char *text;
    size_t bytes; /* with its CR LF */
    bool empty;   /* it has no value */
};

/* Goes to the next line: false at the end. *at begins as the fields. */
bool fields_next(const char **at, struct field_line *line);

/* Whether its name is those bytes, without regard to case. */
bool field_is_named(const struct field_line *line, const char *name, size_t length);

/* Whether there is one of that name, without regard to case. */
bool fields_have(const char *fields, const char *name);

/* Adds a line, without its CR LF, that request_check_header lets pass; *fields is freed and made anew.
   Lines of the same name among the first *inherited bytes are taken out, and *inherited is less by
   them. */
void fields_add(char **fields, const char *line, size_t *inherited);

#endif
