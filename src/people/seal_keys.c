/* SPDX-License-Identifier: Apache-2.0 */
#include "people/seal_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "app/batch.h"
#include "people/audit_log.h"
#include "people/seal.h"

static const char server_mark = 's', drop_mark = 'd';

static struct record_key ring_key(char what)
{
    struct record_key key = record_key(RECORD_SEAL_KEYS);
    record_key_bytes(&key, &what, 1);
    return key;
}

static struct record_key ring_key_of(char what, uint32_t number)
{
    struct record_key key = ring_key(what);
    record_key_number(&key, number, 4);
    return key;
}

static int64_t now_of(const struct registry *reg)
{
    return clock_now_us(reg->clock) / 1000000;
}

/* ---- servers ---- */

void seal_server_ring(struct seal_server *server, const struct people_keys *keys)
{
    server->has_count = keys->count;
    memcpy(server->has, keys->number, sizeof server->has);
    server->uses = keys->number[keys->use];
}

static struct record_key server_key(const struct seal_server *server)
{
    struct record_key key = ring_key(server_mark);
    record_key_bytes(&key, server->id, sizeof server->id);
    return key;
}

static json_t *server_json(const struct seal_server *s)
{
    json_t *has = json_array();
    for (unsigned i = 0; i < s->has_count; i++)
        json_array_append_new(has, json_integer(s->has[i]));
    return json_pack("{s:s, s:I, s:o, s:I, s:s, s:I, s:b, s:I}", "host", s->host, "pid",
                     (json_int_t)s->pid, "has", has, "uses", (json_int_t)s->uses, "spool", s->spool,
                     "spool_under", (json_int_t)s->spool_under, "papers", s->papers, "told",
                     (json_int_t)s->told_s);
}

static bool server_read(const struct record *record, struct seal_server *out)
{
    json_t *json = json_loadb(record->value.p, record->value.n, 0, NULL);
    size_t i;
    const json_t *one, *has = json_object_get(json, "has");
    *out = (struct seal_server){.pid = json_number_of(json, "pid"),
                                .uses = (uint32_t)json_number_of(json, "uses"),
                                .spool_under = (uint32_t)json_number_of(json, "spool_under"),
                                .papers = json_is_true(json_object_get(json, "papers")),
                                .told_s = json_number_of(json, "told")};
    if (record->key.n == 2 + SEAL_SERVER_ID)
        memcpy(out->id, record->key.p + 2, SEAL_SERVER_ID);
    str_copy(out->host, sizeof out->host, json_text_of(json, "host"));
    str_copy(out->spool, sizeof out->spool, json_text_of(json, "spool"));
    json_array_foreach((json_t *)(uintptr_t)has, i, one)
    {
        if (out->has_count < PEOPLE_KEYS_MAX)
            out->has[out->has_count++] = (uint32_t)json_integer_value(one);
    }
    json_decref(json);
    return json != NULL && record->key.n == 2 + SEAL_SERVER_ID;
}

struct visiting {
    seal_server_fn *fn;
    void *ctx;
};

static bool visit_server(void *ctx, const struct record *record)
{
    const struct visiting *v = ctx;
    struct seal_server server;
    return !server_read(record, &server) || v->fn(v->ctx, &server);
}

enum err seal_servers(struct registry *reg, seal_server_fn *fn, void *ctx, struct fault *fault)
{
    struct record_key from = ring_key(server_mark), to = ring_key(server_mark + 1);
    struct visiting v = {fn, ctx};
    return store_records(reg->store, record_key_str(&from), record_key_str(&to), visit_server, &v,
                         fault);
}

/* Those that a server that tells puts in the shade: gone for long, or its own from before it was started anew. */
struct shading {
    const struct seal_server *now;
    struct record_key gone[16];
    size_t n;
};

