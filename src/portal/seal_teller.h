/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_teller - this server tells the register which keys it has for personal data (people/seal_keys.h): when that
 * changes, and every half minute; and its log what was wrong with the key file. */
#ifndef PORTAL_SEAL_TELLER_H
#define PORTAL_SEAL_TELLER_H

#include "people/seal_keys.h"

struct bulk_worker;

struct seal_teller {
    struct seal_server server;
    int64_t told_us;               /* monotonic; 0: never */
    char logged[FAULT_DETAIL_MAX]; /* of the key file */
    struct seal_server as_told;
};

void seal_teller_init(struct seal_teller *teller, const struct bulk_worker *bulk, bool papers);
/* Looks, and tells what there is to tell. */
void seal_teller_work(struct seal_teller *teller, struct registry *registry,
                      struct committer *committer, const struct bulk_worker *bulk);
void seal_teller_end(struct seal_teller *teller, struct committer *committer);

#endif
