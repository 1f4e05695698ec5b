/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_batches - rows of batches that have not ended: they wait here, and are seen from the batch's end on. Meanwhile
 * others go on writing the same IMEIs, and two batches may be open at once: of an IMEI the row with the greatest
 * sequence number stands, so what was overtaken is dropped.
 *
 * Expected workload: an import of 10 M devices of which few come near the list: rows that can move nothing do not
 * wait. 16 bytes a row that does. */
#ifndef APP_LISTS_BATCHES_H
#define APP_LISTS_BATCHES_H

#include "app/lists_state.h"

struct lists_row {
    struct imei imei;
    uint64_t seq;
    uint8_t reason; /* after it */
    daynum day;     /* on which it takes effect */
};

struct lists_batch {
    uint64_t id;        /* sequence number of its intent */
    uint64_t first_seq; /* of the block that holds it: whoever goes on later begins there */
    daynum effective;
    struct lists_waiting {
        uint64_t body_reason; /* body, reason 8 bits */
        uint64_t seq_day;     /* seq, day 16 bits: daynum_pack */
    } * rows;
    size_t count, size;
};

struct lists_batches {
    struct lists_batch *open;
    size_t count, size;
    struct lists_map overtaken; /* IMEI -> the row that was applied last, while any is open */
};

void lists_batches_release(struct lists_batches *batches);
/* NULL: no such batch is open. */
struct lists_batch *lists_batch_find(const struct lists_batches *batches, uint64_t id);
MUST_USE enum err lists_batch_begin(struct lists_batches *batches, uint64_t id, uint64_t first_seq,
                                    daynum effective);
MUST_USE enum err lists_batch_wait(struct lists_batch *batch, const struct lists_row *row);
/* A row was applied that belongs to none, or to one that has ended. */
MUST_USE enum err lists_batches_overtake(struct lists_batches *batches, struct imei imei,
                                         uint64_t seq);
/* The batch has ended: its rows that still count, in order. It is open no more when fn is called. */
typedef enum err lists_row_fn(void *ctx, const struct lists_row *row);
MUST_USE enum err lists_batch_end(struct lists_batches *batches, uint64_t id, lists_row_fn *fn,
                                  void *ctx);
/* The first block that must be read again by who goes on from next_seq later. */
uint64_t lists_batches_resume(const struct lists_batches *batches, uint64_t next_seq);

#endif
