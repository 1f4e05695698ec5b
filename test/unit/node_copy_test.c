/* SPDX-License-Identifier: Apache-2.0
 *
 * node_copy_test - what a node believes and when it shows it: blocks of a verified answer at once, those of a
 * batch at its end and in their order; nothing of an answer that was changed anywhere; the same after a
 * start, wherever the log was cut. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "node/copy_hold.h"
#include "node_bed.h"

#define A 35824005111111ULL
#define B 35824005222222ULL
#define C 35824005333333ULL

static int set_up(void **state)
{
    struct node_bed *bed = bed_new();
    bed_snapshot(bed);
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    bed_free(*state);
    return 0;
}

static struct copy *opened(struct node_bed *bed)
{
    struct copy *copy = NULL;
    struct fault fault = {0};
    enum err err = copy_open(&bed->options, 1, &copy, &fault);
    if (err)
        print_message("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
    return copy;
}

/* What belongs to no batch; a batch that has ended is not shown yet. */
static void take_only(struct node_bed *bed, struct copy *copy)
{
    struct fault fault = {0};
    enum err err = copy_take(copy, bed_head(bed, BED_NOW_US), &fault);
    if (err)
        print_message("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(copy->place.next_seq, bed->chain.next_seq);
    bed_begin(bed);
}

static void take(struct node_bed *bed, struct copy *copy)
{
    take_only(bed, copy);
    assert_int_equal(copy_show(copy, 0, NULL), ERR_OK);
}

static void what_comes_is_shown_and_stays(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    assert_int_equal(bed_reason(copy, A), -1);
    bed_row(bed, 0, A, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    bed_row(bed, 0, B, REASON_NEVER_ACTIVATED, REASON_UNVERIFIED);
    take(bed, copy);
    bed_row(bed, 0, B, REASON_UNVERIFIED, REASON_VERIFIED);
    take(bed, copy);
    take(bed, copy); /* nothing new */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
        assert_int_equal(bed_reason(copy, B), REASON_VERIFIED);
        assert_int_equal(copy->blocks, 3);
        copy_free(copy);
        copy = opened(bed);
    }
    copy_free(copy);
}

static void an_answer_that_was_changed_changes_nothing(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    bed_row(bed, 0, A, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    struct str answer = bed_head(bed, BED_NOW_US);
    struct buf other = {0};
    for (size_t i = 0; i < answer.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            buf_clear(&other);
            buf_str(&other, answer);
            other.p[i] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(copy_take(copy, (struct str){(char *)other.p, other.n}, NULL),
                                 ERR_OK);
        }
    for (size_t n = 0; n < answer.n; n++)
        assert_int_equal(copy_take(copy, (struct str){answer.p, n}, NULL), ERR_CODEC);
    buf_uint(&other, 0, 1);
    assert_int_not_equal(copy_take(copy, (struct str){(char *)other.p, other.n}, NULL), ERR_OK);
    assert_int_equal(bed_reason(copy, A), -1);
    assert_int_equal(copy->log_bytes, 0);
    assert_int_equal(copy_take(copy, answer, NULL), ERR_OK);
    assert_int_equal(copy_take(copy, answer, NULL), ERR_CHAIN); /* it has that already */
    buf_release(&other);
    copy_free(copy);
}

static void a_batch_waits_and_a_theft_does_not(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    bed_row(bed, batch, B, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), -1);
    bed_row(bed, 0, A, REASON_AMNESTY, REASON_STOLEN);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    assert_int_equal(bed_reason(copy, B), -1);
    copy_free(copy);
    copy = opened(bed); /* in the middle of the batch */
    assert_int_equal(copy->batch_count, 1);
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    assert_int_equal(bed_reason(copy, B), -1);
    bed_row(bed, batch, C, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    bed_batch_end(bed, batch);
    bed_row(bed, 0, C, REASON_AMNESTY, REASON_LOST);
    take(bed, copy);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(copy->batch_count, 0);
        assert_int_equal(bed_reason(copy, A),
                         REASON_STOLEN); /* it came later than the batch's row */
        assert_int_equal(bed_reason(copy, B), REASON_AMNESTY);
        assert_int_equal(bed_reason(copy, C), REASON_LOST);
        copy_free(copy);
        copy = opened(bed);
    }
    copy_free(copy);
}

/* A clock that is asked before each block: who reads it looks into the index meanwhile. */
struct looking_clock {
    struct clock clock; /* first */
    const struct copy *copy;
    unsigned looks, a_older, b_older, paired;
};

static int64_t look(const struct clock *clock)
{
    struct looking_clock *l = (struct looking_clock *)(uintptr_t)clock;
    l->looks++;
    l->a_older += bed_reason(l->copy, A) != REASON_STOLEN;
    l->b_older += bed_reason(l->copy, B) != REASON_VERIFIED;
    l->paired += index_is_paired(l->copy->index->index, (struct imei){C}, 77);
    return BED_NOW_US;
}

static void pair_row(struct node_bed *bed, uint64_t batch, bool removed)
{
    struct row row = plain_row(C, REASON_NEVER_ACTIVATED, REASON_CLONE);
    if (!batch)
        chain_entry(&bed->chain, 20000);
    chain_row(&bed->chain, &row);
    chain_pair(&bed->chain, (struct imei){C}, 77, removed);
    bed->chain.block.header.batch = batch;
    chain_seal(&bed->chain);
    bed_block(bed);
}

static void nobody_hears_an_older_word_while_a_batch_is_shown(void **state)
{
    struct node_bed *bed = *state;
    struct looking_clock looking = {.clock.now_us = look};
    bed->options.clock = &looking.clock;
    struct copy *copy = opened(bed);
    looking.copy = copy;
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    bed_row(bed, batch, B, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    pair_row(bed, batch, false);
    take(bed, copy);
    bed_row(bed, 0, A, REASON_AMNESTY, REASON_STOLEN);
    bed_row(bed, 0, B, REASON_AMNESTY, REASON_LOST);
    bed_row(bed, 0, B, REASON_LOST, REASON_VERIFIED);
    pair_row(bed, 0, true);
    for (uint64_t i = 0; i < 20; i++)
        bed_row(bed, batch, A + 10 + i, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy);
    looking.looks = looking.a_older = looking.b_older = looking.paired = 0;
    bed_batch_end(bed, batch);
    take(bed, copy);
    assert_in_range(looking.looks, 28, 40);
    assert_int_equal(looking.a_older, 0);
    assert_int_equal(looking.b_older, 0);
    assert_int_equal(looking.paired, 0);
    assert_null(copy->newer);
    assert_int_equal(bed_reason(copy, C), REASON_CLONE);
    assert_int_equal(bed_reason(copy, A + 29), REASON_AMNESTY);
    copy_free(copy);
}

/* Until the day comes the batch's word stands. */
static void a_row_for_another_day_hides_no_older_one(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    struct row row = plain_row(A, REASON_AMNESTY, REASON_STOLEN);
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy);
    chain_entry(&bed->chain, copy_today(copy) + 5);
    chain_row(&bed->chain, &row);
    chain_seal(&bed->chain);
    bed_block(bed);
    bed_batch_end(bed, batch);
    take(bed, copy);
    struct verdict v;
    assert_true(index_find(copy->index->index, (struct imei){A}, &v));
    assert_int_equal(v.reason, REASON_AMNESTY);
    assert_int_equal(v.next_reason, REASON_STOLEN);
    copy_free(copy);
}

static void of_two_batches_the_last_end_shows_both(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t one = bed_batch_begin(bed), two = bed_batch_begin(bed);
    bed_row(bed, one, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    bed_row(bed, two, A, REASON_AMNESTY, REASON_GSMA);
    bed_batch_end(bed, one);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), -1);
    bed_row(bed, two, B, REASON_NEVER_ACTIVATED, REASON_GSMA);
    bed_batch_end(bed, two);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), REASON_GSMA);
    assert_int_equal(bed_reason(copy, B), REASON_GSMA);
    copy_free(copy);
}

