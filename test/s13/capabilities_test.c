/* SPDX-License-Identifier: Apache-2.0
 *
 * capabilities_test - who may connect: CER and CEA, applications, security, the list,
 * certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "s13_bed.h"

#define SELF            "264M'eir.example.kz' 296M'example.kz'"
#define SAID            SELF " 257M#0001c0000202 266M=0 269'Tamga' 278M=7"
#define S13_OFFER       " 265M=10415 260M{266M=10415 258M=16777252}"
#define CEA(code)       "257 - 0 11223344 55667788 268M=" code " " SAID
#define CEA_ERROR(code) "257 E- 0 11223344 55667788 " SELF " 268M=" code
#define WELCOME         CEA("2001") S13_OFFER

static struct made m;
static struct bed one, two;

static int set_up(void **state)
{
    bed_init(&one);
    bed_init(&two);
    *state = &one;
    return 0;
}

static void open_other(struct bed *bed)
{
    bed->s13 = one.s13; /* another line of the same node */
    bed_open(bed, false);
}

static void close_other(struct bed *bed)
{
    bed->s13 = NULL;
    bed_close(bed);
}

static enum line_next send_dwr(struct bed *bed, unsigned flags, uint32_t hop_by_hop)
{
    made_begin(&m, flags, 280, 0);
    if (!(flags & REQUEST))
        made_u32(&m, 268, 2001);
    made_text(&m, 264, "mme1.example.kz");
    made_text(&m, 296, "example.kz");
    made_ids(&m, hop_by_hop, 5);
    made_end(&m);
    return bed_send(bed, &m);
}

static void a_cer_to_the_byte(void **state)
{
    static const uint8_t want[] = {
        1, 0, 0, 176, 0, 0, 1, 1, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
        /* Result-Code 2001 */
        0, 0, 1, 12, 0x40, 0, 0, 12, 0, 0, 7, 0xd1,
        /* Origin-Host, Origin-Realm */
        0, 0, 1, 8, 0x40, 0, 0, 22, 'e', 'i', 'r', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'k',
        'z', 0, 0, 0, 0, 1, 40, 0x40, 0, 0, 18, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'k', 'z', 0,
        0,
        /* Host-IP-Address 192.0.2.2, Vendor-Id, Product-Name */
        0, 0, 1, 1, 0x40, 0, 0, 14, 0, 1, 192, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0x40, 0, 0, 12, 0, 0, 0,
        0, 0, 0, 1, 13, 0, 0, 0, 13, 'T', 'a', 'm', 'g', 'a', 0, 0, 0,
        /* Origin-State-Id 7, Supported-Vendor-Id 10415 */
        0, 0, 1, 22, 0x40, 0, 0, 12, 0, 0, 0, 7, 0, 0, 1, 9, 0x40, 0, 0, 12, 0, 0, 0x28, 0xaf,
        /* Vendor-Specific-Application-Id */
        0, 0, 1, 4, 0x40, 0, 0, 32, 0, 0, 1, 10, 0x40, 0, 0, 12, 0, 0, 0x28, 0xaf, 0, 0, 1, 2, 0x40,
        0, 0, 12, 1, 0, 0, 36};
    struct bed *bed = *state;
    bed_open(bed, false);
    made_cer(&m, "mme1.example.kz");
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_int_equal(bed->line.out.n, sizeof want);
    assert_memory_equal(bed->line.out.p, want, sizeof want);
    assert_int_equal(bed->told_count, 1);
    assert_int_equal(bed->told[0].event, S13_OPEN);
    assert_int_equal(bed->told[0].peer, 1);
    assert_true(str_eq(bed->told[0].origin, STR("mme1.example.kz")));
    bed_close(bed);
}

/* A CER with the applications of choice. */
enum offer { OFFER_VENDOR, OFFER_PLAIN, OFFER_RELAY, OFFER_OTHER, OFFER_ACCT, OFFER_NONE, OFFERS };
static void made_offer(enum offer offer)
{
    made_begin(&m, REQUEST, 257, 0);
    made_text(&m, 264, "mme1.example.kz");
    made_text(&m, 296, "example.kz");
    made_avp(&m, 257, 0, M, "\0\1\x7f\0\0\1", 6);
    made_u32(&m, 266, TGPP);
    made_avp(&m, 269, 0, 0, "mme", 3);
    if (offer == OFFER_VENDOR || offer == OFFER_OTHER) {
        size_t group = made_group(&m, 260, 0, M);
        made_u32(&m, 266, TGPP);
        made_u32(&m, 258, offer == OFFER_VENDOR ? S13_APPLICATION : 16777251);
        made_group_end(&m, group);
    }
    if (offer == OFFER_PLAIN || offer == OFFER_RELAY)
        made_u32(&m, 258, offer == OFFER_PLAIN ? S13_APPLICATION : 0xffffffff);
    if (offer == OFFER_ACCT)
        made_u32(&m, 259, S13_APPLICATION);
}

