/* SPDX-License-Identifier: Apache-2.0
 *
 * earliest - the earliest day of each of many keys, gathered row by row: what one file says of the first use of IMEIs, a row
 * here, a million rows there. A list that is full is sorted and loses its twins before it may grow, so memory follows the
 * different keys, whatever the file: 16 bytes each at most, and ROOM. Each key that is added is sorted twice at most. */
#ifndef SEEN_EARLIEST_H
#define SEEN_EARLIEST_H

#include "app/imei_list.h"

enum { EARLIEST_ROOM = 1 << 20 /* keys that a list may have without a look at twins: 8 MB */ };

/* key: what << 16 | packed day, below 2^63. ERR_TOO_MANY: more than `most` different ones; ERR_MEMORY. */
MUST_USE enum err earliest_add(struct imei_list *list, uint64_t key, size_t most);
/* Ascending, each once, with its earliest day. */
void earliest_keep(struct imei_list *list);

#endif
