/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots of who follows: when one is wanted and how often, what becomes of the one that came, and which of those
 * that are kept a start begins with. */
#include "node/follow_parts.h"

#include <sodium.h>

#include "node/say.h"
#include "node/segments.h"

enum {
    SMALL_LOG_BYTES = 4 << 20,  /* is read in no time: not worth a new snapshot a day */
    FETCH_AGAIN_US = 600000000, /* after a snapshot that was only to shorten the log */
    FETCH_BACK_OFF_MAX_MS = 600000,
    AWAY_MAX_MS = 60000, /* while the register is away */
    FIRST_MAX_MS = 5000,
    NEAR_TRIES = 3, /* answers in a row that bring a copy no nearer */
    NEAR_REST_MS = 100,
};

void follow_want_snapshot(struct follow *f, const char *why, uint64_t at_least, uint64_t in_use,
                          bool anew)
{
    if (fetch_is_on(f->fetch) || clock_monotonic_us() < f->next_fetch_us)
        return;
    const struct fetch_wish wish = {at_least, in_use, anew, f->tacs, !f->copy};
    f->asked = f->tacs;
    say(SAY_INFO, "event=snapshot_wanted why=%s", why);
    if (fetch_begin(f->fetch, &wish))
        say(SAY_ALARM, "event=snapshot error=MEMORY");
}

void follow_look_at_tacs(struct follow *f)
{
    const struct tac_ranges *held = index_tacs(f->copy->index->index);
    const bool missing = !tac_ranges_cover(held, &f->tacs);
    f->wants_tacs = !tac_ranges_same(held, &f->tacs);
    atomic_store(&f->with.status->tacs_missing, missing);
    if (missing)
        say(SAY_ALARM, "event=tacs_missing detail=\"the copy holds fewer TACs than are wanted: of "
                       "the others it says `outside`\"");
}

void follow_take_tacs(struct follow *f)
{
    if (!atomic_exchange(&f->tacs_came, false))
        return;
    pthread_mutex_lock(&f->lock);
    f->tacs = f->coming;
    pthread_mutex_unlock(&f->lock);
    f->next_fetch_us = 0;
    if (f->copy)
        follow_look_at_tacs(f);
}

void follow_want_tacs(struct follow *f, const struct tac_ranges *tacs)
{
    if (f->with.snapshot) { /* nobody follows: f->tacs is what it was at the start */
        if (!tac_ranges_same(tacs, &f->tacs))
            say(SAY_ALARM, "event=reload detail=\"node.tacs is another, and changes nothing: this "
                           "node answers from the file node.snapshot until it is started anew\"");
        return;
    }
    pthread_mutex_lock(&f->lock);
    f->coming = *tacs;
    pthread_mutex_unlock(&f->lock);
    atomic_store(&f->tacs_came, true);
}

