/* SPDX-License-Identifier: Apache-2.0
 *
 * A page is JSON: {"prev": SHA-256 of the page before, 64 zeros in the first; "events": [...]}. Its bytes as
 * they stand are what the next page's hash is of. */
#include "people/audit_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "people/record.h"
#include "people/role.h"

enum { FLUSH_MS = 1000, HASH_TEXT = 2 * SHA256_BYTES + 1 };

static const char *const names[AUDIT_WHAT_COUNT] = {
#define X(code, name, text) [code] = text,
#include "people/audit_log.def"
#undef X
};

struct audit_log {
    struct committer *committer;
    const struct clock *clock;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct audit_event queue[LIMIT_AUDIT_QUEUE];
    size_t n;
    uint64_t lost;
    bool stopping;
    pthread_t thread;
};

const char *audit_what_name(uint8_t what)
{
    return what < AUDIT_WHAT_COUNT && names[what] ? names[what] : "";
}

/* ---- a page ---- */

static json_t *event_json(const struct audit_event *e)
{
    return json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:s}", "time_ms", (json_int_t)e->time_ms,
                     "what", audit_what_name(e->what), "role", role_name(e->role), "actor",
                     (json_int_t)e->actor, "subject", (json_int_t)e->subject, "object",
                     (json_int_t)e->object, "outcome", err_name(e->outcome));
}

static void event_read(const json_t *json, struct audit_event *out)
{
    struct str what = json_text_of(json, "what"), outcome = json_text_of(json, "outcome");
    *out = (struct audit_event){.actor = (uint64_t)json_number_of(json, "actor"),
                                .subject = (uint64_t)json_number_of(json, "subject"),
                                .object = (uint64_t)json_number_of(json, "object"),
                                .time_ms = json_number_of(json, "time_ms")};
    for (uint8_t i = 1; i < AUDIT_WHAT_COUNT; i++)
        if (str_eq(what, str_z(names[i])))
            out->what = i;
    if (!role_find(json_text_of(json, "role"), &out->role))
        out->role = ROLE_NONE;
    for (int i = 0; i < ERR_COUNT; i++)
        if (str_eq(outcome, str_z(err_name((enum err)i))))
            out->outcome = (enum err)i;
}

static void page_hash(struct str page, char out[HASH_TEXT])
{
    uint8_t hash[SHA256_BYTES];
    struct sha256 *sha = sha256_new();
    if (!sha) {
        *out = '\0';
        return;
    }
    sha256_begin(sha);
    sha256_add(sha, page.p, page.n);
    sha256_end(sha, hash);
    sha256_free(sha);
    sha256_hex(hash, out);
}

static void first_hash(char out[HASH_TEXT])
{
    memset(out, '0', HASH_TEXT - 1);
    out[HASH_TEXT - 1] = '\0';
}

/* ---- writing ---- */

struct flushing {
    const struct audit_event *events;
    size_t n;
};

/* The hash of the page before the one with this number. */
static enum err hash_before(struct registry *reg, uint64_t number, char out[HASH_TEXT],
                            struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_AUDIT, number - 1);
    struct buf page = {0};
    first_hash(out);
    enum err err =
        number == 1 ? ERR_OK : store_record_get(reg->store, record_key_str(&key), &page, fault);
    if (!err && number > 1)
        page_hash((struct str){(const char *)page.p, page.n}, out);
    buf_release(&page);
    return !err && !*out ? ERR_MEMORY : err;
}

static enum err write_page(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct flushing *f = c->ctx;
    char before[HASH_TEXT];
    uint64_t number;
    enum err err = record_count(reg, "audit", &number, fault);
    if (!err)
        err = hash_before(reg, number, before, fault);
    if (err)
        return err;
    json_t *events = json_array();
    for (size_t i = 0; i < f->n; i++)
        if (json_array_append_new(events, event_json(&f->events[i])))
            err = ERR_MEMORY;
    json_t *page = json_pack("{s:s, s:o}", "prev", before, "events", events);
    char *text = page && !err ? json_dumps(page, JSON_COMPACT) : NULL;
    struct record_key key = record_key_of(RECORD_AUDIT, number);
    err = text ? record_put(reg, &key, str_z(text), fault) : ERR_MEMORY;
    free(text);
    json_decref(page);
    return err;
}

/* Takes what is queued. Called with the lock held. */
static size_t take(struct audit_log *log, struct audit_event *out)
{
    size_t n = log->n;
    memcpy(out, log->queue, n * sizeof *out);
    log->n = 0;
    if (log->lost) {
        out[n++] = (struct audit_event){
            .what = AUDIT_LOST, .object = log->lost, .time_ms = clock_now_us(log->clock) / 1000};
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

static void *run(void *arg)
{
    struct audit_log *log = arg;
    struct audit_event *events = malloc((LIMIT_AUDIT_QUEUE + 1) * sizeof *events);
    bool stopping = false;
    while (events && !stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += FLUSH_MS / 1000;
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
    if (log->n < LIMIT_AUDIT_QUEUE)
        log->queue[log->n++] = e;
    else
        log->lost++;
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

/* ---- reading ---- */

struct reading {
    audit_event_fn *fn;
    void *ctx;
    char before[HASH_TEXT];
    uint64_t next;
    bool stopped, broken;
};

static bool read_page(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    json_t *page = json_loadb(record->value.p, record->value.n, 0, NULL);
    struct str prev = json_text_of(page, "prev");
    r->broken = record_key_last(record->key) != r->next || !str_eq(prev, str_z(r->before));
    json_t *events = json_object_get(page, "events");
    for (size_t i = 0; !r->broken && !r->stopped && i < json_array_size(events); i++) {
        struct audit_event e;
        event_read(json_array_get(events, i), &e);
        r->stopped = r->fn && !r->fn(r->ctx, r->next, &e);
    }
    json_decref(page);
    page_hash(record->value, r->before);
    r->next += !r->broken;
    return !r->broken && !r->stopped;
}

enum err audit_log_read(struct registry *reg, audit_event_fn *fn, void *ctx, struct fault *fault)
{
    struct reading r = {.fn = fn, .ctx = ctx, .next = 1};
    struct record_key from = record_key(RECORD_AUDIT), to = record_key(RECORD_AUDIT + 1);
    struct record_key counter = record_key(RECORD_COUNTER);
    struct buf last = {0};
    bool counted = false;
    first_hash(r.before);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), read_page, &r, fault);
    record_key_bytes(&counter, "audit", 5);
    if (!err && !r.stopped && !r.broken)
        err = record_find(reg, &counter, &last, &counted, fault);
    uint64_t written = last.n == 8 ? get_be(last.p, 8) : 0;
    buf_release(&last);
    if (!err && (r.broken || (!r.stopped && written != r.next - 1)))
        err = fault_set(fault, ERR_CHAIN, "page %llu of the audit log is missing or was changed",
                        (unsigned long long)r.next);
    return err;
}
