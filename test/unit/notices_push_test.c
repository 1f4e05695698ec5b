/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_push_test - how long an operator who does not answer is left alone: doubling, bounded, never the same for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cases/notices_push.h"

static void pauses_double_and_end(void **state)
{
    (void)state;
    int64_t most = PUSH_FIRST_MS;
    for (unsigned tries = 1; tries < 100; tries++) {
        assert_int_equal(notices_push_pause(tries, 0), most / 2);
        assert_in_range(notices_push_pause(tries, UINT32_MAX), most - 2, most);
        assert_in_range(notices_push_pause(tries, UINT32_MAX / 2), most / 2, most);
        most = 2 * most < PUSH_LONGEST_MS ? 2 * most : PUSH_LONGEST_MS;
    }
    assert_int_equal(most, PUSH_LONGEST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pauses_double_and_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
