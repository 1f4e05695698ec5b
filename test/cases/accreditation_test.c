/* SPDX-License-Identifier: Apache-2.0
 *
 * Accreditations: files of them, whole or not at all; which day counts; a register that keeps none finds nothing; what
 * moves while an application waits is seen before it is approved. */
#include "cases/house.h"

#include <stdlib.h>
#include <unistd.h>

#include "cases/accreditation.h"
#include "cases/second.h"

#define HEADER "bin,kinds,certificate_no,valid_from,valid_until,revoked_on\n"
#define BIN    "150440000003"
#define OTHER  "080940000006"

static const struct accreditation_actor admin = {.party = 700, .role = ROLE_ADMIN};

/* ---- acts ---- */

static enum err load(struct house *h, const char *text, struct accreditation_loaded *out,
                     struct fault *fault)
{
    char path[] = "/tmp/tamga-accreditation.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, strlen(text)) > 0);
    close(fd);
    enum err err = accreditation_load(h->writer, path, out, fault);
    unlink(path);
    return err;
}

static uint64_t party(struct house *h, const char *bin)
{
    return registry_party_id(h->f->reg, PARTY_PERSON, str_z(bin));
}

static uint32_t found(struct house *h, const char *bin, uint8_t kind)
{
    struct accreditation_look look;
    OK(accreditation_look(h->f->reg, party(h, bin), kind, &look, NULL));
    return look.findings;
}

static void withdraw(struct house *h, const char *number, const char *text)
{
    struct accreditation a;
    OK(accreditation_revoke(h->f->reg, h->committer, STR(BIN), str_z(number), fixture_daynum(text),
                            &admin, &a, NULL));
    assert_int_equal(a.revoked, fixture_daynum(text));
}

static unsigned told(struct house *h);

/* ---- files ---- */

static void loading_twice_changes_nothing(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct accreditation_loaded done;
    struct accreditation all[8];
    struct accreditation_place last;
    size_t n;
    static const char rows[] = HEADER BIN ",manufacture|repair,KZ.1,2025-01-01,2026-12-31,\n" BIN
                                          ",repair,KZ.2,2027-01-01,2028-12-31,\n" OTHER
                                          ",repair,KZ.1,2025-01-01,2026-12-31,2026-02-01\n";
    OK(load(h, rows, &done, NULL));
    assert_int_equal(done.rows, 3);
    assert_int_equal(done.fresh, 3);
    assert_int_equal(told(h), 3);
    OK(load(h, rows, &done, NULL));
    assert_int_equal(done.fresh + done.corrected, 0);
    assert_int_equal(told(h), 3);
    OK(load(h, HEADER BIN ",repair,kz. 1,2025-01-01,2026-11-30,\n", &done, NULL));
    assert_int_equal(done.corrected, 1); /* blanks and case do not count */
    assert_int_equal(found(h, BIN, APPROVAL_MANUFACTURE), FOUND_NOT_ACCREDITED);
    OK(accreditation_list(h->f->reg, NULL, all, 2, &n, &last, NULL));
    assert_int_equal(n, 2);
    char text[ACCREDITATION_PLACE_TEXT];
    accreditation_place_format(&last, text);
    assert_true(accreditation_place_parse(str_z(text), &last));
    OK(accreditation_list(h->f->reg, &last, all + 2, 6, &n, &last, NULL));
    assert_int_equal(n, 1);
    house_close(h);
}

