/* SPDX-License-Identifier: Apache-2.0
 *
 * node_link_test - what is an address of a register, a cache, an NRF, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "node/link.h"

static void an_address_has_a_host(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://register.example",      "https://register.example",       "http://127.0.0.1:8080",
        "https://register.example/x/",  "http://[2001:db8::1]",           "http://[::1]:8080/tamga",
        "https://u:p@register.example", "http://register.example:65535/",
    };
    static const char *const bad[] = {
        "",
        "http://",
        "https://",
        "http:///",
        "https:///path",
        "http://:80",
        "http://:80/x",
        "http://u@",
        "http://u@/x",
        "http://u@:80",
        "http://[]",
        "http://[]:80",
        "http://[::1",
        "http://[::1]80",
        "http://host:",
        "http://host:0",
        "http://host:65536",
        "http://host:8o",
        "http://host:80:80",
        "http://a b",
        "http://a\tb",
        "http://a?b",
        "http://a#b",
        "http://a\\b",
        "http://\xd2\x9b",
        "ftp://host",
        "HTTP//host",
        "register.example",
        "//host",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!link_is_url(str_z(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (link_is_url(str_z(bad[i])))
            fail_msg("taken: %s", bad[i]);
    /* Of bytes that nothing ends. */
    assert_true(link_is_url((struct str){"http://host:80/x?", 16}));
    assert_false(link_is_url((struct str){"http://host", 7}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
