/*
 * URLs as people type them: "example.org", "127.0.0.1:8080/a", "localhost". If a text has no
 * "scheme://", then "http://" is added, provided that the text contains ".", ":" or "/" or is
 * "localhost", and that its host has only letters, digits and "-._:[]%". Other words may be meant
 * as something else.
 */
#ifndef HTTP_TYPED_URL_H
#define HTTP_TYPED_URL_H

#include "http/url.h"

/* Whether the text can be a URL: it has a scheme, or one may be added. */
bool typed_url_is_likely(const char *text, size_t length);

/* Like url_parse. `shown` has the scheme. A text that looks like the path of a file is refused. */
const char *typed_url_parse(struct url *url, const char *text, size_t length);

/* Like url_origin: the origin of the URL at the start of a line. False also if the host of a text
   without a scheme is long. */
bool typed_url_origin(struct url_origin *origin, const char *line, size_t length);

#endif
