/* SPDX-License-Identifier: Apache-2.0
 *
 * node_show_test - a batch that has ended goes into a node's index some blocks at a time: what belongs to no batch is
 * answered from before it, wherever it stands; no IMEI ever goes back to an older word, whatever batches, theft
 * orders, steps and starts follow each other; what is said to be applied is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "node/copy_hold.h"
#include "node_bed.h"
#include "prop/random.h"

#define A    35824005111111ULL
#define B    35824005222222ULL
#define MANY 40

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
    assert_int_equal(copy_open(&bed->options, 1, &copy, NULL), ERR_OK);
    return copy;
}

static void take(struct node_bed *bed, struct copy *copy)
{
    struct fault fault = {0};
    enum err err = copy_take(copy, bed_head(bed, BED_NOW_US), &fault);
    if (err)
        print_message("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
    bed_begin(bed);
}

/* One block, or what else is done in a microsecond. */
static void step(struct copy *copy)
{
    assert_int_equal(copy_show(copy, 1, NULL), ERR_OK);
}

static unsigned shown(const struct copy *copy, uint64_t first, unsigned n)
{
    unsigned count = 0;
    for (uint64_t i = 0; i < n; i++)
        count += bed_reason(copy, first + i) >= 0;
    return count;
}

/* A batch of MANY phones from `first` on, in blocks of their own, with its end. */
static uint64_t batch_of_many(struct node_bed *bed, uint64_t first)
{
    uint64_t batch = bed_batch_begin(bed);
    for (uint64_t i = 0; i < MANY; i++)
        bed_row(bed, batch, first + i, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    bed_batch_end(bed, batch);
    return batch;
}

/* Nodes report first uses by the ten thousand, each a write of its own: what comes behind all of them is noted, too. */
static void a_theft_behind_many_changes_is_not_taken_back(void **state)
{
    enum { CHANGES = 70000 };
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t batch = bed_batch_begin(bed);
    bed_row(bed, batch, A, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    for (uint64_t i = 0; i < CHANGES; i++) {
        bed_row(bed, 0, B + i, REASON_NEVER_ACTIVATED, REASON_UNVERIFIED);
        if (i % 1000 == 999)
            take(bed, copy);
    }
    bed_row(bed, 0, A, REASON_AMNESTY, REASON_STOLEN);
    bed_batch_end(bed, batch);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    while (copy_is_showing(copy)) {
        step(copy);
        assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    }
    copy_free(copy);
}

static void a_theft_behind_the_end_does_not_wait(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    uint64_t batch = batch_of_many(bed, A);
    bed_row(bed, 0, A, REASON_AMNESTY, REASON_STOLEN);
    take(bed, copy); /* one answer */
    assert_true(copy_is_showing(copy));
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    assert_int_equal(shown(copy, A, MANY), 1);
    assert_int_equal(copy_applied(copy), batch + 1);
    while (shown(copy, A, MANY) < MANY / 4)
        step(copy);
    assert_in_range(shown(copy, A, MANY), MANY / 4, MANY - 1);
    assert_in_range(copy_applied(copy), batch + 2, copy->place.next_seq - 1);
    bed_row(bed, 0, A + MANY - 1, REASON_AMNESTY, REASON_LOST);
    take(bed, copy); /* while it is shown */
    assert_true(copy_is_showing(copy));
    while (copy_is_showing(copy)) {
        assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
        assert_int_equal(bed_reason(copy, A + MANY - 1), REASON_LOST);
        step(copy);
    }
    assert_int_equal(shown(copy, A, MANY), MANY);
    assert_int_equal(bed_reason(copy, A), REASON_STOLEN);
    assert_int_equal(bed_reason(copy, A + MANY - 1), REASON_LOST);
    assert_int_equal(copy_applied(copy), copy->place.next_seq);
    assert_null(copy->newer);
    copy_free(copy);
}

static void a_batch_that_begins_meanwhile_waits_for_its_own_end(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    batch_of_many(bed, A);
    take(bed, copy);
    step(copy);
    uint64_t next = bed_batch_begin(bed);
    bed_row(bed, next, B, REASON_NEVER_ACTIVATED, REASON_GSMA);
    take(bed, copy);
    assert_int_equal(copy_show(copy, 0, NULL), ERR_OK);
    assert_int_equal(shown(copy, A, MANY), MANY);
    assert_int_equal(bed_reason(copy, B), -1);
    assert_int_equal(copy_applied(copy), next + 1);
    bed_row(bed, 0, B, REASON_GSMA, REASON_STOLEN);
    bed_batch_end(bed, next);
    take(bed, copy);
    assert_int_equal(bed_reason(copy, B), REASON_STOLEN);
    batch_of_many(bed, A + MANY); /* and one more, before that is shown */
    take(bed, copy);
    assert_int_equal(copy_show(copy, 0, NULL), ERR_OK);
    assert_int_equal(bed_reason(copy, B), REASON_STOLEN);
    assert_int_equal(shown(copy, A, 2 * MANY), 2 * MANY);
    assert_int_equal(copy_applied(copy), copy->place.next_seq);
    copy_free(copy);
}

/* Until the day comes the batch's word stands, and the row's is its next step. */
static void a_row_for_another_day_comes_behind_the_batch(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    struct row row = plain_row(A + MANY - 1, REASON_AMNESTY, REASON_STOLEN);
    struct verdict v;
    batch_of_many(bed, A);
    take(bed, copy);
    step(copy);
    chain_entry(&bed->chain, copy_today(copy) + 5);
    chain_row(&bed->chain, &row);
    chain_seal(&bed->chain);
    bed_block(bed);
    take(bed, copy);
    assert_int_equal(copy_show(copy, 0, NULL), ERR_OK);
    assert_true(index_find(copy->index->index, row.change.imei, &v));
    assert_int_equal(v.reason, REASON_AMNESTY);
    assert_int_equal(v.next_reason, REASON_STOLEN);
    copy_free(copy);
}

static void a_log_that_was_changed_is_not_shown(void **state)
{
    struct node_bed *bed = *state;
    struct copy *copy = opened(bed);
    char path[COPY_PATH];
    batch_of_many(bed, A);
    take(bed, copy);
    copy_path(bed->directory, "feed", 1, "log", path);
    int fd = open(path, O_RDWR);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, (off_t)copy->log_bytes / 2), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)copy->log_bytes / 2), 1);
    close(fd);
    assert_int_not_equal(copy_show(copy, 0, NULL), ERR_OK);
    assert_int_equal(shown(copy, A, MANY), 0);
    assert_false(copy_is_showing(copy));
    assert_true(
        copy->broken); /* also where somebody else asked for it, as a row that had to follow */
    copy_free(copy);
}

