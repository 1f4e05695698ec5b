/* SPDX-License-Identifier: Apache-2.0
 *
 * Corrections after approval: mistyped, forgotten, not arrived, exported, returned. Withdrawing lets other facts speak, a phone
 * never ends half white, nobody corrects what is another's, and whatever is refused changes nothing; against a
 * model in random order. */
#include "cases/house.h"

#include <stdlib.h>

#include "cases/correction.h"
#include "cases/second.h"
#include "prop/random.h"

#define OTHER (PHONE + 1000) /* no IMEI of the application */

static void later(struct house *h)
{
    clock_set(&h->f->clock, clock_now_us(&h->f->clock) + 2000000);
}

/* An import of so many devices of two IMEIs each, ten apart; approved. */
static uint64_t approved(struct house *h, uint8_t kind, size_t devices)
{
    struct case_device list[FILING_DEVICES_MAX];
    struct decision yes[FILING_DEVICES_MAX];
    struct application a;
    bool again;
    for (size_t i = 0; i < devices; i++) {
        list[i] = device(PHONE + 10 * i, 2);
        yes[i] = (struct decision){.approve = true};
    }
    const struct filing wish = {
        .kind = kind, .entered = DAYNUM_NONE, .devices = list, .device_count = devices};
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, id, yes, devices, STR(""), &a, NULL));
    application_release(&a);
    later(h);
    return id;
}

static enum err correct_as(struct house *h, const struct session *who, uint64_t first,
                           uint8_t ground, uint64_t imei, uint64_t right, const char *key,
                           struct application *out)
{
    const struct correcting one = {
        .imei = {imei}, .right = {{right}}, .right_count = right ? 1 : 0};
    const struct correction wish = {.corrects = first,
                                    .ground = ground,
                                    .devices = &one,
                                    .device_count = 1,
                                    .note = STR("қате терілді"),
                                    .idempotency = str_z(key)};
    bool again;
    return correction_new(&h->office, who, &wish, out, &again, NULL);
}

static enum err correct(struct house *h, uint64_t first, uint8_t ground, uint64_t imei,
                        uint64_t right)
{
    struct application a;
    enum err err = correct_as(h, &firm, first, ground, imei, right, "", &a);
    if (!err)
        application_release(&a);
    return err;
}

static uint64_t corrected(struct house *h, uint64_t first, uint8_t ground, uint64_t imei,
                          uint64_t right)
{
    struct application a;
    OK(correct_as(h, &firm, first, ground, imei, right, "", &a));
    uint64_t id = a.id;
    application_release(&a);
    return id;
}

static enum err say(struct house *h, const struct session *who, uint64_t id, bool approve,
                    struct application *out)
{
    struct application a;
    const struct decision d = {.approve = approve, .refusal = REFUSAL_DOC_UNREADABLE};
    enum err err = desk_claim(&h->office, who, id, &a, NULL);
    if (err)
        return err;
    application_release(&a);
    return desk_decide(&h->office, who, id, &d, 1, STR(""), out, NULL);
}

static bool white(struct house *h, uint64_t body)
{
    return reason(h, body) == REASON_VERIFIED || reason(h, body) == REASON_BEFORE_DUTY;
}

static void a_mistyped_one_moves(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    uint64_t first = approved(h, APPROVAL_IMPORT, 2);
    uint64_t group = fixture_facts(h->f, PHONE).group;
    fixture_activate(h->f, OTHER, "2026-03-02"); /* it is in use, and grey */
    uint64_t id = corrected(h, first, GROUND_MISTYPED, PHONE, OTHER);
    struct application a = get(h, id);
    assert_int_equal(a.kind, APPROVAL_IMPORT);
    assert_int_equal(a.corrects, first);
    assert_int_equal(a.applicant, firm.acts_for);
    assert_string_equal(a.events[0].note, "қате терілді");
    application_release(&a);
    assert_int_equal(held(h, OTHER), DAYNUM_OPEN);
    assert_true(white(h, PHONE) && white(h, PHONE + 1)); /* nothing moves before it is decided */
    bool away;
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    decide(h, &officer, id, true);
    assert_int_equal(reason(h, PHONE), REASON_NEVER_ACTIVATED);
    assert_true(white(h, PHONE + 1) && white(h, OTHER));
    assert_int_equal(held(h, OTHER), DAYNUM_NONE);
    assert_int_equal(fixture_facts(h->f, OTHER).verified.application, first);
    assert_int_equal(fixture_facts(h->f, OTHER).verified.kind, APPROVAL_IMPORT);
    assert_int_equal(fixture_facts(h->f, OTHER).group, group);
    assert_int_equal(fixture_facts(h->f, PHONE + 1).group, group);
    assert_int_equal(fixture_facts(h->f, PHONE).group, 0);
    assert_int_equal(correct(h, first, GROUND_MISTYPED, PHONE, OTHER + 1), ERR_NOT_APPROVED);
    id = corrected(h, first, GROUND_MISTYPED, OTHER, OTHER + 1); /* once more, from there */
    a = get(h, id);
    assert_int_equal(a.devices[0].is.count, 2);
    application_release(&a);
    decide(h, &officer, id, true);
    assert_true(white(h, PHONE + 1) && white(h, OTHER + 1));
    assert_true(white(h, PHONE + 10) && white(h, PHONE + 11)); /* the other device */
    house_close(h);
}

