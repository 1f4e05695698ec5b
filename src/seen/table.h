/* SPDX-License-Identifier: Apache-2.0
 *
 * table - dense numbers by a keyed hash: open addressing, 16 bytes a slot, so that a look-up is one line of memory.
 * Expected workload: some ten millions of entries, looked up by the thousand with the lines fetched ahead; entries
 * come by the million and never go. A key is a keyed hash, so nobody chooses which keys fall together.
 *
 * Slots are filled in the order of the keys (mix_range), so a table is copied into a larger one from front to back and
 * the places written move from front to back as well. Invariants: number 0 is an empty slot; count <= 4/5 of size. */
#ifndef SEEN_TABLE_H
#define SEEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mix.h"

struct seen_key {
    uint64_t hash;
    uint16_t mark; /* 16 bits more of it */
};

struct seen_slot {
    uint64_t hash;
    uint32_t number; /* from 1; 0: empty */
    uint16_t mark;
    uint16_t day; /* what the owner keeps beside the number */
};

struct seen_table {
    struct seen_slot *slots;
    uint64_t size;  /* slots; 0: there is none, and nothing is found */
    uint64_t count; /* of them used */
};

enum { SEEN_TABLE_LEAST = 1024 }; /* slots */

/* Slots for so many entries and some growth. */
uint64_t seen_table_size_for(uint64_t count);
static inline bool seen_table_has_room(const struct seen_table *t, uint64_t more)
{
    return (t->count + more) * 5 <= t->size * 4;
}

static inline void seen_table_fetch(const struct seen_table *t, const struct seen_key *key)
{
    if (t->size)
        __builtin_prefetch(&t->slots[mix_range(key->hash, t->size)], 0, 1);
}

/* NULL: it is not there. Valid until something is put in. */
static inline struct seen_slot *seen_table_find(const struct seen_table *t,
                                                const struct seen_key *key)
{
    if (!t->size)
        return NULL;
    for (uint64_t at = mix_range(key->hash, t->size);; at = at + 1 < t->size ? at + 1 : 0) {
        struct seen_slot *slot = &t->slots[at];
        if (!slot->number)
            return NULL;
        if (slot->hash == key->hash && slot->mark == key->mark)
            return slot;
    }
}

/* What is not there yet, with room for it. */
void seen_table_put(struct seen_table *t, const struct seen_slot *slot);
/* All of `from` into `to`, which has the room. What was read of `from` is given back to the machine piece by
 * piece when `drain` is set: of two tables no more is in memory than the larger one and a piece. */
void seen_table_pour(struct seen_table *to, const struct seen_table *from, bool drain);

/* ---- a table in memory of its own ---- */

/* ERR_MEMORY: the table is as before. */
MUST_USE enum err seen_table_grow(struct seen_table *t, uint64_t more);
void seen_table_release(struct seen_table *t);

#endif
