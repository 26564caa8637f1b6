/*
 * What a page says of its own character set, in its first bytes: in a meta element, as the HTML
 * standard looks for it before it parses the page (section 13.2.3.2), or in its XML declaration.
 */
#ifndef HTTP_BODY_PAGE_CHARSET_H
#define HTTP_BODY_PAGE_CHARSET_H

#include "http/body/charset.h"

#define PAGE_CHARSET_BYTES 1024 /* of a page, in which it may say so */

/* Looks at the first bytes, at most PAGE_CHARSET_BYTES. NULL: they say nothing. */
const struct charset *page_charset(const unsigned char *bytes, size_t count);

#endif
