/*
 * One list of what is worth another try, and the arithmetic of waiting.
 *
 * The jitter is "equal": half of the wait is certain, half is random. "Full" jitter, random from zero,
 * spreads a crowd of clients better; but here one client comes back to each of many servers, and a
 * wait near zero would ask a server that has just failed again at once.
 */
#include "http/retry.h"

#include <string.h>

#include "http/date.h"
#include "http/request.h"

static nsec wait_of_seconds(uint64_t seconds)
{
    return seconds < RETRY_MOST_WAIT / NSEC_PER_S ? seconds * NSEC_PER_S : RETRY_MOST_WAIT;
}

/* 1*DIGIT; a number that does not fit is a long wait. */
static bool parse_seconds(const char *text, size_t length, uint64_t *seconds)
{
    *seconds = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (*seconds < RETRY_MOST_WAIT)
            *seconds = 10 * *seconds + (uint64_t)(text[i] - '0');
    }
    return length;
}

bool retry_after_parse(const char *text, size_t length, int64_t now_unix, nsec *wait)
{
    uint64_t seconds;
    int64_t date;

    if (!parse_seconds(text, length, &seconds)) {
        if (!date_http(text, length, now_unix, &date))
            return false;
        seconds = date > now_unix ? (uint64_t)date - (uint64_t)now_unix : 0;
    }
    *wait = wait_of_seconds(seconds);
    return true;
}

nsec retry_backoff(unsigned attempt, uint64_t random)
{
    nsec whole = RETRY_FIRST_WAIT, half;

    while (attempt-- && whole < RETRY_MOST_BACKOFF)
        whole *= 2;
    if (whole > RETRY_MOST_BACKOFF)
        whole = RETRY_MOST_BACKOFF;
    half = whole / 2;
    return half + random % (half + 1); /* uneven by less than one in a hundred million */
}

static bool status_passes(unsigned status)
{
    return status == 429 || status == 503;
}

/* Without a default, so that the compiler asks for each new error. */
static bool error_passes(enum error error, unsigned status)
{
    switch (error) {
    case ERROR_NONE:
    case ERROR_STATUS: return status_passes(status);

    case ERROR_TOTAL_TIMEOUT:
    case ERROR_DNS_TIMEOUT:
    case ERROR_DNS_UNREACHABLE:
    case ERROR_DNS_SERVFAIL:
    case ERROR_CONNECT_REFUSED:
    case ERROR_CONNECT_TIMEOUT:
    case ERROR_CONNECT_UNREACHABLE:
    case ERROR_CONNECT_RESET:
    case ERROR_CONNECT_FAILED:
    case ERROR_PROXY_DNS:
    case ERROR_PROXY_REFUSED:
    case ERROR_PROXY_TIMEOUT:
    case ERROR_PROXY_UNREACHABLE:
    case ERROR_PROXY_CLOSED:
    case ERROR_PROXY_GATEWAY:
    case ERROR_PROXY_FAILED:
    case ERROR_TLS_TIMEOUT:
    case ERROR_TLS_CLOSED:
    case ERROR_TLS_RESET:
    case ERROR_SEND_RESET:
    case ERROR_SEND_FAILED:
    case ERROR_TTFB_TIMEOUT:
    case ERROR_EMPTY:
    case ERROR_WAIT_RESET:
    case ERROR_TRUNCATED:
    case ERROR_RECEIVE_RESET:
    case ERROR_RECEIVE_FAILED:
    case ERROR_TLS_TRUNCATED: return true;

    case ERROR_INPUT: /* it was ours, or the user's wish */
    case ERROR_DESCRIPTORS:
    case ERROR_PORTS:
    case ERROR_LOCAL:
    case ERROR_INTERRUPTED:
    case ERROR_DNS_NXDOMAIN: /* an answer, and it will stay the same */
    case ERROR_DNS_NO_ADDRESS:
    case ERROR_DNS_REFUSED:
    case ERROR_DNS_MALFORMED:
    case ERROR_DNS_BAD_NAME:
    case ERROR_DNS_FAILED:
    case ERROR_PROXY_AUTH:
    case ERROR_PROXY_DENIED:
    case ERROR_PROXY_MALFORMED:
    case ERROR_TLS_NOT_TLS:
    case ERROR_TLS_PROTOCOL:
    case ERROR_TLS_ALERT:
    case ERROR_TLS_CERT_EXPIRED:
    case ERROR_TLS_CERT_NOT_YET:
    case ERROR_TLS_SELF_SIGNED:
    case ERROR_TLS_UNKNOWN_AUTHORITY:
    case ERROR_TLS_HOSTNAME_MISMATCH:
    case ERROR_TLS_WRONG_PURPOSE:
    case ERROR_TLS_WEAK_KEY:
    case ERROR_TLS_NAME_CONSTRAINTS:
    case ERROR_TLS_CERT_INVALID:
    case ERROR_TLS_FAILED:
    case ERROR_MALFORMED:
    case ERROR_HEADER_TOO_LARGE:
    case ERROR_UPGRADE:
    case ERROR_BAD_CODING:
    case ERROR_REDIRECTS:
    case ERROR_REDIRECT_LOOP:
    case ERROR_BAD_LOCATION:
    case ERROR_COUNT: break;
    }
    return false;
}

bool retry_wanted(enum error error, unsigned status, const char *method)
{
    return request_is_idempotent(method) && error_passes(error, status);
}

/* A Weyl sequence, each number of it mixed by two rounds of multiply and shift. */
uint64_t retry_random(uint64_t *state)
{
    uint64_t bits = *state += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}
