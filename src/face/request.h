/* SPDX-License-Identifier: Apache-2.0
 *
 * request - what was asked and what is answered, without a socket: http.c makes one from bytes on a
 * connection, tests make one by hand, route_answer is all that lies between. */
#ifndef FACE_REQUEST_H
#define FACE_REQUEST_H

#include "app/service.h"
#include "face/address.h"
#include "face/faces.h"

struct intake;
struct intake_upload;
struct limiter;
struct nonces;
struct observer;
struct portal;
struct route;
struct stats;
struct waiters;

/* What all requests share. Read by many threads. */
struct site {
    struct service *service;
    bool demo;                  /* sample banner, list of samples */
    struct limiter *limiter;    /* NULL: nobody is limited */
    const struct clock *steady; /* of the limiter */
    struct stats *stats;        /* NULL: nothing is counted */
    struct nonces *nonces;      /* of signed requests */
    const struct clock *wall;   /* of signatures: the world's time, also in a drill */
    int64_t started_s;          /* by it */
    struct nets metrics_from;   /* who may read /metrics */
    const struct faces *faces;  /* NULL: one face, in the catalogue's words */
    const struct route *more;   /* addresses behind the sign-in (portal/); NULL */
    unsigned more_count;
    struct portal *portal;                                        /* of their handlers; NULL */
    void (*more_metrics)(struct portal *portal, struct buf *out); /* NULL */
    struct observer *observer;    /* what nodes report; NULL: nothing is written here */
    struct intake *intake;        /* operators' whole rows; NULL: none are taken */
    struct notices_desk *notices; /* receipts of notices; NULL: none are taken */
    void (*watch_metrics)(void *ctx, struct buf *out); /* NULL */
    void *watch_metrics_ctx;
    struct waiters *waiters; /* requests that wait for news; NULL: none may */
    struct str public_url;   /* scheme://host[:port] under which people reach us: in QR codes;
                                   empty: none are drawn */
};

/* How full the door is (LIMIT_HTTP_INFLIGHT): the public is turned away first. */
enum crowd { CROWD_NONE, CROWD_MANY, CROWD_FULL };

struct request {
    struct str method; /* "GET"; HEAD comes as GET */
    struct str target; /* as sent: path, query, nothing decoded */
    struct str content_type;
    struct str content_encoding; /* RFC 9110 8.4 */
    struct str accept_language;
    struct str accept_encoding;
    struct str host; /* RFC 9110 7.2 */
    struct str user_agent;
    struct str authorization;
    struct str certificate; /* as a trusted proxy says; empty */
    struct str cookie;
    struct str origin;        /* RFC 6454 7 */
    struct str idempotency;   /* Idempotency-Key */
    struct str csrf;          /* X-Tamga-CSRF: of requests by script */
    struct str fetch_site;    /* Sec-Fetch-Site: who made the browser ask; empty: an old one */
    struct str upload_offset; /* Upload-Offset: where a piece of an upload is to be appended */
    struct str range;         /* RFC 9110 14.2 */
    struct str if_range;      /* 13.1.5 */
    struct str if_none_match; /* 13.1.2 */
    struct address client;    /* behind the trusted proxies */
    enum crowd crowd;
    int large_out;      /* answers above LARGE_ANSWER on their way */
    int inflight;       /* requests at the door, this one too */
    bool strange_proxy; /* it was forwarded, by nobody whom we trust */
    struct str body;
    struct intake_upload *upload; /* instead of the body: whole rows (rows.h), borrowed; NULL */
    bool body_too_long;           /* above its address's limit; body is its beginning, or empty */
    enum err refused;             /* why its body was not read; ERR_OK: it was */
    int64_t waits_until_us; /* it has waited for news, and may until then (monotonic); 0: not yet */
    struct caller waited;   /* whose request it was found to be before it waited */
};

enum { LARGE_ANSWER = LIMIT_FEED_ANSWER / 4 /* bytes in memory */ };

/* Which script of ours a page runs, and so what its policy allows it. */
enum page_script {
    SCRIPT_NONE,
    SCRIPT_CHECK, /* the check before buying, with its scanner */
    SCRIPT_FILES, /* sends a file of devices by pieces */
    SCRIPT_SIGN,  /* speaks to NCALayer on the reader's own machine */
};

