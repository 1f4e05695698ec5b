/* SPDX-License-Identifier: Apache-2.0
 *
 * The second officer: what lifts a block, or approves many devices, waits as a proposal; the same person does not
 * confirm it, nor who decided what is appealed; it is refused when an IMEI moved meanwhile; returned, it is open
 * again; the applicant sees nothing of it; the journal names both. */
#include "app/fixture.h"

#include <stdlib.h>

#include "cases/checks.h"
#include "cases/desk.h"
#include "cases/second.h"

#define PHONE 35735007990200ULL

struct house {
    struct fixture *f;
    struct registry *writer;
    struct committer *committer;
    struct hours hours;
    struct office office;
};

static struct house *house_open(void)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->f = fixture_memory("2026-03-10");
    OK(registry_again(h->f->reg, &h->writer, NULL));
    OK(committer_new(h->writer, &h->committer));
    hours_init(&h->hours);
    h->office =
        (struct office){.registry = h->f->reg, .committer = h->committer, .hours = &h->hours};
    return h;
}

static void house_close(struct house *h)
{
    OK(registry_refresh(h->f->reg, NULL));
    fixture_whole(h->f);
    committer_free(h->committer);
    registry_close(h->writer);
    fixture_free(h->f);
    free(h);
}

static const struct session one = {.party = 501, .acts_for = 501, .role = ROLE_OFFICER};
static const struct session two = {.party = 502, .acts_for = 502, .role = ROLE_OFFICER};
static const struct session three = {.party = 503, .acts_for = 503, .role = ROLE_OFFICER};
static const struct session firm = {.party = 8, .acts_for = 88, .role = ROLE_ORGANISATION};

static const struct decision yes = {.approve = true};
static const struct decision no = {.refusal = REFUSAL_DOC_UNREADABLE};

/* ---- acts ---- */

static uint64_t file_some(struct house *h, uint8_t kind, uint64_t body, size_t devices)
{
    struct case_device list[FILING_DEVICES_MAX] = {0};
    struct application a;
    bool again;
    for (size_t i = 0; i < devices; i++) {
        list[i].is.count = 1;
        list[i].is.imeis[0].body = body + i;
    }
    const struct filing wish = {
        .kind = kind, .entered = DAYNUM_NONE, .devices = list, .device_count = devices};
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    return id;
}

static uint64_t file(struct house *h, uint8_t kind, uint64_t body)
{
    return file_some(h, kind, body, 1);
}

static enum err decide(struct house *h, const struct session *who, uint64_t id,
                       const struct decision *decisions, size_t n, struct application *out)
{
    struct application a;
    enum err err = desk_claim(&h->office, who, id, &a, NULL);
    if (err)
        return err;
    application_release(&a);
    return desk_decide(&h->office, who, id, decisions, n, STR("құжат дұрыс"), out, NULL);
}

static uint64_t proposed(struct house *h, uint8_t kind, uint64_t body)
{
    struct application a;
    uint64_t id = file(h, kind, body);
    OK(decide(h, &one, id, &yes, 1, &a));
    assert_non_null(a.proposal);
    application_release(&a);
    return id;
}

static struct application get(struct house *h, uint64_t id)
{
    struct application a;
    OK(registry_refresh(h->f->reg, NULL));
    OK(application_get(h->f->reg, id, &a, NULL));
    return a;
}

static uint8_t reason(struct house *h, uint64_t body)
{
    OK(registry_refresh(h->f->reg, NULL));
    return fixture_verdict(h->f, body).reason;
}

static enum err confirm(struct house *h, const struct session *who, uint64_t id)
{
    struct application a;
    enum err err = second_confirm(&h->office, who, id, &a, NULL);
    if (!err)
        application_release(&a);
    return err;
}

static enum err give_back(struct house *h, const struct session *who, uint64_t id, struct str why)
{
    struct application a;
    enum err err = second_return(&h->office, who, id, why, &a, NULL);
    if (!err)
        application_release(&a);
    return err;
}