/* ---- anything, in any order ---- */

enum { PHONES = 6, WORDS = 20, OPEN = 3 };
static const uint8_t words[WORDS] = {REASON_NEVER_ACTIVATED,
                                     REASON_VERIFIED,
                                     REASON_TEMPORARY,
                                     REASON_AMNESTY,
                                     REASON_BEFORE_DUTY,
                                     REASON_UNVERIFIED,
                                     REASON_HELD,
                                     REASON_STOLEN,
                                     REASON_LOST,
                                     REASON_ORDER,
                                     REASON_GSMA,
                                     REASON_CLONE,
                                     REASON_MALFORMED,
                                     REASON_REVOKED,
                                     REASON_REPLACED,
                                     REASON_TAC_UNALLOCATED,
                                     REASON_EXPIRED,
                                     REASON_PENITENTIARY,
                                     REASON_MACHINE,
                                     REASON_ROAMER};

struct world {
    struct node_bed *bed;
    struct copy *copy;
    unsigned said[PHONES];  /* words, in their order, each once */
    unsigned heard[PHONES]; /* of them the last that was shown; 0: none */
    uint64_t open[OPEN];
    unsigned count;
};

static void say_one(struct world *w, struct rng *rng, uint64_t batch)
{
    unsigned i = rng_below(rng, PHONES);
    if (w->said[i] < WORDS)
        bed_row(w->bed, batch, A + i, REASON_NEVER_ACTIVATED, words[w->said[i]++]);
}

static void nobody_went_back(struct world *w)
{
    for (unsigned i = 0; i < PHONES; i++) {
        int reason = bed_reason(w->copy, A + i);
        unsigned now = 0;
        for (unsigned k = 0; k < WORDS && reason >= 0; k++)
            if (words[k] == reason)
                now = k + 1;
        assert_in_range(now, w->heard[i], w->said[i]);
        w->heard[i] = now;
    }
    assert_in_range(copy_applied(w->copy), 1, w->copy->place.next_seq);
}

static void end_one(struct world *w, struct rng *rng)
{
    unsigned i = rng_below(rng, w->count);
    bed_batch_end(w->bed, w->open[i]);
    w->open[i] = w->open[--w->count];
}

static void do_one(struct world *w, struct rng *rng)
{
    switch (rng_below(rng, 9)) {
    case 0:
        if (w->count < OPEN)
            w->open[w->count++] = bed_batch_begin(w->bed);
        break;
    case 1:
        if (w->count)
            end_one(w, rng);
        break;
    case 2:
        say_one(w, rng, 0);
        break;
    case 3:
    case 4:
        if (w->count)
            say_one(w, rng, w->open[rng_below(rng, w->count)]);
        break;
    case 5:
    case 6:
        take(w->bed, w->copy);
        break;
    case 7:
        step(w->copy);
        break;
    default:
        if (!rng_one_in(rng, 4))
            break;
        copy_free(w->copy);
        w->copy = opened(w->bed);
    }
}

static void one_life(struct rng *rng)
{
    struct world w = {.bed = bed_new()};
    bed_snapshot(w.bed);
    w.copy = opened(w.bed);
    for (unsigned i = 0; i < 400; i++) {
        do_one(&w, rng);
        nobody_went_back(&w);
    }
    while (w.count)
        end_one(&w, rng);
    take(w.bed, w.copy);
    nobody_went_back(&w);
    while (copy_is_showing(w.copy)) {
        step(w.copy);
        nobody_went_back(&w);
    }
    for (unsigned i = 0; i < PHONES; i++)
        assert_int_equal(w.heard[i], w.said[i]);
    assert_int_equal(copy_applied(w.copy), w.copy->place.next_seq);
    copy_free(w.copy);
    bed_free(w.bed);
}

static void whatever_comes_nobody_goes_back(void **state)
{
    struct rng rng = random_start("node_show", 6);
    (void)state;
    for (uint32_t n = random_rounds(25); n; n--)
        one_life(&rng);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BED(a_theft_behind_many_changes_is_not_taken_back),
        IN_BED(a_theft_behind_the_end_does_not_wait),
        IN_BED(a_batch_that_begins_meanwhile_waits_for_its_own_end),
        IN_BED(a_row_for_another_day_comes_behind_the_batch),
        IN_BED(a_log_that_was_changed_is_not_shown),
        cmocka_unit_test(whatever_comes_nobody_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
