/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

enum {
    PIECE = 1 << 20,
    PIECES = 4,
    PACKED_ROOM = 1 << 18,
    GZ_LEVEL = 1,        /* a list packs well by any */
    GZ_WINDOW = 15 + 16, /* zlib: a gzip head */
    ZSTD_LEVEL = 1,
    FLUSH_BYTES = 8 << 20, /* after which the disk may begin */
};

struct piece {
    uint8_t *p;
    size_t n;
    bool hash_only;
};

struct lists_pipe {
    int fd;
    enum lists_pack pack;
    struct piece piece[PIECES];
    unsigned filling; /* the maker's own */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    unsigned given, taken; /* pieces, ever */
    bool ending;
    /* the writer's own */
    struct sha256 *sha;
    bool hashed; /* the digest was taken */
    ZSTD_CCtx *zstd;
    z_stream gz;
    bool has_gz;
    uint8_t *packed;
    uint64_t text_bytes, file_bytes, flushed;
    enum err err;
    int why; /* errno */
};

/* ---- writing ---- */

static void write_out(struct lists_pipe *pipe, const uint8_t *p, size_t n)
{
    while (n && !pipe->err) {
        const ssize_t wrote = write(pipe->fd, p, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            pipe->err = ERR_FILE_WRITE;
            pipe->why = errno;
            return;
        }
        p += wrote;
        n -= (size_t)wrote;
        pipe->file_bytes += (uint64_t)wrote;
    }
    if (pipe->file_bytes - pipe->flushed >=
        FLUSH_BYTES) { /* so that fsync does not find all of it */
        (void)sync_file_range(pipe->fd, (off_t)pipe->flushed,
                              (off_t)(pipe->file_bytes - pipe->flushed), SYNC_FILE_RANGE_WRITE);
        pipe->flushed = pipe->file_bytes;
    }
}

static void pack_gz(struct lists_pipe *pipe, uint8_t *p, size_t n, bool end)
{
    pipe->gz.next_in = p;
    pipe->gz.avail_in = (uInt)n;
    for (int did = Z_OK; did == Z_OK && !pipe->err;) {
        pipe->gz.next_out = pipe->packed;
        pipe->gz.avail_out = PACKED_ROOM;
        did = deflate(&pipe->gz, end ? Z_FINISH : Z_NO_FLUSH);
        write_out(pipe, pipe->packed, PACKED_ROOM - pipe->gz.avail_out);
        if (!end && !pipe->gz.avail_in && pipe->gz.avail_out)
            return;
    }
}

static void pack_zstd(struct lists_pipe *pipe, const uint8_t *p, size_t n, bool end)
{
    ZSTD_inBuffer in = {p, n, 0};
    for (size_t left = 1; left && !pipe->err;) {
        ZSTD_outBuffer out = {pipe->packed, PACKED_ROOM, 0};
        left = ZSTD_compressStream2(pipe->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) {
            pipe->err = ERR_MEMORY;
            return;
        }
        write_out(pipe, pipe->packed, out.pos);
        if (!end && in.pos == in.size)
            return;
    }
}

static void write_piece(struct lists_pipe *pipe, uint8_t *p, size_t n, bool end)
{
    switch (pipe->pack) {
    case LISTS_GZ:
        pack_gz(pipe, p, n, end);
        return;
    case LISTS_ZSTD:
        pack_zstd(pipe, p, n, end);
        return;
    case LISTS_PLAIN:
    case LISTS_PACKS:
        write_out(pipe, p, n);
        return;
    }
}

static void take(struct lists_pipe *pipe, const struct piece *piece)
{
    if (!pipe->hashed)
        sha256_add(pipe->sha, piece->p, piece->n);
    if (piece->hash_only)
        return;
    pipe->text_bytes += piece->n;
    if (piece->n)
        write_piece(pipe, piece->p, piece->n, false);
}

static void *writer(void *arg)
{
    struct lists_pipe *pipe = arg;
    pthread_mutex_lock(&pipe->lock);
    while (!pipe->ending || pipe->taken != pipe->given) {
        if (pipe->taken == pipe->given) {
            pthread_cond_wait(&pipe->moved, &pipe->lock);
            continue;
        }
        struct piece *piece = &pipe->piece[pipe->taken % PIECES];
        pthread_mutex_unlock(&pipe->lock);
        take(pipe, piece);
        pthread_mutex_lock(&pipe->lock);
        pipe->taken++;
        pthread_cond_broadcast(&pipe->moved);
    }
    pthread_mutex_unlock(&pipe->lock);
    return NULL;
}

/* ---- making ---- */

