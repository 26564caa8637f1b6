/*
 * The decision to retry, and the computation of the wait.
 *
 * The jitter is "equal": half of the wait is fixed, half is random. "Full" jitter, random from
 * zero, spreads many clients of one server better; but here one client returns to each of many
 * servers, and a wait near zero would repeat the request to a server that has just failed.
 */
#include "http/retry.h"

#include "http/cookies/date.h"
#include "http/request.h"

/* 1*DIGIT. A number that does not fit becomes RETRY_MAX_WAIT or more. */
static bool parse_seconds(const char *text, size_t length, uint64_t *seconds)
{
    *seconds = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (*seconds < RETRY_MAX_WAIT)
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
    *wait = seconds < RETRY_MAX_WAIT / NSEC_PER_S ? seconds * NSEC_PER_S : RETRY_MAX_WAIT;
    return true;
}

nsec retry_backoff(unsigned attempt, uint64_t random)
{
    nsec whole = RETRY_FIRST_WAIT, half;

    while (attempt-- && whole < RETRY_MAX_BACKOFF)
        whole *= 2;
    if (whole > RETRY_MAX_BACKOFF)
        whole = RETRY_MAX_BACKOFF;
    half = whole / 2;
    return half + random % (half + 1); /* the modulo bias is below one in a hundred million */
}

/* Whether a later attempt may succeed. */
static bool is_transient(enum error error, unsigned status)
{
    if (error == ERROR_NONE || error == ERROR_STATUS)
        return status == 429 || status == 503;
    return error_is_transient(error);
}

bool retry_wanted(enum error error, unsigned status, const char *method, bool unprocessed)
{
    return (unprocessed || request_is_idempotent(method)) && is_transient(error, status);
}
