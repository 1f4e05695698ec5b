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

#endif
