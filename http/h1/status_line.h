/* The parts of a response's status line (RFC 9112, section 4) that llhttp does not report. */
#ifndef HTTP_H1_STATUS_LINE_H
#define HTTP_H1_STATUS_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether an incomplete line may become a status line. */
bool status_line_may_become(const char *text, size_t bytes);

/* The reason phrase of a line that llhttp accepted, without blanks around it; may be empty. It
   points into `text` and is not NUL-terminated; *reason_bytes is its length. */
const char *status_line_reason(const char *text, size_t bytes, size_t *reason_bytes);

#endif
