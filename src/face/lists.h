/* SPDX-License-Identifier: Apache-2.0
 *
 * lists - lists for operators over HTTP: GET /api/v1/lists/{operator}/black?since=CURSOR&wait=SECONDS&pack=gz, the same of white
 * and exceptions, and POST /api/v1/lists/{operator}/receipts. Open to keys with the scope lists, each for the operator alone after
 * whom it is named (behind a slash: which program of his). All may wait for the store, so they are answered aside. */
#ifndef FACE_LISTS_H
#define FACE_LISTS_H

#include "face/request.h"

/* What a request for a list asks for; of whose key it is. ERR_SCOPE, ERR_USAGE, of the cursor. */
struct lists_asked {
    char operator_name[LIMIT_NAME + 1];
    bool has_since;
    struct feed_cursor since;
    unsigned wait;
    enum lists_pack pack;
};
MUST_USE enum err lists_read_ask(struct exchange *x, struct lists_asked *out, struct fault *fault);
const char *lists_media_type(enum lists_pack pack); /* of its file */

void lists_black(struct exchange *x);
void lists_white(struct exchange *x);
void lists_excepted(struct exchange *x);
void lists_receipt_post(struct exchange *x);
enum err lists_receipt_admit(struct exchange *x);

/* The lines of /metrics. */
void lists_metrics(struct lists_desk *desk, struct buf *out);

#endif
