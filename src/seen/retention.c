/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/retention.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "app/commit.h"
#include "people/audit_log.h"
#include "seen/finder.h"
#include "seen/retention_named.h"
#include "seen/seen_load.h"
#include "seen/term.h"

enum {
    STEP_PARTS = 8, /* of a transaction: 3 MB */
    STEP_KEYS = 32, /* bitmaps that one takes away */
    READ_AT_ONCE = 4096,
};

struct retaining {
    struct registry *reg;
    const struct retention_options *options;
    struct retention_result *out;
    struct seen *seen; /* NULL: a dry run */
    struct seen_head head;
    uint16_t cut;                                       /* packed first day that is kept */
    uint64_t *pairs, *subscribers;                      /* bits by number: live */
    struct seen_part_list pair_parts, subscriber_parts; /* with something to blank */
    struct record_keys named; /* what names subscribers that go, elsewhere */
    struct record_keys days;  /* and reports that go */
    bool any_left;            /* a day is kept */
    enum err err;
    /* of the step at hand */
    const struct seen_part_list *parts;
    const struct record_keys *keys;
    size_t from, n;
    bool last;
};

static void set(uint64_t *bits, uint32_t number)
{
    bits[number >> 6] |= UINT64_C(1) << (number & 63);
}

/* ---- what stays ---- */

static bool mark_day(void *ctx, const struct seen_day_part *part)
{
    struct retaining *r = ctx;
    uint32_t numbers[READ_AT_ONCE], n;
    roaring_uint32_iterator_t it;
    r->any_left = true;
    roaring_init_iterator(part->bits, &it);
    while ((n = roaring_read_uint32_iterator(&it, numbers, READ_AT_ONCE)))
        for (uint32_t i = 0; i < n; i++) {
            if (numbers[i] > r->head.pairs) {
                r->err = ERR_CODEC;
                return false;
            }
            set(r->pairs, numbers[i]);
        }
    return !(r->options->stop && *r->options->stop);
}

static bool mark_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct retaining *r = ctx;
    if (number > r->head.pairs || pair->subscriber > r->head.subscribers) {
        r->err = ERR_CODEC;
        return false;
    }
    if (pair->subscriber && r->pairs[number >> 6] >> (number & 63) & 1)
        set(r->subscribers, pair->subscriber);
    return true;
}

static enum err look(struct retaining *r, struct fault *fault)
{
    enum err err = seen_days(r->reg, r->cut, UINT16_MAX, mark_day, r, fault);
    if (!err && r->options->stop && *r->options->stop)
        return fault_set(fault, ERR_STOPPED, "nothing was dropped");
    if (!err && !r->err)
        err = seen_pairs(r->reg, mark_pair, r, fault);
    if (!err && r->err)
        err = fault_set(fault, r->err, "what networks saw: more numbers than were given: damaged");
    if (!err)
        err = seen_parts_stale(r->reg, true, r->pairs, &r->pair_parts, fault);
    if (!err)
        err = seen_parts_stale(r->reg, false, r->subscribers, &r->subscriber_parts, fault);
    r->out->pairs = r->pair_parts.stale;
    r->out->pairs_left = r->pair_parts.live;
    r->out->subscribers = r->subscriber_parts.stale;
    r->out->subscribers_left = r->subscriber_parts.live;
    return err;
}

/* ---- what goes ---- */

static bool take_key(void *ctx, const struct record *record)
{
    struct retaining *r = ctx;
    r->err = record_keys_add(&r->days, record->key);
    return !r->err;
}

/* Bitmaps, then reports: the reports are the last to go. */
static enum err find_days(struct retaining *r, struct fault *fault)
{
    static const struct {
        enum record_kind kind;
        char of;
    } rows[] = {{RECORD_SEEN_PAIRS, 'd'}, {RECORD_SEEN, 'r'}};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < 2; i++) {
        struct record_key from = record_key(rows[i].kind);
        record_key_bytes(&from, &rows[i].of, 1);
        struct record_key to = from;
        size_t before = r->days.n;
        record_key_number(&to, r->cut, 2);
        err = store_records(r->reg->store, record_key_str(&from), record_key_str(&to), take_key, r,
                            fault);
        r->out->days = r->days.n - before;
    }
    return err ? err : r->err;
}

