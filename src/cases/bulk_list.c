/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_list.h"

#include <stdlib.h>

#include "bulk/radix.h"
#include "people/seal.h"

enum { IMEI_BYTES = 6 };

void bulk_device_encode(struct buf *out, const struct bulk_device *d, uint32_t *before)
{
    buf_varint(out, d->line - *before);
    buf_uint(out, d->count, 1);
    buf_uint(out, d->found, 1);
    for (unsigned i = 0; i < d->count; i++)
        buf_uint(out, d->imeis[i], IMEI_BYTES);
    *before = d->line;
}

void bulk_error_encode(struct buf *out, const struct bulk_error *e, uint32_t *before)
{
    buf_varint(out, e->line - *before);
    buf_uint(out, e->column, 1);
    buf_uint(out, e->found, 1);
    buf_uint(out, e->n, 1);
    buf_put(out, e->value, e->n);
    *before = e->line;
}

enum err bulk_part_put(struct registry *reg, const struct record_key *key, struct str plain,
                       struct fault *fault)
{
    struct buf sealed = {0};
    enum err err = seal_put(&reg->keys.people, record_key_str(key), plain, &sealed);
    if (!err)
        err = record_put(reg, key, (struct str){(const char *)sealed.p, sealed.n}, fault);
    buf_release(&sealed);
    return err;
}

enum err bulk_part_get(struct registry *reg, const struct record_key *key, struct buf *out,
                       struct fault *fault)
{
    struct buf sealed = {0};
    enum err err = store_record_get(reg->store, record_key_str(key), &sealed, fault);
    if (!err)
        err = record_unseal(reg, record_key_str(key),
                            (struct str){(const char *)sealed.p, sealed.n}, out, fault);
    buf_release(&sealed);
    return err;
}

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC, "a list of devices is damaged");
}

/* ---- devices ---- */

static enum err decode_devices(const struct buf *plain, struct bulk_device *out, size_t *out_n)
{
    struct rd rd = rd_of(plain->p, plain->n);
    uint32_t line = 0;
    size_t n = 0;
    for (; rd_left(&rd) && n < BULK_PART_DEVICES; n++) {
        struct bulk_device *d = &out[n];
        line += (uint32_t)rd_varint(&rd);
        *d = (struct bulk_device){.line = line, .count = (uint8_t)rd_uint(&rd, 1)};
        d->found = (uint8_t)rd_uint(&rd, 1);
        if (rd.failed || !d->count || d->count > LIMIT_DEVICE_IMEIS)
            return ERR_CODEC;
        for (unsigned i = 0; i < d->count; i++) {
            d->imeis[i] = rd_uint(&rd, IMEI_BYTES);
            if (d->imeis[i] >= IMEI_BODIES)
                return ERR_CODEC;
        }
    }
    *out_n = n;
    return rd.failed || rd_left(&rd) ? ERR_CODEC : ERR_OK;
}

enum err bulk_devices(struct registry *reg, uint64_t upload, uint32_t part,
                      struct bulk_device **out, size_t *out_n, struct fault *fault)
{
    struct record_key key = bulk_part_key(RECORD_BULK_DEVICES, upload, part);
    struct buf plain = {0};
    struct bulk_device *list = malloc(BULK_PART_DEVICES * sizeof *list);
    enum err err = list ? bulk_part_get(reg, &key, &plain, fault) : ERR_MEMORY;
    if (!err && decode_devices(&plain, list, out_n))
        err = damaged(fault);
    buf_release(&plain);
    if (err)
        free(list);
    else
        *out = list;
    return err;
}

/* The part in which the last page stands that begins at or before the line. */
static uint32_t part_after(const struct upload *u, uint32_t line)
{
    size_t page = 0;
    while (page + 1 < LIMIT_DEVICES_PAGES && u->page_after[page + 1] &&
           u->page_after[page + 1] <= line)
        page++;
    return (uint32_t)(page * LIMIT_DEVICES_PAGE / BULK_PART_DEVICES);
}

