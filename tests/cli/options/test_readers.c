/* Values of options: valid and invalid ones. */
#include "tests/support/command_line.h"

#include <unistd.h>

#include "cli/options/readers.h"

/* A number is written to a field of the width in its row, and not beyond it. */
static void numbers_fill_their_field(void **state)
{
    static const bool flag = true;
    static const unsigned narrow = 1;
    static const uint64_t wide = 1;
    static const struct {
        size_t width;
        const void *one;
    } fields[] = {{sizeof(flag), &flag}, {sizeof(narrow), &narrow}, {sizeof(wide), &wide}};

    (void)state;
    for (size_t i = 0; i < LENGTH(fields); i++) {
        unsigned char field[2 * sizeof(uint64_t)] __attribute__((aligned(8)));
        const struct option_row row = {.bytes = fields[i].width, .high = 1};
        const struct given given = {.option = "--x", .value = "1", .to = field, .row = &row};

        memset(field, 0xaa, sizeof(field));
        assert_true(read_number(&given));
        assert_memory_equal(field, fields[i].one, fields[i].width);
        for (size_t k = fields[i].width; k < sizeof(field); k++)
            assert_int_equal(field[k], 0xaa);
    }
}

static void rates_are_limited(void **state)
{
    double rate;

    (void)state;
    assert_true(rate_parse("600/m", 10, &rate) && rate == 10);
    assert_false(rate_parse("601/m", 10, &rate));
    assert_true(rate_parse("0.0417/h", 10, &rate));
    assert_false(rate_parse("0.0416/h", 10, &rate)); /* less than one a day */
}

static void texts_are_kept_in_order(void **state)
{
    struct texts texts = {0};

    (void)state;
    texts_add(&texts, "a");
    texts_add(&texts, "b");
    assert_int_equal(texts.count, 2);
    assert_string_equal(texts.list[0], "a");
    assert_string_equal(texts.list[1], "b");
    texts_free(&texts);
    assert_int_equal(texts.count, 0);
    assert_null(texts.list);
}

/* The error shows the value unless it is NULL. */
static void a_refusal_is_printed(void **state)
{
    (void)state;
    stderr_capture_begin();
    assert_false(refuse("--a", "b", "c"));
    assert_false(refuse("--a", NULL, "c"));
    assert_string_equal(stderr_capture_end(), "firstbyte: --a b: c\nfirstbyte: --a: c\n");
}

static void test_rates(void **state)
{
    static const struct {
        const char *value;
        double rate;
    } rates[] = {
        {"20", 20},          {"0.5", 0.5},
        {".5", 0.5},         {"5.", 5},
        {"3/s", 3},          {"30/m", 0.5},
        {"36/h", 0.01},      {"1000000", 1e6},
        {"60000000/m", 1e6}, {"0.0417/h", 0.0417 / 3600},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(rates); i++) {
        char line[64];
        struct options options;

        snprintf(line, sizeof(line), "--rate %s --per-host-rate %s", rates[i].value,
                 rates[i].value);
        options = read_valid(line);
        assert_true(options.rate == rates[i].rate && options.per_host_rate == rates[i].rate);
        options_free(&options);
    }
}

static void test_bytes(void **state)
{
    static const struct {
        const char *value;
        uint64_t bytes;
    } sizes[] = {
        {"0", 0},
        {"65536", 65536},
        {"64K", 65536},
        {"1M", 1048576},
        {"2G", UINT64_C(2) << 30},
        {"1024G", UINT64_C(1) << 40},
        {"007", 7},
        {"1099511627776", UINT64_C(1) << 40},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        char line[64];
        struct options options;

        snprintf(line, sizeof(line), "--max-body %s", sizes[i].value);
        options = read_valid(line);
        assert_true(options.exchange.response.max_body == sizes[i].bytes);
        options_free(&options);
    }
}

/* The address of --resolve for a host on port 80; "": none. */
static const char *resolved(const struct options *options, const char *host)
{
    static char text[ADDRESS_TEXT_BYTES];
    struct address address;

    return routes_addresses(options->network.routes, host, 80, &address, 1)
               ? address_text(&address, text)
               : "";
}

