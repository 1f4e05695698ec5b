/* SPDX-License-Identifier: Apache-2.0
 *
 * paper_file - where the bytes of papers stand: a directory outside the database, one file for equal
 * bytes, sealed, under a name that is a keyed hash of them, so that neither names nor contents tell
 * anything without the register's key. What each is and whose, the register knows (paper.h).
 *
 * A file: `TGP1`, number of its key (4), header of a libsodium secretstream (24), then pieces of 64 KiB,
 * each 17 bytes longer than its plain text, the last marked as such; head and name are authenticated with the
 * first. One that was cut, changed or renamed does not open. Written beside, synced, renamed: none is ever half.
 *
 * A file without a record is left over from a crash. So that none is thrown away whose record is just being
 * written, whoever writes holds the directory shared, whoever throws away holds it alone, across processes.
 *
 * Expected workload: a million files of 1 to 10 MB; names are spread over 256 directories. */
#ifndef CASES_PAPER_FILE_H
#define CASES_PAPER_FILE_H

#include "app/registry.h"
#include "base/buf.h"

enum { PAPER_FILE_NAME = SHA256_BYTES };

struct paper_files;

/* Opens the directory, and makes it (0700) where it is missing. ERR_FILE_OPEN. */
MUST_USE enum err paper_files_open(const char *dir, struct paper_files **out, struct fault *fault);
void paper_files_close(struct paper_files *files); /* NULL is allowed */

/* The name of the file for bytes with this hash. */
void paper_file_name(const struct register_keys *keys, const uint8_t sha[SHA256_BYTES],
                     uint8_t out[PAPER_FILE_NAME]);

/* Holds the directory until paper_files_let_go. alone: nobody else holds it; false: somebody does (or, shared,
 * it cannot be held at all). *out_hold: for letting go. */
bool paper_files_hold(const struct paper_files *files, bool alone, int *out_hold);
void paper_files_let_go(int hold);

/* The rest: from any thread. */

/* Writes the bytes, unless they stand there. Hold it. ERR_STORE_FULL, ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err paper_file_put(const struct paper_files *files, const struct people_keys *keys,
                                 const uint8_t name[PAPER_FILE_NAME], struct str bytes,
                                 struct fault *fault);
/* Appends what stands there. ERR_FILE_OPEN: nothing; ERR_FILE_READ; ERR_CODEC: damaged, or another's;
 * ERR_STORE_KEY: under a key that the ring lacks; ERR_MEMORY. */
MUST_USE enum err paper_file_get(const struct paper_files *files, const struct people_keys *keys,
                                 const uint8_t name[PAPER_FILE_NAME], struct buf *out,
                                 struct fault *fault);
/* Is it sealed under another key than new ones are? False where there is none. */
bool paper_file_stale(const struct paper_files *files, const struct people_keys *keys,
                      const uint8_t name[PAPER_FILE_NAME]);
/* Number of the key that it is under; 0: there is none. */
uint32_t paper_file_number(const struct paper_files *files, const uint8_t name[PAPER_FILE_NAME]);
/* Seals it anew under the key that is used. Hold it alone. As paper_file_get and paper_file_put. */
MUST_USE enum err paper_file_renew(const struct paper_files *files, const struct people_keys *keys,
                                   const uint8_t name[PAPER_FILE_NAME], struct fault *fault);
/* Removes it; none is no error. Hold it alone. */
void paper_file_drop(const struct paper_files *files, const uint8_t name[PAPER_FILE_NAME]);
/* Walks the files whose names begin with `first`; what is no whole file is removed. Hold it alone. */
typedef void paper_file_fn(void *ctx, const uint8_t name[PAPER_FILE_NAME]);
void paper_files_each(const struct paper_files *files, uint8_t first, paper_file_fn *fn, void *ctx);

#endif