enum err bulk_each_after(struct registry *reg, const struct upload *u, uint32_t line,
                         bulk_device_fn *fn, void *ctx, struct fault *fault)
{
    enum err err = ERR_OK;
    bool goes_on = true;
    for (uint32_t part = part_after(u, line); !err && goes_on && part < u->device_parts; part++) {
        struct bulk_device *list = NULL;
        size_t n = 0;
        err = bulk_devices(reg, u->id, part, &list, &n, fault);
        for (size_t i = 0; !err && goes_on && i < n; i++)
            goes_on = list[i].line <= line || fn(ctx, &list[i]);
        if (!err)
            free(list);
    }
    return err;
}

enum err bulk_each(struct registry *reg, const struct upload *u, bulk_device_fn *fn, void *ctx,
                   struct fault *fault)
{
    return bulk_each_after(reg, u, 0, fn, ctx, fault);
}

struct collecting {
    uint64_t *bodies;
    size_t n, size;
    bool whole;
};

static bool collect(void *ctx, const struct bulk_device *d)
{
    struct collecting *c = ctx;
    for (unsigned i = 0; (c->whole || !d->found) && i < d->count && c->n < c->size; i++)
        c->bodies[c->n++] = d->imeis[i];
    return true;
}

enum err bulk_imeis(struct registry *reg, const struct upload *u, bool whole, uint64_t **out,
                    size_t *out_n, struct fault *fault)
{
    struct collecting c = {.size = u->devices * LIMIT_DEVICE_IMEIS, .whole = whole};
    c.bodies = malloc((c.size + 1) * sizeof *c.bodies);
    enum err err = c.bodies ? bulk_each(reg, u, collect, &c, fault) : ERR_MEMORY;
    if (err) {
        free(c.bodies);
        return err;
    }
    radix_sort(c.bodies, c.n);
    *out = c.bodies;
    *out_n = c.n;
    return ERR_OK;
}

/* ---- errors ---- */

enum err bulk_errors(struct registry *reg, const struct upload *u, bulk_error_fn *fn, void *ctx,
                     struct fault *fault)
{
    struct buf plain = {0};
    enum err err = ERR_OK;
    bool goes_on = true;
    for (uint32_t part = 0; !err && goes_on && part < u->error_parts; part++) {
        struct record_key key = bulk_part_key(RECORD_BULK_ERRORS, u->id, part);
        uint32_t line = 0;
        buf_clear(&plain);
        err = bulk_part_get(reg, &key, &plain, fault);
        struct rd rd = rd_of(plain.p, plain.n);
        while (!err && goes_on && rd_left(&rd)) {
            struct bulk_error e = {.line = line += (uint32_t)rd_varint(&rd)};
            e.column = (uint8_t)rd_uint(&rd, 1);
            e.found = (uint8_t)rd_uint(&rd, 1);
            e.n = (uint8_t)rd_uint(&rd, 1);
            const uint8_t *value = rd_bytes(&rd, e.n);
            if (!value || rd.failed || e.n > BULK_VALUE_MAX) {
                err = damaged(fault);
                break;
            }
            memcpy(e.value, value, e.n);
            goes_on = fn(ctx, &e);
        }
    }
    buf_release(&plain);
    return err;
}

/* ---- who asks for an IMEI ---- */

struct record_key bulk_imeis_key(uint64_t upload, uint64_t last)
{
    struct record_key key = record_key_of(RECORD_BULK_IMEIS, upload);
    record_key_number(&key, last, IMEI_BYTES);
    return key;
}

/* Parts are opened where they stand: one record, or a range of them. */
struct looking {
    struct registry *reg;
    uint64_t application, from, to;
    bulk_open_fn *fn;
    void *ctx;
    enum err err;
    bool stopped;
};

