/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine over real sockets on loopback: what arrives is answered, whole and in order, whatever
 * the other ends do. */
#include "unit/engine_bed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "prop/random.h"

static void a_message_comes_back(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    for (size_t n = ECHO_HEAD; n < 300; n++)
        assert_true(client_asks(fd, n));
    assert_true(client_asks(fd, ECHO_MAX));
    close(fd);
    assert_true(bed_wait_open(bed, 0));
    struct engine_counts counts = engine_counts(bed->engine);
    assert_int_equal(counts.accepted, 1);
    assert_int_equal(counts.refused + counts.dropped, 0);
    assert_int_equal(counts.bytes_in, counts.bytes_out);
    assert_true(bed->echo.inputs <= 301); /* a whole message is put to the face once, */
    assert_true(bed->echo.turns <= 330);  /* and costs one turn */
    bed_free(bed);
}

static void ends_are_known(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    char want[64], heard[64];
    int n = snprintf(want, sizeof want, "127.0.0.1:%u 127.0.0.1", ntohs(own.sin_port));
    client_send(fd, "\0\3A", 3);
    assert_true(client_read(fd, heard, (size_t)n + ECHO_HEAD));
    assert_memory_equal(heard + ECHO_HEAD, want, (size_t)n);
    close(fd);
    bed_free(bed);
}

/* The descriptor of this very process that has the other end of a client's connection. */
static int end_of(int client)
{
    struct sockaddr_in own, other;
    socklen_t size = sizeof own;
    assert_int_equal(getsockname(client, (struct sockaddr *)&own, &size), 0);
    for (int fd = 0; fd < 1024; fd++) {
        size = sizeof other;
        if (getpeername(fd, (struct sockaddr *)&other, &size) == 0 && other.sin_family == AF_INET &&
            other.sin_port == own.sin_port)
            return fd;
    }
    fail_msg("nobody has accepted it");
    return -1;
}

/* A lone answer goes out at once, and does not wait for the other end's acknowledgement (RFC 896). */
static void an_accepted_end_never_waits_to_send(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    char heard[64];
    int client = client_new(bed->port), on = 0;
    socklen_t size = sizeof on;
    client_send(client, "\0\3A", 3);
    assert_true(client_read(client, heard, ECHO_HEAD)); /* it stands */
    const int fd = end_of(client);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    assert_true(on);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
    assert_true(on);
    close(client);
    bed_free(bed);
}

/* ---- many lines, any pieces ---- */

enum { LINES = 48, SAID = 60000 };

struct talk {
    int fd;
    uint8_t said[SAID];
    size_t n, sent, heard;
};

static void fill_talk(struct talk *talk, struct rng *rng)
{
    while (talk->n + ECHO_MAX < SAID) {
        size_t n = ECHO_HEAD + (rng_one_in(rng, 8) ? rng_below(rng, ECHO_MAX - ECHO_HEAD)
                                                   : rng_below(rng, 300));
        talk->n += client_message(talk->said + talk->n, 'x', n);
    }
}

static void hear(struct talk *talk, int flags)
{
    uint8_t heard[8192];
    ssize_t got = recv(talk->fd, heard, sizeof heard, flags);
    if (got <= 0)
        return;
    assert_true((size_t)got <= talk->n - talk->heard);
    assert_memory_equal(heard, talk->said + talk->heard, (size_t)got);
    talk->heard += (size_t)got;
}

static void bytes_come_in_any_pieces(void **state)
{
    (void)state;
    struct rng rng = random_start("engine", 1);
    struct bed *bed = bed_new(&(struct bed_wish){0});
    struct talk *talks = calloc(LINES, sizeof *talks);
    assert_non_null(talks);
    for (int i = 0; i < LINES; i++) {
        talks[i].fd = client_new(bed->port);
        fill_talk(&talks[i], &rng);
    }
    for (int left = LINES; left;) {
        struct talk *talk = &talks[rng_below(&rng, LINES)];
        size_t piece = 1 + rng_below(&rng, rng_one_in(&rng, 3) ? 20000 : 40);
        if (piece > talk->n - talk->sent)
            piece = talk->n - talk->sent;
        client_send(talk->fd, talk->said + talk->sent, piece);
        talk->sent += piece;
        left -= piece && talk->sent == talk->n;
        hear(talk, MSG_DONTWAIT);
    }
    for (int i = 0; i < LINES; i++) {
        for (size_t before = ~0UL; talks[i].heard < talks[i].n && before != talks[i].heard;) {
            before = talks[i].heard;
            hear(&talks[i], 0);
        }
        assert_int_equal(talks[i].heard, talks[i].n);
        close(talks[i].fd);
    }
    assert_true(bed_wait_open(bed, 0));
    assert_int_equal(engine_counts(bed->engine).dropped, 0);
    free(talks);
    bed_free(bed);
}