/* The phone was somebody else's, and in use for long: it does not go black at once. */
static void whoever_has_it_in_use_gets_a_term(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    fixture_activate(h->f, PHONE, "2025-11-20");
    uint64_t first = approved(h, APPROVAL_IMPORT, 1);
    assert_true(white(h, PHONE));
    decide(h, &officer, corrected(h, first, GROUND_MISTYPED, PHONE, OTHER), true);
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    assert_int_equal(held(h, PHONE), fixture_daynum("2026-04-09"));
    day(h, "2026-04-09");
    assert_int_equal(reason(h, PHONE), REASON_HELD);
    day(h, "2026-04-10");
    assert_int_equal(reason(h, PHONE), REASON_EXPIRED);
    assert_true(white(h, OTHER));
    house_close(h);
}

static void give_other(struct house *h, uint64_t body)
{
    const struct approving how = {
        .kind = APPROVAL_PERSONAL, .at = INSTANT_NONE, .party = 9, .application = 4000};
    OK(verify_device(h->f->reg, NULL, &how, &(struct device){.imeis = {{body}}, .count = 1}, NULL));
    later(h);
}

static void confirm(struct house *h, uint64_t id)
{
    struct application a;
    OK(second_confirm(&h->office, &officer2, id, &a, NULL));
    application_release(&a);
}

static void an_earlier_approval_speaks_again(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    give_other(h, PHONE);
    uint64_t first = file(h, &firm, APPROVAL_IMPORT, PHONE);
    OK(say(h, &officer, first, true, &a));
    assert_non_null(a.proposal); /* it takes another's phone: two */
    application_release(&a);
    confirm(h, first);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.party, firm.acts_for);
    later(h);
    decide(h, &officer, corrected(h, first, GROUND_MISTYPED, PHONE, OTHER), true);
    assert_true(white(h, PHONE));
    assert_int_equal(fixture_facts(h->f, PHONE).verified.party, 9);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.application, 4000);
    house_close(h);
}

static void a_forgotten_one_joins(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    uint64_t first = approved(h, APPROVAL_MANUFACTURE, 1);
    int64_t at = fixture_facts(h->f, PHONE).verified_at;
    decide(h, &officer, corrected(h, first, GROUND_FORGOTTEN, PHONE, OTHER), true);
    assert_true(white(h, PHONE) && white(h, PHONE + 1) && white(h, OTHER));
    assert_int_equal(fixture_facts(h->f, PHONE).verified_at, at); /* as it was approved */
    assert_int_equal(fixture_facts(h->f, OTHER).group, fixture_facts(h->f, PHONE).group);
    decide(h, &officer, corrected(h, first, GROUND_FORGOTTEN, OTHER, OTHER + 1), true);
    assert_int_equal(correct(h, first, GROUND_FORGOTTEN, PHONE, OTHER + 2), ERR_DEVICE_IMEIS);
    assert_int_equal(correct(h, first, GROUND_FORGOTTEN, PHONE, 0), ERR_DEVICE_IMEIS);
    assert_int_equal(correct(h, first, GROUND_MISTYPED, PHONE, OTHER + 1), ERR_DUPLICATE_IN_FILE);
    assert_int_equal(correct(h, first, GROUND_RETURNED, PHONE, OTHER + 2), ERR_DEVICE_IMEIS);
    house_close(h);
}

