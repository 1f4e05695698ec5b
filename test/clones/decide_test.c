/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions about a case: users who were chosen by mistake are corrected by another officer, with a reason, in one entry of
 * the journal; a case that changed since it was looked at is left alone; over random decisions the pairs that stand are
 * what the case says. */
#include "clones/clone_bed.h"

#include <string.h>

#include "people/audit_log.h"
#include "prop/random.h"

struct office {
    struct clone_bed bed;
    uint64_t aigul, bolat;
};

static void office_open(struct office *o, enum rules_two_person two)
{
    struct clone_opened opened;
    bed_open(&o->bed, "2026-03-01");
    o->aigul = bed_account(&o->bed, "aigul");
    o->bolat = bed_account(&o->bed, "bolat");
    o->bed.f->reg->rules.two_person = (uint8_t)two;
    bed_finds(&o->bed, 0, 1);
    OK(bed_look(&o->bed, NULL, &opened));
}

static enum err decide(struct office *o, const struct clone_decision *d, bool *out_waits)
{
    struct clone_case c;
    bool waits = false;
    enum err err = clone_decide(o->bed.f->reg, (struct imei){BED_PHONE}, d, &c, &waits, NULL);
    if (!err)
        assert_int_equal(c.version, bed_case(&o->bed, 0).version);
    *out_waits = waits;
    return err;
}

static enum err confirm(struct office *o, uint64_t actor, int64_t served, bool *out_waits)
{
    const struct clone_decision d = {.to = CLONE_CONFIRMED, .served = served, .actor = actor};
    return decide(o, &d, out_waits);
}

static enum err correct(struct office *o, uint64_t actor, int64_t served, const char *reason,
                        bool *out_waits)
{
    const struct clone_decision d = {.to = CLONE_CONFIRMED,
                                     .corrects = true,
                                     .served = served,
                                     .reason = reason,
                                     .actor = actor};
    return decide(o, &d, out_waits);
}

struct told {
    unsigned corrects, all;
};

static bool on_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct told *t = ctx;
    (void)page;
    t->corrects += event->what == AUDIT_CLONE_CORRECT && event->object == BED_PHONE;
    t->all++;
    return true;
}

static bool is_note(void *ctx, const struct note *note)
{
    bool *found = ctx;
    *found |= str_eq(note->text, STR("the other one bought it"));
    return true;
}

static void another_officer_corrects(void **state)
{
    (void)state;
    struct office o;
    struct told told = {0};
    bool waits, noted = false;
    office_open(&o, TWO_PERSON_OFF);
    assert_int_equal(correct(&o, o.bolat, 2, "early", &waits), ERR_NOT_NOW);
    OK(confirm(&o, o.aigul, 1, &waits));
    assert_int_equal(bed_pairs(&o.bed, 0), 1);
    assert_int_equal(correct(&o, o.aigul, 2, "mine", &waits), ERR_SAME_PERSON);
    assert_int_equal(correct(&o, o.bolat, 2, "", &waits), ERR_USAGE);
    assert_int_equal(correct(&o, o.bolat, 2, NULL, &waits), ERR_USAGE);
    assert_int_equal(correct(&o, o.bolat, 1, "the same", &waits), ERR_USAGE);
    assert_int_equal(correct(&o, o.bolat, 16, "no such user", &waits), ERR_USAGE);
    assert_int_equal(correct(&o, 0, 2, "nobody in particular", &waits), ERR_ACTOR);
    assert_int_equal(bed_pairs(&o.bed, 0), 1);
    const uint64_t before = o.bed.f->reg->head.next_seq;
    OK(correct(&o, o.bolat, 2 | 4, "the other one bought it", &waits));
    assert_false(waits);
    assert_int_equal(bed_pairs(&o.bed, 0), 2 | 4);
    assert_int_equal(bed_facts(&o.bed, 0), FACTS_CLONE);
    assert_int_equal(o.bed.f->reg->head.next_seq, before + 2); /* an entry, and the IMEI's row */
    OK(store_notes(o.bed.f->reg->store, is_note, &noted, NULL));
    assert_true(noted);
    OK(audit_log_read(o.bed.f->reg, on_event, &told, NULL));
    assert_int_equal(told.corrects, 1);
    assert_int_equal(correct(&o, o.bolat, 1, "back", &waits), ERR_SAME_PERSON);
    OK(correct(&o, o.aigul, 0, "none of them", &waits));
    assert_int_equal(bed_pairs(&o.bed, 0), 0);
    OK(correct(&o, o.bolat, 8, "the last one", &waits));
    assert_int_equal(bed_pairs(&o.bed, 0), 8);
    fixture_whole(o.bed.f);
    bed_close(&o.bed);
}

