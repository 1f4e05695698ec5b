/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_facts.h"

#include <pthread.h>
#include <stdlib.h>

enum { LOOK_AT = 16384 };

/* What one handle reads. */
struct part {
    struct store *store;
    const uint64_t *keys;
    size_t n;
    struct facts_row *rows;
    enum err err;
    struct fault fault;
};

static void *read_part(void *ctx)
{
    struct part *p = ctx;
    for (size_t i = 0; i < p->n; i++)
        p->rows[i].imei.body = p->keys[i] >> 16;
    p->err = store_facts_get(p->store, p->rows, p->n, &p->fault);
    return NULL;
}

static size_t set_part(struct part *p, const uint64_t *keys, size_t left)
{
    p->keys = keys;
    p->n = left < LOOK_AT ? left : LOOK_AT;
    p->err = ERR_OK;
    return p->n;
}

/* The second in a thread of its own when it has a handle of its own. */
static void read_both(struct part part[2])
{
    pthread_t thread;
    bool beside = part[1].n && part[1].store != part[0].store &&
                  pthread_create(&thread, NULL, read_part, &part[1]) == 0;
    (void)read_part(&part[0]);
    if (beside)
        pthread_join(thread, NULL);
    else if (part[1].n)
        (void)read_part(&part[1]);
}

enum err feed_facts_each(struct store *store, const uint64_t *keys, size_t n, feed_facts_fn *fn,
                         void *ctx, struct fault *fault)
{
    struct part part[2] = {{.store = store}, {.store = store}};
    struct store *other = NULL;
    enum err err = ERR_OK;
    if (n > 2 * LOOK_AT && store_again(store, &other, NULL) == ERR_OK)
        part[1].store = other; /* without one it takes longer */
    for (unsigned i = 0; i < 2; i++)
        if (!(part[i].rows = malloc(LOOK_AT * sizeof *part[i].rows)))
            err = fault_set(fault, ERR_MEMORY, "no memory to look at facts");
    for (size_t at = 0; !err && at < n;) {
        at += set_part(&part[0], keys + at, n - at);
        at += set_part(&part[1], keys + at, n - at);
        read_both(part);
        for (unsigned i = 0; !err && i < 2; i++) {
            err = part[i].err;
            if (err && fault)
                *fault = part[i].fault;
            if (!err && part[i].n)
                err = fn(ctx, part[i].keys, part[i].rows, part[i].n, fault);
        }
    }
    free(part[0].rows);
    free(part[1].rows);
    store_close(other);
    return err;
}
