/* The media type of a response that says it more than once: several Content-Type fields, or a list in
   one (Fetch, "extract a MIME type"). */
#ifndef HTTP_BODY_MEDIA_TYPE_H
#define HTTP_BODY_MEDIA_TYPE_H

#include "base/span.h"

/* Takes what is before the next `mark` that is not in a quoted string, without the blanks around it, and
   the mark. At the end `rest` becomes no text at all. */
struct span media_type_take(struct span *rest, char mark);

/* The last valid type in a list of values joined by commas, as it stands there; where it has no charset,
   that of the same type directly before it follows as a parameter. To be freed. NULL: none is valid. */
char *media_type_extract(const char *list);

#endif
