/* SPDX-License-Identifier: Apache-2.0
 *
 * page_test - requests through the page's handlers, without a socket: what people read for every
 * reason, in every language; what they type wrong; that the markup is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "asked.h"
#include "face/html.h"

#define GOOD "490154203237518"

/* The language goes beside what an address asks already. */
static void addresses_keep_their_questions(void **state)
{
    static const char *const rows[][2] = {{"/desk", "/desk?lang=kk"},
                                          {"/desk?done=asked", "/desk?done=asked&amp;lang=kk"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        struct exchange x = {.lang = LANG_KK, .lang_asked = true, .out = &out};
        html_url(&x, rows[i][0]);
        assert_int_equal(out.n, strlen(rows[i][1]));
        assert_memory_equal(out.p, rows[i][1], out.n);
        out.n = 0;
        x.lang_asked = false;
        html_url(&x, rows[i][0]);
        assert_int_equal(out.n, strlen(rows[i][0]));
        buf_release(&out);
    }
}

static void form_stands_in_every_language(void **state)
{
    struct fixture *f = *state;
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        char target[32], tag[48];
        snprintf(target, sizeof target, "/check?lang=%s", lang_code(lang));
        get(f, target);
        assert_int_equal(f->response.status, 200);
        assert_string_equal(f->response.language, lang_code(lang));
        snprintf(tag, sizeof tag, "<html lang=\"%s\">", lang_code(lang));
        assert_true(says(f, tag));
        assert_true(says(f, text_get(lang, TEXT_CHECK_HEADING).p));
        assert_true(says(f, "<form class=\"check\" method=\"post\""));
        snprintf(tag, sizeof tag, "action=\"%s\"", target);
        assert_true(says(f, tag)); /* the language stays */
        assert_false(says(f, "<script"));
        assert_false(says(f, "style=\""));
        markup_is_whole(f);
    }
}

static void every_reason_is_told_in_every_language(void **state)
{
    struct fixture *f = *state;
    for (uint8_t reason = 0; reason < REASON_COUNT; reason++) {
        if (!reason_table[reason].name)
            continue;
        f->service.verdict.reason = f->service.verdict.next_reason = reason;
        const char *list = list_name(reason_list(reason)), *public = reason_public(reason);
        for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
            char target[32];
            snprintf(target, sizeof target, "/check?lang=%s", lang_code(lang));
            post(f, target, "imei=" GOOD);
            assert_int_equal(f->response.status, 200);
            markup_is_whole(f);
            assert_true(told(f, lang, "list", list, "title"));
            assert_true(told(f, lang, "list", list, "meaning"));
            assert_true(told(f, lang, "reason", public, "public"));
            assert_true(says(f, text_get(lang, TEXT_BUY_HEADING).p));
            assert_true(says(f, text_get(lang, TEXT_OWN_HEADING).p));
            assert_true(told(f, lang, "buy", public, NULL));
            assert_true(told(f, lang, "own", public, NULL));
            assert_false(told(f, lang, "reason", reason_table[reason].name, "internal"));
            /* colour, sign and words */
            char sign[48];
            snprintf(sign, sizeof sign, "<article class=\"answer %s\"", list);
            assert_true(says(f, sign));
            snprintf(sign, sizeof sign, "href=\"#sign-%s\"", list);
            assert_true(says(f, sign));
            bool good = strcmp(list, "white") == 0 || strcmp(list, "exempt") == 0;
            assert_int_equal(count(f, text_get(lang, TEXT_BUY_REFRAIN).p), good ? 0 : 1);
        }
    }
}

static void order_and_prison_look_alike(void **state)
{
    struct fixture *f = *state;
    f->service.verdict.reason = f->service.verdict.next_reason = REASON_ORDER;
    post(f, "/check", "imei=" GOOD);
    char *order = strdup(f->text);
    assert_non_null(order);
    f->service.verdict.reason = f->service.verdict.next_reason = REASON_PENITENTIARY;
    post(f, "/check", "imei=" GOOD);
    /* all but the check number, which the stub does not level */
    const char *a = strstr(order, "class=\"number\""), *b = strstr(f->text, "class=\"number\"");
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a - order, b - f->text);
    assert_memory_equal(order, f->text, (size_t)(a - order));
    assert_string_equal(a + 40, b + 40);
    free(order);
}

