/* SPDX-License-Identifier: Apache-2.0
 *
 * pass - the IMEIs that several subscribers use, with what was seen of them in a window of days. Of some ten million pairs
 * nearly all belong to an IMEI that has one: these cost two bits.
 *
 *     pass_open        counts pairs of each IMEI, in 2-bit counters by a hash: two passes over 12 bytes a pair
 *     pass_gather      those of one share of the IMEIs that have enough, exactly
 *     pass_touch, pass_keep     leaves those that a day's change may have made a clone
 *     pass_day         sets a day of an operator: its bitmap and the numbers gathered, both ascending
 *
 * Memory, whatever the register: counters of 2 bits, 16 a pair, at most 256 MB; PASS_PAIRS of 32 bytes with their IMEIs of
 * 48; one day's bitmap. Where more pairs would be gathered the IMEIs are taken in shares, by their hash. */
#ifndef CLONES_PASS_H
#define CLONES_PASS_H

#include "clones/judge.h"
#include "seen/parts.h"

enum {
    PASS_PAIRS = 10 << 20,   /* 336 MB, and their IMEIs */
    PASS_PAIRS_EACH = 65536, /* of one IMEI: more are a fleet's or a factory's number */
    PASS_OPERATORS = 32
};

/* A pair that was gathered; ascending by number. */
struct pass_pair {
    uint64_t days;       /* on which it was seen, in the window */
    uint64_t now;        /* the same, by the operator at hand */
    uint32_t number;     /* of the pair */
    uint32_t subscriber; /* his number */
    uint32_t imei;       /* its place in pass.imeis */
    uint32_t operators;  /* that saw it: bit i */
};

struct pass_imei {
    uint64_t body;
    uint64_t now, any; /* days: of the operator at hand, of those before it */
    uint64_t two;      /* days with two operators */
    uint32_t pairs;    /* gathered */
    uint32_t first;    /* after pass_order: its pairs begin there in pass.order */
    bool touched;
};

struct pass {
    struct registry *reg;
    uint64_t *counters; /* 32 of 2 bits a word */
    uint64_t counter_count;
    uint32_t least;       /* pairs of an IMEI that is gathered, 2 at least */
    uint64_t imeis_known; /* IMEIs of all pairs; a few that fall together are missing */
    uint32_t pairs_known;
    size_t pairs_most; /* PASS_PAIRS; a test has fewer */
    struct pass_pair *pairs;
    size_t pair_count, pair_size;
    struct pass_imei *imeis;
    size_t imei_count, imei_size;
    uint32_t *slots; /* by hash: place in imeis + 1 */
    size_t slot_count;
    uint32_t *order;           /* places in pairs, IMEI by IMEI */
    roaring_bitmap_t *numbers; /* of the pairs gathered; NULL: not made yet */
};

/* Counts. least: clone_least. */
MUST_USE enum err pass_open(struct registry *registry, uint32_t least, struct pass *out,
                            struct fault *fault);
void pass_close(struct pass *pass);
/* Share `share` of `shares` of the IMEIs. ERR_TOO_MANY: more than pairs_most: more shares are wanted. */
MUST_USE enum err pass_gather(struct pass *pass, uint32_t share, uint32_t shares,
                              struct fault *fault);
/* A day of an operator: bit `day` of the pairs, `operator` of 0 to 31. */
MUST_USE enum err pass_day(struct pass *pass, unsigned day, unsigned operator_place,
                           const roaring_bitmap_t *bits);
/* After all days of an operator, before those of the next. */
void pass_next_operator(struct pass *pass);
/* Each pair of the IMEIs gathered that the bitmap has. */
typedef void pass_hit_fn(struct pass *pass, struct pass_pair *pair, void *ctx);
MUST_USE enum err pass_hits(struct pass *pass, const roaring_bitmap_t *bits, pass_hit_fn *fn,
                            void *ctx);
/* Leaves the IMEIs that are touched. */
void pass_keep(struct pass *pass);
/* Before the IMEIs are judged: sets first and order. ERR_MEMORY. */
MUST_USE enum err pass_order(struct pass *pass);

#endif
