/* The rows of the option table: descriptions, names, letters, defaults. */
#include "tests/support/command_line.h"

#include <ctype.h>

#include "base/memory.h"
#include "cli/options/listing.h"
#include "cli/options/readers.h"

static void every_row_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        size_t length = row->description ? strlen(row->description) : 0;

        if (length < 10 || length > OPTION_MAX_DESCRIPTION || strchr(row->description, '\n') ||
            strchr(row->description, '\\') || row->description[length - 1] == '.' ||
            strchr("'.", *row->description) || strstr(row->description, ". "))
            fail_msg("--%s: %s", row->name, length ? row->description : "no description");
        assert_true(row->group < GROUP_COUNT && row->commands && row->read);
        assert_non_null(group_titles[row->group]);
        assert_true(!row->initial || row->argument);
    }
}

/* No two options of a command share a name or a letter. */
static void names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct option_row *a = &option_table[i], *b = &option_table[j];

            if (!(a->commands & b->commands))
                continue;
            assert_string_not_equal(a->name, b->name);
            assert_true(!a->letter || a->letter != b->letter);
        }
    }
}

/* The argument of a choice lists valid words. It may omit words that a command refuses. */
static void words_are_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        const char *at = row->argument;

        while (row->words && *at) {
            size_t length = strcspn(at, "|"), word = 0;

            while (row->words[word] && (strlen(row->words[word]) != length ||
                                        strncmp(row->words[word], at, length) != 0))
                word++;
            if (!row->words[word])
                fail_msg("--%s %s", row->name, row->argument);
            at += length + (at[length] == '|');
        }
    }
}

static bool same_value(const struct option_row *row, const struct options *a,
                       const struct options *b)
{
    const void *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;

    if (row->read == read_text || row->read == read_file_name)
        return !strcmp(*(const char *const *)x, *(const char *const *)y);
    return !memcmp(x, y, row->bytes);
}

/* An option with its default has the effect of no option; a default of several words depends on
   something else. */
static void initial_values_are_the_defaults(void **state)
{
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];

        for (enum command command = 0; row->initial && command < COMMAND_NONE; command++) {
            struct options without, with;
            char line[128];

            if (!option_belongs(row, command) || command == COMMAND_DIFF ||
                command == COMMAND_ORIGIN || strchr(row->initial, ' '))
                continue;
            snprintf(line, sizeof(line), "%s --color never", command_names[command]);
            without = read_valid(!strcmp(row->name, "color") ? command_names[command] : line);
            snprintf(line, sizeof(line), "%s%s --%s %s", command_names[command],
                     row->group == GROUP_HTTP2 ? " --http2" : "", row->name, row->initial);
            with = read_valid(line);
            if (row->bytes && !same_value(row, &without, &with))
                fail_msg("%s is not the default", line);
            compared += row->bytes > 0;
            options_free(&without);
            options_free(&with);
        }
    }
    assert_true(compared > 15);
}

static char *text_of(void (*print)(FILE *to))
{
    char *text;
    size_t length;
    FILE *to = memory_stream(&text, &length);

    print(to);
    fclose(to);
    return text;
}

static void listings_have_every_option(void **state)
{
    char *options = text_of(listing_options), *mdoc = text_of(listing_mdoc),
         *completion = text_of(listing_completion);

    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_table[i];
        char *names = listing_names(row), *item = memory_print("Fl -%s", row->name),
             *word = memory_print("--%s", row->name);

        if (row->group == GROUP_INTERNAL) {
            assert_null(strstr(options, names));
            assert_null(strstr(mdoc, item));
            assert_null(strstr(completion, word));
        } else {
            assert_non_null(strstr(options, names));
            assert_non_null(strstr(mdoc, item));
            assert_non_null(strstr(completion, word));
        }
        free(names);
        free(item);
        free(word);
    }
    for (const char *at = options; *at; at += strcspn(at, "\n") + 1)
        assert_true(strcspn(at, "\n") <= 80);
    free(options);
    free(mdoc);
    free(completion);
}

/* A name that several rows have may be abbreviated like any other. */
static void shared_names_are_abbreviated(void **state)
{
    struct options options = read_valid("fetch --conc 7");

    (void)state;
    assert_int_equal(options.concurrency, 7);
    options_free(&options);
    options = read_valid("bench --timeo 3s");
    assert_true(options.request.timeout == 3 * NSEC_PER_S);
    options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_described),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(words_are_arguments),
        cmocka_unit_test(initial_values_are_the_defaults),
        cmocka_unit_test(listings_have_every_option),
        cmocka_unit_test(shared_names_are_abbreviated),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
