/* SPDX-License-Identifier: Apache-2.0
 *
 * s13_bed - see s13_bed.h. The desk: the last digit of the body tells: 0 white, 1 black, 2 grey, 3
 * unknown. */
#include "s13_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- messages ---- */

void made_raw(struct made *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->p);
    if (n)
        memcpy(m->p + m->n, p, n);
    m->n += n;
}

static void u32(struct made *m, uint32_t v)
{
    uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    made_raw(m, bytes, 4);
}

static void set24(struct made *m, size_t at, size_t v)
{
    m->p[at] = (uint8_t)(v >> 16);
    m->p[at + 1] = (uint8_t)(v >> 8);
    m->p[at + 2] = (uint8_t)v;
}

void made_begin(struct made *m, unsigned flags, uint32_t command, uint32_t application)
{
    m->n = 0;
    u32(m, 1u << 24);
    u32(m, (uint32_t)flags << 24 | command);
    u32(m, application);
    u32(m, 0x11223344);
    u32(m, 0x55667788);
}

void made_ids(struct made *m, uint32_t hop_by_hop, uint32_t end_to_end)
{
    size_t n = m->n;
    m->n = 12;
    u32(m, hop_by_hop);
    u32(m, end_to_end);
    m->n = n;
}

void made_end(struct made *m)
{
    set24(m, 1, m->n);
}

size_t made_group(struct made *m, uint32_t code, uint32_t vendor, unsigned flags)
{
    size_t begin = m->n;
    u32(m, code);
    u32(m, (uint32_t)flags << 24);
    if (flags & V)
        u32(m, vendor);
    return begin;
}

void made_group_end(struct made *m, size_t group)
{
    set24(m, group + 5, m->n - group);
    while (m->n % 4)
        made_raw(m, "", 1);
}

void made_avp(struct made *m, uint32_t code, uint32_t vendor, unsigned flags, const void *p,
              size_t n)
{
    size_t group = made_group(m, code, vendor, flags);
    made_raw(m, p, n);
    made_group_end(m, group);
}

void made_text(struct made *m, uint32_t code, const char *text)
{
    if (text)
        made_avp(m, code, 0, M, text, strlen(text));
}

void made_u32(struct made *m, uint32_t code, uint32_t v)
{
    size_t group = made_group(m, code, 0, M);
    u32(m, v);
    made_group_end(m, group);
}

static void application(struct made *m)
{
    size_t group = made_group(m, 260, 0, M);
    made_u32(m, 266, TGPP);
    made_u32(m, 258, S13_APPLICATION);
    made_group_end(m, group);
}

void made_cer(struct made *m, const char *origin)
{
    made_begin(m, REQUEST, 257, 0);
    made_text(m, 264, origin);
    made_text(m, 296, "example.kz");
    made_avp(m, 257, 0, M, "\0\1\x7f\0\0\1", 6);
    made_u32(m, 266, TGPP);
    made_avp(m, 269, 0, 0, "mme", 3);
    made_u32(m, 265, TGPP);
    application(m);
    made_end(m);
}

const struct made_ecr good_ecr = {.session = "mme1.example.kz;1;2",
                                  .origin = "mme1.example.kz",
                                  .realm = "example.kz",
                                  .to_realm = "example.kz",
                                  .imei = "35824005111111"};

void made_ecr_open(struct made *m, const struct made_ecr *ecr)
{
    made_begin(m, REQUEST | PROXIABLE, 324, S13_APPLICATION);
    made_text(m, 263, ecr->session);
    application(m);
    if (!ecr->no_state)
        made_u32(m, 277, 1);
    made_text(m, 264, ecr->origin);
    made_text(m, 296, ecr->realm);
    made_text(m, 293, ecr->to_host);
    made_text(m, 283, ecr->to_realm);
    if (!ecr->no_terminal) {
        size_t terminal = made_group(m, 1401, TGPP, V | M);
        if (ecr->imei)
            made_avp(m, 1402, TGPP, V | M, ecr->imei, strlen(ecr->imei));
        if (ecr->software)
            made_avp(m, 1403, TGPP, V | M, ecr->software, strlen(ecr->software));
        made_group_end(m, terminal);
    }
    made_text(m, 1, ecr->imsi);
}

