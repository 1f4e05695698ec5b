/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread of a portal: the register's own checks of what was filed, what the clock asks for, letters, seal keys. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cases/desk.h"
#include "cases/draft.h"
#include "people/sign_in.h"
#include "portal/portal_house.h"
#include "portal/post.h"
#include "portal/seal_teller.h"

enum {
    WORK_EVERY_MS = 1000, /* when nobody wakes it */
    SWEEP_EVERY_S = 30,   /* papers that did not come, old nonces, old drafts */
    AWAY_REST_S =
        10, /* after somebody could not be asked; a new application is looked at at once */
    WORK_MOST = 64,
};

static void settle_one(struct portal *p, const struct office *office, uint64_t id, bool *away,
                       struct fault *fault)
{
    bool is_away = false;
    enum err err = checks_settle(office, inquiry_sources(p->inquiry), id, &is_away, fault);
    *away |= is_away;
    if (err && err != ERR_STALE && err != ERR_NOT_FOUND)
        fprintf(stderr, "event=checks application=%llu result=%s detail=%s\n",
                (unsigned long long)id, err_name(err), fault->detail);
}

/* What waits for an answer is left alone: settle_heard takes it. */
static enum err settle_some(struct portal *p, const struct office *office, uint64_t *after,
                            bool *out_more, bool *out_away, struct fault *fault)
{
    uint64_t ids[WORK_MOST];
    size_t n = 0;
    enum err err = checks_due(office, *after, ids, WORK_MOST, &n, fault);
    for (size_t i = 0; !err && i < n && !atomic_load(&p->stopping); i++) {
        if (!inquiry_waits(p->inquiry, ids[i]))
            settle_one(p, office, ids[i], out_away, fault);
        *after = ids[i];
    }
    *out_more = !err && n == WORK_MOST;
    return err;
}

/* Those for which a source has answered. */
static void settle_heard(struct portal *p, const struct office *office, bool *away)
{
    struct fault fault = {0};
    uint64_t ids[WORK_MOST];
    size_t n = WORK_MOST;
    while (n == WORK_MOST && !atomic_load(&p->stopping)) {
        inquiry_heard(p->inquiry, ids, WORK_MOST, &n);
        if (n && registry_refresh(office->registry, &fault))
            break;
        for (size_t i = 0; i < n && !atomic_load(&p->stopping); i++)
            settle_one(p, office, ids[i], away, &fault);
    }
}

/* All that are due after an id: one whose source is down does not stand before the others. *seen: the
 * greatest that was looked at. */
static void settle_due(struct portal *p, const struct office *office, uint64_t after,
                       uint64_t *seen, bool *out_away)
{
    struct fault fault = {0};
    bool more = true;
    *out_away = false;
    enum err err = registry_refresh(office->registry, &fault);
    while (!err && more && !atomic_load(&p->stopping))
        err = settle_some(p, office, &after, &more, out_away, &fault);
    *seen = after > *seen ? after : *seen;
    if (err)
        fprintf(stderr, "event=checks result=%s detail=%s\n", err_name(err), fault.detail);
}

/* A moment in milliseconds from now, as waiting wants it. */
/* Waits until it is woken (*out_woken), or for at most ms. False: the portal closes. */
static bool wait_for_work(struct portal *p, int ms, bool *out_woken)
{
    const struct timespec until = clock_in_ms(ms);
    pthread_mutex_lock(&p->lock);
    while (!p->woken && !p->stopping && pthread_cond_timedwait(&p->work, &p->lock, &until) == 0)
        ;
    *out_woken = p->woken;
    p->woken = false;
    bool goes_on = !p->stopping;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

/* What the clock asks for: papers that did not come, checks that run once more, old nonces. */
static void sweep_portal(struct portal *p, const struct office *office)
{
    struct fault fault = {0};
    size_t closed, again, over;
    int64_t now_s = clock_now_us(p->worker_reg->clock) / 1000000;
    enum err errs[] = {desk_close_unanswered(office, &closed, &fault),
                       checks_again(office, &again, &fault),
                       sign_in_forget(p->worker_reg, p->committer, now_s, &fault),
                       draft_forget(office, &over, &fault), code_forget(office, &fault)};
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++)
        if (errs[i])
            fprintf(stderr, "event=portal_sweep result=%s detail=%s\n", err_name(errs[i]),
                    fault.detail);
}

/* Is the database still away? Only this thread waits for it. */
static bool is_away(struct portal *p)
{
    if (atomic_load(&p->away))
        atomic_store(&p->away, registry_refresh(p->worker_reg, NULL) != ERR_OK);
    return atomic_load(&p->away);
}

/* Woken by a new application, it looks at the new ones at once; at those before, which wait for somebody who
 * could not be asked, every AWAY_REST_S. It waits for no source: those are asked by threads of their own, and it
 * is woken when one has answered. */
void *portal_settle(void *arg)
{
    struct portal *p = arg;
    const struct office office = {p->worker_reg, p->committer, &p->hours, p->second_from,
                                  &p->sources};
    int64_t swept_s = 0, rest_until_s = 0;
    struct post post = {.papers = &p->papers, .outbox = &p->outbox};
    struct seal_teller teller;
    seal_teller_init(&teller, p->bulk, p->papers.files != NULL);
    uint64_t seen = 0;
    bool woken;
    while (wait_for_work(p, WORK_EVERY_MS, &woken)) {
        int64_t now_s = clock_monotonic_us() / 1000000;
        bool away = false;
        if (is_away(p))
            continue;
        settle_heard(p, &office, &away);
        if (now_s >= rest_until_s) {
            settle_due(p, &office, 0, &seen, &away);
            rest_until_s = away ? now_s + AWAY_REST_S : 0;
        } else if (woken) {
            settle_due(p, &office, seen, &seen, &away);
        }
        bool sweeps = now_s - swept_s >= SWEEP_EVERY_S;
        if (sweeps) {
            swept_s = now_s;
            sweep_portal(p, &office);
        }
        post_work(&post, &office, sweeps);
        seal_teller_work(&teller, p->worker_reg, p->committer, p->bulk);
    }
    seal_teller_end(&teller, p->committer);
    return NULL;
}

void portal_wake(struct portal *p)
{
    pthread_mutex_lock(&p->lock);
    p->woken = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}
