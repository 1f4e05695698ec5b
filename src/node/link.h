/* SPDX-License-Identifier: Apache-2.0
 *
 * link - a thread's way to the register, or to an NRF: HTTP by libcurl, one connection that stays open, each
 * question with a bound in time and bytes, and interruptible. One link, one thread; link_stop from any. */
#ifndef NODE_LINK_H
#define NODE_LINK_H

#include "base/buf.h"
#include "base/err.h"

struct link;

struct link_options {
    const char *url;     /* "https://register.example": what stands before /api/v1 */
    const char *api_key; /* empty: none is sent */
    const char *ca;      /* PEM of its authorities; empty: the system's */
    const char *agent;   /* User-Agent */
    /* HTTP/2: without TLS by prior knowledge, with TLS as agreed; a connection a question, for libcurl 7.88 fails on
     * every second question of one by prior knowledge; 307 and 308 are followed. */
    bool http2;
    const char *certificate, *key; /* PEM files: ours, for TLS; NULL or empty: none */
};

/* Once a process, before threads. ERR_MEMORY. */
MUST_USE enum err link_init(void);
/* Only http:// and https://, without query. */
bool link_is_url(struct str url);
/* Borrows the texts. ERR_MEMORY. */
MUST_USE enum err link_new(const struct link_options *options, struct link **out);
void link_free(struct link *link);
/* What waits, or will, ends with ERR_STOPPED. */
void link_stop(struct link *link);
bool link_stopped(const struct link *link);
/* Waits; false: it was stopped meanwhile. */
bool link_rest(struct link *link, int64_t ms);

enum { LINK_LOCATION = 256, LINK_REFUSAL = 4096 };

struct link_question {
    const char *path;     /* "/api/v1/feed?after=..." */
    const char *method;   /* NULL: GET, or POST with a body */
    struct str body;      /* p NULL: none */
    const char *type;     /* of the body */
    bool head;            /* HEAD: only what is told of it */
    bool packed;          /* zstd will do */
    uint64_t from;        /* first byte wanted; 0: all */
    const char *if_range; /* with from: the ETag of what is there; else all comes anew */
    int64_t whole_ms;     /* 0: no bound but that something must come (a slow download) */
    uint64_t least_speed; /* bytes a second; slower for some seconds is no answer. 0: any */
    /* Bytes of a 200 or 206 as they come; false ends it. begin is called before the first, with the status. */
    bool (*begin)(void *ctx, long status, struct str etag);
    bool (*take)(void *ctx, const void *p, size_t n);
    /* Called again and again: after so many milliseconds as it says, at the latest after a second; below 0 ends it with
     * ERR_STOPPED. May be NULL. */
    int (*on)(void *ctx);
    void *ctx;
    char
        *location; /* LINK_LOCATION bytes for Content-Location, a path, or empty; NULL: not asked */
    uint64_t *length;   /* its Content-Length, 0 when none is told; NULL: not asked */
    struct buf *answer; /* instead of take: at most `most` bytes, whatever the status */
    size_t most;
    struct buf *
        refusal; /* beside take: the first LINK_REFUSAL bytes of what is no success; NULL: not asked */
};

/* ERR_UNAVAILABLE: no answer, a broken one, or take ended it; ERR_TOO_LONG; ERR_STOPPED; ERR_MEMORY. An
 * HTTP status that is no success is an answer. */
MUST_USE enum err link_ask(struct link *link, const struct link_question *q, long *out_status,
                           struct fault *fault);

#endif
