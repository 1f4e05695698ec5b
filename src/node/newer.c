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

bool newer_has_room(const struct newer *newer, uint64_t changes)
{
    return changes <= LIMIT_NODE_NEWER - newer->count;
}

static struct noted *slot_of(struct newer *newer, uint64_t imei, uint64_t subscriber)
{
    size_t at = mix64(imei ^ mix64(subscriber)) % SLOTS;
    while (newer->noted[at].seq &&
           (newer->noted[at].imei != imei || newer->noted[at].subscriber != subscriber))
        at = (at + 1) % SLOTS;
    return &newer->noted[at];
}

static bool is_newest(struct newer *newer, const struct noted *found)
{
    return slot_of(newer, found->imei, found->subscriber)->seq <= found->seq;
}

static void note(struct newer *newer, const struct noted *found)
{
    struct noted *had = slot_of(newer, found->imei, found->subscriber);
    if (had->seq > found->seq || (!had->seq && newer->count == LIMIT_NODE_NEWER))
        return;
    newer->count += !had->seq;
    *had = *found;
}

static bool note_row(void *ctx, struct imei imei, uint64_t seq, bool now)
{
    if (now)
        note(ctx, &(struct noted){.imei = imei.body, .seq = seq});
    return true;
}

static bool note_pair(void *ctx, const struct pair *pair, uint64_t first_seq)
{
    note(ctx, &(struct noted){pair->imei.body, pair->subscriber, first_seq});
    return true;
}

static bool judge_row(void *ctx, struct imei imei, uint64_t seq, bool now)
{
    (void)now;
    return is_newest(ctx, &(struct noted){.imei = imei.body, .seq = seq});
}

static bool judge_pair(void *ctx, const struct pair *pair, uint64_t first_seq)
{
    return is_newest(ctx, &(struct noted){pair->imei.body, pair->subscriber, first_seq});
}

struct index_watch newer_noting(struct newer *newer)
{
    return (struct index_watch){note_row, note_pair, newer};
}

struct index_watch newer_judging(struct newer *newer)
{
    return (struct index_watch){judge_row, judge_pair, newer};
}
