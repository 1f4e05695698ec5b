/* SPDX-License-Identifier: Apache-2.0
 *
 * node_bed - a register as a node sees it: keys, a chain of blocks, snapshots, answers of the feed; and a
 * directory that is the node's. What cannot be done fails the test. */
#ifndef UNIT_NODE_BED_H
#define UNIT_NODE_BED_H

#include "chain.h"
#include "node/copy.h"

#define BED_NOW_US 1796000000000000LL /* 2026-11-30 */

struct node_bed {
    struct chain chain;
    struct index_keys keys;
    struct node_key key;
    struct clock clock;
    char directory[64];
    struct buf answer; /* frames of the answer that is being made */
    uint64_t batch;    /* intent of the batch whose blocks are being made */
    struct copy_options options;
};

struct node_bed *bed_new(void);
void bed_free(struct node_bed *bed);
void bed_sign(const struct node_bed *bed, const char *label, const void *p, size_t n,
              uint8_t out[64]);
/* A snapshot of an empty register, as SEQ 1 in the directory. */
void bed_snapshot(struct node_bed *bed);
/* The block that the chain sealed last, as a frame. */
void bed_block(struct node_bed *bed);
/* The head; the answer is whole. It stays until the next bed_begin. */
struct str bed_head(struct node_bed *bed, int64_t time_us);
void bed_begin(struct node_bed *bed);
/* One row in a block of its own, of a batch or of none, as a frame. */
void bed_row(struct node_bed *bed, uint64_t batch, uint64_t body, uint8_t before, uint8_t after);
/* An intent in a block of no batch: its sequence number; an end. As frames. */
uint64_t bed_batch_begin(struct node_bed *bed);
void bed_batch_end(struct node_bed *bed, uint64_t batch);
/* A rule set in a block. */
void bed_rules(struct node_bed *bed, uint32_t number, struct str text);
/* The signed list of one model. */
void bed_tac_list(struct node_bed *bed, uint32_t number, struct buf *out);
/* The reason that a copy's index has; -1: nothing is recorded. */
int bed_reason(const struct copy *copy, uint64_t body);

#endif
