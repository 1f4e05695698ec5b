/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying reads blocks into slabs of a few megabytes and recomputes the blocks of a slab on all
 * cores at once; a block needs only its bytes and the stored hash of the one before, which is
 * itself recomputed beside it. */
#include "app/audit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SLAB_BYTES = 8 << 20, SLAB_BLOCKS = 4096, THREADS_MAX = 64 };

struct slab {
    struct buf bytes; /* bodies and sections, one after another */
    struct block blocks[SLAB_BLOCKS];
    size_t body_at[SLAB_BLOCKS], section_at[SLAB_BLOCKS];
    size_t count;
};

struct verifying {
    struct slab *slab;
    unsigned threads;
    uint8_t prev[SHA256_BYTES]; /* hash of the block before the slab */
    uint64_t next_seq;          /* wanted first_seq of the slab's first block */
    uint64_t end_seq;           /* others may be writing: the head as it stood at the beginning */
    bool beyond;                /* a block stands behind it */
    atomic_size_t at;
    enum err err;
    struct fault fault;
    pthread_mutex_t lock;
    const uint8_t *against;
    bool found;
    struct audit_result result;
    struct gate gate;
    uint32_t rules;
    audit_block_fn *fn; /* sees each verified block, in order; NULL = nobody */
    void *fn_ctx;
};

static void refuse(struct verifying *v, enum err err, const struct fault *fault)
{
    pthread_mutex_lock(&v->lock);
    if (!v->err) {
        v->err = err;
        v->fault = *fault;
    }
    pthread_mutex_unlock(&v->lock);
}

/* Each thread makes its own hash: two made by one thread lie side by side in memory, and writing
 * the one stops the other's cache line. */
static void *verify_some(void *arg)
{
    struct verifying *v = arg;
    struct sha256 *sha = sha256_new();
    struct fault fault = {0};
    if (!sha)
        refuse(v, ERR_MEMORY, &fault);
    for (;;) {
        size_t i = atomic_fetch_add(&v->at, 1);
        if (i >= v->slab->count || !sha)
            break;
        const struct block *b = &v->slab->blocks[i];
        const uint8_t *prev = i ? v->slab->blocks[i - 1].hash : v->prev;
        uint64_t want =
            i ? v->slab->blocks[i - 1].header.first_seq + v->slab->blocks[i - 1].header.item_count
              : v->next_seq;
        enum err err = block_verify(sha, b, prev, want, &fault);
        if (err)
            refuse(v, err, &fault);
    }
    sha256_free(sha);
    return NULL;
}

