/* SPDX-License-Identifier: Apache-2.0
 *
 * An application's life: filed, held, checked, decided by rules or by an officer, papers, withdrawal,
 * appeal; who may; what is refused changes nothing; of two who act at once one is told. */
#include "cases/house.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

/* ---- what rules settle ---- */

static void rules_approve_at_once(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    bool away;
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    OK(settle(h, id, &away));
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_APPROVED);
    assert_int_equal(a.findings | a.devices[0].findings, FOUND_TAC_UNKNOWN);
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    assert_int_equal(reason(h, PHONE + 1), REASON_VERIFIED); /* the second IMEI with the first */
    assert_int_equal(fixture_facts(h->f, PHONE).group, fixture_facts(h->f, PHONE + 1).group);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.party, 7);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.application, id);
    char number[APPLICATION_NUMBER_TEXT];
    application_number(&a, number);
    assert_string_equal(h->purpose, number);
    application_release(&a);
    OK(settle(h, id, &away)); /* once more: nothing to do */
    assert_int_equal(h->asked, 1);
    house_close(h);
}

static void what_stops_waits_for_an_officer(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    bool away;
    h->border = ASKED_NO;
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    OK(settle(h, id, &away));
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_true(a.checked);
    assert_int_equal(a.findings, FOUND_NO_BORDER_CROSSING);
    application_release(&a);
    decide(h, &officer, id, true);
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    h->border = ASKED_YES;
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    struct imei stolen = {PHONE + 10};
    struct batch_result result;
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
    id = file(h, &who, APPROVAL_PERSONAL, PHONE + 10);
    OK(settle(h, id, &away));
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_true(a.devices[0].findings & FOUND_MARKED);
    application_release(&a);
    house_close(h);
}

/* "Could not ask" is not "no": it waits, and the phone is held meanwhile. */
static void who_cannot_be_asked_is_asked_again(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    assert_int_equal(reason(h, PHONE), REASON_UNVERIFIED);
    h->border = ASKED_AWAY;
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    assert_int_equal(held(h, PHONE + 1), DAYNUM_OPEN); /* its other slot, should it be used */
    for (int i = 0; i < 3; i++) {
        OK(settle(h, id, &away));
        assert_true(away);
    }
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_false(a.checked);
    assert_int_equal(a.version, 2); /* filed; could not ask: told once */
    application_release(&a);
    fixture_day(h->f, "2026-05-20"); /* long past its deadline */
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    h->border = ASKED_YES;
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_APPROVED);
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    house_close(h);
}

/* ---- refusal, appeal, withdrawal, papers ---- */

static void a_refusal_is_appealed_to_another(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10"); /* a Tuesday */
    struct session who = person(h, 7);
    struct application a;
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    h->border = ASKED_NO;
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    OK(settle(h, id, &away));
    decide(h, &officer, id, false);
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_REFUSED);
    assert_int_equal(a.devices[0].refusal, REFUSAL_NO_BORDER_CROSSING);
    assert_string_equal(a.events[a.event_count - 1].note, "қараңыз");
    application_release(&a);
    assert_int_equal(held(h, PHONE), fixture_daynum("2026-03-13")); /* while it can be appealed */
    fixture_day(h->f, "2026-03-13");
    OK(filing_appeal(&h->office, &who, id, STR("билет"), &a, NULL));
    application_release(&a);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    assert_int_equal(desk_claim(&h->office, &officer, id, &a, NULL), ERR_SAME_PERSON);
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING); /* rules do not decide an appeal */
    decide(h, &officer2, id, true);
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    assert_int_equal(filing_appeal(&h->office, &who, id, STR(""), &a, NULL), ERR_NOT_NOW);
    house_close(h);
}

static void it_can_be_taken_back(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7), other = person(h, 9);
    struct application a;
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(filing_withdraw(&h->office, &other, id, &a, NULL), ERR_NOT_FOUND);
    OK(filing_withdraw(&h->office, &who, id, &a, NULL));
    application_release(&a);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    assert_int_equal(filing_withdraw(&h->office, &who, id, &a, NULL), ERR_NOT_NOW);
    OK(settle(h, id, &away)); /* the checks come too late */
    assert_int_equal(state_of(h, id), APPLICATION_WITHDRAWN);
    assert_int_equal(reason(h, PHONE), REASON_UNVERIFIED);
    file(h, &who, APPROVAL_PERSONAL, PHONE); /* and it can be asked for again */
    house_close(h);
}

