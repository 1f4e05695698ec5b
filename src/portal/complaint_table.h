/* SPDX-License-Identifier: Apache-2.0
 *
 * complaint_table - complaints about sellers as a table, one seller a row. */
#ifndef PORTAL_COMPLAINT_TABLE_H
#define PORTAL_COMPLAINT_TABLE_H

#include "portal/portal.h"

/* To officers and the ministry each seller; to others those alone about whom COMPLAINTS_TOLD or more complain, the rest as one
 * row without a name. */
enum { COMPLAINTS_TOLD = 10 };
MUST_USE enum err complaint_table(struct exchange *x, struct visit *visit);

#endif
