/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check needs is in one immutable `view` (rules, TAC list, zone) and the index, both behind
 * atomic pointers. The follower alone replaces them; what it replaces is kept until the end,
 * because a reader may still hold it (rule sets are few). */
#include "app/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/quiet.h"
#include "app/readers.h"

enum {
    FOLLOW_EVERY_MS = 200,
    FOLLOW_HURRIED_MS = 50,
    READERS = 8, /* half the threads that may wait: each is a connection to the database */
    LINK_PATIENCE_MS =
        1000, /* for a lost database: then the look has failed, and healthz says so */
};

struct view {
    struct rules rules;
    struct tac_table *tac;
    struct zone zone;
    struct view *older;
};

struct held_index {
    struct index *index;
    uint64_t rebuilt; /* the head's, when it was made */
    struct held_index *older;
};

struct service {
    struct registry *reg; /* the follower's alone */
    struct quiet quiet;   /* the follower's, of the index */
    const struct clock *clock;
    struct register_keys keys;
    struct sha256_key check; /* keys.check, made ready */
    struct keyring *ring;
    _Atomic(struct view *) view;
    _Atomic(struct held_index *) index;
    _Atomic int64_t seen_us; /* monotonic time of the last look that succeeded */
    _Atomic int64_t lag_us;  /* of the last block applied: from its writing to its being here */
    _Atomic uint64_t behind; /* items committed and not applied, at the last look */
    _Atomic bool store_ok;
    _Atomic uint32_t seal_newest, seal_used;
    _Atomic bool keys_ok;
    atomic_bool stopping;
    atomic_bool hurried;
    struct readers *readers;
    struct snapshots *_Atomic snapshots;
    struct lists_desk *_Atomic lists;
    struct segments *_Atomic segments;
    pthread_mutex_t news_lock; /* guards the two; held while it is called */
    service_news_fn *on_news;
    void *news_ctx;
    pthread_t thread;
};

static enum err push_view(struct service *s)
{
    struct view *view = calloc(1, sizeof *view);
    if (!view)
        return ERR_MEMORY;
    view->rules = s->reg->rules;
    view->zone = s->reg->zone;
    struct view *older = atomic_load(&s->view);
    uint32_t list = view->rules.tac_list;
    enum err err = ERR_OK;
    if (older && older->rules.tac_list == list)
        view->tac = older->tac;
    else if (list)
        err = registry_tac_list(s->reg, list, &view->tac, NULL);
    if (err) {
        free(view);
        return err;
    }
    view->rules.tac = view->tac;
    view->older = older;
    atomic_store(&s->view, view);
    return ERR_OK;
}

static enum err push_index(struct service *s, struct fault *fault)
{
    struct held_index *held = calloc(1, sizeof *held);
    if (!held)
        return ERR_MEMORY;
    enum err err = registry_index_quiet(s->reg, NULL, &s->quiet, &held->index, fault);
    if (err) {
        free(held);
        return err;
    }
    held->rebuilt = s->reg->head.rebuilt;
    held->older = atomic_load(&s->index);
    atomic_store(&s->index, held);
    return ERR_OK;
}

static void note_keys(struct service *s)
{
    const struct people_keys *ring = &s->reg->keys.people;
    atomic_store(&s->seal_newest, ring->number[ring->count - 1]);
    atomic_store(&s->seal_used, ring->number[ring->use]);
    atomic_store(&s->keys_ok, !s->reg->keys_fault.err);
}

static void on_quiet(void *ctx, const struct index *index)
{
    struct service *s = ctx;
    struct snapshots *snapshots = atomic_load(&s->snapshots);
    if (snapshots)
        snapshots_look(snapshots, index, true);
}

/* What was made of the index before is not to be given any more. */
static enum err follow_anew(struct service *s)
{
    struct snapshots *snapshots = atomic_load(&s->snapshots);
    if (snapshots)
        snapshots_forget(snapshots);
    struct segments *segments = atomic_load(&s->segments);
    if (segments)
        segments_forget(segments);
    return push_index(s, NULL);
}

