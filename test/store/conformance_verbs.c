/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of the single verbs, each read back. */
#include "conformance.h"

#define SOME 35000000000000

static struct store *of(void **state)
{
    return ((struct bed *)*state)->s;
}

/* ---- the chain ---- */

static void a_new_register_is_empty(void **state)
{
    struct store_head head;
    static const uint8_t zeros[SHA256_BYTES];
    assert_int_equal(store_head(of(state), &head, NULL), ERR_OK);
    assert_int_equal(head.next_seq, 1);
    assert_true(memcmp(head.register_id, zeros, REGISTER_ID_BYTES) != 0);
    assert_memory_equal(head.hash, head.register_id, REGISTER_ID_BYTES);
    assert_memory_equal(head.hash + REGISTER_ID_BYTES, zeros, SHA256_BYTES - REGISTER_ID_BYTES);
    assert_int_equal(head.rules, 0);
    assert_int_equal(head.gate.expire_through, DAYNUM_NONE);
    assert_int_equal(head.gate.swept_through, DAYNUM_NONE);
}

static void a_block_moves_the_head(void **state)
{
    struct bed *bed = *state;
    struct store_head before, head;
    assert_int_equal(store_head(bed->s, &before, NULL), ERR_OK);
    begin(bed->s);
    bed->chain.gate = (struct gate){DAYNUM_FIRST + 1, DAYNUM_FIRST + 2};
    append_block(bed, bed->s);
    assert_int_equal(next_seq(bed->s), 3); /* its own write */
    commit(bed->s);
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_OK);
    assert_int_equal(head.next_seq, 3);
    assert_memory_equal(head.hash, bed->chain.block.hash, SHA256_BYTES);
    assert_memory_equal(head.register_id, before.register_id, REGISTER_ID_BYTES);
    assert_int_equal(head.rules, 1);
    assert_int_equal(head.gate.expire_through, DAYNUM_FIRST + 1);
    assert_int_equal(head.gate.swept_through, DAYNUM_FIRST + 2);
}

static void a_block_out_of_place_is_refused(void **state)
{
    struct bed *bed = *state;
    chain_entry(&bed->chain, DAYNUM_FIRST);
    struct block wrong = *chain_seal(&bed->chain);
    wrong.header.first_seq = 2;
    begin(bed->s);
    assert_int_equal(store_block_append(bed->s, &wrong, NULL), ERR_CHAIN);
    store_write_rollback(bed->s);
    wrong.header.first_seq = 1;
    wrong.prev_hash[31] ^= 1;
    begin(bed->s);
    assert_int_equal(store_block_append(bed->s, &wrong, NULL), ERR_CHAIN);
    store_write_rollback(bed->s);
    assert_int_equal(next_seq(bed->s), 1);
}

struct seen {
    uint64_t seq[16];
    size_t n, stop_at;
    struct chain *chain;
};

static bool see_block(void *ctx, const struct block *block)
{
    struct seen *seen = ctx;
    uint8_t root[SHA256_BYTES];
    seen->seq[seen->n++] = block->header.first_seq;
    assert_int_equal(block_root(seen->chain->h, block->body, block->header.item_count, root),
                     ERR_OK);
    assert_memory_equal(root, block->root, SHA256_BYTES);
    return seen->n != seen->stop_at;
}

