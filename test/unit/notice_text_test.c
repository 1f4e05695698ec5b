/* SPDX-License-Identifier: Apache-2.0
 *
 * notice_text_test - every notice, in every language, on the longest day with the longest address, is an SMS of two
 * parts, and says which phone, until when, and where to look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "face/notice_text.h"

/* UTF-16 units of UTF-8 text; nothing here is beyond the first plane. */
static size_t units(const struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->n; i++) {
        assert_true(text->p[i] < 0xf0);
        n += (text->p[i] & 0xc0) != 0x80;
    }
    return n;
}

static struct buf words(enum lang lang, enum notice_step step, const char *day)
{
    struct buf out = {0};
    struct notice_words w = {step,
                             {35824005111111},
                             DAYNUM_NONE,
                             STR("verification.gov.x"),
                             STR("ABCDEFGHJKMNPQRSTVWX")};
    assert_int_equal(w.site.n, NOTICE_SITE_MAX);
    assert_int_equal(daynum_parse(str_z(day), &w.last_day), ERR_OK);
    notice_text(&out, lang, &w);
    assert_false(out.failed);
    return out;
}

static bool has(struct str all, const char *part)
{
    return memmem(all.p, all.n, part, strlen(part)) != NULL;
}

static void every_notice_fits(void **state)
{
    (void)state;
    char imei[IMEI_TEXT15], tail[16];
    imei_format15((struct imei){35824005111111}, imei);
    snprintf(tail, sizeof tail, "…%s)", imei + 11);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        for (int step = NOTICE_GREY; step < NOTICE_COUNT; step++)
            for (int month = 1; month <= 12; month++) {
                char day[32];
                snprintf(day, sizeof day, "2026-%02d-28", month);
                struct buf text = words((enum lang)lang, (enum notice_step)step, day);
                assert_in_range(units(&text), 40, NOTICE_UNITS);
                struct str all = {(const char *)text.p, text.n};
                assert_true(has(all, tail));
                assert_true(has(all, "verification.gov.x, "));
                assert_true(has(all, "ABCDEFGHJKMNPQRSTVWX"));
                assert_false(has(all, "{"));
                buf_release(&text);
            }
}

static void words_of_some(void **state)
{
    (void)state;
    static const struct {
        enum lang lang;
        enum notice_step step;
        const char *begins;
    } some[] = {
        {LANG_RU, NOTICE_DAYS_3, "Устройство (IMEI …"},
        {LANG_KK, NOTICE_LAST_DAY, "Бүгін қызмет көрсетілетін соңғы күн:"},
        {LANG_EN, NOTICE_VERIFIED, "The device (IMEI …"},
    };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct buf text = words(some[i].lang, some[i].step, "2026-09-30");
        assert_true(str_starts((struct str){(const char *)text.p, text.n}, str_z(some[i].begins)));
        buf_release(&text);
    }
    struct buf none = words(LANG_RU, NOTICE_NONE, "2026-09-30");
    assert_int_equal(none.n, 0);
    buf_release(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_notice_fits),
        cmocka_unit_test(words_of_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
