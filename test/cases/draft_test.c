/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts: what was answered comes back as it was; of two who save at once the later is told; nobody reads
 * another's; so many and no more; one that nobody touches is over and leaves nothing behind; one that is
 * filed is filed once. */
#include "app/fixture.h"

#include <stdlib.h>

#include "cases/draft.h"

#define PHONE 35735007990200ULL

struct house {
    struct fixture *f;
    struct registry *writer;
    struct committer *committer;
    struct hours hours;
    struct office office;
};

static const struct session aigul = {.party = 7, .acts_for = 7, .role = ROLE_PERSON};
static const struct session bolat = {.party = 9, .acts_for = 9, .role = ROLE_PERSON};
static const struct session firm = {.party = 8, .acts_for = 88, .role = ROLE_ORGANISATION};
static const struct session firm2 = {.party = 9, .acts_for = 88, .role = ROLE_ORGANISATION};

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

static struct draft begin(struct house *h, const struct session *who, uint8_t kind)
{
    struct draft d;
    OK(draft_new(&h->office, who, kind, WAY_CARRIED, &d, NULL));
    return d;
}

static size_t count(struct house *h, const struct session *who, uint64_t ids[DRAFTS_MAX])
{
    size_t n = 0;
    OK(draft_list(&h->office, who, ids, &n, NULL));
    return n;
}

static void fill(struct draft *d, uint64_t body)
{
    struct case_device *one = &d->devices[d->device_count++];
    one->is.imeis[0].body = body;
    one->is.imeis[1].body = body + 1;
    one->is.count = 2;
    str_copy(one->brand, sizeof one->brand, STR("Samsung"));
    str_copy(one->model, sizeof one->model, STR("Қазақ «ү»"));
    d->entered = fixture_daynum("2026-03-01");
    str_copy(d->country, sizeof d->country, STR("TR"));
    d->answered = 0x15;
    d->models = 1;
}

static void comes_back(void **state)
{
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL), again;
    (void)state;
    assert_int_equal(strlen(d.key), DRAFT_KEY_TEXT - 1);
    fill(&d, PHONE);
    str_copy(d.document, sizeof d.document, STR("RB1"));
    OK(draft_save(&h->office, &aigul, &d, NULL));
    OK(draft_get(&h->office, &aigul, d.id, &again, NULL));
    assert_int_equal(again.version, 2);
    assert_string_equal(again.key, d.key);
    assert_int_equal(again.answered, 0x15);
    assert_int_equal(again.models, 1);
    assert_int_equal(again.kind, APPROVAL_PERSONAL);
    assert_int_equal(again.way, WAY_CARRIED);
    assert_int_equal(again.entered, d.entered);
    assert_string_equal(again.document, "RB1");
    assert_string_equal(again.country, "TR");
    assert_int_equal(again.device_count, 1);
    assert_int_equal(again.devices[0].is.imeis[1].body, PHONE + 1);
    assert_string_equal(again.devices[0].model, "Қазақ «ү»");
    house_close(h);
}

/* The code that went to a traveller is none of his consent until he gave it. */
static void consented(void **state)
{
    const struct str code = STR("00112233445566778899aabbccddeeff");
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL), again;
    struct paper_id papers[LIMIT_PAPERS];
    struct filing wish;
    (void)state;
    str_copy(d.consent, sizeof d.consent, code);
    draft_filing(&d, papers, &wish);
    assert_int_equal(wish.consent.n, 0);
    d.consented_s = 1770000000;
    OK(draft_save(&h->office, &aigul, &d, NULL));
    OK(draft_get(&h->office, &aigul, d.id, &again, NULL));
    assert_int_equal(again.consented_s, d.consented_s);
    draft_filing(&again, papers, &wish);
    assert_true(str_eq(wish.consent, code));
    house_close(h);
}

static void faster(void **state)
{
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL), other = d;
    (void)state;
    OK(draft_save(&h->office, &aigul, &other, NULL));
    assert_int_equal(draft_save(&h->office, &aigul, &d, NULL), ERR_STALE);
    OK(draft_get(&h->office, &aigul, d.id, &d, NULL));
    OK(draft_save(&h->office, &aigul, &d, NULL));
    OK(draft_drop(&h->office, &aigul, d.id, NULL));
    assert_int_equal(draft_save(&h->office, &aigul, &d, NULL), ERR_STALE);
    OK(draft_drop(&h->office, &aigul, d.id, NULL));
    house_close(h);
}

