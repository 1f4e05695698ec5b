/* SPDX-License-Identifier: Apache-2.0
 *
 * sightings - an operator's day as networks see it, on standard output:
 *
 *   sightings SEED SUBSCRIBERS FIRST_DAY DAYS CHANGED ORDER
 *
 * CSV date,imei,imsi,msisdn,rat: each subscriber once a day, DAYS days from FIRST_DAY (YYYY-MM-DD) on. Of the
 * subscribers CHANGED in a thousand use another phone on these days than on others: nine of ten somebody else's, one a
 * new one. ORDER: rows come in this order (the same rows with another number are shuffled). TACs are skewed
 * (population.h); of a thousand subscribers 40 are roamers, 10 use one of a thousand cloned IMEIs, 20 one whose TAC
 * nobody allocated, 1 one that is none. */
#include "population.h"

#include <stdlib.h>

#include "base/mix.h"
#include "core/daynum.h"

enum { CLONES = 1000, LINE = 80 };

static const char *const none[] = {"", "0", "99999999999999", "12ab34cd56ef78", "*", "#"};
/* Primes: a walk in strides meets every row once, as long as no one divides the number of rows. */
static const uint64_t strides[] = {1, 7368787, 15485863, 32452843, 49979687, 67867967};

static char *put_digits(char *p, uint64_t v, unsigned digits)
{
    for (unsigned i = digits; i--; v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + digits;
}

struct days {
    uint64_t subscribers;
    uint32_t days, changed;
    char text[366][DAYNUM_TEXT];
};

static char *put_imei(char *p, const struct population *pop, const struct days *d, uint64_t who)
{
    uint64_t luck = mix64(who ^ pop->seed) % 1000, other = mix64(who * 3 ^ pop->seed);
    struct imei imei = population_imei(pop, who);
    if (luck == 0) {
        const char *text = none[other % (sizeof none / sizeof *none)];
        size_t n = strlen(text);
        memcpy(p, text, n);
        return p + n;
    }
    if (luck <= 10)
        imei = population_imei(pop, POPULATION_SIZE - 1 - other % CLONES);
    else if (luck <= 30)
        imei.body = 99000000000000 + other % 1000000000000;
    else if (mix64(other ^ 5) % 1000 < d->changed)
        imei = population_imei(pop, other % 10 ? (who + d->subscribers / 2) % d->subscribers
                                               : (who + d->subscribers + 1) % POPULATION_SIZE);
    p = put_digits(p, imei.body, 14);
    *p++ = (char)('0' + imei_check_digit(imei));
    return p;
}

static size_t put_row(char *line, const struct population *pop, const struct days *d, uint64_t row)
{
    static const char *const rats[] = {"005|101", "006", "001|005", "101"};
    uint64_t who = row / d->days;
    char *p = line;
    memcpy(p, d->text[row % d->days], 10);
    p += 10;
    *p++ = ',';
    p = put_imei(p, pop, d, who);
    memcpy(p, mix64(who ^ 77) % 1000 < 40 ? ",25001" : ",40101", 6);
    p = put_digits(p + 6, who, 10);
    memcpy(p, ",7701", 5);
    p = put_digits(p + 5, who % 10000000, 7);
    *p++ = ',';
    const char *rat = rats[mix64(who ^ 9) % 4];
    size_t n = strlen(rat);
    memcpy(p, rat, n);
    p += n;
    *p++ = '\n';
    return (size_t)(p - line);
}

int main(int argc, char **argv)
{
    static struct population pop;
    static char buffer[1 << 20];
    static struct days d;
    char line[LINE];
    daynum first;
    if (argc != 7 || daynum_parse(str_z(argv[3]), &first))
        bench_die("sightings", "SEED SUBSCRIBERS FIRST_DAY DAYS CHANGED ORDER");
    d.subscribers = bench_number(argv[2]);
    d.days = (uint32_t)bench_number(argv[4]);
    d.changed = (uint32_t)bench_number(argv[5]);
    if (!d.subscribers || d.subscribers > POPULATION_SIZE / 2 || !d.days || d.days > 366)
        bench_die("sightings", "at most 67108864 subscribers and 366 days");
    for (uint32_t i = 0; i < d.days; i++)
        daynum_format(first + (daynum)i, d.text[i]);
    uint64_t rows = d.subscribers * d.days;
    uint64_t stride = strides[bench_number(argv[6]) % (sizeof strides / sizeof *strides)];
    population_init(&pop, bench_number(argv[1]));
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    fputs("date,imei,imsi,msisdn,rat\n", stdout);
    for (uint64_t i = 0; i < rows; i++)
        fwrite_unlocked(line, 1, put_row(line, &pop, &d, i * stride % rows), stdout);
    if (fflush(stdout) || ferror(stdout))
        bench_die("standard output", NULL);
    return 0;
}