static void the_clock_stands_while_papers_are_awaited(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    size_t closed;
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = file(h, &who, APPROVAL_BEFORE_DUTY, PHONE);
    a = get(h, id);
    assert_int_equal(a.due_s - a.filed_s, 3 * 3600); /* filed at noon: within the day */
    application_release(&a);
    assert_int_equal(desk_ask(&h->office, &officer, id, STR(""), &a, NULL), ERR_USAGE);
    OK(desk_ask(&h->office, &officer, id, STR("чек"), &a, NULL));
    application_release(&a);
    fixture_day(h->f, "2026-03-17");
    OK(desk_close_unanswered(&h->office, &closed, NULL));
    assert_int_equal(closed, 0);
    OK(filing_answer(&h->office, &who, id, STR("вот он"), &a, NULL));
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_int_equal(a.due_s, clock_now_us(h->f->reg->clock) / 1000000 + 3 * 3600);
    application_release(&a);
    OK(desk_ask(&h->office, &officer, id, STR("ещё один"), &a, NULL));
    application_release(&a);
    fixture_day(h->f, "2026-04-10"); /* more than ten working days, Nauryz among them */
    OK(desk_close_unanswered(&h->office, &closed, NULL));
    assert_int_equal(closed, 1);
    assert_int_equal(state_of(h, id), APPLICATION_CLOSED);
    assert_int_equal(held(h, PHONE), DAYNUM_NONE);
    house_close(h);
}

/* ---- what is refused ---- */

static void who_may_not_is_told(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again;
    assert_int_equal(file_kind(h, &firm, APPROVAL_PERSONAL, PHONE, "", &a, &again), ERR_ROLE);
    assert_int_equal(file_kind(h, &who, APPROVAL_IMPORT, PHONE, "", &a, &again), ERR_ROLE);
    assert_int_equal(file_kind(h, &officer, APPROVAL_PERSONAL, PHONE, "", &a, &again), ERR_ROLE);
    assert_int_equal(file_kind(h, &who, 99, PHONE, "", &a, &again), ERR_ROLE);
    struct case_device twice[2] = {device(PHONE, 2), device(PHONE + 1, 1)};
    struct filing wish = {.kind = APPROVAL_PERSONAL, .devices = twice, .device_count = 2};
    wish.entered = DAYNUM_NONE;
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DUPLICATE_IN_FILE);
    wish.device_count = 0;
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DEVICE_IMEIS);
    wish.device_count = FILING_DEVICES_MAX + 1;
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_TOO_MANY);
    twice[1] = device(PHONE + 5, 0);
    wish.device_count = 2;
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DEVICE_IMEIS);
    wish.device_count = 1;
    wish.entered = fixture_daynum("2026-03-11");
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DATE);
    wish.entered = DAYNUM_NONE;
    wish.document = STR("a\nb");
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_ONE_LINE);
    wish.document = STR("");
    wish.country = STR("kz");
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_USAGE);
    uint64_t ids[4];
    size_t n;
    OK(filing_list(&h->office, &who, 0, ids, 4, &n, NULL));
    assert_int_equal(n, 0);
    house_close(h);
}

static void one_open_application_an_imei(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7), other = person(h, 9);
    struct application a;
    bool again, away;
    uint64_t first = file(h, &who, APPROVAL_PERSONAL, PHONE);
    assert_int_equal(file_kind(h, &who, APPROVAL_PERSONAL, PHONE + 1, "", &a, &again),
                     ERR_OPEN_ALREADY);
    uint64_t second = file(h, &other, APPROVAL_PERSONAL, PHONE); /* another's: an officer looks */
    uint64_t both[] = {second, first};
    for (int i = 0; i < 2; i++) {
        OK(settle(h, both[i], &away));
        a = get(h, both[i]);
        assert_true(a.devices[0].findings & FOUND_OPEN_ELSEWHERE);
        application_release(&a);
    }
    decide(h, &officer, first, true);
    struct decision d = {.approve = true};
    OK(desk_claim(&h->office, &officer, second, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, second, &d, 1, STR(""), &a, NULL));
    assert_non_null(a.proposal); /* one officer gives nobody's phone to another */
    application_release(&a);
    assert_int_equal(state_of(h, second), APPLICATION_CHECKING);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.application, first);
    house_close(h);
}

/* What one withdraws does not end what holds another's. */
static void a_hold_lasts_as_long_as_anybody_needs_it(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7), other = person(h, 9);
    struct application a;
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t first = file(h, &who, APPROVAL_PERSONAL, PHONE);
    uint64_t second = file(h, &other, APPROVAL_BEFORE_DUTY, PHONE);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    OK(filing_withdraw(&h->office, &who, first, &a, NULL));
    application_release(&a);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    decide(h, &officer, second, false);
    assert_int_equal(held(h, PHONE), fixture_daynum("2026-03-13"));
    house_close(h);
}

