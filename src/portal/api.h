/* SPDX-License-Identifier: Apache-2.0
 *
 * api - the one shape of every address of the API behind the sign-in: who asks, what the body says, one
 * act, its answer or its error. A handler names what it takes in a row and does the act alone. */
#ifndef PORTAL_API_H
#define PORTAL_API_H

#include "portal/json.h"

/* One address at work. */
struct api {
    struct exchange *x;
    struct visit *visit;
    struct fault *fault; /* the visit's */
    json_t *body;        /* an object; NULL where none is taken */
    int status;          /* of the answer: 200 unless the act says other */
    json_t *answer;      /* left by an act that went well */
};

enum api_takes {
    API_LOOKS = 0,
    API_BODY = 1,    /* a JSON object */
    API_CHANGES = 2, /* something, so it carries the session's mark */
    API_ACTS = API_BODY | API_CHANGES,
};

struct api_row {
    uint32_t roles; /* who may; 0: also nobody */
    enum api_takes takes;
    enum err (*act)(struct api *a);
};
/* Answers the exchange. */
void api_run(struct exchange *x, const struct api_row *row);

/* The number of an application in the address. ERR_NOT_FOUND: it is none. */
MUST_USE enum err api_number(const struct api *a, uint64_t *out);
/* The value of `name` in the query; *out borrows from scratch, empty when it is not there. */
MUST_USE enum err api_query(const struct api *a, const char *name, struct buf *scratch,
                            struct str *out);
/* A text of the body, empty when it is not there or null. ERR_USAGE: something else. */
MUST_USE enum err api_text(const struct api *a, const char *name, struct str *out);
/* The body of POST /api/v1/applications names an upload: files it, as bulk_file. */
MUST_USE enum err application_file_upload(struct api *a, struct application *out, bool *out_again);
/* {"approve": true} or {"refusal": "GSMA_LISTED"}, note: decides one by file, as bulk_decide. */
MUST_USE enum err application_file_decide(struct api *a, uint64_t id, struct application *out);
/* Does a program ask, with a key, and nobody who is signed in? */
bool api_by_key(const struct exchange *x);
/* May who asks see what is counted of the operator in the address: the operator's key or people, or who sees all?
 * ERR_SCOPE, ERR_SESSION, ERR_ROLE, ERR_NOT_FOUND: no name of an operator; of the door. */
MUST_USE enum err api_may_see_operator(struct api *a);
/* A page of a list: {NAME: list, "next": cursor or null}. Takes both. */
json_t *api_page(const char *name, json_t *list, json_t *next);

#endif
