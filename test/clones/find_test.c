/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds against a naive model, on random histories: looked at all at once, in shares, and day by day with what changed
 * alone; days that come late, rules that change, days that leave the window. */
#include "app/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "clones/find.h"
#include "prop/random.h"

enum { IMEIS = 12, SUBSCRIBERS = 15, OPERATORS = 3, DAYS = 24 };
#define PHONE 35735007990500ULL

struct world {
    struct fixture *f;
    struct clone_rules rules;
    bool seen[DAYS][OPERATORS][IMEIS][SUBSCRIBERS];
    uint32_t number[IMEIS][SUBSCRIBERS]; /* of a pair; 0: none */
    uint32_t pairs;
    daynum first;
    bool found[IMEIS]; /* by the looks at what changed */
};

static struct world *world_new(const char *day)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->f = fixture_memory(day);
    w->first = fixture_daynum(day);
    return w;
}

static void world_free(struct world *w)
{
    fixture_free(w->f);
    free(w);
}

static void apply_rules(struct world *w, const struct clone_rules *r)
{
    struct rules *to = &w->f->reg->rules;
    w->rules = *r;
    to->clone_days = (int32_t)r->days;
    to->clone_imsis = r->imsis;
    to->clone_average_tenths = r->average_tenths;
    to->clone_min_days = (int32_t)r->min_days;
    to->clone_two_operator_days = (int32_t)r->two_operator_days;
    to->clone_fleet_imsis = r->fleet;
}

static void random_clone_rules(struct rng *rng, struct world *w)
{
    struct clone_rules r = {.days = 1 + rng_below(rng, 12),
                            .imsis = rng_one_in(rng, 4) ? 0 : 2 + rng_below(rng, 6),
                            .average_tenths = rng_one_in(rng, 4) ? 0 : 11 + rng_below(rng, 25),
                            .min_days = rng_below(rng, 5),
                            .two_operator_days = rng_one_in(rng, 4) ? 0 : 1 + rng_below(rng, 5),
                            .fleet = rng_below(rng, 12)};
    apply_rules(w, &r);
}

/* ---- what comes in ---- */

struct coming {
    struct world *w;
    unsigned day, operator;
    bool (*rows)[SUBSCRIBERS]; /* by IMEI */
};

static enum err write_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct coming *in = c->ctx;
    struct world *w = in->w;
    struct seen_pair pairs[IMEIS * SUBSCRIBERS];
    roaring_bitmap_t *bits = roaring_bitmap_create();
    struct seen_report report;
    uint64_t party = 100 + in->operator, new = 0;
    uint16_t day = daynum_pack(w->first + (daynum)in->day);
    uint32_t n = 0, before = w->pairs;
    for (unsigned i = 0; i < IMEIS; i++)
        for (unsigned s = 0; s < SUBSCRIBERS; s++) {
            if (!in->rows[i][s])
                continue;
            if (!w->number[i][s]) {
                w->number[i][s] = ++w->pairs;
                pairs[n++] = (struct seen_pair){PHONE + i, s + 1, SEEN_DAY_NONE};
            }
            w->seen[in->day][in->operator][i][s] = true;
            roaring_bitmap_add(bits, w->number[i][s]);
        }
    if (n)
        OK(seen_pairs_put(reg, before + 1, pairs, n, fault));
    struct seen_head head = {.subscribers = SUBSCRIBERS, .pairs = w->pairs};
    OK(seen_head_put(reg, &head, fault));
    OK(seen_day_add(reg, party, day, bits, &new, fault));
    OK(seen_report_get(reg, party, day, &report, fault));
    report.loads++;
    report.pairs += new;
    if (new)
        OK(seen_report_put(reg, party, day, &report, fault));
    roaring_bitmap_free(bits);
    return ERR_OK;
}

static void come_in(struct world *w, unsigned day, unsigned operator, bool (*rows)[SUBSCRIBERS])
{
    struct coming in = {w, day, operator, rows };
    struct commit_case c = {.also = write_it, .ctx = &in};
    OK(commit_one(w->f->reg, &c, NULL));
}

