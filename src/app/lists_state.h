/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_state - who stands on a list for operators: IMEI -> reason, and the day from which it is on it. Most of it is
 * a file that is mapped, sorted by IMEI (the base); what came since is a table in memory over it. A look-up costs
 * the table and, where it has nothing, a binary search.
 *
 * Expected workload: 0.3 M rows in a country, 50 M at most; a million rows of the journal a second while it is
 * made anew. One thread at a time, but for views: a view stays as it was made, whoever goes on. */
#ifndef APP_LISTS_STATE_H
#define APP_LISTS_STATE_H

#include "app/lists_map.h"
#include "app/registry.h"
#include "core/spared.h"

enum { LISTED_NOT = 255 /* as a reason: on no list */ };

struct listed {
    uint8_t reason; /* enum reason; LISTED_NOT */
    daynum
        since; /* the first day on the list; of EXPIRED the day behind its last one with service; DAYNUM_NONE with
                       LISTED_NOT */
};

struct listed_imei {
    struct imei imei;
    struct listed is;
};

static inline bool listed_equal(const struct listed *a, const struct listed *b)
{
    return a->reason == b->reason && a->since == b->since;
}

/* ---- the base ---- */

enum { LISTS_HASH = 8 /* bytes of a block's hash that name a place */ };

/* Which place of which register a base stands for; log: records of the log that are in it. */
struct lists_base_name {
    uint8_t register_id[REGISTER_ID_BYTES];
    uint64_t next_seq;
    uint8_t hash[LISTS_HASH];
    uint64_t log;
};

struct lists_state;
/* Empty. ERR_MEMORY. */
MUST_USE enum err lists_state_new(struct lists_state **out);
void lists_state_free(struct lists_state *state); /* NULL is allowed */
/* Takes a base for what it held before. ERR_NOT_FOUND: there is none, or it is damaged or of another
 * kind; it is made anew then. ERR_MEMORY. */
MUST_USE enum err lists_state_load(struct lists_state *state, const char *path,
                                   struct lists_base_name *out);
/* Writes all that stands as the base: beside, fsynced, renamed, and goes on from it. ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err lists_state_save(struct lists_state *state, const char *path,
                                   const struct lists_base_name *name, struct fault *fault);

/* LISTED_NOT: it is not on the list. */
struct listed lists_state_find(const struct lists_state *state, struct imei imei);
/* is: LISTED_NOT takes it off. ERR_MEMORY. */
MUST_USE enum err lists_state_put(struct lists_state *state, struct imei imei, struct listed is);
uint64_t lists_state_count(const struct lists_state *state); /* IMEIs on the list */
/* Is so much in memory that a base should be written? */
bool lists_state_is_heavy(const struct lists_state *state);

/* ---- a view: what stood at one moment, in order, for a thread of its own ---- */

struct lists_view;
MUST_USE enum err lists_view_new(const struct lists_state *state, struct lists_view **out);
void lists_view_free(struct lists_view *view); /* NULL is allowed */
uint64_t lists_view_count(const struct lists_view *view);
/* Is its expiry held? */
bool listed_is_spared(const struct spared *spared, struct imei imei, struct listed is);
/* Before the first rows: who is spared is not in it. */
void lists_view_spare(struct lists_view *view, const struct spared *spared);
/* The next rows, ascending; how many, 0 at the end. */
size_t lists_view_next(struct lists_view *view, struct listed_imei *out, size_t most);

#endif
