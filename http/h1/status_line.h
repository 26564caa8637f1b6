/* The text of a response's status line (RFC 9112, section 4), around what llhttp reads of it. */
#ifndef HTTP_H1_STATUS_LINE_H
#define HTTP_H1_STATUS_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a line that is not complete may become a status line. */
bool status_line_may_become(const char *text, size_t bytes);

/* The reason phrase of a line that llhttp accepted, without the blanks around it; it may be empty.
   It is part of `text` and not closed with a NUL; its size goes to *reason_bytes. */
const char *status_line_reason(const char *text, size_t bytes, size_t *reason_bytes);

#endif
