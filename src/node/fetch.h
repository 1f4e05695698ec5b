/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch - a new snapshot of the register, in a thread of its own, beside the copy that goes on being
 * answered from and followed: downloaded, verified, loaded, brought up to where the register stands.
 *
 * Where there is a cache, the register tells the name of its snapshot and the cache gives the bytes; when it does not, or
 * they are not the register's, they come from the register itself.
 *
 * The download is kept in snapshot.part, its ETag beside it, and goes on where it broke off, also after
 * a restart. What is refused is deleted; the copy before is untouched, and so are its files: those of the new one stand
 * beside them until whoever takes it settles it (copy_settle). */
#ifndef NODE_FETCH_H
#define NODE_FETCH_H

#include "node/pull.h"
#include "node/status.h"

struct fetch;

struct fetch_options {
    struct copy_options copy;
    struct link_options link;
    struct link_options cache; /* url empty: none */
    struct node_status *status;
};

/* Borrows what options point to. ERR_MEMORY. */
MUST_USE enum err fetch_new(const struct fetch_options *options, struct fetch **out);
void fetch_free(struct fetch *f); /* stops it */
/* What it does ends soon. From any thread. */
void fetch_stop(struct fetch *f);
/* Begins, unless it is at it. A snapshot that stands before at_least is refused. in_use: SEQ of a copy
 * that goes on writing its log meanwhile, which nobody else may open: the same again is ERR_NOT_NOW; 0:
 * none. anew: a log that is there is not believed any more, whatever snapshot it belongs to; else the
 * log of the very same snapshot stays. ERR_MEMORY. */
struct fetch_wish {
    uint64_t at_least, in_use;
    bool anew;
    struct tac_ranges tacs; /* that are wanted; a register of before gives all, which will do */
    bool
        or_all; /* where it keeps no more sets of TACs, all will do as well: there is no copy yet */
};
MUST_USE enum err fetch_begin(struct fetch *f, const struct fetch_wish *wish);
bool fetch_is_on(struct fetch *f);   /* begun, and not taken yet */
bool fetch_is_done(struct fetch *f); /* fetch_take returns at once */
/* Waits for what was begun. ERR_SNAPSHOT, ERR_UNAVAILABLE, ...; ERR_SNAPSHOT_PARTS: the register keeps snapshots of other
 * TACs, and no more; on success the copy is the caller's. */
MUST_USE enum err fetch_take(struct fetch *f, struct copy **out, struct fault *fault);

#endif
