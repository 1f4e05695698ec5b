/* SPDX-License-Identifier: Apache-2.0
 *
 * clone_bed - a register with subscribers whom networks saw, and finds made by hand, for tests of what becomes of finds. */
#ifndef TEST_CLONES_BED_H
#define TEST_CLONES_BED_H

#include "app/fixture.h"
#include "app/staff.h"
#include "clones/case.h"

enum { BED_USERS = 4, BED_FINDS = 1000 };
#define BED_PHONE 35735007990600ULL

struct clone_bed {
    struct fixture *f;
    struct clone_finds finds; /* what bed_finds made last */
};

/* Subscribers 1 to BED_USERS stand in the register. */
void bed_open(struct clone_bed *bed, const char *day);
void bed_close(struct clone_bed *bed);
uint64_t bed_account(struct clone_bed *bed, const char *name);
/* The keyed hash of user i, of 0 on. */
uint64_t bed_subscriber(const struct clone_bed *bed, unsigned i);
/* Finds of n IMEIs from BED_PHONE + first on, each with all users; *out changes as a test likes. */
struct clone_find *bed_finds(struct clone_bed *bed, unsigned first, unsigned n);
/* Opens them. stop: as in struct clone_open. */
enum err bed_look(struct clone_bed *bed, const atomic_int *stop, struct clone_opened *out);
/* Which users are served by pairs that stand: bit i. */
uint32_t bed_pairs(struct clone_bed *bed, unsigned imei);
struct clone_case bed_case(struct clone_bed *bed, unsigned imei);
/* FACTS_CLONE, FACTS_CLONE_SUSPECTED, or 0. */
uint32_t bed_facts(struct clone_bed *bed, unsigned imei);

#endif
