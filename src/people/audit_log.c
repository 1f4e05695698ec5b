/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of a process, and the thread that writes a page of it each second. */
#include "people/audit_log.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { FLUSH_MS = 1000, MINUTE_MS = 60000, COUNTED = 3 /* events that only say how many */ };

struct knocks {
    int64_t minute; /* since 1970 */
    unsigned kept;  /* events of it */
    uint64_t more;  /* that were counted, and are not told yet */
};

struct audit_log {
    struct committer *committer;
    const struct clock *clock;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct audit_event queue[LIMIT_AUDIT_QUEUE];
    size_t n;
    uint64_t lost;
    struct knocks strangers, known; /* refusals of the minute: of nobody, of who is signed in */
    bool stopping;
    pthread_t thread;
};

/* What of a minute that is over was counted only: *out tells it. Called with the lock held. */
static bool take_knocks(struct knocks *k, int64_t now_ms, bool stopping, struct audit_event *out)
{
    bool over = now_ms / MINUTE_MS != k->minute || stopping;
    if (!k->more || !over)
        return false;
    *out = (struct audit_event){.what = AUDIT_KNOCKS, .object = k->more, .time_ms = now_ms};
    k->more = 0;
    return true;
}

/* Is this refusal one too many in its minute? Then it is counted. Called with the lock held. */
static bool is_knock(struct audit_log *log, const struct audit_event *e)
{
    struct knocks *k = e->actor ? &log->known : &log->strangers;
    unsigned most = e->actor ? LIMIT_AUDIT_REFUSALS : LIMIT_AUDIT_KNOCKS;
    if (!e->outcome)
        return false;
    if (e->time_ms / MINUTE_MS != k->minute) {
        k->minute = e->time_ms / MINUTE_MS; /* what was counted before is told with it */
        k->kept = 0;
    }
    bool keep = k->kept < most;
    k->kept += keep;
    k->more += !keep;
    return !keep;
}

/* Takes what is queued. Called with the lock held. */
static size_t take(struct audit_log *log, struct audit_event *out)
{
    size_t n = log->n;
    int64_t now_ms = clock_now_us(log->clock) / 1000;
    memcpy(out, log->queue, n * sizeof *out);
    log->n = 0;
    n += take_knocks(&log->strangers, now_ms, log->stopping, &out[n]);
    n += take_knocks(&log->known, now_ms, log->stopping, &out[n]);
    if (log->lost) {
        out[n++] = (struct audit_event){.what = AUDIT_LOST, .object = log->lost, .time_ms = now_ms};
        log->lost = 0;
    }
    return n;
}

/* What cannot be written now is offered again with the next page, as far as there is room. */
static void give_back(struct audit_log *log, const struct audit_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (events[i].what == AUDIT_LOST)
            log->lost += events[i].object;
        else if (log->n < LIMIT_AUDIT_QUEUE)
            log->queue[log->n++] = events[i];
        else
            log->lost++;
    }
}

struct flushing {
    const struct audit_event *events;
    size_t n;
};

static enum err write_page(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct flushing *f = c->ctx;
    return audit_log_put(reg, f->events, f->n, fault);
}

static void *run(void *arg)
{
    struct audit_log *log = arg;
    struct audit_event *events = malloc((LIMIT_AUDIT_QUEUE + COUNTED) * sizeof *events);
    bool stopping = false;
    while (events && !stopping) {
        const struct timespec until = clock_in_ms(FLUSH_MS);
        pthread_mutex_lock(&log->lock);
        while (!log->stopping && pthread_cond_timedwait(&log->wake, &log->lock, &until) == 0)
            ;
        stopping = log->stopping;
        size_t n = take(log, events);
        pthread_mutex_unlock(&log->lock);
        struct flushing f = {events, n};
        struct commit_case c = {.also = write_page, .ctx = &f};
        if (n && committer_submit(log->committer, &c) != ERR_OK && !stopping) {
            pthread_mutex_lock(&log->lock);
            give_back(log, events, n);
            pthread_mutex_unlock(&log->lock);
        }
    }
    free(events);
    return NULL;
}

enum err audit_log_new(struct committer *committer, const struct clock *clock,
                       struct audit_log **out)
{
    struct audit_log *log = calloc(1, sizeof *log);
    if (!log)
        return ERR_MEMORY;
    log->committer = committer;
    log->clock = clock;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->wake, NULL);
    if (pthread_create(&log->thread, NULL, run, log) != 0) {
        free(log);
        return ERR_MEMORY;
    }
    *out = log;
    return ERR_OK;
}

void audit_log_add(struct audit_log *log, const struct audit_event *event)
{
    if (!log)
        return;
    struct audit_event e = *event;
    e.time_ms = e.time_ms ? e.time_ms : clock_now_us(log->clock) / 1000;
    pthread_mutex_lock(&log->lock);
    if (!is_knock(log, &e)) {
        if (log->n < LIMIT_AUDIT_QUEUE)
            log->queue[log->n++] = e;
        else
            log->lost++;
    }
    pthread_mutex_unlock(&log->lock);
}

void audit_log_free(struct audit_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->wake);
    free(log);
}
