/* Sessions that are kept for later connections. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tls/sessions.h"

static SSL_CTX *context;
static SSL *ssl;
static struct sessions *sessions;

static int setup(void **state)
{
    (void)state;
    context = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(context);
    sessions = sessions_new(false);
    return 0;
}

static int setup_many(void **state)
{
    setup(state);
    sessions_free(sessions);
    sessions = sessions_new(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sessions_free(sessions);
    sessions_free(NULL);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return 0;
}

/* Keeps a session of this version whose secret begins with `mark`. */
static void keep(const char *host, uint16_t port, int version, unsigned char mark, size_t id_bytes,
                 struct tls_certificate *certificate)
{
    static const unsigned char tls12[] = {0xc0, 0x2f}, tls13[] = {0x13, 0x01};
    unsigned char secret[48] = {mark}, id[SSL_MAX_SSL_SESSION_ID_LENGTH] = {mark};
    SSL_SESSION *session = SSL_SESSION_new();

    SSL_SESSION_set_protocol_version(session, version);
    SSL_SESSION_set_cipher(session,
                           SSL_CIPHER_find(ssl, version == TLS1_3_VERSION ? tls13 : tls12));
    SSL_SESSION_set1_master_key(session, secret, sizeof(secret));
    SSL_SESSION_set1_id(session, id, (unsigned)id_bytes);
    sessions_keep(sessions, host, port, session, certificate);
    SSL_SESSION_free(session);
}

/* Returns the mark of the session that is taken for the origin; 0: none. */
static int take(const char *host, uint16_t port)
{
    struct tls_certificate *certificate;
    SSL_SESSION *session = sessions_take(sessions, host, port, &certificate);
    unsigned char secret[48] = {0};

    if (!session)
        return 0;
    SSL_SESSION_get_master_key(session, secret, sizeof(secret));
    SSL_SESSION_free(session);
    return secret[0];
}

static void each_origin_has_its_own(void **state)
{
    (void)state;
    keep("a", 443, TLS1_2_VERSION, 1, 16, NULL);
    keep("a", 444, TLS1_2_VERSION, 2, 16, NULL);
    keep("b", 443, TLS1_2_VERSION, 3, 16, NULL);
    assert_int_equal(take("a", 443), 1);
    assert_int_equal(take("a", 444), 2);
    assert_int_equal(take("b", 443), 3);
    assert_int_equal(take("b", 444), 0);
    assert_int_equal(take("c", 443), 0);
    keep("a", 443, TLS1_2_VERSION, 4, 16, NULL);
    assert_int_equal(take("a", 443), 4);
}

static void session_of_1_3_is_used_once(void **state)
{
    (void)state;
    keep("a", 443, TLS1_3_VERSION, 1, 16, NULL);
    keep("b", 443, TLS1_2_VERSION, 2, 16, NULL);
    assert_int_equal(take("a", 443), 1);
    assert_int_equal(take("a", 443), 0);
    assert_int_equal(take("b", 443), 2);
    assert_int_equal(take("b", 443), 2);
}

/* Without `many`, a newer session replaces the older one. */
static void one_session_of_an_origin_is_kept(void **state)
{
    (void)state;
    keep("a", 443, TLS1_3_VERSION, 1, 16, NULL);
    keep("a", 443, TLS1_3_VERSION, 2, 16, NULL);
    assert_int_equal(take("a", 443), 2);
    assert_int_equal(take("a", 443), 0);
}

static void each_of_many_sessions_is_used_once(void **state)
{
    unsigned served = 0;

    (void)state;
    for (unsigned char mark = 1; mark <= 5; mark++) {
        keep("a", 443, TLS1_3_VERSION, mark, 16, NULL);
        keep("a", 444, TLS1_3_VERSION, mark + 10, 16, NULL);
    }
    for (int i = 0; i < 5; i++) {
        int mark = take("a", 443);

        assert_in_range(mark, 1, 5);
        served |= 1u << mark;
    }
    assert_int_equal(served, 0x3e); /* each mark once */
    assert_int_equal(take("a", 443), 0);
    assert_in_range(take("a", 444), 11, 15);
}

