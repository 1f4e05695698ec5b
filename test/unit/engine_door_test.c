/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's doors: how many may come in, who goes when it stops, ends that it calls itself. */
#include "unit/engine_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "prop/random.h"
#include "wire/timers.h"

/* ---- how many ---- */

static void as_many_as_may_be(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.connections_max = 4});
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = client_new(bed->port);
        assert_true(client_asks(fds[i], 100));
    }
    int more = client_new(bed->port);
    assert_true(client_is_closed(more));
    assert_true(bed_was_dropped_for(bed, "as many connections as may be"));
    assert_int_equal(engine_counts(bed->engine).refused, 1);
    close(more);
    for (int i = 0; i < 4; i++)
        assert_true(client_asks(fds[i], 100));
    close(fds[0]);
    assert_true(bed_wait_open(bed, 3));
    fds[0] = client_new(bed->port);
    assert_true(client_asks(fds[0], 100));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    bed_free(bed);
}

static void who_never_asked_makes_room(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1, .connections_max = 4});
    int asked = client_new(bed->port), silent[3];
    assert_true(client_asks(asked, 100));
    for (int i = 0; i < 3; i++)
        silent[i] = client_new(bed->port);
    assert_true(bed_wait_open(bed, 4));
    int more = client_new(bed->port);
    assert_true(client_asks(more, 100));
    assert_true(client_is_closed(silent[0])); /* the oldest */
    assert_true(client_asks(silent[1], 100));
    assert_true(client_asks(asked, 100));
    assert_int_equal(engine_counts(bed->engine).refused, 0);
    close(asked);
    close(more);
    for (int i = 0; i < 3; i++)
        close(silent[i]);
    bed_free(bed);
}

/* Who has its answer and does not go, either. */
static void who_lingers_makes_room(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1, .connections_max = 2});
    int lingers = client_new(bed->port), asked = client_new(bed->port);
    uint8_t heard[3];
    assert_true(client_asks(asked, 100));
    client_send(lingers, "\0\3C", 3);
    assert_true(client_read(lingers, heard, 3));
    assert_true(client_is_closed(lingers));
    int more = client_new(bed->port);
    assert_true(client_asks(more, 100));
    assert_true(client_asks(asked, 100));
    assert_int_equal(engine_counts(bed->engine).dropped, 0);
    close(lingers);
    close(asked);
    close(more);
    bed_free(bed);
}

enum { CROWD = 300, BEGUN = 4000 };

static void what_all_have_begun_is_bounded(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1, .held_max = 1 << 20});
    static uint8_t said[ECHO_MAX];
    int fds[CROWD], other = client_new(bed->port);
    client_message(said, 'x', sizeof said);
    for (int i = 0; i < CROWD; i++) {
        fds[i] = client_new(bed->port);
        client_send(fds[i], said, BEGUN);
        assert_true(client_asks(other, 100));
    }
    assert_true(client_is_closed(fds[0])); /* the one without progress for the longest time */
    assert_true(bed_was_dropped_for(bed, "too many unfinished messages"));
    assert_true(bed_wait_open(bed, 1 + (1 << 20) / BEGUN));
    client_send(fds[CROWD - 1], said + BEGUN, sizeof said - BEGUN);
    static uint8_t heard[ECHO_MAX];
    assert_true(client_read(fds[CROWD - 1], heard, sizeof heard));
    assert_memory_equal(said, heard, sizeof heard);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    close(other);
    bed_free(bed);
}

static bool one_is_refused(const void *ctx)
{
    const struct bed *bed = ctx;
    return engine_counts(bed->engine).refused > 0;
}

static void without_descriptors_it_goes_on(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 1});
    int fd = client_new(bed->port), waiting[3], spent[4096];
    assert_true(client_asks(fd, 100));
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 256;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 3; i++)
        waiting[i] = socket(AF_INET, SOCK_STREAM, 0);
    size_t n = 0;
    while ((spent[n] = dup(fd)) >= 0)
        n++;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(bed->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(connect(waiting[i], (struct sockaddr *)&to, sizeof to), 0);
    assert_true(bed_wait_until(one_is_refused, bed));
    for (int i = 0; i < 3; i++)
        assert_true(client_is_closed(waiting[i]));
    assert_true(client_asks(fd, 100));
    uint64_t turns = bed->echo.turns;
    poll(NULL, 0, 300);
    assert_true(bed->echo.turns - turns < 20); /* it does not spin */
    while (n)
        close(spent[--n]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    int more = client_new(bed->port);
    assert_true(client_asks(more, 100));
    assert_int_equal(engine_counts(bed->engine).refused, 3);
    close(more);
    close(fd);
    for (int i = 0; i < 3; i++)
        close(waiting[i]);
    bed_free(bed);
}

static size_t resident_kb(void)
{
    char text[256] = "";
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    struct str rest;
    uint64_t pages = 0;
    str_split(str_z(text), ' ', &rest);
    assert_true(str_to_u64(str_split(rest, ' ', &rest), UINT64_MAX, &pages));
    return (size_t)pages * 4;
}

/* The other ends of n idle lines live in a process of their own: descriptors are counted. */
static pid_t idle_crowd(uint16_t port, int n, int go, int hold)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    char byte;
    if (read(go, &byte, 1) != 1)
        _exit(1);
    for (int i = 0; i < n; i++) {
        int fd = client_new(port);
        if (i % 2) /* every second one has begun a message */
            client_send(fd, "\4\0x", 3);
    }
    _exit(read(hold, &byte, 1) == 0 ? 0 : 1);
}

