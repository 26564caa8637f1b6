/*
 * The character set that a page declares in its first bytes: in a meta element, as the HTML
 * standard finds it before parsing (section 13.2.3.2), or in its XML declaration.
 */
#ifndef HTTP_BODY_PAGE_CHARSET_H
#define HTTP_BODY_PAGE_CHARSET_H

#include "http/body/charset.h"

#define PAGE_CHARSET_BYTES 1024 /* of a page that are searched */

/* Searches the first bytes, at most PAGE_CHARSET_BYTES. NULL: no declaration. */
const struct charset *page_charset(const unsigned char *bytes, size_t count);

#endif
