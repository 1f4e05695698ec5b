/* SPDX-License-Identifier: Apache-2.0
 *
 * reason - the lists an IMEI can be on and the reasons why, from one table. */
#ifndef CORE_REASON_H
#define CORE_REASON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum list { LIST_UNKNOWN, LIST_WHITE, LIST_GREY, LIST_BLACK, LIST_EXEMPT, LIST_COUNT };

enum reason {
#define X(code, name, list, rule, public) REASON_##name = code,
#include "core/reasons.def"
#undef X
    REASON_COUNT = 64 /* codes fit 6 bits */
};

struct reason_info {
    const char *name;   /* "UNVERIFIED"; NULL where no reason has this code */
    const char *public; /* what the public and the operators hear: "AUTHORITY" for ORDER */
    uint8_t list;       /* enum list */
    uint8_t rule;       /* number in domain.md 3 */
};

extern const struct reason_info reason_table[REASON_COUNT];

static inline enum list reason_list(uint8_t reason)
{
    return (enum list)reason_table[reason & (REASON_COUNT - 1)].list;
}

const char *reason_name(uint8_t reason);
const char *reason_public(uint8_t reason);
/* "white", "grey", ... */
const char *list_name(enum list list);
/* False for a text that names no reason. */
bool reason_find(struct str name, uint8_t *out);

#endif
