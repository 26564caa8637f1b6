/*
 * Fetches a list of URLs with libcurl's multi interface, as efficiently as that interface allows,
 * for `make bench`.
 *
 *     multi [-k] [--loop perform|epoll] [--max-idle N] [CONCURRENCY] < urls
 *
 * There are two loops and one pool of easy handles. `perform` is the loop of libcurl's manual,
 * which checks every transfer in each turn. `epoll` uses curl_multi_socket_action with the ready
 * descriptor, which is the fastest that libcurl offers.
 *
 * Bodies are counted and discarded; nothing is printed for a URL. Not used: a new handle for every
 * URL, as in most examples, because that would make libcurl slower.
 */
#include <curl/curl.h>
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    FAILED = 3, /* the exit status */
    DEFAULT_CONCURRENCY = 256,
    TOTAL_TIMEOUT_MS = 10000, /* for one URL, as in firstbyte */
    POLL_MS = 1000,           /* maximum wait if libcurl has no timeout */
    EVENTS_MAX = 256,         /* taken from one epoll_wait */
};

struct peer {
    char *list;  /* the URLs, from standard input; owned */
    char *first; /* argument of strtok_r: the list; after the first URL NULL */
    char *rest;  /* state of strtok_r */
    CURLM *multi;
    CURL **idle; /* a stack of handles without a transfer */
    size_t idle_count;
    size_t concurrency;  /* total number of handles */
    size_t ok;           /* transfers with a complete response */
    size_t failed;       /* other transfers */
    uint64_t bytes;      /* of bodies */
    int epoll;           /* epoll loop only: the descriptor */
    int64_t deadline_ms; /* epoll loop only: libcurl's timer, monotonic; -1: none */
};

struct options {
    size_t concurrency; /* transfers in flight */
    long max_idle;      /* connections kept; 0: libcurl's default */
    bool insecure;      /* -k */
    bool epoll;         /* --loop epoll */
};

static void *must(void *memory)
{
    if (!memory)
        errx(FAILED, "out of memory");
    return memory;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t now_ms(void)
{
    return (int64_t)(now_s() * 1e3);
}

/* ---- transfers ------------------------------------------------------------------------------ */

static size_t count_body(char *data, size_t size, size_t count, void *context)
{
    uint64_t *bytes = context;

    (void)data;
    *bytes += size * count;
    return size * count;
}

/* A handle with all options that are the same for each URL. */
static CURL *new_handle(struct peer *peer, const struct options *options)
{
    CURL *easy = must(curl_easy_init());

    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &peer->bytes);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TOTAL_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (options->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL); /* otherwise the file is read anyway */
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return easy;
}

/* Starts as many transfers as there are URLs and idle handles. */
static void start_transfers(struct peer *peer)
{
    const char *url;

    while (peer->idle_count && (url = strtok_r(peer->first, "\n", &peer->rest))) {
        CURL *easy = peer->idle[--peer->idle_count];

        peer->first = NULL;
        curl_easy_setopt(easy, CURLOPT_URL, url);
        if (curl_multi_add_handle(peer->multi, easy) != CURLM_OK)
            errx(FAILED, "curl_multi_add_handle failed");
    }
}

/* Counts finished transfers and returns their handles to the pool. */
static void reap_transfers(struct peer *peer)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(peer->multi, &left))) {
        CURL *easy = message->easy_handle;

        if (message->msg != CURLMSG_DONE)
            continue;
        if (message->data.result == CURLE_OK)
            peer->ok++;
        else
            peer->failed++;
        curl_multi_remove_handle(peer->multi, easy);
        peer->idle[peer->idle_count++] = easy;
    }
}

static bool busy(const struct peer *peer)
{
    return peer->idle_count < peer->concurrency;
}

/* ---- the loop of the manual ----------------------------------------------------------------- */

