/* SPDX-License-Identifier: Apache-2.0
 *
 * quiet_test - an image of the index shows a batch whole or not at all: while one is open it stands before its
 * intent, whether the batch ends, lives on or was left behind; and between two that follow each other an image can
 * be taken. */
#include "app/fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/batch_part.h"
#include "app/quiet.h"
#include "app/service.h"

#define PHONE 35735007100000ULL
#define THEFT 35735008100001ULL
#define MANY  (BATCH_PART_CHANGES + 1000)

static void stop_after_a_part(void *ctx, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    atomic_store((atomic_int *)ctx, 1);
}

/* An amnesty of n phones; the sequence number of its intent. halt: its owner goes after the first part. */
static uint64_t amnesty(struct fixture *f, uint64_t first, uint64_t n, bool halt)
{
    struct changes list = {0};
    struct batch_result r;
    atomic_int stop = 0;
    for (uint64_t i = 0; i < n; i++)
        changes_add(&list,
                    &(struct change){.imei = {first + i}, .kind = CHANGE_AMNESTY, .on = true});
    struct batch_plan plan = {.entry = {.event = EVENT_AMNESTY},
                              .label = "test",
                              .source = changes_source(&list),
                              .progress = halt ? stop_after_a_part : NULL,
                              .progress_ctx = &stop,
                              .stop = &stop};
    assert_int_equal(batch_run(f->reg, &plan, &r, NULL), halt ? ERR_STOPPED : ERR_OK);
    changes_release(&list);
    return r.seq;
}

static void theft(struct fixture *f, uint64_t body)
{
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct batch_result r;
    OK(suspend(f->reg, &s, &(struct imei){body}, 1, &r, NULL));
}

static void is_image(struct registry *reg, uint64_t next_seq, uint64_t count)
{
    struct index_image *image;
    OK(registry_quiet_image(reg, NULL, 0, &image, NULL));
    assert_int_equal(index_image_state(image).next_seq, next_seq);
    assert_int_equal(index_image_count(image), count);
    index_image_free(image);
}

static void half_a_batch_is_in_no_image(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    theft(f, THEFT);
    const uint64_t before = f->reg->head.next_seq;
    is_image(f->reg, before, 1);
    const uint64_t intent = amnesty(f, PHONE, MANY, true);
    assert_int_equal(intent, before);
    theft(f, THEFT + 1); /* in the middle: the feed has it */
    is_image(f->reg, intent, 1);
    amnesty(f, PHONE + MANY, 10, false); /* another that has ended meanwhile */
    is_image(f->reg, intent, 1);
    fixture_reopen(f); /* which ends what was left */
    is_image(f->reg, f->reg->head.next_seq, MANY + 10 + 2);
    fixture_whole(f);
    fixture_free(f);
}

/* What was made before is gone on from; what is of another register is not. */
static void an_image_goes_on_from_the_one_before(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10"), *other = fixture_sqlite("2026-03-10");
    struct index *base, *stranger;
    struct index_image *image;
    amnesty(f, PHONE, 100, false);
    OK(registry_index(f->reg, &base, NULL));
    amnesty(f, PHONE + 100, 100, false);
    const uint64_t intent = amnesty(f, PHONE + 200, MANY, true);
    OK(registry_image_before(f->reg, base, NULL, &image, NULL));
    assert_int_equal(index_image_state(image).next_seq, intent);
    assert_int_equal(index_image_count(image), 200);
    index_image_free(image);
    OK(registry_index(other->reg, &stranger, NULL));
    OK(registry_image_before(f->reg, stranger, NULL, &image, NULL));
    assert_int_equal(index_image_count(image), 200);
    index_image_free(image);
    const atomic_bool stop = true;
    assert_int_equal(registry_image_before(f->reg, NULL, &stop, &image, NULL), ERR_STOPPED);
    fixture_free(f);
    fixture_free(other);
}

struct places {
    uint64_t at[8];
    unsigned n;
};

