/* SPDX-License-Identifier: Apache-2.0
 *
 * boxes_test - the forms in which the index keeps IMEIs, against a plain array: each form and the steps between them, serial
 * numbers that somebody chose so that they fall together, verdicts that come and go, more verdicts than have
 * numbers, holes that are filled; and the builds of the lookup against one another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "index/build.h"
#include "index/find.h"
#include "prop/random.h"

enum { SEVERAL = 40, MANY = 4000 };

static const struct find_kind *const kinds[] = {
    &find_plain,
#ifdef __x86_64__
    &find_avx2,
    &find_avx512,
#endif
};

static bool can_run(size_t kind)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    return kind == 0 || (kind == 1 && __builtin_cpu_supports("avx2")) ||
           (kind == 2 && __builtin_cpu_supports("avx512bw"));
#else
    return kind == 0;
#endif
}

/* ---- a TAC beside a plain array ---- */

struct tac {
    struct boxes *b;
    uint64_t first;
    uint32_t *number; /* by serial; NUMBER_NONE */
    uint64_t count;
};

static struct tac tac_new(struct boxes *b, uint32_t tac)
{
    struct tac t = {b, (uint64_t)tac * SERIALS, malloc(SERIALS * sizeof(uint32_t)), 0};
    assert_non_null(t.number);
    for (uint32_t i = 0; i < SERIALS; i++)
        t.number[i] = NUMBER_NONE;
    return t;
}

static void put(struct tac *t, uint32_t serial, uint32_t number)
{
    assert_int_equal(boxes_put(t->b, t->first + serial, number), ERR_OK);
    t->count += t->number[serial] == NUMBER_NONE;
    t->number[serial] = number;
}

/* By every build, one by one and many at once. */
static void look_at(const struct tac *t, const uint32_t *serials, size_t n)
{
    struct imei imeis[FIND_BATCH];
    uint32_t got[FIND_BATCH];
    for (size_t i = 0; i < n; i++)
        imeis[i].body = t->first + serials[i];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!can_run(k))
            continue;
        kinds[k]->many(t->b, imeis, n, got);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(got[i], t->number[serials[i]]);
            assert_int_equal(kinds[k]->one(t->b, imeis[i].body), t->number[serials[i]]);
        }
    }
}

static void look_around(const struct tac *t, struct rng *rng, uint32_t below)
{
    uint32_t serials[FIND_BATCH];
    for (unsigned i = 0; i < FIND_BATCH; i++)
        serials[i] = rng_below(rng, below);
    look_at(t, serials, FIND_BATCH);
}

static bool is_as_told(void *ctx, uint64_t body, uint32_t number)
{
    struct tac *t = ctx;
    if (body / SERIALS != t->first / SERIALS)
        return true;
    assert_int_equal(number, t->number[body % SERIALS]);
    t->count--;
    return true;
}

/* All of it, known and not. */
static void look_at_all(struct tac *t)
{
    uint32_t serials[FIND_BATCH];
    uint64_t count = t->count;
    for (uint32_t i = 0; i + FIND_BATCH <= SERIALS; i += FIND_BATCH) {
        for (uint32_t k = 0; k < FIND_BATCH; k++)
            serials[k] = i + k;
        look_at(t, serials, FIND_BATCH);
    }
    boxes_iterate(t->b, is_as_told, t);
    assert_int_equal(t->count, 0);
    t->count = count;
}

static uint32_t lines_of(const struct tac *t)
{
    uint64_t root = atomic_load(&t->b->root);
    int64_t at = tac_number(t->b, root, (uint32_t)(t->first / SERIALS));
    return at < 0 ? 0 : word_lines(atomic_load(&tac_words(t->b, root)[at]));
}

/* Mostly of a few; now and then one of many, as days make them. */
static uint32_t some_number(struct rng *rng)
{
    static const uint32_t common[] = {0, 0, 0, 0, 1, 1, 2, 3, 4, 6, 20, 40, 75};
    if (rng_one_in(rng, 20))
        return 256 + rng_below(rng, 100000);
    return common[rng_below(rng, sizeof common / sizeof *common)];
}

/* ---- the tests ---- */