static void later(struct house *h)
{
    clock_set(&h->f->clock, clock_now_us(&h->f->clock) + 2000000);
}

static void revoke(struct house *h, uint64_t body)
{
    OK(verify_revoke(h->f->reg, (struct imei){body}, "false papers", NULL));
    later(h); /* the approval comes after the revocation */
}

/* ---- what needs two ---- */

static void two_officers_lift_a_revocation(void **state)
{
    (void)state;
    struct house *h = house_open();
    revoke(h, PHONE);
    uint64_t id = proposed(h, APPROVAL_RECHECK, PHONE);
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING); /* as the applicant sees it */
    assert_int_equal(a.event_count, 1);
    assert_int_equal(a.officer, 0);
    assert_false(a.devices[0].decided);
    assert_int_equal(a.proposal->by, one.party);
    assert_int_equal(a.proposal->devices[0].lifts, LIFTS_REVOKED | LIFTS_RECHECK);
    assert_string_equal(a.proposal->note, "құжат дұрыс");
    assert_int_equal(a.remarks[0].state, REMARK_PROPOSED);
    application_release(&a);
    assert_int_equal(reason(h, PHONE), REASON_REVOKED);
    assert_int_equal(confirm(h, &one, id), ERR_SAME_PERSON);
    assert_int_equal(desk_claim(&h->office, &one, id, &a, NULL), ERR_SAME_PERSON);
    assert_int_equal(reason(h, PHONE), REASON_REVOKED);
    OK(confirm(h, &two, id));
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_APPROVED);
    assert_null(a.proposal);
    assert_int_equal(a.decided_by, two.party);
    assert_int_equal(a.decided_with, one.party);
    assert_int_equal(a.remarks[1].state, REMARK_CONFIRMED);
    assert_string_equal(a.events[a.event_count - 1].note, "құжат дұрыс");
    application_release(&a);
    assert_int_equal(confirm(h, &three, id), ERR_NO_PROPOSAL);
    house_close(h);
}

static void a_replaced_one_and_anothers_need_two(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    const struct approving other = {
        .kind = APPROVAL_PERSONAL, .at = INSTANT_NONE, .party = 9, .application = 1};
    OK(verify_device(h->f->reg, NULL, &other, &(struct device){.imeis = {{PHONE}}, .count = 1},
                     NULL));
    later(h);
    uint64_t id = file(h, APPROVAL_IMPORT, PHONE);
    OK(decide(h, &one, id, &yes, 1, &a));
    assert_int_equal(a.proposal->devices[0].lifts, LIFTS_OTHER);
    application_release(&a);
    OK(confirm(h, &two, id));
    assert_int_equal(fixture_facts(h->f, PHONE).verified.party, 88);
    house_close(h);
}

static void an_expired_one_needs_two_as_a_recheck_alone(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    uint64_t id = file(h, APPROVAL_RECHECK, PHONE); /* never blocked: the kind itself needs two */
    OK(decide(h, &one, id, &yes, 1, &a));
    assert_int_equal(a.proposal->devices[0].lifts, LIFTS_RECHECK);
    application_release(&a);
    id = file(h, APPROVAL_RECHECK, PHONE + 1);
    OK(decide(h, &one, id, &no, 1, &a)); /* refusing lifts nothing */
    assert_null(a.proposal);
    assert_int_equal(a.state, APPLICATION_REFUSED);
    application_release(&a);
    id = file(h, APPROVAL_IMPORT, PHONE + 2);
    OK(decide(h, &one, id, &yes, 1, &a));
    assert_int_equal(a.state, APPLICATION_APPROVED);
    application_release(&a);
    house_close(h);
}

