/* SPDX-License-Identifier: Apache-2.0
 *
 * newer - a table of open addresses, at most half full.
 *
 * A row that takes effect on a later day is not noted: until that day an older one stands, which the batch
 * may bring. */
#include "node/newer.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mix.h"

enum { SLOTS = 2 * LIMIT_NODE_NEWER };

struct noted {
    uint64_t imei;
    uint64_t subscriber; /* of a pair; 0: a row */
    uint64_t seq;        /* 0: free */
};

struct newer {
    size_t count;
    bool sealed;
    struct noted noted[SLOTS];
};

struct newer *newer_new(void)
{
    return calloc(1, sizeof(struct newer));
}

void newer_free(struct newer *newer)
{
    free(newer);
}

void newer_seal(struct newer *newer)
{
    if (newer)
        newer->sealed = true;
}

static struct noted *slot_of(struct newer *newer, uint64_t imei, uint64_t subscriber)
{
    size_t at = mix64(imei ^ mix64(subscriber)) % SLOTS;
    while (newer->noted[at].seq &&
           (newer->noted[at].imei != imei || newer->noted[at].subscriber != subscriber))
        at = (at + 1) % SLOTS;
    return &newer->noted[at];
}

static bool judge(struct newer *newer, const struct noted *found, bool note)
{
    struct noted *had = slot_of(newer, found->imei, found->subscriber);
    if (had->seq > found->seq)
        return false;
    if (!note || newer->sealed || (!had->seq && newer->count == LIMIT_NODE_NEWER))
        return true;
    newer->count += !had->seq;
    *had = *found;
    return true;
}

static bool on_row(void *ctx, struct imei imei, uint64_t seq, bool now)
{
    struct noted row = {.imei = imei.body, .seq = seq};
    return judge(ctx, &row, now);
}

static bool on_pair(void *ctx, const struct pair *pair, uint64_t first_seq)
{
    struct noted noted = {pair->imei.body, pair->subscriber, first_seq};
    return judge(ctx, &noted, true);
}

struct index_watch newer_watch(struct newer *newer)
{
    return (struct index_watch){on_row, on_pair, newer};
}
