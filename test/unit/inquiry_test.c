/* SPDX-License-Identifier: Apache-2.0
 *
 * inquiry_test - questions to sources that answer when the test lets them: who does not need a slow one does not wait
 * for it, each question goes out once, answers are those of the question, and all ends in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "cases/inquiry.h"

#define OK(expression) assert_int_equal(expression, ERR_OK)

/* A source: it holds its answers back while it is shut. */
struct source {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool shut;
    enum asked says;
    unsigned asked, at_once, most_at_once;
};

struct bed {
    struct source border, customs, gsma;
    atomic_uint heard;
    struct inquiry *inquiry;
    const struct check_sources *sources;
};

static enum asked answer(struct source *s)
{
    pthread_mutex_lock(&s->lock);
    s->asked++;
    s->at_once++;
    s->most_at_once = s->at_once > s->most_at_once ? s->at_once : s->most_at_once;
    while (s->shut)
        pthread_cond_wait(&s->opened, &s->lock);
    s->at_once--;
    enum asked says = s->says;
    pthread_mutex_unlock(&s->lock);
    return says;
}

static enum asked border(void *ctx, const struct check_question *q)
{
    enum asked says = answer(ctx);
    return strcmp(q->document, "no") == 0 ? ASKED_NO : says;
}

static enum asked customs(void *ctx, const struct customs_question *q, struct customs_answer *out)
{
    *out = (struct customs_answer){true, q->item};
    return answer(ctx);
}

static enum asked gsma(void *ctx, const char *number, const struct imei *imeis, size_t n,
                       bool *listed)
{
    (void)number;
    for (size_t i = 0; i < n; i++)
        listed[i] = imeis[i].body % 2;
    return answer(ctx);
}

static void heard(void *ctx)
{
    atomic_fetch_add((atomic_uint *)ctx, 1);
}

static void shut(struct source *s, bool is)
{
    pthread_mutex_lock(&s->lock);
    s->shut = is;
    pthread_cond_broadcast(&s->opened);
    pthread_mutex_unlock(&s->lock);
}

static unsigned asked_of(struct source *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->asked;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void source_init(struct source *s)
{
    *s = (struct source){.says = ASKED_YES};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->opened, NULL);
}

static struct bed *bed_open(void)
{
    struct bed *b = calloc(1, sizeof *b);
    source_init(&b->border);
    source_init(&b->customs);
    source_init(&b->gsma);
    const struct check_sources sources = {.border = {border, &b->border},
                                          .customs = {.ask = customs, .ctx = &b->customs},
                                          .gsma = {gsma, &b->gsma}};
    OK(inquiry_open(&sources, heard, &b->heard, &b->inquiry, NULL));
    b->sources = inquiry_sources(b->inquiry);
    return b;
}

static void bed_close(struct bed *b)
{
    inquiry_close(b->inquiry);
    free(b);
}

static enum asked ask_border(struct bed *b, const char *number, const char *document)
{
    const struct check_question q = {"850314450006", 0, document, number};
    return b->sources->border.ask(b->sources->border.ctx, &q);
}

static enum asked ask_customs(struct bed *b, const char *number, uint32_t item,
                              struct customs_answer *out)
{
    const struct customs_question q = {STR("55301/010126/0000001"), item, "150440000003", number};
    return b->sources->customs.ask(b->sources->customs.ctx, &q, out);
}

/* Waits until so many answers came in all. */
static void until_heard(struct bed *b, unsigned n)
{
    for (int i = 0; i < 5000 && atomic_load(&b->heard) < n; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&b->heard), n);
}

#define A "2026-0000000001"
#define B "2026-0000000002"

