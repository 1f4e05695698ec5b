/* SPDX-License-Identifier: Apache-2.0
 *
 * shut_file - bytes that stand on disk for a while and that only this process can read: a file without a name, each piece
 * sealed under a key that is in memory alone. So what people's rows leave on disk after a kill, or on a stolen disk, is
 * nothing. Expected workload: gigabytes written once from front to back, then read from front to back; one thread at a
 * time. Memory: two pieces. What has ended may be looked at by others, each with two pieces of his own (shut_view), at any
 * time and also when its owner has let go of it: it lasts as long as the last of them. */
#ifndef APP_SHUT_FILE_H
#define APP_SHUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct shut_file;

/* most: bytes. ERR_FILE_WRITE: no file can be made in the directory; ERR_MEMORY. */
MUST_USE enum err shut_file_new(const char *directory, uint64_t most, struct shut_file **out,
                                struct fault *fault);
void shut_file_free(struct shut_file *file); /* NULL is allowed */
/* At the end of what is there; before shut_file_end. ERR_TOO_LONG: more than most; ERR_STORE_FULL: the disk would have
 * less than LIMIT_SPARE_BYTES left; ERR_FILE_WRITE. */
MUST_USE enum err shut_file_add(struct shut_file *file, const void *p, size_t n,
                                struct fault *fault);
/* From here on it is read. ERR_STORE_FULL, ERR_FILE_WRITE. */
MUST_USE enum err shut_file_end(struct shut_file *file, struct fault *fault);
uint64_t shut_file_bytes(const struct shut_file *file);
/* Fills n bytes from a place on; fewer only at the end. ERR_FILE_READ: it is not what was written. */
MUST_USE enum err shut_file_read(struct shut_file *file, uint64_t at, void *to, size_t n,
                                 size_t *out_n, struct fault *fault);

struct shut_view;
/* Of a file that has ended. ERR_MEMORY. The owner holds the file while this is called. */
MUST_USE enum err shut_view_new(struct shut_file *file, struct shut_view **out);
void shut_view_free(struct shut_view *view); /* NULL is allowed */
/* As shut_file_read; one thread at a time a view. */
MUST_USE enum err shut_view_read(struct shut_view *view, uint64_t at, void *to, size_t n,
                                 size_t *out_n, struct fault *fault);

#endif