static void blocks_come_in_order_from_the_one_that_holds(void **state)
{
    struct bed *bed = *state;
    begin(bed->s);
    for (int i = 0; i < 4; i++) { /* 1-2, 3-4, 5-6, 7-8 */
        if (i == 2)
            chain_pair(&bed->chain, (struct imei){SOME}, UINT64_MAX, false);
        append_block(bed, bed->s);
    }
    commit(bed->s);
    static const struct {
        uint64_t from;
        size_t count;
        uint64_t first;
    } cases[] = {{0, 4, 1}, {1, 4, 1}, {2, 4, 1},       {3, 3, 3},         {4, 3, 3},
                 {8, 1, 7}, {9, 0, 0}, {1000000, 0, 0}, {UINT64_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {.chain = &bed->chain};
        assert_int_equal(store_blocks(bed->s, cases[i].from, see_block, &seen, NULL), ERR_OK);
        assert_int_equal(seen.n, cases[i].count);
        for (size_t k = 0; k < seen.n; k++)
            assert_int_equal(seen.seq[k], cases[i].first + 2 * k);
    }
    struct seen seen = {.chain = &bed->chain, .stop_at = 2};
    assert_int_equal(store_blocks(bed->s, 0, see_block, &seen, NULL), ERR_OK);
    assert_int_equal(seen.n, 2);
}

static bool last_block(void *ctx, const struct block *block)
{
    struct block *out = ctx;
    *out = *block;
    assert_int_equal(block->section.n, 15);
    return true;
}

static void a_block_comes_back_as_it_was(void **state)
{
    struct bed *bed = *state;
    begin(bed->s);
    chain_pair(&bed->chain, (struct imei){SOME}, 77, true);
    append_block(bed, bed->s);
    commit(bed->s);
    struct block got;
    const struct block *want = &bed->chain.block;
    assert_int_equal(store_blocks(bed->s, 1, last_block, &got, NULL), ERR_OK);
    assert_memory_equal(got.hash, want->hash, SHA256_BYTES);
    assert_memory_equal(got.prev_hash, want->prev_hash, SHA256_BYTES);
    assert_memory_equal(got.header.section_hash, want->header.section_hash, SHA256_BYTES);
    assert_int_equal(got.header.written_us, want->header.written_us);
    assert_int_equal(got.header.body_bytes, want->header.body_bytes);
}

/* ---- facts ---- */

static void what_was_never_put_does_not_exist(void **state)
{
    struct facts_row rows[20];
    memset(rows, 0x77, sizeof rows);
    struct facts none;
    facts_init(&none);
    for (size_t i = 0; i < 20; i++)
        rows[i].imei.body = SOME + i;
    assert_int_equal(store_facts_get(of(state), rows, 20, NULL), ERR_OK);
    for (size_t i = 0; i < 20; i++) {
        assert_false(rows[i].facts.exists);
        assert_int_equal(rows[i].due, DAYNUM_NONE);
        assert_true(facts_equal(&rows[i].facts, &none));
    }
    assert_int_equal(store_facts_get(of(state), NULL, 0, NULL), ERR_OK);
}

static void a_row_comes_back_and_is_replaced(void **state)
{
    struct store *s = of(state);
    struct facts_row row = row_of(SOME, 7, DAYNUM_FIRST + 3);
    row.facts.mark_count = 1;
    row.facts.marks[0] = (struct mark){9, DAYNUM_FIRST, DAYNUM_OPEN, MARK_STOLEN};
    save_row(s, row);
    struct facts_row got = get_row(s, SOME);
    assert_true(got.facts.exists);
    same_row(&got, &row);
    row = row_of(SOME, 8, DAYNUM_NONE);
    save_row(s, row);
    got = get_row(s, SOME);
    same_row(&got, &row);
    struct facts_row edge[2] = {row_of(0, 1, DAYNUM_LAST + 1),
                                row_of(IMEI_BODIES - 1, 2, DAYNUM_FIRST)};
    begin(s);
    assert_int_equal(store_facts_put(s, edge, 2, NULL), ERR_OK);
    commit(s);
    got = get_row(s, 0);
    same_row(&got, &edge[0]);
    got = get_row(s, IMEI_BODIES - 1);
    same_row(&got, &edge[1]);
}

/* Where rows stand and which are asked: dense, sparse, far apart, before and after all. */
static void sorted_gets_find_what_stands(void **state)
{
    struct store *s = of(state);
    enum { N = 3000 };
    static struct facts_row rows[N];
    for (uint32_t i = 0; i < N; i++)
        rows[i] = row_of(SOME + 3 * i, i, i % 2 ? DAYNUM_NONE : DAYNUM_FIRST + (daynum)i);
    begin(s);
    assert_int_equal(store_facts_put(s, rows, N, NULL), ERR_OK);
    commit(s);
    static const struct {
        uint64_t from, step;
        size_t n;
    } asks[] = {
        {SOME, 3, N},          {SOME, 1, 9000},           {SOME + 1, 3, N}, {SOME - 500, 1, 600},
        {SOME, 300, 30},       {SOME + 30, 51, 170},      {SOME, 48, 180},  {SOME + 8990, 1, 500},
        {SOME, 4500, 2},       {SOME - 100000, 997, 300}, {SOME + 5, 7, 8}, {SOME + 5, 7, 9},
        {SOME + 900, 150, 50},
    };
    static struct facts_row got[9000];
    for (size_t a = 0; a < sizeof asks / sizeof *asks; a++) {
        for (size_t i = 0; i < asks[a].n; i++)
            got[i].imei.body = asks[a].from + asks[a].step * i;
        assert_int_equal(store_facts_get(s, got, asks[a].n, NULL), ERR_OK);
        for (size_t i = 0; i < asks[a].n; i++) {
            uint64_t body = got[i].imei.body;
            bool there = body >= SOME && (body - SOME) % 3 == 0 && (body - SOME) / 3 < N;
            assert_int_equal(got[i].facts.exists, there);
            if (there)
                same_row(&got[i], &rows[(body - SOME) / 3]);
        }
    }
}

static void a_batch_of_old_and_new_rows_goes_in(void **state)
{
    struct store *s = of(state);
    enum { N = 100 };
    struct facts_row rows[N];
    for (uint32_t i = 0; i < N; i += 2)
        save_row(s, row_of(SOME + i, i, DAYNUM_FIRST + 5));
    begin(s);
    for (uint32_t i = 0; i < N; i++) {
        rows[i] = row_of(SOME + i, 1000 + i, DAYNUM_FIRST + 6);
        rows[i].facts.exists = i % 2 == 0;
    }
    assert_int_equal(store_facts_put(s, rows, N, NULL), ERR_OK);
    commit(s);
    for (uint32_t i = 0; i < N; i++) {
        struct facts_row got = get_row(s, SOME + i);
        same_row(&got, &rows[i]);
    }
}

struct walked {
    uint64_t body[64];
    daynum due[64];
    size_t n, stop_at;
};

static bool walk_row(void *ctx, const struct facts_row *row)
{
    struct walked *w = ctx;
    w->body[w->n] = row->imei.body;
    w->due[w->n++] = row->due;
    return w->n != w->stop_at;
}

static void a_scan_goes_up_between_its_ends(void **state)
{
    struct store *s = of(state);
    for (uint32_t i = 0; i < 10; i++)
        save_row(s, row_of(SOME + 10 * (9 - i), i, DAYNUM_NONE));
    struct walked w = {0};
    assert_int_equal(
        store_facts_scan(s, (struct imei){SOME + 10}, (struct imei){SOME + 30}, walk_row, &w, NULL),
        ERR_OK);
    assert_int_equal(w.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(w.body[i], SOME + 10 * (i + 1));
    w = (struct walked){.stop_at = 4};
    assert_int_equal(
        store_facts_scan(s, (struct imei){0}, (struct imei){IMEI_BODIES - 1}, walk_row, &w, NULL),
        ERR_OK);
    assert_int_equal(w.n, 4);
    w = (struct walked){0};
    assert_int_equal(
        store_facts_scan(s, (struct imei){SOME + 91}, (struct imei){SOME + 99}, walk_row, &w, NULL),
        ERR_OK);
    assert_int_equal(w.n, 0);
}

static void due_rows_come_by_day_then_imei(void **state)
{
    struct store *s = of(state);
    daynum d = DAYNUM_FIRST + 100;
    save_row(s, row_of(SOME + 5, 1, d + 1));
    save_row(s, row_of(SOME + 4, 2, d));
    save_row(s, row_of(SOME + 3, 3, d + 1));
    save_row(s, row_of(SOME + 2, 4, DAYNUM_NONE));
    save_row(s, row_of(SOME + 1, 5, d + 2));
    save_row(s, row_of(SOME + 9, 6, d - 1));
    struct walked w = {0};
    assert_int_equal(store_facts_due(s, d, d + 1, walk_row, &w, NULL), ERR_OK);
    assert_int_equal(w.n, 3);
    assert_int_equal(w.body[0], SOME + 4);
    assert_int_equal(w.body[1], SOME + 3);
    assert_int_equal(w.body[2], SOME + 5);
    assert_int_equal(w.due[2], d + 1);
    save_row(s, row_of(SOME + 4, 2, DAYNUM_NONE)); /* no longer due */
    save_row(s, row_of(SOME + 3, 2, d));           /* earlier */
    w = (struct walked){.stop_at = 2};
    assert_int_equal(store_facts_due(s, d, d + 1, walk_row, &w, NULL), ERR_OK);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.body[0], SOME + 3);
    assert_int_equal(w.body[1], SOME + 5);
    w = (struct walked){0};
    assert_int_equal(store_facts_due(s, d - 1, d - 1, walk_row, &w, NULL), ERR_OK);
    assert_int_equal(w.n, 1);
}

static bool get_another(void *ctx, const struct facts_row *row)
{
    struct facts_row rows[12];
    for (size_t i = 0; i < 12; i++)
        rows[i].imei.body = row->imei.body + i;
    assert_int_equal(store_facts_get(ctx, rows, 12, NULL), ERR_OK);
    assert_true(rows[0].facts.exists);
    assert_int_equal(next_seq(ctx), 1);
    return true;
}

static void other_verbs_work_within_a_callback(void **state)
{
    struct store *s = of(state);
    for (uint32_t i = 0; i < 5; i++)
        save_row(s, row_of(SOME + i, i, DAYNUM_FIRST));
    struct imei all = {IMEI_BODIES - 1};
    assert_int_equal(store_facts_scan(s, (struct imei){0}, all, get_another, s, NULL), ERR_OK);
    assert_int_equal(store_facts_due(s, DAYNUM_FIRST, DAYNUM_FIRST, get_another, s, NULL), ERR_OK);
}

/* ---- pairs, rule sets, TAC lists ---- */

struct paired {
    struct pair pair[16];
    size_t n, stop_at;
};

static bool see_pair(void *ctx, const struct pair *pair)
{
    struct paired *p = ctx;
    p->pair[p->n++] = *pair;
    return p->n != p->stop_at;
}

static void pairs_are_kept_in_order(void **state)
{
    struct store *s = of(state);
    const struct pair pairs[] = {{{SOME + 1}, 5, false},
                                 {{SOME}, UINT64_MAX, false},
                                 {{SOME}, 1, false},
                                 {{SOME}, UINT64_C(1) << 63, false},
                                 {{SOME}, 1, false}};
    begin(s);
    assert_int_equal(store_pairs_put(s, pairs, 5, NULL), ERR_OK);
    commit(s);
    struct paired p = {0};
    assert_int_equal(store_pairs_scan(s, see_pair, &p, NULL), ERR_OK);
    assert_int_equal(p.n, 4);
    assert_int_equal(p.pair[0].subscriber, 1);
    assert_true(p.pair[1].subscriber == UINT64_C(1) << 63);
    assert_true(p.pair[2].subscriber == UINT64_MAX);
    assert_int_equal(p.pair[3].imei.body, SOME + 1);
    const struct pair gone[] = {{{SOME}, 1, true}, {{SOME}, 2, true}};
    begin(s);
    assert_int_equal(store_pairs_put(s, gone, 2, NULL), ERR_OK);
    commit(s);
    p = (struct paired){.stop_at = 2};
    assert_int_equal(store_pairs_scan(s, see_pair, &p, NULL), ERR_OK);
    assert_int_equal(p.n, 2);
    assert_true(p.pair[0].subscriber == UINT64_C(1) << 63);
}

static void numbered_texts_are_kept(void **state)
{
    struct store *s = of(state);
    struct buf out = {0};
    buf_str(&out, STR("before "));
    assert_int_equal(store_rules_get(s, 1, &out, NULL), ERR_NOT_FOUND);
    assert_int_equal(store_tac_list_get(s, 1, &out, NULL), ERR_NOT_FOUND);
    assert_int_equal(out.n, 7);
    begin(s);
    assert_int_equal(store_rules_put(s, 1, STR("a=1\n"), NULL), ERR_OK);
    assert_int_equal(store_rules_put(s, UINT32_MAX, STR(""), NULL), ERR_OK);
    assert_int_equal(store_tac_list_put(s, 1, STR("TG\0T1"), NULL), ERR_OK);
    assert_int_equal(store_rules_get(s, 2, &out, NULL), ERR_NOT_FOUND); /* harms no write */
    commit(s);
    assert_int_equal(store_rules_get(s, 1, &out, NULL), ERR_OK);
    assert_int_equal(store_rules_get(s, UINT32_MAX, &out, NULL), ERR_OK);
    assert_int_equal(store_tac_list_get(s, 1, &out, NULL), ERR_OK);
    assert_int_equal(out.n, 16);
    assert_memory_equal(out.p, "before a=1\nTG\0T1", 16);
    buf_release(&out);
}

/* ---- batches ---- */

struct batches {
    struct batch batch[8];
    size_t n, stop_at;
};

static bool see_batch(void *ctx, const struct batch *batch)
{
    struct batches *b = ctx;
    b->batch[b->n++] = *batch;
    return b->n != b->stop_at;
}

static struct batches batches(struct store *s)
{
    struct batches b = {0};
    assert_int_equal(store_batches(s, see_batch, &b, NULL), ERR_OK);
    return b;
}

static void a_batch_comes_back_as_it_was(void **state)
{
    struct store *s = of(state);
    struct batch a = batch_of("import amnesty \xd0\xb6.txt"), b = batch_of("");
    assert_int_equal(store_batch_new(s, &a, NULL), ERR_OK);
    assert_int_equal(store_batch_new(s, &b, NULL), ERR_OK);
    assert_true(a.id > 0 && b.id > a.id);
    b.state = BATCH_OPEN;
    b.intent_seq = UINT64_C(1) << 40;
    b.rows = 12;
    b.next_part = 1;
    b.entry.document_n = 0;
    assert_int_equal(store_batch_update(s, &b, NULL), ERR_OK);
    struct batches all = batches(s);
    assert_int_equal(all.n, 2);
    const struct batch *want[] = {&a, &b};
    for (size_t i = 0; i < 2; i++) {
        const struct batch *got = &all.batch[i], *w = want[i];
        assert_int_equal(got->id, w->id);
        assert_int_equal(got->state, w->state);
        assert_int_equal(got->intent_seq, w->intent_seq);
        assert_int_equal(got->count, w->count);
        assert_int_equal(got->rows, w->rows);
        assert_int_equal(got->parts, w->parts);
        assert_int_equal(got->next_part, w->next_part);
        assert_int_equal(got->time_ms, w->time_ms);
        assert_true(got->actor == w->actor);
        assert_string_equal(got->label, w->label);
        assert_memory_equal(got->load_hash, w->load_hash, sizeof w->load_hash);
        assert_int_equal(got->rules_number, w->rules_number);
        assert_int_equal(got->tac_list, w->tac_list);
        assert_int_equal(got->entry.event, w->entry.event);
        assert_int_equal(got->entry.flags, w->entry.flags);
        assert_int_equal(got->entry.ground, w->entry.ground);
        assert_int_equal(got->entry.actor, w->entry.actor);
        assert_true(got->entry.party == w->entry.party);
        assert_int_equal(got->entry.time_ms, w->entry.time_ms);
        assert_int_equal(got->entry.effective, w->entry.effective);
        assert_int_equal(got->entry.batch, w->entry.batch);
        assert_int_equal(got->entry.count, w->entry.count);
        assert_memory_equal(got->entry.digest, w->entry.digest, sizeof w->entry.digest);
        assert_int_equal(got->entry.document_n, w->entry.document_n);
        assert_memory_equal(got->entry.document, w->entry.document, w->entry.document_n);
    }
    struct batches one = {.stop_at = 1};
    assert_int_equal(store_batches(s, see_batch, &one, NULL), ERR_OK);
    assert_int_equal(one.n, 1);
}

static bool has_part(struct store *s, uint64_t id, uint32_t part, const char *want)
{
    struct buf out = {0};
    enum err err = store_batch_part_get(s, id, part, &out, NULL);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    if (!err && want)
        assert_true(str_eq((struct str){(const char *)out.p, out.n}, str_z(want)));
    buf_release(&out);
    return !err;
}

static void parts_live_as_long_as_they_are_needed(void **state)
{
    struct store *s = of(state);
    struct batch a = batch_of("a"), b = batch_of("b");
    assert_int_equal(store_batch_new(s, &a, NULL), ERR_OK);
    assert_int_equal(store_batch_new(s, &b, NULL), ERR_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(store_batch_part_put(s, a.id, i, STR("part of a"), NULL), ERR_OK);
        assert_int_equal(store_batch_part_put(s, b.id, i, STR("part of b"), NULL), ERR_OK);
    }
    assert_int_equal(store_batch_part_put(s, a.id, 2, STR("again"), NULL), ERR_OK);
    assert_true(has_part(s, a.id, 2, "again"));
    assert_int_equal(store_batch_part_put(s, b.id + 1, 0, STR("x"), NULL), ERR_NOT_FOUND);
    assert_false(has_part(s, b.id + 1, 0, NULL));
    assert_false(has_part(s, a.id, 3, NULL));
    a.next_part = 2;
    assert_int_equal(store_batch_update(s, &a, NULL), ERR_OK);
    assert_false(has_part(s, a.id, 0, NULL));
    assert_false(has_part(s, a.id, 1, NULL));
    assert_true(has_part(s, a.id, 2, "again"));
    assert_true(has_part(s, b.id, 0, "part of b"));
    assert_int_equal(store_batch_drop(s, a.id, NULL), ERR_OK);
    assert_false(has_part(s, a.id, 2, NULL));
    assert_true(has_part(s, b.id, 2, "part of b"));
    assert_int_equal(batches(s).n, 1);
    assert_int_equal(store_batch_update(s, &a, NULL), ERR_NOT_FOUND);
    assert_int_equal(store_batch_drop(s, b.id, NULL), ERR_OK);
    struct batch c = batch_of("c");
    assert_int_equal(store_batch_new(s, &c, NULL), ERR_OK);
    assert_true(c.id > b.id); /* numbers are not used again */
}

static void a_batch_in_a_write_shares_its_fate(void **state)
{
    struct store *s = of(state);
    struct batch a = batch_of("a");
    begin(s);
    assert_int_equal(store_batch_new(s, &a, NULL), ERR_OK);
    assert_int_equal(store_batch_part_put(s, a.id, 0, STR("x"), NULL), ERR_OK);
    assert_int_equal(batches(s).n, 1);
    store_write_rollback(s);
    assert_int_equal(batches(s).n, 0);
    assert_false(has_part(s, a.id, 0, NULL));
}

static void a_claim_has_one_owner(void **state)
{
    struct bed *bed = *state;
    struct store *other = bed_again(bed);
    assert_int_equal(store_batch_claim(bed->s, 1, NULL), ERR_OK);
    assert_int_equal(store_batch_claim(bed->s, 1, NULL), ERR_OK); /* it is ours */
    assert_int_equal(store_batch_claim(other, 1, NULL), ERR_STORE_BUSY);
    assert_int_equal(store_batch_claim(other, 2, NULL), ERR_OK);
    assert_int_equal(store_batch_claim(bed->s, 2, NULL), ERR_STORE_BUSY);
    store_batch_release(other, 1); /* not its own */
    assert_int_equal(store_batch_claim(other, 1, NULL), ERR_STORE_BUSY);
    store_batch_release(bed->s, 1);
    assert_int_equal(store_batch_claim(other, 1, NULL), ERR_OK);
    begin(bed->s); /* a claim stands apart from writes */
    assert_int_equal(store_batch_claim(other, 3, NULL), ERR_OK);
    store_write_rollback(bed->s);
    store_close(other);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(store_batch_claim(bed->s, id, NULL), ERR_OK);
}

/* ---- loads, parties, findings, notes ---- */

static void loads_are_remembered(void **state)
{
    struct store *s = of(state);
    struct load load = {.kind = "feed",
                        .operator_name = "Beeline \xd2\x9a",
                        .time_ms = -5,
                        .rows = 3,
                        .changes = 2,
                        .seq = 99};
    struct load got;
    memset(load.hash, 0xfe, sizeof load.hash);
    assert_int_equal(store_load_find(s, load.hash, &got, NULL), ERR_NOT_FOUND);
    begin(s);
    assert_int_equal(store_load_put(s, &load, NULL), ERR_OK);
    load.rows = 4;
    assert_int_equal(store_load_put(s, &load, NULL), ERR_OK);
    commit(s);
    assert_int_equal(store_load_find(s, load.hash, &got, NULL), ERR_OK);
    assert_memory_equal(got.hash, load.hash, sizeof load.hash);
    assert_string_equal(got.kind, "feed");
    assert_string_equal(got.operator_name, load.operator_name);
    assert_int_equal(got.time_ms, -5);
    assert_int_equal(got.rows, 4);
    assert_int_equal(got.changes, 2);
    assert_int_equal(got.seq, 99);
    load.hash[31] ^= 1;
    assert_int_equal(store_load_find(s, load.hash, &got, NULL), ERR_NOT_FOUND);
}

struct parties {
    struct party party[8];
    size_t n;
};

static bool see_party(void *ctx, const struct party *party)
{
    struct parties *p = ctx;
    p->party[p->n++] = *party;
    return true;
}

static void parties_are_kept_and_replaced(void **state)
{
    struct store *s = of(state);
    struct party police = {INT64_MAX, PARTY_BODY, 0, "police"};
    struct party clerk = {42, PARTY_ACCOUNT, PARTY_STAFF, "clerk"};
    struct party got;
    assert_int_equal(store_party_get(s, 42, &got, NULL), ERR_NOT_FOUND);
    assert_int_equal(store_party_put(s, &police, NULL), ERR_OK);
    assert_int_equal(store_party_put(s, &clerk, NULL), ERR_OK);
    assert_int_equal(store_party_get(s, INT64_MAX, &got, NULL), ERR_OK);
    assert_string_equal(got.name, "police");
    assert_int_equal(got.kind, PARTY_BODY);
    clerk.flags = 0;
    memset(clerk.name, 'x', LIMIT_NAME);
    begin(s);
    assert_int_equal(store_party_put(s, &clerk, NULL), ERR_OK);
    commit(s);
    assert_int_equal(store_party_get(s, 42, &got, NULL), ERR_OK);
    assert_int_equal(got.flags, 0);
    assert_string_equal(got.name, clerk.name);
    struct parties all = {0};
    assert_int_equal(store_parties(s, see_party, &all, NULL), ERR_OK);
    assert_int_equal(all.n, 2);
}

struct api_keys {
    struct api_key key[4];
    size_t n, stop_at;
};

static bool see_api_key(void *ctx, const struct api_key *key)
{
    struct api_keys *k = ctx;
    k->key[k->n++] = *key;
    return k->n != k->stop_at;
}

static struct api_keys api_keys(struct store *s)
{
    struct api_keys k = {0};
    assert_int_equal(store_api_keys(s, see_api_key, &k, NULL), ERR_OK);
    return k;
}

static void api_keys_are_kept_and_replaced(void **state)
{
    struct store *s = of(state);
    struct api_key high = {.id = UINT32_MAX,
                           .kind = API_KEY_SIGNED,
                           .scopes = API_SCOPE_CHECK | API_SCOPE_CHECK_BATCH,
                           .name = "egov \xd2\x9a",
                           .secret_n = API_KEY_SECRET,
                           .expires = DAYNUM_LAST,
                           .created_ms = -7,
                           .created_by = INT64_MAX};
    struct api_key low = {.id = 1, .kind = API_KEY_BEARER, .secret_n = 32, .expires = DAYNUM_FIRST};
    memset(high.secret, 0xfe, sizeof high.secret);
    assert_int_equal(api_keys(s).n, 0);
    assert_int_equal(store_api_key_put(s, &high, NULL), ERR_OK);
    begin(s);
    assert_int_equal(store_api_key_put(s, &low, NULL), ERR_OK);
    low.revoked_ms = 99;
    low.revoked_by = 5;
    assert_int_equal(store_api_key_put(s, &low, NULL), ERR_OK);
    commit(s);
    begin(s);
    low.name[0] = 'x';
    assert_int_equal(store_api_key_put(s, &low, NULL), ERR_OK);
    store_write_rollback(s);
    struct api_keys all = api_keys(s), one = {.stop_at = 1};
    assert_int_equal(all.n, 2);
    assert_int_equal(all.key[0].id, 1);
    assert_int_equal(all.key[0].revoked_ms, 99);
    assert_int_equal(all.key[0].revoked_by, 5);
    assert_string_equal(all.key[0].name, "");
    const struct api_key *got = &all.key[1];
    assert_int_equal(got->id, UINT32_MAX);
    assert_int_equal(got->kind, API_KEY_SIGNED);
    assert_int_equal(got->scopes, high.scopes);
    assert_string_equal(got->name, high.name);
    assert_int_equal(got->secret_n, API_KEY_SECRET);
    assert_memory_equal(got->secret, high.secret, API_KEY_SECRET);
    assert_int_equal(got->expires, DAYNUM_LAST);
    assert_int_equal(got->created_ms, -7);
    assert_true(got->created_by == INT64_MAX);
    assert_int_equal(got->revoked_ms, 0);
    assert_int_equal(store_api_keys(s, see_api_key, &one, NULL), ERR_OK);
    assert_int_equal(one.n, 1);
}

struct findings {
    struct finding finding[8];
    size_t n;
};

static bool see_finding(void *ctx, const struct finding *finding)
{
    struct findings *f = ctx;
    f->finding[f->n++] = *finding;
    return true;
}

static void findings_add_up(void **state)
{
    struct store *s = of(state);
    const struct finding some[] = {
        {"Kcell", DAYNUM_FIRST, "imei_form", "\xff\xfe garbage", 2},
        {"Kcell", DAYNUM_NONE, "imei_form", "", 1},
        {"Activ", DAYNUM_FIRST, "rat_unknown", "6G", UINT32_MAX},
        {"Kcell", DAYNUM_FIRST, "imei_form", "\xff\xfe garbage", 5},
    };
    for (int i = 0; i < 2; i++) {
        begin(s);
        assert_int_equal(store_findings_add(s, some, 4, NULL), ERR_OK);
        commit(s);
    }
    struct findings all = {0};
    assert_int_equal(store_findings(s, see_finding, &all, NULL), ERR_OK);
    assert_int_equal(all.n, 3);
    assert_string_equal(all.finding[0].operator_name, "Activ");
    assert_int_equal(all.finding[0].count, 2 * (uint64_t)UINT32_MAX);
    assert_int_equal(all.finding[1].day, DAYNUM_NONE);
    assert_int_equal(all.finding[1].count, 2);
    assert_string_equal(all.finding[2].raw, "\xff\xfe garbage");
    assert_string_equal(all.finding[2].kind, "imei_form");
    assert_int_equal(all.finding[2].count, 14);
}

static void notes_are_taken(void **state)
{
    struct store *s = of(state);
    assert_int_equal(store_note_put(s, 1, 2, 3, STR("why"), NULL), ERR_OK);
    begin(s);
    assert_int_equal(store_note_put(s, 0, 2, 3, STR(""), NULL), ERR_OK);
    commit(s);
}

const struct conformance_case verb_cases[] = {
    {"a_new_register_is_empty", a_new_register_is_empty},
    {"a_block_moves_the_head", a_block_moves_the_head},
    {"a_block_out_of_place_is_refused", a_block_out_of_place_is_refused},
    {"blocks_come_in_order_from_the_one_that_holds", blocks_come_in_order_from_the_one_that_holds},
    {"a_block_comes_back_as_it_was", a_block_comes_back_as_it_was},
    {"what_was_never_put_does_not_exist", what_was_never_put_does_not_exist},
    {"a_row_comes_back_and_is_replaced", a_row_comes_back_and_is_replaced},
    {"sorted_gets_find_what_stands", sorted_gets_find_what_stands},
    {"a_batch_of_old_and_new_rows_goes_in", a_batch_of_old_and_new_rows_goes_in},
    {"a_scan_goes_up_between_its_ends", a_scan_goes_up_between_its_ends},
    {"due_rows_come_by_day_then_imei", due_rows_come_by_day_then_imei},
    {"other_verbs_work_within_a_callback", other_verbs_work_within_a_callback},
    {"pairs_are_kept_in_order", pairs_are_kept_in_order},
    {"numbered_texts_are_kept", numbered_texts_are_kept},
    {"a_batch_comes_back_as_it_was", a_batch_comes_back_as_it_was},
    {"parts_live_as_long_as_they_are_needed", parts_live_as_long_as_they_are_needed},
    {"a_batch_in_a_write_shares_its_fate", a_batch_in_a_write_shares_its_fate},
    {"a_claim_has_one_owner", a_claim_has_one_owner},
    {"loads_are_remembered", loads_are_remembered},
    {"parties_are_kept_and_replaced", parties_are_kept_and_replaced},
    {"api_keys_are_kept_and_replaced", api_keys_are_kept_and_replaced},
    {"findings_add_up", findings_add_up},
    {"notes_are_taken", notes_are_taken},
};
const unsigned verb_case_count = sizeof verb_cases / sizeof *verb_cases;
