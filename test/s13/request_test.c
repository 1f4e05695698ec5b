/* SPDX-License-Identifier: Apache-2.0
 *
 * request_test - ECR to ECA (TS 29.272 7.2.19, 7.2.20): good ones to the byte, each error with its
 * Failed-AVP, what is asked of the desk, Proxy-Info, order, messages in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "s13_bed.h"

#define HEAD(flags)  "324 " flags "- 16777252 11223344 55667788 "
#define SESSION      "263M'mme1.example.kz;1;2' "
#define APPLICATION  "260M{266M=10415 258M=16777252} "
#define NAMES        "264M'eir.example.kz' 296M'example.kz'"
#define FINE(status) HEAD("P") SESSION APPLICATION "268M=2001 277M=1 " NAMES " 1445/10415M=" status
#define BAD(code)    HEAD("P") SESSION APPLICATION "268M=" code " 277M=1 " NAMES
#define ERROR(code)  HEAD("PE") SESSION NAMES " 268M=" code
#define UNKNOWN      HEAD("P") SESSION APPLICATION "297M{266M=10415 298M=5422} 277M=1 " NAMES

#define NO_IMEI "1402/10415M#0000000000000000000000000000"

static struct made m;

static int set_up(void **state)
{
    static struct bed bed;
    bed_init(&bed);
    bed_connect(&bed, "mme1.example.kz");
    *state = &bed;
    return 0;
}

static int tear_down(void **state)
{
    bed_close(*state);
    return 0;
}

static const char *ask(struct bed *bed)
{
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    return bed_out(bed);
}

static const char *ask_of(struct bed *bed, const struct made_ecr *ecr)
{
    made_ecr(&m, ecr);
    return ask(bed);
}

/* RFC 6733 3, 4.1 and TS 29.272 7.2.20, written down by hand. */
static void an_answer_to_the_byte(void **state)
{
    static const uint8_t want[] = {
        1, 0, 0, 164, 0x40, 0, 1, 0x44, 1, 0, 0, 36, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
        /* Session-Id 263, 19 bytes */
        0, 0, 1, 7, 0x40, 0, 0, 27, 'm', 'm', 'e', '1', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.',
        'k', 'z', ';', '1', ';', '2', 0,
        /* Vendor-Specific-Application-Id 260 {Vendor-Id 266, Auth-Application-Id 258} */
        0, 0, 1, 4, 0x40, 0, 0, 32, 0, 0, 1, 10, 0x40, 0, 0, 12, 0, 0, 0x28, 0xaf, 0, 0, 1, 2, 0x40,
        0, 0, 12, 1, 0, 0, 36,
        /* Result-Code 268: 2001; Auth-Session-State 277: 1 */
        0, 0, 1, 12, 0x40, 0, 0, 12, 0, 0, 7, 0xd1, 0, 0, 1, 21, 0x40, 0, 0, 12, 0, 0, 0, 1,
        /* Origin-Host 264, Origin-Realm 296 */
        0, 0, 1, 8, 0x40, 0, 0, 22, 'e', 'i', 'r', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'k',
        'z', 0, 0, 0, 0, 1, 40, 0x40, 0, 0, 18, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'k', 'z', 0,
        0,
        /* Equipment-Status 1445 of 10415: 1 */
        0, 0, 5, 0xa5, 0xc0, 0, 0, 16, 0, 0, 0x28, 0xaf, 0, 0, 0, 1};
    struct bed *bed = *state;
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_int_equal(bed->line.out.n, sizeof want);
    assert_memory_equal(bed->line.out.p, want, sizeof want);
}

static void every_status(void **state)
{
    struct bed *bed = *state;
    struct made_ecr ecr = good_ecr;
    ecr.imei = "35824005111110";
    assert_string_equal(ask_of(bed, &ecr), FINE("0"));
    ecr.imei = "35824005111111";
    assert_string_equal(ask_of(bed, &ecr), FINE("1"));
    ecr.imei = "35824005111112";
    assert_string_equal(ask_of(bed, &ecr), FINE("2"));
    ecr.imei = "35824005111113";
    assert_string_equal(ask_of(bed, &ecr), UNKNOWN);
}

