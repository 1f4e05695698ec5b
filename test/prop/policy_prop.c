/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge against its plain twin: random facts, random rules, every day of five years, every
 * gate near a deadline. The twin knows one day at a time; what a verdict says of the days to come
 * is compared with walking through them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "naive.h"
#include "random.h"

/* Days judged, and days known beyond them, by which every fact has had its say. */
enum { FIRST = 19723 /* 2024-01-01 */, DAYS = 1827, KNOWN = DAYS + 900 };

/* What the twin says of each day under one gate. */
struct days {
    struct naive_verdict of[KNOWN];
    int run_end[KNOWN]; /* index of the last day of the same reason and deadline */
};

struct world {
    struct imei imei;
    struct facts facts;
    struct rules rules;
    struct days plain; /* by the calendar */
    struct days gated;
};

struct fixture {
    struct tac_table *tac;
    struct rng rng;
    struct world *world;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->tac = random_tac_list();
    f->world = calloc(1, sizeof *f->world);
    f->rng = random_start("policy_prop", 20250325);
    *state = f;
    return f->tac && f->world ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tac_table_free(f->tac);
    free(f->world);
    free(f);
    return 0;
}

static void walk(const struct world *w, daynum gate, struct days *d)
{
    for (int i = 0; i < KNOWN; i++)
        d->of[i] = naive_judge(w->imei, &w->facts, &w->rules, FIRST + i, gate);
    d->run_end[KNOWN - 1] = KNOWN - 1;
    for (int i = KNOWN - 2; i >= 0; i--) {
        bool same =
            d->of[i].reason == d->of[i + 1].reason && d->of[i].deadline == d->of[i + 1].deadline;
        d->run_end[i] = same ? d->run_end[i + 1] : i;
    }
}

static void new_world(struct fixture *f)
{
    struct world *w = f->world;
    w->imei = random_imei(&f->rng);
    if (rng_one_in(&f->rng, 2))
        random_facts_by_changes(&f->rng, &w->facts);
    else
        random_facts_directly(&f->rng, &w->facts);
    random_rules(&f->rng, rng_one_in(&f->rng, 3) ? NULL : f->tac, &w->rules);
    walk(w, DAYNUM_OPEN, &w->plain);
}

static void print_world(const struct world *w, const char *what, daynum day, daynum gate)
{
    char a[DAYNUM_TEXT], b[DAYNUM_TEXT], text14[IMEI_TEXT14];
    struct buf text = {0};
    daynum_format(day, a);
    daynum_format(gate, b);
    imei_format14(w->imei, text14);
    printf("# %s: imei %s day %s gate %s tac list %s\n", what, text14, a, b,
           w->rules.tac ? "yes" : "no");
    random_print_facts(&w->facts);
    rules_format(&w->rules, &text);
    for (struct str rest = {(const char *)text.p, text.n}; rest.p && rest.n;) {
        struct str line = str_split(rest, '\n', &rest);
        printf("#   %.*s\n", STR_ARG(line));
    }
    buf_release(&text);
}

static void print_verdict(const char *who, const struct verdict *v)
{
    char through[DAYNUM_TEXT], deadline[DAYNUM_TEXT];
    daynum_format(v->valid_through, through);
    daynum_format(v->deadline, deadline);
    printf("# %s: %s through %s then %s, deadline %s, flags %d\n", who, reason_name(v->reason),
           through, reason_name(v->next_reason), deadline, v->flags);
}

/* The verdict that the walk through the days gives. */
static struct verdict walked(const struct days *d, int i)
{
    const struct naive_verdict *n = &d->of[i];
    int end = d->run_end[i];
    bool has_next = end < KNOWN - 1;
    bool shown = n->list == LIST_GREY || n->reason == REASON_EXPIRED;
    return (struct verdict){
        .reason = n->reason,
        .next_reason = has_next ? d->of[end + 1].reason : n->reason,
        .flags = (uint8_t)((n->used ? VERDICT_USED : 0) | (n->duplicate ? VERDICT_DUPLICATE : 0)),
        .deadline = shown      ? n->deadline
                    : has_next ? d->of[end + 1].deadline
                               : DAYNUM_NONE,
        .valid_through = has_next ? FIRST + end : DAYNUM_OPEN,
    };
}

