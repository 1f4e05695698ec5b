/* SPDX-License-Identifier: Apache-2.0
 *
 * The armed wrapper: whichever call fails, and however often, the register is as before and can be
 * written again. */
#include "bed.h"

#define SOME 35000000000000

/* Everything a write can hold, as one write; the first error ends it. */
static enum err deed(struct bed *bed, const struct block *block)
{
    struct store *s = bed->s;
    struct facts_row row = {.imei = {SOME}};
    struct pair pair = {{SOME}, 9, false};
    struct batch batch = batch_of("b");
    struct load load = {.kind = "feed", .hash = {7}};
    struct party party = {77, PARTY_BODY, 0, "court"};
    const struct api_key api_key = {.id = 1, .expires = DAYNUM_LAST};
    struct finding finding = {"Tele2", DAYNUM_FIRST, "x", "y", 1};
    struct store_head head;
    enum err err = store_write_begin(s, NULL);
    err = err ? err : store_head(s, &head, NULL);
    err = err ? err : store_facts_get(s, &row, 1, NULL);
    bool exists = row.facts.exists;
    row = row_of(SOME, 3, DAYNUM_FIRST);
    row.facts.exists = exists;
    err = err ? err : store_facts_put(s, &row, 1, NULL);
    err = err ? err : store_block_append(s, block, NULL);
    err = err ? err : store_pairs_put(s, &pair, 1, NULL);
    err = err ? err : store_rules_put(s, 1, STR("a=1\n"), NULL);
    err = err ? err : store_tac_list_put(s, 1, STR("tac"), NULL);
    err = err ? err : store_batch_new(s, &batch, NULL);
    err = err ? err : store_batch_part_put(s, batch.id, 0, STR("part"), NULL);
    err = err ? err : store_batch_update(s, &batch, NULL);
    err = err ? err : store_load_put(s, &load, NULL);
    err = err ? err : store_party_put(s, &party, NULL);
    err = err ? err : store_api_key_put(s, &api_key, NULL);
    err = err ? err : store_findings_add(s, &finding, 1, NULL);
    err = err ? err : store_note_put(s, 1, 1, 1, STR("n"), NULL);
    err = err ? err : store_write_commit(s, NULL);
    if (err)
        store_write_rollback(s);
    return err;
}

static void any_call_of_a_write_may_fail(void **state)
{
    struct bed *bed = *state;
    chain_entry(&bed->chain, DAYNUM_FIRST);
    struct block block = *chain_seal(&bed->chain);
    uint64_t before = imprint(bed->s);
    uint64_t n = 1;
    for (;; n++) {
        store_faulty_arm(bed->s, n, 0, ERR_STORE_FULL);
        enum err err = deed(bed, &block);
        store_faulty_arm(bed->s, 0, 0, ERR_OK);
        if (!err)
            break;
        assert_int_equal(err, ERR_STORE_FULL);
        assert_int_equal(imprint(bed->s), before);
    }
    assert_int_equal(n, 18); /* calls of the deed, and one */
    assert_int_not_equal(imprint(bed->s), before);
    assert_true(get_row(bed->s, SOME).facts.exists);
}

static bool never_row(void *ctx, const struct facts_row *row)
{
    (void)ctx;
    (void)row;
    fail();
    return false;
}

static bool never_block(void *ctx, const struct block *block)
{
    (void)ctx;
    (void)block;
    fail();
    return false;
}

static bool never_pair(void *ctx, const struct pair *pair)
{
    (void)ctx;
    (void)pair;
    fail();
    return false;
}

static bool never_batch(void *ctx, const struct batch *batch)
{
    (void)ctx;
    (void)batch;
    fail();
    return false;
}

static bool never_party(void *ctx, const struct party *party)
{
    (void)ctx;
    (void)party;
    fail();
    return false;
}

static bool never_api_key(void *ctx, const struct api_key *key)
{
    (void)ctx;
    (void)key;
    fail();
    return false;
}

static bool never_finding(void *ctx, const struct finding *finding)
{
    (void)ctx;
    (void)finding;
    fail();
    return false;
}

