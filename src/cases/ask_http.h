/* SPDX-License-Identifier: Apache-2.0
 *
 * ask_http - a source that is asked over HTTP: the border service, the post. POST of
 * {"iin", "day", "document", "purpose"} (day: YYYY-MM-DD or null), answered {"answer": "yes" | "no"}; whatever
 * else comes, comes too late or not at all is "could not ask". After ASK_FAILURES in a row of nobody answering it is not asked
 * for ASK_REST_S, so that one that is down is not knocked at for each application (circuit breaker).
 * doc/verification.md. */
#ifndef CASES_ASK_HTTP_H
#define CASES_ASK_HTTP_H

#include "cases/checks.h"

enum {
    ASK_CONNECT_MS = 2000,
    ASK_WHOLE_MS = 5000,
    ASK_TRIES = 2, /* of one question */
    ASK_FAILURES = 5,
    ASK_REST_S = 30,
    ASK_ANSWER_MAX = 65536, /* bytes */
};

struct ask_http;
/* url: http or https. ERR_SETTING_VALUE, ERR_MEMORY. */
MUST_USE enum err ask_http_open(const char *url, struct ask_http **out, struct fault *fault);
void ask_http_close(struct ask_http *source); /* NULL is allowed */
/* As a source of checks.h; NULL source: nobody to ask. */
struct check_source ask_http_source(struct ask_http *source);

#endif