static bool shade(void *ctx, const struct seal_server *s)
{
    struct shading *h = ctx;
    int64_t silent_s = h->now->told_s - s->told_s;
    bool same = strcmp(s->host, h->now->host) == 0 && strcmp(s->spool, h->now->spool) == 0;
    bool itself = memcmp(s->id, h->now->id, sizeof s->id) == 0;
    if (!itself && (silent_s > SEAL_FORGET_S || (same && silent_s > SEAL_SILENT_S)))
        h->gone[h->n++] = server_key(s);
    return h->n < sizeof h->gone / sizeof *h->gone;
}

static enum err put_server(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct seal_server *server = c->ctx;
    struct record_key key = server_key(server);
    struct shading shading = {.now = server};
    json_t *json = server_json(server);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    enum err err = text ? record_put(reg, &key, str_z(text), fault) : ERR_MEMORY;
    if (!err)
        err = seal_servers(reg, shade, &shading, fault);
    for (size_t i = 0; !err && i < shading.n; i++)
        err = record_drop(reg, &shading.gone[i], fault);
    free(text);
    json_decref(json);
    return err;
}

enum err seal_server_tell(struct committer *committer, struct seal_server *server, int64_t now_s)
{
    server->told_s = now_s;
    struct commit_case c = {.also = put_server, .ctx = server};
    return committer_submit(committer, &c);
}

static enum err drop_server(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct record_key key = server_key(c->ctx);
    return record_drop(reg, &key, fault);
}

void seal_server_end(struct committer *committer, const struct seal_server *server)
{
    struct seal_server it = *server;
    struct commit_case c = {.also = drop_server, .ctx = &it};
    if (server->told_s && (!server->spool[0] || server->spool_under == server->uses))
        (void)!committer_submit(committer, &c); /* else it falls silent, which is told as well */
}

/* ---- one act: records, the audit log and a note in one commit ---- */

struct acting {
    struct record_key key;
    char value[KEYS_RING_MARK];
    size_t n; /* of the value; 0: the record goes */
    uint32_t number;
    const char *word;
};

static enum err act(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct acting *a = c->ctx;
    char text[64];
    int n = snprintf(text, sizeof text, "seal key %" PRIu32 " %s", a->number, a->word);
    const struct audit_event event = {
        .what = AUDIT_SEAL_KEY, .actor = reg->actor, .object = a->number};
    enum err err = a->n ? record_put(reg, &a->key, (struct str){a->value, a->n}, fault)
                        : record_drop(reg, &a->key, fault);
    if (!err)
        err = audit_log_put(reg, &event, 1, fault);
    if (!err)
        err = store_note_put(reg->store, 0, clock_now_us(reg->clock) / 1000, reg->actor,
                             (struct str){text, (size_t)n}, fault);
    return err;
}

static enum err act_now(struct registry *reg, struct acting *a, struct fault *fault)
{
    struct commit_case c = {.also = act, .ctx = a};
    return commit_one(reg, &c, fault);
}

/* ---- adding ---- */

struct last_number {
    uint32_t number;
};

static bool take_last(void *ctx, const struct record *record)
{
    struct last_number *last = ctx;
    if (record->key.n == 6)
        last->number = (uint32_t)get_be((const uint8_t *)record->key.p + 2, 4);
    return true;
}

/* The key file held, and as it stands; it goes on being held when this returns ERR_OK. */
static enum err take_file(struct registry *reg, struct key_file *out, int *out_hold,
                          struct fault *fault)
{
    int hold = -1;
    if (!reg->key_path)
        return fault_set(fault, ERR_UNAVAILABLE, "a register in memory has no key file");
    enum err err = key_file_hold(reg->key_path, &hold, fault);
    if (!err)
        err = keys_again(reg, fault); /* it is this register's */
    if (!err)
        err = key_file_read(reg->key_path, out, NULL, fault);
    if (err && hold >= 0)
        close(hold);
    *out_hold = hold;
    return err;
}

