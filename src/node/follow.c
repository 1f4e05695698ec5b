/* SPDX-License-Identifier: Apache-2.0 */
#include "node/follow.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "node/follow_parts.h"
#include "node/say.h"
#include "node/segments.h"

enum {
    WAIT_SECONDS = 50, /* of a long poll: proxies cut at 60 */
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 60000,
    DAY_SECONDS = 86400,
    OLDER_MAX_MS = 5000,
    OLDER_ALARM_US = 300000000, /* a proxy's cache is over by then */
    SHOW_US = 20000, /* of a batch at its end, before it is looked whether something came */
    LOOK_MS = 500,
};

/* A batch that has ended goes into the index while nothing comes, so that what comes does not wait for it. */
static int show_some(struct follow *f)
{
    struct fault fault = {0};
    enum err err = copy_show(f->copy, SHOW_US, &fault);
    atomic_store(&f->with.status->applied_seq, copy_applied(f->copy));
    if (err) {
        say_fault(SAY_ALARM, "log", err, &fault);
        return -1;
    }
    if (copy_is_showing(f->copy))
        return 0;
    say(SAY_INFO, "event=batch_shown seq=%llu", (unsigned long long)copy_applied(f->copy));
    follow_show(f);
    follow_want_shorter_log(f); /* which had to wait for it */
    return LOOK_MS;
}

/* Of struct link_question. Below 0: something else is to be done than to wait. */
static int on_wait(void *ctx)
{
    struct follow *f = ctx;
    views_reclaim(f->with.views);
    follow_look_at_age(f);
    if (fetch_is_done(f->fetch) || atomic_load(&f->tacs_came))
        return -1;
    return copy_is_showing(f->copy) ? show_some(f) : LOOK_MS;
}

static void rest(struct follow *f)
{
    int64_t ms = f->back_off_ms;
    f->back_off_ms = ms * 2 < BACK_OFF_MAX_MS ? ms * 2 : BACK_OFF_MAX_MS;
    ms = ms / 2 + (int64_t)randombytes_uniform((uint32_t)(ms / 2 + 1));
    const int64_t until_us = clock_monotonic_us() + ms * 1000;
    for (int next = 0; next >= 0 && !link_stopped(f->pull.link);) {
        next = on_wait(f);
        int64_t left = (until_us - clock_monotonic_us()) / 1000;
        if (left <= 0 || (next > 0 && !link_rest(f->pull.link, next < left ? next : left)))
            return;
    }
}

static void settle_tac(struct follow *f)
{
    struct fault fault = {0};
    enum err err = pull_tac(&f->pull, f->copy, &fault);
    if (err && err != ERR_STOPPED)
        say_fault(SAY_WARNING, "tac_list", err, &fault);
}

/* A cache, or the register's clock was set back. The copy is good all the same: it is asked again, soon,
 * for what is new comes with a head of any time. */
static void met_older_head(struct follow *f, const struct fault *fault)
{
    int64_t now = clock_monotonic_us();
    bool begins = !f->older_us;
    atomic_fetch_add(&f->with.status->older_heads, 1);
    if (begins)
        f->older_us = now;
    bool lasts = now - f->older_us > OLDER_ALARM_US;
    if (lasts)
        f->older_us = now; /* said again when it goes on as long */
    if (begins || lasts)
        say_fault(lasts ? SAY_ALARM : SAY_WARNING, "older_head", ERR_NOT_NOW, fault);
    if (f->back_off_ms > OLDER_MAX_MS)
        f->back_off_ms = OLDER_MAX_MS;
}

static void went_wrong(struct follow *f, enum err err, const struct fault *fault)
{
    if (err == ERR_NOT_NOW) {
        met_older_head(f, fault);
        return;
    }
    atomic_fetch_add(&f->with.status->feed_errors, 1);
    say_fault(err == ERR_UNAVAILABLE ? SAY_WARNING : SAY_ALARM, "feed", err, fault);
    if (err == ERR_CHAIN)
        f->restored = true;
    if (err == ERR_CHAIN || err == ERR_MEMORY || err == ERR_CODEC)
        follow_want_snapshot(f, err_name(err), 0, 0, true);
}

/* The first word of the register comes before all else: a node that was away for days, and has much to catch up with,
 * is not cut off any more, and `stale` is silent from then on. A head that is older than one that is known is no such
 * word, and keeps nobody from what is new. */
static enum err ask(struct follow *f, bool *out_took, struct fault *fault)
{
    if (atomic_load(&f->with.status->contact_us) == 0) {
        enum err first = pull_head(&f->pull, f->copy, fault);
        if (first != ERR_NOT_NOW)
            return first;
        *fault = (struct fault){0};
    }
    enum err err = segments_take(&f->pull, f->copy, out_took, fault);
    if (!err && *out_took && f->copy->wants_tac)
        settle_tac(f);
    if (!err && !*out_took)
        err = pull_feed(&f->pull, f->copy, f->copy->wants_tac ? 1 : WAIT_SECONDS, fault);
    return err;
}

