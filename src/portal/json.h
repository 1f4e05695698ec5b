/* SPDX-License-Identifier: Apache-2.0
 *
 * json - bodies that come in, answers that go out, behind the sign-in. */
#ifndef PORTAL_JSON_H
#define PORTAL_JSON_H

#include "people/person.h"
#include "portal/portal.h"

/* The request's body as a JSON object; json_decref. ERR_USAGE, ERR_UTF8. */
MUST_USE enum err json_body(const struct exchange *x, json_t **out);
/* Sends the value with the status; takes it. */
void json_answer(struct exchange *x, int status, json_t *value);
/* "2026-03-10T07:00:00Z"; null for 0. */
json_t *json_time(int64_t utc_s);

/* An application as its applicant sees it. */
json_t *application_public(struct exchange *x, const struct application *a);
/* As an officer sees it: with findings, who has claimed it, who applied. applicant may be NULL. */
json_t *application_desk(struct exchange *x, const struct application *a,
                         const struct person *applicant);
/* What is wanted in the body of POST /api/v1/applications. devices: FILING_DEVICES_MAX, filled; *out
 * borrows from body. ERR_USAGE, ERR_TOO_MANY, ERR_DEVICE_IMEIS, ERR_DATE, ERR_IMEI_…: of the IMEI in fault.value. */
MUST_USE enum err application_wish(const json_t *body, struct case_device *devices,
                                   struct filing *out, struct fault *fault);

#endif
