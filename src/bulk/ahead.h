/* SPDX-License-Identifier: Apache-2.0
 *
 * ahead - the bytes of another reader, read in a thread of its own a megabyte ahead: unpacking costs as much as half of what
 * is then done with a row, and runs beside it. For files that are there; a pipe may let one wait for ever, and so would closing.
 *
 * What was read before a fault is given first; the call that reaches the fault fails. */
#ifndef BULK_AHEAD_H
#define BULK_AHEAD_H

#include "bulk/source.h"

struct ahead;

/* The reader is used by the thread alone, until ahead_close. ERR_MEMORY. */
MUST_USE enum err ahead_open(const struct source_reader *reader, struct ahead **out,
                             struct fault *fault);
/* Ends the thread after the piece that it reads. NULL is allowed. */
void ahead_close(struct ahead *ahead);
/* For one caller. */
const struct source_reader *ahead_reader(const struct ahead *ahead);

#endif