/* keys: the API keys are read anew as well. */
static enum err follow(struct service *s, bool keys)
{
    struct follow_result done = {0};
    const struct quiet_watch watch = {&s->quiet, on_quiet, s};
    enum err err =
        registry_follow_quiet(s->reg, atomic_load(&s->index)->index, &watch, &done, NULL);
    if (!err && done.blocks) {
        int64_t lag = clock_now_us(s->clock) - done.written_us;
        atomic_store(&s->lag_us, lag > 0 ? lag : 0);
    }
    bool mended = !err && s->reg->head.rebuilt != atomic_load(&s->index)->rebuilt;
    if (err == ERR_CHAIN || err == ERR_CODEC || mended)
        err = follow_anew(s);
    if (!err && s->reg->rules.number != atomic_load(&s->view)->rules.number)
        err = push_view(s);
    uint64_t has = index_state(atomic_load(&s->index)->index).next_seq;
    atomic_store(&s->behind, s->reg->head.next_seq > has ? s->reg->head.next_seq - has : 0);
    struct snapshots *snapshots = atomic_load(&s->snapshots);
    if (!err && snapshots)
        snapshots_look(snapshots, atomic_load(&s->index)->index, quiet_here(&s->quiet, has));
    return err || !keys ? err : keyring_load(s->ring, s->reg, NULL);
}

static void tell_news(struct service *s)
{
    const struct service_news news = service_news(s);
    pthread_mutex_lock(&s->news_lock);
    if (s->on_news)
        s->on_news(s->news_ctx, &news);
    pthread_mutex_unlock(&s->news_lock);
}

static void *run(void *arg)
{
    struct service *s = arg;
    int64_t keys_us = 0;
    while (!atomic_load(&s->stopping)) {
        const int64_t now_us = clock_monotonic_us();
        const bool keys = now_us - keys_us >= (FOLLOW_EVERY_MS - 5) * INT64_C(1000);
        keys_us = keys ? now_us : keys_us;
        bool ok = follow(s, keys) == ERR_OK;
        note_keys(s);
        atomic_store(&s->store_ok, ok);
        if (ok)
            atomic_store(&s->seen_us, clock_monotonic_us());
        tell_news(s);
        const long ms = atomic_load(&s->hurried) ? FOLLOW_HURRIED_MS : FOLLOW_EVERY_MS;
        nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
    }
    return NULL;
}

static enum err begin(struct service *s, const char *url, const char *key, struct fault *fault)
{
    struct registry_options options = {.url = url, .key = key, .clock = s->clock};
    enum err err = registry_open(&options, &s->reg, fault);
    if (!err) {
        store_patience(s->reg->store, LINK_PATIENCE_MS);
        err = push_view(s);
    }
    if (!err)
        err = push_index(s, fault);
    if (!err)
        err = readers_new(url, key, s->clock, READERS, &s->readers);
    if (err)
        return err;
    s->ring = keyring_new(&s->reg->keys);
    if (!err)
        err = s->ring ? keyring_load(s->ring, s->reg, fault) : ERR_MEMORY;
    if (err)
        return err;
    s->keys = s->reg->keys;
    sha256_key_init(&s->check, s->keys.check);
    note_keys(s);
    s->store_ok = true;
    s->seen_us = clock_monotonic_us();
    return pthread_create(&s->thread, NULL, run, s) == 0 ? ERR_OK : ERR_MEMORY;
}

static void release(struct service *s)
{
    for (struct view *v = atomic_load(&s->view), *older; v; v = older) {
        older = v->older;
        if (!older || older->tac != v->tac) /* a list is shared by the views that follow it */
            tac_table_free(v->tac);
        free(v);
    }
    for (struct held_index *h = atomic_load(&s->index), *older; h; h = older) {
        older = h->older;
        index_free(h->index);
        free(h);
    }
    keyring_free(s->ring);
    lists_desk_free(atomic_load(&s->lists));
    snapshots_free(atomic_load(&s->snapshots));
    segments_free(atomic_load(&s->segments));
    readers_free(s->readers);
    registry_close(s->reg);
    pthread_mutex_destroy(&s->news_lock);
    free(s);
}

