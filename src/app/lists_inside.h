/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_inside - what the files of lists.c and its neighbours share. All of it while the lists are held. */
#ifndef APP_LISTS_INSIDE_H
#define APP_LISTS_INSIDE_H

#include "app/lists.h"
#include "app/lists_pairs.h"

/* Brings what is in memory to lists_place. ERR_CODEC, of files. */
MUST_USE enum err lists_ready(struct lists *lists, struct fault *fault);
/* ERR_LIST_UNSWEPT. */
MUST_USE enum err lists_swept(const struct lists *lists, const struct registry *registry,
                              struct fault *fault);
/* Of LISTS_EXCEPTIONS; else NULL. */
struct lists_pairs *lists_pairs_of(struct lists *lists);

#endif
