/* SPDX-License-Identifier: Apache-2.0
 *
 * pages_test - the pages beside the check: the guide, questions and answers, check numbers; and the
 * names that the register goes by. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "asked.h"
#include "face/asset.h"
#include "face/guide.h"
#include "face/qr.h"

#define GOOD "490154203237518"

/* --- the guide --- */

struct tour {
    struct fixture *f;
    unsigned answers;
    char seen[32][32];
};

static void answer_once(struct tour *t, const char *answer)
{
    for (unsigned i = 0; i < t->answers; i++)
        if (strcmp(t->seen[i], answer) == 0)
            return;
    assert_true(t->answers < 32);
    str_copy(t->seen[t->answers++], 32, str_z(answer));
}

/* The page of a way in every language: whole, with its question or its answer. */
static void look(struct tour *t, const char *way, const struct guide_place *place)
{
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        char target[256];
        snprintf(target, sizeof target, "/guide?lang=%s&way=%s", lang_code(lang), way);
        get(t->f, target);
        assert_int_equal(t->f->response.status, 200);
        markup_is_whole(t->f);
        assert_false(says(t->f, "{day}"));
        enum text id;
        if (place->question) {
            assert_true(text_find_parts("guide", place->question, NULL, &id));
            for (size_t row = place->first; row < place->end; row++)
                assert_true(text_find_parts("guide", place->question, guide_option(row), &id));
            assert_int_equal(count(t->f, "</a></li>\n"), place->end - place->first);
        } else {
            char help[64];
            snprintf(help, sizeof help, "%s.help", place->answer);
            assert_int_equal(told(t->f, lang, "guide", "answer", place->answer), 1);
            assert_int_equal(told(t->f, lang, "guide", "answer", help), 1);
        }
        assert_int_equal(count(t->f, "</dd></div>"), place->count);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the guide */
static void tour(struct tour *t, const char *way)
{
    struct guide_place place;
    assert_true(guide_walk(str_z(way), &place));
    assert_true(!place.question != !place.answer);
    look(t, way, &place);
    if (place.answer)
        answer_once(t, place.answer);
    for (size_t row = place.first; row < place.end; row++) {
        char next[256];
        snprintf(next, sizeof next, "%s%s%s", way, *way ? "." : "", guide_option(row));
        tour(t, next);
    }
}

static void every_way_of_the_guide_ends_in_an_answer(void **state)
{
    struct tour t = {.f = *state};
    tour(&t, "");
    unsigned written = 0; /* answers of the catalogue: none is out of reach */
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        struct str key = str_z(text_table[i].key);
        if (str_starts(key, STR("guide.answer.")) && !memmem(key.p, key.n, ".help", 5))
            written++;
    }
    assert_int_equal(t.answers, written);
}

static void the_guide_answers_whom_it_is_for(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *way, *answer;
    } cases[] = {
        {"person.here.later", "buyer"},
        {"person.abroad.later", "abroad"},
        {"person.parcel.later", "parcel"},
        {"person.gift.later", "gift"},
        {"person.repaired", "repaired"},
        {"person.here.before.yes", "before_used"},
        {"person.abroad.before.no", "before_unused"},
        {"person.here.unknown", "look"},
        {"business.importer", "importer"},
        {"business.maker", "maker"},
        {"business.centre.yes", "centre"},
        {"business.centre.no", "centre_same"},
        {"business.seller", "seller"},
        {"visitor.foreign", "roaming"},
        {"visitor.local", "visitor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct guide_place place;
        assert_true(guide_walk(str_z(cases[i].way), &place));
        assert_string_equal(place.answer, cases[i].answer);
    }
    static const char *const none[] = {"nobody",        "person.",         ".",   "person..later",
                                       "person.here.x", "visitor.local.a", "who", "%00"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        char target[64];
        snprintf(target, sizeof target, "/guide?way=%s", none[i]);
        get(f, target);
        assert_in_range(f->response.status, 400, 404);
    }
}

static void the_guide_follows_the_rules(void **state)
{
    struct fixture *f = *state;
    f->service.rules.duty_from = daynum_from_ymd(2030, 2, 1);
    f->service.rules.amnesty_before = daynum_from_ymd(2030, 5, 1);
    get(f, "/guide?lang=ru&way=person.here");
    assert_true(says(f, "31.01.2030 или раньше"));
    get(f, "/guide?lang=ru&way=person.here.before");
    assert_true(says(f, "30.04.2030 или раньше"));
    assert_true(says(f, "hreflang=\"kk\""));
    assert_true(says(f, "href=\"/guide?lang=kk&amp;way=person.here.before\""));
    assert_true(says(f, "href=\"/guide?lang=ru&amp;way=person\"")); /* change the last */
}

/* --- questions and answers --- */

