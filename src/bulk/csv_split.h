/* SPDX-License-Identifier: Apache-2.0
 *
 * csv_split - one row into its fields. Two ways with the same result where both apply: sixteen bytes at a time for rows
 * without quotes, which is nearly all of them, and by a small machine for the others. */
#ifndef BULK_CSV_SPLIT_H
#define BULK_CSV_SPLIT_H

#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"

enum csv_split_state {
    CSV_SPLIT_OK,
    CSV_SPLIT_OPEN,   /* a quote is not closed before the bytes end */
    CSV_SPLIT_BEHIND, /* something stands between a closing quote and the separator */
};

struct csv_split {
    struct str fields[LIMIT_COLUMNS];
    uint32_t count; /* LIMIT_COLUMNS + 1: more than there is room for */
    enum csv_split_state state;
    size_t fault_at; /* of the open quote; of what stands behind one */
    size_t used;     /* bytes of the row, without its line feed */
};

enum { CSV_SPLIT_PAD = 16 }; /* bytes behind n that are read, whatever they are */

/* A row without quotes, up to its line feed or to n (used == n: there is none). */
void csv_split_plain(const char *p, size_t n, char separator, struct csv_split *out);
/* Finds the end of the row itself, for a line feed may be quoted. Values with doubled quotes are
 * written to scratch (n bytes). */
void csv_split_quoted(const char *p, size_t n, char separator, char *scratch,
                      struct csv_split *out);

#endif
