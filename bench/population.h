/* SPDX-License-Identifier: Apache-2.0
 *
 * population - a country's phones, made from a seed: number -> IMEI, each number another IMEI, in
 * no order. 20,000 TACs whose shares fall with their rank (the greatest holds half a percent, the
 * first hundred a fifth, the last few thousand under a thousand phones each). Two ranges of
 * numbers are two disjoint unsorted lists; no list has to be kept to know what is in it. */
#ifndef BENCH_POPULATION_H
#define BENCH_POPULATION_H

#include "core/policy.h"

enum { POPULATION_TACS = 20000, POPULATION_BITS = 27 };
#define POPULATION_SIZE (1ULL << POPULATION_BITS) /* 134 M */

struct population {
    uint64_t seed;
    uint32_t tac[POPULATION_TACS];
    uint64_t first[POPULATION_TACS + 1]; /* place at which a TAC's phones begin */
};

void population_init(struct population *p, uint64_t seed);
/* number < POPULATION_SIZE. */
struct imei population_imei(const struct population *p, uint64_t number);
/* A register of the second year: of a thousand so many of each verdict; grey ones by their last day. */
struct verdict population_verdict(uint64_t random);

/* ---- what every program of bench/ needs ---- */

/* A whole number, or the program ends with code 2 and says which word was wrong. */
uint64_t bench_number(const char *text);
/* Ends the program with code 1: what, and the errno or the words. */
_Noreturn void bench_die(const char *what, const char *why);
double bench_seconds(void); /* monotonic */

/* Durations, to be told as least, median, p99 and greatest. */
struct samples {
    double *p;
    size_t n, size;
};
void samples_add(struct samples *s, double seconds);
/* One line "n=.. min_ms=.. median_ms=.. p99_ms=.. max_ms=..". */
void samples_print(struct samples *s);

#endif