static void what_did_not_arrive_goes_at_once(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    bool away;
    uint64_t first = approved(h, APPROVAL_IMPORT, 3);
    uint64_t id = corrected(h, first, GROUND_NOT_ARRIVED, PHONE + 1, 0);
    OK(settle(h, id, &away));
    assert_int_equal(state_of(h, id),
                     APPLICATION_APPROVED); /* nobody uses it: by the register itself */
    assert_int_equal(reason(h, PHONE), REASON_NEVER_ACTIVATED);
    assert_int_equal(reason(h, PHONE + 1), REASON_NEVER_ACTIVATED);
    struct application a = get(h, first);
    assert_int_equal(application_arrived(&a), 2);
    application_release(&a);
    fixture_activate(h->f, PHONE + 11, "2026-03-02");
    id = corrected(h, first, GROUND_NOT_ARRIVED, PHONE + 10, 0);
    OK(settle(h, id, &away));
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_true(a.devices[0].findings & FOUND_IN_USE);
    application_release(&a);
    assert_true(white(h, PHONE + 10) && white(h, PHONE + 11));
    decide(h, &officer, id, true);
    assert_false(white(h, PHONE + 10) || white(h, PHONE + 11));
    id = corrected(h, first, GROUND_EXPORTED, PHONE + 20, 0);
    OK(settle(h, id, &away));
    a = get(h, first);
    assert_int_equal(application_arrived(&a), 1); /* one that left had arrived */
    application_release(&a);
    uint64_t ids[4];
    size_t n;
    OK(correction_list(h->f->reg, first, 0, ids, 4, &n, NULL));
    assert_int_equal(n, 3);
    house_close(h);
}

/* Used, or stolen, between looking and writing: an officer's then. */
static void moves_between(struct house *h, void (*moves)(struct house *h), uint64_t body)
{
    bool away;
    uint64_t first = approved(h, APPROVAL_IMPORT, 1);
    uint64_t id = corrected(h, first, GROUND_NOT_ARRIVED, body, 0);
    struct registry *reader = h->office.registry;
    moves(h);
    OK(settle(h, id, &away));
    assert_ptr_equal(reader, h->office.registry);
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
}

static void steal(struct house *h)
{
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    struct imei stolen = {PHONE};
    struct batch_result result;
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
}

static void a_marked_one_needs_two(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    moves_between(h, steal, PHONE);
    uint64_t id = 2;
    OK(say(h, &officer, id, true, &a));
    assert_non_null(a.proposal);
    assert_int_equal(a.proposal->devices[0].lifts, LIFTS_MARKED);
    application_release(&a);
    assert_int_equal(reason(h, PHONE), REASON_STOLEN);
    assert_true(white(h, PHONE + 1));
    confirm(h, id);
    assert_int_equal(reason(h, PHONE), REASON_STOLEN); /* the mark hides it still */
    assert_int_equal(fixture_facts(h->f, PHONE).verified_at, INSTANT_NONE);
    assert_int_equal(reason(h, PHONE + 1), REASON_NEVER_ACTIVATED);
    house_close(h);
}

static void an_approval_that_was_overtaken_stays(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    uint64_t first = approved(h, APPROVAL_IMPORT, 1);
    uint64_t id = corrected(h, first, GROUND_MISTYPED, PHONE, OTHER);
    const struct approving how = {
        .kind = APPROVAL_PERSONAL, .at = INSTANT_NONE, .party = 9, .application = 4000};
    later(h);
    OK(verify_device(h->f->reg, NULL, &how, &(struct device){.imeis = {{PHONE}}, .count = 1},
                     NULL));
    OK(registry_refresh(h->f->reg, NULL));
    assert_int_equal(say(h, &officer, id, true, &a), ERR_MOVED);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.party, 9);
    assert_false(white(h, OTHER)); /* not one more for the same approval */
    OK(say(h, &officer, id, false, &a));
    application_release(&a);
    house_close(h);
}

static void a_proof_before_the_duty_is_withdrawn(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    uint64_t first = approved(h, APPROVAL_BEFORE_DUTY, 1);
    assert_int_equal(reason(h, PHONE), REASON_BEFORE_DUTY);
    decide(h, &officer, corrected(h, first, GROUND_MISTYPED, PHONE, OTHER), true);
    assert_int_equal(reason(h, PHONE), REASON_NEVER_ACTIVATED);
    assert_int_equal(reason(h, OTHER), REASON_BEFORE_DUTY);
    assert_int_equal(reason(h, PHONE + 1), REASON_BEFORE_DUTY);
    house_close(h);
}