static void few_lines_are_spread_evenly(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct bed *bed = bed_new(&(struct bed_wish){.workers = 2});
        int fds[4];
        for (int i = 0; i < 4; i++) {
            fds[i] = client_new(bed->port);
            assert_true(client_asks(fds[i], 100));
        }
        assert_int_equal(bed->workers[0].opened, 2);
        assert_int_equal(bed->workers[1].opened, 2);
        for (int i = 0; i < 4; i++)
            close(fds[i]);
        bed_free(bed);
    }
}

/* One that always has more does not keep others from being answered. */
static void who_floods_leaves_room(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1});
    int flood = client_new(bed->port), other = client_new(bed->port);
    static uint8_t said[1 << 20], heard[1 << 20];
    for (size_t n = 0; n < sizeof said;)
        n += client_message(said + n, 'x', 1024);
    fcntl(flood, F_SETFL, O_NONBLOCK);
    uint64_t flooded = 0;
    for (int asked = 0; asked < 200; asked++) {
        for (int i = 0; i < 4; i++) { /* whole messages or not: the same bytes go round */
            ssize_t n = send(flood, said + flooded % 1024, sizeof said - 1024, MSG_NOSIGNAL);
            flooded += n > 0 ? (uint64_t)n : 0;
            while (recv(flood, heard, sizeof heard, 0) > 0)
                ;
        }
        assert_true(client_asks(other, 100));
    }
    assert_true(flooded > 10 << 20);
    close(flood);
    close(other);
    bed_free(bed);
}

/* ---- ends of lines ---- */

static void who_says_no_more_hears_all(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    static uint8_t said[3000], heard[3000];
    client_message(said, ECHO_MUCH, sizeof said); /* 3 MB of answers: more than the socket takes */
    client_send(fd, said, sizeof said);
    client_message(said, 'x', 10);
    client_send(fd, said, 10);
    shutdown(fd, SHUT_WR);
    client_message(said, ECHO_MUCH, sizeof said);
    for (int i = 0; i < 1000; i++) {
        assert_true(client_read(fd, heard, sizeof heard));
        assert_memory_equal(said, heard, sizeof heard);
    }
    client_message(said, 'x', 10);
    assert_true(client_read(fd, heard, 10));
    assert_memory_equal(said, heard, 10);
    assert_true(client_is_closed(fd));
    close(fd);
    assert_true(bed_wait_open(bed, 0));
    bed_free(bed);
}

/* The last answer arrives although what came after the last question was never read. */
static void the_last_word_is_heard(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    static uint8_t said[2 << 20], heard[64];
    for (int round = 0; round < 20; round++) {
        int fd = client_new(bed->port);
        memset(said, 0, sizeof said);
        client_message(said, ECHO_CLOSE, sizeof heard);
        client_send(fd, said, sizeof said);
        assert_true(client_read(fd, heard, sizeof heard));
        assert_memory_equal(said, heard, sizeof heard);
        assert_true(client_is_closed(fd));
        close(fd);
    }
    assert_true(bed_wait_open(bed, 0));
    bed_free(bed);
}

static void a_face_drops(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    client_send(fd, "\0\3D", 3);
    assert_true(client_is_closed(fd));
    assert_true(bed_was_dropped_for(bed, "refused by its face"));
    assert_int_equal(engine_counts(bed->engine).dropped, 1);
    close(fd);
    bed_free(bed);
}

static void too_long_a_message_closes(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    static uint8_t said[ECHO_MAX + 1];
    assert_true(client_asks(fd, 100));
    put_be(said, 60000, 2);
    client_send(fd, said, sizeof said);
    assert_true(client_is_closed(fd));
    assert_true(bed_was_dropped_for(bed, "too long a message"));
    close(fd);
    bed_free(bed);
}

/* ---- time ---- */

static void a_line_is_woken(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fds[20];
    for (int i = 0; i < 20; i++)
        fds[i] = client_new(bed->port);
    int64_t began_us = clock_monotonic_us();
    for (int i = 0; i < 20; i++) {
        uint8_t said[] = {0, 5, ECHO_LATER, (uint8_t)(100 - 4 * i), (uint8_t)i};
        client_send(fds[i], said, sizeof said);
    }
    for (int i = 19; i >= 0; i--) {
        uint8_t heard = 255;
        assert_true(client_read(fds[i], &heard, 1));
        assert_int_equal(heard, i);
        assert_true(clock_monotonic_us() - began_us >= (100 - 4 * i) * 1000);
        assert_true(client_asks(fds[i], 50));
        close(fds[i]);
    }
    bed_free(bed);
}