static void where_two_decide_two_correct(void **state)
{
    (void)state;
    struct office o;
    bool waits;
    office_open(&o, TWO_PERSON_ON);
    OK(confirm(&o, o.aigul, 1, &waits));
    OK(confirm(&o, o.bolat, CLONE_AS_PROPOSED, &waits));
    assert_false(waits);
    assert_int_equal(bed_case(&o.bed, 0).chosen_by, o.aigul);
    assert_int_equal(correct(&o, o.aigul, 2, "mine", &waits), ERR_SAME_PERSON);
    OK(correct(&o, o.bolat, 2, "the other one bought it", &waits));
    assert_true(waits);
    assert_string_equal(clone_proposed_name(&(struct clone_case){.at = CLONE_CONFIRMED,
                                                                 .proposed = CLONE_CONFIRMED}),
                        "corrected");
    assert_int_equal(bed_pairs(&o.bed, 0), 1);
    assert_int_equal(correct(&o, o.bolat, CLONE_AS_PROPOSED, NULL, &waits), ERR_SAME_PERSON);
    OK(correct(&o, o.aigul, CLONE_AS_PROPOSED, NULL, &waits));
    assert_false(waits);
    assert_int_equal(bed_pairs(&o.bed, 0), 2);
    assert_int_equal(bed_case(&o.bed, 0).chosen_by, o.bolat);
    bool noted = false; /* by what the first said */
    OK(store_notes(o.bed.f->reg->store, is_note, &noted, NULL));
    assert_true(noted);
    bed_close(&o.bed);
}

static enum err fails(struct registry *reg, void *ctx, struct fault *fault)
{
    (void)reg;
    (void)ctx;
    return fault_set(fault, ERR_STORE_FULL, "what goes with it");
}

static void a_case_that_moved_is_left_alone(void **state)
{
    (void)state;
    struct office o;
    bool waits;
    office_open(&o, TWO_PERSON_OFF);
    const uint32_t version = bed_case(&o.bed, 0).version;
    struct clone_decision d = {.to = CLONE_CONFIRMED, .served = 1, .version = version + 1};
    assert_int_equal(decide(&o, &d, &waits), ERR_STALE);
    d.version = version;
    d.also = fails;
    assert_int_equal(decide(&o, &d, &waits), ERR_STORE_FULL); /* all or nothing */
    assert_int_equal(bed_facts(&o.bed, 0), FACTS_CLONE_SUSPECTED);
    d.also = NULL;
    OK(decide(&o, &d, &waits));
    assert_int_equal(decide(&o, &d, &waits), ERR_STALE);
    d = (struct clone_decision){.to = CLONE_DISMISSED, .reason = "no", .version = version};
    assert_int_equal(decide(&o, &d, &waits), ERR_STALE);
    assert_int_equal(bed_pairs(&o.bed, 0), 1);
    bed_close(&o.bed);
}

static void pairs_are_what_the_case_says(void **state)
{
    (void)state;
    struct rng rng = random_start("clone decisions", 4);
    struct office o;
    office_open(&o, TWO_PERSON_ON);
    unsigned done = 0;
    for (uint32_t i = 0; i < 1500; i++) {
        const uint64_t actor = rng_one_in(&rng, 2) ? o.aigul : o.bolat;
        const bool dismiss = rng_one_in(&rng, 40);
        const struct clone_decision d = {
            .to = dismiss ? CLONE_DISMISSED : CLONE_CONFIRMED,
            .corrects = !dismiss && rng_one_in(&rng, 2),
            .served = rng_one_in(&rng, 2) ? CLONE_AS_PROPOSED : (int64_t)rng_below(&rng, 16),
            .reason = rng_one_in(&rng, 8) ? NULL : "said",
            .actor = actor};
        bool waits;
        const enum err err = decide(&o, &d, &waits);
        assert_true(!err || err == ERR_NOT_NOW || err == ERR_USAGE || err == ERR_SAME_PERSON);
        done += !err && !waits;
        const struct clone_case c = bed_case(&o.bed, 0);
        const bool confirmed = c.at == CLONE_CONFIRMED;
        assert_int_equal(bed_pairs(&o.bed, 0), confirmed ? c.served : 0);
        assert_int_equal(bed_facts(&o.bed, 0), confirmed            ? FACTS_CLONE
                                               : c.at == CLONE_OPEN ? FACTS_CLONE_SUSPECTED
                                                                    : 0);
        if (c.at == CLONE_DISMISSED) { /* grown, it opens again */
            struct clone_opened opened;
            bed_finds(&o.bed, 0, 1)->imsis = c.imsis + c.imsis / 2 + 2;
            OK(bed_look(&o.bed, NULL, &opened));
            assert_int_equal(opened.again, 1);
        }
    }
    assert_true(done > 20);
    fixture_whole(o.bed.f);
    bed_close(&o.bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_officer_corrects),
        cmocka_unit_test(where_two_decide_two_correct),
        cmocka_unit_test(a_case_that_moved_is_left_alone),
        cmocka_unit_test(pairs_are_what_the_case_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
