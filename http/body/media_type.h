/* The media type of a response that declares several: several Content-Type fields, or a list in one
   (Fetch, "extract a MIME type"). */
#ifndef HTTP_BODY_MEDIA_TYPE_H
#define HTTP_BODY_MEDIA_TYPE_H

#include "base/span.h"

/* Reads up to the next `mark` outside a quoted string, without blanks around it, and skips the
   mark. At the end `rest` becomes empty, with `at` NULL. */
struct span media_type_take(struct span *rest, char mark);

/* The last valid type in a comma-separated list, unchanged; if it has no charset, the charset of an
   equal type directly before it is added as a parameter. To be freed. NULL: no valid type. */
char *media_type_extract(const char *list);

#endif
