/* SPDX-License-Identifier: Apache-2.0 */
#include "s13_load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "population.h"

/* CPU time of a process so far, in ticks of 10 ms; 0 when nobody is to be watched. */
static uint64_t ticks_of(long pid)
{
    char path[64], text[1024];
    if (!pid)
        return 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *p = strrchr(text, ')'); /* proc(5): utime and stime are fields 14 and 15 */
    for (int field = 2; p && field < 14; field++)
        p = strchr(p + 1, ' ');
    if (!p)
        bench_die("--pid", "no such process");
    char *rest;
    uint64_t user = strtoull(p, &rest, 10);
    return user + strtoull(rest, NULL, 10);
}

void s13_quickack(const struct load *l, const struct connection *c)
{
    int on = 1;
    if (l->quickack)
        setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void flush(struct load *l, struct connection *c)
{
    while (c->out_sent < c->out_n) {
        ssize_t n = write(c->fd, c->out + c->out_sent, c->out_n - c->out_sent);
        if (n < 0 && errno != EAGAIN)
            bench_die("write", NULL);
        if (n < 0)
            break;
        c->out_sent += (size_t)n;
    }
    bool waits = c->out_sent < c->out_n;
    if (!waits)
        c->out_n = c->out_sent = 0;
    if (waits == c->waits_to_write)
        return;
    c->waits_to_write = waits;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(l->poll, EPOLL_CTL_MOD, c->fd, &event);
}

/* One question more into out; its time runs from `due`. */
static void ask(struct load *l, struct connection *c, int64_t due)
{
    if (c->out_n + c->ecr.n > l->out && c->out_sent) {
        memmove(c->out, c->out + c->out_sent, c->out_n - c->out_sent);
        c->out_n -= c->out_sent;
        c->out_sent = 0;
    }
    if (c->out_n + c->ecr.n > l->out || c->asked - c->answered >= c->ring)
        bench_die("paced", "the server is so slow that no room is left to wait");
    s13_ask(c->out + c->out_n, &c->ecr, &l->digits, c->asked, &l->asked[l->next++ % ASKED]);
    c->out_n += c->ecr.n;
    c->times[c->asked++ & (c->ring - 1)] = due;
}

/* An answer to what was due then: windows follow each other, a late answer counts in the one that is open. */
static void count_window(struct windows *w, int64_t due, uint64_t ns)
{
    if (due >= w->end) {
        if (w->spread.n && w->n < WINDOWS_MAX)
            w->p99[w->n++] = spread_quantile(&w->spread, 0.99);
        memset(&w->spread, 0, sizeof w->spread);
        w->end = due + WINDOW_MS * 1000000LL;
    }
    spread_add(&w->spread, ns);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t s13_window_p99(struct windows *w)
{
    qsort(w->p99, w->n, sizeof *w->p99, by_number);
    return w->n ? w->p99[w->n / 2] : 0;
}

static void count(struct load *l, const struct connection *c, const uint8_t *p, size_t n)
{
    struct tally *t = &l->tally;
    uint32_t id;
    memcpy(&id, p + 12, 4);
    id = __builtin_bswap32(id);
    if (!l->counting)
        return;
    int64_t due = c->times[id & (c->ring - 1)];
    uint64_t took = (uint64_t)(now_ns() - due);
    spread_add(&t->spread, took);
    if (l->rate > 0)
        count_window(&t->windows, due, took);
    t->bytes_in += n;
    struct s13_said said = s13_hear(p, n);
    if (said.result == 2001 && said.status >= 0 && said.status < 3)
        t->status[said.status]++;
    else if (said.result == 2001)
        t->none++;
    else if (said.experimental == 5422)
        t->unknown++;
    else if (said.result == 3004)
        t->busy++;
    else
        t->wrong++;
}

/* A request of the server's own: the watchdog's is answered. */
static void heard_request(const struct load *l, struct connection *c, const uint8_t *p)
{
    unsigned command = (unsigned)p[5] << 16 | (unsigned)p[6] << 8 | p[7];
    struct s13_who who = {c->host, strchr(c->host, '.') + 1, "", 0};
    if (command == S13_DPR)
        bench_die("run", "the server says goodbye");
    if (command == S13_DWR && c->out_n + S13_MESSAGE_MAX < l->out)
        c->out_n += s13_base(c->out + c->out_n, S13_DWR, &who, p + 12);
}

/* Takes what came; returns the answers to ECRs among it. */
static uint32_t take(struct load *l, struct connection *c)
{
    ssize_t got = read(c->fd, c->in + c->in_n, IN - c->in_n);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0 && !l->parting)
        bench_die("run", got ? NULL : "the server closed a connection");
    if (got <= 0) { /* it has heard our goodbye */
        epoll_ctl(l->poll, EPOLL_CTL_DEL, c->fd, NULL);
        c->answered = c->asked;
        c->out_n = c->out_sent = 0;
        return 0;
    }
    s13_quickack(l, c);
    c->in_n += (size_t)got;
    size_t at = 0;
    uint32_t answers = 0;
    while (c->in_n - at >= S13_HEADER) {
        const uint8_t *p = c->in + at;
        size_t n = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (p[0] != 1 || n < S13_HEADER || n > IN)
            bench_die("run", "what came is no Diameter message");
        if (n > c->in_n - at)
            break;
        if (p[4] & 0x80) {
            heard_request(l, c, p);
        } else {
            count(l, c, p, n);
            answers++;
        }
        at += n;
    }
    c->in_n -= at;
    memmove(c->in, c->in + at, c->in_n);
    c->answered += answers;
    return answers;
}

static void send_due(struct load *l, int64_t now)
{
    uint64_t due = (uint64_t)((double)(now - l->began) / 1e9 * l->rate);
    if (l->sent >= due)
        return;
    for (; l->sent < due; l->sent++)
        ask(l, &l->c[l->sent % l->count], l->began + (int64_t)((double)l->sent / l->rate * 1e9));
    for (unsigned i = 0; i < l->count; i++)
        if (l->c[i].out_n && !l->c[i].waits_to_write)
            flush(l, &l->c[i]);
}

enum { EVENTS = 256, WAIT_MS = 100, TICK_NS = 100000 };

/* Paced: sends what is due, but not oftener than every tenth of a millisecond, so that the generator has time to sleep: a
 * question waits for that 50 us more on average, and its time runs. */
static int wait_for(struct load *l, struct epoll_event *events, int64_t now, bool paced)
{
    if (!paced)
        return epoll_wait(l->poll, events, EVENTS, WAIT_MS);
    if (now >= l->tick) {
        send_due(l, now);
        l->tick = now + TICK_NS;
    }
    int64_t left = l->tick - now_ns();
    struct timespec time = {0, left < 0 ? 0 : left};
    return epoll_pwait2(l->poll, events, EVENTS, &time, NULL);
}

static uint64_t unanswered(const struct load *l)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < l->count; i++)
        n += l->c[i].asked - l->c[i].answered;
    return n;
}

