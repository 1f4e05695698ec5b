/* SPDX-License-Identifier: Apache-2.0
 *
 * What the register finds out by itself, and what it leaves to an officer: facts that move while somebody is
 * asked, parcels named twice, numbers that are none, models that differ; and the checks that run once more
 * the day before a phone would lose service. */
#include "cases/house.h"

static uint32_t found(struct house *h, uint64_t id)
{
    struct application a = get(h, id);
    uint32_t findings = a.findings;
    for (size_t i = 0; i < a.device_count; i++)
        findings |= a.devices[i].findings;
    application_release(&a);
    return findings;
}

/* ---- between looking and writing ---- */

static void steal(struct house *h)
{
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    struct imei stolen = {PHONE};
    struct batch_result result;
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
}

static void revoke(struct house *h)
{
    OK(verify_revoke(h->f->reg, (struct imei){PHONE}, "false papers", NULL));
}

static void verify_other(struct house *h)
{
    const struct approving how = {.kind = APPROVAL_IMPORT, .at = INSTANT_NONE, .party = 99};
    const struct device d = {.imeis = {{PHONE}}, .count = 1};
    OK(verify_device(h->f->reg, NULL, &how, &d, NULL));
}

static void suspect(struct house *h)
{
    OK(verify_clone(h->f->reg, (struct imei){PHONE}, FACTS_CLONE_SUSPECTED, NULL, 0, NULL));
}

static void what_happens_while_somebody_is_asked_counts(void **state)
{
    (void)state;
    static const struct {
        void (*meanwhile)(struct house *h);
        uint32_t finding;
    } all[] = {{steal, FOUND_MARKED},
               {revoke, FOUND_REVOKED},
               {verify_other, FOUND_VERIFIED_OTHER},
               {suspect, FOUND_CLONE}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct house *h = house_open("2026-03-10");
        struct session who = person(h, 7);
        bool away;
        h->meanwhile = all[i].meanwhile;
        uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
        OK(settle(h, id, &away));
        assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
        assert_true(found(h, id) & all[i].finding);
        struct application a = get(h, id);
        assert_true(a.checked);
        application_release(&a);
        assert_int_not_equal(fixture_facts(h->f, PHONE).verified.party, 7);
        house_close(h);
    }
}

/* ---- parcels ---- */

static enum err file_parcel(struct house *h, const struct session *who, uint64_t body,
                            const char *parcel, uint64_t *out_id)
{
    struct application a;
    bool again;
    struct case_device d = device(body, 1);
    const struct filing wish = {.kind = APPROVAL_PERSONAL,
                                .way = WAY_PARCEL,
                                .document = str_z(parcel),
                                .entered = fixture_daynum("2026-03-01"),
                                .devices = &d,
                                .device_count = 1};
    enum err err = filing_new(&h->office, who, &wish, &a, &again, NULL);
    if (err)
        return err;
    *out_id = a.id;
    application_release(&a);
    return ERR_OK;
}

static void a_parcel_brings_one_application(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7), other = person(h, 9);
    struct application a;
    uint64_t id, second, third;
    bool away;
    OK(file_parcel(h, &who, PHONE, "RA 123456789 CN", &id));
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_APPROVED);
    OK(file_parcel(h, &other, PHONE + 10, "ra123456789cn", &second));
    OK(settle(h, second, &away));
    assert_int_equal(state_of(h, second), APPLICATION_CHECKING);
    assert_true(found(h, second) & FOUND_DOCUMENT_USED);
    OK(file_parcel(h, &who, PHONE + 20, "RA987654321CN", &second));
    OK(filing_withdraw(&h->office, &who, second, &a, NULL));
    application_release(&a);
    OK(file_parcel(h, &who, PHONE + 30, "RA987654321CN", &third)); /* typed anew */
    OK(settle(h, third, &away));
    assert_int_equal(state_of(h, third), APPLICATION_APPROVED);
    house_close(h);
}

static void a_parcel_has_a_day(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again;
    struct case_device d = device(PHONE, 1);
    const struct filing wish = {.kind = APPROVAL_PERSONAL,
                                .way = WAY_PARCEL,
                                .document = STR("RA1"),
                                .entered = DAYNUM_NONE,
                                .devices = &d,
                                .device_count = 1};
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_USAGE);
    house_close(h);
}

/* ---- numbers and models ---- */

static void a_number_that_is_none_is_an_officers(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    uint64_t id;
    bool away;
    OK(file_parcel(h, &who, 11111111111111ULL, "RA1", &id));
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    assert_true(found(h, id) & FOUND_MALFORMED);
    house_close(h);
}

static void the_second_slot_is_named_with_the_first(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    struct application a;
    bool again, away;
    struct case_device one = device(PHONE, 1), two = device(PHONE, 2);
    struct filing wish = {.kind = APPROVAL_SECOND_IMEI, .devices = &one, .device_count = 1};
    wish.entered = DAYNUM_NONE;
    assert_int_equal(filing_new(&h->office, &who, &wish, &a, &again, NULL), ERR_DEVICE_IMEIS);
    uint64_t first;
    OK(file_parcel(h, &who, PHONE, "RA1", &first));
    OK(settle(h, first, &away));
    wish.devices = &two;
    OK(filing_new(&h->office, &who, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    decide(h, &officer, id, true);
    assert_int_equal(reason(h, PHONE + 1), REASON_VERIFIED);
    assert_int_not_equal(fixture_facts(h->f, PHONE).group, 0);
    assert_int_equal(fixture_facts(h->f, PHONE).group, fixture_facts(h->f, PHONE + 1).group);
    house_close(h);
}

/* ---- once more, the day before ---- */

static void the_checks_run_once_more_the_day_before(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct session who = person(h, 7);
    size_t again;
    bool away;
    uint64_t due[4];
    fixture_activate(h->f, PHONE, "2026-03-02"); /* its last day is 1 April */
    h->border = ASKED_NO;                        /* the border's list lags behind */
    uint64_t id = file(h, &who, APPROVAL_PERSONAL, PHONE);
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    day(h, "2026-03-30");
    OK(checks_again(&h->office, &again, NULL));
    assert_int_equal(again, 0);
    day(h, "2026-03-31");
    OK(checks_again(&h->office, &again, NULL));
    assert_int_equal(again, 1);
    size_t n;
    OK(checks_due(&h->office, 0, due, 4, &n, NULL));
    assert_int_equal(n, 1);
    h->border = ASKED_YES;
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_APPROVED);
    OK(checks_again(&h->office, &again, NULL)); /* once */
    assert_int_equal(again, 0);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happens_while_somebody_is_asked_counts),
        cmocka_unit_test(a_parcel_brings_one_application),
        cmocka_unit_test(a_parcel_has_a_day),
        cmocka_unit_test(a_number_that_is_none_is_an_officers),
        cmocka_unit_test(the_second_slot_is_named_with_the_first),
        cmocka_unit_test(the_checks_run_once_more_the_day_before),
    };
    return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
