/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_test - the job that checks a file of devices, against a naive twin; what register and open applications say;
 * an application by file from filing to white, stopped at every step. */
#include "cases/house.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cases/bulk_case.h"
#include "prop/random.h"

#define HEADER "imei1,imei2,imei3,imei4,brand,model,declaration_no\n"

static char dir[64];
static struct upload_room room;
static struct bulk_progress progress;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static struct house *begin(void)
{
    struct house *h = house_open("2026-03-10");
    str_copy(dir, sizeof dir, STR("/tmp/tamga-bulk.XXXXXX"));
    assert_non_null(mkdtemp(dir));
    OK(spool_init(&room.spool, dir, NULL));
    room.bytes = 1 << 20;
    h->office.second_from = 100;
    atomic_store(&progress.stop, false);
    return h;
}

static void end(struct house *h)
{
    house_close(h);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Sends a file whole; it waits for its check. */
static uint64_t send(struct house *h, const struct session *who, const struct buf *file)
{
    struct upload u;
    uint64_t size;
    uint8_t hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    struct sha256 *sha = sha256_new();
    struct str bytes = {(const char *)file->p, file->n};
    sha256_begin(sha);
    sha256_add(sha, file->p, file->n);
    sha256_end(sha, hash);
    sha256_free(sha);
    sha256_hex(hash, hex);
    const struct upload_wish wish = {.name = STR("a.csv"), .bytes = file->n};
    bool again;
    OK(upload_new(&h->office, &room, who, &wish, &u, &again, NULL));
    assert_int_equal(upload_check(&h->office, &room, who, u.id, str_z(hex), &u, NULL), ERR_OFFSET);
    OK(upload_append(&h->office, &room, who, u.id, 0, bytes, &size, NULL));
    OK(upload_check(&h->office, &room, who, u.id, str_z(hex), &u, NULL));
    return u.id;
}

static struct upload checked(struct house *h, const struct session *who, const struct buf *file)
{
    struct upload u;
    uint64_t id = send(h, who, file);
    OK(bulk_check(&h->office, &room, id, &progress, NULL));
    OK(upload_get(&h->office, who, id, &u, NULL));
    return u;
}

static void put_row(struct buf *out, const uint64_t *bodies, unsigned n)
{
    for (unsigned i = 0; i < LIMIT_DEVICE_IMEIS; i++) {
        char text[IMEI_TEXT15] = "";
        if (i < n)
            imei_format15((struct imei){bodies[i]}, text);
        buf_printf(out, "%s,", text);
    }
    buf_str(out, STR("Samsung,Galaxy,\n"));
}

/* ---- twins ---- */

struct lines {
    uint32_t line[512];
    size_t n;
};

static bool take_line(void *ctx, const struct bulk_device *d)
{
    struct lines *l = ctx;
    l->line[l->n++] = d->line;
    return true;
}

static bool take_error(void *ctx, const struct bulk_error *e)
{
    struct lines *l = ctx;
    assert_int_equal(e->found, BULK_DUPLICATE_IN_FILE);
    l->line[l->n++] = e->line;
    return true;
}

/* The first row with an IMEI keeps it; one that is left out keeps none. */
static bool naive(const uint64_t rows[][4], const unsigned *counts, bool *good, size_t at)
{
    for (unsigned k = 0; k < counts[at]; k++) {
        for (unsigned j = 0; j < k; j++)
            if (rows[at][j] == rows[at][k])
                return false;
        for (size_t i = 0; i < at; i++)
            for (unsigned j = 0; good[i] && j < counts[i]; j++)
                if (rows[i][j] == rows[at][k])
                    return false;
    }
    return true;
}

static void twins_are_found_as_the_naive_way_finds_them(void **state)
{
    (void)state;
    struct rng random = random_start("bulk", 20260310);
    for (int round = 0; round < 40; round++) {
        struct house *h = begin();
        enum { ROWS = 120 };
        uint64_t rows[ROWS][4];
        unsigned counts[ROWS];
        bool good[ROWS];
        struct buf file = {0};
        struct lines kept = {0}, bad = {0};
        uint32_t space = 30 + rng_below(&random, 600);
        buf_str(&file, STR(HEADER));
        for (size_t i = 0; i < ROWS; i++) {
            counts[i] = 1 + rng_below(&random, 4);
            for (unsigned k = 0; k < counts[i]; k++)
                rows[i][k] = PHONE + rng_below(&random, space);
            put_row(&file, rows[i], counts[i]);
            good[i] = naive((const uint64_t(*)[4])rows, counts, good, i);
        }
        struct upload u = checked(h, &firm, &file);
        assert_int_equal(u.state, UPLOAD_READY);
        OK(bulk_each(h->f->reg, &u, take_line, &kept, NULL));
        OK(bulk_errors(h->f->reg, &u, take_error, &bad, NULL));
        size_t g = 0, b = 0;
        for (size_t i = 0; i < ROWS; i++)
            assert_int_equal(good[i] ? kept.line[g++] : bad.line[b++], i + 2);
        assert_int_equal(g, kept.n);
        assert_int_equal(b, bad.n);
        assert_int_equal(u.devices, g);
        buf_release(&file);
        end(h);
    }
}

/* ---- the register ---- */

static void what_the_register_says(void **state)
{
    (void)state;
    struct house *h = begin();
    struct buf file = {0};
    struct imei stolen = {PHONE + 1};
    struct batch_result result;
    struct device other = {.imeis = {{PHONE + 2}}, .count = 1},
                  own = {.imeis = {{PHONE + 3}}, .count = 1};
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
    OK(verify_device(h->f->reg, NULL, &(struct approving){.kind = APPROVAL_IMPORT, .party = 5},
                     &other, NULL));
    OK(verify_device(h->f->reg, NULL,
                     &(struct approving){.kind = APPROVAL_IMPORT, .party = firm.acts_for}, &own,
                     NULL));
    struct session who = person(h, 7);
    struct application typed;
    bool again;
    OK(file_kind(h, &who, APPROVAL_PERSONAL, PHONE + 4, "", &typed, &again));
    application_release(&typed);
    buf_str(&file, STR(HEADER));
    for (uint64_t i = 0; i < 8; i++)
        put_row(&file, &(uint64_t){PHONE + i}, 1);
    OK(registry_refresh(h->f->reg, NULL));
    struct upload u = checked(h, &firm, &file);
    assert_int_equal(u.state, UPLOAD_READY);
    assert_int_equal(u.found[BULK_MARKED], 1);
    assert_int_equal(u.found[BULK_VERIFIED_OTHER], 1);
    assert_int_equal(u.found[BULK_VERIFIED_ALREADY], 1);
    assert_int_equal(u.found[BULK_OPEN_ELSEWHERE], 2);
    assert_int_equal(u.devices, 4);
    buf_release(&file);
    end(h);
}

/* ---- from filing to white ---- */

/* What is stopped begins again; how often it was stopped. */
static void enter(struct house *h, uint64_t id)
{
    OK(registry_refresh(h->f->reg, NULL));
    atomic_store(&progress.stop, true);
    enum err err = bulk_enter(&h->office, id, &progress, NULL);
    assert_true(err == ERR_STOPPED || err == ERR_OK);
    atomic_store(&progress.stop, false);
    OK(bulk_enter(&h->office, id, &progress, NULL));
    OK(bulk_enter(&h->office, id, &progress, NULL)); /* nothing to do */
}

/* Files devices of so many IMEIs each. */
static uint64_t filed_kind(struct house *h, uint8_t kind, uint64_t from, uint64_t n, unsigned imeis)
{
    struct buf file = {0};
    struct application a;
    bool again;
    buf_str(&file, STR(HEADER));
    for (uint64_t i = 0; i < n; i++)
        put_row(&file, (uint64_t[]){from + imeis * i, from + imeis * i + 1}, imeis);
    struct upload u = checked(h, &firm, &file);
    const struct bulk_wish wish = {.kind = kind, .upload = u.id};
    OK(bulk_file(&h->office, &firm, &wish, &a, &again, NULL));
    assert_false(again);
    uint64_t id = a.id;
    application_release(&a);
    OK(bulk_file(&h->office, &firm, &wish, &a, &again, NULL));
    assert_true(again);
    assert_int_equal(a.id, id);
    application_release(&a);
    assert_int_equal(upload_drop(&h->office, &room, &firm, u.id, NULL), ERR_NOT_NOW);
    buf_release(&file);
    return id;
}

static uint64_t filed(struct house *h, uint64_t from, uint64_t n)
{
    uint64_t id = filed_kind(h, APPROVAL_IMPORT, from, n, 2);
    enter(h, id);
    return id;
}

static void decide_file(struct house *h, uint64_t id, bool approve)
{
    struct application a;
    const struct bulk_decision d = {.approve = approve, .refusal = REFUSAL_DOC_UNREADABLE};
    assert_int_equal(bulk_decide(&h->office, &officer, id, &d, &a, NULL), ERR_CLAIMED);
    OK(desk_claim(&h->office, &officer, id, &a, NULL));
    application_release(&a);
    struct decision none;
    assert_int_equal(desk_decide(&h->office, &officer, id, &none, 0, STR(""), &a, NULL), ERR_USAGE);
    OK(bulk_decide(&h->office, &officer, id, &d, &a, NULL));
    application_release(&a);
    assert_int_equal(bulk_decide(&h->office, &officer, id, &d, &a, NULL), ERR_NOT_NOW);
}

static void it_becomes_white_but_for_what_moved(void **state)
{
    (void)state;
    struct house *h = begin();
    uint64_t id = filed(h, PHONE, 50), found[4];
    size_t n = 0;
    OK(application_by_imei(h->f->reg, (struct imei){PHONE + 7}, found, 4, &n, NULL));
    assert_int_equal(n, 1);
    assert_int_equal(found[0], id);
    n = 0;
    OK(application_by_imei(h->f->reg, (struct imei){PHONE + 100}, found, 4, &n, NULL));
    assert_int_equal(n, 0);
    struct imei stolen = {PHONE + 20};
    struct batch_result result;
    const struct suspension theft = fixture_mark(MARK_STOLEN);
    OK(suspend(h->f->reg, &theft, &stolen, 1, &result, NULL));
    decide_file(h, id, true);
    assert_int_equal(state_of(h, id), APPLICATION_DECIDING);
    enter(h, id);
    struct application a = get(h, id);
    assert_int_equal(a.state, APPLICATION_APPROVED);
    assert_int_equal(a.bulk_left_out, 1);
    application_release(&a);
    for (uint64_t i = 0; i < 100; i++)
        if (i / 2 != 10)
            assert_int_equal(reason(h, PHONE + i), REASON_VERIFIED);
    assert_int_equal(reason(h, PHONE + 21), REASON_NEVER_ACTIVATED);
    assert_int_equal(fixture_facts(h->f, PHONE).group, fixture_facts(h->f, PHONE + 1).group);
    assert_int_equal(fixture_facts(h->f, PHONE).verified.application, id);
    OK(application_by_imei(h->f->reg, (struct imei){PHONE + 7}, found, 4, &n, NULL));
    assert_int_equal(n, 0);
    end(h);
}

static void a_refusal_and_a_withdrawal(void **state)
{
    (void)state;
    struct house *h = begin();
    struct application a;
    uint64_t id = filed(h, PHONE, 3);
    decide_file(h, id, false);
    assert_int_equal(state_of(h, id), APPLICATION_REFUSED);
    assert_int_equal(reason(h, PHONE), REASON_NEVER_ACTIVATED);
    OK(filing_appeal(&h->office, &firm, id, STR("қараңыз"), &a, NULL));
    application_release(&a);
    enter(h, id);
    assert_int_equal(desk_claim(&h->office, &officer, id, &a, NULL), ERR_SAME_PERSON);
    OK(filing_withdraw(&h->office, &firm, id, &a, NULL));
    application_release(&a);
    id = filed(h, PHONE, 3);
    OK(filing_withdraw(&h->office, &firm, id, &a, NULL));
    application_release(&a);
    assert_int_equal(state_of(h, id), APPLICATION_WITHDRAWN);
    filed(h, PHONE, 3); /* and anew */
    end(h);
}

/* ---- GSMA's service ---- */

struct service {
    struct check_sources sources;
    uint64_t listed;         /* body */
    unsigned asked, answers; /* questions; how many of them it answers */
};

static enum asked answer(void *ctx, const char *number, const struct imei *imeis, size_t n,
                         bool *listed)
{
    struct service *s = ctx;
    assert_true(*number && n && n <= GSMA_ASK_MOST);
    s->asked++;
    if (!s->answers)
        return ASKED_AWAY;
    s->answers--;
    for (size_t i = 0; i < n; i++)
        listed[i] = imeis[i].body == s->listed;
    return ASKED_YES;
}

static void open_service(struct house *h, struct service *s, unsigned answers)
{
    *s = (struct service){.answers = answers};
    s->sources.gsma = (struct gsma_source){answer, s};
    h->office.sources = &s->sources;
    h->office.second_from = 1000;
}

static uint64_t left_out(struct house *h, uint64_t id)
{
    struct application a = get(h, id);
    uint64_t n = a.bulk_left_out;
    application_release(&a);
    return n;
}

static void expect_waits(struct house *h, uint64_t id)
{
    const char *names[CHECKS_SOURCES];
    size_t n;
    struct application a = get(h, id);
    checks_waits_for(&a, names, &n);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "gsma");
    application_release(&a);
}

