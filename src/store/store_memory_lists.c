/* SPDX-License-Identifier: Apache-2.0
 *
 * The small tables of a register in memory: rule sets, TAC lists, batches, loads, parties,
 * findings, notes. */
#include "store/store_memory.h"

static struct memory_key number_key(enum table table, uint64_t number)
{
    struct memory_key key = memory_key(table);
    key_number(&key, number, 8);
    return key;
}

static enum err put_bytes(struct store *store, enum table table, uint32_t number, struct str bytes,
                          struct fault *fault)
{
    struct memory_key key = number_key(table, number);
    return memory_put(memory_of(store), &key, bytes.p, bytes.n, fault);
}

enum err memory_rules_put(struct store *store, uint32_t number, struct str text,
                          struct fault *fault)
{
    return put_bytes(store, TABLE_RULES, number, text, fault);
}

enum err memory_rules_get(struct store *store, uint32_t number, struct buf *out,
                          struct fault *fault)
{
    struct memory_key key = number_key(TABLE_RULES, number);
    return memory_append(memory_of(store), &key, out, fault);
}

enum err memory_tac_list_put(struct store *store, uint32_t number, struct str packed,
                             struct fault *fault)
{
    return put_bytes(store, TABLE_TAC_LIST, number, packed, fault);
}

enum err memory_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                             struct fault *fault)
{
    struct memory_key key = number_key(TABLE_TAC_LIST, number);
    return memory_append(memory_of(store), &key, out, fault);
}

/* ---- batches ---- */

static struct memory_key part_key(uint64_t id, uint32_t part)
{
    struct memory_key key = number_key(TABLE_PART, id);
    key_number(&key, part, 4);
    return key;
}

static enum err batch_exists(struct memory_store *s, uint64_t id, struct fault *fault)
{
    struct memory_key key = number_key(TABLE_BATCH, id);
    struct batch batch;
    return memory_get(s, &key, &batch, sizeof batch, fault);
}

enum err memory_batch_new(struct store *store, struct batch *batch, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = memory_count(s, TABLE_BATCH, &batch->id, fault);
    if (err)
        return err;
    struct memory_key key = number_key(TABLE_BATCH, batch->id);
    return memory_put(s, &key, batch, sizeof *batch, fault);
}

/* Counts up to its id, so that ids given later are higher. */
enum err memory_batch_put(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    uint64_t last = 0;
    enum err err = ERR_OK;
    while (!err && last < batch->id)
        err = memory_count(s, TABLE_BATCH, &last, fault);
    struct memory_key key = number_key(TABLE_BATCH, batch->id);
    return err ? err : memory_put(s, &key, batch, sizeof *batch, fault);
}

enum err memory_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                               struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = batch_exists(s, id, fault);
    struct memory_key key = part_key(id, part);
    return err ? err : memory_put(s, &key, bytes.p, bytes.n, fault);
}

enum err memory_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                               struct fault *fault)
{
    struct memory_key key = part_key(id, part);
    return memory_append(memory_of(store), &key, out, fault);
}

struct first_part {
    uint64_t id;
    bool found;
    uint32_t part;
};

static bool on_part(void *ctx, struct str key, struct str value)
{
    (void)value;
    struct first_part *first = ctx;
    const uint8_t *p = (const uint8_t *)key.p;
    if (get_be(p + 1, 8) == first->id) {
        first->found = true;
        first->part = (uint32_t)get_be(p + 9, 4);
    }
    return false;
}

/* Drops the parts before `before`. */
static enum err drop_parts(struct memory_store *s, uint64_t id, uint64_t before,
                           struct fault *fault)
{
    for (;;) {
        struct first_part first = {.id = id};
        struct memory_key from = part_key(id, 0);
        memory_walk(s, &from, on_part, &first);
        if (!first.found || first.part >= before)
            return ERR_OK;
        struct memory_key key = part_key(id, first.part);
        enum err err = memory_remove(s, &key, fault);
        if (err)
            return err;
    }
}

enum err memory_batch_update(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = batch_exists(s, batch->id, fault);
    struct memory_key key = number_key(TABLE_BATCH, batch->id);
    if (!err)
        err = memory_put(s, &key, batch, sizeof *batch, fault);
    return err ? err : drop_parts(s, batch->id, batch->next_part, fault);
}

enum err memory_batch_drop(struct store *store, uint64_t id, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    struct memory_key key = number_key(TABLE_BATCH, id);
    enum err err = drop_parts(s, id, UINT64_MAX, fault);
    return err ? err : memory_remove(s, &key, fault);
}

struct batch_walk {
    bool (*fn)(void *ctx, const struct batch *batch);
    void *ctx;
};

static bool on_batch(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct batch_walk *walk = ctx;
    struct batch batch;
    memcpy(&batch, value.p, sizeof batch);
    return walk->fn(walk->ctx, &batch);
}

enum err memory_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                        void *ctx, struct fault *fault)
{
    (void)fault;
    struct batch_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_BATCH);
    memory_walk(memory_of(store), &key, on_batch, &walk);
    return ERR_OK;
}

/* ---- loads ---- */

static struct memory_key load_key(const uint8_t hash[SHA256_BYTES])
{
    struct memory_key key = memory_key(TABLE_LOAD);
    key_bytes(&key, hash, SHA256_BYTES);
    return key;
}

enum err memory_load_put(struct store *store, const struct load *load, struct fault *fault)
{
    struct memory_key key = load_key(load->hash);
    return memory_put(memory_of(store), &key, load, sizeof *load, fault);
}

