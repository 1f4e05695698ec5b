/* SPDX-License-Identifier: Apache-2.0 */
#include "app/digest.h"

#include "app/batch_part.h"

struct summing {
    struct sha256 *sha;
    struct digest *out;
    struct store *store;
    struct fault *fault;
    enum err err;
};

static void add(struct summing *s, const void *p, size_t n)
{
    sha256_add(s->sha, p, n);
}

static void add_u64(struct summing *s, uint64_t v)
{
    uint8_t bytes[8];
    put_be(bytes, v, 8);
    add(s, bytes, 8);
}

static void add_str(struct summing *s, struct str text)
{
    add_u64(s, text.n);
    add(s, text.p, text.n);
}

/* Texts for people count as far as they are UTF-8: a backend may keep no more of them. */
static void add_text(struct summing *s, struct str text)
{
    add_str(s, (struct str){text.p, str_utf8_bytes(text)});
}

/* ---- the parts ---- */

static bool on_block(void *ctx, const struct block *block)
{
    struct summing *s = ctx;
    uint8_t header[BLOCK_HEADER_BYTES];
    block_header_encode(&block->header, header);
    add(s, header, sizeof header);
    add(s, block->prev_hash, SHA256_BYTES);
    add(s, block->root, SHA256_BYTES);
    add(s, block->hash, SHA256_BYTES);
    add_str(s, block->body);
    add_str(s, block->section);
    s->out->blocks++;
    s->out->items += block->header.item_count;
    return true;
}

static enum err journal(struct summing *s)
{
    struct store_head head;
    enum err err = store_head(s->store, &head, s->fault);
    if (err)
        return err;
    add(s, head.register_id, sizeof head.register_id);
    add_u64(s, head.next_seq);
    add(s, head.hash, sizeof head.hash);
    add_u64(s, head.rules);
    add_u64(s, (uint64_t)head.gate.expire_through);
    add_u64(s, (uint64_t)head.gate.swept_through);
    return store_blocks(s->store, 1, on_block, s, s->fault);
}

static bool on_row(void *ctx, const struct facts_row *row)
{
    struct summing *s = ctx;
    uint8_t bytes[16 + FACTS_ROW_MAX];
    put_be(bytes, row->imei.body, 8);
    put_be(bytes + 8, (uint64_t)row->due, 8);
    add(s, bytes, 16 + facts_encode(&row->facts, bytes + 16));
    s->out->imeis++;
    return true;
}

static enum err facts(struct summing *s)
{
    return store_facts_scan(s->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1}, on_row, s,
                            s->fault);
}

static bool on_pair(void *ctx, const struct pair *pair)
{
    add_u64(ctx, pair->imei.body);
    add_u64(ctx, pair->subscriber);
    return true;
}

static enum err pairs(struct summing *s)
{
    return store_pairs_scan(s->store, on_pair, s, s->fault);
}

static enum err rules(struct summing *s)
{
    struct store_head head;
    struct buf bytes = {0};
    enum err err = store_head(s->store, &head, s->fault);
    for (uint32_t n = 1; !err && n <= head.rules; n++) {
        for (int list = 0; !err && list < 2; list++) {
            buf_clear(&bytes);
            err = list ? store_tac_list_get(s->store, n, &bytes, s->fault)
                       : store_rules_get(s->store, n, &bytes, s->fault);
            bool none = err == ERR_NOT_FOUND;
            err = none ? ERR_OK : err;
            add_u64(s, none ? UINT64_MAX : n);
            add_str(s, (struct str){(char *)bytes.p, bytes.n});
        }
    }
    buf_release(&bytes);
    return err;
}

static enum err on_part(void *ctx, uint32_t part, struct str bytes, struct fault *fault)
{
    (void)fault;
    add_u64(ctx, part);
    add_str(ctx, bytes);
    return ERR_OK;
}

static bool on_batch(void *ctx, const struct batch *b)
{
    struct summing *s = ctx;
    const uint64_t numbers[] = {b->id,
                                b->state,
                                b->intent_seq,
                                b->count,
                                b->rows,
                                b->parts,
                                b->next_part,
                                (uint64_t)b->time_ms,
                                b->actor,
                                b->tac_list,
                                b->rules_number,
                                b->entry.event,
                                b->entry.flags,
                                b->entry.ground,
                                b->entry.actor,
                                b->entry.party,
                                (uint64_t)b->entry.time_ms,
                                (uint64_t)b->entry.effective,
                                b->entry.batch,
                                b->entry.count};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_u64(s, numbers[i]);
    add_text(s, str_z(b->label));
    add(s, b->load_hash, sizeof b->load_hash);
    add(s, b->entry.digest, sizeof b->entry.digest);
    add_str(s, (struct str){(const char *)b->entry.document, b->entry.document_n});
    s->err = batch_parts(s->store, b, on_part, s, s->fault);
    return !s->err;
}

