/* SPDX-License-Identifier: Apache-2.0
 *
 * eir_start - a node that was put together begins: its writers, its copy of the register, its faces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "cmd/eir_parts.h"
#include "node/say.h"

enum {
    LISTENERS = 2 * LIMIT_NODE_LISTEN,
    SCTP_DIAMETER = 46, /* RFC 6733 2.1.1 */
    SPARE_FILES = 64,   /* the node's own: spool, feed's log, snapshots, check log, its questions */
    WORKER_FILES = 8,   /* of each worker, and each listener: epoll, wakes, sockets */
    LEAST_CONNECTIONS = 16,
};

/* How many connections the open-file limit allows, once it is raised as far as it goes: the node's own
 * files are opened while strangers hold all they can. */
static unsigned connection_limit(unsigned workers)
{
    const rlim_t spare =
        SPARE_FILES + EIR_STATUS_CONNECTIONS + WORKER_FILES * (workers + LISTENERS);
    const rlim_t want = LIMIT_WIRE_CONNECTIONS + spare;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return LEAST_CONNECTIONS;
    if (files.rlim_cur < want) {
        struct rlimit more = {files.rlim_max < want ? files.rlim_max : want, files.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            files = more;
    }
    if (files.rlim_cur >= want)
        return LIMIT_WIRE_CONNECTIONS;
    unsigned left = files.rlim_cur > spare ? (unsigned)(files.rlim_cur - spare) : 0;
    left = left > LEAST_CONNECTIONS ? left : LEAST_CONNECTIONS;
    say(SAY_WARNING, "event=open_files limit=%llu connections=%u",
        (unsigned long long)files.rlim_cur, left);
    return left;
}

/* The directory is one node's. */
static enum err lock_directory(struct eir *eir, struct fault *fault)
{
    const char *directory = eir->settings->directory;
    char path[NODE_TEXT + 8];
    snprintf(path, sizeof path, "%s/lock", directory);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", directory, strerror(errno));
    eir->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (eir->lock < 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", path, strerror(errno));
    if (flock(eir->lock, LOCK_EX | LOCK_NB) != 0)
        return fault_set(fault, ERR_UNAVAILABLE, "another node works in %s", directory);
    return ERR_OK;
}

static enum err start_writers(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    struct check_log_options log = {.file = s->log_file,
                                    .max_bytes = s->log_max_bytes,
                                    .keep = s->log_keep,
                                    .rings = eir->checks,
                                    .ring_count = eir->workers,
                                    .status = &eir->status};
    struct sightings_options sightings = {.directory = eir->spool,
                                          .max_bytes = s->sightings_bytes,
                                          .link = eir_link(eir),
                                          .rings = eir->first_uses,
                                          .ring_count = eir->workers,
                                          .status = &eir->status};
    enum err err = *s->registry ? lock_directory(eir, fault) : ERR_OK;
    if (!err && eir->checks)
        err = check_log_new(&log, &eir->log, fault);
    if (!err && eir->first_uses)
        err = sightings_new(&sightings, &eir->sightings, fault);
    return err;
}

static enum err wait_for_view(struct eir *eir, bool (*stop_asked)(void), struct fault *fault)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    enum err err;
    while (!follow_opened(eir->follow, &err, fault)) {
        if (stop_asked())
            return ERR_STOPPED;
        nanosleep(&pause, NULL);
    }
    return err;
}

static void add_listeners(const struct node_face *face, const struct engine_listener *like,
                          struct engine_tls *tls, struct engine_listener *out, size_t *n)
{
    for (unsigned i = 0; i < face->listen_count; i++) {
        const struct node_listen *l = &face->listen[i];
        struct engine_listener *to = &out[(*n)++];
        *to = *like;
        to->address = l->address;
        to->port = l->port;
        to->sctp = l->sctp;
        to->tls = l->tls ? tls : NULL;
    }
}

static size_t listeners_of(struct eir *eir, struct engine_listener *out)
{
    const struct node_settings *s = eir->settings;
    const struct engine_listener s13 = {
        .face = &s13_face, .face_ctx = eir->s13, .sctp_ppid = SCTP_DIAMETER};
    const struct engine_listener n5g = {.face = &n5g_face, .face_ctx = &eir->n5g};
    size_t n = 0;
    add_listeners(&s->s13, &s13, eir->s13_tls, out, &n);
    add_listeners(&s->n5geir, &n5g, eir->n5g_tls, out, &n);
    return n;
}

static enum err connect_peers(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    enum err err = ERR_OK;
    for (unsigned i = 0; !err && i < s->connect_count; i++) {
        struct engine_listener to = {.face = &s13_face,
                                     .face_ctx = eir->s13,
                                     .address = s->connect[i].address,
                                     .port = s->connect[i].port,
                                     .sctp_ppid = SCTP_DIAMETER,
                                     .sctp = s->connect[i].sctp,
                                     .tls = s->connect[i].tls ? eir->s13_tls : NULL};
        err = engine_connect(eir->engine, &to, fault);
    }
    return err;
}

static enum err start_engine(struct eir *eir, struct fault *fault)
{
    struct engine_listener listeners[LISTENERS];
    struct engine *engine;
    size_t n = listeners_of(eir, listeners);
    struct engine_options with = {.workers = eir->workers,
                                  .connections_max = connection_limit(eir->workers),
                                  .stop_us = EIR_STOP_US,
                                  .worker_open = eir_worker_open,
                                  .worker_turn = eir_worker_turn,
                                  .dropped = eir_on_dropped,
                                  .ctx = eir};
    enum err err = engine_new(&with, listeners, n, &engine, fault);
    if (err)
        return err;
    atomic_store(&eir->engine, engine);
    err = connect_peers(eir, fault);
    if (!err)
        err = engine_run(engine, fault);
    for (size_t i = 0; !err && i < n; i++)
        eir_say_listen(engine, listeners, i);
    return err;
}

/* As what it is announced: as the settings say, or as it listens. */
static struct nrf_self self_of(const struct eir *eir)
{
    const struct node_settings *s = eir->settings;
    const struct node_face *face = s->nrf.face.listen_count ? &s->nrf.face : &s->n5geir;
    struct nrf_self self = {.settings = s, .endpoint_count = face->listen_count};
    for (unsigned i = 0; i < face->listen_count; i++) {
        self.endpoints[i] = face->listen[i];
        if (face == &s->n5geir)
            self.endpoints[i].port = engine_port(eir->engine, s->s13.listen_count + i);
    }
    return self;
}

static enum err start_nrf(struct eir *eir)
{
    const struct nrf_options with = {.self = self_of(eir),
                                     .agent = "5G_EIR-tamga-eir/" TAMGA_VERSION,
                                     .workers = eir->workers,
                                     .status = &eir->status};
    return eir->settings->nrf.address_count ? nrf_new(&with, &eir->nrf) : ERR_OK;
}

enum err eir_start(struct eir *eir, bool (*stop_asked)(void), struct fault *fault)
{
    say(SAY_INFO, "event=start program=tamga-eir version=" TAMGA_VERSION " name=\"%s\" workers=%u",
        eir->settings->name, eir->workers);
    enum err err = start_writers(eir, fault);
    if (!err)
        err = eir_start_status(eir, fault);
    if (!err)
        err = follow_run(eir->follow);
    if (!err)
        err = wait_for_view(eir, stop_asked, fault);
    if (!err)
        err = start_engine(eir, fault);
    if (!err)
        err = start_nrf(eir);
    if (!err)
        say(SAY_INFO, "event=ready");
    return err;
}
