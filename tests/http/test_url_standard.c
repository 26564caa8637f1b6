/*
 * The cases of the web platform's test of URLs, urltestdata.json, which Debian ships with
 * librust-url-dev. A case with an http or https base is resolved with url_join, any other is read
 * with url_parse; a result with another scheme must be refused. jq makes a table from the file:
 * one case a line, with percent-encoded columns.
 */
#include "tests/support/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "http/url.h"

#define DATA "/usr/share/cargo/registry/url-*/tests/urltestdata.json"

/* The table must have at least this number of cases. */
#define MIN_CASES 600

static const char to_table[] =
    "jq -r 'def web: (. // \"\") | test(\"^https?:\");"
    " .[] | select(type == \"object\") | . as $case"
    " | if .failure or ($case.href | web | not) then [\"refused\", \"\", \"\"]"
    "   else [\"read\", .href, if .username + .password == \"\" then \"\""
    "         else .username + \":\" + .password end] end"
    " | [$case.input, if ($case.base | web) then $case.base else \"\" end] + . | map(@uri)"
    " | join(\" \")' ";

#define NOT_DECODED "names in ASCII are not validated before the lookup"
#define LEADING_DOT "an empty label is no valid host name"

/* Cases in which this program differs from the standard, and why. */
static const struct {
    const char *input, *why;
} exceptions[] = {
    {"http://f:0/c", "port 0 cannot be connected to"},
    {"http://f:00000000000000/c", "port 0 cannot be connected to"},
    {"http://a.b.c.xn--pokxncvks", NOT_DECODED},
    {"http://10.0.0.xn--pokxncvks", NOT_DECODED},
    {"http://a.b.c.XN--pokxncvks", NOT_DECODED},
    {"http://a.b.c.Xn--pokxncvks", NOT_DECODED},
    {"http://10.0.0.XN--pokxncvks", NOT_DECODED},
    {"http://10.0.0.xN--pokxncvks", NOT_DECODED},
    {"http://./", LEADING_DOT},
    {"http://../", LEADING_DOT},
};

enum column { INPUT, BASE, VERDICT, HREF, USER_INFO, COLUMNS };

struct text {
    char *at;
    size_t length;
};

/* Splits a line at its spaces and decodes the columns in place. */
static void read_columns(char *line, struct text columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        char *end = line + strcspn(line, " \n"), *to = line;
        const char *at = line;

        assert_true(i == COLUMNS - 1 ? *end == '\n' : *end == ' ');
        columns[i].at = line;
        line = end + 1;
        while (at < end)
            *to++ = take_decoded(&at, end);
        *to = '\0';
        columns[i].length = (size_t)(to - columns[i].at);
    }
}

/* Removes the user info from a serialized URL. */
static void drop_user_info(char *href)
{
    char *begin = strstr(href, "//") + 2, *at = memchr(begin, '@', strcspn(begin, "/?#"));

    if (at)
        memmove(begin, at + 1, strlen(at + 1) + 1);
}

/* Serializes the URL as the standard does, without user info. */
static char *serialized(const struct url *url)
{
    char *text = NULL;

    assert_true(asprintf(&text, "%s://%s%s%s%s", url->https ? "https" : "http", url->authority,
                         url->target, url->fragment ? "#" : "",
                         url->fragment ? url->fragment : "") > 0);
    return text;
}

/* Compares user info; user name and password of the standard are encoded once more. */
static bool same_user_info(const struct url *url, const struct text *wanted)
{
    const char *at = wanted->at, *end = at + wanted->length;
    size_t i = 0;

    while (at < end && i < url->user_info_bytes)
        if (take_decoded(&at, end) != url->user_info[i++])
            return false;
    return at == end && i == url->user_info_bytes;
}

/* Returns the difference between the result and the case; NULL: none. */
static const char *difference(const struct url *url, const char *why, struct text columns[COLUMNS])
{
    bool read = !strcmp(columns[VERDICT].at, "read"), joined = columns[BASE].length;
    const char *wrong = NULL;
    char *text;

    if (why || !read)
        return !why ? "it is not refused" : read ? why : NULL;
    drop_user_info(columns[HREF].at);
    text = serialized(url);
    if (strcmp(text, columns[HREF].at) != 0)
        wrong = "another URL";
    else if (joined && strcmp(url->shown, text) != 0)
        wrong = "it is not shown in its normal form";
    else if (joined ? url->user_info != NULL : !same_user_info(url, &columns[USER_INFO]))
        wrong = "other user info";
    free(text);
    return wrong;
}

/* Returns the reason for a known difference; NULL: none is known. */
static const char *known_difference(const char *input)
{
    for (size_t i = 0; i < LENGTH(exceptions); i++)
        if (!strcmp(input, exceptions[i].input))
            return exceptions[i].why;
    return NULL;
}

static bool check(struct text columns[COLUMNS])
{
    const char *why = NULL, *wrong, *other = known_difference(columns[INPUT].at);
    struct url url = {0}, base = {0};

    if (columns[BASE].length) {
        assert_null(url_parse(&base, columns[BASE].at, columns[BASE].length));
        why = url_join(&url, &base, columns[INPUT].at, columns[INPUT].length);
    } else {
        why = url_parse(&url, columns[INPUT].at, columns[INPUT].length);
    }
    wrong = difference(&url, why, columns);
    if (wrong && other)
        print_message("# differs from the standard: %s: %s\n", columns[INPUT].at, other);
    else if (wrong || other)
        print_error("# \"%s\" on \"%s\": %s; wanted \"%s\"\n", columns[INPUT].at, columns[BASE].at,
                    wrong ? wrong : "no longer differs", columns[HREF].at);
    url_free(&url);
    url_free(&base);
    return !wrong == !other;
}

static void every_case_of_the_standard(void **state)
{
    size_t cases = 0, bad = 0, room = 0;
    char *command = NULL, *line = NULL;
    FILE *table;

    assert_true(asprintf(&command, "%s'%s'", to_table, (const char *)*state) > 0);
    table = popen(command, "r");
    assert_non_null(table);
    for (; getline(&line, &room, table) > 0; cases++) {
        struct text columns[COLUMNS];

        read_columns(line, columns);
        bad += !check(columns);
    }
    assert_int_equal(pclose(table), 0);
    assert_true(cases >= MIN_CASES);
    assert_int_equal(bad, 0);
    free(line);
    free(command);
}

int main(void)
{
    glob_t found;
    int failed;

    unit_time_limit();
    if (glob(DATA, 0, NULL, &found) != 0) {
        puts("ok - every_case_of_the_standard # SKIP librust-url-dev is not installed");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_case_of_the_standard, found.gl_pathv[0]),
    };
    failed = cmocka_run_group_tests_name("url_standard", tests, NULL, NULL);
    globfree(&found);
    return failed;
}
