/* SPDX-License-Identifier: Apache-2.0
 *
 * s13 - what a request costs between the bytes that came and the bytes that go: the Diameter face
 * alone, no socket.
 *
 *   s13 SEED COUNT     an index of COUNT IMEIs
 *
 * A stream of 256 requests as an MME writes them (Session-Id of 60 bytes, IMSI, Software-Version),
 * half of their IMEIs known, goes through the face again and again. Three desks: one that answers
 * white to everything (the face alone; four streams, as warm as what a kernel has just copied);
 * one that looks into the index, by 1,024 streams of other IMEIs each (what a node does); and the
 * index without the face. Prints "desk=.. ns=.. requests=.. bytes_in=.. bytes_out=..", ns of this
 * thread's CPU time a request, the best pass. */
#include <string.h>
#include <time.h>

#include "answer/network.h"
#include "base/mix.h"
#include "population.h"
#include "s13/s13.h"

enum { IN_FLIGHT = 256, STREAMS = 1024, WARM = 4, SECONDS = 2 };

static double seconds_of_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- desks ---- */

struct desk {
    struct network_desk desk;
    struct network net;
    uint64_t asked;
};

static void white(struct network_desk *desk, const struct network_asker *asker,
                  const struct network_check *checks, size_t n, struct network_reply *out)
{
    (void)asker, (void)checks;
    ((struct desk *)desk)->asked += n;
    memset(out, 0, n * sizeof *out);
}

static void indexed(struct network_desk *desk, const struct network_asker *asker,
                    const struct network_check *checks, size_t n, struct network_reply *out)
{
    struct desk *d = (struct desk *)desk;
    struct network_question q[NETWORK_BATCH];
    (void)asker;
    for (size_t i = 0; i < n; i++)
        q[i] = checks[i].question;
    d->asked += n;
    network_answer(&d->net, q, n, out);
}

/* ---- requests ---- */

static void u32(struct buf *b, uint32_t v)
{
    buf_uint(b, v, 4);
}

static void avp(struct buf *b, uint32_t code, uint32_t vendor, const char *p, size_t n)
{
    static const char zeros[4];
    u32(b, code);
    u32(b, (vendor ? 0xc0000000 : 0x40000000) | (uint32_t)(n + (vendor ? 12 : 8)));
    if (vendor)
        u32(b, vendor);
    buf_put(b, p, n);
    buf_put(b, zeros, (4 - n % 4) % 4);
}

static void text(struct buf *b, uint32_t code, const char *p)
{
    avp(b, code, 0, p, strlen(p));
}

static void cer(struct buf *b)
{
    buf_put(b, "\1\0\0\0\x80\0\1\1\0\0\0\0\0\0\0\1\0\0\0\1", 20);
    text(b, 264, "mme1.epc.mnc001.mcc401.3gppnetwork.org");
    text(b, 296, "epc.mnc001.mcc401.3gppnetwork.org");
    avp(b, 257, 0, "\0\1\x7f\0\0\1", 6);
    avp(b, 266, 0, "\0\0\x28\xaf", 4);
    text(b, 269, "bench");
    avp(b, 258, 0, "\1\0\0\x24", 4);
    put_be(b->p + 1, b->n, 3);
}

static void ecr(struct buf *b, uint64_t number, struct imei imei)
{
    static const char application[] =
        "\0\0\1\x0a\x40\0\0\x0c\0\0\x28\xaf\0\0\1\2\x40\0\0\x0c\1\0\0\x24";
    char digits[IMEI_TEXT15], line[80];
    size_t begin = b->n;
    buf_put(b, "\1\0\0\0\xc0\0\1\x44\1\0\0\x24", 12);
    u32(b, (uint32_t)number);
    u32(b, (uint32_t)number);
    snprintf(line, sizeof line, "mme1.epc.mnc001.mcc401.3gppnetwork.org;1764265508;%08u",
             (unsigned)number);
    text(b, 263, line);
    avp(b, 260, 0, application, 24);
    avp(b, 277, 0, "\0\0\0\1", 4);
    text(b, 264, "mme1.epc.mnc001.mcc401.3gppnetwork.org");
    text(b, 296, "epc.mnc001.mcc401.3gppnetwork.org");
    text(b, 283, "epc.mnc001.mcc401.3gppnetwork.org");
    imei_format14(imei, digits);
    u32(b, 1401);
    u32(b, 0xc0000000 | (12 + 28 + 16));
    u32(b, 10415);
    avp(b, 1402, 10415, digits, 14);
    avp(b, 1403, 10415, "01", 2);
    snprintf(line, sizeof line, "401010%09u", (unsigned)(mix64(number) % 1000000000));
    text(b, 1, line);
    put_be(b->p + begin + 1, b->n - begin, 3);
}

static void streams_make(struct buf *streams, const struct population *p, uint64_t count)
{
    for (uint64_t i = 0; i < (uint64_t)STREAMS * IN_FLIGHT; i++) {
        uint64_t random = mix64(i + 1);
        uint64_t number =
            random % 2 ? random / 2 % count : count + random / 2 % (POPULATION_SIZE - count);
        ecr(&streams[i / IN_FLIGHT], i, population_imei(p, number));
    }
    for (unsigned i = 0; i < STREAMS; i++)
        if (streams[i].failed)
            bench_die("s13", "no memory");
}