static void whoever_set_a_block_lifts_it(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    struct fault fault = {0};
    struct change gsma = {.imei = {PHONE}, .kind = CHANGE_GSMA, .on = true};
    struct commit_case c = {
        .entry = {.event = EVENT_GSMA, .effective = DAYNUM_NONE}, .changes = &gsma, .count = 1};
    OK(committer_submit(h->committer, &c));
    uint64_t id = file(h, APPROVAL_RECHECK, PHONE);
    OK(desk_claim(&h->office, &one, id, &a, NULL));
    application_release(&a);
    assert_int_equal(desk_decide(&h->office, &one, id, &yes, 1, STR(""), &a, &fault), ERR_NOT_OURS);
    a = get(h, id);
    assert_null(a.proposal);
    assert_int_equal(a.officer, one.party); /* nothing happened */
    application_release(&a);
    id = file(h, APPROVAL_IMPORT, PHONE + 1); /* another kind: may be approved, the mark stays */
    gsma.imei.body = PHONE + 1;
    c = (struct commit_case){
        .entry = {.event = EVENT_GSMA, .effective = DAYNUM_NONE}, .changes = &gsma, .count = 1};
    OK(committer_submit(h->committer, &c));
    OK(registry_refresh(h->f->reg, NULL));
    OK(decide(h, &one, id, &yes, 1, &a));
    assert_int_equal(a.proposal->devices[0].lifts, LIFTS_GSMA);
    application_release(&a);
    OK(confirm(h, &two, id));
    assert_int_equal(reason(h, PHONE + 1), REASON_GSMA);
    house_close(h);
}

static void many_devices_need_two(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    struct decision all[3] = {yes, yes, no};
    h->office.second_from = 3;
    uint64_t id = file_some(h, APPROVAL_IMPORT, PHONE, 3);
    OK(decide(h, &one, id, all, 3, &a)); /* two approved of three */
    assert_null(a.proposal);
    application_release(&a);
    id = file_some(h, APPROVAL_IMPORT, PHONE + 10, 3);
    all[2] = yes;
    OK(decide(h, &one, id, all, 3, &a));
    assert_int_equal(a.proposal->devices[2].lifts, LIFTS_MANY);
    application_release(&a);
    assert_int_equal(reason(h, PHONE + 10), REASON_NEVER_ACTIVATED);
    OK(confirm(h, &two, id));
    assert_int_equal(reason(h, PHONE + 12), REASON_VERIFIED);
    house_close(h);
}

/* ---- what may go wrong ---- */

static void what_moved_is_not_confirmed(void **state)
{
    (void)state;
    struct house *h = house_open();
    revoke(h, PHONE);
    uint64_t id = proposed(h, APPROVAL_RECHECK, PHONE);
    revoke(h, PHONE); /* for something else, meanwhile */
    assert_int_equal(confirm(h, &two, id), ERR_MOVED);
    assert_int_equal(reason(h, PHONE), REASON_REVOKED);
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_CHECKING);
    assert_non_null(a.proposal);
    application_release(&a);
    OK(give_back(h, &two, id, STR("жаңадан қараңыз")));
    OK(decide(h, &one, id, &yes, 1, &a)); /* it is his again; looked at anew */
    application_release(&a);
    OK(confirm(h, &two, id));
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    house_close(h);
}

static void a_returned_one_is_open_again(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    revoke(h, PHONE);
    uint64_t id = proposed(h, APPROVAL_RECHECK, PHONE);
    assert_int_equal(give_back(h, &two, id, STR("")), ERR_USAGE);
    assert_int_equal(give_back(h, &one, id, STR("x")), ERR_SAME_PERSON);
    char long_[LIMIT_REASON + 2];
    memset(long_, 'x', sizeof long_ - 1);
    long_[sizeof long_ - 1] = '\0';
    assert_int_equal(give_back(h, &two, id, str_z(long_)), ERR_TOO_LONG);
    assert_int_equal(desk_decide(&h->office, &two, id, &yes, 1, STR(""), &a, NULL), ERR_NOT_NOW);
    assert_int_equal(desk_ask(&h->office, &two, id, STR("x"), &a, NULL), ERR_NOT_NOW);
    OK(give_back(h, &two, id, STR("чек оқылмайды")));
    a = get(h, id);
    assert_null(a.proposal);
    assert_int_equal(a.officer, one.party);
    assert_int_equal(a.event_count, 1);
    assert_int_equal(a.remarks[1].state, REMARK_RETURNED);
    assert_int_equal(a.remarks[1].actor, two.party);
    assert_string_equal(a.remarks[1].note, "чек оқылмайды");
    application_release(&a);
    assert_int_equal(confirm(h, &two, id), ERR_NO_PROPOSAL);
    house_close(h);
}

