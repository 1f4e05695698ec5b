/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends that we call: one connection each, again with back-off when it fails or goes. The delay
 * doubles from 1 s to 60 s, half of it is random, so that nodes cut off together do not come back
 * together; a connection that stood for the longest delay begins anew at 1 s. */
#include "wire/worker.h"

#include <errno.h>

static const int64_t SECOND_US = 1000000;

void dial_begin(struct dial *dial)
{
    struct worker *worker = dial->worker;
    if (worker->stopping)
        return;
    struct socket_place place = {.address = dial->to.address,
                                 .port = dial->to.port,
                                 .sctp = dial->to.sctp,
                                 .sctp_ppid = dial->to.sctp_ppid};
    union socket_address address;
    int fd = socket_call(&place, &address);
    int error = errno;
    struct conn *conn = fd >= 0 ? conn_new(fd, &dial->to, dial, &address) : NULL;
    if (!conn) {
        struct line line = {.face = dial->to.face, .face_ctx = dial->to.face_ctx, .ours = true};
        line.address = str_z(dial->to.address);
        const struct engine_options *options = &worker->engine->options;
        if (options->dropped)
            options->dropped(options->ctx, &line, fd >= 0 ? "no memory" : strerrordesc_np(error));
        dial_lost(dial, 0);
        return;
    }
    dial->conn = conn;
    atomic_fetch_add_explicit(&worker->engine->open, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->counts.lines, 1, memory_order_relaxed);
    conn_enter(worker, conn);
}

void dial_lost(struct dial *dial, int64_t stood_us)
{
    struct worker *worker = dial->worker;
    dial->conn = NULL;
    if (worker->stopping)
        return;
    if (stood_us >= LIMIT_WIRE_BACK_OFF_SECONDS * SECOND_US)
        dial->failures = 0;
    int64_t delay_us = SECOND_US << (dial->failures < 6 ? dial->failures : 6);
    if (delay_us > LIMIT_WIRE_BACK_OFF_SECONDS * SECOND_US)
        delay_us = LIMIT_WIRE_BACK_OFF_SECONDS * SECOND_US;
    dial->failures++;
    int64_t half_us = delay_us / 2;
    int64_t random_us = (int64_t)(worker_random(worker) % (uint64_t)half_us);
    timers_set(&worker->timers, &dial->source.timer, worker->now_us + half_us + random_us);
}