static void who_may_and_when(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    const struct session stranger = {.party = 77, .acts_for = 77, .role = ROLE_ORGANISATION};
    struct application a, b;
    uint64_t first = approved(h, APPROVAL_IMPORT, 2);
    assert_int_equal(correct_as(h, &stranger, first, GROUND_RETURNED, PHONE, 0, "", &a),
                     ERR_NOT_FOUND);
    assert_int_equal(correct(h, first, 99, PHONE, 0), ERR_USAGE);
    assert_int_equal(correct(h, first, GROUND_RETURNED, OTHER, 0), ERR_NOT_APPROVED);
    assert_int_equal(correct(h, 4711, GROUND_RETURNED, PHONE, 0), ERR_NOT_FOUND);
    uint64_t open = file(h, &firm, APPROVAL_IMPORT, OTHER);
    assert_int_equal(correct(h, open, GROUND_RETURNED, OTHER, 0), ERR_NOT_NOW);
    assert_int_equal(correct(h, first, GROUND_MISTYPED, PHONE, OTHER), ERR_OPEN_ALREADY);
    OK(correct_as(h, &firm, first, GROUND_MISTYPED, PHONE, OTHER + 5, "once", &a));
    OK(correct_as(h, &firm, first, GROUND_MISTYPED, PHONE, OTHER + 5, "once", &b));
    assert_int_equal(a.id, b.id);
    application_release(&b);
    assert_int_equal(correct_as(h, &firm, first, GROUND_MISTYPED, PHONE, OTHER + 6, "once", &b),
                     ERR_IDEMPOTENCY);
    assert_int_equal(correct(h, first, GROUND_RETURNED, PHONE + 1, 0), ERR_OPEN_ALREADY);
    assert_int_equal(correct(h, a.id, GROUND_RETURNED, PHONE, 0), ERR_NOT_NOW);
    decide(h, &officer, a.id, true);
    assert_int_equal(correct(h, a.id, GROUND_RETURNED, PHONE, 0), ERR_NOT_NOW);
    OK(correct_as(h, &firm, first, GROUND_MISTYPED, PHONE, OTHER + 5, "once",
                  &b)); /* decided meanwhile */
    assert_int_equal(a.id, b.id);
    application_release(&a);
    application_release(&b);
    OK(correct_as(h, &officer, first, GROUND_MISTYPED, PHONE + 10, OTHER + 7, "", &a));
    assert_int_equal(a.applicant, firm.acts_for);
    assert_int_equal(say(h, &officer, a.id, true, &b), ERR_SAME_PERSON);
    decide(h, &officer2, a.id, true);
    assert_true(white(h, OTHER + 7));
    application_release(&a);
    house_close(h);
}

static void a_refusal_changes_nothing_and_is_appealed(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    uint64_t first = approved(h, APPROVAL_IMPORT, 1);
    uint64_t id = corrected(h, first, GROUND_MISTYPED, PHONE, OTHER);
    decide(h, &officer, id, false);
    assert_true(white(h, PHONE) && white(h, PHONE + 1));
    assert_false(white(h, OTHER));
    OK(filing_appeal(&h->office, &firm, id, STR("қайта қараңыз"), &a, NULL));
    application_release(&a);
    assert_int_equal(say(h, &officer, id, true, &a), ERR_SAME_PERSON);
    decide(h, &officer2, id, true);
    assert_false(white(h, PHONE));
    assert_true(white(h, PHONE + 1) && white(h, OTHER));
    house_close(h);
}

/* An import of two devices, the second one in use, grey and refused. */
static uint64_t half_approved(struct house *h)
{
    const struct case_device list[] = {device(PHONE, 2), device(PHONE + 10, 2)};
    const struct decision says[] = {{.approve = true}, {.refusal = REFUSAL_DOC_UNREADABLE}};
    const struct filing wish = {
        .kind = APPROVAL_IMPORT, .entered = DAYNUM_NONE, .devices = list, .device_count = 2};
    struct application a;
    bool again;
    fixture_activate(h->f, PHONE, "2026-03-02");
    fixture_activate(h->f, PHONE + 10, "2026-03-02");
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, &officer, id, says, 2, STR(""), &a, NULL));
    assert_int_equal(a.state, APPLICATION_APPROVED);
    application_release(&a);
    later(h);
    return id;
}

static enum err appealed(struct house *h, uint64_t id)
{
    struct application a;
    enum err err = filing_appeal(&h->office, &firm, id, STR("қайта қараңыз"), &a, NULL);
    if (!err)
        application_release(&a);
    return err;
}

