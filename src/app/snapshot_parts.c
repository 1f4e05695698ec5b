/* SPDX-License-Identifier: Apache-2.0 */
#include "app/snapshot_parts.h"

#include <unistd.h>

static void drop(struct snapshot *file)
{
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct snapshot){.fd = -1};
}

void snapshot_parts_init(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        parts->of[i] = (struct snapshot_part){.now.fd = -1, .before.fd = -1};
}

void snapshot_parts_release(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        drop(&parts->of[i].now);
        drop(&parts->of[i].before);
    }
}

/* A free one, or the one that nobody has asked for the longest. */
static struct snapshot_part *place_for(struct snapshot_parts *parts, int64_t now_us)
{
    struct snapshot_part *best = NULL;
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        if (!part->tacs.count)
            return part;
        if (!part->making && now_us - part->asked_us > SNAPSHOT_PART_REST_S * INT64_C(1000000) &&
            (!best || part->asked_us < best->asked_us))
            best = part;
    }
    return best;
}

enum err snapshot_parts_find(struct snapshot_parts *parts, const struct tac_ranges *tacs,
                             int64_t now_us, struct snapshot_part **out, struct fault *fault)
{
    struct snapshot_part *part = NULL;
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS && !part; i++)
        if (parts->of[i].tacs.count && tac_ranges_same(&parts->of[i].tacs, tacs))
            part = &parts->of[i];
    if (!part) {
        part = place_for(parts, now_us);
        if (!part)
            return fault_set(fault, ERR_SNAPSHOT_PARTS,
                             "%d sets of TAC ranges are kept at once: ask for one of those, or for "
                             "the whole, or later",
                             LIMIT_SNAPSHOT_PARTS);
        drop(&part->now);
        drop(&part->before);
        *part = (struct snapshot_part){.tacs = *tacs, .now.fd = -1, .before.fd = -1};
    }
    part->asked_us = now_us;
    *out = part;
    return ERR_OK;
}

struct snapshot_part *snapshot_parts_wanted(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        if (parts->of[i].wanted)
            return &parts->of[i];
    return NULL;
}

const struct snapshot *snapshot_parts_named(const struct snapshot_parts *parts, const char *tag)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        const struct snapshot_part *part = &parts->of[i];
        if (part->now.fd >= 0 && strcmp(part->now.tag, tag) == 0)
            return &part->now;
        if (part->before.fd >= 0 && strcmp(part->before.tag, tag) == 0)
            return &part->before;
    }
    return NULL;
}

void snapshot_part_take(struct snapshot_part *part, const struct snapshot *made)
{
    drop(&part->before);
    part->before = part->now;
    part->now = *made;
}

void snapshot_parts_forget(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        part->wanted = part->wanted || part->now.fd >= 0;
        part->next_seq = 0;
        drop(&part->now);
        drop(&part->before);
    }
}
