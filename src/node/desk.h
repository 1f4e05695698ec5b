/* SPDX-License-Identifier: Apache-2.0
 *
 * desk - where the faces of one worker bring their questions: it answers from the view that is in force,
 * counts, and hands what is to be written down to the threads that write.
 *
 * Expected workload: a million checks a second and worker. A batch costs one look at the clock, one
 * exchange of a pointer and its counters; nothing is shared with other workers, nothing is allocated.
 * The day is the worker's own: it turns when the clock says so, looked at once a second and at the very
 * midnight, so that a clock that was set is noticed, too. */
#ifndef NODE_DESK_H
#define NODE_DESK_H

#include "node/counts.h"
#include "node/ring.h"
#include "node/view.h"

/* One answered check on its way to the check log. */
struct check_record {
    int64_t time_us; /* UTC */
    struct network_check check;
    struct network_reply reply;
    uint8_t face;
    uint8_t origin_n;
    char origin[62];
};

/* A first use on its way to the register. */
struct sighting {
    struct imei imei;
    int64_t time_s; /* UTC */
};

struct desk_options {
    struct views *views;
    struct view_slot *slot;
    const struct clock *clock;
    struct counts *counts;
    struct ring *checks;          /* of struct check_record; NULL: no check log */
    const atomic_bool *log_white; /* white answers, too */
    struct ring *sightings;       /* of struct sighting; NULL: none are reported */
    unsigned worker;              /* its number */
};

struct desk {
    struct network_desk face; /* first: what faces see of it */
    struct desk_options with;
    struct network net;  /* the view's, with today */
    uint64_t generation; /* of the view that net is made of */
    int64_t look_us;     /* monotonic: when the day is looked at again */
    int64_t turn_us;     /* monotonic, of this turn */
    int64_t wall_us;     /* UTC minus monotonic */
};

void desk_init(struct desk *desk, const struct desk_options *with);
/* Before the lines of each turn of the worker. */
void desk_turn(struct desk *desk, int64_t now_us);

#endif