static void cells_and_their_twins(void **state)
{
    (void)state;
    struct rng rng = random_start("lines", 21);
    _Alignas(LINE_BYTES) _Atomic uint16_t narrow[LINE_CELLS];
    _Alignas(LINE_BYTES) _Atomic uint32_t wide[LINE_WIDE_CELLS];
    for (int round = 0; round < 20000; round++) {
        uint16_t mask = (uint16_t)(0xffffu << rng_below(&rng, 5)), want = 0;
        uint32_t wide_mask = rng_one_in(&rng, 2) ? UINT32_MAX : UINT32_MAX << WIDE_NUMBER_BITS;
        uint32_t wide_want = 0;
        for (unsigned i = 0; i < LINE_CELLS; i++)
            narrow[i] = (uint16_t)(rng_next(&rng) >> (rng_below(&rng, 4) * 16));
        for (unsigned i = 0; i < LINE_WIDE_CELLS; i++)
            wide[i] = (uint32_t)rng_next(&rng);
        want = narrow[rng_below(&rng, LINE_CELLS)] & mask;
        wide_want = wide[rng_below(&rng, LINE_WIDE_CELLS)] & wide_mask;
        assert_int_equal(line_match(narrow, want, mask), line_match_scalar(narrow, want, mask));
        assert_int_equal(line_match_wide(wide, wide_want, wide_mask),
                         line_match_wide_scalar(wide, wide_want, wide_mask));
        assert_true(line_match(narrow, want, mask) && line_match_wide(wide, wide_want, wide_mask));
    }
}

/* No two serial numbers share a line and a step of it; no cell looks empty. */
static void serials_fall_apart(void **state)
{
    (void)state;
    static const uint32_t lines[] = {32, 33, 47, 63, 64, 99, 128, 255, 256, 1000, 4095, 7352};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        unsigned bits = tight_bits(lines[i]);
        uint32_t steps = 1U << (16 - bits);
        uint8_t *seen = calloc(lines[i], steps);
        assert_non_null(seen);
        for (uint32_t serial = 0; serial < SERIALS; serial++) {
            struct tight t = tight_of(lines[i], bits, serial);
            uint8_t *here = &seen[(size_t)t.line * steps + (t.want >> bits)];
            assert_true(t.line < lines[i] && !*here && (t.want | (uint16_t)~t.mask) != TIGHT_EMPTY);
            *here = 1;
        }
        free(seen);
    }
}

static void every_form(void **state)
{
    (void)state;
    struct rng rng = random_start("forms", 22);
    struct boxes b;
    bool wide = false, tight = false;
    assert_int_equal(boxes_init(&b), ERR_OK);
    struct tac t = tac_new(&b, 35824005);
    for (uint32_t i = 0; t.count < 220000; i++) {
        put(&t, rng_below(&rng, SERIALS), some_number(&rng));
        wide |= lines_of(&t) < BOX_TIGHT_MIN;
        tight |= lines_of(&t) >= BOX_TIGHT_MIN && lines_of(&t) != BOX_DENSE;
        if (i % 64 == 0)
            look_around(&t, &rng, SERIALS);
        if (t.count == 300 || t.count == 3000 || t.count == 30000)
            look_at_all(&t);
    }
    assert_true(wide && tight && lines_of(&t) == BOX_DENSE);
    look_at_all(&t);
    free(t.number);
    boxes_end(&b);
}

/* Serial numbers that all belong to one line of the box that stands. */
static void serials_that_were_chosen(void **state)
{
    (void)state;
    struct rng rng = random_start("chosen", 23);
    struct boxes b;
    assert_int_equal(boxes_init(&b), ERR_OK);
    struct tac t = tac_new(&b, 0);
    for (uint32_t i = 0; i < 2000; i++)
        put(&t, rng_below(&rng, SERIALS), some_number(&rng));
    for (int round = 0; round < 200; round++) {
        uint32_t lines = lines_of(&t);
        uint32_t n = 0;
        for (uint32_t serial = rng_below(&rng, 1000); n < 40 && serial < SERIALS; serial++)
            if (lines == BOX_DENSE || wide_line(lines, serial) == 7) {
                put(&t, serial, some_number(&rng));
                n++;
            }
        look_around(&t, &rng, SERIALS);
    }
    look_at_all(&t);
    free(t.number);
    boxes_end(&b);
}

