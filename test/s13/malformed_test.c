/* SPDX-License-Identifier: Apache-2.0
 *
 * malformed_test - what no honest peer sends: AVPs cut at each byte, lengths off by one, too deep,
 * 16 MB long, other versions, random changes. The line closes or goes on in step; an answer is
 * always whole, and memory stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "s13/diameter_base.h"
#include "s13/ecr.h"
#include "s13_bed.h"

#define HEAD        "324 P- 16777252 11223344 55667788 "
#define SESSION     "263M'mme1.example.kz;1;2' "
#define APPLICATION "260M{266M=10415 258M=16777252} "
#define NAMES       "264M'eir.example.kz' 296M'example.kz'"
#define BAD(code)   HEAD SESSION APPLICATION "268M=" code " 277M=1 " NAMES

static struct made m, all;

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

static void again(struct bed *bed)
{
    bed_close(bed);
    memset(&bed->line, 0, sizeof bed->line);
    bed_connect(bed, "mme1.example.kz");
}

/* A request with everything, in m. */
static void made_rich(void)
{
    struct made_ecr ecr = good_ecr;
    ecr.to_host = "eir.example.kz";
    ecr.software = "01";
    ecr.imsi = "401010000000001";
    made_ecr_open(&m, &ecr);
    made_avp(&m, 4000, TGPP, V, "abc", 3);
    size_t proxy = made_group(&m, 284, 0, M);
    made_text(&m, 280, "dra.example.kz");
    made_avp(&m, 33, 0, M, "state", 5);
    made_group_end(&m, proxy);
    made_text(&m, 282, "dra.example.kz");
    made_end(&m);
}

/* Both ways of looking at a request come to the same result; and a request that follows is
 * answered. */
static void ways_agree(struct bed *bed)
{
    struct ecr ecr;
    struct network_check check;
    bool good = ecr_read(bed->s13, m.p, m.n, &ecr, &check);
    struct diameter_fault fault = ecr_judge(bed->s13, m.p);
    assert_int_equal(good, fault.result == DIAMETER_NONE);
}

static void goes_on(struct bed *bed)
{
    static struct made next;
    buf_clear(&bed->line.out);
    made_ecr(&next, &good_ecr);
    assert_int_equal(bed_input(bed, next.p, next.n), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("2001") " 1445/10415M=1");
}

static void cut_at_each_byte(void **state)
{
    struct bed *bed = *state;
    made_rich();
    all = m;
    unsigned cut = 0;
    for (size_t n = 20; n < all.n; n += 4) {
        m = all;
        m.n = n;
        made_end(&m);
        ways_agree(bed);
        assert_int_equal(bed_send(bed, &m), LINE_ON);
        const char *answer = bed_out(bed);
        assert_ptr_equal(strchr(answer, '\n'), NULL);
        cut += strstr(answer, "268M=5014") != NULL;
        goes_on(bed);
    }
    assert_true(cut > 40);
    /* Not a multiple of four: the last answer of the line (RFC 6733 7.1.5, 5015). */
    for (size_t n = 21; n < 24; n++) {
        again(bed);
        m = all;
        m.n = n;
        made_end(&m);
        assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
        assert_string_equal(bed_out(bed), "324 PE- 16777252 11223344 55667788 " NAMES " 268M=5015");
    }
}

/* Where the AVPs of all begin, groups looked into. */
static size_t find_avps(size_t *at, size_t most, size_t from, size_t to)
{
    size_t n = 0;
    while (from < to && n < most) {
        uint32_t code = (uint32_t)get_be(all.p + from, 4);
        uint32_t bytes = (uint32_t)get_be(all.p + from + 5, 3);
        at[n++] = from;
        if (code == 260 || code == 1401)
            n += find_avps(at + n, most - n, from + (code == 260 ? 8 : 12), from + bytes);
        from += (bytes + 3) & ~3u;
    }
    return n;
}

static void lengths_that_lie(void **state)
{
    struct bed *bed = *state;
    static const uint32_t lies[] = {0, 1, 7, 8, 11, 12, 13, 0xffffff, 0xfffffe, 0x800000, 0x7fffff};
    size_t at[64];
    made_rich();
    all = m;
    size_t n = find_avps(at, 64, 20, all.n);
    assert_int_equal(n, 16);
    for (size_t i = 0; i < n; i++) {
        uint32_t true_bytes = (uint32_t)get_be(all.p + at[i] + 5, 3);
        for (size_t k = 0; k < sizeof lies / sizeof lies[0] + 16; k++) {
            m = all;
            uint32_t lie =
                k < sizeof lies / sizeof lies[0]
                    ? lies[k]
                    : true_bytes + (uint32_t)k - (uint32_t)(sizeof lies / sizeof lies[0]) - 8;
            put_be(m.p + at[i] + 5, lie & 0xffffff, 3);
            ways_agree(bed);
            assert_int_equal(bed_send(bed, &m), LINE_ON);
            const char *answer = bed_out(bed);
            assert_true(answer[0] && !strchr(answer, '\n'));
            goes_on(bed);
        }
    }
}

