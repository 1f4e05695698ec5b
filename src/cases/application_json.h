/* SPDX-License-Identifier: Apache-2.0
 *
 * application_json - an application's record; only cases/ includes this. */
#ifndef CASES_APPLICATION_JSON_H
#define CASES_APPLICATION_JSON_H

#include "cases/application.h"

/* NULL: no memory. json_decref. */
json_t *application_to_json(const struct application *application);
/* ERR_CODEC, ERR_MEMORY. *out: application_release. */
MUST_USE enum err application_from_json(const json_t *json, struct application *out,
                                        struct fault *fault);

/* Parts of it that other records of this room have, too. */
json_t *case_imeis_json(const struct imei *imeis, unsigned n);
uint8_t case_imeis_read(const json_t *list, struct imei out[LIMIT_DEVICE_IMEIS]); /* how many */
json_t *case_paper_json(const struct case_paper *paper);
void case_paper_read(const json_t *json, struct case_paper *out);

#endif
