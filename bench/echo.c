/* SPDX-License-Identifier: Apache-2.0
 *
 * echo [BYTES] - the least that a server on epoll can do: waits, reads, answers each Diameter message
 * (RFC 6733 3: its length stands in 24 bits at byte 1) with BYTES bytes made beforehand, in one
 * write. What it costs is the price of the system calls; bench/s13_load.c asks it like any other.
 *
 * One thread, level-triggered, nothing checked but the length. It gives up a connection that does not
 * take its answers. Prints port=N. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER = 20,
    ANSWER = 248, /* as our answer to an ECR of bench/s13_load.c */
    ANSWER_MAX = 1024,
    RESULT = 268,   /* Result-Code, RFC 6733 7.1: 2001 */
    STATUS = 1445,  /* Equipment-Status, TS 29.272 7.3.51 */
    FILLER = 263,   /* a Session-Id of as many bytes as are left */
    IN = 1 << 18,   /* bytes of one read */
    OUT = 1 << 20,  /* of its answers */
    REQUEST = 0x80, /* flag R */
};

struct connection {
    int fd;
    size_t n; /* of an unfinished message */
    uint8_t rest[ANSWER_MAX];
};

static uint8_t in[IN + ANSWER_MAX], out[OUT];

static void put32(uint8_t *p, uint32_t v)
{
    v = htonl(v);
    memcpy(p, &v, sizeof v);
}

static void make_answer(uint8_t *p, size_t n)
{
    memset(p, 'x', n);
    put32(p, (uint32_t)n);
    p[0] = 1;
    put32(p + 20, RESULT);
    put32(p + 24, 0x40000000 | 12);
    put32(p + 28, 2001);
    put32(p + 32, STATUS);
    put32(p + 36, 0xC0000000 | 16);
    put32(p + 40, 10415);
    put32(p + 44, 0);
    put32(p + 48, FILLER);
    put32(p + 52, (uint32_t)(0x40000000 | (n - 48)));
}

/* Answers the whole messages among n bytes; returns how many it used. */
static size_t answer(const uint8_t *made, size_t made_n, size_t n, size_t *out_n)
{
    size_t at = 0;
    while (n - at >= HEADER && *out_n + made_n <= OUT) {
        const uint8_t *p = in + at;
        size_t whole = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (whole < HEADER || whole > n - at)
            break;
        uint8_t *to = out + *out_n;
        memcpy(to, made, made_n);
        memcpy(to + 4, p + 4, 16); /* command, application, both identifiers */
        to[4] &= (uint8_t)~REQUEST;
        *out_n += made_n;
        at += whole;
    }
    return at;
}

/* False: it is over. */
static bool serve(struct connection *c, const uint8_t *made, size_t made_n)
{
    memcpy(in, c->rest, c->n);
    ssize_t got = read(c->fd, in + c->n, IN);
    if (got <= 0)
        return false;
    size_t n = c->n + (size_t)got, out_n = 0, used = answer(made, made_n, n, &out_n);
    c->n = n - used;
    if (c->n > sizeof c->rest)
        return false;
    memcpy(c->rest, in + used, c->n);
    return !out_n || write(c->fd, out, out_n) == (ssize_t)out_n;
}

static void welcome(int poll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    struct connection *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return;
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static int listen_anywhere(int poll)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) || listen(fd, SOMAXCONN) ||
        getsockname(fd, (struct sockaddr *)&at, &size) ||
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event)) {
        perror("echo");
        exit(1);
    }
    printf("port=%u\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    uint8_t made[ANSWER_MAX];
    size_t made_n = argc > 1 ? strtoul(argv[1], NULL, 10) : ANSWER;
    if (made_n < 60 || made_n > ANSWER_MAX || made_n % 4) {
        fputs("usage: echo [BYTES]: 60 to 1024, a multiple of 4\n", stderr);
        return 2;
    }
    make_answer(made, made_n);
    signal(SIGPIPE, SIG_IGN);
    int poll = epoll_create1(EPOLL_CLOEXEC), listener = listen_anywhere(poll);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) {
                welcome(poll, listener);
            } else if (!serve(c, made, made_n)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