/* What was approved is corrected, what was refused is appealed; each is decided once, whichever comes first. */
static void beside_an_appeal(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        bool corrected_first = order & 1, decided_first = order & 2;
        struct house *h = house_open("2026-03-10");
        uint64_t first = half_approved(h), id = 0;
        if (corrected_first)
            id = corrected(h, first, GROUND_MISTYPED, PHONE, OTHER);
        OK(appealed(h, first));
        if (!corrected_first)
            id = corrected(h, first, GROUND_MISTYPED, PHONE, OTHER);
        assert_int_equal(held(h, PHONE + 10), DAYNUM_OPEN);
        assert_int_equal(held(h, PHONE), DAYNUM_NONE);
        assert_int_equal(correct(h, first, GROUND_RETURNED, PHONE + 1, 0), ERR_OPEN_ALREADY);
        assert_int_equal(correct(h, first, GROUND_RETURNED, PHONE + 10, 0), ERR_NOT_APPROVED);
        if (decided_first)
            decide(h, &officer, id, true);
        else
            decide(h, &officer2, first, true);
        assert_int_equal(held(h, PHONE + 10), decided_first ? DAYNUM_OPEN : DAYNUM_NONE);
        if (decided_first)
            decide(h, &officer2, first, true);
        else
            decide(h, &officer, id, true);
        assert_true(white(h, PHONE + 1) && white(h, OTHER));
        assert_true(white(h, PHONE + 10) && white(h, PHONE + 11));
        assert_false(white(h, PHONE)); /* the appeal approved nothing that was withdrawn */
        daynum term = registry_today(h->office.registry) + h->office.registry->rules.grace_days;
        assert_int_equal(held(h, PHONE), term); /* whoever uses it has his days */
        assert_int_equal(state_of(h, first), APPLICATION_APPROVED);
        assert_int_equal(appealed(h, first), ERR_NOT_NOW); /* once */
        house_close(h);
    }
}

/* The refused device is not what the correction makes of another. */
static void never_one_imei_in_both(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct application a;
    uint64_t first = half_approved(h);
    corrected(h, first, GROUND_FORGOTTEN, PHONE, PHONE + 10);
    assert_int_equal(appealed(h, first), ERR_OPEN_ALREADY);
    house_close(h);
    h = house_open("2026-03-10");
    first = half_approved(h);
    OK(appealed(h, first));
    assert_int_equal(correct(h, first, GROUND_FORGOTTEN, PHONE, PHONE + 10), ERR_OPEN_ALREADY);
    uint64_t id = corrected(h, first, GROUND_RETURNED, PHONE, 0);
    OK(filing_withdraw(&h->office, &firm, first, &a,
                       NULL)); /* the appeal: what was decided stays */
    application_release(&a);
    assert_int_equal(state_of(h, first), APPLICATION_APPROVED);
    assert_true(white(h, PHONE));
    decide(h, &officer, id, true);
    assert_false(white(h, PHONE) || white(h, PHONE + 1) || white(h, PHONE + 10));
    house_close(h);
}

/* ---- against a model ---- */

enum { DEVICES = 4, SPARE = 24 };

struct model {
    uint64_t imeis[DEVICES][LIMIT_DEVICE_IMEIS];
    unsigned count[DEVICES];
    bool others[SPARE + 2 * DEVICES]; /* party 9 had it verified before */
};

static uint64_t body_of(unsigned i)
{
    return i < 2 * DEVICES ? PHONE + 10 * (i / 2) + i % 2 : OTHER + i - 2 * DEVICES;
}

static int in_model(const struct model *m, uint64_t body)
{
    for (int d = 0; d < DEVICES; d++)
        for (unsigned k = 0; k < m->count[d]; k++)
            if (m->imeis[d][k] == body)
                return d;
    return -1;
}

/* A device's IMEIs are all approved here, all others are not: nobody's approval was taken. */
static void compare(struct house *h, const struct model *m, uint64_t first)
{
    OK(registry_refresh(h->f->reg, NULL));
    for (unsigned i = 0; i < SPARE + 2 * DEVICES; i++) {
        struct facts f = fixture_facts(h->f, body_of(i));
        int d = in_model(m, body_of(i));
        assert_int_equal(correction_approved(&f, first), d >= 0);
        if (d < 0 && m->others[i])
            assert_int_equal(f.verified.party, 9);
        if (d < 0 && !m->others[i])
            assert_true(f.verified_at == INSTANT_NONE);
        if (d >= 0 && m->count[d] > 1)
            assert_int_equal(f.group, fixture_facts(h->f, m->imeis[d][0]).group);
    }
}

