/*
 * Compare this with http/conn.c and http/exchange.c: the same steps in the same order, on one call
 * stack. A state there is a line here; an event there is the return of a call here.
 *
 * Names are resolved by the C library with getaddrinfo_a, which accepts a timeout. In a rehearsal
 * they are resolved by one datagram to the embedded nameserver and a blocking receive.
 */
#include "cli/race/blocking.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "dns/message.h"
#include "http/h1/h1_parser.h"
#include "http/request.h"

#define BUFFER_BYTES (64 * 1024)

/* One fetch in progress. */
struct blocking_call {
    struct blocking *blocking;
    const struct site *site;
    struct result *result;
    nsec total;               /* deadline of the fetch */
    nsec limit;               /* deadline of the phase, or of the fetch if that is earlier */
    enum error timeout_error; /* the error if `limit` has passed */
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    size_t address_count;
    struct sock *sock;
    struct transport *transport;
    struct h1_parser parser;
};

static bool failed(struct blocking_call *call, enum error error, const char *detail)
{
    call->result->error = error;
    call->result->detail = detail;
    return false;
}

/* Begins a phase: calls block at most until its limit, and an error belongs to it. */
static void begin(struct blocking_call *call, enum phase phase, nsec timeout,
                  enum error timeout_error)
{
    nsec end = clock_after(clock_now(), timeout);

    call->result->phase = phase;
    call->limit = end < call->total ? end : call->total;
    call->timeout_error = end < call->total ? timeout_error : ERROR_TOTAL_TIMEOUT;
    if (call->sock)
        call->sock->deadline = call->limit;
}

static bool interrupted(struct blocking_call *call)
{
    return *call->blocking->interrupted && !failed(call, ERROR_INTERRUPTED, NULL);
}

/* Records the error of a read or write. */
static bool failed_io(struct blocking_call *call, struct io io, enum error error)
{
    const char *why = call->transport->why;

    if (io.status == IO_WANT_READ || io.status == IO_WANT_WRITE)
        return failed(call, call->timeout_error, NULL);
    return failed(call, error, why ? why : errno_words(io.error));
}

static struct timespec remaining(nsec limit)
{
    nsec now = clock_now(), left = limit > now ? limit - now : 0;

    if (left > 1000 * NSEC_PER_S)
        left = 1000 * NSEC_PER_S;
    return (struct timespec){(time_t)(left / NSEC_PER_S), (long)(left % NSEC_PER_S)};
}

/* A lookup by getaddrinfo_a. It cannot be ended: after its timeout it is left running. */
struct blocking_lookup {
    struct gaicb request;
    struct addrinfo hints;
    struct blocking_lookup *next; /* list of lookups left running */
    char *name;
};

static enum error error_of_status(int status, enum error timeout_error)
{
    switch (status) {
    case 0: return ERROR_NONE;
    case EAI_NONAME: return ERROR_DNS_NXDOMAIN;
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return ERROR_DNS_NO_ADDRESS;
    case EAI_AGAIN: return ERROR_DNS_TIMEOUT;
    case EAI_FAIL: return ERROR_DNS_SERVFAIL;
    case EAI_CANCELED: return timeout_error;
    default: return ERROR_DNS_FAILED;
    }
}

/* Waits for the answer. False if the lookup is left running. */
static bool wait_for_system(struct blocking_lookup *lookup, const struct blocking_call *call)
{
    const struct gaicb *const list[] = {&lookup->request};
    struct timespec span = remaining(call->limit);

    gai_suspend(list, 1, &span);
    return gai_error(&lookup->request) != EAI_INPROGRESS ||
           gai_cancel(&lookup->request) == EAI_CANCELED;
}

static void take_system_answer(struct blocking_call *call, const struct blocking_lookup *lookup)
{
    for (struct addrinfo *info = lookup->request.ar_result;
         info && call->address_count < RESOLVER_MAX_ADDRESSES; info = info->ai_next) {
        struct address *address = &call->addresses[call->address_count];

        if (info->ai_addrlen > sizeof(address->v6))
            continue;
        address->length = info->ai_addrlen;
        memcpy(&address->any, info->ai_addr, info->ai_addrlen);
        call->address_count++;
    }
    freeaddrinfo(lookup->request.ar_result);
}

static enum error resolve_by_system(struct blocking_call *call)
{
    static struct blocking_lookup *left_running; /* keeps them reachable */
    struct blocking_lookup *lookup = memory_zeroed(sizeof(*lookup));
    int status;

