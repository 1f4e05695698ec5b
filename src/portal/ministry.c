/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/ministry.h"

#include <stdlib.h>
#include <string.h>

enum err ministry_count(struct exchange *x, struct visit *v, struct ministry_count **out)
{
    struct figures_worker *worker = portal_figures(v->portal);
    struct ministry_count *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_MEMORY;
    figures_worker_figures(worker, &c->figures);
    figures_worker_imeis(worker, x->site->service,
                         clock_now_us(v->office.registry->clock) / 1000000, &c->imeis);
    *out = c;
    return ERR_OK;
}

/* ---- the latest blocks ---- */

static bool take_block(void *ctx, const struct block *block)
{
    struct ministry_block *out = ctx;
    out->header = block->header;
    memcpy(out->root, block->root, SHA256_BYTES);
    memcpy(out->hash, block->hash, SHA256_BYTES);
    return false;
}

enum err ministry_blocks(struct registry *reg, struct ministry_block out[MINISTRY_BLOCKS],
                         size_t *out_n, struct fault *fault)
{
    struct store_head head;
    enum err err = store_head(reg->store, &head, fault);
    uint64_t seq = err ? 0 : head.next_seq - 1;
    size_t n = 0;
    while (!err && seq && n < MINISTRY_BLOCKS) {
        out[n] = (struct ministry_block){0};
        err = store_blocks(reg->store, seq, take_block, &out[n], fault);
        seq = out[n].header.first_seq ? out[n].header.first_seq - 1 : 0;
        n += !err && out[n].header.first_seq;
    }
    *out_n = n;
    return err;
}

/* ---- one IMEI ---- */

struct lines {
    struct audit_line *out;
    size_t n, walked;
    uint64_t only;
};

static uint64_t application_of(const struct change *c)
{
    bool approval = c->kind == CHANGE_VERIFIED || c->kind == CHANGE_UNVERIFIED ||
                    c->kind == CHANGE_BEFORE_DUTY || c->kind == CHANGE_UNPROVED;
    return approval ? c->approval.by.application : 0;
}

static bool take_line(void *ctx, const struct audit_line *line)
{
    enum { WALK_MOST = 500 };
    struct lines *l = ctx;
    if (!l->only || application_of(&line->item.row.change) == l->only)
        l->out[l->n++] = *line;
    return l->n < MINISTRY_LINES && ++l->walked < WALK_MOST;
}

enum err ministry_lines(struct visit *v, struct imei imei, uint64_t only, struct audit_line *out,
                        size_t *out_n, struct fault *fault)
{
    struct lines l = {.out = out, .only = only};
    enum err err = audit_history(v->office.registry, imei, take_line, &l, fault);
    portal_note(v, AUDIT_CHECK, 0, imei.body, err);
    *out_n = l.n;
    return err;
}
