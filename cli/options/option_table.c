/*
 * The rows. Rejected: a help text and a man page written by hand; an option was easily added to
 * one of them only.
 */
#include "cli/options/option_table.h"

#include <string.h>

#include "cli/options/help.h"
#include "cli/options/options.h"
#include "cli/options/readers.h"
#include "http/body/preview.h"

#define MAX_CONCURRENCY 1000000
#define MAX_FETCH_RATE  1000000
#define MAX_REQUESTS    1000000000000000
#define MAX_PIPELINE    1024
#define MAX_PROCESSES   1024
#define MAX_REPEATS     1000

/* Sets of commands. */
enum {
    FETCH = 1 << COMMAND_FETCH,
    RACE = 1 << COMMAND_RACE,
    BENCH = 1 << COMMAND_BENCH,
    ORIGIN = 1 << COMMAND_ORIGIN,
    DIFF = 1 << COMMAND_DIFF,
    SITES = FETCH | RACE,
    NONBLOCKING = FETCH | BENCH, /* without the blocking half of a race */
    CLIENTS = FETCH | RACE | BENCH,
    ALL = CLIENTS | ORIGIN | DIFF,
};

const char *const command_names[] = {[COMMAND_FETCH] = "fetch",
                                     [COMMAND_RACE] = "race",
                                     [COMMAND_BENCH] = "bench",
                                     [COMMAND_ORIGIN] = "origin",
                                     [COMMAND_DIFF] = "diff"};

const char *const group_titles[] = {
    [GROUP_SITES] = "Sites",       [GROUP_TARGETS] = "Targets",
    [GROUP_REQUESTS] = "Requests", [GROUP_BODIES] = "Bodies",
    [GROUP_LIMITS] = "Limits",     [GROUP_LOAD] = "Load",
    [GROUP_HTTP2] = "HTTP/2",      [GROUP_LENGTH] = "Length",
    [GROUP_REUSE] = "Reuse",       [GROUP_MEASURING] = "Measuring",
    [GROUP_TIMEOUTS] = "Timeouts", [GROUP_ADDRESSES] = "Addresses",
    [GROUP_TLS] = "TLS",           [GROUP_OUTPUT] = "Output",
    [GROUP_INTERNAL] = "Internal",
};

