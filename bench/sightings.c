/* SPDX-License-Identifier: Apache-2.0
 *
 * sightings - an operator's days as networks see them, on standard output, the same for the same words:
 *
 *   sightings KEY=VALUE...
 *
 *   seed=1           of all that follows
 *   subscribers=     how many; numbers of the population (population.h) from first= on (0)
 *   from= days=1     a row a subscriber and day, from this day (YYYY-MM-DD) on
 *   order=0          rows come in this order; the same rows with another number are shuffled
 *   rows=0           of that order so many; 0: all
 *   operator=0 of=1  of the subscribers those of the operator-th of so many operators: each has a network code of its own
 *   changed=0        of a thousand subscribers so many use another phone on these days than on others: nine of ten
 *                    somebody else's, one a new one
 *   late=0           of a thousand rows so many tell of one of the three days before their own
 *   again=0          of a thousand rows so many stand twice, as in files that overlap
 *   nobody=1         of a thousand subscribers so many have no IMEI: hexadecimal, empty, *, #, 0, all nine
 *   zeros=0          of a thousand rows so many have 0 or 99999999999999 for an IMEI, whosever they are
 *   one=0            of a thousand subscribers so many have one and the same IMEI
 *
 * CSV date,imei,imsi,msisdn,rat. TACs are skewed: a few hundred of the whole population hold 10^5 to 10^6 phones, then a
 * long tail. Of a thousand subscribers 40 are roamers, 10 use one of a thousand cloned IMEIs, 20 one whose TAC nobody
 * allocated. */
#include "population.h"

#include <stdlib.h>

#include "base/mix.h"
#include "core/daynum.h"

enum { CLONES = 1000, LINE = 80, DAYS_MOST = 366, LATE_MOST = 3 };

static const char *const none[] = {"", "0", "99999999999999", "12ab34cd56ef78", "*", "#"};
static const char *const same[] = {"0", "99999999999999"};
static const char *const rats[] = {"005|101", "006", "001|005", "101"};
/* Primes: a walk in strides meets every row once, as long as no one divides the number of rows. */
static const uint64_t strides[] = {1, 7368787, 15485863, 32452843, 49979687, 67867967};

enum word {
    SEED,
    SUBSCRIBERS,
    FIRST,
    DAYS,
    ORDER,
    ROWS,
    OPERATOR,
    OF,
    CHANGED,
    LATE,
    AGAIN,
    NOBODY,
    ZEROS,
    ONE,
    WORDS
};
static const char *const words[WORDS] = {"seed",  "subscribers", "first", "days",    "order",
                                         "rows",  "operator",    "of",    "changed", "late",
                                         "again", "nobody",      "zeros", "one"};

struct days {
    struct population pop;
    uint64_t is[WORDS];
    char text[DAYS_MOST + LATE_MOST][DAYNUM_TEXT]; /* from LATE_MOST days before the first on */
};

