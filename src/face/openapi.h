/* SPDX-License-Identifier: Apache-2.0
 *
 * openapi - the API's own description, OpenAPI 3.1: src/face/openapi.json, with the reasons of
 * errors.def. test/e2e/openapi.t replays its examples: it is true or the test fails. */
#ifndef FACE_OPENAPI_H
#define FACE_OPENAPI_H

#include "base/str.h"

extern const struct str openapi_document;

#endif
