/* SPDX-License-Identifier: Apache-2.0
 *
 * answer_test - what each asker hears of each verdict, as a table; every reason at least once. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "answer/answer.h"
#include "chain.h"

/* Who asks. */
enum asker { PERSON, NO_IMSI, HOME, PAIRED, FOREIGN, FOREIGN_PAIRED, MACHINE_SIM, ASKERS };

struct hears {
    uint8_t list; /* enum list */
    uint8_t reason;
    bool served;
};

/* The same, whoever asks at home; a foreigner and a machine as given. */
static const struct hears white = {LIST_WHITE, 0, true}, grey = {LIST_GREY, 0, true},
                          black = {LIST_BLACK, 0, false}, unknown = {LIST_UNKNOWN, 0, true},
                          roamer = {LIST_EXEMPT, REASON_ROAMER, true},
                          machine = {LIST_EXEMPT, REASON_MACHINE, true};

static const struct row_of {
    uint8_t reason;
    const struct hears *hears[ASKERS]; /* reason 0: the verdict's own */
} table[] = {
    /* PERSON, NO_IMSI, HOME, PAIRED, FOREIGN, FOREIGN_PAIRED, MACHINE_SIM */
    {REASON_STOLEN, {&black, &black, &black, &black, &black, &black, &black}},
    {REASON_LOST, {&black, &black, &black, &black, &black, &black, &black}},
    {REASON_ORDER, {&black, &black, &black, &black, &black, &black, &black}},
    {REASON_PENITENTIARY, {&black, &black, &black, &black, &black, &black, &black}},
    {REASON_GSMA, {&black, &black, &black, &black, &black, &black, &black}},
    {REASON_CLONE, {&black, &grey, &black, &white, &roamer, &roamer, &machine}},
    {REASON_MALFORMED, {&black, &black, &black, &black, &roamer, &roamer, &machine}},
    {REASON_REVOKED, {&black, &black, &black, &black, &roamer, &roamer, &machine}},
    {REASON_REPLACED, {&black, &black, &black, &black, &roamer, &roamer, &machine}},
    {REASON_TAC_UNALLOCATED, {&black, &black, &black, &black, &roamer, &roamer, &machine}},
    {REASON_EXPIRED, {&black, &black, &black, &black, &roamer, &roamer, &machine}},
    {REASON_UNVERIFIED, {&grey, &grey, &grey, &grey, &roamer, &roamer, &machine}},
    {REASON_HELD, {&grey, &grey, &grey, &grey, &roamer, &roamer, &machine}},
    {REASON_VERIFIED, {&white, &white, &white, &white, &roamer, &roamer, &machine}},
    {REASON_TEMPORARY, {&white, &white, &white, &white, &roamer, &roamer, &machine}},
    {REASON_AMNESTY, {&white, &white, &white, &white, &roamer, &roamer, &machine}},
    {REASON_BEFORE_DUTY, {&white, &white, &white, &white, &roamer, &roamer, &machine}},
    {REASON_NEVER_ACTIVATED, {&unknown, &unknown, &unknown, &unknown, &roamer, &roamer, &machine}},
    {REASON_MACHINE, {&machine, &machine, &machine, &machine, &roamer, &roamer, &machine}},
};

static uint64_t imsi_of(const char *digits)
{
    uint64_t imsi;
    assert_int_equal(imsi_parse(str_z(digits), &imsi), ERR_OK);
    return imsi;
}

static struct rules some_rules(void)
{
    struct rules rules;
    rules_init(&rules);
    assert_int_equal(rules_set(&rules, STR("home_plmn"), STR("401"), NULL), ERR_OK);
    assert_int_equal(rules_set(&rules, STR("machine_imsi"), STR("401777"), NULL), ERR_OK);
    return rules;
}

static struct answer ask(uint8_t reason, enum asker asker, const struct rules *rules)
{
    static const char *const imsis[ASKERS] = {[HOME] = "401010000000001",
                                              [PAIRED] = "401010000000001",
                                              [FOREIGN] = "250010000000001",
                                              [FOREIGN_PAIRED] = "250010000000001",
                                              [MACHINE_SIM] = "401777000000001"};
    struct verdict v = plain_verdict(reason);
    struct asking asking = {.paired = asker == PAIRED || asker == FOREIGN_PAIRED};
    if (imsis[asker])
        asking.imsi = imsi_of(imsis[asker]);
    return answer_make(&v, asker == PERSON ? NULL : &asking, rules);
}

static void everybody_hears_what_is_his(void **state)
{
    (void)state;
    struct rules rules = some_rules();
    bool told[REASON_COUNT] = {[REASON_ROAMER] = true}; /* no verdict has it */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        told[table[i].reason] = true;
        for (int asker = 0; asker < ASKERS; asker++) {
            const struct hears *want = table[i].hears[asker];
            struct answer a = ask(table[i].reason, (enum asker)asker, &rules);
            assert_int_equal(a.verdict.reason, table[i].reason);
            assert_int_equal(a.list, want->list);
            assert_int_equal(a.reason, want->reason ? want->reason : table[i].reason);
            assert_int_equal(a.served, want->served);
        }
    }
    for (int i = 0; i < REASON_COUNT; i++)
        assert_true(told[i] || !reason_table[i].name);
}

static void clone_without_imsi_is_the_country_s_choice(void **state)
{
    (void)state;
    struct rules rules = some_rules();
    static const struct {
        const char *word;
        uint8_t list;
        bool served;
    } choices[] = {
        {"grey", LIST_GREY, true}, {"white", LIST_WHITE, true}, {"black", LIST_BLACK, false}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rules_set(&rules, STR("clone_without_imsi"), str_z(choices[i].word), NULL),
                         ERR_OK);
        struct answer a = ask(REASON_CLONE, NO_IMSI, &rules);
        assert_int_equal(a.list, choices[i].list);
        assert_int_equal(a.served, choices[i].served);
        assert_int_equal(a.reason, REASON_CLONE);
        a = ask(REASON_CLONE, PERSON, &rules); /* a person hears the list */
        assert_int_equal(a.list, LIST_BLACK);
        a = ask(REASON_CLONE, HOME, &rules);
        assert_int_equal(a.list, LIST_BLACK);
        a = ask(REASON_CLONE, PAIRED, &rules);
        assert_int_equal(a.list, LIST_WHITE);
    }
}

static void unknown_is_the_network_s_default(void **state)
{
    (void)state;
    struct rules rules = some_rules();
    rules.unknown_served = false;
    for (int asker = 0; asker < FOREIGN; asker++)
        assert_false(ask(REASON_NEVER_ACTIVATED, (enum asker)asker, &rules).served);
    assert_true(ask(REASON_NEVER_ACTIVATED, FOREIGN, &rules).served);
    assert_true(ask(REASON_VERIFIED, HOME, &rules).served);
}

static void subscribers_are_keyed(void **state)
{
    (void)state;
    uint8_t key[32] = {1}, other[32] = {2};
    uint64_t imsi = imsi_of("401010000000001");
    assert_true(answer_subscriber(key, imsi) == answer_subscriber(key, imsi));
    assert_true(answer_subscriber(key, imsi) != answer_subscriber(key, imsi + 1));
    assert_true(answer_subscriber(key, imsi) != answer_subscriber(other, imsi));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_hears_what_is_his),
        cmocka_unit_test(clone_without_imsi_is_the_country_s_choice),
        cmocka_unit_test(unknown_is_the_network_s_default),
        cmocka_unit_test(subscribers_are_keyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
