/* SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mix.h"

enum { SERIALS = 1000000, SHARE_FLATTEN = 30, TAC_STEP = 777767, SERIAL_STEP = 700001 };

/* A bijection on numbers of POPULATION_BITS bits: an odd factor and a shifted copy of itself each
 * can be undone. */
static uint64_t scatter(uint64_t v, uint64_t seed)
{
    const uint64_t mask = POPULATION_SIZE - 1;
    v = (v ^ seed) & mask;
    for (int round = 0; round < 3; round++) {
        v = v * 0x9e3779b1 & mask;
        v ^= v >> 14;
    }
    return v;
}

void population_init(struct population *p, uint64_t seed)
{
    static const uint32_t starts[] = {35000000, 35000000, 35000000, 86000000, 86000000, 1000000};
    const double scale = (double)POPULATION_SIZE / 6.49; /* sum of 1 / (rank + 30) */
    uint64_t at = 0;
    p->seed = mix64(seed);
    for (uint32_t rank = 0; rank < POPULATION_TACS; rank++) {
        uint64_t size = (uint64_t)(scale / (rank + SHARE_FLATTEN));
        p->tac[rank] = starts[rank % 6] + (uint32_t)((uint64_t)rank * TAC_STEP % SERIALS);
        p->first[rank] = at;
        at += size;
    }
    p->first[POPULATION_TACS] = at;
    if (at < POPULATION_SIZE || p->first[1] > SERIALS)
        bench_die("population", "the shares do not add up");
}

struct imei population_imei(const struct population *p, uint64_t number)
{
    uint64_t place = scatter(number, p->seed);
    uint32_t low = 0, high = POPULATION_TACS;
    while (high - low > 1) {
        uint32_t mid = (low + high) / 2;
        if (p->first[mid] <= place)
            low = mid;
        else
            high = mid;
    }
    uint64_t serial = (place - p->first[low]) * SERIAL_STEP % SERIALS;
    return (struct imei){(uint64_t)p->tac[low] * SERIALS + serial};
}

struct verdict population_verdict(uint64_t random)
{
    static const struct {
        unsigned until;
        enum reason reason;
        uint8_t flags;
    } mix[] = {
        {600, REASON_AMNESTY, VERDICT_USED},
        {850, REASON_VERIFIED, VERDICT_USED},
        {910, REASON_VERIFIED, 0},
        {935, REASON_EXPIRED, VERDICT_USED},
        {955, REASON_GSMA, 0},
        {970, REASON_BEFORE_DUTY, VERDICT_USED},
        {975, REASON_STOLEN, VERDICT_USED},
        {980, REASON_NEVER_ACTIVATED, 0},
        {1000, REASON_UNVERIFIED, VERDICT_USED},
    };
    size_t i = 0;
    while (random % 1000 >= mix[i].until)
        i++;
    struct verdict v = {.reason = (uint8_t)mix[i].reason,
                        .next_reason = (uint8_t)mix[i].reason,
                        .flags = mix[i].flags,
                        .deadline = DAYNUM_NONE,
                        .valid_through = DAYNUM_OPEN};
    if (v.reason == REASON_UNVERIFIED) {
        v.deadline = v.valid_through = DAYNUM_FIRST + 9400 + (daynum)(random / 1000 % 31);
        v.next_reason = REASON_EXPIRED;
    }
    return v;
}

uint64_t bench_number(const char *text)
{
    char *end;
    errno = 0;
    uint64_t v = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-') {
        fprintf(stderr, "bench: `%s` is no number\n", text);
        exit(2);
    }
    return v;
}

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why ? why : strerror(errno));
    exit(1);
}

double bench_seconds(void)
{
    return (double)clock_monotonic_us() / 1e6;
}

void samples_add(struct samples *s, double seconds)
{
    if (s->n == s->size) {
        s->size = s->size ? 2 * s->size : 1024;
        s->p = realloc(s->p, s->size * sizeof *s->p);
        if (!s->p)
            bench_die("samples", NULL);
    }
    s->p[s->n++] = seconds;
}

static int by_length(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void samples_print(struct samples *s)
{
    if (!s->n)
        bench_die("samples", "there is none");
    qsort(s->p, s->n, sizeof *s->p, by_length);
    size_t p99 = (s->n * 99 + 99) / 100 - 1; /* nearest rank: the greatest below 100 samples */
    printf("n=%zu min_ms=%.2f median_ms=%.2f p99_ms=%.2f max_ms=%.2f\n", s->n, s->p[0] * 1e3,
           s->p[s->n / 2] * 1e3, s->p[p99] * 1e3, s->p[s->n - 1] * 1e3);
    free(s->p);
    *s = (struct samples){0};
}