static void random_day_comes(struct rng *rng, struct world *w, unsigned day)
{
    for (unsigned op = 0; op < OPERATORS; op++) {
        bool rows[IMEIS][SUBSCRIBERS] = {0};
        unsigned n = rng_one_in(rng, 4) ? 0 : rng_below(rng, 25);
        while (n--) {
            unsigned imei = rng_below(rng, IMEIS);
            rows[imei][rng_below(rng, 1 + imei % SUBSCRIBERS)] = true;
        }
        come_in(w, day, op, rows);
    }
}

/* ---- the model ---- */

static uint32_t naive(const struct world *w, unsigned imei, int from, int through)
{
    unsigned days = 0, sum = 0, imsis = 0, two = 0;
    bool ever[SUBSCRIBERS] = {0};
    for (int d = from < 0 ? 0 : from; d <= through && d < DAYS; d++) {
        unsigned users = 0, operators = 0;
        for (unsigned s = 0; s < SUBSCRIBERS; s++) {
            bool today = false;
            for (unsigned op = 0; op < OPERATORS; op++)
                today |= w->seen[d][op][imei][s];
            users += today;
            ever[s] |= today;
        }
        for (unsigned op = 0; op < OPERATORS; op++) {
            bool any = false;
            for (unsigned s = 0; s < SUBSCRIBERS; s++)
                any |= w->seen[d][op][imei][s];
            operators += any;
        }
        days += users > 0;
        sum += users;
        two += users >= 2 && operators >= 2;
    }
    for (unsigned s = 0; s < SUBSCRIBERS; s++)
        imsis += ever[s];
    const struct clone_rules *r = &w->rules;
    if (imsis < 2)
        return 0;
    return (r->imsis && imsis >= r->imsis ? CLONE_BY_IMSIS : 0u) |
           (r->average_tenths && days >= r->min_days && sum * 10 >= r->average_tenths * days
                ? CLONE_BY_AVERAGE
                : 0u) |
           (r->two_operator_days && two >= r->two_operator_days ? CLONE_BY_OPERATORS : 0u);
}

static const struct clone_find *find_of(const struct clone_finds *finds, unsigned imei)
{
    for (size_t i = 0; i < finds->n; i++)
        if (finds->p[i].imei.body == PHONE + imei)
            return &finds->p[i];
    return NULL;
}

static enum err keep_state(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return clone_state_put(reg, c->ctx, fault);
}

/* All at once, in shares and by what changed, as of a day. */
static void compare(struct rng *rng, struct world *w, unsigned day)
{
    struct clone_finds all, shares, news;
    struct clone_look whole = {.through = w->first + (daynum)day, .whole = true};
    struct clone_look few = whole, since = {.through = whole.through};
    few.pairs_most = SUBSCRIBERS + rng_below(rng, 20);
    OK(clones_find(w->f->reg, &whole, &all, NULL));
    OK(clones_find(w->f->reg, &few, &shares, NULL));
    OK(clones_find(w->f->reg, &since, &news, NULL));
    assert_int_equal(all.n, shares.n);
    assert_true(all.whole);
    for (size_t i = 0; i < all.n; i++) {
        assert_int_equal(all.p[i].imei.body, shares.p[i].imei.body);
        assert_int_equal(all.p[i].why, shares.p[i].why);
    }
    for (unsigned i = 0; i < IMEIS; i++) {
        uint32_t why = naive(w, i, (int)day - (int)w->rules.days + 1, (int)day);
        const struct clone_find *find = find_of(&all, i), *new = find_of(&news, i);
        assert_int_equal(find ? find->why : 0, why);
        assert_true(!new || (find && new->why == find->why &&new->imsis == find->imsis &&new->sum ==
                                         find->sum &&new->users == find->users));
        w->found[i] |= new != NULL;
        assert_true(!find || w->found[i]); /* what all shows, the looks since have shown */
    }
    assert_true(news.looked <= all.looked);
    struct commit_case c = {.also = keep_state, .ctx = &news.state};
    OK(commit_one(w->f->reg, &c, NULL));
    clone_finds_release(&all);
    clone_finds_release(&shares);
    clone_finds_release(&news);
}

