/* SPDX-License-Identifier: Apache-2.0
 *
 * What only a register that outlives its handles can show, in a file and in a database: other
 * processes, their deaths, and the line in which they stand. */
#include "bed.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"

#define SOME 35000000000000

static void reopen(struct bed *bed, enum store_mode mode, enum err want)
{
    struct fault fault = {0};
    store_close(bed->s);
    bed->s = NULL;
    enum err err = store_open(bed->url, mode, &bed->s, &fault);
    assert_int_equal(err, want);
    if (err) {
        assert_int_equal(fault.err, want);
        assert_true(fault.detail[0] != 0);
    }
}

/* An empty place, as before the first writer. */
static void make_anew(struct bed *bed)
{
    store_close(bed->s);
    bed->s = NULL;
    if (bed_postgres(bed))
        bed_sql(bed, "DROP SCHEMA tamga CASCADE");
    else
        unlink(bed->path);
}

/* ---- opening ---- */

static void two_may_make_the_register_at_once(void **state)
{
    struct bed *bed = *state;
    for (int round = 0; round < 10; round++) {
        make_anew(bed);
        struct child c;
        if (child_fork(&c)) {
            struct store *s;
            child_say(&c);
            child_exit(store_open(bed->url, STORE_WRITE, &s, NULL) == ERR_OK && next_seq(s) == 1);
        }
        child_meet(&c);
        reopen(bed, STORE_WRITE, ERR_OK);
        child_end(&c);
    }
}

static void a_reader_reads_and_no_more(void **state)
{
    struct bed *bed = *state;
    struct store *r;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_NONE));
    assert_int_equal(store_open(bed->url, STORE_READ, &r, NULL), ERR_OK);
    begin(bed->s); /* a writer at work */
    put_row(bed->s, row_of(SOME + 1, 1, DAYNUM_NONE));
    assert_true(get_row(r, SOME).facts.exists);
    assert_false(get_row(r, SOME + 1).facts.exists);
    commit(bed->s);
    assert_true(get_row(r, SOME + 1).facts.exists);
    assert_int_equal(store_write_begin(r, NULL), ERR_STORE);
    struct party party = {77, PARTY_BODY, 0, "court"};
    assert_int_equal(store_party_put(r, &party, NULL), ERR_STORE);
    assert_int_equal(store_batch_claim(r, 1, NULL), ERR_STORE);
    struct store *twin;
    assert_int_equal(store_again(r, &twin, NULL), ERR_OK);
    assert_int_equal(store_write_begin(twin, NULL), ERR_STORE);
    store_close(twin);
    store_close(r);
}

/* ---- other processes ---- */

static void two_processes_write_in_turn(void **state)
{
    struct bed *bed = *state;
    enum { STEPS = 100 };
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        bool good = store_open(bed->url, STORE_WRITE, &s, NULL) == ERR_OK;
        child_say(&c);
        for (int i = 0; i < STEPS && good; i++)
            good = add_one(s, SOME);
        child_exit(good);
    }
    child_meet(&c);
    for (int i = 0; i < STEPS; i++)
        assert_true(add_one(bed->s, SOME));
    child_end(&c);
    assert_int_equal(get_row(bed->s, SOME).facts.last_seq, 2 * STEPS);
}

static void a_killed_writer_leaves_no_trace(void **state)
{
    struct bed *bed = *state;
    save_row(bed->s, row_of(SOME, 1, DAYNUM_FIRST));
    uint64_t before = imprint(bed->s);
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        if (store_open(bed->url, STORE_WRITE, &s, NULL) != ERR_OK)
            child_exit(false);
        begin(s);
        for (uint32_t i = 0; i < 2000; i++)
            put_row(s, row_of(SOME + i, i, DAYNUM_FIRST + 5));
        append_block(bed, s);
        child_say(&c);
        child_wait(&c);
        child_exit(false);
    }
    child_meet(&c);
    child_kill(&c);
    assert_int_equal(imprint(bed->s), before);
    save_row(bed->s, row_of(SOME, 2, DAYNUM_NONE)); /* and the place is free */
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct bed *bed = *state;
    store_close(bed->s);
    bed->s = NULL;
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        if (store_open(bed->url, STORE_WRITE, &s, NULL) != ERR_OK)
            child_exit(false);
        save_row(s, row_of(SOME, 5, DAYNUM_NONE));
        child_say(&c);
        child_wait(&c);
        child_exit(false);
    }
    child_meet(&c);
    child_kill(&c);
    reopen(bed, STORE_READ, ERR_OK);
    assert_int_equal(get_row(bed->s, SOME).facts.last_seq, 5);
}

/* A server of PostgreSQL sees soon, not at once, that a process is gone. */
static enum err claim_soon(struct store *s, uint64_t id)
{
    enum err err;
    int64_t until = clock_monotonic_us() + INT64_C(20000000);
    while ((err = store_batch_claim(s, id, NULL)) == ERR_STORE_BUSY && clock_monotonic_us() < until)
        usleep(10000);
    return err;
}

