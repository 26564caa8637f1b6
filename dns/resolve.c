/* Linear searches: the lists are short. */
#include "dns/resolve.h"

/* How specific a failure is. "No address" is the least specific: it concerns one family only. */
static unsigned specificity(enum resolve_status status)
{
    static const unsigned char ranks[] = {
        [RESOLVE_BAD_NAME] = 9, [RESOLVE_NXDOMAIN] = 8,  [RESOLVE_SERVFAIL] = 7,
        [RESOLVE_REFUSED] = 6,  [RESOLVE_MALFORMED] = 5, [RESOLVE_UNREACHABLE] = 4,
        [RESOLVE_TIMEOUT] = 3,  [RESOLVE_FAILED] = 2,    [RESOLVE_NO_ADDRESS] = 1,
        [RESOLVE_OK] = 0,
    };

    return ranks[status];
}

enum resolve_status resolve_more_specific(enum resolve_status one, enum resolve_status other)
{
    return specificity(other) > specificity(one) ? other : one;
}

/* The index, at least `at`, of the next address of `family`; `count` if there is none. */
static size_t next_of(const struct address *from, size_t count, size_t at, int family)
{
    while (at < count && from[at].any.sa_family != family)
        at++;
    return at;
}

size_t resolve_interleave(const struct address *from, size_t first, size_t count,
                          struct address *to)
{
    size_t next = next_of(from, count, first, AF_INET6);
    size_t other = next_of(from, count, first, AF_INET);
    size_t used = 0;

    while ((next < count || other < count) && used < RESOLVER_MAX_ADDRESSES) {
        size_t this = next;

        next = other;
        other = count;
        if (this < count) {
            to[used++] = from[this];
            other = next_of(from, count, this + 1, from[this].any.sa_family);
        }
    }
    return used;
}

size_t resolve_keep_family(enum resolve_family family, struct address *addresses, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (family == RESOLVE_BOTH ||
            (family == RESOLVE_IPV6) == (addresses[i].any.sa_family == AF_INET6))
            addresses[kept++] = addresses[i];
    return kept;
}
