/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes: what each does to the facts, that loading twice and in another order gives the same
 * facts, that their bytes are canonical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "prop/random.h"

static struct rng rng;

/* Applies and expects success; was anything moved? */
static bool apply(struct facts *f, struct change c)
{
    bool changed;
    assert_int_equal(change_apply(f, &c, &changed), ERR_OK);
    return changed;
}

static struct change mark_set(uint8_t kind, uint64_t setter, daynum from, daynum last)
{
    return (struct change){.kind = CHANGE_MARK_SET, .mark = {setter, from, last, kind}};
}

static struct change mark_cleared(uint8_t kind, uint64_t setter)
{
    return (struct change){.kind = CHANGE_MARK_CLEARED, .mark = {.kind = kind, .setter = setter}};
}

static struct change approved(enum change_kind kind, int64_t at, uint8_t by, uint64_t party,
                              uint64_t application)
{
    return (struct change){.kind = (uint8_t)kind, .approval = {at, {party, application, by}}};
}

static struct change activated(daynum day, daynum known)
{
    return (struct change){.kind = CHANGE_ACTIVATED, .activated = {day, known}};
}

/* ---- what each kind does ---- */

static void activation_only_moves_earlier(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, activated(20200, 20300)));
    assert_false(apply(&f, activated(20200, 20300)));
    assert_false(apply(&f, activated(20201, 20300)));
    assert_int_equal(f.activation, 20200);
    assert_true(apply(&f, activated(20199, 20400)));
    assert_int_equal(f.activation, 20199);
    assert_int_equal(f.known, 20300);
    /* A later sighting that was known earlier moves `known` alone. */
    assert_true(apply(&f, activated(20250, 20250)));
    assert_int_equal(f.activation, 20199);
    assert_int_equal(f.known, 20250);
}

static void the_later_approval_stands(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, approved(CHANGE_VERIFIED, 100, APPROVAL_IMPORT, 1, 1)));
    assert_false(apply(&f, approved(CHANGE_VERIFIED, 99, APPROVAL_RECHECK, 2, 2)));
    assert_true(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_PERSONAL, 3, 3)));
    assert_true(f.verified_at == 101 && f.verified.party == 3);
    /* Equal instants: the higher kind, then party, then application. */
    assert_false(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_IMPORT, 9, 9)));
    assert_false(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_PERSONAL, 2, 9)));
    assert_false(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_PERSONAL, 3, 2)));
    assert_true(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_PERSONAL, 3, 4)));
    assert_true(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_PERSONAL, 4, 1)));
    assert_true(apply(&f, approved(CHANGE_VERIFIED, 101, APPROVAL_RECHECK, 1, 1)));
    assert_int_equal(f.verified.kind, APPROVAL_RECHECK);
}

static void the_earlier_proof_stands(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, approved(CHANGE_BEFORE_DUTY, 100, APPROVAL_BEFORE_DUTY, 2, 2)));
    assert_false(apply(&f, approved(CHANGE_BEFORE_DUTY, 101, APPROVAL_BEFORE_DUTY, 1, 1)));
    assert_true(apply(&f, approved(CHANGE_BEFORE_DUTY, 99, APPROVAL_BEFORE_DUTY, 3, 3)));
    assert_true(f.before_duty_at == 99 && f.before_duty.party == 3);
    assert_true(f.verified_at == INSTANT_NONE);
}

static void a_withdrawn_approval_lets_the_earlier_speak(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    apply(&f, approved(CHANGE_VERIFIED, 200, APPROVAL_IMPORT, 1, 1));
    assert_true(apply(&f, approved(CHANGE_UNVERIFIED, 100, APPROVAL_PERSONAL, 2, 2)));
    assert_true(f.verified_at == 100 && f.verified.party == 2);
    assert_true(apply(&f, approved(CHANGE_UNVERIFIED, INSTANT_NONE, 0, 0, 0)));
    assert_true(f.verified_at == INSTANT_NONE && f.verified.party == 0 && f.verified.kind == 0);
    assert_false(apply(&f, approved(CHANGE_UNVERIFIED, INSTANT_NONE, 0, 0, 0)));
}

