/* SPDX-License-Identifier: Apache-2.0
 *
 * pair_list - the pairs of confirmed clones as the blocks of a journal name them: taken in order, then
 * settled to those that stand. */
#ifndef APP_PAIR_LIST_H
#define APP_PAIR_LIST_H

#include "journal/block.h"

struct numbered_pair {
    struct pair pair;
    size_t at; /* in order of coming */
};

struct pair_list {
    struct numbered_pair *p; /* all that came by; after pair_list_settle those that stand, sorted */
    size_t n, size;
    bool failed; /* no memory */
};

/* The pairs of a block's section. ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err pair_list_take(struct pair_list *list, const struct block *block);
/* Of each pair its last word; of these, those that were not taken away. */
void pair_list_settle(struct pair_list *list);
void pair_list_release(struct pair_list *list);
/* By IMEI, then subscriber. */
int pair_compare(const struct pair *x, const struct pair *y);

#endif