static void questions_tell_the_days_of_the_rules(void **state)
{
    struct fixture *f = *state;
    static struct faces faces;
    faces_init(&faces);
    f->site.faces = &faces;
    static const struct {
        const char *target, *says[4];
    } cases[] = {
        {"/questions?lang=kk",
         {"2025 жылғы 24 наурыз күнінен кейін", "2025 жылғы 25 мамыр күнінен кейін",
          "30 күнтізбелік күн", "№ 226"}},
        {"/questions?lang=ru",
         {"после 24.03.2025", "После 25.05.2025", "30 календарных дней", "с 25.03.2025"}},
        {"/questions?lang=en",
         {"after 24 March 2025", "After 25 May 2025", "30 calendar days", "since 25 March 2025"}},
    };
    for (size_t i = 0; i < 3; i++) {
        get(f, cases[i].target);
        assert_int_equal(f->response.status, 200);
        markup_is_whole(f);
        for (size_t j = 0; j < 4; j++)
            assert_true(says(f, cases[i].says[j]));
        assert_true(says(f, "href=\"http://kz-imei.kz/\""));
        assert_true(says(f, "href=\"https://imei.rfs.gov.kz/\""));
        assert_true(says(f, "eGov Mobile"));
        assert_false(says(f, "{"));
    }
    f->service.rules.grace_days = 1;
    f->service.rules.enforce_after = daynum_from_ymd(2031, 12, 9);
    get(f, "/questions?lang=ru");
    assert_true(says(f, "После 09.12.2031"));
    assert_true(says(f, "в течение 1 календарного дня"));
}

/* --- check numbers --- */

static void take_number(struct fixture *f, char number[CHECK_NUMBER_TEXT])
{
    post(f, "/check?lang=en", "imei=" GOOD);
    const char *at = strstr(f->text, "<span class=\"number\">");
    assert_non_null(at);
    str_copy(number, CHECK_NUMBER_TEXT, (struct str){at + 21, CHECK_NUMBER_TEXT - 1});
}

static void a_check_number_is_confirmed_or_not(void **state)
{
    struct fixture *f = *state;
    char number[CHECK_NUMBER_TEXT], target[96];
    f->service.verdict.reason = f->service.verdict.next_reason = REASON_STOLEN;
    take_number(f, number);
    static const char *const before[] = {"/number/", "/number?lang=ru&number=", "/N/"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(target, sizeof target, "%s%s%s", before[i], number, i == 1 ? "" : "?lang=ru");
        get(f, target);
        assert_int_equal(f->response.status, 200);
        markup_is_whole(f);
        assert_int_equal(told(f, LANG_RU, "number", "genuine", NULL), 1);
        assert_int_equal(told(f, LANG_RU, "list", "black", "title"), 1);
        assert_int_equal(told(f, LANG_RU, "reason", "STOLEN", "public"), 1);
        assert_true(says(f, "01.07.2025, 17:00"));
        assert_true(says(f, number));
        assert_false(says(f, GOOD));
        char kept[96];
        snprintf(kept, sizeof kept, "href=\"/number?lang=kk&amp;number=%s\"", number);
        assert_true(says(f, kept)); /* in another language */
    }
    number[0] = number[0] == '7' ? '8' : '7';
    snprintf(target, sizeof target, "/number/%s?lang=ru", number);
    get(f, target);
    assert_int_equal(told(f, LANG_RU, "number", "unknown", NULL), 1);
    assert_int_equal(told(f, LANG_RU, "number", "genuine", NULL), 0);
    get(f, "/number?number=%3Cscript%3E");
    assert_false(says(f, "<script"));
    assert_true(says(f, "&lt;script&gt;"));
    markup_is_whole(f);
    get(f, "/number");
    assert_int_equal(f->response.status, 200);
    assert_true(says(f, "name=\"number\""));
}

static void answers_carry_a_code_where_we_know_our_address(void **state)
{
    struct fixture *f = *state;
    post(f, "/check", "imei=" GOOD);
    assert_false(says(f, "class=\"qr\""));
    f->site.public_url = STR("https://imei.example");
    post(f, "/check", "imei=" GOOD);
    markup_is_whole(f);
    assert_int_equal(count(f, "class=\"qr\""), 1);
    post(f, "/check", "imei=" GOOD "%0A" GOOD "%0A" GOOD "%0A" GOOD "%0A" GOOD "%0A" GOOD);
    assert_int_equal(count(f, "class=\"qr\""), 4);
}

/* The drawing has the code's own modules, finder patterns in three corners (ISO/IEC 18004 6.3.3). */
static void a_code_is_drawn_whole(void **state)
{
    (void)state;
    struct buf svg = {0};
    assert_int_equal(qr_svg(&svg, "https://imei.example/N/6XAW6DMMJ1NZN9R5SDVJ", STR("a & b")),
                     ERR_OK);
    buf_put(&svg, "", 1);
    assert_false(svg.failed);
    const char *text = (const char *)svg.p;
    assert_non_null(strstr(text, "viewBox=\"0 0 37 37\"")); /* version 3: 29 modules, 4 around */
    assert_non_null(strstr(text, "aria-label=\"a &amp; b\""));
    assert_non_null(strstr(text, "M4 4h7v1h-7z"));
    assert_non_null(strstr(text, "M26 4h7v1h-7z"));
    assert_non_null(strstr(text, "M4 32h7v1h-7z"));
    buf_clear(&svg);
    char *long_text = calloc(1, 5001);
    assert_non_null(long_text);
    memset(long_text, 'A', 5000);
    assert_int_equal(qr_svg(&svg, long_text, STR("x")), ERR_TOO_LONG);
    assert_int_equal(svg.n, 0);
    free(long_text);
    buf_release(&svg);
}

