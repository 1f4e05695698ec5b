/* SPDX-License-Identifier: Apache-2.0
 *
 * out - a JSON document that is written while it is found: canonical (members in the order of their bytes, no white space
 * outside texts, UTF-8 as it is), hashed on its way, in a file without a name until it is whole. */
#ifndef HELD_OUT_H
#define HELD_OUT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"

struct out {
    int fd;
    char beside
        [4096]; /* its name for the time, where the file system knows no files without one; empty: none */
    const char *path;
    struct buf buf;
    struct sha256 *sha;
    uint64_t bytes;
    enum err err; /* the first that went wrong: later calls do nothing */
    int why;      /* errno */
};

/* ERR_FILE_WRITE: something stands there, or the directory cannot be written to. */
MUST_USE enum err out_open(struct out *out, const char *path, struct fault *fault);
void out_text(struct out *out, const char *text);
/* Takes the value. NULL: no memory. */
void out_json(struct out *out, json_t *value);
/* Durable, under no name yet. */
MUST_USE enum err out_whole(struct out *out, uint8_t sha256[SHA256_BYTES], struct fault *fault);
/* It has its name from now on. ERR_FILE_WRITE. */
MUST_USE enum err out_publish(struct out *out, struct fault *fault);
void out_close(struct out *out); /* what was not published is gone */

#endif
