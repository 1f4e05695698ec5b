/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_lines - the lines of customs declarations that a file of devices names, each once, with the devices of the
 * file against it: so that a file of a million rows costs one look a line. Kept beside the upload as one sealed record,
 * below 1 MiB: goods item varint, devices varint, length 1 and bytes of the number, a line. Behind it one record for each
 * part of the list: of each device its line as varint, from 1; 0: it names none. */
#ifndef CASES_BULK_LINES_H
#define CASES_BULK_LINES_H

#include "cases/checks.h"

struct bulk_line {
    uint32_t item; /* 0: none is named */
    uint32_t devices;
    uint8_t plain_n;
    char plain[LIMIT_DOCUMENT];      /* the number as it is compared */
    char number[LIMIT_DOCUMENT + 1]; /* as the first row wrote it */
};

struct bulk_lines {
    struct bulk_line *list; /* owned */
    uint32_t n, size;
    uint32_t *slots; /* owned; index + 1, 0 = free; twice as many as lines at least */
    uint32_t slot_count;
    uint32_t last; /* that was asked for: rows of one line stand together */
};

void bulk_lines_release(struct bulk_lines *lines);
/* The line of a row, added when it is new: *out its index. ERR_TOO_MANY: more than LIMIT_CUSTOMS_LINES. */
MUST_USE enum err bulk_lines_index(struct bulk_lines *lines, struct str number, uint32_t item,
                                   uint32_t *out, struct fault *fault);
void bulk_lines_encode(const struct bulk_lines *lines, struct buf *out);
/* Of an upload; none when it names none. *out: bulk_lines_release. ERR_CODEC. */
MUST_USE enum err bulk_lines_get(struct registry *registry, uint64_t upload, struct bulk_lines *out,
                                 struct fault *fault);
/* Of devices by their places in the list, from 0, the lines, from 1; 0: none, or it is not known. */
MUST_USE enum err bulk_lines_name(struct registry *registry, uint64_t upload,
                                  const uint32_t *places, uint32_t *out, size_t n,
                                  struct fault *fault);
/* Devices of the file against the i-th line and those that mean the same: the same item, or none named. */
uint64_t bulk_lines_devices(const struct bulk_lines *lines, uint32_t i);

/* The checks of an import by file: customs are asked line by line. Fills in a->findings and what is seen of it.
 * *out_reach: whether all lines were answered for; if not it is to be done again. ERR_STOPPED. */
struct bulk_progress;
enum reach;
MUST_USE enum err bulk_customs(const struct office *office, struct application *a,
                               const struct bulk_progress *progress, enum reach *out_reach,
                               struct fault *fault);

#endif
