/* Base64 (RFC 4648, section 4), for Basic authorization (RFC 7617) at sites and proxies. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* The bytes as text, padded, in one line. To be freed. */
char *base64_encode(const char *bytes, size_t length);

#endif