static void judge_is_the_walk(void **state)
{
    struct fixture *f = *state;
    struct world *w = f->world;
    for (uint32_t round = random_rounds(8000); round > 0; round--) {
        new_world(f);
        for (int i = 0; i < DAYS; i++) {
            struct verdict got = policy_judge(w->imei, &w->facts, &w->rules, FIRST + i);
            struct verdict want = walked(&w->plain, i);
            if (!verdict_equal(&got, &want) || reason_list(got.reason) != w->plain.of[i].list) {
                print_world(w, "judge differs from the walk", FIRST + i, DAYNUM_OPEN);
                print_verdict("judge", &got);
                print_verdict("walk ", &want);
                fail();
            }
        }
    }
}

static void plain_deadline_is_the_twins(void **state)
{
    struct fixture *f = *state;
    struct world *w = f->world;
    for (uint32_t round = random_rounds(8000); round > 0; round--) {
        new_world(f);
        w->facts.hold_until = DAYNUM_NONE;
        daynum got = policy_deadline(&w->facts, &w->rules);
        if (w->facts.activation == DAYNUM_NONE)
            assert_int_equal(got, DAYNUM_NONE);
        for (int i = 0; i < DAYS; i++) {
            struct naive_verdict n =
                naive_judge(w->imei, &w->facts, &w->rules, FIRST + i, DAYNUM_OPEN);
            if (n.reason != REASON_UNVERIFIED || n.deadline == got)
                continue;
            print_world(w, "policy_deadline differs", FIRST + i, got);
            fail();
        }
    }
}

/* A gate worth asking about: around the deadline, at the ends, anywhere. */
static daynum random_gate(struct fixture *f)
{
    const struct world *w = f->world;
    daynum deadline = w->plain.of[rng_below(&f->rng, DAYS)].deadline;
    switch (rng_below(&f->rng, 8)) {
    case 0:
        return DAYNUM_FIRST;
    case 1:
        return DAYNUM_LAST;
    case 2:
    case 3:
        return random_day(&f->rng);
    default:
        return deadline == DAYNUM_NONE ? random_day(&f->rng)
                                       : deadline - 2 + (daynum)rng_below(&f->rng, 5);
    }
}

/* The gated judge says what the plain one says, until EXPIRED has to wait: then it stays grey until
 * a mark hides it. */
static void gated_equals_twin(void **state)
{
    struct fixture *f = *state;
    struct world *w = f->world;
    for (uint32_t round = random_rounds(8000); round > 0; round--) {
        new_world(f);
        daynum gate = random_gate(f);
        walk(w, gate, &w->gated);
        for (int i = 0; i < DAYS; i++) {
            daynum day = FIRST + i;
            bool waits = w->gated.of[i].reason != w->plain.of[i].reason;
            struct verdict want = walked(waits ? &w->gated : &w->plain, i);
            struct verdict got = policy_judge_gated(w->imei, &w->facts, &w->rules, day, gate);
            if (verdict_equal(&got, &want))
                continue;
            print_world(w, "gated judge differs from the twin", day, gate);
            print_verdict("judge", &got);
            print_verdict("twin ", &want);
            fail();
        }
    }
}

/* Does a verdict of day i know enough to be stepped to day j? One change by the calendar, or two
 * when the second ends a grey term. */
static bool within_one_step(const struct days *d, int i, int j)
{
    int one = d->run_end[i];
    if (one >= j)
        return true;
    int two = d->run_end[one + 1];
    if (two >= j)
        return true;
    return d->of[one + 1].list == LIST_GREY && d->of[two + 1].reason == REASON_EXPIRED &&
           d->run_end[two + 1] >= j;
}

