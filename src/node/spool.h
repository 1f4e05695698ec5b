/* SPDX-License-Identifier: Apache-2.0
 *
 * spool - first uses that the register has not taken yet, in files of a directory: N.sightings, numbered
 * upwards, one open for writing, the others whole. Records of 20 bytes: IMEI body 8, UTC second 8, CRC-32C of
 * these 16 4. A crash costs at most what was not synced; a record that was damaged costs itself.
 *
 * Bounded in bytes. When it is full the newest are refused: a phone that goes on being used is seen again,
 * and what was written first is what starts its clock.
 *
 * Safe from two threads: one adds, one cuts, reads and drops. */
#ifndef NODE_SPOOL_H
#define NODE_SPOOL_H

#include "node/desk.h"

struct node_spool;

enum { SPOOL_RECORD = 20, SPOOL_FILE_RECORDS = LIMIT_SIGHTINGS };

/* Makes the directory where it is missing; what is there from before is kept. ERR_FILE_OPEN, ERR_MEMORY. */
MUST_USE enum err node_spool_open(const char *directory, uint64_t max_bytes,
                                  struct node_spool **out, struct fault *fault);
void node_spool_close(struct node_spool *s); /* syncs */

/* Appends; not durable before node_spool_sync. False: it is full, or cannot be written (errno). */
bool node_spool_add(struct node_spool *s, const struct sighting *sighting);
bool node_spool_sync(struct node_spool *s);
uint64_t node_spool_bytes(struct node_spool *s, uint64_t *out_files);

/* The oldest file, closed for writing if it still is open: its number; 0: nothing is there. */
uint64_t node_spool_cut(struct node_spool *s);
struct spool_batch {
    struct sighting *sightings; /* of the caller, room for max */
    size_t max;
    size_t count;   /* good ones */
    size_t damaged; /* what else stands in the file: records, the last may be a part of one */
};
/* What the file holds. ERR_FILE_OPEN, ERR_FILE_READ: nothing is known of it, it is to stay and be read
 * later; a file that is no more is an empty one. Counts are set in any case. */
MUST_USE enum err node_spool_read(struct node_spool *s, uint64_t file, struct spool_batch *batch,
                                  struct fault *fault);
void node_spool_drop(struct node_spool *s, uint64_t file);

/* One record, for tests. */
void node_spool_encode(const struct sighting *sighting, uint8_t out[SPOOL_RECORD]);
bool node_spool_decode(const uint8_t in[SPOOL_RECORD], struct sighting *out);

#endif
