/* SPDX-License-Identifier: Apache-2.0
 *
 * state - which days were looked at for clones, and by which rules: so that the next look is at what came since. Kept as one
 * record; in doubt it is thrown away, and all is looked at. */
#ifndef CLONES_STATE_H
#define CLONES_STATE_H

#include "clones/judge.h"
#include "seen/parts.h"

/* What came in of an operator and day. */
struct clone_day {
    daynum day;
    uint64_t party;
    uint64_t pairs; /* seen; another number: more came */
};

struct clone_state {
    bool exists;
    struct clone_rules rules;
    daynum through; /* last day of the window */
    struct clone_day *days;
    size_t n, size;
};

/* As it stands in the register; without one, or one that cannot be used: exists is false. */
MUST_USE enum err clone_state_get(struct registry *registry, struct clone_state *out,
                                  struct fault *fault);
/* Inside a write. */
MUST_USE enum err clone_state_put(struct registry *registry, const struct clone_state *state,
                                  struct fault *fault);
/* What stands now of the days `from` to `through`, by day and operator. */
MUST_USE enum err clone_days_now(struct registry *registry, daynum from, daynum through,
                                 struct clone_state *out, struct fault *fault);
/* NULL: it is not there. */
const struct clone_day *clone_state_find(const struct clone_state *state, daynum day,
                                         uint64_t party);
void clone_state_release(struct clone_state *state);

#endif
