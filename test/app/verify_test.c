/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices come onto the white list; a repair must not launder a stolen phone (domain.md 2 item 5). */
#include "app/fixture.h"

#include "app/audit.h"
#include "app/verify.h"

#define OLD   35735007990600ULL
#define FRESH 35735007990700ULL

static enum err repair(struct fixture *f, uint64_t old, uint64_t new)
{
    struct approving how = {.kind = APPROVAL_REPAIR, .at = INSTANT_NONE, .party = 5};
    struct device device = {.imeis = {{new}}, .count = 1, .old = {{old}}, .old_count = 1};
    return verify_device(f->reg, NULL, &how, &device, NULL);
}

static void approve(struct fixture *f, uint64_t body, uint64_t party)
{
    struct approving how = {.kind = APPROVAL_IMPORT, .at = INSTANT_NONE, .party = party};
    struct device device = {.imeis = {{body}}, .count = 1};
    OK(verify_device(f->reg, NULL, &how, &device, NULL));
}

static void a_white_device_stays_white(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    approve(f, OLD, 1);
    OK(repair(f, OLD, FRESH));
    assert_int_equal(fixture_verdict(f, OLD).reason, REASON_REPLACED);
    assert_int_equal(fixture_verdict(f, FRESH).reason, REASON_VERIFIED);
    /* an approval later than the repair lets the old one speak again */
    fixture_day(f, "2026-03-11");
    approve(f, OLD, 1);
    assert_int_equal(fixture_verdict(f, OLD).reason, REASON_VERIFIED);
    fixture_whole(f);
    fixture_free(f);
}

static void a_grey_device_keeps_its_deadline(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    fixture_activate(f, OLD, "2026-03-01");
    OK(repair(f, OLD, FRESH));
    struct verdict v = fixture_verdict(f, FRESH);
    assert_int_equal(v.reason, REASON_UNVERIFIED);
    assert_int_equal(v.deadline, fixture_daynum("2026-03-31"));
    assert_int_equal(fixture_verdict(f, OLD).reason, REASON_REPLACED);
    fixture_whole(f);
    fixture_free(f);
}

static void black_and_unknown_ones_need_an_officer(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    struct suspension s = fixture_mark(MARK_STOLEN);
    assert_int_equal(repair(f, OLD, FRESH), ERR_NOT_REPAIRABLE); /* never activated */
    fixture_activate(f, OLD + 1, "2025-12-01");                  /* expired */
    assert_int_equal(repair(f, OLD + 1, FRESH), ERR_NOT_REPAIRABLE);
    approve(f, OLD + 2, 1);
    OK(suspend(f->reg, &s, &(struct imei){OLD + 2}, 1, &r, NULL));
    assert_int_equal(repair(f, OLD + 2, FRESH), ERR_NOT_REPAIRABLE);
    approve(f, OLD + 3, 1);
    struct change gsma = {.imei = {OLD + 3}, .kind = CHANGE_GSMA, .on = true};
    fixture_give(f, EVENT_GSMA, &gsma, 1);
    assert_int_equal(repair(f, OLD + 3, FRESH), ERR_NOT_REPAIRABLE);
    approve(f, OLD + 4, 1);
    OK(verify_clone(f->reg, fixture_imei(OLD + 4), FACTS_CLONE, NULL, 0, NULL));
    assert_int_equal(repair(f, OLD + 4, FRESH), ERR_NOT_REPAIRABLE);
    assert_false(fixture_facts(f, FRESH).exists);
    fixture_free(f);
}