static void more_batches_than_can_wait_do_not(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t batch[LIMIT_NODE_BATCHES + 1];
    for (int i = 0; i <= LIMIT_NODE_BATCHES; i++)
        batch[i] = bed_batch_begin(bed);
    for (uint64_t i = 0; i <= LIMIT_NODE_BATCHES; i++)
        bed_row(bed, batch[i], A + i, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), -1);
    assert_int_equal(bed_reason(copy, A + LIMIT_NODE_BATCHES), REASON_AMNESTY);
    for (int i = 0; i <= LIMIT_NODE_BATCHES; i++)
        bed_batch_end(bed, batch[i]);
    take(bed, copy);
    for (uint64_t i = 0; i <= LIMIT_NODE_BATCHES; i++)
        assert_int_equal(bed_reason(copy, A + i), REASON_AMNESTY);
    assert_int_equal(copy->batch_count, 0);
    copy_free(copy);
}

static void the_gate_does_not_turn_back_for_what_waited(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy);
    chain_gate(&bed->chain, (struct gate){20600, 20600});
    chain_seal(&bed->chain);
    bed_block(bed);
    take(bed, copy);
    assert_int_equal(index_state(copy->index->index).gate.expire_through, 20600);
    bed_batch_end(bed, batch);
    take(bed, copy);
    assert_int_equal(index_state(copy->index->index).gate.expire_through, 20600);
    assert_int_equal(bed_reason(copy, A), REASON_AMNESTY);
    copy_free(copy);
}

