/* SPDX-License-Identifier: Apache-2.0
 *
 * store_memory - what the files of the memory backend share. */
#ifndef STORE_STORE_MEMORY_H
#define STORE_STORE_MEMORY_H

#include <pthread.h>

#include "store/backend.h"
#include "store/tree.h"

/* The tables: first byte of every key. Codes of the memory alone: nothing is stored. */
enum table {
    TABLE_HEAD = 1,
    TABLE_BLOCK,
    TABLE_FACTS,
    TABLE_DUE,
    TABLE_PAIR,
    TABLE_RULES,
    TABLE_TAC_LIST,
    TABLE_BATCH,
    TABLE_PART,
    TABLE_LOAD,
    TABLE_PARTY,
    TABLE_API_KEY,
    TABLE_FINDING,
    TABLE_NOTE,
    TABLE_RECORD,
    TABLE_COUNTER,
    TABLE_END
};

struct memory_store;

/* One in line for the writer's place; the first of the line has it. */
struct memory_waiter {
    struct memory_store *store;
    struct memory_waiter *next;
};

struct memory_claim {
    uint64_t id;
    const struct memory_store *owner;
    struct memory_claim *next;
};

/* A register, shared by its handles. */
struct memory {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t moved; /* the line moved */
    unsigned handles;
    struct tree *tree; /* committed */
    struct memory_waiter *line;
    struct memory_claim *claims;
};

struct memory_store {
    struct store base;
    struct memory *memory;
    struct tree *work;   /* while writing: the tree as this write leaves it */
    struct tree *moment; /* between read_begin and read_end: the tree as it stood */
    struct memory_waiter place;
};

static inline struct memory_store *memory_of(struct store *store)
{
    return (struct memory_store *)store;
}

/* A key: table, then numbers (big-endian, so that memcmp orders them) and bytes. */
struct memory_key {
    size_t n;
    char bytes[192];
};
struct memory_key memory_key(enum table table);
void key_number(struct memory_key *key, uint64_t v, unsigned bytes);
void key_bytes(struct memory_key *key, const void *p, size_t n);
static inline struct str key_str(const struct memory_key *key)
{
    return (struct str){key->bytes, key->n};
}

/* The tree that this handle reads now, held; drop it. */
struct tree *memory_view(struct memory_store *s);
/* Puts and removes in the open write. ERR_MEMORY. */
MUST_USE enum err memory_put(struct memory_store *s, const struct memory_key *key,
                             const void *value, size_t n, struct fault *fault);
MUST_USE enum err memory_remove(struct memory_store *s, const struct memory_key *key,
                                struct fault *fault);
/* Copies a value of exactly n bytes. ERR_NOT_FOUND. */
MUST_USE enum err memory_get(struct memory_store *s, const struct memory_key *key, void *out,
                             size_t n, struct fault *fault);
/* Appends a value. ERR_NOT_FOUND, ERR_MEMORY. */
MUST_USE enum err memory_append(struct memory_store *s, const struct memory_key *key,
                                struct buf *out, struct fault *fault);
/* Walks the keys of one table, from key on. */
void memory_walk(struct memory_store *s, const struct memory_key *from, tree_fn *fn, void *ctx);
/* The next number of a counter, from 1. */
MUST_USE enum err memory_count(struct memory_store *s, enum table table, uint64_t *out,
                               struct fault *fault);

/* ---- store_memory_chain.c ---- */

/* The head of a new register. */
MUST_USE enum err memory_found(struct memory_store *s, struct fault *fault);
enum err memory_head(struct store *store, struct store_head *out, struct fault *fault);
enum err memory_block_append(struct store *store, const struct block *block, struct fault *fault);
enum err memory_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                       struct fault *fault);
enum err memory_facts_get(struct store *store, struct facts_row *rows, size_t n,
                          struct fault *fault);
enum err memory_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                          struct fault *fault);
enum err memory_facts_scan(struct store *store, struct imei from, struct imei to,
                           store_facts_fn *fn, void *ctx, struct fault *fault);
enum err memory_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                          void *ctx, struct fault *fault);
enum err memory_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                          struct fault *fault);
enum err memory_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                           void *ctx, struct fault *fault);

/* ---- store_memory_lists.c ---- */

enum err memory_rules_put(struct store *store, uint32_t number, struct str text,
                          struct fault *fault);
enum err memory_rules_get(struct store *store, uint32_t number, struct buf *out,
                          struct fault *fault);
enum err memory_tac_list_put(struct store *store, uint32_t number, struct str packed,
                             struct fault *fault);
enum err memory_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                             struct fault *fault);
enum err memory_batch_new(struct store *store, struct batch *batch, struct fault *fault);
enum err memory_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                               struct fault *fault);
enum err memory_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                               struct fault *fault);
enum err memory_batch_update(struct store *store, const struct batch *batch, struct fault *fault);
enum err memory_batch_drop(struct store *store, uint64_t id, struct fault *fault);
enum err memory_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                        void *ctx, struct fault *fault);
enum err memory_load_put(struct store *store, const struct load *load, struct fault *fault);
enum err memory_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                          struct fault *fault);
enum err memory_party_put(struct store *store, const struct party *party, struct fault *fault);
enum err memory_party_get(struct store *store, uint64_t id, struct party *out, struct fault *fault);
enum err memory_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                        void *ctx, struct fault *fault);
enum err memory_api_key_put(struct store *store, const struct api_key *key, struct fault *fault);
enum err memory_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                         void *ctx, struct fault *fault);
enum err memory_findings_add(struct store *store, const struct finding *findings, size_t n,
                             struct fault *fault);
enum err memory_findings(struct store *store, bool (*fn)(void *ctx, const struct finding *finding),
                         void *ctx, struct fault *fault);
enum err memory_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                         struct str text, struct fault *fault);

/* ---- store_memory_records.c ---- */

enum err memory_records_put(struct store *store, const struct record *records, size_t n,
                            struct fault *fault);
enum err memory_record_get(struct store *store, struct str key, struct buf *out,
                           struct fault *fault);
enum err memory_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                        void *ctx, struct fault *fault);

/* ---- moving and mending, each in the file of its table ---- */

enum err memory_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                      void *ctx, struct fault *fault);
enum err memory_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                      void *ctx, struct fault *fault);
enum err memory_head_put(struct store *store, const struct store_head *head, struct fault *fault);
enum err memory_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                           struct fault *fault);
enum err memory_batch_put(struct store *store, const struct batch *batch, struct fault *fault);

#endif
