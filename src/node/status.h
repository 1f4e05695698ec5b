/* SPDX-License-Identifier: Apache-2.0
 *
 * status - how a node stands, as its threads last knew: written by the one that knows, read by who shows
 * it (node/status_text.h). Single numbers without a lock; none is read together with another. */
#ifndef NODE_STATUS_H
#define NODE_STATUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct node_status {
    /* of who follows */
    _Atomic uint64_t next_seq;          /* all before it is known here: verified and logged */
    _Atomic uint64_t applied_seq;       /* all before it is answered from */
    _Atomic uint64_t register_next_seq; /* where the register stood when it last spoke */
    _Atomic int64_t head_us;            /* UTC: time of the last signed head */
    _Atomic int64_t clock_ahead_us;     /* this clock before the register's, when it last spoke */
    _Atomic int64_t contact_us;         /* monotonic: last answer of the register; 0: none yet */
    _Atomic uint64_t older_heads;       /* not taken: signed earlier than the one before */
    _Atomic uint64_t feed_errors, blocks, snapshots, snapshots_refused;
    _Atomic uint64_t segments_cache, segments_register; /* of the feed, taken from there */
    _Atomic uint64_t snapshots_cache;                   /* of snapshots: from the cache */
    _Atomic uint64_t cache_errors, cache_refused;       /* it gave nothing; what was not believed */
    _Atomic uint64_t log_bytes;                         /* of the feed's log */
    _Atomic uint64_t batches_open;                      /* whose rows wait for their end */
    _Atomic uint32_t rules;                             /* number of the rule set */
    _Atomic uint32_t network_override;                  /* enum rules_override, of the register */
    _Atomic uint64_t imeis, index_bytes;
    atomic_bool ready, follows, stale;
    /* The TACs that are held, from << 32 | to; 0 of them: all. While they change a reader may see some of both. */
    _Atomic uint32_t tac_count;
    _Atomic uint64_t tacs[LIMIT_TAC_RANGES];
    atomic_bool tacs_missing; /* not all that the settings want */
    /* of who reports sightings */
    _Atomic uint64_t sightings_taken, sightings_twice,
        sightings_lost;                   /* lost: the spool was full */
    _Atomic uint64_t sightings_damaged;   /* records of the spool that could not be read */
    _Atomic uint64_t sightings_corrected; /* sent again with the register's time */
    _Atomic uint64_t sightings_sent, sightings_refused, spool_bytes, spool_files, report_errors;
    /* of who registers with an NRF */
    atomic_bool nrf_wanted, nrf_registered, nrf_away, nrf_suspended;
    _Atomic uint64_t nrf_registrations, nrf_heart_beats, nrf_failures;
    /* of who writes the check log */
    _Atomic uint64_t log_lines, log_errors;
};

#endif
