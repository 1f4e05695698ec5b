/* SPDX-License-Identifier: Apache-2.0
 *
 * notices - POST /api/v1/notices/receipts: what became of notices, as an operator tells it; and their figures. */
#ifndef FACE_NOTICES_H
#define FACE_NOTICES_H

#include "app/notices_desk.h"
#include "face/request.h"

void notices_list(struct exchange *x); /* GET /api/v1/lists/{operator}/notify */
void notices_receipts_post(struct exchange *x);
MUST_USE enum err notices_receipts_admit(struct exchange *x);

/* One line of a report. Fault: which reason and detail it is refused with. ERR_USAGE, ERR_DATE, ERR_MEMORY, of JSON. id:
 * copied to *id_text. */
struct notices_line {
    char id[NOTICES_ID_TEXT];
    uint8_t state;
    int64_t at_s;
};
MUST_USE enum err notices_line(struct str line, struct notices_line *out);

/* For /metrics. */
void notices_metrics(struct notices_desk *desk, struct buf *out);

#endif
