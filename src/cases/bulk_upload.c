/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "cases/once.h"

/* ---- names ---- */

const char *upload_state_name(uint8_t state)
{
    static const char *const names[] = {"", "receiving", "checking", "ready", "failed", "filed"};
    return state < sizeof names / sizeof *names ? names[state] : "";
}

enum weight { BAD = 1, NOTE };
static const struct {
    const char *name;
    enum weight weight;
} founds[BULK_FOUND_MAX] = {
#define X(code, name, weight) [code] = {#name, weight},
#include "cases/bulk_findings.def"
#undef X
};

const char *bulk_found_name(unsigned found)
{
    return found < BULK_FOUND_MAX ? founds[found].name : NULL;
}

bool bulk_found_bad(unsigned found)
{
    return found < BULK_FOUND_MAX && founds[found].weight == BAD;
}

void upload_id_format(uint64_t id, char out[UPLOAD_ID_TEXT])
{
    snprintf(out, UPLOAD_ID_TEXT, "%016llx", (unsigned long long)id);
}

bool upload_id_parse(struct str text, uint64_t *out)
{
    uint64_t id = 0;
    if (text.n != UPLOAD_ID_TEXT - 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        id = id << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *out = id;
    return id >> 63 == 0;
}

struct record_key bulk_part_key(enum record_kind kind, uint64_t upload, uint32_t part)
{
    struct record_key key = record_key_of(kind, upload);
    record_key_number(&key, part, 4);
    return key;
}

struct record_key bulk_work_key(uint8_t kind, uint64_t id)
{
    struct record_key key = record_key(RECORD_BULK_WORK);
    record_key_number(&key, kind, 1);
    record_key_number(&key, id, 8);
    return key;
}

static struct record_key mine_key(const struct upload *u)
{
    struct record_key key = record_key_of(RECORD_BY_UPLOADER, u->applicant);
    record_key_number(&key, u->id, 8);
    return key;
}

/* ---- as a record ---- */

/* Tables: the lines after which the second and all behind it begin. */
static json_t *pages_json(const struct upload *u)
{
    json_t *pages = json_array();
    for (size_t i = 1; pages && i < LIMIT_DEVICES_PAGES && u->page_after[i]; i++)
        if (json_array_append_new(pages, json_integer(u->page_after[i]))) {
            json_decref(pages);
            return NULL;
        }
    return pages;
}

static void pages_of(const json_t *json, struct upload *out)
{
    const json_t *pages = json_object_get(json, "pages");
    for (size_t i = 1; i < LIMIT_DEVICES_PAGES; i++)
        out->page_after[i] = (uint32_t)json_integer_value(json_array_get(pages, i - 1));
}

static json_t *to_json(const struct upload *u)
{
    json_t *found = json_object();
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", u->name, "sha256", u->sha256, "reason",
                  u->reason, "digest", u->digest, "found", found, "pages", pages_json(u));
    bool whole = json != NULL;
    for (unsigned i = 0; whole && i < BULK_FOUND_MAX; i++)
        if (u->found[i] && bulk_found_name(i))
            whole = json_object_set_new(found, bulk_found_name(i),
                                        json_integer((json_int_t)u->found[i])) == 0;
#define X(name)                                                                                    \
    whole = whole && json_object_set_new(json, #name, json_integer((json_int_t)u->name)) == 0;
#include "cases/bulk_upload.def"
#undef X
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

enum err upload_read(struct registry *reg, uint64_t id, struct upload *out, struct fault *fault)
{
    json_t *json = NULL;
    struct record_key key = record_key_of(RECORD_UPLOAD, id);
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    *out = (struct upload){0};
#define X(name) out->name = (__typeof__(out->name))json_number_of(json, #name);
#include "cases/bulk_upload.def"
#undef X
    const json_t *found = json_object_get(json, "found");
    for (unsigned i = 0; i < BULK_FOUND_MAX; i++)
        if (bulk_found_name(i))
            out->found[i] = (uint64_t)json_number_of(found, bulk_found_name(i));
    str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
    str_copy(out->sha256, sizeof out->sha256, json_text_of(json, "sha256"));
    str_copy(out->reason, sizeof out->reason, json_text_of(json, "reason"));
    str_copy(out->digest, sizeof out->digest, json_text_of(json, "digest"));
    pages_of(json, out);
    json_decref(json);
    return ERR_OK;
}

enum err upload_put(struct registry *reg, struct upload *u, struct fault *fault)
{
    uint8_t bytes[8];
    struct record_key key = record_key_of(RECORD_UPLOAD, u->id), mine = mine_key(u);
    struct record_key work = bulk_work_key(BULK_WORK_UPLOAD, u->id);
    put_be(bytes, u->bytes, 8);
    u->version++;
    json_t *json = to_json(u);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    if (!err)
        err = u->state == UPLOAD_FILED
                  ? record_drop(reg, &mine, fault)
                  : record_put(reg, &mine, (struct str){(const char *)bytes, 8}, fault);
    if (err)
        return err;
    return u->state == UPLOAD_CHECKING ? record_put(reg, &work, STR(""), fault)
                                       : record_drop(reg, &work, fault);
}

struct writing {
    struct upload *upload;
    uint64_t version; /* that it must have; 0: there is none */
    enum err (*also)(struct registry *reg, void *ctx, struct fault *fault);
    void *ctx;
};

static enum err still_so(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct upload now;
    enum err err = upload_read(reg, w->upload->id, &now, fault);
    if (err == ERR_NOT_FOUND)
        return w->version ? ERR_STALE : ERR_OK;
    return err ? err : now.version == w->version ? ERR_OK : ERR_STALE;
}

static enum err write_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    enum err err = w->also ? w->also(reg, w->ctx, fault) : ERR_OK;
    w->upload->version = w->version; /* a second try counts once */
    return err ? err : upload_put(reg, w->upload, fault);
}

enum err upload_write(const struct office *office, struct upload *u,
                      enum err (*also)(struct registry *reg, void *ctx, struct fault *fault),
                      void *ctx, struct fault *fault)
{
    struct writing w = {u, u->version, also, ctx};
    struct commit_case c = {.ask = still_so, .also = write_it, .ctx = &w};
    enum err err = committer_submit(office->committer, &c);
    return err ? fault_set(fault, err, "an upload") : ERR_OK;
}

/* ---- beginning one ---- */

static bool is_hex(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!((text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'a' && text.p[i] <= 'f')))
            return false;
    return text.n == 2 * SHA256_BYTES;
}

