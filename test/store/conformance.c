/* SPDX-License-Identifier: Apache-2.0
 *
 * Every case on every bed: memory, SQLite, PostgreSQL, and each behind a faulty wrapper that is not armed. What
 * only some can do (processes, disks, versions) is in sqlite_test.c, armed wrappers in
 * faulty_test.c. */
#include "conformance.h"

enum { TESTS_MAX = 800 };

static const struct conformance_case *case_of(unsigned i)
{
    if (i < verb_case_count)
        return &verb_cases[i];
    i -= verb_case_count;
    if (i < write_case_count)
        return &write_cases[i];
    i -= write_case_count;
    return i < move_case_count ? &move_cases[i] : &record_cases[i - move_case_count];
}

int main(void)
{
    static struct CMUnitTest tests[TESTS_MAX];
    static char names[TESTS_MAX][80];
    static enum bed_kind kinds[BED_KINDS];
    size_t n = 0;
    for (unsigned kind = 0; kind < BED_KINDS; kind++) {
        kinds[kind] = (enum bed_kind)kind;
        if ((kind == BED_POSTGRES || kind == BED_FAULTY_POSTGRES) && !bed_has_postgres())
            continue;
        unsigned count = verb_case_count + write_case_count + move_case_count + record_case_count;
        for (unsigned i = 0; i < count && n < TESTS_MAX; i++, n++) {
            const struct conformance_case *c = case_of(i);
            snprintf(names[n], sizeof names[n], "%s: %s", bed_names[kind], c->name);
            tests[n] = (struct CMUnitTest){.name = names[n],
                                           .test_func = c->run,
                                           .setup_func = bed_setup,
                                           .teardown_func = bed_teardown,
                                           .initial_state = &kinds[kind]};
        }
    }
    return _cmocka_run_group_tests("store", tests, n, NULL, NULL);
}
