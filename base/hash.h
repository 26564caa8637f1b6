/* The hash function of every table of names: FNV-1a, ASCII case ignored. An attacker who chooses
   the names can cause collisions; the tables then become slower but stay correct. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

static inline uint32_t hash_bytes(const char *bytes, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)to_lower(bytes[i])) * 16777619u;
    }
    return hash;
}

static inline uint32_t hash_text(const char *text)
{
    return hash_bytes(text, strlen(text));
}

#endif
