/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups of IMEIs against a naive count: random pairs and days of several operators, by operator and by region; what cannot be
 * told is said; the table of regions and what it refuses. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "prop/random.h"
#include "seen/groups.h"
#include "seen/parts.h"

enum { OPERATORS = 3, IMEIS = 60, SUBSCRIBERS = 90, PAIRS = 400, DAYS = 40 };
#define FIRST_IMEI   35735007000000ULL
#define FIRST_NUMBER 177000000000ULL /* 77000000000, packed */

static const char *const names[OPERATORS] = {"Altel", "Beeline", "Kcell"};

struct world {
    struct fixture *f;
    struct seen_pair pairs[PAIRS];
    struct seen_subscriber subscribers[SUBSCRIBERS];
    uint64_t party[OPERATORS];
    bool seen[OPERATORS][DAYS][PAIRS]; /* days back from today */
    struct regions regions;
};

static struct regions *read_regions(struct regions *regions, const char *text, enum err want)
{
    char path[] = "/tmp/tamga-regions-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !close(fd));
    struct fault fault = {0};
    assert_int_equal(regions_read(path, regions, &fault), want);
    unlink(path);
    return regions;
}

static void write_day(struct world *w, unsigned operator, unsigned back)
{
    uint64_t added;
    roaring_bitmap_t *bits = roaring_bitmap_create();
    for (unsigned i = 0; i < PAIRS; i++)
        if (w->seen[operator][back][i])
            roaring_bitmap_add(bits, i + 1);
    uint16_t day = daynum_pack(registry_today(w->f->reg) - (daynum)back);
    OK(seen_day_add(w->f->reg, w->party[operator], day, bits, &added, NULL));
    roaring_bitmap_free(bits);
}

static struct world *make(struct rng *rng)
{
    struct world *w = calloc(1, sizeof *w);
    w->f = fixture_memory("2026-03-10");
    struct registry *reg = w->f->reg;
    read_regions(&w->regions, "prefix,region\n+77001,Almaty\n77002,Astana\n770021,Aktobe\n",
                 ERR_OK);
    for (unsigned i = 0; i < PAIRS; i++)
        w->pairs[i] = (struct seen_pair){FIRST_IMEI + rng_below(rng, IMEIS),
                                         1 + rng_below(rng, SUBSCRIBERS), SEEN_DAY_NONE};
    for (unsigned i = 0; i < SUBSCRIBERS; i++) /* 7700xxxxxxx; of every fifth no number is known */
        w->subscribers[i] = (struct seen_subscriber){
            1401010000000000ULL + i,
            i % 5 ? FIRST_NUMBER + rng_below(rng, 4) * 1000000 + rng_below(rng, 3) * 100000 : 0};
    for (unsigned o = 0; o < OPERATORS; o++)
        OK(registry_party(reg, PARTY_OPERATOR, str_z(names[o]), &w->party[o], NULL));
    OK(store_write_begin(reg->store, NULL));
    struct seen_head head = {.subscribers = SUBSCRIBERS, .pairs = PAIRS, .tag = {1}};
    OK(seen_head_put(reg, &head, NULL));
    OK(seen_pairs_put(reg, 1, w->pairs, PAIRS, NULL));
    OK(seen_subscribers_put(reg, 1, w->subscribers, SUBSCRIBERS, NULL));
    for (unsigned n = 0; n < 500; n++)
        w->seen[rng_below(rng, OPERATORS)][rng_below(rng, DAYS)][rng_below(rng, PAIRS)] = true;
    for (unsigned o = 0; o < OPERATORS; o++)
        for (unsigned back = 0; back < DAYS; back++)
            write_day(w, o, back);
    OK(store_write_commit(reg->store, NULL));
    return w;
}

/* Was the IMEI seen by the operator (OPERATORS: any) in the days, with a number of the region (REGIONS + 1: any)? */
static bool naive(const struct world *w, uint64_t imei, unsigned operator, unsigned region)
{
    for (unsigned o = 0; o < OPERATORS; o++)
        for (unsigned back = 0; back < GROUPS_DAYS; back++)
            for (unsigned i = 0; i < PAIRS; i++)
                if ((operator== OPERATORS || o == operator) && w->seen[o][back][i] &&
                    w->pairs[i].imei == imei &&
                    (region > REGIONS ||
                     regions_of(&w->regions, w->subscribers[w->pairs[i].subscriber - 1].msisdn) ==
                         region))
                    return true;
    return false;
}

