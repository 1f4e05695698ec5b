/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks go round: the one who asks fills the first free one, the thread answers those that are full, oldest first. What is
 * known of an IMEI is kept as body << 16 | packed day of its activation. */
#include "seen/active.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "seen/earliest.h"

enum {
    CHUNK = 1 << 15, /* keys */
    CHUNKS = 4,
    SLICE = 1 << 12,    /* looked up at once: between two of them a stop is seen */
    PATIENCE_MS = 1000, /* with a server that is away */
    WORTH = 4,          /* a chunk of which less than one in so many is known is the last */
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

/* How many of them are known; SIZE_MAX: it cannot be said. */
static size_t keep_known(struct active *a, const uint64_t *keys, const struct facts_row *rows,
                         size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        const daynum had = rows[i].facts.activation;
        if (had == DAYNUM_NONE || daynum_pack(had) > (uint16_t)keys[i])
            continue;
        const uint64_t key = (keys[i] & ~(uint64_t)UINT16_MAX) | daynum_pack(had);
        if (earliest_add(&a->known, key, LIMIT_FEED_FIRST))
            return SIZE_MAX;
        known++;
    }
    return known;
}

/* False: it is not worth while, or cannot be. */
static bool answer(struct active *a, struct store *store, struct chunk *c, struct facts_row *rows)
{
    struct imei_list list = {.keys = c->keys, .n = c->n, .size = CHUNK};
    size_t known = 0;
    earliest_keep(&list);
    for (size_t at = 0; at < list.n && !a->rests; at += SLICE) {
        const size_t n = list.n - at < SLICE ? list.n - at : SLICE;
        for (size_t i = 0; i < n; i++)
            rows[i].imei.body = list.keys[at + i] >> 16;
        const size_t more = store_facts_get(store, rows, n, NULL)
                                ? SIZE_MAX
                                : keep_known(a, list.keys + at, rows, n);
        if (more == SIZE_MAX)
            return false;
        known += more;
    }
    return known * WORTH >= list.n;
}

/* Of the next full chunk. NULL: there is none, and none will come. */
static struct chunk *next_chunk(struct active *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->put == a->got && !a->end)
        pthread_cond_wait(&a->moved, &a->lock);
    struct chunk *c = a->put == a->got ? NULL : &a->chunks[a->got % CHUNKS];
    pthread_mutex_unlock(&a->lock);
    return c;
}

static void give_back(struct active *a, struct chunk *c)
{
    c->n = 0;
    pthread_mutex_lock(&a->lock);
    a->got++;
    pthread_mutex_unlock(&a->lock);
}

static void *run(void *ctx)
{
    struct active *a = ctx;
    struct store *store = NULL;
    struct facts_row *rows = malloc(SLICE * sizeof *rows);
    struct chunk *c;
    bool goes_on = rows && store_again(a->store, &store, NULL) == ERR_OK;
    if (goes_on)
        store_patience(store, PATIENCE_MS);
    while (goes_on && (c = next_chunk(a)) != NULL) {
        goes_on = !a->rests && answer(a, store, c, rows);
        give_back(a, c);
    }
    a->rests = true;
    store_close(store);
    free(rows);
    return NULL;
}

/* ---- who asks ---- */

static bool begin(struct active *a)
{
    a->began = pthread_create(&a->thread, NULL, run, a) == 0;
    return a->began;
}

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
    if (!a->chunks && !(a->chunks = calloc(CHUNKS, sizeof *a->chunks))) {
        a->rests = true;
        return;
    }
    struct chunk *c = &a->chunks[a->put % CHUNKS];
    c->keys[c->n++] = key;
    if (c->n < CHUNK)
        return;
    if (a->began || begin(a))
        hand_over(a);
    else
        a->rests = true;
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
}

static void release(struct active *a)
{
    free(a->chunks);
    a->chunks = NULL;
    imei_list_release(&a->known);
}

void active_drop(struct active *a, struct imei_list *list)
{
    size_t kept = 0, at = 0;
    if (!a)
        return;
    end(a);
    a->rests = true;
    earliest_keep(&a->known);
    for (size_t i = 0; i < list->n; i++) {
        const uint64_t key = list->keys[i], *known = a->known.keys;
        while (at < a->known.n && known[at] >> 16 < key >> 16)
            at++;
        if (at == a->known.n || known[at] >> 16 != key >> 16 || known[at] > key)
            list->keys[kept++] = key;
    }
    list->n = kept;
    release(a);
}

void active_free(struct active *a)
{
    if (!a)
        return;
    a->rests = true; /* what waits is not asked any more */
    end(a);
    release(a);
    pthread_cond_destroy(&a->moved);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
