/* SPDX-License-Identifier: Apache-2.0
 *
 * http - the door: libmicrohttpd with epoll and a pool of threads, on one address and no other.
 * Behind a proxy in the field; alone it still keeps to the limits of base/limits.h. */
#ifndef FACE_HTTP_H
#define FACE_HTTP_H

#include <stdio.h>

#include "app/service.h"
#include "face/address.h"
#include "face/faces.h"
#include "face/limiter.h"

struct intake;
struct notices_desk;
struct observer;
struct portal;
struct route;

struct http_options {
    const char *address; /* "127.0.0.1", "::1": an address of this machine, no name */
    uint16_t port;       /* 0 = any that is free */
    struct service *service;
    bool demo;           /* sample banner and list of samples */
    unsigned threads;    /* 0 = one */
    struct nets trusted; /* proxies whose word about the client counts */
    enum forwarded_form forwarded;
    const char
        *certificate_header; /* in which a trusted proxy names a client's certificate; NULL */
    struct limits limits;
    struct nets metrics_from; /* who may read /metrics */
    FILE *log;                /* one line a request, without any IMEI; NULL = none */
    const char *public_url; /* scheme://host[:port] as people reach us; NULL: http://address:port */
    const struct faces *faces;    /* borrowed; NULL: one face */
    struct observer *observer;    /* what nodes report; NULL: no reports are taken */
    struct intake *intake;        /* operators' whole rows; NULL: none are taken */
    struct notices_desk *notices; /* NULL: no receipts of notices are taken */
    struct portal *portal;        /* what stands behind the sign-in, with its addresses; NULL */
    const struct route *more;
    unsigned more_count;
    void (*more_metrics)(struct portal *portal, struct buf *out); /* NULL */
    void (*watch_metrics)(void *ctx, struct buf *out);            /* from any thread; NULL */
    void *watch_metrics_ctx;
};

struct http;

/* ERR_USAGE: no such address. ERR_UNAVAILABLE: it cannot be listened on. */
MUST_USE enum err http_start(const struct http_options *options, struct http **out,
                             struct fault *fault);
uint16_t http_port(const struct http *http);
/* Answers what was begun, then ends. NULL is allowed. */
void http_stop(struct http *http);

#endif
