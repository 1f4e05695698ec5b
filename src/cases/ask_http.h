/* SPDX-License-Identifier: Apache-2.0
 *
 * ask_http - a source that is asked over HTTP: border service, post, customs, GSMA. One POST of a JSON object is a
 * question, one JSON object with status 200 the answer; whatever else comes, comes too late or not at all is
 * "could not ask". Each has a breaker of its own (breaker.h): nobody there, 5xx and bytes that are no answer count,
 * answers that refuse the question (4xx) do not. What each is asked: ask_sources.c, doc/verification.md. Of any
 * number of threads ASK_AT_ONCE are asking, the others wait for them. */
#ifndef CASES_ASK_HTTP_H
#define CASES_ASK_HTTP_H

#include "cases/breaker.h"
#include "cases/checks.h"

enum {
    ASK_CONNECT_MS = 2000,
    ASK_WHOLE_MS = 5000,
    ASK_TRIES = 2,          /* of one question */
    ASK_AT_ONCE = 8,        /* questions to one source: of the checks, and of files (bulk_worker) */
    ASK_ANSWER_MAX = 65536, /* bytes */
};

struct ask_http;
/* url: http or https. ERR_SETTING_VALUE, ERR_MEMORY. */
MUST_USE enum err ask_http_open(const char *url, struct ask_http **out, struct fault *fault);
void ask_http_close(struct ask_http *source); /* NULL is allowed */
/* The process ends: who asks now, and whoever asks from now on, hears that he could not ask. NULL is allowed. */
void ask_http_stop(struct ask_http *source);

/* Reads an answer; false: it is none. */
typedef bool ask_read_fn(const json_t *answer, void *out);
/* Puts a question; the answer is read by fn into out. Takes the question. False: it could not be asked. */
MUST_USE bool ask_http_put(struct ask_http *source, json_t *question, ask_read_fn *fn, void *out);

/* As sources of checks.h; NULL source: nobody to ask. */
struct check_source ask_http_source(struct ask_http *source);
struct customs_source ask_http_customs(struct ask_http *source);
struct gsma_source ask_http_gsma(struct ask_http *source);

#endif
