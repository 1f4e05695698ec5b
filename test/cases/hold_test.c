/* SPDX-License-Identifier: Apache-2.0
 *
 * What keeps a phone served while somebody decides about it (domain.md 3 rule 9): one hold an IMEI, kind and
 * applicant; opened in time, also for what is not grey yet or hidden by a mark; kept through the days in
 * which a refusal can be appealed; a repair's old IMEIs with the new ones. */
#include "cases/house.h"

static void withdraw(struct house *h, const struct session *who, uint64_t id)
{
    struct application a;
    OK(filing_withdraw(&h->office, who, id, &a, NULL));
    application_release(&a);
}

static enum err appeal(struct house *h, const struct session *who, uint64_t id)
{
    struct application a;
    enum err err = filing_appeal(&h->office, who, id, STR("билет"), &a, NULL);
    if (!err)
        application_release(&a);
    return err;
}

/* ---- when it opens ---- */

static void a_phone_not_used_yet_is_held_from_its_first_day(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    assert_int_equal(reason(h, PHONE), REASON_NEVER_ACTIVATED);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    day(h, "2026-03-12");
    fixture_activate(h->f, PHONE, "2026-03-12");
    day(h, "2026-06-01");
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    house_close(h);
}

static void a_mark_hides_the_hold_and_does_not_prevent_it(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    struct imei stolen = {PHONE};
    struct batch_result result;
    fixture_activate(h->f, PHONE, "2026-03-02");
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
    file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    assert_int_equal(reason(h, PHONE), REASON_STOLEN);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    house_close(h);
}

static void what_has_expired_was_not_filed_in_time(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    fixture_activate(h->f, PHONE, "2026-03-02");
    day(h, "2026-05-20");
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    house_close(h);
}

static void a_white_phone_needs_none(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    bool away;
    OK(settle(h, file(h, &who, APPROVAL_PERSONAL, PHONE), &away));
    file(h, &who, APPROVAL_RECHECK, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    house_close(h);
}

/* ---- once ---- */

static void filing_anew_does_not_chain_holds(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7), other = person(h, 9);
    fixture_activate(h->f, PHONE, "2026-03-02");
    withdraw(h, &who, file(h, &who, APPROVAL_BEFORE_DUTY, PHONE));
    uint64_t again = file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE); /* this kind's was used */
    withdraw(h, &who, again);
    again = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN); /* another ground */
    withdraw(h, &who, again);
    file(h, &other, APPROVAL_BEFORE_DUTY, PHONE); /* nobody uses up another's */
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    house_close(h);
}

/* ---- a refusal and its appeal ---- */

static void a_refusal_keeps_it_while_it_can_be_appealed(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-31"); /* a Tuesday; the last day is tomorrow */
    struct session who = person(h, 7);
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    h->border = ASKED_NO;
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    OK(settle(h, id, &away));
    day(h, "2026-04-02"); /* past the plain deadline */
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    decide(h, &officer, id, false);
    assert_int_equal(held(h, PHONE), fixture_daynum("2026-04-07")); /* three working days */
    day(h, "2026-04-07");
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    OK(appeal(h, &who, id));
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    day(h, "2026-04-08");
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    OK(settle(h, id, &away));
    decide(h, &officer2, id, false);
    assert_int_equal(held(h, PHONE), fixture_daynum("2026-04-09")); /* a day, and no more */
    day(h, "2026-04-10");
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    house_close(h);
}

static void a_late_appeal_opens_none(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-31");
    struct session who = person(h, 7);
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    decide(h, &officer, id, false);
    day(h, "2026-04-10");
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    OK(appeal(h, &who, id));
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    house_close(h);
}

static void no_appeal_beside_an_open_application(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    uint64_t id = file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    decide(h, &officer, id, false);
    uint64_t other = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(appeal(h, &who, id), ERR_OPEN_ALREADY);
    withdraw(h, &who, other);
    OK(appeal(h, &who, id));
    house_close(h);
}

