/* Answers of nameservers: which parts are used, and what c-ares gets. */
#include "tests/support/unit.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/answer.h"

/* Parts of a message, without a NUL at the end. */
#define HEAD(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define OK(an, ns, ar)              HEAD("\x81\x80", "\1", an, ns, ar)
#define NAME                        "\1a\4test\0"
#define QUESTION                    NAME "\0\1\0\1"
#define QUESTION6                   NAME "\0\x1c\0\1"
#define P                           "\xc0\x0c"
#define RECORD(type, ttl, data)     "\0" type "\0\1\0\0\0" ttl data
#define A(byte)                     P RECORD("\1", "\x3c", "\0\4\x7f\0\0" byte)
#define ZEROS                       "\0\0\0\0\0"
#define AAAA(byte)                  P RECORD("\x1c", "\x3c", "\0\x10" ZEROS ZEROS ZEROS byte)
#define OPT                         "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define SOA_CUT                                                                                    \
    P RECORD("\6", "\x3c",                                                                         \
             "\0\x20"                                                                              \
             "abc")
#define FOUR(a, b, c, d)      A(a) A(b) A(c) A(d)
#define SIX(a, b, c, d, e, f) AAAA(a) AAAA(b) AAAA(c) AAAA(d) AAAA(e) AAAA(f)

struct text {
    const char *bytes;
    size_t count;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define OF(literal) (struct text) TEXT(literal)
#define BYTES(text) (const unsigned char *)(text).bytes, (text).count

static const struct {
    const char *name;
    struct text message;
    const char *found; /* NULL: malformed */
    unsigned ttl;
} cases[] = {
    {"one address", TEXT(OK("\1", "\0", "\0") QUESTION A("\1")), "127.0.0.1", 60},
    {"no record", TEXT(OK("\0", "\0", "\0") QUESTION), "", 0},
    {"bytes after it", TEXT(OK("\1", "\0", "\0") QUESTION A("\1") "junk"), "127.0.0.1", 60},
    {"only bytes after it", TEXT(OK("\0", "\0", "\0") QUESTION A("\1")), "", 0},
    {"the record count is too low", TEXT(OK("\1", "\0", "\0") QUESTION A("\1") A("\2")),
     "127.0.0.1", 60},
    {"the record count is too high", TEXT(OK("\3", "\0", "\0") QUESTION A("\1") A("\2")),
     "127.0.0.1 127.0.0.2", 60},
    {"ARCOUNT is too high", TEXT(OK("\1", "\0", "\3") QUESTION A("\1")), "127.0.0.1", 60},
    {"ARCOUNT is too low", TEXT(OK("\1", "\0", "\0") QUESTION A("\1") OPT), "127.0.0.1", 60},
    {"NSCOUNT is too high", TEXT(OK("\1", "\7", "\0") QUESTION A("\1")), "127.0.0.1", 60},
    {"the additional section is truncated", TEXT(OK("\1", "\0", "\1") QUESTION A("\1") "\0\0\x29"),
     "127.0.0.1", 60},
    {"the authority section is truncated", TEXT(OK("\1", "\1", "\0") QUESTION A("\1") SOA_CUT),
     "127.0.0.1", 60},
    {"the authority section is truncated, no address", TEXT(OK("\0", "\1", "\0") QUESTION SOA_CUT),
     "", 0},
    {"the second record is truncated", TEXT(OK("\2", "\0", "\0") QUESTION A("\1") P "\0\1\0"),
     "127.0.0.1", 60},
    {"the only record is truncated", TEXT(OK("\1", "\0", "\0") QUESTION P "\0\1\0\1\0\0"), NULL, 0},
    {"a record count without records", TEXT(OK("\3", "\0", "\0") QUESTION), NULL, 0},
    {"the question is truncated", TEXT(OK("\1", "\0", "\0") "\1a\4te"), NULL, 0},
    {"the header is truncated", TEXT("\x12\x34\x81\x80\0\1\0"), NULL, 0},
    {"an undefined length byte", TEXT(OK("\1", "\0", "\0") QUESTION "\x80" A("\1")), NULL, 0},
    {"the same address twice", TEXT(OK("\3", "\0", "\0") QUESTION A("\1") A("\1") A("\2")),
     "127.0.0.1 127.0.0.2", 60},
    {"aliases in reverse order, the last with the lowest TTL",
     TEXT(OK("\3", "\0", "\0") QUESTION
          "\1c" P RECORD("\1", "\x3c", "\0\4\x7f\0\0\1") "\1b" P RECORD("\5", "\x1e", "\0\4\1c" P)
              P RECORD("\5", "\x0a", "\0\4\1b" P)),
     "127.0.0.1", 10},
    {"an unknown type", TEXT(OK("\2", "\0", "\0") QUESTION P "\xff\0\0\1\0\0\0\1\0\1x" A("\1")),
     "127.0.0.1", 60},
    {"an address of 5 bytes",
     TEXT(OK("\2", "\0", "\0") QUESTION P RECORD("\1", "\1", "\0\5\x7f\0\0\1\1") A("\2")),
     "127.0.0.2", 60},
    {"another class",
     TEXT(OK("\2", "\0", "\0") QUESTION P "\0\1\0\3\0\0\0\1\0\4\x7f\0\0\1" A("\2")), "127.0.0.2",
     60},
    {"the other family", TEXT(OK("\2", "\0", "\0") QUESTION AAAA("\1") A("\2")), "127.0.0.2", 60},
    {"a name pointer to itself",
     TEXT(OK("\1", "\0", "\0") QUESTION "\xc0\x18" RECORD("\1", "\x3c", "\0\4\x7f\0\0\1")),
     "127.0.0.1", 60},
    {"OPT in the answer section", TEXT(OK("\2", "\0", "\0") QUESTION OPT A("\1")), "127.0.0.1", 60},
    {"TTL with its first bit set",
     TEXT(OK("\1", "\0", "\0") QUESTION P "\0\1\0\1\x80\0\0\1\0\4\x7f\0\0\1"), "127.0.0.1", 0},
    {"two questions", TEXT(HEAD("\x81\x80", "\2", "\1", "\0", "\0") QUESTION QUESTION A("\1")),
     "127.0.0.1", 60},
};

/* Formats addresses: "127.0.0.1 127.0.0.2". */
static const char *list(const struct dns_query_answer *answer)
{
    static char text[RESOLVER_MAX_ADDRESSES * ADDRESS_TEXT_BYTES];
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < answer->count; i++) {
        char one[ADDRESS_TEXT_BYTES], *port;

        address_text(&answer->addresses[i], one);
        port = strrchr(one, ':');
        *port = '\0';
        length += (size_t)sprintf(text + length, "%s%s", i ? " " : "", one);
    }
    return text;
}