static bool look_into(void *ctx, const struct record *record)
{
    struct looking *l = ctx;
    struct buf plain = {0};
    uint64_t body = 0;
    l->err = record_unseal(l->reg, record->key, record->value, &plain, NULL);
    struct rd rd = rd_of(plain.p, plain.n);
    while (!l->err && !l->stopped && rd_left(&rd)) {
        body += rd_varint(&rd);
        if (rd.failed)
            l->err = ERR_CODEC;
        else if (body > l->to)
            l->stopped = true;
        else if (body >= l->from)
            l->stopped = !l->fn(l->ctx, l->application, body);
    }
    buf_release(&plain);
    return !l->err && !l->stopped;
}

struct open_list {
    uint64_t *applications, *uploads;
    size_t n, size;
    bool failed;
};

static bool take_open(void *ctx, const struct record *record)
{
    struct open_list *o = ctx;
    if (record->key.n != 9 || record->value.n != 8)
        return true;
    if (o->n == o->size) {
        size_t size = o->size ? 2 * o->size : 64;
        uint64_t *list = realloc(o->applications, size * 2 * sizeof *list);
        o->failed = !list;
        if (!list)
            return false;
        memmove(list + size, list + o->size, o->n * sizeof *list);
        *o = (struct open_list){list, list + size, o->n, size, false};
    }
    o->applications[o->n] = record_key_last(record->key);
    o->uploads[o->n++] = get_be((const uint8_t *)record->value.p, 8);
    return true;
}

/* The open applications by file, each looked into from one IMEI to another. */
static enum err each_by_file(struct registry *reg, uint64_t from, uint64_t to, bulk_open_fn *fn,
                             void *ctx, struct fault *fault)
{
    struct open_list open = {0};
    struct record_key first = record_key(RECORD_BULK_OPEN), end = record_key(RECORD_BULK_OPEN + 1);
    enum err err = store_records(reg->store, record_key_str(&first), record_key_str(&end),
                                 take_open, &open, fault);
    if (!err && open.failed)
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < open.n; i++) {
        struct looking l = {.reg = reg,
                            .application = open.applications[i],
                            .from = from,
                            .to = to,
                            .fn = fn,
                            .ctx = ctx};
        struct record_key at = bulk_imeis_key(open.uploads[i], from);
        struct record_key past = record_key_of(RECORD_BULK_IMEIS, open.uploads[i] + 1);
        err = store_records(reg->store, record_key_str(&at), record_key_str(&past), look_into, &l,
                            fault);
        err = err ? err : l.err;
    }
    free(open.applications);
    return err;
}

struct finding_one {
    uint64_t *out;
    size_t max, n;
};

static bool found_one(void *ctx, uint64_t application, uint64_t body)
{
    struct finding_one *f = ctx;
    (void)body;
    if (f->n < f->max)
        f->out[f->n++] = application;
    return false;
}

enum err bulk_by_imei(struct registry *reg, struct imei imei, uint64_t *out_ids, size_t max,
                      size_t *out_n, struct fault *fault)
{
    struct finding_one f = {out_ids, max, *out_n};
    enum err err = each_by_file(reg, imei.body, imei.body, found_one, &f, fault);
    *out_n = f.n;
    return err;
}

struct typed {
    uint64_t to;
    bulk_open_fn *fn;
    void *ctx;
};

static bool take_typed(void *ctx, const struct record *record)
{
    struct typed *t = ctx;
    if (record->key.n != 1 + IMEI_BYTES + 8)
        return true;
    uint64_t body = get_be((const uint8_t *)record->key.p + 1, IMEI_BYTES);
    return body <= t->to && t->fn(t->ctx, record_key_last(record->key), body);
}

enum err bulk_open_each(struct registry *reg, uint64_t from, uint64_t to, bulk_open_fn *fn,
                        void *ctx, struct fault *fault)
{
    struct typed typed = {to, fn, ctx};
    struct record_key first = record_key(RECORD_BY_IMEI), end = record_key(RECORD_BY_IMEI + 1);
    record_key_number(&first, from, IMEI_BYTES);
    enum err err = store_records(reg->store, record_key_str(&first), record_key_str(&end),
                                 take_typed, &typed, fault);
    return err ? err : each_by_file(reg, from, to, fn, ctx, fault);
}
