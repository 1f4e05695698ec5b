/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_out - a directory of list files that changes as a whole: files are written into DIR.new, fsynced, and the two
 * change places. Whoever reads DIR sees the files of one making; a making that died leaves DIR as it was, and the next
 * one clears away what it left. */
#ifndef APP_LISTS_OUT_H
#define APP_LISTS_OUT_H

#include "app/lists_text.h"

struct lists_out;

/* path: made when it is missing. ERR_LIST_PLACE: it holds what is none of ours, and stays; ERR_STORE_BUSY: somebody
 * else writes there; ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err lists_out_begin(const char *path, struct lists_out **out, struct fault *fault);
/* A new file in it; the caller's to close. */
MUST_USE enum err lists_out_file(struct lists_out *out, const char *name, int *out_fd,
                                 struct fault *fault);
/* A small file, whole. */
MUST_USE enum err lists_out_put(struct lists_out *out, const char *name, struct str text,
                                struct fault *fault);
/* What was written takes the place. */
MUST_USE enum err lists_out_end(struct lists_out *out, struct fault *fault);
void lists_out_free(struct lists_out *out); /* throws away what did not end; NULL is allowed */

#endif
