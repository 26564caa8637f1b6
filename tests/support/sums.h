/* Invariants of every tally that starts at the beginning of the load. */
#ifndef SUPPORT_SUMS_H
#define SUPPORT_SUMS_H

#include "bench/load/tally.h"

static inline bool tally_adds_up(const struct tally *tally)
{
    return tally->scheduled == tally->started + tally->waiting &&
           tally->started == tally->completed + tally->failed + tally->in_flight;
}

#endif
