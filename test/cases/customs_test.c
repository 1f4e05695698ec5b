/* SPDX-License-Identifier: Apache-2.0
 *
 * Customs declarations: files of them, whole or not at all; what applications draw from a line; what an import is
 * told by a service; and that whoever could not be asked has not said no. */
#include "cases/house.h"

#include <stdlib.h>
#include <unistd.h>

#include "cases/customs.h"
#include "people/person.h"

#define HEADER    "declaration_no,declaration_date,declarant,goods_item,brand,model,quantity,country\n"
#define BIN       "150440000003"
#define OTHER_BIN "080940000006"
#define NUMBER    "55301/010126/0001234"

/* ---- the service, as another program would answer ---- */

struct service {
    enum asked says;
    struct customs_answer answer;
    enum asked gsma;
    uint64_t listed; /* body; 0: none */
    unsigned asked;
};

static enum asked answer(void *ctx, const struct customs_question *q, struct customs_answer *out)
{
    struct service *s = ctx;
    s->asked++;
    assert_string_equal(q->bin, BIN);
    assert_true(strlen(q->number) == 15);
    *out = s->answer;
    return s->says;
}

static enum asked list(void *ctx, const char *number, const struct imei *imeis, size_t n,
                       bool *listed)
{
    struct service *s = ctx;
    assert_true(*number && n);
    for (size_t i = 0; i < n; i++)
        listed[i] = imeis[i].body == s->listed;
    return s->gsma;
}

/* ---- acts ---- */

static enum err load(struct house *h, const char *rows, struct customs_loaded *out,
                     struct fault *fault)
{
    char path[] = "/tmp/tamga-customs.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, HEADER, strlen(HEADER)) > 0);
    assert_true(!*rows || write(fd, rows, strlen(rows)) > 0);
    close(fd);
    enum err err = customs_load(h->writer, path, out, fault);
    unlink(path);
    return err;
}

static enum err put_firm(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct person p = {.iin = "790622300004", .bin = BIN, .name = "ТОО «Дала Импорт»"};
    (void)c;
    return person_put(reg, firm.acts_for, &p, fault);
}

static struct house *open_house(void)
{
    struct house *h = house_open("2026-03-10");
    struct commit_case c = {.also = put_firm};
    OK(committer_submit(h->committer, &c));
    return h;
}

static uint64_t file_import(struct house *h, uint64_t body, unsigned n, const char *document,
                            const char *country)
{
    struct application a;
    bool again;
    struct case_device d[FILING_DEVICES_MAX];
    for (unsigned i = 0; i < n; i++) {
        d[i] = device(body + 10 * i, 1);
        str_copy(d[i].brand, sizeof d[i].brand, STR("Nokia"));
        str_copy(d[i].model, sizeof d[i].model, STR("3310"));
    }
    const struct filing wish = {.kind = APPROVAL_IMPORT,
                                .document = str_z(document),
                                .country = str_z(country),
                                .entered = DAYNUM_NONE,
                                .devices = d,
                                .device_count = n};
    OK(filing_new(&h->office, &firm, &wish, &a, &again, NULL));
    uint64_t id = a.id;
    application_release(&a);
    return id;
}

/* Its findings after the checks. */
static uint32_t checked(struct house *h, uint64_t id, struct service *service, bool *away)
{
    const struct check_sources sources = {
        .customs = {.ask = service && service->says ? answer : NULL, .ctx = service},
        .gsma = {service && service->gsma ? list : NULL, service}};
    OK(registry_refresh(h->f->reg, NULL));
    OK(checks_settle(&h->office, &sources, id, away, NULL));
    struct application a = get(h, id);
    uint32_t found = a.findings;
    for (size_t i = 0; i < a.device_count; i++)
        found |= a.devices[i].findings;
    application_release(&a);
    return found;
}

static json_int_t seen_number(struct house *h, uint64_t id, const char *name)
{
    json_t *seen;
    OK(customs_seen_get(h->f->reg, id, &seen, NULL));
    assert_non_null(seen);
    json_int_t n = json_number_of(json_array_get(json_object_get(seen, "seen"), 0), name);
    json_decref(seen);
    return n;
}

/* ---- files ---- */

