/* SPDX-License-Identifier: Apache-2.0
 *
 * person - who stands behind a party: a person by IIN, an organisation by BIN. Sealed; the party's id is
 * a keyed hash of the number, so that somebody is found by his number without its standing anywhere
 * in clear. */
#ifndef PEOPLE_PERSON_H
#define PEOPLE_PERSON_H

#include "people/eds.h"
#include "people/record.h"

struct person {
    char iin[13]; /* of the person, or of who signed last for the organisation */
    char bin[13]; /* of the organisation; empty for a person */
    char name[EDS_ORGANISATION];
};

/* ERR_NOT_FOUND. */
MUST_USE enum err person_get(struct registry *registry, uint64_t party, struct person *out,
                             struct fault *fault);
/* Inside a write: adds or replaces. */
MUST_USE enum err person_put(struct registry *registry, uint64_t party, const struct person *person,
                             struct fault *fault);

#endif
