/* SPDX-License-Identifier: Apache-2.0
 *
 * One road for every write: cases stand or fall alone, many threads meet in one transaction, and
 * a store that fails at any call leaves the register whole. */
#include "app/fixture.h"

#include <pthread.h>

#include "app/commit.h"
#include "app/verify.h"
#include "app/whatif.h"

#define PHONE 35735007990200ULL

static struct change mark_change(uint64_t body, uint64_t setter)
{
    return (struct change){
        .imei = {body},
        .kind = CHANGE_MARK_SET,
        .mark = {.kind = MARK_STOLEN, .setter = setter, .from = DAYNUM_FIRST, .last = DAYNUM_OPEN}};
}

static void a_refused_case_drops_out_alone(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct change set = mark_change(PHONE, 1);
    struct change wrong[2] = {mark_change(PHONE + 1, 1), mark_change(PHONE, 2)};
    wrong[1].kind = CHANGE_MARK_CLEARED;
    struct change other = mark_change(PHONE + 2, 1);
    struct commit_case a = {
        .entry = {.event = EVENT_SUSPENDED, .effective = DAYNUM_NONE}, .changes = &set, .count = 1};
    struct commit_case b = {.entry = a.entry, .changes = wrong, .count = 2};
    struct commit_case c = {.entry = a.entry, .changes = &other, .count = 1};
    struct commit_case *cases[] = {&a, &b, &c};
    uint64_t seq = f->reg->head.next_seq;
    OK(commit_cases(f->reg, cases, 3, NULL, NULL));
    assert_int_equal(a.err, ERR_OK);
    assert_int_equal(b.err, ERR_NOT_SETTER);
    assert_int_equal(b.refused.body, PHONE);
    assert_int_equal(c.err, ERR_OK);
    assert_int_equal(a.seq, seq);
    assert_int_equal(c.seq, seq + 2); /* no gap where b was */
    assert_int_equal(f->reg->head.next_seq, seq + 4);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_STOLEN);
    assert_false(fixture_facts(f, PHONE + 1).exists);
    fixture_whole(f);
    fixture_free(f);
}

static void nothing_moved_writes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct change set = mark_change(PHONE, 1);
    struct commit_case c = {
        .entry = {.event = EVENT_SUSPENDED, .effective = DAYNUM_NONE}, .changes = &set, .count = 1};
    OK(commit_one(f->reg, &c, NULL));
    uint64_t seq = f->reg->head.next_seq;
    struct commit_case again = {
        .entry = {.event = EVENT_SUSPENDED, .effective = DAYNUM_NONE}, .changes = &set, .count = 1};
    OK(commit_one(f->reg, &again, NULL));
    assert_int_equal(again.seq, 0);
    assert_int_equal(again.rows, 0);
    OK(registry_refresh(f->reg, NULL));
    assert_int_equal(f->reg->head.next_seq, seq);
    fixture_free(f);
}

/* ---- the committer ---- */

enum { CALLERS = 16, EACH = 40 };

struct caller {
    struct committer *committer;
    uint64_t first;
    unsigned refused, done;
};

static void *call(void *arg)
{
    struct caller *caller = arg;
    for (uint64_t i = 0; i < EACH; i++) {
        /* every fourth clears a mark that nobody set */
        struct change change = mark_change(caller->first + i, 1);
        if (i % 4 == 3)
            change.kind = CHANGE_MARK_CLEARED;
        struct commit_case c = {.entry = {.event = EVENT_SUSPENDED, .effective = DAYNUM_NONE},
                                .changes = &change,
                                .count = 1};
        enum err err = committer_submit(caller->committer, &c);
        caller->refused += err == ERR_NO_MARK;
        caller->done += err == ERR_OK && c.seq != 0;
    }
    return NULL;
}

