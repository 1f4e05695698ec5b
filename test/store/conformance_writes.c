/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of writes: whole or not at all, seen by others only whole, one after the other. */
#include "conformance.h"

#include <pthread.h>

#define SOME 35000000000000

/* ---- writing ---- */

/* Something of everything that a write can hold. */
static void change_everything(struct bed *bed, struct store *s)
{
    struct batch batch = batch_of("b");
    struct load load = {.kind = "feed", .hash = {7}};
    struct pair pair = {{SOME}, 9, false};
    struct party party = {77, PARTY_BODY, 0, "court"};
    struct finding finding = {"Tele2", DAYNUM_FIRST, "x", "y", 1};
    put_row(s, row_of(SOME, 500, DAYNUM_FIRST + 7));
    put_row(s, row_of(SOME + 1, 501, DAYNUM_FIRST + 8));
    append_block(bed, s);
    assert_int_equal(store_pairs_put(s, &pair, 1, NULL), ERR_OK);
    assert_int_equal(store_rules_put(s, 2, STR("b=2\n"), NULL), ERR_OK);
    assert_int_equal(store_tac_list_put(s, 2, STR("tac"), NULL), ERR_OK);
    assert_int_equal(store_batch_new(s, &batch, NULL), ERR_OK);
    assert_int_equal(store_batch_part_put(s, batch.id, 1, STR("part"), NULL), ERR_OK);
    assert_int_equal(store_load_put(s, &load, NULL), ERR_OK);
    assert_int_equal(store_party_put(s, &party, NULL), ERR_OK);
    assert_int_equal(store_findings_add(s, &finding, 1, NULL), ERR_OK);
    assert_int_equal(store_note_put(s, 1, 1, 1, STR("n"), NULL), ERR_OK);
}

static void a_rollback_leaves_no_trace(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_FIRST + 7));
    uint64_t before = imprint(bed->s);
    begin(bed->s);
    change_everything(bed, bed->s);
    assert_int_not_equal(imprint(bed->s), before);
    store_write_rollback(bed->s);
    assert_int_equal(imprint(bed->s), before);
    struct load load;
    assert_int_equal(store_load_find(bed->s, (const uint8_t[SHA256_BYTES]){7}, &load, NULL),
                     ERR_NOT_FOUND);
    store_write_rollback(bed->s); /* none is open: nothing */
    save_row(bed->s, row_of(SOME, 2, DAYNUM_NONE));
}

static void closing_rolls_back(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    uint64_t before = imprint(bed->s);
    begin(other);
    change_everything(bed, other);
    store_close(other);
    assert_int_equal(imprint(bed->s), before);
    save_row(bed->s, row_of(SOME, 2, DAYNUM_NONE)); /* the place is free */
}

static void others_see_a_write_only_whole(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    uint64_t before = imprint(other);
    begin(bed->s);
    change_everything(bed, bed->s);
    assert_int_equal(imprint(other), before);
    commit(bed->s);
    assert_int_not_equal(imprint(other), before);
    assert_int_equal(imprint(other), imprint(bed->s));
    store_close(other);
}

struct half_read {
    struct bed *bed;
    size_t n;
};

static bool write_meanwhile(void *ctx, const struct facts_row *row)
{
    struct half_read *h = ctx;
    if (h->n++ == 0)
        save_row(h->bed->s, row_of(row->imei.body + 1000, 9, DAYNUM_NONE));
    return true;
}

static void a_scan_sees_one_moment(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    for (uint32_t i = 0; i < 10; i++)
        save_row(bed->s, row_of(SOME + i, i, DAYNUM_NONE));
    struct half_read half = {.bed = bed};
    struct imei all = {IMEI_BODIES - 1};
    assert_int_equal(store_facts_scan(other, (struct imei){0}, all, write_meanwhile, &half, NULL),
                     ERR_OK);
    assert_int_equal(half.n, 10);
    assert_true(get_row(other, SOME + 1000).facts.exists);
    store_close(other);
}

static void reads_between_begin_and_end_see_one_moment(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    uint64_t before = imprint(other);
    assert_int_equal(store_read_begin(other, NULL), ERR_OK);
    assert_int_equal(store_read_begin(other, NULL), ERR_STORE); /* not one in another */
    assert_int_equal(store_write_begin(other, NULL), ERR_STORE);
    begin(bed->s);
    assert_int_equal(store_read_begin(bed->s, NULL), ERR_STORE); /* nor in a write */
    change_everything(bed, bed->s);
    commit(bed->s);
    assert_int_equal(imprint(other), before);
    store_read_end(other);
    store_read_end(other); /* none is begun: nothing */
    assert_int_equal(imprint(other), imprint(bed->s));
    save_row(other, row_of(SOME, 3, DAYNUM_NONE)); /* and it may write */
    assert_int_equal(store_read_begin(other, NULL), ERR_OK);
    store_close(other);
}

