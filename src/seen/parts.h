/* SPDX-License-Identifier: Apache-2.0
 *
 * parts - how subscribers, pairs and days stand in the register: records (people/record.h) of some thousand dense
 * entries each. Numbers are given once, from 1, without a gap; a part is found by its first number and never grows. It is
 * written once, and again in place when pairs get the day that they lacked (seen_pairs_date) or a term ends (blanking). ARCHITECTURE.md, "What networks saw".
 *
 *   '0'                              head: form 1 (1), subscribers 4, pairs 4, tag 16 (another after each append)
 *   '0' 'r' day 2, operator 8        what came in of a day: form 3 (1), then as varints loads, home, roaming, pairs seen,
 *                                    how many counts follow, those of counts.def (form 1: none of them), how many
 *                                    digests follow, 8 bytes each (forms 1, 2: none)
 *   '1' first 4                      subscribers: keyed hash of the IMSI 10, each; zeros: dropped
 *   '2' first 4                      the same, sealed as a whole: IMSI 8 (as imsi_parse packs it), MSISDN 8 (0: none)
 *   '3' 'p' first 4                  pairs: IMEI 6, subscriber 4 (0: dropped), day 2: by then its activation is known
 *                                    (65535: nothing is known by it). Dropped: zeros, 65535
 *   '3' 'd' day 2, operator 8, part 2   pairs seen on the day: CRoaring's portable form, numbers of part << 22 and on */
#ifndef SEEN_PARTS_H
#define SEEN_PARTS_H

#include <roaring/roaring.h>

#include "people/record.h"
#include "seen/cache.h"

enum {
    SEEN_HASH = 10,       /* bytes of a keyed hash of an IMSI */
    SEEN_PART = 16384,    /* entries of a part of subscribers or pairs, at most */
    SEEN_DAY_SHIFT = 22,  /* numbers of a part of a day: 2^22, at most 512 KB of bits */
    SEEN_DAY_NONE = 65535 /* of a pair */
};

struct seen_head {
    uint32_t subscribers, pairs; /* the last numbers given */
    uint8_t tag[SEEN_TAG];
};

struct seen_subscriber {
    uint64_t imsi, msisdn; /* packed as imsi_parse does; 0: none */
};

struct seen_pair {
    uint64_t imei; /* body */
    uint32_t subscriber;
    uint16_t day;
};

enum seen_count {
#define X(name, text) SEEN_##name,
#include "seen/counts.def"
#undef X
    SEEN_COUNTS
};
const char *seen_count_name(enum seen_count what);

/* What came in of an operator and day, over all loads that brought something new of it. pairs: those that were seen. */
enum { SEEN_TAKEN = 16 /* loads of a day that are remembered */ };
struct seen_report {
    uint64_t loads, home, roaming, pairs;
    uint64_t of[SEEN_COUNTS];
    uint64_t taken_n;
    uint64_t taken
        [SEEN_TAKEN]; /* digests of the day's rows in loads that were counted, the newest last */
};

/* A register without one: zeros. ERR_CODEC. */
MUST_USE enum err seen_head_get(struct registry *registry, struct seen_head *out,
                                struct fault *fault);
/* Inside a write. */
MUST_USE enum err seen_head_put(struct registry *registry, const struct seen_head *head,
                                struct fault *fault);

/* Another tag: what stands beside the register is of the state before. */
void seen_tag_new(struct seen_head *head);

/* The keyed hash of an IMSI. key: seen_hash_key. */
enum { SEEN_HASH_KEY = 16 };
void seen_hash_key(const struct registry *registry, uint8_t out[SEEN_HASH_KEY]);
struct seen_key seen_hash(const uint8_t key[SEEN_HASH_KEY], uint64_t imsi);
/* Of an IMEI in its hands: equal for equal pairs alone. */
static inline struct seen_key seen_pair_key(const struct seen_key *subscriber, uint64_t imei)
{
    return (struct seen_key){mix64(subscriber->hash ^ mix64(imei)), subscriber->mark};
}

/* Parts of at most SEEN_PART entries, the first with this number. Inside a write. */
MUST_USE enum err seen_subscribers_put(struct registry *registry, uint32_t first,
                                       const struct seen_subscriber *subscribers, size_t n,
                                       struct fault *fault);
MUST_USE enum err seen_pairs_put(struct registry *registry, uint32_t first,
                                 const struct seen_pair *pairs, size_t n, struct fault *fault);
/* Dates pairs that stand without a day: keys are number << 16 | packed day, ascending. One part a call, that of the first
 * number. *out_n: keys that it was about, 1 at least. Inside a write. ERR_CODEC. */
