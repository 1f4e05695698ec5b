/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack - the bytes of a file that may be packed: gzip (of several members, too), zstd (of several frames), ZIP with one
 * file in it, or plain. What it is, its first bytes say, never its name. Streamed, in bounded memory: a ZIP is read from
 * its front, so it may come by a pipe. Check sums are checked; a file that was cut off is an error, not a short file. */
#ifndef BULK_UNPACK_H
#define BULK_UNPACK_H

#include "bulk/source.h"

struct unpack;

struct unpack_options {
    const char *path; /* as source_open takes it */
    const struct source_reader
        *reader;            /* instead of the path, borrowed until unpack_close; NULL: none */
    const atomic_int *stop; /* NULL: nobody stops it */
};

/* path: as source_open takes it. Errors of source_open; ERR_FILE_KIND: a ZIP that is encrypted, or packed by another
 * method than deflate. */
MUST_USE enum err unpack_open(const char *path, struct unpack **out, struct fault *fault);
MUST_USE enum err unpack_open_with(const struct unpack_options *options, struct unpack **out,
                                   struct fault *fault);
void unpack_close(struct unpack *u); /* NULL is allowed */
/* For csv_options.reader; as long as the unpack is open. Its errors: ERR_FILE_READ (damaged, cut off), ERR_FILE_KIND. */
const struct source_reader *unpack_reader(const struct unpack *u);
/* Bytes of the file that have been read; for progress. */
uint64_t unpack_bytes(const struct unpack *u);
uint64_t unpack_size(const struct unpack *u); /* of the file; 0: nobody knows */
bool unpack_packed(const struct unpack *u);   /* it is not plain */

#endif
