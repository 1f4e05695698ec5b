/* SPDX-License-Identifier: Apache-2.0 */
#include "app/readers.h"

#include <pthread.h>
#include <stdlib.h>

enum { PATIENCE_MS = 1000 }; /* for a lost database: who asks is told soon */

struct readers {
    char *url, *key; /* key NULL: beside the register */
    const struct clock *clock;
    unsigned most;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t given;
    unsigned open; /* lent ones too */
    unsigned free_count;
    struct registry *free[READERS_MOST];
};

enum err readers_new(const char *url, const char *key, const struct clock *clock, unsigned most,
                     struct readers **out)
{
    struct readers *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_MEMORY;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->given, NULL);
    r->clock = clock;
    r->most = most < READERS_MOST ? most : READERS_MOST;
    r->url = strdup(url);
    r->key = key ? strdup(key) : NULL;
    if (!r->url || (key && !r->key)) {
        readers_free(r);
        return ERR_MEMORY;
    }
    *out = r;
    return ERR_OK;
}

void readers_free(struct readers *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->free_count; i++)
        registry_close(r->free[i]);
    pthread_cond_destroy(&r->given);
    pthread_mutex_destroy(&r->lock);
    free(r->url);
    free(r->key);
    free(r);
}

static enum err open_one(struct readers *r, struct registry **out, struct fault *fault)
{
    const struct registry_options options = {
        .url = r->url, .key = r->key, .clock = r->clock, .no_tac = true};
    enum err err = registry_open(&options, out, fault);
    if (!err)
        store_patience((*out)->store, PATIENCE_MS);
    return err;
}

enum err readers_take(struct readers *r, struct registry **out, struct fault *fault)
{
    pthread_mutex_lock(&r->lock);
    while (!r->free_count && r->open == r->most)
        pthread_cond_wait(&r->given, &r->lock);
    const bool has = r->free_count > 0;
    if (has)
        *out = r->free[--r->free_count];
    else
        r->open++;
    pthread_mutex_unlock(&r->lock);
    if (has)
        return ERR_OK;
    enum err err = open_one(r, out, fault);
    if (err) {
        pthread_mutex_lock(&r->lock);
        r->open--;
        pthread_cond_signal(&r->given);
        pthread_mutex_unlock(&r->lock);
    }
    return err;
}

void readers_give(struct readers *r, struct registry *registry)
{
    pthread_mutex_lock(&r->lock);
    r->free[r->free_count++] = registry;
    pthread_cond_signal(&r->given);
    pthread_mutex_unlock(&r->lock);
}
