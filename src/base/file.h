/* SPDX-License-Identifier: Apache-2.0
 *
 * file - what two rooms do with files. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Makes the directory of the path where it is missing: var/ of var/tamga.db. One level; what fails here
 * fails again, with words, when the file is opened. */
void file_make_directory(const char *path);
/* Makes the names in the directory of the path outlive a loss of power. False: errno. */
bool file_sync_directory(const char *path);

/* Does the path lead to this open file? False too where it was taken away, or another one stands there. */
bool file_is_at(int fd, const char *path);

/* Appends what stands in a file, at most max bytes. ERR_FILE_OPEN, ERR_FILE_READ, ERR_TOO_LONG, ERR_MEMORY;
 * fault names the file. */
MUST_USE enum err file_read(const char *path, size_t max, struct buf *out, struct fault *fault);

#endif
