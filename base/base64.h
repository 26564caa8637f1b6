/* Base64 (RFC 4648, section 4), for Basic authorization (RFC 7617) at sites and proxies. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* Returns the bytes as one padded line of text without a line end. The caller frees it. */
char *base64_encode(const char *bytes, size_t length);

#endif
