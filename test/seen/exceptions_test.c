/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of exceptions: over random histories a base and the deltas after it make the next full list, which is what pairs
 * and verdicts say; and an operator's own text names his own subscribers, whom only the sealed records know. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answer/answer.h"
#include "app/commit.h"
#include "app/lists_text.h"
#include "app/sweep.h"
#include "people/audit_log.h"
#include "prop/random.h"
#include "seen/paired.h"
#include "seen/parts.h"

enum { IMEIS = 6, SUBSCRIBERS = 5, STEPS = 60, READERS = 3 };
#define PHONE 35735007990300ULL
#define SUBSCRIBER                                                                                 \
    1401010000000100ULL /* as imsi_parse packs it; every second is another operator's */

struct history {
    struct fixture *f;
    struct lists *lists;
    char dir[96];
    bool pair[IMEIS][SUBSCRIBERS];
    unsigned met; /* pairs that counted */
    struct reader {
        struct feed_cursor cursor;
        bool has[IMEIS][SUBSCRIBERS];
    } readers[READERS];
};

static uint64_t imsi_of(unsigned s)
{
    return SUBSCRIBER + (s % 2) * 60000000000ULL + s;
}

static uint64_t hash_of(const struct fixture *f, unsigned s)
{
    return answer_subscriber(f->reg->keys.subscriber, imsi_of(s));
}

static unsigned subscriber_of(const struct fixture *f, uint64_t hash)
{
    unsigned s = 0;
    while (s < SUBSCRIBERS && hash_of(f, s) != hash)
        s++;
    assert_true(s < SUBSCRIBERS);
    return s;
}

/* One commit: the state of the clone, and pairs that come or go. */
static void set_clone(struct fixture *f, unsigned imei, uint32_t state, const struct pair *pairs,
                      size_t n)
{
    const struct change change = {
        .imei = {PHONE + imei}, .kind = CHANGE_CLONE, .clone = (uint8_t)state};
    struct commit_case c = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                            .changes = &change,
                            .count = 1,
                            .pairs = pairs,
                            .pair_count = n,
                            .always = true};
    OK(commit_one(f->reg, &c, NULL));
}

static void change_pairs(struct history *h, struct rng *rng)
{
    struct pair pairs[SUBSCRIBERS];
    const unsigned imei = rng_below(rng, IMEIS);
    size_t n = 0;
    for (unsigned s = 0; s < SUBSCRIBERS; s++)
        if (rng_one_in(rng, 2)) {
            const bool removed = rng_one_in(rng, 3);
            h->pair[imei][s] = !removed;
            pairs[n++] = (struct pair){{PHONE + imei}, hash_of(h->f, s), removed};
        }
    set_clone(h->f, imei, rng_below(rng, 4) ? FACTS_CLONE : 0, pairs, n);
}

static void set_mark(struct history *h, struct rng *rng, bool on)
{
    const struct suspension s = fixture_mark(MARK_STOLEN);
    const struct imei imei = {PHONE + rng_below(rng, IMEIS)};
    struct batch_result result;
    (void)!(on ? suspend(h->f->reg, &s, &imei, 1, &result, NULL)
               : resume(h->f->reg, &s, &imei, 1, &result, NULL));
}

static void give_facts(struct history *h, struct rng *rng)
{
    struct change changes[IMEIS];
    for (unsigned i = 0; i < IMEIS; i++)
        changes[i] = (struct change){.imei = {PHONE + i},
                                     .kind = CHANGE_CLONE,
                                     .clone = rng_below(rng, 3) ? FACTS_CLONE : 0};
    fixture_give(h->f, EVENT_OBSERVED, changes, IMEIS);
}

static void follow(struct history *h, struct rng *rng)
{
    if (rng_one_in(rng, 5)) {
        lists_close(h->lists);
        OK(lists_open(h->dir, LISTS_EXCEPTIONS, &h->lists, NULL));
    }
    if (rng_one_in(rng, 12))
        lists_distrust(h->lists);
    OK(lists_follow(h->lists, h->f->reg, NULL));
    if (rng_one_in(rng, 8))
        OK(lists_settle(h->lists, NULL));
}

static void act(struct history *h, struct rng *rng)
{
    switch (rng_below(rng, 6)) {
    case 0:
    case 1:
    case 2:
        change_pairs(h, rng);
        return;
    case 3:
        set_mark(h, rng, true);
        return;
    case 4:
        set_mark(h, rng, false);
        return;
    default:
        give_facts(h, rng);
    }
}

static void read_full(struct history *h, bool out[IMEIS][SUBSCRIBERS])
{
    struct lists_exceptions e;
    memset(out, 0, sizeof(bool[IMEIS][SUBSCRIBERS]));
    OK(lists_exceptions_full(h->lists, h->f->reg, &e, NULL));
    for (size_t i = 0; i < e.count; i++)
        out[e.rows[i].imei.body - PHONE][subscriber_of(h->f, e.rows[i].subscriber)] = true;
    lists_exceptions_release(&e);
}

