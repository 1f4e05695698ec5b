/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop of a worker. A turn: wait, look at the clock once, worker_turn, the lines that have
 * something new, those that had more, what is due; then the lines that ended in it are freed, so
 * that an event of this turn never meets a freed line. */
#include "wire/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mix.h"

enum { EVENTS = 256, TLS_MORE_ROOM = 32768 };

/* ---- memory ---- */

bool worker_timers_more(struct worker *worker)
{
    worker->timers_want++;
    return timers_reserve(&worker->timers, worker->timers_want + 1); /* and "deaf" */
}

void worker_timers_less(struct worker *worker)
{
    worker->timers_want--;
}

bool worker_room(struct worker *worker, size_t n)
{
    if (worker->in && n <= worker->in_max)
        return true;
    /* A rest that waited for its turn may itself be as long as a read. */
    size_t size = n + LIMIT_WIRE_READ + TLS_MORE_ROOM;
    uint8_t *in = realloc(worker->in, size);
    if (!in)
        return false;
    worker->in = in;
    worker->in_max = n;
    return true;
}

uint64_t worker_random(struct worker *worker)
{
    return mix64(worker->random++);
}

enum err worker_init(struct worker *worker, struct engine *engine, unsigned number)
{
    *worker = (struct worker){.engine = engine, .number = number};
    worker->mail.kind = SOURCE_MAIL;
    worker->deaf.kind = SOURCE_DOOR;
    ring_init(&worker->all);
    ring_init(&worker->young);
    ring_init(&worker->holding);
    ring_init(&worker->again);
    ring_init(&worker->dead);
    worker->held_max = engine->options.held_max / engine->worker_n;
    if (getrandom(&worker->random, sizeof worker->random, GRND_NONBLOCK) < 0)
        worker->random = (uint64_t)clock_monotonic_us() + number;
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    worker->cipher_in = malloc(LIMIT_WIRE_READ);
    if (worker->epoll < 0 || worker->mail_fd < 0)
        return ERR_UNAVAILABLE;
    if (!worker->cipher_in || !worker_room(worker, 0) || !timers_reserve(&worker->timers, 1))
        return ERR_MEMORY;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &worker->mail};
    bool listens = epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->mail_fd, &event) == 0;
    return listens && door_listen(worker) ? ERR_OK : ERR_UNAVAILABLE;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void worker_release(struct worker *worker)
{
    struct source *next = atomic_exchange(&worker->box, NULL);
    for (struct source *s = next; s; s = next) { /* those that came when it had ended */
        next = s->next;
        if (s->kind != SOURCE_CONN)
            continue;
        atomic_fetch_sub_explicit(&worker->engine->open, 1, memory_order_relaxed);
        conn_free((struct conn *)s);
    }
    close_fd(worker->epoll);
    close_fd(worker->mail_fd);
    close_fd(worker->spare_fd);
    timers_release(&worker->timers);
    buf_release(&worker->out);
    buf_release(&worker->cipher);
    free(worker->in);
    free(worker->cipher_in);
}

/* ---- mail ---- */

void worker_wake(struct worker *worker)
{
    uint64_t one = 1;
    ssize_t n = write(worker->mail_fd, &one, sizeof one);
    (void)n; /* full: it will wake in any case */
}

void worker_send(struct worker *worker, struct source *source)
{
    source->next = atomic_load_explicit(&worker->box, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&worker->box, &source->next, source,
                                                  memory_order_release, memory_order_relaxed))
        ;
    worker_wake(worker);
}

static void read_mail(struct worker *worker)
{
    uint64_t n;
    ssize_t got = read(worker->mail_fd, &n, sizeof n);
    (void)got;
    struct source *s = atomic_exchange_explicit(&worker->box, NULL, memory_order_acquire);
    struct source *row = NULL;
    while (s) { /* oldest first */
        struct source *next = s->next;
        s->next = row;
        row = s;
        s = next;
    }
    while (row) {
        s = row;
        row = row->next;
        if (s->kind == SOURCE_CONN)
            conn_enter(worker, (struct conn *)s);
        else if (worker_timers_more(worker))
            dial_begin((struct dial *)s);
    }
}

