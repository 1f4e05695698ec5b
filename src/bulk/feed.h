/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what an operator's network saw: CSV date,imei,imsi,msisdn,rat[,time]. The first sighting
 * with a home SIM starts an IMEI's clock; an earlier one that comes late moves it back. Rows that
 * cannot be used are set aside and counted; guards stop a load that looks wrong (domain.md 3, 6). */
#ifndef BULK_FEED_H
#define BULK_FEED_H

#include "bulk/load.h"

enum feed_guard {
    FEED_DATES = 1 << 0, /* over 5 % of the rows dated later than today */
    FEED_NULLS = 1 << 1, /* over 5 % of the rows null or malformed */
    FEED_NOTICE =
        1 << 2, /* an IMEI would be black, or within 7 days of it, before a first notice */
};
enum { FEED_GUARDS = 3, FEED_ALL = 7, FEED_PERCENT = 5, FEED_NOTICE_DAYS = 7 };

/* Guards that the contract names but that have no history to go by yet, `size` and `move`, are
 * accepted as words and always pass. */
struct feed_options {
    struct str operator_name;
    uint32_t accept;    /* enum feed_guard */
    const char *reason; /* with accept */
};

struct feed_result {
    struct load_result load;
    uint64_t home, roaming, unknown; /* rows by IMSI */
    uint64_t future;                 /* rows dated later than today: set aside */
    uint64_t malformed; /* rows whose IMEI, date or columns cannot be used: set aside */
    uint64_t imeis;     /* different IMEIs with a home SIM */
    uint64_t first;     /* of them first activations */
    uint64_t earlier;   /* of them moved earlier */
    uint64_t unnoticed; /* would be black, or within 7 days of it */
    uint64_t whitened;  /* become white: seen before amnesty_before; two persons */
    uint32_t tripped;   /* enum feed_guard */
};

const char *feed_guard_name(uint32_t guard); /* "dates" */
/* Comma list of guards, or all. False: no such guard. */
bool feed_guards_parse(struct str text, uint32_t *out);

/* ERR_GUARD: a guard that was not accepted stopped it; nothing changed, the file is not
 * remembered. */
MUST_USE enum err feed_load(struct registry *registry, const struct load_options *options,
                            const struct feed_options *feed, struct feed_result *out,
                            struct fault *fault);

#endif