static void an_answer_comes_later(void **state)
{
    (void)state;
    struct bed *b = bed_open();
    uint64_t ids[8];
    size_t n;
    shut(&b->border, true);
    assert_int_equal(ask_border(b, A, ""), ASKED_LATER);
    assert_int_equal(ask_border(b, A, ""), ASKED_LATER);
    assert_true(inquiry_waits(b->inquiry, 1));
    inquiry_heard(b->inquiry, ids, 8, &n);
    assert_int_equal(n, 0);
    shut(&b->border, false);
    until_heard(b, 1);
    assert_false(inquiry_waits(b->inquiry, 1));
    inquiry_heard(b->inquiry, ids, 8, &n);
    assert_int_equal(n, 1);
    assert_int_equal(ids[0], 1);
    inquiry_heard(b->inquiry, ids, 8, &n);
    assert_int_equal(n, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_border(b, A, ""), ASKED_YES);
    assert_int_equal(asked_of(&b->border), 1);
    bed_close(b);
}

static void a_slow_one_keeps_nobody_else_waiting(void **state)
{
    (void)state;
    struct bed *b = bed_open();
    struct customs_answer out = {0};
    shut(&b->customs, true);
    for (uint32_t item = 1; item <= 20; item++)
        assert_int_equal(ask_customs(b, A, item, &out), ASKED_LATER);
    assert_int_equal(ask_border(b, B, ""), ASKED_LATER);
    until_heard(b, 1);
    assert_int_equal(ask_border(b, B, ""), ASKED_YES);
    shut(&b->customs, false);
    until_heard(b, 21);
    assert_true(b->customs.most_at_once <= INQUIRY_THREADS);
    for (uint32_t item = 1; item <= 20; item++) {
        assert_int_equal(ask_customs(b, A, item, &out), ASKED_YES);
        assert_int_equal(out.quantity, item);
    }
    assert_int_equal(asked_of(&b->customs), 20);
    bed_close(b);
}

static void each_question_has_its_own_answer(void **state)
{
    (void)state;
    struct bed *b = bed_open();
    const struct imei imeis[2] = {{35735007000010}, {35735007000011}};
    bool listed[2] = {false, false};
    const struct gsma_source *g = &b->sources->gsma;
    assert_int_equal(ask_border(b, A, ""), ASKED_LATER);
    assert_int_equal(ask_border(b, A, "no"), ASKED_LATER);
    assert_int_equal(ask_border(b, B, ""), ASKED_LATER);
    assert_int_equal(g->ask(g->ctx, A, imeis, 2, listed), ASKED_LATER);
    assert_int_equal(g->ask(g->ctx, A, imeis, 1, listed), ASKED_LATER);
    until_heard(b, 5);
    assert_int_equal(ask_border(b, A, ""), ASKED_YES);
    assert_int_equal(ask_border(b, A, "no"), ASKED_NO);
    assert_int_equal(ask_border(b, B, ""), ASKED_YES);
    assert_int_equal(g->ask(g->ctx, A, imeis, 2, listed), ASKED_YES);
    assert_true(!listed[0] && listed[1]);
    assert_null(b->sources->parcel.ask);
    bed_close(b);
}

static void who_could_not_be_asked_has_not_said_no(void **state)
{
    (void)state;
    struct bed *b = bed_open();
    b->border.says = ASKED_AWAY;
    assert_int_equal(ask_border(b, A, ""), ASKED_LATER);
    until_heard(b, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_border(b, A, ""), ASKED_AWAY);
    assert_int_equal(asked_of(&b->border), 1); /* not knocked at each time */
    bed_close(b);
}

static void too_many_are_told_so(void **state)
{
    (void)state;
    struct bed *b = bed_open();
    struct customs_answer out;
    shut(&b->customs, true);
    for (uint32_t item = 1; item <= INQUIRY_MOST; item++)
        assert_int_equal(ask_customs(b, A, item, &out), ASKED_LATER);
    assert_int_equal(ask_customs(b, A, INQUIRY_MOST + 1, &out), ASKED_AWAY);
    assert_int_equal(ask_customs(b, A, 1, &out), ASKED_LATER);
    shut(&b->customs, false);
    bed_close(b); /* whatever is still in the row */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_later),
        cmocka_unit_test(a_slow_one_keeps_nobody_else_waiting),
        cmocka_unit_test(each_question_has_its_own_answer),
        cmocka_unit_test(who_could_not_be_asked_has_not_said_no),
        cmocka_unit_test(too_many_are_told_so),
    };
    return cmocka_run_group_tests_name("inquiry", tests, NULL, NULL);
}