enum err service_start(const char *url, const char *key, const struct clock *clock,
                       struct service **out, struct fault *fault)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    s->clock = clock;
    pthread_mutex_init(&s->news_lock, NULL);
    enum err err = begin(s, url, key, fault);
    if (err) {
        release(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void service_stop(struct service *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    pthread_join(s->thread, NULL);
    release(s);
}

/* ---- checks, from any thread ---- */

static void name_model(const struct view *view, struct checked *out)
{
    struct tac_info info;
    out->tac_known = tac_find(view->tac, imei_tac(out->imei), &info);
    if (out->tac_known) {
        out->brand = info.brand;
        out->model = info.model;
    }
}

/* Anybody can read the reason out of a check number: of those that share a public name it is
 * always the first. */
static uint8_t public_code(uint8_t reason)
{
    const char *name = reason_public(reason);
    for (uint8_t first = 0; first < reason; first++)
        if (reason_table[first].name && strcmp(reason_table[first].public, name) == 0)
            return first;
    return reason;
}

enum err service_check(struct service *s, struct str typed, uint64_t imsi, struct checked *out)
{
    struct checked c = {.now_s = clock_now_us(s->clock) / 1000000};
    enum err err = imei_parse_typed(typed, &c.imei);
    if (err)
        return err;
    const struct view *view = atomic_load(&s->view);
    const struct index *index = atomic_load(&s->index)->index;
    daynum through = index_state(index).gate.expire_through;
    c.today = zone_day(&view->zone, c.now_s);
    c.rules = view->rules.number;
    struct verdict v;
    if (index_find(index, c.imei, &v)) {
        v = verdict_step(v, c.today, through);
    } else {
        struct facts none;
        facts_init(&none);
        v = policy_judge_gated(c.imei, &none, &view->rules, c.today, through);
    }
    struct asking asking = {.imsi = imsi};
    if (imsi && v.reason == REASON_CLONE)
        asking.paired = index_is_paired(index, c.imei, answer_subscriber(s->keys.subscriber, imsi));
    c.answer = answer_make(&v, imsi ? &asking : NULL, &view->rules);
    name_model(view, &c);
    struct check_number number = {.minute = (c.now_s - CHECK_NUMBER_EPOCH) / 60,
                                  .reason = public_code(c.answer.reason),
                                  .served = c.answer.served};
    check_number_make(&s->check, c.imei, &number, c.number);
    *out = c;
    return ERR_OK;
}

struct counting {
    uint64_t *count;
    daynum today, through;
};

static bool count_one(void *ctx, struct imei imei, const struct verdict *v)
{
    const struct counting *c = ctx;
    (void)imei;
    c->count[verdict_step(*v, c->today, c->through).reason]++;
    return true;
}

void service_count(struct service *s, uint64_t out[REASON_COUNT])
{
    const struct view *view = atomic_load(&s->view);
    const struct index *index = atomic_load(&s->index)->index;
    struct counting c = {out, zone_day(&view->zone, clock_now_us(s->clock) / 1000000),
                         index_state(index).gate.expire_through};
    memset(out, 0, REASON_COUNT * sizeof *out);
    index_iterate(index, count_one, &c);
}

/* ---- keys, from any thread ---- */

static daynum today_of(const struct service *s)
{
    return zone_day(&atomic_load(&s->view)->zone, clock_now_us(s->clock) / 1000000);
}

enum err service_bearer(struct service *s, struct str key, struct caller *out)
{
    return keyring_bearer(s->ring, key, today_of(s), out);
}

enum err service_certificate(struct service *s, struct str certificate, struct caller *out)
{
    return keyring_certificate(s->ring, certificate, today_of(s), out);
}

enum err service_signer(struct service *s, struct str id, struct caller *out,
                        uint8_t out_secret[API_KEY_BYTES])
{
    return keyring_signer(s->ring, id, today_of(s), out, out_secret);
}

bool service_check_number(struct service *s, struct str number, struct check_number *out)
{
    return check_number_read(&s->check, number, NULL, out);
}

struct service_health service_health(struct service *s)
{
    const struct index *index = atomic_load(&s->index)->index;
    const struct view *view = atomic_load(&s->view);
    struct index_state state = index_state(index);
    return (struct service_health){
        .store_ok = atomic_load(&s->store_ok),
        .stale_ms = (clock_monotonic_us() - atomic_load(&s->seen_us)) / 1000,
        .lag_ms = atomic_load(&s->lag_us) / 1000,
        .behind = atomic_load(&s->behind),
        .seq = state.next_seq - 1,
        .imeis = index_count(index),
        .rules = view->rules.number,
        .seal_newest = atomic_load(&s->seal_newest),
        .seal_used = atomic_load(&s->seal_used),
        .keys_ok = atomic_load(&s->keys_ok),
        .today = zone_day(&view->zone, clock_now_us(s->clock) / 1000000),
        .expire_through = state.gate.expire_through,
    };
}

/* ---- followers from afar ---- */

struct service_news service_news(struct service *s)
{
    struct snapshots *snapshots = atomic_load(&s->snapshots);
    struct segments *segments = atomic_load(&s->segments);
    return (struct service_news){
        .next_seq = index_state(atomic_load(&s->index)->index).next_seq,
        .snapshots = snapshots ? snapshots_made(snapshots) : 0,
        .segments = segments ? segments_made(segments) : 0,
    };
}

void service_on_news(struct service *s, service_news_fn *fn, void *ctx)
{
    pthread_mutex_lock(&s->news_lock);
    s->on_news = fn;
    s->news_ctx = ctx;
    pthread_mutex_unlock(&s->news_lock);
}

void service_hurry(struct service *s, bool hurry)
{
    atomic_store(&s->hurried, hurry);
}

enum err service_reader(struct service *s, struct registry **out, struct fault *fault)
{
    if (!atomic_load(&s->store_ok))
        return fault_set(fault, ERR_STORE_AWAY, "the last look at the register failed");
    return readers_take(s->readers, out, fault);
}

void service_reader_back(struct service *s, struct registry *reader)
{
    readers_give(s->readers, reader);
}

enum err service_keep_snapshots(struct service *s, const struct snapshots_options *options)
{
    struct snapshots *snapshots;
    struct segments *segments;
    enum err err = segments_new(options->directory, &segments);
    if (err)
        return err;
    atomic_store(&s->segments, segments);
    err = snapshots_new(options, s->readers, &snapshots);
    if (!err)
        atomic_store(&s->snapshots, snapshots);
    return err;
}

enum err service_keep_lists(struct service *s, const struct lists_desk_options *options,
                            struct fault *fault)
{
    struct lists_desk_options all = *options;
    struct lists_desk *desk;
    all.clock = s->clock;
    all.readers = s->readers;
    enum err err = lists_desk_new(&all, &desk, fault);
    if (!err)
        atomic_store(&s->lists, desk);
    return err;
}

struct lists_desk *service_lists(struct service *s)
{
    return atomic_load(&s->lists);
}

struct segments *service_segments(struct service *s)
{
    return atomic_load(&s->segments);
}

struct snapshots *service_snapshots(struct service *s)
{
    return atomic_load(&s->snapshots);
}

const struct rules *service_rules(struct service *s)
{
    return &atomic_load(&s->view)->rules;
}

daynum service_local(struct service *s, int64_t utc_seconds, char out_hhmm[6])
{
    const struct view *view = atomic_load(&s->view);
    int64_t local = utc_seconds + zone_offset(&view->zone, utc_seconds);
    int64_t minutes = ((local % 86400) + 86400) % 86400 / 60;
    snprintf(out_hhmm, 6, "%02d:%02d", (int)(minutes / 60) % 24, (int)(minutes % 60));
    return zone_day(&view->zone, utc_seconds);
}