void follow_want_shorter_log(struct follow *f)
{
    const struct copy *c = f->copy;
    int64_t age_s = (clock_now_us(f->with.copy.clock) - c->opened_us) / 1000000;
    bool old = age_s > f->day_seconds && c->log_bytes > SMALL_LOG_BYTES;
    if (clock_monotonic_us() < f->next_short_us)
        return;
    if (c->batch_count == 0 && !copy_is_showing(c) &&
        (old || c->log_bytes > f->with.log_bytes || c->log < 0))
        follow_want_snapshot(f, "log", c->snapshot_seq, c->log < 0 ? 0 : c->snapshot_seq, false);
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

/* A whole download is dear to both: only one that brought something newer may be followed at once by
 * another, else a random half of a time that doubles. Shorter where nobody is answered yet, and where
 * nothing came at all. */
static int64_t fetch_pause_ms(struct follow *f, enum err err)
{
    bool away = err == ERR_UNAVAILABLE;
    int64_t most = away && !f->copy   ? FIRST_MAX_MS
                   : away || !f->copy ? AWAY_MAX_MS
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

/* While it was brought up, and until it was looked at, the copy that is followed went on. So what that has, and this has
 * not, is asked for first, for as long as it comes nearer: where something is committed every moment it would be behind
 * every time. Nothing else is heard meanwhile, so that one stands still. */
static bool comes_near(struct follow *f, struct copy *copy)
{
    const uint64_t known = f->copy->place.next_seq;
    struct pull *pull = &f->pull;
    int (*on)(void *) = pull->on;
    enum err err = ERR_OK;
    pull->on = NULL;
    for (int idle = 0; copy->place.next_seq < known && idle < NEAR_TRIES;) {
        const uint64_t before = copy->place.next_seq;
        struct fault fault = {0};
        if (idle && !link_rest(pull->link, NEAR_REST_MS))
            break;
        err = pull_feed(pull, copy, 0, &fault);
        if (!err && copy->wants_tac && pull_tac(pull, copy, &fault))
            say_fault(SAY_WARNING, "tac_list", fault.err, &fault); /* it is asked for again */
        if (err == ERR_CHAIN || err == ERR_MEMORY || err == ERR_STOPPED)
            break;
        idle = copy->place.next_seq > before ? 0 : idle + 1;
    }
    pull->on = on;
    struct fault fault = {0};
    err = copy_show(copy, 0, &fault);
    if (err)
        say_fault(SAY_ALARM, "log", err, &fault);
    return !err && copy->place.next_seq >= known;
}

static enum err change_over(struct follow *f, struct copy *copy, struct fault *fault)
{
    const char *directory = f->with.copy.directory;
    struct fault why = {0};
    /* The register has no newer one yet: it would give the same again. */
    if (f->copy && copy->snapshot_seq == f->copy->snapshot_seq)
        f->next_short_us = clock_monotonic_us() + FETCH_AGAIN_US;
    if (f->copy && !f->restored && !comes_near(f, copy)) {
        say(SAY_WARNING,
            "event=snapshot detail=\"stands behind what is known, and comes no nearer: "
            "not taken\"");
        if (copy->beside)
            copy_drop_coming(directory);
        copy_free(copy);
        f->next_fetch_us = clock_monotonic_us() + fetch_pause_ms(f, ERR_OK) * 1000;
        return ERR_OK;
    }
    if (copy_settle(copy, &why)) /* it is the better one all the same; a start has the one before */
        say_fault(SAY_ALARM, "snapshot", why.err, &why);
    if (f->restored)
        forget_all_but(directory, copy->snapshot_seq);
    if (f->restored && f->with.on_restored)
        f->with.on_restored(f->with.ctx);
    copy_free(f->copy);
    f->copy = copy;
    segments_begin(&f->pull); /* those that were listed follow another copy */
    f->restored = false;
    follow_look_at_tacs(f);
    /* More than is wanted will do, where that was asked for; a reload may have come meanwhile. */
    f->wants_tacs = f->wants_tacs && (atomic_load(&f->with.status->tacs_missing) ||
                                      !tac_ranges_same(&f->asked, &f->tacs));
    copy_prune(directory);
    follow_show(f);
    return follow_publish(f, true, fault);
}

enum err follow_take_fetched(struct follow *f, struct fault *fault)
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
        say_fault(err == ERR_SNAPSHOT || err == ERR_SNAPSHOT_LESS || err == ERR_KEY ? SAY_ALARM
                                                                                    : SAY_WARNING,
                  "snapshot", err, fault);
    return err;
}

/* Newest first; what is refused is deleted, so that the one before is the last good one. */
static enum err open_newest(struct follow *f)
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

enum err follow_open_kept(struct follow *f)
{
    enum err err = open_newest(f);
    if (err && err != ERR_MEMORY && copy_settle_left(f->with.copy.directory))
        err = open_newest(f);
    copy_drop_coming(f->with.copy.directory);
    return err;
}

enum err follow_wait_for_first(struct follow *f)
{
    while (!link_stopped(f->pull.link)) {
        struct fault fault = {0};
        do {
            follow_take_tacs(f);
            follow_want_snapshot(f, "none", 0, 0, false);
            if (!link_rest(f->pull.link, 20))
                return ERR_STOPPED;
        } while (!fetch_is_done(f->fetch));
        if (follow_take_fetched(f, &fault) == ERR_OK)
            return ERR_OK;
    }
    return ERR_STOPPED;
}
