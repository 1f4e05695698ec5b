/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reason.h"

#include <stddef.h>

const struct reason_info reason_table[REASON_COUNT] = {
#define X(code, reason, which, number, heard)                                                      \
    [code] = {.name = #reason, .public = (heard), .list = LIST_##which, .rule = (number)},
#include "core/reasons.def"
#undef X
};

const char *reason_name(uint8_t reason)
{
    const char *name = reason_table[reason & (REASON_COUNT - 1)].name;
    return name ? name : "?";
}

const char *reason_public(uint8_t reason)
{
    const char *name = reason_table[reason & (REASON_COUNT - 1)].public;
    return name ? name : "?";
}

const char *list_name(enum list list)
{
    static const char *const names[LIST_COUNT] = {
        [LIST_UNKNOWN] = "unknown", [LIST_WHITE] = "white",   [LIST_GREY] = "grey",
        [LIST_BLACK] = "black",     [LIST_EXEMPT] = "exempt",
    };
    return (unsigned)list < LIST_COUNT ? names[list] : "?";
}

bool reason_find(struct str name, uint8_t *out)
{
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (reason_table[i].name && str_eq(str_z(reason_table[i].name), name)) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}
