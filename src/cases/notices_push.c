/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/notices_push.h"

#include <stdlib.h>

#include <sodium.h>

#include "cases/notices_post.h"
#include "people/fetch.h"

enum {
    CLAIM = INT32_MAX - 2 /* among the numbers of batches; notices_due.c has the one behind it */
};

struct peer {
    uint64_t party;
    struct breaker breaker;
    unsigned tries;    /* in a row without an answer that decides */
    unsigned refusals; /* in a row */
    int64_t next_us;   /* monotonic: not before */
};

struct notices_push {
    const struct notices_port *port;
    size_t n;
    size_t begins; /* who is the first in the next run */
    struct peer peers[NOTICES_OPERATORS];
};

int64_t notices_push_pause(unsigned tries, uint32_t random)
{
    int64_t ms = PUSH_FIRST_MS;
    for (unsigned i = 1; i < tries && ms < PUSH_LONGEST_MS; i++)
        ms *= 2;
    ms = ms < PUSH_LONGEST_MS ? ms : PUSH_LONGEST_MS;
    return ms / 2 + (int64_t)((uint64_t)(ms / 2) * random >> 32);
}

enum err notices_push_new(const struct notices_port *port, struct notices_push **out)
{
    struct notices_push *push = calloc(1, sizeof *push);
    enum err err = push ? fetch_init() : ERR_MEMORY;
    if (err) {
        free(push);
        return err;
    }
    push->port = port;
    *out = push;
    return ERR_OK;
}

void notices_push_free(struct notices_push *push)
{
    free(push);
}

unsigned notices_push_refusals(const struct notices_push *push, uint64_t party)
{
    for (size_t i = 0; i < push->n; i++)
        if (push->peers[i].party == party)
            return push->peers[i].refusals;
    return 0;
}

static struct peer *peer_of(struct notices_push *push, uint64_t party)
{
    for (size_t i = 0; i < push->n; i++)
        if (push->peers[i].party == party)
            return &push->peers[i];
    push->peers[push->n] = (struct peer){.party = party};
    return &push->peers[push->n++];
}

/* Channels came and went: who has none is forgotten, so that there is room for all that are. */
static void forget(struct notices_push *push, const struct notices_channels *all)
{
    size_t n = 0;
    for (size_t i = 0; i < push->n; i++)
        if (notices_channel_of(all, push->peers[i].party))
            push->peers[n++] = push->peers[i];
    push->n = n;
}

/* ---- one part of one operator ---- */

struct turn {
    struct posting p;
    struct peer *peer;
    int64_t left_us; /* of the budget */
    bool over;
};

/* One who is stopped is shown one notice; when he takes it, the others follow. */
static enum err post_part(struct turn *t, enum posted *out, struct fault *fault)
{
    const size_t n = t->p.chosen.n, first = t->peer->refusals >= PUSH_REFUSALS && n ? 1 : n;
    enum err err = notices_post(&t->p, 0, first, out, fault);
    if (!err && *out == POSTED_TAKEN && first < n)
        err = notices_post(&t->p, first, n, out, fault);
    return err;
}

/* *out_more: there may be another. */
static enum err push_part(struct notices_push *push, struct turn *t, enum posted *out,
                          bool *out_more, struct fault *fault)
{
    struct notices_standing standing;
    struct posting *p = &t->p;
    const uint64_t party = p->channel->party;
    enum err err = notices_standing_read(p->reg, party, &standing, fault);
    *out = POSTED_TAKEN;
    if (err)
        return err;
    err = notices_choose(p->reg, push->port, party, standing.handed, 1, &p->chosen, fault);
    *out_more = !err && p->chosen.through > standing.handed;
    if (err || !*out_more) {
        notices_chosen_release(&p->chosen);
        return err;
    }
    if (!notices_url(p->channel->url)) { /* of a register that was filled before it was asked */
        p->out->failed++;
        *out = POSTED_REFUSED;
        notices_chosen_release(&p->chosen);
        return ERR_OK;
    }
    p->refused = 0;
    p->states = calloc(p->chosen.n + 1, sizeof *p->states);
    err = p->states ? ERR_OK : fault_set(fault, ERR_MEMORY, "notices");
    if (!err && p->chosen.n)
        err = post_part(t, out, fault);
    p->chosen.fresh -= p->refused;
    if (!err && *out == POSTED_TAKEN)
        err = notices_handed(p->reg, party, &p->chosen, fault);
    free(p->states);
    p->states = NULL;
    notices_chosen_release(&p->chosen);
    return err;
}

/* ---- turns ---- */

