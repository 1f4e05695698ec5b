/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/paper_record.h"

#include <sodium.h>

static const char total_name[] = "paper bytes";

static struct record_key paper_key(const struct paper_id *id)
{
    struct record_key key = record_key(RECORD_PAPER);
    record_key_bytes(&key, id->bytes, PAPER_ID);
    return key;
}

static struct record_key use_key(const uint8_t name[PAPER_FILE_NAME])
{
    struct record_key key = record_key(RECORD_PAPER_USE);
    record_key_bytes(&key, name, PAPER_FILE_NAME);
    return key;
}

static struct record_key loose_key(const struct paper *p)
{
    struct record_key key = record_key_of(RECORD_PAPER_LOOSE, (uint64_t)p->is.added_s);
    record_key_bytes(&key, p->is.id.bytes, PAPER_ID);
    return key;
}

static struct record_key owner_key(const struct paper *p)
{
    struct record_key key = record_key_of(RECORD_PAPER_OF, p->owner);
    record_key_number(&key, (uint64_t)p->is.added_s, 8);
    record_key_bytes(&key, p->is.id.bytes, PAPER_ID);
    return key;
}

/* ---- the record; names are stored, so they never change ---- */

static enum err put(struct registry *reg, const struct paper *p, struct fault *fault)
{
    struct record_key key = paper_key(&p->is.id);
    char sha[2 * SHA256_BYTES + 1];
    sha256_hex(p->sha, sha);
    json_t *json = json_pack(
        "{s:s, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "sha", sha, "kind", p->is.kind,
        "bytes", (json_int_t)p->is.bytes, "name", p->is.name, "added", (json_int_t)p->is.added_s,
        "owner", (json_int_t)p->owner, "application", (json_int_t)p->application, "width",
        (json_int_t)p->width, "height", (json_int_t)p->height, "claim", (json_int_t)p->claim);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err;
}

enum err paper_get(struct registry *reg, const struct paper_id *id, struct paper *out,
                   struct fault *fault)
{
    struct record_key key = paper_key(id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    struct str sha = json_text_of(json, "sha");
    size_t n = 0;
    *out = (struct paper){.is = {.id = *id,
                                 .kind = (uint8_t)json_number_of(json, "kind"),
                                 .bytes = (uint32_t)json_number_of(json, "bytes"),
                                 .added_s = json_number_of(json, "added")},
                          .owner = (uint64_t)json_number_of(json, "owner"),
                          .application = (uint64_t)json_number_of(json, "application"),
                          .claim = (uint64_t)json_number_of(json, "claim"),
                          .width = (uint32_t)json_number_of(json, "width"),
                          .height = (uint32_t)json_number_of(json, "height")};
    str_copy(out->is.name, sizeof out->is.name, json_text_of(json, "name"));
    bool good = sodium_hex2bin(out->sha, SHA256_BYTES, sha.p, sha.n, NULL, &n, NULL) == 0 &&
                n == SHA256_BYTES;
    json_decref(json);
    return good ? ERR_OK : fault_set(fault, ERR_CODEC, "a paper cannot be read");
}

/* ---- lists ---- */

struct summing {
    uint64_t bytes;
    size_t count;
};

static bool sum(void *ctx, const struct record *record)
{
    struct summing *s = ctx;
    if (record->value.n == 8)
        s->bytes += get_be((const uint8_t *)record->value.p, 8);
    return ++s->count < LIMIT_PAPERS_DAY;
}

enum err paper_day(struct registry *reg, uint64_t owner, int64_t now_s, uint64_t *out_bytes,
                   size_t *out_count, struct fault *fault)
{
    struct summing s = {0, 0};
    struct record_key from = record_key_of(RECORD_PAPER_OF, owner), to = from;
    record_key_number(&from, (uint64_t)(now_s - 24 * 3600), 8);
    record_key_number(&to, UINT64_MAX, 8);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), sum, &s, fault);
    *out_bytes = s.bytes;
    *out_count = s.count;
    return err;
}

static struct record_key total_key(void)
{
    struct record_key key = record_key(RECORD_COUNTER);
    record_key_bytes(&key, total_name, sizeof total_name - 1);
    return key;
}

enum err paper_total(struct registry *reg, uint64_t *out, struct fault *fault)
{
    struct record_key key = total_key();
    struct buf value = {0};
    bool found = false;
    enum err err = record_find(reg, &key, &value, &found, fault);
    *out = value.n == 8 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    return err;
}

static enum err put_total(struct registry *reg, uint64_t total, struct fault *fault)
{
    uint8_t bytes[8];
    struct record_key key = total_key();
    put_be(bytes, total, 8);
    return record_put(reg, &key, (struct str){(const char *)bytes, 8}, fault);
}

