/* SPDX-License-Identifier: Apache-2.0
 *
 * peer_test - how a connection goes on: the watchdog, DPR, two connections of one name, the
 * election; by an injected clock. */
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

static uint32_t hop_of_out(const struct bed *bed)
{
    assert_true(bed->line.out.n >= 20);
    return (uint32_t)get_be(bed->line.out.p + 12, 4);
}

/* ---- the watchdog ---- */

static void a_dwr_is_answered(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(send_dwr(bed, REQUEST, 77), LINE_ON);
    assert_string_equal(bed_out(bed), "280 - 0 4d 5 268M=2001 " SELF " 278M=7");
    made_begin(&m, REQUEST, 280, 0);
    made_text(&m, 264, "mme1.example.kz");
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed),
                        "280 - 0 11223344 55667788 268M=5005 " SELF " 279M{296M#00} 278M=7");
    bed_close(bed);
}

static void silence_is_asked_about(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(bed_wait(bed, 27.9), LINE_ON);
    assert_int_equal(bed->line.out.n, 0);
    assert_int_equal(bed_wait(bed, 4.2), LINE_ON);
    uint32_t hop = hop_of_out(bed);
    assert_non_null(strstr(bed_out(bed), "280 R- 0 "));
    assert_int_equal(send_dwr(bed, 0, hop), LINE_ON);
    assert_int_equal(bed_wait(bed, 27.9), LINE_ON);
    assert_int_equal(bed->line.out.n, 0);
    assert_int_equal(bed_wait(bed, 4.2), LINE_ON);
    assert_true(hop_of_out(bed) != hop);
    bed_close(bed);
}

static void who_speaks_is_not_asked(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    made_ecr(&m, &good_ecr);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(bed_send(bed, &m), LINE_ON);
        buf_clear(&bed->line.out);
        assert_int_equal(bed_wait(bed, 20), LINE_ON);
        assert_int_equal(bed->line.out.n, 0);
    }
    bed_close(bed);
}

static void a_dead_peer_is_closed(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    bed->told_count = 0;
    assert_int_equal(bed_wait(bed, 33), LINE_ON); /* asked */
    buf_clear(&bed->line.out);
    assert_int_equal(bed_wait(bed, 32), LINE_ON); /* suspect: nothing more is sent */
    assert_int_equal(bed->told[0].event, S13_SILENT);
    assert_int_equal(bed->line.out.n, 0);
    assert_int_equal(bed_wait(bed, 32), LINE_DROP);
    bed_close(bed);
}

static void a_suspect_comes_back(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(bed_wait(bed, 33), LINE_ON);
    uint32_t hop = hop_of_out(bed);
    assert_int_equal(bed_wait(bed, 32), LINE_ON);
    assert_int_equal(bed->told[1].event, S13_SILENT);
    buf_clear(&bed->line.out);
    made_ecr(&m, &good_ecr); /* served, and heard; the DWR still waits */
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_true(bed->line.out.n > 0);
    assert_int_equal(bed_wait(bed, 33), LINE_ON);
    assert_int_equal(bed->told[2].event, S13_SILENT);
    assert_int_equal(send_dwr(bed, 0, hop + 100), LINE_ON); /* of no question of ours */
    buf_clear(&bed->line.out);
    assert_int_equal(send_dwr(bed, 0, hop), LINE_ON);
    assert_int_equal(bed_wait(bed, 33), LINE_ON);
    assert_true(hop_of_out(bed) != hop); /* open again: asked anew */
    bed_close(bed);
}

static void half_a_message_is_silence(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    made_ecr(&m, &good_ecr);
    size_t used, at = 1;
    enum line_next next = LINE_ON;
    for (; next == LINE_ON && at < m.n; at++) {
        next = s13_face.input(&bed->line, m.p, at, &used);
        if (next == LINE_ON)
            next = bed_wait(bed, 9);
    }
    assert_int_equal(next, LINE_DROP);
    assert_true(at < 13); /* 108 seconds */
    bed_close(bed);
}

