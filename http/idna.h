/*
 * International labels of host names, put into ASCII by UTS #46: non-transitional, without STD3 rules, and
 * without the check of hyphens. http/host.h says which labels are refused that the standard takes.
 */
#ifndef HTTP_IDNA_H
#define HTTP_IDNA_H

#define IDNA_MAX_BYTES 1020 /* of a label */

/* Converts one label in UTF-8, of at most IDNA_MAX_BYTES, without a dot: "xn--bcher-kva" of "bücher".
   To be freed. NULL where it is no valid one. */
char *idna_to_ascii(const char *label);

#endif