static bool prepare(struct lists_pipe *pipe)
{
    bool ok = (pipe->sha = sha256_new()) != NULL;
    for (unsigned i = 0; ok && i < PIECES; i++)
        ok = (pipe->piece[i].p = malloc(PIECE)) != NULL;
    if (ok && pipe->pack != LISTS_PLAIN)
        ok = (pipe->packed = malloc(PACKED_ROOM)) != NULL;
    if (ok && pipe->pack == LISTS_GZ)
        ok = pipe->has_gz =
            deflateInit2(&pipe->gz, GZ_LEVEL, Z_DEFLATED, GZ_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    if (ok && pipe->pack == LISTS_ZSTD)
        ok = (pipe->zstd = ZSTD_createCCtx()) != NULL &&
             !ZSTD_isError(
                 ZSTD_CCtx_setParameter(pipe->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
             !ZSTD_isError(ZSTD_CCtx_setParameter(pipe->zstd, ZSTD_c_checksumFlag, 1));
    return ok;
}

enum err lists_pipe_new(int fd, enum lists_pack pack, struct lists_pipe **out)
{
    struct lists_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe)
        return ERR_MEMORY;
    pthread_mutex_init(&pipe->lock, NULL);
    pthread_cond_init(&pipe->moved, NULL);
    pipe->fd = fd;
    pipe->pack = pack;
    bool ok = prepare(pipe);
    if (ok) {
        sha256_begin(pipe->sha);
        ok = pipe->has_thread = pthread_create(&pipe->thread, NULL, writer, pipe) == 0;
    }
    if (!ok) {
        lists_pipe_free(pipe);
        return ERR_MEMORY;
    }
    *out = pipe;
    return ERR_OK;
}

static void stop_thread(struct lists_pipe *pipe)
{
    if (!pipe->has_thread)
        return;
    pthread_mutex_lock(&pipe->lock);
    pipe->ending = true;
    pthread_cond_broadcast(&pipe->moved);
    pthread_mutex_unlock(&pipe->lock);
    pthread_join(pipe->thread, NULL);
    pipe->has_thread = false;
}

void lists_pipe_free(struct lists_pipe *pipe)
{
    if (!pipe)
        return;
    stop_thread(pipe);
    for (unsigned i = 0; i < PIECES; i++)
        free(pipe->piece[i].p);
    if (pipe->has_gz)
        deflateEnd(&pipe->gz);
    ZSTD_freeCCtx(pipe->zstd);
    sha256_free(pipe->sha);
    free(pipe->packed);
    pthread_cond_destroy(&pipe->moved);
    pthread_mutex_destroy(&pipe->lock);
    free(pipe);
}

/* The piece that is filled goes to the writer; the next one is free when this returns. */
static void give(struct lists_pipe *pipe)
{
    pthread_mutex_lock(&pipe->lock);
    pipe->given++;
    pthread_cond_broadcast(&pipe->moved);
    while (pipe->given - pipe->taken >= PIECES)
        pthread_cond_wait(&pipe->moved, &pipe->lock);
    pthread_mutex_unlock(&pipe->lock);
    pipe->filling = (pipe->filling + 1) % PIECES;
    pipe->piece[pipe->filling].n = 0;
    pipe->piece[pipe->filling].hash_only = false;
}

uint8_t *lists_pipe_room(struct lists_pipe *pipe, size_t n)
{
    struct piece *piece = &pipe->piece[pipe->filling];
    if (PIECE - piece->n < n) {
        give(pipe);
        piece = &pipe->piece[pipe->filling];
    }
    return piece->p + piece->n;
}

void lists_pipe_took(struct lists_pipe *pipe, size_t n)
{
    pipe->piece[pipe->filling].n += n;
}

void lists_pipe_put(struct lists_pipe *pipe, const void *p, size_t n)
{
    if (n)
        memcpy(lists_pipe_room(pipe, n), p, n);
    lists_pipe_took(pipe, n);
}

void lists_pipe_hash(struct lists_pipe *pipe, const void *p, size_t n)
{
    give(pipe);
    pipe->piece[pipe->filling].hash_only = true;
    lists_pipe_put(pipe, p, n);
    give(pipe);
}

static void drain(struct lists_pipe *pipe)
{
    give(pipe);
    pthread_mutex_lock(&pipe->lock);
    while (pipe->taken != pipe->given)
        pthread_cond_wait(&pipe->moved, &pipe->lock);
    pthread_mutex_unlock(&pipe->lock);
}

void lists_pipe_digest(struct lists_pipe *pipe, uint8_t out[SHA256_BYTES])
{
    drain(pipe);
    sha256_end(pipe->sha, out);
    pipe->hashed = true;
}

enum err lists_pipe_end(struct lists_pipe *pipe, bool lasting, struct lists_piped *out,
                        struct fault *fault)
{
    drain(pipe);
    stop_thread(pipe);
    if (!pipe->err && pipe->pack != LISTS_PLAIN)
        write_piece(pipe, pipe->packed, 0, true);
    if (!pipe->err && lasting && fsync(pipe->fd)) {
        pipe->err = ERR_FILE_WRITE;
        pipe->why = errno;
    }
    if (pipe->err)
        return fault_set(fault, pipe->err, "a list: %s", strerror(pipe->why));
    *out = (struct lists_piped){pipe->text_bytes, pipe->file_bytes};
    return ERR_OK;
}
