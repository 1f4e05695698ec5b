/* SPDX-License-Identifier: Apache-2.0
 *
 * conformance - what store.h promises of every backend, as cases that run on any bed. */
#ifndef STORE_CONFORMANCE_H
#define STORE_CONFORMANCE_H

#include "bed.h"

struct conformance_case {
    const char *name;
    void (*run)(void **state); /* *state: the struct bed of a new register */
};

extern const struct conformance_case verb_cases[], write_cases[];
extern const unsigned verb_case_count, write_case_count;

extern const struct conformance_case move_cases[];
extern const unsigned move_case_count;

extern const struct conformance_case record_cases[];
extern const unsigned record_case_count;

#endif
