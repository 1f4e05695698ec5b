/* SPDX-License-Identifier: Apache-2.0
 *
 * random - random changes, facts and rule sets for the tests, from one printed seed. Days and
 * instants are drawn from few values, so that ties and neighbours are common. */
#ifndef PROP_RANDOM_H
#define PROP_RANDOM_H

#include "core/change.h"
#include "core/rules.h"

struct rng {
    uint64_t state;
};

uint64_t rng_next(struct rng *rng);
/* 0 .. n - 1; n > 0. */
uint32_t rng_below(struct rng *rng, uint32_t n);
/* True once in n times. */
bool rng_one_in(struct rng *rng, uint32_t n);

/* TAMGA_SEED and TAMGA_ROUNDS, else what is given; prints the seed. */
struct rng random_start(const char *name, uint64_t seed);
uint32_t random_rounds(uint32_t otherwise);

/* Days of 2024-2028, mostly near one of a few days where the rules turn. */
daynum random_day(struct rng *rng);
int64_t random_instant(struct rng *rng);
/* Often with a TAC of random_tac_list, sometimes all digits the same. */
struct imei random_imei(struct rng *rng);
/* A change of any kind; of the given kind. */
struct change random_change(struct rng *rng);
struct change random_change_of(struct rng *rng, enum change_kind kind);
/* Facts that random changes made; facts thrown together, within what a row can hold. */
void random_facts_by_changes(struct rng *rng, struct facts *out);
void random_facts_directly(struct rng *rng, struct facts *out);
/* Rules near the defaults; *tac is borrowed and may be NULL. */
void random_rules(struct rng *rng, const struct tac_table *tac, struct rules *out);
/* TACs 35000000-35000003 devices, 35000004 and 35000005 machines; the rest is missing. */
struct tac_table *random_tac_list(void);

/* "marks 2 [...]": one line that tells the facts, for a failing test. */
void random_print_facts(const struct facts *f);

#endif
