/* The totals of a run: the number of results of each kind. Memory is fixed for any length of
   list. */
#ifndef CLI_OUTPUT_TOTALS_H
#define CLI_OUTPUT_TOTALS_H

#include <stdint.h>
#include <stdio.h>

#include "http/result.h"

#define TOTALS_STATUS_LOW  400 /* the lowest that is counted */
#define TOTALS_STATUS_HIGH 999

struct totals {
    uint64_t reported, failed;
    uint64_t errors[ERROR_COUNT];
    uint64_t status[TOTALS_STATUS_HIGH - TOTALS_STATUS_LOW + 1]; /* of all results, failed or not */
};

void totals_add(struct totals *totals, const struct result *result);

/* Writes "43 ok, 10 failed: 7 dns.nxdomain, 3 tls.cert_expired; 2 with status 500": the most
   frequent first; the rest is one number of others. */
void totals_write(FILE *to, const struct totals *totals);

#endif
