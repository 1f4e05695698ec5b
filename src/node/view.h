/* SPDX-License-Identifier: Apache-2.0
 *
 * view - what all workers answer from at a moment: index, rules, TAC list, zone and the operator's
 * settings behind one atomic pointer. Who follows the register publishes views; workers hold one for
 * the time of a batch.
 *
 * A view is immutable but for its index, which one writer changes under its readers (index/index.h).
 * What was replaced is freed when nobody holds it: a worker writes into its slot which view it uses,
 * looks whether that is still the one, and clears the slot afterwards; who frees looks into all slots
 * after the pointer has moved. Both sides are sequentially consistent, so either the worker sees the
 * new pointer or its slot is seen. A worker that sleeps holds nothing. */
#ifndef NODE_VIEW_H
#define NODE_VIEW_H

#include <stdatomic.h>

#include "answer/network.h"
#include "base/clock.h"
#include "base/zone.h"

/* Shared by views and the copy that keeps it up to date; freed with its last user. */
struct held_index {
    atomic_uint users;
    struct index *index;
};
struct held_tac {
    atomic_uint users;
    struct tac_table *table;
};
struct held_index *
held_index_new(struct index *index); /* takes it over; NULL: no memory, untouched */
struct held_tac *held_tac_new(struct tac_table *table);
struct held_index *held_index_use(struct held_index *held); /* one user more */
struct held_tac *held_tac_use(struct held_tac *held);
void held_index_drop(struct held_index *held); /* NULL-safe */
void held_tac_drop(struct held_tac *held);

struct view {
    struct network net; /* net.today is nobody's: each desk has its own (node/desk.h) */
    struct rules rules; /* the register's, and what `stale` makes of them */
    struct zone zone;
    uint64_t generation; /* 1, 2, ... */
    struct held_index *index;
    struct held_tac *tac; /* NULL: no list */
    struct spared spared; /* net.spared */
    struct view *older;   /* while it waits to be freed */
};

/* One a thread that holds views. */
struct view_slot {
    _Alignas(64) _Atomic(struct view *) held;
};

enum { VIEW_SLOTS = 264 };
struct views;
/* subscriber_key: 32 bytes, or NULL: pairs cannot be looked up. ERR_MEMORY. */
MUST_USE enum err views_new(const uint8_t *subscriber_key, struct views **out);
void views_free(struct views *v);

/* What the next view has otherwise; zero: as before. */
struct view_change {
    struct held_index *index; /* one user more */
    const struct rules *rules;
    struct held_tac *tac; /* with rules only; NULL: they have none */
    const struct network_settings *settings;
    const struct spared *spared;
    bool set_override;
    uint8_t
        override; /* enum rules_override: what `stale` asks for while the register asks nothing */
};
/* Any thread, one after another. The first needs index, rules and settings. ERR_MEMORY; ERR_ZONE: a zone
 * that this machine does not know: the view keeps the one before (or UTC), and is published. */
MUST_USE enum err views_publish(struct views *v, const struct view_change *change,
                                struct fault *fault);
/* Frees what nobody holds any more; how many wait. */
unsigned views_reclaim(struct views *v);

/* Slot i of VIEW_SLOTS; it is one thread's. */
struct view_slot *views_slot(struct views *v, unsigned i);
/* NULL before the first is published. */
const struct view *view_hold(struct views *v, struct view_slot *slot);
static inline void view_drop(struct view_slot *slot)
{
    atomic_store_explicit(&slot->held, NULL, memory_order_release);
}

#endif
