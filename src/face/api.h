/* SPDX-License-Identifier: Apache-2.0
 *
 * api - what programs hear: JSON, errors as RFC 9457 problems. Public: of a reason only what the
 * public may know, never a subscriber, an owner or a date of use. */
#ifndef FACE_API_H
#define FACE_API_H

#include "face/request.h"

void api_check(struct exchange *x);        /* GET /api/v1/check/{imei} */
void api_check_batch(struct exchange *x);  /* POST /api/v1/check {"imei": "…" or ["…"]} */
void api_check_number(struct exchange *x); /* GET /api/v1/check-number/{number}: did we say so */
void api_health(struct exchange *x);       /* GET /healthz: 200 while it answers */
void api_document(struct exchange *x);     /* GET /api/v1/openapi.json */
void api_problem(struct exchange *x, enum err err, const struct fault *fault);

#endif