struct response {
    int status; /* RFC 9110 */
    const char *content_type;
    const char *allow;             /* methods, of a 405; NULL */
    const char *language;          /* of the texts in it; NULL */
    char location[LIMIT_LOCATION]; /* of a redirect, or of what was made; empty: none */
    struct buf elsewhere;          /* instead of location: an address of another site, with a NUL
                                      behind it; owned by the response */
    char refresh[LIMIT_LOCATION];  /* "5", or "0; url=/path": the page loads (that) anew; empty */
    char set_cookie[LIMIT_COOKIE]; /* empty: none */
    /* Content-Disposition of a file that somebody sent us, which is no page (sandbox); empty: none */
    char disposition[LIMIT_DISPOSITION];
    const char *route;      /* its place in the table, for logs: never what was typed */
    unsigned route_index;   /* the same as a number: route.h */
    unsigned retry_after_s; /* 0 = not told */
    bool packed;            /* the body is gzip */
    const char *encoding;   /* of a body that is packed otherwise: RFC 9110 8.4; NULL */
    bool by_encoding;       /* the body depends on Accept-Encoding */
    size_t whole_bytes;     /* of a packed body, before it was packed */
    uint8_t script;         /* enum page_script */
    const char *connect; /* of SCRIPT_SIGN: what else it may connect to, as a CSP names it; lives as
                                   long as the program */
    bool keeps;          /* named by its hash: may be kept for ever */
    char why[FAULT_DETAIL_MAX]; /* of a failure of ours (5xx), for the log; empty: not known */
    bool tells_upload;          /* the two after it are sent */
    uint64_t upload_offset, upload_length; /* bytes of an upload that stand; that it shall have */
    const char *download;                  /* the name of a table to be kept; NULL: it is shown */
    uint32_t next_after; /* the next page is this address with ?after=…; 0: there is none */
    /* Part of a file as body, its descriptor owned by the response; else fixed or body. */
    struct response_file {
        bool is;
        int fd;
        uint64_t at, bytes;
    } file;
    /* A body that is read while it is sent, owned by the response; else the others. */
    struct response_stream {
        void *ctx; /* NULL: there is none */
        enum err (*read)(void *ctx, uint64_t at, void *to, size_t n, size_t *out_n);
        void (*end)(void *ctx);
        uint64_t at, bytes;
    } stream;
    char etag[LIMIT_ETAG];                 /* with its quotes, RFC 9110 8.8.3; empty: none */
    char content_location[LIMIT_LOCATION]; /* RFC 9110 8.7; empty: none */
    char content_range[LIMIT_ETAG];        /* RFC 9110 14.4; empty: none */
    bool ranges;                           /* parts of it can be had: RFC 9110 14.3 */
    /* Not to be sent yet: the request is asked again when there is news behind these, or at that time
     * (monotonic); 0: send it. */
    int64_t waits_until_us;
    struct service_news waits_behind;
    struct caller waited; /* whose request it is */
    struct str fixed;     /* a body that lives as long as the program; else body */
    struct buf body;      /* owned by the response */
};

/* Releases what it holds; nothing is left of it to be sent. */
void response_release(struct response *response);
/* Does Accept-Encoding name it (RFC 9110 12.5.3)? */
bool request_takes(struct str accept_encoding, struct str coding);
/* The bytes to send. */
struct str response_body(const struct response *response);

/* One request while it is answered. */
struct exchange {
    const struct site *site;
    const struct face *face; /* under whose name we answer; NULL: nobody's in particular */
    const struct request *request;
    struct response *response;
    struct buf *out;      /* = &response->body */
    struct str path;      /* as sent */
    struct str query;     /* as sent; empty */
    struct str param;     /* the decoded {…} of the route; empty */
    struct caller caller; /* id 0: the public */
    enum lang lang;
    bool lang_asked; /* by ?lang=: links of the page keep it */
    bool machine;    /* below /api/, or /healthz, or /metrics: errors are problem+json */
};

/* Fills *response, always; errors are answers too. */
void route_answer(const struct site *site, const struct request *request,
                  struct response *response);
/* Throws away what was written and answers with the error: problem+json for machines, a page for
 * people. */
void route_fail(struct exchange *x, enum err err);
/* The same, and says more: machines hear which field of theirs is wrong and what it wants, the log of
 * the server what failed behind a 5xx. fault may be NULL. */
void route_fail_at(struct exchange *x, enum err err, const struct fault *fault);

#endif