struct counting {
    uint64_t applicant;
    uint64_t mine, bytes;
};

static bool count_one(void *ctx, const struct record *record)
{
    struct counting *c = ctx;
    c->mine += record->key.n == 17 && get_be((const uint8_t *)record->key.p + 1, 8) == c->applicant;
    c->bytes += record->value.n == 8 ? get_be((const uint8_t *)record->value.p, 8) : 0;
    return true;
}

struct beginning {
    const struct upload *upload;
    uint64_t room;           /* bytes of all */
    bool named;              /* by an idempotency key */
    struct record_key again; /* what that key made: upload 8, digest of what was wanted */
    uint8_t value[8 + SHA256_BYTES];
};

/* The upload that the key began before. ERR_NOT_FOUND: none, or it is gone. */
static enum err begun(struct registry *reg, const struct beginning *b, struct upload *out,
                      struct fault *fault)
{
    struct buf value = {0};
    bool there = false;
    enum err err = b->named ? record_find(reg, &b->again, &value, &there, fault) : ERR_OK;
    bool known = !err && there && value.n == sizeof b->value;
    if (!err)
        err = known ? upload_read(reg, get_be(value.p, 8), out, fault) : ERR_NOT_FOUND;
    if (!err && memcmp(value.p + 8, b->value + 8, SHA256_BYTES) != 0)
        err = fault_set(fault, ERR_IDEMPOTENCY, "this key was used for another file");
    buf_release(&value);
    return err;
}

static enum err name_it(struct registry *reg, void *ctx, struct fault *fault)
{
    const struct beginning *b = ctx;
    return b->named ? record_put(reg, &b->again,
                                 (struct str){(const char *)b->value, sizeof b->value}, fault)
                    : ERR_OK;
}