static void test_requests(void **state)
{
    const char *host;
    uint16_t port;
    struct options o = read_valid("-X PURGE -H A:_1 --header A:2 -A me/1_(x) -H Accept:");

    (void)state;
    assert_string_equal(o.request.method, "PURGE");
    assert_string_equal(o.request.headers, "A: 1\r\nA:2\r\nUser-Agent: me/1 (x)\r\nAccept:\r\n");
    options_free(&o);
    o = read_valid("--request M-SEARCH --user-agent me");
    assert_string_equal(o.request.method, "M-SEARCH");
    assert_string_equal(o.request.headers, "User-Agent: me\r\n");
    options_free(&o);
    o = read_valid("--resolve a:80:127.0.0.1 --resolve b:80:::1 --connect-to a:1:b:2 "
                   "-x http://a:1");
    assert_string_equal(o.network.proxy, "http://a:1");
    assert_string_equal(resolved(&o, "a"), "127.0.0.1:80");
    assert_string_equal(resolved(&o, "b"), "[::1]:80");
    assert_string_equal(resolved(&o, "c"), "");
    assert_true(routes_connect_to(o.network.routes, "a", 1, &host, &port));
    assert_string_equal(host, "b");
    assert_int_equal(port, 2);
    assert_false(routes_connect_to(o.network.routes, "c", 1, &host, &port));
    options_free(&o);
    o = read_valid("--dns-servers 127.0.0.1:53,[::1]");
    assert_string_equal(o.network.dns_servers, "127.0.0.1:53,[::1]");
    options_free(&o);
}

/* --data: from the command line and from a file, which may have any bytes, joined by "&". */
static void test_data(void **state)
{
    char path[256], line[512];
    int fd = unit_file(path, sizeof(path));
    struct options o;

    (void)state;
    assert_int_equal(write(fd, "x\0\n", 3), 3);
    close(fd);
    for (char *at = path; *at; at++)
        if (*at == '_')
            skip(); /* read_line turns `_` into a space */
    o = read_valid("-d a=1");
    assert_int_equal(o.request.content->count, 3);
    assert_memory_equal(o.request.content->bytes, "a=1", 3);
    assert_int_equal(o.request.content->references, 1);
    options_free(&o);
    snprintf(line, sizeof(line), "-d a=1 --data @%s -d %%26 --data=", path);
    o = read_valid(line);
    assert_int_equal(o.request.content->count, 12);
    assert_memory_equal(o.request.content->bytes, "a=1&x\0\n&%26&", 12);
    options_free(&o);
    snprintf(line, sizeof(line), "-d @%s", path);
    assert_int_equal(truncate(path, 0), 0);
    o = read_valid(line);
    assert_int_equal(o.request.content->count, 0);
    options_free(&o);
    unlink(path);
}