static void verify_on_all(struct verifying *v)
{
    pthread_t threads[THREADS_MAX];
    unsigned started = 1;
    atomic_store(&v->at, 0);
    while (started < v->threads && v->slab->count > 1 &&
           pthread_create(&threads[started], NULL, verify_some, v) == 0)
        started++;
    verify_some(v);
    for (unsigned i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* A day that has passed the gate, and a phone that was cut off by it, do not come back. */
static void gate_follows(struct verifying *v, const struct block_header *header)
{
    bool first = header->first_seq == 1;
    if (!first && (header->gate.expire_through < v->gate.expire_through ||
                   header->gate.swept_through < v->gate.swept_through))
        v->err = fault_set(&v->fault, ERR_CHAIN,
                           "the block of sequence %llu takes expire_through or swept_through back",
                           (unsigned long long)header->first_seq);
    v->gate = header->gate;
}

static void finish_slab(struct verifying *v)
{
    struct slab *s = v->slab;
    if (!s->count || v->err)
        return;
    for (size_t i = 0; i < s->count; i++) {
        struct block *b = &s->blocks[i];
        b->body.p = (const char *)s->bytes.p + s->body_at[i];
        b->section.p = (const char *)s->bytes.p + s->section_at[i];
        v->found |= v->against && memcmp(v->against, b->hash, SHA256_BYTES) == 0;
    }
    verify_on_all(v);
    for (size_t i = 0; v->fn && !v->err && i < s->count; i++)
        v->err = v->fn(v->fn_ctx, &s->blocks[i], &v->fault);
    for (size_t i = 0; !v->err && i < s->count; i++)
        gate_follows(v, &s->blocks[i].header);
    const struct block *last = &s->blocks[s->count - 1];
    memcpy(v->prev, last->hash, SHA256_BYTES);
    v->next_seq = last->header.first_seq + last->header.item_count;
    v->rules = last->header.rules;
    s->count = 0;
    buf_clear(&s->bytes);
}

static bool take_block(void *ctx, const struct block *block)
{
    struct verifying *v = ctx;
    struct slab *s = v->slab;
    v->beyond = block->header.first_seq >= v->end_seq;
    if (v->beyond)
        return false;
    v->result.blocks++;
    v->result.items += block->header.item_count;
    size_t i = s->count++;
    s->blocks[i] = *block;
    s->body_at[i] = s->bytes.n;
    buf_str(&s->bytes, block->body);
    s->section_at[i] = s->bytes.n;
    buf_str(&s->bytes, block->section);
    if (s->bytes.failed)
        v->err = ERR_MEMORY;
    else if (s->count == SLAB_BLOCKS || s->bytes.n > SLAB_BYTES)
        finish_slab(v);
    return !v->err;
}

/* A block behind the head is one that somebody has committed since, and then the head moved. */
static enum err compare_beyond(struct verifying *v, struct registry *reg,
                               const struct store_head *head, struct fault *fault)
{
    struct store_head now;
    if (!v->beyond || v->err)
        return ERR_OK;
    enum err err = store_head(reg->store, &now, fault);
    if (!err && now.next_seq == head->next_seq)
        v->err = fault_set(&v->fault, ERR_CHAIN, "blocks stand behind the head, which ends at %llu",
                           (unsigned long long)head->next_seq - 1);
    return err;
}

static void compare_head(struct verifying *v, const struct store_head *head)
{
    bool same = v->next_seq == head->next_seq && memcmp(v->prev, head->hash, SHA256_BYTES) == 0 &&
                v->rules == head->rules && v->gate.expire_through == head->gate.expire_through &&
                v->gate.swept_through == head->gate.swept_through;
    if (!same)
        v->err = fault_set(&v->fault, ERR_CHAIN,
                           "the head says sequence %llu, the blocks end before %llu: head or tail "
                           "was changed",
                           (unsigned long long)head->next_seq - 1, (unsigned long long)v->next_seq);
    else if (v->against && !v->found)
        v->err = fault_set(&v->fault, ERR_CHAIN,
                           "no block has the hash given: the tail was cut, or written anew");
}

static enum err verifying_new(struct registry *reg, struct verifying **out)
{
    struct verifying *v = calloc(1, sizeof *v);
    if (!v)
        return ERR_MEMORY;
    v->slab = calloc(1, sizeof *v->slab);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    v->threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
    pthread_mutex_init(&v->lock, NULL);
    v->next_seq = 1;
    memcpy(v->prev, reg->head.register_id, REGISTER_ID_BYTES);
    *out = v;
    return v->slab ? ERR_OK : ERR_MEMORY;
}

static void verifying_free(struct verifying *v)
{
    if (!v)
        return;
    if (v->slab)
        buf_release(&v->slab->bytes);
    free(v->slab);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

enum err audit_blocks(struct registry *reg, const uint8_t *against,
                      const struct audit_reader *reader, struct audit_result *out,
                      struct fault *fault)
{
    struct verifying *v = NULL;
    enum err err = verifying_new(reg, &v);
    if (!err) {
        v->against = against;
        v->fn = reader ? reader->fn : NULL;
        v->fn_ctx = reader ? reader->ctx : NULL;
        struct store_head head = {0};
        err = store_head(reg->store, &head, fault);
        v->end_seq = head.next_seq;
        if (!err)
            err = store_blocks(reg->store, 1, take_block, v, fault);
        if (!err)
            finish_slab(v);
        if (!err && !v->err)
            compare_head(v, &head);
        if (!err)
            err = compare_beyond(v, reg, &head, fault);
        if (!err && v->err) {
            err = v->err;
            if (fault)
                *fault = v->fault;
        }
        v->result.last_seq = v->next_seq - 1;
        memcpy(v->result.head, v->prev, SHA256_BYTES);
        *out = v->result;
    }
    verifying_free(v);
    return err;
}

enum err audit_verify(struct registry *reg, const uint8_t *against, struct audit_result *out,
                      struct fault *fault)
{
    return audit_blocks(reg, against, NULL, out, fault);
}
