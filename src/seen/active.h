/* SPDX-License-Identifier: Apache-2.0
 *
 * active - of the IMEIs that a load must look up in the facts, those that the register knows as active by their day: asked
 * in a thread of its own while the file is read, some ten thousands at a time. It leaves out what it has no time for, and
 * rests for good when it finds little, as in a first load: who is left is looked up at the end, all the same. */
#ifndef SEEN_ACTIVE_H
#define SEEN_ACTIVE_H

#include "app/imei_list.h"

struct active;

/* NULL: no memory; then nothing is asked. */
struct active *active_new(struct store *store);
void active_free(struct active *active); /* NULL is allowed */
/* body << 16 | packed day. One thread asks. */
void active_ask(struct active *active, uint64_t key);
/* Nothing is asked any more. Takes out of the list, ascending and one key an IMEI, who is known as active by that day. */
void active_drop(struct active *active, struct imei_list *list);

#endif
