/* SPDX-License-Identifier: Apache-2.0
 *
 * Targets and queries: each answer that they can lead to; and that order and encoding change none. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/limits.h"
#include "n5geir/pei.h"
#include "n5geir/query.h"
#include "prop/random.h"

#define P    "/n5g-eir-eic/v1/equipment-status"
#define IMEI "pei=imei-490154203237518"
#define Q(q) P "?" q
#define SUPI "supi=imsi-401010123456789"

static const struct {
    const char *target;
    enum n5g_answer answer;
} targets[] = {
    {Q(IMEI), N5G_ASK},
    {Q("pei=imeisv-4901542032375178"), N5G_ASK},
    {Q(IMEI "&" SUPI), N5G_ASK},
    {Q(SUPI "&" IMEI), N5G_ASK},
    {Q("supported-features=1f&gpsi=msisdn-77010000000&" SUPI "&" IMEI), N5G_ASK},
    {Q("supported-features=&" IMEI), N5G_ASK},
    {Q(IMEI "&colour=blue&&x&=&y="), N5G_ASK},
    {Q("p%65i=imei%2D4901542032375%318"), N5G_ASK},
    {Q("pei=mac-00-1a-2b-3c-4d-5e"), N5G_UNKNOWN},
    {Q("pei=eui-00-1a-2b-3c-4d-5e-6f-70"), N5G_UNKNOWN},
    {"/n5g-eir-eic/v1/equipment%2Dstatus?" IMEI, N5G_ASK},
    /* the desk says what becomes of a malformed identity */
    {Q("pei=imei-12"), N5G_ASK},
    {Q("pei="), N5G_ASK},
    {Q("pei"), N5G_ASK},
    {Q("pei=imei-49015420323751%38%00"), N5G_ASK},
    {P, N5G_PEI_MISSING},
    {Q(""), N5G_PEI_MISSING},
    {Q("&"), N5G_PEI_MISSING},
    {Q("PEI=imei-490154203237518"), N5G_PEI_MISSING},
    {Q(SUPI), N5G_PEI_MISSING},
    {Q("supi=imsi-1"), N5G_PEI_MISSING},
    {Q(IMEI "&" IMEI), N5G_PEI_REPEATED},
    {Q(IMEI "&pei"), N5G_PEI_REPEATED},
    {Q(IMEI "&" IMEI "&" IMEI), N5G_PEI_REPEATED},
    {Q(IMEI "&%70ei=x"), N5G_PEI_REPEATED},
    {Q(IMEI "&supi=imsi-1"), N5G_SUPI_INCORRECT},
    {Q(IMEI "&supi="), N5G_SUPI_INCORRECT},
    {Q(IMEI "&" SUPI "&" SUPI), N5G_SUPI_INCORRECT},
    {Q("pei=mac-00-1a-2b-3c-4d-5e&supi=imsi-1"), N5G_SUPI_INCORRECT},
    {Q(IMEI "&supi=nai-a%0ab"), N5G_SUPI_INCORRECT},
    {Q(IMEI "&gpsi=msisdn-%2B77010000000"), N5G_GPSI_INCORRECT},
    {Q(IMEI "&gpsi=msisdn-77010000000&gpsi=msisdn-77010000000"), N5G_GPSI_INCORRECT},
    {Q(IMEI "&supported-features=0x1"), N5G_FEATURES_INCORRECT},
    {Q(IMEI "&supported-features=1&supported-features=1"), N5G_FEATURES_INCORRECT},
    {Q(IMEI "&x=%"), N5G_FORMAT},
    {Q(IMEI "&x=%4"), N5G_FORMAT},
    {Q(IMEI "&x=%4g"), N5G_FORMAT},
    {Q("pei=imei-49015420323751%"), N5G_FORMAT},
    {Q("pei=imei-49015420323751%3&x=8"), N5G_FORMAT},
    {"/n5g-eir-eic/v1/equipment%2status?" IMEI, N5G_FORMAT},
    {"/n5g-eir-eic/v2/equipment-status?" IMEI, N5G_API},
    {"/n5g-eir/v1/equipment-status?" IMEI, N5G_API},
    {"/n5g-eir-eic/v1", N5G_API},
    {"/", N5G_API},
    {"/n5g-eir-eic/v1/", N5G_RESOURCE},
    {P "/?" IMEI, N5G_RESOURCE},
    {P "es?" IMEI, N5G_RESOURCE},
    {"/n5g-eir-eic/v1/equipment-statu?" IMEI, N5G_RESOURCE},
    {"/n5g-eir-eic/v1%2Fequipment-status?" IMEI, N5G_RESOURCE},
    {"", N5G_API},
    {"*", N5G_RESOURCE},
};

