/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking rows: some rows' lines are fetched, then they are looked up, so that a row costs its arithmetic and not its
 * wait for memory. */
#include "seen/seen.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "seen/earliest.h"
#include "seen/seen_load.h"

enum {
    AHEAD = 32,        /* rows whose lines are fetched before the first is looked up */
    CLAIM = INT32_MAX, /* among the numbers of batches, which no batch reaches */
    CLAIM_PAUSE_NS = 50000000,
    MAPPED = 64 << 20, /* bytes; above M_MMAP_THRESHOLD's own limit of 32 MB */
};

/* ---- opening ---- */

static enum err claim(struct seen *s, int64_t patience_ms, struct fault *fault)
{
    const int64_t until = clock_monotonic_us() + patience_ms * 1000;
    for (;;) {
        enum err err = store_batch_claim(s->reg->store, CLAIM, fault);
        if (err != ERR_STORE_BUSY) {
            s->claimed = !err;
            return err;
        }
        if (s->stop && *s->stop)
            return fault_set(fault, ERR_STOPPED, "nothing was loaded: another load was waited for");
        if (patience_ms && clock_monotonic_us() > until)
            return fault_set(fault, ERR_STORE_BUSY, "another load is going on; come again");
        struct timespec pause = {.tv_nsec = CLAIM_PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
}

void seen_state(const struct seen *s, struct seen_state *out)
{
    memcpy(out->register_id, s->reg->head.register_id, REGISTER_ID_BYTES);
    memcpy(out->tag, s->head.tag, SEEN_TAG);
}

/* Beside a register that is a file; else beside its key, which each machine of it has. */
static char *path_of(const struct registry *reg, const char *end)
{
    const char *base = store_path(reg->store);
    char *path = NULL;
    base = base ? base : reg->key_path;
    return base && asprintf(&path, "%s%s", base, end) > 0 ? path : NULL;
}

static enum err open_one(const struct seen *s, char kind, struct seen_cache *cache, bool *ready)
{
    struct seen_state state;
    char *path = path_of(s->reg, kind == 'p' ? ".seen-pairs" : ".seen-subscribers");
    seen_state(s, &state);
    enum err err = seen_cache_open(path, kind, &state, cache, ready);
    free(path);
    return err;
}

static enum err open_caches(struct seen *s, struct fault *fault)
{
    bool subscribers = false, pairs = false;
    enum err err = open_one(s, 's', &s->subscribers, &subscribers);
    if (!err)
        err = open_one(s, 'p', &s->pairs, &pairs);
    if (err)
        return fault_set(fault, err, "no memory for the tables of pairs");
    if (subscribers && pairs && s->subscribers.table.count <= s->head.subscribers &&
        s->pairs.table.count <= s->head.pairs)
        return ERR_OK;
    return seen_rebuild(s, fault);
}

enum err seen_open(struct registry *reg, const struct seen_options *options, struct seen **out,
                   struct fault *fault)
{
    struct seen *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_MEMORY, "no memory for a load");
    s->reg = reg;
    s->party = options->party;
    s->stop = options->stop;
    s->subscribers.fd = s->pairs.fd = -1;
    seen_hash_key(reg, s->key);
    s->days = calloc(LIMIT_FEED_DAYS, sizeof *s->days);
    s->day_places = calloc(UINT16_MAX + 1, sizeof *s->day_places);
    enum err err = s->days && s->day_places ? ERR_OK : ERR_MEMORY;
    if (!err)
        err = claim(s, options->patience_ms, fault);
    if (!err)
        err = seen_head_get(reg, &s->head, fault);
    if (!err)
        err = open_caches(s, fault);
    if (err)
        seen_close(s);
    else
        *out = s;
    return err;
}

void seen_forget(struct seen *s)
{
    if (s->news)
        sodium_memzero(s->news, s->new_count * sizeof *s->news);
    free(s->news);
    s->news = NULL;
    s->new_count = s->new_size = 0;
    imei_list_release(&s->activations);
    imei_list_release(&s->undated);
}

void seen_close(struct seen *s)
{
    if (!s)
        return;
    seen_cache_close(&s->subscribers);
    seen_cache_close(&s->pairs);
    seen_table_release(&s->fresh);
    for (size_t i = 0; i < s->day_count; i++)
        day_bits_release(&s->days[i].bits);
    seen_forget(s);
    free(s->days);
    free(s->day_places);
    if (s->claimed)
        store_batch_release(s->reg->store, CLAIM);
    free(s);
}

/* ---- taking rows ---- */

static enum err too_many(struct seen *s, const char *what)
{
    s->too_many = what;
    return ERR_TOO_MANY;
}

static enum err day_of(struct seen *s, uint16_t day, struct seen_day **out)
{
    uint16_t place = s->day_places[day];
    if (!place) {
        if (s->day_count == LIMIT_FEED_DAYS)
            return too_many(s,
                            "more different days than one file may have (400): split it by date");
        s->days[s->day_count] = (struct seen_day){.day = day};
        place = s->day_places[day] = (uint16_t)++s->day_count;
    }
    *out = &s->days[place - 1];
    return ERR_OK;
}

/* Subscribers are not left behind in memory that was given back: a block that is moved is wiped. What is so large is mapped,
 * and its pages move with it. */
static enum err more_news(struct seen *s)
{
    const size_t size = s->new_size ? s->new_size + s->new_size / 2 : 4096;
    const bool mapped = s->new_size * sizeof *s->news >= MAPPED;
    struct seen_new *news =
        mapped ? realloc(s->news, size * sizeof *news) : malloc(size * sizeof *news);
    if (!news)
        return ERR_MEMORY;
    if (!mapped && s->news) {
        memcpy(news, s->news, s->new_count * sizeof *news);
        sodium_memzero(s->news, s->new_count * sizeof *news);
        free(s->news);
    }
    s->news = news;
    s->new_size = size;
    return ERR_OK;
}

static enum err add_new(struct seen *s, const struct seen_row *row, const struct seen_key *key,
                        struct seen_slot **out)
{
    if (s->new_count == LIMIT_FEED_NEW || s->new_count >= UINT32_MAX - 1 - s->head.pairs)
        return too_many(s,
                        "more than 33554432 pairs of IMEI and subscriber are new: split the file");
    if (s->new_count == s->new_size) {
        enum err err = more_news(s);
        if (err)
            return err;
    }
    enum err err = seen_table_grow(&s->fresh, 1);
    if (err)
        return err;
    struct seen_slot slot = {.hash = key->hash,
                             .mark = key->mark,
                             .number = s->head.pairs + 1 + (uint32_t)s->new_count,
                             .day = SEEN_DAY_NONE};
    s->news[s->new_count++] =
        (struct seen_new){row->imsi, row->msisdn, row->imei << 16 | SEEN_DAY_NONE};
    seen_table_put(&s->fresh, &slot);
    *out = seen_table_find(&s->fresh, key);
    return ERR_OK;
}

/* What the facts are asked of at the end. */
static enum err ask(struct seen *s, const struct seen_row *row)
{
    enum err err = earliest_add(&s->activations, row->imei << 16 | row->day, LIMIT_FEED_FIRST);
    s->slower++;
    return err == ERR_TOO_MANY
               ? too_many(s, "more than 33554432 IMEIs may have been used first: split the file")
               : err;
}

/* A home row: has anything said that its IMEI was active by that day? A pair of this load says so from its earliest
 * row on, since all of them go the same road. */
static enum err activation(struct seen *s, const struct seen_row *row, struct seen_slot *slot,
                           bool new)
{
    if (slot->day != SEEN_DAY_NONE && slot->day <= row->day)
        return ERR_OK;
    if (new) {
        slot->day = row->day;
        uint64_t *kept = &s->news[slot->number - s->head.pairs - 1].imei_day;
        *kept = (*kept & ~(uint64_t)UINT16_MAX) | row->day;
    }
    if (!new && slot->day == SEEN_DAY_NONE) {
        enum err err =
            earliest_add(&s->undated, (uint64_t)(slot - s->pairs.table.slots) << 16 | row->day,
                         LIMIT_FEED_FIRST);
        if (err == ERR_TOO_MANY)
            return too_many(s, "more than 33554432 pairs have no day yet: split the file");
        if (err)
            return err;
    }
    return ask(s, row);
}

/* What the look-up of a row gave, until its bit is set. */
struct looked {
    struct seen_key key;
    struct seen_slot *slot; /* of a pair that stands; NULL: it may be of this load */
    uint64_t sum;           /* of the row, for digests */
};

static uint64_t sum_up(struct seen *s, const struct seen_row *row, const struct seen_key *key)
{
    uint64_t sum = mix64(key->hash ^ mix64(row->day ^ row->more));
    s->sums[0] += sum;
    s->sums[1] += mix64(sum + row->msisdn);
    return sum;
}

/* Finds the pair, and fetches its bit, or its place among the new ones. */
static void look(struct seen *s, const struct seen_row *row, struct looked *looked)
{
    looked->sum = sum_up(s, row, &looked->key);
    looked->slot = seen_table_find(&s->pairs.table, &looked->key);
    if (!looked->slot)
        seen_table_fetch(&s->fresh, &looked->key);
    if (!looked->slot || row->ahead || row->past)
        return;
    if (s->day_places[row->day])
        day_bits_fetch(&s->days[s->day_places[row->day] - 1].bits, looked->slot->number);
}

static enum err take_one(struct seen *s, const struct seen_row *row, const struct looked *looked)
{
    struct seen_slot *slot = looked->slot;
    bool new = !slot;
    enum err err = ERR_OK;
    if (row->past && row->home)
        return ask(s, row);
    if (row->ahead || row->past)
        return ERR_OK;
    if (!slot)
        slot = seen_table_find(&s->fresh, &looked->key);
    if (!slot)
        err = add_new(s, row, &looked->key, &slot);
    struct seen_day *day = NULL;
    if (!err)
        err = day_of(s, row->day, &day);
    if (err)
        return err;
    day->sum += looked->sum;
    day->home += row->home;
    day->roaming += !row->home;
    err = day_bits_set(&day->bits, slot->number, &s->pages);
    if (err == ERR_TOO_MANY)
        return too_many(s, "too many pairs on too many days: split the file by date");
    return err || !row->home ? err : activation(s, row, slot, new);
}

enum err seen_take(struct seen *s, const struct seen_row *rows, size_t n)
{
    struct looked looked[AHEAD];
    enum err err = ERR_OK;
    s->rows += n;
    for (size_t at = 0; !err && at < n; at += AHEAD) {
        size_t count = n - at < AHEAD ? n - at : AHEAD;
        for (size_t i = 0; i < count; i++) {
            struct seen_key subscriber = seen_hash(s->key, rows[at + i].imsi);
            looked[i].key = seen_pair_key(&subscriber, rows[at + i].imei);
        }
        /* All at once: a fetch waits for its page's place in a table of pages, and only what stands close behind it
         * is begun meanwhile. */
        for (size_t i = 0; i < count; i++)
            seen_table_fetch(&s->pairs.table, &looked[i].key);
        for (size_t i = 0; i < count; i++)
            look(s, &rows[at + i], &looked[i]);
        for (size_t i = 0; !err && i < count; i++)
            err = take_one(s, &rows[at + i], &looked[i]);
    }
    return err;
}

const char *seen_too_many(const struct seen *s)
{
    return s->too_many ? s->too_many : "too much: split the file";
}

void seen_counts(const struct seen *s, struct seen_counts *out)
{
    *out = (struct seen_counts){.pairs = s->new_count, .days = s->day_count, .slower = s->slower};
}

enum err seen_note(struct seen *s, uint16_t number, const uint64_t of[SEEN_COUNTS], uint64_t sum)
{
    struct seen_day *day = NULL;
    enum err err = day_of(s, number, &day);
    for (size_t i = 0; !err && i < SEEN_COUNTS; i++)
        day->of[i] += of[i];
    if (!err)
        day->sum += sum;
    return err;
}

bool seen_newest(const struct seen *s, uint16_t *out)
{
    for (size_t i = 0; i < s->day_count; i++)
        if (!i || s->days[i].day > *out)
            *out = s->days[i].day;
    return s->day_count > 0;
}

struct imei_list *seen_activations(struct seen *s)
{
    return &s->activations;
}

void seen_digest(const struct seen *s, uint8_t out[SHA256_BYTES])
{
    uint8_t bytes[24];
    put_be(bytes, s->rows, 8);
    put_be(bytes + 8, s->sums[0], 8);
    put_be(bytes + 16, s->sums[1], 8);
    sha256_once(bytes, sizeof bytes, out);
}