/* The table of TACs grows; each TAC has few; both ends of the range. */
static void many_tacs(void **state)
{
    (void)state;
    struct rng rng = random_start("tacs", 24);
    struct boxes b;
    uint32_t tacs[MANY];
    assert_int_equal(boxes_init(&b), ERR_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        tacs[i] = i == 0 ? 0 : i == 1 ? 99999999 : 10000000 + i * 20011;
        for (uint32_t k = 0; k <= i % 7; k++)
            assert_int_equal(boxes_put(&b, (uint64_t)tacs[i] * SERIALS + k * 142857ULL, i % 70),
                             ERR_OK);
    }
    for (uint32_t i = 0; i < MANY; i++)
        for (uint32_t k = 0; k < 7; k++) {
            uint64_t body = (uint64_t)tacs[i] * SERIALS + k * 142857ULL;
            assert_int_equal(find_plain.one(&b, body), k <= i % 7 ? i % 70 : NUMBER_NONE);
            assert_int_equal(find_kind_here()->one(&b, body + SERIALS), NUMBER_NONE);
        }
    (void)rng;
    boxes_end(&b);
}

/* Verdicts move between codes and rare, boxes learn other codes, and what is killed in rare is found no more. */
static void verdicts_that_change(void **state)
{
    (void)state;
    struct rng rng = random_start("changes", 25);
    struct boxes b;
    struct tac t[SEVERAL];
    assert_int_equal(boxes_init(&b), ERR_OK);
    for (unsigned i = 0; i < SEVERAL; i++)
        t[i] = tac_new(&b, 86000000U + i);
    for (int epoch = 0; epoch < 6; epoch++) {
        for (uint32_t i = 0; i < 60000; i++) {
            struct tac *one = &t[rng_below(&rng, SEVERAL)];
            uint32_t below = 100 + 97U * (uint32_t)(one - t), serial = rng_below(&rng, below);
            bool now = !rng_one_in(&rng, 3);
            put(one, serial, now ? (uint32_t)epoch * 9 + rng_below(&rng, 3) : some_number(&rng));
            if (i % 16 == 0)
                look_around(one, &rng, below + 50);
        }
    }
    for (unsigned i = 0; i < SEVERAL; i += 13)
        look_at_all(&t[i]);
    for (unsigned i = 0; i < SEVERAL; i++)
        free(t[i].number);
    assert_true(b.rare.used < 2 * SEVERAL * 4000);
    boxes_end(&b);
}

/* Number n of a TAC: another serial number for each n. */
static uint64_t nth_body(uint32_t tac, uint32_t n)
{
    return (uint64_t)(35000000U + tac) * SERIALS + (n * 7919ULL + tac * 31ULL) % SERIALS;
}

static uint32_t nth_number(uint32_t tac, uint32_t n)
{
    return (n + tac) % 37 ? (n + tac) % 5 : 256 + n % 1000;
}

/* All boxes grow side by side, so holes are left everywhere, which are closed up: tables and boxes move. */
static void holes_are_closed(void **state)
{
    (void)state;
    enum { TACS = 400, EACH = 4000 };
    struct boxes b;
    uint64_t greatest = 0;
    unsigned closed = 0;
    assert_int_equal(boxes_init(&b), ERR_OK);
    for (uint32_t n = 0; n < EACH; n++)
        for (uint32_t tac = 0; tac < TACS; tac++) {
            uint32_t before = b.arena.top;
            assert_int_equal(boxes_put(&b, nth_body(tac, n), nth_number(tac, n)), ERR_OK);
            closed += b.arena.top + 500 < before;
            greatest = b.arena.hole_lines > greatest ? b.arena.hole_lines : greatest;
            if (tac % 8 == 0)
                assert_int_equal(find_kind_here()->one(&b, nth_body(tac, n / 2)),
                                 nth_number(tac, n / 2));
        }
    assert_true(closed > 10 && greatest < b.arena.top / 8);
    for (uint32_t n = 0; n < EACH + 50; n++)
        for (uint32_t tac = 0; tac < TACS; tac++)
            assert_int_equal(find_kind_here()->one(&b, nth_body(tac, n)),
                             n < EACH ? nth_number(tac, n) : NUMBER_NONE);
    assert_true(boxes_bytes(&b) < 9ULL * TACS * EACH / 2);
    boxes_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_and_their_twins),
        cmocka_unit_test(serials_fall_apart),
        cmocka_unit_test(every_form),
        cmocka_unit_test(serials_that_were_chosen),
        cmocka_unit_test(many_tacs),
        cmocka_unit_test(verdicts_that_change),
        cmocka_unit_test(holes_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
