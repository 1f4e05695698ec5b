/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_log - every change of a list, in the order of the journal, and the places up to which it was followed: the
 * file from which deltas are read. It only grows, by 48 bytes a change: a country's ten years are some hundred MB.
 * Records are made of the journal alone, so a lost tail is written again, the same. Bytes: ARCHITECTURE.md,
 * "Lists for operators". */
#ifndef APP_LISTS_LOG_H
#define APP_LISTS_LOG_H

#include "app/lists_state.h"

enum { LISTS_RECORD = 48 };

/* An IMEI that came, went, or changed. seq: of the item that made it so; several may share it. subscriber: of a pair
 * (lists_pairs.h), else 0. */
struct lists_change {
    struct imei imei;
    uint64_t seq;
    uint64_t subscriber;
    struct listed was, is;
};

/* Up to where the journal was followed. */
struct lists_place {
    uint64_t next_seq;
    uint8_t hash[LISTS_HASH]; /* of the last block */
    struct gate gate;
    uint64_t
        resume; /* the first block that must be read again to go on: of the oldest batch that has no end */
    uint64_t entry; /* the last entry, and the day on which it takes effect */
    daynum effective;
};

struct lists_log;

/* Opens, or makes, the file. What follows its last whole place is not looked at. ERR_FILE_OPEN, ERR_MEMORY;
 * ERR_CHAIN: of another register. */
MUST_USE enum err lists_log_open(const char *path, const uint8_t register_id[REGISTER_ID_BYTES],
                                 struct lists_log **out, struct fault *fault);
void lists_log_close(struct lists_log *log); /* NULL is allowed */

/* Is it the file that stands at path, and begun when this one was? False: it was taken away, or begun anew. Under the
 * lock. */
bool lists_log_stands(const struct lists_log *log, const char *path);

/* Has somebody else written? Under the lock of who writes. */
enum lists_log_news { LISTS_LOG_SAME, LISTS_LOG_MORE, LISTS_LOG_ANEW /* it was begun again */ };
MUST_USE enum err lists_log_look(struct lists_log *log, enum lists_log_news *out,
                                 struct fault *fault);
/* Begins anew, empty. */
MUST_USE enum err lists_log_clear(struct lists_log *log, struct fault *fault);

/* Records that stand, the last of them a place (or none). */
uint64_t lists_log_count(const struct lists_log *log);
/* False: there is none yet. */
bool lists_log_place(const struct lists_log *log, struct lists_place *out);

/* Kept in memory until the next place. ERR_MEMORY. */
MUST_USE enum err lists_log_add(struct lists_log *log, const struct lists_change *change);
/* Is the record that place? */
bool lists_log_is_place(struct lists_log *log, uint64_t at, uint64_t next_seq,
                        const uint8_t hash[LISTS_HASH]);
/* What is written survives a loss of power. Else a tail may be lost, which is made again. ERR_FILE_WRITE. */
MUST_USE enum err lists_log_sync(struct lists_log *log, struct fault *fault);
/* Writes what was added and the place. ERR_FILE_WRITE. */
MUST_USE enum err lists_log_end(struct lists_log *log, const struct lists_place *place,
                                struct fault *fault);
uint64_t lists_log_waiting(const struct lists_log *log); /* changes added and not written */

/* The first record that speaks of seq or later. */
MUST_USE enum err lists_log_find(struct lists_log *log, uint64_t seq, uint64_t *out,
                                 struct fault *fault);
/* Changes of the records from `from` on and before `to`, in order. ERR_CODEC: damaged. */
typedef enum err lists_change_fn(void *ctx, const struct lists_change *change);
MUST_USE enum err lists_log_read(struct lists_log *log, uint64_t from, uint64_t to,
                                 lists_change_fn *fn, void *ctx, struct fault *fault);

#endif