/* Each line has its own error. */
static void values_are_refused(void **state)
{
    static const struct refused_line refused[] = {
        {"-T 5", "--timeout 5: not a duration"},
        {"-T 0s", "--timeout 0s: not a duration"},
        {"-T -1s", "--timeout -1s: not a duration"},
        {"--timeout=never", "--timeout never: not a duration"},
        {"--timeout=", "--timeout : not a duration"},
        {"--dns-timeout 5", "--dns-timeout 5: not a duration"},
        {"--connect-timeout x", "--connect-timeout x: not a duration"},
        {"--tls-timeout 0s", "--tls-timeout 0s: not a duration"},
        {"--ttfb-timeout s", "--ttfb-timeout s: not a duration"},
        {"-c 0", "--concurrency 0: not a number from 1 to 1000000"},
        {"-c x", "--concurrency x: not a number"},
        {"-c 1000001", "--concurrency 1000001: not a number"},
        {"--per-host -1", "--per-host -1: not a number from 0 to 1000000"},
        {"--retry 101", "--retry 101: not a number from 0 to 100"},
        {"--max-redirs 1001", "--max-redirs 1001: not a number from 0 to 1000"},
        {"--preview 0", "--preview 0: not a number from 1 to"},
        {"--preview 99999999", "--preview 99999999: not a number from 1 to"},
        {"--rate 0", "--rate 0: not a rate"},
        {"--rate -1", "--rate -1: not a rate"},
        {"--rate 1e3", "--rate 1e3: not a rate"},
        {"--rate inf", "--rate inf: not a rate"},
        {"--rate nan", "--rate nan: not a rate"},
        {"--rate 0x10", "--rate 0x10: not a rate"},
        {"--rate +5", "--rate +5: not a rate"},
        {"--rate _5", "--rate  5: not a rate"},
        {"--rate .", "--rate .: not a rate"},
        {"--rate 1.2.3", "--rate 1.2.3: not a rate"},
        {"--rate /m", "--rate /m: not a rate"},
        {"--rate 5/d", "--rate 5/d: not a rate"},
        {"--rate 5m", "--rate 5m: not a rate"},
        {"--rate 1000001", "--rate 1000001: not a rate"},
        {"--rate 0.00001", "--rate 0.00001: not a rate"},
        {"--rate=", "--rate : not a rate"},
        {"--per-host-rate 0/h", "--per-host-rate 0/h: not a rate"},
        {"--max-body x", "--max-body x: not a size"},
        {"--max-body -1", "--max-body -1: not a size"},
        {"--max-body +1", "--max-body +1: not a size"},
        {"--max-body _1", "--max-body  1: not a size"},
        {"--max-body 1k", "--max-body 1k: not a size"},
        {"--max-body 1KB", "--max-body 1KB: not a size"},
        {"--max-body 1.5M", "--max-body 1.5M: not a size"},
        {"--max-body 1025G", "--max-body 1025G: not a size"},
        {"--max-body 1099511627777", "--max-body 1099511627777: not a size"},
        {"--max-body 99999999999999999999", "--max-body 99999999999999999999: not a size"},
        {"--max-body 18014398509481985K", "--max-body 18014398509481985K: not a size"},
        {"--max-body K", "--max-body K: not a size"},
        {"--max-body=", "--max-body : not a size"},
        {"-X G:T", "--request G:T: not a method"},
        {"-X CONNECT", "--request CONNECT: not a method"},
        {"-X=", "--request =: not a method"},
        {"-H A", "--header A: a header field is \"Name: value\""},
        {"-H :b", "--header: a header field is \"Name: value\""},
        {"-H content-length:5", "--header content-length: the framing"},
        {"-H Transfer-Encoding:chunked", "--header Transfer-Encoding: the framing"},
        {"-H A_:b", "--header A : the header's name has a forbidden character"},
        {"-H A:\x01", "the value has a control character"},
        {"-H A:b\r\nC:d", "the value has a control character"},
        {"-A a\x7f", "the value has a control character"},
        {"-b a=\x01", "the value has a control character"},
        {"-d @/nowhere/x", "--data /nowhere/x: No such file or directory"},
        {"-d @/", "--data /: Is a directory"},
        {"-d a -d @", "--data: the name of a file is empty"},
        {"--format xml", "--format xml: must be text, table, json or csv"},
        {"--format=", "--format : must be text"},
        {"--color yes", "--color yes: must be auto, always or never"},
        {"--order up", "--order up: must be completion or input"},
        {"--fields url,nothing", "--fields nothing: no such field"},
        {"--cert-warn 0", "--cert-warn 0: not a number of days"},
        {"--cert-warn d", "--cert-warn d: not a number of days"},
        {"--cert-warn 30dd", "--cert-warn 30dd: not a number of days"},
        {"--cert-warn 36501", "--cert-warn 36501: not a number of days"},
        {"--cert-warn 99999999999999999999d", "not a number of days"},
        {"--tls-min 1.1", "--tls-min 1.1: must be 1.2 or 1.3"},
        {"--tls-max 13", "--tls-max 13: must be 1.2 or 1.3"},
        {"--dns-servers nothing", "--dns-servers nothing: "},
        {"--output=", "--output: the name of a file is empty"},
        {"--resume=", "--resume: the name of a file is empty"},
        {"--file=", "--file: the name of a file is empty"},
        {"--file= http://a/", "--file: the name of a file is empty"},
        {"--unix-socket=", "--unix-socket: the name of a file is empty"},
        {"--cacert=", "--cacert: the name of a file is empty"},
        {"--capath=", "--capath: the name of a file is empty"},
        {"--cert=", "--cert: the name of a file is empty"},
        {"--cert c --key=", "--key: the name of a file is empty"},
        {"--rehearse -x a:1", "--proxy: a rehearsal connects only to"},
        {"-x https://a:b@c:1", "firstbyte: --proxy: TLS to the proxy"},
        {"-x socks4://a:1", "firstbyte: --proxy: SOCKS4"},
        {"--resolve a:80", "--resolve a:80: the form is HOST:PORT:ADDRESS"},
        {"--resolve a:80:b", "--resolve a:80:b: not a numeric address"},
        {"--connect-to a:1", "--connect-to a:1: the form is HOST1:PORT1"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_fill_their_field),
        cmocka_unit_test(rates_are_limited),
        cmocka_unit_test(texts_are_kept_in_order),
        cmocka_unit_test(a_refusal_is_printed),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_data),
        cmocka_unit_test(values_are_refused),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
