/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: parts and their bytes, proposals and the second person, what a crash leaves, rule sets
 * that come in force with the rows of every verdict that they move. */
#include "app/fixture.h"

#include "app/audit.h"
#include "app/batch_part.h"
#include "app/staff.h"
#include "app/whatif.h"

#define PHONE 35735007990300ULL

static void parts_round_trip(void **state)
{
    (void)state;
    static struct change out[BATCH_PART_CHANGES];
    struct part_writer w = {0};
    size_t count;
    for (int shared = 0; shared <= 1; shared++) {
        struct change common = {.kind = CHANGE_AMNESTY, .on = true};
        part_begin(&w, shared ? &common : NULL);
        for (uint64_t i = 0; i < 1000; i++) {
            struct change c = common;
            c.imei.body = i * i * i * 99991;
            part_add(&w, &c);
        }
        assert_true(part_end(&w));
        OK(part_decode((struct str){(char *)w.bytes.p, w.bytes.n}, out, &count));
        assert_int_equal(count, 1000);
        for (uint64_t i = 0; i < 1000; i++) {
            assert_int_equal(out[i].imei.body, i * i * i * 99991);
            assert_int_equal(out[i].kind, CHANGE_AMNESTY);
            assert_true(out[i].on);
        }
        for (size_t n = 0; n < w.bytes.n; n++) /* every truncation is refused */
            assert_int_equal(part_decode((struct str){(char *)w.bytes.p, n}, out, &count),
                             ERR_CODEC);
    }
    part_release(&w);
}

static uint64_t account(struct fixture *f, const char *name)
{
    struct batch_result r;
    OK(staff_add(f->reg, str_z(name), &r, NULL));
    return registry_party_id(f->reg, PARTY_ACCOUNT, str_z(name));
}

static enum err white_list(struct fixture *f, uint64_t body, struct batch_result *out)
{
    struct changes list = {0};
    changes_add(&list, &(struct change){.imei = {body}, .kind = CHANGE_AMNESTY, .on = true});
    struct batch_plan plan = {.entry = {.event = EVENT_AMNESTY},
                              .label = "test",
                              .source = changes_source(&list),
                              .needs_second = true};
    enum err err = batch_run(f->reg, &plan, out, NULL);
    changes_release(&list);
    return err;
}

static void two_persons(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    OK(white_list(f, PHONE, &r)); /* one account or none: at once */
    uint64_t anna = account(f, "anna");
    OK(white_list(f, PHONE + 1, &r));
    uint64_t bolat = account(f, "bolat");
    assert_int_equal(white_list(f, PHONE + 2, &r), ERR_ACTOR); /* nobody in particular */
    f->reg->actor = anna;
    uint64_t seq = f->reg->head.next_seq;
    assert_int_equal(white_list(f, PHONE + 2, &r), ERR_HELD);
    assert_true(r.proposed);
    OK(registry_refresh(f->reg, NULL));
    assert_int_equal(f->reg->head.next_seq, seq + 1); /* who proposed what */
    assert_false(fixture_facts(f, PHONE + 2).exists);
    uint64_t id = r.id;
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_SAME_PERSON);
    f->reg->actor = 99;
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_ACTOR);
    f->reg->actor = bolat;
    assert_int_equal(batch_confirm(f->reg, id + 1, &r, NULL), ERR_NO_PROPOSAL);
    OK(batch_confirm(f->reg, id, &r, NULL));
    assert_int_equal(r.rows, 1);
    assert_int_equal(fixture_verdict(f, PHONE + 2).reason, REASON_AMNESTY);
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_NO_PROPOSAL);
    assert_int_equal(white_list(f, PHONE + 3, &r), ERR_HELD);
    OK(batch_reject(f->reg, r.id, NULL));
    assert_false(fixture_facts(f, PHONE + 3).exists);
    fixture_whole(f);
    fixture_free(f);
}

static void lifting_waits_holding_expiry_does_not(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    f->reg->actor = account(f, "anna");
    account(f, "bolat");
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct imei imei = {PHONE};
    struct batch_result r;
    OK(suspend(f->reg, &s, &imei, 1, &r, NULL));
    assert_int_equal(resume(f->reg, &s, &imei, 1, &r, NULL), ERR_HELD);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_STOLEN);
    struct suspension other = s;
    other.body = STR("court");
    assert_int_equal(resume(f->reg, &other, &imei, 1, &r, NULL), ERR_NOT_SETTER);
    static const char *const sets[] = {"expiry_release=manual", "expiry_release=auto",
                                       "grace_days=45"};
    static const enum err want[] = {ERR_OK, ERR_HELD, ERR_HELD};
    for (int i = 0; i < 3; i++) {
        struct rules rules;
        OK(whatif_rules(f->reg, &sets[i], 1, &rules, NULL));
        assert_int_equal(
            rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = sets[i]}, &r, NULL),
            want[i]);
    }
    fixture_whole(f);
    fixture_free(f);
}

