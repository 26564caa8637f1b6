/* A table of keys, each with the function that reads its value. */
#include "cli/list/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parse.h"
#include "http/fields.h"
#include "http/request.h"

#define MOST_WEIGHT     1000000
#define MOST_FAIL_FIRST 1000000

static char *copy_text(const char *text)
{
    return text ? memory_text(text, strlen(text)) : NULL;
}

void settings_free(struct settings *settings)
{
    free(settings->method);
    free(settings->headers);
    free(settings->user);
    free(settings->cookie);
    content_drop(settings->content);
    play_free(&settings->play);
    *settings = (struct settings){0};
}

void settings_copy(struct settings *to, const struct settings *from)
{
    *to = *from;
    to->method = copy_text(from->method);
    to->headers = copy_text(from->headers);
    to->user = copy_text(from->user);
    to->cookie = copy_text(from->cookie);
    content_hold(to->content);
    play_copy(&to->play, &from->play);
}

void settings_begin(struct settings *settings, const struct request_options *request, bool weights)
{
    static const struct request_options nothing = {.timeout = NSEC_NEVER};
    const struct request_options *from = request ? request : &nothing;
    const char *head = from->head ? "HEAD" : NULL;

    *settings = (struct settings){
        .timeout = from->timeout,
        .method = copy_text(from->method ? from->method : head),
        .headers = copy_text(from->headers),
        .user = copy_text(from->user),
        .cookie = copy_text(from->cookie),
        .content = content_hold(from->content),
        .weight = 1,
        .weights = weights,
    };
}

/* "name:password"; what has no colon is a name without a password. To be freed. */
static char *complete_user(const char *user)
{
    char *whole = memory_get(strlen(user) + 2);

    stpcpy(stpcpy(whole, user), strchr(user, ':') ? "" : ":");
    return whole;
}

void settings_give(struct settings *settings, struct site *site)
{
    site->timeout = settings->timeout;
    site->method = settings->method;
    site->headers = settings->headers;
    site->content = settings->content;
    settings->method = settings->headers = NULL;
    settings->content = NULL;
    if (settings->cookie && *settings->cookie) {
        site->cookie = settings->cookie;
        settings->cookie = NULL;
    }
    if (settings->user && *settings->user && !site->url.user_info) {
        site->user = complete_user(settings->user);
        site->url.user_info = site->user;
        site->url.user_info_bytes = strlen(site->user);
        site->url.user_bytes = strcspn(site->user, ":");
    }
}

/* --- the keys: each takes a value into the settings. NULL, or what is wrong with it --- */

static void replace(char **text, const char *value)
{
    free(*text);
    *text = copy_text(value);
}

static const char *set_timeout(struct settings *settings, const char *value, size_t length)
{
    nsec timeout;

    (void)length;
    if (!duration_parse(value, &timeout) || !timeout)
        return "not a duration over 0, like 5s or 250ms";
    settings->timeout = timeout; /* what is wrong in a "default" line changes nothing */
    return NULL;
}

static const char *set_method(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    if (!request_is_method(value))
        return "not a method: a token (RFC 9110, section 9.1), and not CONNECT";
    replace(&settings->method, value);
    return NULL;
}

static const char *set_header(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_header(value, length);

    if (!wrong)
        fields_add(&settings->headers, value, &settings->inherited);
    return wrong;
}

static const char *set_user(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    replace(&settings->user, value);
    return NULL;
}

static const char *set_cookie(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_value(value, length);

    if (!wrong)
        replace(&settings->cookie, value);
    return wrong;
}

/* A list reads no files: "@" is a byte like any other. */
static const char *set_data(struct settings *settings, const char *value, size_t length)
{
    content_drop(settings->content);
    settings->content = content_new(value, length);
    return NULL;
}

static const char *set_weight(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 1, MOST_WEIGHT, &number))
        return "not a number from 1 to 1000000";
    settings->weight = (unsigned)number;
    return NULL;
}

static const char *set_delay(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    if (!duration_parse(value, &settings->play.delay))
        return "not a duration, like 798940us or 1.5s";
    return NULL;
}

static const char *set_status(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 200, 999, &number))
        return "not a status from 200 to 999";
    settings->play.status = (unsigned)number;
    return NULL;
}

static const char *set_answer_header(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_header(value, length);

    if (!wrong)
        fields_add(&settings->play.headers, value, &settings->inherited_answer);
    return wrong;
}

static const char *set_body(struct settings *settings, const char *value, size_t length)
{
    free(settings->play.body);
    settings->play.body = memory_text(value, length);
    settings->play.body_bytes = length;
    return NULL;
}

static const char *set_framing(struct settings *settings, const char *value, size_t length)
{
    int named = framing_named(value);

    (void)length;
    if (named < 0)
        return "the framing is length, chunked or close";
    settings->play.framing = (enum framing)named;
    return NULL;
}

static const char *set_fail_first(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 0, MOST_FAIL_FIRST, &number))
        return "not a number from 0 to 1000000";
    settings->play.fail_first = (unsigned)number;
    return NULL;
}

static const char *set_fault(struct settings *settings, const char *value, size_t length)
{
    int named = fault_named(value);

    (void)length;
    if (named < 0)
        return "no such fault; README.md lists them";
    settings->play.fault = (enum fault)named;
    return NULL;
}

#define REHEARSE "rehearse-"

static const struct key {
    const char *name;
    const char *(*set)(struct settings *settings, const char *value, size_t length);
    bool bytes; /* there may be a NUL in the value */
} keys[] = {
    {"timeout", set_timeout, false},
    {"method", set_method, false},
    {"header", set_header, false},
    {"user", set_user, false},
    {"cookie", set_cookie, false},
    {"data", set_data, true},
    {"weight", set_weight, false},
    {REHEARSE "delay", set_delay, false},
    {REHEARSE "status", set_status, false},
    {REHEARSE "header", set_answer_header, false},
    {REHEARSE "body", set_body, true},
    {REHEARSE "framing", set_framing, false},
    {REHEARSE "fail-first", set_fail_first, false},
    {REHEARSE "fault", set_fault, false},
};

const char *settings_set(struct settings *settings, const char *name, const char *value,
                         size_t length)
{
    const struct key *key = keys, *end = keys + sizeof(keys) / sizeof(*keys);

    while (key < end && strcmp(key->name, name) != 0)
        key++;
    if (key == end)
        return "no such key";
    if (key->set == set_weight && !settings->weights)
        return "only targets of bench have a weight";
    if (!key->bytes && strlen(value) != length)
        return "the value has a NUL byte";
    if (!strncmp(name, REHEARSE, strlen(REHEARSE)))
        settings->play.given = true;
    return key->set(settings, value, length);
}

void settings_inherit(struct settings *settings)
{
    settings->inherited = settings->headers ? strlen(settings->headers) : 0;
    settings->inherited_answer = settings->play.headers ? strlen(settings->play.headers) : 0;
}
