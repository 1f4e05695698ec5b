/* SPDX-License-Identifier: Apache-2.0 */
#include "people/seal_sweep.h"

#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "people/seal.h"

enum {
    STEP_RECORDS = 256,
    STEP_BYTES = 1 << 20, /* of values; at least one record */
    LOOK_MOST = 8192,     /* records that are looked at before it is told where it stands */
};
static const char place_mark = 'p';

/* Records of one step: keys and values one behind the other, as they were read, and the values anew. */
struct step {
    struct registry *reg;
    struct seal_progress *progress;
    struct buf keys, was, now;
    struct one {
        size_t key, key_n, was, was_n, now, now_n;
    } one[STEP_RECORDS];
    size_t n, looked;
    struct record_key last; /* the last that was looked at */
    bool end;
    bool renewed[STEP_RECORDS];
};

static struct record_key place_key(void)
{
    struct record_key key = record_key(RECORD_SEAL_KEYS);
    record_key_bytes(&key, &place_mark, 1);
    return key;
}

/* By its kind; and by itself, so that no kind that somebody forgot to name is left behind. */
static bool is_sealed(const struct registry *reg, const struct record *record)
{
    struct buf plain = {0};
    if (record_is_sealed((enum record_kind)(uint8_t)record->key.p[0]))
        return true;
    if (!people_key(&reg->keys.people, seal_number(record->value)))
        return false;
    bool opens = seal_open(&reg->keys.people, record->key, record->value, &plain, NULL) == ERR_OK;
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    return opens;
}

static bool gather(void *ctx, const struct record *record)
{
    struct step *s = ctx;
    bool sealed = is_sealed(s->reg, record);
    bool stale = sealed && seal_stale(&s->reg->keys.people, record->value);
    bool full = s->n == STEP_RECORDS || (s->n && s->was.n + record->value.n > STEP_BYTES);
    if (s->looked == LOOK_MOST || (stale && full)) {
        s->end = false;
        return false;
    }
    s->looked++;
    s->progress->looked += sealed;
    s->last.n = record->key.n;
    memcpy(s->last.bytes, record->key.p, record->key.n);
    if (!stale)
        return true;
    s->one[s->n++] = (struct one){
        .key = s->keys.n, .key_n = record->key.n, .was = s->was.n, .was_n = record->value.n};
    buf_str(&s->keys, record->key);
    buf_str(&s->was, record->value);
    return true;
}

static struct str part(const struct buf *b, size_t at, size_t n)
{
    return (struct str){(const char *)b->p + at, n};
}

/* One that does not open stays: the others do not wait for it. */
static enum err seal_one(struct step *s, struct one *one, struct fault *fault)
{
    struct str key = part(&s->keys, one->key, one->key_n);
    struct buf plain = {0};
    enum err err = record_unseal(s->reg, key, part(&s->was, one->was, one->was_n), &plain, fault);
    one->now = s->now.n;
    if (!err)
        err = seal_put(&s->reg->keys.people, key, (struct str){(const char *)plain.p, plain.n},
                       &s->now);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    one->now_n = err ? 0 : s->now.n - one->now;
    if (err != ERR_CODEC)
        return err;
    s->progress->damaged++;
    return ERR_OK;
}

static enum err put_one(struct step *s, size_t i, struct fault *fault)
{
    const struct one *one = &s->one[i];
    struct buf stands = {0};
    const struct record record = {part(&s->keys, one->key, one->key_n),
                                  part(&s->now, one->now, one->now_n)};
    s->renewed[i] = false;
    if (!one->now_n)
        return ERR_OK;
    enum err err = store_record_get(s->reg->store, record.key, &stands, fault);
    s->renewed[i] =
        !err && stands.n == one->was_n && memcmp(stands.p, s->was.p + one->was, one->was_n) == 0;
    buf_release(&stands);
    if (s->renewed[i])
        err = store_records_put(s->reg->store, &record, 1, fault);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Inside the write: what stands as it was read, and where the sweep is. */
static enum err put_all(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct step *s = c->ctx;
    struct record_key key = place_key();
    char place[4 + RECORD_KEY_MAX];
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->n; i++)
        err = put_one(s, i, fault);
    put_be((uint8_t *)place, reg->keys.people.number[reg->keys.people.use], 4);
    memcpy(place + 4, s->last.bytes, s->last.n);
    if (!err && s->end)
        err = record_drop(reg, &key, fault);
    else if (!err)
        err = record_put(reg, &key, (struct str){place, 4 + s->last.n}, fault);
    return err;
}

