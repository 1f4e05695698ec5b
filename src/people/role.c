/* SPDX-License-Identifier: Apache-2.0 */
#include "people/role.h"

enum way_in { SIGNS, PASSWORD };

static const struct {
    const char *name;
    enum way_in in;
} table[ROLE_COUNT] = {
#define X(code, name, text, in) [code] = {text, in},
#include "people/role.def"
#undef X
};

const char *role_name(uint8_t role)
{
    return role < ROLE_COUNT && table[role].name ? table[role].name : "";
}

bool role_find(struct str name, uint8_t *out)
{
    for (uint8_t role = 1; role < ROLE_COUNT; role++) {
        if (!str_eq(name, str_z(role_name(role))))
            continue;
        *out = role;
        return true;
    }
    return false;
}

bool role_has_password(uint8_t role)
{
    return role && role < ROLE_COUNT && table[role].in == PASSWORD;
}