    lookup->name = memory_text(call->site->url.host, strlen(call->site->url.host));
    lookup->hints.ai_socktype = SOCK_STREAM;
    lookup->request = (struct gaicb){.ar_name = lookup->name, .ar_request = &lookup->hints};
    status = getaddrinfo_a(GAI_NOWAIT, (struct gaicb *[]){&lookup->request}, 1, NULL);
    if (!status && !wait_for_system(lookup, call)) {
        lookup->next = left_running;
        left_running = lookup;
        return *call->blocking->interrupted ? ERROR_INTERRUPTED : call->timeout_error;
    }
    if (!status)
        status = gai_error(&lookup->request);
    if (!status)
        take_system_answer(call, lookup);
    free(lookup->name);
    free(lookup);
    return *call->blocking->interrupted ? ERROR_INTERRUPTED
                                        : error_of_status(status, call->timeout_error);
}

/* Sends a query and waits for its answer. */
static enum error query_nameserver(struct blocking_call *call, int fd)
{
    unsigned char message[DNS_MAX_BYTES];
    uint16_t id = (uint16_t)(clock_now() >> 10);
    size_t length = dns_write_question(call->site->url.host, id, message);
    enum resolve_status status;
    ssize_t count;

    if (!length)
        return ERROR_DNS_BAD_NAME;
    if (send(fd, message, length, 0) < 0)
        return ERROR_DNS_UNREACHABLE;
    do {
        if (!sock_limit_call(fd, SO_RCVTIMEO, call->limit))
            return call->timeout_error;
        count = recv(fd, message, sizeof(message), 0);
        if (count < 0 && errno != EAGAIN) /* EAGAIN may come a few milliseconds early */
            return errno == EINTR ? ERROR_INTERRUPTED : ERROR_DNS_UNREACHABLE;
    } while (count < 2 || message[0] != id >> 8 || message[1] != (id & 255));
    status = dns_read_answer(message, (size_t)count, id, call->addresses, RESOLVER_MAX_ADDRESSES,
                             &call->address_count);
    return error_of_lookup(status);
}

static enum error resolve_by_nameserver(struct blocking_call *call,
                                        const struct address *nameserver)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum error error;

    if (fd < 0)
        return error_of_connect(errno);
    error = connect(fd, &nameserver->any, nameserver->length) ? ERROR_DNS_UNREACHABLE
                                                              : query_nameserver(call, fd);
    close(fd);
    return error;
}

static bool resolve(struct blocking_call *call)
{
    const struct dialer *dialer = call->blocking->dialer;
    enum error error;

    begin(call, PHASE_DNS, dialer->dns_timeout, ERROR_DNS_TIMEOUT);
    if (call->site->url.numeric) {
        call->address_count = 1;
        return address_parse(&call->addresses[0], call->site->url.host, 0);
    }
    if (interrupted(call))
        return false;
    error = dialer->map ? resolve_by_nameserver(call, &dialer->map->nameserver)
                        : resolve_by_system(call);
    if (error)
        return failed(call, error, NULL);
    call->result->stamps.dns = clock_now();
    return true;
}

static bool connect_socket(struct blocking_call *call)
{
    const struct dialer *dialer = call->blocking->dialer;
    const struct url *url = &call->site->url;
    int error = 0;

    begin(call, PHASE_CONNECT, dialer->connect_timeout, ERROR_CONNECT_TIMEOUT);
    for (size_t i = 0; i < call->address_count && !call->sock; i++) {
        if (interrupted(call))
            return false;
        call->result->address = call->addresses[i];
        dialer_set_destination(dialer, &call->result->address, url->https, url->port, url->numeric);
        call->sock = sock_connect_blocking(&call->result->address, call->limit, &error);
    }
    if (!call->sock && error == ETIMEDOUT && clock_now() >= call->limit)
        return failed(call, call->timeout_error, NULL);
    if (!call->sock)
        return failed(call, error_of_connect(error), errno_words(error));
    call->result->stamps.connect = clock_now();
    return true;
}

static bool do_handshake(struct blocking_call *call)
{
    struct dialer *dialer = call->blocking->dialer;
    const struct url *url = &call->site->url;
    const struct dial_peer peer = {.host = url->host, .port = url->port, .https = url->https};
    struct io io;

    begin(call, PHASE_TLS, dialer->tls_timeout, ERROR_TLS_TIMEOUT);
    call->transport = dialer->open(dialer->open_owner, call->sock, &peer);
    if (!call->transport)
        return failed(call, ERROR_TLS_FAILED, "TLS cannot start");
    if (interrupted(call))
        return false;
    io = call->transport->calls->handshake(call->transport);
    if (io.status == IO_EOF)
        return failed(call, ERROR_TLS_CLOSED, NULL);
    if (io.status != IO_OK)
        return failed_io(call, io, error_of_handshake(io.error));
    call->transport->calls->facts(call->transport, &call->result->tls);
    if (url->https)
        call->result->stamps.tls = clock_now();
    return true;
}

