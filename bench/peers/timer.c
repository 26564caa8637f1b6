/*
 * A timer loop: the accuracy of RATE wake-ups per second on this machine, in a program that does
 * nothing else. An open loop cannot start more of its requests on time.
 *
 *     timer RATE SECONDS
 *
 * It waits like a reactor, in epoll_pwait2 with the minimum timer slack. Not used: a busy wait,
 * which is more accurate but uses the whole core.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED = 3,          /* the exit status */
    SECOND = 1000000000, /* in nanoseconds */
    ON_TIME_NS = 100000, /* as in firstbyte's within_100us_share */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static double positive(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value > 0 && value <= 1e7))
        errx(FAILED, "usage: timer RATE SECONDS");
    return value;
}

/* Waits until `due`; returns the time. */
static uint64_t wait_until(int epoll, uint64_t due)
{
    struct epoll_event event;
    uint64_t now;

    while ((now = now_ns()) < due) {
        struct timespec left = {.tv_sec = (time_t)((due - now) / SECOND),
                                .tv_nsec = (long)((due - now) % SECOND)};

        if (epoll_pwait2(epoll, &event, 1, &left, NULL) < 0)
            errx(FAILED, "epoll_pwait2 failed");
    }
    return now;
}

int main(int argc, char **argv)
{
    double rate = positive(argc == 3 ? argv[1] : "");
    double seconds = positive(argv[2]);
    uint64_t count = (uint64_t)(rate * seconds);
    uint64_t within = 0;
    uint64_t start;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || !count)
        errx(FAILED, epoll < 0 ? "epoll_create1 failed" : "usage: timer RATE SECONDS");
    prctl(PR_SET_TIMERSLACK, 1UL);
    start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t due = start + (uint64_t)((double)i * SECOND / rate);

        if (wait_until(epoll, due) - due <= ON_TIME_NS)
            within++;
    }
    printf("{\"due\":%llu,\"within_100us_share\":%.6f}\n", (unsigned long long)count,
           (double)within / (double)count);
    close(epoll);
    return 0;
}