/* ---- writing ---- */

static enum err new_tag(struct registry *reg, struct retaining *r, struct fault *fault)
{
    randombytes_buf(r->head.tag, SEEN_TAG);
    return seen_head_put(reg, &r->head, fault);
}

static enum err blank_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct retaining *r = c->ctx;
    enum err err = seen_same_head(r->seen, fault);
    for (size_t i = 0; !err && i < r->n; i++) {
        uint32_t first = r->parts->first[r->from + i];
        err = r->parts == &r->pair_parts
                  ? seen_pairs_blank(reg, first, r->pairs, fault)
                  : seen_subscribers_blank(reg, first, r->subscribers, fault);
    }
    return err ? err : new_tag(reg, r, fault);
}

static enum err note(struct registry *reg, const struct retaining *r, struct fault *fault)
{
    char text[200], day[DAYNUM_TEXT];
    int64_t now_ms = clock_now_us(reg->clock) / 1000;
    const struct audit_event event = {.what = AUDIT_RETENTION,
                                      .actor = reg->actor,
                                      .object = r->out->subscribers,
                                      .time_ms = now_ms};
    daynum_format(r->out->first, day);
    int n = snprintf(text, sizeof text,
                     "retention: days before %s: %llu days, %llu pairs, %llu subscribers", day,
                     (unsigned long long)r->out->days, (unsigned long long)r->out->pairs,
                     (unsigned long long)r->out->subscribers);
    enum err err = audit_log_put(reg, &event, 1, fault);
    return err ? err
               : store_note_put(reg->store, 0, now_ms, reg->actor, (struct str){text, (size_t)n},
                                fault);
}

static enum err drop_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct retaining *r = c->ctx;
    enum err err = seen_same_head(r->seen, fault);
    for (size_t i = 0; !err && i < r->n; i++)
        err = record_drop(reg, &r->keys->p[r->from + i], fault);
    if (!err && r->last)
        err = note(reg, r, fault);
    return err ? err : new_tag(reg, r, fault);
}

/* As long again as it took, so that whoever waits in line is not behind us all the time. */
static void rest(int64_t us)
{
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    if (us > 0)
        nanosleep(&pause, NULL);
}

static enum err one_step(struct retaining *r, struct commit_case *c, struct fault *fault)
{
    int64_t began_us = clock_monotonic_us();
    enum err err = commit_one(r->reg, c, fault);
    if (err)
        return err;
    r->seen->head = r->head;
    r->out->transactions++;
    if (r->options->stop && *r->options->stop && !r->last)
        return fault_set(fault, ERR_STOPPED, "stopped; the next one goes on");
    if (!r->last)
        rest(clock_monotonic_us() - began_us);
    return ERR_OK;
}

static enum err write_all(struct retaining *r, struct fault *fault)
{
    const struct seen_part_list *lists[] = {&r->pair_parts, &r->subscriber_parts};
    struct commit_case blank = {.also = blank_step, .ctx = r};
    struct commit_case drop = {.also = drop_step, .ctx = r};
    uint64_t total = r->pair_parts.n + r->subscriber_parts.n + r->named.n + r->days.n, done = 0;
    enum err err = ERR_OK;
    for (int k = 0; k < 2; k++)
        for (r->from = 0, r->parts = lists[k]; !err && r->from < r->parts->n; r->from += r->n) {
            size_t left = r->parts->n - r->from;
            r->n = left < STEP_PARTS ? left : STEP_PARTS;
            err = one_step(r, &blank, fault);
            done += r->n;
            if (r->options->progress)
                r->options->progress(r->options->progress_ctx, done, total);
        }
    if (!err)
        err = finder_sift(r->reg, r->subscribers, r->pairs, r->options->stop, fault);
    const struct record_keys *gone[] = {&r->named, &r->days};
    for (int k = 0; k < 2; k++)
        for (r->from = 0, r->keys = gone[k]; !err && r->from < r->keys->n; r->from += r->n) {
            const size_t left = r->keys->n - r->from;
            r->n = left < STEP_KEYS ? left : STEP_KEYS;
            r->last = k == 1 && r->n == left;
            err = one_step(r, &drop, fault);
        }
    return err;
}

