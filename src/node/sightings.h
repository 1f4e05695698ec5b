/* SPDX-License-Identifier: Apache-2.0
 *
 * sightings - first uses on their way to the register: from the workers' rings into the spool (a thread that
 * may wait for a disk), from the spool to the register (a thread that may wait for it).
 *
 * Of one IMEI one is written a day: phones attach all day while the register does not answer. Written means
 * synced within 200 ms or 1,000 records. A file goes when the register has taken it: at least once up, and
 * once in the register, which knows what it has. Lines that it refuses are said, masked, and dropped: they
 * would be refused again. What stands in a ring when the process is killed (20 ms) was promised to nobody: the
 * phone is seen again, because nobody has set its clock going. */
#ifndef NODE_SIGHTINGS_H
#define NODE_SIGHTINGS_H

#include "node/link.h"
#include "node/spool.h"
#include "node/status.h"

struct sightings;

struct sightings_options {
    const char *directory;
    uint64_t max_bytes;        /* of the spool */
    struct link_options link;  /* url empty: they stay in the spool */
    struct ring *const *rings; /* of struct sighting, one a worker */
    unsigned ring_count;
    struct node_status *status;
};

/* Borrows what options point to. ERR_FILE_OPEN, ERR_MEMORY. */
MUST_USE enum err sightings_new(const struct sightings_options *options, struct sightings **out,
                                struct fault *fault);
/* The register was restored: what it was told counts no more as told. From any thread. */
void sightings_forget(struct sightings *s);
/* Writes what is in the rings, syncs, ends. NULL: nothing. */
void sightings_free(struct sightings *s);

#endif
