/*
 * Counts system calls. The definitions override those of libc in the test program and in statically
 * linked libraries, but not in shared libraries.
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
    int fd;            /* set by the test: count the bytes of this one */
    size_t recv_bytes; /* received from it */
};

extern struct calls calls;

/* Sets all counts to 0. */
void calls_reset(void);

#endif
