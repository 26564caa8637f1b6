/* One hash for every table of names: FNV-1a, ASCII letters without regard to case. It does not
   withstand an attacker who chooses names; the tables that use it stay right, only slower. */
#ifndef REACTOR_HASH_H
#define REACTOR_HASH_H

#include <stdint.h>

static inline uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte >= 'A' && byte <= 'Z')
            byte |= 32;
        hash = (hash ^ byte) * 16777619u;
    }
    return hash;
}

#endif