static void many_callers_meet(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct committer *committer;
    struct registry *own;
    OK(registry_again(f->reg, &own, NULL));
    OK(committer_new(own, &committer));
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){committer, PHONE + i * EACH, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].refused, EACH / 4);
        assert_int_equal(callers[i].done, EACH - EACH / 4);
    }
    committer_free(committer);
    registry_close(own);
    for (uint64_t i = 0; i < CALLERS * EACH; i++)
        assert_int_equal(fixture_facts(f, PHONE + i).mark_count, i % 4 == 3 ? 0 : 1);
    fixture_whole(f);
    fixture_free(f);
}

/* ---- a store that fails ---- */

static enum err do_all(struct registry *reg)
{
    struct suspension s = fixture_mark(MARK_LOST);
    struct imei imeis[3] = {{PHONE}, {PHONE + 1}, {PHONE + 2}};
    struct approving how = {.kind = APPROVAL_IMPORT, .at = 1772000000, .party = 7};
    struct device device = {.imeis = {{PHONE + 5}, {PHONE + 6}}, .count = 2};
    struct batch_result result;
    enum err err = suspend(reg, &s, imeis, 3, &result, NULL);
    if (!err)
        err = verify_device(reg, NULL, &how, &device, NULL);
    struct changes list = {0};
    for (uint64_t i = 0; !err && i < 10; i++)
        changes_add(&list, &(struct change){.imei = {PHONE + i}, .kind = CHANGE_GSMA, .on = true});
    struct batch_plan plan = {
        .entry = {.event = EVENT_GSMA}, .label = "test", .source = changes_source(&list)};
    if (!err)
        err = batch_run(reg, &plan, &result, NULL);
    changes_release(&list);
    return err;
}

static void any_call_may_fail(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct fixture *f = fixture_sqlite("2026-03-10");
        struct store *faulty;
        OK(store_faulty_new(f->reg->store, &faulty));
        f->reg->store = faulty;
        store_faulty_arm(faulty, n, 0, n % 2 ? ERR_STORE : ERR_STORE_FULL);
        enum err err = do_all(f->reg);
        if (!err) { /* n lies behind the last call */
            fixture_free(f);
            assert_true(n > 20);
            return;
        }
        assert_true(err == ERR_STORE || err == ERR_STORE_FULL);
        fixture_reopen(f); /* finishes what stands open */
        fixture_whole(f);
        /* the batch is whole or not there */
        unsigned listed = 0;
        for (uint64_t i = 0; i < 10; i++)
            listed += (fixture_facts(f, PHONE + i).flags & FACTS_GSMA) != 0;
        assert_true(listed == 0 || listed == 10);
        OK(do_all(f->reg)); /* and doing it again is possible */
        fixture_whole(f);
        fixture_free(f);
    }
}

/* Another process brings a list of models; reading it fails once. The registry must go on by the old
 * set and the old list, then by the new of both: never by one of each. */
static void a_rule_set_is_taken_over_whole(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 3; n++) { /* head, rules, list */
        struct fixture *f = fixture_memory("2026-03-10");
        struct registry *other;
        OK(registry_again(f->reg, &other, NULL));
        struct tac_builder *builder = tac_builder_new();
        struct buf packed = {0};
        assert_non_null(builder);
        OK(tac_builder_add(builder, 35735007, TAC_DEVICE, STR("Maker"), STR("Model")));
        OK(tac_builder_pack(builder, &packed));
        tac_builder_free(builder);
        struct rules rules = other->rules;
        rules.tac_list_complete = true;
        rules.tac_list_date = fixture_daynum("2026-03-10");
        struct rules_plan plan = {
            .rules = &rules, .tac_list = {(char *)packed.p, packed.n}, .label = "list"};
        struct batch_result result;
        OK(rules_change(other, &plan, &result, NULL));
        buf_release(&packed);
        registry_close(other);

        struct store *faulty;
        OK(store_faulty_new(f->reg->store, &faulty));
        f->reg->store = faulty;
        store_faulty_arm(faulty, n, 0, ERR_STORE);
        enum err err = registry_refresh(f->reg, NULL);
        assert_int_equal(f->reg->rules.number == 2, err == ERR_OK);
        assert_int_equal(f->reg->tac != NULL, f->reg->rules.number == 2);
        assert_int_equal(err, ERR_STORE);
        OK(registry_refresh(f->reg, NULL));
        assert_int_equal(f->reg->rules.number, 2);
        assert_ptr_equal(f->reg->rules.tac, f->reg->tac);
        assert_int_equal(tac_table_count(f->reg->tac), 1);
        fixture_free(f);
    }
}

