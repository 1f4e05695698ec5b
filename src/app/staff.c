/* SPDX-License-Identifier: Apache-2.0 */
#include "app/staff.h"

#include <stdio.h>

static bool name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!ok)
            return false;
    }
    return name.n > 0 && name.n <= LIMIT_NAME;
}

enum err staff_add(struct registry *reg, struct str name, struct batch_result *out,
                   struct fault *fault)
{
    char label[BATCH_LABEL_MAX];
    struct entry entry = {.event = EVENT_STAFF};
    *out = (struct batch_result){0};
    if (!name_ok(name)) {
        fault_value(fault, name.p, name.n);
        return fault_set(fault, ERR_NAME, "an account's name is 1 to %d of a-z 0-9 . _ -",
                         LIMIT_NAME);
    }
    enum err err = registry_party(reg, PARTY_ACCOUNT, name, &entry.party, fault);
    struct party party;
    if (!err)
        err = store_party_get(reg->store, entry.party, &party, fault);
    if (err || party.flags & PARTY_STAFF)
        return err;
    snprintf(label, sizeof label, "user add %.*s", STR_ARG(name));
    struct batch_plan plan = {.entry = entry, .label = label, .needs_second = true};
    return batch_run(reg, &plan, out, fault);
}