/* ---- the end ---- */

static enum line_next send_dpr(struct bed *bed, unsigned flags, uint32_t hop_by_hop)
{
    made_begin(&m, flags, 282, 0);
    if (!(flags & REQUEST))
        made_u32(&m, 268, 2001);
    made_text(&m, 264, "mme1.example.kz");
    made_text(&m, 296, "example.kz");
    if (flags & REQUEST)
        made_u32(&m, 273, 2);
    made_ids(&m, hop_by_hop, 5);
    made_end(&m);
    return bed_send(bed, &m);
}

static void they_leave(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(send_dpr(bed, REQUEST, 9), LINE_ON);
    assert_string_equal(bed_out(bed), "282 - 0 9 5 268M=2001 " SELF);
    assert_int_equal(bed->told[1].event, S13_CLOSED);
    assert_int_equal(bed->told[1].result, 3);
    open_other(&two); /* the name is free at once */
    made_cer(&m, "mme1.example.kz");
    assert_int_equal(bed_send(&two, &m), LINE_ON);
    close_other(&two);
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_int_equal(bed->line.out.n, 0);
    assert_int_equal(bed_wait(bed, 4.9), LINE_ON);
    assert_int_equal(bed_wait(bed, 0.2), LINE_CLOSE);
    bed_close(bed);
}

static void we_leave(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(s13_face.stop(&bed->line), LINE_ON);
    uint32_t hop = hop_of_out(bed);
    assert_non_null(strstr(bed_out(bed), SELF " 273M=0"));
    made_ecr(&m, &good_ecr); /* what was on its way is answered */
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_non_null(strstr(bed_out(bed), "1445/10415M=1"));
    assert_int_equal(send_dwr(bed, REQUEST, 1), LINE_ON);
    assert_int_equal(send_dpr(bed, 0, hop + 1), LINE_ON);
    assert_int_equal(send_dpr(bed, 0, hop), LINE_CLOSE);
    bed_close(bed);

    bed_connect(bed, "mme1.example.kz");
    assert_int_equal(s13_face.stop(&bed->line), LINE_ON);
    assert_int_equal(bed_wait(bed, 5.1), LINE_CLOSE); /* nobody answers */
    bed_close(bed);

    bed_open(bed, false);
    assert_int_equal(s13_face.stop(&bed->line), LINE_DROP);
    bed_close(bed);
}

/* ---- two of one name ---- */

static void the_second_of_a_name(void **state)
{
    struct bed *bed = *state;
    bed_connect(bed, "mme1.example.kz");
    open_other(&two);
    two.line.now_us += 31000000;
    made_cer(&m, "MME1.example.kz");
    assert_int_equal(bed_send(&two, &m), LINE_CLOSE);
    assert_string_equal(bed_out(&two), CEA("4003") S13_OFFER);
    close_other(&two);
    /* Once the first has been silent for longer than Tw, it makes room. */
    open_other(&two);
    two.line.now_us += 2000000;
    assert_int_equal(bed_send(&two, &m), LINE_ON);
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_DROP);
    assert_int_equal(bed_send(&two, &m), LINE_ON);
    close_other(&two);
    bed_close(bed);
}

static void several_of_a_name(void **state)
{
    struct bed *bed = *state;
    bed->settings.many = true;
    bed_connect(bed, "mme1.example.kz");
    open_other(&two);
    made_cer(&m, "mme1.example.kz");
    assert_int_equal(bed_send(&two, &m), LINE_ON);
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_int_equal(bed_send(&two, &m), LINE_ON);
    close_other(&two);
    bed_close(bed);
}

static void made_cea(const char *origin, uint32_t result, uint32_t hop_by_hop)
{
    made_cer(&m, origin);
    m.p[4] = 0;
    made_u32(&m, 268, result);
    made_ids(&m, hop_by_hop, hop_by_hop);
    made_end(&m);
}

