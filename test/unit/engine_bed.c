/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

enum { WAIT_S = 10 };

struct echo_line {
    int64_t later_us;
    uint8_t later;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- the face ---- */

static enum err echo_open(struct line *line)
{
    struct echo *echo = line->face_ctx;
    line->state = calloc(1, sizeof(struct echo_line));
    must(line->state);
    atomic_fetch_add(&echo->opened, 1);
    struct bed_worker *worker = line->worker_ctx;
    atomic_fetch_add(&worker->opened, 1);
    if (line->ours && echo->greets)
        buf_put(&line->out, "\0\3H", 3);
    return ERR_OK;
}

static void echo_close(struct line *line)
{
    struct echo *echo = line->face_ctx;
    atomic_fetch_add(&echo->closed, 1);
    free(line->state);
}

static void answer(struct line *line, const char *text, size_t n)
{
    buf_uint(&line->out, n + ECHO_HEAD, ECHO_HEAD);
    buf_put(&line->out, text, n);
}

static enum line_next say(struct line *line, const uint8_t *p, size_t n)
{
    struct echo_line *own = line->state;
    switch (n > ECHO_HEAD ? p[ECHO_HEAD] : 0) {
    case ECHO_CLOSE:
        buf_put(&line->out, p, n);
        return LINE_CLOSE;
    case ECHO_DROP:
        return LINE_DROP;
    case ECHO_LATER:
        own->later = p[4];
        own->later_us = line->now_us + p[3] * 1000;
        line->wake_us = own->later_us;
        return LINE_ON;
    case ECHO_MUCH:
        for (int i = 0; i < 1000; i++)
            buf_put(&line->out, p, n);
        return LINE_ON;
    case ECHO_WHO:
        answer(line, line->names.p, line->names.n);
        return LINE_ON;
    case ECHO_WHERE:
        buf_uint(&line->out, ECHO_HEAD + line->address.n + 1 + line->own.n, ECHO_HEAD);
        buf_str(&line->out, line->address);
        buf_put(&line->out, " ", 1);
        buf_str(&line->out, line->own);
        return LINE_ON;
    default:
        buf_put(&line->out, p, n);
        return LINE_ON;
    }
}

static enum line_next echo_input(struct line *line, const uint8_t *p, size_t n, size_t *out_used)
{
    struct echo *echo = line->face_ctx;
    atomic_fetch_add_explicit(&echo->inputs, 1, memory_order_relaxed);
    if (line->out.n > echo->waiting_most)
        echo->waiting_most = line->out.n;
    size_t at = 0;
    enum line_next next = LINE_ON;
    while (next == LINE_ON && n - at >= ECHO_HEAD) {
        size_t whole = (size_t)get_be(p + at, ECHO_HEAD);
        if (whole < ECHO_HEAD)
            return LINE_DROP;
        if (whole > n - at)
            break;
        next = say(line, p + at, whole);
        at += whole;
        if (line->out.n > LIMIT_WIRE_OUT)
            break; /* it comes again when there is room */
    }
    *out_used = at;
    return next;
}

static enum line_next echo_wake(struct line *line)
{
    struct echo_line *own = line->state;
    must(own->later_us && line->now_us >= own->later_us && line->wake_us == 0);
    own->later_us = 0;
    buf_put(&line->out, &own->later, 1);
    return LINE_ON;
}

static enum line_next echo_stop(struct line *line)
{
    struct echo *echo = line->face_ctx;
    atomic_fetch_add(&echo->stopped, 1);
    buf_put(&line->out, "\0\3B", 3);
    return echo->stays ? LINE_ON : LINE_CLOSE;
}

static const struct line_face echo_face = {
    .name = "echo",
    .input_max = ECHO_MAX,
    .open = echo_open,
    .input = echo_input,
    .wake = echo_wake,
    .stop = echo_stop,
    .close = echo_close,
};

/* ---- the engine ---- */

static void *bed_worker_open(void *ctx, unsigned worker)
{
    struct bed *bed = ctx;
    atomic_fetch_add(&bed->echo.workers_opened, 1);
    bed->workers[worker % 4].echo = &bed->echo;
    return &bed->workers[worker % 4];
}

static void bed_turn(void *worker_ctx, int64_t now_us)
{
    struct bed_worker *worker = worker_ctx;
    must(now_us > 0);
    atomic_fetch_add_explicit(&worker->echo->turns, 1, memory_order_relaxed);
}

static void bed_worker_close(void *ctx, void *worker_ctx)
{
    struct bed *bed = ctx;
    must(worker_ctx);
    atomic_fetch_add(&bed->echo.workers_closed, 1);
}

static void bed_dropped(void *ctx, const struct line *line, const char *why)
{
    struct bed *bed = ctx;
    must(line->face == &bed->face && line->address.n > 0);
    pthread_mutex_lock(&bed->echo.lock);
    snprintf(bed->echo.why, sizeof bed->echo.why, "%s", why);
    pthread_mutex_unlock(&bed->echo.lock);
}

struct bed *bed_new(const struct bed_wish *wish)
{
    struct bed *bed = calloc(1, sizeof *bed);
    must(bed);
    pthread_mutex_init(&bed->echo.lock, NULL);
    bed->face = echo_face;
    bed->face.idle_us = wish->idle_us;
    struct engine_options options = {.workers = wish->workers ? wish->workers : 2,
                                     .connections_max = wish->connections_max,
                                     .stop_us = wish->stop_us ? wish->stop_us : 10000000,
                                     .stuck_us = wish->stuck_us,
                                     .handshake_us = wish->handshake_us,
                                     .held_max = wish->held_max,
                                     .worker_open = bed_worker_open,
                                     .worker_turn = bed_turn,
                                     .worker_close = bed_worker_close,
                                     .dropped = bed_dropped,
                                     .ctx = bed};
    struct engine_listener listener = {.face = &bed->face,
                                       .face_ctx = &bed->echo,
                                       .address = wish->address ? wish->address : "127.0.0.1",
                                       .tls = wish->tls};
    struct fault fault = {0};
    if (engine_new(&options, &listener, 1, &bed->engine, &fault) != ERR_OK) {
        must(wish->address);
        bed_free(bed);
        return NULL;
    }
    bed->port = engine_port(bed->engine, 0);
    must(wish->not_yet || engine_run(bed->engine, &fault) == ERR_OK);
    return bed;
}

void bed_free(struct bed *bed)
{
    engine_free(bed->engine);
    must(bed->echo.opened == bed->echo.closed);
    must(bed->echo.workers_opened == bed->echo.workers_closed);
    pthread_mutex_destroy(&bed->echo.lock);
    free(bed);
}

bool bed_wait_until(bool (*is_so)(const void *ctx), const void *ctx)
{
    int64_t end_us = clock_monotonic_us() + WAIT_S * 1000000LL;
    while (!is_so(ctx)) {
        if (clock_monotonic_us() > end_us)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

struct reason {
    struct bed *bed;
    const char *why;
};

static bool has_reason(const void *ctx)
{
    const struct reason *reason = ctx;
    struct echo *echo = &reason->bed->echo;
    pthread_mutex_lock(&echo->lock);
    bool so = strstr(echo->why, reason->why);
    pthread_mutex_unlock(&echo->lock);
    return so;
}

bool bed_was_dropped_for(struct bed *bed, const char *why)
{
    struct reason reason = {bed, why};
    bool so = bed_wait_until(has_reason, &reason);
    if (!so)
        printf("# the last reason is \"%s\"\n", bed->echo.why);
    return so;
}

struct expected {
    const struct bed *bed;
    uint64_t lines;
};

static bool as_many_are_open(const void *ctx)
{
    const struct expected *expected = ctx;
    return engine_counts(expected->bed->engine).open == expected->lines;
}

bool bed_wait_open(const struct bed *bed, uint64_t lines)
{
    struct expected expected = {bed, lines};
    return bed_wait_until(as_many_are_open, &expected);
}

/* ---- clients ---- */

int client_new(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct timeval wait = {.tv_sec = WAIT_S};
    must(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

void client_send(int fd, const void *p, size_t n)
{
    const uint8_t *from = p;
    while (n) {
        ssize_t sent = send(fd, from, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the engine has closed it; what is read tells */
        from += sent;
        n -= (size_t)sent;
    }
}

size_t client_message(uint8_t *to, char what, size_t n)
{
    put_be(to, n, ECHO_HEAD);
    for (size_t i = ECHO_HEAD; i < n; i++)
        to[i] = (uint8_t)(i * 7 + n);
    if (n > ECHO_HEAD)
        to[ECHO_HEAD] = (uint8_t)what;
    return n;
}

bool client_read(int fd, void *p, size_t n)
{
    uint8_t *to = p;
    while (n) {
        ssize_t got = recv(fd, to, n, 0);
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

bool client_is_closed(int fd)
{
    uint8_t byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && (errno == ECONNRESET || errno == EPIPE));
}

bool client_asks(int fd, size_t n)
{
    uint8_t said[ECHO_MAX], heard[ECHO_MAX];
    client_message(said, 'x', n);
    client_send(fd, said, n);
    return client_read(fd, heard, n) && memcmp(said, heard, n) == 0;
}