struct listing {
    struct paper_id *out;
    size_t max, n;
};

static bool take_id(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    memcpy(l->out[l->n++].bytes, record->key.p + record->key.n - PAPER_ID, PAPER_ID);
    return l->n < l->max;
}

/* Papers that need the file, at most max. */
static enum err uses(struct registry *reg, const uint8_t name[PAPER_FILE_NAME],
                     struct paper_id *out, size_t max, size_t *out_n, struct fault *fault)
{
    struct listing l = {out, max, 0};
    struct record_key from = use_key(name), to = from;
    record_key_number(&to, UINT64_MAX, 8); /* beyond any id but one of 2^64 */
    record_key_number(&to, UINT64_MAX, 8);
    record_key_bytes(&to, "", 1);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), take_id, &l, fault);
    *out_n = l.n;
    return err;
}

enum err paper_used(struct registry *reg, const uint8_t name[PAPER_FILE_NAME], bool *out,
                    struct fault *fault)
{
    struct paper_id one[1];
    size_t n = 0;
    enum err err = uses(reg, name, one, 1, &n, fault);
    if (!err)
        *out = n > 0;
    return err;
}

enum err paper_sent_before(struct registry *reg, const struct paper *paper,
                           const uint8_t name[PAPER_FILE_NAME], struct paper *out, bool *out_found,
                           struct fault *fault)
{
    enum { SOME = 8 }; /* what many send is sent anew */
    struct paper_id ids[SOME];
    size_t n = 0;
    *out_found = false;
    enum err err = uses(reg, name, ids, SOME, &n, fault);
    for (size_t i = 0; !err && i < n && !*out_found; i++) {
        struct paper other;
        err = paper_get(reg, &ids[i], &other, fault);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            continue;
        }
        bool young = paper->is.added_s - other.is.added_s < LIMIT_PAPERS_LOOSE_S / 2;
        *out_found = !err && other.owner == paper->owner && !paper_taken(&other) && young;
        if (*out_found)
            *out = other;
    }
    return err;
}

enum err paper_loose_until(struct registry *reg, int64_t until_s, struct paper_id *out, size_t max,
                           size_t *out_n, struct fault *fault)
{
    struct listing l = {out, max, 0};
    struct record_key from = record_key(RECORD_PAPER_LOOSE);
    struct record_key to = record_key_of(RECORD_PAPER_LOOSE, (uint64_t)until_s);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), take_id, &l, fault);
    *out_n = l.n;
    return err;
}

/* ---- writing ---- */

enum err paper_put_new(struct registry *reg, const struct paper *p,
                       const uint8_t name[PAPER_FILE_NAME], struct fault *fault)
{
    struct record_key loose = loose_key(p), owner = owner_key(p), use = use_key(name);
    uint8_t bytes[8];
    uint64_t total = 0;
    bool used = false;
    put_be(bytes, p->is.bytes, 8);
    record_key_bytes(&use, p->is.id.bytes, PAPER_ID);
    enum err err = paper_used(reg, name, &used, fault);
    if (!err && !used)
        err = paper_total(reg, &total, fault);
    if (!err && !used)
        err = put_total(reg, total + p->is.bytes, fault);
    if (!err)
        err = put(reg, p, fault);
    if (!err)
        err = record_put(reg, &use, STR(""), fault);
    if (!err)
        err = record_put(reg, &loose, STR(""), fault);
    return err ? err : record_put(reg, &owner, (struct str){(const char *)bytes, 8}, fault);
}

enum err paper_put_taken(struct registry *reg, const struct paper *p, struct fault *fault)
{
    struct record_key loose = loose_key(p);
    enum err err = put(reg, p, fault);
    return err ? err : record_drop(reg, &loose, fault);
}

enum err paper_drop(struct registry *reg, const struct paper *p,
                    const uint8_t name[PAPER_FILE_NAME], struct fault *fault)
{
    struct record_key key = paper_key(&p->is.id), loose = loose_key(p), owner = owner_key(p),
                      use = use_key(name);
    uint64_t total = 0;
    bool used = false;
    record_key_bytes(&use, p->is.id.bytes, PAPER_ID);
    enum err err = record_drop(reg, &key, fault);
    if (!err)
        err = record_drop(reg, &loose, fault);
    if (!err)
        err = record_drop(reg, &owner, fault);
    if (!err)
        err = record_drop(reg, &use, fault);
    if (!err)
        err = paper_used(reg, name, &used, fault);
    if (err || used)
        return err;
    err = paper_total(reg, &total, fault);
    return err ? err : put_total(reg, total > p->is.bytes ? total - p->is.bytes : 0, fault);
}
