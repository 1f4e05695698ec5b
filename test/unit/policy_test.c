/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule, line by line, with days on both sides of each limit. One row is one case: a line of
 * text, the circumstances (unit/given.h), the day, what is wanted as "LIST REASON DEADLINE". A
 * CASE is judged by the plain calendar, a GATED one under an expire_through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "prop/random.h"
#include "unit/given.h"

struct row {
    const char *line;
    const char *given;
    const char *day;
    const char *want;
    const char *gate;
    const char *to; /* of the steps: the day stepped to, and expire_through by then */
    const char *to_gate;
};

#define CASE(line, given, day, want)            {line, given, day, want, NULL, NULL, NULL},
#define GATED(line, given, day, want, gate)     {line, given, day, want, gate, NULL, NULL},
#define STEP(line, given, day, want, gate, ...) {line, given, day, want, gate, __VA_ARGS__},

static const struct row rows[] = {
#include "unit/policy_rows.def"
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* What the verdict says of the days to come: "REASON through DAY then REASON deadline DAY flags". */
static const struct row ahead[] = {
#include "unit/policy_ahead.def"
};

enum { AHEAD = sizeof ahead / sizeof ahead[0] };

static const struct row steps[] = {
#include "unit/policy_step.def"
};

enum { STEPS = sizeof steps / sizeof steps[0] };

static struct tac_table *tac;

static struct verdict judge(const struct row *row)
{
    struct given g;
    if (!given_read(row->given, tac, &g))
        fail_msg("the case is not understood");
    daynum day = given_day(row->day);
    if (!row->gate)
        return policy_judge(g.imei, &g.facts, &g.rules, day);
    return policy_judge_gated(g.imei, &g.facts, &g.rules, day, given_day(row->gate));
}

static void row_holds(void **state)
{
    const struct row *row = *state;
    struct verdict v = judge(row);
    if (row->to)
        v = verdict_step(v, given_day(row->to), given_day(row->to_gate));
    char deadline[DAYNUM_TEXT], got[96];
    daynum_format(verdict_deadline(&v), deadline);
    snprintf(got, sizeof got, "%s %s %s", list_name(reason_list(v.reason)), reason_name(v.reason),
             deadline);
    assert_string_equal(got, row->want);
}

static void row_looks_ahead(void **state)
{
    const struct row *row = *state;
    struct verdict v = judge(row);
    char through[DAYNUM_TEXT], deadline[DAYNUM_TEXT], got[160];
    daynum_format(v.valid_through, through);
    daynum_format(v.deadline, deadline);
    snprintf(got, sizeof got, "%s through %s then %s deadline %s%s%s", reason_name(v.reason),
             through, reason_name(v.next_reason), deadline, v.flags & VERDICT_USED ? " used" : "",
             v.flags & VERDICT_DUPLICATE ? " duplicate" : "");
    assert_string_equal(got, row->want);
}

static int setup(void **state)
{
    (void)state;
    tac = random_tac_list();
    return tac ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tac_table_free(tac);
    return 0;
}

/* cmocka wants its state writable; the rows stay as they are. */
static struct CMUnitTest test_of(const struct row *row, CMUnitTestFunction run)
{
    union {
        const struct row *row;
        void *state;
    } as = {row};
    return (struct CMUnitTest){.name = row->line, .test_func = run, .initial_state = as.state};
}

int main(void)
{
    static struct CMUnitTest tests[ROWS + AHEAD + STEPS];
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = test_of(&rows[i], row_holds);
    for (size_t i = 0; i < AHEAD; i++)
        tests[ROWS + i] = test_of(&ahead[i], row_looks_ahead);
    for (size_t i = 0; i < STEPS; i++)
        tests[ROWS + AHEAD + i] = test_of(&steps[i], row_holds);
    return cmocka_run_group_tests(tests, setup, teardown);
}