MUST_USE enum err seen_pairs_date(struct registry *registry, const uint64_t *keys, size_t n,
                                  size_t *out_n, struct fault *fault);

/* All that stands, in order; fn returns false to stop. ERR_CODEC: a part is damaged, or numbers are missing. */
typedef bool seen_hash_fn(void *ctx, uint32_t number, const struct seen_key *hash);
MUST_USE enum err seen_hashes(struct registry *registry, seen_hash_fn *fn, void *ctx,
                              struct fault *fault);
typedef bool seen_pair_fn(void *ctx, uint32_t number, const struct seen_pair *pair);
MUST_USE enum err seen_pairs(struct registry *registry, seen_pair_fn *fn, void *ctx,
                             struct fault *fault);
/* The IMSI and MSISDN of one. ERR_NOT_FOUND; ERR_CODEC. */
MUST_USE enum err seen_subscriber_get(struct registry *registry, uint32_t number,
                                      struct seen_subscriber *out, struct fault *fault);
/* All of the part that holds the number: out has SEEN_PART places, which the caller wipes. ERR_NOT_FOUND; ERR_CODEC. */
MUST_USE enum err seen_subscribers_get(struct registry *registry, uint32_t number,
                                       struct seen_subscriber *out, uint32_t *out_first,
                                       size_t *out_n, struct fault *fault);
/* Of some, numbers ascending; zeros for one that is not there. Each part is opened once. ERR_CODEC. */
MUST_USE enum err seen_subscribers_of(struct registry *registry, const uint32_t *numbers, size_t n,
                                      struct seen_subscriber *out, struct fault *fault);

/* ---- blanking (parts_blank.c): live has a bit for each number that stays ---- */

struct seen_part_list {
    uint32_t *first; /* of the parts with something to blank, ascending */
    size_t n;
    uint64_t stale, live; /* entries: to be blanked; that stay */
};
/* Of pairs, or of subscribers. *out: seen_part_list_release. ERR_CODEC. */
MUST_USE enum err seen_parts_stale(struct registry *registry, bool pairs, const uint64_t *live,
                                   struct seen_part_list *out, struct fault *fault);
void seen_part_list_release(struct seen_part_list *list);
/* One part, by its first number. Inside a write. */
MUST_USE enum err seen_pairs_blank(struct registry *registry, uint32_t first, const uint64_t *live,
                                   struct fault *fault);
MUST_USE enum err seen_subscribers_blank(struct registry *registry, uint32_t first,
                                         const uint64_t *live, struct fault *fault);

/* Adds to a day what is not there yet; *out_new: how many; writes only parts that change. Inside a write. */
MUST_USE enum err seen_day_add(struct registry *registry, uint64_t party, uint16_t day,
                               const roaring_bitmap_t *bits, uint64_t *out_new,
                               struct fault *fault);
/* Parts of the bitmaps of days from one to another, both included; fn returns false to stop. bits: borrowed. ERR_CODEC. */
struct seen_day_part {
    uint16_t day;
    uint64_t party;
    const roaring_bitmap_t *bits;
};
typedef bool seen_day_fn(void *ctx, const struct seen_day_part *part);
MUST_USE enum err seen_days(struct registry *registry, uint16_t from, uint16_t to, seen_day_fn *fn,
                            void *ctx, struct fault *fault);
/* One part of a day, numbers from part << SEEN_DAY_SHIFT on; *out: roaring_bitmap_free, NULL: nothing stands. */
MUST_USE enum err seen_day_part_get(struct registry *registry, uint64_t party, uint16_t day,
                                    uint32_t part, roaring_bitmap_t **out, struct fault *fault);
/* All of a day; *out: roaring_bitmap_free. Empty when nothing came. */
MUST_USE enum err seen_day_get(struct registry *registry, uint64_t party, uint16_t day,
                               roaring_bitmap_t **out, struct fault *fault);

/* Zeros: nothing came. */
MUST_USE enum err seen_report_get(struct registry *registry, uint64_t party, uint16_t day,
                                  struct seen_report *out, struct fault *fault);
MUST_USE enum err seen_report_put(struct registry *registry, uint64_t party, uint16_t day,
                                  const struct seen_report *report, struct fault *fault);
/* Of days first to last, every operator, by day; fn returns false to stop. ERR_CODEC. */
typedef bool seen_report_fn(void *ctx, uint16_t day, uint64_t party,
                            const struct seen_report *report);
MUST_USE enum err seen_reports(struct registry *registry, uint16_t first, uint16_t last,
                               seen_report_fn *fn, void *ctx, struct fault *fault);

#endif
