/* SPDX-License-Identifier: Apache-2.0 */
#include "app/journal_watch.h"

#include <string.h>

struct watching {
    struct journal_watch *watch;
    struct sha256 *sha;
    uint64_t left; /* bytes */
    bool more;
};

static bool verify_one(void *ctx, const struct block *block)
{
    struct watching *w = ctx;
    struct fault fault = {0};
    uint64_t bytes = block->body.n + block->section.n;
    if (!w->left) {
        w->more = true;
        return false;
    }
    w->watch->found = block_verify(w->sha, block, w->watch->prev, w->watch->next_seq, &fault);
    if (w->watch->found) {
        str_copy(w->watch->detail, sizeof w->watch->detail, str_z(fault.detail));
        return false;
    }
    memcpy(w->watch->prev, block->hash, SHA256_BYTES);
    w->watch->next_seq = block->header.first_seq + block->header.item_count;
    w->watch->blocks++;
    w->left = bytes < w->left ? w->left - bytes : 0;
    return true;
}

enum err journal_watch_step(struct registry *reg, struct journal_watch *watch, uint64_t bytes,
                            bool *out_more, struct fault *fault)
{
    struct store_head head;
    *out_more = false;
    enum err err = store_head(reg->store, &head, fault);
    if (err || watch->found)
        return err;
    if (!watch->next_seq) {
        watch->next_seq = 1;
        memset(watch->prev, 0, sizeof watch->prev);
        memcpy(watch->prev, head.register_id, REGISTER_ID_BYTES);
    }
    struct watching w = {.watch = watch, .sha = reg->sha, .left = bytes};
    if (watch->next_seq < head.next_seq)
        err = store_blocks(reg->store, watch->next_seq, verify_one, &w, fault);
    if (err)
        return err;
    *out_more = w.more;
    bool ended = !w.more && !watch->found;
    /* Blocks that were committed since the head was read are verified, too. */
    if (ended && watch->next_seq < head.next_seq) {
        watch->found = ERR_CHAIN;
        str_copy(watch->detail, sizeof watch->detail, STR("the blocks end before the head"));
    } else if (ended && watch->next_seq == head.next_seq &&
               memcmp(watch->prev, head.hash, SHA256_BYTES) != 0) {
        watch->found = ERR_CHAIN;
        str_copy(watch->detail, sizeof watch->detail,
                 STR("the head's hash is not the last block's"));
    }
    if (!w.more || watch->found)
        watch->at_s = clock_now_us(reg->clock) / 1000000;
    return ERR_OK;
}
