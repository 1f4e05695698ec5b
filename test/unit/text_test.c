/* SPDX-License-Identifier: Apache-2.0
 *
 * text_test - the catalogue is whole in all three languages; plurals, dates, numbers and the choice
 * of the language. What its words may be is test/e2e/texts.t's. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/reason.h"
#include "face/text.h"

static void put_z(struct buf *b)
{
    buf_put(b, "", 1);
    assert_false(b->failed);
}

static void every_text_is_there(void **state)
{
    (void)state;
    for (unsigned id = 0; id < TEXT_COUNT; id++) {
        enum text found;
        assert_true(text_find(str_z(text_table[id].key), &found));
        assert_int_equal(found, id);
        for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
            struct str s = text_get(lang, (enum text)id);
            assert_true(s.n > 0);
            assert_int_equal(s.n, strlen(s.p));
            assert_true(str_utf8(s));
            for (uint64_t n = 0; n < 120; n++)
                assert_true(text_plural(lang, (enum text)id, n).n > 0);
        }
    }
}

static void every_error_has_its_text(void **state)
{
    (void)state;
    for (int err = 0; err < ERR_COUNT; err++) {
        enum text id;
        if (!text_find(str_z(err_info((enum err)err)->text_id), &id))
            fail_msg("%s: no text", err_name((enum err)err));
    }
}

static void every_reason_has_its_texts(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (uint8_t reason = 0; reason < REASON_COUNT; reason++) {
        const struct reason_info *info = &reason_table[reason];
        if (!info->name)
            continue;
        enum text id;
        if (!text_find_parts("reason", info->public, "public", &id) ||
            !text_find_parts("reason", info->name, "internal", &id) ||
            !text_find_parts("buy", info->public, NULL, &id) ||
            !text_find_parts("own", info->public, NULL, &id))
            fail_msg("%s: a text is missing", info->name);
        seen++;
    }
    assert_in_range(seen, 20, REASON_COUNT);
}

static void every_list_has_its_texts(void **state)
{
    (void)state;
    for (enum list list = 0; list < LIST_COUNT; list++) {
        enum text id;
        assert_true(text_find_parts("list", list_name(list), "title", &id));
        assert_true(text_find_parts("list", list_name(list), "meaning", &id));
    }
}

/* The public never hears which body asked for a suspension. */
static void order_and_prison_sound_alike(void **state)
{
    (void)state;
    enum text id;
    assert_string_equal(reason_public(REASON_ORDER), reason_public(REASON_PENITENTIARY));
    assert_false(text_find_parts("reason", "ORDER", "public", &id));
    assert_false(text_find_parts("reason", "PENITENTIARY", "public", &id));
    assert_false(text_find_parts("buy", "ORDER", NULL, &id));
}

static void the_customers_own_headings_stand(void **state)
{
    (void)state;
    assert_string_equal(text_get(LANG_KK, TEXT_CHECK_HEADING).p,
                        "Сатып алмас бұрын құрылғыны тексеру");
    assert_string_equal(text_get(LANG_RU, TEXT_CHECK_HEADING).p,
                        "Проверить устройство перед покупкой");
    assert_string_equal(text_get(LANG_KK, TEXT_BUY_HEADING).p, "Сатып аласыз ба?");
    assert_string_equal(text_get(LANG_RU, TEXT_BUY_HEADING).p, "Покупаете?");
    assert_string_equal(text_get(LANG_KK, TEXT_OWN_HEADING).p, "Құрылғы сіздікі ме?");
    assert_string_equal(text_get(LANG_RU, TEXT_OWN_HEADING).p, "Это ваше устройство?");
    assert_string_equal(text_get(LANG_KK, TEXT_PRODUCT_NAME).p, "Таңба");
    assert_string_equal(text_get(LANG_RU, TEXT_PRODUCT_NAME).p, "Тамга");
}

