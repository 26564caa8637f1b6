/* A list of lines in one text, in the form in which it is sent. It has few lines, so a search is
   faster than building a table. */
#include "http/fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

bool fields_next(const char **at, struct request_field *line)
{
    const char *value;

    if (!*at || !**at)
        return false;
    line->text = *at;
    *at = strchr(*at, '\n') + 1;
    line->bytes = (size_t)(*at - line->text);
    value = strchr(line->text, ':') + 1;
    line->empty = value[strspn(value, " \t")] == '\r';
    return true;
}

bool field_is_named(const struct request_field *line, const char *name, size_t length)
{
    return line->bytes > length && !strncasecmp(line->text, name, length) &&
           line->text[length] == ':';
}

bool fields_have(const char *fields, const char *name)
{
    struct request_field line;

    while (fields_next(&fields, &line))
        if (field_is_named(&line, name, strlen(name)))
            return true;
    return false;
}

void fields_add(char **fields, const char *line, size_t *inherited)
{
    size_t length = strlen(line), name = strcspn(line, ":"), old_bytes = *inherited;
    char *all = memory_get((*fields ? strlen(*fields) : 0) + length + 3), *to = all;
    const char *at = *fields;
    struct request_field old;

    while (fields_next(&at, &old)) {
        if ((size_t)(old.text - *fields) < old_bytes && field_is_named(&old, line, name))
            *inherited -= old.bytes;
        else
            to = mempcpy(to, old.text, old.bytes);
    }
    stpcpy(stpcpy(to, line), "\r\n");
    free(*fields);
    *fields = all;
}
