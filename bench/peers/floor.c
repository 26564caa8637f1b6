/*
 * The lower bound of the cost of a closed loop: one epoll loop, persistent connections, one send
 * and one recv per request.
 *
 *     floor [-c CONNECTIONS] [-d SECONDS] http://ADDRESS:PORT/PATH
 *
 * Only the first response is parsed, for its length; all later responses must have the same length,
 * which is true for a static file. A load generator can be cheaper only with fewer system calls.
 * Not included: io_uring, and batches of requests.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED = 3, /* the exit status */
    DEFAULT_CONNECTIONS = 64,
    DEFAULT_SECONDS = 10,
    EVENTS_MAX = 64,       /* taken from one epoll_wait */
    BUFFER_SIZE = 1 << 14, /* also the maximum of the first response */
    WAIT_MS = 100,         /* maximum wait before the clock is read again */
};

struct floor {
    struct sockaddr_in server;
    char request[512];
    size_t request_length;
    size_t response_length; /* of each response, head and body */
    size_t connections;
    double seconds;
    size_t *missing; /* by descriptor: bytes of the response not received yet */
    int epoll;
    uint64_t completed;
    char buffer[BUFFER_SIZE];
};

static void usage(void)
{
    errx(FAILED, "usage: floor [-c CONNECTIONS] [-d SECONDS] http://ADDRESS:PORT/PATH");
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(const struct floor *floor)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&floor->server, sizeof floor->server) < 0)
        errx(FAILED, "cannot connect");
    return fd;
}

static void send_request(const struct floor *floor, int fd)
{
    if (send(fd, floor->request, floor->request_length, MSG_NOSIGNAL) !=
        (ssize_t)floor->request_length)
        errx(FAILED, "cannot send");
}

/* The length of the response at the start of `text`, head and body; 0: the head is incomplete. */
static size_t length_of(const char *text)
{
    static const char field[] = "\r\nContent-Length:";
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, field);

    if (!end)
        return 0;
    if (!length || length > end)
        errx(FAILED, "the response has no Content-Length");
    return (size_t)(end + 4 - text) + strtoul(length + strlen(field), NULL, 10);
}

/* Sends one request to find the length of a response. */
static void find_length(struct floor *floor)
{
    int fd = dial(floor);
    size_t got = 0;

    send_request(floor, fd);
    while (!floor->response_length || got < floor->response_length) {
        ssize_t n = recv(fd, floor->buffer + got, sizeof floor->buffer - 1 - got, 0);

        if (n <= 0)
            errx(FAILED, "the first response is incomplete or too long");
        got += (size_t)n;
        floor->buffer[got] = '\0';
        floor->response_length = length_of(floor->buffer);
    }
    close(fd);
}

static void open_connections(struct floor *floor)
{
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (floor->epoll < 0)
        errx(FAILED, "epoll_create1 failed");
    for (size_t i = 0; i < floor->connections; i++) {
        int fd = dial(floor);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd >= (int)floor->connections + FD_SETSIZE)
            errx(FAILED, "too many descriptors are open");
        if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            errx(FAILED, "epoll_ctl failed");
        floor->missing[fd] = floor->response_length;
        send_request(floor, fd);
    }
}

static void receive(struct floor *floor, int fd)
{
    ssize_t got = recv(fd, floor->buffer, sizeof floor->buffer, MSG_DONTWAIT);

    if (got <= 0 || (size_t)got > floor->missing[fd])
        errx(FAILED,
             got ? "a response differs from the first" : "the server closed the connection");
    floor->missing[fd] -= (size_t)got;
    if (floor->missing[fd])
        return;
    floor->completed++;
    floor->missing[fd] = floor->response_length;
    send_request(floor, fd);
}

static double run(struct floor *floor)
{
    struct epoll_event events[EVENTS_MAX];
    double start = now_s();
    double now;

    while ((now = now_s()) - start < floor->seconds) {
        int count = epoll_wait(floor->epoll, events, EVENTS_MAX, WAIT_MS);

        if (count < 0 && errno != EINTR)
            errx(FAILED, "epoll_wait failed");
        for (int i = 0; i < count; i++)
            receive(floor, events[i].data.fd);
    }
    return now - start;
}

static void parse_url(struct floor *floor, const char *url)
{
    char address[INET_ADDRSTRLEN];
    char path[256];
    unsigned short port;
    int length;

    if (sscanf(url, "http://%15[0-9.]:%hu%255s", address, &port, path) != 3)
        usage();
    floor->server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &floor->server.sin_addr) != 1)
        usage();
    length = snprintf(floor->request, sizeof floor->request,
                      "GET %s HTTP/1.1\r\nHost: %s:%hu\r\n\r\n", path, address, port);
    floor->request_length = (size_t)length;
}

static double positive(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value > 0 && value <= 1e5))
        usage();
    return value;
}

int main(int argc, char **argv)
{
    static struct floor floor = {.connections = DEFAULT_CONNECTIONS, .seconds = DEFAULT_SECONDS};
    double took;
    int c;

    while ((c = getopt(argc, argv, "c:d:")) != -1) {
        if (c == 'c')
            floor.connections = (size_t)positive(optarg);
        else if (c == 'd')
            floor.seconds = positive(optarg);
        else
            usage();
    }
    if (optind + 1 != argc || !floor.connections)
        usage();
    parse_url(&floor, argv[optind]);
    floor.missing = calloc(floor.connections + FD_SETSIZE, sizeof *floor.missing);
    if (!floor.missing)
        errx(FAILED, "out of memory");
    find_length(&floor);
    open_connections(&floor);
    took = run(&floor);
    printf("{\"completed\":%llu,\"failed\":0,\"duration_s\":%.6f}\n",
           (unsigned long long)floor.completed, took);
    free(floor.missing);
    return 0;
}
