/*
 * Cookies (RFC 6265, with what RFC 6265bis made stricter) for the length of one chain of redirects, in
 * memory alone: a site that sets a cookie and sends its visitor to itself, or to a login host and back,
 * gets what it has set.
 *
 * A cookie is for one host, or, where its Domain says so, for that domain and all hosts below it,
 * whatever scheme and port. A Domain that is a public suffix (http/cookies/suffix.h) is only for
 * the host of that name, and an address is a host alone.
 */
#ifndef HTTP_COOKIES_H
#define HTTP_COOKIES_H

#include <stddef.h>
#include <stdint.h>

#include "http/url.h"

#define COOKIES_MAX_FIELD_BYTES  8191         /* of a Set-Cookie; a longer one is refused */
#define COOKIES_MAX_PAIR_BYTES   4096         /* of one cookie, name and value */
#define COOKIES_MAX              50           /* of one domain */
#define COOKIES_MAX_BYTES        (16 * 1024)  /* of one domain; names, values, paths */
#define COOKIES_MAX_IN_ALL       400          /* in a jar */
#define COOKIES_MAX_BYTES_IN_ALL (128 * 1024) /* in a jar; names, values, paths */

struct cookies;

/*
 * Takes the value of one Set-Cookie of an answer from `url`. Of the attributes Domain, Path, Secure,
 * Max-Age and Expires count. A cookie replaces that of the same name, domain and path; one that has
 * expired deletes it. *jar may be NULL; one is made when there is a cookie to keep. Times are seconds since 1970.
 *
 * Refused, with nothing changed, is what
 *   - is no "name=value", has no name, or has a control character in it,
 *   - is over one of the limits above: the newest goes, those that are there stay,
 *   - has a Domain that does not match the host, or that is a public suffix and not the host itself,
 *   - is Secure and came over http, or came over http and would stand before one that is Secure,
 *   - is named __Secure-... and is not Secure; is named __Host-... and is not Secure, has a Domain, or
 *     has no Path of "/".
 */
void cookies_take(struct cookies **jar, const struct url *url, const char *value, size_t length,
                  int64_t now_unix);

/* The value of the Cookie field for a request to `url`: "a=1; b=2", those of the longest path first, of
   equally long ones the oldest. To be freed. NULL: none fits. The jar may be NULL. */
char *cookies_for(const struct cookies *jar, const struct url *url, int64_t now_unix);

/* NULL is allowed. */
void cookies_free(struct cookies *jar);

#endif
