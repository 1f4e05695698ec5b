/* SPDX-License-Identifier: Apache-2.0
 *
 * samples - a register's sample IMEIs, from a reserved range of serials (990000-990099), each made
 * by the use cases that make real ones. For demonstrations only. */
#ifndef APP_SAMPLES_H
#define APP_SAMPLES_H

#include "app/registry.h"

struct sample {
    const char *id;   /* "verified_import"; its text is "sample.<id>" of the catalogue */
    const char *imei; /* as to be typed: 15 digits, or a mistyped form */
    const char *imsi; /* to be asked with, NULL = none */
    uint8_t expect;   /* enum reason on the day the samples are made; REASON_COUNT: an error */
};

/* What the asker hears on that day: the reason's list, but white for a clone's own subscriber.
 * expect must be a reason. */
enum list sample_list(const struct sample *sample);

/* Walks the table; NULL past the end. At least 16. */
const struct sample *sample_get(size_t i);
/* Makes them all, dates relative to the register's today. The register must be new. */
MUST_USE enum err samples_make(struct registry *registry, struct fault *fault);

#endif
