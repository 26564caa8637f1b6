/*
 * The table has up to TALLY_ADDRESSES entries; further addresses are used too, and share the last
 * entry. The next address is the one least recently chosen, which also works if the set changes.
 * Rejected: the address with the fewest open connections, because most new connections would go to
 * the server that closes connections fastest.
 */
#include "bench/load/spread.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "http/error.h"

struct spread {
    struct dialer *dialer; /* borrowed */
    struct dial_choice choice;
    unsigned first;
    int family;       /* the family that won, AF_INET6 or AF_INET; 0: not known yet */
    uint64_t random;  /* for the order after the first address */
    uint64_t choices; /* so far */
    size_t count;     /* entries in the table */
    struct tally_address table[TALLY_ADDRESSES];
    uint64_t last_choice[TALLY_ADDRESSES]; /* number of the last choice of each; 0: never */
};

static size_t index_of(struct spread *spread, const struct address *address)
{
    return (size_t)(tally_entry(spread->table, &spread->count, address) - spread->table);
}

/* Whether `one` is tried before `other`: the one that is not dropped, else the less recently chosen
   one. */
static bool is_before(const struct spread *spread, size_t one, size_t other)
{
    bool dropped = spread->table[one].dropped, others = spread->table[other].dropped;

    return dropped != others ? !dropped : spread->last_choice[one] < spread->last_choice[other];
}

static void swap(struct address *addresses, size_t one, size_t other)
{
    struct address kept = addresses[one];

    addresses[one] = addresses[other];
    addresses[other] = kept;
}

/* Puts the next address first; the others are shuffled, with dropped addresses last. */
static void order(struct spread *spread, struct address *addresses, size_t count)
{
    size_t indexes[RESOLVER_MAX_ADDRESSES], used = 0, next = 0, index;

    for (size_t i = count - 1; i; i--)
        swap(addresses, i, random_next(&spread->random) % (i + 1));
    for (size_t i = 0; i < count; i++)
        if (!spread->table[index_of(spread, &addresses[i])].dropped)
            swap(addresses, i, used++);
    for (size_t i = 0; i < count; i++) {
        indexes[i] = index_of(spread, &addresses[i]);
        if (is_before(spread, indexes[i], indexes[next]))
            next = i;
    }
    index = indexes[next];
    swap(addresses, 0, next);
    spread->last_choice[index] = ++spread->choices;
}

/* Removes the addresses of the other family. If none would remain, the array does not change. */
static size_t keep_family(struct address *addresses, size_t count, int family)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (addresses[i].any.sa_family == family)
            addresses[kept++] = addresses[i];
    return kept;
}

/* Orders the addresses of each family; the positions of the families do not change. */
static void order_families(struct spread *spread, struct address *addresses, size_t count)
{
    static const int families[] = {AF_INET6, AF_INET};

    for (size_t f = 0; f < 2; f++) {
        struct address own[RESOLVER_MAX_ADDRESSES], *next = own;
        size_t taken;

        memcpy(own, addresses, count * sizeof(*own));
        taken = keep_family(own, count, families[f]);
        if (taken)
            order(spread, own, taken);
        for (size_t i = 0; i < count && taken; i++)
            if (addresses[i].any.sa_family == families[f])
                addresses[i] = *next++;
    }
}

/* Adds new addresses to the table; the first time, `first` becomes the next choice. */
static void add_all(struct spread *spread, const struct address *addresses, size_t count)
{
    bool first = !spread->count;

    for (size_t i = 0; i < count; i++)
        index_of(spread, &addresses[i]);
    for (size_t i = 0; first && i < count; i++)
        spread->last_choice[index_of(spread, &addresses[(i + spread->first) % count])] =
            ++spread->choices;
}

static size_t on_choose(void *owner, struct address *addresses, size_t count, bool all)
{
    struct spread *spread = owner;
    size_t kept;

    add_all(spread, addresses, count);
    if (count == 1 && addresses[0].any.sa_family == spread->family)
        return count;
    if (spread->family) {
        kept = keep_family(addresses, count, spread->family);
        if (!kept && !all)
            return 0;
        if (!kept) /* the host has no address of the family any more: race again */
            spread->family = 0;
        count = kept ? kept : count;
    }
    order_families(spread, addresses, count);
    return count;
}

static bool is_refusal(enum error error)
{
    return error == ERROR_CONNECT_REFUSED || error == ERROR_CONNECT_UNREACHABLE ||
           error == ERROR_CONNECT_TIMEOUT || error == ERROR_CONNECT_RESET;
}

/* The last address in use is never dropped. */
static void on_attempt_failed(void *owner, const struct address *address, int reason)
{
    struct spread *spread = owner;
    size_t index = index_of(spread, address), left = 0;
    struct tally_address *entry = &spread->table[index];
    enum error error = error_of_connect(reason);

    if (!is_refusal(error))
        return;
    entry->refused++;
    for (size_t i = 0; i < spread->count; i++)
        left += i != index && !spread->table[i].dropped;
    if (left && index < TALLY_ADDRESSES - 1)
        entry->dropped = error;
}

/* Dials that began before the first race ended may have connected with the other family. */
static bool on_won(void *owner, const struct address *address)
{
    struct spread *spread = owner;

    if (!spread->family)
        spread->family = address->any.sa_family;
    return address->any.sa_family == spread->family;
}

struct spread *spread_new(struct dialer *dialer, unsigned first)
{
    struct spread *spread = memory_zeroed(sizeof(*spread));

    spread->dialer = dialer;
    spread->first = first;
    spread->random = first;
    spread->choice = (struct dial_choice){
        .choose = on_choose, .attempt_failed = on_attempt_failed, .won = on_won, .owner = spread};
    dialer->choice = &spread->choice;
    return spread;
}

void spread_free(struct spread *spread)
{
    spread->dialer->choice = NULL;
    free(spread);
}

struct tally_address *spread_opened(struct spread *spread, const struct address *address)
{
    struct tally_address *entry;

    if (!address->length)
        return NULL;
    entry = &spread->table[index_of(spread, address)];
    entry->connections++;
    entry->dropped = ERROR_NONE;
    return entry;
}

void spread_report(struct spread *spread, struct tally *tally)
{
    memcpy(tally->addresses, spread->table, spread->count * sizeof(*spread->table));
    tally->address_count = spread->count;
    for (size_t i = 0; i < spread->count; i++) {
        struct tally_address *entry = &spread->table[i];

        *entry = (struct tally_address){.address = entry->address, .dropped = entry->dropped};
    }
}
