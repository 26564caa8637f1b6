/*
 * System calls, counted. These definitions stand before libc's own, for the program and for what is
 * linked into it statically; shared libraries keep libc's.
 */
#ifndef SUPPORT_CALLS_H
#define SUPPORT_CALLS_H

#include <stddef.h>

struct calls {
    int recv;
    int recvmsg;
    int send;
    int epoll_ctl;
    int epoll_pwait2;
    int fd;            /* whose bytes are counted, set by the test */
    size_t recv_bytes; /* received from it */
};

extern struct calls calls;

/* Sets all counts to 0. */
void calls_reset(void);

#endif
