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

enum { SLOTS = 4096 /* at first: a table doubles as it comes to be half full */ };

struct noted {
    uint64_t imei;
    uint64_t subscriber; /* of a pair; 0: a row */
    uint64_t seq;        /* 0: free */
};

struct newer {
    size_t count, slots;
    struct noted *noted;
};

struct newer *newer_new(void)
{
    struct newer *newer = malloc(sizeof *newer);
    struct noted *noted = calloc(SLOTS, sizeof *noted);
    if (!newer || !noted) {
        free(newer);
        free(noted);
        return NULL;
    }
    *newer = (struct newer){.slots = SLOTS, .noted = noted};
    return newer;
}

void newer_free(struct newer *newer)
{
    if (newer)
        free(newer->noted);
    free(newer);
}

bool newer_has_room(const struct newer *newer, uint64_t changes)
{
    return changes <= LIMIT_NODE_NEWER - newer->count;
}

static struct noted *slot_of(const struct newer *newer, uint64_t imei, uint64_t subscriber)
{
    size_t at = mix64(imei ^ mix64(subscriber)) % newer->slots;
    while (newer->noted[at].seq &&
           (newer->noted[at].imei != imei || newer->noted[at].subscriber != subscriber))
        at = (at + 1) % newer->slots;
    return &newer->noted[at];
}

/* Room for one more: false, when there is none at all. */
static bool has_place(struct newer *newer)
{
    if (2 * newer->count < newer->slots)
        return true;
    if (newer->count >= LIMIT_NODE_NEWER)
        return false;
    struct newer more = {newer->count, 2 * newer->slots,
                         calloc(2 * newer->slots, sizeof *more.noted)};
    if (!more.noted)
        return false;
    for (size_t i = 0; i < newer->slots; i++)
        if (newer->noted[i].seq)
            *slot_of(&more, newer->noted[i].imei, newer->noted[i].subscriber) = newer->noted[i];
    free(newer->noted);
    *newer = more;
    return true;
}

static bool is_newest(struct newer *newer, const struct noted *found)
{
    return slot_of(newer, found->imei, found->subscriber)->seq <= found->seq;
}

static void note(struct newer *newer, const struct noted *found)
{
    const struct noted *had = slot_of(newer, found->imei, found->subscriber);
    const bool first = !had->seq;
    if (had->seq > found->seq || (first && !has_place(newer)))
        return;
    newer->count += first;
    *slot_of(newer, found->imei, found->subscriber) = *found; /* the table may be another now */
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
