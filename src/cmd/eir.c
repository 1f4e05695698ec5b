/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/eir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "n5geir/n5geir.h"
#include "node/check_log.h"
#include "node/follow.h"
#include "node/say.h"
#include "node/sightings.h"
#include "node/status_face.h"
#include "s13/s13.h"
#include "wire/engine.h"

#ifndef TAMGA_VERSION
#define TAMGA_VERSION "0.1.0"
#endif

enum {
    STOP_US = 5000000,
    LISTENERS = 2 * LIMIT_NODE_LISTEN,
    SCTP_DIAMETER = 46, /* RFC 6733 2.1.1 */
    SAID_A_SECOND = 20, /* lines about connections */
    STATUS_CONNECTIONS = 64,
    SPARE_FILES = 64, /* the node's own: spool, feed's log, snapshots, check log, its questions */
    WORKER_FILES = 8, /* of each worker, and each listener: epoll, wakes, sockets */
    LEAST_CONNECTIONS = 16,
};

/* Who may ask, by the place that counts it: a pattern keeps its place whatever a reload adds or removes. An
 * empty one matches nobody. One that is new takes a place that never was used, then one that is no more. */
struct peer_names {
    struct peer_names *older;
    bool live[LIMIT_NODE_PEERS];
    char text[LIMIT_NODE_PEERS][NODE_PEER];
};

struct eir {
    _Atomic(const struct node_settings *) settings; /* a reload gives others; all outlive it */
    _Atomic(struct peer_names *) peers;             /* likewise, with all before it behind it */
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
    struct n5g_settings n5g;
    struct status_sources sources;
    struct engine
        *status_engine; /* /metrics and /healthz: from before there is a view; NULL: none */
    _Atomic(struct engine *) engine; /* of the faces */
    int lock;                        /* of the directory; -1: none */
    atomic_llong said_second;
    atomic_uint said, unsaid;
};

/* ---- workers ---- */

static void *worker_open(void *ctx, unsigned worker)
{
    struct eir *eir = ctx;
    struct desk_options with = {.views = eir->views,
                                .slot = views_slot(eir->views, worker),
                                .clock = eir->clock,
                                .counts = eir->counts[worker],
                                .checks = eir->checks ? eir->checks[worker] : NULL,
                                .log_white = &eir->log_white,
                                .sightings = eir->first_uses ? eir->first_uses[worker] : NULL};
    desk_init(&eir->desks[worker], &with);
    return &eir->desks[worker];
}

static void worker_turn(void *worker_ctx, int64_t now_us)
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

static enum err make_workers(struct eir *eir)
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

/* ---- what is said of connections ---- */

/* At most some lines a second: strangers knock as often as they like. */
static bool may_say(struct eir *eir)
{
    long long second = clock_monotonic_us() / 1000000;
    if (atomic_exchange(&eir->said_second, second) != second) {
        unsigned unsaid = atomic_exchange(&eir->unsaid, 0);
        atomic_store(&eir->said, 0);
        if (unsaid)
            say(SAY_WARNING, "event=connections_unsaid count=%u", unsaid);
    }
    if (atomic_fetch_add(&eir->said, 1) < SAID_A_SECOND)
        return true;
    atomic_fetch_add(&eir->unsaid, 1);
    return false;
}

static void on_dropped(void *ctx, const struct line *line, const char *why)
{
    if (may_say(ctx))
        say(SAY_INFO, "event=dropped address=%.*s why=\"%s\"", STR_ARG(line->address), why);
}

static void on_s13(void *ctx, const struct s13_told *told)
{
    static const char *const events[S13_EVENTS] = {"peer_open", "peer_refused", "peer_silent",
                                                   "peer_faulty", "peer_closed"};
    if (may_say(ctx))
        say(told->event == S13_OPEN || told->event == S13_CLOSED ? SAY_INFO : SAY_WARNING,
            "event=%s origin=\"%.*s\" address=%.*s result=%u", events[told->event],
            STR_ARG(told->origin), STR_ARG(told->address), told->result);
}

