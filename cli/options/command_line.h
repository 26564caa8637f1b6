/* The command line as text that can be pasted into a shell. */
#ifndef CLI_OPTIONS_COMMAND_LINE_H
#define CLI_OPTIONS_COMMAND_LINE_H

/* Returns the words, quoted for a POSIX shell where necessary; to be freed. NULL if a word may hold
   a secret of a URL (user name and password, query), or has a character that is not printable
   ASCII. */
char *command_line_quote(int argc, char *const *argv);

#endif