static void a_claimed_or_withdrawn_one_is_not_confirmed(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    revoke(h, PHONE);
    uint64_t id = proposed(h, APPROVAL_RECHECK, PHONE);
    OK(desk_claim(&h->office, &two, id, &a, NULL));
    application_release(&a);
    assert_int_equal(confirm(h, &three, id), ERR_CLAIMED);
    OK(filing_withdraw(&h->office, &firm, id, &a, NULL));
    application_release(&a);
    assert_int_equal(confirm(h, &two, id), ERR_NO_PROPOSAL);
    assert_int_equal(reason(h, PHONE), REASON_REVOKED);
    house_close(h);
}

/* A device that two refused (another of it was approved) is appealed to a third. */
static void an_appeal_is_neither_of_theirs(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application a;
    const struct decision mixed[2] = {yes, no};
    revoke(h, PHONE);
    uint64_t id = file_some(h, APPROVAL_RECHECK, PHONE, 2);
    OK(decide(h, &one, id, mixed, 2, &a));
    application_release(&a);
    OK(confirm(h, &two, id));
    OK(filing_appeal(&h->office, &firm, id, STR("чек"), &a, NULL));
    application_release(&a);
    assert_int_equal(desk_claim(&h->office, &one, id, &a, NULL), ERR_SAME_PERSON);
    assert_int_equal(desk_claim(&h->office, &two, id, &a, NULL), ERR_SAME_PERSON);
    OK(decide(h, &three, id, &yes, 1, &a));
    assert_int_equal(a.proposal->devices[0].lifts,
                     0); /* decided before: nothing of it is lifted now */
    application_release(&a);
    assert_int_equal(confirm(h, &one, id), ERR_SAME_PERSON);
    assert_int_equal(reason(h, PHONE + 1), REASON_NEVER_ACTIVATED);
    house_close(h);
}

/* Rules alone lift nothing, whatever is proposed. */
static void rules_do_not_confirm(void **state)
{
    (void)state;
    struct house *h = house_open();
    struct application after, before;
    revoke(h, PHONE);
    uint64_t id = proposed(h, APPROVAL_RECHECK, PHONE);
    before = get(h, id);
    after = get(h, id);
    after.devices[0].decided = after.devices[0].approved = true;
    assert_int_equal(desk_settle(&h->office, &before, &after, 0, STR(""), NULL), ERR_HELD);
    application_release(&before);
    application_release(&after);
    assert_int_equal(reason(h, PHONE), REASON_REVOKED);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_officers_lift_a_revocation),
        cmocka_unit_test(a_replaced_one_and_anothers_need_two),
        cmocka_unit_test(an_expired_one_needs_two_as_a_recheck_alone),
        cmocka_unit_test(whoever_set_a_block_lifts_it),
        cmocka_unit_test(many_devices_need_two),
        cmocka_unit_test(what_moved_is_not_confirmed),
        cmocka_unit_test(a_returned_one_is_open_again),
        cmocka_unit_test(a_claimed_or_withdrawn_one_is_not_confirmed),
        cmocka_unit_test(an_appeal_is_neither_of_theirs),
        cmocka_unit_test(rules_do_not_confirm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