static void a_withdrawn_proof_leaves_the_approval(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    apply(&f, approved(CHANGE_VERIFIED, 200, APPROVAL_IMPORT, 1, 1));
    apply(&f, approved(CHANGE_BEFORE_DUTY, 100, APPROVAL_BEFORE_DUTY, 2, 2));
    assert_true(apply(&f, approved(CHANGE_UNPROVED, 150, APPROVAL_BEFORE_DUTY, 3, 3)));
    assert_true(f.before_duty_at == 150 && f.before_duty.party == 3);
    assert_true(apply(&f, approved(CHANGE_UNPROVED, INSTANT_NONE, 0, 0, 0)));
    assert_true(f.before_duty_at == INSTANT_NONE && f.before_duty.kind == 0);
    assert_true(f.verified_at == 200 && f.verified.party == 1);
    assert_false(apply(&f, approved(CHANGE_UNPROVED, INSTANT_NONE, 0, 0, 0)));
}

static void the_later_revocation_and_replacement_stand(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, approved(CHANGE_REVOKED, 100, 0, 0, 0)));
    assert_false(apply(&f, approved(CHANGE_REVOKED, 100, 0, 0, 0)));
    assert_false(apply(&f, approved(CHANGE_REVOKED, 99, 0, 0, 0)));
    assert_true(apply(&f, approved(CHANGE_REVOKED, 101, 0, 0, 0)));
    assert_true(apply(&f, approved(CHANGE_REPLACED, 50, 0, 0, 0)));
    assert_false(apply(&f, approved(CHANGE_REPLACED, 49, 0, 0, 0)));
    assert_true(f.revoked_at == 101 && f.replaced_at == 50);
}

static void flags_turn_on_and_off(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind;
        uint32_t flag;
    } kinds[] = {{CHANGE_AMNESTY, FACTS_AMNESTY},
                 {CHANGE_GSMA, FACTS_GSMA},
                 {CHANGE_MACHINE, FACTS_MACHINE}};
    struct facts f;
    facts_init(&f);
    for (size_t i = 0; i < 3; i++) {
        struct change on = {.kind = kinds[i].kind, .on = true};
        struct change off = {.kind = kinds[i].kind, .on = false};
        assert_false(apply(&f, off));
        assert_true(apply(&f, on));
        assert_int_equal(f.flags, kinds[i].flag);
        assert_false(apply(&f, on));
        assert_true(apply(&f, off));
        assert_int_equal(f.flags, 0);
    }
}

static void a_clone_is_suspected_or_confirmed(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    f.flags = FACTS_GSMA;
    assert_true(apply(&f, (struct change){.kind = CHANGE_CLONE, .clone = FACTS_CLONE_SUSPECTED}));
    assert_int_equal(f.flags, FACTS_GSMA | FACTS_CLONE_SUSPECTED);
    assert_true(apply(&f, (struct change){.kind = CHANGE_CLONE, .clone = FACTS_CLONE}));
    assert_int_equal(f.flags, FACTS_GSMA | FACTS_CLONE);
    assert_true(apply(&f, (struct change){.kind = CHANGE_CLONE, .clone = 0}));
    assert_int_equal(f.flags, FACTS_GSMA);
}

