/* SPDX-License-Identifier: Apache-2.0
 *
 * lookups - the index that `tamga serve` answers from: how long it takes to build from a register,
 * what it weighs, how fast one thread asks it for IMEIs in random order.
 *
 *   lookups URL SEED COUNT      the register holds numbers 0 .. COUNT - 1 of the population
 *
 * One in eight of the IMEIs asked is not in it. Prints "imeis=.. build=.. bytes=.. single=..
 * batch=..": seconds, bytes an IMEI, lookups a second. */
#include "population.h"

#include "app/registry.h"

enum { ASKED = 1 << 22, BATCH = 64 };

static double ask_single(const struct index *index, const struct imei *asked)
{
    uint64_t found = 0;
    double began = bench_seconds();
    for (size_t i = 0; i < ASKED; i++) {
        struct verdict v;
        found += index_find(index, asked[i], &v);
    }
    double seconds = bench_seconds() - began;
    if (!found)
        bench_die("lookups", "nothing was found");
    return ASKED / seconds;
}

static double ask_batches(const struct index *index, const struct imei *asked)
{
    struct verdict v[BATCH];
    bool found[BATCH];
    uint64_t hits = 0;
    double began = bench_seconds();
    for (size_t i = 0; i < ASKED; i += BATCH) {
        index_find_batch(index, asked + i, BATCH, v, found);
        hits += found[0];
    }
    double seconds = bench_seconds() - began;
    if (!hits)
        bench_die("lookups", "nothing was found");
    return ASKED / seconds;
}

int main(int argc, char **argv)
{
    static struct population p;
    if (argc != 4)
        bench_die("lookups", "URL SEED COUNT");
    population_init(&p, bench_number(argv[2]));
    uint64_t count = bench_number(argv[3]);
    struct imei *asked = malloc(ASKED * sizeof *asked);
    if (!asked || !count)
        bench_die("lookups", "no memory, or no COUNT");
    for (uint64_t i = 0; i < ASKED; i++)
        asked[i] = population_imei(&p, i * 7368787 % (count + count / 7));
    struct registry_options options = {.url = argv[1], .clock = &clock_system};
    struct registry *reg;
    struct index *index;
    struct fault fault = {0};
    double began = bench_seconds();
    if (registry_open(&options, &reg, &fault) || registry_index(reg, &index, &fault))
        bench_die(argv[1], fault.detail);
    double build = bench_seconds() - began;
    double single = ask_single(index, asked), batch = ask_batches(index, asked);
    printf("imeis=%llu build=%.3f bytes=%.1f single=%.0f batch=%.0f\n",
           (unsigned long long)index_count(index), build,
           (double)index_bytes(index) / (double)index_count(index), single, batch);
    index_free(index);
    registry_close(reg);
    free(asked);
    return 0;
}
