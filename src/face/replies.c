/* SPDX-License-Identifier: Apache-2.0
 *
 * A stack for each length, in shards: libmicrohttpd's threads have connections of their own, so each
 * mostly finds the shard that it used before, and nobody in it. */
#include "face/replies.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { SHARDS = 16, KEPT_MAX = 256 /* a shard: with the bodies under 512 kB */ };

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    unsigned kept;
    struct reply *top[REPLY_BYTES_MAX + 1];
};

struct replies {
    void (*put_headers)(struct MHD_Response *response);
    struct shard shards[SHARDS];
};

struct replies *replies_new(void (*put_headers)(struct MHD_Response *response))
{
    struct replies *r = aligned_alloc(_Alignof(struct shard), sizeof *r);
    if (!r)
        return NULL;
    *r = (struct replies){.put_headers = put_headers};
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&r->shards[i].lock, NULL);
    return r;
}

static void end(struct reply *reply)
{
    MHD_destroy_response(reply->response);
    free(reply);
}

void replies_free(struct replies *r)
{
    for (int i = 0; r && i < SHARDS; i++) {
        for (size_t n = 0; n <= REPLY_BYTES_MAX; n++)
            for (struct reply *reply = r->shards[i].top[n], *next; reply; reply = next) {
                next = reply->next;
                end(reply);
            }
        pthread_mutex_destroy(&r->shards[i].lock);
    }
    free(r);
}

/* The thread's own. Addresses of threads differ by their stacks: pages, at least. */
static struct shard *mine(struct replies *r)
{
    return &r->shards[((uintptr_t)pthread_self() >> 12) * 0x9e3779b97f4a7c15 >> 60];
}

static struct reply *make(const struct replies *r, size_t n)
{
    struct reply *reply = malloc(sizeof *reply + n);
    if (!reply)
        return NULL;
    reply->n = n;
    reply->response = MHD_create_response_from_buffer(n, reply->body, MHD_RESPMEM_PERSISTENT);
    if (!reply->response) {
        free(reply);
        return NULL;
    }
    r->put_headers(reply->response);
    return reply;
}

struct reply *replies_take(struct replies *r, size_t n)
{
    if (n > REPLY_BYTES_MAX)
        return NULL;
    struct shard *shard = mine(r);
    pthread_mutex_lock(&shard->lock);
    struct reply *reply = shard->top[n];
    if (reply) {
        shard->top[n] = reply->next;
        shard->kept--;
    }
    pthread_mutex_unlock(&shard->lock);
    return reply ? reply : make(r, n);
}

void replies_give(struct replies *r, struct reply *reply)
{
    struct shard *shard = mine(r);
    pthread_mutex_lock(&shard->lock);
    bool keep = shard->kept < KEPT_MAX;
    if (keep) {
        reply->next = shard->top[reply->n];
        shard->top[reply->n] = reply;
        shard->kept++;
    }
    pthread_mutex_unlock(&shard->lock);
    if (!keep)
        end(reply);
}
