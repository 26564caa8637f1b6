/* What a test writes to standard error, read back by it. */
#ifndef SUPPORT_ASIDE_H
#define SUPPORT_ASIDE_H

/* From here on, standard error is a file. */
void aside_begin(void);

/* Standard error is what it was. Returns what was written, until the next call; cut after 2047 bytes. */
const char *aside_end(void);

#endif