static void an_idle_line_is_closed(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.idle_us = 1000000});
    int silent = client_new(bed->port), slow = client_new(bed->port), busy = client_new(bed->port);
    int64_t began_us = clock_monotonic_us();
    uint8_t said[200];
    client_message(said, 'x', sizeof said);
    for (size_t at = 0; clock_monotonic_us() - began_us < 2000000; at++) {
        if (at < sizeof said - 1) /* a byte at a time, never a whole message */
            client_send(slow, said + at, 1);
        assert_true(client_asks(busy, 60));
        poll(NULL, 0, 20);
    }
    assert_true(client_is_closed(silent));
    assert_true(client_is_closed(slow));
    assert_true(client_asks(busy, 60));
    assert_true(bed_was_dropped_for(bed, "idle"));
    assert_int_equal(engine_counts(bed->engine).dropped, 2);
    close(silent);
    close(slow);
    close(busy);
    bed_free(bed);
}

static void a_slow_message_is_answered(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    uint8_t said[500], heard[500];
    client_message(said, 'x', sizeof said);
    for (size_t at = 0; at < sizeof said; at++)
        client_send(fd, said + at, 1);
    assert_true(client_read(fd, heard, sizeof heard));
    assert_memory_equal(said, heard, sizeof said);
    close(fd);
    bed_free(bed);
}

/* ---- those who do not read ---- */

static size_t send_all_it_takes(int fd, const uint8_t *said, size_t n, int64_t for_us)
{
    int64_t end_us = clock_monotonic_us() + for_us;
    size_t at = 0, sent = 0;
    while (clock_monotonic_us() < end_us) {
        ssize_t got = send(fd, said + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (got > 0) {
            sent += (size_t)got;
            at = (at + (size_t)got) % n;
        } else {
            poll(NULL, 0, 1);
        }
    }
    return sent;
}

static void who_does_not_read_harms_nobody(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1, .stuck_us = 1500000});
    int mute = client_new(bed->port), other = client_new(bed->port);
    static uint8_t said[1 << 20];
    for (size_t n = 0; n < sizeof said;)
        n += client_message(said + n, 'x', 4096);
    size_t sent = 0;
    for (int i = 0; i < 10; i++) {
        sent += send_all_it_takes(mute, said, sizeof said, 50000);
        assert_true(client_asks(other, 100));
    }
    assert_true(bed->echo.waiting_most <= LIMIT_WIRE_OUT + ECHO_MAX);
    assert_true(sent > LIMIT_WIRE_OUT);
    struct engine_counts counts = engine_counts(bed->engine);
    assert_true(counts.bytes_in - counts.bytes_out <= 2 * LIMIT_WIRE_OUT);
    assert_int_equal(counts.dropped, 0);
    assert_true(bed_was_dropped_for(bed, "does not take what is sent"));
    assert_true(client_asks(other, 100));
    close(mute);
    close(other);
    bed_free(bed);
}

/* What waited is taken up where it stopped. */
static void who_reads_late_hears_all(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fd = client_new(bed->port);
    static uint8_t said[1 << 20], heard[1 << 20];
    for (size_t n = 0; n < sizeof said;)
        n += client_message(said + n, 'x', 4096);
    size_t sent = send_all_it_takes(fd, said, sizeof said, 300000), left = sent;
    uint64_t before = engine_counts(bed->engine).bytes_in;
    assert_true(before <= sent);
    for (size_t at = 0; left >= 4096;) {
        size_t n = left < sizeof heard ? left : sizeof heard;
        n -= n % 4096;
        assert_true(client_read(fd, heard, n));
        for (size_t i = 0; i < n; i++)
            assert_true(heard[i] == said[(at + i) % sizeof said]);
        at = (at + n) % sizeof said;
        left -= n;
    }
    close(fd);
    assert_true(bed_wait_open(bed, 0));
    assert_int_equal(engine_counts(bed->engine).dropped, 0);
    bed_free(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back),
        cmocka_unit_test(ends_are_known),
        cmocka_unit_test(an_accepted_end_never_waits_to_send),
        cmocka_unit_test(bytes_come_in_any_pieces),
        cmocka_unit_test(few_lines_are_spread_evenly),
        cmocka_unit_test(who_floods_leaves_room),
        cmocka_unit_test(who_says_no_more_hears_all),
        cmocka_unit_test(the_last_word_is_heard),
        cmocka_unit_test(a_face_drops),
        cmocka_unit_test(too_long_a_message_closes),
        cmocka_unit_test(a_line_is_woken),
        cmocka_unit_test(an_idle_line_is_closed),
        cmocka_unit_test(a_slow_message_is_answered),
        cmocka_unit_test(who_does_not_read_harms_nobody),
        cmocka_unit_test(who_reads_late_hears_all),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
