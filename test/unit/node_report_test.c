/* SPDX-License-Identifier: Apache-2.0
 *
 * node_report_test - which answers to a report of sightings are the register's: those that say of each line what
 * became of it. A page of a proxy is none, whatever its status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "node/report_answer.h"

static void an_answer_says_what_became_of_each(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } answers[] = {
        {"{\"taken\":3,\"known\":0,\"elsewhere\":0,\"refused_count\":0,\"refused\":[]}", true},
        {"{\"taken\":0,\"known\":1,\"elsewhere\":1,\"refused_count\":1,\"refused\":[{\"line\":1}]}",
         true},
        {"{\"taken\":3,\"known\":0,\"elsewhere\":0,\"refused_count\":0,\"refused\":[],\"more\":1}",
         true},
        {"{\"taken\":2,\"known\":0,\"elsewhere\":0,\"refused_count\":0,\"refused\":[]}", false},
        {"{\"taken\":4,\"known\":0,\"elsewhere\":0,\"refused_count\":0,\"refused\":[]}", false},
        {"{\"taken\":4,\"known\":-1,\"elsewhere\":0,\"refused_count\":0,\"refused\":[]}", false},
        {"{\"taken\":2,\"known\":0,\"elsewhere\":0,\"refused_count\":1,\"refused\":[{},{}]}",
         false},
        {"{\"taken\":\"3\",\"known\":0,\"elsewhere\":0,\"refused_count\":0,\"refused\":[]}", false},
        {"{\"taken\":3,\"known\":0,\"elsewhere\":0,\"refused_count\":0}", false},
        {"{\"taken\":3}", false},
        {"{}", false},
        {"[]", false},
        {"3", false},
        {"", false},
        {"<!DOCTYPE html><title>Sign in</title>", false},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct report_answer answer;
        const enum err err = report_answer_read(str_z(answers[i].text), 3, &answer, NULL);
        assert_int_equal(err, answers[i].good ? ERR_OK : ERR_CODEC);
        if (!err)
            report_answer_release(&answer);
    }
    assert_int_equal(report_answer_read((struct str){NULL, 0}, 3, NULL, NULL), ERR_CODEC);
    assert_true(report_is_refusal(STR("{\"reason\":\"TOO_MANY\"}")));
    assert_false(report_is_refusal(STR("{\"reason\":7}")));
    assert_false(report_is_refusal(STR("<html>Request Entity Too Large</html>")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_says_what_became_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
