/* SPDX-License-Identifier: Apache-2.0
 *
 * claim_json - what somebody bought and of whom, coming in and going out; shared by requests and complaints. */
#ifndef PORTAL_CLAIM_JSON_H
#define PORTAL_CLAIM_JSON_H

#include "cases/demand.h"
#include "portal/api.h"

/* {imeis, seller: {bin, name, address}, bought, place, document} of a body. ERR_USAGE, ERR_TOO_LONG, ERR_DATE, ERR_IMEI_…;
 * fault.field. */
MUST_USE enum err claim_read_purchase(const json_t *body, struct purchase *out,
                                      struct fault *fault);
/* Puts the same into an answer, with the phone's model, list and last day of service. */
MUST_USE enum err claim_put_purchase(struct api *a, json_t *json, const struct purchase *purchase);

/* A request, as that side may see it. *out: json_decref. */
MUST_USE enum err demand_json(struct api *a, const struct demand *r, enum demand_side side,
                              json_t **out);

#endif