static void a_bad_row_refuses_the_whole_file(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    static const struct {
        const char *row;
        enum err err;
        unsigned column;
    } bad[] = {
        {"150440000004,repair,K,2025-01-01,2026-12-31,", ERR_IIN_BIN, 1},
        {BIN ",import,K,2025-01-01,2026-12-31,", ERR_USAGE, 2},
        {BIN ",repair|,K,2025-01-01,2026-12-31,", ERR_USAGE, 2},
        {BIN ",repair,K\x01,2025-01-01,2026-12-31,", ERR_NAME, 3},
        {BIN ",repair,--,2025-01-01,2026-12-31,", ERR_NAME, 3},
        {BIN ",repair,K1111111111222222222233333333334444444444555555555566666666667777,2025-01-01,"
             "2026-12-31,",
         ERR_TOO_LONG, 3},
        {BIN ",repair,K,1.1.2025,2026-12-31,", ERR_DATE, 4},
        {BIN ",repair,K,2025-01-01,2024-12-31,", ERR_DATE, 5},
        {BIN ",repair,K,2025-01-01,2026-12-31,yes", ERR_DATE, 6},
        {BIN ",repair,,2025-01-01,2026-12-31,", ERR_FILE_COLUMN, 3},
        {BIN ",repair,kz-1,2025-01-01,2026-12-31,", ERR_DUPLICATE_IN_FILE, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct accreditation_loaded done;
        struct fault fault = {0};
        bool kept;
        char text[512];
        snprintf(text, sizeof text, "%s%s\n%s\n", HEADER, BIN ",repair,KZ 1,2025-01-01,2026-12-31,",
                 bad[i].row);
        assert_int_equal(load(h, text, &done, &fault), bad[i].err);
        assert_int_equal(fault.line, 3);
        if (bad[i].column)
            assert_int_equal(fault.column, bad[i].column);
        OK(accreditation_kept(h->writer, &kept, NULL));
        assert_false(kept);
    }
    house_close(h);
}

static void what_revoked_it_holds_unless_the_file_says(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct accreditation_loaded done;
    static const char says[] = HEADER BIN ",repair,K,2025-01-01,2026-12-31,\n",
                      without[] = "bin,kinds,certificate_no,valid_from,valid_until\n" BIN
                                  ",repair,K,2025-01-01,2027-12-31\n";
    OK(load(h, without, &done, NULL));
    withdraw(h, "K", "2026-03-10");
    assert_int_equal(found(h, BIN, APPROVAL_REPAIR), FOUND_ACCREDITATION_OVER);
    OK(load(h, without, &done, NULL));
    assert_int_equal(done.corrected, 0);
    OK(load(h, says, &done, NULL));
    assert_int_equal(done.corrected, 1);
    assert_int_equal(found(h, BIN, APPROVAL_REPAIR), 0);
    assert_int_equal(told(h), 3);
    house_close(h);
}

/* ---- days ---- */

static void each_day_counts_as_it_says(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-01");
    struct accreditation_loaded done;
    assert_int_equal(found(h, BIN, APPROVAL_REPAIR), 0); /* nothing is kept */
    OK(load(h,
            HEADER BIN ",repair,A,2026-03-03,2026-03-05,\n" BIN
                       ",repair,B,2026-03-08,2026-03-20,2026-03-10\n",
            &done, NULL));
    static const struct {
        const char *day;
        uint32_t found;
    } all[] = {{"2026-03-02", FOUND_ACCREDITATION_OVER},
               {"2026-03-03", 0},
               {"2026-03-05", 0},
               {"2026-03-06", FOUND_ACCREDITATION_OVER},
               {"2026-03-08", 0},
               {"2026-03-09", 0},
               {"2026-03-10", FOUND_ACCREDITATION_OVER},
               {"2026-03-21", FOUND_ACCREDITATION_OVER}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        fixture_day(h->f, all[i].day);
        assert_int_equal(found(h, BIN, APPROVAL_REPAIR), all[i].found);
        assert_int_equal(found(h, BIN, APPROVAL_MANUFACTURE), FOUND_NOT_ACCREDITED);
        assert_int_equal(found(h, OTHER, APPROVAL_REPAIR), FOUND_NOT_ACCREDITED);
        assert_int_equal(found(h, OTHER, APPROVAL_IMPORT), 0);
    }
    house_close(h);
}

/* ---- applications ---- */

static struct session maker(struct house *h)
{
    struct session who = firm;
    who.acts_for = party(h, BIN);
    return who;
}

static uint32_t findings(struct house *h, uint64_t id)
{
    struct application a = get(h, id);
    uint32_t all = a.findings;
    application_release(&a);
    return all & (FOUND_NOT_ACCREDITED | FOUND_ACCREDITATION_OVER);
}

static enum err approve(struct house *h, uint64_t id)
{
    struct application a;
    struct decision yes = {.approve = true};
    OK(registry_refresh(h->f->reg, NULL));
    enum err err = desk_decide(&h->office, &officer, id, &yes, 1, STR(""), &a, NULL);
    if (!err)
        application_release(&a);
    return err;
}

static uint64_t filed(struct house *h, const struct session *who, uint64_t body)
{
    struct application a;
    bool away;
    uint64_t id = file(h, who, APPROVAL_MANUFACTURE, body);
    OK(settle(h, id, &away));
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    return id;
}

static void an_officer_sees_it_before_he_approves(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct accreditation_loaded done;
    struct session who = maker(h);
    uint64_t id = filed(h, &who, PHONE);
    assert_int_equal(findings(h, id), 0); /* nothing is kept */
    OK(load(h, HEADER BIN ",manufacture,K,2025-01-01,2026-12-31,\n", &done, NULL));
    OK(approve(h, id));
    id = filed(h, &who, PHONE + 100);
    assert_int_equal(findings(h, id), 0);
    withdraw(h, "K", "2026-03-10");
    assert_int_equal(approve(h, id), ERR_ACCREDITATION);
    assert_int_equal(findings(h, id), FOUND_ACCREDITATION_OVER);
    assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    OK(approve(h, id)); /* he has seen it */
    assert_int_equal(reason(h, PHONE + 100), REASON_VERIFIED);
    id = filed(h, &who, PHONE + 200);
    assert_int_equal(findings(h, id), FOUND_ACCREDITATION_OVER);
    OK(load(h, HEADER BIN ",manufacture,K2,2026-03-10,2026-12-31,\n", &done, NULL));
    OK(approve(h, id));
    assert_int_equal(findings(h, id), 0); /* by then there was one */
    house_close(h);
}

static void a_refusal_asks_nobody_anew(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct accreditation_loaded done;
    struct application a;
    struct session who = maker(h);
    OK(load(h, HEADER BIN ",manufacture,K,2025-01-01,2026-12-31,\n", &done, NULL));
    uint64_t id = filed(h, &who, PHONE);
    withdraw(h, "K", "2026-03-01");
    struct decision no = {.refusal = REFUSAL_NOT_ACCREDITED};
    OK(desk_decide(&h->office, &officer, id, &no, 1, STR(""), &a, NULL));
    assert_int_equal(a.state, APPLICATION_REFUSED);
    assert_int_equal(a.devices[0].refusal, REFUSAL_NOT_ACCREDITED);
    application_release(&a);
    house_close(h);
}

static void the_second_officer_sees_it_too(void **state)
{
    (void)state;
    struct house *h = house_open("2026-03-10");
    struct accreditation_loaded done;
    struct application a;
    struct session who = maker(h);
    h->office.second_from = 1;
    OK(load(h, HEADER BIN ",manufacture,K,2025-01-01,2026-12-31,\n", &done, NULL));
    uint64_t id = filed(h, &who, PHONE);
    OK(approve(h, id));
    withdraw(h, "K", "2026-03-10");
    OK(registry_refresh(h->f->reg, NULL));
    assert_int_equal(second_confirm(&h->office, &officer2, id, &a, NULL), ERR_ACCREDITATION);
    assert_int_equal(findings(h, id), FOUND_ACCREDITATION_OVER);
    OK(second_confirm(&h->office, &officer2, id, &a, NULL));
    assert_int_equal(a.state, APPLICATION_APPROVED);
    application_release(&a);
    house_close(h);
}

/* ---- the audit log ---- */

static bool count_told(void *ctx, uint64_t page, const struct audit_event *event)
{
    (void)page;
    *(unsigned *)ctx += event->what == AUDIT_ACCREDITATION && event->subject;
    return true;
}

static unsigned told(struct house *h)
{
    unsigned n = 0;
    OK(audit_log_read(h->f->reg, count_told, &n, NULL));
    return n;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_twice_changes_nothing),
        cmocka_unit_test(a_bad_row_refuses_the_whole_file),
        cmocka_unit_test(what_revoked_it_holds_unless_the_file_says),
        cmocka_unit_test(each_day_counts_as_it_says),
        cmocka_unit_test(an_officer_sees_it_before_he_approves),
        cmocka_unit_test(a_refusal_asks_nobody_anew),
        cmocka_unit_test(the_second_officer_sees_it_too),
    };
    return cmocka_run_group_tests_name("accreditation", tests, NULL, NULL);
}
