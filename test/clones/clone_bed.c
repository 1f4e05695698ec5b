/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/clone_bed.h"

#include <stdlib.h>

#include "answer/answer.h"
#include "seen/parts.h"

static uint64_t imsi_of(unsigned i)
{
    return 1401010000000700ULL + i;
}

void bed_open(struct clone_bed *bed, const char *day)
{
    struct seen_subscriber subscribers[BED_USERS];
    const struct seen_head head = {.subscribers = BED_USERS};
    *bed = (struct clone_bed){.f = fixture_sqlite(day)};
    for (unsigned i = 0; i < BED_USERS; i++)
        subscribers[i] = (struct seen_subscriber){imsi_of(i), 0};
    OK(store_write_begin(bed->f->reg->store, NULL));
    OK(seen_subscribers_put(bed->f->reg, 1, subscribers, BED_USERS, NULL));
    OK(seen_head_put(bed->f->reg, &head, NULL));
    OK(store_write_commit(bed->f->reg->store, NULL));
}

void bed_close(struct clone_bed *bed)
{
    clone_finds_release(&bed->finds);
    fixture_free(bed->f);
}

uint64_t bed_account(struct clone_bed *bed, const char *name)
{
    struct batch_result r;
    OK(staff_add(bed->f->reg, str_z(name), &r, NULL));
    return registry_party_id(bed->f->reg, PARTY_ACCOUNT, str_z(name));
}

uint64_t bed_subscriber(const struct clone_bed *bed, unsigned i)
{
    return answer_subscriber(bed->f->reg->keys.subscriber, imsi_of(i));
}

struct clone_find *bed_finds(struct clone_bed *bed, unsigned first, unsigned n)
{
    const daynum today = registry_today(bed->f->reg);
    clone_finds_release(&bed->finds);
    struct clone_finds *finds = &bed->finds;
    finds->p = calloc(n, sizeof *finds->p);
    finds->users = calloc((size_t)n * BED_USERS, sizeof *finds->users);
    assert_true(finds->p && finds->users);
    finds->n = finds->size = n;
    finds->user_count = finds->user_size = (size_t)n * BED_USERS;
    finds->through = today;
    finds->from = today - 9;
    finds->imeis = 1000000;
    finds->state.through = today;
    for (unsigned i = 0; i < n; i++) {
        finds->p[i] = (struct clone_find){.imei = {BED_PHONE + first + i},
                                          .why = CLONE_BY_IMSIS,
                                          .imsis = BED_USERS,
                                          .days = 2,
                                          .sum = 2 * BED_USERS,
                                          .first = today - 9,
                                          .last = today - 8,
                                          .user = (size_t)i * BED_USERS,
                                          .users = BED_USERS};
        for (unsigned u = 0; u < BED_USERS; u++)
            finds->users[i * BED_USERS + u] =
                (struct clone_user){.days = 3, .subscriber = u + 1, .operators = 1};
    }
    return finds->p;
}

enum err bed_look(struct clone_bed *bed, const atomic_int *stop, struct clone_opened *out)
{
    const struct clone_open how = {.stop = stop};
    return clones_open(bed->f->reg, &bed->finds, &how, out, NULL);
}

struct looking {
    struct clone_bed *bed;
    struct imei imei;
    uint32_t users;
};

static bool on_pair(void *ctx, const struct pair *pair)
{
    struct looking *l = ctx;
    for (unsigned i = 0; i < BED_USERS; i++)
        if (pair->imei.body == l->imei.body && pair->subscriber == bed_subscriber(l->bed, i))
            l->users |= UINT32_C(1) << i;
    return true;
}

uint32_t bed_pairs(struct clone_bed *bed, unsigned imei)
{
    struct looking l = {.bed = bed, .imei = {BED_PHONE + imei}};
    OK(store_pairs_scan(bed->f->reg->store, on_pair, &l, NULL));
    return l.users;
}

struct clone_case bed_case(struct clone_bed *bed, unsigned imei)
{
    struct clone_case c;
    OK(clone_case_get(bed->f->reg, (struct imei){BED_PHONE + imei}, &c, NULL));
    return c;
}

uint32_t bed_facts(struct clone_bed *bed, unsigned imei)
{
    return fixture_facts(bed->f, BED_PHONE + imei).flags & (FACTS_CLONE | FACTS_CLONE_SUSPECTED);
}
