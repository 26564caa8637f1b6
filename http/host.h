/*
 * The host of a URL, as the WHATWG URL standard reads it for http and https: an IPv4 address in any of
 * its old spellings ("0x7f.1"), an IPv6 address in brackets, or a name, percent-decoded and, where it
 * is international, put into ASCII by UTS #46 (non-transitional, without STD3 rules). Whether the DNS
 * can carry a name is not judged here: a label may be empty or over 63 bytes. Two things differ from
 * the standard. A label that is ASCII already is not judged, though it may begin with "xn--" and be no
 * encoding of anything. A name does not begin with a dot: OpenSSL would take it for all names below.
 *
 * Some labels are refused that the standard takes, because libidn2 refuses them. They are not ASCII, and
 * become longer than 63 bytes; have ASCII other than letters, digits, "-" and "_" in them; or have both
 * a symbol and letters that NFC would put together.
 */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>

#define HOST_MAX_BYTES 255

struct host {
    char text[HOST_MAX_BYTES + 1]; /* lower case; an address in its shortest form, no brackets */
    size_t length;
    bool numeric; /* an address, not a name */
    bool literal; /* an IPv6 address: a URL has brackets around it */
};

/* Reads what stands between user info and port. Returns NULL, or why it is refused: a static
   sentence; the struct holds nothing of use then. */
const char *host_parse(struct host *host, const char *text, size_t length);

#endif