static void every_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct network_check check;
        memset(&check, 0xa5, sizeof check);
        struct network_check before = check;
        enum n5g_answer answer = n5g_target_read(STR(""), str_z(targets[i].target), &check);
        if (answer != targets[i].answer)
            fail_msg("%s: %d, not %d", targets[i].target, (int)answer, (int)targets[i].answer);
        if (answer != N5G_ASK)
            assert_memory_equal(&check, &before, sizeof check);
    }
}

static void a_root_stands_before(void **state)
{
    (void)state;
    struct network_check check;
    assert_int_equal(n5g_target_read(STR("/eir"), STR("/eir" Q(IMEI)), &check), N5G_ASK);
    assert_int_equal(n5g_target_read(STR("/eir"), STR("/%65ir" Q(IMEI)), &check), N5G_ASK);
    assert_int_equal(n5g_target_read(STR("/eir"), STR(Q(IMEI)), &check), N5G_RESOURCE);
    assert_int_equal(n5g_target_read(STR("/eir"), STR("/eirs" Q(IMEI)), &check), N5G_RESOURCE);
    assert_int_equal(n5g_target_read(STR("/eir"), STR("/eir/x"), &check), N5G_API);
}

static void the_longest_target(void **state)
{
    (void)state;
    static char target[LIMIT_HTTP_URI + 1];
    const struct str head = STR(Q(IMEI "&x="));
    struct network_check check;
    memset(target, '7', sizeof target);
    memcpy(target, head.p, head.n);
    assert_int_equal(n5g_target_read(STR(""), (struct str){target, LIMIT_HTTP_URI}, &check),
                     N5G_ASK);
    assert_int_equal(n5g_target_read(STR(""), (struct str){target, LIMIT_HTTP_URI + 1}, &check),
                     N5G_TARGET_LONG);
    memcpy(target + LIMIT_HTTP_URI - 3, "%41", 3);
    assert_int_equal(n5g_target_read(STR(""), (struct str){target, LIMIT_HTTP_URI}, &check),
                     N5G_ASK);
}

static void what_is_asked(void **state)
{
    (void)state;
    struct network_check check;
    assert_int_equal(n5g_query_read(STR("pei=imeisv-4901542032375178&" SUPI), &check), N5G_ASK);
    assert_int_equal(check.question.imei.body, 49015420323751);
    assert_true(check.question.imsi == 1401010123456789);
    assert_int_equal(check.software_version, 78);
    assert_int_equal(check.malformed, 0);
    assert_int_equal(n5g_query_read(STR("supi=nai-a%40b&" IMEI), &check), N5G_ASK);
    assert_true(check.question.imsi == 0);
    assert_int_equal(check.software_version, PEI_NO_VERSION);
    assert_int_equal(n5g_query_read(STR("pei=imei-x&" SUPI), &check), N5G_ASK);
    assert_int_equal(check.malformed, 1);
    assert_true(check.question.imsi == 1401010123456789);
}

/* Any order, any encoding. */

enum { PARTS = 5, LONGEST = 1024 };

