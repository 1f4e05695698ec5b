/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_pass - one pass over an operator's rows: one thread unpacks (ahead.h), one reads, one looks pairs up
 * (seen.h). What stands at options->reader, or in the file at the path, is CSV or lines of JSON, packed or not. Stops within
 * some milliseconds of bytes when it is told to, also where rows are bad, blank or do not come. */
#ifndef SEEN_FEED_PASS_H
#define SEEN_FEED_PASS_H

#include "seen/feed_rows.h"

/* Sets rows->out->load.rows, .bytes, .bad, .beside and ->ignored. Errors of the file; ERR_ROWS_BAD, ERR_TOO_MANY, ERR_MEMORY,
 * ERR_FILE_WRITE (the bad rows), ERR_FILE_EMPTY (no row), ERR_TOO_LONG (LIMIT_ROWS_UNPACKED), ERR_STOPPED. */
MUST_USE enum err feed_pass(struct feed_rows *rows, struct seen *seen, struct fault *fault);

#endif