static void ten_thousand_are_idle(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    int n = limit.rlim_cur < 10100 ? (int)limit.rlim_cur - 100 : 10000;
    struct bed *bed = bed_new(&(struct bed_wish){.not_yet = true});
    int go[2], hold[2];
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
    pid_t pid = idle_crowd(bed->port, n, go[0], hold[0]);
    assert_true(pid > 0);
    assert_int_equal(engine_run(bed->engine, NULL), ERR_OK);
    int fd = client_new(bed->port);
    assert_true(client_asks(fd, 100));
    size_t before = resident_kb();
    assert_int_equal(write(go[1], "g", 1), 1);
    while (engine_counts(bed->engine).open < (uint64_t)n + 1)
        assert_true(client_asks(fd, 100));
    for (int i = 0; i < 100; i++)
        assert_true(client_asks(fd, 1000));
    size_t grown = resident_kb() - before;
    printf("# %d idle lines: %zu kB\n", n, grown);
    assert_true(grown < (size_t)n * 4); /* sanitizers need more than we do */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(bed_wait_open(bed, 1));
    assert_true(client_asks(fd, 100));
    close(fd);
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(hold[i]);
    }
    bed_free(bed);
}

/* ---- the stop ---- */

static void *stop_it(void *ctx)
{
    engine_stop(ctx);
    return NULL;
}

static void what_came_is_answered_before_the_end(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    int fds[50];
    uint8_t said[1000], heard[1003];
    client_message(said, 'x', sizeof said);
    for (int i = 0; i < 50; i++) {
        fds[i] = client_new(bed->port);
        assert_true(client_asks(fds[i], 30));
    }
    for (int i = 0; i < 50; i++)
        client_send(fds[i], said, sizeof said);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_it, bed->engine), 0);
    for (int i = 0; i < 50; i++) {
        assert_true(client_read(fds[i], heard, sizeof heard));
        assert_memory_equal(heard, said, sizeof said);
        assert_memory_equal(heard + sizeof said, "\0\3B", 3);
        assert_true(client_is_closed(fds[i]));
        close(fds[i]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(bed->echo.stopped, 50);
    assert_int_equal(engine_counts(bed->engine).open, 0);
    int late = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(bed->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(late);
    bed_free(bed);
}

static void a_face_may_take_its_time_to_stop(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.stop_us = 500000});
    bed->echo.stays = true;
    int polite = client_new(bed->port), deaf = client_new(bed->port);
    uint8_t heard[3];
    assert_true(client_asks(polite, 30));
    assert_true(client_asks(deaf, 30));
    int64_t began_us = clock_monotonic_us();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_it, bed->engine), 0);
    assert_true(client_read(polite, heard, 3)); /* our goodbye */
    assert_true(client_asks(polite, 30));       /* still served */
    client_send(polite, "\0\3C", 3);
    assert_true(client_read(polite, heard, 3));
    assert_true(client_is_closed(polite));
    close(polite);
    pthread_join(thread, NULL);
    assert_true(clock_monotonic_us() - began_us >= 500000);
    assert_true(client_read(deaf, heard, 3));
    assert_true(client_is_closed(deaf));
    close(deaf);
    bed_free(bed);
}

/* ---- turns ---- */

struct turned {
    struct bed *bed;
    uint64_t before;
};

static bool both_turned(const void *ctx)
{
    const struct turned *turned = ctx;
    return turned->bed->echo.turns >= turned->before + 2;
}

static void a_poke_is_a_turn(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.workers = 2});
    for (int i = 0; i < 50; i++) {
        struct turned turned = {bed, bed->echo.turns};
        engine_poke(bed->engine);
        assert_true(bed_wait_until(both_turned, &turned));
    }
    bed_free(bed);
}

/* ---- ends that we call ---- */

