/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of a worker: who comes in, and to which worker he goes.
 *
 * Every worker listens at every door (EPOLLEXCLUSIVE); who accepts hands over to the worker with the
 * fewest lines. When the engine is full, the oldest line of this worker that was never answered
 * makes room; if all were, the new one is refused.
 *
 * Without a free descriptor accept cannot even refuse: a spare one is given up for that, so that the
 * queue empties. Where that fails, too, the worker does not listen for a moment; it never spins. */
#include "wire/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { ACCEPTS = 32, DEAF_US = 100000 };

static int accept_one(const struct door *door, union socket_address *out_address)
{
    socklen_t n = sizeof *out_address;
    return accept4(door->fd, &out_address->any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool door_listen(struct worker *worker)
{
    struct engine *engine = worker->engine;
    worker->deaf_now = false;
    for (size_t i = 0; i < engine->door_n; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                    .data.ptr = &engine->doors[i].source};
        if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, engine->doors[i].fd, &event) < 0 &&
            errno != EEXIST)
            return false;
    }
    return true;
}

void door_deafen(struct worker *worker)
{
    struct engine *engine = worker->engine;
    for (size_t i = 0; i < engine->door_n; i++)
        epoll_ctl(worker->epoll, EPOLL_CTL_DEL, engine->doors[i].fd, NULL);
}

static void deafen_for_a_moment(struct worker *worker)
{
    door_deafen(worker);
    worker->deaf_now = true;
    timers_set(&worker->timers, &worker->deaf.timer, worker->now_us + DEAF_US);
}

void door_timer(struct worker *worker)
{
    if (!worker->stopping && !door_listen(worker))
        deafen_for_a_moment(worker);
}

static void refuse(struct worker *worker, const struct line *line, const char *why)
{
    const struct engine_options *options = &worker->engine->options;
    count(&worker->counts.refused, 1);
    if (options->dropped)
        options->dropped(options->ctx, line, why);
}

/* No descriptor is free: takes the connection by the spare one, and closes it. */
static bool refuse_by_spare(struct worker *worker, const struct door *door)
{
    union socket_address address = {.room = {0}};
    char text[SOCKET_TEXT] = "";
    if (worker->spare_fd >= 0)
        close(worker->spare_fd);
    int fd = worker->spare_fd >= 0 ? accept_one(door, &address) : -1;
    if (fd >= 0) {
        close(fd);
        struct line line = {.face = door->to.face, .face_ctx = door->to.face_ctx};
        line.address = (struct str){text, socket_show(&address, true, text)};
        refuse(worker, &line, "no descriptor is free");
    }
    worker->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static struct worker *fewest_lines(struct worker *self)
{
    struct engine *engine = self->engine;
    struct worker *best = self;
    uint64_t fewest = atomic_load_explicit(&self->counts.lines, memory_order_relaxed);
    for (unsigned i = 0; i < engine->worker_n; i++) {
        uint64_t n = atomic_load_explicit(&engine->workers[i].counts.lines, memory_order_relaxed);
        if (n < fewest) {
            fewest = n;
            best = &engine->workers[i];
        }
    }
    return best;
}

static void admit(struct worker *worker, struct door *door, int fd,
                  const union socket_address *address)
{
    struct engine *engine = worker->engine;
    struct conn *conn = conn_new(fd, &door->to, NULL, address);
    if (!conn) {
        close(fd);
        count(&worker->counts.refused, 1);
        return;
    }
    struct worker *to = fewest_lines(worker);
    if (atomic_fetch_add_explicit(&engine->open, 1, memory_order_relaxed) >=
        engine->connections_max) {
        if (ring_empty(&worker->young)) {
            atomic_fetch_sub_explicit(&engine->open, 1, memory_order_relaxed);
            refuse(worker, &conn->line, "as many connections as may be");
            conn_free(conn);
            return;
        }
        char *oldest = (char *)worker->young.next;
        struct conn *leaves = (struct conn *)(oldest - offsetof(struct conn, young));
        bool had_all = leaves->state == CONN_LINGERING;
        conn_drop(leaves, had_all ? NULL : "others want to connect");
        to = worker; /* it has the place that became free */
    }
    socket_prepare(fd, door->to.sctp, door->to.sctp_ppid);
    atomic_fetch_add_explicit(&to->counts.lines, 1, memory_order_relaxed);
    if (to == worker)
        conn_enter(worker, conn);
    else
        worker_send(to, &conn->source);
}

void door_event(struct worker *worker, struct door *door)
{
    for (int i = 0; i < ACCEPTS && !worker->deaf_now && !worker->stopping; i++) {
        union socket_address address = {.room = {0}};
        int fd = accept_one(door, &address);
        if (fd >= 0) {
            admit(worker, door, fd, &address);
            continue;
        }
        switch (errno) {
        case EAGAIN:
            return;
        case EMFILE:
        case ENFILE:
            if (!refuse_by_spare(worker, door))
                deafen_for_a_moment(worker);
            break;
        case ENOBUFS:
        case ENOMEM:
        case EINVAL:
        case EBADF:
            deafen_for_a_moment(worker);
            break;
        default: /* this connection failed before we had it: the next */
            break;
        }
    }
}