/* Inside the transaction: of two who begin at once the second counts the first. */
static enum err has_room(struct registry *reg, void *ctx, struct fault *fault)
{
    const struct beginning *b = ctx;
    struct counting c = {.applicant = b->upload->applicant};
    struct record_key from = record_key(RECORD_BY_UPLOADER),
                      to = record_key(RECORD_BY_UPLOADER + 1);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), count_one, &c, fault);
    if (!err && c.mine >= LIMIT_UPLOADS)
        err = fault_set(fault, ERR_UPLOADS, "at most %d", LIMIT_UPLOADS);
    if (!err && c.bytes + b->upload->bytes > b->room)
        err = fault_set(fault, ERR_STORE_FULL, "the spool is full");
    return err;
}

/* The error of `also` fails the transaction with all that are in it; so it is asked first. */
static enum err ask_room(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct upload before;
    enum err err = still_so(reg, c, fault);
    if (!err)
        err = begun(reg, w->ctx, &before, fault);
    return err == ERR_NOT_FOUND ? has_room(reg, w->ctx, fault) : err ? err : ERR_STALE;
}

static struct beginning beginning_of(const struct office *office, const struct session *who,
                                     const struct upload_room *room, const struct upload *u,
                                     struct str idempotency)
{
    struct registry *reg = office->registry;
    struct beginning b = {.upload = u, .room = room->bytes, .named = idempotency.n > 0};
    char said[LIMIT_UPLOAD_NAME + 2 * SHA256_BYTES + 64];
    int n = snprintf(said, sizeof said, "upload %" PRIu64 " %s %s", u->bytes, u->sha256, u->name);
    sha256_hmac(reg->keys.receipt, said, (size_t)n, b.value + 8);
    put_be(b.value, u->id, 8);
    n = snprintf(said, sizeof said, "upload key %.*s", (int)idempotency.n, idempotency.p);
    b.again = once_key(reg, who, (struct str){said, (size_t)n});
    return b;
}

static enum err check_wish(const struct upload_wish *wish, struct fault *fault)
{
    if (!wish->bytes || !wish->name.n || !str_printable(wish->name) ||
        (wish->sha256.n && !is_hex(wish->sha256)))
        return fault_set(fault, ERR_USAGE, "name, bytes, sha256 of 64 small hexadecimal digits");
    if (wish->bytes > LIMIT_UPLOAD_BYTES || wish->name.n > LIMIT_UPLOAD_NAME)
        return fault_set(fault, ERR_TOO_LONG, "at most %d bytes, a name of %d", LIMIT_UPLOAD_BYTES,
                         LIMIT_UPLOAD_NAME);
    return once_key_check(wish->idempotency, fault);
}

enum err upload_new(const struct office *office, const struct upload_room *room,
                    const struct session *who, const struct upload_wish *wish, struct upload *out,
                    bool *out_again, struct fault *fault)
{
    struct upload u = {.state = UPLOAD_RECEIVING,
                       .applicant = who->acts_for,
                       .filed_by = who->party,
                       .bytes = wish->bytes,
                       .created_s = office_now_s(office)};
    enum err err = check_wish(wish, fault);
    if (err)
        return err;
    while (!u.id) {
        randombytes_buf(&u.id, sizeof u.id);
        u.id >>= 1;
    }
    str_copy(u.name, sizeof u.name, wish->name);
    str_copy(u.sha256, sizeof u.sha256, wish->sha256);
    struct beginning b = beginning_of(office, who, room, &u, wish->idempotency);
    *out_again = true;
    err = begun(office->registry, &b, out, fault);
    if (err != ERR_NOT_FOUND)
        return err;
    *out_again = false;
    if (spool_free_bytes(&room->spool) < u.bytes)
        return fault_set(fault, ERR_STORE_FULL, "the spool's disk is full");
    const struct spool spool = spool_under(&room->spool, &office->registry->keys.people);
    err = spool_make(&spool, u.id, fault);
    if (err)
        return err;
    struct writing w = {.upload = &u, .also = name_it, .ctx = &b};
    struct commit_case c = {.ask = ask_room, .also = write_it, .ctx = &w};
    err = committer_submit(office->committer, &c);
    if (!err) {
        *out = u;
        return ERR_OK;
    }
    spool_drop(&room->spool, u.id);
    *out_again = err == ERR_STALE; /* the same, sent twice at once */
    return *out_again ? begun(office->registry, &b, out, fault)
                      : fault_set(fault, err, "an upload");
}

/* ---- growing ---- */

