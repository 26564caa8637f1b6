/*
 * Cookies (RFC 6265, with the stricter rules of RFC 6265bis), in memory, for one chain of
 * redirects: a site that sets a cookie and redirects to itself, or to a login host and back,
 * receives the cookie.
 *
 * A cookie is for one host, or, with a Domain, for that domain and all its subdomains, for any
 * scheme and port. A Domain that is a public suffix (http/cookies/suffix.h) is valid only for the
 * host of that name; a cookie of an address is for that host only.
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
 * Stores the value of one Set-Cookie field of a response from `url`. The attributes Domain, Path,
 * Secure, Max-Age and Expires are used. A cookie replaces that of the same name, domain and path;
 * an expired one deletes it. *jar may be NULL and is allocated for the first cookie. Times are
 * seconds since 1970.
 *
 * Refused, without any change, is a cookie that
 *
 *     - is not "name=value", has no name, or contains a control character,
 *     - exceeds one of the limits above: existing cookies are kept,
 *     - has a Domain that does not match the host, or is a public suffix and not the host,
 *     - is Secure and was received over http, or was received over http and would be sent
 *       before a Secure one,
 *     - is named __Secure-... and is not Secure; is named __Host-... and is not Secure, has a
 *       Domain, or does not have the Path "/".
 */
void cookies_store(struct cookies **jar, const struct url *url, const char *value, size_t length,
                   int64_t now_unix);

/* The value of the Cookie field for a request to `url`: "a=1; b=2", sorted by descending length of
   the path, then by age. To be freed. NULL: none. The jar may be NULL. */
char *cookies_for(const struct cookies *jar, const struct url *url, int64_t now_unix);

/* NULL is allowed. */
void cookies_free(struct cookies *jar);

#endif