void made_ecr(struct made *m, const struct made_ecr *ecr)
{
    made_ecr_open(m, ecr);
    made_end(m);
}

/* ---- reading them ---- */

static uint32_t be(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static bool among(uint32_t code, const uint32_t *codes)
{
    while (*codes && *codes != code)
        codes++;
    return *codes != 0;
}

static void show_value(FILE *f, uint32_t code, const uint8_t *p, size_t n);

static void show_avps(FILE *f, const uint8_t *p, size_t n)
{
    const char *space = "";
    while (n) {
        if (n < 8) {
            fprintf(f, "%sCUT", space);
            return;
        }
        uint32_t code = be(p, 4), length = be(p + 5, 3);
        unsigned header = p[4] & V ? 12 : 8;
        if (length < header || length > n) {
            fprintf(f, "%sBAD(%u)", space, length);
            return;
        }
        fprintf(f, "%s%u", space, code);
        if (p[4] & V)
            fprintf(f, "/%u", be(p + 8, 4));
        if (p[4] & M)
            fprintf(f, "M");
        if (p[4] & 0x3f)
            fprintf(f, "?");
        show_value(f, code, p + header, length - header);
        space = " ";
        size_t step = (length + 3) & ~3u;
        step = step < n ? step : n;
        p += step;
        n -= step;
    }
}

static void show_value(FILE *f, uint32_t code, const uint8_t *p, size_t n)
{
    static const uint32_t groups[] = {260, 279, 284, 297, 1401, 0};
    static const uint32_t numbers[] = {258, 259, 265, 266, 267, 268,  273,
                                       277, 278, 298, 299, 301, 1445, 0};
    bool printable = true;
    for (size_t i = 0; i < n; i++)
        printable &= p[i] >= ' ' && p[i] <= '~';
    if (among(code, groups)) {
        fprintf(f, "{");
        show_avps(f, p, n);
        fprintf(f, "}");
    } else if (among(code, numbers) && n == 4) {
        fprintf(f, "=%u", be(p, 4));
    } else if (printable) {
        fprintf(f, "'%.*s'", (int)n, (const char *)p);
    } else {
        fprintf(f, "#");
        for (size_t i = 0; i < n; i++)
            fprintf(f, "%02x", p[i]);
    }
}

const char *shown(const uint8_t *p, size_t n)
{
    static char text[1 << 16];
    FILE *f = fmemopen(text, sizeof text, "w");
    assert_non_null(f);
    const char *line = "";
    while (n) {
        assert_true(n >= 20);
        uint32_t length = be(p + 1, 3);
        assert_true(length >= 20 && length <= n && length % 4 == 0 && p[0] == 1);
        fprintf(f, "%s%u ", line, be(p + 5, 3));
        for (unsigned i = 0; i < 4; i++)
            if (p[4] & 0x80 >> i)
                fprintf(f, "%c", "RPET"[i]);
        fprintf(f, "- %u %x %x ", be(p + 8, 4), be(p + 12, 4), be(p + 16, 4));
        show_avps(f, p + 20, length - 20);
        line = "\n";
        p += length;
        n -= length;
    }
    fprintf(f, "%c", '\0');
    fclose(f);
    return text;
}

/* ---- the bed ---- */

static void desk_answer(struct network_desk *desk, const struct network_asker *asker,
                        const struct network_check *checks, size_t n, struct network_reply *out)
{
    struct bed *bed = (struct bed *)(void *)((char *)desk - offsetof(struct bed, desk));
    assert_true(n > 0 && n <= NETWORK_BATCH);
    assert_int_equal(asker->face, NETWORK_S13);
    assert_true(asker->origin.n > 0);
    bed->calls++;
    for (size_t i = 0; i < n; i++) {
        assert_true(checks[i].malformed || checks[i].question.imei.body < IMEI_BODIES);
        unsigned digit = (unsigned)(checks[i].question.imei.body % 10);
        uint8_t equipment = digit < EQUIPMENT_COUNT ? (uint8_t)digit : EQUIPMENT_WHITE;
        out[i] =
            (struct network_reply){.equipment = checks[i].malformed ? bed->malformed : equipment};
        bed->last = checks[i];
        bed->asked++;
    }
}

static void desk_refused(struct network_desk *desk, const struct network_asker *asker,
                         unsigned code)
{
    struct bed *bed = (struct bed *)(void *)((char *)desk - offsetof(struct bed, desk));
    assert_int_equal(asker->face, NETWORK_S13);
    bed->refused++;
    bed->refused_code = code;
}

static void desk_told(void *ctx, const struct s13_told *told)
{
    struct bed *bed = ctx;
    bed->told[bed->told_count++ % 16] = *told;
}

void bed_init(struct bed *bed)
{
    static const struct str allow[] = {STR("*.example.kz")};
    memset(bed, 0, sizeof *bed);
    bed->settings = (struct s13_settings){.identity = STR("eir.example.kz"),
                                          .realm = STR("example.kz"),
                                          .allow = allow,
                                          .allow_count = 1,
                                          .origin_state = 7,
                                          .tell = desk_told,
                                          .tell_ctx = bed};
    bed->desk.answer = desk_answer;
    bed->desk.refused = desk_refused;
    bed->malformed = EQUIPMENT_COUNT;
}

void bed_open(struct bed *bed, bool ours)
{
    if (!bed->s13)
        assert_int_equal(s13_new(&bed->settings, &bed->s13, NULL), ERR_OK);
    bed->line.face = &s13_face;
    bed->line.face_ctx = bed->s13;
    bed->line.worker_ctx = &bed->desk;
    if (!bed->line.now_us)
        bed->line.now_us = 1000000000;
    bed->line.address = STR("192.0.2.1:40000");
    bed->line.own = STR("192.0.2.2");
    bed->line.ours = ours;
    assert_int_equal(s13_face.open(&bed->line), ERR_OK);
}

void bed_close(struct bed *bed)
{
    s13_face.close(&bed->line);
    buf_release(&bed->line.out);
    s13_free(bed->s13);
    bed->s13 = NULL;
}

enum line_next bed_input(struct bed *bed, const uint8_t *p, size_t n)
{
    size_t used = SIZE_MAX;
    /* A copy of its own size: what is read behind it is seen by a sanitizer. */
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    enum line_next next = s13_face.input(&bed->line, copy, n, &used);
    free(copy);
    assert_true(used <= n);
    if (next == LINE_ON)
        assert_int_equal(used, n);
    return next;
}

enum line_next bed_send(struct bed *bed, const struct made *m)
{
    return bed_input(bed, m->p, m->n);
}

const char *bed_out(struct bed *bed)
{
    const char *text = shown(bed->line.out.p, bed->line.out.n);
    buf_clear(&bed->line.out);
    return text;
}

void bed_connect(struct bed *bed, const char *origin)
{
    static struct made m;
    bed_open(bed, false);
    made_cer(&m, origin);
    assert_int_equal(bed_send(bed, &m), LINE_ON);
    buf_clear(&bed->line.out);
}

enum line_next bed_wait(struct bed *bed, double seconds)
{
    int64_t until = bed->line.now_us + (int64_t)(seconds * 1e6);
    enum line_next next = LINE_ON;
    while (next == LINE_ON && bed->line.wake_us && bed->line.wake_us <= until) {
        if (bed->line.now_us < bed->line.wake_us)
            bed->line.now_us = bed->line.wake_us;
        next = s13_face.wake(&bed->line);
    }
    bed->line.now_us = until;
    return next;
}