static void run_perform(struct peer *peer)
{
    int running;

    start_transfers(peer);
    while (busy(peer)) {
        if (curl_multi_perform(peer->multi, &running) != CURLM_OK)
            errx(FAILED, "curl_multi_perform failed");
        reap_transfers(peer);
        start_transfers(peer);
        if (busy(peer) && curl_multi_poll(peer->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            errx(FAILED, "curl_multi_poll failed");
    }
}

/* ---- the loop on epoll ---------------------------------------------------------------------- */

/* Sets the events of a descriptor. `known` is NULL if the descriptor is new. */
static int on_interest(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct peer *peer = context;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(peer->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(peer->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        return -1;
    if (!known)
        curl_multi_assign(peer->multi, fd, peer);
    return 0;
}

/* Sets libcurl's only timer; -1 cancels it. */
static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct peer *peer = context;

    (void)multi;
    peer->deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    return 0;
}

static int wait_ms(const struct peer *peer)
{
    int64_t left;

    if (peer->deadline_ms < 0)
        return POLL_MS;
    left = peer->deadline_ms - now_ms();
    if (left < 0)
        return 0;
    return left < POLL_MS ? (int)left : POLL_MS;
}

static void act(struct peer *peer, curl_socket_t fd, int events)
{
    int running;

    if (curl_multi_socket_action(peer->multi, fd, events, &running) != CURLM_OK)
        errx(FAILED, "curl_multi_socket_action failed");
}

static int to_curl(uint32_t events)
{
    int what = 0;

    if (events & EPOLLIN)
        what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        what |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_ERR;
    return what;
}

static void run_epoll(struct peer *peer)
{
    struct epoll_event events[EVENTS_MAX];

    peer->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (peer->epoll < 0)
        errx(FAILED, "epoll_create1 failed");
    peer->deadline_ms = -1;
    curl_multi_setopt(peer->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
    curl_multi_setopt(peer->multi, CURLMOPT_SOCKETDATA, peer);
    curl_multi_setopt(peer->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(peer->multi, CURLMOPT_TIMERDATA, peer);
    start_transfers(peer);
    while (busy(peer)) {
        int count = epoll_wait(peer->epoll, events, EVENTS_MAX, wait_ms(peer));

        for (int i = 0; i < count; i++)
            act(peer, events[i].data.fd, to_curl(events[i].events));
        if (peer->deadline_ms >= 0 && now_ms() >= peer->deadline_ms) {
            peer->deadline_ms = -1; /* act may set it again */
            act(peer, CURL_SOCKET_TIMEOUT, 0);
        }
        reap_transfers(peer);
        start_transfers(peer);
    }
}

/* ---- the program ---------------------------------------------------------------------------- */

static void usage(void)
{
    errx(FAILED, "usage: multi [-k] [--loop perform|epoll] [--max-idle N] [CONCURRENCY] < urls");
}

static long positive(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 1 || value > 1000000)
        usage();
    return value;
}

static struct options parse(int argc, char **argv)
{
    static const struct option names[] = {
        {"loop", required_argument, NULL, 'l'},
        {"max-idle", required_argument, NULL, 'i'},
        {0},
    };
    struct options options = {.concurrency = DEFAULT_CONCURRENCY};
    int c;

    while ((c = getopt_long(argc, argv, "k", names, NULL)) != -1) {
        if (c == 'k')
            options.insecure = true;
        else if (c == 'i')
            options.max_idle = positive(optarg);
        else if (c == 'l' && !strcmp(optarg, "epoll"))
            options.epoll = true;
        else if (c != 'l' || strcmp(optarg, "perform") != 0)
            usage();
    }
    if (optind < argc)
        options.concurrency = (size_t)positive(argv[optind++]);
    if (optind < argc)
        usage();
    return options;
}

static void setup(struct peer *peer, const struct options *options)
{
    static char empty[] = "";
    size_t room = 0;
    ssize_t length;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        errx(FAILED, "curl_global_init failed");
    peer->multi = must(curl_multi_init());
    if (options->max_idle)
        curl_multi_setopt(peer->multi, CURLMOPT_MAXCONNECTS, options->max_idle);
    peer->concurrency = options->concurrency;
    peer->idle = must(calloc(peer->concurrency, sizeof *peer->idle));
    while (peer->idle_count < peer->concurrency)
        peer->idle[peer->idle_count++] = new_handle(peer, options);
    length = getdelim(&peer->list, &room, '\0', stdin);
    if (length < 0 && ferror(stdin))
        errx(FAILED, "cannot read standard input");
    peer->first = length < 0 ? empty : peer->list;
}

static void teardown(struct peer *peer)
{
    while (peer->idle_count)
        curl_easy_cleanup(peer->idle[--peer->idle_count]);
    curl_multi_cleanup(peer->multi);
    if (peer->epoll >= 0)
        close(peer->epoll);
    free(peer->idle);
    free(peer->list);
    curl_global_cleanup();
}

int main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    struct peer peer = {.epoll = -1};
    double start_s = now_s();
    size_t failed;

    setup(&peer, &options);
    if (options.epoll)
        run_epoll(&peer);
    else
        run_perform(&peer);
    printf("{\"ok\":%zu,\"failed\":%zu,\"bytes\":%llu,\"wall_s\":%.6f}\n", peer.ok, peer.failed,
           (unsigned long long)peer.bytes, now_s() - start_s);
    failed = peer.failed;
    teardown(&peer);
    return failed ? 1 : 0;
}