static int listen_anywhere(uint16_t *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

static void we_call_and_call_again(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    bed->echo.greets = true;
    uint16_t port;
    int listener = listen_anywhere(&port);
    struct engine_listener to = {
        .face = &bed->face, .face_ctx = &bed->echo, .address = "127.0.0.1", .port = port};
    assert_int_equal(engine_connect(bed->engine, &to, NULL), ERR_OK);
    for (int round = 0; round < 2; round++) {
        uint8_t heard[3];
        int64_t began_us = clock_monotonic_us();
        int fd = accept(listener, NULL, NULL);
        assert_true(fd >= 0);
        if (round) /* after half a second to a second */
            assert_true(clock_monotonic_us() - began_us > 400000);
        assert_true(client_read(fd, heard, 3));
        assert_memory_equal(heard, "\0\3H", 3);
        assert_true(client_asks(fd, 100));
        close(fd);
    }
    assert_int_equal(engine_counts(bed->engine).connected, 2);
    close(listener);
    assert_true(bed_was_dropped_for(bed, "Connection refused"));
    bed_free(bed);
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){0});
    struct engine_options options = {.workers = 1};
    struct engine *engine = NULL;
    struct fault fault = {0};
    struct engine_listener taken = {.face = &bed->face, .address = "127.0.0.1", .port = bed->port};
    assert_int_equal(engine_new(&options, &taken, 1, &engine, &fault), ERR_UNAVAILABLE);
    assert_non_null(strstr(fault.detail, "in use"));
    struct engine_listener name = {.face = &bed->face, .address = "localhost"};
    assert_int_equal(engine_new(&options, &name, 1, &engine, &fault), ERR_USAGE);
    assert_int_equal(engine_connect(bed->engine, &name, &fault), ERR_USAGE);
    assert_null(engine);
    struct engine_listener sctp = {.face = &bed->face, .address = "127.0.0.1", .sctp = true};
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
    if (fd < 0) {
        assert_int_equal(engine_new(&options, &sctp, 1, &engine, &fault), ERR_UNAVAILABLE);
        assert_non_null(strstr(fault.detail, "no SCTP"));
        assert_int_equal(engine_connect(bed->engine, &sctp, &fault), ERR_UNAVAILABLE);
    } else {
        close(fd);
    }
    bed_free(bed);
}

static void an_address_of_version_6(void **state)
{
    (void)state;
    struct bed *bed = bed_new(&(struct bed_wish){.address = "::1"});
    if (!bed)
        skip(); /* no IPv6 on this machine */
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(bed->port)}, own;
    socklen_t size = sizeof own;
    to.sin6_addr = in6addr_loopback;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    char want[64], heard[64];
    int n = snprintf(want, sizeof want, "[::1]:%u ::1", ntohs(own.sin6_port));
    client_send(fd, "\0\3A", 3);
    assert_true(client_read(fd, heard, (size_t)n + ECHO_HEAD));
    assert_memory_equal(heard + ECHO_HEAD, want, (size_t)n);
    close(fd);
    bed_free(bed);
}

/* ---- timers against a sorted array ---- */

enum { TIMERS = 200 };

static void timers_keep_their_order(void **state)
{
    (void)state;
    struct rng rng = random_start("timers", 1);
    struct timers timers = {0};
    struct timer timer[TIMERS] = {0};
    int64_t due[TIMERS];
    int64_t now_us = 0;
    assert_true(timers_reserve(&timers, TIMERS));
    for (int i = 0; i < TIMERS; i++)
        due[i] = TIMER_NEVER;
    for (uint32_t round = 0; round < 100000; round++) {
        uint32_t i = rng_below(&rng, TIMERS);
        due[i] = rng_one_in(&rng, 5) ? TIMER_NEVER : now_us + rng_below(&rng, 1000);
        timers_set(&timers, &timer[i], due[i]);
        if (!rng_one_in(&rng, 10))
            continue;
        now_us += rng_below(&rng, 100);
        int64_t last_us = 0;
        for (struct timer *next; (next = timers_pop(&timers, now_us));) {
            i = (uint32_t)(next - timer);
            assert_true(next->due_us == due[i] && next->due_us >= last_us && due[i] <= now_us);
            last_us = next->due_us;
            due[i] = TIMER_NEVER;
        }
        int64_t first_us = TIMER_NEVER;
        for (i = 0; i < TIMERS; i++)
            first_us = due[i] < first_us ? due[i] : first_us;
        assert_true(first_us > now_us);
        int64_t ms = first_us == TIMER_NEVER ? -1 : (first_us - now_us + 999) / 1000;
        assert_int_equal(timers_wait_ms(&timers, now_us), ms);
    }
    timers_release(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_may_be),
        cmocka_unit_test(who_never_asked_makes_room),
        cmocka_unit_test(who_lingers_makes_room),
        cmocka_unit_test(what_all_have_begun_is_bounded),
        cmocka_unit_test(without_descriptors_it_goes_on),
        cmocka_unit_test(ten_thousand_are_idle),
        cmocka_unit_test(what_came_is_answered_before_the_end),
        cmocka_unit_test(a_face_may_take_its_time_to_stop),
        cmocka_unit_test(a_poke_is_a_turn),
        cmocka_unit_test(we_call_and_call_again),
        cmocka_unit_test(what_cannot_be_is_told),
        cmocka_unit_test(an_address_of_version_6),
        cmocka_unit_test(timers_keep_their_order),
    };
    return cmocka_run_group_tests_name("engine_door", tests, NULL, NULL);
}