static struct status_lines lines_of(void *ctx)
{
    struct eir *eir = ctx;
    struct engine *engine = atomic_load(&eir->engine);
    struct engine_counts c = {0};
    if (engine)
        c = engine_counts(engine);
    return (struct status_lines){c.open,      c.accepted, c.refused,  c.dropped,
                                 c.connected, c.bytes_in, c.bytes_out};
}

static struct str peer_of(void *ctx, unsigned number)
{
    struct eir *eir = ctx;
    const struct peer_names *names = atomic_load(&eir->peers);
    return names && number && number <= LIMIT_NODE_PEERS ? str_z(names->text[number - 1]) : STR("");
}

/* ---- who may ask ---- */

static unsigned place_for(const struct peer_names *names, const char *pattern)
{
    unsigned unused = LIMIT_NODE_PEERS, gone = LIMIT_NODE_PEERS;
    for (unsigned i = LIMIT_NODE_PEERS; i-- > 0;) {
        if (strcmp(names->text[i], pattern) == 0)
            return i;
        if (!*names->text[i])
            unused = i;
        else if (!names->live[i])
            gone = i;
    }
    return unused < LIMIT_NODE_PEERS ? unused : gone;
}

/* NULL: no memory. */
static struct peer_names *name_peers(struct peer_names *before, const struct node_settings *s)
{
    struct peer_names *names = calloc(1, sizeof *names);
    if (!names)
        return NULL;
    if (before)
        memcpy(names->text, before->text, sizeof names->text);
    names->older = before;
    for (unsigned pass = 0; pass < 2;
         pass++) /* those that have a place, then those that want one */
        for (unsigned i = 0; i < s->peer_count; i++) {
            unsigned at = place_for(names, s->peers[i]);
            bool known = at < LIMIT_NODE_PEERS && strcmp(names->text[at], s->peers[i]) == 0;
            if (at == LIMIT_NODE_PEERS || known != (pass == 0))
                continue;
            str_copy(names->text[at], NODE_PEER, str_z(s->peers[i]));
            names->live[at] = true;
        }
    return names;
}

static void list_peers(const struct peer_names *names, struct str out[LIMIT_NODE_PEERS])
{
    for (unsigned i = 0; i < LIMIT_NODE_PEERS; i++)
        out[i] = names->live[i] ? str_z(names->text[i]) : STR("");
}

static void free_peers(struct peer_names *names)
{
    for (struct peer_names *older; names; names = older) {
        older = names->older;
        free(names);
    }
}

static enum err allow_peers(struct eir *eir, const struct node_settings *settings)
{
    struct str allow[LIMIT_NODE_PEERS];
    struct peer_names *names = name_peers(atomic_load(&eir->peers), settings);
    if (!names)
        return ERR_MEMORY;
    list_peers(names, allow);
    enum err err = eir->s13 ? s13_allow(eir->s13, allow, LIMIT_NODE_PEERS) : ERR_OK;
    if (err)
        free(names);
    else
        atomic_store(&eir->peers, names);
    return err;
}

/* ---- putting together ---- */

static enum err make_tls(const struct node_face *face, const char *alpn, struct engine_tls **out,
                         struct fault *fault)
{
    if (!*face->certificate)
        return ERR_OK;
    return engine_tls_new(face->certificate, face->tls_key, *face->clients ? face->clients : NULL,
                          alpn, out, fault);
}

static enum err make_s13(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    struct str allow[LIMIT_NODE_PEERS];
    struct peer_names *names = name_peers(NULL, s);
    if (!names)
        return ERR_MEMORY;
    atomic_store(&eir->peers, names);
    list_peers(names, allow);
    struct s13_settings with = {.identity = str_z(s->identity),
                                .realm = str_z(s->realm),
                                .allow = allow,
                                .allow_count = LIMIT_NODE_PEERS,
                                .origin_state = (uint32_t)(clock_now_us(&clock_system) / 1000000),
                                .tw_seconds = s->watchdog_seconds,
                                .rate_max = s->rate_max,
                                .many = s->several,
                                .tell = on_s13,
                                .tell_ctx = eir};
    return s13_new(&with, &eir->s13, fault);
}