static enum err batches(struct summing *s)
{
    enum err err = store_batches(s->store, on_batch, s, s->fault);
    return err ? err : s->err;
}

static bool on_load(void *ctx, const struct load *load)
{
    add(ctx, load->hash, sizeof load->hash);
    add_text(ctx, str_z(load->kind));
    add_text(ctx, str_z(load->operator_name));
    add_u64(ctx, (uint64_t)load->time_ms);
    add_u64(ctx, load->rows);
    add_u64(ctx, load->changes);
    add_u64(ctx, load->seq);
    return true;
}

static enum err loads(struct summing *s)
{
    return store_loads(s->store, on_load, s, s->fault);
}

static bool on_party(void *ctx, const struct party *party)
{
    add_u64(ctx, party->id);
    add_u64(ctx, party->kind);
    add_u64(ctx, party->flags);
    add_text(ctx, str_z(party->name));
    return true;
}

static enum err parties(struct summing *s)
{
    return store_parties(s->store, on_party, s, s->fault);
}

static bool on_api_key(void *ctx, const struct api_key *key)
{
    add_u64(ctx, key->id);
    add_u64(ctx, key->kind);
    add_u64(ctx, key->scopes);
    add_text(ctx, str_z(key->name));
    add_str(ctx, (struct str){(const char *)key->secret, key->secret_n});
    add_u64(ctx, (uint64_t)key->expires);
    add_u64(ctx, (uint64_t)key->created_ms);
    add_u64(ctx, key->created_by);
    add_u64(ctx, (uint64_t)key->revoked_ms);
    add_u64(ctx, key->revoked_by);
    return true;
}

static enum err api_keys(struct summing *s)
{
    return store_api_keys(s->store, on_api_key, s, s->fault);
}

static bool on_finding(void *ctx, const struct finding *finding)
{
    add_text(ctx, str_z(finding->operator_name));
    add_u64(ctx, (uint64_t)finding->day);
    add_text(ctx, str_z(finding->kind));
    add_str(ctx, str_z(finding->raw));
    add_u64(ctx, finding->count);
    return true;
}

static enum err findings(struct summing *s)
{
    return store_findings(s->store, on_finding, s, s->fault);
}

static bool on_note(void *ctx, const struct note *note)
{
    add_u64(ctx, note->seq);
    add_u64(ctx, (uint64_t)note->time_ms);
    add_u64(ctx, note->actor);
    add_text(ctx, note->text);
    return true;
}

static enum err notes(struct summing *s)
{
    return store_notes(s->store, on_note, s, s->fault);
}

static bool on_record(void *ctx, const struct record *record)
{
    add_str(ctx, record->key);
    add_str(ctx, record->value);
    return true;
}

static enum err records(struct summing *s)
{
    return store_records(s->store, STR(""), STR(""), on_record, s, s->fault);
}

static const struct {
    const char *name;
    enum err (*sum)(struct summing *s);
} parts[DIGEST_PARTS] = {
    [DIGEST_JOURNAL] = {"journal", journal},    [DIGEST_FACTS] = {"facts", facts},
    [DIGEST_PAIRS] = {"pairs", pairs},          [DIGEST_RULES] = {"rule sets and models", rules},
    [DIGEST_BATCHES] = {"batches", batches},    [DIGEST_LOADS] = {"loaded files", loads},
    [DIGEST_PARTIES] = {"parties", parties},    [DIGEST_API_KEYS] = {"API keys", api_keys},
    [DIGEST_FINDINGS] = {"findings", findings}, [DIGEST_NOTES] = {"notes", notes},
    [DIGEST_RECORDS] = {"records", records},
};

enum err digest_store(struct store *store, struct digest *out, struct fault *fault)
{
    struct digest digest = {0};
    struct summing s = {.sha = sha256_new(), .out = &digest, .store = store, .fault = fault};
    enum err err = s.sha ? ERR_OK : ERR_MEMORY;
    for (int i = 0; !err && i < DIGEST_PARTS; i++) {
        sha256_begin(s.sha);
        err = parts[i].sum(&s);
        sha256_end(s.sha, digest.part[i]);
    }
    sha256_free(s.sha);
    if (!err)
        *out = digest;
    return err;
}

enum err digest_compare(const struct digest *a, const struct digest *b, struct fault *fault)
{
    for (int i = 0; i < DIGEST_PARTS; i++)
        if (memcmp(a->part[i], b->part[i], SHA256_BYTES) != 0)
            return fault_set(fault, ERR_FACTS, "the two registers differ in their %s",
                             parts[i].name);
    return ERR_OK;
}