/* RFC 6733 5.3.5: one Host-IP-Address for each address that may be used. */
static void several_addresses(void **state)
{
    struct bed *bed = *state;
    bed_open(bed, false);
    bed->line.own = STR("192.0.2.2 2001:db8::1");
    made_cer(&m, "mme1.example.kz");
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), "257 - 0 11223344 55667788 268M=2001 " SELF
                                      " 257M#0001c0000202 257M#000220010db8000000000000000000000001"
                                      " 266M=0 269'Tamga' 278M=7" S13_OFFER);
    bed_close(bed);
}

static void applications(void **state)
{
    static const char *const want[OFFERS] = {
        [OFFER_VENDOR] = WELCOME,
        [OFFER_PLAIN] = CEA("2001") " 265M=10415 258M=16777252 260M{266M=10415 258M=16777252}",
        [OFFER_RELAY] = WELCOME,
        [OFFER_OTHER] = CEA("5010") S13_OFFER,
        [OFFER_ACCT] = CEA("5010") S13_OFFER,
        [OFFER_NONE] = CEA("5010") S13_OFFER,
    };
    struct bed *bed = *state;
    for (int offer = 0; offer < OFFERS; offer++) {
        bed_open(bed, false);
        made_offer((enum offer)offer);
        made_end(&m);
        assert_int_equal(bed_send(bed, &m), offer < OFFER_OTHER ? LINE_ON : LINE_CLOSE);
        assert_string_equal(bed_out(bed), want[offer]);
        bed_close(bed);
    }
}

static void security_inside(void **state)
{
    static const struct {
        int ids[2];
        bool tls, welcome;
    } rows[] = {{{0, -1}, false, true},
                {{1, 0}, false, true},
                {{1, -1}, false, false},
                {{1, -1}, true, true}};
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bed_open(bed, false);
        bed->line.tls = rows[i].tls;
        made_offer(OFFER_VENDOR);
        for (int k = 0; k < 2; k++)
            if (rows[i].ids[k] >= 0)
                made_u32(&m, 299, (uint32_t)rows[i].ids[k]);
        made_end(&m);
        assert_int_equal(bed_send(bed, &m), rows[i].welcome ? LINE_ON : LINE_CLOSE);
        assert_string_equal(bed_out(bed), rows[i].welcome ? WELCOME : CEA("5017") S13_OFFER);
        bed_close(bed);
    }
    bed->line.tls = false;
}

static void who_may_connect(void **state)
{
    static const struct str allow[] = {STR("a.example.kz"), STR("*.mnc001.mcc401.3gppnetwork.org"),
                                       STR("*.b")};
    static const struct {
        const char *origin, *names; /* NULL: no certificate was shown */
        unsigned peer;
    } rows[] = {
        {"a.example.kz", NULL, 1},
        {"A.EXAMPLE.KZ", NULL, 1},
        {"b.example.kz", NULL, 0},
        {"xa.example.kz", NULL, 0},
        {"mme.mnc001.mcc401.3gppnetwork.org", NULL, 2},
        {"x.y.mnc001.mcc401.3gppnetwork.org", NULL, 2},
        {".mnc001.mcc401.3gppnetwork.org", NULL, 0},
        {"mnc001.mcc401.3gppnetwork.org", NULL, 0},
        {"x.b", "x.b", 3},
        {"x.b", "X.B", 3},
        {"x.b", "y.b", 0},
        {"x.b", "", 0},
        {"x.b", "y.b x.b", 3},
        {"x.b", "y.b x.bb", 0},
        {"x.b", "*.b", 3},
        {"x.y.b", "*.b", 0},
        {"x.y.b", "*.y.b", 3},
        {"eir.b", NULL, 0}, /* that is us */
    };
    struct bed *bed = *state;
    bed->settings.allow = allow;
    bed->settings.allow_count = 3;
    bed->settings.identity = STR("eir.b");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bed_open(bed, false);
        bed->line.names = str_z(rows[i].names);
        bed->line.certified = rows[i].names;
        bed->told_count = 0;
        made_cer(&m, rows[i].origin);
        assert_int_equal(bed_send(bed, &m), rows[i].peer ? LINE_ON : LINE_CLOSE);
        if (!rows[i].peer)
            assert_string_equal(bed_out(bed), "257 E- 0 11223344 55667788 264M'eir.b' "
                                              "296M'example.kz' 268M=3010");
        assert_int_equal(bed->told_count, 1);
        assert_int_equal(bed->told[0].event, rows[i].peer ? S13_OPEN : S13_REFUSED);
        assert_int_equal(bed->told[0].result, rows[i].peer ? 2001 : 3010);
        assert_int_equal(bed->told[0].peer, rows[i].peer);
        bed_close(bed);
    }
    bed->line.names = STR("");
    bed->line.certified = false;
}