static void failed_avps_of_broken_lengths(void **state)
{
    struct bed *bed = *state;
    /* The last AVP says that it is longer than what is left: header, zeros of the least length. */
    made_ecr_open(&m, &good_ecr);
    size_t at = m.n;
    made_u32(&m, 278, 1);
    put_be(m.p + at + 5, 13, 3);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5014") " 279M{278M=0}");
    put_be(m.p + at + 5, 0xffffff, 3);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5014") " 279M{278M=0}");
    put_be(m.p + at + 5, 7, 3);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5014") " 279M{278M=0}");
    /* Of nobody's AVP the header alone; the vendor's half of it is cut off. */
    made_ecr_open(&m, &good_ecr);
    made_group(&m, 4000, 0, M);
    m.p[m.n - 4] = V | M;
    put_be(m.p + m.n - 3, 8, 3);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5014") " 279M{4000/0M''}");
    /* Four bytes at the end are no AVP. */
    made_ecr_open(&m, &good_ecr);
    made_raw(&m, "\0\0\1\7", 4);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5014") " 279M{263#00}");
}

static void broken_inside_a_group(void **state)
{
    struct bed *bed = *state;
    struct made_ecr ecr = good_ecr;
    ecr.no_terminal = true;
    made_ecr_open(&m, &ecr);
    size_t terminal = made_group(&m, 1401, TGPP, V | M);
    size_t imei = m.n;
    made_avp(&m, 1402, TGPP, V | M, good_ecr.imei, 14);
    made_group_end(&m, terminal);
    made_text(&m, 1, "401010000000001");
    made_end(&m);
    put_be(m.p + imei + 5, 29, 3); /* longer than the group, within the message */
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed),
                        BAD("5014") " 279M{1401/10415M{1402/10415M#0000000000000000000000000000}}");
    put_be(m.p + imei + 5, 27, 3); /* a byte less is another IMEI, of 15 digits and NUL */
    put_be(m.p + imei + 5, 25, 3);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_non_null(strstr(bed_out(bed), "268M=5004"));
    put_be(m.p + terminal + 5, 12, 3); /* an empty group, and an IMEI beside it */
    put_be(m.p + imei + 5, 26, 3);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("5001") " 279M{1402/10415M'35824005111111'}");
    /* A group that ends without the padding of its last AVP. */
    put_be(m.p + terminal + 5, 12 + 26, 3);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed), BAD("2001") " 1445/10415M=1");
}

static void groups_without_end(void **state)
{
    struct bed *bed = *state;
    enum { DEPTH = 3000 };
    for (int known = 0; known < 3; known++) {
        static const uint32_t codes[] = {5000, 279, 284};
        made_ecr_open(&m, &good_ecr);
        size_t begin = m.n;
        for (unsigned i = 0; i < DEPTH; i++)
            made_group(&m, codes[known], 0, 0);
        for (size_t i = 0; i < DEPTH; i++)
            put_be(m.p + begin + 8 * i + 5, m.n - begin - 8 * i, 3);
        made_end(&m);
        ways_agree(bed);
        assert_int_equal(bed_send(bed, &m), LINE_ON);
        const uint8_t *out = bed->line.out.p;
        assert_true(bed->line.out.n < m.n + 400);
        assert_int_equal(out[4], 0x40);
        goes_on(bed);
    }
    /* Terminal-Information in Terminal-Information. */
    struct made_ecr ecr = good_ecr;
    ecr.no_terminal = true;
    made_ecr_open(&m, &ecr);
    size_t outer = made_group(&m, 1401, TGPP, V | M);
    size_t inner = made_group(&m, 1401, TGPP, V | M);
    made_avp(&m, 1402, TGPP, V | M, good_ecr.imei, 14);
    made_group_end(&m, inner);
    made_group_end(&m, outer);
    made_end(&m);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    assert_string_equal(bed_out(bed),
                        BAD("5001") " 279M{1401/10415M{1401/10415M{1402/10415M'35824005111111'}}}");
}