static void a_log_that_was_cut_gives_what_is_whole(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    char path[COPY_PATH];
    bed_row(bed, 0, A, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    take(bed, copy);
    uint64_t one = copy->log_bytes;
    bed_row(bed, 0, B, REASON_NEVER_ACTIVATED, REASON_LOST);
    take(bed, copy);
    uint64_t two = copy->log_bytes;
    copy_free(copy);
    copy_path(bed->directory, "feed", 1, "log", path);
    for (uint64_t n = two; n-- > one;) {
        assert_int_equal(truncate(path, (off_t)n), 0);
        copy = opened(bed);
        assert_int_equal(copy->log_bytes, one);
        assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
        assert_int_equal(bed_reason(copy, B), -1);
        copy_free(copy);
    }
}

static void rules_wait_for_their_list_of_models(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    struct buf list = {0};
    copy->rules_moved = false;
    bed_rules(bed, 2, STR("unknown_served=no\n"));
    take(bed, copy);
    assert_true(copy->rules_moved);
    assert_int_equal(copy->rules.number, 2);
    assert_false(copy->rules.unknown_served);
    copy->rules_moved = false;
    bed_rules(bed, 3, STR("tac_list=7\ntac_list_complete=yes\n"));
    take(bed, copy);
    assert_false(copy->rules_moved);
    assert_int_equal(copy->rules.number, 2);
    assert_int_equal(copy->wants_tac, 7);
    bed_tac_list(bed, 7, &list);
    list.p[30] ^= 1;
    assert_int_not_equal(copy_take_tac(copy, (struct str){(char *)list.p, list.n}, NULL), ERR_OK);
    list.p[30] ^= 1;
    assert_int_equal(copy_take_tac(copy, (struct str){(char *)list.p, list.n}, NULL), ERR_OK);
    for (int again = 0; again < 2; again++) { /* after a start out of the directory */
        assert_int_equal(copy->wants_tac, 0);
        assert_int_equal(copy->rules.number, 3);
        assert_int_equal(tac_classify(copy->tac->table, 35824005), TAC_DEVICE);
        copy_free(copy);
        copy = opened(bed);
    }
    copy_free(copy);
    buf_release(&list);
}

static void a_head_of_yesterday_is_no_news(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    take(bed, copy);
    assert_int_equal(copy_take(copy, bed_head(bed, BED_NOW_US - 1), NULL), ERR_NOT_NOW);
    assert_int_equal(copy->head.time_us, BED_NOW_US);
    copy_free(copy);
    copy = opened(bed); /* the log knows it, too */
    bed_begin(bed);
    assert_int_equal(copy_take(copy, bed_head(bed, BED_NOW_US - 1), NULL), ERR_NOT_NOW);
    bed_begin(bed); /* blocks are news, whatever the register's clock says */
    bed_row(bed, 0, A, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    assert_int_equal(copy_take(copy, bed_head(bed, BED_NOW_US - 1), NULL), ERR_OK);
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    bed_begin(bed);
    assert_int_equal(copy_take(copy, bed_head(bed, BED_NOW_US - 1), NULL), ERR_OK);
    copy_free(copy);
}

/* The time of a snapshot's file is of another clock than the heads. */
static void a_clock_that_is_ahead_refuses_no_first_head(void **state)
{
    struct node_bed *bed = *state;
    char path[COPY_PATH];
    copy_path(bed->directory, "snapshot", 1, "tgix", path);
    const struct timespec ahead[2] = {{.tv_sec = BED_NOW_US / 1000000 + 3600},
                                      {.tv_sec = BED_NOW_US / 1000000 + 3600}};
    assert_int_equal(utimensat(AT_FDCWD, path, ahead, 0), 0);
    struct copy *copy = opened(bed);
    assert_int_equal(copy->signed_us, 0);
    assert_true(copy->head.time_us > BED_NOW_US);
    take(bed, copy);
    assert_int_equal(copy->head.time_us, BED_NOW_US);
    assert_int_equal(copy->signed_us, BED_NOW_US);
    copy_free(copy);
}

static void the_newest_two_are_kept(void **state)
{
    struct node_bed *bed = *state;
    char from[COPY_PATH], to[COPY_PATH];
    uint64_t seqs[8];
    copy_path(bed->directory, "snapshot", 1, "tgix", from);
    for (uint64_t i = 5; i < 30; i += 12) {
        copy_path(bed->directory, "snapshot", i, "tgix", to);
        assert_int_equal(link(from, to), 0);
    }
    assert_int_equal(copy_list(bed->directory, seqs, 8), 4);
    assert_int_equal(seqs[0], 29);
    assert_int_equal(seqs[3], 1);
    copy_prune(bed->directory);
    assert_int_equal(copy_list(bed->directory, seqs, 8), 2);
    assert_int_equal(seqs[0], 29);
    assert_int_equal(seqs[1], 17);
}

/* A segment of what the bed's answer has: its seal instead of a head. */
static struct str seal(struct node_bed *bed)
{
    uint8_t signature[64];
    buf_str(&bed->answer, STR("S"));
    buf_uint(&bed->answer, FEED_SEAL, 4);
    size_t at = bed->answer.n;
    buf_put(&bed->answer, bed->key.register_id, FEED_ID);
    buf_uint(&bed->answer, bed->chain.next_seq, 8);
    buf_put(&bed->answer, bed->chain.block.hash, SHA256_BYTES);
    bed_sign(bed, FEED_SEAL_LABEL, bed->answer.p + at, FEED_SEAL_SIGNED, signature);
    buf_put(&bed->answer, signature, sizeof signature);
    return (struct str){(const char *)bed->answer.p, bed->answer.n};
}

static void a_segment_is_taken_from_the_block_that_is_wanted(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    struct fault fault = {0};
    struct buf first = {0};
    bed_begin(bed);
    bed_row(bed, 0, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    buf_put(&first, bed->answer.p, bed->answer.n);
    take(bed, copy); /* by the feed */
    int64_t said_us = copy->head.time_us;
    buf_put(&bed->answer, first.p, first.n);
    bed_row(bed, 0, B, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    struct str segment = seal(bed);
    size_t skip = feed_segment_skip(segment, &copy->place);
    assert_int_equal(skip, first.n);
    assert_int_equal(copy_take(copy, segment, &fault), ERR_CHAIN); /* with what is behind us */
    struct str rest = {segment.p + skip, segment.n - skip};
    for (size_t i = 0; i < rest.n; i++) { /* changed anywhere it is not believed */
        struct buf changed = {0};
        buf_put(&changed, rest.p, rest.n);
        changed.p[i] ^= 1;
        assert_int_not_equal(
            copy_take(copy, (struct str){(const char *)changed.p, changed.n}, &fault), ERR_OK);
        buf_release(&changed);
    }
    assert_int_equal(bed_reason(copy, B), -1);
    assert_int_equal(copy_take(copy, rest, &fault), ERR_OK);
    assert_int_equal(bed_reason(copy, B), REASON_AMNESTY);
    assert_int_equal(copy->place.next_seq, bed->chain.next_seq);
    assert_int_equal(copy->head.time_us, said_us); /* a seal tells no time */
    assert_int_equal(copy->head.register_next_seq, bed->chain.next_seq);
    skip = feed_segment_skip(segment, &copy->place); /* all of it is behind us */
    assert_int_equal(copy_take(copy, (struct str){segment.p + skip, segment.n - skip}, &fault),
                     ERR_CODEC);
    copy_free(copy);
    copy = opened(bed); /* the log has it */
    assert_int_equal(bed_reason(copy, B), REASON_AMNESTY);
    assert_int_equal(copy->place.next_seq, bed->chain.next_seq);
    bed_begin(bed);
    bed_row(bed, 0, C, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    take(bed, copy); /* and the feed goes on behind it */
    assert_int_equal(bed_reason(copy, C), REASON_AMNESTY);
    buf_release(&first);
    copy_free(copy);
}

static void a_batch_in_a_segment_waits_for_its_end(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    struct fault fault = {0};
    bed_begin(bed);
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    assert_int_equal(copy_take(copy, seal(bed), &fault), ERR_OK);
    assert_int_equal(bed_reason(copy, A), -1);
    bed_begin(bed);
    bed_batch_end(bed, batch);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), REASON_AMNESTY);
    copy_free(copy);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BED(a_segment_is_taken_from_the_block_that_is_wanted),
        IN_BED(a_batch_in_a_segment_waits_for_its_end),
        IN_BED(what_comes_is_shown_and_stays),
        IN_BED(an_answer_that_was_changed_changes_nothing),
        IN_BED(a_batch_waits_and_a_theft_does_not),
        IN_BED(nobody_hears_an_older_word_while_a_batch_is_shown),
        IN_BED(a_row_for_another_day_hides_no_older_one),
        IN_BED(of_two_batches_the_last_end_shows_both),
        IN_BED(more_batches_than_can_wait_do_not),
        IN_BED(the_gate_does_not_turn_back_for_what_waited),
        IN_BED(a_log_that_was_cut_gives_what_is_whole),
        IN_BED(rules_wait_for_their_list_of_models),
        IN_BED(a_head_of_yesterday_is_no_news),
        IN_BED(a_clock_that_is_ahead_refuses_no_first_head),
        IN_BED(the_newest_two_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