static void plurals_follow_the_language(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *ru, *kk, *en;
    } cases[] = {
        {0, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {1, "Остался {n} день", "{n} күн қалды", "{n} day left"},
        {2, "Осталось {n} дня", "{n} күн қалды", "{n} days left"},
        {4, "Осталось {n} дня", "{n} күн қалды", "{n} days left"},
        {5, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {11, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {12, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {14, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {20, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {21, "Остался {n} день", "{n} күн қалды", "{n} days left"},
        {22, "Осталось {n} дня", "{n} күн қалды", "{n} days left"},
        {101, "Остался {n} день", "{n} күн қалды", "{n} days left"},
        {111, "Осталось {n} дней", "{n} күн қалды", "{n} days left"},
        {1000002, "Осталось {n} дня", "{n} күн қалды", "{n} days left"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(text_plural(LANG_RU, TEXT_DAYS_LEFT, cases[i].n).p, cases[i].ru);
        assert_string_equal(text_plural(LANG_KK, TEXT_DAYS_LEFT, cases[i].n).p, cases[i].kk);
        assert_string_equal(text_plural(LANG_EN, TEXT_DAYS_LEFT, cases[i].n).p, cases[i].en);
    }
}

static void every_month_is_written_in_three_languages(void **state)
{
    (void)state;
    static const char *const kk[12] = {
        "қаңтарды", "ақпанды", "наурызды",   "сәуірді", "мамырды",  "маусымды",
        "шілдені",  "тамызды", "қыркүйекті", "қазанды", "қарашаны", "желтоқсанды",
    };
    static const char *const kk_plain[12] = {
        "қаңтар", "ақпан", "наурыз",   "сәуір", "мамыр",  "маусым",
        "шілде",  "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
    };
    static const char *const en[12] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    for (int month = 1; month <= 12; month++) {
        daynum day = daynum_from_ymd(2025, month, 1);
        char want[LANG_COUNT][2][96];
        snprintf(want[LANG_KK][0], 96, "2025 жылғы 1 %s", kk_plain[month - 1]);
        snprintf(want[LANG_KK][1], 96, "2025 жылғы 1 %s қоса алғанда", kk[month - 1]);
        snprintf(want[LANG_RU][0], 96, "01.%02d.2025", month);
        snprintf(want[LANG_RU][1], 96, "по 01.%02d.2025 включительно", month);
        snprintf(want[LANG_EN][0], 96, "1 %s 2025", en[month - 1]);
        snprintf(want[LANG_EN][1], 96, "through 1 %s 2025", en[month - 1]);
        for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
            struct buf b = {0};
            text_date(&b, lang, day);
            put_z(&b);
            assert_string_equal((char *)b.p, want[lang][0]);
            buf_clear(&b);
            text_date_through(&b, lang, day);
            put_z(&b);
            assert_string_equal((char *)b.p, want[lang][1]);
            buf_release(&b);
        }
    }
}

static void numbers_have_their_thousands_apart(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *ru, *en;
    } cases[] = {
        {0, "0", "0"},
        {999, "999", "999"},
        {1000,
         "1\xc2\xa0"
         "000",
         "1,000"},
        {1234567,
         "1\xc2\xa0"
         "234\xc2\xa0"
         "567",
         "1,234,567"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        text_number(&b, LANG_RU, cases[i].n);
        put_z(&b);
        assert_string_equal((char *)b.p, cases[i].ru);
        buf_clear(&b);
        text_number(&b, LANG_EN, cases[i].n);
        put_z(&b);
        assert_string_equal((char *)b.p, cases[i].en);
        buf_release(&b);
    }
}

static void variables_are_filled_and_escaped(void **state)
{
    (void)state;
    const struct text_var vars[] = {{"name", STR("<b>\"&'")}, {"n", STR("5")}};
    struct buf b = {0};
    text_format(&b, STR("{n}: {name}, {other} {"), vars, 2);
    put_z(&b);
    assert_string_equal((char *)b.p, "5: <b>\"&', {other} {");
    buf_clear(&b);
    text_format_html(&b, STR("{n} & {name}"), vars, 2);
    put_z(&b);
    assert_string_equal((char *)b.p, "5 &amp; &lt;b&gt;&quot;&amp;&#39;");
    buf_release(&b);
}

static void the_language_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *accept;
        enum lang want;
    } cases[] = {
        {"", "", LANG_KK},
        {"ru", "", LANG_RU},
        {"RU-KZ", "en", LANG_RU},
        {"xx", "en", LANG_EN},
        {"", "de, fr;q=0.9", LANG_KK},
        {"", "en-GB,en;q=0.9", LANG_EN},
        {"", "de, ru;q=0.5, en;q=0.8", LANG_EN},
        {"", "en;q=0.3, ru;q=0.7, kk;q=0.1", LANG_RU},
        {"", "ru, kk", LANG_RU},
        {"", "*", LANG_KK},
        {"", "ru;q=0, en;q=0.001", LANG_EN},
        {"", "ru;q=0", LANG_KK},
        {"", "ru;q=abc, en;q=2", LANG_KK},
        {"", "ru ; q=0.4 , EN ; Q=0.6", LANG_EN},
        {"", ",,;;=,ru-", LANG_RU},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lang_choose(str_z(cases[i].asked), str_z(cases[i].accept)), cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_there),
        cmocka_unit_test(every_error_has_its_text),
        cmocka_unit_test(every_reason_has_its_texts),
        cmocka_unit_test(every_list_has_its_texts),
        cmocka_unit_test(order_and_prison_sound_alike),
        cmocka_unit_test(the_customers_own_headings_stand),
        cmocka_unit_test(plurals_follow_the_language),
        cmocka_unit_test(every_month_is_written_in_three_languages),
        cmocka_unit_test(numbers_have_their_thousands_apart),
        cmocka_unit_test(variables_are_filled_and_escaped),
        cmocka_unit_test(the_language_is_chosen),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
