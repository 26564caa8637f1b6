# What latencies are true where a server stands still for a while under a fixed rate of requests: a queue,
# first in first out, in the order of the times at which the requests are due.
#
#   awk -v rate=1000 -v seconds=10 -v at=4 -v stall=2 -v drain=40000 -f bench/compare/stall.awk
#
# `drain` is how many a second leave once the server goes on. Prints p50, p90, p99 and the greatest in
# microseconds. A percentile is the least value that so many are not above, as in bench/load/histogram.h.
BEGIN {
    count = int(rate * seconds)
    left = 0 # when the one before left
    for (i = 0; i < count; i++) {
        due = i / rate
        begun = due > left ? due : left
        if (begun >= at && begun < at + stall)
            begun = at + stall
        left = begun + 1 / drain
        # latencies fall within the queue and are all alike outside it: counted, not sorted, by step
        steps[int((left - due) * 1e6 / STEP()) + 1]++
        if (left - due > most)
            most = left - due
    }
    printf "%.0f %.0f %.0f %.0f\n", percentile(0.5), percentile(0.9), percentile(0.99), most * 1e6
}

# microseconds that are told apart
function STEP() { return 10 }

function percentile(share,    step, seen, wanted) {
    wanted = share * count
    for (step = 1; step <= most * 1e6 / STEP() + 1; step++) {
        seen += steps[step]
        if (seen >= wanted)
            return step * STEP()
    }
    return most * 1e6
}