/* The tables without what went; where that cannot be, the next load makes them anew. */
static void sift(struct retaining *r)
{
    struct seen_state state;
    seen_state(r->seen, &state);
    if (seen_cache_sift(&r->seen->pairs, r->pairs) == ERR_OK &&
        seen_cache_sift(&r->seen->subscribers, r->subscribers) == ERR_OK) {
        seen_cache_settle(&r->seen->pairs, &state);
        seen_cache_settle(&r->seen->subscribers, &state);
    }
}

/* ---- all of it ---- */

static enum err run(struct retaining *r, struct fault *fault)
{
    enum err err = seen_head_get(r->reg, &r->head, fault);
    if (!err) {
        r->pairs = calloc(((size_t)r->head.pairs >> 6) + 1, sizeof *r->pairs);
        r->subscribers = calloc(((size_t)r->head.subscribers >> 6) + 1, sizeof *r->subscribers);
        err = r->pairs && r->subscribers ? ERR_OK : fault_set(fault, ERR_MEMORY, "no memory");
    }
    if (!err)
        err = look(r, fault);
    if (!err && !r->any_left && !r->options->all)
        err = fault_set(fault, ERR_GUARD,
                        "no day would be left: is the clock right? If so: tamga retention --all");
    if (err || r->options->dry_run)
        return err;
    err = retention_named(r->seen, r->subscribers, r->out->first, &r->named, fault);
    if (err)
        return err;
    r->out->named = r->named.n;
    store_overwrite(r->reg->store, true);
    seen_cache_begin(&r->seen->pairs);
    seen_cache_begin(&r->seen->subscribers);
    err = write_all(r, fault);
    store_overwrite(r->reg->store, false);
    if (!err)
        sift(r);
    return err;
}

/* One moment, whatever is loaded meanwhile. */
static enum err look_alone(struct retaining *r, struct fault *fault)
{
    enum err err = store_read_begin(r->reg->store, fault);
    if (err)
        return err;
    err = find_days(r, fault);
    if (!err && r->days.n)
        err = run(r, fault);
    store_read_end(r->reg->store);
    return err;
}

static enum err look_and_drop(struct retaining *r, struct fault *fault)
{
    const struct seen_options all = {.stop = r->options->stop,
                                     .patience_ms = r->options->patience_ms};
    enum err err = find_days(r, fault);
    if (err || !r->days.n)
        return err;
    err = seen_open(r->reg, &all, &r->seen, fault);
    r->days.n = 0; /* what a load before us added is found as well */
    if (!err)
        err = find_days(r, fault);
    return err || !r->days.n ? err : run(r, fault);
}

enum err retention_run(struct registry *reg, const struct retention_options *options,
                       struct retention_result *out, struct fault *fault)
{
    struct retaining r = {.reg = reg, .options = options, .out = out};
    *out = (struct retention_result){.first = term_first_day(&reg->rules, registry_today(reg))};
    r.cut = daynum_pack(out->first);
    enum err err = options->dry_run ? look_alone(&r, fault) : look_and_drop(&r, fault);
    seen_close(r.seen);
    seen_part_list_release(&r.pair_parts);
    seen_part_list_release(&r.subscriber_parts);
    free(r.pairs);
    free(r.subscribers);
    record_keys_release(&r.named);
    record_keys_release(&r.days);
    return err;
}
