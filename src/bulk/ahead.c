/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 18, PIECES = 4 };

struct piece {
    uint8_t *p;
    size_t n;
    enum err err; /* behind its bytes */
    struct fault fault;
};

struct ahead {
    const struct source_reader *from;
    struct source_reader reader;
    struct piece piece[PIECES];
    pthread_t thread;
    bool has_thread;
    size_t at;            /* of the piece that is given out: the caller's own */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    unsigned read, given; /* pieces, counted on and on */
    bool closing;
};

/* A free piece, to be read into. NULL: nobody wants one any more. */
static struct piece *free_piece(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->read - a->given >= PIECES && !a->closing)
        pthread_cond_wait(&a->moved, &a->lock);
    struct piece *piece = a->closing ? NULL : &a->piece[a->read % PIECES];
    pthread_mutex_unlock(&a->lock);
    return piece;
}

static void *read_on(void *ctx)
{
    struct ahead *a = ctx;
    for (bool more = true; more;) {
        struct piece *piece = free_piece(a);
        if (!piece)
            break;
        piece->n = 0;
        piece->err = a->from->read(a->from->ctx, piece->p, PIECE, &piece->n, &piece->fault);
        more = !piece->err && piece->n == PIECE;
        pthread_mutex_lock(&a->lock);
        a->read++;
        pthread_cond_signal(&a->moved);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

/* The piece that is given out now; the last one stays. */
static const struct piece *next_piece(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->read == a->given)
        pthread_cond_wait(&a->moved, &a->lock);
    const struct piece *piece = &a->piece[a->given % PIECES];
    pthread_mutex_unlock(&a->lock);
    return piece;
}

static void give_back(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->given++;
    pthread_cond_signal(&a->moved);
    pthread_mutex_unlock(&a->lock);
    a->at = 0;
}

static enum err take(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct ahead *a = ctx;
    size_t got = 0;
    enum err err = ERR_OK;
    while (got < n) {
        const struct piece *piece = next_piece(a);
        size_t have = piece->n - a->at;
        have = have < n - got ? have : n - got;
        memcpy((uint8_t *)to + got, piece->p + a->at, have);
        got += have;
        a->at += have;
        if (a->at < piece->n)
            break;
        if (piece->err) {
            err = piece->err;
            if (fault)
                *fault = piece->fault;
        }
        if (err || piece->n < PIECE)
            break;
        give_back(a);
    }
    *out_n = got;
    return err;
}

enum err ahead_open(const struct source_reader *reader, struct ahead **out, struct fault *fault)
{
    struct ahead *a = calloc(1, sizeof *a);
    if (!a)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->moved, NULL);
    a->from = reader;
    a->reader = (struct source_reader){take, a, reader->name, reader->size};
    bool ok = true;
    for (unsigned i = 0; i < PIECES; i++)
        ok = (a->piece[i].p = malloc(PIECE)) && ok;
    a->has_thread = ok && pthread_create(&a->thread, NULL, read_on, a) == 0;
    if (!a->has_thread) {
        ahead_close(a);
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    }
    *out = a;
    return ERR_OK;
}

void ahead_close(struct ahead *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->closing = true;
    pthread_cond_signal(&a->moved);
    pthread_mutex_unlock(&a->lock);
    if (a->has_thread)
        pthread_join(a->thread, NULL);
    for (unsigned i = 0; i < PIECES; i++)
        if (a->piece[i].p) {
            explicit_bzero(a->piece[i].p, PIECE);
            free(a->piece[i].p);
        }
    pthread_cond_destroy(&a->moved);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

const struct source_reader *ahead_reader(const struct ahead *a)
{
    return &a->reader;
}
