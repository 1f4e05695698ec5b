/* SPDX-License-Identifier: Apache-2.0 */
#include "node/sightings.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mix.h"
#include "node/report.h"
#include "node/say.h"

enum {
    EVERY_MS = 20,
    TAKE = 256,
    SYNC_US = 200000,
    SYNC_RECORDS = 1000,
    AGAIN_SECONDS = 86400,
    SEEN = LIMIT_NODE_SIGHTINGS_SEEN,
};

struct sightings {
    struct sightings_options with;
    struct node_spool *spool;
    struct report *report;
    struct sighting *seen; /* by IMEI, one a place: what was written last; lossy */
    uint64_t unsynced;
    int64_t first_us; /* of what is not synced, monotonic */
    bool failing;
    atomic_bool forget, stopping;
    bool runs;
    pthread_t thread;
};

static struct sighting *place_of(struct sightings *s, struct imei imei)
{
    return &s->seen[mix64(imei.body) & (SEEN - 1)];
}

static void take_one(struct sightings *s, const struct sighting *sighting)
{
    struct node_status *st = s->with.status;
    struct sighting *seen = place_of(s, sighting->imei);
    int64_t since = sighting->time_s - seen->time_s;
    if (seen->time_s && seen->imei.body == sighting->imei.body && since >= 0 &&
        since < AGAIN_SECONDS) {
        count_add(&st->sightings_twice, 1);
        return;
    }
    bool ok = node_spool_add(s->spool, sighting);
    if (ok != !s->failing) {
        s->failing = !ok;
        say(ok ? SAY_INFO : SAY_ALARM, "event=sightings_spool detail=\"%s\"",
            ok ? "is written again" : strerror(errno));
    }
    if (!ok) {
        count_add(&st->sightings_lost, 1);
        return;
    }
    *seen = *sighting;
    count_add(&st->sightings_taken, 1);
    if (!s->unsynced++)
        s->first_us = clock_monotonic_us();
}

static void sync(struct sightings *s, bool at_once)
{
    bool due =
        at_once || s->unsynced >= SYNC_RECORDS || clock_monotonic_us() - s->first_us >= SYNC_US;
    if (!s->unsynced || !due)
        return;
    if (node_spool_sync(s->spool))
        s->unsynced = 0;
    else
        s->first_us = clock_monotonic_us();
}

static size_t drain(struct sightings *s)
{
    struct sighting taken[TAKE];
    size_t n, all = 0;
    if (atomic_exchange(&s->forget, false))
        memset(s->seen, 0, SEEN * sizeof *s->seen);
    for (unsigned i = 0; i < s->with.ring_count; i++)
        while ((n = ring_take(s->with.rings[i], taken, TAKE)) > 0) {
            for (size_t k = 0; k < n; k++)
                take_one(s, &taken[k]);
            all += n;
            sync(s, false);
        }
    return all;
}

static void *run(void *arg)
{
    struct sightings *s = arg;
    const struct timespec pause = {.tv_nsec = EVERY_MS * 1000000L};
    uint64_t files;
    while (!atomic_load(&s->stopping)) {
        if (!drain(s))
            nanosleep(&pause, NULL);
        sync(s, false);
        atomic_store(&s->with.status->spool_bytes, node_spool_bytes(s->spool, &files));
        atomic_store(&s->with.status->spool_files, files);
    }
    drain(s);
    sync(s, true);
    return NULL;
}

static enum err begin(struct sightings *s, struct fault *fault)
{
    s->seen = calloc(SEEN, sizeof *s->seen);
    if (!s->seen)
        return ERR_MEMORY;
    enum err err = node_spool_open(s->with.directory, s->with.max_bytes, &s->spool, fault);
    if (!err && *s->with.link.url)
        err = report_new(&s->with.link, s->spool, s->with.status, &s->report);
    if (err)
        return err;
    s->runs = pthread_create(&s->thread, NULL, run, s) == 0;
    return s->runs ? ERR_OK : ERR_MEMORY;
}

enum err sightings_new(const struct sightings_options *options, struct sightings **out,
                       struct fault *fault)
{
    struct sightings *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    s->with = *options;
    enum err err = begin(s, fault);
    if (err)
        sightings_free(s);
    else
        *out = s;
    return err;
}

void sightings_forget(struct sightings *s)
{
    if (s)
        atomic_store(&s->forget, true);
}

void sightings_free(struct sightings *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    if (s->runs)
        pthread_join(s->thread, NULL);
    report_free(s->report);
    node_spool_close(s->spool);
    free(s->seen);
    free(s);
}