static void loading_twice_changes_nothing(void **state)
{
    (void)state;
    struct house *h = open_house();
    struct customs_loaded done;
    static const char rows[] =
        NUMBER ",2026-03-01," BIN ",1,Nokia,3310,5,CN\n" NUMBER ",2026-03-01," BIN ",2,,,7,\n";
    OK(load(h, rows, &done, NULL));
    assert_int_equal(done.rows, 2);
    assert_int_equal(done.fresh, 2);
    OK(load(h, rows, &done, NULL));
    assert_int_equal(done.fresh + done.corrected, 0);
    OK(load(h, NUMBER ",2026-03-01," BIN ",2,,,8,\n", &done, NULL));
    assert_int_equal(done.corrected, 1);
    struct customs_line line;
    enum customs_found found;
    OK(customs_find(h->writer, STR("55301/010126/000-1234"), 2, &line, &found, NULL));
    assert_int_equal(found, CUSTOMS_LINE);
    assert_int_equal(line.quantity, 8);
    OK(customs_find(h->writer, STR(NUMBER), 1, &line, &found, NULL));
    assert_string_equal(line.brand, "Nokia");
    assert_int_equal(line.quantity, 5);
    OK(customs_find(h->writer, STR(NUMBER), 0, &line, &found, NULL));
    assert_int_equal(found, CUSTOMS_SEVERAL);
    OK(customs_find(h->writer, STR(NUMBER), 3, &line, &found, NULL));
    assert_int_equal(found, CUSTOMS_NONE);
    house_close(h);
}

static void a_bad_row_refuses_the_whole_file(void **state)
{
    (void)state;
    struct house *h = open_house();
    static const struct {
        const char *row;
        enum err err;
        unsigned column;
    } bad[] = {{NUMBER ",2026-03-01," BIN ",1,,,0,CN", ERR_NUMBER, 7},
               {NUMBER ",2026-03-01," BIN ",x,,,1,CN", ERR_NUMBER, 4},
               {NUMBER ",2026-03-01," BIN ",1,,,10000001,CN", ERR_NUMBER, 7},
               {NUMBER ",2026-03-01,150440000004,1,,,1,CN", ERR_IIN_BIN, 3},
               {NUMBER ",2026-03-11," BIN ",1,,,1,CN", ERR_DATE, 2},
               {NUMBER ",1.3.2026," BIN ",1,,,1,CN", ERR_DATE, 2},
               {NUMBER ",2026-03-01," BIN ",1,,,1,Cn", ERR_USAGE, 8},
               {NUMBER ",2026-03-01," BIN ",1,a\x01,,1,CN", ERR_NAME, 5},
               {"5530100000111111111111111111111111111111111111111111111111111111111111111111,"
                "2026-03-01," BIN ",1,,,1,CN",
                ERR_TOO_LONG, 1},
               {",2026-03-01," BIN ",1,,,1,CN", ERR_FILE_COLUMN, 1},
               {NUMBER ",2026-03-01," BIN ",9,,,1,CN", ERR_DUPLICATE_IN_FILE, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct customs_loaded done;
        struct fault fault = {0};
        bool known;
        char rows[512];
        snprintf(rows, sizeof rows, "%s\n%s\n", NUMBER ",2026-03-01," BIN ",9,,,1,CN", bad[i].row);
        assert_int_equal(load(h, rows, &done, &fault), bad[i].err);
        assert_int_equal(fault.line, 3);
        if (bad[i].column)
            assert_int_equal(fault.column, bad[i].column);
        OK(customs_known(h->writer, &known, NULL));
        assert_false(known);
    }
    house_close(h);
}

static void item_numbers_are_the_fourth_part(void **state)
{
    (void)state;
    static const struct {
        const char *text, *number;
        uint32_t item;
    } all[] = {{NUMBER, NUMBER, 0},
               {NUMBER "/2", NUMBER, 2},
               {NUMBER "/0", NUMBER "/0", 0},
               {"KZ-1", "KZ-1", 0},
               {"", "", 0},
               {NUMBER "/x", NUMBER "/x", 0},
               {NUMBER "/ 12", NUMBER, 12}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct str number;
        uint32_t item = 99;
        customs_split(str_z(all[i].text), &number, &item);
        assert_int_equal(item, all[i].item);
        assert_true(str_eq(number, str_z(all[i].number)));
    }
}

/* ---- checks ---- */

static void partial_shipments_draw_from_one_line(void **state)
{
    (void)state;
    struct house *h = open_house();
    struct customs_loaded done;
    struct application a;
    bool away;
    OK(load(h, NUMBER ",2026-03-01," BIN ",1,Nokia,3310,5,CN\n", &done, NULL));
    uint64_t first = file_import(h, PHONE, 3, NUMBER "/1", "CN");
    assert_int_equal(checked(h, first, NULL, &away), FOUND_TAC_UNKNOWN);
    assert_int_equal(state_of(h, first), APPLICATION_APPROVED);
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    uint64_t second = file_import(h, PHONE + 100, 3, NUMBER, "CN"); /* its only item */
    assert_true(checked(h, second, NULL, &away) & FOUND_QTY_EXCEEDED);
    assert_int_equal(state_of(h, second), APPLICATION_CHECKING);
    assert_int_equal(seen_number(h, second, "declared"), 5);
    assert_int_equal(seen_number(h, second, "drawn"), 3);
    assert_int_equal(seen_number(h, second, "devices"), 3);
    OK(filing_withdraw(&h->office, &firm, second, &a, NULL)); /* gives back what it asked for */
    application_release(&a);
    uint64_t third = file_import(h, PHONE + 200, 2, NUMBER "/1", "CN");
    (void)checked(h, third, NULL, &away);
    assert_int_equal(state_of(h, third), APPLICATION_APPROVED);
    house_close(h);
}

static void what_customs_say_is_told(void **state)
{
    (void)state;
    struct house *h = open_house();
    struct customs_loaded done;
    bool away;
    OK(load(h,
            NUMBER ",2026-03-01," OTHER_BIN ",1,Nokia,3310,5,CN\n" NUMBER ",2026-03-01," BIN
                   ",2,Apple,iPhone,5,CN\n",
            &done, NULL));
    static const struct {
        const char *document, *country;
        uint32_t finding;
    } all[] = {{NUMBER "/1", "CN", FOUND_CUSTOMS_OTHER},
               {NUMBER "/2", "CN", FOUND_CUSTOMS_DIFFERS},
               {NUMBER "/3", "CN", FOUND_NOT_IN_CUSTOMS},
               {NUMBER, "", FOUND_CUSTOMS_ITEM},
               {"", "CN", FOUND_NEEDS_PROOF},
               {"N-77", "RU", FOUND_IMPORT_NOTICE}};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint64_t id = file_import(h, PHONE + 100 * i, 1, all[i].document, all[i].country);
        assert_int_equal(checked(h, id, NULL, &away) & ~(uint32_t)FOUND_TAC_UNKNOWN,
                         all[i].finding);
        assert_false(away);
        assert_int_equal(state_of(h, id), APPLICATION_CHECKING);
    }
    house_close(h);
}