static void messages_that_cannot_be_told_apart(void **state)
{
    struct bed *bed = *state;
    static const struct {
        uint8_t version;
        uint32_t bytes;
        const char *code;
    } rows[] = {
        {1, 0, "5015"},        {1, 16, "5015"},  {1, 22, "5015"},  {1, 65540, "5015"},
        {1, 0xfffffc, "5015"}, {0, 164, "5011"}, {2, 164, "5011"}, {255, 0xffffff, "5011"},
    };
    char want[500];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        again(bed);
        made_ecr(&m, &good_ecr);
        m.p[0] = rows[i].version;
        put_be(m.p + 1, rows[i].bytes, 3);
        assert_int_equal(bed_send(bed, &m), LINE_CLOSE);
        snprintf(want, sizeof want, "324 PE- 16777252 11223344 55667788 " NAMES " 268M=%s",
                 rows[i].code);
        assert_string_equal(bed_out(bed), want);
        assert_int_equal(bed->told[(bed->told_count - 1) % 16].event, S13_FAULTY);
        again(bed);
        m.p[4] = 0; /* an answer is not answered */
        assert_int_equal(bed_send(bed, &m), LINE_DROP);
        assert_int_equal(bed->line.out.n, 0);
    }
    /* What came before is answered before. */
    again(bed);
    made_ecr(&all, &good_ecr);
    made_raw(&all, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    assert_int_equal(bed_send(bed, &all), LINE_DROP); /* 'T' has no R bit */
    assert_string_equal(bed_out(bed), BAD("2001") " 1445/10415M=1");
}

/* SCTP: what a message of it holds is whole, and more comes only where it says so. */
static void cut_by_a_message_of_sctp(void **state)
{
    struct bed *bed = *state;
    again(bed);
    made_ecr(&m, &good_ecr);
    bed->line.whole = true;
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    bed_out(bed);
    assert_int_equal(bed_input(bed, m.p, m.n - 4), LINE_CLOSE);
    assert_string_equal(bed_out(bed), "324 PE- 16777252 11223344 55667788 " NAMES " 268M=5015");
    again(bed);
    bed->line.whole = false;
    size_t used = SIZE_MAX;
    assert_int_equal(s13_face.input(&bed->line, m.p, m.n - 4, &used), LINE_ON);
    assert_int_equal(used, 0);
    bed->line.whole = true;
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    bed_out(bed);
    again(bed);
    bed->line.whole = false;
}

static void before_the_cer_less_is_taken(void **state)
{
    struct bed *bed = *state;
    for (int i = 0; i < 3; i++) {
        static const uint32_t bytes[] = {8196, 65536, 8192};
        bed_close(bed);
        memset(&bed->line, 0, sizeof bed->line);
        bed_open(bed, false);
        made_cer(&m, "mme1.example.kz");
        put_be(m.p + 1, bytes[i], 3);
        size_t used = 9;
        enum line_next next = s13_face.input(&bed->line, m.p, m.n, &used);
        assert_int_equal(next, i < 2 ? LINE_CLOSE : LINE_ON); /* the third: there is more to come */
        assert_int_equal(used, i < 2 ? m.n : 0);
    }
    bed_close(bed);
    memset(&bed->line, 0, sizeof bed->line);
    bed_open(bed, false);
    assert_int_equal(bed_input(bed, (const uint8_t *)"SSH-2.0-OpenSSH_9.2p1\r\n", 23), LINE_DROP);
}

static void a_full_message(void **state)
{
    struct bed *bed = *state;
    static char value[65536];
    for (int more = 0; more < 2; more++) {
        again(bed);
        made_ecr_open(&m, &good_ecr);
        size_t room = 65536 - m.n - 8 + (more ? 4 : 0);
        made_avp(&m, 284, 0, M, value, room);
        made_end(&m);
        assert_int_equal(bed_send(bed, &m), more ? LINE_CLOSE : LINE_ON);
        assert_true(more ? bed->line.out.n < 200 : bed->line.out.n > 65000);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_changes(void **state)
{
    struct bed *bed = *state;
    uint64_t seed = 0x5eed0f513;
    made_rich();
    all = m;
    unsigned good = 0;
    for (unsigned i = 0; i < 200000; i++) {
        m = (struct made){.n = all.n};
        memcpy(m.p, all.p, all.n);
        for (uint64_t n = 1 + next_random(&seed) % 3; n; n--) {
            uint64_t r = next_random(&seed);
            size_t at = 20 + (r >> 16) % (m.n - 20);
            m.p[at] = r & 256 ? (uint8_t)r : (uint8_t)(m.p[at] ^ 1 << (r & 7));
        }
        ways_agree(bed);
        struct ecr ecr;
        struct network_check check;
        good += ecr_read(bed->s13, m.p, m.n, &ecr, &check);
        assert_int_equal(bed_send(bed, &m), LINE_ON);
        const uint8_t *out = bed->line.out.p;
        size_t n = bed->line.out.n;
        assert_true(n >= 20 && n < m.n + 600 && get_be(out + 1, 3) == n && n % 4 == 0);
        assert_memory_equal(out + 12, m.p + 12, 8);
        shown(out, n);
        buf_clear(&bed->line.out);
    }
    assert_true(good > 20000 && good < 180000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(cut_at_each_byte),
        TEST(lengths_that_lie),
        TEST(failed_avps_of_broken_lengths),
        TEST(broken_inside_a_group),
        TEST(groups_without_end),
        TEST(messages_that_cannot_be_told_apart),
        TEST(cut_by_a_message_of_sctp),
        TEST(before_the_cer_less_is_taken),
        TEST(a_full_message),
        TEST(random_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
