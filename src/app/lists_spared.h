/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_spared - a list as one operator gets it: whose expiry is held for him (expiry_hold.h) is not on it. What he is spared at a
 * place follows from the journal's numbers, so his full list and the deltas after it agree as everybody's do: a delta over the beginning or
 * the end of a hold takes off, or brings, those that it is about, though nothing moved for others. */
#ifndef APP_LISTS_SPARED_H
#define APP_LISTS_SPARED_H

#include "app/lists.h"

/* As lists_full. *out_place: of the view. */
MUST_USE enum err lists_full_for(struct lists *lists, struct registry *registry,
                                 const char *operator_name, struct lists_view **out,
                                 struct fault *fault);
/* As lists_since. */
struct lists_ask {
    const char *operator_name;
    const struct feed_cursor *since;
};
MUST_USE enum err lists_since_for(struct lists *lists, struct registry *registry,
                                  const struct lists_ask *ask, struct lists_delta *out,
                                  struct fault *fault);

#endif
