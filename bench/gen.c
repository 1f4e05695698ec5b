/* SPDX-License-Identifier: Apache-2.0
 *
 * gen - input files for the measurements, on standard output; the same seed gives the same bytes.
 *
 *   gen imeis SEED FROM COUNT          14 digits a line, unsorted
 *   gen check SEED FROM COUNT N        N with check digits, every second one outside of the range
 *   gen verified SEED FROM COUNT       CSV imei1, with check digits
 *   gen feed SEED FROM COUNT DATE      CSV date,imei,imsi,msisdn,rat; every IMEI once
 *   gen tacs SEED                      25,176 models in GSMA's form, all TACs of the population */
#include "population.h"

enum { TAC_LIST = 25176, STRIDE = 7368787 };

static void imeis(const struct population *p, uint64_t from, uint64_t count)
{
    char text[IMEI_TEXT14 + 1];
    for (uint64_t i = 0; i < count; i++) {
        imei_format14(population_imei(p, from + i), text);
        fwrite(text, 1, 14, stdout);
        putchar_unlocked('\n');
    }
}

static void check(const struct population *p, uint64_t from, uint64_t count, uint64_t n)
{
    char text[IMEI_TEXT15];
    for (uint64_t i = 0; i < n; i++) {
        uint64_t number = from + i * STRIDE % count;
        if (i % 2)
            number = (number + POPULATION_SIZE / 2) % POPULATION_SIZE;
        imei_format15(population_imei(p, number), text);
        puts(text);
    }
}

static void verified(const struct population *p, uint64_t from, uint64_t count)
{
    char text[IMEI_TEXT15];
    puts("imei1");
    for (uint64_t i = 0; i < count; i++) {
        imei_format15(population_imei(p, from + i), text);
        puts(text);
    }
}

/* The numbers are walked in strides, so that a range that the register knows and one that it does
 * not are mixed. STRIDE is a prime. */
static void feed(const struct population *p, uint64_t from, uint64_t count, const char *date)
{
    char text[IMEI_TEXT15];
    puts("date,imei,imsi,msisdn,rat");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = from + i * STRIDE % count;
        imei_format15(population_imei(p, number), text);
        printf("%s,%s,40101%010llu,7701%07llu,005|101\n", date, text,
               (unsigned long long)(number % 10000000000), (unsigned long long)(number % 10000000));
    }
}

static void tacs(const struct population *p)
{
    static const char *const makers[] = {"Aiu", "Barys", "Saiga", "Tulpar", "Qulan", "Arlan"};
    puts("TAC|Manufacturer|Brand Name|Marketing Name|Device Type");
    for (uint32_t i = 0; i < TAC_LIST; i++) {
        const char *maker = makers[i % 6];
        uint32_t tac = i < POPULATION_TACS ? p->tac[i] : 50000000 + i;
        printf("%08u|%s Electronics|%s|%s %u 5G|%s\n", tac, maker, maker, maker, i / 6,
               i >= POPULATION_TACS && i % 50 == 0 ? "Module" : "Smartphone");
    }
}

int main(int argc, char **argv)
{
    static struct population p;
    static char buffer[1 << 20];
    const char *kind = argc > 2 ? argv[1] : "";
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    uint64_t from = argc > 4 ? bench_number(argv[3]) : 0;
    uint64_t count = argc > 4 ? bench_number(argv[4]) : 0;
    if (count > POPULATION_SIZE || from > POPULATION_SIZE - count)
        bench_die("gen", "the population has no more than 134217728");
    population_init(&p, argc > 2 ? bench_number(argv[2]) : 0);
    if (strcmp(kind, "imeis") == 0 && argc == 5)
        imeis(&p, from, count);
    else if (strcmp(kind, "check") == 0 && argc == 6)
        check(&p, from, count, bench_number(argv[5]));
    else if (strcmp(kind, "verified") == 0 && argc == 5)
        verified(&p, from, count);
    else if (strcmp(kind, "feed") == 0 && argc == 6)
        feed(&p, from, count, argv[5]);
    else if (strcmp(kind, "tacs") == 0 && argc == 3)
        tacs(&p);
    else
        bench_die("gen", "imeis|check|verified|feed|tacs SEED [FROM COUNT [N or DATE]]");
    if (fflush(stdout) || ferror(stdout))
        bench_die("standard output", NULL);
    return 0;
}
