/* SPDX-License-Identifier: Apache-2.0
 *
 * bed - where a store test lies: a register of one backend in a directory of its own, and short
 * ways to the usual deeds. What cannot be done fails the test. */
#ifndef STORE_BED_H
#define STORE_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <sys/types.h>
#include <cmocka.h>

#include "store/store.h"
#include "../unit/chain.h"

enum bed_kind {
    BED_MEMORY,
    BED_SQLITE,
    BED_POSTGRES,
    BED_FAULTY_MEMORY,
    BED_FAULTY_SQLITE,
    BED_FAULTY_POSTGRES,
    BED_KINDS
};
extern const char *const bed_names[BED_KINDS];

struct bed {
    enum bed_kind kind;
    char dir[64];  /* its files; gone at the end */
    char path[96]; /* DIR/register.db */
    char url[256]; /* "memory:", sqlite:PATH, or a database of its own in the tests' server */
    char database[48];
    struct store *s;
    struct chain chain; /* goes on from the head of the register */
};

/* A new register, opened for writing. */
void bed_make(struct bed *bed, enum bed_kind kind);
void bed_end(struct bed *bed);
/* The same as cmocka wants it: *state points to an enum bed_kind, then to the bed. */
int bed_setup(void **state);
int bed_teardown(void **state);
/* A case on a bed of this kind; an entry of struct CMUnitTest[]. */
#define BED_CASE(kind, name)                                                                       \
    {                                                                                              \
#kind ": " #name, name, bed_setup, bed_teardown, (void *)&kind                             \
    }
static inline bool bed_sqlite(const struct bed *bed)
{
    return bed->kind == BED_SQLITE || bed->kind == BED_FAULTY_SQLITE;
}
static inline bool bed_postgres(const struct bed *bed)
{
    return bed->kind == BED_POSTGRES || bed->kind == BED_FAULTY_POSTGRES;
}
/* Is there a PostgreSQL server? TAMGA_TEST_POSTGRES names it: postgresql://HOST:PORT without a
 * database, in which whoever it names may make databases. test/run.sh starts one. */
bool bed_has_postgres(void);
/* SQL past the store; the first column of the first row of its last statement, "" without one. Borrowed
 * until the next call. */
const char *bed_sql(const struct bed *bed, const char *sql);
/* A second handle. */
struct store *bed_again(struct bed *bed);

/* Facts that n makes different from others. */
struct facts_row row_of(uint64_t body, uint32_t n, daynum due);
void begin(struct store *s);
void commit(struct store *s);
void put_row(struct store *s, struct facts_row row);  /* inside a write */
void save_row(struct store *s, struct facts_row row); /* a write of its own */
bool add_one(struct store *s,
             uint64_t body); /* a write of its own that counts its row's last_seq up */
struct facts_row get_row(struct store *s, uint64_t body);
void same_row(const struct facts_row *a, const struct facts_row *b);
/* An entry and a row as the next block, inside a write. */
void append_block(struct bed *bed, struct store *s);
uint64_t next_seq(struct store *s);
struct batch batch_of(const char *label);

/* One number that everything readable in the register goes into: equal before and after what must
 * leave no trace. */
uint64_t imprint(struct store *s);

/* A child process that can be waited for at a place: it calls bed_here, the parent bed_meet. */
struct child {
    pid_t pid;
    int to_parent[2], to_child[2];
};
/* True in the child, which must end with child_exit. */
bool child_fork(struct child *c);
void child_say(struct child *c);  /* child: I am here */
void child_wait(struct child *c); /* child: until the parent lets it go on (or is gone) */
void child_exit(bool good);
void child_meet(struct child *c); /* parent: until the child says so */
void child_go(struct child *c);   /* parent */
void child_kill(struct child *c); /* parent: SIGKILL, waits */
void child_end(struct child *c);  /* parent: waits for its good end */

#endif