static void a_third_account_needs_two(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    uint64_t anna = account(f, "anna"), bolat = account(f, "bolat");
    assert_int_equal(staff_add(f->reg, STR("mallory"), &r, NULL), ERR_ACTOR);
    f->reg->actor = anna;
    assert_int_equal(staff_add(f->reg, STR("Anna "), &r, NULL), ERR_NAME);
    assert_int_equal(staff_add(f->reg, STR("mallory"), &r, NULL), ERR_HELD);
    uint64_t id = r.id;
    f->reg->actor = registry_party_id(f->reg, PARTY_ACCOUNT, STR("mallory"));
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_ACTOR);
    assert_int_equal(batch_reject(f->reg, id, NULL), ERR_ACTOR);
    f->reg->actor = bolat;
    OK(batch_confirm(f->reg, id, &r, NULL));
    fixture_whole(f);
    fixture_free(f);
}

static void setting_a_mark_anew_does_not_lift_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    struct imei imei = {PHONE};
    f->reg->actor = account(f, "anna");
    uint64_t bolat = account(f, "bolat");
    struct suspension s = fixture_mark(MARK_STOLEN), sooner = s, later = s, past = s;
    sooner.last = fixture_daynum("2026-03-11");
    later.from = fixture_daynum("2026-04-01");
    past.from = fixture_daynum("2020-01-01");
    past.last = fixture_daynum("2020-01-02");
    OK(suspend(f->reg, &s, &imei, 1, &r, NULL));
    assert_int_equal(suspend(f->reg, &past, &imei, 1, &r, NULL), ERR_DATE);
    assert_int_equal(suspend(f->reg, &later, &imei, 1, &r, NULL), ERR_HELD);
    assert_int_equal(suspend(f->reg, &sooner, &imei, 1, &r, NULL), ERR_HELD);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_STOLEN);
    uint64_t id = r.id;
    OK(suspend(f->reg, &s, &imei, 1, &r, NULL)); /* the same again: nothing moves */
    f->reg->actor = bolat;
    OK(batch_confirm(f->reg, id, &r, NULL));
    assert_int_equal(fixture_verdict(f, PHONE).valid_through, sooner.last);
    fixture_whole(f);
    fixture_free(f);
}

static void what_moved_since_is_not_lifted(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    struct imei imei = {PHONE};
    uint64_t anna = account(f, "anna"), bolat = account(f, "bolat");
    struct suspension s = fixture_mark(MARK_LOST), stolen = fixture_mark(MARK_STOLEN);
    OK(suspend(f->reg, &s, &imei, 1, &r, NULL));
    f->reg->actor = anna;
    assert_int_equal(resume(f->reg, &s, &imei, 1, &r, NULL), ERR_HELD);
    uint64_t id = r.id;
    OK(suspend(f->reg, &stolen, &imei, 1, &r, NULL));
    f->reg->actor = bolat;
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_HELD);
    assert_int_equal(fixture_facts(f, PHONE).mark_count, 2);
    OK(batch_reject(f->reg, id, NULL));
    fixture_whole(f);
    fixture_free(f);
}

/* The same days under another order move no fact; the second officer has not seen that order, though. */
static void what_stands_under_another_order_is_not_lifted(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    struct imei imeis[] = {{PHONE}, {PHONE + 1}};
    uint64_t anna = account(f, "anna"), bolat = account(f, "bolat");
    struct suspension s = fixture_mark(MARK_STOLEN), renewed = s;
    renewed.order = STR("KP-77");
    f->reg->actor = anna;
    OK(suspend(f->reg, &s, imeis, 2, &r, NULL));
    assert_int_equal(resume(f->reg, &s, imeis, 1, &r, NULL), ERR_HELD);
    uint64_t id = r.id;
    OK(suspend(f->reg, &s, imeis, 2, &r, NULL)); /* the same order again: nothing is written */
    assert_int_equal(r.rows, 0);
    OK(suspend(f->reg, &renewed, imeis, 1, &r, NULL));
    assert_int_equal(r.rows, 1);
    f->reg->actor = bolat;
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_HELD);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_STOLEN);
    OK(batch_reject(f->reg, id, NULL));
    f->reg->actor = anna;
    OK(suspend(f->reg, &renewed, imeis, 2, &r, NULL)); /* one stands under it already */
    assert_int_equal(r.rows, 1);
    assert_int_equal(resume(f->reg, &s, imeis, 1, &r, NULL), ERR_HELD);
    id = r.id;
    OK(suspend(f->reg, &renewed, imeis, 1, &r, NULL));
    f->reg->actor = bolat;
    OK(batch_confirm(f->reg, id, &r, NULL));
    assert_int_equal(fixture_facts(f, PHONE).mark_count, 0);
    fixture_whole(f);
    fixture_free(f);
}