static void on_restored(void *ctx)
{
    struct eir *eir = ctx;
    sightings_forget(eir->sightings);
}

static struct link_options link_of(const struct eir *eir)
{
    return (struct link_options){.url = eir->settings->registry,
                                 .api_key = eir->key.api_key,
                                 .ca = eir->settings->registry_ca,
                                 .agent = eir->agent};
}

static enum err make_follow(struct eir *eir)
{
    static const uint8_t overrides[] = {OVERRIDE_NONE, OVERRIDE_GREY, OVERRIDE_WHITE};
    const struct node_settings *s = eir->settings;
    struct follow_options with = {.copy = {s->directory, &eir->key, eir->clock},
                                  .link = link_of(eir),
                                  .views = eir->views,
                                  .status = &eir->status,
                                  .settings = s->network,
                                  .stale_after_us = s->stale_after_hours * 3600000000LL,
                                  .stale_override = overrides[s->stale],
                                  .log_bytes = s->feed_log_bytes,
                                  .snapshot = *s->snapshot ? s->snapshot : NULL,
                                  .on_restored = on_restored,
                                  .ctx = eir};
    return follow_new(&with, &eir->follow);
}

enum err eir_new(const struct node_settings *settings, const struct clock *clock, struct eir **out,
                 struct fault *fault)
{
    struct eir *eir = calloc(1, sizeof *eir);
    if (!eir)
        return ERR_MEMORY;
    eir->settings = settings;
    eir->lock = -1;
    eir->clock = clock;
    eir->log_white = settings->log_white;
    eir->n5g.root = str_z(settings->root);
    snprintf(eir->agent, sizeof eir->agent, "tamga-eir/" TAMGA_VERSION);
    snprintf(eir->spool, sizeof eir->spool, "%s/sightings", settings->directory);
    enum err err = node_key_read(settings->key, &eir->key, fault);
    if (!err)
        err = make_tls(&settings->s13, NULL, &eir->s13_tls, fault);
    if (!err)
        err = make_tls(&settings->n5geir, "h2", &eir->n5g_tls, fault);
    if (!err && (settings->s13.listen_count || settings->connect_count))
        err = make_s13(eir, fault);
    if (!err)
        err = make_workers(eir);
    if (!err)
        err = views_new(eir->key.paired ? eir->key.subscriber : NULL, &eir->views);
    if (!err)
        err = make_follow(eir);
    if (err)
        eir_free(eir);
    else
        *out = eir;
    return err;
}

/* ---- starting ---- */

/* How many connections the open-file limit allows, once it is raised as far as it goes: the node's own
 * files are opened while strangers hold all they can. */
static unsigned connection_limit(unsigned workers)
{
    const rlim_t spare = SPARE_FILES + STATUS_CONNECTIONS + WORKER_FILES * (workers + LISTENERS);
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
                                          .link = link_of(eir),
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
                                     .tls = s->connect[i].tls ? eir->s13_tls : NULL};
        err = engine_connect(eir->engine, &to, fault);
    }
    return err;
}

static void say_listen(const struct engine *engine, const struct engine_listener *l, size_t i)
{
    say(SAY_INFO, "event=listen face=%s address=%s port=%u tls=%s", l[i].face->name, l[i].address,
        engine_port(engine, i), l[i].tls ? "yes" : "no");
}

/* Before there is anything to answer from, so that who watches the node sees that it waits. */
static enum err start_status(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    const struct engine_listener listener = {.face = &status_face,
                                             .face_ctx = &eir->sources,
                                             .address = s->metrics.address,
                                             .port = s->metrics.port};
    const struct engine_options with = {.workers = 1,
                                        .connections_max = STATUS_CONNECTIONS,
                                        .stop_us = STOP_US,
                                        .dropped = on_dropped,
                                        .ctx = eir};
    eir->sources = (struct status_sources){.status = &eir->status,
                                           .clock = eir->clock,
                                           .counts = eir->counts,
                                           .checks = eir->checks,
                                           .sightings = eir->first_uses,
                                           .workers = eir->workers,
                                           .lines = lines_of,
                                           .peer = peer_of,
                                           .ctx = eir,
                                           .version = TAMGA_VERSION};
    if (!s->metrics_on)
        return ERR_OK;
    enum err err = engine_new(&with, &listener, 1, &eir->status_engine, fault);
    if (!err)
        err = engine_run(eir->status_engine, fault);
    if (!err)
        say_listen(eir->status_engine, &listener, 0);
    return err;
}