static void whose(void **state)
{
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL), other;
    uint64_t ids[DRAFTS_MAX];
    (void)state;
    assert_int_equal(draft_get(&h->office, &bolat, d.id, &other, NULL), ERR_NOT_FOUND);
    assert_int_equal(draft_save(&h->office, &bolat, &d, NULL), ERR_STALE);
    OK(draft_drop(&h->office, &bolat, d.id, NULL)); /* nothing of his */
    OK(draft_get(&h->office, &aigul, d.id, &other, NULL));
    assert_int_equal(count(h, &bolat, ids), 0);
    assert_int_equal(draft_new(&h->office, &aigul, APPROVAL_IMPORT, WAY_NONE, &other, NULL),
                     ERR_ROLE);
    d = begin(h, &firm, APPROVAL_IMPORT);
    OK(draft_get(&h->office, &firm2, d.id, &other, NULL)); /* a colleague goes on with it */
    house_close(h);
}

static void so_many(void **state)
{
    struct house *h = house_open();
    uint64_t ids[DRAFTS_MAX];
    struct draft d;
    (void)state;
    for (unsigned i = 0; i < DRAFTS_MAX; i++)
        begin(h, &aigul, APPROVAL_PERSONAL);
    assert_int_equal(draft_new(&h->office, &aigul, APPROVAL_PERSONAL, WAY_GIFT, &d, NULL),
                     ERR_TOO_MANY);
    begin(h, &bolat, APPROVAL_PERSONAL);
    assert_int_equal(count(h, &aigul, ids), DRAFTS_MAX);
    for (unsigned i = 1; i < DRAFTS_MAX; i++)
        assert_true(ids[i - 1] > ids[i]); /* newest first */
    OK(draft_drop(&h->office, &aigul, ids[3], NULL));
    begin(h, &aigul, APPROVAL_PERSONAL);
    house_close(h);
}

static void is_over(void **state)
{
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL),
                 kept = begin(h, &bolat, APPROVAL_PERSONAL);
    uint64_t ids[DRAFTS_MAX];
    size_t n;
    (void)state;
    fixture_day(h->f, "2026-03-16");
    OK(draft_save(&h->office, &bolat, &kept, NULL));
    OK(draft_forget(&h->office, &n, NULL));
    assert_int_equal(n, 0);
    fixture_day(h->f, "2026-03-18");
    assert_int_equal(draft_get(&h->office, &aigul, d.id, &d, NULL), ERR_NOT_FOUND);
    OK(draft_forget(&h->office, &n, NULL));
    assert_int_equal(n, 1);
    assert_int_equal(count(h, &aigul, ids), 0);
    OK(draft_get(&h->office, &bolat, kept.id, &kept, NULL));
    OK(draft_forget(&h->office, &n, NULL));
    assert_int_equal(n, 0);
    house_close(h);
}

static void filed_once(void **state)
{
    struct house *h = house_open();
    struct draft d = begin(h, &aigul, APPROVAL_PERSONAL);
    struct filing wish;
    struct paper_id papers[LIMIT_PAPERS];
    struct application a, b;
    struct fault fault = {0};
    uint64_t id = 0;
    bool again;
    (void)state;
    draft_filing(&d, papers, &wish);
    assert_int_equal(filing_check(&h->office, &aigul, &wish, NULL), ERR_DEVICE_IMEIS);
    fill(&d, PHONE);
    draft_filing(&d, papers, &wish);
    OK(filing_check(&h->office, &aigul, &wish, NULL));
    assert_int_equal(filing_made(&h->office, &aigul, str_z(d.key), &id, NULL), ERR_NOT_FOUND);
    OK(filing_new(&h->office, &aigul, &wish, &a, &again, NULL));
    OK(filing_new(&h->office, &aigul, &wish, &b, &again, NULL));
    assert_true(again);
    assert_int_equal(a.id, b.id);
    OK(filing_made(&h->office, &aigul, str_z(d.key), &id, NULL));
    assert_int_equal(id, a.id);
    assert_int_equal(filing_made(&h->office, &bolat, str_z(d.key), &id, NULL), ERR_NOT_FOUND);
    assert_int_equal(filing_check(&h->office, &aigul, &wish, NULL), ERR_OPEN_ALREADY);
    fill(&d, PHONE + 1); /* shares an IMEI with the first */
    draft_filing(&d, papers, &wish);
    assert_int_equal(filing_check(&h->office, &aigul, &wish, &fault), ERR_DUPLICATE_IN_FILE);
    assert_string_not_equal(fault.value, "");
    application_release(&a);
    application_release(&b);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back), cmocka_unit_test(consented), cmocka_unit_test(faster),
        cmocka_unit_test(whose),      cmocka_unit_test(so_many),   cmocka_unit_test(is_over),
        cmocka_unit_test(filed_once),
    };
    return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
