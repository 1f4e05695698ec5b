/* SPDX-License-Identifier: Apache-2.0
 *
 * check_log - one line for each check that was not white (or for all), written by a thread of its own from
 * the workers' rings. What finds no room there is counted and not written: a disk that is slow delays no
 * answer.
 *
 *   time=2026-11-27T10:00:00.123Z face=s13 origin=mme1.example imei=35824005-1*****-* sv=01
 *   imsi=40101********** status=grey list=grey reason=UNVERIFIED rule=9        (one line)
 *
 * sv and imsi are "-" where none was given, imei where the identity was none. A file that has become too
 * large is renamed to FILE.1, that one to FILE.2, as many as are kept. */
#ifndef NODE_CHECK_LOG_H
#define NODE_CHECK_LOG_H

#include "base/buf.h"
#include "node/desk.h"
#include "node/status.h"

struct check_log;

struct check_log_options {
    const char *file;
    uint64_t max_bytes;        /* of one file */
    unsigned keep;             /* older files */
    struct ring *const *rings; /* of struct check_record, one a worker */
    unsigned ring_count;
    struct node_status *status;
};

/* Opens the file, starts the thread. Borrows options. ERR_FILE_OPEN, ERR_MEMORY. */
MUST_USE enum err check_log_new(const struct check_log_options *options, struct check_log **out,
                                struct fault *fault);
void check_log_reopen(struct check_log *log); /* somebody has moved the file. From any thread */
void check_log_free(struct check_log *log);   /* writes what is there; NULL: nothing */

/* One line, with its end. */
void check_log_format(const struct check_record *record, struct buf *out);

#endif
