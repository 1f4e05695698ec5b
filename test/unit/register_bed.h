/* SPDX-License-Identifier: Apache-2.0
 *
 * register_bed - a register of a test's own that a node asks over HTTP: a feed, a snapshot and parts of it, and how it
 * refuses. What it answers is signed; when it answers what, the test says. What cannot be done fails the test. */
#ifndef UNIT_REGISTER_BED_H
#define UNIT_REGISTER_BED_H

#include <pthread.h>
#include <stdatomic.h>

#include "node_bed.h"

enum { REGISTER_ANSWERS = 64 };

struct register_bed {
    struct node_bed *bed; /* its directory is the register's */
    struct copy *own;     /* what the register knows */
    char url[64];
    /* how it answers */
    atomic_bool away;     /* 503 to all */
    atomic_bool no_parts; /* 429 to who asks for TACs: as many sets as are kept */
    atomic_bool crowded;  /* 429 to all: too often */
    atomic_uint parts_refused, parts_given, wholes_given;
    /* of the threads that answer and change it */
    pthread_mutex_t lock;
    struct buf blocks[REGISTER_ANSWERS];
    uint64_t seqs[REGISTER_ANSWERS]; /* of the first of each */
    unsigned count;
    struct buf snapshot;
    int listener;
    atomic_bool stopping;
    pthread_t thread;
};

/* Empty, with a snapshot of SEQ 1. */
struct register_bed *register_new(void);
void register_free(struct register_bed *r);
/* A row of one device, in a block of its own. */
void register_row(struct register_bed *r, uint64_t body, uint8_t before, uint8_t after);
/* A new snapshot, of all that is there. Its SEQ. */
uint64_t register_snapshot(struct register_bed *r);
/* Writes the snapshot as a node's own. */
void register_give(struct register_bed *r, const char *directory);

#endif