/* Behind the last of what was done under the key that is used now; else from the first. */
static enum err begin(struct registry *reg, struct record_key *out, bool *out_resumed,
                      struct fault *fault)
{
    struct record_key key = place_key();
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    *out = (struct record_key){.n = 1};
    *out_resumed = !err && value.n > 4 && value.n <= 4 + RECORD_KEY_MAX &&
                   get_be(value.p, 4) == reg->keys.people.number[reg->keys.people.use];
    if (*out_resumed) {
        out->n = value.n - 4;
        memcpy(out->bytes, value.p + 4, out->n);
    }
    buf_release(&value);
    return err;
}

static void rest(int64_t us)
{
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    if (us > 0)
        nanosleep(&pause, NULL);
}

static enum err one_step(struct step *s, struct fault *fault)
{
    struct record_key from = s->last;
    if (from.n < RECORD_KEY_MAX)
        record_key_bytes(&from, "", 1); /* the next key there can be */
    s->n = s->looked = 0;
    s->end = true;
    buf_clear(&s->keys);
    buf_clear(&s->was);
    buf_clear(&s->now);
    enum err err = registry_refresh(s->reg, fault);
    if (!err)
        err = store_records(s->reg->store, record_key_str(&from), STR(""), gather, s, fault);
    if (!err && (s->keys.failed || s->was.failed))
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < s->n; i++)
        err = seal_one(s, &s->one[i], fault);
    struct commit_case c = {.also = put_all, .ctx = s};
    if (!err)
        err = commit_one(s->reg, &c, fault);
    for (size_t i = 0; !err && i < s->n; i++) {
        s->progress->renewed += s->renewed[i];
        s->progress->again += !s->renewed[i] && s->one[i].now_n;
    }
    return err;
}

enum err seal_sweep(struct registry *reg, unsigned rate, seal_step_fn *fn, void *ctx,
                    struct seal_progress *out, struct fault *fault)
{
    struct step *s = calloc(1, sizeof *s);
    *out = (struct seal_progress){0};
    if (!s)
        return fault_set(fault, ERR_MEMORY, "a sweep");
    s->reg = reg;
    s->progress = out;
    enum err err = begin(reg, &s->last, &out->resumed, fault);
    while (!err && !s->end) {
        int64_t began_us = clock_monotonic_us();
        err = one_step(s, fault);
        int64_t took_us = clock_monotonic_us() - began_us;
        int64_t due_us = (int64_t)s->n * 1000000 / (rate ? rate : 1) - took_us;
        if (!err && fn && !fn(ctx, out))
            err = fault_set(fault, ERR_STOPPED, "stopped; the same again goes on from there");
        if (!err && !s->end)
            rest(s->n && due_us < took_us ? took_us : due_us);
    }
    buf_release(&s->keys);
    buf_release(&s->was);
    buf_release(&s->now);
    free(s);
    return err;
}

/* ---- counting ---- */

void seal_count_add(struct seal_count *count, uint32_t number)
{
    unsigned i = 0;
    while (i < count->n && i < PEOPLE_KEYS_MAX && count->number[i] != number)
        i++;
    if (i == count->n && count->n < PEOPLE_KEYS_MAX)
        count->number[count->n++] = number;
    count->records[i]++;
}

uint64_t seal_count_of(const struct seal_count *count, uint32_t number)
{
    for (unsigned i = 0; i < count->n; i++)
        if (count->number[i] == number)
            return count->records[i];
    return 0;
}

struct counting {
    const struct registry *reg;
    struct seal_count *out;
};

static bool count_one(void *ctx, const struct record *record)
{
    const struct counting *c = ctx;
    if (is_sealed(c->reg, record))
        seal_count_add(c->out, seal_number(record->value));
    return true;
}

enum err seal_count(struct registry *reg, struct seal_count *out, struct fault *fault)
{
    static const char first[] = {0};
    struct counting counting = {reg, out};
    *out = (struct seal_count){0};
    return store_records(reg->store, (struct str){first, 1}, STR(""), count_one, &counting, fault);
}