static char *put_digits(char *p, uint64_t v, unsigned digits)
{
    for (unsigned i = digits; i--; v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + digits;
}

static char *put_text(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

/* The phone of a subscriber: the same on all days. */
static char *put_phone(char *p, const struct days *d, uint64_t who)
{
    const struct population *pop = &d->pop;
    uint64_t luck = mix64(who ^ pop->seed) % 1000, other = mix64(who * 3 ^ pop->seed);
    struct imei imei = population_imei(pop, who);
    if (luck < d->is[NOBODY])
        return put_text(p, none[other % (sizeof none / sizeof *none)]);
    luck -= d->is[NOBODY];
    if (luck < d->is[ONE])
        imei = population_imei(pop, POPULATION_SIZE - 1 - CLONES);
    else if (luck < d->is[ONE] + 10)
        imei = population_imei(pop, POPULATION_SIZE - 1 - other % CLONES);
    else if (luck < d->is[ONE] + 30)
        imei.body = 99000000000000 + other % 1000000000000;
    else if (mix64(other ^ 5) % 1000 < d->is[CHANGED])
        imei = population_imei(pop, other % 10 ? d->is[FIRST] + (who + d->is[SUBSCRIBERS] / 2) %
                                                                    d->is[SUBSCRIBERS]
                                               : (who + d->is[SUBSCRIBERS] + 1) % POPULATION_SIZE);
    p = put_digits(p, imei.body, 14);
    *p++ = (char)('0' + imei_check_digit(imei));
    return p;
}

static size_t put_row(char *line, const struct days *d, uint64_t row)
{
    uint64_t who = d->is[FIRST] + row / d->is[DAYS] * d->is[OF] + d->is[OPERATOR],
             luck = mix64(row ^ mix64(who ^ 3));
    uint64_t day = row % d->is[DAYS] + LATE_MOST;
    char *p = line;
    if (luck % 1000 < d->is[LATE])
        day -= 1 + luck / 1000 % LATE_MOST;
    p = put_text(p, d->text[day]);
    *p++ = ',';
    luck = mix64(luck);
    p = luck % 1000 < d->is[ZEROS] ? put_text(p, same[luck / 1000 % 2]) : put_phone(p, d, who);
    p = put_text(p, mix64(who ^ 77) % 1000 < 40 ? ",250" : ",401");
    p = put_digits(p, d->is[OPERATOR] + 1, 2);
    p = put_digits(p, who, 10);
    p = put_digits(put_text(p, ",7701"), who % 10000000, 7);
    *p++ = ',';
    p = put_text(p, rats[mix64(who ^ 9) % 4]);
    *p++ = '\n';
    return (size_t)(p - line);
}

static void take_word(struct days *d, const char *text, daynum *from)
{
    const char *value = strchr(text, '=');
    if (!value)
        bench_die("sightings", "words are KEY=VALUE; see the head of bench/sightings.c");
    struct str key = {text, (size_t)(value++ - text)};
    if (str_eq(key, STR("from"))) {
        if (daynum_parse(str_z(value), from))
            bench_die(text, "no day");
        return;
    }
    for (unsigned i = 0; i < WORDS; i++)
        if (str_eq(key, str_z(words[i]))) {
            d->is[i] = bench_number(value);
            return;
        }
    bench_die(text, "no such word");
}

static void take_words(struct days *d, int argc, char **argv)
{
    daynum from = DAYNUM_NONE;
    d->is[SEED] = d->is[DAYS] = d->is[OF] = d->is[NOBODY] = 1;
    for (int i = 1; i < argc; i++)
        take_word(d, argv[i], &from);
    const uint64_t *is = d->is;
    if (from == DAYNUM_NONE || !is[SUBSCRIBERS] || !is[DAYS] || is[DAYS] > DAYS_MOST || !is[OF] ||
        is[OPERATOR] >= is[OF])
        bench_die("sightings", "subscribers= and from= are wanted; at most 366 days");
    if (is[SUBSCRIBERS] > POPULATION_SIZE ||
        is[FIRST] + is[SUBSCRIBERS] > POPULATION_SIZE - CLONES - 1)
        bench_die("sightings", "the population has 134 M phones");
    for (unsigned i = 0; i < is[DAYS] + LATE_MOST; i++)
        daynum_format(from + (daynum)i - LATE_MOST, d->text[i]);
    population_init(&d->pop, is[SEED]);
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    static struct days d;
    char line[LINE];
    take_words(&d, argc, argv);
    const uint64_t all =
        (d.is[SUBSCRIBERS] - d.is[OPERATOR] + d.is[OF] - 1) / d.is[OF] * d.is[DAYS];
    const uint64_t stride = strides[d.is[ORDER] % (sizeof strides / sizeof *strides)];
    const uint64_t rows = d.is[ROWS] && d.is[ROWS] < all ? d.is[ROWS] : all;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    fputs("date,imei,imsi,msisdn,rat\n", stdout);
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t row = i * stride % all;
        size_t n = put_row(line, &d, row);
        fwrite_unlocked(line, 1, n, stdout);
        if (mix64(row ^ 11) % 1000 < d.is[AGAIN])
            fwrite_unlocked(line, 1, n, stdout);
    }
    if (fflush(stdout) || ferror(stdout))
        bench_die("standard output", NULL);
    return 0;
}