/* The register knows the key before the file has it: a number that a crash left without a key is given to nobody. */
enum err seal_key_add(struct registry *reg, uint32_t *out, struct fault *fault)
{
    struct key_file file;
    struct last_number last = {0};
    struct acting a = {.n = KEYS_RING_MARK, .word = "added"};
    struct record_key from = ring_key(KEYS_RECORD_MARK), to = ring_key(KEYS_RECORD_MARK + 1);
    int hold;
    enum err err = take_file(reg, &file, &hold, fault);
    if (err)
        return err;
    struct people_keys *ring = &file.seal;
    if (ring->count == PEOPLE_KEYS_MAX)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d keys: drop old ones", PEOPLE_KEYS_MAX);
    if (!err)
        err = store_records(reg->store, record_key_str(&from), record_key_str(&to), take_last,
                            &last, fault);
    if (!err) {
        unsigned i = ring->count++;
        uint32_t newest = ring->number[i - 1];
        a.number = ring->number[i] = (newest > last.number ? newest : last.number) + 1;
        randombytes_buf(ring->key[i], sizeof ring->key[i]);
        file.made_s[i] = now_of(reg);
        a.key = ring_key_of(KEYS_RECORD_MARK, a.number);
        keys_ring_mark(&reg->keys, a.number, ring->key[i], (uint8_t *)a.value);
        err = act_now(reg, &a, fault);
    }
    if (!err)
        err = key_file_replace(reg->key_path, &file, fault);
    if (!err)
        err = keys_again(reg, fault);
    *out = a.number;
    sodium_memzero(&file, sizeof file);
    close(hold);
    return err;
}

/* ---- using ---- */

static bool has(const struct seal_server *s, uint32_t number)
{
    for (unsigned i = 0; i < s->has_count; i++)
        if (s->has[i] == number)
            return true;
    return false;
}

struct inquiry {
    uint32_t number, uses;
    int64_t now_s;
    bool has_papers;
    enum err err;
    struct fault *fault;
};

static bool must_have(void *ctx, const struct seal_server *s)
{
    struct inquiry *a = ctx;
    if (a->now_s - s->told_s > SEAL_SILENT_S || has(s, a->number))
        return true;
    a->err = fault_set(
        a->fault, ERR_NOT_NOW,
        "the server on %s, process %" PRId64
        ", lacks key %u: copy the key file there, it reads it within a second (what it told "
        "%" PRId64 " s ago)",
        s->host, s->pid, (unsigned)a->number, a->now_s - s->told_s);
    return false;
}

enum err seal_key_use(struct registry *reg, uint32_t number, struct fault *fault)
{
    struct inquiry inquiry = {.number = number, .now_s = now_of(reg), .fault = fault};
    struct acting a = {.key = ring_key(KEYS_RECORD_USE), .n = 4, .number = number, .word = "used"};
    enum err err = keys_again(reg, fault);
    if (err)
        return err;
    uint32_t uses = reg->keys.people.number[reg->keys.people.use];
    if (!people_key(&reg->keys.people, number))
        return fault_set(fault, ERR_NOT_FOUND, "the key file has no key %u", (unsigned)number);
    if (number < uses)
        return fault_set(fault, ERR_NOT_NOW, "key %u is used, which is newer", (unsigned)uses);
    if (number == uses)
        return ERR_OK;
    err = seal_servers(reg, must_have, &inquiry, fault);
    if (!err)
        err = inquiry.err;
    put_be((uint8_t *)a.value, number, 4);
    if (!err)
        err = act_now(reg, &a, fault);
    return err ? err : keys_again(reg, fault);
}

/* ---- dropping ---- */

static bool must_be_past(void *ctx, const struct seal_server *s)
{
    struct inquiry *a = ctx;
    int64_t ago_s = a->now_s - s->told_s;
    if (s->uses != a->uses)
        a->err =
            fault_set(a->fault, ERR_NOT_NOW,
                      "the server on %s, process %" PRId64 ", seals under key %u (what it told "
                      "%" PRId64 " s ago)",
                      s->host, s->pid, (unsigned)s->uses, ago_s);
    else if (s->spool[0] && s->spool_under != a->uses)
        a->err =
            fault_set(a->fault, ERR_NOT_NOW,
                      "uploads in %s on %s are under an older key (what its server told %" PRId64
                      " s ago): it seals them anew while it runs",
                      s->spool, s->host, ago_s);
    else if (s->papers && !a->has_papers)
        a->err = fault_set(a->fault, ERR_NOT_NOW,
                           "the server on %s keeps papers: say where, with the same --settings",
                           s->host);
    return !a->err;
}