/* Nobody has another's phone called replaced; a repair says what was taken out. */
static void old_imeis_are_a_repairs_alone(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again;
    struct case_device d = device(PHONE, 1);
    d.is.old_count = 1;
    d.is.old[0].body = PHONE + 50;
    struct filing wish = {
        .kind = APPROVAL_PERSONAL, .devices = &d, .device_count = 1, .entered = DAYNUM_NONE};
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DEVICE_IMEIS);
    wish.kind = APPROVAL_REPAIR;
    d.is.old[0].body = PHONE; /* the new one once more */
    assert_int_equal(filing_new(&h->office, &firm, &wish, &a, &again, NULL), ERR_DUPLICATE_IN_FILE);
    d.is.old_count = 0;
    assert_int_equal(filing_new(&h->office, &firm, &wish, &a, &again, NULL), ERR_DEVICE_IMEIS);
    house_close(h);
}

/* Two devices of one repair: the grey one passes on its deadline, the white one its place. */
static void a_repair_passes_on_what_each_device_was(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again, away;
    fixture_activate(h->f, PHONE, "2026-03-02"); /* grey */
    file(h, &who, APPROVAL_PERSONAL, PHONE + 100);
    OK(settle(h, 1, &away)); /* white */
    struct case_device two[2] = {device(PHONE + 200, 1), device(PHONE + 300, 1)};
    two[0].is.old_count = two[1].is.old_count = 1;
    two[0].is.old[0].body = PHONE + 100;
    two[1].is.old[0].body = PHONE;
    const struct filing wish = {
        .kind = APPROVAL_REPAIR, .devices = two, .device_count = 2, .entered = DAYNUM_NONE};
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    struct decision yes[2] = {{.approve = true}, {.approve = true}};
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, id, yes, 2, STR(""), &a, NULL));
    application_release(&a);
    assert_int_equal(reason(h, PHONE + 200), REASON_VERIFIED);
    assert_int_equal(reason(h, PHONE + 300), REASON_UNVERIFIED);
    assert_int_equal(fixture_facts(h->f, PHONE + 300).activation, fixture_daynum("2026-03-02"));
    assert_int_equal(reason(h, PHONE), REASON_REPLACED);
    assert_int_equal(reason(h, PHONE + 100), REASON_REPLACED);
    house_close(h);
}

static void sent_again_it_is_the_same(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a, b;
    bool again;
    OK(file_kind(h, &who, APPROVAL_PERSONAL, PHONE, "key-1", &a, &again));
    assert_false(again);
    OK(file_kind(h, &who, APPROVAL_PERSONAL, PHONE, "key-1", &b, &again));
    assert_true(again);
    assert_int_equal(a.id, b.id);
    assert_string_equal(a.receipt, b.receipt);
    uint64_t id = 0;
    char typed[RECEIPT_TEXT];
    for (size_t i = 0; i < sizeof typed; i++)
        typed[i] = a.receipt[i] == '-' ? ' ' : (char)tolower((unsigned char)a.receipt[i]);
    OK(application_by_receipt(h->f->reg, str_z(typed), &id, NULL));
    assert_int_equal(id, a.id);
    typed[0] = typed[0] == 'x' ? 'y' : 'x';
    assert_int_equal(application_by_receipt(h->f->reg, str_z(typed), &id, NULL), ERR_NOT_FOUND);
    application_release(&b);
    assert_int_equal(file_kind(h, &who, APPROVAL_PERSONAL, PHONE + 100, "key-1", &b, &again),
                     ERR_IDEMPOTENCY);
    application_release(&a);
    house_close(h);
}

static void an_overdue_claim_may_be_taken_over(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    OK(verify_revoke(h->f->reg, (struct imei){PHONE}, "false papers", NULL));
    uint64_t id = file(h, &who, APPROVAL_RECHECK, PHONE);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    assert_int_equal(desk_claim(&h->office, &officer2, id, &a, NULL), ERR_CLAIMED);
    fixture_day(h->f, "2026-03-12"); /* overdue: whoever has it has had his time */
    OK(desk_claim(&h->office, &officer2, id, &a, NULL));
    application_release(&a);
    house_close(h);
}

static void what_was_refused_of_an_approved_one_is_appealed(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again;
    struct case_device two[2] = {device(PHONE, 1), device(PHONE + 10, 1)};
    const struct filing wish = {
        .kind = APPROVAL_BEFORE_DUTY, .devices = two, .device_count = 2, .entered = DAYNUM_NONE};
    OK(filing_new(&h->office, &who, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    const struct decision one[2] = {{.approve = true}, {.refusal = REFUSAL_NO_PROOF_BEFORE_DUTY}};
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, id, one, 2, STR(""), &a, NULL));
    assert_int_equal(a.state, APPLICATION_APPROVED);
    application_release(&a);
    OK(filing_appeal(&h->office, &who, id, STR("чек"), &a, NULL));
    application_release(&a);
    decide(h, &officer2, id, true); /* the one that waits */
    assert_int_equal(reason(h, PHONE), REASON_BEFORE_DUTY);
    assert_int_equal(reason(h, PHONE + 10), REASON_BEFORE_DUTY);
    house_close(h);
}