enum err upload_get(const struct office *office, const struct session *who, uint64_t id,
                    struct upload *out, struct fault *fault)
{
    struct upload u;
    enum err err = upload_read(office->registry, id, &u, fault);
    if (!err && u.applicant != who->acts_for)
        err = fault_set(fault, ERR_NOT_FOUND, "no such upload");
    if (!err)
        *out = u;
    return err;
}

enum err upload_offset(const struct upload_room *room, const struct upload *u, uint64_t *out,
                       struct fault *fault)
{
    *out = u->bytes;
    return u->state == UPLOAD_RECEIVING ? spool_size(&room->spool, u->id, out, fault) : ERR_OK;
}

/* The first bytes tell what was sent by mistake: it is said at once, not when all has come. */
static enum err look_at_start(const struct office *office, struct upload *u, struct str bytes,
                              struct fault *fault)
{
    u->looks = (uint8_t)file_looks(bytes);
    if (!u->looks)
        return ERR_OK;
    u->state = UPLOAD_FAILED;
    str_copy(u->reason, sizeof u->reason, str_z(err_info(ERR_FILE_KIND)->name));
    u->checked_s = office_now_s(office);
    enum err err = upload_write(office, u, NULL, NULL, fault);
    return err ? err
               : fault_set(fault, ERR_FILE_KIND, "it is %s",
                           file_looks_says((enum file_looks)u->looks));
}

enum err upload_append(const struct office *office, const struct upload_room *room,
                       const struct session *who, uint64_t id, uint64_t offset, struct str bytes,
                       uint64_t *out_size, struct fault *fault)
{
    struct upload u;
    uint64_t stands = 0;
    enum err err = upload_get(office, who, id, &u, fault);
    if (!err)
        err = upload_offset(room, &u, &stands, fault);
    if (err)
        return err;
    *out_size = stands;
    if (u.state != UPLOAD_RECEIVING)
        return fault_set(fault, ERR_NOT_NOW, "it is %s", upload_state_name(u.state));
    if (offset != stands)
        return fault_set(fault, ERR_OFFSET, "%llu bytes stand", (unsigned long long)stands);
    if (bytes.n > u.bytes - stands)
        return fault_set(fault, ERR_TOO_LONG, "more than the bytes that were announced");
    if (!bytes.n)
        return ERR_OK;
    if (!offset)
        err = look_at_start(office, &u, bytes, fault);
    if (err)
        return err;
    const struct spool spool = spool_under(&room->spool, &office->registry->keys.people);
    err = spool_append(&spool, id, offset, bytes, out_size, fault);
    if (err == ERR_STORE_KEY && keys_again(office->registry, NULL) == ERR_OK)
        err = spool_append(&spool, id, offset, bytes, out_size, fault);
    return err;
}

enum err upload_check(const struct office *office, const struct upload_room *room,
                      const struct session *who, uint64_t id, struct str sha256, struct upload *out,
                      struct fault *fault)
{
    struct upload u;
    uint64_t stands = 0;
    enum err err = upload_get(office, who, id, &u, fault);
    if (!err)
        err = upload_offset(room, &u, &stands, fault);
    if (err)
        return err;
    bool told = *u.sha256 || sha256.n;
    if (u.state != UPLOAD_RECEIVING)
        return fault_set(fault, ERR_NOT_NOW, "it is %s", upload_state_name(u.state));
    if (!told || (sha256.n && !is_hex(sha256)))
        return fault_set(fault, ERR_USAGE,
                         "sha256: of the whole file, 64 small hexadecimal digits");
    if (sha256.n && *u.sha256 && !str_eq(sha256, str_z(u.sha256)))
        return fault_set(fault, ERR_DIGEST, "another sha256 was told before");
    if (stands != u.bytes)
        return fault_set(fault, ERR_OFFSET, "%llu bytes stand", (unsigned long long)stands);
    if (sha256.n)
        str_copy(u.sha256, sizeof u.sha256, sha256);
    u.state = UPLOAD_CHECKING;
    err = upload_write(office, &u, NULL, NULL, fault);
    if (!err)
        *out = u;
    return err;
}

enum err upload_list(const struct office *office, const struct session *who,
                     uint64_t out[LIMIT_UPLOADS], size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_UPLOADER, who->acts_for);
    return record_numbers(office->registry, &prefix, NULL, out, LIMIT_UPLOADS, out_n, fault);
}
