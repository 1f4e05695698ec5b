/* SPDX-License-Identifier: Apache-2.0
 *
 * portal_house - what portal.c opens and closes, for the two who live in it: the thread that settles what waits
 * (portal_settle.c), and the visits (portal_visit.c). Nobody else looks in here. */
#ifndef PORTAL_HOUSE_H
#define PORTAL_HOUSE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "cases/inquiry.h"
#include "portal/portal.h"

enum { PORTAL_READERS_MAX = 64 };

struct portal {
    struct registry *writer; /* the committer's alone */
    struct committer *committer;
    struct registry *hand; /* of use cases that take no committer: one request at a time */
    pthread_mutex_t hand_lock;
    struct audit_log *log;
    struct eds_port eds;
    struct oidc *oidc;
    bool app_door;
    struct check_sources sources;
    struct inquiry *inquiry; /* puts the questions of typed applications */
    struct paper_place papers;
    struct outbox_port outbox;
    struct hours hours;
    unsigned second_from;
    struct demo *demo;
    const struct operators *operators; /* borrowed; NULL */
    struct pace *looks;
    char nca_layer[LIMIT_CONNECT / 2];
    char connect[LIMIT_CONNECT];
    bool secure;
    sem_t sign_ins;   /* that may be at work at once, so that checks go on */
    atomic_bool away; /* the database: the worker asks every second whether it is back */

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t given_back;
    struct registry *free[PORTAL_READERS_MAX];
    unsigned free_count;

    struct bulk_worker *bulk; /* NULL: no place for uploads */
    struct figures_worker *figures;
    struct reports_worker *reports;

    pthread_cond_t work;
    bool woken;
    atomic_bool stopping;
    struct registry *worker_reg;
    pthread_t worker;
    bool working;
};

/* The thread that settles what waits, until `stopping`; arg: struct portal. */
void *portal_settle(void *arg);

#endif
