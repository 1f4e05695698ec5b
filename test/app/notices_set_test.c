/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_set_test - how a country tells, changed: a lower percent is a matter of two and stands in the journal; prefixes have
 * one operator; what the audit log cannot take is not done. */
#include "app/fixture.h"

#include <stdlib.h>

#include "app/notices_set.h"
#include "app/staff.h"

static uint64_t account(struct fixture *f, const char *name)
{
    struct batch_result r;
    OK(staff_add(f->reg, str_z(name), &r, NULL));
    return registry_party_id(f->reg, PARTY_ACCOUNT, str_z(name));
}

static unsigned noted;
static enum err note_fails;

static enum err note(struct registry *reg, uint64_t subject, uint64_t entry, enum err outcome,
                     struct fault *fault)
{
    (void)reg;
    (void)subject;
    (void)entry;
    (void)outcome;
    noted += !note_fails;
    return note_fails ? fault_set(fault, note_fails, "the audit log") : ERR_OK;
}

static enum err set_percent(struct fixture *f, uint64_t who_acts, uint8_t percent,
                            const char *reason)
{
    struct notices_change change = {.reason = reason, .also = note};
    OK(notices_settings_get(f->reg, &change.settings, NULL));
    change.settings.percent = percent;
    f->reg->actor = who_acts;
    enum err err = notices_settings_change(f->reg, &change, NULL);
    f->reg->actor = 0;
    return err;
}

static uint8_t percent(struct fixture *f)
{
    struct notices_settings s;
    OK(notices_settings_get(f->reg, &s, NULL));
    return s.percent;
}

static uint64_t entries(struct fixture *f)
{
    OK(registry_refresh(f->reg, NULL));
    return f->reg->head.next_seq;
}

static void a_lower_percent_is_a_matter_of_two(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    noted = 0;
    uint64_t before = entries(f);
    assert_int_equal(set_percent(f, 0, 90, NULL), ERR_USAGE); /* no reason */
    OK(set_percent(f, 0, 90, "a drill"));                     /* one person is all there is */
    assert_int_equal(entries(f), before + 1);
    const uint64_t anna = account(f, "anna"), bolat = account(f, "bolat");
    before = entries(f);
    assert_int_equal(set_percent(f, 0, 0, "a drill"), ERR_ACTOR);
    noted = 0;
    assert_int_equal(set_percent(f, anna, 0, "a drill"), ERR_HELD);
    assert_int_equal(noted, 1);
    assert_int_equal(set_percent(f, anna, 0, "a drill"), ERR_SAME_PERSON);
    assert_int_equal(set_percent(f, anna, 10, "a drill"), ERR_HELD); /* another question */
    assert_int_equal(set_percent(f, bolat, 0, "a drill"), ERR_HELD); /* and again another */
    assert_int_equal(percent(f), 90);
    assert_int_equal(entries(f), before);
    /* What the audit log cannot take is not done. */
    note_fails = ERR_STORE;
    assert_int_equal(set_percent(f, anna, 0, "a drill"), ERR_STORE);
    note_fails = ERR_OK;
    assert_int_equal(percent(f), 90);
    OK(set_percent(f, anna, 0, "a drill"));
    assert_int_equal(percent(f), 0);
    assert_int_equal(entries(f), before + 1);
    OK(set_percent(f, bolat, 99, "over"));
    assert_int_equal(set_percent(f, bolat, 0, "again"), ERR_HELD); /* the old word is used up */
    assert_int_equal(percent(f), 99);
    fixture_whole(f);
    fixture_free(f);
}

static enum err put(struct fixture *f, const char *name, const char *plmn)
{
    struct notices_channel c = {.road = NOTICES_FILE};
    str_copy(c.name, sizeof c.name, str_z(name));
    str_copy(c.plmn, sizeof c.plmn, str_z(plmn));
    return notices_channel_put(f->reg, &c, note, NULL);
}

static void a_subscriber_has_one_operator(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct operators o = {0};
    OK(put(f, "Altel", "40101,4010277"));
    assert_int_equal(put(f, "Kcell", "40101"), ERR_USAGE);
    assert_int_equal(put(f, "Kcell", "40103,401017"), ERR_USAGE); /* within his */
    assert_int_equal(put(f, "Kcell", "40102"), ERR_USAGE);        /* around his */
    assert_int_equal(put(f, "Kcell", "40103,40103"), ERR_USAGE);
    assert_int_equal(put(f, "Kcell", "4010"), ERR_USAGE);
    assert_int_equal(put(f, "Kcell", "40103,"), ERR_USAGE);
    OK(put(f, "Kcell", "40103,401028"));
    OK(put(f, "Altel", "40101")); /* his own again */
    OK(put(f, "Beeline", ""));
    note_fails = ERR_STORE;
    assert_int_equal(put(f, "Tele2", "40177"), ERR_STORE);
    note_fails = ERR_OK;
    struct notices_channels *all = calloc(1, sizeof *all);
    assert_non_null(all);
    OK(notices_channels_get(f->reg, all, NULL));
    assert_int_equal(all->n, 3);
    free(all);
    OK(operators_set(&o, STR("Altel"), STR("plmn"), STR("40101,40102"), NULL));
    assert_int_equal(operators_set(&o, STR("Kcell"), STR("plmn"), STR("401021"), NULL),
                     ERR_SETTING_VALUE);
    OK(operators_set(&o, STR("Altel"), STR("plmn"), STR("40101,40107"), NULL));
    OK(operators_set(&o, STR("Kcell"), STR("plmn"), STR("401021"), NULL));
    struct notices_channel c = {.road = NOTICES_FILE, .name = "Altel"};
    OK(notices_channel_agree(&o, &c, NULL));
    assert_string_equal(c.plmn, "40101,40107");
    str_copy(c.plmn, sizeof c.plmn, STR("40107, 40101"));
    OK(notices_channel_agree(&o, &c, NULL));
    str_copy(c.plmn, sizeof c.plmn, STR("40107"));
    assert_int_equal(notices_channel_agree(&o, &c, NULL), ERR_USAGE);
    c = (struct notices_channel){.road = NOTICES_FILE, .name = "Tele2", .plmn = "401021"};
    assert_int_equal(notices_channel_agree(&o, &c, NULL), ERR_USAGE);
    str_copy(c.plmn, sizeof c.plmn, STR("401022"));
    OK(notices_channel_agree(&o, &c, NULL));
    OK(notices_channel_agree(NULL, &c, NULL));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lower_percent_is_a_matter_of_two),
        cmocka_unit_test(a_subscriber_has_one_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