static void forms_of_the_identity(void **state)
{
    static const struct {
        const char *imei, *software;
        uint64_t body;
        uint8_t sv;
    } rows[] = {
        {"35824005111111", NULL, 35824005111111, 255},
        {"358240051111110", NULL, 35824005111111, 255},
        {"358240051111119", "07", 35824005111111, 7}, /* no check digit is judged */
        {"3582400511111142", NULL, 35824005111111, 42},
        {"3582400511111142", "07", 35824005111111, 7},
        {"35824005111111", "7", 35824005111111, 255},
        {"35824005111111", "a7", 35824005111111, 255},
        {"00000000000000", "00", 0, 0},
    };
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_ecr ecr = good_ecr;
        ecr.imei = rows[i].imei;
        ecr.software = rows[i].software;
        ask_of(bed, &ecr);
        assert_false(bed->last.malformed);
        assert_int_equal(bed->last.question.imei.body, rows[i].body);
        assert_int_equal(bed->last.software_version, rows[i].sv);
        assert_int_equal(bed->last.question.imsi, 0);
    }
}

static void an_imsi_if_it_is_one(void **state)
{
    static const struct {
        const char *name;
        uint64_t imsi;
    } rows[] = {{"401010000000001", 1401010000000001},
                {"001010", 1001010},
                {"40101000000000a", 0},
                {"4010100000000012", 0},
                {"", 0},
                {"401010000000001@example.kz", 0}};
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_ecr ecr = good_ecr;
        ecr.imsi = rows[i].name;
        assert_string_equal(ask_of(bed, &ecr), FINE("1"));
        assert_int_equal(bed->last.question.imsi, rows[i].imsi);
    }
}

static void no_imei(void **state)
{
    static const struct {
        const char *imei, *failed;
    } rows[] = {
        {"", "1402/10415M''"},
        {"3582400511111", "1402/10415M'3582400511111'"},
        {"35824005111111000", "1402/10415M'35824005111111000'"},
        {"3582400511111x", "1402/10415M'3582400511111x'"},
        {" 5824005111111", "1402/10415M' 5824005111111'"},
    };
    struct bed *bed = *state;
    char want[1000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_ecr ecr = good_ecr;
        ecr.imei = rows[i].imei;
        snprintf(want, sizeof want, "%s 279M{1401/10415M{%s}}", BAD("5004"), rows[i].failed);
        assert_string_equal(ask_of(bed, &ecr), want);
        assert_true(bed->last.malformed);
    }
    struct made_ecr none = good_ecr;
    none.imei = NULL;
    assert_string_equal(ask_of(bed, &none),
                        BAD("5005") " 279M{1401/10415M{1402/10415M#0000000000000000000000000000}}");
    none.imei = "123";
    bed->malformed = EQUIPMENT_BLACK;
    assert_string_equal(ask_of(bed, &none), FINE("1"));
    bed->malformed = EQUIPMENT_UNKNOWN;
    assert_string_equal(ask_of(bed, &none), UNKNOWN);
}

static void meid(struct bed *bed, const char *octets, size_t n)
{
    struct made_ecr ecr = good_ecr;
    ecr.no_terminal = true;
    made_ecr_open(&m, &ecr);
    size_t terminal = made_group(&m, 1401, TGPP, V | M);
    made_avp(&m, 1471, TGPP, V | M, octets, n);
    made_group_end(&m, terminal);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
}

static void a_meid(void **state)
{
    struct bed *bed = *state;
    /* 99000012345671: the first digit in the first octet's high half; filler at the end. */
    meid(bed, "\x91\x09\x00\x10\x32\x54\x76\xf1", 8);
    assert_string_equal(bed_out(bed), FINE("1"));
    assert_int_equal(bed->last.question.imei.body, 99000012345671);
    /* A0000012345671 is nobody's IMEI. */
    meid(bed, "\xa1\x00\x00\x10\x32\x54\x76\xf1", 8);
    assert_true(bed->last.malformed);
    assert_string_equal(bed_out(bed), UNKNOWN);
    meid(bed, "\x91", 1);
    assert_string_equal(bed_out(bed), UNKNOWN);
}

static void what_is_missing(void **state)
{
    struct bed *bed = *state;
    struct made_ecr ecr = good_ecr;
    ecr.session = NULL;
    assert_string_equal(ask_of(bed, &ecr),
                        HEAD("P") APPLICATION "268M=5005 277M=1 " NAMES " 279M{263M#00}");
    ecr = good_ecr;
    ecr.no_state = true;
    assert_string_equal(ask_of(bed, &ecr), BAD("5005") " 279M{277M=0}");
    ecr = good_ecr;
    ecr.origin = NULL;
    assert_string_equal(ask_of(bed, &ecr), BAD("5005") " 279M{264M#00}");
    ecr = good_ecr;
    ecr.realm = NULL;
    assert_string_equal(ask_of(bed, &ecr), BAD("5005") " 279M{296M#00}");
    ecr = good_ecr;
    ecr.to_realm = NULL;
    assert_string_equal(ask_of(bed, &ecr), BAD("5005") " 279M{283M#00}");
    ecr = good_ecr;
    ecr.no_terminal = true;
    assert_string_equal(ask_of(bed, &ecr), BAD("5005") " 279M{1401/10415M{" NO_IMEI "}}");
    assert_int_equal(bed->asked, 0);
}