/* ---- records beside facts ---- */

struct paper {
    const char *key, *value;
    enum err refuse; /* by ask */
    enum err fail;   /* by also */
    char found[16];  /* what ask found under "last" */
    uint64_t seq;
};

static enum err ask(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct paper *p = c->ctx;
    struct buf last = {0};
    (void)fault;
    if (store_record_get(reg->store, STR("last"), &last, NULL) == ERR_OK)
        str_copy(p->found, sizeof p->found, (struct str){(const char *)last.p, last.n});
    buf_release(&last);
    return p->refuse;
}

static enum err also(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct paper *p = c->ctx;
    const struct record two[] = {{str_z(p->key), str_z(p->value)}, {STR("last"), str_z(p->value)}};
    p->seq = c->seq;
    return p->fail ? p->fail : store_records_put(reg->store, two, 2, fault);
}

static bool has(struct fixture *f, const char *key)
{
    struct buf value = {0};
    enum err err = store_record_get(f->reg->store, str_z(key), &value, NULL);
    buf_release(&value);
    return err == ERR_OK;
}

static void records_go_with_their_case(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct change set[3] = {mark_change(PHONE, 1), mark_change(PHONE + 1, 1),
                            mark_change(PHONE + 2, 1)};
    struct paper papers[4] = {{.key = "a", .value = "1"},
                              {.key = "b", .value = "2", .refuse = ERR_HELD},
                              {.key = "c", .value = "3"},
                              {.key = "d", .value = "4"}};
    struct commit_case cases[4];
    struct commit_case *list[4];
    for (int i = 0; i < 4; i++) {
        cases[i] =
            (struct commit_case){.entry = {.event = EVENT_SUSPENDED, .effective = DAYNUM_NONE},
                                 .changes = i < 3 ? &set[i] : NULL,
                                 .count = i < 3,
                                 .ask = ask,
                                 .also = also,
                                 .ctx = &papers[i]};
        list[i] = &cases[i];
    }
    OK(commit_cases(f->reg, list, 4, NULL, NULL));
    assert_int_equal(cases[1].err, ERR_HELD);
    assert_true(has(f, "a") && !has(f, "b") && has(f, "c") && has(f, "d"));
    assert_string_equal(papers[0].found, "");
    assert_string_equal(papers[2].found, "1"); /* what the case before it wrote */
    assert_int_equal(papers[2].seq, cases[2].seq);
    assert_int_equal(papers[3].seq, 0); /* nothing moved: no entry, and the record stands */
    assert_false(fixture_facts(f, PHONE + 1).exists);
    fixture_whole(f);
    uint64_t seq = f->reg->head.next_seq;
    papers[0] = (struct paper){.key = "e", .value = "5", .fail = ERR_STORE};
    papers[3] = (struct paper){.key = "g", .value = "6"};
    set[0] = mark_change(PHONE + 9, 1);
    list[1] = &cases[3];
    assert_int_equal(commit_cases(f->reg, list, 2, NULL, NULL), ERR_STORE);
    assert_true(!has(f, "e") && !has(f, "g"));
    assert_false(fixture_facts(f, PHONE + 9).exists);
    assert_int_equal(f->reg->head.next_seq, seq);
    list[0] = &cases[3];
    OK(commit_cases(f->reg, list, 1, NULL, NULL)); /* records alone */
    assert_true(has(f, "g"));
    assert_int_equal(f->reg->head.next_seq, seq);
    fixture_whole(f);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_case_drops_out_alone),
        cmocka_unit_test(nothing_moved_writes_nothing),
        cmocka_unit_test(many_callers_meet),
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(a_rule_set_is_taken_over_whole),
        cmocka_unit_test(records_go_with_their_case),
    };
    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
