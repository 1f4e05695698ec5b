/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is asked beside: of many IMEIs just those are taken out whose activation is as early as the earliest row, whatever the
 * order; where little is known, or too few are asked, nobody is. */
#include "app/fixture.h"

#include <stdlib.h>

#include "prop/random.h"
#include "seen/active.h"
#include "seen/earliest.h"

enum { IMEIS = 500, DAYS = 40, ROWS = 50000 };
#define PHONE 35735007990500ULL

struct world {
    daynum active[IMEIS];
    uint16_t earliest[IMEIS]; /* of the rows, packed; UINT16_MAX: none */
    struct imei_list list;
};

static daynum first_day(void)
{
    return fixture_daynum("2026-01-05");
}

/* One of `of` has been active on some day. */
static void give(struct fixture *f, struct rng *rng, struct world *w, uint32_t of)
{
    static struct change changes[IMEIS];
    size_t n = 0;
    for (unsigned i = 0; i < IMEIS; i++) {
        w->active[i] =
            rng_one_in(rng, of) ? first_day() + (daynum)rng_below(rng, DAYS) : DAYNUM_NONE;
        if (w->active[i] == DAYNUM_NONE)
            continue;
        changes[n++] = (struct change){.imei = {PHONE + i},
                                       .kind = CHANGE_ACTIVATED,
                                       .activated = {.day = w->active[i], .known = w->active[i]}};
    }
    fixture_give(f, EVENT_OBSERVED, changes, n);
}

static void ask(struct rng *rng, struct world *w, struct active *active, unsigned rows)
{
    for (unsigned i = 0; i < IMEIS; i++)
        w->earliest[i] = UINT16_MAX;
    for (unsigned i = 0; i < rows; i++) {
        const unsigned imei = rng_below(rng, IMEIS);
        const uint16_t day = daynum_pack(first_day() + (daynum)rng_below(rng, DAYS));
        if (day < w->earliest[imei])
            w->earliest[imei] = day;
        OK(earliest_add(&w->list, (PHONE + imei) << 16 | day, SIZE_MAX));
        active_ask(active, (PHONE + imei) << 16 | day);
    }
    earliest_keep(&w->list);
}

static bool is_known(const struct world *w, unsigned imei)
{
    return w->active[imei] != DAYNUM_NONE && daynum_pack(w->active[imei]) <= w->earliest[imei];
}

static void check(struct world *w, bool drops)
{
    size_t at = 0;
    for (unsigned i = 0; i < IMEIS; i++) {
        if (w->earliest[i] == UINT16_MAX || (drops && is_known(w, i)))
            continue;
        assert_true(at < w->list.n);
        assert_int_equal(w->list.keys[at++], (PHONE + i) << 16 | w->earliest[i]);
    }
    assert_int_equal(at, w->list.n);
    imei_list_release(&w->list);
}

static void asked_beside(struct rng *rng, uint32_t of, unsigned rows, bool drops)
{
    struct world *w = calloc(1, sizeof *w);
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct active *active = active_new(f->reg->store);
    assert_non_null(active);
    give(f, rng, w, of);
    ask(rng, w, active, rows);
    active_drop(active, &w->list);
    check(w, drops);
    active_free(active);
    fixture_free(f);
    free(w);
}

static void many(void **state)
{
    (void)state;
    struct rng rng = random_start("active", 4);
    for (uint32_t round = random_rounds(4); round--;)
        asked_beside(&rng, 1 + rng_below(&rng, 2), ROWS, true);
}

static void little_is_known(void **state)
{
    (void)state;
    struct rng rng = random_start("active little", 5);
    asked_beside(&rng, 50, ROWS, true); /* the chunk that says so counts */
}

static void too_few(void **state)
{
    (void)state;
    struct rng rng = random_start("active few", 6);
    asked_beside(&rng, 1, 1000, false);
    active_drop(NULL, &(struct imei_list){0});
    active_ask(NULL, 1);
    active_free(NULL);
}

/* Freed while the thread answers. */
static void nobody_waits(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct active *active = active_new(f->reg->store);
    for (uint64_t i = 0; i < ROWS; i++)
        active_ask(active, (PHONE + i % IMEIS) << 16 | 9000);
    active_free(active);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many),
        cmocka_unit_test(little_is_known),
        cmocka_unit_test(too_few),
        cmocka_unit_test(nobody_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
