/* SPDX-License-Identifier: Apache-2.0
 *
 * network_test - what a network is told, as a table: every reason by every asker, the operator's
 * default for the unknown, the override of the rule set, whether a first use is to be reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "answer/network.h"
#include "chain.h"

enum asker { NO_IMSI, HOME, PAIRED, FOREIGN, MACHINE_SIM, ASKERS };
enum { W = EQUIPMENT_WHITE, B = EQUIPMENT_BLACK, G = EQUIPMENT_GREY, U = EQUIPMENT_UNKNOWN };

static const char *const imsis[ASKERS] = {[HOME] = "401010000000001",
                                          [PAIRED] = "401010000000002",
                                          [FOREIGN] = "250010000000001",
                                          [MACHINE_SIM] = "401777000000001"};

/* Unknown: grey, as the default is. */
static const struct {
    uint8_t reason;
    uint8_t told[ASKERS];
} table[] = {
    /* NO_IMSI, HOME, PAIRED, FOREIGN, MACHINE_SIM */
    {REASON_STOLEN, {B, B, B, B, B}},
    {REASON_LOST, {B, B, B, B, B}},
    {REASON_ORDER, {B, B, B, B, B}},
    {REASON_PENITENTIARY, {B, B, B, B, B}},
    {REASON_GSMA, {B, B, B, B, B}},
    {REASON_CLONE, {G, B, W, W, W}},
    {REASON_MALFORMED, {B, B, B, W, W}},
    {REASON_REVOKED, {B, B, B, W, W}},
    {REASON_REPLACED, {B, B, B, W, W}},
    {REASON_TAC_UNALLOCATED, {B, B, B, W, W}},
    {REASON_EXPIRED, {B, B, B, W, W}},
    {REASON_UNVERIFIED, {G, G, G, W, W}},
    {REASON_HELD, {G, G, G, W, W}},
    {REASON_VERIFIED, {W, W, W, W, W}},
    {REASON_TEMPORARY, {W, W, W, W, W}},
    {REASON_AMNESTY, {W, W, W, W, W}},
    {REASON_BEFORE_DUTY, {W, W, W, W, W}},
    {REASON_MACHINE, {W, W, W, W, W}},
    {REASON_NEVER_ACTIVATED, {G, G, G, W, W}},
};

struct bed {
    struct index *index;
    struct rules rules;
    struct network net;
};

static const struct imei recorded = {35824005111111}, absent = {35824005222222};

static uint64_t imsi_of(const char *digits)
{
    uint64_t imsi = 0;
    if (digits)
        assert_int_equal(imsi_parse(str_z(digits), &imsi), ERR_OK);
    return imsi;
}

static int set_up(void **state)
{
    static struct bed bed;
    memset(&bed, 0, sizeof bed);
    rules_init(&bed.rules);
    assert_int_equal(rules_set(&bed.rules, STR("machine_imsi"), STR("401777"), NULL), ERR_OK);
    assert_int_equal(index_new(&bed.index), ERR_OK);
    bed.net = (struct network){.index = bed.index,
                               .rules = &bed.rules,
                               .paired = true,
                               .settings = {EQUIPMENT_GREY, EQUIPMENT_COUNT, EQUIPMENT_GREY},
                               .today = daynum_from_ymd(2025, 7, 1)};
    memset(bed.net.subscriber_key, 7, sizeof bed.net.subscriber_key);
    struct pair pair = {recorded, answer_subscriber(bed.net.subscriber_key, imsi_of(imsis[PAIRED])),
                        false};
    assert_int_equal(index_put_pair(bed.index, &pair), ERR_OK);
    *state = &bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    index_free(bed->index);
    return 0;
}

static void record(struct bed *bed, uint8_t reason, uint8_t flags)
{
    struct verdict v = plain_verdict(reason);
    v.flags = flags;
    assert_int_equal(index_put(bed->index, recorded, &v), ERR_OK);
}

static struct network_reply ask(const struct bed *bed, struct imei imei, enum asker asker)
{
    struct network_question q = {imei, imsi_of(imsis[asker])};
    struct network_reply reply;
    network_answer(&bed->net, &q, 1, &reply);
    return reply;
}

