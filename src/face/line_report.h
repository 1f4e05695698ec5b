/* SPDX-License-Identifier: Apache-2.0
 *
 * line_report - a body of lines, a JSON object each, as operators and their nodes send it: each is taken or refused for
 * itself, and who sent them hears how many were and why. What a line says is the door's (sightings.h, notices.h). */
#ifndef FACE_LINE_REPORT_H
#define FACE_LINE_REPORT_H

#include <jansson.h>

#include "face/request.h"

struct line_report {
    const char *form; /* what a line must be: set by the door, said of one that is not */
    size_t lines;     /* that are not empty */
    uint32_t *number; /* of each line that is kept */
    size_t n;         /* kept */
    uint64_t taken, known, refused;
    json_t *shown; /* of the refused the first */
};

/* Counts the lines and pays for them. ERR_TOO_MANY, ERR_MEMORY, of guard_admit_rest. */
MUST_USE enum err line_report_begin(struct exchange *x, struct line_report *report,
                                    struct fault *fault);
void line_report_release(struct line_report *report); /* also of one that did not begin */

/* One line, which is the report->n-th to be kept; *out_keeps is false before. What it fails with refuses the line, but
 * for ERR_MEMORY, which ends the report. */
typedef enum err line_report_fn(void *ctx, struct str line, size_t number, bool *out_keeps);
/* ERR_MEMORY. */
MUST_USE enum err line_report_read(struct line_report *report, struct str body, line_report_fn *fn,
                                   void *ctx);
void line_report_refuse(struct line_report *report, size_t line, const char *reason,
                        const char *detail);

/* ---- what is in a line ---- */

/* json_decref. ERR_USAGE: too long, too; as json_read. */
MUST_USE enum err line_report_line(struct str line, json_t **out);
/* "2026-11-27T10:00:00Z", nothing else. ERR_DATE. */
MUST_USE enum err line_report_time(struct str text, int64_t *out_s);

#endif
