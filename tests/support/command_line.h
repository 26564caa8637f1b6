/* Command lines for the tests of cli/options/: words between spaces; "_" is a space in a word. */
#ifndef TESTS_SUPPORT_COMMAND_LINE_H
#define TESTS_SUPPORT_COMMAND_LINE_H

#include "tests/support/unit.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options/options.h"
#include "tests/support/stderr_capture.h"

#define MAX_WORDS 64

static inline void unescape(char *word)
{
    while ((word = strchr(word, '_')))
        *word++ = ' ';
}

/* Reads a command line. Its texts are valid until the next call. */
static inline bool read_line(struct options *options, const char *line)
{
    static char text[1024];
    static char *words[MAX_WORDS + 2];
    int count = 0;
    char *save;

    snprintf(text, sizeof(text), "firstbyte %s", line);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert_true(count < MAX_WORDS);
        unescape(word);
        words[count++] = word;
    }
    words[count] = NULL;
    optind = 0; /* restarts getopt */
    return options_read(options, count, words);
}

/* Reads a valid command line; fails the test if it is refused. */
static inline struct options read_valid(const char *line)
{
    struct options options;

    if (!read_line(&options, line))
        fail_msg("%s is refused", line);
    return options;
}

/* Reads a command line and copies its messages on standard error to `message`. Returns whether the
   line is valid. */
static inline bool read_captured(const char *line, char *message, size_t room)
{
    struct options options;
    bool accepted;

    stderr_capture_begin();
    accepted = read_line(&options, line);
    options_free(&options);
    snprintf(message, room, "%s", stderr_capture_end());
    return accepted;
}

/* The hint at the help of the line's command. */
static inline const char *expected_hint(const char *line)
{
    static const char *const commands[] = {"race", "bench", "origin", "diff"};
    static char hint[64];

    snprintf(hint, sizeof(hint), "Try 'firstbyte --help'.\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        size_t length = strlen(commands[i]);

        if (!strncmp(line, commands[i], length) && strchr(" ", line[length]))
            snprintf(hint, sizeof(hint), "Try 'firstbyte %s --help'.\n", commands[i]);
    }
    return hint;
}

/* An invalid command line, and a part of its error message. */
struct refused_line {
    const char *line, *message;
};

static inline void assert_all_refused(const struct refused_line *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char message[2048];

        if (read_captured(all[i].line, message, sizeof(message)))
            fail_msg("%s is accepted", all[i].line);
        if (strncmp(message, "firstbyte: ", 11) != 0 || !strstr(message, all[i].message) ||
            !strstr(message, expected_hint(all[i].line)))
            fail_msg("%s: %s", all[i].line, message);
    }
}

#endif
