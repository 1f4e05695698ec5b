/* SPDX-License-Identifier: Apache-2.0
 *
 * node_follow_test - what becomes of a snapshot that was fetched: beside a register that goes on committing, one that
 * goes away, one that keeps no more sets of TACs, and settings that change meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "node/follow_parts.h"
#include "register_bed.h"

enum { PATIENCE_S = 20 };
#define PHONE 35824005000001
#define NEXT  35824006000001

struct world {
    struct register_bed *r;
    char directory[64];
    struct views *views;
    struct node_status status;
    struct copy_options copy;
    struct follow *f;
};

static void begin(struct world *w)
{
    const struct follow_options options = {
        .copy = w->copy,
        .link = {.url = w->r->url, .api_key = "", .ca = "", .agent = "test"},
        .cache = {.url = ""},
        .views = w->views,
        .status = &w->status,
        .settings = {EQUIPMENT_UNKNOWN, EQUIPMENT_COUNT, EQUIPMENT_GREY},
        .log_bytes = 1 << 30};
    assert_int_equal(follow_new(&options, &w->f), ERR_OK);
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->r = register_new();
    snprintf(w->directory, sizeof w->directory, "/tmp/tamga-follow.XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    w->copy = w->r->bed->options;
    w->copy.directory = w->directory;
    assert_int_equal(views_new(NULL, &w->views), ERR_OK);
    begin(w);
    return w;
}

static void world_free(struct world *w)
{
    char path[COPY_PATH];
    uint64_t seqs[16];
    follow_free(w->f);
    views_free(w->views);
    size_t n = copy_list(w->directory, seqs, 16);
    for (size_t i = 0; i < n; i++)
        copy_remove(w->directory, seqs[i]);
    snprintf(path, sizeof path, "%s/snapshot.etag", w->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/snapshot.part", w->directory);
    unlink(path);
    assert_int_equal(rmdir(w->directory), 0); /* nothing that was coming is left */
    register_free(w->r);
    free(w);
}

static void follow_all(struct world *w)
{
    int (*on)(void *) = w->f->pull.on;
    w->f->pull.on = NULL; /* what was fetched ends every wait */
    assert_int_equal(pull_feed(&w->f->pull, w->f->copy, 0, NULL), ERR_OK);
    w->f->pull.on = on;
}

/* With a copy that stands where the register does. */
static struct world *world_with_copy(void)
{
    struct world *w = world_new();
    register_give(w->r, w->directory);
    assert_int_equal(follow_open_kept(w->f), ERR_OK);
    follow_look_at_tacs(w->f);
    follow_show(w->f);
    assert_int_equal(follow_publish(w->f, true, NULL), ERR_OK);
    register_row(w->r, PHONE, REASON_NEVER_ACTIVATED, REASON_VERIFIED);
    follow_all(w);
    return w;
}

static void fetch_whole(struct world *w)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    const int64_t until_us = clock_monotonic_us() + PATIENCE_S * INT64_C(1000000);
    while (!fetch_is_done(w->f->fetch)) {
        assert_true(clock_monotonic_us() < until_us);
        nanosleep(&moment, NULL);
    }
}

static void fetch(struct world *w, bool anew)
{
    w->f->next_fetch_us = 0;
    follow_want_snapshot(w->f, "test", 0, 0, anew);
    assert_true(fetch_is_on(w->f->fetch));
    fetch_whole(w);
}

static void goes_on(struct world *w, int rows)
{
    for (int i = 0; i < rows; i++)
        register_row(w->r, PHONE + 10 + (uint64_t)i, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    follow_all(w);
}

/* What a start would find. */
static void kept_stands_at(struct world *w, uint64_t snapshot_seq, uint64_t next_seq)
{
    struct copy *copy;
    assert_int_equal(copy_open(&w->copy, snapshot_seq, &copy, NULL), ERR_OK);
    assert_int_equal(copy->place.next_seq, next_seq);
    copy_free(copy);
}

static void one_that_is_behind_is_brought_up(void **state)
{
    (void)state;
    struct world *w = world_with_copy();
    const uint64_t seq = register_snapshot(w->r);
    fetch(w, false);
    goes_on(w, 3); /* behind what was fetched */
    const uint64_t at = w->f->copy->place.next_seq;
    assert_true(at > seq);
    assert_int_equal(follow_take_fetched(w->f, NULL), ERR_OK);
    assert_int_equal(w->f->copy->snapshot_seq, seq);
    assert_int_equal(w->f->copy->place.next_seq, at);
    assert_int_equal(bed_reason(w->f->copy, PHONE + 12), REASON_STOLEN);
    goes_on(w, 1);
    kept_stands_at(w, seq, w->f->copy->place.next_seq);
    world_free(w);
}

static void one_that_comes_no_nearer_is_given_up(void **state)
{
    (void)state;
    struct world *w = world_with_copy();
    register_snapshot(w->r);
    fetch(w, false);
    goes_on(w, 3);
    const uint64_t at = w->f->copy->place.next_seq;
    atomic_store(&w->r->away, true);
    assert_int_equal(follow_take_fetched(w->f, NULL), ERR_OK);
    assert_int_equal(w->f->copy->snapshot_seq, 1);
    assert_int_equal(w->f->copy->place.next_seq, at);
    assert_true(w->f->next_fetch_us > clock_monotonic_us()); /* not at once again */
    kept_stands_at(w, 1, at);
    world_free(w);
}

/* The very number of what is there, whose log is not believed any more: until it is taken, that one stays whole. */
static void what_is_there_stays_until_then(void **state)
{
    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        struct world *w = world_with_copy();
        fetch(w, true);
        goes_on(w, 2);
        const uint64_t at = w->f->copy->place.next_seq;
        kept_stands_at(w, 1, at);
        const struct copy *was = w->f->copy;
        atomic_store(&w->r->away, !taken);
        assert_int_equal(follow_take_fetched(w->f, NULL), ERR_OK);
        assert_int_equal(w->f->copy != was, taken);
        kept_stands_at(w, 1, at);
        world_free(w);
    }
}

