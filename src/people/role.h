/* SPDX-License-Identifier: Apache-2.0
 *
 * role - what somebody who is signed in may do: the rows are role.def, and each use case names the
 * roles that may call it. */
#ifndef PEOPLE_ROLE_H
#define PEOPLE_ROLE_H

#include "base/str.h"

enum role {
    ROLE_NONE = 0,
#define X(code, name, text, signs) ROLE_##name = code,
#include "people/role.def"
#undef X
    ROLE_COUNT
};

/* A set of roles, for tables of who may. */
#define ROLE_BIT(role)  (1U << (role))
#define ROLES_APPLICANT (ROLE_BIT(ROLE_PERSON) | ROLE_BIT(ROLE_ORGANISATION))
#define ROLES_ALL       (~0U)
#define ROLES_STAFF     (ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_ADMIN))

const char *role_name(uint8_t role); /* "" for none */
bool role_find(struct str name, uint8_t *out);
bool role_has_password(uint8_t role);

#endif