enum err seal_key_may_drop(struct registry *reg, uint32_t number, bool has_papers,
                           struct fault *fault)
{
    enum err err = keys_again(reg, fault);
    if (err)
        return err;
    const struct people_keys *ring = &reg->keys.people;
    struct inquiry inquiry = {.number = number,
                              .uses = ring->number[ring->use],
                              .now_s = now_of(reg),
                              .has_papers = has_papers,
                              .fault = fault};
    if (!people_key(ring, number))
        return fault_set(fault, ERR_NOT_FOUND, "the key file has no key %u", (unsigned)number);
    if (number == inquiry.uses)
        return fault_set(fault, ERR_NOT_NOW, "key %u is the one that is used", (unsigned)number);
    if (number > inquiry.uses) /* nothing was ever sealed under it */
        return ERR_OK;
    err = seal_servers(reg, must_be_past, &inquiry, fault);
    return err ? err : inquiry.err;
}

/* Who asked for it first; 0: nobody. */
static enum err asked_by(struct registry *reg, const struct record_key *key, uint64_t *out,
                         struct fault *fault)
{
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, key, &value, &found, fault);
    *out = !err && value.n == 16 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    return err;
}

/* Where two decide: the first asks, another staff account says the same. */
static enum err second_person(struct registry *reg, uint32_t number, struct fault *fault)
{
    struct acting a = {
        .key = ring_key_of(drop_mark, number), .n = 16, .number = number, .word = "to be dropped"};
    bool two = false;
    uint64_t first = 0;
    struct party party = {0};
    enum err err = batch_two_person(reg, &two, fault);
    if (err || !two)
        return err;
    err = store_party_get(reg->store, reg->actor, &party, NULL);
    if (err || !(party.flags & PARTY_STAFF))
        return fault_set(fault, ERR_ACTOR,
                         "two persons decide this: say who you are with --actor "
                         "NAME, a staff account");
    err = asked_by(reg, &a.key, &first, fault);
    if (err || (first && first != reg->actor))
        return err;
    if (first)
        return fault_set(fault, ERR_SAME_PERSON, "who asked for it does not confirm it");
    put_be((uint8_t *)a.value, reg->actor, 8);
    put_be((uint8_t *)a.value + 8, (uint64_t)now_of(reg), 8);
    err = act_now(reg, &a, fault);
    return err ? err
               : fault_set(fault, ERR_HELD,
                           "another staff account says the same: tamga --actor "
                           "NAME seal drop %u",
                           (unsigned)number);
}

static void take_out(struct key_file *file, uint32_t number)
{
    struct people_keys *ring = &file->seal;
    unsigned kept = 0;
    for (unsigned i = 0; i < ring->count; i++) {
        if (ring->number[i] == number)
            continue;
        ring->number[kept] = ring->number[i];
        memmove(ring->key[kept], ring->key[i], SHA256_BYTES);
        file->made_s[kept++] = file->made_s[i];
    }
    sodium_memzero(ring->key[kept], SHA256_BYTES);
    ring->count = kept;
}

enum err seal_key_drop(struct registry *reg, uint32_t number, struct fault *fault)
{
    struct acting a = {.key = ring_key_of(drop_mark, number), .number = number, .word = "dropped"};
    struct key_file file;
    int hold;
    enum err err = second_person(reg, number, fault);
    if (!err)
        err = take_file(reg, &file, &hold, fault);
    if (err)
        return err;
    if (people_key(&file.seal, number) && file.seal.count > 1) {
        take_out(&file, number);
        err = act_now(reg, &a, fault);
        if (!err)
            err = key_file_replace(reg->key_path, &file, fault);
        if (!err)
            err = keys_again(reg, fault);
    }
    sodium_memzero(&file, sizeof file);
    close(hold);
    return err;
}
