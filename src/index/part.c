/* SPDX-License-Identifier: Apache-2.0
 *
 * part - a smaller index out of one that stands: the IMEIs and pairs of some ranges of TACs, and where it stands.
 *
 * Expected workload: a register of a hundred million makes one now and then, for nodes that asked for it; some
 * seconds, most of it looking past what is not wanted. */
#include "index/index.h"

#include "index/image.h"

struct parting {
    const struct tac_ranges *tacs;
    const atomic_bool *stop;
    struct index *to;
    enum err err;
};

static bool is_stopped(const struct parting *p)
{
    return p->stop && atomic_load_explicit(p->stop, memory_order_relaxed);
}

static bool put(void *ctx, struct imei imei, const struct verdict *verdict)
{
    struct parting *p = ctx;
    if (is_stopped(p))
        p->err = ERR_STOPPED;
    else if (tac_ranges_have(p->tacs, imei_tac(imei)))
        p->err = index_put(p->to, imei, verdict);
    return !p->err;
}

static void put_pair(void *ctx, const struct pair *pair)
{
    struct parting *p = ctx;
    if (!p->err)
        p->err = is_stopped(p) ? ERR_STOPPED : index_put_pair(p->to, pair);
}

enum err index_part(const struct index *from, const struct tac_ranges *tacs,
                    const atomic_bool *stop, struct index **out)
{
    struct parting p = {.tacs = tacs, .stop = stop};
    const struct index_state state = index_state(from);
    if (!tac_ranges_cover(index_tacs(from), tacs))
        return ERR_SNAPSHOT_LESS;
    p.err = index_new(&p.to);
    if (p.err)
        return p.err;
    index_set_tacs(p.to, tacs);
    index_iterate(from, put, &p);
    if (!p.err)
        index_iterate_pairs(from, put_pair, &p);
    if (p.err) {
        index_free(p.to);
        return p.err;
    }
    *index_entry(p.to) = *index_entry_of(from);
    index_set_state(p.to, &state);
    *out = p.to;
    return ERR_OK;
}
