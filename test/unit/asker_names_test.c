/* SPDX-License-Identifier: Apache-2.0
 *
 * asker_names_test - who asks keeps his number; an address is one whatever its port; there are as many as are counted,
 * and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "node/asker_names.h"

static void who_asks_keeps_his_number(void **state)
{
    (void)state;
    struct asker_names *names = asker_names_new();
    assert_non_null(names);
    assert_int_equal(asker_names_number(names, STR("amf1.example"), false), 1);
    assert_int_equal(asker_names_number(names, STR("192.0.2.1:4000"), true), 2);
    assert_int_equal(asker_names_number(names, STR("192.0.2.1:4001"), true), 2);
    assert_int_equal(asker_names_number(names, STR("[2001:db8::1]:4001"), true), 3);
    assert_int_equal(asker_names_number(names, STR("amf1.example"), false), 1);
    assert_int_equal(asker_names_number(names, STR(""), false), 0);
    assert_true(str_eq(asker_names_text(names, 1), STR("amf1.example")));
    assert_true(str_eq(asker_names_text(names, 2), STR("192.0.2.1")));
    assert_true(str_eq(asker_names_text(names, 3), STR("[2001:db8::1]")));
    assert_int_equal(asker_names_text(names, 4).n, 0);
    assert_int_equal(asker_names_text(names, 0).n, 0);
    asker_names_free(names);
}

static void there_are_so_many(void **state)
{
    (void)state;
    struct asker_names *names = asker_names_new();
    char name[300];
    assert_non_null(names);
    for (unsigned i = 0; i < LIMIT_NODE_PEERS + 10; i++) {
        int n = snprintf(name, sizeof name, "amf%u.example", i);
        assert_int_equal(asker_names_number(names, (struct str){name, (size_t)n}, false),
                         i < LIMIT_NODE_PEERS ? i + 1 : 0);
    }
    assert_int_equal(asker_names_number(names, STR("amf7.example"), false), 8);
    asker_names_free(names);
    names = asker_names_new();
    memset(name, 'a', sizeof name);
    assert_int_equal(asker_names_number(names, (struct str){name, 300}, false), 1);
    assert_int_equal(asker_names_text(names, 1).n, 127);
    asker_names_free(names);
    asker_names_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_keeps_his_number),
        cmocka_unit_test(there_are_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