static void changes_need_a_write(void **state)
{
    struct bed *bed = *state;
    struct store *s = bed->s;
    struct facts_row row = row_of(SOME, 1, DAYNUM_NONE);
    struct load load = {.kind = "x"};
    struct pair pair = {{SOME}, 9, false};
    struct finding finding = {"o", DAYNUM_FIRST, "x", "y", 1};
    chain_entry(&bed->chain, DAYNUM_FIRST);
    assert_int_equal(store_facts_put(s, &row, 1, NULL), ERR_STORE);
    assert_int_equal(store_block_append(s, chain_seal(&bed->chain), NULL), ERR_STORE);
    assert_int_equal(store_pairs_put(s, &pair, 1, NULL), ERR_STORE);
    assert_int_equal(store_rules_put(s, 1, STR("x"), NULL), ERR_STORE);
    assert_int_equal(store_tac_list_put(s, 1, STR("x"), NULL), ERR_STORE);
    assert_int_equal(store_load_put(s, &load, NULL), ERR_STORE);
    assert_int_equal(store_findings_add(s, &finding, 1, NULL), ERR_STORE);
    assert_int_equal(store_write_commit(s, NULL), ERR_STORE);
    assert_false(get_row(s, SOME).facts.exists);
}

static void a_failed_write_can_only_be_rolled_back(void **state)
{
    struct bed *bed = *state;
    uint64_t before = imprint(bed->s);
    begin(bed->s);
    assert_int_equal(store_write_begin(bed->s, NULL), ERR_STORE); /* one at a time */
    change_everything(bed, bed->s);
    struct block wrong = bed->chain.block;
    assert_int_equal(store_block_append(bed->s, &wrong, NULL), ERR_CHAIN);
    assert_int_equal(store_write_commit(bed->s, NULL), ERR_STORE);
    struct facts_row row = row_of(SOME, 1, DAYNUM_NONE);
    assert_int_equal(store_facts_put(bed->s, &row, 1, NULL), ERR_STORE);
    store_write_rollback(bed->s);
    assert_int_equal(imprint(bed->s), before);
    save_row(bed->s, row_of(SOME, 2, DAYNUM_NONE));
}

/* ---- many writers: a counter that loses no step, and nobody starves ---- */

enum { WRITERS = 4, STEPS = 25 };

struct writer {
    struct store *s;
    bool good;
};

static void *count_up(void *arg)
{
    struct writer *w = arg;
    w->good = true;
    for (int i = 0; i < STEPS && w->good; i++) {
        struct facts_row row = {.imei = {SOME}};
        w->good = store_write_begin(w->s, NULL) == ERR_OK &&
                  store_facts_get(w->s, &row, 1, NULL) == ERR_OK;
        row.facts.last_seq++;
        w->good = w->good && store_facts_put(w->s, &row, 1, NULL) == ERR_OK &&
                  store_write_commit(w->s, NULL) == ERR_OK;
    }
    return NULL;
}

static void writers_in_line_lose_nothing(void **state)
{
    struct bed *bed = *state;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i].s = bed_again(bed);
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(writers[i].good);
        store_close(writers[i].s);
    }
    assert_int_equal(get_row(bed->s, SOME).facts.last_seq, WRITERS * STEPS);
}

static void the_path_is_the_registers(void **state)
{
    struct bed *bed = *state;
    if (bed_sqlite(bed))
        assert_string_equal(store_path(bed->s), bed->path);
    else
        assert_null(store_path(bed->s));
}

static void who_waits_no_longer_than_told(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    struct fault fault = {0};
    begin(bed->s);
    store_patience(other, 300);
    assert_int_equal(store_write_begin(other, &fault), ERR_STORE_BUSY);
    assert_true(fault.detail[0] != 0);
    commit(bed->s);
    save_row(other, row_of(SOME, 1, DAYNUM_NONE)); /* and is none the worse for it */
    store_close(other);
}

const struct conformance_case write_cases[] = {
    {"a_rollback_leaves_no_trace", a_rollback_leaves_no_trace},
    {"closing_rolls_back", closing_rolls_back},
    {"others_see_a_write_only_whole", others_see_a_write_only_whole},
    {"a_scan_sees_one_moment", a_scan_sees_one_moment},
    {"changes_need_a_write", changes_need_a_write},
    {"reads_between_begin_and_end_see_one_moment", reads_between_begin_and_end_see_one_moment},
    {"a_failed_write_can_only_be_rolled_back", a_failed_write_can_only_be_rolled_back},
    {"writers_in_line_lose_nothing", writers_in_line_lose_nothing},
    {"the_path_is_the_registers", the_path_is_the_registers},
    {"who_waits_no_longer_than_told", who_waits_no_longer_than_told},
};
const unsigned write_case_count = sizeof write_cases / sizeof *write_cases;
