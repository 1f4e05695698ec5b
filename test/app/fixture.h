/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture - a register for a test of the use cases: in memory or in a directory of its own, with a
 * clock that the test turns. */
#ifndef TEST_APP_FIXTURE_H
#define TEST_APP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/changes.h"
#include "app/registry.h"
#include "app/suspend.h"

#define OK(call) assert_int_equal((call), ERR_OK)

struct fixture {
    struct clock clock;
    struct registry *reg;
    char dir[64]; /* empty: in memory */
    char url[256];
    char key[96];      /* its key file; empty: beside it */
    char database[48]; /* of its own in the tests' server, when TAMGA_TEST_BACKEND is postgres */
};

/* noon of the day, local time of the default zone */
void fixture_day(struct fixture *f, const char *day);
struct fixture *fixture_memory(const char *day);
struct fixture *fixture_sqlite(const char *day);
/* Closes and opens the register again: what a process does that comes after a crash. */
void fixture_reopen(struct fixture *f);
void fixture_free(struct fixture *f);

daynum fixture_daynum(const char *day);
struct imei fixture_imei(uint64_t body);
/* Facts that files bring, as one batch; rows written. */
uint64_t fixture_give(struct fixture *f, uint8_t event, struct change *changes, size_t n);
uint64_t fixture_activate(struct fixture *f, uint64_t body, const char *day);
struct verdict fixture_verdict(struct fixture *f, uint64_t body);
struct facts fixture_facts(struct fixture *f, uint64_t body);
/* A theft or other mark from today on, by the police. */
struct suspension fixture_mark(uint8_t kind);
/* journal verify and db check pass. */
void fixture_whole(struct fixture *f);

#endif
