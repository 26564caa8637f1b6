# Computes the true latencies when a server is stopped for a while at a fixed rate of requests: a
# FIFO queue in the order of the intended starts.
#
#   awk -v rate=1000 -v seconds=10 -v at=4 -v stall=2 -v drain=40000 -f bench/compare/stall.awk
#
# `drain` is the rate at which the server works off the queue. Prints p50, p90, p99 and the maximum
# in microseconds. Percentiles are nearest-rank, as in bench/load/histogram.h.
BEGIN {
    count = int(rate * seconds)
    left = 0 # when the previous request ended
    for (i = 0; i < count; i++) {
        due = i / rate
        begun = due > left ? due : left
        if (begun >= at && begun < at + stall)
            begun = at + stall
        left = begun + 1 / drain
        # latencies decrease within the queue and are equal outside it: counted by step, not sorted
        steps[int((left - due) * 1e6 / STEP()) + 1]++
        if (left - due > max)
            max = left - due
    }
    printf "%.0f %.0f %.0f %.0f\n", percentile(0.5), percentile(0.9), percentile(0.99), max * 1e6
}

# resolution in microseconds
function STEP() { return 10 }

function percentile(share,    step, seen, wanted) {
    wanted = share * count
    for (step = 1; step <= max * 1e6 / STEP() + 1; step++) {
        seen += steps[step]
        if (seen >= wanted)
            return step * STEP()
    }
    return max * 1e6
}
