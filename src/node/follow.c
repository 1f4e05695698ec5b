/* SPDX-License-Identifier: Apache-2.0 */
#include "node/follow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "node/say.h"

enum {
    WAIT_SECONDS = 50, /* of a long poll: proxies cut at 60 */
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 60000,
    FIRST_MAX_MS = 5000,
    SMALL_LOG_BYTES = 4 << 20, /* is read in no time: not worth a new snapshot a day */
    DAY_SECONDS = 86400,
    OLDER_MAX_MS = 5000,
    OLDER_ALARM_US = 300000000, /* a proxy's cache is over by then */
    FETCH_AGAIN_US = 600000000, /* after a snapshot that was only to shorten the log */
    FETCH_BACK_OFF_MS = 2000,   /* between snapshots that bring nothing newer */
    FETCH_BACK_OFF_MAX_MS = 600000,
};

struct follow {
    struct follow_options with;
    struct pull pull;
    struct fetch *fetch;
    struct copy *copy;
    pthread_t thread;
    bool runs;
    atomic_bool opened; /* open_err and open_fault are there */
    enum err open_err;
    struct fault open_fault;
    bool restored; /* the copy is no more the register's: whatever comes, it is newer */
    int64_t back_off_ms;
    int64_t next_short_us; /* monotonic: not before, to shorten the log */
    int64_t next_fetch_us; /* monotonic: not before, for anything */
    int64_t fetch_back_off_ms;
    uint64_t fetched_seq; /* of the snapshot that came last; 0: none */
    int64_t
        older_us; /* monotonic: since when heads are older than the one before; 0: they are not */
    int64_t day_seconds; /* after which the log is old: a day, and a random hour */
};

/* ---- what others see ---- */

static void show(struct follow *f)
{
    struct node_status *s = f->with.status;
    const struct copy *c = f->copy;
    const struct index *ix = c->index->index;
    atomic_store(&s->next_seq, c->place.next_seq);
    atomic_store(&s->register_next_seq, c->head.register_next_seq);
    atomic_store(&s->head_us, c->head.time_us);
    atomic_store(&s->blocks, c->blocks);
    atomic_store(&s->log_bytes, c->log_bytes);
    atomic_store(&s->batches_open, c->batch_count);
    atomic_store(&s->rules, c->rules.number);
    atomic_store(&s->imeis, index_count(ix));
    atomic_store(&s->index_bytes, index_bytes(ix));
}

