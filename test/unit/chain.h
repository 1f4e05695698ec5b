/* SPDX-License-Identifier: Apache-2.0
 *
 * chain - blocks for tests: items are added, chain_seal makes the next block of them. What cannot be
 * done fails the test. */
#ifndef UNIT_CHAIN_H
#define UNIT_CHAIN_H

#include "journal/block.h"

struct chain {
    struct sha256 *h;
    struct buf body;
    struct buf section;
    struct block block;  /* the last one sealed; borrows body and section until the next item */
    uint64_t next_seq;   /* of the next item */
    uint64_t last_entry; /* 0 = none yet */
    struct gate gate;
    uint32_t rules; /* of the blocks' headers; 1 */
    uint32_t count;
    bool sealed;
};

/* The chain of a register whose id is sixteen times `id`. */
void chain_init(struct chain *c, uint8_t id);
void chain_release(struct chain *c);

/* Each gives the item's sequence number. */
uint64_t chain_entry(struct chain *c, daynum effective);
uint64_t chain_entry_as(struct chain *c, const struct entry *entry);
uint64_t chain_row(struct chain *c, const struct row *row);
uint64_t chain_gate(struct chain *c, struct gate gate);
uint64_t chain_rules(struct chain *c, uint32_t number, struct str text);
void chain_pair(struct chain *c, struct imei imei, uint64_t subscriber, bool removed);
const struct block *chain_seal(struct chain *c);

/* A verdict of this reason for ever. */
struct verdict plain_verdict(uint8_t reason);
/* A row without a change of fact. */
struct row plain_row(uint64_t body, uint8_t before, uint8_t after);

#endif
