/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets: defaults, good and bad values of every key, the canonical text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/imei.h"
#include "core/rules.h"

/* good: as it is written back; bad: refused with ERR_SETTING_VALUE. */
static const struct {
    const char *key;
    const char *good[4];
    const char *bad[9];
} values[] = {
    {"duty_from",
     {"2025-03-25", "2000-01-01", "2179-06-05"},
     {"", "2025-3-25", "2025-02-29", "1999-12-31", "2179-06-06", "today", "open", "-"}},
    {"enforce_after", {"2025-05-25", "2028-02-29"}, {"2025-13-01", "25.05.2025"}},
    {"grace_days",
     {"0", "30", "3660"},
     {"", "-1", "3661", "30 days", "3e1", "99999999999999999999"}},
    {"amnesty_before", {"2025-06-25"}, {"", "yes"}},
    {"min_notice_days", {"0", "14", "3660"}, {"", "3661", "1.5"}},
    {"home_plmn",
     {"401", "40101,40102", "401,402,999999"},
     {"", "40", "4010101", "401,", "401;402", "4x1", ",401"}},
    {"machine_imsi",
     {"", "40177", "401770,90188", "40101770000000,4010178"},
     {"1", "a", "401017700000001", "40,40177", "4017x"}},
    {"zone",
     {"Asia/Almaty", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"},
     {"", "/etc/passwd", "Asia/ Almaty", "Asia\nAlmaty", "../x"}},
    {"malformed", {"black", "inform"}, {"", "Black", "white"}},
    {"unknown_served", {"yes", "no"}, {"", "true", "1", "YES"}},
    {"clone_without_imsi", {"grey", "white", "black"}, {"", "gray"}},
    {"clone_days", {"1", "30", "64"}, {"", "3661", "-1"}},
    {"clone_imsis", {"0", "10"}, {"", "ten"}},
    {"clone_average_tenths", {"0", "25"}, {"", "2.5"}},
    {"clone_min_days", {"0", "10"}, {"", "3661"}},
    {"clone_two_operator_days", {"0", "20"}, {"", "-20"}},
    {"clone_fleet_imsis", {"0", "100"}, {"", "many"}},
    {"clone_auto", {"yes", "no"}, {"", "auto"}},
    {"clone_auto_most", {"0", "100", "1000000000"}, {"", "-1", "1000000001"}},
    {"network_override", {"none", "grey", "white"}, {"", "black"}},
    {"expiry_release", {"auto", "manual"}, {"", "hold"}},
    {"max_expiries_per_day", {"0", "50000", "1000000000"}, {"", "1000000001", "-5", "50 000"}},
    {"gsma_cut_limit", {"0", "1000", "1000000000"}, {"", "1000000001", "-5", "1 000"}},
    {"retention_months", {"0", "6", "60"}, {"", "-1", "six"}},
    {"two_person", {"auto", "on", "off"}, {"", "yes"}},
    {"tac_list_complete", {"yes", "no"}, {"", "maybe"}},
    {"tac_list_date", {"2026-01-01"}, {"", "2026-01-32"}},
    {"tac_list", {"0", "17"}, {"", "x"}},
};

enum { VALUES = sizeof values / sizeof values[0] };

static const char *text_of(const struct rules *r, struct buf *b)
{
    buf_clear(b);
    rules_format(r, b);
    buf_put(b, "", 1);
    assert_false(b->failed);
    return (const char *)b->p;
}

static void defaults_are_those_of_the_rule(void **state)
{
    (void)state;
    struct rules r;
    rules_init(&r);
    assert_int_equal(r.duty_from, daynum_from_ymd(2025, 3, 25));
    assert_int_equal(r.enforce_after, daynum_from_ymd(2025, 5, 25));
    assert_int_equal(r.grace_days, 30);
    assert_int_equal(r.amnesty_before, daynum_from_ymd(2025, 3, 25));
    assert_int_equal(r.min_notice_days, 0);
    assert_string_equal(r.zone, "Asia/Almaty");
    assert_int_equal(r.home_plmn.count, 1);
    assert_true(r.home_plmn.prefix[0] == 1401);
    assert_int_equal(r.machine_imsi.count, 0);
    assert_int_equal(r.malformed, MALFORMED_BLACK);
    assert_int_equal(r.clone_without_imsi, CLONE_GREY);
    assert_int_equal(r.network_override, OVERRIDE_NONE);
    assert_int_equal(r.expiry_release, RELEASE_AUTO);
    assert_int_equal(r.two_person, TWO_PERSON_AUTO);
    assert_int_equal(r.max_expiries_per_day, 50000);
    assert_int_equal(r.gsma_cut_limit, 1000);
    assert_false(r.tac_list_complete);
    assert_true(r.unknown_served);
    assert_null(r.tac);
}

static void the_canonical_text_is_in_the_order_of_the_table(void **state)
{
    (void)state;
    struct rules r;
    struct buf text = {0};
    rules_init(&r);
    assert_string_equal(text_of(&r, &text), "duty_from=2025-03-25\n"
                                            "enforce_after=2025-05-25\n"
                                            "grace_days=30\n"
                                            "amnesty_before=2025-03-25\n"
                                            "min_notice_days=0\n"
                                            "home_plmn=401\n"
                                            "machine_imsi=\n"
                                            "zone=Asia/Almaty\n"
                                            "malformed=black\n"
                                            "unknown_served=yes\n"
                                            "clone_without_imsi=grey\n"
                                            "clone_days=30\n"
                                            "clone_imsis=10\n"
                                            "clone_average_tenths=25\n"
                                            "clone_min_days=10\n"
                                            "clone_two_operator_days=20\n"
                                            "clone_fleet_imsis=100\n"
                                            "clone_auto=no\n"
                                            "clone_auto_most=100\n"
                                            "network_override=none\n"
                                            "expiry_release=auto\n"
                                            "max_expiries_per_day=50000\n"
                                            "gsma_cut_limit=1000\n"
                                            "retention_months=6\n"
                                            "two_person=auto\n"
                                            "tac_list_complete=no\n"
                                            "tac_list_date=2000-01-01\n"
                                            "tac_list=0\n");
    buf_release(&text);
}

static void good_values_are_written_as_they_are_read(void **state)
{
    (void)state;
    struct buf text = {0}, again = {0}, value = {0};
    for (size_t i = 0; i < VALUES; i++) {
        for (int k = 0; k < 4 && values[i].good[k]; k++) {
            struct rules r, back;
            struct str good = str_z(values[i].good[k]);
            rules_init(&r);
            assert_int_equal(rules_set(&r, str_z(values[i].key), good, NULL), ERR_OK);
            buf_clear(&value);
            assert_true(rules_format_value(&r, str_z(values[i].key), &value));
            assert_true(str_eq((struct str){(char *)value.p, value.n}, good));
            const char *whole = text_of(&r, &text);
            assert_int_equal(rules_parse(str_z(whole), &back, NULL), ERR_OK);
            assert_string_equal(text_of(&back, &again), whole);
        }
    }
    buf_release(&text);
    buf_release(&again);
    buf_release(&value);
}

static void bad_values_are_refused_and_change_nothing(void **state)
{
    (void)state;
    struct buf text = {0}, kept = {0};
    for (size_t i = 0; i < VALUES; i++) {
        for (int k = 0; k < 9 && values[i].bad[k]; k++) {
            struct rules r;
            struct fault fault = {0};
            rules_init(&r);
            text_of(&r, &kept);
            enum err err = rules_set(&r, str_z(values[i].key), str_z(values[i].bad[k]), &fault);
            if (err != ERR_SETTING_VALUE)
                fail_msg("%s=%s is taken", values[i].key, values[i].bad[k]);
            assert_int_equal(fault.err, ERR_SETTING_VALUE);
            assert_non_null(strstr(fault.detail, values[i].key));
            assert_string_equal(text_of(&r, &text), (const char *)kept.p);
        }
    }
    buf_release(&text);
    buf_release(&kept);
}

static void every_setting_is_in_the_table_above(void **state)
{
    (void)state;
    const char *key, *preset, *meaning;
    for (uint32_t i = 0; i < VALUES; i++) {
        assert_true(rules_setting(i, &key, &preset, &meaning));
        assert_string_equal(key, values[i].key);
        assert_true(meaning[0] != '\0');
    }
    assert_false(rules_setting(VALUES, &key, &preset, &meaning));
}

static void unknown_keys_are_refused(void **state)
{
    (void)state;
    struct rules r;
    struct fault fault = {0};
    struct buf text = {0};
    rules_init(&r);
    assert_int_equal(rules_set(&r, STR("grace"), STR("30"), &fault), ERR_SETTING_UNKNOWN);
    assert_string_equal(fault.value, "grace");
    assert_int_equal(rules_set(&r, STR(""), STR("30"), NULL), ERR_SETTING_UNKNOWN);
    assert_int_equal(rules_set(&r, STR("number"), STR("3"), NULL), ERR_SETTING_UNKNOWN);
    assert_false(rules_format_value(&r, STR("grace"), &text));
    assert_true(rules_settable(STR("grace_days")));
    assert_false(rules_settable(STR("grace")));
    assert_false(rules_settable(STR("tac_list")));
    assert_false(rules_settable(STR("tac_list_complete")));
    assert_false(rules_settable(STR("tac_list_date")));
    buf_release(&text);
}

static void a_text_names_its_bad_line(void **state)
{
    (void)state;
    struct rules r;
    struct fault fault = {0};
    assert_int_equal(rules_parse(STR("grace_days=10\nzone=UTC\n"), &r, &fault), ERR_OK);
    assert_int_equal(r.grace_days, 10);
    assert_string_equal(r.zone, "UTC");
    assert_int_equal(r.enforce_after, daynum_from_ymd(2025, 5, 25)); /* missing: its default */
    assert_int_equal(rules_parse(STR("zone=UTC\ngrace_days=x\n"), &r, &fault), ERR_SETTING_VALUE);
    assert_int_equal(fault.line, 2);
    assert_int_equal(r.grace_days, 10);
    assert_int_equal(rules_parse(STR("zone=UTC\ngrace_days\n"), &r, NULL), ERR_SETTING_VALUE);
    assert_int_equal(rules_parse(STR("nonsense=1\n"), &r, &fault), ERR_SETTING_UNKNOWN);
}

static void home_and_machine_subscribers_are_told_by_prefix(void **state)
{
    (void)state;
    struct rules r;
    uint64_t home, foreign, machine;
    rules_init(&r);
    assert_int_equal(imsi_parse(STR("401015555555555"), &home), ERR_OK);
    assert_int_equal(imsi_parse(STR("250015555555555"), &foreign), ERR_OK);
    assert_int_equal(imsi_parse(STR("401775555555555"), &machine), ERR_OK);
    assert_true(rules_is_home(&r, home));
    assert_false(rules_is_home(&r, foreign));
    assert_false(rules_is_machine_imsi(&r, machine));
    assert_int_equal(rules_set(&r, STR("machine_imsi"), STR("40177,90188"), NULL), ERR_OK);
    assert_true(rules_is_machine_imsi(&r, machine));
    assert_false(rules_is_machine_imsi(&r, home));
    /* A range of a network's subscriptions is longer than its codes. */
    assert_int_equal(rules_set(&r, STR("machine_imsi"), STR("40177555,4010155555555"), NULL),
                     ERR_OK);
    assert_true(rules_is_machine_imsi(&r, machine));
    assert_true(rules_is_machine_imsi(&r, home));
    assert_int_equal(rules_set(&r, STR("machine_imsi"), STR("40177556"), NULL), ERR_OK);
    assert_false(rules_is_machine_imsi(&r, machine));
    assert_int_equal(rules_set(&r, STR("home_plmn"), STR("40102,250"), NULL), ERR_OK);
    assert_false(rules_is_home(&r, home));
    assert_true(rules_is_home(&r, foreign));
}

static void the_list_of_prefixes_has_its_limit(void **state)
{
    (void)state;
    struct rules r;
    struct buf text = {0};
    rules_init(&r);
    for (int i = 0; i < LIMIT_PLMN; i++)
        buf_printf(&text, "%s%d", i ? "," : "", 40100 + i);
    assert_int_equal(rules_set(&r, STR("home_plmn"), (struct str){(char *)text.p, text.n}, NULL),
                     ERR_OK);
    assert_int_equal(r.home_plmn.count, LIMIT_PLMN);
    buf_str(&text, STR(",40199"));
    assert_int_equal(rules_set(&r, STR("home_plmn"), (struct str){(char *)text.p, text.n}, NULL),
                     ERR_SETTING_VALUE);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_rule),
        cmocka_unit_test(the_canonical_text_is_in_the_order_of_the_table),
        cmocka_unit_test(good_values_are_written_as_they_are_read),
        cmocka_unit_test(bad_values_are_refused_and_change_nothing),
        cmocka_unit_test(every_setting_is_in_the_table_above),
        cmocka_unit_test(unknown_keys_are_refused),
        cmocka_unit_test(a_text_names_its_bad_line),
        cmocka_unit_test(home_and_machine_subscribers_are_told_by_prefix),
        cmocka_unit_test(the_list_of_prefixes_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
