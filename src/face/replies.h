/* SPDX-License-Identifier: Apache-2.0
 *
 * replies - libmicrohttpd's responses for the answer that is given most, kept and used again. To make one
 * and its headers takes 25 small allocations, a tenth of a whole check. A reply has the headers of
 * such an answer and a body of one length; its bytes are filled by whoever took it, and stay until
 * it is given back, when they have been sent. Safe from any thread. */
#ifndef FACE_REPLIES_H
#define FACE_REPLIES_H

#include <microhttpd.h>
#include <stddef.h>

enum {
    REPLY_BYTES_MAX =
        1023, /* longer bodies are not kept: an answer about one IMEI has 300 to 600 */
};

struct reply {
    struct MHD_Response *response;
    struct reply *next;
    size_t n;
    char body[];
};

struct replies;

/* put_headers: what every reply has. NULL when there is no memory. */
struct replies *replies_new(void (*put_headers)(struct MHD_Response *response));
/* When no connection is left that has one. NULL-safe. */
void replies_free(struct replies *replies);
/* One with room for n bytes; NULL: too long, or no memory. */
struct reply *replies_take(struct replies *replies, size_t n);
void replies_give(struct replies *replies, struct reply *reply);

#endif