/* ---- the measure ---- */

static void input(struct line *line, const struct buf *b)
{
    size_t used = 0;
    for (size_t at = 0; at < b->n; at += used) { /* 64 kB at once, as the engine reads */
        size_t n = b->n - at < 65536 ? b->n - at : 65536;
        if (s13_face.input(line, b->p + at, n, &used) != LINE_ON || !used)
            bench_die("s13", "the line was closed");
    }
}

static void measure(const char *name, struct s13 *s13, struct desk *desk, const struct buf *streams,
                    bool warm)
{
    struct line line = {.face = &s13_face,
                        .face_ctx = s13,
                        .worker_ctx = &desk->desk,
                        .own = STR("127.0.0.1"),
                        .now_us = 1};
    struct buf hello = {0};
    uint64_t in = 0, out = 0;
    desk->asked = 0;
    if (s13_face.open(&line))
        bench_die("s13", "no memory");
    cer(&hello);
    input(&line, &hello);
    buf_release(&hello);
    double best = 1e9;
    for (double began = seconds_of_cpu(); seconds_of_cpu() - began < SECONDS;) {
        double from = seconds_of_cpu();
        uint64_t asked = desk->asked;
        for (unsigned i = 0; i < STREAMS; i++) {
            const struct buf *stream = &streams[warm ? i % WARM : i];
            buf_clear(&line.out);
            input(&line, stream);
            in += stream->n;
            out += line.out.n;
        }
        double ns = (seconds_of_cpu() - from) * 1e9 / (double)(desk->asked - asked);
        best = ns < best ? ns : best;
    }
    printf("desk=%s ns=%.1f requests=%llu bytes_in=%.0f bytes_out=%.0f\n", name, best,
           (unsigned long long)desk->asked, (double)in / (double)desk->asked,
           (double)out / (double)desk->asked);
    s13_face.close(&line);
    buf_release(&line.out);
}

static struct index *index_of(const struct population *p, uint64_t count)
{
    struct index *index;
    if (index_new(&index))
        bench_die("s13", "no memory");
    for (uint64_t i = 0; i < count; i++) {
        bool used = mix64(i) % 4 != 0;
        struct verdict v = {.reason = used ? REASON_AMNESTY : REASON_VERIFIED,
                            .next_reason = used ? REASON_AMNESTY : REASON_VERIFIED,
                            .flags = used ? VERDICT_USED : 0,
                            .deadline = DAYNUM_NONE,
                            .valid_through = DAYNUM_OPEN};
        if (index_put(index, population_imei(p, i), &v))
            bench_die("s13", "no memory");
    }
    return index;
}

static void measure_index(struct desk *desk, const struct population *p, uint64_t count)
{
    enum { ASKED = 1 << 18 };
    struct network_question q[NETWORK_BATCH];
    struct network_reply out[NETWORK_BATCH];
    double spent = 0;
    for (uint64_t i = 0; i < ASKED; i += NETWORK_BATCH) {
        for (uint64_t k = 0; k < NETWORK_BATCH; k++) {
            uint64_t random = mix64(i + k + 1);
            uint64_t number =
                random % 2 ? random / 2 % count : count + random / 2 % (POPULATION_SIZE - count);
            q[k] = (struct network_question){population_imei(p, number), 1401010000000000 + i};
        }
        double from = seconds_of_cpu();
        network_answer(&desk->net, q, NETWORK_BATCH, out);
        spent += seconds_of_cpu() - from;
    }
    printf("desk=none ns=%.1f requests=%d\n", spent * 1e9 / ASKED, ASKED);
}

int main(int argc, char **argv)
{
    static struct population p;
    static struct buf streams[STREAMS];
    static const struct str allow[] = {STR("*")};
    const struct s13_settings settings = {.identity = STR("eir.epc.mnc001.mcc401.3gppnetwork.org"),
                                          .realm = STR("epc.mnc001.mcc401.3gppnetwork.org"),
                                          .allow = allow,
                                          .allow_count = 1};
    struct s13 *s13;
    struct rules rules;
    if (argc < 3 || s13_new(&settings, &s13, NULL))
        bench_die("s13", "SEED COUNT");
    population_init(&p, bench_number(argv[1]));
    uint64_t count = bench_number(argv[2]);
    if (!count || count >= POPULATION_SIZE)
        bench_die("s13", "COUNT");
    rules_init(&rules);
    struct desk desk = {.net = {.index = index_of(&p, count),
                                .rules = &rules,
                                .settings = {EQUIPMENT_GREY, EQUIPMENT_COUNT, EQUIPMENT_GREY},
                                .today = DAYNUM_FIRST + 9000}};
    streams_make(streams, &p, count);
    desk.desk.answer = white;
    measure("white", s13, &desk, streams, true);
    desk.desk.answer = indexed;
    measure("index", s13, &desk, streams, false);
    measure_index(&desk, &p, count);
    s13_free(s13);
    return 0;
}
