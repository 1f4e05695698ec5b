/* SPDX-License-Identifier: Apache-2.0
 *
 * limiter_test - buckets by a clock of our own, floods, threads; addresses, networks and what proxies
 * say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>

#include "base/mix.h"
#include "face/address.h"
#include "face/limiter.h"

enum { SECOND = 1000000 };

static struct limiter *made(uint64_t rate, uint64_t burst)
{
    struct limits limits = {0};
    limits.kind[LIMIT_KIND_ADDRESS] = (struct limit){rate, burst};
    struct limiter *l = limiter_new(&limits);
    assert_non_null(l);
    return l;
}

static int64_t take(struct limiter *l, uint64_t client, uint64_t tokens, int64_t now_us)
{
    return limiter_take(l, LIMIT_KIND_ADDRESS, client, tokens, now_us);
}

/* How many single tokens go out before the first refusal. */
static unsigned drain(struct limiter *l, uint64_t client, int64_t now_us)
{
    unsigned n = 0;
    while (n < 1000000 && !take(l, client, 1, now_us))
        n++;
    return n;
}

static void a_bucket_empties_and_fills(void **state)
{
    (void)state;
    struct limiter *l = made(10, 50);
    int64_t now = 5 * SECOND;
    assert_int_equal(drain(l, 77, now), 50);
    int64_t wait = take(l, 77, 1, now);
    assert_in_range(wait, 99000, 100100); /* a tenth of a second for a token */
    assert_int_equal(drain(l, 77, now + wait), 1);
    assert_int_equal(drain(l, 77, now + wait + SECOND), 10);
    assert_int_equal(drain(l, 77, now + 3600LL * SECOND), 50); /* never more than the bucket */
    assert_int_equal(drain(l, 78, now), 50);                   /* a stranger's is another */
    limiter_free(l);
}

static void a_refusal_takes_nothing(void **state)
{
    (void)state;
    struct limiter *l = made(10, 50);
    assert_int_equal(take(l, 1, 40, 0), 0);
    assert_true(take(l, 1, 11, 0) > 0);
    assert_int_equal(take(l, 1, 10, 0), 0);
    assert_true(take(l, 1, 1, 0) > 0);
    assert_int_equal(take(l, 2, 1, 0), 0);
    assert_int_equal(take(l, 2, 1000, 0),
                     0); /* more than it holds: passes while it is nearly full */
    assert_true(take(l, 2, 1000, SECOND) > 0);
    assert_int_equal(take(l, 2, 1000, 6 * SECOND), 0);
    limiter_free(l);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct limiter *l = made(0, 0);
    assert_int_equal(drain(l, 1, 0), 1000000);
    limiter_free(l);
    l = made(LIMIT_RATE_MAX, LIMIT_RATE_MAX);
    assert_int_equal(drain(l, 1, 0), 1000000);
    limiter_free(l);
}

/* The clock's 48 bits run over after 203 days: no client may be locked out by it. */
static void time_turns_over(void **state)
{
    (void)state;
    struct limiter *l = made(10, 50);
    int64_t turn = (int64_t)((UINT64_C(1) << 48) / 16);
    assert_int_equal(drain(l, 9, turn - SECOND), 50);
    assert_int_equal(drain(l, 9, turn), 10);
    assert_int_equal(drain(l, 9, turn + SECOND), 10);
    assert_int_equal(drain(l, 9, turn + 1000LL * 86400 * SECOND), 50);
    limiter_free(l);
}

/* Four times as many clients as there are words: memory stands, everybody new is let in, and who
 * comes again and again meets a limit most of the time. */
static void a_flood_stays_in_its_memory(void **state)
{
    (void)state;
    struct limiter *l = made(1, 2);
    for (uint64_t i = 1; i <= 4 * LIMIT_CLIENTS; i++)
        assert_int_equal(take(l, mix64(i), 1, SECOND), 0);
    unsigned refused = 0;
    for (uint64_t i = 1; i <= 1000; i++) {
        drain(l, mix64(1ULL << 40 | i), SECOND);
        refused += take(l, mix64(1ULL << 40 | i), 1, SECOND) > 0;
    }
    assert_true(refused > 900);
    limiter_free(l);
}

struct crew {
    struct limiter *limiter;
    unsigned taken;
};

static void *drain_one(void *arg)
{
    struct crew *crew = arg;
    for (int i = 0; i < 200000; i++)
        crew->taken += take(crew->limiter, 5, 1, SECOND) == 0;
    return NULL;
}

static void threads_share_a_bucket_exactly(void **state)
{
    (void)state;
    enum { CREW = 4, BURST = 100000 };
    struct limiter *l = made(1, BURST);
    struct crew crew[CREW];
    pthread_t threads[CREW];
    unsigned taken = 0;
    for (int i = 0; i < CREW; i++) {
        crew[i] = (struct crew){l, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, drain_one, &crew[i]), 0);
    }
    for (int i = 0; i < CREW; i++) {
        pthread_join(threads[i], NULL);
        taken += crew[i].taken;
    }
    /* a swap that others win sixteen times running is let pass */
    assert_in_range(taken, BURST, BURST + 100);
    limiter_free(l);
}