static void apply_model(struct model *m, uint8_t ground, uint64_t imei, uint64_t right)
{
    int d = in_model(m, imei);
    if (ground_leaves(ground))
        m->count[d] = 0;
    if (ground == GROUND_FORGOTTEN)
        m->imeis[d][m->count[d]++] = right;
    for (unsigned k = 0; ground == GROUND_MISTYPED && k < m->count[d]; k++)
        if (m->imeis[d][k] == imei)
            m->imeis[d][k] = right;
}

static enum err expected(const struct model *m, uint8_t ground, uint64_t imei, uint64_t right)
{
    int d = in_model(m, imei);
    if (d < 0)
        return ERR_NOT_APPROVED;
    if (ground == GROUND_FORGOTTEN && m->count[d] == LIMIT_DEVICE_IMEIS)
        return ERR_DEVICE_IMEIS;
    return !ground_leaves(ground) && in_model(m, right) >= 0 ? ERR_DUPLICATE_IN_FILE : ERR_OK;
}

/* One correction, decided at random; true: it was approved. */
static bool carry_on(struct house *h, struct rng *rng, uint64_t id)
{
    struct application a;
    bool away, yes = rng_one_in(rng, 2);
    if (rng_one_in(rng, 6)) {
        OK(filing_withdraw(&h->office, &firm, id, &a, NULL));
        application_release(&a);
        return false;
    }
    OK(settle(h, id, &away));
    if (state_of(h, id) == APPLICATION_APPROVED)
        return true;
    OK(say(h, &officer, id, yes, &a));
    bool two = a.proposal != NULL;
    application_release(&a);
    if (!two)
        return yes;
    confirm(h, id);
    return yes;
}

static void a_phone_never_ends_half_white(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct rng rng = random_start("corrections", 1);
    struct model m = {0};
    unsigned done = 0;
    for (unsigned i = 2 * DEVICES; i < SPARE + 2 * DEVICES; i++) {
        m.others[i] = i % 5 == 0;
        if (m.others[i])
            give_other(h, body_of(i));
    }
    uint64_t first = approved(h, APPROVAL_IMPORT, DEVICES);
    for (unsigned i = 0; i < 2 * DEVICES; i++)
        m.imeis[i / 2][m.count[i / 2]++] = body_of(i);
    compare(h, &m, first);
    for (uint32_t round = random_rounds(120); round > 0; round--) {
        uint8_t ground = (uint8_t)(1 + rng_below(&rng, rng_one_in(&rng, 8) ? 5 : 2));
        uint64_t imei = body_of(rng_below(&rng, SPARE + 2 * DEVICES));
        uint64_t right = body_of(rng_below(&rng, SPARE + 2 * DEVICES));
        struct application a;
        later(h);
        if (rng_one_in(&rng, 4))
            fixture_activate(h->f, body_of(rng_below(&rng, SPARE)), "2026-03-05");
        enum err err =
            correct_as(h, &firm, first, ground, imei, ground_leaves(ground) ? 0 : right, "", &a);
        if (imei == right && !ground_leaves(ground)) {
            assert_int_not_equal(err, ERR_OK);
            continue;
        }
        assert_int_equal(err, expected(&m, ground, imei, right));
        if (err)
            continue;
        uint64_t id = a.id;
        application_release(&a);
        if (carry_on(h, &rng, id)) {
            apply_model(&m, ground, imei, right);
            done++;
        }
        compare(h, &m, first);
    }
    assert_true(done > 3);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistyped_one_moves),
        cmocka_unit_test(whoever_has_it_in_use_gets_a_term),
        cmocka_unit_test(an_earlier_approval_speaks_again),
        cmocka_unit_test(a_forgotten_one_joins),
        cmocka_unit_test(what_did_not_arrive_goes_at_once),
        cmocka_unit_test(a_marked_one_needs_two),
        cmocka_unit_test(an_approval_that_was_overtaken_stays),
        cmocka_unit_test(a_proof_before_the_duty_is_withdrawn),
        cmocka_unit_test(who_may_and_when),
        cmocka_unit_test(a_refusal_changes_nothing_and_is_appealed),
        cmocka_unit_test(beside_an_appeal),
        cmocka_unit_test(never_one_imei_in_both),
        cmocka_unit_test(a_phone_never_ends_half_white),
    };
    return cmocka_run_group_tests_name("cases/correction", tests, NULL, NULL);
}
