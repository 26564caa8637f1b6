/* What holds for every tally that reaches back to the beginning. */
#ifndef SUPPORT_SUMS_H
#define SUPPORT_SUMS_H

#include "bench/load/tally.h"

/* Whether its two sums hold. */
static inline bool tally_adds_up(const struct tally *tally)
{
    return tally->scheduled == tally->started + tally->waiting &&
           tally->started == tally->completed + tally->failed + tally->in_flight;
}

#endif