static void another_list_from_now_on(void **state)
{
    static const struct str none[] = {STR("other")};
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(s13_allow(bed->s13, none, 1), ERR_OK);
    assert_int_equal(send_dwr(bed, REQUEST, 1), LINE_ON); /* it stays */
    open_other(&two);
    made_cer(&m, "mme2.example.kz");
    assert_int_equal(bed_send(&two, &m), LINE_CLOSE);
    assert_string_equal(bed_out(&two), CEA_ERROR("3010"));
    close_other(&two);
    bed_close(bed);
}

static void faulty_capabilities(void **state)
{
    struct bed *bed = *state;
    static const uint32_t needed[] = {264, 296, 257, 266, 269};
    static const char *const failed[] = {"264M#00", "296M#00", "257M#000000000000", "266M=0",
                                         "269''"};
    for (size_t i = 0; i < 5; i++) {
        char want[500];
        bed_open(bed, false);
        made_begin(&m, REQUEST, 257, 0);
        for (size_t k = 0; k < 5; k++)
            if (k != i)
                made_avp(&m, needed[k], 0, needed[k] == 269 ? 0 : M, "abcd.example.kz",
                         needed[k] < 265 || needed[k] == 296 || needed[k] == 269 ? 15 : 4);
        made_u32(&m, 258, S13_APPLICATION);
        made_end(&m);
        assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
        snprintf(want, sizeof want,
                 CEA("5005") " 279M{%s} 265M=10415 258M=16777252 "
                             "260M{266M=10415 258M=16777252}",
                 failed[i]);
        assert_string_equal(bed_out(bed), want);
        bed_close(bed);
    }
    bed_open(bed, false);
    made_offer(OFFER_VENDOR);
    made_avp(&m, 5000, 0, M, "x", 1);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
    assert_string_equal(bed_out(bed), CEA("5001") " 279M{5000M'x'}" S13_OFFER);
    bed_close(bed);
}

static void names_that_are_none(void **state)
{
    struct bed *bed = *state;
    static char longer[257];
    memset(longer, 'a', 256);
    const char *const names[] = {"mme1\n.example.kz", "mme\" x=\".example.kz",
                                 "mme,1.example.kz",  "m\xc3\xa9.example.kz",
                                 "mme 1.example.kz",  longer};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bed_open(bed, false);
        bed->told_count = 0;
        made_cer(&m, names[i]);
        assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
        assert_non_null(strstr(bed_out(bed), "268M=5004 " SAID " 279M{264M"));
        assert_int_equal(bed->told[0].event, S13_REFUSED);
        assert_int_equal(bed->told[0].origin.n, 0); /* nothing that a log would trip over */
        bed_close(bed);
    }
}

static void nothing_before_a_cer(void **state)
{
    struct bed *bed = *state;
    bed_open(bed, false);
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_DROP);
    bed_close(bed);
    bed_open(bed, false);
    assert_int_equal(send_dwr(bed, REQUEST, 1), LINE_DROP);
    bed_close(bed);
    bed_open(bed, false); /* and not for ever */
    assert_int_equal(bed_wait(bed, 9.9), LINE_ON);
    assert_int_equal(bed_wait(bed, 0.2), LINE_DROP);
    assert_int_equal(bed->line.out.n, 0);
    assert_int_equal(bed->asked, 0);
    bed_close(bed);
}

static void once_more(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    made_cer(&m, "mme1.example.kz");
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), WELCOME);
    made_cer(&m, "mme2.example.kz");
    assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
    assert_string_equal(bed_out(bed), CEA_ERROR("3010"));
    bed_close(bed);
}

/* ---- settings ---- */

static void settings_are_judged(void **state)
{
    struct bed *bed = *state;
    struct s13 *s13 = NULL;
    struct fault fault = {0};
    static char longer[300];
    memset(longer, 'a', sizeof longer);
    struct s13_settings s = bed->settings;
    s.identity = STR("");
    assert_int_equal(s13_new(&s, &s13, &fault), ERR_SETTING_VALUE);
    assert_string_equal(fault.field, "identity");
    s = bed->settings;
    s.realm = (struct str){longer, 256};
    assert_int_equal(s13_new(&s, &s13, &fault), ERR_SETTING_VALUE);
    s = bed->settings;
    s.tw_seconds = 5;
    assert_int_equal(s13_new(&s, &s13, &fault), ERR_SETTING_VALUE);
    s = bed->settings;
    s.message_max = 1 << 20;
    assert_int_equal(s13_new(&s, &s13, &fault), ERR_SETTING_VALUE);
    assert_null(s13);
    s = bed->settings;
    s.identity = s.realm = (struct str){longer, 255};
    assert_int_equal(s13_new(&s, &s13, &fault), ERR_OK);
    s13_free(s13);
    s13_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(a_cer_to_the_byte),   TEST(several_addresses),   TEST(applications),
        TEST(security_inside),     TEST(who_may_connect),     TEST(another_list_from_now_on),
        TEST(faulty_capabilities), TEST(names_that_are_none), TEST(nothing_before_a_cer),
        TEST(once_more),           TEST(settings_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
