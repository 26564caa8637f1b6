/*
 * International labels of host names, converted to ASCII by UTS #46: non-transitional, without STD3
 * rules, and without the check of hyphens. http/host.h lists the labels that are refused although
 * the standard accepts them.
 */
#ifndef HTTP_IDNA_H
#define HTTP_IDNA_H

#define IDNA_MAX_BYTES 1020 /* of a label */

/* Converts one UTF-8 label of at most IDNA_MAX_BYTES, without a dot: "bücher" becomes
   "xn--bcher-kva". To be freed. NULL: the label is not valid. */
char *idna_to_ascii(const char *label);

#endif
