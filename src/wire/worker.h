/* SPDX-License-Identifier: Apache-2.0
 *
 * worker - the engine's inside, for its own files: engine.c (what others call), worker.c (the loop),
 * accept.c (the door), dial.c (ends that we call), conn.c and conn_*.c (one line).
 *
 * Everything of a worker is touched by its own thread alone, but: the mailbox and the counters
 * (atomic), the engine's options and listeners (constant after engine_new). */
#ifndef WIRE_WORKER_H
#define WIRE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "wire/engine.h"
#include "wire/ring.h"
#include "wire/socket.h"
#include "wire/timers.h"
#include "wire/tls.h"

/* What an event of epoll or a timer is about; first member of each. */
enum source_kind { SOURCE_MAIL, SOURCE_DOOR, SOURCE_CONN, SOURCE_DIAL };
struct source {
    enum source_kind kind;
    struct timer timer;
    struct source *next; /* in a mailbox */
};

struct door { /* a listener; one for all workers */
    struct source source;
    struct engine_listener to; /* address: NULL, not needed any more */
    uint16_t port;
    int fd;
};

struct dial { /* another end that we call */
    struct source source;
    struct engine_listener to; /* address: owned */
    struct worker *worker;
    struct conn *conn; /* NULL: between two calls */
    unsigned failures; /* in a row */
};

enum conn_state {
    CONN_CALLING,   /* connect is under way */
    CONN_HANDSHAKE, /* TLS */
    CONN_OPEN,      /* the face has it */
    CONN_SENDING,   /* the face is done; the last bytes go out */
    CONN_LINGERING, /* all is sent and said; what still comes is thrown away */
    CONN_DEAD       /* its socket is closed; its memory goes at the end of the turn */
};

struct conn {
    struct source source;
    struct line line;
    struct worker *worker;
    struct dial *dial; /* NULL: they connected */
    const struct engine_listener *from;
    struct tls_line *tls;
    int fd;
    enum conn_state state;
    bool readable, writable; /* as epoll and the last call said: edge-triggered */
    bool ended;              /* the other end sends no more: read until there is nothing */
    bool eof;                /* it was read to the end */
    bool midst;              /* SCTP: of the message that came last there is more to come */
    bool uncalled;           /* rest holds bytes that the face was not asked about */
    bool answered;           /* it heard something of the face */
    uint8_t *rest;           /* what the face left unused */
    size_t rest_n;
    size_t held;         /* bytes that are counted in worker->held */
    bool moved;          /* it got on since it was put in its row */
    size_t owed;         /* of the bytes that wait: must be taken by owed_us + the limit; 0: none */
    int64_t owed_us;     /* since */
    int64_t since_us;    /* of this state */
    int64_t opened_us;   /* since the face has it; 0: it has not had it */
    int64_t used_us;     /* when input last used something */
    struct ring all;     /* the worker's lines */
    struct ring young;   /* those that make room: not answered yet, or lingering; oldest first */
    struct ring holding; /* those that hold memory, the one without progress for longest first */
    struct ring again;   /* those that have more to be read; the dead */
    char address[SOCKET_TEXT];
    char own[]; /* SOCKET_TEXT; of SCTP SOCKET_OWN */
};

struct worker_counts {
    _Atomic uint64_t lines; /* also those on their way to it */
    _Atomic uint64_t accepted, refused, dropped, connected, bytes_in, bytes_out;
};

struct worker {
    struct engine *engine;
    unsigned number;
    pthread_t thread;
    int epoll, mail_fd, spare_fd;
    struct source mail;           /* an eventfd */
    struct source deaf;           /* a timer: the doors are not listened at until then */
    _Atomic(struct source *) box; /* conns and dials that others put here */
    void *ctx;
    int64_t now_us;
    struct timers timers;
    size_t timers_want; /* places that lines and dials need */
    struct ring all, young, holding, again, dead;
    size_t held, held_max;
    bool stopping, deaf_now;
    unsigned handshakes; /* steps of this turn */
    int64_t stop_at_us;
    uint64_t random;
    uint8_t *in, *cipher_in; /* what is read in a turn; in has room for a rest before it */
    size_t in_max;           /* of such a rest */
    struct buf out, cipher;  /* lent to the line whose turn it is */
    struct worker_counts counts;
};