static void a_new_imei_is_unused_and_on_no_list(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    approve(f, OLD, 1);
    fixture_activate(f, FRESH, "2026-03-09");
    assert_int_equal(repair(f, OLD, FRESH), ERR_NOT_NEW);
    approve(f, FRESH + 1, 1); /* somebody else's */
    assert_int_equal(repair(f, OLD, FRESH + 1), ERR_NOT_NEW);
    struct change listed = {.imei = {FRESH + 2}, .kind = CHANGE_AMNESTY, .on = true};
    fixture_give(f, EVENT_AMNESTY, &listed, 1);
    assert_int_equal(repair(f, OLD, FRESH + 2), ERR_NOT_NEW);
    struct change visitor = {
        .imei = {FRESH + 3}, .kind = CHANGE_TEMPORARY, .until = fixture_daynum("2026-04-01")};
    fixture_give(f, EVENT_VERIFIED, &visitor, 1);
    assert_int_equal(repair(f, OLD, FRESH + 3), ERR_NOT_NEW);
    struct change proof = {.imei = {FRESH + 4},
                           .kind = CHANGE_BEFORE_DUTY,
                           .approval = {1767225600, {.kind = APPROVAL_BEFORE_DUTY, .party = 9}}};
    fixture_give(f, EVENT_VERIFIED, &proof, 1);
    assert_int_equal(repair(f, OLD, FRESH + 4), ERR_NOT_NEW);
    assert_int_equal(fixture_verdict(f, OLD).reason, REASON_VERIFIED);
    fixture_whole(f);
    fixture_free(f);
}

static void the_imeis_of_a_device_are_linked(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct approving how = {.kind = APPROVAL_PERSONAL, .at = INSTANT_NONE, .party = 5};
    struct device device = {.imeis = {{FRESH + 1}, {FRESH}}, .count = 2};
    OK(verify_device(f->reg, NULL, &how, &device, NULL));
    assert_int_equal(fixture_facts(f, FRESH).group, FRESH + 1);
    assert_int_equal(fixture_facts(f, FRESH + 1).group, FRESH + 1);
    fixture_free(f);
}

/* ---- the journal alone makes the facts ---- */

static bool replay_line(void *ctx, const struct audit_line *line)
{
    struct store *to = ctx;
    if (line->item.type != ITEM_ROW)
        return true;
    const struct row *row = &line->item.row;
    struct facts_row facts = {.imei = row->change.imei};
    bool changed;
    OK(store_facts_get(to, &facts, 1, NULL));
    assert_int_equal(facts.facts.last_seq, row->prev_seq);
    OK(change_apply(&facts.facts, &row->change, &changed));
    facts.facts.last_seq = line->seq;
    facts.due = verdict_has_next(&row->after) ? row->after.valid_through + 1 : DAYNUM_NONE;
    OK(store_facts_put(to, &facts, 1, NULL));
    return true;
}

static bool compare_row(void *ctx, const struct facts_row *row)
{
    struct store *other = ctx;
    struct facts_row twin = {.imei = row->imei};
    OK(store_facts_get(other, &twin, 1, NULL));
    assert_true(twin.facts.exists);
    assert_true(facts_equal(&twin.facts, &row->facts));
    assert_int_equal(twin.facts.last_seq, row->facts.last_seq);
    assert_int_equal(twin.due, row->due);
    return true;
}

static void replaying_into_an_empty_store_gives_equal_facts(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct suspension s = fixture_mark(MARK_LOST);
    struct batch_result r;
    for (uint64_t i = 0; i < 50; i++) {
        fixture_activate(f, OLD + i, i % 2 ? "2026-03-01" : "2025-01-01");
        if (i % 3 == 0)
            approve(f, OLD + i, i);
        if (i % 5 == 0)
            OK(suspend(f->reg, &s, &(struct imei){OLD + i}, 1, &r, NULL));
        if (i % 10 == 0)
            OK(resume(f->reg, &s, &(struct imei){OLD + i}, 1, &r, NULL));
    }
    struct store *empty;
    uint64_t next;
    OK(store_open("memory:", STORE_WRITE, &empty, NULL));
    OK(store_write_begin(empty, NULL));
    OK(audit_since(f->reg, 0, replay_line, empty, &next, NULL));
    OK(store_write_commit(empty, NULL));
    OK(store_facts_scan(f->reg->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                        compare_row, empty, NULL));
    store_close(empty);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_white_device_stays_white),
        cmocka_unit_test(a_grey_device_keeps_its_deadline),
        cmocka_unit_test(black_and_unknown_ones_need_an_officer),
        cmocka_unit_test(a_new_imei_is_unused_and_on_no_list),
        cmocka_unit_test(the_imeis_of_a_device_are_linked),
        cmocka_unit_test(replaying_into_an_empty_store_gives_equal_facts),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