static void last_day_and_days_left(void **state)
{
    struct fixture *f = *state;
    f->service.verdict.reason = REASON_UNVERIFIED;
    f->service.verdict.next_reason = REASON_EXPIRED;
    static const struct {
        int left;
        const char *target, *says, *also;
    } cases[] = {
        {0, "/check?lang=ru", "по 01.07.2025 включительно", "Сегодня последний день"},
        {0, "/check?lang=kk", "2025 жылғы 1 шілдені қоса алғанда", "Бүгін"},
        {0, "/check?lang=en", "through 1 July 2025", "Today is the last day"},
        {1, "/check?lang=ru", "по 02.07.2025 включительно", "Остался 1 день"},
        {29, "/check?lang=ru", "по 30.07.2025 включительно", "Осталось 29 дней"},
        {30, "/check?lang=kk", "2025 жылғы 31 шілдені қоса алғанда", "30 күн қалды"},
        {31, "/check?lang=en", "through 1 August 2025", "31 days left"},
        {-1, "/check?lang=en", "through 30 June 2025", "has not been applied yet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f->service.verdict.deadline = f->service.today + cases[i].left;
        f->service.verdict.valid_through = f->service.verdict.deadline;
        post(f, cases[i].target, "imei=" GOOD);
        assert_true(says(f, cases[i].says));
        assert_true(says(f, cases[i].also));
    }
    f->service.verdict.reason = f->service.verdict.next_reason = REASON_EXPIRED;
    f->service.verdict.deadline = f->service.today - 1;
    f->service.verdict.valid_through = DAYNUM_OPEN;
    post(f, "/check?lang=ru", "imei=" GOOD);
    assert_true(says(f, "Услуги предоставлялись по 30.06.2025 включительно"));
}

static void visits_holds_and_duplicates_are_told(void **state)
{
    struct fixture *f = *state;
    f->service.verdict.reason = REASON_TEMPORARY;
    f->service.verdict.next_reason = REASON_UNVERIFIED;
    f->service.verdict.valid_through = f->service.today + 9;
    post(f, "/check?lang=ru", "imei=" GOOD);
    assert_true(says(f, "Временная регистрация действует по 10.07.2025 включительно"));

    f->service.verdict.reason = f->service.verdict.next_reason = REASON_HELD;
    f->service.verdict.valid_through = DAYNUM_OPEN;
    post(f, "/check?lang=ru", "imei=" GOOD);
    assert_true(says(f, text_get(LANG_RU, TEXT_SERVICE_OPEN).p));

    f->service.verdict.flags = VERDICT_USED | VERDICT_DUPLICATE;
    post(f, "/check?lang=en", "imei=" GOOD);
    assert_true(says(f, text_get(LANG_EN, TEXT_FIELD_DUPLICATE_YES).p));
    assert_true(says(f, "Yes, it has been active in the country"));
    f->service.verdict.flags = 0;
    post(f, "/check?lang=en", "imei=" GOOD);
    assert_false(says(f, text_get(LANG_EN, TEXT_FIELD_DUPLICATE_YES).p));
    assert_true(says(f, "No, it has not yet been active in the country"));
}

static void model_number_time_and_groups(void **state)
{
    struct fixture *f = *state;
    post(f, "/check?lang=en", "imei=4901+5420-323/751");
    assert_true(says(f, "Brand &amp; &lt;Sons&gt; Model &quot;1&quot;"));
    assert_true(says(f, "1 July 2025, 17:00"));
    assert_true(
        says(f, "<span class=\"imei\"><span aria-hidden=\"true\"><span>49</span><span>015420</span>"
                "<span>323751</span><span>8</span></span><span class=\"heard\">"
                "4 9 0 1 5 4 2 0 3 2 3 7 5 1 8</span></span>"));
    f->service.tac_known = false;
    post(f, "/check?lang=en", "imei=" GOOD);
    assert_true(says(f, text_get(LANG_EN, TEXT_FIELD_MODEL_UNKNOWN).p));
}

static void a_mistyped_digit_is_told_kindly(void **state)
{
    struct fixture *f = *state;
    post(f, "/check?lang=ru", "imei=490154203237519");
    assert_int_equal(f->response.status, 400);
    assert_true(says(f, "Похоже, одна цифра набрана с ошибкой"));
    assert_true(says(f, "490154203237519</textarea>")); /* kept */
    assert_true(says(f, "aria-invalid=\"true\""));
    assert_false(says(f, "<article"));
    markup_is_whole(f);

    post(f, "/check?lang=en", "imei=");
    assert_int_equal(f->response.status, 400);
    assert_true(says(f, text_get(LANG_EN, TEXT_CHECK_EMPTY).p));
    post(f, "/check?lang=en", "");
    assert_int_equal(f->response.status, 400);

    post(f, "/check?lang=en", "imei=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert_int_equal(f->response.status, 400);
    assert_false(says(f, "<script"));
    assert_true(says(f, "&lt;script&gt;"));
    markup_is_whole(f);
}

static void several_at_once(void **state)
{
    struct fixture *f = *state;
    static const char *const forms[] = {
        "imei=" GOOD "%0D%0A" GOOD "%0D%0A%0D%0A",
        "imei=" GOOD "%2C" GOOD "%3B",
        "imei=" GOOD "+" GOOD,
        "imei=49-015420-323751-8%0A49+015420+323751+8",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        post(f, "/check", forms[i]);
        assert_int_equal(f->response.status, 200);
        assert_int_equal(count(f, "<article"), 2);
        markup_is_whole(f);
    }
    post(f, "/check?lang=en", "imei=" GOOD "%0A490154203237519");
    assert_int_equal(f->response.status, 200);
    assert_int_equal(count(f, "<article"), 1);
    assert_true(says(f, "One digit seems to be mistyped"));

    struct buf form = {0};
    buf_str(&form, STR("imei="));
    for (int i = 0; i < LIMIT_CHECK_IMEIS; i++)
        buf_str(&form, STR(GOOD "%0A"));
    buf_put(&form, "", 1);
    post(f, "/check?lang=en", (char *)form.p);
    assert_int_equal(f->response.status, 200);
    assert_int_equal(count(f, "<article"), LIMIT_CHECK_IMEIS);
    form.n--;
    buf_put(&form, GOOD, sizeof GOOD);
    f->service.checks = 0;
    post(f, "/check?lang=en", (char *)form.p);
    assert_int_equal(f->response.status, 413);
    assert_int_equal(f->service.checks, 0);
    assert_true(says(f, "At most 100 codes"));
    buf_release(&form);
}

/* The other languages are buttons that post the same once more. */
static void language_switch_keeps_the_place(void **state)
{
    struct fixture *f = *state;
    post(f, "/check?lang=ru", "imei=" GOOD "%0A%22%3E" GOOD);
    assert_true(says(f, "<form method=\"post\" action=\"/check?lang=kk\"><input type=\"hidden\" "
                        "name=\"imei\" value=\"" GOOD "\n&quot;&gt;" GOOD "\">"));
    assert_true(says(f, "<form method=\"post\" action=\"/check?lang=en\">"));
    get(f, "/check");
    assert_true(says(f, "<a href=\"/check?lang=en\" hreflang=\"en\""));
    assert_true(says(f, "action=\"/check\"")); /* nobody chose: the browser's languages hold */
}

/* An IMEI stands in no address of the page. */
static void no_address_carries_an_imei(void **state)
{
    struct fixture *f = *state;
    post(f, "/check?lang=ru", "imei=" GOOD);
    for (const char *at = f->text; (at = strpbrk(at, "hsa")); at++)
        for (int i = 0; i < 3; i++) {
            static const char *const names[] = {"href=\"", "src=\"", "action=\""};
            size_t n = strlen(names[i]);
            if (strncmp(at, names[i], n))
                continue;
            struct str value = {at + n, strcspn(at + n, "\"")};
            assert_null(memmem(value.p, value.n, GOOD, 14));
        }
}

static void samples_and_their_banner(void **state)
{
    struct fixture *f = *state;
    static const char *const pages[] = {"/check", "/nothing", "/check?lang=en"};
    for (int demo = 0; demo < 2; demo++) {
        f->site.demo = demo;
        for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
            get(f, pages[i]);
            for (enum lang lang = 0; lang < LANG_COUNT; lang++)
                assert_int_equal(says(f, text_get(lang, TEXT_SAMPLE_BANNER).p), demo);
            markup_is_whole(f);
        }
        get(f, "/check");
        assert_int_equal(says(f, "name=\"sample\" value=\"mistyped\""), demo);
        f->service.verdict.reason = f->service.verdict.next_reason = REASON_CLONE;
        post(f, "/check", "sample=clone_pair");
        assert_int_equal(f->response.status, demo ? 200 : 400);
        assert_int_equal(says(f, "<article class=\"answer white\""), demo);
        assert_int_equal(says(f, "name=\"sample\" value=\"clone_pair\""), demo);
        assert_int_equal(f->service.imsi != 0, demo);
    }
    post(f, "/check", "sample=no_such_sample");
    assert_int_equal(f->response.status, 400);
}

static void a_failing_service_is_told(void **state)
{
    struct fixture *f = *state;
    f->service.err = ERR_UNAVAILABLE;
    post(f, "/check?lang=en", "imei=" GOOD);
    assert_int_equal(f->response.status, 503);
    assert_true(says(f, "The service is not available at the moment"));
    markup_is_whole(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, asked_setup, asked_teardown)
    const struct CMUnitTest tests[] = {
        T(form_stands_in_every_language),
        T(addresses_keep_their_questions),
        T(every_reason_is_told_in_every_language),
        T(order_and_prison_look_alike),
        T(last_day_and_days_left),
        T(visits_holds_and_duplicates_are_told),
        T(model_number_time_and_groups),
        T(a_mistyped_digit_is_told_kindly),
        T(several_at_once),
        T(language_switch_keeps_the_place),
        T(no_address_carries_an_imei),
        T(samples_and_their_banner),
        T(a_failing_service_is_told),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