/* What was approved stays approved, what was refused stays refused for its reason. */
static void an_appeal_taken_back_leaves_what_was_decided(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again;
    struct case_device two[2] = {device(PHONE, 1), device(PHONE + 10, 1)};
    const struct filing wish = {
        .kind = APPROVAL_BEFORE_DUTY, .devices = two, .device_count = 2, .entered = DAYNUM_NONE};
    const struct decision one[2] = {{.approve = true}, {.refusal = REFUSAL_NO_PROOF_BEFORE_DUTY}};
    OK(filing_new(&h->office, &who, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, id, one, 2, STR(""), &a, NULL));
    application_release(&a);
    OK(appeal(h, &who, id));
    withdraw(h, &who, id);
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_APPROVED);
    assert_true(a.devices[1].decided && !a.devices[1].approved);
    assert_int_equal(a.devices[1].refusal, REFUSAL_NO_PROOF_BEFORE_DUTY);
    application_release(&a);
    assert_int_equal(appeal(h, &who, id), ERR_NOT_NOW); /* once */
    id = file(h, &who, APPROVAL_BEFORE_DUTY, PHONE + 50);
    decide(h, &officer, id, false);
    OK(appeal(h, &who, id));
    withdraw(h, &who, id);
    assert_int_equal(state_of(h, id), APPLICATION_REFUSED);
    house_close(h);
}

/* ---- repairs ---- */

static uint64_t file_repair(struct house *h, uint64_t old, uint64_t fresh)
{
    struct application a;
    bool again;
    struct case_device d = device(fresh, 1);
    d.is.old_count = 1;
    d.is.old[0].body = old;
    const struct filing wish = {
        .kind = APPROVAL_REPAIR, .devices = &d, .device_count = 1, .entered = DAYNUM_NONE};
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    return id;
}

static void a_repairs_old_imei_waits_with_it(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-31");
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = file_repair(h, PHONE, PHONE + 100);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    OK(settle(h, id, &away));
    day(h, "2026-04-03"); /* past its deadline, and switched on with the new IMEI */
    fixture_activate(h->f, PHONE + 100, "2026-04-02");
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    decide(h, &officer, id, true);
    assert_int_equal(reason(h, PHONE), REASON_REPLACED);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    assert_int_equal(fixture_facts(h->f, PHONE + 100).activation, fixture_daynum("2026-03-02"));
    house_close(h);
}

static void a_used_phone_is_no_repairs_new_one(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    struct decision yes = {.approve = true};
    fixture_activate(h->f, PHONE, "2026-03-02");
    fixture_activate(h->f, PHONE + 100, "2026-03-09"); /* before it was filed */
    uint64_t id = file_repair(h, PHONE, PHONE + 100);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    assert_int_equal(desk_decide(&h->office, &officer, id, &yes, 1, STR(""), &a, NULL),
                     ERR_NOT_NEW);
    house_close(h);
}

static void a_repairs_old_imei_is_looked_at(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct batch_result result;
    bool away;
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    struct imei stolen = {PHONE};
    fixture_activate(h->f, PHONE, "2026-03-02");
    fixture_activate(h->f, PHONE + 10, "2026-03-02");
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
    uint64_t black = file_repair(h, PHONE, PHONE + 100),
             good = file_repair(h, PHONE + 10, PHONE + 110);
    file(h, &who, APPROVAL_PERSONAL, PHONE + 10);
    OK(settle(h, black, &away));
    OK(settle(h, good, &away));
    struct application a = get(h, black), b = get(h, good);
    assert_true(a.devices[0].findings & FOUND_NOT_REPAIRABLE);
    assert_false(b.devices[0].findings & FOUND_NOT_REPAIRABLE);
    assert_true(b.devices[0].findings & FOUND_OPEN_ELSEWHERE);
    application_release(&a);
    application_release(&b);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_not_used_yet_is_held_from_its_first_day),
        cmocka_unit_test(a_mark_hides_the_hold_and_does_not_prevent_it),
        cmocka_unit_test(what_has_expired_was_not_filed_in_time),
        cmocka_unit_test(a_white_phone_needs_none),
        cmocka_unit_test(filing_anew_does_not_chain_holds),
        cmocka_unit_test(a_refusal_keeps_it_while_it_can_be_appealed),
        cmocka_unit_test(a_late_appeal_opens_none),
        cmocka_unit_test(no_appeal_beside_an_open_application),
        cmocka_unit_test(an_appeal_taken_back_leaves_what_was_decided),
        cmocka_unit_test(a_repairs_old_imei_waits_with_it),
        cmocka_unit_test(a_used_phone_is_no_repairs_new_one),
        cmocka_unit_test(a_repairs_old_imei_is_looked_at),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