static void apply_delta(struct history *h, struct reader *r)
{
    struct lists_exceptions e;
    OK(lists_exceptions_since(h->lists, h->f->reg, &r->cursor, &e, NULL));
    for (size_t i = 0; i < e.count; i++) {
        bool *has = &r->has[e.rows[i].imei.body - PHONE][subscriber_of(h->f, e.rows[i].subscriber)];
        assert_int_equal(*has, e.rows[i].removed);
        *has = !e.rows[i].removed;
    }
    r->cursor.next_seq = e.to.next_seq;
    memcpy(r->cursor.hash, e.to.hash, FEED_CURSOR_HASH);
    lists_exceptions_release(&e);
}

static void compare(struct history *h, struct rng *rng)
{
    bool all[IMEIS][SUBSCRIBERS];
    read_full(h, all);
    for (unsigned i = 0; i < IMEIS; i++) {
        const bool clone = fixture_verdict(h->f, PHONE + i).reason == REASON_CLONE;
        for (unsigned s = 0; s < SUBSCRIBERS; s++) {
            assert_int_equal(all[i][s], clone && h->pair[i][s]);
            h->met += all[i][s];
        }
    }
    for (uint32_t k = 0; k < READERS; k++) {
        if (!rng_one_in(rng, 1 + 2 * k))
            continue;
        apply_delta(h, &h->readers[k]);
        assert_memory_equal(h->readers[k].has, all, sizeof all);
    }
}

static void one_history(struct rng *rng)
{
    struct history h = {.f = fixture_sqlite("2026-03-01")};
    struct sweep_result swept;
    OK(sweep(h.f->reg, DAYNUM_NONE, false, &swept, NULL));
    snprintf(h.dir, sizeof h.dir, "%s/lists", h.f->dir);
    OK(lists_open(h.dir, LISTS_EXCEPTIONS, &h.lists, NULL));
    follow(&h, rng);
    for (int k = 0; k < READERS; k++) {
        const struct lists_place place = lists_place(h.lists);
        h.readers[k].cursor.next_seq = place.next_seq;
        memcpy(h.readers[k].cursor.hash, place.hash, FEED_CURSOR_HASH);
    }
    for (int step = 0; step < STEPS; step++) {
        act(&h, rng);
        follow(&h, rng);
        compare(&h, rng);
    }
    assert_true(h.met > STEPS);
    lists_close(h.lists);
    fixture_free(h.f);
}

static void base_and_deltas_make_the_full_list(void **state)
{
    (void)state;
    struct rng rng = random_start("exceptions", 20261128);
    const uint32_t rounds = random_rounds(8);
    for (uint32_t i = 0; i < rounds; i++)
        one_history(&rng);
}

/* ---- names ---- */

/* Networks saw all subscribers but the last one, each with each phone. */
static void networks_saw(struct fixture *f)
{
    struct seen_subscriber subscribers[SUBSCRIBERS];
    struct seen_pair pairs[IMEIS * SUBSCRIBERS];
    size_t n = 0;
    for (unsigned s = 0; s + 1 < SUBSCRIBERS; s++) {
        subscribers[s] = (struct seen_subscriber){imsi_of(s), 0};
        for (unsigned i = 0; i < IMEIS; i++)
            pairs[n++] = (struct seen_pair){PHONE + i, s + 1, SEEN_DAY_NONE};
    }
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_subscribers_put(f->reg, 1, subscribers, SUBSCRIBERS - 1, NULL));
    OK(seen_pairs_put(f->reg, 1, pairs, n, NULL));
    OK(store_write_commit(f->reg->store, NULL));
}

/* What retention does to a subscriber: nobody can be found among those whom networks saw. */
static void networks_forgot(struct fixture *f)
{
    const struct seen_subscriber none[SUBSCRIBERS] = {{0}};
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_subscribers_put(f->reg, 1, none, SUBSCRIBERS - 1, NULL));
    OK(store_write_commit(f->reg->store, NULL));
}

static bool count_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    (void)page;
    *(unsigned *)ctx += event->what == AUDIT_EXCEPTIONS;
    return true;
}

static void operators_of(struct operators *out)
{
    *out = (struct operators){.count = 0};
    OK(operators_set(out, STR("Altel"), STR("plmn"), STR("40199, 40198"), NULL));
    OK(operators_set(out, STR("Kcell"), STR("plmn"), STR("40107"), NULL));
    OK(operators_set(out, STR("Altel"), STR("plmn"), STR("401010"), NULL)); /* the later line */
    assert_int_equal(operators_set(out, STR("X"), STR("plmn"), STR("401071"), NULL),
                     ERR_SETTING_VALUE); /* another's */
    assert_int_equal(operators_set(out, STR("X"), STR("plmn"), STR("401"), NULL),
                     ERR_SETTING_VALUE);
    assert_int_equal(operators_set(out, STR("X"), STR("plmn"), STR("40101,"), NULL),
                     ERR_SETTING_VALUE);
    assert_int_equal(operators_set(out, STR("X"), STR("plan"), STR("40101"), NULL),
                     ERR_SETTING_UNKNOWN);
    assert_null(operators_plmn(out, STR("X")));
}

