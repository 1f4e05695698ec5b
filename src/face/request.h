/* SPDX-License-Identifier: Apache-2.0
 *
 * request - what was asked and what is answered, without a socket: http.c makes one from bytes on a
 * connection, tests make one by hand, route_answer is all that lies between. */
#ifndef FACE_REQUEST_H
#define FACE_REQUEST_H

#include "app/service.h"
#include "face/faces.h"

/* What all requests share. Read by many threads. */
struct site {
    struct service *service;
    bool demo;                 /* sample banner, list of samples */
    const struct faces *faces; /* NULL: one face, in the catalogue's words */
    struct str public_url; /* scheme://host[:port] under which people reach us: in QR codes; empty:
                              none are drawn */
};

struct request {
    struct str method; /* "GET"; HEAD comes as GET */
    struct str target; /* as sent: path, query, nothing decoded */
    struct str content_type;
    struct str accept_language;
    struct str accept_encoding;
    struct str host; /* RFC 9110 7.2 */
    struct str body;
    bool body_too_long; /* above LIMIT_HTTP_BODY; body is not to be used */
};

struct response {
    int status; /* RFC 9110 */
    const char *content_type;
    const char *allow;    /* methods, of a 405; NULL */
    const char *language; /* of the texts in it; NULL */
    const char *route;    /* its place in the table, for logs: never what was typed */
    bool packed;          /* the body is gzip */
    size_t whole_bytes;   /* of a packed body, before it was packed */
    bool scripted;        /* a page whose own script may run */
    bool keeps;           /* named by its hash: may be kept for ever */
    struct str fixed;     /* a body that lives as long as the program; else body */
    struct buf body;      /* owned by the response */
};

void response_release(struct response *response);
/* The bytes to send. */
struct str response_body(const struct response *response);

/* One request while it is answered. */
struct exchange {
    const struct site *site;
    const struct face *face; /* under whose name we answer; NULL: nobody's in particular */
    const struct request *request;
    struct response *response;
    struct buf *out;  /* = &response->body */
    struct str path;  /* as sent */
    struct str query; /* as sent; empty */
    struct str param; /* the decoded {…} of the route; empty */
    enum lang lang;
    bool lang_asked; /* by ?lang=: links of the page keep it */
    bool machine;    /* below /api/, or /healthz: errors are problem+json */
};

/* Fills *response, always; errors are answers too. */
void route_answer(const struct site *site, const struct request *request,
                  struct response *response);
/* Throws away what was written and answers with the error: problem+json for machines, a page for
 * people. */
void route_fail(struct exchange *x, enum err err);

#endif
