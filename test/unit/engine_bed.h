/* SPDX-License-Identifier: Apache-2.0
 *
 * engine_bed - an engine with an echo for a face, and clients of it over loopback. A message is two
 * bytes of length (big-endian, of all of it) and what is said; the answer is the same bytes. Some
 * first bytes ask for more: see struct echo. */
#ifndef UNIT_ENGINE_BED_H
#define UNIT_ENGINE_BED_H

#include <pthread.h>
#include <stdatomic.h>

#include "wire/engine.h"

enum {
    ECHO_HEAD = 2,
    ECHO_MAX = 4096,  /* bytes of a message */
    ECHO_CLOSE = 'C', /* echoes, closes */
    ECHO_DROP = 'D',  /* drops */
    ECHO_LATER = 'L', /* echoes its 3rd byte after as many milliseconds as the 2nd says */
    ECHO_MUCH = 'M',  /* answers with 1000 messages */
    ECHO_WHO = 'W',   /* answers with the name in the certificate */
    ECHO_WHERE = 'A', /* answers with address, blank, own */
};

/* What the face does and saw. */
struct echo {
    _Atomic uint64_t opened, closed, inputs, stopped, turns;
    _Atomic uint64_t workers_opened, workers_closed;
    _Atomic uint64_t waiting_most; /* bytes in out when input was called */
    _Atomic bool stays;            /* stop: LINE_ON, until a message ECHO_CLOSE comes */
    _Atomic bool greets;           /* open: says "\0\3H" where it called */
    char why[128];                 /* of the last drop; read after engine_stop, or by echo_why */
    pthread_mutex_t lock;
};

struct bed_worker {
    struct echo *echo;
    _Atomic uint64_t opened;
};

struct bed {
    struct echo echo;
    struct bed_worker workers[4];
    struct line_face face;
    struct engine *engine;
    uint16_t port;
};

struct bed_wish {
    unsigned workers, connections_max;
    int64_t idle_us, stop_us, stuck_us, handshake_us;
    size_t held_max;
    struct engine_tls *tls;
    const char *address; /* NULL: 127.0.0.1 */
    bool not_yet;        /* engine_run is the test's */
};

/* NULL: it cannot listen at the address that was wished for. */
struct bed *bed_new(const struct bed_wish *wish);
void bed_free(struct bed *bed);
bool bed_was_dropped_for(struct bed *bed, const char *why);
/* Waits until it is so, ten seconds at most. */
bool bed_wait_open(const struct bed *bed, uint64_t lines);
bool bed_wait_until(bool (*is_so)(const void *ctx), const void *ctx);

/* A client; reading waits ten seconds at most. */
int client_new(uint16_t port);
void client_send(int fd, const void *p, size_t n);
/* One message of n bytes that begins with what. */
size_t client_message(uint8_t *to, char what, size_t n);
bool client_read(int fd, void *p, size_t n);
/* Is the connection over (by FIN or RST) without a byte more? */
bool client_is_closed(int fd);
/* Says something of n bytes and hears it again. */
bool client_asks(int fd, size_t n);

#endif
