/* SPDX-License-Identifier: Apache-2.0
 *
 * enter - what all ways of coming in share: what it costs, who may be at work at once, the audit log. */
#ifndef PORTAL_ENTER_H
#define PORTAL_ENTER_H

#include "portal/portal.h"

/* Pays, and takes a place among those at work, which enter_end gives back. from_elsewhere: another site led
 * the browser here, as it must. ERR_CSRF, ERR_RATE, ERR_CROWDED. */
MUST_USE enum err enter_begin(struct exchange *x, const struct visit *v, bool from_elsewhere);
/* Returns err. Without one the visit is of the session, whose cookie is set. */
MUST_USE enum err enter_end(struct exchange *x, struct visit *v, enum err err, uint64_t subject,
                            const struct session *who, const char *token);

#endif