static const struct group *find(const struct group_list *list, const char *name)
{
    static const struct group none;
    for (unsigned i = 0; i < list->n; i++)
        if (strcmp(list->list[i].name, name) == 0)
            return &list->list[i];
    return &none;
}

static void as_counted_by_hand(void **state)
{
    (void)state;
    struct rng rng = random_start("groups", 4);
    struct world *w = make(&rng);
    struct groups_of of = {0};
    uint64_t by_operator[OPERATORS][2] = {{0}}, unseen[2] = {0}, by_region[3][2] = {{0}};
    for (unsigned i = 0; i < IMEIS; i++) {
        if (rng_one_in(&rng, 3))
            continue;
        uint64_t body = FIRST_IMEI + i;
        unsigned kind = i % 2;
        groups_add(&of, (struct imei){body}, kind);
        for (unsigned o = 0; o < OPERATORS; o++)
            by_operator[o][kind] += naive(w, body, o, REGIONS + 1);
        for (unsigned r = 0; r < 3; r++)
            by_region[r][kind] += naive(w, body, OPERATORS, r);
        unseen[kind] += !naive(w, body, OPERATORS, REGIONS + 1);
    }
    OK(of.err);
    struct groups *g = calloc(1, sizeof *g);
    struct groups_options options = {.regions = &w->regions};
    OK(groups_count(w->f->reg, &of, &options, g, NULL));
    assert_true(g->operators.told && g->regions.told && !g->too_many);
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned o = 0; o < OPERATORS; o++)
            assert_int_equal(find(&g->operators, names[o])->imeis[k], by_operator[o][k]);
        for (unsigned r = 0; r < 3; r++)
            assert_int_equal(find(&g->regions, w->regions.names[r])->imeis[k], by_region[r][k]);
        assert_int_equal(g->operators.none[k], unseen[k]);
    }
    options.regions = NULL;
    OK(groups_count(w->f->reg, &of, &options, g, NULL));
    assert_true(g->operators.told && !g->regions.told);
    atomic_int stop = 1;
    options.stop = &stop;
    assert_int_equal(groups_count(w->f->reg, &of, &options, g, NULL), ERR_STOPPED);
    groups_of_release(&of);
    fixture_free(w->f);
    free(g);
    free(w);
}

static void says_what_it_cannot(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct groups_of of = {0};
    struct groups *g = calloc(1, sizeof *g);
    const struct groups_options options = {0};
    OK(groups_count(f->reg, &of, &options, g, NULL));
    assert_false(g->operators.told);
    groups_add(&of, (struct imei){FIRST_IMEI}, 0);
    OK(groups_count(f->reg, &of, &options, g, NULL));
    assert_false(g->operators.told || g->regions.told);
    of.err = ERR_TOO_MANY;
    OK(groups_count(f->reg, &of, &options, g, NULL));
    assert_true(g->too_many && !g->operators.told);
    groups_of_release(&of);
    free(g);
    fixture_free(f);
}

static void regions_of_numbers(void **state)
{
    (void)state;
    struct regions *r = calloc(1, sizeof *r);
    read_regions(r, "region,prefix\nAlmaty,7\nAstana,7717\nAlmaty,8\n\"A, B\",77171\n", ERR_OK);
    assert_int_equal(r->count, 3);
    assert_int_equal(regions_of(r, 177171234567ULL), 2);
    assert_int_equal(regions_of(r, 177180000000ULL), 0);
    assert_int_equal(regions_of(r, 177170000000ULL), 2 - 1);
    assert_int_equal(regions_of(r, 187170000000ULL), 0);
    assert_int_equal(regions_of(r, 197170000000ULL), REGION_NONE);
    assert_int_equal(regions_of(r, 0), REGION_NONE);
    read_regions(r, "prefix,region\n77,A\n77,B\n", ERR_ROW);
    read_regions(r, "prefix,region\n7x,A\n", ERR_ROW);
    read_regions(r, "prefix,region\n1234567890123456,A\n", ERR_ROW);
    read_regions(r, "prefix,name\n7,A\n", ERR_FILE_HEADER);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_counted_by_hand),
        cmocka_unit_test(says_what_it_cannot),
        cmocka_unit_test(regions_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
