/* SPDX-License-Identifier: Apache-2.0
 *
 * backend - what a backend of the store implements: one function a verb of store.h, same
 * promises. struct store is the first member of every backend's own struct. Only store/ includes
 * this. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"

struct store_ops {
    bool forwards; /* a wrapper: its inner store opens and closes the writes of lone verbs */
    enum err (*again)(struct store *, struct store **, struct fault *);
    void (*close)(struct store *);
    enum err (*head)(struct store *, struct store_head *, struct fault *);
    enum err (*block_append)(struct store *, const struct block *, struct fault *);
    enum err (*blocks)(struct store *, uint64_t, store_block_fn *, void *, struct fault *);
    enum err (*facts_get)(struct store *, struct facts_row *, size_t, struct fault *);
    enum err (*facts_put)(struct store *, const struct facts_row *, size_t, struct fault *);
    enum err (*facts_scan)(struct store *, struct imei, struct imei, store_facts_fn *, void *,
                           struct fault *);
    enum err (*facts_due)(struct store *, daynum, daynum, store_facts_fn *, void *, struct fault *);
    enum err (*pairs_put)(struct store *, const struct pair *, size_t, struct fault *);
    enum err (*pairs_scan)(struct store *, bool (*)(void *, const struct pair *), void *,
                           struct fault *);
    enum err (*rules_put)(struct store *, uint32_t, struct str, struct fault *);
    enum err (*rules_get)(struct store *, uint32_t, struct buf *, struct fault *);
    enum err (*tac_list_put)(struct store *, uint32_t, struct str, struct fault *);
    enum err (*tac_list_get)(struct store *, uint32_t, struct buf *, struct fault *);
    enum err (*batch_new)(struct store *, struct batch *, struct fault *);
    enum err (*batch_part_put)(struct store *, uint64_t, uint32_t, struct str, struct fault *);
    enum err (*batch_part_get)(struct store *, uint64_t, uint32_t, struct buf *, struct fault *);
    enum err (*batch_update)(struct store *, const struct batch *, struct fault *);
    enum err (*batch_drop)(struct store *, uint64_t, struct fault *);
    enum err (*batches)(struct store *, bool (*)(void *, const struct batch *), void *,
                        struct fault *);
    enum err (*batch_claim)(struct store *, uint64_t, struct fault *);
    void (*batch_release)(struct store *, uint64_t);
    enum err (*load_put)(struct store *, const struct load *, struct fault *);
    enum err (*load_find)(struct store *, const uint8_t *, struct load *, struct fault *);
    enum err (*party_put)(struct store *, const struct party *, struct fault *);
    enum err (*party_get)(struct store *, uint64_t, struct party *, struct fault *);
    enum err (*parties)(struct store *, bool (*)(void *, const struct party *), void *,
                        struct fault *);
    enum err (*api_key_put)(struct store *, const struct api_key *, struct fault *);
    enum err (*api_keys)(struct store *, bool (*)(void *, const struct api_key *), void *,
                         struct fault *);
    enum err (*findings_add)(struct store *, const struct finding *, size_t, struct fault *);
    enum err (*findings)(struct store *, bool (*)(void *, const struct finding *), void *,
                         struct fault *);
    enum err (*note_put)(struct store *, uint64_t, int64_t, uint64_t, struct str, struct fault *);
    enum err (*notes)(struct store *, bool (*)(void *, const struct note *), void *,
                      struct fault *);
    enum err (*loads)(struct store *, bool (*)(void *, const struct load *), void *,
                      struct fault *);
    enum err (*head_put)(struct store *, const struct store_head *, struct fault *);
    enum err (*facts_drop)(struct store *, const struct imei *, size_t, struct fault *);
    enum err (*batch_put)(struct store *, const struct batch *, struct fault *);
    enum err (*records_put)(struct store *, const struct record *, size_t, struct fault *);
    enum err (*record_get)(struct store *, struct str, struct buf *, struct fault *);
    enum err (*records)(struct store *, struct str, struct str, store_record_fn *, void *,
                        struct fault *);
    enum err (*read_begin)(struct store *, struct fault *);
    void (*read_end)(struct store *);
    enum err (*write_begin)(struct store *, struct fault *);
    enum err (*write_commit)(struct store *, struct fault *);
    void (*write_rollback)(struct store *);
    const char *(*path)(const struct store *);
    void (*overwrite)(struct store *, bool); /* NULL: there is nothing to do */
};

/* store.c keeps the book of writes for every backend: a verb that changes something is called only
 * between write_begin and write_commit or write_rollback, never after one that failed, and never
 * by a handle of STORE_READ. */
struct store {
    const struct store_ops *ops;
    void (*on_wait)(void *ctx, pid_t holder);
    void *on_wait_ctx;
    int patience_ms; /* how long a verb may wait, in line or for a lost connection */
    bool read_only;
    bool reading; /* between read_begin and read_end */
    bool writing; /* between write_begin and its end */
    bool failed;  /* a verb of this write failed: only a rollback may follow */
};

enum {
    STORE_NOTICE_MS = 2000,        /* a waiting writer hears first after */
    STORE_NOTICE_AGAIN_MS = 10000, /* and again every */
    STORE_PATIENCE_MS = 60000,     /* ERR_STORE_BUSY after, unless store_patience said other */
};

/* ---- store.c: the book of writes ---- */

/* May the store be changed now? */
MUST_USE enum err store_inside(const struct store *store, struct fault *fault);
/* Remembers that a verb failed inside a write; returns err. What is merely not there is no failure. */
enum err store_done(struct store *store, enum err err);

static inline bool store_block_follows(const struct store_head *head, const struct block *block)
{
    return block->header.first_seq == head->next_seq &&
           memcmp(block->prev_hash, head->hash, SHA256_BYTES) == 0;
}

/* Each opens by what follows the scheme. */
enum err store_sqlite_open(const char *path, enum store_mode mode, struct store **out,
                           struct fault *fault);
/* The whole URL. */
enum err store_postgres_open(const char *url, enum store_mode mode, struct store **out,
                             struct fault *fault);
enum err store_memory_open(const char *rest, enum store_mode mode, struct store **out,
                           struct fault *fault);

#endif
