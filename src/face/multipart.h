/* SPDX-License-Identifier: Apache-2.0
 *
 * multipart - the parts of a form that brings files (multipart/form-data, RFC 7578), one after another, in
 * the order in which they came. A part is borrowed from the body: nothing is copied, nothing is decoded.
 *
 * Written here rather than taken from libmicrohttpd: its post processor wants a connection, and handlers have
 * none; it skips what it does not understand, and a form that is not plainly a form is refused here.
 * The body is whole before it is read: its address says how long it may be (route.h, body_max). */
#ifndef FACE_MULTIPART_H
#define FACE_MULTIPART_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum { MULTIPART_BOUNDARY = 70 }; /* characters; RFC 2046 5.1.1 */

struct multipart {
    struct str rest; /* behind the boundary that was read last */
    unsigned parts;  /* read so far */
    bool ended;
    size_t mark_bytes;
    char mark[MULTIPART_BOUNDARY + 4]; /* CR LF "--" boundary */
};

struct multipart_part {
    struct str name;
    struct str file; /* its name as the browser says; empty: it said none, or one that is no text */
    bool is_file;
    struct str bytes; /* of a field: UTF-8 text, LIMIT_PART_FIELD at most */
};

/* Reads up to the first part. ERR_USAGE: no boundary, or the body does not begin with it. */
MUST_USE enum err multipart_open(struct str content_type, struct str body, struct multipart *out,
                                 struct fault *fault);
/* The next part; *out_found false: that was the last. ERR_USAGE: cut off, or no form; ERR_TOO_LONG: a part's
 * head (LIMIT_PART_HEAD) or a field; ERR_TOO_MANY (LIMIT_PARTS); ERR_UTF8: a field that is no text. */
MUST_USE enum err multipart_next(struct multipart *m, struct multipart_part *out, bool *out_found,
                                 struct fault *fault);

#endif
