/* SPDX-License-Identifier: Apache-2.0
 *
 * operators - whose subscribers are whose: the IMSI prefixes of each operator, as the settings name them ([operator NAME],
 * plmn = 40101,40107). The network that a phone was seen in does not tell it, because subscribers are served in others'
 * networks too; a number that was carried over to another operator has a new IMSI. An operator that is not named there has
 * no subscribers here, and hears of none. */
#ifndef APP_OPERATORS_H
#define APP_OPERATORS_H

#include "core/rules.h"

enum { OPERATORS_MOST = 32 };

struct operators {
    size_t count;
    struct operator_net {
        char name[LIMIT_NAME + 1];
        struct plmn_list plmn;
    } one[OPERATORS_MOST];
};

/* A line of the settings. ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE, ERR_TOO_MANY. */
MUST_USE enum err operators_set(struct operators *operators, struct str name, struct str key,
                                struct str value, struct fault *fault);
/* NULL: it is not named, or operators is NULL. */
const struct plmn_list *operators_plmn(const struct operators *operators, struct str name);
bool plmn_is_own(const struct plmn_list *plmn, uint64_t imsi);

#endif