static enum err publish(struct follow *f, bool whole, struct fault *fault)
{
    struct copy *c = f->copy;
    struct view_change change = {.rules = &c->rules, .tac = c->tac};
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
static void look_at_age(struct follow *f)
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

/* At least every second. False: something else is to be done than to wait. */
static bool on_wait(void *ctx)
{
    struct follow *f = ctx;
    views_reclaim(f->with.views);
    look_at_age(f);
    return !fetch_is_done(f->fetch);
}

static bool rest(struct follow *f)
{
    int64_t ms = f->back_off_ms;
    f->back_off_ms = ms * 2 < BACK_OFF_MAX_MS ? ms * 2 : BACK_OFF_MAX_MS;
    ms = ms / 2 + (int64_t)randombytes_uniform((uint32_t)(ms / 2 + 1));
    for (int64_t left = ms; left > 0 && on_wait(f); left -= 500)
        if (!link_rest(f->pull.link, left < 500 ? left : 500))
            return false;
    return !link_stopped(f->pull.link);
}

/* ---- snapshots ---- */

/* anew: as fetch_begin. */
static void want_snapshot(struct follow *f, const char *why, uint64_t at_least, uint64_t in_use,
                          bool anew)
{
    if (fetch_is_on(f->fetch) || clock_monotonic_us() < f->next_fetch_us)
        return;
    say(SAY_INFO, "event=snapshot_wanted why=%s", why);
    if (fetch_begin(f->fetch, at_least, in_use, anew))
        say(SAY_ALARM, "event=snapshot error=MEMORY");
}

static void want_shorter_log(struct follow *f)
{
    const struct copy *c = f->copy;
    int64_t age_s = (clock_now_us(f->with.copy.clock) - c->opened_us) / 1000000;
    bool old = age_s > f->day_seconds && c->log_bytes > SMALL_LOG_BYTES;
    if (clock_monotonic_us() < f->next_short_us)
        return;
    if (c->batch_count == 0 && (old || c->log_bytes > f->with.log_bytes || c->log < 0))
        want_snapshot(f, "log", c->snapshot_seq, c->log < 0 ? 0 : c->snapshot_seq, false);
}

/* They are of a register that is no more, and may be newer by their numbers. */
static void forget_all_but(const char *directory, uint64_t seq)
{
    uint64_t seqs[2 * COPY_KEPT];
    size_t n = copy_list(directory, seqs, sizeof seqs / sizeof *seqs);
    for (size_t i = 0; i < n; i++)
        if (seqs[i] != seq)
            copy_remove(directory, seqs[i]);
}

static enum err change_over(struct follow *f, struct copy *copy, struct fault *fault)
{
    const char *directory = f->with.copy.directory;
    /* The register has no newer one yet: it would give the same again. */
    if (f->copy && copy->snapshot_seq == f->copy->snapshot_seq)
        f->next_short_us = clock_monotonic_us() + FETCH_AGAIN_US;
    if (f->copy && !f->restored && copy->place.next_seq < f->copy->place.next_seq) {
        say(SAY_WARNING, "event=snapshot detail=\"stands behind what is known: not taken\"");
        if (copy->snapshot_seq != f->copy->snapshot_seq)
            copy_remove(directory, copy->snapshot_seq);
        copy_free(copy);
        return ERR_OK;
    }
    if (f->restored)
        forget_all_but(directory, copy->snapshot_seq);
    if (f->restored && f->with.on_restored)
        f->with.on_restored(f->with.ctx);
    copy_free(f->copy);
    f->copy = copy;
    f->restored = false;
    copy_prune(directory);
    show(f);
    return publish(f, true, fault);
}

/* A whole download is dear to both: only one that brought something newer may be followed at once by
 * another, else a random half of a time that doubles. Shorter where nobody is answered yet, and where
 * nothing came at all. */
static int64_t fetch_pause_ms(struct follow *f, enum err err)
{
    bool away = err == ERR_UNAVAILABLE;
    int64_t most = away && !f->copy   ? FIRST_MAX_MS
                   : away || !f->copy ? BACK_OFF_MAX_MS
                                      : FETCH_BACK_OFF_MAX_MS;
    int64_t ms = f->fetch_back_off_ms < most ? f->fetch_back_off_ms : most;
    f->fetch_back_off_ms = ms * 2;
    return ms / 2 + (int64_t)randombytes_uniform((uint32_t)(ms / 2 + 1));
}

static void pace_fetches(struct follow *f, enum err err, const struct copy *copy)
{
    int64_t now = clock_monotonic_us();
    bool newer = copy && copy->snapshot_seq > f->fetched_seq;
    bool calm = now > f->next_fetch_us + FETCH_BACK_OFF_MAX_MS * 1000LL;
    if (newer || calm || err == ERR_NOT_NOW)
        f->fetch_back_off_ms = FETCH_BACK_OFF_MS;
    if (copy)
        f->fetched_seq = copy->snapshot_seq;
    f->next_fetch_us = newer ? now : now + fetch_pause_ms(f, err) * 1000;
}

/* What fetch has brought, or why it has not. */
static enum err take_fetched(struct follow *f, struct fault *fault)
{
    struct copy *copy = NULL;
    enum err err = fetch_take(f->fetch, &copy, fault);
    pace_fetches(f, err, err ? NULL : copy);
    if (!err)
        return change_over(f, copy, fault);
    f->next_short_us = clock_monotonic_us() + FETCH_AGAIN_US;
    if (err == ERR_NOT_NOW) {
        say_fault(SAY_INFO, "snapshot", err, fault);
        return ERR_OK;
    }
    if (err != ERR_STOPPED)
        say_fault(err == ERR_SNAPSHOT || err == ERR_KEY ? SAY_ALARM : SAY_WARNING, "snapshot", err,
                  fault);
    return err;
}

/* Newest first; what is refused is deleted, so that the one before is the last good one. */
static enum err open_kept(struct follow *f)
{
    uint64_t seqs[COPY_KEPT];
    const char *directory = f->with.copy.directory;
    size_t n = copy_list(directory, seqs, COPY_KEPT);
    enum err err = ERR_NOT_FOUND;
    for (size_t i = 0; i < n && err; i++) {
        struct fault fault = {0};
        err = copy_open(&f->with.copy, seqs[i], &f->copy, &fault);
        if (err)
            say_fault(SAY_ALARM, "snapshot_refused", err, &fault);
        if (err == ERR_SNAPSHOT) {
            atomic_fetch_add(&f->with.status->snapshots_refused, 1);
            copy_remove(directory, seqs[i]);
        }
        if (err == ERR_MEMORY)
            return err;
    }
    return err;
}

static enum err wait_for_first(struct follow *f)
{
    while (!link_stopped(f->pull.link)) {
        struct fault fault = {0};
        do {
            want_snapshot(f, "none", 0, 0, false);
            if (!link_rest(f->pull.link, 20))
                return ERR_STOPPED;
        } while (!fetch_is_done(f->fetch));
        if (take_fetched(f, &fault) == ERR_OK)
            return ERR_OK;
    }
    return ERR_STOPPED;
}

/* ---- the thread ---- */

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
        want_snapshot(f, err_name(err), 0, 0, true);
}

