/* A table of keys, each with the function that reads its value and the field that receives it. */
#include "cli/list/settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parse.h"
#include "http/fields.h"
#include "http/request.h"

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
    site_behaviour_free(&settings->behaviour);
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
    site_behaviour_copy(&to->behaviour, &from->behaviour);
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

/* Returns "name:password". A text without a colon is a name with an empty password. Free it. */
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

/* --- the keys --- */

/* A value, and the field that receives it. */
struct setting {
    struct settings *settings;
    const struct key *key;
    void *to;          /* the field */
    const char *value; /* ends with a NUL */
    size_t length;
};

/* Sets a value. Returns NULL, or the error. */
typedef const char *set_fn(const struct setting *setting);

struct key {
    const char *name;
    set_fn *set;
    size_t offset;
    const char *wrong;       /* the error of an invalid value */
    unsigned long low, high; /* limits of a number; `low` is also the minimum of a duration */
    int (*named)(const char *name); /* returns the number of a word, or -1 */
    bool bytes;                     /* the value may contain a NUL */
};

static const char *set_text(const struct setting *setting)
{
    char **text = setting->to;

    free(*text);
    *text = memory_text(setting->value, setting->length);
    return NULL;
}

static const char *set_time(const struct setting *setting)
{
    nsec time;

    if (!duration_parse(setting->value, &time) || time < setting->key->low)
        return setting->key->wrong;
    *(nsec *)setting->to = time; /* only a valid value changes the setting */
    return NULL;
}

static const char *set_number(const struct setting *setting)
{
    const struct key *key = setting->key;
    unsigned long number;

    if (!number_parse(setting->value, key->low, key->high, &number))
        return key->wrong;
    *(unsigned *)setting->to = (unsigned)number;
    return NULL;
}

/* Sets an enum. */
static const char *set_word(const struct setting *setting)
{
    int number = setting->key->named(setting->value);

    if (number < 0)
        return setting->key->wrong;
    *(unsigned *)setting->to = (unsigned)number;
    return NULL;
}

static const char *set_method(const struct setting *setting)
{
    return request_is_method(setting->value) ? set_text(setting) : setting->key->wrong;
}

static const char *set_header(const struct setting *setting)
{
    struct settings *settings = setting->settings;
    const char *wrong = request_check_header(setting->value, setting->length);

    if (!wrong)
        fields_add(setting->to, setting->value,
                   setting->to == &settings->headers ? &settings->inherited_headers
                                                     : &settings->inherited_behaviour_headers);
    return wrong;
}

static const char *set_cookie(const struct setting *setting)
{
    const char *wrong = request_check_value(setting->value, setting->length);

    return wrong ? wrong : set_text(setting);
}

/* A list cannot read files: "@" is an ordinary character. */
static const char *set_data(const struct setting *setting)
{
    content_drop(setting->settings->content);
    setting->settings->content = content_new(setting->value, setting->length);
    return NULL;
}

static const char *set_body(const struct setting *setting)
{
    setting->settings->behaviour.body_bytes = setting->length;
    return set_text(setting);
}

#define AT(field) .offset = offsetof(struct settings, field)
#define REHEARSE  "rehearse-"

static const struct key keys[] = {
    {"timeout", set_time, AT(timeout), .low = 1,
     .wrong = "not a duration over 0, like 5s or 250ms"},
    {"method", set_method, AT(method),
     .wrong = "not a method: a token (RFC 9110, section 9.1) except CONNECT"},
    {"header", set_header, AT(headers)},
    {"user", set_text, AT(user)},
    {"cookie", set_cookie, AT(cookie)},
    {"data", set_data, AT(content), .bytes = true},
    {"weight", set_number, AT(weight), .low = 1, .high = 1000000,
     .wrong = "not a number from 1 to 1000000"},
    {REHEARSE "delay", set_time, AT(behaviour.delay),
     .wrong = "not a duration, like 798940us or 1.5s"},
    {REHEARSE "status", set_number, AT(behaviour.status), .low = 200, .high = 999,
     .wrong = "not a status from 200 to 999"},
    {REHEARSE "header", set_header, AT(behaviour.headers)},
    {REHEARSE "body", set_body, AT(behaviour.body), .bytes = true},
    {REHEARSE "framing", set_word, AT(behaviour.framing), .named = framing_named,
     .wrong = "must be length, chunked or close"},
    {REHEARSE "fail-first", set_number, AT(behaviour.fail_first), .high = 1000000,
     .wrong = "not a number from 0 to 1000000"},
    {REHEARSE "fault", set_word, AT(behaviour.fault), .named = fault_named,
     .wrong = "no such fault; firstbyte-sites.conf(5) and docs/rehearsal.md list them"},
    {REHEARSE "h2-reset", set_word, AT(behaviour.h2.reset), .named = h2_reset_named,
     .wrong = "not an error code of HTTP/2, like CANCEL or 8"},
    {REHEARSE "h2-goaway-after", set_number, AT(behaviour.h2.goaway_after), .high = 1000000,
     .wrong = "not a number from 0 to 1000000"},
    {REHEARSE "h2-settings-delay", set_time, AT(behaviour.h2.settings_delay),
     .wrong = "not a duration, like 300ms"},
    {REHEARSE "h2-streams", set_word, AT(behaviour.h2.streams), .named = h2_streams_named,
     .wrong = "not a number from 0 to 1000"},
    {REHEARSE "h2-streams-then", set_word, AT(behaviour.h2.streams_then), .named = h2_streams_named,
     .wrong = "not a number from 0 to 1000"},
    {REHEARSE "h2-streams-delay", set_time, AT(behaviour.h2.streams_delay),
     .wrong = "not a duration, like 300ms"},
};

const char *settings_set(struct settings *settings, const char *name, const char *value,
                         size_t length)
{
    const struct key *key = keys, *end = keys + sizeof(keys) / sizeof(*keys);
    struct setting setting = {.settings = settings, .value = value, .length = length};

    while (key < end && strcmp(key->name, name) != 0)
        key++;
    if (key == end)
        return "no such key";
    if (!strcmp(name, "weight") && !settings->weights)
        return "only targets of bench can have a weight";
    if (!key->bytes && strlen(value) != length)
        return "the value contains a NUL byte";
    if (!strncmp(name, REHEARSE, strlen(REHEARSE)))
        settings->behaviour.given = true;
    setting.key = key;
    setting.to = (char *)settings + key->offset;
    return key->set(&setting);
}

void settings_inherit(struct settings *settings)
{
    settings->inherited_headers = settings->headers ? strlen(settings->headers) : 0;
    settings->inherited_behaviour_headers =
        settings->behaviour.headers ? strlen(settings->behaviour.headers) : 0;
}