static void only_the_setter_clears_a_mark(void **state)
{
    (void)state;
    struct facts f, kept;
    bool changed;
    facts_init(&f);
    struct change c = mark_cleared(MARK_STOLEN, 1);
    assert_int_equal(change_apply(&f, &c, &changed), ERR_NO_MARK);
    assert_true(apply(&f, mark_set(MARK_STOLEN, 1, 20200, DAYNUM_OPEN)));
    assert_true(apply(&f, mark_set(MARK_LOST, 2, 20200, DAYNUM_OPEN)));
    kept = f;
    c = mark_cleared(MARK_STOLEN, 2); /* body 2 has a mark, but of another kind */
    assert_int_equal(change_apply(&f, &c, &changed), ERR_NOT_SETTER);
    assert_true(facts_equal(&f, &kept));
    c = mark_cleared(MARK_ORDER, 1);
    assert_int_equal(change_apply(&f, &c, &changed), ERR_NO_MARK);
    assert_true(facts_equal(&f, &kept));
    assert_true(apply(&f, mark_cleared(MARK_STOLEN, 1)));
    assert_int_equal(f.mark_count, 1);
    assert_int_equal(f.marks[0].kind, MARK_LOST);
}

static void a_mark_replaces_the_same_bodys(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, mark_set(MARK_LOST, 1, 20200, DAYNUM_OPEN)));
    assert_false(apply(&f, mark_set(MARK_LOST, 1, 20200, DAYNUM_OPEN)));
    assert_true(apply(&f, mark_set(MARK_LOST, 1, 20201, 20300)));
    assert_int_equal(f.mark_count, 1);
    assert_int_equal(f.marks[0].last, 20300);
    assert_true(apply(&f, mark_set(MARK_LOST, 2, 20201, 20300)));
    assert_int_equal(f.mark_count, 2);
}

static void marks_are_sorted_and_full_at_their_limit(void **state)
{
    (void)state;
    struct facts f, kept;
    bool changed;
    facts_init(&f);
    for (uint64_t setter = LIMIT_MARKS; setter > 0; setter--)
        assert_true(apply(&f, mark_set((uint8_t)(1 + setter % 4), setter, 20200, DAYNUM_OPEN)));
    for (unsigned i = 1; i < LIMIT_MARKS; i++)
        assert_true(
            f.marks[i - 1].kind < f.marks[i].kind ||
            (f.marks[i - 1].kind == f.marks[i].kind && f.marks[i - 1].setter < f.marks[i].setter));
    kept = f;
    struct change c = mark_set(MARK_STOLEN, 99, 20200, DAYNUM_OPEN);
    assert_int_equal(change_apply(&f, &c, &changed), ERR_MARKS_FULL);
    assert_true(facts_equal(&f, &kept));
    assert_true(apply(&f, mark_set((uint8_t)(1 + 3 % 4), 3, 20201, DAYNUM_OPEN)));
}

static void days_and_groups_are_set(void **state)
{
    (void)state;
    struct facts f;
    facts_init(&f);
    assert_true(apply(&f, (struct change){.kind = CHANGE_TEMPORARY, .until = 20300}));
    assert_true(apply(&f, (struct change){.kind = CHANGE_HOLD, .until = DAYNUM_OPEN}));
    assert_true(apply(&f, (struct change){.kind = CHANGE_HOLD, .until = 20310}));
    assert_false(apply(&f, (struct change){.kind = CHANGE_HOLD, .until = 20310}));
    assert_true(f.temporary_until == 20300 && f.hold_until == 20310);
    assert_true(apply(&f, (struct change){.kind = CHANGE_HOLD, .until = DAYNUM_NONE}));
    assert_true(apply(&f, (struct change){.kind = CHANGE_GROUP, .group = 7}));
    assert_false(apply(&f, (struct change){.kind = CHANGE_GROUP, .group = 8}));
    assert_true(apply(&f, (struct change){.kind = CHANGE_GROUP, .group = 5}));
    assert_true(f.group == 5 && f.hold_until == DAYNUM_NONE);
    assert_true(apply(&f, (struct change){.kind = CHANGE_GROUP, .group = 0}));
    assert_true(f.group == 0);
    assert_false(apply(&f, (struct change){.kind = CHANGE_NONE}));
}

/* ---- properties ---- */

