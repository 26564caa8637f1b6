# Prints a list of sites in which some have a fault, chosen by the seed:
#
#   awk -v sites=N -v seed=S [-v share=P] [-v others=WHAT] -f bench/mix.awk
#
# Each line is a site with its own name, for the embedded origin. Healthy sites have a delay of
# `delay` (50 ms); P percent of the sites (33) have a fault. All faults are equally frequent, with
# http (HTTP/1.1) and https (HTTP/2) if both are possible. The path is the expected result with the limits of
# bench/mix.sh: "/code/phase", or "-" for none. others=none: without the faulty sites; others=well:
# without their faults.
BEGIN {
    count = 0
    if (share == "")
        share = 33
    if (delay == "")
        delay = "50ms"
    drops = sprintf("%400s", "")
    gsub(/ /, ".", drops) # four seconds of them
    both("dns-nxdomain", "dns.nxdomain/dns")
    both("dns-empty", "dns.no_address/dns")
    both("dns-servfail", "dns.servfail/dns")
    both("dns-refused", "dns.refused/dns")
    both("dns-garbage", "dns.malformed/dns")
    both("dns-stall", "dns.timeout/dns")
    both("connect-refuse", "connect.refused/connect")
    both("connect-stall", "connect.timeout/connect")
    https("tls-stall", "tls.timeout/tls")
    https("tls-plain", "tls.not_tls/tls")
    https("tls-reset", "tls.reset/tls")
    https("cert-expired", "tls.cert_expired/tls")
    https("cert-not-yet", "tls.cert_not_yet_valid/tls")
    https("cert-self-signed", "tls.self_signed/tls")
    https("cert-wrong-host", "tls.hostname_mismatch/tls")
    https("cert-unknown-authority", "tls.unknown_authority/tls")
    both("wait-stall", "timeout.ttfb/wait")
    both("wait-close", "http.empty/wait")
    both("wait-reset", "http.reset/wait")
    http("garbage", "http.malformed/receive")
    https("garbage", "http2.protocol/receive")
    http("head-stall", "timeout.total/receive") # HTTP/2: a retry would find the same connection
    both("head-endless", "http.header_too_large/receive")
    both("body-stall", "timeout.total/receive")
    both("body-endless", "-/-")
    both("body-chunk", "http.malformed/receive")
    both("body-reset", "receive.reset/receive")
    both("truncate", "http.truncated/receive")
    https("no-close-notify", "tls.truncated/receive")
    both("drip", "timeout.total/receive")
    both("hang-up", "-/-")
    both("redirect-loop", "http.redirect_loop/receive")
    both("redirect-endless", "http.too_many_redirects/receive")
    both("bad-location", "http.bad_location/receive")
    both("bad-coding", "http.bad_coding/receive")
    https("h2-goaway", "http2.goaway/wait")
    https("h2-truncate", "http.truncated/receive")
    https("h2-zero-window", "-/-")
    https("h2-flood-settings", "http2.flood/receive")
    https("h2-flood-ping", "http2.flood/receive")
    https("h2-bad-frame", "http2.protocol/receive")
    srand(seed)
    for (i = 0; i < sites; i++)
        site(i)
}

function http(fault, ending) { faults[count] = fault; schemes[count] = "http"; endings[count++] = ending }
function https(fault, ending) { faults[count] = fault; schemes[count] = "https"; endings[count++] = ending }
function both(fault, ending) { http(fault, ending); https(fault, ending) }

function site(i,    sick, scheme, which) {
    sick = rand() * 100 < share
    scheme = rand() < 0.25 ? "https" : "http"
    which = drawn % count
    drawn += sick
    if (!sick)
        print scheme "://s" i ".example/-/- rehearse-delay=" delay
    else if (others == "well")
        print schemes[which] "://s" i ".example/-/- rehearse-delay=" delay
    else if (others != "none")
        print schemes[which] "://s" i ".example/" endings[which] " rehearse-fault=" faults[which] \
            (faults[which] == "drip" ? " rehearse-body=" drops : "")
}