static void we_connect(void **state)
{
    struct bed *bed = *state;
    bed_open(bed, true);
    uint32_t hop = hop_of_out(bed);
    const char *cer = bed_out(bed);
    assert_non_null(strstr(cer, "257 R- 0 "));
    assert_non_null(strstr(cer, SAID " 265M=10415 299M=0 260M{266M=10415 258M=16777252}"));
    made_cea("dra.example.kz", 2001, hop);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    made_ecr(&m, &good_ecr);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_non_null(strstr(bed_out(bed), "1445/10415M=1"));
    bed_close(bed);

    static const struct {
        const char *origin;
        uint32_t result;
    } refused[] = {{"dra.example.com", 2001},
                   {"dra.example.kz", 5010},
                   {"eir.example.kz", 2001},
                   {"dra.example.kz", 0}};
    for (size_t i = 0; i < 4; i++) {
        bed_open(bed, true);
        made_cea(refused[i].origin, refused[i].result, hop_of_out(bed));
        assert_int_equal(bed_send(bed, &m), LINE_DROP);
        bed_close(bed);
    }
    bed_open(bed, true);
    assert_int_equal(bed_wait(bed, 10.1), LINE_DROP);
    bed_close(bed);
}

/* With TLS the end that we call is whom its certificate names, and it names somebody. */
static void whom_we_connect_to_is_certified(void **state)
{
    static const struct {
        const char *names;
        enum line_next next;
    } rows[] = {{"dra.example.kz", LINE_ON},
                {"*.example.kz", LINE_ON},
                {"mme1.example.kz", LINE_DROP},
                {"mme1.example.kz dra.example.kz", LINE_ON},
                {"", LINE_DROP}};
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bed->line.tls = bed->line.certified = true;
        bed->line.names = str_z(rows[i].names);
        bed_open(bed, true);
        made_cea("dra.example.kz", 2001, hop_of_out(bed));
        bed->told_count = 0;
        assert_int_equal(bed_send(bed, &m), rows[i].next);
        assert_int_equal(bed->told[0].event, rows[i].next == LINE_ON ? S13_OPEN : S13_REFUSED);
        assert_int_equal(bed->told[0].result, rows[i].next == LINE_ON ? 2001 : 3010);
        bed_close(bed);
    }
}

/* Both begin at once. "eir" is before "mme", so what eir began stays; "dra" is before "eir", so
 * what dra began stays. */
static void the_election(void **state)
{
    struct bed *bed = *state;
    for (int wins = 0; wins < 2; wins++) {
        const char *other = wins ? "dra.example.kz" : "mme.example.kz";
        bed_open(bed, true);
        uint32_t hop = hop_of_out(bed);
        open_other(&two);
        made_cer(&m, other);
        assert_int_equal(bed_send(&two, &m), LINE_ON);
        made_cea(other, 2001, hop);
        assert_int_equal(bed_send(bed, &m), wins ? LINE_DROP : LINE_ON);
        made_ecr(&m, &good_ecr);
        assert_int_equal(bed_send(&two, &m), wins ? LINE_ON : LINE_DROP);
        close_other(&two);
        bed_close(bed);
    }
    /* One of ours that stands is not given up for one of theirs. */
    bed_open(bed, true);
    made_cea("dra.example.kz", 2001, hop_of_out(bed));
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    open_other(&two);
    made_cer(&m, "dra.example.kz");
    assert_int_equal(bed_send(&two, &m), LINE_CLOSE);
    assert_string_equal(bed_out(&two), CEA("4003") S13_OFFER);
    close_other(&two);
    bed_close(bed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(a_dwr_is_answered),
        TEST(silence_is_asked_about),
        TEST(who_speaks_is_not_asked),
        TEST(a_dead_peer_is_closed),
        TEST(a_suspect_comes_back),
        TEST(half_a_message_is_silence),
        TEST(they_leave),
        TEST(we_leave),
        TEST(the_second_of_a_name),
        TEST(several_of_a_name),
        TEST(we_connect),
        TEST(whom_we_connect_to_is_certified),
        TEST(the_election),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
