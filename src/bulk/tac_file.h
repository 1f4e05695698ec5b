/* SPDX-License-Identifier: Apache-2.0
 *
 * tac_file - reads the two lists of Type Allocation Codes that registers get: GSMA's (columns cut
 * by |, header obligatory) and Osmocom's CSV, with or without its notice and header. GSMA's also says when a TAC was
 * allocated and which radio its phones have; a day that cannot be read leaves its row a good one. */
#ifndef BULK_TAC_FILE_H
#define BULK_TAC_FILE_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "core/tac.h"

enum tac_format { TAC_FORMAT_AUTO, TAC_FORMAT_GSMA, TAC_FORMAT_OSMOCOM };

/* What stood in the file. A row whose TAC is not 8 digits (7: a lost leading 0 is given back) or
 * that cannot be cut into columns is a finding, never a failure. */
struct tac_file {
    enum tac_format format; /* GSMA or OSMOCOM */
    uint64_t row_count;
    uint64_t taken_count;   /* given to the builder; a TAC may stand twice, the last row wins */
    uint64_t machine_count; /* of them, machines */
    uint64_t padded_count;  /* of them, with a leading 0 given back */
    uint64_t dated_count;   /* of them, with the day of their allocation */
    uint64_t radio_count;   /* of them, with the radio that their phones have */
    uint64_t undated_count; /* of them, with something for a day that is none, or has not come */
    uint64_t finding_count;
    uint32_t example_count, undated_example_count;
    struct tac_finding {
        uint64_t line;
        char text[24];                 /* what stood for a TAC */
    } examples[LIMIT_BAD_ROWS_SHOWN],  /* of finding_count */
        undated[LIMIT_BAD_ROWS_SHOWN]; /* of undated_count: what stood for a day */
    uint8_t hash[SHA256_BYTES];        /* of the file */
};

/* "gsma" or "osmocom". ERR_USAGE. */
MUST_USE enum err tac_format_parse(struct str text, enum tac_format *out);
/* "01-Jan-2015", "2015-01-01" or "20150101": the forms of GSMA's lists. A day before DAYNUM_FIRST is that one.
 * ERR_DATE. */
MUST_USE enum err tac_date_parse(struct str text, daynum *out);
/* Adds every row to the builder. today: no TAC is allocated later. The errors of csv_open and csv_next; ERR_FILE_HEADER: no such
 * list; ERR_ROW: not one TAC in it. On failure the builder is of no more use. */
struct tac_reading {
    const char *path;
    enum tac_format format;
    daynum today;
};
MUST_USE enum err tac_file_read(const struct tac_reading *how, struct tac_builder *b,
                                struct tac_file *out, struct fault *fault);

#endif