static void a_service_that_is_away_has_not_said_no(void **state)
{
    (void)state;
    struct house *h = open_house();
    struct service service = {.says = ASKED_AWAY};
    const char *names[CHECKS_SOURCES];
    size_t n;
    bool away;
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = file_import(h, PHONE, 2, NUMBER "/1", "CN");
    assert_true(checked(h, id, &service, &away) & FOUND_CUSTOMS_NOT_ASKED);
    assert_true(away);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    struct application a = get(h, id);
    assert_false(a.checked);
    checks_waits_for(&a, names, &n);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "customs");
    application_release(&a);
    service = (struct service){.says = ASKED_YES, .answer = {true, 2}};
    (void)checked(h, id, &service, &away);
    assert_int_equal(state_of(h, id), APPLICATION_APPROVED);
    assert_int_equal(service.asked, 1);
    service.answer.own = false;
    id = file_import(h, PHONE + 100, 1, NUMBER "/1", "CN");
    assert_true(checked(h, id, &service, &away) & FOUND_CUSTOMS_OTHER);
    house_close(h);
}

/* ---- GSMA ---- */

static void the_list_of_gsma_is_asked(void **state)
{
    (void)state;
    struct house *h = open_house();
    struct customs_loaded done;
    struct service service = {.gsma = ASKED_AWAY};
    bool away;
    OK(load(h, NUMBER ",2026-03-01," BIN ",1,Nokia,3310,50,CN\n", &done, NULL));
    uint64_t id = file_import(h, PHONE, 2, NUMBER "/1", "CN");
    assert_true(checked(h, id, &service, &away) & FOUND_GSMA_NOT_ASKED);
    assert_true(away);
    service = (struct service){.gsma = ASKED_YES, .listed = PHONE + 10};
    assert_true(checked(h, id, &service, &away) & FOUND_GSMA);
    struct application a = get(h, id);
    assert_true(a.checked && a.state == APPLICATION_CHECKING);
    assert_false(a.devices[0].findings & FOUND_GSMA);
    assert_true(a.devices[1].findings & FOUND_GSMA);
    application_release(&a);
    id = file_import(h, PHONE + 100, 2, NUMBER "/1", "CN");
    (void)checked(h, id, &service, &away);
    assert_int_equal(state_of(h, id), APPLICATION_APPROVED);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_twice_changes_nothing),
        cmocka_unit_test(a_bad_row_refuses_the_whole_file),
        cmocka_unit_test(item_numbers_are_the_fourth_part),
        cmocka_unit_test(partial_shipments_draw_from_one_line),
        cmocka_unit_test(what_customs_say_is_told),
        cmocka_unit_test(a_service_that_is_away_has_not_said_no),
        cmocka_unit_test(the_list_of_gsma_is_asked),
    };
    return cmocka_run_group_tests_name("customs", tests, NULL, NULL);
}
