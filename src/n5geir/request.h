/* SPDX-License-Identifier: Apache-2.0
 *
 * request - one request while its headers come: what of them matters is read as each comes by, none is kept.
 * Headers that say nothing to us (3gpp-sbi-max-rsp-time, 3gpp-sbi-sender-timestamp, user-agent) only count.
 *
 * The form of a request (RFC 9113 8.2, 8.3) is judged here, not in nghttp2, which would read every byte of every value: a
 * seventh of an answer. We pass nothing on and keep no value, so names and pseudo-headers are what can be wrong. */
#ifndef N5GEIR_REQUEST_H
#define N5GEIR_REQUEST_H

#include "n5geir/query.h"
#include "n5geir/token.h"

struct n5g_request {
    struct network_check check; /* with N5G_ASK */
    enum n5g_answer target;     /* what :path alone comes to */
    size_t header_bytes;        /* as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 6.5.2) */
    uint8_t pseudo;             /* which of them came */
    bool malformed;             /* a stream error, PROTOCOL_ERROR (RFC 9113 8.1.1) */
    bool plain;                 /* another header than a pseudo-header came */
    bool get, head;
    bool accept, accepted;    /* an Accept came; one of them takes what we send */
    enum token_verdict token; /* of who knows the keys; n5g_request_begin: none is wanted */
};

void n5g_request_begin(struct n5g_request *r);
void n5g_request_header(struct n5g_request *r, struct str root, struct str name, struct str value);
/* All headers have come. */
bool n5g_request_is_malformed(const struct n5g_request *r);
/* N5G_ASK with r->check, or the answer. */
enum n5g_answer n5g_request_end(const struct n5g_request *r);

#endif