static void once(struct follow *f)
{
    struct fault fault = {0};
    enum err err = ERR_OK;
    if (fetch_is_done(f->fetch))
        err = follow_take_fetched(f, &fault);
    follow_take_tacs(f);
    if (f->wants_tacs)
        follow_want_snapshot(f, "tacs", 0, 0, true);
    if (!err && f->restored) /* nothing of the feed follows what is here */
        err = fetch_is_on(f->fetch) ? ERR_STOPPED : ERR_CHAIN;
    bool took = false;
    if (!err)
        err = ask(f, &took, &fault);
    /* The log was not what was written to it. The copy goes on with what it has until one comes that is whole, and does
     * not stand behind it. */
    if (f->copy->broken)
        follow_want_snapshot(f, "rows_missing", 0, 0, true);
    if (!err && !took) {
        atomic_store(&f->with.status->head_us, f->copy->head.time_us);
        atomic_store(&f->with.status->contact_us, clock_monotonic_us());
        atomic_store(&f->with.status->clock_ahead_us,
                     clock_now_us(f->with.copy.clock) - f->copy->head.time_us);
        f->back_off_ms = BACK_OFF_MS;
        f->older_us = 0;
        if (f->copy->wants_tac)
            settle_tac(f);
    }
    if (f->copy->rules_moved && follow_publish(f, false, &fault))
        say(SAY_ALARM, "event=view error=MEMORY");
    follow_show(f);
    follow_look_at_age(f);
    if (!err)
        follow_want_shorter_log(f);
    else if (err != ERR_STOPPED)
        went_wrong(f, err, &fault);
    if (err && (err != ERR_STOPPED || f->restored))
        rest(f);
}

static enum err open_file(struct follow *f, struct fault *fault)
{
    struct copy_options with = f->with.copy;
    with.tacs = &f->tacs;
    enum err err = copy_read(&with, f->with.snapshot, 0, &f->copy, fault);
    if (err)
        return err;
    follow_look_at_tacs(f);
    follow_show(f);
    return follow_publish(f, true, fault);
}

static enum err begin(struct follow *f, struct fault *fault)
{
    if (f->with.snapshot)
        return open_file(f, fault);
    atomic_store(&f->with.status->follows, true);
    enum err err = follow_open_kept(f);
    if (err == ERR_MEMORY)
        return err;
    if (err)
        return follow_wait_for_first(f);
    follow_look_at_tacs(f);
    follow_show(f);
    err = follow_publish(f, true, fault);
    follow_look_at_age(f);
    return err;
}

static void *run(void *arg)
{
    struct follow *f = arg;
    f->open_err = begin(f, &f->open_fault);
    atomic_store(&f->opened, true);
    if (f->open_err || f->with.snapshot)
        return NULL;
    while (!link_stopped(f->pull.link))
        once(f);
    return NULL;
}

enum err follow_new(const struct follow_options *options, struct follow **out)
{
    struct follow *f = calloc(1, sizeof *f);
    struct fetch_options fetch = {options->copy, options->link, options->cache, options->status};
    if (!f)
        return ERR_MEMORY;
    f->with = *options;
    f->tacs = options->tacs;
    if (pthread_mutex_init(&f->lock, NULL)) {
        free(f);
        return ERR_MEMORY;
    }
    f->pull.on = on_wait;
    f->pull.ctx = f;
    f->pull.status = options->status;
    f->back_off_ms = BACK_OFF_MS;
    f->fetch_back_off_ms = FETCH_BACK_OFF_MS;
    f->day_seconds = DAY_SECONDS + (int64_t)randombytes_uniform(3600);
    enum err err = link_new(&f->with.link, &f->pull.link);
    if (!err && *f->with.cache.url)
        err = link_new(&f->with.cache, &f->pull.cache);
    if (!err)
        err = fetch_new(&fetch, &f->fetch);
    if (err)
        follow_free(f);
    else
        *out = f;
    return err;
}

enum err follow_run(struct follow *f)
{
    f->runs = pthread_create(&f->thread, NULL, run, f) == 0;
    return f->runs ? ERR_OK : ERR_MEMORY;
}

bool follow_opened(struct follow *f, enum err *out_err, struct fault *out_fault)
{
    if (!atomic_load(&f->opened))
        return false;
    *out_err = f->open_err;
    if (f->open_err)
        *out_fault = f->open_fault;
    return true;
}

void follow_stop(struct follow *f)
{
    if (!f)
        return;
    if (f->pull.link)
        link_stop(f->pull.link);
    if (f->pull.cache)
        link_stop(f->pull.cache);
    fetch_stop(f->fetch);
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    follow_stop(f);
    if (f->runs)
        pthread_join(f->thread, NULL);
    fetch_free(f->fetch);
    copy_free(f->copy);
    pull_release(&f->pull);
    link_free(f->pull.link);
    link_free(f->pull.cache);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
