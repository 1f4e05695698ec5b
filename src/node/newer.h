/* SPDX-License-Identifier: Apache-2.0
 *
 * newer - what was applied of an IMEI while a batch waited, and where in the journal it stood. At the
 * batch's end its blocks and all behind them are applied in order (copy.h): what stood before a row that
 * the index has already is left out, so that a stolen phone is never told its verdict of before.
 *
 * Expected workload: some changes a second for the minutes of an import. LIMIT_NODE_NEWER of them at most;
 * those that find no room are shown in their order once more, older words included. */
#ifndef NODE_NEWER_H
#define NODE_NEWER_H

#include "index/index.h"

struct newer;

struct newer *newer_new(void); /* NULL: no memory */
void newer_free(struct newer *newer);
/* Notes what is applied under it, until newer_seal, and leaves out what is older than what it noted. */
struct index_watch newer_watch(struct newer *newer);
void newer_seal(struct newer *newer); /* NULL: nothing */

#endif