/* A session of TLS 1.2 can be used several times, so one is enough. */
static void one_session_of_1_2_is_kept(void **state)
{
    (void)state;
    keep("a", 443, TLS1_2_VERSION, 1, 16, NULL);
    keep("a", 443, TLS1_2_VERSION, 2, 16, NULL);
    assert_int_equal(take("a", 443), 2);
    assert_int_equal(take("a", 443), 2);
    sessions_forget(sessions, "a", 443);
    assert_int_equal(take("a", 443), 0);
}

static void number_of_sessions_is_limited(void **state)
{
    unsigned count = 0;

    (void)state;
    for (int i = 0; i < SESSIONS_MAX + 10; i++)
        keep("a", 443, TLS1_3_VERSION, (unsigned char)(i < 10 ? 1 : 2), 16, NULL);
    for (int mark; (mark = take("a", 443)); count++)
        assert_int_equal(mark, 2); /* the oldest ones were removed */
    assert_int_equal(count, SESSIONS_MAX);
}

static void oldest_session_is_removed(void **state)
{
    char host[32];

    (void)state;
    for (int i = 0; i < SESSIONS_MAX + 10; i++) {
        snprintf(host, sizeof(host), "host%d", i);
        keep(host, 443, TLS1_2_VERSION, (unsigned char)(1 + i % 250), 16, NULL);
    }
    for (int i = 0; i < SESSIONS_MAX + 10; i++) {
        snprintf(host, sizeof(host), "host%d", i);
        assert_int_equal(take(host, 443), i < 10 ? 0 : 1 + i % 250);
    }
}

static struct tls_certificate *certificate_for(const char *subject)
{
    struct tls_certificate *certificate = calloc(1, sizeof(*certificate));

    certificate->references = 1;
    certificate->subject = strdup(subject);
    return certificate;
}

static void keep_with(const char *host, int version, struct tls_certificate *certificate)
{
    keep(host, 443, version, 1, 16, certificate);
}

/* Each session that is taken comes with the certificate, and a reference to it. */
static void certificate_stays_with_its_session(void **state)
{
    struct tls_certificate *a = certificate_for("CN=a"), *b = certificate_for("CN=b"), *got;

    (void)state;
    keep_with("a", TLS1_2_VERSION, a);
    keep_with("b", TLS1_3_VERSION, b);
    assert_int_equal(a->references, 2);
    for (int i = 0; i < 2; i++) { /* a session of TLS 1.2 can be used again */
        SSL_SESSION_free(sessions_take(sessions, "a", 443, &got));
        assert_ptr_equal(got, a);
        assert_int_equal(a->references, 3);
        tls_certificate_drop(got);
    }
    SSL_SESSION_free(sessions_take(sessions, "b", 443, &got));
    assert_ptr_equal(got, b);
    assert_int_equal(b->references, 2); /* of the test, and of the session that was taken */
    tls_certificate_drop(got);
    got = b;
    assert_null(sessions_take(sessions, "b", 443, &got));
    assert_null(got);
    keep_with("a", TLS1_2_VERSION, NULL); /* replaces the session */
    assert_int_equal(a->references, 1);
    SSL_SESSION_free(sessions_take(sessions, "a", 443, &got));
    assert_null(got);
    keep_with("a", TLS1_2_VERSION, a);
    sessions_forget(sessions, "a", 443);
    assert_int_equal(a->references, 1);
    tls_certificate_drop(a);
    tls_certificate_drop(b);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MANY(name) cmocka_unit_test_setup_teardown(name, setup_many, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(each_origin_has_its_own),          CASE(session_of_1_3_is_used_once),
        CASE(one_session_of_an_origin_is_kept), MANY(each_of_many_sessions_is_used_once),
        MANY(one_session_of_1_2_is_kept),       MANY(number_of_sessions_is_limited),
        CASE(oldest_session_is_removed),        CASE(certificate_stays_with_its_session),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
