/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_files - files under the seal keys, beside the records (people/seal_sweep.h): papers, and uploads in the spool
 * of this machine. Those of other machines their own servers seal anew. */
#ifndef CASES_SEAL_FILES_H
#define CASES_SEAL_FILES_H

#include <stdatomic.h>

#include "cases/paper_file.h"
#include "cases/spool.h"
#include "people/seal_sweep.h"

struct seal_files {
    struct paper_files *papers; /* NULL: none */
    const struct spool *spool;  /* NULL: none */
};

/* Counts files by key; renew: seals those anew first that are under another than the one that is used. A file that
 * does not open stays as it is. ERR_STORE_BUSY: somebody holds the papers, or a file, for long; ERR_STORE_KEY,
 * ERR_STORE_FULL, ERR_FILE_WRITE; ERR_STOPPED: *stop was set. */
MUST_USE enum err seal_files_look(const struct seal_files *files, struct registry *registry,
                                  bool renew, const atomic_int *stop, struct seal_count *out,
                                  struct fault *fault);
/* All uploads of a spool; false: some could not be sealed anew just now. */
bool seal_spool_renew(const struct spool *spool, const atomic_bool *stop);

#endif
