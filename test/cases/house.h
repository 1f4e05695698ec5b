/* SPDX-License-Identifier: Apache-2.0
 *
 * house - an office with a register in memory, people, and a border that answers as it is told: what the
 * tests of applications share. */
#ifndef TEST_CASES_HOUSE_H
#define TEST_CASES_HOUSE_H

#include "app/fixture.h"

#include "cases/checks.h"
#include "cases/desk.h"

#define PHONE 35735007990200ULL

struct house {
    struct fixture *f;
    struct registry *writer;
    struct committer *committer;
    struct hours hours;
    struct office office;
    enum asked border;                  /* what the border answers */
    enum asked parcel;                  /* what the post answers */
    unsigned asked;                     /* how often the border was asked */
    void (*meanwhile)(struct house *h); /* what happens while it answers; NULL: nothing */
    char purpose[APPLICATION_NUMBER_TEXT];
};

extern const struct session officer, officer2, firm;

struct house *house_open(const char *day);
void house_close(struct house *h);
/* That day at noon, the nights before swept. */
void day(struct house *h, const char *day);
struct session person(struct house *h, uint64_t party);
struct case_device device(uint64_t body, unsigned imeis);
enum err file_kind(struct house *h, const struct session *who, uint8_t kind, uint64_t body,
                   const char *idempotency, struct application *out, bool *again);
uint64_t file(struct house *h, const struct session *who, uint8_t kind, uint64_t body);
struct application get(struct house *h, uint64_t id);
uint8_t state_of(struct house *h, uint64_t id);
enum err settle(struct house *h, uint64_t id, bool *away);
uint8_t reason(struct house *h, uint64_t body);
daynum held(struct house *h, uint64_t body);
void decide(struct house *h, const struct session *who, uint64_t id, bool approve);

#endif