static void what_gsma_lists_is_left_out(void **state)
{
    (void)state;
    struct house *h = begin();
    struct service s;
    open_service(h, &s, 100);
    s.listed = PHONE + 7;
    uint64_t id = filed_kind(h, APPROVAL_MANUFACTURE, PHONE, 600, 2);
    enter(h, id);
    assert_int_equal(s.asked, 2);
    struct application a = get(h, id);
    assert_true(a.checked && a.findings & FOUND_GSMA);
    assert_int_equal(a.bulk_left_out, 1);
    application_release(&a);
    s.listed = PHONE + 10; /* by the time of the decision it is another */
    decide_file(h, id, true);
    enter(h, id);
    assert_int_equal(s.asked, 4);
    assert_int_equal(left_out(h, id), 1);
    assert_int_equal(reason(h, PHONE + 7), REASON_VERIFIED);
    assert_int_equal(reason(h, PHONE + 10), REASON_NEVER_ACTIVATED);
    assert_int_equal(reason(h, PHONE + 11), REASON_NEVER_ACTIVATED); /* the same device */
    s.listed = PHONE + 2001;
    id = filed_kind(h, APPROVAL_MANUFACTURE, PHONE + 2000, 1, 2);
    enter(h, id);
    decide_file(h, id, true);
    enter(h, id);
    a = get(h, id);
    assert_int_equal(a.state, APPLICATION_REFUSED);
    assert_int_equal(a.bulk_refusal, REFUSAL_GSMA_LISTED);
    application_release(&a);
    end(h);
}

