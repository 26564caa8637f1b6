/* The negotiations, in a table. */
#include "http/versions.h"

#include "http/h1/h1.h"
#include "http/h2/h2.h"

#define ALPN_HTTP_1_1 "\x08http/1.1"
#define ALPN_HTTP_2   "\x02h2"

static const struct negotiation negotiations[] = {
    [HTTP_ANY] = {.alpn = ALPN_HTTP_2 ALPN_HTTP_1_1, .protocol = h2_or_h1},
    [HTTP_1_1_ONLY] = {.alpn = ALPN_HTTP_1_1, .protocol = h1_always},
    [HTTP_2_ONLY] = {.alpn = ALPN_HTTP_2 ALPN_HTTP_1_1,
                     .required_alpn = "h2",
                     .protocol = h2_or_h1},
    [HTTP_2_ASSUMED] = {.alpn = ALPN_HTTP_2,
                        .required_alpn = "h2",
                        .tunnels = true,
                        .protocol = h2_always},
};

const struct negotiation *negotiation_of(enum http_versions versions)
{
    return &negotiations[versions];
}

bool versions_multiplex(enum http_versions versions, bool https)
{
    const char *required = negotiations[versions].required_alpn;

    return required && negotiations[versions].protocol(https ? required : "")->multiplexed;
}
