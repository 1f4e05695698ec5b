/* SPDX-License-Identifier: Apache-2.0
 *
 * seen - who used which phone, as operators' files tell it: each pair of IMEI and subscriber has a number, and a day is
 * a bitmap of numbers. So what repeats every day is one bit, found by one look-up, and no row of a table moves.
 *
 *     err = seen_open(reg, operator, stop, &seen, fault);   one load at a time, whole register
 *     seen_take(seen, rows, n);                             as often as there are rows; no store is asked
 *     ... the activations of seen_activations(seen) go their road ...
 *     err = seen_write(seen, &what, fault);
 *     seen_close(seen);
 *
 * Order of writing: the activations first, then pairs and subscribers, some ten thousand a transaction, then the days, a
 * large one or some small ones a transaction, with all that goes with the load in the last. So a pair that stands with a
 * day is one whose IMEI is known as active by that day, and whoever is killed between finds the rest missing and adds it;
 * nothing is there twice.
 *
 * A pair without a day is asked of the facts each time it is seen. One that came when its activation waited for a second
 * person gets its day when it is seen again after it.
 *
 * Expected workload: 26 M rows a load, 95 % of the pairs known. Memory: 16 bytes a slot, two tables at three quarters full;
 * a pair that is new costs 24 bytes and a slot more, LIMIT_FEED_NEW of them at most; an IMEI that may have been used first 16
 * bytes (earliest.h), LIMIT_FEED_FIRST of them. */
#ifndef SEEN_SEEN_H
#define SEEN_SEEN_H

#include <stdatomic.h>

#include "app/batch.h"
#include "app/imei_list.h"
#include "seen/parts.h"

struct seen;

struct seen_row {
    uint64_t imei;   /* body */
    uint64_t imsi;   /* as imsi_parse packs it */
    uint64_t msisdn; /* the same; 0: none */
    uint64_t more;   /* of the rest of the row, mixed; for the digest */
    uint16_t day;    /* packed */
    bool home;
    bool ahead; /* of a day to come: it counts in the digest alone */
    bool
        past; /* older than subscribers are kept: no pair and no day, the IMEI's activation alone */
};

struct seen_options {
    uint64_t party;         /* of the operator */
    const atomic_int *stop; /* looked at in all that follows; NULL: nobody stops it */
    int64_t
        patience_ms; /* that it waits while another load holds the register; 0: as long as it takes */
};
/* ERR_STOPPED; ERR_STORE_BUSY: another load is too long; ERR_CODEC: what stands is damaged; ERR_MEMORY; of the store. */
MUST_USE enum err seen_open(struct registry *registry, const struct seen_options *options,
                            struct seen **out, struct fault *fault);
void seen_close(struct seen *seen); /* NULL is allowed */

/* Any thread, one at a time. ERR_MEMORY, ERR_TOO_MANY: seen_too_many. */
MUST_USE enum err seen_take(struct seen *seen, const struct seen_row *rows, size_t n);
/* What there was too much of, and what to do. */
const char *seen_too_many(const struct seen *seen);

struct seen_counts {
    uint64_t pairs; /* new ones */
    uint64_t days;  /* different ones */
    uint64_t
        slower; /* home rows whose IMEI is not known as active by then: they are looked up in the facts */
};
void seen_counts(const struct seen *seen, struct seen_counts *out);
/* Adds what a day has beside its good rows; to the report alone. sum: of these rows, in no order. No other thread takes.
 * ERR_TOO_MANY. */
MUST_USE enum err seen_note(struct seen *seen, uint16_t day, const uint64_t of[SEEN_COUNTS],
                            uint64_t sum);
/* The newest day of the rows; false: there is none. */
bool seen_newest(const struct seen *seen, uint16_t *out);
/* body << 16 | packed day, of home rows of which nothing says that the IMEI was active by then; in no order, an IMEI more
 * than once (earliest_keep). */
struct imei_list *seen_activations(struct seen *seen);
/* The same rows in another order have the same digest. */
void seen_digest(const struct seen *seen, uint8_t out[SHA256_BYTES]);

struct seen_write {
    bool waits; /* the activations wait for a second person: new pairs say nothing of them */
    /* Inside the last transaction. NULL: nothing. */
    enum err (*also)(struct registry *registry, void *ctx, struct fault *fault);
    void *ctx;
};
/* ERR_STOPPED: some of it stands, the same load once more does the rest. ERR_STORE_BUSY: another load has written meanwhile, which only a lost connection allows. */
MUST_USE enum err seen_write(struct seen *seen, const struct seen_write *what, struct fault *fault);

#endif
