/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks go round: the one who asks fills the first free one, the thread answers those that are full, oldest first. What is
 * known of an IMEI is kept as body << 16 | packed day of its activation. */
#include "seen/active.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "seen/earliest.h"

enum {
    CHUNK = 1 << 15, /* keys */
    CHUNKS = 4,
    WORTH = 4, /* a chunk of which less than one in so many is known is the last */
};

struct chunk {
    uint64_t keys[CHUNK];
    size_t n;
};

struct active {
    struct store *store; /* of the one who asks */
    pthread_t thread;
    bool began;

    pthread_mutex_t lock; /* guards put, got, end */
    pthread_cond_t moved;
    unsigned put, got; /* chunks, counted on and on */
    bool end;
    atomic_bool rests;
    struct imei_list known; /* of the thread until it has ended */
    struct chunk *chunks;
};

struct active *active_new(struct store *store)
{
    struct active *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->store = store;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->moved, NULL);
    return a;
}

/* ---- the thread ---- */

static bool keep_known(struct active *a, const struct chunk *c, const struct facts_row *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const daynum had = rows[i].facts.activation;
        if (had == DAYNUM_NONE || daynum_pack(had) > (uint16_t)c->keys[i])
            continue;
        if (imei_list_add(&a->known, (c->keys[i] & ~(uint64_t)UINT16_MAX) | daynum_pack(had)))
            return false;
        n++;
    }
    return n * WORTH >= c->n;
}

/* False: it is not worth while, or cannot be. */
static bool answer(struct active *a, struct store *store, struct chunk *c, struct facts_row *rows)
{
    struct imei_list list = {.keys = c->keys, .n = c->n, .size = CHUNK};
    earliest_keep(&list);
    c->n = list.n;
    for (size_t i = 0; i < c->n; i++)
        rows[i].imei.body = c->keys[i] >> 16;
    return store_facts_get(store, rows, c->n, NULL) == ERR_OK && keep_known(a, c, rows);
}

static void *run(void *ctx)
{
    struct active *a = ctx;
    struct store *store = NULL;
    struct facts_row *rows = malloc(CHUNK * sizeof *rows);
    if (!rows || store_again(a->store, &store, NULL))
        a->rests = true;
    pthread_mutex_lock(&a->lock);
    for (;;) {
        while (a->put == a->got && !a->end)
            pthread_cond_wait(&a->moved, &a->lock);
        if (a->put == a->got)
            break;
        struct chunk *c = &a->chunks[a->got % CHUNKS];
        pthread_mutex_unlock(&a->lock);
        if (!a->rests && !answer(a, store, c, rows))
            a->rests = true;
        c->n = 0;
        pthread_mutex_lock(&a->lock);
        a->got++;
    }
    pthread_mutex_unlock(&a->lock);
    store_close(store);
    free(rows);
    return NULL;
}

static bool begin(struct active *a)
{
    a->chunks = calloc(CHUNKS, sizeof *a->chunks);
    a->began = a->chunks && pthread_create(&a->thread, NULL, run, a) == 0;
    return a->began;
}

/* ---- who asks ---- */

/* The full chunk goes to the thread; when all others wait there, it is let go. */
static void hand_over(struct active *a)
{
    struct chunk *c = &a->chunks[a->put % CHUNKS];
    pthread_mutex_lock(&a->lock);
    if (a->put - a->got < CHUNKS - 1)
        a->put++;
    else
        c->n = 0;
    pthread_cond_signal(&a->moved);
    pthread_mutex_unlock(&a->lock);
}

void active_ask(struct active *a, uint64_t key)
{
    if (!a || a->rests)
        return;
    if (!a->began && !begin(a)) {
        a->rests = true;
        return;
    }
    struct chunk *c = &a->chunks[a->put % CHUNKS];
    c->keys[c->n++] = key;
    if (c->n == CHUNK)
        hand_over(a);
}

static void end(struct active *a)
{
    if (!a->began)
        return;
    pthread_mutex_lock(&a->lock);
    a->end = true;
    pthread_cond_signal(&a->moved);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    a->began = false;
    a->rests = true;
}

void active_drop(struct active *a, struct imei_list *list)
{
    size_t kept = 0, at = 0;
    if (!a)
        return;
    end(a);
    earliest_keep(&a->known);
    for (size_t i = 0; i < list->n; i++) {
        const uint64_t key = list->keys[i], *known = a->known.keys;
        while (at < a->known.n && known[at] >> 16 < key >> 16)
            at++;
        if (at == a->known.n || known[at] >> 16 != key >> 16 || known[at] > key)
            list->keys[kept++] = key;
    }
    list->n = kept;
}

void active_free(struct active *a)
{
    if (!a)
        return;
    a->rests = true; /* what waits is not asked any more */
    end(a);
    free(a->chunks);
    imei_list_release(&a->known);
    pthread_cond_destroy(&a->moved);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
