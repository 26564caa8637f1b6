/*
 * One function for each kind of value. The reader of numbers uses the size of the field, which
 * the row has. Rejected: a reader for each integer type, because it was the same function three
 * times.
 */
#include "cli/options/readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/parse.h"
#include "cli/output/diagnostic.h"
#include "cli/output/report.h"
#include "dns/resolver.h"
#include "http/dial/proxy.h"
#include "http/dial/route.h"
#include "http/fields.h"
#include "http/request.h"

#define MAX_DATA_BYTES (64 * 1024 * 1024)
#define MAX_BYTES      (UINT64_C(1) << 40) /* of a size */
#define MAX_DAYS       36500

static const char no_name[] = "the name of a file is empty";

bool refuse(const char *option, const char *value, const char *why)
{
    char *subject = memory_print("%s%s%s", option, value ? " " : "", value ? value : "");

    complain(subject, why);
    free(subject);
    return false;
}

static bool refuse_value(const struct given *given, const char *why)
{
    return refuse(given->option, given->value, why);
}

void texts_add(struct texts *texts, const char *text)
{
    texts->list = memory_grow(texts->list, texts->count + 1, sizeof(*texts->list));
    texts->list[texts->count++] = text;
}

void texts_free(struct texts *texts)
{
    free(texts->list);
    *texts = (struct texts){0};
}

/* --- plain kinds --- */

bool read_flag(const struct given *given)
{
    *(bool *)given->to = given->row->low;
    return true;
}

bool read_enum(const struct given *given)
{
    *(unsigned *)given->to = (unsigned)given->row->low;
    return true;
}

bool read_text(const struct given *given)
{
    *(const char **)given->to = given->value;
    return true;
}

bool read_file_name(const struct given *given)
{
    return *given->value ? read_text(given) : refuse(given->option, NULL, no_name);
}

bool read_texts(const struct given *given)
{
    texts_add(given->to, given->value);
    return true;
}

/* A number without a unit is in seconds in other programs. */
static bool refuse_time(const struct given *given)
{
    const char *value = given->value;
    char *why;

    if (!*value || *value == '0' || value[strspn(value, "0123456789.")])
        return refuse_value(given, given->row->low ? "not a duration over 0, like 5s or 250ms"
                                                   : "not a duration, like 5s or 250ms");
    why = memory_print("not a duration; for seconds, write %ss", value);
    refuse_value(given, why);
    free(why);
    return false;
}

bool read_time(const struct given *given)
{
    nsec time;

    if (!duration_parse(given->value, &time) || time < given->row->low)
        return refuse_time(given);
    *(nsec *)given->to = time;
    return true;
}

/* Stores a number in the row's field, according to its size. */
static bool put_number(const struct given *given, uint64_t number)
{
    switch (given->row->bytes) {
    case sizeof(bool): *(bool *)given->to = number; break;
    case sizeof(unsigned): *(unsigned *)given->to = (unsigned)number; break;
    default: *(uint64_t *)given->to = number; break;
    }
    return true;
}

bool read_number(const struct given *given)
{
    const struct option_row *row = given->row;
    unsigned long number;
    char why[80];

    if (number_parse(given->value, row->low, row->high, &number))
        return put_number(given, number);
    snprintf(why, sizeof(why), "not a number from %lu to %lu", (unsigned long)row->low,
             (unsigned long)row->high);
    return refuse_value(given, why);
}

/* Stores the index of the word in the row's list, plus the row's `low`. */
bool read_choice(const struct given *given)
{
    const char *const *words = given->row->words;
    char why[128];
    size_t length = 0;

    for (size_t i = 0; words[i]; i++)
        if (!strcmp(given->value, words[i]))
            return put_number(given, given->row->low + i);
    for (size_t i = 0; words[i] && length < sizeof(why); i++) {
        const char *between = words[i + 1] ? ", " : " or ";

        length += (size_t)snprintf(why + length, sizeof(why) - length, "%s%s",
                                   i ? between : "must be ", words[i]);
    }
    return refuse_value(given, why);
}

/* The digits are checked because strtod accepts "inf" and "0x1p3" too. */
bool rate_parse(const char *text, double max, double *rate)
{
    static const char *const units[] = {"", "/s", "/m", "/h"};
    static const double seconds[] = {1, 1, 60, 3600};
    size_t digits = strspn(text, "0123456789.");
    char *end;
    double number = strtod(text, &end);

    for (size_t i = 0; i < sizeof(units) / sizeof(*units) && digits && end == text + digits; i++) {
        *rate = number / seconds[i];
        if (!strcmp(end, units[i]))
            return *rate >= 1.0 / 86400 && *rate <= max;
    }
    return false;
}

bool read_rate(const struct given *given)
{
    char why[96];

    if (rate_parse(given->value, (double)given->row->high, given->to))
        return true;
    snprintf(why, sizeof(why), "not a rate, like 20, 0.5 or 30/m; at most %lu per second",
             (unsigned long)given->row->high);
    return refuse_value(given, why);
}