static void pieces_do_not_flow_together(void **state)
{
    (void)state;
    struct limiter *l = made(1, 2);
    const struct str a[] = {STR("ab"), STR("c")}, b[] = {STR("a"), STR("bc")};
    assert_true(limiter_client(l, LIMIT_KIND_PERSON, a, 2) !=
                limiter_client(l, LIMIT_KIND_PERSON, b, 2));
    assert_true(limiter_client(l, LIMIT_KIND_PERSON, a, 2) !=
                limiter_client(l, LIMIT_KIND_ADDRESS, a, 2));
    assert_true(limiter_client(l, LIMIT_KIND_PERSON, a, 2) ==
                limiter_client(l, LIMIT_KIND_PERSON, a, 2));
    char wide[4096];
    memset(wide, 'x', sizeof wide);
    const struct str c[] = {{wide, sizeof wide}, STR("c")};
    (void)limiter_client(l, LIMIT_KIND_PERSON, c, 2);
    struct limiter *other = made(1, 2); /* another process, another place */
    assert_true(limiter_client(l, LIMIT_KIND_PERSON, a, 2) !=
                limiter_client(other, LIMIT_KIND_PERSON, a, 2));
    limiter_free(other);
    limiter_free(l);
}

/* ---- addresses ---- */

static const char *text_of(const struct address *address)
{
    static char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, address->bytes, text, sizeof text);
}

static struct address at(const char *text)
{
    struct address address;
    assert_true(address_parse(str_z(text), &address));
    return address;
}

static void addresses_are_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"192.0.2.1", "::ffff:192.0.2.1"},
        {"192.0.2.1:80", "::ffff:192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]:80", "2001:db8::1"},
        {"[::1]", "::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address address = at(rows[i][0]);
        assert_string_equal(text_of(&address), rows[i][1]);
    }
    static const char *const bad[] = {"",     "unknown", "_x", "1.2.3", "1.2.3.4.5",
                                      "[::1", "::g",     "[]", ":80",   "256.1.1.1"};
    struct address address;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(address_parse(str_z(bad[i]), &address));
    struct address v4 = at("192.0.2.1"), v6 = at("2001:db8::1");
    assert_int_equal(address_client_bytes(&v4), 16);
    assert_int_equal(address_client_bytes(&v6), 8);
}

static void networks_hold_what_they_should(void **state)
{
    (void)state;
    struct nets nets;
    assert_true(nets_parse(STR("127.0.0.1, 10.0.0.0/8,\t2001:db8::/33 0.0.0.0/32"), &nets));
    assert_int_equal(nets.n, 4);
    static const struct {
        const char *address;
        bool held;
    } rows[] = {
        {"127.0.0.1", true}, {"127.0.0.2", false},       {"10.255.0.1", true},
        {"11.0.0.1", false}, {"2001:db8:7fff::1", true}, {"2001:db8:8000::1", false},
        {"::1", false},      {"::ffff:10.1.1.1", true},  {"0.0.0.0", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address address = at(rows[i].address);
        assert_int_equal(nets_hold(&nets, &address), rows[i].held);
    }
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/a", "x", "::/129"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(nets_parse(str_z(bad[i]), &nets));
    assert_true(nets_parse(STR("0.0.0.0/0"), &nets));
    struct address v4 = at("8.8.8.8"), v6 = at("2001:db8::1");
    assert_true(nets_hold(&nets, &v4));
    assert_false(nets_hold(&nets, &v6));
    assert_true(nets_parse(STR(""), &nets));
    assert_false(nets_hold(&nets, &v4));
}

static void only_trusted_proxies_are_believed(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        enum forwarded_form form;
        const char *value, *client;
    } rows[] = {
        {"192.0.2.9", FORWARDED_X_FOR, "198.51.100.1", "::ffff:192.0.2.9"}, /* not trusted */
        {"10.0.0.1", FORWARDED_X_FOR, "198.51.100.1", "::ffff:198.51.100.1"},
        {"10.0.0.1", FORWARDED_X_FOR, "6.6.6.6, 198.51.100.1", "::ffff:198.51.100.1"},
        {"10.0.0.1", FORWARDED_X_FOR, "6.6.6.6,198.51.100.1 , 10.0.0.2", "::ffff:198.51.100.1"},
        {"10.0.0.1", FORWARDED_X_FOR, "6.6.6.6, rubbish, 10.0.0.2", "::ffff:10.0.0.2"},
        {"10.0.0.1", FORWARDED_X_FOR, "", "::ffff:10.0.0.1"},
        {"10.0.0.1", FORWARDED_X_FOR, ",,,", "::ffff:10.0.0.1"},
        {"10.0.0.1", FORWARDED_X_FOR, "10.0.0.3, 10.0.0.2", "::ffff:10.0.0.3"},
        {"10.0.0.1", FORWARDED_X_FOR, "2001:db8::7", "2001:db8::7"},
        {"10.0.0.1", FORWARDED_7239, "for=6.6.6.6, for=198.51.100.1;proto=https;by=10.0.0.1",
         "::ffff:198.51.100.1"},
        {"10.0.0.1", FORWARDED_7239, "proto=https; FOR=\"[2001:db8::1]:4711\"", "2001:db8::1"},
        {"10.0.0.1", FORWARDED_7239, "for=_hidden", "::ffff:10.0.0.1"},
        {"10.0.0.1", FORWARDED_7239, "proto=https", "::ffff:10.0.0.1"},
        {"10.0.0.1", FORWARDED_7239, "for=\"", "::ffff:10.0.0.1"},
    };
    struct nets trusted;
    assert_true(nets_parse(STR("10.0.0.0/24"), &trusted));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address peer = at(rows[i].peer);
        struct address client =
            address_forwarded(&peer, &trusted, rows[i].form, str_z(rows[i].value));
        assert_string_equal(text_of(&client), rows[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_fills),
        cmocka_unit_test(a_refusal_takes_nothing),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(time_turns_over),
        cmocka_unit_test(a_flood_stays_in_its_memory),
        cmocka_unit_test(threads_share_a_bucket_exactly),
        cmocka_unit_test(pieces_do_not_flow_together),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(networks_hold_what_they_should),
        cmocka_unit_test(only_trusted_proxies_are_believed),
    };
    return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