/* A node that ended between: with nothing else it begins with what was coming, else with what it had. */
static void a_start_finds_what_was_coming(void **state)
{
    (void)state;
    for (int had = 0; had < 2; had++) {
        struct world *w = had ? world_with_copy() : world_new();
        register_row(w->r, NEXT, REASON_NEVER_ACTIVATED, REASON_STOLEN);
        const uint64_t seq = register_snapshot(w->r);
        register_row(w->r, NEXT + 1, REASON_NEVER_ACTIVATED, REASON_STOLEN);
        fetch(w, false);
        follow_free(w->f);
        begin(w);
        assert_int_equal(follow_open_kept(w->f), ERR_OK);
        assert_int_equal(w->f->copy->snapshot_seq, had ? 1 : seq);
        assert_int_equal(bed_reason(w->f->copy, NEXT + 1), had ? -1 : REASON_STOLEN);
        world_free(w);
    }
}

static void want(struct world *w, const char *ranges)
{
    struct tac_ranges tacs;
    assert_int_equal(tac_ranges_parse(str_z(ranges), &tacs, NULL), ERR_OK);
    follow_want_tacs(w->f, &tacs);
    follow_take_tacs(w->f);
}

static void ranges_that_change_meanwhile_are_fetched(void **state)
{
    (void)state;
    struct world *w = world_with_copy();
    want(w, "35824005-35824006");
    assert_true(w->f->wants_tacs);
    fetch(w, true);
    want(w, "35824005"); /* fewer: what comes would do, and is more than is wanted */
    assert_int_equal(follow_take_fetched(w->f, NULL), ERR_OK);
    assert_int_equal(index_tacs(w->f->copy->index->index)->of[0].to, 35824006);
    assert_true(w->f->wants_tacs);
    fetch(w, true);
    assert_int_equal(follow_take_fetched(w->f, NULL), ERR_OK);
    assert_int_equal(index_tacs(w->f->copy->index->index)->of[0].to, 35824005);
    assert_false(w->f->wants_tacs);
    assert_int_equal(atomic_load(&w->r->parts_given), 2);
    world_free(w);
}

static void too_much_is_better_than_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct fault fault = {0};
    want(w, "35824005");
    atomic_store(&w->r->crowded, true);
    fetch(w, false);
    assert_int_equal(follow_take_fetched(w->f, &fault), ERR_UNAVAILABLE); /* another 429 */
    atomic_store(&w->r->crowded, false);
    atomic_store(&w->r->no_parts, true);
    fetch(w, false);
    assert_int_equal(follow_take_fetched(w->f, &fault), ERR_OK);
    assert_int_equal(atomic_load(&w->r->wholes_given), 1);
    assert_int_equal(index_tacs(w->f->copy->index->index)->count, 0);
    assert_false(w->f->wants_tacs); /* nor is it asked for again and again */
    assert_false(atomic_load(&w->status.tacs_missing));
    /* With a copy it waits for its own. */
    want(w, "35824006");
    assert_true(w->f->wants_tacs);
    fetch(w, true);
    assert_int_equal(follow_take_fetched(w->f, &fault), ERR_SNAPSHOT_PARTS);
    assert_int_equal(atomic_load(&w->r->wholes_given), 1);
    assert_true(w->f->wants_tacs);
    assert_int_equal(atomic_load(&w->r->parts_refused), 2);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_behind_is_brought_up),
        cmocka_unit_test(one_that_comes_no_nearer_is_given_up),
        cmocka_unit_test(what_is_there_stays_until_then),
        cmocka_unit_test(a_start_finds_what_was_coming),
        cmocka_unit_test(ranges_that_change_meanwhile_are_fetched),
        cmocka_unit_test(too_much_is_better_than_nothing),
    };
    assert_int_equal(link_init(), ERR_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
