/* SPDX-License-Identifier: Apache-2.0
 *
 * engine - sockets for faces: a thread and an epoll for each worker, TLS where a listener has it,
 * TCP_NODELAY always, back-pressure, limits.
 *
 * Expected workload: some dozens of network elements with hundreds of questions in flight each; ten
 * thousand idle or hostile connections beside them. One turn of a worker: read what a line has
 * (up to 64 kB), let the face answer all of it, send it in one write. A lone question costs
 * epoll_wait, recv and send, and nothing else.
 *
 * Who gets a connection: a listener is one socket that stands in the epoll of every worker
 * (EPOLLEXCLUSIVE: one wakes), and who accepts hands the connection to the worker with the fewest
 * lines. A socket a worker (SO_REUSEPORT) would spread by a hash: of 4 connections over 2 workers
 * one in eight times all would meet at one worker, and the other would sleep. */
#ifndef WIRE_ENGINE_H
#define WIRE_ENGINE_H

#include "wire/line.h"

struct engine;

struct engine_listener {
    const struct line_face *face;
    void *face_ctx;
    /* "127.0.0.1", "::1", "0.0.0.0"; one end of SCTP has several: "192.0.2.1+198.51.100.1" */
    const char *address;
    uint16_t port; /* 0: any that is free */
    bool sctp;     /* one-to-one SCTP (RFC 6458 4); ERR_UNAVAILABLE where the kernel has none */
    uint32_t sctp_ppid;     /* payload protocol identifier: 46 for Diameter (RFC 6733 2.1.1) */
    struct engine_tls *tls; /* NULL: none. Borrowed until engine_free */
};

/* TLS 1.2 and 1.3 by OpenSSL. certificate (the chain, ours first), key: PEM files. clients: PEM of
 * authorities; a client without a certificate of theirs is refused; NULL: none is asked for. An end
 * that we call is always checked against them. alpn: "h2" or NULL; with it, a client that does not
 * ask for it is refused. ERR_TLS with the file in fault. */
struct engine_tls;
MUST_USE enum err engine_tls_new(const char *certificate, const char *key, const char *clients,
                                 const char *alpn, struct engine_tls **out, struct fault *fault);
/* Reads the files again, for the handshakes to come. Where that fails, all stays as it was. From any
 * thread. */
MUST_USE enum err engine_tls_reload(struct engine_tls *tls, struct fault *fault);
/* The same in two steps, where two faces change together or not at all: *out is for one of the next two. */
struct ssl_ctx_st;
MUST_USE enum err engine_tls_load(struct engine_tls *tls, struct ssl_ctx_st **out,
                                  struct fault *fault);
void engine_tls_use(struct engine_tls *tls, struct ssl_ctx_st *files); /* takes it */
void engine_tls_forget(struct ssl_ctx_st *files);                      /* NULL is allowed */
/* Does the PEM file hold certificates of authorities? ERR_TLS. */
MUST_USE enum err engine_tls_authorities(const char *file, struct fault *fault);
void engine_tls_free(struct engine_tls *tls);

struct engine_options {
    unsigned workers;         /* threads; 0: one for each processor */
    unsigned connections_max; /* of the whole engine; 0: LIMIT_WIRE_CONNECTIONS */
    int64_t stop_us;          /* for what is in flight when it stops */
    int64_t handshake_us;     /* 0: LIMIT_WIRE_TLS_SECONDS */
    int64_t stuck_us;         /* 0: LIMIT_WIRE_STUCK_SECONDS */
    size_t held_max;          /* bytes of unfinished and unsent messages; 0: LIMIT_WIRE_HELD */
    /* Called in the worker's thread before its first line, and at its end. */
    void *(*worker_open)(void *ctx, unsigned worker);
    void (*worker_close)(void *ctx, void *worker_ctx);
    /* Before the lines of each turn: what the worker refreshes once (its view, its clock). */
    void (*worker_turn)(void *worker_ctx, int64_t now_us);
    /* A connection was refused or dropped, and why ("tls: certificate has expired"). In a worker's
     * thread; for the log. */
    void (*dropped)(void *ctx, const struct line *line, const char *why);
    void *ctx;
};

/* Can it be: a numeric address, a kernel with SCTP where that is wanted? ERR_USAGE, ERR_UNAVAILABLE;
 * fault says which. */
MUST_USE enum err engine_check(const struct engine_listener *listener, struct fault *fault);
/* Begins to listen, answers nothing before engine_run. */
MUST_USE enum err engine_new(const struct engine_options *options,
                             const struct engine_listener *listeners, size_t n, struct engine **out,
                             struct fault *fault);
uint16_t engine_port(const struct engine *engine, size_t listener);
/* Another end that we call, again and again with back-off (1 s to 60 s), until it stops. Before or
 * after engine_run. */
MUST_USE enum err engine_connect(struct engine *engine, const struct engine_listener *to,
                                 struct fault *fault);
/* Starts the workers; they take no signals. Once. */
MUST_USE enum err engine_run(struct engine *engine, struct fault *fault);
/* Every worker makes a turn now, so that worker_turn is called. From any thread. */
void engine_poke(struct engine *engine);
/* No new connections; each line's stop; returns when all are closed or stop_us is over. */
void engine_stop(struct engine *engine);
void engine_free(struct engine *engine); /* stops it first; NULL: nothing */

struct engine_counts {
    uint64_t open;                /* connections now */
    uint64_t accepted;            /* that stood, TLS included */
    uint64_t refused;             /* at the door: full, no descriptor */
    uint64_t dropped;             /* idle, too slow, too long, TLS failed, LINE_DROP */
    uint64_t connected;           /* of ours that stood */
    uint64_t bytes_in, bytes_out; /* on the wire */
};
/* From any thread. */
struct engine_counts engine_counts(const struct engine *engine);

#endif
