/* SPDX-License-Identifier: Apache-2.0 */
#include "node/segments.h"

#include <stdio.h>

#include "base/clock.h"
#include "node/say.h"

enum {
    LIST_MS = 30000,
    LIST_BYTES = 64 << 10,
    SEGMENT_MS = 300000,        /* some megabytes over a slow line, behind others at a cache */
    REST_US = 60000000,         /* of a cache that failed, of a list that led nowhere */
    UNKNOWN_REST_US = 600000000 /* of a register that knows no segments */
};

/* ---- the cache ---- */

bool cache_is_up(const struct pull *p)
{
    return p->cache && clock_monotonic_us() >= p->cache_us;
}

void cache_failed(struct pull *p, const char *what, bool bad, const struct fault *fault)
{
    p->cache_us = clock_monotonic_us() + REST_US;
    if (p->status)
        atomic_fetch_add(bad ? &p->status->cache_refused : &p->status->cache_errors, 1);
    say(bad ? SAY_ALARM : SAY_WARNING, "event=cache what=%s bad=%d detail=\"%s\"", what, bad,
        fault->detail);
}

/* ---- which there are ---- */

void segments_begin(struct pull *p)
{
    p->begun = false;
    p->list_us = 0;
    buf_clear(&p->names);
    p->names_at = 0;
}

static bool is_due(const struct pull *p, const struct copy *copy)
{
    uint64_t ahead = copy->head.register_next_seq;
    if (clock_monotonic_us() < p->list_us)
        return false;
    return !p->begun ||
           (ahead > copy->place.next_seq && ahead - copy->place.next_seq > SEGMENT_ITEMS);
}

static enum err ask_list(struct pull *p, const struct copy *copy, struct fault *fault)
{
    char path[128], cursor[FEED_CURSOR];
    long status = 0;
    feed_cursor(&copy->place, cursor);
    snprintf(path, sizeof path, "/api/v1/feed/segments?after=%s", cursor);
    struct link_question q = {.path = path,
                              .whole_ms = LIST_MS,
                              .on = p->on,
                              .ctx = p->ctx,
                              .answer = &p->names,
                              .most = LIST_BYTES};
    buf_clear(&p->names);
    p->names_at = 0;
    p->list_us = 0;
    enum err err = link_ask(p->link, &q, &status, fault);
    if (err == ERR_STOPPED || err == ERR_MEMORY)
        return err;
    if (err || status != 200)
        p->list_us = clock_monotonic_us() + (status == 404 ? UNKNOWN_REST_US : REST_US);
    if (err || status != 200)
        buf_clear(&p->names);
    p->begun = p->begun || status == 200;
    return ERR_OK;
}

/* The next line "NAME NEXT_SEQ" that leads beyond the copy, out of what is left of the list. A name goes into a path: it has
 * digits, a dash and letters, and nothing else. */
static bool next_name(struct pull *p, const struct copy *copy, struct str *out)
{
    while (p->names_at < p->names.n) {
        struct str rest, end,
            line = {(const char *)p->names.p + p->names_at, p->names.n - p->names_at};
        uint64_t next_seq;
        line = str_split(line, '\n', &rest);
        p->names_at = rest.p ? (size_t)(rest.p - (const char *)p->names.p) : p->names.n;
        struct str name = str_split(line, ' ', &end);
        bool ok = end.p && str_to_u64(end, UINT64_MAX, &next_seq) && name.n > 0 && name.n < 90;
        for (size_t i = 0; ok && i < name.n; i++)
            ok = memchr("0123456789abcdef-", name.p[i], 17) != NULL;
        if (!ok || next_seq <= copy->place.next_seq)
            continue;
        *out = name;
        return true;
    }
    return false;
}

/* ---- one ---- */

static enum err ask_one(struct pull *p, struct link *link, const char *path, struct fault *fault)
{
    long status = 0;
    struct link_question q = {.path = path,
                              .whole_ms = SEGMENT_MS,
                              .least_speed = link == p->cache ? CACHE_LEAST_SPEED : 0,
                              .packed = true,
                              .on = p->on,
                              .ctx = p->ctx,
                              .answer = &p->bytes,
                              .most = LIMIT_NODE_ANSWER};
    buf_clear(&p->bytes);
    enum err err = link_ask(link, &q, &status, fault);
    if (!err && status != 200)
        err = fault_set(fault, ERR_UNAVAILABLE, "the answer is %ld", status);
    return err;
}

static enum err take(const struct pull *p, struct copy *copy, struct fault *fault)
{
    struct str bytes = {(const char *)p->bytes.p, p->bytes.n};
    size_t skip = feed_segment_skip(bytes, &copy->place);
    return copy_take(copy, (struct str){bytes.p + skip, bytes.n - skip}, fault);
}

static bool is_final(enum err err)
{
    return !err || err == ERR_MEMORY || err == ERR_STOPPED;
}

static enum err from_cache(struct pull *p, struct copy *copy, const char *path, struct fault *fault)
{
    enum err err = ask_one(p, p->cache, path, fault);
    bool came = !err;
    if (came)
        err = take(p, copy, fault);
    if (!is_final(err))
        cache_failed(p, "segment", came, fault);
    if (!err && p->status)
        atomic_fetch_add(&p->status->segments_cache, 1);
    return err;
}

static enum err from_register(struct pull *p, struct copy *copy, const char *path,
                              struct fault *fault)
{
    enum err err = ask_one(p, p->link, path, fault);
    if (!err)
        err = take(p, copy, fault);
    if (!err && p->status)
        atomic_fetch_add(&p->status->segments_register, 1);
    return err;
}

enum err segments_take(struct pull *p, struct copy *copy, bool *out_took, struct fault *fault)
{
    char path[160];
    struct str name;
    *out_took = false;
    if (!next_name(p, copy, &name)) {
        enum err err = is_due(p, copy) ? ask_list(p, copy, fault) : ERR_OK;
        if (err || !next_name(p, copy, &name)) {
            p->list_us = p->list_us ? p->list_us : clock_monotonic_us() + REST_US;
            return err;
        }
    }
    snprintf(path, sizeof path, "/api/v1/feed/segments/%.*s", STR_ARG(name));
    enum err err = cache_is_up(p) ? from_cache(p, copy, path, fault) : ERR_UNAVAILABLE;
    if (!is_final(err))
        err = from_register(p, copy, path, fault);
    if (is_final(err)) {
        if (err) /* its name is used up */
            segments_begin(p);
        *out_took = !err;
        return err;
    }
    say_fault(SAY_WARNING, "segment", err, fault);
    segments_begin(p);
    p->begun = true;
    p->list_us = clock_monotonic_us() + REST_US;
    return ERR_OK;
}