static size_t own(struct history *h, const char *name, struct lists_exceptions *e)
{
    struct operators operators;
    const struct lists_asker who = {name, 7};
    operators_of(&operators);
    OK(paired_names(h->f->reg, &who, e->rows, e->count, NULL));
    OK(lists_exceptions_own(e, operators_plmn(&operators, str_z(name)), NULL));
    return e->count;
}

static void text_of(struct history *h, const struct lists_exceptions *e,
                    const struct feed_cursor *since, char out[2048])
{
    struct lists_made made;
    const struct lists_sheet sheet = {.registry = h->f->reg,
                                      .operator_name = "Altel",
                                      .kind = "exceptions",
                                      .since = since,
                                      .passing = true};
    const int fd = memfd_create("text", 0);
    OK(lists_text_exceptions(&sheet, e, fd, &made, NULL));
    const ssize_t n = pread(fd, out, 2047, 0);
    assert_true(n > 0);
    out[n] = '\0';
    assert_int_equal(made.rows, e->count);
    close(fd);
}

static void an_operators_own_subscribers(void **state)
{
    (void)state;
    struct history h = {.f = fixture_sqlite("2026-03-01")};
    struct pair pairs[SUBSCRIBERS];
    struct lists_exceptions e;
    struct sweep_result swept;
    char text[2048];
    unsigned events = 0;
    OK(sweep(h.f->reg, DAYNUM_NONE, false, &swept, NULL));
    networks_saw(h.f);
    for (unsigned s = 0; s < SUBSCRIBERS; s++)
        pairs[s] = (struct pair){{PHONE}, hash_of(h.f, s), false};
    set_clone(h.f, 0, FACTS_CLONE, pairs, SUBSCRIBERS);
    snprintf(h.dir, sizeof h.dir, "%s/lists", h.f->dir);
    OK(lists_open(h.dir, LISTS_EXCEPTIONS, &h.lists, NULL));
    OK(lists_follow(h.lists, h.f->reg, NULL));
    OK(lists_exceptions_full(h.lists, h.f->reg, &e, NULL));
    const struct feed_cursor start = {.next_seq = e.to.next_seq};
    struct feed_cursor cursor = start;
    memcpy(cursor.hash, e.to.hash, FEED_CURSOR_HASH);
    assert_int_equal(own(&h, "Altel", &e), 2); /* 0 and 2; nobody has seen 4 */
    assert_int_equal(e.unnamed, 1);            /* which is said */
    text_of(&h, &e, NULL, text);
    assert_non_null(strstr(text, "\nimei,imsi\n35735007990300,401010000000100\n"
                                 "35735007990300,401010000000102\n#end rows=2 "));
    assert_non_null(strstr(text, "kind=exceptions form=full base=- "));
    assert_non_null(strstr(text, " rows=2 unnamed=1 swept_through="));
    lists_exceptions_release(&e);
    OK(lists_exceptions_full(h.lists, h.f->reg, &e, NULL));
    assert_int_equal(own(&h, "Kcell", &e), 2); /* 1 and 3 */
    assert_int_equal(e.unnamed, 1);
    lists_exceptions_release(&e);
    networks_forgot(h.f); /* what was named is named still */
    pairs[0].removed = pairs[1].removed = true;
    set_clone(h.f, 0, FACTS_CLONE, pairs, 2);
    OK(lists_follow(h.lists, h.f->reg, NULL));
    OK(lists_exceptions_since(h.lists, h.f->reg, &cursor, &e, NULL));
    assert_int_equal(own(&h, "Altel", &e), 1);
    text_of(&h, &e, &cursor, text);
    assert_non_null(
        strstr(text, "\nimei,imsi,change\n35735007990300,401010000000100,removed\n#end"));
    lists_exceptions_release(&e);
    pairs[4].removed = true; /* whom nobody could ever name */
    set_clone(h.f, 0, FACTS_CLONE, pairs + 4, 1);
    OK(lists_follow(h.lists, h.f->reg, NULL));
    OK(lists_exceptions_since(h.lists, h.f->reg, &cursor, &e, NULL));
    struct operators operators;
    operators_of(&operators);
    const struct lists_asker who = {"Altel", 7};
    OK(paired_names(h.f->reg, &who, e.rows, e.count, NULL));
    assert_int_equal(lists_exceptions_own(&e, operators_plmn(&operators, STR("Altel")), NULL),
                     ERR_LIST_CURSOR);
    lists_exceptions_release(&e);
    OK(audit_log_read(h.f->reg, count_event, &events, NULL));
    assert_int_equal(events, 4);
    lists_close(h.lists);
    fixture_free(h.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_and_deltas_make_the_full_list),
        cmocka_unit_test(an_operators_own_subscribers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
