/* SPDX-License-Identifier: Apache-2.0
 *
 * groups - of many IMEIs: which operators saw them in the last days, and in which regions the numbers are that used them.
 * Counts alone: no number leaves this file, and what is shown of a group below GROUPS_LEAST is that it is small.
 *
 *     groups_add(&of, imei, kind);     ascending, as a pass over facts gives them
 *     err = groups_count(reg, &of, &options, &groups, fault);
 *     groups_of_release(&of);
 *
 * Expected workload: a million IMEIs of thirty millions, thirty million pairs: one pass over the days' bitmaps, one over the
 * pairs. Memory: 20 bytes an IMEI, 8 a pair of one where regions are asked for; LIMIT_GROUPS_IMEIS at most. */
#ifndef SEEN_GROUPS_H
#define SEEN_GROUPS_H

#include <stdatomic.h>

#include "app/imei_list.h"
#include "seen/regions.h"

enum {
    GROUPS_KINDS = 3,
    GROUPS_KIND_BITS = 2,
    GROUPS_OPERATORS = 32, /* told by name; those beyond are "others" */
    GROUPS_DAYS = 30,      /* up to today */
    GROUPS_LEAST = 5,      /* IMEIs of a group that is told by its count */
    GROUPS_MOST = REGIONS + 1,
};

struct groups_of {
    struct imei_list list; /* body << GROUPS_KIND_BITS | kind */
    enum err err;          /* ERR_TOO_MANY: above LIMIT_GROUPS_IMEIS; ERR_MEMORY */
};
void groups_add(struct groups_of *of, struct imei imei, unsigned kind);
void groups_of_release(struct groups_of *of);

struct group {
    char name[LIMIT_NAME + 1];
    uint64_t imeis[GROUPS_KINDS];
};

struct group_list {
    bool told;  /* false: there is nothing to tell it from */
    unsigned n; /* those with an IMEI, greatest first */
    struct group list[GROUPS_MOST];
    uint64_t none[GROUPS_KINDS]; /* IMEIs that are in no group */
};

/* An IMEI counts in each group that it is in. */
struct groups {
    daynum from, to; /* days that were looked at */
    bool too_many;   /* IMEIs: nothing is told */
    struct group_list operators, regions;
};

struct groups_options {
    const struct regions *regions; /* NULL: none are asked for */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
    const atomic_int *stop; /* may be NULL */
    /* Of one operator: each IMEI that he saw, ascending. only empty: of nobody. ERR_NOT_FOUND: he sent nothing in these days. */
    struct str only;
    void (*seen)(void *ctx, struct imei imei, unsigned kind);
    void *seen_ctx;
};

/* ERR_STOPPED, ERR_MEMORY, ERR_CODEC, errors of the store. */
MUST_USE enum err groups_count(struct registry *registry, const struct groups_of *of,
                               const struct groups_options *options, struct groups *out,
                               struct fault *fault);

#endif
