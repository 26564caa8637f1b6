/* Captures what a test writes to standard error. */
#ifndef SUPPORT_STDERR_CAPTURE_H
#define SUPPORT_STDERR_CAPTURE_H

/* Redirects standard error to a file. */
void stderr_capture_begin(void);

/* Restores standard error. Returns at most 2047 bytes of what was written, valid until the next
   call. */
const char *stderr_capture_end(void);

#endif
