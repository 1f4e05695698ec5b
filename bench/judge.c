/* SPDX-License-Identifier: Apache-2.0
 *
 * judge - how fast one core judges: the verdict of today through the gate, with valid_through and
 * next, over made facts with a TAC list in place.
 *
 *   judge SEED TACS.txt
 *
 * The mix (share of facts): 45 % verified, a tenth of these by a second approval; 25 % amnesty;
 * 20 % grey, of them one in ten with an application open; 3 % expired; 2 % marked, half of them
 * for a time; 1 % clones; 1 % visitors; 1 % in use before the duty; 2 % known and not yet active.
 * Prints verdicts a second of CPU time, the best of ten slices, twice: over 4,096 phones in random
 * order (the judge alone, its data near), and over a million phones in IMEI order (as a pass over a
 * register reads them). */
#include "population.h"

#include "bulk/tac_file.h"
#include "core/policy.h"

enum { NEAR = 4096, FAR = 1 << 20, SLICES = 10 };
#define SLICE_SECONDS 0.25

struct phone {
    struct imei imei;
    struct facts facts;
};

static struct rules rules;
static const daynum today = 9440; /* 2025-11-05 */

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return *state >> 33;
}

static void activate(struct facts *f, daynum day)
{
    f->activation = day;
    f->known = day + 1;
}

static void mark(struct facts *f, uint64_t r)
{
    f->mark_count = 1;
    f->marks[0] = (struct mark){.kind = r % 3 ? MARK_STOLEN : MARK_ORDER,
                                .setter = 77,
                                .from = today - (daynum)(r % 200),
                                .last = r % 2 ? DAYNUM_OPEN : today + (daynum)(r % 90)};
}

static void make_facts(uint64_t *state, struct facts *f)
{
    uint64_t share = draw(state) % 100, r = draw(state);
    int64_t then = 1752000000 + (int64_t)(r % 8000000);
    facts_init(f);
    f->exists = true;
    if (share < 45) {
        activate(f, today - (daynum)(r % 220));
        f->verified_at = then;
        if (r % 10 == 0)
            f->before_duty_at = then - 86400;
    } else if (share < 70) {
        f->flags |= FACTS_AMNESTY;
        if (r % 3)
            activate(f, today - (daynum)(r % 220));
    } else if (share < 90) {
        activate(f, today - (daynum)(r % 29));
        if (r % 10 == 0)
            f->hold_until = r % 20 ? today + 40 : DAYNUM_OPEN;
    } else if (share < 93) {
        activate(f, today - 31 - (daynum)(r % 100));
    } else if (share < 95) {
        activate(f, today - (daynum)(r % 100));
        mark(f, r);
    } else if (share < 96) {
        f->flags |= r % 2 ? FACTS_CLONE : FACTS_CLONE_SUSPECTED;
        activate(f, today - (daynum)(r % 100));
    } else if (share < 97) {
        f->temporary_until = today + (daynum)(r % 60);
        activate(f, today - (daynum)(r % 20));
    } else if (share < 98) {
        activate(f, today - 225 - (daynum)(r % 1000));
    }
}

/* Of this thread alone: the rate is one core's, whoever else runs on the machine. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t judge_all(const struct phone *phones, const uint32_t *order, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct phone *phone = &phones[order ? order[i] : i];
        struct verdict v = policy_judge_gated(phone->imei, &phone->facts, &rules, today, today - 1);
        sum += v.reason + (uint64_t)v.valid_through + v.next_reason;
    }
    return sum;
}

/* The best of SLICES: others on the machine take caches and clock away, nobody adds any. */
static double measure(const struct phone *phones, const uint32_t *order, size_t n)
{
    double best = 0;
    for (int slice = 0; slice < SLICES; slice++) {
        uint64_t judged = 0, sum = 0;
        double began = cpu_seconds(), seconds;
        do {
            sum += judge_all(phones, order, n);
            judged += n;
            seconds = cpu_seconds() - began;
        } while (seconds < SLICE_SECONDS);
        if (!sum) /* the compiler must not drop the work */
            bench_die("judge", "nothing was judged");
        best = (double)judged / seconds > best ? (double)judged / seconds : best;
    }
    return best;
}

static int by_imei(const void *a, const void *b)
{
    const struct phone *x = a, *y = b;
    return x->imei.body < y->imei.body ? -1 : x->imei.body > y->imei.body;
}

static struct tac_table *read_tacs(const char *path)
{
    const struct tac_reading reading = {path, TAC_FORMAT_GSMA, DAYNUM_LAST};
    struct tac_builder *b = tac_builder_new();
    struct tac_table *table = NULL;
    struct tac_file file;
    struct buf packed = {0};
    struct fault fault = {0};
    if (!b || tac_file_read(&reading, b, &file, &fault) || tac_builder_pack(b, &packed) ||
        tac_table_new(packed.p, packed.n, &table))
        bench_die(path, fault.detail);
    tac_builder_free(b);
    buf_release(&packed);
    return table;
}

int main(int argc, char **argv)
{
    static struct population p;
    static struct phone near[NEAR];
    static uint32_t order[NEAR];
    if (argc != 3)
        bench_die("judge", "SEED TACS.txt");
    population_init(&p, bench_number(argv[1]));
    struct tac_table *table = read_tacs(argv[2]);
    struct phone *far = malloc(FAR * sizeof *far);
    uint64_t state = bench_number(argv[1]);
    if (!far)
        bench_die("phones", NULL);
    rules_init(&rules);
    rules.tac = table;
    for (uint32_t i = 0; i < FAR; i++) {
        far[i].imei = population_imei(&p, i);
        make_facts(&state, &far[i].facts);
    }
    memcpy(near, far, sizeof near);
    for (uint32_t i = 0; i < NEAR; i++)
        order[i] = i * 2654435761u % NEAR;
    qsort(far, FAR, sizeof *far, by_imei);
    double near_rate = measure(near, order, NEAR);
    printf("near=%.0f far=%.0f\n", near_rate, measure(far, NULL, FAR));
    free(far);
    tac_table_free(table);
    return 0;
}