static void a_service_that_is_away_has_not_said_no(void **state)
{
    (void)state;
    struct house *h = begin();
    struct service s;
    open_service(h, &s, 0);
    fixture_activate(h->f, PHONE, "2026-03-02");
    uint64_t id = filed_kind(h, APPROVAL_IMPORT, PHONE, 3, 2);
    OK(registry_refresh(h->f->reg, NULL));
    assert_int_equal(bulk_enter(&h->office, id, &progress, NULL), ERR_SOURCE_AWAY);
    expect_waits(h, id);
    assert_int_equal(held(h, PHONE), DAYNUM_OPEN);
    assert_int_equal(bulk_enter(&h->office, id, &progress, NULL), ERR_SOURCE_AWAY);
    s.answers = 1;
    OK(bulk_enter(&h->office, id, &progress, NULL));
    decide_file(h, id, true);
    assert_int_equal(bulk_enter(&h->office, id, &progress, NULL), ERR_SOURCE_AWAY);
    assert_int_equal(state_of(h, id), APPLICATION_DECIDING);
    expect_waits(h, id);
    assert_int_equal(reason(h, PHONE), REASON_UNVERIFIED);
    s.answers = 1;
    OK(bulk_enter(&h->office, id, &progress, NULL));
    assert_int_equal(reason(h, PHONE), REASON_VERIFIED);
    struct application a = get(h, id);
    assert_false(a.findings & FOUND_GSMA_NOT_ASKED);
    application_release(&a);
    end(h);
}

