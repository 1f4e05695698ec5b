/* SPDX-License-Identifier: Apache-2.0
 *
 * http_call - one request on a connection, from its head to its end: what http.c, which lets it come and
 * go, http_head.c, which reads its head, and http_send.c, which sends its answer, share. */
#ifndef FACE_HTTP_CALL_H
#define FACE_HTTP_CALL_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>

#include "face/aside.h"
#include "face/replies.h"
#include "face/request.h"
#include "face/rows.h"
#include "face/waiters.h"

struct http {
    struct MHD_Daemon *daemon;
    struct site site;
    struct limiter *limiter;
    struct stats *stats;
    struct nonces *nonces;
    struct replies *replies;
    struct aside *aside;           /* of requests that may wait */
    struct waiters *waiters;       /* of those that wait for news */
    struct str certificate_header; /* in name; empty: none is read */
    char name[LIMIT_NAME + 1];
    struct nets trusted;
    enum forwarded_form forwarded;
    _Atomic int large;     /* bodies above LIMIT_HTTP_BODY that are coming, or being answered */
    _Atomic int large_out; /* answers above LARGE_ANSWER that are being sent */
    _Atomic int inflight;  /* requests whose head has come and whose answer is not sent */
    FILE *log;
    _Atomic int64_t failures_s; /* the second that failures counts */
    _Atomic int failures;
    uint16_t port;
    char public_url[LIMIT_PUBLIC_URL + 1];
};

/* The headers that are read; of several lines with one name the first counts. */
enum head {
    HEAD_ACCEPT_ENCODING,
    HEAD_ACCEPT_LANGUAGE,
    HEAD_AUTHORIZATION,
    HEAD_CONTENT_ENCODING,
    HEAD_CONTENT_LENGTH,
    HEAD_CONTENT_TYPE,
    HEAD_COOKIE,
    HEAD_CSRF,
    HEAD_FETCH_SITE,
    HEAD_HOST,
    HEAD_IDEMPOTENCY,
    HEAD_IF_NONE_MATCH,
    HEAD_IF_RANGE,
    HEAD_ORIGIN,
    HEAD_RANGE,
    HEAD_UPLOAD_OFFSET,
    HEAD_USER_AGENT,
    HEAD_NAMES, /* of the table; what follows is not looked up by it */
    HEAD_CERTIFICATE = HEAD_NAMES,
    HEAD_COUNT
};

/* A request that is answered aside, while its connection is suspended. */
struct errand {
    struct waiter waiter; /* first: while it waits for news */
    struct http *http;
    struct MHD_Connection *connection;
    struct request request;
    struct response response;
    bool sent; /* the response's bytes were taken */
};

/* One request. */
struct call {
    const struct http *http;
    struct str head[HEAD_COUNT]; /* borrowed from the connection */
    bool forwarded;              /* it passed some proxy */
    bool begun;
    enum crowd crowd; /* when its head had come */
    struct buf body;
    uint64_t body_bytes;
    size_t body_max; /* that its address takes */
    size_t keep;     /* bytes of it that are kept: more than LIMIT_HTTP_BODY with a place alone */
    uint64_t discard_max; /* so much of a body that is too long is read */
    bool asked;           /* about a body above LIMIT_HTTP_BODY */
    bool large;           /* it has a place among http.large */
    bool large_out;       /* its answer is one of http.large_out */
    enum err refused;     /* why its body is not read */
    int64_t since_us;
    enum rows_form rows;          /* what is known of it; ROWS_YES: they go to upload */
    struct intake_upload *upload; /* owned; NULL: none, or refused */
    struct errand *errand;        /* owned; NULL: it is answered here */
    struct reply *reply;          /* in which the answer is being sent; NULL: in none */
    struct str target;            /* as sent, NUL behind it */
    char bytes[];
};

/* For MHD_get_connection_values: takes one header; all come in one walk. */
enum MHD_Result http_head_take(void *call, enum MHD_ValueKind kind, const char *name,
                               const char *value);
/* Empty where it did not come. */
struct str http_head(const struct call *call, enum head which);
/* Who asks, behind the proxies that we trust. *out_trusted: the peer itself is one of them; *out_strange: it
 * passed some proxy, and the peer is none of them. */
struct address http_client(const struct http *http, struct MHD_Connection *connection,
                           const struct call *call, bool *out_trusted, bool *out_strange);

/* What is known once the head has come. */
struct request http_request_of(struct http *http, struct MHD_Connection *connection,
                               const struct call *call, const char *method);

/* Whole rows (call->rows is not ROWS_NONE). length: 0 = not told. False: it is answered at once. */
bool http_rows_begin(struct http *http, struct MHD_Connection *connection, struct call *call,
                     const char *method, uint64_t length);
/* ROWS_PERHAPS, with what has come in call->body: false: more is wanted. */
bool http_rows_told(struct http *http, struct MHD_Connection *connection, struct call *call,
                    const char *method);
/* ROWS_YES: a piece of them, which is counted already. */
enum MHD_Result http_rows_take(struct call *call, const char *bytes, size_t n);

/* A line for the request where requests are logged; one for a failure of ours (5xx with response->why) in
 * any case, on stderr, LOG_FAILURES a second at most. */
void http_log(struct http *http, const struct call *call, const char *method,
              const struct response *response);

/* Sends the response and takes its bytes. */
enum MHD_Result http_send(struct http *http, struct MHD_Connection *connection, struct call *call,
                          struct response *response);
/* The headers of an answer about one IMEI, for replies_new. */
void http_plain_headers(struct MHD_Response *response);

#endif
