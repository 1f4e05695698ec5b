/* SPDX-License-Identifier: Apache-2.0
 *
 * engine - sockets for faces: a thread and an epoll for each worker, listeners that share their
 * address (SO_REUSEPORT), TLS where a listener has it, TCP_NODELAY always, back-pressure, limits.
 *
 * Expected workload: some dozens of network elements with hundreds of questions in flight each; ten
 * thousand idle or hostile connections beside them. One turn of a worker: read what a line has
 * (up to 64 kB), let the face answer all of it, send it in one write. */
#ifndef WIRE_ENGINE_H
#define WIRE_ENGINE_H

#include "wire/line.h"

struct engine;

struct engine_listener {
    const struct line_face *face;
    void *face_ctx;
    const char *address; /* "127.0.0.1", "::1", "0.0.0.0" */
    uint16_t port;       /* 0: any that is free */
    bool sctp; /* one-to-one SCTP (RFC 6458 4); ERR_UNAVAILABLE where the kernel has none */
    struct engine_tls *tls; /* NULL: none */
};

/* TLS 1.2 and 1.3 by OpenSSL. clients: PEM of authorities; a client without a certificate of theirs
 * is refused; NULL: none is asked for. alpn: "h2" or NULL. ERR_TLS with the file in fault. */
struct engine_tls;
MUST_USE enum err engine_tls_new(const char *certificate, const char *key, const char *clients,
                                 const char *alpn, struct engine_tls **out, struct fault *fault);
void engine_tls_free(struct engine_tls *tls);

struct engine_options {
    unsigned workers;         /* threads; 0: one for each processor */
    unsigned connections_max; /* of the whole engine; 0: LIMIT_WIRE_CONNECTIONS */
    int64_t stop_us;          /* for what is in flight when it stops */
    /* Called in the worker's thread before its first line, and at its end. */
    void *(*worker_open)(void *ctx, unsigned worker);
    void (*worker_close)(void *ctx, void *worker_ctx);
    /* Before the lines of each turn: what the worker refreshes once (its view, its clock). */
    void (*worker_turn)(void *worker_ctx, int64_t now_us);
    void *ctx;
};

/* Begins to listen, answers nothing before engine_run. */
MUST_USE enum err engine_new(const struct engine_options *options,
                             const struct engine_listener *listeners, size_t n, struct engine **out,
                             struct fault *fault);
uint16_t engine_port(const struct engine *engine, size_t listener);
/* Another end that we call, again and again with back-off, until it stops. */
MUST_USE enum err engine_connect(struct engine *engine, const struct engine_listener *to);
MUST_USE enum err engine_run(struct engine *engine); /* starts the workers */
/* No new connections; each line's stop; ends when all are closed or stop_us is over. */
void engine_stop(struct engine *engine);
void engine_free(struct engine *engine);

struct engine_counts {
    uint64_t open, accepted, refused, dropped; /* connections */
    uint64_t bytes_in, bytes_out;
};
struct engine_counts engine_counts(const struct engine *engine);

#endif
