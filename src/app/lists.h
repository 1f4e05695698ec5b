/* SPDX-License-Identifier: Apache-2.0
 *
 * lists - lists for operators, kept beside the register by following its journal: who stands on a list, since when,
 * and every change of it in the journal's order. A list is a function of the journal alone: at a place, an IMEI is
 * on the list when its last row that may be seen there says so; rows of a batch may be seen from its end on. So a
 * full list and the deltas after it cannot disagree, and all that stands in the directory can be thrown away.
 *
 * Any number of processes keep one directory: whoever asks brings it up to date, one at a time (a file lock).
 * A struct lists belongs to one thread at a time. */
#ifndef APP_LISTS_H
#define APP_LISTS_H

#include "app/feed.h"
#include "app/lists_kind.h"
#include "app/lists_log.h"

struct lists;

/* directory: made when it is missing. kind: enum lists_kind. ERR_FILE_OPEN, ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err lists_open(const char *directory, uint8_t kind, struct lists **out,
                             struct fault *fault);
void lists_close(struct lists *lists); /* NULL is allowed */

/* Up to the register's head; from nothing where what stands is another register's, or a register's that went back.
 * Errors of the store, of files. */
MUST_USE enum err lists_follow(struct lists *lists, struct registry *registry, struct fault *fault);

/* Up to where it was followed. Before lists_follow: all zero. */
struct lists_place lists_place(const struct lists *lists);

/* Not of LISTS_EXCEPTIONS, which has pairs (lists_exceptions.h): what stands at lists_place, which is further on where it had to be followed once more. ERR_LIST_UNSWEPT: that day's
 * sweep has not been; ERR_MEMORY, of files. */
MUST_USE enum err lists_full(struct lists *lists, struct registry *registry,
                             struct lists_view **out, struct fault *fault);
/* The same whatever the day: for tests and figures. */
MUST_USE enum err lists_view(struct lists *lists, struct registry *registry,
                             struct lists_view **out, struct fault *fault);

/* Writes the base now: what is in memory else until it is much. */
MUST_USE enum err lists_settle(struct lists *lists, struct fault *fault);
/* What stands is damaged: lists_follow begins anew. */
void lists_distrust(struct lists *lists);
struct lists_log *lists_log_of(struct lists *lists); /* borrowed; while it is held */

/* After lists_follow: nobody writes or begins anew until lists_let_go. ERR_STALE: somebody has begun anew meanwhile, or
 * took the files away: follow again. */
MUST_USE enum err lists_hold(struct lists *lists, struct fault *fault);
void lists_let_go(struct lists *lists);
/* Calls fn while it is held; follows and tries again where lists_hold or fn say ERR_STALE, and from the journal where fn
 * finds damage (ERR_CODEC). So fn may be called more than once: it gives nothing away but with ERR_OK. */
struct lists_held {
    enum err (*fn)(struct lists *lists, struct registry *registry, void *ctx, struct fault *fault);
    void *ctx;
};
MUST_USE enum err lists_held(struct lists *lists, struct registry *registry,
                             const struct lists_held *what, struct fault *fault);

/* ---- deltas ---- */

/* What moved between a cursor and lists_place, one line an IMEI, ascending; what came and went again is not in it, nor
 * what nobody outside would notice (another reason with the same public name). */
struct lists_delta {
    struct feed_cursor from;
    struct lists_place to;
    struct lists_moved {
        struct imei imei;
        struct listed was, is;
    } * rows;
    size_t count;
    uint64_t added, removed, changed;
};
/* ERR_LIST_CURSOR: no place of this register's journal, or one ahead of it: ask for a full list. */
MUST_USE enum err lists_since(struct lists *lists, struct registry *registry,
                              const struct feed_cursor *cursor, struct lists_delta *out,
                              struct fault *fault);
/* Is it a place that was reached? ERR_LIST_CURSOR. */
MUST_USE enum err lists_check_cursor(const struct lists *lists, struct registry *registry,
                                     const struct feed_cursor *cursor, struct fault *fault);
void lists_delta_release(struct lists_delta *delta);

/* "SEQ-HASH", as feed_cursor_format. */
void lists_cursor(const struct lists_place *place, char out[FEED_CURSOR_TEXT]);

#endif
