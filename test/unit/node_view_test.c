/* SPDX-License-Identifier: Apache-2.0
 *
 * node_view_test - views are replaced under threads that answer from them: nobody reads what was freed (the
 * sanitizers tell), and what nobody holds is freed. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "node/desk.h"

enum { READERS = 3, ROUNDS = 300 };

struct bed {
    struct views *views;
    struct clock clock;
    atomic_bool stop;
    struct counts *counts[READERS];
    atomic_uint began;
};

static const struct imei phone = {35824005111111};

static void publish(struct bed *b, bool new_index, uint8_t override)
{
    struct rules rules;
    struct network_settings settings = {.unknown = EQUIPMENT_GREY, .malformed = EQUIPMENT_COUNT};
    struct index *index;
    struct held_index *held = NULL;
    rules_init(&rules);
    rules.network_override = override;
    if (new_index) {
        struct verdict v = {.reason = REASON_VERIFIED,
                            .next_reason = REASON_VERIFIED,
                            .deadline = DAYNUM_NONE,
                            .valid_through = DAYNUM_OPEN};
        assert_int_equal(index_new(&index), ERR_OK);
        assert_int_equal(index_put(index, phone, &v), ERR_OK);
        held = held_index_new(index);
        assert_non_null(held);
    }
    struct view_change change = {.index = held, .rules = &rules, .settings = &settings};
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    held_index_drop(held);
}

static void *ask(void *arg)
{
    struct bed *b = arg;
    unsigned i = atomic_fetch_add(&b->began, 1);
    struct desk desk;
    struct desk_options with = {.views = b->views,
                                .slot = views_slot(b->views, i),
                                .clock = &b->clock,
                                .counts = b->counts[i]};
    struct network_asker asker = {.face = NETWORK_S13};
    struct network_check check = {.question.imei = phone, .software_version = 255};
    struct network_reply reply;
    desk_init(&desk, &with);
    while (!atomic_load(&b->stop)) {
        desk.face.answer(&desk.face, &asker, &check, 1, &reply);
        if (reply.reason != REASON_VERIFIED ||
            (reply.equipment != EQUIPMENT_WHITE && reply.equipment != EQUIPMENT_GREY))
            abort();
    }
    return NULL;
}

static void views_change_under_who_answers(void **state)
{
    (void)state;
    struct bed *b = calloc(1, sizeof *b);
    pthread_t threads[READERS];
    assert_non_null(b);
    clock_init_fixed(&b->clock, 1796000000000000);
    assert_int_equal(views_new(NULL, &b->views), ERR_OK);
    publish(b, true, OVERRIDE_NONE);
    for (int i = 0; i < READERS; i++) {
        b->counts[i] = calloc(1, sizeof *b->counts[i]);
        assert_non_null(b->counts[i]);
    }
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (int i = 0; i < ROUNDS; i++)
        publish(b, i % 2, i % 3 ? OVERRIDE_NONE : OVERRIDE_GREY);
    atomic_store(&b->stop, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(views_reclaim(b->views), 0);
    for (int i = 0; i < READERS; i++)
        free(b->counts[i]);
    views_free(b->views);
    free(b);
}

static void what_is_held_is_not_freed(void **state)
{
    (void)state;
    struct bed b = {.stop = false};
    clock_init_fixed(&b.clock, 1796000000000000);
    assert_int_equal(views_new(NULL, &b.views), ERR_OK);
    publish(&b, true, OVERRIDE_NONE);
    const struct view *held = view_hold(b.views, views_slot(b.views, 5));
    publish(&b, true, OVERRIDE_NONE);
    publish(&b, true, OVERRIDE_NONE);
    assert_int_equal(views_reclaim(b.views), 1);
    assert_int_equal(held->generation, 1);
    assert_int_equal(index_count(held->net.index), 1);
    view_drop(views_slot(b.views, 5));
    assert_int_equal(views_reclaim(b.views), 0);
    views_free(b.views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_change_under_who_answers),
        cmocka_unit_test(what_is_held_is_not_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