static void what_changed_is_enough(void **state)
{
    (void)state;
    struct rng rng = random_start("clones", 7);
    for (uint32_t round = random_rounds(60); round--;) {
        struct world *w = world_new("2026-02-01");
        random_clone_rules(&rng, w);
        for (unsigned day = 0; day < DAYS; day++) {
            random_day_comes(&rng, w, day);
            if (day && rng_one_in(&rng, 4)) /* a file that comes late */
                random_day_comes(&rng, w, rng_below(&rng, day));
            if (rng_one_in(&rng, 3))
                continue; /* no look on this day */
            if (rng_one_in(&rng, 8)) {
                random_clone_rules(&rng, w);
                memset(w->found, 0, sizeof w->found);
            }
            compare(&rng, w, day);
        }
        world_free(w);
    }
}

/* Nothing came: nothing is read. A look as of an earlier day is at all. */
static void an_idle_look(void **state)
{
    (void)state;
    struct rng rng = random_start("clones idle", 3);
    struct world *w = world_new("2026-02-01");
    struct clone_finds finds;
    struct clone_look look = {.through = w->first + 3};
    apply_rules(w, &(struct clone_rules){.days = 10, .imsis = 2});
    for (unsigned day = 0; day < 4; day++)
        random_day_comes(&rng, w, day);
    compare(&rng, w, 3);
    OK(clones_find(w->f->reg, &look, &finds, NULL));
    assert_int_equal(finds.n, 0);
    assert_int_equal(finds.imeis, 0);
    assert_true(finds.idle);
    assert_false(finds.whole);
    clone_finds_release(&finds);
    look.through--;
    OK(clones_find(w->f->reg, &look, &finds, NULL));
    assert_true(finds.whole && finds.n > 0);
    clone_finds_release(&finds);
    apply_rules(w, &(struct clone_rules){.days = 10});
    OK(clones_find(w->f->reg, &look, &finds, NULL)); /* all rules are off */
    assert_int_equal(finds.n, 0);
    clone_finds_release(&finds);
    world_free(w);
}

/* A fleet is told; of a find the oldest users are named with their days and operators. */
static void what_a_find_says(void **state)
{
    (void)state;
    struct world *w = world_new("2026-02-01");
    struct clone_finds finds;
    struct clone_look look = {.through = w->first + 9};
    bool rows[IMEIS][SUBSCRIBERS] = {{0}};
    apply_rules(w, &(struct clone_rules){.days = 10, .imsis = 3, .fleet = 6});
    rows[1][0] = rows[1][1] = true;
    for (unsigned s = 0; s < 7; s++)
        rows[2][s] = true;
    come_in(w, 2, 0, rows);
    rows[1][0] = false;
    rows[1][4] = true;
    come_in(w, 5, 1, rows);
    OK(clones_find(w->f->reg, &look, &finds, NULL));
    assert_int_equal(finds.n, 2);
    const struct clone_find *find = &finds.p[0];
    assert_int_equal(find->imei.body, PHONE + 1);
    assert_false(find->fleet);
    assert_int_equal(find->imsis, 3);
    assert_int_equal(find->days, 2);
    assert_int_equal(find->sum, 4);
    assert_int_equal(find->first, w->first + 2);
    assert_int_equal(find->last, w->first + 5);
    assert_int_equal(find->users, 3);
    assert_int_equal(finds.users[find->user].subscriber, 1);
    assert_int_equal(finds.users[find->user].days, 1 << 2);
    assert_int_equal(finds.users[find->user + 1].days, 1 << 2 | 1 << 5);
    assert_int_equal(finds.users[find->user + 1].operators, 3);
    assert_true(finds.p[1].fleet);
    assert_int_equal(finds.operators[1], 101);
    clone_finds_release(&finds);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_is_enough),
        cmocka_unit_test(an_idle_look),
        cmocka_unit_test(what_a_find_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
