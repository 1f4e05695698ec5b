/* SPDX-License-Identifier: Apache-2.0
 *
 * source - the bytes of a file that somebody hands in: a path, or "-" for standard input. Regular
 * files and pipes only; what is no text (a directory, a device) is refused before it is opened. */
#ifndef BULK_SOURCE_H
#define BULK_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"

struct source;

/* hash: keep a SHA-256 of all bytes that are read.
 * ERR_FILE_OPEN, ERR_FILE_KIND, ERR_TOO_LONG (above LIMIT_FILE_BYTES), ERR_MEMORY. */
MUST_USE enum err source_open(const char *path, bool hash, struct source **out,
                              struct fault *fault);
void source_close(struct source *s);
/* From now on a pipe in which nothing comes is given up when *stop is set: ERR_STOPPED. NULL: never. */
void source_stop(struct source *s, const atomic_int *stop);

/* Fills n bytes; fewer only at the end of the file. ERR_FILE_READ, ERR_TOO_LONG, ERR_STOPPED. */
MUST_USE enum err source_read(struct source *s, void *to, size_t n, size_t *out_n,
                              struct fault *fault);
/* Bytes that stand elsewhere than in a plain file: fills n, fewer only at their end. */
struct source_reader {
    enum err (*read)(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault);
    void *ctx;
    const char *name; /* for faults */
    uint64_t size;
};
/* The same over a reader, borrowed until source_close. ERR_TOO_LONG, ERR_MEMORY. */
MUST_USE enum err source_open_reader(const struct source_reader *reader, bool hash,
                                     struct source **out, struct fault *fault);
/* The path, or "standard input". */
const char *source_name(const struct source *s);
/* Bytes of a regular file; 0 when nobody knows. */
uint64_t source_size(const struct source *s);
/* Of the bytes read; once, at the end, of a source opened with hash. */
void source_hash(struct source *s, uint8_t out[SHA256_BYTES]);

/* SHA-256 of a whole file, to know it again without reading it as anything. */
MUST_USE enum err file_hash(const char *path, uint8_t out[SHA256_BYTES], struct fault *fault);

#endif
