/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: 'R' 'n', setter 8, row turned 8 -> IMEI 6, kind 1, entry 8 (newest first);
 *          'R' 'i', setter 8, IMEI 6, kind 1 -> row 8 (which of them a clearing takes away). */
#include "app/mark_list.h"

#include <stdlib.h>
#include <string.h>

enum { BY_TIME = 'n', BY_IMEI = 'i', KEY_TIME = 18, KEY_IMEI = 17, VALUE_TIME = 15 };

struct mark_key {
    char bytes[KEY_TIME];
};

static struct mark_key time_key(uint64_t setter, uint64_t seq)
{
    struct mark_key key = {{MARK_LIST_RECORD, BY_TIME}};
    put_be((uint8_t *)key.bytes + 2, setter, 8);
    put_be((uint8_t *)key.bytes + 10, ~seq, 8);
    return key;
}

static struct mark_key imei_key(const struct listed_mark *m)
{
    struct mark_key key = {{MARK_LIST_RECORD, BY_IMEI}};
    put_be((uint8_t *)key.bytes + 2, m->setter, 8);
    put_be((uint8_t *)key.bytes + 10, m->imei.body, 6);
    key.bytes[16] = (char)m->kind;
    return key;
}

/* ---- writing ---- */

/* The mark that stood before it is not the newest any more. */
static enum err drop(struct registry *reg, const struct listed_mark *m, struct fault *fault)
{
    struct mark_key by_imei = imei_key(m);
    struct buf seq = {0};
    enum err err = store_record_get(reg->store, (struct str){by_imei.bytes, KEY_IMEI}, &seq, fault);
    if (err == ERR_NOT_FOUND || (!err && seq.n != 8)) {
        buf_release(&seq);
        return err == ERR_NOT_FOUND ? ERR_OK : ERR_CODEC;
    }
    if (!err) {
        struct mark_key by_time = time_key(m->setter, get_be(seq.p, 8));
        const struct record gone[] = {{.key = {by_imei.bytes, KEY_IMEI}},
                                      {.key = {by_time.bytes, KEY_TIME}}};
        err = store_records_put(reg->store, gone, 2, fault);
    }
    buf_release(&seq);
    return err;
}

static enum err put(struct registry *reg, const struct listed_mark *m, struct fault *fault)
{
    struct mark_key by_imei = imei_key(m), by_time = time_key(m->setter, m->seq);
    uint8_t seq[8], value[VALUE_TIME];
    put_be(seq, m->seq, 8);
    put_be(value, m->imei.body, 6);
    value[6] = m->kind;
    put_be(value + 7, m->entry, 8);
    const struct record stands[] = {
        {.key = {by_imei.bytes, KEY_IMEI}, .value = {(char *)seq, sizeof seq}},
        {.key = {by_time.bytes, KEY_TIME}, .value = {(char *)value, sizeof value}}};
    return store_records_put(reg->store, stands, 2, fault);
}

/* Does the row speak of a mark? *out_set: it sets it. */
static bool of_mark(const struct item *item, const struct block_cursor *at, struct listed_mark *out,
                    bool *out_set)
{
    if (item->type != ITEM_ROW ||
        (item->row.change.kind != CHANGE_MARK_SET && item->row.change.kind != CHANGE_MARK_CLEARED))
        return false;
    *out_set = item->row.change.kind == CHANGE_MARK_SET;
    *out = (struct listed_mark){.setter = item->row.change.mark.setter,
                                .imei = item->row.change.imei,
                                .kind = item->row.change.mark.kind,
                                .seq = at->seq,
                                .entry = at->entry};
    return true;
}

enum err mark_list_block(struct registry *reg, const struct block *block, struct fault *fault)
{
    struct block_cursor at = block_walk(block);
    struct item item;
    struct str bytes;
    enum err err = ERR_OK;
    while (!err && block_next(&at, &item, &bytes)) {
        struct listed_mark m;
        bool set;
        if (!of_mark(&item, &at, &m, &set))
            continue;
        err = drop(reg, &m, fault);
        if (!err && set)
            err = put(reg, &m, fault);
    }
    return err ? err : at.err;
}

/* ---- reading ---- */

struct reading {
    mark_list_fn *fn;
    void *ctx;
};

static bool read_one(void *ctx, const struct record *record)
{
    const struct reading *r = ctx;
    const uint8_t *key = (const uint8_t *)record->key.p, *value = (const uint8_t *)record->value.p;
    if (record->key.n != KEY_TIME || record->value.n != VALUE_TIME)
        return true;
    const struct listed_mark m = {.setter = get_be(key + 2, 8),
                                  .imei = {get_be(value, 6)},
                                  .kind = value[6],
                                  .seq = ~get_be(key + 10, 8),
                                  .entry = get_be(value + 7, 8)};
    return r->fn(r->ctx, &m);
}

enum err mark_list(struct registry *reg, uint64_t setter, uint64_t before, mark_list_fn *fn,
                   void *ctx, struct fault *fault)
{
    struct reading r = {fn, ctx};
    struct mark_key from = time_key(setter, before ? before - 1 : UINT64_MAX);
    struct mark_key to = time_key(setter ? setter + 1 : UINT64_MAX, UINT64_MAX);
    return store_records(reg->store, (struct str){from.bytes, KEY_TIME},
                         (struct str){to.bytes, KEY_TIME}, read_one, &r, fault);
}

/* ---- made anew ---- */

static bool pile_add(struct mark_list_pile *pile, const struct listed_mark *m)
{
    if (pile->n == pile->size) {
        size_t size = pile->size ? 2 * pile->size : 64;
        struct listed_mark *p = realloc(pile->p, size * sizeof *p);
        if (!p)
            return false;
        pile->p = p;
        pile->size = size;
    }
    pile->p[pile->n++] = *m;
    return true;
}

enum err mark_list_pile(struct mark_list_pile *pile, const struct block *block)
{
    struct block_cursor at = block_walk(block);
    struct item item;
    struct str bytes;
    while (block_next(&at, &item, &bytes)) {
        struct listed_mark m;
        bool set;
        if (!of_mark(&item, &at, &m, &set))
            continue;
        m.entry = set ? m.entry : 0;
        if (!pile_add(pile, &m))
            return ERR_MEMORY;
    }
    return at.err;
}

static bool keep_key(void *ctx, const struct record *record)
{
    struct buf *keys = ctx;
    buf_uint(keys, record->key.n, 1);
    buf_put(keys, record->key.p, record->key.n);
    return !keys->failed;
}

static enum err drop_all(struct registry *reg, struct fault *fault)
{
    static const char from = MARK_LIST_RECORD, to = MARK_LIST_RECORD + 1;
    struct buf keys = {0};
    enum err err = store_records(reg->store, (struct str){&from, 1}, (struct str){&to, 1}, keep_key,
                                 &keys, fault);
    if (!err && keys.failed)
        err = ERR_MEMORY;
    for (size_t at = 0; !err && at < keys.n; at += 1U + keys.p[at]) {
        const struct record gone = {.key = {(const char *)keys.p + at + 1, keys.p[at]}};
        err = store_records_put(reg->store, &gone, 1, fault);
    }
    buf_release(&keys);
    return err;
}

enum err mark_list_renew(struct registry *reg, struct mark_list_pile *pile, struct fault *fault)
{
    enum err err = drop_all(reg, fault);
    for (size_t i = 0; !err && i < pile->n; i++) {
        err = drop(reg, &pile->p[i], fault);
        if (!err && pile->p[i].entry)
            err = put(reg, &pile->p[i], fault);
    }
    free(pile->p);
    *pile = (struct mark_list_pile){0};
    return err;
}