static const char *const formats[] = {"text", "table", "json", "csv", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const orders[] = {"completion", "input", NULL};
static const char *const versions[] = {"1.2", "1.3", NULL};
static const char *const arrivals[] = {"constant", "poisson", NULL};
static const char *const reports[] = {"short", "full", NULL};
static const char *const kernel_times[] = {"off", "sample", "all", NULL};

/* The reader of a row, the field in struct options, and what the reader needs to know. */
#define AT(field)               offsetof(struct options, field), sizeof((struct options){0}.field)
#define VALUE(reader, field)    reader, AT(field), 0, 0, NULL
#define SET(field, on)          read_flag, AT(field), on, 0, NULL
#define ENUM(field, value)      read_enum, AT(field), value, 0, NULL
#define FLAG(field)             SET(field, true)
#define CLEAR(field)            SET(field, false)
#define TEXT(field)             VALUE(read_text, field)
#define FILE_NAME(field)        VALUE(read_file_name, field)
#define TIME(field, least)      read_time, AT(field), least, 0, NULL
#define RATE(field, max)        read_rate, AT(field), 0, max, NULL
#define NUMBER(field, low, top) read_number, AT(field), low, top, NULL
#define CHOICE(field, words)    read_choice, AT(field), 0, 0, words
#define ACTION(reader)          reader, 0, 0, 0, 0, NULL

const struct option_row option_table[] = {
    /* sites */
    {"file", 'f', SITES, FILE_NAME(list.file), GROUP_SITES, "FILE", "sites.conf",
     .description = "read the list of sites from FILE; - is standard input",
     .foreign = "-l --list --input-file"},
    {"file", 'f', BENCH, FILE_NAME(list.file), GROUP_TARGETS, "FILE", NULL,
     .description = "read the targets of the load from FILE; - is standard input",
     .foreign = "-s --script --urls-from-file"},
    {"file", 'f', ORIGIN, FILE_NAME(list.file), GROUP_SITES, "FILE", NULL,
     .description = "serve the sites of this list"},
    {"resume", 0, FETCH, FILE_NAME(output.resume), GROUP_SITES, "STATE", NULL,
     .description = "continue a run over this list that was stopped; its state is in STATE"},
    {"rehearse", 0, SITES, FLAG(rehearse), GROUP_SITES, NULL, NULL,
     .description = "use the embedded origin server instead of the network"},
    {"rehearse", 0, BENCH, FLAG(rehearse), GROUP_TARGETS, NULL, NULL,
     .description = "measure the embedded origin server, without a network"},
    {"vs", 0, BENCH, VALUE(load_read_versus, load.versus), GROUP_TARGETS, "URL", NULL,
     .description = "with --repeat, measure this URL and the other alternately, and compare them"},
    /* requests */
    {"request", 'X', CLIENTS, VALUE(read_method, request.method), GROUP_REQUESTS, "METHOD", NULL,
     .description = "use this method instead of GET, or of POST with --data",
     .foreign = "--method"},
    {"header", 'H', CLIENTS, ACTION(read_header), GROUP_REQUESTS, "'NAME: VALUE'", NULL,
     .description = "send this header field; 'NAME:' sends none; may be repeated"},
    {"head", 'I', CLIENTS, FLAG(request.head), GROUP_REQUESTS, NULL, NULL,
     .description = "send HEAD instead of GET"},
    {"user-agent", 'A', CLIENTS, ACTION(read_user_agent), GROUP_REQUESTS, "TEXT", NULL,
     .description = "send this User-Agent field"},
    {"user", 'u', CLIENTS, TEXT(request.user), GROUP_REQUESTS, "NAME:PASSWORD", NULL,
     .description = "send Basic authorization", .foreign = "-a"},
    {"cookie", 'b', CLIENTS, VALUE(read_cookie, request.cookie), GROUP_REQUESTS, "'A=1'", NULL,
     .description = "send these cookies, separated by semicolons"},
    {"data", 'd', SITES, ACTION(read_data), GROUP_REQUESTS, "TEXT|@FILE", NULL,
     .description = "send this content; several values are joined by &",
     .foreign = "--data-raw --data-binary --data-urlencode --body"},
    {"data", 0, BENCH, ACTION(read_data), GROUP_REQUESTS, "TEXT|@FILE", NULL,
     .description = "send this content; it has no letter here, -d is the duration",
     .foreign = "-D -p --data-raw --data-binary --data-urlencode --body"},
    {"no-location", 0, FETCH, CLEAR(chain.follow), GROUP_REQUESTS, NULL, NULL,
     .description = "do not follow redirects; report them as results", .foreign = "--no-follow"},
    {"max-redirs", 0, FETCH, NUMBER(chain.max_hops, 0, 1000), GROUP_REQUESTS, "N", "10",
     .description = "follow at most this many redirects, from 0 to 1000",
     .foreign = "--max-redirects"},
    {"http1.1", 0, NONBLOCKING, ENUM(versions, HTTP_1_1_ONLY), GROUP_REQUESTS, NULL, NULL,
     .description = "use HTTP/1.1 only", .foreign = "--http1 --h1 -1"},
    {"http2", 0, FETCH, ENUM(versions, HTTP_ANY), GROUP_REQUESTS, NULL, NULL,
     .description = "offer HTTP/2 and HTTP/1.1 to https sites; the default"},
    {"http2", 0, BENCH, ENUM(versions, HTTP_2_ONLY), GROUP_REQUESTS, NULL, NULL,
     .description = "use HTTP/2; it is an error if the server does not agree", .foreign = "-2"},
    {"http2-prior-knowledge", 0, NONBLOCKING, ENUM(versions, HTTP_2_ASSUMED), GROUP_REQUESTS, NULL,
     NULL, .description = "use HTTP/2 without negotiation with http, and alone with https",
     .foreign = "--h2c"},
    /* bodies */
    {"preview", 0, SITES, NUMBER(exchange.response.preview, 1, PREVIEW_MAX_CHARACTERS),
     GROUP_BODIES, "N", "10",
     .description = "show this many characters of the body, at most 65536"},
    {"max-body", 0, SITES, VALUE(read_bytes, exchange.response.max_body), GROUP_BODIES, "BYTES",
     "1M", .description = "read at most this much of a body: 65536, 64K, 1M, 2G",
     .foreign = "--max-filesize"},
    {"until-preview", 0, SITES, FLAG(exchange.response.until_preview), GROUP_BODIES, NULL, NULL,
     .description = "read no more of a body as soon as the preview is complete"},
    /* how many at once */
    {"concurrency", 'c', SITES, NUMBER(concurrency, 1, MAX_CONCURRENCY), GROUP_LIMITS, "N", "256",
     .description = "send this many requests at once", .foreign = "--parallel-max --threads"},
    {"no-keepalive", 0, SITES, CLEAR(exchange.keep_alive), GROUP_LIMITS, NULL, NULL,
     .description = "use a new connection for each request", .foreign = "--disable-keepalive"},
    {"per-host", 0, SITES, NUMBER(per_host, 0, MAX_CONCURRENCY), GROUP_LIMITS, "N",
     "6, or 100 over HTTP/2",
     .description = "send this many requests to one host at once; 0 is no limit"},
    {"per-host-rate", 0, FETCH, RATE(per_host_rate, MAX_FETCH_RATE), GROUP_LIMITS, "RATE", NULL,
     .description = "send at most this many requests per second to one host"},
    {"rate", 'R', FETCH, RATE(rate, MAX_FETCH_RATE), GROUP_LIMITS, "RATE", NULL,
     .description = "send at most this many requests per second in total"},
    {"retry", 0, FETCH, NUMBER(chain.retries, 0, 100), GROUP_LIMITS, "N", "0",
     .description = "try a failed request again, up to this many times",
     .foreign = "--retries --tries"},
    /* the load */
    {"concurrency", 'c', BENCH, NUMBER(concurrency, 1, MAX_CONCURRENCY), GROUP_LOAD, "N", "64",
     .description = "the same as --connections"},
    {"connections", 0, BENCH, NUMBER(concurrency, 1, MAX_CONCURRENCY), GROUP_LOAD, "N", "64",
     .description = "number of connections; without a rate each is a closed loop",
     .foreign = "--clients"},
    {"rate", 'R', BENCH, RATE(load.rate, LOAD_MAX_RATE), GROUP_LOAD, "RATE", NULL,
     .description = "send this many requests per second, whatever the server does: an open loop",
     .foreign = "--qps"},
    {"arrival", 0, BENCH, CHOICE(load.run.schedule.arrival, arrivals), GROUP_LOAD,
     "constant|poisson", "constant",
     .description = "send requests of an open loop at equal or random intervals"},
    {"seed", 0, BENCH, NUMBER(load.run.schedule.seed, 0, UINT64_MAX), GROUP_LOAD, "N", "1",
     .description = "seed of all random choices; the same seed gives the same schedule"},
    {"ramp", 0, BENCH, ACTION(load_read_ramp), GROUP_LOAD, "FROM:TO/TIME", NULL,
     .description = "an open loop whose rate goes from FROM to TO in TIME, and stays there"},
    {"find-knee", 0, BENCH, ACTION(load_read_knee), GROUP_LOAD, "LIMIT", NULL,
     .description = "search for the highest rate that holds a limit, like p99=20ms"},
    {"procs", 0, BENCH, NUMBER(load.processes, 1, MAX_PROCESSES), GROUP_LOAD, "N", "1",
     .description = "share the connections and the rate among this many processes",
     .foreign = "-t --threads --cpus"},
    {"pipeline", 0, BENCH, NUMBER(load.run.pipeline, 1, MAX_PIPELINE), GROUP_LOAD, "N", "1",
     .description = "send this many requests on a connection without waiting, at most 1024"},
    {"repeat", 0, BENCH, NUMBER(load.repeat, 1, MAX_REPEATS), GROUP_LOAD, "N", "1",
     .description = "run the load this many times, at most 1000"},
    /* HTTP/2 */
    {"streams", 'm', BENCH, ACTION(load_read_streams), GROUP_HTTP2, "N", "1",
     .description = "number of requests in flight on a connection, at most 1024",
     .foreign = "--max-concurrent-streams"},
    {"window", 0, BENCH, ACTION(load_read_window), GROUP_HTTP2, "BYTES", "1M",
     .description = "flow-control window of a stream, below 2G", .foreign = "--window-bits"},
    {"header-table", 0, BENCH, ACTION(load_read_header_table), GROUP_HTTP2, "BYTES", "4K",
     .description = "size of the tables of HPACK, at most 16M; 0 is none",
     .foreign = "--header-table-size --encoder-header-table-size"},
    /* its length */
    {"requests", 'n', BENCH, NUMBER(load.run.requests, 1, MAX_REQUESTS), GROUP_LENGTH, "N", NULL,
     .description = "measure this many requests", .foreign = "--num"},
    {"duration", 'd', BENCH, load_read_duration, AT(load.run.duration), 1, 0, NULL, GROUP_LENGTH,
     "TIME", NULL, .description = "measure for this time; 10s, unless -n or --ramp sets the length",
     .foreign = "-z --timelimit"},
    {"warmup", 0, BENCH, TIME(load.run.warmup, 0), GROUP_LENGTH, "TIME", "0s",
     .description = "send requests for this time before measuring begins",
     .foreign = "--warm-up-time"},
    /* reuse of connections */
    {"requests-per-conn", 0, BENCH, NUMBER(load.run.requests_per_connection, 1, MAX_REQUESTS),
     GROUP_REUSE, "N", NULL,
     .description = "close a connection after this many requests and open another"},
    {"new-conn", 0, BENCH, FLAG(load.run.new_connections), GROUP_REUSE, NULL, NULL,
     .description = "use a new connection for each request; its time is in the latency",
     .foreign = "--disable-keepalive --no-keepalive"},
    {"tls-resume", 0, BENCH, ACTION(load_read_resume), GROUP_REUSE, "on|off|PERCENT", "off",
     .description = "share of the TLS connections that resume a session"},
    /* measuring */
    {"kernel-time", 0, BENCH, CHOICE(load.kernel_time, kernel_times), GROUP_MEASURING,
     "off|sample|all", "sample",
     .description = "use arrival times of the kernel: never, on 1 connection in 16, or on all"},
    {"slo", 0, BENCH, ACTION(load_read_slo), GROUP_MEASURING, "LIMIT,...", NULL,
     .description = "limits that must hold, like p99=5ms,errors=0.1%; otherwise exit status 4"},
    {"report", 0, BENCH, CHOICE(load.full_report, reports), GROUP_MEASURING, "short|full", "short",
     .description = "length of the text: at most 20 lines, or with histogram and connections"},
    /* timeouts */
    {"timeout", 'T', SITES, TIME(request.timeout, 1), GROUP_TIMEOUTS, "TIME", "10s",
     .description = "limit for one attempt and the redirects before it, to the last byte",
     .foreign = "--max-time"},
    {"timeout", 'T', BENCH, TIME(request.timeout, 1), GROUP_TIMEOUTS, "TIME", "10s",
     .description = "limit for one request, to the last byte of its response",
     .foreign = "--max-time"},
    {"dns-timeout", 0, CLIENTS, TIME(network.dns_timeout, 1), GROUP_TIMEOUTS, "TIME", NULL,
     .description = "limit for the name lookup"},
    {"connect-timeout", 0, CLIENTS, TIME(network.connect_timeout, 1), GROUP_TIMEOUTS, "TIME", NULL,
     .description = "limit for the connection, over all addresses and through a proxy"},
    {"tls-timeout", 0, SITES, TIME(network.tls_timeout, 1), GROUP_TIMEOUTS, "TIME", NULL,
     .description = "limit for the TLS handshake"},
    {"ttfb-timeout", 0, SITES, TIME(exchange.ttfb_timeout, 1), GROUP_TIMEOUTS, "TIME", NULL,
     .description = "limit from the request's last byte to the response's first byte"},
    /* addresses */
    {"ipv4", '4', NONBLOCKING, FLAG(network.ipv4_only), GROUP_ADDRESSES, NULL, NULL,
     .description = "use only IPv4 addresses"},
    {"ipv6", '6', NONBLOCKING, FLAG(network.ipv6_only), GROUP_ADDRESSES, NULL, NULL,
     .description = "use only IPv6 addresses"},
    {"interface", 0, FETCH, VALUE(read_texts, network.interfaces), GROUP_ADDRESSES, "NAME|ADDRESS",
     NULL, .description = "connect from this device or address"},
    {"interface", 0, BENCH, VALUE(read_texts, network.interfaces), GROUP_ADDRESSES, "NAME|ADDRESS",
     NULL, .description = "connect from this device or address; several are used in rotation"},
    {"unix-socket", 0, NONBLOCKING, FILE_NAME(network.unix_socket), GROUP_ADDRESSES, "PATH", NULL,
     .description = "make every connection to this Unix socket"},
    {"resolve", 0, NONBLOCKING, ACTION(read_resolve), GROUP_ADDRESSES, "HOST:PORT:ADDRESS", NULL,
     .description = "use this address, or several with commas; * is any host; may be repeated"},
    {"connect-to", 0, NONBLOCKING, ACTION(read_connect_to), GROUP_ADDRESSES, "HOST:PORT:HOST:PORT",
     NULL, .description = "connect to the second host and port instead; may be repeated"},
    {"dns-servers", 0, NONBLOCKING, VALUE(read_servers, network.dns_servers), GROUP_ADDRESSES,
     "ADDRESS,...", NULL, .description = "use these nameservers instead of the system's"},
    {"proxy", 'x', FETCH, VALUE(read_proxy, network.proxy), GROUP_ADDRESSES, "URL", NULL,
     .description = "use an http, socks5 or socks5h proxy; an empty URL is none"},
    {"noproxy", 0, FETCH, TEXT(network.noproxy), GROUP_ADDRESSES, "HOST,...", NULL,
     .description = "use no proxy for these names, addresses or networks; * is all"},
    /* TLS */
    {"insecure", 'k', CLIENTS, FLAG(network.trust.insecure), GROUP_TLS, NULL, NULL,
     .description = "do not verify certificates"},
    {"cacert", 0, CLIENTS, FILE_NAME(network.trust.authorities_file), GROUP_TLS, "FILE", NULL,
     .description = "trust the certificates of this PEM file instead of the system's"},
    {"capath", 0, CLIENTS, FILE_NAME(network.trust.authorities_directory), GROUP_TLS, "DIR", NULL,
     .description = "trust the certificates of a directory made by openssl rehash"},
    {"cert", 0, CLIENTS, FILE_NAME(network.trust.certificate), GROUP_TLS, "FILE", NULL,
     .description = "use this client certificate (PEM)"},
    {"key", 0, CLIENTS, FILE_NAME(network.trust.key), GROUP_TLS, "FILE", NULL,
     .description = "the private key of --cert, if it is in another file (PEM)"},
    {"tls-min", 0, CLIENTS, read_choice, AT(network.trust.min_version), 12, 0, versions, GROUP_TLS,
     "1.2|1.3", NULL, .description = "lowest TLS version that is accepted"},
    {"tls-max", 0, CLIENTS, read_choice, AT(network.trust.max_version), 12, 0, versions, GROUP_TLS,
     "1.2|1.3", NULL, .description = "highest TLS version that is accepted"},
    {"sni", 0, CLIENTS, TEXT(network.trust.sni), GROUP_TLS, "NAME", NULL,
     .description = "send this server name instead of the host; an empty NAME sends none"},
    {"tls-timeout", 0, BENCH, TIME(network.tls_timeout, 1), GROUP_TLS, "TIME", NULL,
     .description = "limit for the TLS handshake"},
    {"cert-warn", 0, SITES, VALUE(read_days, output.cert_warn_days), GROUP_TLS, "DAYS", NULL,
     .description = "mark certificates that expire in fewer days: 30d"},
    /* output */
    {"format", 0, SITES, CHOICE(output.format, formats), GROUP_OUTPUT, "text|table|json|csv",
     "text", .description = "format of the results"},
    {"format", 0, BENCH, CHOICE(output.format, formats), GROUP_OUTPUT, "text|json|csv", "text",
     .description = "format of the report; csv has only the intervals", .foreign = "-e"},
    {"hlog", 0, BENCH, FILE_NAME(load.hlog), GROUP_OUTPUT, "FILE", NULL,
     .description = "write the intervals as an HdrHistogram log"},
    {"format", 0, DIFF, CHOICE(output.format, formats), GROUP_OUTPUT, "text|json", "text",
     .description = "format of the report"},
    {"fields", 0, SITES, VALUE(read_fields, output.fields), GROUP_OUTPUT, "NAME,...", NULL,
     .description = "write these fields in this order; 'help' lists them",
     .foreign = "-w --write-out"},
    {"output", 'o', NONBLOCKING, FILE_NAME(output.file), GROUP_OUTPUT, "FILE", NULL,
     .description = "write to FILE, which is replaced when the run is complete"},
    {"append", 0, NONBLOCKING, FLAG(output.append), GROUP_OUTPUT, NULL, NULL,
     .description = "add whole lines at the end of the --output file instead"},
    {"order", 0, SITES, CHOICE(output.input_order, orders), GROUP_OUTPUT, "completion|input",
     "completion", .description = "order of the lines: as sites finish, or as in the list"},
    {"tcp-info", 0, SITES, FLAG(exchange.tcp_facts), GROUP_OUTPUT, NULL, NULL,
     .description = "add the kernel's statistics of each connection"},
    {"fail", 0, SITES, FLAG(output.fail), GROUP_OUTPUT, NULL, NULL,
     .description = "a status of 400 or higher is a failure"},
    {"quiet", 'q', CLIENTS, FLAG(output.quiet), GROUP_OUTPUT, NULL, NULL,
     .description = "print only errors that end the run on standard error",
     .foreign = "-s --silent --no-tui"},
    {"color", 0, CLIENTS, CHOICE(output.color, colors), GROUP_OUTPUT, "auto|always|never", "auto",
     .description = "use colours: on a terminal, always or never"},
    {"verbose", 'v', FETCH, FLAG(network.verbose), GROUP_OUTPUT, NULL, NULL,
     .description = "show each request and response head on standard error"},
    {"help", 'h', ALL, ACTION(print_help), GROUP_OUTPUT, NULL, NULL,
     .description = "print the options of the command"},
    {"version", 'V', ALL, ACTION(print_version), GROUP_OUTPUT, NULL, NULL,
     .description = "print the versions of firstbyte and its libraries"},
    /* internal */
    {"lifeline", 0, ORIGIN, FLAG(lifeline), GROUP_INTERNAL, NULL, NULL,
     .description = "end when standard input is closed"},
};

const size_t option_count = sizeof(option_table) / sizeof(*option_table);

unsigned option_commands(const char *name)
{
    unsigned commands = 0;

    for (size_t i = 0; i < option_count; i++)
        if (!strcmp(option_table[i].name, name))
            commands |= option_table[i].commands;
    return commands;
}