/* The first answer comes at once: it tells the register's time. */
static unsigned wait_seconds(const struct follow *f)
{
    bool heard = atomic_load(&f->with.status->contact_us) != 0;
    return f->copy->wants_tac || !heard ? 1 : WAIT_SECONDS;
}

static void once(struct follow *f)
{
    struct fault fault = {0};
    enum err err = ERR_OK;
    if (fetch_is_done(f->fetch))
        err = take_fetched(f, &fault);
    if (!err && f->restored) /* nothing of the feed follows what is here */
        err = fetch_is_on(f->fetch) ? ERR_STOPPED : ERR_CHAIN;
    if (!err)
        err = pull_feed(&f->pull, f->copy, wait_seconds(f), &fault);
    if (!err) {
        atomic_store(&f->with.status->head_us, f->copy->head.time_us);
        atomic_store(&f->with.status->contact_us, clock_monotonic_us());
        atomic_store(&f->with.status->clock_ahead_us,
                     clock_now_us(f->with.copy.clock) - f->copy->head.time_us);
        f->back_off_ms = BACK_OFF_MS;
        f->older_us = 0;
        if (f->copy->wants_tac)
            settle_tac(f);
    }
    if (f->copy->rules_moved && publish(f, false, &fault))
        say(SAY_ALARM, "event=view error=MEMORY");
    show(f);
    look_at_age(f);
    if (!err)
        want_shorter_log(f);
    else if (err != ERR_STOPPED)
        went_wrong(f, err, &fault);
    if (err && (err != ERR_STOPPED || f->restored))
        rest(f);
}

static enum err open_file(struct follow *f, struct fault *fault)
{
    enum err err = copy_read(&f->with.copy, f->with.snapshot, 0, &f->copy, fault);
    if (!err)
        show(f);
    return err ? err : publish(f, true, fault);
}

static enum err begin(struct follow *f, struct fault *fault)
{
    if (f->with.snapshot)
        return open_file(f, fault);
    atomic_store(&f->with.status->follows, true);
    enum err err = open_kept(f);
    if (err == ERR_MEMORY)
        return err;
    if (err)
        return wait_for_first(f);
    show(f);
    err = publish(f, true, fault);
    look_at_age(f);
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
    struct fetch_options fetch = {options->copy, options->link, options->status};
    if (!f)
        return ERR_MEMORY;
    f->with = *options;
    f->pull.on = on_wait;
    f->pull.ctx = f;
    f->back_off_ms = BACK_OFF_MS;
    f->fetch_back_off_ms = FETCH_BACK_OFF_MS;
    f->day_seconds = DAY_SECONDS + (int64_t)randombytes_uniform(3600);
    enum err err = link_new(&f->with.link, &f->pull.link);
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
    free(f);
}
