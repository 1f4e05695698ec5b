/* SPDX-License-Identifier: Apache-2.0
 *
 * seen_load - what a load holds, shared by the two halves of seen: taking rows (seen.c) and writing (seen_write.c). */
#ifndef SEEN_SEEN_LOAD_H
#define SEEN_SEEN_LOAD_H

#include "seen/day_bits.h"
#include "seen/seen.h"

/* A pair that has no number in the register yet; by its number less head.pairs less 1. */
struct seen_new {
    uint64_t imsi, msisdn;
    uint64_t imei_day; /* body << 16 | the earliest packed day of a home row; SEEN_DAY_NONE */
};

struct seen_day {
    uint16_t day;
    uint64_t home, roaming;
    uint64_t of[SEEN_COUNTS];
    uint64_t sum; /* of its rows, good and bad, in no order */
    struct day_bits bits;
};

struct seen {
    struct registry *reg;
    uint64_t party;
    const atomic_int *stop; /* NULL: none */
    bool claimed;
    struct seen_head head; /* as it stands in the register */
    uint8_t key[SEEN_HASH_KEY];
    struct seen_cache subscribers, pairs;
    struct seen_table fresh; /* pairs of this load, numbered on from head.pairs */
    struct seen_new *news;
    size_t new_count, new_size;
    struct seen_day *days; /* LIMIT_FEED_DAYS */
    uint16_t *day_places;  /* by packed day: 1 + position in days */
    size_t day_count;
    uint32_t pages; /* of bits, of all days */
    struct imei_list activations;
    struct imei_list
        undated; /* pairs that stand without a day, seen at home: slot << 16 | packed day */
    const char *too_many;
    uint64_t sums[2]; /* of the digest */
    uint64_t rows;
    uint64_t slower; /* of struct seen_counts */
};

/* Of the tables, made from the records. */
MUST_USE enum err seen_rebuild(struct seen *seen, struct fault *fault);
/* All days, in steps; they are in order afterwards. before: the last number of a pair before this load. */
MUST_USE enum err seen_write_days(struct seen *seen, const struct seen_write *what, uint32_t before,
                                  struct fault *fault);
/* Gives the pairs of `undated` their days, in the records and in the table, which is in doubt. Their activations stand. */
MUST_USE enum err seen_settle_days(struct seen *seen, struct fault *fault);
/* ERR_STOPPED when somebody asked for it. */
static inline enum err seen_stopped(const struct seen *s, struct fault *fault)
{
    return s->stop && *s->stop
               ? fault_set(fault, ERR_STOPPED, "load the same file again: that does what is left")
               : ERR_OK;
}
/* In a transaction: does the register stand where the numbers were counted from? ERR_STORE_BUSY. */
MUST_USE enum err seen_same_head(struct seen *seen, struct fault *fault);
/* What was new, once it is written. */
void seen_forget(struct seen *seen);
void seen_state(const struct seen *seen, struct seen_state *out);

#endif