struct engine {
    struct engine_options options;
    struct door *doors;
    size_t door_n;
    struct worker *workers;
    unsigned worker_n, started;
    unsigned connections_max;
    _Atomic unsigned next_dial;
    _Atomic bool stopping;
    _Atomic uint64_t open;
    pthread_mutex_t lock; /* of dials, while engine_connect adds one */
    struct dial **dials;
    size_t dial_n;
    bool running, stopped;
};

static inline void count(_Atomic uint64_t *counter, uint64_t n)
{
    /* One writer: no locked instruction is needed. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* worker.c */
MUST_USE enum err worker_init(struct worker *worker, struct engine *engine, unsigned number);
void worker_release(struct worker *worker);
void *worker_main(void *worker);
/* Puts something into its mailbox and wakes it. From any thread. */
void worker_send(struct worker *worker, struct source *source);
void worker_wake(struct worker *worker);
/* Room for one timer more, to be given back by worker_timers_less. */
bool worker_timers_more(struct worker *worker);
void worker_timers_less(struct worker *worker);
/* Room for a rest of n bytes before what is read. */
bool worker_room(struct worker *worker, size_t n);
uint64_t worker_random(struct worker *worker);

/* accept.c */
bool door_listen(struct worker *worker); /* at all doors */
void door_deafen(struct worker *worker); /* at none */
void door_event(struct worker *worker, struct door *door);
void door_timer(struct worker *worker); /* listens again */

/* dial.c */
void dial_begin(struct dial *dial); /* in its worker's thread; also when its timer is due */
/* Its connection is gone, or none came about; stood_us: how long it was open. Calls again later. */
void dial_lost(struct dial *dial, int64_t stood_us);

/* conn.c: after each call the conn may be dead. */
struct conn *conn_new(int fd, const struct engine_listener *from, struct dial *dial,
                      const union socket_address *address);
void conn_free(struct conn *conn); /* one that no worker has */
void conn_enter(struct worker *worker, struct conn *conn);
void conn_event(struct conn *conn, uint32_t events);
void conn_again(struct conn *conn);
void conn_timer(struct conn *conn);
void conn_stop(struct conn *conn);

/* conn_keep.c */
/* The worker's buffers while it is the line's turn; afterwards its timer, its place in the rows. */
void conn_borrow(struct conn *conn);
void conn_settle(struct conn *conn);
/* Not read while more than this waits for it. */
size_t conn_out_max(const struct conn *conn);
int64_t conn_due_us(const struct conn *conn); /* TIMER_NEVER: never */

/* conn_io.c */
/* Plain bytes to p, LIMIT_WIRE_READ at most, with TLS some more (worker_room has them). 0: there are
 * none now, it is read to the end, or it is dead. */
size_t conn_read(struct conn *conn, uint8_t *p);
bool conn_fill(struct conn *conn); /* is there ciphertext to be read? */
/* Sends what waits, as far as the socket takes it. */
void conn_flush(struct conn *conn);
void conn_tls_lost(struct conn *conn); /* TLS failed: says why, ends */

/* conn_face.c */
void conn_serve(struct conn *conn); /* reads, lets the face answer, sends */
void conn_obey(struct conn *conn, enum line_next next);

/* conn_end.c */
/* The face is done with it: sends what waits, then closes. */
void conn_finish(struct conn *conn);
/* Closes now. why: told and counted as dropped; NULL: nobody's fault. */
void conn_drop(struct conn *conn, const char *why);
/* As conn_drop, but what waits is sent before. */
void conn_dismiss(struct conn *conn, const char *why);
/* The line's turn after conn_finish. */
void conn_go_on_ending(struct conn *conn);
void conn_tell(const struct conn *conn, const char *why);

static inline size_t conn_waiting(const struct conn *conn)
{
    return conn->line.out.n + (conn->tls ? conn->tls->cipher.n : 0);
}

#endif
