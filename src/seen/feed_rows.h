/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_rows - one row of an operator's file: what it says, or why it cannot be used. What names nobody (hexadecimal, `*`,
 * `#`, empty, all zero, all nine) is a finding and a row set aside, never a key. */
#ifndef SEEN_FEED_ROWS_H
#define SEEN_FEED_ROWS_H

#include "bulk/findings.h"
#include "seen/feed.h"
#include "seen/feed_counts.h"
#include "seen/radio.h"
#include "seen/seen.h"

enum { FEED_DATE, FEED_IMEI, FEED_IMSI, FEED_MSISDN, FEED_RAT, FEED_TIME, FEED_COLUMNS };
extern const char *const feed_columns[FEED_COLUMNS];

/* Values that are remembered: good ones of the column rat; dates. */
enum { FEED_RATS = 64, FEED_DATES = 64 };

/* IMEI columns of digits alone by their length (15: or 16), and how many of them begin with 0. */
struct feed_lengths {
    uint64_t of[16], zero[16];
};

struct feed_rows {
    struct registry *reg;
    const struct load_options *options;
    const struct feed_options *feed;
    struct feed_result *out;
    struct findings findings;
    struct feed_counts counts;
    struct feed_lengths lengths;
    struct load_options beside; /* of rejects: all bad rows into the file beside, none told */
    struct rejects rejects;
    uint64_t
        lines_before; /* the first row that there would be in CSV: a header that does not stand in the file */
    unsigned examples;
    struct fault example[LIMIT_BAD_ROWS_SHOWN]; /* the first rows that were set aside */
    daynum today;
    daynum kept_from; /* of older days an IMEI's activation alone is taken */
    uint8_t key[SEEN_HASH_KEY];
    uint64_t sum; /* of the rows that give no seen_row, in no order */
    struct feed_date {
        uint8_t n;
        char text[15];
        daynum day;
    } dates[FEED_DATES]; /* the date column repeats: those that were read, by what they mix to */
    uint64_t rats[FEED_RATS];  /* by what they mix to */
    uint8_t radios[FEED_RATS]; /* enum radio, of these */
    struct radio_seen *radio;  /* by TAC */
};

MUST_USE enum err feed_rows_init(struct feed_rows *rows, struct registry *registry);
void feed_rows_release(struct feed_rows *rows);

/* A row of the reader, or what is wrong with it (bad; else NULL). *out_used: it gave a row. ERR_FILE_WRITE: the file
 * beside cannot be written. */
MUST_USE enum err feed_row(struct feed_rows *rows, const struct csv *csv, const struct csv_row *row,
                           const struct fault *bad, struct seen_row *out, bool *out_used);
/* After the last: closes the file beside. */
MUST_USE enum err feed_rows_end(struct feed_rows *rows, struct fault *fault);

#endif