static void check_read(const char *name, const unsigned char *message, size_t count,
                       const char *found, unsigned ttl)
{
    unsigned char *exact = malloc(count + !count); /* a sanitizer detects reads beyond it */
    enum resolve_status status, wanted = !found   ? RESOLVE_MALFORMED
                                         : *found ? RESOLVE_OK
                                                  : RESOLVE_NO_ADDRESS;
    struct dns_query_answer answer;

    memcpy(exact, message, count);
    status = answer_read(exact, count, AF_INET, &answer);
    free(exact);
    if (status != wanted || strcmp(list(&answer), found ? found : "") != 0 ||
        (answer.count && answer.ttl != ttl))
        fail_msg("%s: status %d, \"%s\", TTL %u", name, status, list(&answer), answer.ttl);
}

static void answers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        check_read(cases[i].name, BYTES(cases[i].message), cases[i].found, cases[i].ttl);
}

/* A strict reader finds the same in a tidied answer, and nothing after it. */
static void tidied_answers_are_valid(void **state)
{
    static unsigned char tidy[ANSWER_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t count = answer_normalize(BYTES(cases[i].message), tidy, ANSWER_MAX_UDP_BYTES);
        ns_msg parsed;

        if (!count || !cases[i].found)
            continue; /* they are in answers_for_c_ares */
        check_read(cases[i].name, tidy, count, cases[i].found, cases[i].ttl);
        if (ns_initparse(tidy, (int)count, &parsed) || ns_msg_count(parsed, ns_s_ns))
            fail_msg("%s: not valid", cases[i].name);
    }
}

static void check_tidy(struct text from, struct text wanted)
{
    static unsigned char tidy[ANSWER_MAX_BYTES];
    size_t count = answer_normalize(BYTES(from), tidy, ANSWER_MAX_UDP_BYTES);

    assert_int_equal(count, wanted.count);
    assert_memory_equal(tidy, wanted.bytes, count);
}