/* Two parts: the first is not asked about anew. */
static void who_was_cut_off_asks_about_the_rest(void **state)
{
    (void)state;
    struct house *h = begin();
    struct service s;
    const unsigned first = (BULK_PART_DEVICES + GSMA_ASK_MOST - 1) / GSMA_ASK_MOST;
    room.bytes = 8 << 20;
    open_service(h, &s, first);
    s.listed = PHONE + 5;
    uint64_t id = filed_kind(h, APPROVAL_MANUFACTURE, PHONE, BULK_PART_DEVICES + 10, 1);
    OK(registry_refresh(h->f->reg, NULL));
    assert_int_equal(bulk_enter(&h->office, id, &progress, NULL), ERR_SOURCE_AWAY);
    assert_int_equal(s.asked, first + 1);
    assert_int_equal(left_out(h, id), 1);
    expect_waits(h, id);
    s.answers = 1;
    OK(bulk_enter(&h->office, id, &progress, NULL));
    assert_int_equal(s.asked, first + 2);
    struct application a = get(h, id);
    assert_true(a.checked && a.findings & FOUND_GSMA);
    assert_int_equal(a.bulk_left_out, 1);
    application_release(&a);
    end(h);
}

/* ---- declaration lines ---- */

/* Over two parts, behind a row that stays behind and a line that no good row names. */
static void each_device_knows_its_line(void **state)
{
    (void)state;
    struct house *h = begin();
    struct buf file = {0};
    struct bulk_lines lines;
    const uint32_t n = BULK_PART_DEVICES + 10,
                   places[] = {0, 1, 998, 999, BULK_PART_DEVICES - 1, BULK_PART_DEVICES, n - 1};
    enum { PLACES = sizeof places / sizeof *places };
    uint32_t out[PLACES];
    room.bytes = 8 << 20;
    buf_str(&file, STR(HEADER));
    for (uint32_t i = 0; i <= n; i++) { /* row 1 has the IMEI of row 0 */
        char text[IMEI_TEXT15], number[16];
        imei_format15((struct imei){PHONE + (i == 1 ? 0 : i)}, text);
        snprintf(number, sizeof number, "KZ-%u", i / 1000);
        buf_printf(&file, "%s,,,,Samsung,Galaxy,%s\n", text,
                   i == 1   ? "KZ-NONE"
                   : i == 2 ? ""
                            : number);
    }
    struct upload u = checked(h, &firm, &file);
    assert_int_equal(u.devices, n);
    OK(bulk_lines_get(h->f->reg, u.id, &lines, NULL));
    OK(bulk_lines_name(h->f->reg, u.id, places, out, PLACES, NULL));
    for (size_t i = 0; i < PLACES; i++) {
        uint32_t row = places[i] ? places[i] + 1 : 0;
        char want[16];
        snprintf(want, sizeof want, "KZ-%u", row / 1000);
        if (row == 2)
            assert_int_equal(out[i], 0); /* it names none */
        else
            assert_string_equal(lines.list[out[i] - 1].number, want);
    }
    bulk_lines_release(&lines);
    buf_release(&file);
    end(h);
}