/* ---- at once ---- */

struct racer {
    struct house *h;
    struct registry *reg;
    uint64_t id;
    struct session who;
    bool withdraws;
    enum err err;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct office office = {
        .registry = r->reg, .committer = r->h->committer, .hours = &r->h->hours};
    struct application a;
    struct decision d = {.approve = true};
    r->err = r->withdraws ? filing_withdraw(&office, &r->who, r->id, &a, NULL)
                          : desk_decide(&office, &r->who, r->id, &d, 1, STR(""), &a, NULL);
    if (!r->err)
        application_release(&a);
    return NULL;
}

static void of_two_at_once_one_is_told(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    for (uint64_t round = 0; round < 40; round++) {
        uint64_t body = PHONE + 100 * round, id = file(h, &who, APPROVAL_BEFORE_DUTY, body);
        struct application a;
        pthread_t threads[2];
        OK(desk_claim(&h->office, &officer, id, &a, NULL));
        application_release(&a);
        struct racer racers[2] = {{.h = h, .id = id, .who = who, .withdraws = true},
                                  {.h = h, .id = id, .who = officer}};
        for (int i = 0; i < 2; i++) {
            OK(registry_again(h->f->reg, &racers[i].reg, NULL));
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            registry_close(racers[i].reg);
        }
        bool withdrawn = racers[0].err == ERR_OK, approved = racers[1].err == ERR_OK;
        assert_true(withdrawn != approved);
        assert_int_equal(state_of(h, id), withdrawn ? APPLICATION_WITHDRAWN : APPLICATION_APPROVED);
        assert_int_equal(reason(h, body), approved ? REASON_BEFORE_DUTY : REASON_NEVER_ACTIVATED);
    }
    house_close(h);
}

static void the_queue_goes_by_the_clock(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct queued list[8], rest[8];
    size_t n;
    uint64_t slow = 0, ids[3], mine[8];
    struct application a;
    bool again;
    OK(file_kind(h, &firm, APPROVAL_IMPORT, PHONE + 50, "", &a, &again)); /* six hours */
    slow = a.id;
    application_release(&a);
    for (int i = 0; i < 3; i++)
        ids[i] = file(h, &who, APPROVAL_PERSONAL, PHONE + 10 * (uint64_t)i); /* three */
    OK(desk_queue(&h->office, NULL, list, 8, &n, NULL));
    assert_int_equal(n, 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(list[i].id, ids[i]);
    assert_int_equal(list[3].id, slow);
    OK(desk_queue(&h->office, &list[1], rest, 8, &n, NULL));
    assert_int_equal(n, 2);
    assert_int_equal(rest[0].id, ids[2]);
    OK(filing_withdraw(&h->office, &who, ids[0], &a, NULL));
    application_release(&a);
    OK(desk_queue(&h->office, NULL, list, 8, &n, NULL));
    assert_int_equal(n, 3);
    OK(filing_list(&h->office, &who, 0, mine, 8, &n, NULL));
    assert_int_equal(n, 3); /* newest first, whatever their state */
    assert_true(mine[0] == ids[2] && mine[2] == ids[0]);
    OK(filing_list(&h->office, &who, mine[0], mine, 8, &n, NULL));
    assert_int_equal(n, 2);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_approve_at_once),
        cmocka_unit_test(what_stops_waits_for_an_officer),
        cmocka_unit_test(who_cannot_be_asked_is_asked_again),
        cmocka_unit_test(a_refusal_is_appealed_to_another),
        cmocka_unit_test(it_can_be_taken_back),
        cmocka_unit_test(the_clock_stands_while_papers_are_awaited),
        cmocka_unit_test(who_may_not_is_told),
        cmocka_unit_test(one_open_application_an_imei),
        cmocka_unit_test(a_hold_lasts_as_long_as_anybody_needs_it),
        cmocka_unit_test(old_imeis_are_a_repairs_alone),
        cmocka_unit_test(a_repair_passes_on_what_each_device_was),
        cmocka_unit_test(sent_again_it_is_the_same),
        cmocka_unit_test(an_overdue_claim_may_be_taken_over),
        cmocka_unit_test(what_was_refused_of_an_approved_one_is_appealed),
        cmocka_unit_test(of_two_at_once_one_is_told),
        cmocka_unit_test(the_queue_goes_by_the_clock),
    };
    return cmocka_run_group_tests_name("filing", tests, NULL, NULL);
}