static void twice_is_once_and_changed_tells_the_truth(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(50000); i > 0; i--) {
        struct facts before, f;
        random_facts_directly(&rng, &before);
        struct change c = random_change(&rng);
        f = before;
        bool changed = true;
        if (change_apply(&f, &c, &changed) != ERR_OK) {
            assert_true(facts_equal(&f, &before));
            continue;
        }
        assert_int_equal(changed, !facts_equal(&f, &before));
        struct facts once = f;
        enum err err = change_apply(&f, &c, &changed);
        assert_true(facts_equal(&f, &once));
        assert_true(err == ERR_OK ? !changed : c.kind == CHANGE_MARK_CLEARED);
    }
}

/* What files load: in whatever order, the same facts. */
static struct change random_loaded(void)
{
    static const enum change_kind kinds[] = {CHANGE_ACTIVATED,   CHANGE_AMNESTY,  CHANGE_VERIFIED,
                                             CHANGE_BEFORE_DUTY, CHANGE_REPLACED, CHANGE_REVOKED};
    struct change c = random_change_of(&rng, kinds[rng_below(&rng, 6)]);
    if (c.kind == CHANGE_AMNESTY)
        c.on = true;
    if (c.kind == CHANGE_VERIFIED || c.kind == CHANGE_BEFORE_DUTY) { /* ties are common */
        c.approval.by.party &= 1;
        c.approval.by.application &= 1;
    }
    return c;
}

static void the_order_of_loading_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(50000) / 5; i > 0; i--) {
        struct change list[10];
        uint32_t n = 2 + rng_below(&rng, 9);
        struct facts first, again;
        facts_init(&first);
        again = first;
        for (uint32_t k = 0; k < n; k++) {
            list[k] = random_loaded();
            apply(&first, list[k]);
        }
        for (uint32_t k = n; k > 0; k--) { /* a random order, some of them twice */
            uint32_t pick = rng_below(&rng, k);
            struct change c = list[pick];
            apply(&again, c);
            list[pick] = list[k - 1];
            if (rng_one_in(&rng, 3))
                apply(&again, c);
        }
        assert_true(facts_equal(&first, &again));
    }
}

/* ---- bytes ---- */

static void bytes_come_back(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(50000); i > 0; i--) {
        struct change c = random_change(&rng), back = {.imei = {77}};
        uint8_t bytes[CHANGE_BYTES_MAX], again[CHANGE_BYTES_MAX];
        size_t n = change_encode(&c, bytes);
        assert_in_range(n, 1, CHANGE_BYTES_MAX);
        struct rd rd = rd_of(bytes, n);
        assert_int_equal(change_decode(&rd, &back), ERR_OK);
        assert_int_equal(rd_left(&rd), 0);
        assert_true(back.imei.body == 77);
        assert_int_equal(back.kind, c.kind);
        assert_int_equal(change_encode(&back, again), n);
        assert_memory_equal(bytes, again, n);
        /* Equal bytes do the same. */
        struct facts f, g;
        random_facts_directly(&rng, &f);
        g = f;
        bool changed_f = false, changed_g = false;
        assert_int_equal(change_apply(&f, &c, &changed_f), change_apply(&g, &back, &changed_g));
        assert_true(facts_equal(&f, &g));
        for (size_t cut = 0; cut < n; cut++) {
            rd = rd_of(bytes, cut);
            assert_int_equal(change_decode(&rd, &back), ERR_CODEC);
        }
    }
}

static void changed_bytes_are_refused_or_canonical(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(50000) * 4; i > 0; i--) {
        struct change c = random_change(&rng);
        uint8_t bytes[CHANGE_BYTES_MAX + 8] = {0}, again[CHANGE_BYTES_MAX];
        size_t n = change_encode(&c, bytes);
        bytes[rng_below(&rng, (uint32_t)n)] = (uint8_t)rng_next(&rng);
        struct rd rd = rd_of(bytes, sizeof bytes);
        if (change_decode(&rd, &c) != ERR_OK)
            continue;
        n = sizeof bytes - rd_left(&rd);
        assert_int_equal(change_encode(&c, again), n);
        assert_memory_equal(bytes, again, n);
    }
}

