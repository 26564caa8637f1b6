/*
 * Set-Cookie fields, one on each line. The resulting Cookie field cannot split a request, is
 * limited in size, and is sent only to URLs of the same site. The first byte of a line chooses the
 * URL of the response; each line is a second later.
 */
#include "tests/fuzz/fuzz.h"

#include "http/cookies/cookies.h"

#define NOW  INT64_C(1700000000)
#define URLS (sizeof(urls) / sizeof(*urls))

static struct url read_url(const char *text)
{
    struct url url;

    MUST(!url_parse(&url, text, strlen(text)));
    return url;
}

/* Number of cookies, 0 for NULL. Frees the text. */
static size_t check_sent(char *text)
{
    size_t count = 1;

    if (!text)
        return 0;
    MUST(*text && strlen(text) <= COOKIES_MAX_BYTES_IN_ALL + 2 * COOKIES_MAX_IN_ALL);
    for (const char *at = text; *at; at++) {
        MUST((unsigned char)*at >= ' ' && *at != 0x7f);
        if (*at != ';')
            continue;
        MUST(at[1] == ' ');
        count++;
    }
    for (const char *at = text; at; at = strstr(at, "; ")) {
        size_t pair;

        at += at > text ? 2 : 0;
        pair = strcspn(at, ";");
        MUST(*at != '=' && memchr(at, '=', pair) && pair <= COOKIES_MAX_PAIR_BYTES + 1);
    }
    free(text);
    MUST(count <= COOKIES_MAX_IN_ALL);
    return count;
}

/* No cookie for http has a name with the prefix __Host- or __Secure-. */
static void check_prefixes(const struct cookies *jar, const struct url *http, int64_t now)
{
    char *text = cookies_for(jar, http, now);

    for (const char *at = text; at; at = strstr(at, "; ")) {
        at += at > text ? 2 : 0;
        MUST(strncasecmp(at, "__Host-", 7) != 0 && strncasecmp(at, "__Secure-", 9) != 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size};
    struct url urls[] = {
        read_url("http://www.a.org/"),       read_url("https://www.a.org/"),
        read_url("http://www.a.org/b/c?d"),  read_url("https://www.a.org/b/c?d"),
        read_url("https://x.www.a.org:81/"), read_url("http://a.org/"),
        read_url("http://a.co.uk/"),         read_url("https://127.0.0.1/"),
    };
    struct url other_site = read_url("https://b.org/");
    struct cookies *jar = NULL;
    int64_t now = NOW;

    for (; rest.size; now++) {
        const struct url *from = &urls[part_byte(&rest) % URLS];
        struct part line = part_line(&rest);
        char *copy = memory_get(line.size); /* without a NUL, for the sanitizer */

        memcpy(copy, line.at, line.size);
        cookies_store(&jar, from, copy, line.size, now);
        free(copy);
        for (size_t i = 0; i < URLS; i++)
            check_sent(cookies_for(jar, &urls[i], now));
        MUST(!cookies_for(jar, &other_site, now));
        check_prefixes(jar, &urls[2], now);
        MUST(check_sent(cookies_for(jar, &urls[0], now)) <=
             check_sent(cookies_for(jar, &urls[1], now)));
        MUST(!cookies_for(jar, &urls[1], INT64_MAX));
    }
    cookies_free(jar);
    for (size_t i = 0; i < URLS; i++)
        url_free(&urls[i]);
    url_free(&other_site);
    return 0;
}