/* One verdict of day i under a gate, stepped to day j under a later gate. */
static void check_step(const struct world *w, int i, int j, daynum before, daynum after)
{
    struct verdict v = policy_judge_gated(w->imei, &w->facts, &w->rules, FIRST + i, before);
    if (v.reason != w->plain.of[i].reason)
        return; /* it waits: nobody can say when it turns; the row of a sweep tells */
    struct verdict got = verdict_step(v, FIRST + j, after);
    struct naive_verdict want = naive_judge(w->imei, &w->facts, &w->rules, FIRST + j, after);
    /* What a mark hid is grey and waits: whether for a hold, the verdict did not know. */
    bool hidden = reason_list(v.reason) != LIST_GREY && want.list == LIST_GREY &&
                  w->plain.of[j].reason == REASON_EXPIRED;
    if ((got.reason == want.reason || (hidden && reason_list(got.reason) == LIST_GREY)) &&
        verdict_deadline(&got) == want.deadline)
        return;
    print_world(w, "from", FIRST + i, before);
    print_verdict("from", &v);
    print_verdict("step", &got);
    print_world(w, reason_name(want.reason), FIRST + j, after);
    fail_msg("step differs from the twin");
}

static void step_equals_gated_judge(void **state)
{
    struct fixture *f = *state;
    struct world *w = f->world;
    for (uint32_t round = random_rounds(8000); round > 0; round--) {
        new_world(f);
        for (int k = 0; k < 400; k++) {
            daynum before = random_gate(f), after = random_gate(f);
            int i = (int)rng_below(&f->rng, DAYS - 1);
            int near = w->plain.run_end[i] - 2 + (int)rng_below(&f->rng, 5);
            int j = rng_one_in(&f->rng, 2) ? near : i + (int)rng_below(&f->rng, 60);
            if (j >= i && j < KNOWN && within_one_step(&w->plain, i, j))
                check_step(w, i, j, before < after ? before : after, after);
        }
    }
}

static void verdicts_survive_their_codecs(void **state)
{
    struct fixture *f = *state;
    struct world *w = f->world;
    for (uint32_t round = random_rounds(8000); round > 0; round--) {
        new_world(f);
        daynum gate = random_gate(f);
        for (int k = 0; k < 100; k++) {
            daynum day = FIRST + (daynum)rng_below(&f->rng, DAYS);
            struct verdict v = policy_judge_gated(w->imei, &w->facts, &w->rules, day, gate);
            struct verdict back = verdict_unpack(verdict_pack(&v));
            assert_true(verdict_equal(&v, &back));

            uint8_t bytes[VERDICT_BYTES_MAX];
            size_t n = verdict_encode(&v, bytes);
            assert_in_range(n, 1, VERDICT_BYTES_MAX);
            struct rd rd = rd_of(bytes, n);
            assert_int_equal(verdict_decode(&rd, &back), ERR_OK);
            assert_int_equal(rd_left(&rd), 0);
            assert_true(verdict_equal(&v, &back));
            for (size_t cut = 0; cut < n; cut++) {
                rd = rd_of(bytes, cut);
                assert_int_equal(verdict_decode(&rd, &back), ERR_CODEC);
            }
        }
    }
}

/* What decodes is what encode writes: equal verdicts have equal bytes. */
static void random_bytes_are_canonical_or_refused(void **state)
{
    struct fixture *f = *state;
    for (uint32_t round = random_rounds(8000) * 20; round > 0; round--) {
        uint8_t in[VERDICT_BYTES_MAX], out[VERDICT_BYTES_MAX];
        for (size_t i = 0; i < sizeof in; i++)
            in[i] = (uint8_t)rng_next(&f->rng);
        in[0] &= 63;
        in[1] &= rng_one_in(&f->rng, 4) ? 255 : 15;
        struct verdict v;
        struct rd rd = rd_of(in, sizeof in);
        if (verdict_decode(&rd, &v) != ERR_OK)
            continue;
        size_t n = sizeof in - rd_left(&rd);
        assert_int_equal(verdict_encode(&v, out), n);
        assert_memory_equal(in, out, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge_is_the_walk),
        cmocka_unit_test(plain_deadline_is_the_twins),
        cmocka_unit_test(gated_equals_twin),
        cmocka_unit_test(step_equals_gated_judge),
        cmocka_unit_test(verdicts_survive_their_codecs),
        cmocka_unit_test(random_bytes_are_canonical_or_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