static void an_altered_proposal_is_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct batch_result r;
    f->reg->actor = account(f, "anna");
    uint64_t bolat = account(f, "bolat");
    assert_int_equal(white_list(f, PHONE, &r), ERR_HELD);
    struct part_writer w = {0};
    struct change more = {.imei = {PHONE + 1}, .kind = CHANGE_AMNESTY, .on = true};
    part_begin(&w, NULL);
    part_add(&w, &more);
    assert_true(part_end(&w));
    OK(store_batch_part_put(f->reg->store, r.id, 0, (struct str){(char *)w.bytes.p, w.bytes.n},
                            NULL));
    part_release(&w);
    f->reg->actor = bolat;
    uint64_t id = r.id;
    assert_int_equal(batch_confirm(f->reg, id, &r, NULL), ERR_CHAIN);
    assert_false(fixture_facts(f, PHONE + 1).exists);
    fixture_free(f);
}

/* A rule set is in force from its intent: what came between proposal and confirmation counts. */
static void rules_miss_nothing_that_came_meanwhile(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-20");
    struct batch_result r;
    struct rules rules;
    const char *set = "grace_days=60";
    fixture_activate(f, PHONE, "2026-03-01");
    f->reg->actor = account(f, "anna");
    uint64_t bolat = account(f, "bolat");
    struct index *index;
    struct follow_result followed;
    OK(registry_index(f->reg, &index, NULL));
    OK(whatif_rules(f->reg, &set, 1, &rules, NULL));
    assert_int_equal(
        rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = set}, &r, NULL),
        ERR_HELD);
    uint64_t id = r.id;
    fixture_activate(f, PHONE + 1, "2026-03-10");
    f->reg->actor = bolat;
    OK(batch_confirm(f->reg, id, &r, NULL));
    assert_int_equal(r.rows, 2);
    OK(registry_follow(f->reg, index, &followed, NULL));
    for (unsigned i = 0; i < 2; i++) {
        struct verdict by_facts = fixture_verdict(f, PHONE + i), by_index;
        assert_true(index_find(index, fixture_imei(PHONE + i), &by_index));
        assert_true(verdict_equal(&by_facts, &by_index));
    }
    index_free(index);
    fixture_whole(f);
    fixture_free(f);
}

static void rules_move_verdicts(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-20");
    fixture_activate(f, PHONE, "2026-03-01");
    fixture_activate(f, PHONE + 1, "2026-02-25");
    const char *sets[] = {"grace_days=10"};
    struct rules rules;
    struct whatif w;
    struct batch_result r;
    OK(whatif_rules(f->reg, sets, 1, &rules, NULL));
    OK(whatif_run(f->reg, &(struct whatif_ask){&rules, DAYNUM_NONE, NULL, NULL}, &w, NULL));
    assert_int_equal(w.imeis, 2);
    assert_int_equal(w.changed, 2);
    assert_int_equal(w.lost, 2); /* both would be past their term */
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    OK(rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = "test"}, &r, NULL));
    assert_int_equal(r.rows, w.changed);
    assert_int_equal(f->reg->rules.number, 2);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    struct facts facts = fixture_facts(f, PHONE);
    assert_int_equal(facts.activation, fixture_daynum("2026-03-01"));
    sets[0] = "grace_days=30";
    OK(whatif_rules(f->reg, sets, 1, &rules, NULL));
    OK(rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = "test"}, &r, NULL));
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    fixture_whole(f);
    fixture_free(f);
}

static bool count_line(void *ctx, const struct audit_line *line)
{
    (void)line;
    ++*(unsigned *)ctx;
    return true;
}

static void a_history_is_a_linked_list(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-20");
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct imei imei = {PHONE};
    struct batch_result r;
    fixture_activate(f, PHONE, "2026-03-01");
    for (int i = 0; i < 3; i++) {
        OK(suspend(f->reg, &s, &imei, 1, &r, NULL));
        OK(resume(f->reg, &s, &imei, 1, &r, NULL));
        fixture_activate(f, PHONE + 1ULL + (unsigned)i, "2026-03-01");
    }
    unsigned lines = 0;
    OK(audit_history(f->reg, imei, count_line, &lines, NULL));
    assert_int_equal(lines, 7);
    lines = 0;
    uint64_t next;
    OK(audit_since(f->reg, 0, count_line, &lines, &next, NULL));
    assert_int_equal(lines, f->reg->head.next_seq - 1);
    lines = 0;
    OK(audit_since(f->reg, next, count_line, &lines, &next, NULL));
    assert_int_equal(lines, 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_round_trip),
        cmocka_unit_test(two_persons),
        cmocka_unit_test(lifting_waits_holding_expiry_does_not),
        cmocka_unit_test(a_third_account_needs_two),
        cmocka_unit_test(setting_a_mark_anew_does_not_lift_it),
        cmocka_unit_test(what_moved_since_is_not_lifted),
        cmocka_unit_test(what_stands_under_another_order_is_not_lifted),
        cmocka_unit_test(an_altered_proposal_is_refused),
        cmocka_unit_test(rules_miss_nothing_that_came_meanwhile),
        cmocka_unit_test(rules_move_verdicts),
        cmocka_unit_test(a_history_is_a_linked_list),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