/* ---- a great list by pages ---- */

struct seen {
    uint64_t n;
    uint32_t first;
};

static bool see(void *ctx, const struct bulk_device *d)
{
    struct seen *s = ctx;
    s->first = s->n++ ? s->first : d->line;
    return true;
}

/* Without the first part a page behind it is read all the same, because nothing before it is. */
static void a_page_reads_what_it_shows(void **state)
{
    (void)state;
    struct house *h = begin();
    struct buf file = {0};
    const uint32_t n = 2 * LIMIT_DEVICES_PAGE + 5;
    room.bytes = 8 << 20;
    buf_str(&file, STR(HEADER));
    for (uint32_t i = 0; i <= n; i++) { /* row 1 has the IMEI of row 0 */
        char text[IMEI_TEXT15];
        imei_format15((struct imei){PHONE + (i == 1 ? 0 : i)}, text);
        buf_printf(&file, "%s,,,,Samsung,Galaxy,\n", text);
    }
    struct upload u = checked(h, &firm, &file);
    assert_int_equal(u.devices, n);
    assert_int_equal(u.page_after[0], 0);
    for (uint32_t page = 1; page < 3; page++) { /* lines count from the header; one was left out */
        struct seen s = {0};
        assert_int_equal(u.page_after[page], page * LIMIT_DEVICES_PAGE + 2);
        OK(bulk_each_after(h->f->reg, &u, u.page_after[page], see, &s, NULL));
        assert_int_equal(s.n, n - page * LIMIT_DEVICES_PAGE);
        assert_int_equal(s.first, u.page_after[page] + 1);
    }
    assert_int_equal(u.page_after[3], 0);
    struct record_key key = bulk_part_key(RECORD_BULK_DEVICES, u.id, 0);
    OK(store_write_begin(h->f->reg->store, NULL));
    OK(record_drop(h->f->reg, &key, NULL));
    OK(store_write_commit(h->f->reg->store, NULL));
    struct seen rest = {0};
    OK(bulk_each_after(h->f->reg, &u, u.page_after[2], see, &rest, NULL));
    assert_int_equal(rest.n, 5);
    rest.n = 0;
    assert_int_equal(bulk_each_after(h->f->reg, &u, 0, see, &rest, NULL), ERR_NOT_FOUND);
    memset(u.page_after, 0, sizeof u.page_after); /* checked before pages were kept */
    assert_int_equal(bulk_each_after(h->f->reg, &u, n, see, &rest, NULL), ERR_NOT_FOUND);
    buf_release(&file);
    end(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_are_found_as_the_naive_way_finds_them),
        cmocka_unit_test(what_the_register_says),
        cmocka_unit_test(it_becomes_white_but_for_what_moved),
        cmocka_unit_test(a_refusal_and_a_withdrawal),
        cmocka_unit_test(what_gsma_lists_is_left_out),
        cmocka_unit_test(a_service_that_is_away_has_not_said_no),
        cmocka_unit_test(who_was_cut_off_asks_about_the_rest),
        cmocka_unit_test(each_device_knows_its_line),
        cmocka_unit_test(a_page_reads_what_it_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
