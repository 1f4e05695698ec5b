/* SPDX-License-Identifier: Apache-2.0
 *
 * seen_settle - the day of a pair whose load waited for a second person. Until it has one the facts are asked each time that
 * it is seen: for a country's first load, every day for millions of pairs. Expected workload: once after such a load, some
 * parts of 16,384 pairs a transaction; nothing on all other days.
 *
 * A day is given only in a load whose activations stand: by then the facts know each of these IMEIs as active. */
#include <stdlib.h>

#include "app/commit.h"
#include "bulk/radix.h"
#include "seen/earliest.h"
#include "seen/seen_load.h"

enum { PARTS = 4 /* of a transaction */ };

struct settling {
    struct seen *seen;
    struct seen_head head; /* as it will stand */
    uint64_t *keys;        /* number << 16 | packed day, by number */
    size_t n, at, done;
};

static enum err by_number(struct settling *w)
{
    const struct seen *s = w->seen;
    w->n = s->undated.n;
    w->keys = malloc(w->n * sizeof *w->keys);
    if (!w->keys)
        return ERR_MEMORY;
    for (size_t i = 0; i < w->n; i++) {
        uint64_t key = s->undated.keys[i];
        w->keys[i] = (uint64_t)s->pairs.table.slots[key >> 16].number << 16 | (uint16_t)key;
    }
    radix_sort(w->keys, w->n);
    return ERR_OK;
}

static enum err write_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct settling *w = c->ctx;
    enum err err = seen_same_head(w->seen, fault);
    w->done = w->at;
    for (unsigned i = 0; !err && i < PARTS && w->done < w->n; i++) {
        size_t n = 0;
        err = seen_pairs_date(reg, w->keys + w->done, w->n - w->done, &n, fault);
        w->done += n;
    }
    return err ? err : seen_head_put(reg, &w->head, fault);
}

enum err seen_settle_days(struct seen *s, struct fault *fault)
{
    struct settling w = {.seen = s, .head = s->head};
    earliest_keep(&s->undated);
    enum err err = by_number(&w);
    while (!err && w.at < w.n) {
        struct commit_case c = {.also = write_step, .ctx = &w};
        err = seen_stopped(s, fault);
        if (err)
            break;
        seen_tag_new(&w.head);
        err = commit_one(s->reg, &c, fault);
        if (!err)
            s->head = w.head;
        w.at = w.done;
    }
    for (size_t i = 0; !err && i < s->undated.n; i++)
        s->pairs.table.slots[s->undated.keys[i] >> 16].day = (uint16_t)s->undated.keys[i];
    free(w.keys);
    return err;
}