static void note(void *ctx, const struct index *index)
{
    struct places *p = ctx;
    assert_true(p->n < 8);
    p->at[p->n++] = index_state(index).next_seq;
}

static void between_two_batches_is_a_place(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct quiet quiet;
    struct index *index;
    struct follow_result done;
    struct places places = {0};
    const struct quiet_watch watch = {&quiet, note, &places};
    OK(registry_index_quiet(f->reg, NULL, &quiet, &index, NULL));
    assert_true(quiet_here(&quiet, index_state(index).next_seq));
    amnesty(f, PHONE, 10, false);
    const uint64_t two = amnesty(f, PHONE + 10, 10, false);
    OK(registry_follow_quiet(f->reg, index, &watch, &done, NULL));
    assert_int_equal(places.n, 2);
    assert_int_equal(places.at[0], two);
    assert_int_equal(places.at[1], f->reg->head.next_seq);
    const uint64_t three = amnesty(f, PHONE + 20, MANY, true);
    OK(registry_follow_quiet(f->reg, index, &watch, &done, NULL));
    assert_int_equal(places.n, 2);
    assert_false(quiet_here(&quiet, index_state(index).next_seq));
    assert_int_equal(quiet.at, three);
    index_free(index);
    OK(registry_index_quiet(f->reg, NULL, &quiet, &index, NULL)); /* in the middle of it */
    assert_false(quiet_here(&quiet, index_state(index).next_seq));
    index_free(index);
    fixture_free(f);
}

/* next_seq of the header; IMEIs in *out_count. */
static uint64_t place_of(const struct snapshot *s, uint64_t *out_count)
{
    uint64_t seq;
    assert_int_equal(pread(s->fd, &seq, sizeof seq, 32), sizeof seq);
    assert_int_equal(pread(s->fd, out_count, sizeof *out_count, 128), sizeof *out_count);
    return seq;
}

static enum err open_within(struct snapshots *s, int seconds, struct snapshot *out)
{
    enum err err = ERR_NOT_NOW;
    for (int i = 0; i < seconds * 50 && err == ERR_NOT_NOW; i++) {
        err = snapshots_open(s, &(struct snapshot_ask){0}, out, NULL);
        if (err)
            usleep(20000);
    }
    return err;
}

static void a_server_gives_what_stood_before(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct service *service;
    struct snapshot shot;
    uint64_t count;
    char dir[96];
    snprintf(dir, sizeof dir, "%s/shots", f->dir);
    const struct snapshots_options options = {.directory = dir, .items = 1};
    theft(f, THEFT);
    const uint64_t intent = amnesty(f, PHONE, MANY, true);
    theft(f, THEFT + 1);
    OK(service_start(f->url, *f->key ? f->key : NULL, &f->clock, &service, NULL));
    OK(service_keep_snapshots(service, &options));
    struct snapshots *snapshots = service_snapshots(service);
    OK(open_within(snapshots, 60, &shot));
    assert_int_equal(place_of(&shot, &count), intent);
    assert_int_equal(count, 1);
    close(shot.fd);
    OK(snapshots_open(snapshots, &(struct snapshot_ask){0}, &shot,
                      NULL)); /* there is no later place */
    close(shot.fd);
    assert_int_equal(snapshots_made(snapshots), 1);
    fixture_reopen(f);
    const uint64_t end = f->reg->head.next_seq;
    uint64_t place = 0;
    const int64_t began = clock_monotonic_us();
    while (place != end && clock_monotonic_us() - began < 60000000) {
        OK(open_within(snapshots, 60, &shot));
        place = place_of(&shot, &count);
        close(shot.fd);
        usleep(5000);
    }
    assert_int_equal(place, end);
    assert_int_equal(count, MANY + 2);
    service_stop(service);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_batch_is_in_no_image),
        cmocka_unit_test(an_image_goes_on_from_the_one_before),
        cmocka_unit_test(between_two_batches_is_a_place),
        cmocka_unit_test(a_server_gives_what_stood_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