/* --- the names that we go by --- */

static void get_as(struct fixture *f, const char *host)
{
    const struct request request = {
        .method = STR("GET"), .target = STR("/check?lang=ru"), .host = str_z(host)};
    ask(f, &request);
}

static void a_host_chooses_the_face(void **state)
{
    struct fixture *f = *state;
    static struct faces faces;
    struct fault fault = {0};
    faces_init(&faces);
    f->site.faces = &faces;
    static const struct {
        const char *face, *key, *value;
        enum err want;
    } settings[] = {
        {"portal", "host", "portal.example www.portal.example", ERR_OK},
        {"registry", "host", "imei.example", ERR_OK},
        {"registry", "product.name.ru", "Реестр <IMEI>", ERR_OK},
        {"registry", "address", "https://imei.example/", ERR_OK},
        {"registry", "address", "javascript:alert(1)", ERR_SETTING_VALUE},
        {"registry", "address", "https://a b", ERR_SETTING_VALUE},
        {"registry", "product.name.de", "x", ERR_SETTING_UNKNOWN},
        {"registry", "reason.STOLEN.public.ru", "x", ERR_SETTING_UNKNOWN}, /* no face's business */
        {"registry", "ru", "x", ERR_SETTING_UNKNOWN},
        {"door", "host", "x", ERR_SETTING_UNKNOWN},
        {"portal", "product.name.ru", "\xff", ERR_SETTING_VALUE},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        assert_int_equal(faces_set(&faces, str_z(settings[i].face), str_z(settings[i].key),
                                   str_z(settings[i].value), &fault),
                         settings[i].want);
    static const char *const registry[] = {"imei.example", "IMEI.Example:443"};
    static const char *const portal[] = {"portal.example:80", "www.portal.example", "other", "",
                                         "[::1]:8080",        "imei.example.evil"};
    for (size_t i = 0; i < 2; i++) {
        get_as(f, registry[i]);
        assert_true(says(f, "Реестр &lt;IMEI&gt;"));
        markup_is_whole(f);
    }
    for (size_t i = 0; i < sizeof portal / sizeof portal[0]; i++) {
        get_as(f, portal[i]);
        assert_false(says(f, "Реестр &lt;IMEI&gt;"));
        assert_true(says(f, text_get(LANG_RU, TEXT_PRODUCT_NAME).p));
    }
}

/* --- what the pages are made of --- */

/* Each token of the style is shown, and each size of text has the class that shows it. */
static void every_token_is_shown(struct fixture *f)
{
    struct str css = asset_table[ASSET_STYLE_CSS].bytes, root = css;
    (void)str_split(root, '{', &root);
    root = str_split(root, '}', &root);
    unsigned shown = 0;
    while (root.n) {
        struct str value, token = str_trim(str_split(str_split(root, ';', &root), ':', &value));
        value = str_trim(value);
        bool text = str_starts(token, STR("--text-"));
        if (!text && !str_starts(token, STR("--space-")) && !str_starts(value, STR("#")))
            continue;
        char part[64];
        snprintf(part, sizeof part, "<code>%.*s</code>", STR_ARG(token));
        assert_int_equal(count(f, part), 1);
        if (text) {
            snprintf(part, sizeof part, ".show-%.*s {", (int)token.n - 7, token.p + 7);
            assert_non_null(memmem(css.p, css.n, part, strlen(part)));
        }
        shown++;
    }
    assert_true(shown > 30);
}

static void the_components_stand_on_one_page(void **state)
{
    struct fixture *f = *state;
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        char target[32];
        snprintf(target, sizeof target, "/style?lang=%s", lang_code(lang));
        get(f, target);
        assert_int_equal(f->response.status, 200);
        markup_is_whole(f);
        for (enum list list = 0; list < LIST_COUNT; list++) {
            char article[48];
            snprintf(article, sizeof article, "<article class=\"answer %s\"", list_name(list));
            assert_true(count(f, article) > 0);
        }
        every_token_is_shown(f);
        assert_true(says(f, "<use href=\"#sign-own\"/>"));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, asked_setup, asked_teardown)
    const struct CMUnitTest tests[] = {
        T(every_way_of_the_guide_ends_in_an_answer),
        T(the_guide_answers_whom_it_is_for),
        T(the_guide_follows_the_rules),
        T(questions_tell_the_days_of_the_rules),
        T(a_check_number_is_confirmed_or_not),
        T(answers_carry_a_code_where_we_know_our_address),
        T(a_code_is_drawn_whole),
        T(a_host_chooses_the_face),
        T(the_components_stand_on_one_page),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