static void bytes_are_those_of_the_journal(void **state)
{
    (void)state;
    struct {
        struct change c;
        const char *bytes;
        size_t n;
    } cases[] = {
        {{.kind = CHANGE_NONE}, "\x00", 1},
        {activated(DAYNUM_FIRST + 1, DAYNUM_FIRST + 258), "\x01\x00\x01\x01\x02", 5},
        {{.kind = CHANGE_AMNESTY, .on = true}, "\x02\x01", 2},
        {approved(CHANGE_VERIFIED, 9, APPROVAL_REPAIR, 1, 300),
         "\x03\x04\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x01\xac\x02", 17},
        {approved(CHANGE_UNVERIFIED, INSTANT_NONE, 0, 0, 0),
         "\x04\x00\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16},
        {approved(CHANGE_REVOKED, 258, 0, 0, 0), "\x07\x00\x00\x00\x01\x02", 6},
        {mark_set(MARK_LOST, 5, DAYNUM_FIRST, DAYNUM_OPEN),
         "\x09\x02\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\xff\xff", 14},
        {mark_cleared(MARK_LOST, 5), "\x0a\x02\x00\x00\x00\x00\x00\x00\x00\x05", 10},
        {{.kind = CHANGE_CLONE, .clone = FACTS_CLONE}, "\x0b\x02", 2},
        {{.kind = CHANGE_TEMPORARY, .until = DAYNUM_NONE}, "\x0d\xff\xff", 3},
        {{.kind = CHANGE_HOLD, .until = DAYNUM_OPEN}, "\x0e\x02", 2},
        {{.kind = CHANGE_HOLD, .until = DAYNUM_FIRST}, "\x0e\x01\x00\x00", 4},
        {{.kind = CHANGE_GROUP, .group = 6}, "\x0f\x00\x00\x00\x00\x00\x00\x00\x06", 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[CHANGE_BYTES_MAX];
        assert_int_equal(change_encode(&cases[i].c, bytes), cases[i].n);
        assert_memory_equal(bytes, cases[i].bytes, cases[i].n);
    }
}

static void unknown_kinds_are_refused(void **state)
{
    (void)state;
    uint8_t zeros[40] = {0};
    for (int kind = CHANGE_KINDS; kind < 256; kind++) {
        struct change c = {0};
        zeros[0] = (uint8_t)kind;
        struct rd rd = rd_of(zeros, sizeof zeros);
        assert_int_equal(change_decode(&rd, &c), ERR_CODEC);
    }
    for (uint8_t kind = 0; kind < CHANGE_KINDS; kind++)
        assert_non_null(change_kind_name(kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activation_only_moves_earlier),
        cmocka_unit_test(the_later_approval_stands),
        cmocka_unit_test(the_earlier_proof_stands),
        cmocka_unit_test(a_withdrawn_approval_lets_the_earlier_speak),
        cmocka_unit_test(a_withdrawn_proof_leaves_the_approval),
        cmocka_unit_test(the_later_revocation_and_replacement_stand),
        cmocka_unit_test(flags_turn_on_and_off),
        cmocka_unit_test(a_clone_is_suspected_or_confirmed),
        cmocka_unit_test(only_the_setter_clears_a_mark),
        cmocka_unit_test(a_mark_replaces_the_same_bodys),
        cmocka_unit_test(marks_are_sorted_and_full_at_their_limit),
        cmocka_unit_test(days_and_groups_are_set),
        cmocka_unit_test(twice_is_once_and_changed_tells_the_truth),
        cmocka_unit_test(the_order_of_loading_does_not_matter),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(changed_bytes_are_refused_or_canonical),
        cmocka_unit_test(bytes_are_those_of_the_journal),
        cmocka_unit_test(unknown_kinds_are_refused),
    };
    rng = random_start("change_test", 15);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
