/* SPDX-License-Identifier: Apache-2.0
 *
 * Many clients that do anything at any time, from one printed seed, with limits so low that all of
 * them are met: whatever happens, every line that was opened is closed, none is left, nothing is
 * heard that was not said. TAMGA_ROUNDS sets how much is done. */
#include "unit/engine_bed.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "prop/random.h"
#include "unit/engine_ca.h"

enum { CLIENTS = 100, ROUNDS = 20000 };

struct client {
    int fd; /* -1: none */
    uint8_t message[ECHO_MAX];
    size_t n, sent; /* of what it is saying */
};

static void leave(struct client *c, struct rng *rng)
{
    struct linger reset = {.l_onoff = 1};
    if (rng_one_in(rng, 3))
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(c->fd);
    c->fd = -1;
}

static void say_some(struct client *c, struct rng *rng)
{
    static const char words[] = "xxxxxxxxxxxxxxxxLMMWACD";
    if (c->sent == c->n) {
        char what = words[rng_below(rng, sizeof words - 1)];
        size_t n = 5 + rng_below(rng, rng_one_in(rng, 4) ? ECHO_MAX - 5 : 100);
        c->n = client_message(c->message, what, n);
        c->sent = 0;
        if (rng_one_in(rng, 50)) /* what no message is, or one that is too long */
            put_be(c->message, rng_below(rng, 65536), ECHO_HEAD);
    }
    size_t piece = 1 + rng_below(rng, (uint32_t)(c->n - c->sent));
    ssize_t sent = send(c->fd, c->message + c->sent, piece, MSG_NOSIGNAL | MSG_DONTWAIT);
    c->sent += sent > 0 ? (size_t)sent : 0;
}

static void hear_some(struct client *c, struct rng *rng)
{
    static uint8_t heard[1 << 16];
    ssize_t got = recv(c->fd, heard, 1 + rng_below(rng, sizeof heard), MSG_DONTWAIT);
    if (got == 0 && rng_one_in(rng, 2))
        leave(c, rng);
}

static void do_anything(struct bed *bed, struct client *c, struct rng *rng)
{
    if (c->fd < 0) {
        c->fd = client_new(bed->port);
        c->n = c->sent = 0;
        return;
    }
    switch (rng_below(rng, 16)) {
    case 0:
        leave(c, rng);
        break;
    case 1:
        shutdown(c->fd, SHUT_WR);
        break;
    case 2:
        engine_poke(bed->engine);
        break;
    case 3:
    case 4:
    case 5:
        hear_some(c, rng);
        break;
    default:
        say_some(c, rng);
    }
}

static void run(struct bed *bed, struct rng *rng, bool stop_amid)
{
    static struct client clients[CLIENTS];
    struct engine_listener to = {
        .face = &bed->face, .face_ctx = &bed->echo, .address = "127.0.0.1", .port = bed->port};
    for (int i = 0; i < CLIENTS; i++)
        clients[i].fd = -1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(engine_connect(bed->engine, &to, NULL), ERR_OK);
    uint32_t rounds = random_rounds(ROUNDS);
    for (uint32_t i = 0; i < rounds; i++) {
        do_anything(bed, &clients[rng_below(rng, CLIENTS)], rng);
        if (i % 4096 == 0)
            poll(NULL, 0, 30); /* some become idle */
    }
    if (stop_amid)
        engine_stop(bed->engine);
    for (int i = 0; i < CLIENTS; i++)
        if (clients[i].fd >= 0)
            leave(&clients[i], rng);
}

static bool all_have_gone(const void *ctx)
{
    const struct bed *bed = ctx; /* those that we call come again and again */
    return engine_counts(bed->engine).open <= 6;
}

static const struct bed_wish low = {.workers = 3,
                                    .connections_max = 60,
                                    .idle_us = 20000,
                                    .stuck_us = 30000,
                                    .handshake_us = 20000,
                                    .stop_us = 50000,
                                    .held_max = 1 << 20};

static void anything_may_happen(void **state)
{
    (void)state;
    struct rng rng = random_start("engine_chaos", 1);
    for (int i = 0; i < 4; i++) {
        struct bed *bed = bed_new(&low);
        bed->echo.stays = i & 1;
        bed->echo.greets = true;
        run(bed, &rng, i & 2);
        assert_true(bed_wait_until(all_have_gone, bed));
        struct engine_counts counts = engine_counts(bed->engine);
        printf("# accepted %llu, refused %llu, dropped %llu, connected %llu\n",
               (unsigned long long)counts.accepted, (unsigned long long)counts.refused,
               (unsigned long long)counts.dropped, (unsigned long long)counts.connected);
        assert_true(counts.accepted > 0 && counts.dropped > 0);
        engine_stop(bed->engine);
        assert_int_equal(engine_counts(bed->engine).open, 0);
        bed_free(bed);
    }
}

/* The same at a door of TLS: nobody speaks it but those that we call. */
static void anything_may_happen_before_tls(void **state)
{
    (void)state;
    struct rng rng = random_start("engine_chaos", 2);
    struct engine_ca *ca = engine_ca_new("Home");
    struct engine_pair pair = engine_ca_give(ca, "eir.example", NULL, 10);
    struct engine_tls *tls = NULL;
    assert_int_equal(
        engine_tls_new(pair.certificate, pair.key, engine_ca_file(ca), NULL, &tls, NULL), ERR_OK);
    struct bed_wish wish = low;
    wish.tls = tls;
    struct bed *bed = bed_new(&wish);
    struct engine_listener to = {.face = &bed->face,
                                 .face_ctx = &bed->echo,
                                 .address = "127.0.0.1",
                                 .port = bed->port,
                                 .tls = tls};
    bed->echo.greets = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(engine_connect(bed->engine, &to, NULL), ERR_OK);
    run(bed, &rng, false);
    assert_true(bed_wait_until(all_have_gone, bed));
    assert_true(engine_counts(bed->engine).dropped > 0);
    bed_free(bed);
    engine_tls_free(tls);
    engine_pair_remove(&pair);
    engine_ca_free(ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_may_happen),
        cmocka_unit_test(anything_may_happen_before_tls),
    };
    return cmocka_run_group_tests_name("engine_chaos", tests, NULL, NULL);
}