enum err memory_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                          struct fault *fault)
{
    struct memory_key key = load_key(hash);
    return memory_get(memory_of(store), &key, out, sizeof *out, fault);
}

struct load_walk {
    bool (*fn)(void *ctx, const struct load *load);
    void *ctx;
};

static bool on_load(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct load_walk *walk = ctx;
    struct load load;
    memcpy(&load, value.p, sizeof load);
    return walk->fn(walk->ctx, &load);
}

enum err memory_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                      void *ctx, struct fault *fault)
{
    (void)fault;
    struct load_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_LOAD);
    memory_walk(memory_of(store), &key, on_load, &walk);
    return ERR_OK;
}

/* ---- parties ---- */

enum err memory_party_put(struct store *store, const struct party *party, struct fault *fault)
{
    struct memory_key key = number_key(TABLE_PARTY, party->id);
    return memory_put(memory_of(store), &key, party, sizeof *party, fault);
}

enum err memory_party_get(struct store *store, uint64_t id, struct party *out, struct fault *fault)
{
    struct memory_key key = number_key(TABLE_PARTY, id);
    return memory_get(memory_of(store), &key, out, sizeof *out, fault);
}

struct party_walk {
    bool (*fn)(void *ctx, const struct party *party);
    void *ctx;
};

static bool on_party(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct party_walk *walk = ctx;
    struct party party;
    memcpy(&party, value.p, sizeof party);
    return walk->fn(walk->ctx, &party);
}

enum err memory_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                        void *ctx, struct fault *fault)
{
    (void)fault;
    struct party_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_PARTY);
    memory_walk(memory_of(store), &key, on_party, &walk);
    return ERR_OK;
}

/* ---- API keys ---- */

enum err memory_api_key_put(struct store *store, const struct api_key *api_key, struct fault *fault)
{
    struct memory_key key = number_key(TABLE_API_KEY, api_key->id);
    return memory_put(memory_of(store), &key, api_key, sizeof *api_key, fault);
}

struct api_key_walk {
    bool (*fn)(void *ctx, const struct api_key *key);
    void *ctx;
};

static bool on_api_key(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct api_key_walk *walk = ctx;
    struct api_key api_key;
    memcpy(&api_key, value.p, sizeof api_key);
    return walk->fn(walk->ctx, &api_key);
}

enum err memory_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                         void *ctx, struct fault *fault)
{
    (void)fault;
    struct api_key_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_API_KEY);
    memory_walk(memory_of(store), &key, on_api_key, &walk);
    return ERR_OK;
}

/* ---- findings: by operator, day, kind, raw ---- */

static void key_text(struct memory_key *key, const char *text, size_t max)
{
    key_bytes(key, text, strnlen(text, max - 1));
    key_bytes(key, "", 1);
}

static enum err add_finding(struct memory_store *s, const struct finding *finding,
                            struct fault *fault)
{
    struct memory_key key = memory_key(TABLE_FINDING);
    key_text(&key, finding->operator_name, sizeof finding->operator_name);
    key_number(&key, (uint64_t)((int64_t)finding->day - INT32_MIN), 4);
    key_text(&key, finding->kind, sizeof finding->kind);
    key_text(&key, finding->raw, sizeof finding->raw);
    struct finding old, sum = *finding;
    if (memory_get(s, &key, &old, sizeof old, NULL) == ERR_OK)
        sum.count += old.count;
    return memory_put(s, &key, &sum, sizeof sum, fault);
}

enum err memory_findings_add(struct store *store, const struct finding *findings, size_t n,
                             struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++)
        err = add_finding(memory_of(store), &findings[i], fault);
    return err;
}

struct finding_walk {
    bool (*fn)(void *ctx, const struct finding *finding);
    void *ctx;
};

static bool on_finding(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct finding_walk *walk = ctx;
    struct finding finding;
    memcpy(&finding, value.p, sizeof finding);
    return walk->fn(walk->ctx, &finding);
}

enum err memory_findings(struct store *store, bool (*fn)(void *ctx, const struct finding *finding),
                         void *ctx, struct fault *fault)
{
    (void)fault;
    struct finding_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_FINDING);
    memory_walk(memory_of(store), &key, on_finding, &walk);
    return ERR_OK;
}

/* ---- notes ---- */

enum err memory_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                         struct str text, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    uint64_t id;
    enum err err = memory_count(s, TABLE_NOTE, &id, fault);
    if (err)
        return err;
    struct buf bytes = {0};
    buf_uint(&bytes, seq, 8);
    buf_uint(&bytes, (uint64_t)time_ms, 8);
    buf_uint(&bytes, actor, 8);
    buf_str(&bytes, text);
    struct memory_key key = number_key(TABLE_NOTE, id);
    err = bytes.failed ? fault_set(fault, ERR_MEMORY, "note")
                       : memory_put(s, &key, bytes.p, bytes.n, fault);
    buf_release(&bytes);
    return err;
}

struct note_walk {
    bool (*fn)(void *ctx, const struct note *note);
    void *ctx;
};

static bool on_note(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct note_walk *walk = ctx;
    const uint8_t *p = (const uint8_t *)value.p;
    struct note note = {.seq = get_be(p, 8),
                        .time_ms = (int64_t)get_be(p + 8, 8),
                        .actor = get_be(p + 16, 8),
                        .text = {value.p + 24, value.n - 24}};
    return walk->fn(walk->ctx, &note);
}

enum err memory_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                      void *ctx, struct fault *fault)
{
    (void)fault;
    struct note_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_NOTE);
    memory_walk(memory_of(store), &key, on_note, &walk);
    return ERR_OK;
}
