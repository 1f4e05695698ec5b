/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/notices_write.h"

#include <stdlib.h>

struct writing {
    struct registry *reg;
    struct notices_part part;
    uint64_t last; /* number given, as the transaction before left it */
    daynum day;
};

static enum err put_one(struct writing *w, const struct owed *owed, struct notices_row *row,
                        struct fault *fault)
{
    struct notices_told told;
    bool found;
    const daynum last_day = verdict_deadline(&owed->verdict);
    enum err err = notices_told_get(w->reg, owed->imei, owed->subscriber, &told, &found, fault);
    if (err)
        return err;
    *row = (struct notices_row){
        .number = w->part.first + w->part.n,
        .imei = owed->imei,
        .subscriber = owed->subscriber,
        .step = owed->step,
        .reason = owed->verdict.reason,
        .last_day = last_day,
        .until = notice_until((enum notice_step)owed->step, last_day, w->day),
        .made_s = w->part.made_s,
    };
    w->part.n++;
    const bool anew = !found || owed->step == NOTICE_GREY;
    told = (struct notices_told){
        .imei = owed->imei,
        .subscriber = owed->subscriber,
        .told = notice_after((enum notice_step)owed->step, &owed->verdict, w->day),
        .party = owed->party,
        .first = anew ? row->number : told.first,
        .last = row->number,
    };
    return notices_told_put(w->reg, &told, fault);
}

/* Inside the transaction. */
static enum err put_part(struct writing *w, const struct owed *owed, size_t n, struct fault *fault)
{
    uint64_t last;
    struct notices_standing standing;
    enum err err = notices_head_get(w->reg, &last, fault);
    if (!err && last != w->last)
        return fault_set(fault, ERR_STORE_BUSY, "another process makes notices");
    w->part.party = owed->party;
    w->part.first = last + 1;
    w->part.n = 0;
    for (size_t i = 0; !err && i < n; i++)
        err = put_one(w, &owed[i], &w->part.rows[i], fault);
    if (!err)
        err = notices_part_put(w->reg, &w->part, fault);
    if (!err)
        err = notices_head_put(w->reg, last + n, fault);
    if (!err)
        err = notices_standing_read(w->reg, owed->party, &standing, fault);
    if (err)
        return err;
    standing.made += n;
    return notices_standing_put(w->reg, &standing, fault);
}

static enum err write_part(struct writing *w, const struct owed *owed, size_t n,
                           struct fault *fault)
{
    enum err err = store_write_begin(w->reg->store, fault);
    if (err)
        return err;
    err = put_part(w, owed, n, fault);
    if (!err)
        err = store_write_commit(w->reg->store, fault);
    if (err)
        store_write_rollback(w->reg->store);
    else
        w->last += n;
    return err;
}

enum err owed_write(struct registry *reg, const struct owed *owed, size_t n,
                    const struct notices_options *options, uint64_t *made, struct fault *fault)
{
    struct writing *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_MEMORY;
    w->reg = reg;
    w->day = registry_today(reg);
    w->part.made_s = clock_now_us(reg->clock) / 1000000;
    enum err err = notices_head_get(reg, &w->last, fault);
    for (size_t at = 0; !err && at < n;) {
        size_t count = 1;
        while (at + count < n && count < NOTICES_PART && owed[at + count].party == owed[at].party)
            count++;
        if (options->stop && *options->stop)
            err = fault_set(fault, ERR_STOPPED, "the rest is made next time");
        else
            err = write_part(w, owed + at, count, fault);
        at += count;
        *made += err ? 0 : count;
    }
    free(w);
    return err;
}
