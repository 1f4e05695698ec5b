/* SPDX-License-Identifier: Apache-2.0 */
#include "app/snapshot_parts.h"

#include <unistd.h>

static void drop(struct snapshot *file)
{
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct snapshot){.fd = -1};
}

static void let_go(struct snapshot_part *part)
{
    drop(&part->now);
    drop(&part->before);
    *part = (struct snapshot_part){.now.fd = -1, .before.fd = -1};
}

void snapshot_parts_init(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        parts->of[i] = (struct snapshot_part){.now.fd = -1, .before.fd = -1};
    parts->bytes_most = LIMIT_SNAPSHOT_PARTS_BYTES;
}

void snapshot_parts_release(struct snapshot_parts *parts)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        let_go(&parts->of[i]);
}

/* ---- who asks ---- */

void snapshot_parts_rest(struct snapshot_parts *parts, int64_t now_us)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        if (part->tacs.count && !part->making &&
            now_us - part->asked_us > SNAPSHOT_PART_REST_S * INT64_C(1000000))
            let_go(part);
    }
}

static struct snapshot_part *find(struct snapshot_parts *parts, const struct tac_ranges *tacs)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        if (parts->of[i].tacs.count && tac_ranges_same(&parts->of[i].tacs, tacs))
            return &parts->of[i];
    return NULL;
}

/* A free one, unless this operator has as many as one may; NULL: the fault says why. */
static struct snapshot_part *place_for(struct snapshot_parts *parts, struct str operator_name,
                                       struct fault *fault)
{
    struct snapshot_part *place = NULL;
    unsigned of_one = 0;
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        if (!part->tacs.count)
            place = place ? place : part;
        else if (str_eq(str_z(part->operator_name), operator_name))
            of_one++;
    }
    const bool may = of_one < LIMIT_SNAPSHOT_PARTS_OPERATOR;
    if (place && may)
        return place;
    (void)fault_set(fault, ERR_SNAPSHOT_PARTS,
                    "%d sets of TAC ranges are kept at once%s: ask for one of those, or for the "
                    "whole, or later",
                    may ? LIMIT_SNAPSHOT_PARTS : LIMIT_SNAPSHOT_PARTS_OPERATOR,
                    may ? "" : " for an operator");
    return NULL;
}

enum err snapshot_parts_find(struct snapshot_parts *parts, const struct snapshot_ask *ask,
                             int64_t now_us, struct snapshot_part **out, struct fault *fault)
{
    struct snapshot_part *part = find(parts, ask->tacs);
    if (!part) {
        snapshot_parts_rest(parts, now_us);
        part = place_for(parts, ask->operator_name, fault);
        if (!part)
            return ERR_SNAPSHOT_PARTS;
        part->tacs = *ask->tacs;
        str_copy(part->operator_name, sizeof part->operator_name, ask->operator_name);
    }
    part->asked_us = now_us;
    *out = part;
    return ERR_OK;
}

const struct snapshot *snapshot_parts_named(struct snapshot_parts *parts, const char *tag,
                                            int64_t now_us)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        const struct snapshot *file = NULL;
        if (part->now.fd >= 0 && strcmp(part->now.tag, tag) == 0)
            file = &part->now;
        else if (part->before.fd >= 0 && strcmp(part->before.tag, tag) == 0)
            file = &part->before;
        if (file) {
            part->asked_us = now_us;
            return file;
        }
    }
    return NULL;
}

/* ---- what is made ---- */

struct snapshot_part *snapshot_parts_wanted(struct snapshot_parts *parts, int64_t now_us)
{
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++)
        if (parts->of[i].wanted && parts->of[i].retry_us <= now_us)
            return &parts->of[i];
    return NULL;
}

int64_t snapshot_parts_retry_us(const struct snapshot_parts *parts, int64_t now_us)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        const struct snapshot_part *part = &parts->of[i];
        if (part->wanted && part->retry_us > now_us && part->retry_us < first)
            first = part->retry_us;
    }
    return first;
}

static struct snapshot_part *longest_ago(struct snapshot_parts *parts, bool before,
                                         const struct snapshot_part *but)
{
    struct snapshot_part *found = NULL;
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        struct snapshot_part *part = &parts->of[i];
        const struct snapshot *file = before ? &part->before : &part->now;
        if (part != but && file->fd >= 0 && !part->making &&
            (!found || part->asked_us < found->asked_us))
            found = part;
    }
    return found;
}

/* The one that was just made stays, whatever it has: who asked for it is to get it. */
static void bound(struct snapshot_parts *parts, const struct snapshot_part *made)
{
    struct snapshot_part *part;
    while (snapshot_parts_kept(parts).bytes > parts->bytes_most) {
        if ((part = longest_ago(parts, true, NULL)))
            drop(&part->before);
        else if ((part = longest_ago(parts, false, made)))
            let_go(part);
        else
            break;
    }
}

void snapshot_parts_take(struct snapshot_parts *parts, struct snapshot_part *part,
                         const struct snapshot *made)
{
    drop(&part->before);
    part->before = part->now;
    part->now = *made;
    part->failure = (struct fault){0};
    part->retry_us = 0;
    part->pause_s = 0;
    bound(parts, part);
}

void snapshot_part_fail(struct snapshot_part *part, const struct fault *failure, int64_t now_us)
{
    const unsigned pause_s = part->pause_s ? 2 * part->pause_s : SNAPSHOT_PART_RETRY_S;
    part->pause_s =
        pause_s < SNAPSHOT_PART_RETRY_MOST_S ? pause_s : (unsigned)SNAPSHOT_PART_RETRY_MOST_S;
    part->retry_us = now_us + part->pause_s * INT64_C(1000000);
    part->failure = *failure;
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

struct snapshots_kept snapshot_parts_kept(const struct snapshot_parts *parts)
{
    struct snapshots_kept kept = {0};
    for (int i = 0; i < LIMIT_SNAPSHOT_PARTS; i++) {
        const struct snapshot_part *part = &parts->of[i];
        kept.sets += part->tacs.count > 0;
        kept.bytes += part->now.fd >= 0 ? part->now.bytes : 0;
        kept.bytes += part->before.fd >= 0 ? part->before.bytes : 0;
        kept.failing += part->failure.err != ERR_OK;
    }
    return kept;
}
