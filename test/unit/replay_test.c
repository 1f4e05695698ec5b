/* SPDX-License-Identifier: Apache-2.0
 *
 * replay_test - the facts that a chain of random changes gives back, against the same changes
 * applied to plain structs; and chains that do not hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "chain.h"
#include "journal/replay.h"
#include "prop/random.h"

enum { IMEIS = 3000, ROWS = 60000, ROWS_A_BLOCK = 777 };

static void feed(struct replay *r, struct chain *c)
{
    struct fault fault = {0};
    enum err err = replay_block(r, chain_seal(c), &fault);
    if (err)
        print_message("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
}

struct ascending {
    const struct facts *facts;
    uint64_t last;
    uint64_t seen;
};

static bool check_one(void *ctx, struct imei imei, const struct facts *facts)
{
    struct ascending *a = ctx;
    assert_true(a->seen == 0 || imei.body > a->last);
    assert_true(facts_equal(facts, &a->facts[imei.body]));
    a->last = imei.body;
    a->seen++;
    return true;
}

static void random_changes_come_back(void **state)
{
    (void)state;
    struct rng rng = random_start("replay", 5);
    struct facts *facts = malloc(IMEIS * sizeof *facts);
    struct replay *r;
    struct chain c;
    bool changed;
    assert_non_null(facts);
    assert_int_equal(replay_new(&r), ERR_OK);
    chain_init(&c, 9);
    for (int i = 0; i < IMEIS; i++)
        facts_init(&facts[i]);
    chain_entry(&c, 20500);
    for (int i = 0; i < ROWS; i++) {
        struct row row = plain_row(0, REASON_VERIFIED, REASON_VERIFIED);
        row.change = random_change(&rng);
        row.change.imei.body = rng_below(&rng, rng_one_in(&rng, 2) ? IMEIS : 50);
        struct facts *f = &facts[row.change.imei.body];
        if (change_apply(f, &row.change, &changed) != ERR_OK)
            continue; /* a refused case writes no row */
        row.prev_seq = f->last_seq;
        f->last_seq = chain_row(&c, &row);
        if (c.count == ROWS_A_BLOCK)
            feed(r, &c);
    }
    feed(r, &c);

    uint64_t named = 0;
    for (uint64_t i = 0; i < IMEIS; i++) {
        struct facts got;
        bool found = replay_find(r, (struct imei){i}, &got);
        assert_int_equal(found, facts[i].last_seq != 0);
        if (!found)
            continue;
        named++;
        assert_true(facts_equal(&got, &facts[i]));
        assert_true(got.last_seq == facts[i].last_seq && got.exists);
    }
    struct ascending a = {facts, 0, 0};
    assert_int_equal(replay_each(r, check_one, &a), ERR_OK);
    assert_true(a.seen == named && replay_count(r) == named);
    assert_true(replay_next_seq(r) == c.next_seq);
    assert_true(replay_bytes(r) < 300 * named);
    replay_free(r);
    chain_release(&c);
    free(facts);
}

/* One row after a good one; the fault it must give. */
static void refused(const struct row *row, bool entry, const char *want)
{
    struct replay *r;
    struct chain c;
    struct fault fault = {0};
    assert_int_equal(replay_new(&r), ERR_OK);
    chain_init(&c, 9);
    if (entry)
        chain_entry(&c, 20500); /* 1 */
    struct row good = plain_row(5, REASON_NEVER_ACTIVATED, REASON_NEVER_ACTIVATED);
    chain_row(&c, &good); /* 2 */
    if (row)
        chain_row(&c, row); /* 3 */
    assert_int_equal(replay_block(r, chain_seal(&c), &fault), ERR_CHAIN);
    assert_string_equal(fault.detail, want);
    replay_free(r);
    chain_release(&c);
}

static void broken_chains_are_refused(void **state)
{
    (void)state;
    struct row row = plain_row(5, REASON_NEVER_ACTIVATED, REASON_NEVER_ACTIVATED);
    refused(&row, true, "row 3: names row 0 before it, that is 2");
    row.prev_seq = 3;
    refused(&row, true, "row 3: names row 3 before it, that is 2");
    row.prev_seq = 2;
    row.change.kind = CHANGE_MARK_CLEARED;
    row.change.mark = (struct mark){.kind = MARK_STOLEN, .setter = 1};
    refused(&row, true, "row 3: cannot be applied: NO_MARK");
    row = plain_row(6, REASON_NEVER_ACTIVATED, REASON_NEVER_ACTIVATED);
    row.prev_seq = 2; /* another IMEI's */
    refused(&row, true, "row 3: names row 2 before it, that is 0");
    refused(NULL, false, "row 1: belongs to no entry");
}

static void blocks_must_follow(void **state)
{
    (void)state;
    struct replay *r;
    struct chain c;
    struct fault fault = {0};
    assert_int_equal(replay_new(&r), ERR_OK);
    chain_init(&c, 9);
    chain_entry(&c, 20500);
    feed(r, &c);
    assert_int_equal(replay_block(r, &c.block, &fault), ERR_CHAIN);
    assert_string_equal(fault.detail, "block at 1 stands where 2 should follow");
    chain_entry(&c, 20500);
    chain_seal(&c);
    chain_entry(&c, 20500);
    assert_int_equal(replay_block(r, chain_seal(&c), &fault), ERR_CHAIN);
    struct facts facts;
    assert_false(replay_find(r, (struct imei){1}, &facts));
    replay_free(r);
    replay_free(NULL);
    chain_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_come_back),
        cmocka_unit_test(broken_chains_are_refused),
        cmocka_unit_test(blocks_must_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