static void where_it_is_to_go(void **state)
{
    struct bed *bed = *state;
    struct made_ecr ecr = good_ecr;
    ecr.to_realm = "example.com";
    assert_string_equal(ask_of(bed, &ecr), ERROR("3003"));
    ecr.to_realm = "EXAMPLE.kz";
    ecr.to_host = "Eir.example.kz";
    assert_string_equal(ask_of(bed, &ecr), FINE("1"));
    ecr.to_host = "eir2.example.kz";
    assert_string_equal(ask_of(bed, &ecr), ERROR("3002"));
    ecr.to_realm = "example.com";
    ecr.no_terminal = true; /* what is wrong besides is for whom it was meant */
    assert_string_equal(ask_of(bed, &ecr), ERROR("3003"));
}

/* An AVP more than in a good request. */
static const char *ask_with(struct bed *bed, uint32_t code, uint32_t vendor, unsigned flags,
                            const char *value)
{
    made_ecr_open(&m, &good_ecr);
    made_avp(&m, code, vendor, flags, value, strlen(value));
    made_end(&m);
    return ask(bed);
}

static void avps_that_nobody_knows(void **state)
{
    struct bed *bed = *state;
    assert_string_equal(ask_with(bed, 4000, 0, 0, "x"), FINE("1"));
    assert_string_equal(ask_with(bed, 4000, 0, M, "x"), BAD("5001") " 279M{4000M'x'}");
    assert_string_equal(ask_with(bed, 1402, 99, V, "x"), FINE("1"));
    assert_string_equal(ask_with(bed, 1402, 99, V | M, "x"), BAD("5001") " 279M{1402/99M'x'}");
    assert_string_equal(ask_with(bed, 628, TGPP, V, "x"), FINE("1"));
    assert_string_equal(ask_with(bed, 268, 0, M, "wxyz"), BAD("5001") " 279M{268M=2004384122}");
    /* The IETF's own have no V bit: RFC 6733 4.1. */
    assert_string_equal(ask_with(bed, 263, 0, V | M, "x"), ERROR("3009") " 279M{263/0M'x'}");
    /* One that is known and may be there. */
    assert_string_equal(ask_with(bed, 282, 0, M, "dra.example.kz"), FINE("1"));
    assert_string_equal(ask_with(bed, 301, 0, 0, "\1\1\1\1"), FINE("1"));
    assert_string_equal(ask_with(bed, 278, 0, M, "abcd"), FINE("1"));
    assert_string_equal(ask_with(bed, 258, 0, M, "abcd"), FINE("1"));
}

