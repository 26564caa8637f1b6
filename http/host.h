/*
 * The host of a URL, as the WHATWG URL standard reads it for http and https: an IPv4 address in any
 * old spelling ("0x7f.1"), an IPv6 address in brackets, or a name, percent-decoded and, if it is
 * international, converted to ASCII by UTS #46 (non-transitional, without STD3 rules). The limits
 * of the DNS are not checked: a label may be empty or longer than 63 bytes. Two things differ from
 * the standard. An ASCII label is not checked, even if it begins with "xn--" and is not a valid
 * encoding. A name must not begin with a dot: OpenSSL would match it with all subdomains.
 *
 * Some labels are refused that the standard accepts, because libidn2 refuses them. They are not
 * ASCII, and become longer than 63 bytes; contain ASCII other than letters, digits, "-" and "_"; or
 * contain both a symbol and letters that NFC would compose.
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

/* Parses the text between user info and port. Returns NULL, or why it is refused, a static
   sentence; the struct is undefined then. */
const char *host_parse(struct host *host, const char *text, size_t length);

#endif
