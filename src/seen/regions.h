/* SPDX-License-Identifier: Apache-2.0
 *
 * regions - which region a phone number is of, by its first digits: a table that the country keeps as a CSV file with
 * the columns prefix and region, at most REGIONS names. Expected workload: some hundred prefixes, asked for each subscriber
 * of a count. */
#ifndef SEEN_REGIONS_H
#define SEEN_REGIONS_H

#include "base/err.h"
#include "base/limits.h"

enum { REGIONS = 63, REGION_PREFIXES = 4096, REGION_NONE = REGIONS };

struct regions {
    unsigned count;
    char names[REGIONS][LIMIT_NAME + 1]; /* as they first came in the file */
    size_t prefix_count;
    struct region_prefix {
        uint64_t digits; /* with a leading 1, as imsi_parse packs them */
        unsigned region;
    } prefixes[REGION_PREFIXES]; /* ascending */
};

/* ERR_ROW: a prefix that is not 1 to 15 digits, that stands twice with two regions, a region without a name, or too many of
 * either; what csv_open and csv_next refuse. */
MUST_USE enum err regions_read(const char *path, struct regions *out, struct fault *fault);
/* Of a number, packed as imsi_parse does: the longest prefix counts. REGION_NONE: of none. */
unsigned regions_of(const struct regions *regions, uint64_t msisdn);

#endif