bool bytes_parse(const char *text, uint64_t max, uint64_t *bytes)
{
    static const char units[] = "KMG";
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;

    *bytes = (uint64_t)number << shift;
    return is_digit(*text) && number <= max >> shift && !end[unit ? 1 : 0];
}

bool read_bytes(const struct given *given)
{
    if (bytes_parse(given->value, MAX_BYTES, given->to))
        return true;
    return refuse_value(given, "not a size up to 1024G, like 65536, 64K or 1M");
}

/* "30" or "30d". */
bool read_days(const struct given *given)
{
    char digits[16];
    size_t length = strlen(given->value);
    unsigned long number;

    if (length && given->value[length - 1] == 'd')
        length--;
    snprintf(digits, sizeof(digits), "%.*s", (int)length, given->value);
    if (length >= sizeof(digits) || !number_parse(digits, 1, MAX_DAYS, &number))
        return refuse_value(given, "not a number of days, like 30d");
    return put_number(given, number);
}

/* --- the request --- */

bool read_method(const struct given *given)
{
    return request_is_method(given->value)
               ? read_text(given)
               : refuse_value(given,
                              "not a method: a token (RFC 9110, section 9.1) except CONNECT");
}

/* The value may be a secret, so a refusal shows only the name of the field. */
static bool add_header(struct options *options, const char *line)
{
    const char *wrong = request_check_header(line, strlen(line));
    char name[64];

    if (wrong) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, strchr(line, ':') ? ":" : " "),
                 line);
        return refuse("--header", *name ? name : NULL, wrong);
    }
    fields_add(&options->request.headers, line, &(size_t){0});
    return true;
}

bool read_header(const struct given *given)
{
    return add_header(given->options, given->value);
}

bool read_user_agent(const struct given *given)
{
    char line[1024];

    if (snprintf(line, sizeof(line), "User-Agent: %s", given->value) >= (int)sizeof(line))
        return refuse_value(given, "over 1000 bytes");
    return add_header(given->options, line);
}

bool read_cookie(const struct given *given)
{
    const char *wrong = request_check_value(given->value, strlen(given->value));

    return wrong ? refuse(given->option, NULL, wrong) : read_text(given);
}

/* The bytes of a file, to be freed. NULL if it cannot be read; the reason is printed. */
static char *read_file(const char *option, const char *path, size_t *length)
{
    char *bytes = file_read(path, MAX_DATA_BYTES + 1, length);

    if (bytes && *length <= MAX_DATA_BYTES)
        return bytes;
    refuse(option, path, bytes ? "over 64 MiB" : strerrordesc_np(errno));
    free(bytes);
    return NULL;
}

/* Several values are joined by "&", as in curl. */
bool read_data(const struct given *given)
{
    const char *value = given->value;
    struct content **content = &given->options->request.content, *old = *content;
    size_t length = strlen(value), prefix = old ? old->count + 1 : 0;
    char *file = NULL, *all;

    if (!strcmp(value, "@"))
        return refuse(given->option, NULL, no_name);
    if (*value == '@' && !(file = read_file(given->option, value + 1, &length)))
        return false;
    if (file)
        texts_add(&given->options->data_files, value + 1);
    all = memory_get(prefix + length + 1);
    if (old)
        *(char *)mempcpy(all, old->bytes, old->count) = '&';
    memcpy(all + prefix, file ? file : value, length);
    *content = content_new(all, prefix + length);
    content_drop(old);
    free(all);
    free(file);
    return true;
}

/* --- addresses --- */

static bool read_route(const struct given *given,
                       const char *(*add)(struct routes *routes, const char *text))
{
    struct routes **routes = &given->options->network.routes;
    const char *wrong;

    if (!*routes)
        *routes = routes_new();
    wrong = add(*routes, given->value);
    return !wrong || refuse_value(given, wrong);
}

bool read_resolve(const struct given *given)
{
    return read_route(given, routes_add_resolve);
}

bool read_connect_to(const struct given *given)
{
    return read_route(given, routes_add_connect_to);
}

bool read_servers(const struct given *given)
{
    const char *wrong = resolver_check_servers(given->value);

    return wrong ? refuse_value(given, wrong) : read_text(given);
}

bool read_proxy(const struct given *given)
{
    struct proxy proxy = {0};
    const char *wrong = *given->value ? proxy_parse(&proxy, given->value) : NULL;

    proxy_free(&proxy);
    return wrong ? refuse(given->option, NULL, wrong) /* it may hold a password */
                 : read_text(given);
}

bool read_fields(const struct given *given)
{
    const char *wrong;
    char name[64];

    if (!strcmp(given->value, "help")) {
        given->options->command = COMMAND_NONE;
        report_list_fields(stdout);
        return true;
    }
    wrong = report_check_fields(given->value);
    if (!wrong)
        return read_texts(given);
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(wrong, ","), wrong);
    return refuse(given->option, name, "no such field; --fields help lists them");
}
