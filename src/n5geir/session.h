/* SPDX-License-Identifier: Apache-2.0
 *
 * session - HTTP/2 on one line: streams become requests, requests of one input become one question to the
 * desk, replies become frames.
 *
 * Invariant: after session_input nothing waits for the desk; what is still open waits for its client: for the
 * rest of a request, or for room to send. */
#ifndef N5GEIR_SESSION_H
#define N5GEIR_SESSION_H

#include <nghttp2/nghttp2.h>

#include "n5geir/n5geir.h"
#include "n5geir/pool.h"
#include "n5geir/request.h"

/* So many at once, so many a second for long. */
struct session_bucket {
    int64_t at_us;
    uint32_t left;
};

struct session {
    nghttp2_session *h2; /* NULL until the client has said that it speaks HTTP/2 */
    struct line *line;
    struct network_asker asker;
    struct str root;
    struct token_guard *guard; /* NULL: none */
    struct pool pool;
    struct n5g_request request;     /* whose headers come just now: those of one stream at a time */
    size_t asked;                   /* of the two below */
    int32_t streams[NETWORK_BATCH]; /* 0: it is gone */
    struct network_check checks[NETWORK_BATCH];
    struct session_bucket frames, resets;
    int64_t passed_over; /* bytes that came in no frame that nghttp2 told of */
    unsigned open;       /* streams */
    unsigned bodies;     /* of them: whose request is not whole */
    unsigned early;      /* of them: answered before it was */
    int64_t heard_us;    /* when a frame came */
    int64_t progress_us; /* when a stream ended, or the first of those that are open began */
    bool flooded;        /* more frames than anybody needs */
    bool echoed;         /* the PING of a goodbye came back */
};

/* ERR_MEMORY. */
MUST_USE enum err session_begin(struct session *s);
/* False: nothing more can be said on this line after what is in line->out. */
bool session_input(struct session *s, const uint8_t *p, size_t n);
/* What nghttp2 wants to send goes to line->out. False as above. */
bool session_output(struct session *s);
void session_release(struct session *s);

#endif
