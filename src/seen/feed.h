/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what an operator's network saw: CSV date,imei,imsi,msisdn,rat[,time], plain, gzip, zstd or ZIP. The first
 * sighting with a home SIM starts an IMEI's clock; an earlier one that comes late moves it back; who used what on which
 * day is kept (seen.h). Rows that cannot be used are set aside, counted, and stand in FILE.bad.csv with line, column and
 * reason; guards stop a load that looks wrong (domain.md 3, 6).
 *
 * The same rows again, in any order and packed in any way, are the same load: nothing is written. Killed or stopped
 * anywhere, the same command does the rest. */
#ifndef SEEN_FEED_H
#define SEEN_FEED_H

#include "bulk/guard.h"
#include "bulk/load.h"

enum { FEED_PERCENT = 5 };

/* Guards: dates, nulls, notice, size, zeros (feed_guard.h). `move` has nothing to judge here. */
struct feed_options {
    struct str operator_name;
    struct accept accept;
    const char *
        machine; /* the program that brings it, for the journal: what would make a phone white waits for a
                            person in any case; NULL: a person loads it */
    int64_t patience_ms; /* that it waits for another load; 0: as long as it takes */
    /* At the end, what was counted of texts that are no keys. NULL: nobody asks. */
    void (*findings)(void *ctx, const struct finding *list, size_t n);
    void *ctx;
};

struct feed_result {
    struct load_result load;
    uint64_t home, roaming, unknown; /* rows by IMSI */
    uint64_t future;                 /* rows dated later than today: set aside */
    uint64_t
        past; /* good rows older than subscribers are kept (seen/term.h): activations, no more */
    uint64_t malformed; /* rows whose IMEI, date or columns cannot be used: set aside */
    uint64_t pairs;     /* new pairs of IMEI and subscriber */
    uint64_t days;      /* different days */
    uint64_t
        imeis; /* different IMEIs with a home SIM, but those that were known as active by then */
    uint64_t first;     /* of them first activations */
    uint64_t earlier;   /* of them moved earlier */
    uint64_t unnoticed; /* would be black, or within 7 days of it */
    uint64_t whitened;  /* become white: seen before amnesty_before; two persons */
    uint32_t tripped;   /* enum guard */
    char ignored[160];  /* columns that are not known, as text; empty: none */
};

/* options->reader: instead of a file at the path; may be NDJSON as well (feed_json.h).
 * ERR_GUARD: a guard that was not accepted stopped it; what it found is told row by row (as far as
 * LIMIT_BAD_ROWS_SHOWN), nothing changed, the file is not remembered. ERR_HELD: activations wait for a second person; all
 * else is in; out->load.batch names the proposal, also when the same file waits already. ERR_ROWS_BAD: more bad rows than are
 * kept. ERR_TOO_MANY: more days, or pairs, than one file may have. ERR_STOPPED. ERR_STORE_BUSY: another load goes on. */
MUST_USE enum err feed_load(struct registry *registry, const struct load_options *options,
                            const struct feed_options *feed, struct feed_result *out,
                            struct fault *fault);

#endif
