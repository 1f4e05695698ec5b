/* SPDX-License-Identifier: Apache-2.0
 *
 * eir_workers - what each worker of a node has: its desk, its counters, its rings. */
#include <stdlib.h>
#include <unistd.h>

#include "cmd/eir_parts.h"

void *eir_worker_open(void *ctx, unsigned worker)
{
    struct eir *eir = ctx;
    struct desk_options with = {.views = eir->views,
                                .slot = views_slot(eir->views, worker),
                                .clock = eir->clock,
                                .counts = eir->counts[worker],
                                .checks = eir->checks ? eir->checks[worker] : NULL,
                                .log_white = &eir->log_white,
                                .sightings = eir->first_uses ? eir->first_uses[worker] : NULL,
                                .worker = worker};
    desk_init(&eir->desks[worker], &with);
    return &eir->desks[worker];
}

void eir_worker_turn(void *worker_ctx, int64_t now_us)
{
    desk_turn(worker_ctx, now_us);
}

static bool make_rings(struct ring ***out, unsigned n, size_t item_bytes, size_t size)
{
    struct ring **rings = calloc(n, sizeof *rings);
    bool ok = rings != NULL;
    for (unsigned i = 0; ok && i < n; i++)
        ok = (rings[i] = ring_new(item_bytes, size)) != NULL;
    *out = rings;
    return ok;
}

static void free_rings(struct ring **rings, unsigned n)
{
    for (unsigned i = 0; rings && i < n; i++)
        ring_free(rings[i]);
    free(rings);
}

enum err eir_make_workers(struct eir *eir)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = eir->settings->threads ? eir->settings->threads : cpus > 0 ? (unsigned)cpus : 1;
    eir->workers = n < LIMIT_NODE_WORKERS ? n : LIMIT_NODE_WORKERS;
    n = eir->workers;
    bool ok = true;
    eir->desks = aligned_alloc(64, (n * sizeof *eir->desks + 63) / 64 * 64);
    eir->counts = calloc(n, sizeof *eir->counts);
    ok = eir->desks && eir->counts;
    for (unsigned i = 0; ok && i < n; i++)
        ok = (eir->counts[i] = calloc(1, sizeof **eir->counts)) != NULL;
    if (ok && *eir->settings->log_file)
        ok = make_rings(&eir->checks, n, sizeof(struct check_record), LIMIT_NODE_CHECKS);
    if (ok && *eir->settings->registry)
        ok = make_rings(&eir->first_uses, n, sizeof(struct sighting), LIMIT_NODE_SIGHTINGS);
    return ok ? ERR_OK : ERR_MEMORY;
}

void eir_free_workers(struct eir *eir)
{
    free_rings(eir->checks, eir->workers);
    free_rings(eir->first_uses, eir->workers);
    for (unsigned i = 0; eir->counts && i < eir->workers; i++)
        free(eir->counts[i]);
    free(eir->counts);
    free(eir->desks);
}