static void answers_for_c_ares(void **state)
{
    (void)state;
    /* OPT is kept if it is complete, also after an authority section; flags and case are kept */
    check_tidy(OF(HEAD("\x85\xb0", "\1", "\1", "\1", "\1") "\1A\4tEst\0\0\1\0\1" A("\1")
                      P RECORD("\2", "\1", "\0\2" P) OPT "junk"),
               OF(HEAD("\x85\xb0", "\1", "\1", "\0", "\1") "\1A\4tEst\0\0\1\0\1" A("\1") OPT));
    check_tidy(OF(OK("\1", "\2", "\1") QUESTION A("\1") SOA_CUT OPT),
               OF(OK("\1", "\0", "\0") QUESTION A("\1")));
    check_tidy(OF(OK("\1", "\0", "\0") QUESTION6 AAAA("\1") "junk"),
               OF(OK("\1", "\0", "\0") QUESTION6 AAAA("\1")));
    /* truncated: must be repeated over TCP; a failure keeps its code */
    check_tidy(OF(HEAD("\x83\x80", "\1", "\2", "\0", "\0") QUESTION A("\1") P "\0\1"),
               OF(HEAD("\x83\x80", "\1", "\0", "\0", "\0") QUESTION));
    check_tidy(OF(HEAD("\x81\x83", "\1", "\1", "\1", "\0") QUESTION A("\1") SOA_CUT),
               OF(HEAD("\x81\x83", "\1", "\0", "\0", "\0") QUESTION));
    check_tidy(OF(HEAD("\x81\x82", "\1", "\1", "\0", "\0") QUESTION P),
               OF(HEAD("\x81\x82", "\1", "\0", "\0", "\0") QUESTION));
    /* malformed: FORMERR */
    check_tidy(OF(OK("\1", "\0", "\0") QUESTION P),
               OF(HEAD("\x81\x81", "\1", "\0", "\0", "\0") QUESTION));
    /* not to our question: without one, with two, of another type, truncated */
    check_tidy(OF(HEAD("\x81\x80", "\0", "\1", "\0", "\0") A("\1")), OF(""));
    check_tidy(OF(HEAD("\x81\x80", "\2", "\1", "\0", "\0") QUESTION QUESTION A("\1")), OF(""));
    check_tidy(OF(OK("\1", "\0", "\0") NAME "\0\x10\0\1" A("\1")), OF(""));
    check_tidy(OF(OK("\1", "\0", "\0") NAME "\0\1\0"), OF(""));
    check_tidy(OF("\x12"), OF(""));
    check_tidy(OF(""), OF(""));
}

/* Of 18 addresses 16 are used; over UDP, as many as fit. */
static void number_of_addresses_is_limited(void **state)
{
    static unsigned char tidy[ANSWER_MAX_BYTES];
    static const struct text many =
        TEXT(OK("\x12", "\0", "\0") QUESTION6 SIX("\1", "\2", "\3", "\4", "\5", "\6")
                 SIX("\7", "\x8", "\x9", "\xa", "\xb", "\xc")
                     SIX("\xd", "\xe", "\xf", "\x10", "\x11", "\x12"));
    static unsigned char long_name[] = OK("\x12", "\0", "\0");
    static unsigned char message[ANSWER_MAX_BYTES];
    unsigned char *at = mempcpy(message, long_name, sizeof(long_name) - 1);
    size_t head = 12 + 7 + 4, count = answer_normalize(BYTES(many), tidy, ANSWER_MAX_UDP_BYTES);
    struct dns_query_answer answer;

    (void)state;
    assert_int_equal(answer_read(tidy, count, AF_INET6, &answer), RESOLVE_OK);
    assert_int_equal(answer.count, RESOLVER_MAX_ADDRESSES);
    for (int i = 0; i < 3; i++) {
        *at++ = 63;
        at = (unsigned char *)memset(at, 'a', 63) + 63;
    }
    at = mempcpy(at, many.bytes + 12, many.count - 12);
    count = answer_normalize(message, (size_t)(at - message), tidy, ANSWER_MAX_UDP_BYTES);
    assert_true(count <= ANSWER_MAX_UDP_BYTES);
    assert_int_equal(answer_read(tidy, count, AF_INET6, &answer), RESOLVE_OK);
    assert_int_equal(answer.count, (ANSWER_MAX_UDP_BYTES - head - 192) / 28);
    count = answer_normalize(message, (size_t)(at - message), tidy, ANSWER_MAX_BYTES);
    assert_int_equal(answer_read(tidy, count, AF_INET6, &answer), RESOLVE_OK);
    assert_int_equal(answer.count, RESOLVER_MAX_ADDRESSES);
}

/* A name of more than 255 bytes. */
static void long_name_is_malformed(void **state)
{
    static unsigned char message[4096] = HEAD("\x81\x80", "\1", "\0", "\0", "\0"),
                         tidy[ANSWER_MAX_BYTES];

    (void)state;
    for (size_t i = 12; i < 12 + 64 * 40; i += 64)
        message[i] = 63;
    message[12 + 64 * 40 + 2] = 1;
    message[12 + 64 * 40 + 4] = 1;
    assert_int_equal(answer_normalize(message, sizeof(message), tidy, ANSWER_MAX_UDP_BYTES), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),       cmocka_unit_test(tidied_answers_are_valid),
        cmocka_unit_test(answers_for_c_ares),     cmocka_unit_test(number_of_addresses_is_limited),
        cmocka_unit_test(long_name_is_malformed),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