static void every_reason_by_every_asker(void **state)
{
    struct bed *bed = *state;
    bool told[REASON_COUNT] = {[REASON_ROAMER] = true}; /* no verdict has it */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        told[table[i].reason] = true;
        record(bed, table[i].reason, VERDICT_USED);
        for (int asker = 0; asker < ASKERS; asker++) {
            struct network_reply reply = ask(bed, recorded, (enum asker)asker);
            assert_int_equal(reply.equipment, table[i].told[asker]);
            assert_int_equal(reply.home, asker == HOME || asker == PAIRED || asker == MACHINE_SIM);
            assert_false(reply.fresh);
        }
    }
    for (int i = 0; i < REASON_COUNT; i++)
        assert_true(told[i] || !reason_table[i].name);
}

static void the_unknown_is_the_operators_choice(void **state)
{
    struct bed *bed = *state;
    for (uint8_t choice = W; choice <= U; choice++) {
        bed->net.settings.unknown = choice;
        assert_int_equal(ask(bed, absent, HOME).equipment, choice);
        assert_int_equal(ask(bed, absent, NO_IMSI).equipment, choice);
        assert_int_equal(ask(bed, absent, FOREIGN).equipment, W);
        assert_int_equal(ask(bed, absent, HOME).list, LIST_UNKNOWN);
    }
}

static void the_override_stands_behind_marks_only(void **state)
{
    struct bed *bed = *state;
    static const struct {
        const char *word;
        uint8_t told;
    } words[] = {{"grey", G}, {"white", W}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            rules_set(&bed->rules, STR("network_override"), str_z(words[i].word), NULL), ERR_OK);
        record(bed, REASON_EXPIRED, VERDICT_USED);
        assert_int_equal(ask(bed, recorded, HOME).equipment, words[i].told);
        assert_int_equal(ask(bed, recorded, HOME).reason, REASON_EXPIRED);
        assert_int_equal(ask(bed, absent, HOME).equipment, words[i].told);
        record(bed, REASON_STOLEN, VERDICT_USED);
        assert_int_equal(ask(bed, recorded, HOME).equipment, B);
    }
}

static void a_first_use_is_one_of_a_home_subscriber_who_is_let_in(void **state)
{
    struct bed *bed = *state;
    assert_true(ask(bed, absent, HOME).fresh);
    assert_true(ask(bed, absent, MACHINE_SIM).fresh);
    assert_false(ask(bed, absent, NO_IMSI).fresh);
    assert_false(ask(bed, absent, FOREIGN).fresh);
    bed->net.settings.unknown = B;
    assert_false(ask(bed, absent, HOME).fresh);
    bed->net.settings.unknown = U;
    assert_true(ask(bed, absent, HOME).fresh);
    bed->rules.unknown_served = false;
    assert_false(ask(bed, absent, HOME).fresh);
    record(bed, REASON_VERIFIED, 0); /* of an importer, not sold yet */
    assert_true(ask(bed, recorded, HOME).fresh);
    record(bed, REASON_VERIFIED, VERDICT_USED);
    assert_false(ask(bed, recorded, HOME).fresh);
    record(bed, REASON_STOLEN, 0);
    assert_false(ask(bed, recorded, HOME).fresh);
}

static void many_are_answered_as_one_by_one(void **state)
{
    struct bed *bed = *state;
    struct network_question q[NETWORK_BATCH];
    struct network_reply together[NETWORK_BATCH], alone;
    record(bed, REASON_CLONE, VERDICT_USED);
    for (size_t n = 0; n <= NETWORK_BATCH; n++) {
        for (size_t i = 0; i < n; i++)
            q[i] = (struct network_question){i % 3 ? recorded : absent,
                                             imsi_of(imsis[(i + n) % ASKERS])};
        network_answer(&bed->net, q, n, together);
        for (size_t i = 0; i < n; i++) {
            network_answer(&bed->net, &q[i], 1, &alone);
            assert_int_equal(together[i].equipment, alone.equipment);
            assert_int_equal(together[i].reason, alone.reason);
            assert_int_equal(together[i].fresh, alone.fresh);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_reason_by_every_asker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_unknown_is_the_operators_choice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_override_stands_behind_marks_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_first_use_is_one_of_a_home_subscriber_who_is_let_in,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_are_answered_as_one_by_one, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
