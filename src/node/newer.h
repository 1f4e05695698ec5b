/* SPDX-License-Identifier: Apache-2.0
 *
 * newer - what was applied of an IMEI while a batch waited or was being shown, and where in the journal it stood. At
 * the batch's end its blocks and all behind them are applied in order (copy.h): what stood before a row that the
 * index has already is left out, so that a stolen phone is never told its verdict of before.
 *
 * Expected workload: some changes a second for the minutes of an import, first uses by the ten thousand. LIMIT_NODE_NEWER
 * of them at most; of those that come while a batch waits and find no room older words are shown once more, in
 * their order. */
#ifndef NODE_NEWER_H
#define NODE_NEWER_H

#include "index/index.h"

struct newer;

struct newer *newer_new(void); /* NULL: no memory */
void newer_free(struct newer *newer);
/* Notes what is applied under it. */
struct index_watch newer_noting(struct newer *newer);
/* Leaves out of what is applied under it what is older than what was noted. */
struct index_watch newer_judging(struct newer *newer);
/* Room for so many changes more? */
bool newer_has_room(const struct newer *newer, uint64_t changes);

#endif