/* Writes all bytes. */
static bool write_all(struct blocking_call *call, const char *bytes, size_t length)
{
    struct io io = {.status = IO_OK};

    for (size_t sent = 0; sent < length && io.status == IO_OK; sent += io.count)
        io = call->transport->calls->write(call->transport, bytes + sent, length - sent);
    return io.status == IO_OK || failed_io(call, io, error_of_send(io.error));
}

static bool write_request(struct blocking_call *call)
{
    struct request request = request_of(call->site);
    const struct content *content = request.content;
    size_t length;
    char *head = request_build(&request, &length);
    bool written;

    begin(call, PHASE_SEND, NSEC_NEVER, ERROR_TOTAL_TIMEOUT);
    written = write_all(call, head, length) &&
              (!content || write_all(call, content->bytes, content->count));
    free(head);
    if (written)
        call->result->stamps.send = clock_now();
    return written;
}

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct blocking_call *call = owner;

    response_field(&call->blocking->response, name, name_bytes, value, value_bytes);
}

static void on_head(void *owner, const struct h1_parser *parser)
{
    struct blocking_call *call = owner;

    const struct status_line line = {parser->status, parser->major, parser->minor, NULL, 0};

    response_head(&call->blocking->response, &line);
    call->result->stamps.head = clock_now();
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    struct blocking_call *call = owner;

    response_body(&call->blocking->response, bytes, count);
}

/* Reads once and parses. False if the response is complete or failed. */
static bool read_some(struct blocking_call *call, unsigned char *buffer)
{
    struct stamps *stamps = &call->result->stamps;
    enum h1_status status;
    size_t used;
    struct io io;

    if (interrupted(call))
        return false;
    io = call->transport->calls->read(call->transport, buffer, BUFFER_BYTES);
    if (io.status == IO_OK && !stamps->first_byte) {
        stamps->first_byte = clock_now();
        begin(call, PHASE_RECEIVE, NSEC_NEVER, ERROR_TOTAL_TIMEOUT);
    }
    if (io.status == IO_OK)
        status = h1_parser_feed(&call->parser, buffer, io.count, &used);
    else if (io.status == IO_EOF && stamps->first_byte)
        status = h1_parser_finish(&call->parser);
    else if (io.status == IO_EOF)
        return failed(call, ERROR_EMPTY, NULL);
    else
        return failed_io(call, io, error_of_receive(io.error, stamps->first_byte));
    if (status == H1_MORE && call->blocking->response.enough)
        return false;
    return status == H1_MORE ||
           (status != H1_DONE &&
            failed(call, error_of_h1(status),
                   status == H1_MALFORMED ? h1_parser_why(&call->parser) : NULL));
}

static void read_response(struct blocking_call *call)
{
    static const struct h1_events events = {.field = on_field, .head = on_head, .body = on_body};
    const struct exchange_options *options = call->blocking->options;
    unsigned char *buffer = memory_get(BUFFER_BYTES);

    begin(call, PHASE_WAIT, options->ttfb_timeout, ERROR_TTFB_TIMEOUT);
    h1_parser_start_response(&call->parser, !strcmp(site_method(call->site), "HEAD"), &events,
                             call);
    while (read_some(call, buffer))
        ;
    h1_parser_free(&call->parser);
    free(buffer);
}

/* Closes the connection and completes the result. */
static void conclude(struct blocking_call *call)
{
    struct result *result = call->result;
    struct response *response = &call->blocking->response;
    enum error error;

    if (response->enough && !call->parser.done)
        result->truncated = response->preview_started;
    error = response_finish(response, !result->error && !result->truncated);
    if (error && !result->error)
        failed(call, error, result->coding);
    if (call->blocking->options->tcp_facts && call->sock)
        result->tcp = sock_tcp_facts(call->sock);
    result->stamps.done = clock_now();
    if (call->transport)
        call->transport->calls->close(call->transport);
    sock_close(call->sock, NULL);
}

void blocking_fetch(struct blocking *blocking, const struct site *site, struct result *result)
{
    nsec now = clock_now();
    struct blocking_call call = {.blocking = blocking, .site = site, .result = result};

    *result = (struct result){
        .site = site, .url = site->url.shown, .stamps = {.taken = now, .start = now}};
    response_start(&blocking->response, &blocking->options->response, result);
    call.total = clock_after(now, site->timeout);
    if (resolve(&call) && connect_socket(&call) && do_handshake(&call) && write_request(&call))
        read_response(&call);
    conclude(&call);
}

void blocking_clear(struct blocking *blocking, struct result *result)
{
    response_free(&blocking->response);
    tls_certificate_drop(result->tls.certificate);
    result->tls.certificate = NULL;
}
