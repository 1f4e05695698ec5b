/* SPDX-License-Identifier: Apache-2.0
 *
 * s13_load - what s13_load.c prepares and s13_run.c does. */
#ifndef BENCH_S13_LOAD_H
#define BENCH_S13_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "s13_message.h"
#include "spread.h"

enum {
    CONNECTIONS_MAX = 20000,
    ASKED = 1 << 22,
    RING = 1 << 16, /* times of the questions in flight of a connection, at most */
    OUT = 1 << 20,  /* bytes that wait to be sent on a connection */
    OUT_PACED = 1 << 25,
    IN = 1 << 18,
    GOODBYE_MS = 2000,
    WINDOW_MS = 100, /* of a paced run: each has a p99 of its own */
    WINDOWS_MAX = 6000,
};

struct connection {
    int fd;
    bool waits_to_write;
    uint32_t asked, answered; /* ids: of the next question, how many came back */
    size_t out_n, out_sent, in_n;
    int64_t *times; /* of the questions in flight, by the low bits of their ids */
    uint32_t ring;
    uint8_t *out, *in;
    struct s13_template ecr;
    char host[64];
};

/* A run cut in windows: what one stall of the machine spoils is the window in which it fell. */
struct windows {
    struct spread spread; /* of the window that is open */
    int64_t end;
    uint64_t p99[WINDOWS_MAX]; /* ns */
    unsigned n;
};

struct tally {
    struct spread spread;
    struct windows windows;
    uint64_t status[3], none, unknown, busy, wrong, bytes_in;
};

struct load {
    struct connection *c;
    unsigned count, in_flight, next;
    uint16_t port;
    size_t out; /* OUT or OUT_PACED */
    double seconds, warm, rate;
    bool quickack, guests, counting, parting;
    long pid;
    uint64_t seed, known;
    const char *realm;
    struct s13_asked *asked;
    struct s13_digits digits;
    uint64_t sent;       /* of all connections, paced */
    int64_t began, tick; /* tick: before it nothing is sent, paced */
    struct tally tally;
    int poll;
};

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Acknowledges at once, when that was asked for. */
void s13_quickack(const struct load *l, const struct connection *c);
/* Asks for warm and seconds, then hears the rest and says goodbye. */
struct s13_ran {
    double seconds;
    uint64_t ticks; /* of CPU, of the process that is watched */
    uint64_t lost;  /* questions never answered */
};
struct s13_ran s13_run(struct load *l);
/* The median of the p99 of the windows, ns; 0: it was not paced. */
uint64_t s13_window_p99(struct windows *w);

#endif
