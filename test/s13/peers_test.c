/* SPDX-License-Identifier: Apache-2.0
 *
 * peers_test - what lines of several workers share: names that come and go at once, a list that
 * changes meanwhile; and whose connection stays when there are two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "s13/peers.h"

enum { THREADS = 4, ROUNDS = 4000, NAMES = 7, LARGE = 5000 };

static const struct str everybody[] = {STR("*")}, realm[] = {STR("x"), STR("*.kz")};

static struct peers_asks asks_of(const char *origin, int64_t now_us)
{
    return (struct peers_asks){
        .own = STR("eir.kz"), .origin = str_z(origin), .now_us = now_us, .silent_us = 1000};
}

static void lists_that_overlap(void **state)
{
    (void)state;
    static const struct str allow[] = {STR("a.kz"), STR("*.kz"), STR("*"), STR("")};
    static const struct {
        const char *origin;
        size_t count;
        unsigned number;
    } rows[] = {{"a.kz", 4, 1}, {"b.kz", 4, 2}, {"b.org", 4, 3},  {"b.org", 2, 0}, {"a.kz", 0, 0},
                {"", 4, 0},     {"A.KZ", 1, 1}, {"eir.kz", 4, 0}, {"EIR.kz", 4, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peers peers;
        struct peers_entry *entry = NULL;
        peers_init(&peers);
        assert_int_equal(peers_allow(&peers, allow, rows[i].count), ERR_OK);
        struct peers_asks asks = asks_of(rows[i].origin, 1);
        enum peers_told told = peers_enter(&peers, &asks, &entry);
        assert_int_equal(told, rows[i].number ? PEERS_IN : PEERS_UNKNOWN);
        assert_int_equal(entry ? entry->number : 0, rows[i].number);
        peers_leave(&peers, entry);
        peers_release(&peers);
    }
}

static void names_are_compared_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool stays; /* what we began: our name comes earlier */
    } rows[] = {{"eir.kz.a", true}, {"f", true},  {"F", true},  {"EIR.KZA", true}, {"eir.k", false},
                {"EIR.K", false},   {"e", false}, {"D", false}, {"eis", true},     {"0", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peers peers;
        struct peers_entry *theirs = NULL, *ours = NULL;
        peers_init(&peers);
        assert_int_equal(peers_allow(&peers, everybody, 1), ERR_OK);
        struct peers_asks asks = asks_of(rows[i].origin, 1);
        assert_int_equal(peers_enter(&peers, &asks, &theirs), PEERS_IN);
        asks.ours = true;
        assert_int_equal(peers_enter(&peers, &asks, &ours), rows[i].stays ? PEERS_IN : PEERS_LOST);
        assert_int_equal(atomic_load(&theirs->doomed), rows[i].stays);
        peers_leave(&peers, ours);
        peers_leave(&peers, theirs);
        peers_release(&peers);
    }
}

static void thousands_of_them(void **state)
{
    (void)state;
    static struct peers_entry *entries[LARGE];
    struct peers peers;
    char name[32];
    peers_init(&peers);
    assert_int_equal(peers_allow(&peers, realm, 2), ERR_OK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < LARGE; i++) {
            struct peers_entry *again = NULL;
            snprintf(name, sizeof name, "mme%d.kz", i);
            struct peers_asks asks = asks_of(name, 1);
            assert_int_equal(peers_enter(&peers, &asks, &entries[i]), PEERS_IN);
            assert_int_equal(peers_enter(&peers, &asks, &again), PEERS_LOST);
            assert_int_equal(entries[i]->number, 2);
        }
        for (int i = 0; i < LARGE; i++)
            peers_leave(&peers, entries[i * 7 % LARGE]);
    }
    for (int i = 0; i < PEERS_BUCKETS; i++)
        assert_null(peers.bucket[i]);
    peers_release(&peers);
}

/* ---- at once ---- */

static struct peers shared;

static void come_and_go(unsigned *seed, int64_t now_us)
{
    char name[16];
    struct peers_entry *entry = NULL;
    snprintf(name, sizeof name, "mme%u.kz", (unsigned)rand_r(seed) % NAMES);
    struct peers_asks asks = asks_of(name, now_us);
    if (peers_enter(&shared, &asks, &entry) != PEERS_IN)
        return;
    assert_true(str_eq(entry->origin, asks.origin)); /* ours until we leave, doomed or not */
    atomic_store(&entry->heard_us, now_us + 1);
    (void)atomic_load(&entry->doomed);
    peers_leave(&shared, entry);
}

static void *worker(void *ctx)
{
    unsigned seed = *(unsigned *)ctx;
    for (int i = 0; i < ROUNDS; i++) {
        come_and_go(&seed, i * 10);
        if (i % 100 == 0)
            assert_int_equal(peers_allow(&shared, i % 200 ? everybody : realm, i % 200 ? 1 : 2),
                             ERR_OK);
    }
    return NULL;
}

static void all_at_once(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    peers_init(&shared);
    assert_int_equal(peers_allow(&shared, everybody, 1), ERR_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        assert_int_equal(pthread_create(&threads[i], NULL, worker, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < PEERS_BUCKETS; i++)
        assert_null(shared.bucket[i]);
    peers_release(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_that_overlap),
        cmocka_unit_test(names_are_compared_as_the_rfc_says),
        cmocka_unit_test(thousands_of_them),
        cmocka_unit_test(all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
