/* SPDX-License-Identifier: Apache-2.0
 *
 * dictionary - verdicts by number. A country has some dozens of verdicts at a time (a reason, used
 * or not, a day), so an IMEI keeps the number of one. Numbers are given once and never again, so
 * that readers need no care; NUMBER_NONE says that nothing is known. The first ones are the same in
 * every index: all verdicts without a day, the commonest first.
 *
 * Only index/ includes this. */
#ifndef INDEX_DICTIONARY_H
#define INDEX_DICTIONARY_H

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "core/policy.h"

enum {
    NUMBER_BITS = 17,
    NUMBER_LEAST = 32,                    /* so many are there always: the commonest */
    NUMBER_NONE = 254,                    /* no verdict: what is not recorded has it */
    NUMBER_RARE = 255,                    /* no verdict: look in rare (boxes.h) */
    NUMBER_ODD = (1 << NUMBER_BITS) - 2,  /* no number was left: the verdict stands elsewhere */
    NUMBER_DEAD = (1 << NUMBER_BITS) - 1, /* rare.h: this says nothing any more */
};

struct dictionary {
    _Atomic uint64_t *words; /* a struct verdict in two words, by number */
    uint32_t count;
    uint32_t *places; /* by hash: number + 1 */
    uint32_t size;    /* of places, a power of two */
};

/* ERR_MEMORY. */
MUST_USE enum err dictionary_init(struct dictionary *d);
void dictionary_end(struct dictionary *d);
/* NUMBER_ODD when all are taken. ERR_MEMORY. */
MUST_USE enum err dictionary_number(struct dictionary *d, const struct verdict *verdict,
                                    uint32_t *out);
/* All of it anew: verdicts by number, packed (verdict_pack), each once; at NUMBER_NONE and
 * NUMBER_RARE 0. ERR_SNAPSHOT: it is no dictionary; ERR_MEMORY. */
MUST_USE enum err dictionary_load(struct dictionary *d, const uint64_t *packed, uint32_t count);
/* Is it a word that verdict_pack writes? */
bool dictionary_is_packed(uint64_t packed);
uint64_t dictionary_bytes(const struct dictionary *d);

static_assert(sizeof(struct verdict) == 2 * sizeof(uint64_t), "a verdict is two words");

/* Of a number that was given; of NUMBER_NONE it is anything. */
static inline void dictionary_verdict(const struct dictionary *d, uint32_t number,
                                      struct verdict *out)
{
    uint64_t words[2] = {
        atomic_load_explicit(&d->words[2 * number], memory_order_relaxed),
        atomic_load_explicit(&d->words[2 * number + 1], memory_order_relaxed),
    };
    memcpy(out, words, sizeof *out);
}

#endif