static void every_verb_fails_as_told(void **state)
{
    struct bed *bed = *state;
    struct store *s = bed->s, *twin = NULL;
    chain_entry(&bed->chain, DAYNUM_FIRST);
    assert_int_equal(deed(bed, chain_seal(&bed->chain)), ERR_OK);
    uint64_t before = imprint(s);
    struct store_head head;
    struct facts_row row = {.imei = {SOME}};
    struct imei all = {IMEI_BODIES - 1};
    struct buf out = {0};
    struct batch batch = batch_of("b");
    struct load load;
    struct party party = {78, PARTY_BODY, 0, "other"}, found;
    store_faulty_arm(s, 1, 1, ERR_STORE); /* from now on all */
    struct fault fault = {0};
    assert_int_equal(store_again(s, &twin, &fault), ERR_STORE);
    assert_int_equal(fault.err, ERR_STORE);
    assert_non_null(strstr(fault.detail, "injected"));
    assert_int_equal(store_head(s, &head, NULL), ERR_STORE);
    assert_int_equal(store_blocks(s, 0, never_block, NULL, NULL), ERR_STORE);
    assert_int_equal(store_facts_get(s, &row, 1, NULL), ERR_STORE);
    assert_int_equal(store_facts_scan(s, row.imei, all, never_row, NULL, NULL), ERR_STORE);
    assert_int_equal(store_facts_due(s, DAYNUM_FIRST, DAYNUM_LAST, never_row, NULL, NULL),
                     ERR_STORE);
    assert_int_equal(store_pairs_scan(s, never_pair, NULL, NULL), ERR_STORE);
    assert_int_equal(store_rules_get(s, 1, &out, NULL), ERR_STORE);
    assert_int_equal(store_tac_list_get(s, 1, &out, NULL), ERR_STORE);
    assert_int_equal(store_batch_new(s, &batch, NULL), ERR_STORE);
    assert_int_equal(store_batch_part_put(s, 1, 0, STR("other"), NULL), ERR_STORE);
    assert_int_equal(store_batch_part_get(s, 1, 0, &out, NULL), ERR_STORE);
    assert_int_equal(store_batch_update(s, &batch, NULL), ERR_STORE);
    assert_int_equal(store_batch_drop(s, 1, NULL), ERR_STORE);
    assert_int_equal(store_batches(s, never_batch, NULL, NULL), ERR_STORE);
    assert_int_equal(store_batch_claim(s, 1, NULL), ERR_STORE);
    assert_int_equal(store_load_find(s, (const uint8_t[SHA256_BYTES]){7}, &load, NULL), ERR_STORE);
    assert_int_equal(store_party_put(s, &party, NULL), ERR_STORE);
    assert_int_equal(store_party_get(s, 77, &found, NULL), ERR_STORE);
    assert_int_equal(store_parties(s, never_party, NULL, NULL), ERR_STORE);
    assert_int_equal(store_api_key_put(s, &(struct api_key){.id = 1}, NULL), ERR_STORE);
    assert_int_equal(store_api_keys(s, never_api_key, NULL, NULL), ERR_STORE);
    assert_int_equal(store_findings(s, never_finding, NULL, NULL), ERR_STORE);
    assert_int_equal(store_note_put(s, 1, 1, 1, STR("n"), NULL), ERR_STORE);
    assert_int_equal(store_write_begin(s, NULL), ERR_STORE);
    assert_int_equal(out.n, 0);
    assert_int_equal(batch.id, 0);
    store_faulty_arm(s, 0, 0, ERR_OK);
    assert_int_equal(imprint(s), before);
}

static void calls_are_counted_over_handles(void **state)
{
    struct bed *bed = *state;
    uint64_t calls = store_faulty_calls(bed->s);
    struct store *twin = bed_again(bed);
    assert_int_equal(next_seq(twin), 1);
    assert_int_equal(store_faulty_calls(bed->s), calls + 2);
    assert_int_equal(store_faulty_calls(twin), calls + 2);
    struct store_head head;
    store_faulty_arm(bed->s, 2, 3, ERR_STORE_BUSY);
    for (int i = 1; i <= 12; i++) { /* the 2nd, 5th, 8th, 11th, whoever calls */
        enum err want = i % 3 == 2 ? ERR_STORE_BUSY : ERR_OK;
        assert_int_equal(store_head(i % 2 ? bed->s : twin, &head, NULL), want);
    }
    store_close(twin);
}

int main(void)
{
    static enum bed_kind memory = BED_FAULTY_MEMORY, sqlite = BED_FAULTY_SQLITE,
                         postgres = BED_FAULTY_POSTGRES;
    const struct CMUnitTest tests[] = {
        BED_CASE(memory, any_call_of_a_write_may_fail),
        BED_CASE(memory, every_verb_fails_as_told),
        BED_CASE(memory, calls_are_counted_over_handles),
        BED_CASE(sqlite, any_call_of_a_write_may_fail),
        BED_CASE(sqlite, every_verb_fails_as_told),
        BED_CASE(sqlite, calls_are_counted_over_handles),
        BED_CASE(postgres, any_call_of_a_write_may_fail),
        BED_CASE(postgres, every_verb_fails_as_told),
        BED_CASE(postgres, calls_are_counted_over_handles),
    };
    size_t count = sizeof tests / sizeof *tests;
    return _cmocka_run_group_tests("faulty", tests, bed_has_postgres() ? count : count - 3, NULL,
                                   NULL);
}