/* ---- the loop ---- */

static void take_event(struct worker *worker, const struct epoll_event *event)
{
    struct source *source = event->data.ptr;
    switch (source->kind) {
    case SOURCE_CONN: {
        struct conn *conn = (struct conn *)source;
        if (conn->state != CONN_DEAD)
            conn_event(conn, event->events);
        break;
    }
    case SOURCE_DOOR:
        door_event(worker, (struct door *)source);
        break;
    case SOURCE_MAIL:
        read_mail(worker);
        break;
    case SOURCE_DIAL:
        break;
    }
}

static struct conn *again_conn(struct ring *place)
{
    return (struct conn *)((char *)place - offsetof(struct conn, again));
}

static void go_on(struct ring *again)
{
    while (!ring_empty(again)) {
        struct ring *first = again->next;
        ring_leave(first);
        conn_again(again_conn(first));
    }
}

static void bury(struct worker *worker)
{
    while (!ring_empty(&worker->dead)) {
        struct ring *first = worker->dead.next;
        ring_leave(first);
        conn_free(again_conn(first));
    }
}

static void do_what_is_due(struct worker *worker)
{
    struct timer *timer;
    while ((timer = timers_pop(&worker->timers, worker->now_us))) {
        struct source *source = (struct source *)((char *)timer - offsetof(struct source, timer));
        if (source->kind == SOURCE_CONN)
            conn_timer((struct conn *)source);
        else if (source->kind == SOURCE_DIAL)
            dial_begin((struct dial *)source);
        else
            door_timer(worker);
    }
}

static struct conn *all_conn(struct ring *place)
{
    return (struct conn *)((char *)place - offsetof(struct conn, all));
}

static void begin_stop(struct worker *worker)
{
    worker->stopping = true;
    worker->stop_at_us = worker->now_us + worker->engine->options.stop_us;
    door_deafen(worker);
    struct ring lines;
    ring_init(&lines);
    ring_move(&lines, &worker->all);
    while (!ring_empty(&lines)) {
        struct ring *first = lines.next;
        ring_append(&worker->all, first);
        conn_stop(all_conn(first));
    }
}

static void drop_all(struct worker *worker)
{
    while (!ring_empty(&worker->all))
        conn_drop(all_conn(worker->all.next), NULL);
}

/* Milliseconds that may be waited. */
static int wait_ms(const struct worker *worker)
{
    if (!ring_empty(&worker->again))
        return 0;
    int ms = timers_wait_ms(&worker->timers, worker->now_us);
    if (!worker->stopping)
        return ms;
    int64_t left = (worker->stop_at_us - worker->now_us + 999) / 1000;
    int64_t least = left < 0 ? 0 : left;
    return ms >= 0 && ms < least ? ms : (int)(least < 60000 ? least : 60000);
}

static void turn(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(worker->epoll, events, EVENTS, wait_ms(worker));
    worker->now_us = clock_monotonic_us();
    worker->handshakes = 0;
    const struct engine_options *options = &worker->engine->options;
    if (options->worker_turn)
        options->worker_turn(worker->ctx, worker->now_us);
    struct ring again;
    ring_init(&again);
    ring_move(&again, &worker->again);
    for (int i = 0; i < n; i++)
        take_event(worker, &events[i]);
    go_on(&again);
    do_what_is_due(worker);
    if (!worker->stopping && atomic_load_explicit(&worker->engine->stopping, memory_order_acquire))
        begin_stop(worker);
    if (worker->stopping && worker->now_us >= worker->stop_at_us)
        drop_all(worker);
    bury(worker);
}

void *worker_main(void *ctx)
{
    struct worker *worker = ctx;
    const struct engine_options *options = &worker->engine->options;
    worker->now_us = clock_monotonic_us();
    if (options->worker_open)
        worker->ctx = options->worker_open(options->ctx, worker->number);
    while (!worker->stopping || !ring_empty(&worker->all))
        turn(worker);
    if (options->worker_close)
        options->worker_close(options->ctx, worker->ctx);
    return NULL;
}
