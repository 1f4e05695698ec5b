/* SPDX-License-Identifier: Apache-2.0
 *
 * json - bodies that come in, answers that go out, behind the sign-in. */
#ifndef PORTAL_JSON_H
#define PORTAL_JSON_H

#include "face/json_out.h"
#include "people/person.h"
#include "portal/portal.h"

/* The request's body as a JSON object; json_decref. ERR_USAGE, ERR_UTF8. */
MUST_USE enum err json_body(const struct exchange *x, json_t **out, struct fault *fault);
/* A text that may be missing or null: empty then. ERR_USAGE: something else, fault.field. */
MUST_USE enum err json_member_text(const json_t *object, const char *name, struct str *out,
                                   struct fault *fault);
/* The same into a buffer of so many bytes. ERR_TOO_LONG. */
MUST_USE enum err json_member_short(const json_t *object, const char *name, size_t size, char *out,
                                    struct fault *fault);
/* A list of IMEIs of one device, as people type them. ERR_USAGE, ERR_DEVICE_IMEIS, ERR_IMEI_…. */
MUST_USE enum err json_member_imeis(const json_t *object, const char *name,
                                    struct imei out[LIMIT_DEVICE_IMEIS], uint8_t *out_n,
                                    struct fault *fault);
json_t *json_imeis(const struct imei *imeis, unsigned n);
/* Sends the value with the status; takes it. */
void json_answer(struct exchange *x, int status, json_t *value);

/* A paper as the application that took it lists it. */
json_t *json_paper(const struct case_paper *paper);
/* The member `papers` of a body: LIMIT_PAPERS ids, filled. ERR_USAGE, ERR_TOO_MANY, ERR_PAPER: no such id. */
MUST_USE enum err json_paper_ids(const json_t *body, struct paper_id *out, size_t *out_n,
                                 struct fault *fault);

/* An application as its applicant sees it. */
json_t *application_public(struct exchange *x, const struct application *a);
/* As an officer sees it: with findings, who has claimed it, who applied. applicant may be NULL. now_s: by the
 * register's clock. */
json_t *application_desk(struct exchange *x, const struct application *a,
                         const struct person *applicant, int64_t now_s);
/* A row of the table, as it is on that day. */
struct accreditation;
json_t *json_accreditation(const struct accreditation *a, daynum today);
/* Adds what waits for a second officer ("proposal", null: nothing; a device that was decided before is null) and
 * "remarks", among officers. */
void application_second(struct visit *visit, const struct application *a, json_t *out);
/* As whoever holds its receipt sees it: kind, state, clock. */
json_t *application_brief(const struct application *a);
/* What is wanted in the body of POST /api/v1/applications. devices: FILING_DEVICES_MAX, filled; *out
 * borrows from body. ERR_USAGE, ERR_TOO_MANY, ERR_DEVICE_IMEIS, ERR_TOO_LONG, ERR_DATE, ERR_IMEI_…; fault.field
 * says where. */
MUST_USE enum err application_wish(const json_t *body, struct case_device *devices,
                                   struct filing *out, struct fault *fault);

/* Of an application by file: its counts, and what became of it; null of one that is typed. */
json_t *application_file(struct exchange *x, const struct application *a);

#endif
