/* SPDX-License-Identifier: Apache-2.0
 *
 * eir_parts - a running node from inside: what the files eir_*.c share. Nothing else includes it. */
#ifndef CMD_EIR_PARTS_H
#define CMD_EIR_PARTS_H

#include <stdatomic.h>

#include "cmd/eir.h"
#include "n5geir/n5geir.h"
#include "node/asker_names.h"
#include "node/check_log.h"
#include "node/follow.h"
#include "node/nrf.h"
#include "node/peer_names.h"
#include "node/sightings.h"
#include "node/status_face.h"
#include "s13/s13.h"
#include "wire/engine.h"

#ifndef TAMGA_VERSION
#define TAMGA_VERSION "0.1.0"
#endif

enum {
    EIR_STOP_US = 5000000,
    EIR_STATUS_CONNECTIONS = 64,
};

struct eir {
    _Atomic(const struct node_settings *) settings; /* a reload gives others; all outlive it */
    _Atomic(struct peer_names *) peers;             /* likewise, with all before it behind it */
    struct asker_names *amfs;                       /* of N5g-eir */
    const struct clock *clock;
    struct node_key key;
    struct node_status status;
    unsigned workers;
    struct desk *desks; /* one a worker, as all arrays here */
    struct counts **counts;
    struct ring **checks;     /* NULL: no check log */
    struct ring **first_uses; /* NULL: nobody to tell */
    char spool[NODE_TEXT + 16];
    char agent[64];
    atomic_bool log_white;
    struct views *views;
    struct follow *follow;
    struct sightings *sightings;
    struct check_log *log;
    struct engine_tls *s13_tls, *n5g_tls;
    struct s13 *s13;
    struct nrf *nrf; /* NULL: it is registered nowhere */
    struct n5g_settings n5g;
    struct status_sources sources;
    struct engine
        *status_engine; /* /metrics and /healthz: from before there is a view; NULL: none */
    _Atomic(struct engine *) engine; /* of the faces */
    int lock;                        /* of the directory; -1: none */
    atomic_llong said_second;
    atomic_uint said, unsaid;
};

struct link_options eir_link(const struct eir *eir); /* the node's way to the register */

/* eir_workers.c: before the engine there are workers' desks, counts, rings. ERR_MEMORY. */
MUST_USE enum err eir_make_workers(struct eir *eir);
void eir_free_workers(struct eir *eir);
void *eir_worker_open(void *eir, unsigned worker); /* as engine_options wants them */
void eir_worker_turn(void *worker_ctx, int64_t now_us);

/* eir_told.c */
void eir_on_dropped(void *eir, const struct line *line, const char *why);
void eir_on_s13(void *eir, const struct s13_told *told);
void eir_say_listen(const struct engine *engine, const struct engine_listener *l, size_t i);
/* Before there is anything to answer from, so that who watches the node sees that it waits. */
MUST_USE enum err eir_start_status(struct eir *eir, struct fault *fault);

#endif
