/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/paired.h"

#include <sodium.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "people/audit_log.h"
#include "people/seal.h"
#include "seen/named.h"

enum { KEY = 9, IMSI = 8 };

/* A subscriber who is looked for. */
struct wanted {
    uint64_t hash, imsi;
    bool fresh; /* found now: to be kept */
};

struct looking {
    struct registry *reg;
    struct wanted *all; /* by hash */
    size_t n, missing;
    struct lists_map imeis; /* of rows whose subscriber is missing */
    uint32_t *numbers;      /* of subscribers who had one of these in their hands */
    size_t count, size;
    enum err err;
    struct fault *fault;
};

static int by_hash(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static struct wanted *find(const struct looking *l, uint64_t hash)
{
    const struct wanted key = {.hash = hash};
    return l->n ? bsearch(&key, l->all, l->n, sizeof key, by_hash) : NULL;
}

/* 0: nobody has named him. */
static uint64_t imsi_of(const struct looking *l, uint64_t hash)
{
    const struct wanted *w = find(l, hash);
    return w ? w->imsi : 0;
}

static enum err want_all(struct looking *l, const struct lists_exception *rows, size_t n)
{
    l->all = calloc(n + 1, sizeof *l->all);
    if (!l->all)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        l->all[i].hash = rows[i].subscriber;
    qsort(l->all, n, sizeof *l->all, by_hash);
    for (size_t i = 0; i < n; i++)
        if (!l->n || l->all[l->n - 1].hash != l->all[i].hash)
            l->all[l->n++].hash = l->all[i].hash;
    l->missing = l->n;
    return ERR_OK;
}

static void found(struct looking *l, struct wanted *w, uint64_t imsi, bool fresh)
{
    if (!w || w->imsi)
        return;
    w->imsi = imsi;
    w->fresh = fresh;
    l->missing--;
}

/* ---- what was kept ---- */

static bool on_kept(void *ctx, const struct record *record)
{
    struct looking *l = ctx;
    struct buf plain = {0};
    if (record->key.n != KEY)
        return true;
    struct wanted *w = find(l, get_be((const uint8_t *)record->key.p + 1, 8));
    if (!w)
        return true;
    l->err = record_unseal(l->reg, record->key, record->value, &plain, l->fault);
    if (!l->err && plain.n == IMSI)
        found(l, w, get_be(plain.p, IMSI), false);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    return !l->err && l->missing;
}

static enum err look_at_kept(struct looking *l)
{
    const struct record_key from = record_key(RECORD_PAIRED), to = record_key_past(&from);
    enum err err = store_records(l->reg->store, record_key_str(&from), record_key_str(&to), on_kept,
                                 l, l->fault);
    return err ? err : l->err;
}

/* ---- those whom networks saw ---- */

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct looking *l = ctx;
    (void)number;
    if (!pair->subscriber || !lists_map_find(&l->imeis, pair->imei))
        return true;
    if (l->count == l->size) {
        const size_t size = l->size ? 2 * l->size : 256;
        uint32_t *numbers = realloc(l->numbers, size * sizeof *numbers);
        l->err = numbers ? ERR_OK : ERR_MEMORY;
        if (!numbers)
            return false;
        l->numbers = numbers;
        l->size = size;
    }
    l->numbers[l->count++] = pair->subscriber;
    return true;
}

static bool on_named(void *ctx, uint32_t number, const struct seen_subscriber *s)
{
    struct looking *l = ctx;
    (void)number;
    found(l, find(l, answer_subscriber(l->reg->keys.subscriber, s->imsi)), s->imsi, true);
    return l->missing > 0;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static enum err look_at_seen(struct looking *l, const struct lists_exception *rows, size_t n)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++)
        if (!imsi_of(l, rows[i].subscriber))
            err = lists_map_put(&l->imeis, rows[i].imei.body, 1);
    if (!err)
        err = seen_pairs(l->reg, on_pair, l, l->fault);
    if (!err)
        err = l->err;
    if (err || !l->count)
        return err;
    qsort(l->numbers, l->count, sizeof *l->numbers, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (!kept || l->numbers[kept - 1] != l->numbers[i])
            l->numbers[kept++] = l->numbers[i];
    return named_each(l->reg, l->numbers, kept, on_named, l, l->fault);
}

/* ---- keeping them ---- */

static enum err keep(const struct looking *l, const struct wanted *w)
{
    const struct record_key key = record_key_of(RECORD_PAIRED, w->hash);
    uint8_t plain[IMSI];
    struct buf sealed = {0};
    put_be(plain, w->imsi, IMSI);
    enum err err = seal_put(&l->reg->keys.people, record_key_str(&key),
                            (struct str){(const char *)plain, IMSI}, &sealed);
    if (!err)
        err = record_put(l->reg, &key, (struct str){(const char *)sealed.p, sealed.n}, l->fault);
    sodium_memzero(plain, sizeof plain);
    buf_release(&sealed);
    return err;
}

static enum err write_down(const struct looking *l, const struct lists_asker *who, size_t n)
{
    const struct audit_event event = {
        .what = AUDIT_EXCEPTIONS,
        .actor = who->by,
        .subject = registry_party_id(l->reg, PARTY_OPERATOR, str_z(who->operator_name)),
        .object = n};
    struct store *store = l->reg->store;
    enum err err = store_write_begin(store, l->fault);
    if (err)
        return err;
    for (size_t i = 0; !err && i < l->n; i++)
        if (l->all[i].fresh)
            err = keep(l, &l->all[i]);
    if (!err)
        err = audit_log_put(l->reg, &event, 1, l->fault);
    if (!err)
        err = store_write_commit(store, l->fault);
    if (err)
        store_write_rollback(store);
    return err;
}

enum err paired_names(struct registry *reg, const struct lists_asker *who,
                      struct lists_exception *rows, size_t n, struct fault *fault)
{
    struct looking l = {.reg = reg, .fault = fault};
    enum err err = want_all(&l, rows, n);
    if (!err && l.missing)
        err = look_at_kept(&l);
    if (!err && l.missing)
        err = look_at_seen(&l, rows, n);
    if (!err)
        err = write_down(&l, who, n);
    for (size_t i = 0; !err && i < n; i++)
        rows[i].imsi = imsi_of(&l, rows[i].subscriber);
    if (l.all)
        sodium_memzero(l.all, (n + 1) * sizeof *l.all);
    free(l.all);
    free(l.numbers);
    lists_map_release(&l.imeis);
    return err;
}
