/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/engine.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "wire/worker.h"

static unsigned processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    return 1;
}

static enum err open_doors(struct engine *engine, const struct engine_listener *listeners, size_t n,
                           struct fault *fault)
{
    engine->doors = calloc(n ? n : 1, sizeof *engine->doors);
    if (!engine->doors)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct door *door = &engine->doors[i];
        struct socket_place place = {.address = listeners[i].address,
                                     .port = listeners[i].port,
                                     .sctp = listeners[i].sctp,
                                     .sctp_ppid = listeners[i].sctp_ppid};
        if (listeners[i].sctp && listeners[i].tls)
            return fault_set(fault, ERR_UNAVAILABLE, "%s: no TLS over SCTP here", place.address);
        enum err err = socket_listen(&place, &door->fd, &door->port, fault);
        if (err)
            return err;
        door->source.kind = SOURCE_DOOR;
        door->to = listeners[i];
        door->to.address = NULL;
        engine->door_n = i + 1;
    }
    return ERR_OK;
}

static enum err make_workers(struct engine *engine, struct fault *fault)
{
    unsigned n = engine->options.workers ? engine->options.workers : processors();
    engine->workers = calloc(n, sizeof *engine->workers);
    if (!engine->workers)
        return ERR_MEMORY;
    engine->worker_n = n;
    enum err err = ERR_OK;
    unsigned made = 0;
    while (made < n && !err)
        err = worker_init(&engine->workers[made], engine, made), made++;
    engine->worker_n = made; /* those that can be released */
    if (err)
        return fault_set(fault, err,
                         "a worker cannot be made: no memory, or no descriptor is free");
    return ERR_OK;
}

enum err engine_new(const struct engine_options *options, const struct engine_listener *listeners,
                    size_t n, struct engine **out, struct fault *fault)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return ERR_MEMORY;
    engine->options = *options;
    if (!options->handshake_us)
        engine->options.handshake_us = LIMIT_WIRE_TLS_SECONDS * 1000000LL;
    if (!options->stuck_us)
        engine->options.stuck_us = LIMIT_WIRE_STUCK_SECONDS * 1000000LL;
    if (!options->held_max)
        engine->options.held_max = LIMIT_WIRE_HELD;
    engine->connections_max =
        options->connections_max ? options->connections_max : LIMIT_WIRE_CONNECTIONS;
    pthread_mutex_init(&engine->lock, NULL);
    enum err err = open_doors(engine, listeners, n, fault);
    if (!err)
        err = make_workers(engine, fault);
    if (err) {
        engine_free(engine);
        return err;
    }
    *out = engine;
    return ERR_OK;
}

uint16_t engine_port(const struct engine *engine, size_t listener)
{
    return listener < engine->door_n ? engine->doors[listener].port : 0;
}

/* ---- ends that we call ---- */

static void dial_free(struct dial *dial)
{
    char *address;
    memcpy(&address, &dial->to.address, sizeof address); /* ours: not constant */
    free(address);
    free(dial);
}

static bool add_dial(struct engine *engine, struct dial *dial)
{
    pthread_mutex_lock(&engine->lock);
    struct dial **dials = realloc(engine->dials, (engine->dial_n + 1) * sizeof(struct dial *));
    if (dials) {
        engine->dials = dials;
        dials[engine->dial_n++] = dial;
    }
    pthread_mutex_unlock(&engine->lock);
    return dials;
}

enum err engine_check(const struct engine_listener *listener, struct fault *fault)
{
    struct socket_place place = {
        .address = listener->address, .port = listener->port, .sctp = listener->sctp};
    if (listener->sctp && listener->tls)
        return fault_set(fault, ERR_UNAVAILABLE, "%s: no TLS over SCTP here", listener->address);
    return socket_place_check(&place, fault);
}

enum err engine_connect(struct engine *engine, const struct engine_listener *to,
                        struct fault *fault)
{
    if (to->tls && !tls_may_call(to->tls))
        return fault_set(fault, ERR_TLS, "%s: no authorities are set to check it by", to->address);
    enum err err = engine_check(to, fault);
    if (err)
        return err;
    struct dial *dial = calloc(1, sizeof *dial);
    if (!dial)
        return ERR_MEMORY;
    dial->source.kind = SOURCE_DIAL;
    dial->to = *to;
    dial->to.address = strdup(to->address);
    unsigned turn = atomic_fetch_add_explicit(&engine->next_dial, 1, memory_order_relaxed);
    dial->worker = &engine->workers[turn % engine->worker_n];
    if (!dial->to.address || !add_dial(engine, dial)) {
        dial_free(dial);
        return ERR_MEMORY;
    }
    worker_send(dial->worker, &dial->source);
    return ERR_OK;
}

/* ---- running ---- */

enum err engine_run(struct engine *engine, struct fault *fault)
{
    /* Signals are for the thread that waits for them. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    while (engine->started < engine->worker_n && !error) {
        struct worker *worker = &engine->workers[engine->started];
        error = pthread_create(&worker->thread, NULL, worker_main, worker);
        engine->started += !error;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        engine_stop(engine);
        return fault_set(fault, ERR_UNAVAILABLE, "a thread cannot be started: %s", strerror(error));
    }
    return ERR_OK;
}

void engine_poke(struct engine *engine)
{
    for (unsigned i = 0; i < engine->worker_n; i++)
        worker_wake(&engine->workers[i]);
}

void engine_stop(struct engine *engine)
{
    if (engine->stopped)
        return;
    engine->stopped = true;
    for (size_t i = 0; i < engine->door_n; i++)
        socket_deafen(engine->doors[i].fd,
                      engine->doors[i].to.sctp); /* who comes now is refused at once */
    atomic_store_explicit(&engine->stopping, true, memory_order_release);
    engine_poke(engine);
    for (unsigned i = 0; i < engine->started; i++)
        pthread_join(engine->workers[i].thread, NULL);
    engine->started = 0;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine_stop(engine);
    for (unsigned i = 0; i < engine->worker_n; i++)
        worker_release(&engine->workers[i]);
    for (size_t i = 0; i < engine->door_n; i++)
        close(engine->doors[i].fd);
    for (size_t i = 0; i < engine->dial_n; i++)
        dial_free(engine->dials[i]);
    pthread_mutex_destroy(&engine->lock);
    free(engine->dials);
    free(engine->workers);
    free(engine->doors);
    free(engine);
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct engine_counts all = {.open = atomic_load_explicit(&engine->open, memory_order_relaxed)};
    for (unsigned i = 0; i < engine->worker_n; i++) {
        const struct worker_counts *c = &engine->workers[i].counts;
        all.accepted += atomic_load_explicit(&c->accepted, memory_order_relaxed);
        all.refused += atomic_load_explicit(&c->refused, memory_order_relaxed);
        all.dropped += atomic_load_explicit(&c->dropped, memory_order_relaxed);
        all.connected += atomic_load_explicit(&c->connected, memory_order_relaxed);
        all.bytes_in += atomic_load_explicit(&c->bytes_in, memory_order_relaxed);
        all.bytes_out += atomic_load_explicit(&c->bytes_out, memory_order_relaxed);
    }
    return all;
}
