/* SPDX-License-Identifier: Apache-2.0
 *
 * n5geir - N5g-eir_EquipmentIdentityCheck (TS 29.511) on a line: HTTP/2 by nghttp2. Cleartext by prior knowledge,
 * or what ALPN "h2" agreed on; who speaks HTTP/1 gets a line of text and is gone.
 *
 * Expected workload: some AMFs, each with one or few connections and up to LIMIT_N5G_STREAMS requests in flight;
 * what one read brought is asked of the desk together, NETWORK_BATCH at a time, and answered before the call
 * returns. A line takes no memory of nghttp2 until its client has said the 24 bytes that begin HTTP/2.
 *
 * With a guard every request but HEAD, which is refused anyway, wants an access token (OAuth 2.0, TS 29.500 6.7.3); what
 * it asks for is looked at behind that. Who sends one bad token after the other is told to go away.
 *
 * line->face_ctx: a struct n5g_settings, which stays as long as the engine; line->worker_ctx: a struct
 * network_desk. */
#ifndef N5GEIR_N5GEIR_H
#define N5GEIR_N5GEIR_H

#include "n5geir/token_guard.h"
#include "wire/line.h"

struct n5g_settings {
    struct str
        root; /* of the path, as "/eir": before "/n5g-eir-eic", no slash at its end; or empty */
    struct token_guard *guard; /* NULL: nobody is asked for a token */
    /* The number by which who asks is counted, of the name of his certificate or his ADDRESS:PORT; asked once he has
     * said that he speaks HTTP/2. NULL: all have 0. Any worker's thread. */
    unsigned (*number)(void *ctx, struct str origin, bool is_address);
    void *number_ctx;
};

extern const struct line_face n5g_face;

#endif
