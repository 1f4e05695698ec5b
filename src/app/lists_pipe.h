/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_pipe - text on its way into a file: whoever makes it fills pieces of a megabyte, a second thread hashes,
 * packs and writes them. The hash is of the plain text. What the disk could not take is told at the end. */
#ifndef APP_LISTS_PIPE_H
#define APP_LISTS_PIPE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sha256.h"

enum lists_pack { LISTS_PLAIN, LISTS_GZ, LISTS_ZSTD, LISTS_PACKS };
enum { LISTS_ROOM = 1 << 16 /* bytes that can be asked for at once */ };

struct lists_pipe;
/* fd: borrowed, written from where it stands. ERR_MEMORY. */
MUST_USE enum err lists_pipe_new(int fd, enum lists_pack pack, struct lists_pipe **out);
void lists_pipe_free(struct lists_pipe *pipe); /* NULL is allowed; what was not ended is lost */

/* Room for n <= LISTS_ROOM bytes, of which lists_pipe_took says how many were filled. */
uint8_t *lists_pipe_room(struct lists_pipe *pipe, size_t n);
void lists_pipe_took(struct lists_pipe *pipe, size_t n);
void lists_pipe_put(struct lists_pipe *pipe, const void *p, size_t n); /* n <= LISTS_ROOM */
/* Counts for the hash, and does not go into the file. n <= LISTS_ROOM. */
void lists_pipe_hash(struct lists_pipe *pipe, const void *p, size_t n);
/* Of all that was put so far; nothing is hashed after it. */
void lists_pipe_digest(struct lists_pipe *pipe, uint8_t out[SHA256_BYTES]);

struct lists_piped {
    uint64_t text_bytes, file_bytes;
};
/* All is written; lasting: and fsynced. ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err lists_pipe_end(struct lists_pipe *pipe, bool lasting, struct lists_piped *out,
                                 struct fault *fault);

#endif
