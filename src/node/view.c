/* SPDX-License-Identifier: Apache-2.0 */
#include "node/view.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct views {
    _Atomic(struct view *) now;
    struct view_slot slots[VIEW_SLOTS];
    pthread_mutex_t lock; /* of all below, and of who publishes */
    struct view *waiting; /* replaced, perhaps still held */
    struct rules rules;   /* as the register has them, without what `stale` adds */
    uint8_t override;
    uint8_t subscriber_key[SHA256_BYTES];
    bool paired;
};

struct held_index *held_index_new(struct index *index)
{
    struct held_index *held = calloc(1, sizeof *held);
    if (held) {
        held->users = 1;
        held->index = index;
    }
    return held;
}

struct held_tac *held_tac_new(struct tac_table *table)
{
    struct held_tac *held = calloc(1, sizeof *held);
    if (held) {
        held->users = 1;
        held->table = table;
    }
    return held;
}

struct held_index *held_index_use(struct held_index *held)
{
    if (held)
        atomic_fetch_add(&held->users, 1);
    return held;
}

struct held_tac *held_tac_use(struct held_tac *held)
{
    if (held)
        atomic_fetch_add(&held->users, 1);
    return held;
}

void held_index_drop(struct held_index *held)
{
    if (!held || atomic_fetch_sub(&held->users, 1) != 1)
        return;
    index_free(held->index);
    free(held);
}

void held_tac_drop(struct held_tac *held)
{
    if (!held || atomic_fetch_sub(&held->users, 1) != 1)
        return;
    tac_table_free(held->table);
    free(held);
}

enum err views_new(const uint8_t *subscriber_key, struct views **out)
{
    struct views *v = aligned_alloc(64, sizeof *v);
    if (!v)
        return ERR_MEMORY;
    memset(v, 0, sizeof *v);
    if (pthread_mutex_init(&v->lock, NULL)) {
        free(v);
        return ERR_MEMORY;
    }
    v->paired = subscriber_key != NULL;
    if (subscriber_key)
        memcpy(v->subscriber_key, subscriber_key, SHA256_BYTES);
    *out = v;
    return ERR_OK;
}

static void view_free(struct view *view)
{
    if (!view)
        return;
    held_index_drop(view->index);
    held_tac_drop(view->tac);
    free(view);
}

void views_free(struct views *v)
{
    if (!v)
        return;
    for (struct view *view = v->waiting, *older; view; view = older) {
        older = view->older;
        view_free(view);
    }
    view_free(atomic_load(&v->now));
    pthread_mutex_destroy(&v->lock);
    free(v);
}

static bool is_held(const struct views *v, const struct view *view)
{
    for (unsigned i = 0; i < VIEW_SLOTS; i++)
        if (atomic_load(&v->slots[i].held) == view)
            return true;
    return false;
}

static unsigned reclaim(struct views *v)
{
    unsigned waiting = 0;
    for (struct view **at = &v->waiting; *at;) {
        struct view *view = *at;
        if (is_held(v, view)) {
            waiting++;
            at = &view->older;
        } else {
            *at = view->older;
            view_free(view);
        }
    }
    return waiting;
}

unsigned views_reclaim(struct views *v)
{
    pthread_mutex_lock(&v->lock);
    unsigned waiting = reclaim(v);
    pthread_mutex_unlock(&v->lock);
    return waiting;
}

static void fill_rules(struct views *v, struct view *view, const struct view_change *change)
{
    if (change->set_override)
        v->override = change->override;
    if (change->rules) {
        v->rules = *change->rules;
        held_tac_drop(view->tac);
        view->tac = held_tac_use(change->tac);
    }
    view->rules = v->rules;
    view->rules.tac = view->tac ? view->tac->table : NULL;
    if (view->rules.network_override == OVERRIDE_NONE)
        view->rules.network_override = v->override;
}

/* `before` as far as the change leaves it. */
static enum err fill(struct views *v, struct view *view, const struct view *before,
                     const struct view_change *change, struct fault *fault)
{
    enum err err = ERR_OK;
    if (before) {
        *view = *before;
        view->older = NULL;
        held_tac_use(view->tac);
    }
    view->generation++;
    view->index = held_index_use(change->index ? change->index : view->index);
    fill_rules(v, view, change);
    if (change->settings)
        view->net.settings = *change->settings;
    if (change->spared)
        view->spared = *change->spared;
    view->net.spared = &view->spared;
    if (strcmp(view->zone.name, view->rules.zone) != 0)
        err = zone_load(view->rules.zone, &view->zone, fault);
    view->net.index = view->index->index;
    view->net.rules = &view->rules;
    view->net.paired = v->paired;
    memcpy(view->net.subscriber_key, v->subscriber_key, SHA256_BYTES);
    return err;
}

enum err views_publish(struct views *v, const struct view_change *change, struct fault *fault)
{
    struct view *view = calloc(1, sizeof *view);
    if (!view)
        return ERR_MEMORY;
    pthread_mutex_lock(&v->lock);
    struct view *before = atomic_load(&v->now);
    assert(before || (change->index && change->rules && change->settings));
    enum err err = fill(v, view, before, change, fault);
    atomic_store(&v->now, view);
    if (before) {
        before->older = v->waiting;
        v->waiting = before;
    }
    reclaim(v);
    pthread_mutex_unlock(&v->lock);
    return err;
}

struct view_slot *views_slot(struct views *v, unsigned i)
{
    assert(i < VIEW_SLOTS);
    return &v->slots[i];
}

const struct view *view_hold(struct views *v, struct view_slot *slot)
{
    struct view *view = atomic_load(&v->now), *seen;
    for (;; view = seen) {
        atomic_store(&slot->held, view);
        seen = atomic_load(&v->now);
        if (seen == view)
            return view;
    }
}
