/* SPDX-License-Identifier: Apache-2.0
 *
 * copy - the register as a node keeps it: a signed snapshot, and what the feed brought since. In the node's
 * directory snapshot-SEQ.tgix and feed-SEQ.log are one copy (SEQ: next_seq of the snapshot). One that was fetched
 * beside another is coming-SEQ.tgix and coming-SEQ.log until it is the one that is answered from: whatever becomes of it,
 * what is there stays as good as it was.
 *
 * An answer of the feed is verified whole, appended to the log, then applied. Nothing is fsynced: what a
 * crash takes off the log's end comes again. A start believes neither file: the snapshot's signature and
 * sections, then each answer of the log is verified as if it had just come; what follows the last good
 * head is cut off.
 *
 * Rows of a batch wait for its end (ARCHITECTURE.md, "Decisions"). They wait in the log, not in memory: at
 * the end the log is read again from the batch's first block on, all of it in order. What belongs to no
 * batch was applied when it came, and is once more. While that is done the gate is the newest one, so no
 * deadline turns back, and rows of an IMEI of which a later one was applied are left out (newer.h), so that
 * nobody is told what has been overtaken. It is done some blocks at a time, by copy_show: whoever owns the copy calls
 * it while he waits for the register's next answer, whose blocks that belong to no batch are applied between. A batch
 * of which the log has HELD_BYTES without an end is applied as far as it is.
 *
 * One copy, one thread; only the index is read by others meanwhile. */
#ifndef NODE_COPY_H
#define NODE_COPY_H

#include "base/clock.h"
#include "node/feed.h"
#include "node/node_key.h"
#include "node/view.h"

struct copy_options {
    const char *directory;
    const struct node_key *key;
    const struct clock *clock;
    const struct tac_ranges *tacs; /* that a snapshot must hold; NULL: all */
};

struct copy_batch {
    uint64_t id;
    bool passed; /* its rows do not wait any more */
};

/* A batch that has ended, on its way into the index. */
struct copy_showing {
    bool on;
    uint64_t seq, until; /* the next row, and before which it ends */
    uint64_t byte;       /* of the answer in the log that is read */
    uint8_t *map;        /* it; NULL: none is read */
    size_t map_bytes;
    struct feed_reading reading;
    size_t put; /* blocks of it, when it is whole */
};

struct copy {
    struct copy_options with;
    struct sha256 *sha;
    struct held_index *index;
    struct held_tac *tac; /* of rules; NULL: none */
    struct rules rules;   /* in force; rules.tac is not set */
    struct rules coming;  /* in force once its list of models is here (wants_tac) */
    uint32_t wants_tac;   /* 0: none */
    struct zone zone;
    struct feed_place place;
    struct gate gate;
    struct feed_head head; /* the last one that was verified; before the first time_us is the time
                              of the snapshot's file, by this machine's clock */
    int64_t signed_us;     /* UTC, the register's clock: of the last verified head; 0: none yet */
    uint64_t snapshot_seq;
    int64_t opened_us;    /* UTC: about when the snapshot came */
    uint64_t blocks;      /* applied or held */
    struct spared spared; /* whose expiry is held for this operator, as the feed said last */
    bool rules_moved;     /* for who publishes: rules or tac are new; he sets it back */
    bool beside;          /* its files are those of one that is coming */
    /* the log */
    int log; /* descriptor; -1: none, or it could not be written any more */
    uint64_t log_bytes;
    int64_t logged_us; /* head of the last answer in it */
    /* what waits */
    struct copy_batch batches[LIMIT_NODE_BATCHES];
    unsigned batch_count;         /* open ones */
    unsigned held_count;          /* of them not passed */
    uint64_t held_seq;            /* first block that waits */
    uint64_t held_byte;           /* of the answer in the log that has it */
    struct feed_place held_place; /* before that answer */
    struct copy_showing showing;
    bool broken; /* the rest of a batch could not be read out of the log: another copy is wanted */
    struct newer
        *newer; /* what was applied meanwhile; NULL: nothing waits or is shown, or no memory */
};

/* The snapshot in a file that is in no directory of ours: what `--snapshot` serves. No log. */
MUST_USE enum err copy_read(const struct copy_options *options, const char *path, uint64_t at_least,
                            struct copy **out, struct fault *fault);
/* Snapshot and log of SEQ, whatever TACs it holds. ERR_SNAPSHOT and as index_file_read; a log that is damaged is cut, none is made. */
MUST_USE enum err copy_open(const struct copy_options *options, uint64_t seq, struct copy **out,
                            struct fault *fault);
/* The log that belongs to it, made when there is none: what copy_open does after copy_read. */
MUST_USE enum err copy_log(struct copy *copy, struct fault *fault);
void copy_free(struct copy *copy);

/* Is there something to be shown by copy_show? */
bool copy_is_showing(const struct copy *copy);
/* Goes on with it for about so long, 0: to its end; one block at least. ERR_CODEC, ERR_CHAIN, ERR_SIGNATURE: the log is
 * not what was written to it; ERR_MEMORY: the copy is to be thrown away in any case. */
MUST_USE enum err copy_show(struct copy *copy, int64_t budget_us, struct fault *fault);
/* All before this sequence number is in the index: at or before copy->place. */
uint64_t copy_applied(const struct copy *copy);

/* One answer of the feed. ERR_CODEC, ERR_CHAIN, ERR_SIGNATURE: it is not believed, nothing changed;
 * ERR_NOT_NOW: nothing is new, and an older head than the one before says so; nothing changed: ask again.
 * ERR_MEMORY: the copy is to be thrown away. A log that cannot be written is told by copy->log == -1. */
MUST_USE enum err copy_take(struct copy *copy, struct str answer, struct fault *fault);
/* The signed list that wants_tac names. ERR_CODEC, ERR_SIGNATURE, ERR_MEMORY. */
MUST_USE enum err copy_take_tac(struct copy *copy, struct str bytes, struct fault *fault);

/* ---- files of the directory ---- */

enum { COPY_PATH = 640, COPY_KEPT = 2 };
void copy_path(const char *directory, const char *what, uint64_t seq, const char *end,
               char out[COPY_PATH]);
/* Snapshots that are there, newest first; how many, at most max. */
size_t copy_list(const char *directory, uint64_t *out, size_t max);
void copy_remove(const char *directory, uint64_t seq);
/* The files of a copy that was beside are those of its SEQ from now on, in the place of what was there. ERR_FILE_WRITE:
 * they are not; whatever stood there is whole, or has this copy's snapshot or log, which follow one another as well. */
MUST_USE enum err copy_settle(struct copy *copy, struct fault *fault);
/* What is coming does not come any more. */
void copy_drop_coming(const char *directory);
/* For a start that found nothing good: what was coming when the run before ended takes its place. False: nothing was. */
bool copy_settle_left(const char *directory);
/* Keeps the newest COPY_KEPT, and what belongs to them. */
void copy_prune(const char *directory);

#endif