static const char *const parts[][PARTS] = {
    {IMEI, SUPI, "gpsi=msisdn-77010000000", "supported-features=1f", "x=1"},
    {"pei=imeisv-4901542032375178", SUPI, "gpsi=extid-a@b", "y", ""},
    {"pei=imei-1", "supi=nai-a@b", "gpsi=extid-a@b", "z=", "z="},
    {"pei=mac-00-1a-2b-3c-4d-5e", SUPI, "x=2", "y=3", "z=4"},
    {IMEI, "supi=1", "gpsi=1", "supported-features=x", "x=1"},
    {IMEI, IMEI, "supi=1", "gpsi=1", "supported-features=x"},
    {"supi=1", SUPI, "gpsi=1", "supported-features=x", "x"},
    {IMEI, SUPI, "gpsi=1", "supported-features=x", "x"},
    {IMEI, SUPI, "supported-features=x", "supported-features=x", "x"},
};

static size_t encode(struct rng *rng, const char *part, char *to)
{
    size_t n = 0;
    bool value = false;
    for (; *part; part++) {
        bool sign = *part == '=' && !value;
        value = value || sign;
        if (sign || !rng_one_in(rng, 4)) {
            to[n++] = *part;
        } else {
            snprintf(to + n, 4, rng_one_in(rng, 2) ? "%%%02x" : "%%%02X", (unsigned char)*part);
            n += 3;
        }
    }
    return n;
}

static struct str shuffled(struct rng *rng, const char *const *row, char *to)
{
    int order[PARTS] = {0, 1, 2, 3, 4};
    size_t n = 0;
    for (uint32_t i = PARTS; i > 1; i--) {
        uint32_t j = rng_below(rng, i);
        int other = order[i - 1];
        order[i - 1] = order[j];
        order[j] = other;
    }
    for (int i = 0; i < PARTS; i++) {
        if (i)
            to[n++] = '&';
        n += encode(rng, row[order[i]], to + n);
    }
    return (struct str){to, n};
}

static void order_and_encoding_change_nothing(void **state)
{
    (void)state;
    struct rng rng = random_start("order_and_encoding_change_nothing", 6);
    for (uint32_t round = random_rounds(20000); round; round--) {
        const char *const *row = parts[rng_below(&rng, sizeof parts / sizeof parts[0])];
        char plain[LONGEST], other[LONGEST];
        size_t n = 0;
        for (int i = 0; i < PARTS; i++)
            n += (size_t)snprintf(plain + n, sizeof plain - n, "%s%s", i ? "&" : "", row[i]);
        struct network_check a = {0}, b = {0};
        struct str text = shuffled(&rng, row, other);
        enum n5g_answer answer = n5g_query_read((struct str){plain, n}, &a);
        if (n5g_query_read(text, &b) != answer || a.question.imei.body != b.question.imei.body ||
            a.question.imsi != b.question.imsi || a.software_version != b.software_version ||
            a.malformed != b.malformed)
            fail_msg("%s and %.*s", plain, STR_ARG(text));
    }
}

static const struct {
    const char *accept;
    bool accepts;
} accepts[] = {
    {"application/json", true},
    {"*/*", true},
    {"application/*", true},
    {"application/json, application/problem+json", true},
    {"application/problem+json", true},
    {"text/html, application/xhtml+xml, */*;q=0.8", true},
    {"APPLICATION/JSON;charset=utf-8", true},
    {" application/json ; q=0.001", true},
    {"text/html,application/json", true},
    {"text/html", false},
    {"application/xml", false},
    {"application/json;q=0", false},
    {"application/json; q=0.000, text/html", false},
    {"application/json; Q=0", false},
    {"application/jsonp", false},
    {"", false},
    {",", false},
};

static void who_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepts / sizeof accepts[0]; i++)
        assert_int_equal(n5g_accepts(str_z(accepts[i].accept)), accepts[i].accepts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target),
        cmocka_unit_test(a_root_stands_before),
        cmocka_unit_test(the_longest_target),
        cmocka_unit_test(what_is_asked),
        cmocka_unit_test(order_and_encoding_change_nothing),
        cmocka_unit_test(who_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
