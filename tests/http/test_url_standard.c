/*
 * URLs as the web platform's own tests read them: every case of urltestdata.json, which Debian ships
 * with librust-url-dev. One without an http or https base goes to url_parse, any other to url_join;
 * what comes to another scheme must be refused. jq makes a table of it, a line a case, its columns
 * percent-encoded.
 */
#include "tests/support/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "http/url.h"

#define DATA "/usr/share/cargo/registry/url-*/tests/urltestdata.json"

/* A few hundred cases must be there, or something is wrong with the table. */
#define LEAST_CASES 600

static const char to_table[] =
    "jq -r 'def web: (. // \"\") | test(\"^https?:\");"
    " .[] | select(type == \"object\") | . as $case"
    " | if .failure or ($case.href | web | not) then [\"refused\", \"\", \"\"]"
    "   else [\"read\", .href, if .username + .password == \"\" then \"\""
    "         else .username + \":\" + .password end] end"
    " | [$case.input, if ($case.base | web) then $case.base else \"\" end] + . | map(@uri)"
    " | join(\" \")' ";

#define NOT_DECODED "the DNS says whether it knows a name in ASCII"
#define LEADING_DOT "a certificate would be good for any subdomain"

/* What is not as the standard says, and why. */
static const struct {
    const char *input, *why;
} others[] = {
    {"http://f:0/c", "nobody listens on port 0"},
    {"http://f:00000000000000/c", "nobody listens on port 0"},
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

/* Cuts a line at its blanks and decodes the columns in place. */
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

/* Takes the user info out of a serialized URL, still encoded. */
static void drop_user_info(char *href)
{
    char *begin = strstr(href, "//") + 2, *at = memchr(begin, '@', strcspn(begin, "/?#"));

    if (at)
        memmove(begin, at + 1, strlen(at + 1) + 1);
}

/* The URL as the standard serializes it, without user info. */
static char *serialized(const struct url *url)
{
    char *text = NULL;

    assert_true(asprintf(&text, "%s://%s%s%s%s", url->https ? "https" : "http", url->authority,
                         url->target, url->fragment ? "#" : "",
                         url->fragment ? url->fragment : "") > 0);
    return text;
}

/* Decodes once more what the standard leaves encoded in user name and password. */
static bool same_user_info(const struct url *url, const struct text *wanted)
{
    const char *at = wanted->at, *end = at + wanted->length;
    size_t i = 0;

    while (at < end && i < url->user_info_bytes)
        if (take_decoded(&at, end) != url->user_info[i++])
            return false;
    return at == end && i == url->user_info_bytes;
}

/* What is wrong with the result; NULL: nothing. */
static const char *judge(const struct url *url, const char *why, struct text columns[COLUMNS])
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

/* Why a case is not as the standard says; NULL: it is. */
static const char *excuse(const char *input)
{
    for (size_t i = 0; i < LENGTH(others); i++)
        if (!strcmp(input, others[i].input))
            return others[i].why;
    return NULL;
}

static bool check(struct text columns[COLUMNS])
{
    const char *why = NULL, *wrong, *other = excuse(columns[INPUT].at);
    struct url url = {0}, base = {0};

    if (columns[BASE].length) {
        assert_null(url_parse(&base, columns[BASE].at, columns[BASE].length));
        why = url_join(&url, &base, columns[INPUT].at, columns[INPUT].length);
    } else {
        why = url_parse(&url, columns[INPUT].at, columns[INPUT].length);
    }
    wrong = judge(&url, why, columns);
    if (wrong && other)
        print_message("# not as the standard: %s: %s\n", columns[INPUT].at, other);
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
    assert_true(cases >= LEAST_CASES);
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
