/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs for whoever moves or mends a whole register. */
#include "conformance.h"

#define SOME 35000000000000

static void a_head_can_be_replaced(void **state)
{
    struct bed *bed = *state;
    struct store_head head, got, other = {.next_seq = 1, .rules = 7, .moving = SOME, .rebuilt = 3};
    assert_int_equal(store_head(bed->s, &head, NULL), ERR_OK);
    assert_int_equal(head.moving, 0);
    assert_int_equal(head.rebuilt, 0);
    assert_int_equal(store_head_put(bed->s, &other, NULL), ERR_STORE); /* outside of a write */
    memset(other.register_id, 7, sizeof other.register_id);
    memset(other.hash, 9, sizeof other.hash);
    other.gate = (struct gate){DAYNUM_FIRST + 1, DAYNUM_FIRST + 2};
    begin(bed->s);
    assert_int_equal(store_head_put(bed->s, &other, NULL), ERR_OK);
    store_write_rollback(bed->s);
    assert_int_equal(store_head(bed->s, &got, NULL), ERR_OK);
    assert_memory_equal(got.register_id, head.register_id, sizeof got.register_id);
    begin(bed->s);
    assert_int_equal(store_head_put(bed->s, &other, NULL), ERR_OK);
    commit(bed->s);
    assert_int_equal(store_head(bed->s, &got, NULL), ERR_OK);
    assert_memory_equal(got.register_id, other.register_id, sizeof got.register_id);
    assert_memory_equal(got.hash, other.hash, sizeof got.hash);
    assert_int_equal(got.rules, 7);
    assert_int_equal(got.gate.swept_through, DAYNUM_FIRST + 2);
    assert_int_equal(got.moving, SOME);
    assert_int_equal(got.rebuilt, 3);
}

static void facts_can_be_dropped(void **state)
{
    struct bed *bed = *state;
    uint64_t empty = imprint(bed->s);
    struct imei gone[] = {{SOME + 1}, {SOME + 2}, {SOME + 9}};
    for (uint32_t i = 0; i < 5; i++)
        save_row(bed->s, row_of(SOME + i, i, DAYNUM_FIRST + (daynum)i));
    begin(bed->s);
    assert_int_equal(store_facts_drop(bed->s, gone, 3, NULL), ERR_OK);
    commit(bed->s);
    assert_true(get_row(bed->s, SOME).facts.exists);
    assert_false(get_row(bed->s, SOME + 1).facts.exists);
    assert_false(get_row(bed->s, SOME + 2).facts.exists);
    assert_true(get_row(bed->s, SOME + 3).facts.exists);
    struct imei rest[] = {{SOME}, {SOME + 3}, {SOME + 4}};
    begin(bed->s);
    assert_int_equal(store_facts_drop(bed->s, rest, 3, NULL), ERR_OK);
    commit(bed->s);
    assert_int_equal(imprint(bed->s), empty); /* the due days, too */
}

static bool keep_id(void *ctx, const struct batch *batch)
{
    *(uint64_t *)ctx = *(uint64_t *)ctx * 1000 + batch->id;
    return true;
}

static void a_batch_keeps_its_number(void **state)
{
    struct bed *bed = *state;
    struct batch batch = batch_of("moved"), next = batch_of("next");
    uint64_t ids = 0;
    batch.id = 41;
    begin(bed->s);
    assert_int_equal(store_batch_put(bed->s, &batch, NULL), ERR_OK);
    assert_int_equal(store_batch_part_put(bed->s, 41, 0, STR("part"), NULL), ERR_OK);
    commit(bed->s);
    assert_int_equal(store_batch_new(bed->s, &next, NULL), ERR_OK);
    assert_int_equal(next.id, 42);
    assert_int_equal(store_batches(bed->s, keep_id, &ids, NULL), ERR_OK);
    assert_int_equal(ids, 41042);
}

static bool keep_load(void *ctx, const struct load *load)
{
    struct buf *out = ctx;
    buf_printf(out, "%02x%s%llu ", load->hash[0], load->kind, (unsigned long long)load->rows);
    return load->rows != 2;
}

static void loads_are_listed_by_hash(void **state)
{
    struct bed *bed = *state;
    struct buf out = {0};
    struct load loads[] = {{.hash = {0xf0}, .kind = "feed", .rows = 3},
                           {.hash = {0x01}, .kind = "gsma", .rows = 1},
                           {.hash = {0x80}, .kind = "tac", .rows = 2}};
    begin(bed->s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_load_put(bed->s, &loads[i], NULL), ERR_OK);
    commit(bed->s);
    assert_int_equal(store_loads(bed->s, keep_load, &out, NULL), ERR_OK);
    buf_put(&out, "", 1);
    assert_string_equal((char *)out.p, "01gsma1 80tac2 "); /* and stopped */
    buf_release(&out);
}

static bool keep_note(void *ctx, const struct note *note)
{
    struct buf *out = ctx;
    buf_printf(out, "%llu/%lld/%llu/%.*s ", (unsigned long long)note->seq, (long long)note->time_ms,
               (unsigned long long)note->actor, STR_ARG(note->text));
    return true;
}

static void notes_are_listed_as_they_came(void **state)
{
    struct bed *bed = *state;
    struct buf out = {0};
    assert_int_equal(store_note_put(bed->s, 9, -1, UINT64_MAX / 3, STR("\xd2\x9a"), NULL), ERR_OK);
    assert_int_equal(store_note_put(bed->s, 4, 5, 6, STR(""), NULL), ERR_OK);
    assert_int_equal(store_notes(bed->s, keep_note, &out, NULL), ERR_OK);
    buf_put(&out, "", 1);
    assert_string_equal((char *)out.p, "9/-1/6148914691236517205/\xd2\x9a 4/5/6/ ");
    buf_release(&out);
}

#define CASE(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
const struct conformance_case move_cases[] = {
    CASE(a_head_can_be_replaced),        CASE(facts_can_be_dropped),
    CASE(a_batch_keeps_its_number),      CASE(loads_are_listed_by_hash),
    CASE(notes_are_listed_as_they_came),
};
const unsigned move_case_count = sizeof move_cases / sizeof *move_cases;