/* Until the time `end`, or with `finish` until every question is answered, at most so long. */
static void turn(struct load *l, int64_t end, bool finish)
{
    for (int64_t now = now_ns(); now < end; now = now_ns()) {
        struct epoll_event events[EVENTS];
        int n = wait_for(l, events, now, l->rate > 0 && !finish);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            uint32_t more = events[i].events & ~(uint32_t)EPOLLOUT ? take(l, c) : 0;
            now = now_ns();
            for (; more && !finish && l->rate <= 0; more--)
                ask(l, c, now);
            flush(l, c);
        }
        if (finish && !unanswered(l))
            return;
    }
}

/* Says goodbye on every connection and hears the answers, for a while. */
static void part(struct load *l)
{
    static const uint8_t ids[8] = {255, 255, 255, 255};
    l->parting = true;
    for (unsigned i = 0; i < l->count; i++) {
        struct connection *c = &l->c[i];
        struct s13_who who = {c->host, l->realm, l->realm, 0};
        if (c->out_n + S13_MESSAGE_MAX > l->out)
            continue;
        c->out_n += s13_base(c->out + c->out_n, S13_DPR, &who, ids);
        c->asked++;
        flush(l, c);
    }
    turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
}

struct s13_ran s13_run(struct load *l)
{
    l->began = now_ns();
    if (l->rate <= 0) {
        for (unsigned i = 0; i < l->count; i++) {
            for (unsigned k = 0; k < l->in_flight; k++)
                ask(l, &l->c[i], now_ns());
            flush(l, &l->c[i]);
        }
    }
    turn(l, l->began + (int64_t)(l->warm * 1e9), false);
    l->counting = true;
    uint64_t ticks = ticks_of(l->pid);
    int64_t from = now_ns();
    turn(l, from + (int64_t)(l->seconds * 1e9), false);
    double seconds = (double)(now_ns() - from) / 1e9;
    ticks = ticks_of(l->pid) - ticks;
    if (l->rate > 0) /* those that are late count, or nobody would tell of them */
        turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
    l->counting = false;
    turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
    uint64_t lost = unanswered(l);
    part(l);
    return (struct s13_ran){seconds, ticks, lost};
}
