/* What a test writes to standard error, read back by it. */
#ifndef SUPPORT_STDERR_CAPTURE_H
#define SUPPORT_ASIDE_H

/* From here on, standard error is a file. */
void stderr_capture_begin(void);

/* Standard error is what it was. Returns what was written, until the next call; cut after 2047 bytes. */
const char *stderr_capture_end(void);

#endif
