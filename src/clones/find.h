/* SPDX-License-Identifier: Apache-2.0
 *
 * find - which IMEIs are used by several phones, out of what networks saw (seen/parts.h). A find is a function of that, of
 * the rules and of the window's last day alone.
 *
 * Expected workload: 30 M pairs, some percent of them of IMEIs that have several; each night a day more. Looked at is only
 * what may have become a find since the last look: IMEIs that were seen on a day of which more came in, and, for the
 * average, on a day that left the window. What is found so, and what was found before, is what a look at all finds. */
#ifndef CLONES_FIND_H
#define CLONES_FIND_H

#include "clones/pass.h"
#include "clones/state.h"
#include "core/imei.h"

enum {
    CLONE_SUBSCRIBERS = 20,     /* of a find that are kept: those whose pairs are the oldest */
    CLONE_FINDS_MOST = 2000000, /* 300 MB; more: the rules are set too low */
};

struct clone_user {
    uint64_t days; /* seen in the window */
    uint32_t subscriber;
    uint32_t operators; /* that saw him: bit i of clone_finds.operators */
};

struct clone_find {
    struct imei imei;
    uint32_t why; /* enum clone_why */
    uint32_t imsis, days, two_days;
    uint32_t sum; /* over its days, subscribers of the day */
    uint32_t operators;
    daynum first, last; /* seen by anybody, in the window */
    bool fleet;
    size_t user; /* the first in clone_finds.users */
    uint32_t users;
};

struct clone_finds {
    struct clone_find *p; /* ascending by IMEI */
    size_t n, size;
    struct clone_user *users;
    size_t user_count, user_size;
    uint64_t operators[PASS_OPERATORS]; /* parties */
    unsigned operator_count;
    daynum from, through;     /* the window */
    bool idle;                /* nothing came since the last look: nothing was looked at */
    bool whole;               /* all was looked at */
    uint64_t looked;          /* IMEIs that were judged */
    uint64_t pairs;           /* in the register */
    uint64_t imeis;           /* that networks saw; 0: nothing new, nothing was counted */
    struct clone_state state; /* to be kept when the finds are */
};

struct clone_look {
    daynum through;    /* last day of the window; DAYNUM_NONE: today */
    bool whole;        /* all, whatever was looked at before */
    size_t pairs_most; /* pairs gathered at once; 0: PASS_PAIRS */
};

/* Reads alone. *out: clone_finds_release. ERR_TOO_MANY: above CLONE_FINDS_MOST. ERR_CODEC, ERR_MEMORY, of the store. */
MUST_USE enum err clones_find(struct registry *registry, const struct clone_look *look,
                              struct clone_finds *out, struct fault *fault);
void clone_finds_release(struct clone_finds *finds);

#endif