static void remember(struct turn *t, enum posted posted, bool decides)
{
    static const enum heard heard[] = {[POSTED_TAKEN] = HEARD,
                                       [POSTED_REFUSED] = HEARD_REFUSAL,
                                       [POSTED_NOTHING] = HEARD_NOTHING,
                                       [POSTED_LATER] = HEARD_REFUSAL};
    struct peer *peer = t->peer;
    const int64_t now = clock_monotonic_us();
    breaker_heard(&peer->breaker, heard[posted], decides, now);
    t->over |= posted != POSTED_TAKEN;
    t->p.out->waiting |= posted != POSTED_TAKEN;
    if (posted == POSTED_LATER)
        return;
    peer->tries = posted == POSTED_TAKEN ? 0 : peer->tries + 1;
    peer->refusals = posted == POSTED_TAKEN     ? 0
                     : posted == POSTED_REFUSED ? peer->refusals + 1
                                                : peer->refusals;
    if (posted == POSTED_TAKEN)
        return;
    const int64_t pause_ms = peer->refusals >= PUSH_REFUSALS
                                 ? PUSH_LONGEST_MS
                                 : notices_push_pause(peer->tries, randombytes_random());
    peer->next_us = now + 1000 * pause_ms;
}

static enum err take_turn(struct notices_push *push, struct turn *t, struct fault *fault)
{
    const int64_t began = clock_monotonic_us();
    bool decides, more = true;
    enum posted posted = POSTED_NOTHING;
    if (began < t->peer->next_us || t->left_us <= 0 || (t->p.stop && *t->p.stop) ||
        !breaker_lets(&t->peer->breaker, began, &decides)) {
        t->over = true;
        t->p.out->waiting = true;
        return ERR_OK;
    }
    t->p.until_us = began + t->left_us;
    /* The hours and the address as they are now. */
    enum err err = notices_settings_get(t->p.reg, &t->p.speaker.settings, fault);
    if (!err)
        err = push_part(push, t, &posted, &more, fault);
    t->left_us -= clock_monotonic_us() - began;
    t->over |= !more;
    remember(t, err ? POSTED_NOTHING : posted, decides);
    return err;
}

static enum err end_turn(struct turn *t, struct fault *fault)
{
    notices_said_release(&t->p.said);
    t->p.out->stopped += t->peer->refusals >= PUSH_REFUSALS;
    return notices_post_note(&t->p, fault);
}

static enum err take_turns(struct notices_push *push, struct turn *turns, size_t n,
                           struct fault *fault)
{
    enum err err = ERR_OK;
    for (bool any = n > 0; any && !err;) {
        any = false;
        for (size_t i = 0; i < n && !err; i++) {
            struct turn *t = &turns[(push->begins + i) % n];
            if (!t->over)
                err = take_turn(push, t, fault);
            any |= !t->over;
        }
    }
    push->begins++;
    for (size_t i = 0; i < n; i++) {
        enum err ended = end_turn(&turns[i], err ? NULL : fault);
        err = err ? err : ended;
    }
    return err;
}

/* ---- the whole ---- */

static enum err push_to_all(struct notices_push *push, struct registry *reg,
                            const struct notices_channels *all, const struct turn *like,
                            struct fault *fault)
{
    struct turn *turns = calloc(all->n + 1, sizeof *turns);
    size_t n = 0;
    enum err err = turns ? ERR_OK : fault_set(fault, ERR_MEMORY, "notices");
    forget(push, all);
    for (size_t i = 0; !err && i < all->n; i++) {
        if (all->of[i].road != NOTICES_HTTP)
            continue;
        turns[n] = *like;
        turns[n].p.channel = &all->of[i];
        turns[n].peer = peer_of(push, all->of[i].party);
        err = notices_speaker_init(&turns[n].p.speaker, reg, push->port, all->of[i].party, fault);
        n++;
    }
    if (!err && n)
        err = store_batch_claim(reg->store, CLAIM, fault);
    if (!err && n) {
        err = take_turns(push, turns, n, fault);
        store_batch_release(reg->store, CLAIM);
    }
    free(turns);
    return err;
}

enum err notices_push_run(struct notices_push *push, struct registry *reg, const atomic_int *stop,
                          struct notices_pushed *out, struct fault *fault)
{
    struct notices_channels *all = calloc(1, sizeof *all);
    struct notices_settings settings = {0};
    *out = (struct notices_pushed){0};
    enum err err = all ? registry_refresh(reg, fault) : ERR_MEMORY;
    if (!err)
        err = notices_settings_get(reg, &settings, fault);
    if (!err)
        err = notices_channels_get(reg, all, fault);
    out->quiet = !err && notices_quiet(reg, &settings);
    const struct turn like = {.p = {.reg = reg, .stop = stop, .out = out},
                              .left_us = PUSH_BUDGET_MS * INT64_C(1000)};
    if (!err && !out->quiet)
        err = push_to_all(push, reg, all, &like, fault);
    free(all);
    return err;
}
