/* SPDX-License-Identifier: Apache-2.0
 *
 * cache - a table (table.h) that stands in a file beside the register, mapped, so that a load need not read all
 * records before it begins. It tells nothing that the records do not: when in doubt it is thrown away and made anew.
 *
 * In doubt means: of another register, of another state of it (a tag that each appending load makes anew), cut off
 * while it was being changed, of another start of the machine (what was written before a loss of power may have reached
 * the disk in any order), or of a form that this program does not write. Where no file can be had (no room, no right,
 * another load holds it) the same table stands in memory alone.
 *
 * File: a page of header, then the slots as the machine has them. 0600; it holds keyed hashes and numbers. */
#ifndef SEEN_CACHE_H
#define SEEN_CACHE_H

#include "seen/table.h"
#include "store/store.h"

enum { SEEN_TAG = 16 };

/* Of what state of which register it is. */
struct seen_state {
    uint8_t register_id[REGISTER_ID_BYTES];
    uint8_t tag[SEEN_TAG];
};

struct seen_cache {
    struct seen_table table;
    char *path; /* NULL: in memory alone */
    int fd;     /* held; -1 */
    char kind;  /* which of the tables */
};

/* *out_ready: it holds just that state; else it is empty, and changing (seen_cache_begin). path: copied; NULL: in
 * memory. ERR_MEMORY. */
MUST_USE enum err seen_cache_open(const char *path, char kind, const struct seen_state *state,
                                  struct seen_cache *out, bool *out_ready);
void seen_cache_close(struct seen_cache *cache);
/* From here on to seen_cache_settle it is in doubt. */
void seen_cache_begin(struct seen_cache *cache);
/* Room for so many more entries. After seen_cache_begin. ERR_MEMORY. */
MUST_USE enum err seen_cache_room(struct seen_cache *cache, uint64_t more);
/* Without the entries whose number has no bit in live. After seen_cache_begin. ERR_FILE_WRITE: no room for it, the table
 * is as before. */
MUST_USE enum err seen_cache_sift(struct seen_cache *cache, const uint64_t *live);
void seen_cache_settle(struct seen_cache *cache, const struct seen_state *state);

#endif