static void a_claim_dies_with_its_process(void **state)
{
    struct bed *bed = *state;
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        bool good = store_open(bed->url, STORE_WRITE, &s, NULL) == ERR_OK &&
                    store_batch_claim(s, 7, NULL) == ERR_OK;
        if (!good)
            child_exit(false);
        child_say(&c);
        child_wait(&c);
        child_exit(false);
    }
    child_meet(&c);
    assert_int_equal(store_batch_claim(bed->s, 7, NULL), ERR_STORE_BUSY);
    assert_int_equal(store_batch_claim(bed->s, 8, NULL), ERR_OK);
    child_kill(&c);
    assert_int_equal(claim_soon(bed->s, 7), ERR_OK);
}

struct heard {
    struct child *holder;
    pid_t pid;
    int times;
};

static void hear(void *ctx, pid_t holder)
{
    struct heard *h = ctx;
    h->pid = holder;
    h->times++;
    child_go(h->holder); /* which gives up the place */
}

static void who_waits_hears_who_holds_the_place(void **state)
{
    struct bed *bed = *state;
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        if (store_open(bed->url, STORE_WRITE, &s, NULL) != ERR_OK)
            child_exit(false);
        begin(s);
        child_say(&c);
        child_wait(&c);
        commit(s);
        child_exit(true);
    }
    child_meet(&c);
    struct heard heard = {.holder = &c};
    store_on_wait(bed->s, hear, &heard);
    begin(bed->s);
    assert_int_equal(heard.times, 1);
    assert_int_equal(heard.pid, c.pid);
    store_write_rollback(bed->s);
    child_end(&c);
}

/* ---- the line ---- */

/* How many ever stood in line: the first word of the turnstile's file. In PostgreSQL, how many stand in
 * it now, with the one who has the place: while nobody leaves, the same. */
static uint64_t tickets(const struct bed *bed)
{
    char name[128];
    uint64_t last = 0;
    if (bed_postgres(bed)) {
        const char *n =
            bed_sql(bed, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                         "database = (SELECT oid FROM pg_database WHERE datname = "
                         "current_database())");
        assert_true(str_to_u64(str_z(n), 1000, &last));
        return last;
    }
    snprintf(name, sizeof name, "%s.turn", bed->path);
    int fd = open(name, O_RDONLY);
    assert_int_equal(pread(fd, &last, sizeof last, 0), sizeof last);
    close(fd);
    return last;
}

static void until_in_line(const struct bed *bed, uint64_t ticket)
{
    while (tickets(bed) < ticket)
        sched_yield();
}

struct comer {
    struct store *s;
    _Atomic int *order; /* shared: how many had the place */
    int place;
    bool good;
};

static void *come(void *arg)
{
    struct comer *c = arg;
    c->good = store_write_begin(c->s, NULL) == ERR_OK;
    c->place = atomic_fetch_add(c->order, 1);
    store_write_rollback(c->s);
    return NULL;
}

/* Threads, and a process that dies in line, behind one that wants the place again at once. */
static void first_come_first_served(void **state)
{
    struct bed *bed = *state;
    enum { COMERS = 5 };
    struct comer comers[COMERS];
    pthread_t threads[COMERS];
    struct child c;
    if (child_fork(&c)) {
        struct store *s;
        bool good = store_open(bed->url, STORE_WRITE, &s, NULL) == ERR_OK;
        child_say(&c);
        child_wait(&c);
        good = good && store_write_begin(s, NULL) == ERR_OK;
        child_exit(good);
    }
    child_meet(&c);
    _Atomic int order = 0;
    for (int i = 0; i < COMERS; i++)
        comers[i] = (struct comer){.s = bed_again(bed), .order = &order};
    begin(bed->s);
    uint64_t first = tickets(bed);
    for (int i = 0; i < COMERS; i++) {
        if (i == 2) {
            child_go(&c);
            until_in_line(bed, ++first);
        }
        assert_int_equal(pthread_create(&threads[i], NULL, come, &comers[i]), 0);
        until_in_line(bed, ++first);
    }
    child_kill(&c);
    assert_int_equal(atomic_load(&order), 0); /* its death lets nobody past the holder */
    store_write_rollback(bed->s);
    begin(bed->s);
    assert_int_equal(atomic_load(&order), COMERS);
    store_write_rollback(bed->s);
    for (int i = 0; i < COMERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(comers[i].good);
        assert_int_equal(comers[i].place, i);
        store_close(comers[i].s);
    }
}

int main(void)
{
    static enum bed_kind sqlite = BED_SQLITE, postgres = BED_POSTGRES;
#define CASE(name) BED_CASE(sqlite, name), BED_CASE(postgres, name)
    const struct CMUnitTest tests[] = {
        CASE(two_may_make_the_register_at_once),     CASE(a_reader_reads_and_no_more),
        CASE(two_processes_write_in_turn),           CASE(a_killed_writer_leaves_no_trace),
        CASE(what_was_acknowledged_survives_a_kill), CASE(a_claim_dies_with_its_process),
        CASE(who_waits_hears_who_holds_the_place),   CASE(first_come_first_served),
    };
#undef CASE
    if (bed_has_postgres())
        return cmocka_run_group_tests(tests, NULL, NULL);
    static struct CMUnitTest alone[sizeof tests / sizeof *tests / 2];
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        alone[i] = tests[2 * i];
    return cmocka_run_group_tests(alone, NULL, NULL);
}