static enum err start_engine(struct eir *eir, struct fault *fault)
{
    struct engine_listener listeners[LISTENERS];
    struct engine *engine;
    size_t n = listeners_of(eir, listeners);
    struct engine_options with = {.workers = eir->workers,
                                  .connections_max = connection_limit(eir->workers),
                                  .stop_us = STOP_US,
                                  .worker_open = worker_open,
                                  .worker_turn = worker_turn,
                                  .dropped = on_dropped,
                                  .ctx = eir};
    enum err err = engine_new(&with, listeners, n, &engine, fault);
    if (err)
        return err;
    atomic_store(&eir->engine, engine);
    err = connect_peers(eir, fault);
    if (!err)
        err = engine_run(engine, fault);
    for (size_t i = 0; !err && i < n; i++)
        say_listen(engine, listeners, i);
    return err;
}

enum err eir_start(struct eir *eir, bool (*stop_asked)(void), struct fault *fault)
{
    say(SAY_INFO, "event=start program=tamga-eir version=" TAMGA_VERSION " name=\"%s\" workers=%u",
        eir->settings->name, eir->workers);
    enum err err = start_writers(eir, fault);
    if (!err)
        err = start_status(eir, fault);
    if (!err)
        err = follow_run(eir->follow);
    if (!err)
        err = wait_for_view(eir, stop_asked, fault);
    if (!err)
        err = start_engine(eir, fault);
    if (!err)
        say(SAY_INFO, "event=ready");
    return err;
}

/* All or nothing, as far as memory goes: what cannot be used changes nothing. */
static enum err apply_settings(struct eir *eir, const struct node_settings *settings,
                               struct fault *fault)
{
    struct view_change change = {.settings = &settings->network};
    enum err err = eir->s13_tls ? engine_tls_reload(eir->s13_tls, fault) : ERR_OK;
    if (!err && eir->n5g_tls)
        err = engine_tls_reload(eir->n5g_tls, fault);
    if (!err)
        err = allow_peers(eir, settings);
    if (!err)
        err = views_publish(eir->views, &change, fault);
    return err;
}

void eir_reload(struct eir *eir, const struct node_settings *settings)
{
    struct fault fault = {0};
    check_log_reopen(eir->log); /* who moved it waits for this, whatever the settings are */
    enum err err = apply_settings(eir, settings, &fault);
    if (err)
        say_fault(SAY_ALARM, "reload", err, &fault);
    if (err && err != ERR_ZONE &&
        err != ERR_ZONE_STALE) /* with these the view is there all the same */
        return;
    eir->settings = settings;
    atomic_store(&eir->log_white, settings->log_white);
    say(SAY_INFO, "event=reload peers=%u unknown=%s", settings->peer_count,
        equipment_name((enum equipment)settings->network.unknown));
}

void eir_free(struct eir *eir)
{
    if (!eir)
        return;
    if (eir->engine) {
        say(SAY_INFO, "event=stopping");
        engine_stop(eir->engine);
    }
    follow_stop(eir->follow);
    engine_free(eir->status_engine); /* before what it shows */
    engine_free(eir->engine);
    s13_free(eir->s13);
    engine_tls_free(eir->s13_tls);
    engine_tls_free(eir->n5g_tls);
    follow_free(eir->follow);
    sightings_free(eir->sightings);
    check_log_free(eir->log);
    views_free(eir->views);
    free_peers(atomic_load(&eir->peers));
    free_rings(eir->checks, eir->workers);
    free_rings(eir->first_uses, eir->workers);
    for (unsigned i = 0; eir->counts && i < eir->workers; i++)
        free(eir->counts[i]);
    free(eir->counts);
    free(eir->desks);
    if (eir->lock >= 0)
        close(eir->lock);
    free(eir);
}
