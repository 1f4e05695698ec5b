/* SPDX-License-Identifier: Apache-2.0
 *
 * What others see of who follows: numbers for the status, views for the workers. */
#include "node/follow_parts.h"

#include "node/say.h"

void follow_show(struct follow *f)
{
    struct node_status *s = f->with.status;
    const struct copy *c = f->copy;
    const struct index *ix = c->index->index;
    atomic_store(&s->next_seq, c->place.next_seq);
    atomic_store(&s->applied_seq, copy_applied(c));
    atomic_store(&s->register_next_seq, c->head.register_next_seq);
    atomic_store(&s->head_us, c->head.time_us);
    atomic_store(&s->blocks, c->blocks);
    atomic_store(&s->log_bytes, c->log_bytes);
    atomic_store(&s->batches_open, c->batch_count);
    atomic_store(&s->rules, c->rules.number);
    const struct tac_ranges *tacs = index_tacs(ix);
    for (uint32_t i = 0; i < tacs->count; i++)
        atomic_store(&s->tacs[i], (uint64_t)tacs->of[i].from << 32 | tacs->of[i].to);
    atomic_store(&s->tac_count, tacs->count);
    atomic_store(&s->imeis, index_count(ix));
    atomic_store(&s->index_bytes, index_bytes(ix));
}

enum err follow_publish(struct follow *f, bool whole, struct fault *fault)
{
    struct copy *c = f->copy;
    struct view_change change = {.rules = &c->rules, .tac = c->tac, .spared = &c->spared};
    if (whole)
        change.index = c->index;
    if (whole && !atomic_load(&f->with.status->ready))
        change.settings = &f->with.settings;
    uint32_t was = atomic_exchange(&f->with.status->network_override, c->rules.network_override);
    if (c->rules.network_override != was)
        say(SAY_ALARM, "event=override now=%s",
            c->rules.network_override == OVERRIDE_NONE   ? "none"
            : c->rules.network_override == OVERRIDE_GREY ? "grey"
                                                         : "white");
    enum err err = views_publish(f->with.views, &change, fault);
    if (err == ERR_ZONE || err == ERR_ZONE_STALE) {
        say_fault(SAY_ALARM, "zone", err, fault);
        err = ERR_OK;
    }
    c->rules_moved = false;
    atomic_store(&f->with.status->ready, err == ERR_OK);
    say(SAY_INFO, "event=view rules=%u seq=%llu imeis=%llu", c->rules.number,
        (unsigned long long)c->place.next_seq, (unsigned long long)index_count(c->index->index));
    return err;
}

/* Too long without a word of the register, and back again. */
void follow_look_at_age(struct follow *f)
{
    int64_t age = clock_now_us(f->with.copy.clock) - f->copy->head.time_us;
    bool stale = f->with.stale_after_us && age > f->with.stale_after_us;
    if (stale == atomic_load(&f->with.status->stale))
        return;
    atomic_store(&f->with.status->stale, stale);
    say(stale ? SAY_ALARM : SAY_INFO, "event=%s seconds=%lld", stale ? "stale" : "fresh",
        (long long)(age / 1000000));
    struct view_change change = {.set_override = true,
                                 .override = stale ? f->with.stale_override : OVERRIDE_NONE};
    if (views_publish(f->with.views, &change, NULL) == ERR_MEMORY)
        atomic_store(&f->with.status->stale, !stale); /* it is tried again */
}
