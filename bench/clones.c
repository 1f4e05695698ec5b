/* SPDX-License-Identifier: Apache-2.0
 *
 * clones - how long a look for clones takes: a register of so many pairs is made, each subscriber seen on nine of ten days by
 * his operator; all is looked at, then what one more day brought.
 *
 *   clones REGISTER PAIRS DAYS
 *
 * Of a hundred pairs 79 are of an IMEI that has no other, 15 of one with two that take turns, 5 of one with four, one of a
 * clone with twelve. Prints: pairs, seconds of all, IMEIs judged, finds; the same of one day; memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/commit.h"
#include "base/mix.h"
#include "clones/case.h"
#include "population.h"

enum { OPERATORS = 3, PARTS = 16, PHONE = 350000000 };

struct making {
    struct registry *reg;
    uint32_t pairs, first, n; /* first, n: of a step of parts */
    unsigned day, operator_place;
};

/* How many pairs the IMEI of a pair has, and which of them it is. */
static uint64_t imei_of(uint32_t pair, uint32_t *which, uint32_t *of)
{
    uint32_t hundred = pair / 100, at = pair % 100;
    static const struct {
        uint32_t from, each;
    } kinds[] = {{0, 1}, {79, 2}, {94, 4}, {99, 12}};
    unsigned k = at < 79 ? 0 : at < 94 ? 1 : at < 99 ? 2 : 3;
    uint32_t width = k == 0 ? 79 : k == 1 ? 15 : k == 2 ? 5 : 1;
    uint32_t number = hundred * width + at - kinds[k].from; /* among pairs of its kind */
    *of = kinds[k].each;
    *which = number % *of;
    uint64_t imei = ((uint64_t)k << 32) + number / *of;
    return PHONE + mix64(imei) % 9000000000000;
}

static enum err put_parts(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct making *m = c->ctx;
    static struct seen_pair pairs[SEEN_PART];
    enum err err = ERR_OK;
    while (!err && m->n) {
        uint32_t n = m->n < SEEN_PART ? m->n : SEEN_PART, which, of;
        for (uint32_t i = 0; i < n; i++)
            pairs[i] = (struct seen_pair){imei_of(m->first + i, &which, &of), m->first + i + 1, 0};
        err = seen_pairs_put(reg, m->first + 1, pairs, n, fault);
        m->first += n;
        m->n -= n;
    }
    struct seen_head head = {.subscribers = m->first, .pairs = m->first};
    return err ? err : seen_head_put(reg, &head, fault);
}

static bool is_seen(uint32_t pair, unsigned day)
{
    uint32_t which, of;
    (void)imei_of(pair, &which, &of);
    if ((of == 2 || of == 4) && day / 2 % of != which)
        return false;
    return mix64((uint64_t)pair << 8 | day) % 10 != 0;
}

static enum err put_day(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct making *m = c->ctx;
    uint32_t numbers[4096], n = 0;
    roaring_bitmap_t *bits = roaring_bitmap_create();
    uint64_t party = m->operator_place + 1, new = 0;
    uint16_t day = daynum_pack(registry_today(reg) - 40 + (daynum)m->day);
    for (uint32_t pair = m->operator_place; pair < m->pairs; pair += OPERATORS) {
        if (is_seen(pair, m->day))
            numbers[n++] = pair + 1;
        if (n == 4096 || pair + OPERATORS >= m->pairs) {
            roaring_bitmap_add_many(bits, n, numbers);
            n = 0;
        }
    }
    enum err err = seen_day_add(reg, party, day, bits, &new, fault);
    struct seen_report report = {.loads = 1, .home = new, .pairs = new};
    roaring_bitmap_free(bits);
    return err ? err : seen_report_put(reg, party, day, &report, fault);
}

static void must(enum err err, const struct fault *fault)
{
    if (err)
        bench_die(err_name(err), fault->detail);
}

static void make_day(struct making *m, unsigned day)
{
    struct fault fault = {0};
    m->day = day;
    for (m->operator_place = 0; m->operator_place < OPERATORS; m->operator_place++) {
        struct commit_case c = {.also = put_day, .ctx = m};
        must(commit_one(m->reg, &c, &fault), &fault);
    }
}

static enum err keep_state(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return clone_state_put(reg, c->ctx, fault);
}

static double seconds_of(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static void look(struct making *m, const char *what, unsigned day)
{
    struct fault fault = {0};
    struct clone_finds finds;
    struct rusage usage, before;
    const struct clone_look how = {.through = registry_today(m->reg) - 40 + (daynum)day};
    getrusage(RUSAGE_SELF, &before);
    int64_t began = clock_monotonic_us();
    must(clones_find(m->reg, &how, &finds, &fault), &fault);
    double seconds = (double)(clock_monotonic_us() - began) / 1e6;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = seconds_of(&usage) - seconds_of(&before);
    printf("what=%s seconds=%.2f cpu=%.2f pairs=%u judged=%llu finds=%zu rss_mb=%ld\n", what,
           seconds, cpu, m->pairs, (unsigned long long)finds.looked, finds.n,
           usage.ru_maxrss / 1024);
    fflush(stdout);
    struct commit_case c = {.also = keep_state, .ctx = &finds.state};
    must(commit_one(m->reg, &c, &fault), &fault);
    clone_finds_release(&finds);
}

int main(int argc, char **argv)
{
    struct fault fault = {0};
    if (argc != 4)
        bench_die("clones", "REGISTER PAIRS DAYS");
    struct making m = {.pairs = (uint32_t)bench_number(argv[2])};
    unsigned days = (unsigned)bench_number(argv[3]);
    struct registry_options options = {.url = argv[1], .clock = &clock_system, .write = true};
    must(registry_open(&options, &m.reg, &fault), &fault);
    while (m.first < m.pairs) {
        struct commit_case c = {.also = put_parts, .ctx = &m};
        m.n = m.pairs - m.first < PARTS * SEEN_PART ? m.pairs - m.first : PARTS * SEEN_PART;
        must(commit_one(m.reg, &c, &fault), &fault);
    }
    for (unsigned day = 0; day < days; day++)
        make_day(&m, day);
    look(&m, "all", days - 1);
    make_day(&m, days);
    look(&m, "day", days);
    registry_close(m.reg);
    return 0;
}