static void avps_in_the_terminal(void **state)
{
    struct bed *bed = *state;
    static const struct {
        uint32_t code, vendor;
        unsigned flags;
        const char *answer;
    } rows[] = {
        {4000, 0, 0, FINE("1")},
        {4000, 0, M, BAD("5001") " 279M{1401/10415M{4000M'35'}}"},
        {1404, TGPP, V | M, BAD("5001") " 279M{1401/10415M{1404/10415M'35'}}"},
        {1402, 0, M, BAD("5001") " 279M{1401/10415M{1402M'35'}}"},
        {1402, 0, V | M, ERROR("3009") " 279M{1401/10415M{1402/0M'35'}}"},
        {1402, TGPP, V | M, BAD("5009") " 279M{1401/10415M{1402/10415M'35'}}"},
        {1402, TGPP, V, BAD("5009") " 279M{1401/10415M{1402/10415'35'}}"},
        {1403, TGPP, V | M, BAD("5009") " 279M{1401/10415M{1403/10415M'35'}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_ecr ecr = good_ecr;
        ecr.no_terminal = true;
        made_ecr_open(&m, &ecr);
        size_t terminal = made_group(&m, 1401, TGPP, V | M);
        made_avp(&m, 1402, TGPP, V | M, good_ecr.imei, 14);
        made_avp(&m, 1403, TGPP, V | M, "01", 2);
        made_avp(&m, rows[i].code, rows[i].vendor, rows[i].flags, "35", 2);
        made_group_end(&m, terminal);
        made_end(&m);
        assert_string_equal(ask(bed), rows[i].answer);
    }
}

static void too_many_of_one(void **state)
{
    struct bed *bed = *state;
    static const struct {
        uint32_t code;
        const char *value, *failed;
    } rows[] = {
        {263, "twice", "263M'twice'"},      {264, "twice", "264M'twice'"},
        {296, "twice", "296M'twice'"},      {283, "example.kz", "283M'example.kz'"},
        {277, "\1\1\1\1", "277M=16843009"},
    };
    char want[1000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(want, sizeof want, "%s 279M{%s}", BAD("5009"), rows[i].failed);
        assert_string_equal(ask_with(bed, rows[i].code, 0, M, rows[i].value), want);
    }
    made_ecr_open(&m, &good_ecr);
    made_text(&m, 1, "401010000000001");
    made_text(&m, 1, "401010000000002");
    made_text(&m, 1, "401010000000003");
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5009") " 279M{1M'401010000000002'}");
    made_ecr_open(&m, &good_ecr);
    made_text(&m, 293, "eir.example.kz");
    made_text(&m, 293, "eir.example.kz");
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5009") " 279M{293M'eir.example.kz'}");
    made_ecr_open(&m, &good_ecr);
    made_group_end(&m, made_group(&m, 1401, TGPP, V | M));
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5009") " 279M{1401/10415M{}}");
}

static void values_that_are_none(void **state)
{
    struct bed *bed = *state;
    struct made_ecr ecr = good_ecr;
    ecr.no_state = true;
    made_ecr_open(&m, &ecr);
    made_u32(&m, 277, 2);
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5004") " 279M{277M=2}");
    made_ecr_open(&m, &ecr);
    made_avp(&m, 277, 0, M, "\0\0\1", 3);
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5014") " 279M{277M#000001}");
    made_ecr_open(&m, &ecr);
    made_avp(&m, 277, 0, M, "\0\0\0\0\1", 5);
    made_end(&m);
    assert_string_equal(ask(bed), BAD("5014") " 279M{277M#0000000001}");
    ecr = good_ecr;
    ecr.origin = "";
    assert_string_equal(ask_of(bed, &ecr), BAD("5014") " 279M{264M''}");
}

static void another_application_inside(void **state)
{
    struct bed *bed = *state;
    for (int good = 0; good < 2; good++) {
        made_begin(&m, REQUEST | PROXIABLE, 324, S13_APPLICATION);
        made_text(&m, 263, good_ecr.session);
        size_t group = made_group(&m, 260, 0, M);
        made_u32(&m, 258, good ? S13_APPLICATION : 16777251);
        made_group_end(&m, group);
        made_u32(&m, 277, 1);
        made_text(&m, 264, good_ecr.origin);
        made_text(&m, 296, good_ecr.realm);
        made_text(&m, 283, good_ecr.to_realm);
        size_t terminal = made_group(&m, 1401, TGPP, V | M);
        made_avp(&m, 1402, TGPP, V | M, good_ecr.imei, 14);
        made_group_end(&m, terminal);
        made_end(&m);
        assert_string_equal(ask(bed), good ? FINE("1") : BAD("5004") " 279M{260M{258M=16777251}}");
    }
}

static void headers(void **state)
{
    struct bed *bed = *state;
    made_ecr(&m, &good_ecr);
    m.p[4] = REQUEST | PROXIABLE | ERROR_BIT;
    assert_string_equal(ask(bed), ERROR("3008"));
    made_ecr(&m, &good_ecr);
    m.p[4] = REQUEST | PROXIABLE | RETRANSMITTED;
    assert_string_equal(ask(bed), FINE("1"));
    made_ecr(&m, &good_ecr);
    m.p[4] = REQUEST | PROXIABLE | 0x0f; /* reserved: ignored */
    assert_string_equal(ask(bed), FINE("1"));
    bed->refused = 0;
    made_ecr(&m, &good_ecr);
    m.p[7] = 0x45; /* 325 */
    assert_string_equal(ask(bed), "325 PE- 16777252 11223344 55667788 " SESSION NAMES " 268M=3001");
    made_ecr(&m, &good_ecr);
    m.p[11] = 35; /* S6a */
    assert_string_equal(ask(bed), "324 PE- 16777251 11223344 55667788 " SESSION NAMES " 268M=3007");
    assert_int_equal(bed->refused, 2);
    assert_int_equal(bed->refused_code, 3007);
    made_ecr(&m, &good_ecr);
    memset(m.p + 8, 0, 4);
    assert_string_equal(ask(bed), "324 PE- 0 11223344 55667788 " SESSION NAMES " 268M=3001");
    made_ecr(&m, &good_ecr);
    m.p[4] = PROXIABLE; /* an answer that nobody waits for */
    assert_string_equal(ask(bed), "");
    made_ecr(&m, &good_ecr);
    m.p[4] = REQUEST; /* no agent passes it on; none has to */
    assert_string_equal(ask(bed),
                        HEAD("") SESSION APPLICATION "268M=2001 277M=1 " NAMES " 1445/10415M=1");
}

static void padding_and_flags_of_a_session_are_ours(void **state)
{
    struct bed *bed = *state;
    char session[8] = "s;1;234";
    for (size_t n = 1; n < 8; n++) {
        struct made_ecr ecr = good_ecr;
        char want[16] = "";
        memcpy(want, session, n);
        ecr.session = want;
        made_ecr(&m, &ecr);
        m.p[20 + 4] = 0x2f; /* no M bit, and what is reserved */
        for (size_t at = 28 + n; at % 4; at++)
            m.p[at] = 'x';
        assert_int_equal(bed_send(bed, &m), LINE_ON);
        const uint8_t *avp = bed->line.out.p + 20;
        assert_int_equal(avp[4], M);
        assert_int_equal(get_be(avp + 5, 3), 8 + n);
        assert_memory_equal(avp + 8, want, n);
        for (size_t at = 8 + n; at % 4; at++)
            assert_int_equal(avp[at], 0);
        buf_clear(&bed->line.out);
    }
}

static void proxies_are_told_in_their_order(void **state)
{
    struct bed *bed = *state;
#define PROXIES " 284M{280M'a.example.kz' 33M'1'} 284M{280M'b' 33M#0001}"
    for (int broken = 0; broken < 3; broken++) {
        struct made_ecr ecr = good_ecr;
        ecr.no_terminal = broken == 1;
        ecr.to_host = broken == 2 ? "other.example.kz" : NULL;
        made_ecr_open(&m, &ecr);
        size_t proxy = made_group(&m, 284, 0, M);
        made_text(&m, 280, "a.example.kz");
        made_avp(&m, 33, 0, M, "1", 1);
        made_group_end(&m, proxy);
        made_text(&m, 282, "b");
        proxy = made_group(&m, 284, 0, M);
        made_text(&m, 280, "b");
        made_avp(&m, 33, 0, M, "\0\1", 2);
        made_group_end(&m, proxy);
        made_text(&m, 282, "c");
        made_end(&m);
        static const char *const want[] = {FINE("1") PROXIES,
                                           BAD("5005") " 279M{1401/10415M{" NO_IMEI "}}" PROXIES,
                                           ERROR("3002") PROXIES};
        assert_string_equal(ask(bed), want[broken]);
    }
}

/* Good ones, bad ones and others in one input, and in pieces. */
static void stream(struct made *all)
{
    static struct made one;
    all->n = 0;
    for (unsigned i = 0; i < 80; i++) {
        struct made_ecr ecr = good_ecr;
        char imei[16];
        snprintf(imei, sizeof imei, "%014u", 35824000 + i);
        ecr.imei = i % 13 == 5 ? "12" : imei;
        ecr.no_terminal = i % 17 == 3;
        made_ecr(&one, &ecr);
        if (i % 29 == 11) { /* DWR */
            made_begin(&one, REQUEST, 280, 0);
            made_text(&one, 264, "mme1.example.kz");
            made_text(&one, 296, "example.kz");
            made_end(&one);
        }
        made_ids(&one, i, ~i);
        made_raw(all, one.p, one.n);
    }
}

static void order_is_kept(void **state)
{
    struct bed *bed = *state;
    static struct made all;
    stream(&all);
    assert_int_equal(bed_send(bed, &all), LINE_ON);
    const uint8_t *p = bed->line.out.p, *end = p + bed->line.out.n;
    for (unsigned i = 0; i < 80; i++) {
        assert_true(end - p >= 20);
        assert_int_equal(get_be(p + 12, 4), i);
        assert_int_equal(get_be(p + 16, 4), ~i);
        p += get_be(p + 1, 3);
    }
    assert_ptr_equal(p, end);
}

static void groups_are_asked_together(void **state)
{
    struct bed *bed = *state;
    static struct made all;
    made_ecr(&m, &good_ecr);
    all.n = 0;
    for (unsigned i = 0; i < 70; i++)
        made_raw(&all, m.p, m.n);
    assert_int_equal(bed_send(bed, &all), LINE_ON);
    assert_int_equal(bed->asked, 70);
    assert_int_equal(bed->calls, 3); /* 32, 32, 6 */
}

/* As the engine gives it: what was not used comes again with more behind it. */
static void in_pieces(struct bed *bed, const struct made *all, size_t piece)
{
    size_t at = 0, end = 0;
    while (end < all->n) {
        size_t used;
        end = end + piece < all->n ? end + piece : all->n;
        assert_int_equal(s13_face.input(&bed->line, all->p + at, end - at, &used), LINE_ON);
        at += used;
    }
    assert_int_equal(at, all->n);
}

static void pieces_give_the_same(void **state)
{
    struct bed *bed = *state;
    static struct made all;
    static uint8_t want[1 << 17];
    stream(&all);
    assert_int_equal(bed_send(bed, &all), LINE_ON);
    size_t n = bed->line.out.n;
    assert_true(n < sizeof want);
    memcpy(want, bed->line.out.p, n);
    for (size_t piece = 1; piece < 300; piece++) {
        buf_clear(&bed->line.out);
        in_pieces(bed, &all, piece);
        assert_int_equal(bed->line.out.n, n);
        assert_memory_equal(bed->line.out.p, want, n);
    }
    /* One message, cut in two at every byte. */
    made_ecr(&m, &good_ecr);
    for (size_t cut = 1; cut < m.n; cut++) {
        size_t used = 9;
        buf_clear(&bed->line.out);
        assert_int_equal(s13_face.input(&bed->line, m.p, cut, &used), LINE_ON);
        assert_int_equal(used, 0);
        assert_int_equal(bed->line.out.n, 0);
        assert_string_equal(ask(bed), FINE("1"));
    }
}

static void each_message_can_be_told_apart(void **state)
{
    struct bed *bed = *state;
    static struct made all;
    stream(&all);
    assert_int_equal(bed_send(bed, &all), LINE_ON);
    const struct buf *out = &bed->line.out;
    size_t at = 0, n = 0;
    for (; at < out->n; at += s13_face.frame(out->p + at, out->n - at))
        n++;
    assert_int_equal(at, out->n);
    assert_int_equal(n, 80);
    assert_int_equal(s13_face.frame(out->p, 19), 0);
}

static void too_many_in_a_second(void **state)
{
    struct bed *bed = *state;
    bed_close(bed);
    memset(&bed->line, 0, sizeof bed->line);
    bed->settings.rate_max = 10;
    bed_connect(bed, "mme1.example.kz");
    made_ecr(&m, &good_ecr);
    for (int i = 0; i < 10; i++)
        assert_string_equal(ask(bed), FINE("1"));
    assert_int_equal(bed->refused, 0);
    assert_string_equal(ask(bed), ERROR("3004"));
    assert_int_equal(bed->refused, 1);
    assert_int_equal(bed->refused_code, 3004);
    bed->line.now_us += 350000;
    for (int i = 0; i < 3; i++)
        assert_string_equal(ask(bed), FINE("1"));
    assert_string_equal(ask(bed), ERROR("3004"));
    bed->line.now_us += 3600000000;
    for (int i = 0; i < 10; i++)
        assert_string_equal(ask(bed), FINE("1"));
    assert_string_equal(ask(bed), ERROR("3004"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_to_the_byte),
        TEST(every_status),
        TEST(forms_of_the_identity),
        TEST(an_imsi_if_it_is_one),
        TEST(no_imei),
        TEST(a_meid),
        TEST(what_is_missing),
        TEST(where_it_is_to_go),
        TEST(avps_that_nobody_knows),
        TEST(avps_in_the_terminal),
        TEST(too_many_of_one),
        TEST(values_that_are_none),
        TEST(another_application_inside),
        TEST(headers),
        TEST(padding_and_flags_of_a_session_are_ours),
        TEST(proxies_are_told_in_their_order),
        TEST(order_is_kept),
        TEST(groups_are_asked_together),
        TEST(pieces_give_the_same),
        TEST(each_message_can_be_told_apart),
        TEST(too_many_in_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
