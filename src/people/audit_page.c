/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages of the audit log: written inside a transaction, read as a chain. A page is JSON: {"prev": SHA-256
 * of the page before, 64 zeros in the first; "events": [...]}. Its bytes as they stand are what the next
 * page's hash is of. */
#include "people/audit_log.h"

#include <stdlib.h>

#include "people/record.h"
#include "people/role.h"

enum { HASH_TEXT = 2 * SHA256_BYTES + 1 };

static const char *const names[AUDIT_WHAT_COUNT] = {
#define X(code, name, text) [code] = text,
#include "people/audit_log.def"
#undef X
};

const char *audit_what_name(uint8_t what)
{
    return what < AUDIT_WHAT_COUNT && names[what] ? names[what] : "";
}

/* ---- a page ---- */

static json_t *event_json(const struct registry *reg, const struct audit_event *e)
{
    int64_t time_ms = e->time_ms ? e->time_ms : clock_now_us(reg->clock) / 1000;
    return json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:s}", "time_ms", (json_int_t)time_ms, "what",
                     audit_what_name(e->what), "role", role_name(e->role), "actor",
                     (json_int_t)e->actor, "subject", (json_int_t)e->subject, "object",
                     (json_int_t)e->object, "outcome", err_name(e->outcome));
}

static void event_read(const json_t *json, struct audit_event *out)
{
    struct str what = json_text_of(json, "what"), outcome = json_text_of(json, "outcome");
    *out = (struct audit_event){.actor = (uint64_t)json_number_of(json, "actor"),
                                .subject = (uint64_t)json_number_of(json, "subject"),
                                .object = (uint64_t)json_number_of(json, "object"),
                                .time_ms = json_number_of(json, "time_ms")};
    for (uint8_t i = 1; i < AUDIT_WHAT_COUNT; i++)
        if (str_eq(what, str_z(names[i])))
            out->what = i;
    if (!role_find(json_text_of(json, "role"), &out->role))
        out->role = ROLE_NONE;
    for (int i = 0; i < ERR_COUNT; i++)
        if (str_eq(outcome, str_z(err_name((enum err)i))))
            out->outcome = (enum err)i;
}

static void page_hash(struct str page, char out[HASH_TEXT])
{
    uint8_t hash[SHA256_BYTES];
    struct sha256 *sha = sha256_new();
    if (!sha) {
        *out = '\0';
        return;
    }
    sha256_begin(sha);
    sha256_add(sha, page.p, page.n);
    sha256_end(sha, hash);
    sha256_free(sha);
    sha256_hex(hash, out);
}

static void first_hash(char out[HASH_TEXT])
{
    memset(out, '0', HASH_TEXT - 1);
    out[HASH_TEXT - 1] = '\0';
}

/* ---- writing ---- */

/* The hash of the page before the one with this number. */
static enum err hash_before(struct registry *reg, uint64_t number, char out[HASH_TEXT],
                            struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_AUDIT, number - 1);
    struct buf page = {0};
    first_hash(out);
    enum err err =
        number == 1 ? ERR_OK : store_record_get(reg->store, record_key_str(&key), &page, fault);
    if (!err && number > 1)
        page_hash((struct str){(const char *)page.p, page.n}, out);
    buf_release(&page);
    return !err && !*out ? ERR_MEMORY : err;
}

enum err audit_log_put(struct registry *reg, const struct audit_event *list, size_t n,
                       struct fault *fault)
{
    char before[HASH_TEXT];
    uint64_t number;
    enum err err = record_count(reg, "audit", &number, fault);
    if (!err)
        err = hash_before(reg, number, before, fault);
    if (err)
        return err;
    json_t *events = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(events, event_json(reg, &list[i])))
            err = ERR_MEMORY;
    json_t *page = json_pack("{s:s, s:o}", "prev", before, "events", events);
    char *text = page && !err ? json_dumps(page, JSON_COMPACT) : NULL;
    struct record_key key = record_key_of(RECORD_AUDIT, number);
    err = text ? record_put(reg, &key, str_z(text), fault) : ERR_MEMORY;
    free(text);
    json_decref(page);
    return err;
}

/* ---- reading ---- */

struct reading {
    audit_event_fn *fn;
    void *ctx;
    char before[HASH_TEXT];
    uint64_t next;
    bool stopped, broken;
};

static bool read_page(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    json_t *page = json_loadb(record->value.p, record->value.n, 0, NULL);
    struct str prev = json_text_of(page, "prev");
    r->broken = record_key_last(record->key) != r->next || !str_eq(prev, str_z(r->before));
    json_t *events = json_object_get(page, "events");
    for (size_t i = 0; !r->broken && !r->stopped && i < json_array_size(events); i++) {
        struct audit_event e;
        event_read(json_array_get(events, i), &e);
        r->stopped = r->fn && !r->fn(r->ctx, r->next, &e);
    }
    json_decref(page);
    page_hash(record->value, r->before);
    r->next += !r->broken;
    return !r->broken && !r->stopped;
}

enum err audit_log_read(struct registry *reg, audit_event_fn *fn, void *ctx, struct fault *fault)
{
    struct reading r = {.fn = fn, .ctx = ctx, .next = 1};
    struct record_key from = record_key(RECORD_AUDIT), to = record_key(RECORD_AUDIT + 1);
    struct record_key counter = record_key(RECORD_COUNTER);
    struct buf last = {0};
    bool counted = false;
    first_hash(r.before);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), read_page, &r, fault);
    record_key_bytes(&counter, "audit", 5);
    if (!err && !r.stopped && !r.broken)
        err = record_find(reg, &counter, &last, &counted, fault);
    uint64_t written = last.n == 8 ? get_be(last.p, 8) : 0;
    buf_release(&last);
    if (!err && (r.broken || (!r.stopped && written != r.next - 1)))
        err = fault_set(fault, ERR_CHAIN, "page %llu of the audit log is missing or was changed",
                        (unsigned long long)r.next);
    return err;
}

/* ---- little by little ---- */

struct following {
    struct audit_watch *watch;
    unsigned left;
    bool more;
};

static bool follow_page(void *ctx, const struct record *record)
{
    struct following *f = ctx;
    struct audit_watch *w = f->watch;
    if (!f->left--) {
        f->more = true;
        return false;
    }
    json_t *page = json_loadb(record->value.p, record->value.n, 0, NULL);
    bool follows = record_key_last(record->key) == w->pages + 1 &&
                   str_eq(json_text_of(page, "prev"), str_z(w->before));
    json_decref(page);
    if (!follows) {
        w->found = ERR_CHAIN;
        return false;
    }
    page_hash(record->value, w->before);
    w->pages++;
    return true;
}

enum err audit_log_follow(struct registry *reg, struct audit_watch *w, unsigned most,
                          bool *out_more, struct fault *fault)
{
    struct record_key from = record_key_of(RECORD_AUDIT, w->pages + 1),
                      to = record_key(RECORD_AUDIT + 1);
    struct following f = {w, most, false};
    *out_more = false;
    if (w->found)
        return ERR_OK;
    if (!w->pages)
        first_hash(w->before);
    enum err err = store_records(reg->store, record_key_str(&from), record_key_str(&to),
                                 follow_page, &f, fault);
    *out_more = !err && f.more;
    if (!err && !f.more)
        w->at_s = clock_now_us(reg->clock) / 1000000;
    return err;
}
