/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch - one question over HTTP to a program that the settings name: no proxy of the environment, no
 * redirection, a limit of bytes and of time. Only serve links it (ARCHITECTURE.md, "libcurl"). */
#ifndef PEOPLE_FETCH_H
#define PEOPLE_FETCH_H

#include "base/buf.h"
#include "base/err.h"

enum { FETCH_HEADERS = 4 };

struct fetch {
    const char *who; /* in the words of an error: "the verifier" */
    const char *url;
    enum err away;                      /* the error of one that cannot be asked */
    const struct buf *body;             /* of a POST; NULL: GET */
    const char *headers[FETCH_HEADERS]; /* "Name: value"; NULL ends them */
    const char *ca;                     /* PEM: whom to believe instead of the system's; NULL */
    const char *sign_in;                /* "name:password" of Basic; NULL */
    unsigned connect_ms, whole_ms;
    size_t most_bytes; /* of its answer */
};

/* http:// or https://, and something behind it? */
bool fetch_is_url(const char *url);
/* Once, before any thread: makes libcurl ready. ERR_MEMORY. */
MUST_USE enum err fetch_init(void);
/* Appends the answer's body, whatever its status. `away`; ERR_MEMORY. */
MUST_USE enum err fetch(const struct fetch *question, struct buf *answer, long *out_status,
                        struct fault *fault);

#endif
