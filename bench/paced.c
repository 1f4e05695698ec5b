/* SPDX-License-Identifier: Apache-2.0
 *
 * paced PORT RATE SECONDS CONNECTIONS SEED FROM COUNT - asks GET /api/v1/check/{imei} at a steady rate, open
 * loop: request k is due at k / RATE whatever became of those before it, and its time runs from when it was due,
 * so a server that stands still for a second is told by each request of that second. A request goes out on the next
 * idle connection; while none is idle it waits, and its time runs. Every second IMEI is of the population,
 * the others are not. Prints "n=.. errors=.. min_ms=.. median_ms=.. p99_ms=.. max_ms=..". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "population.h"

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 8192, STRIDE = 7368787, LINGER_SECONDS = 5 };

struct connection {
    int fd;
    bool busy;
    double due;
    size_t n; /* of the answer so far */
    char answer[ANSWER_MAX];
};

struct paced {
    struct population population;
    struct connection *connections;
    unsigned count, next;
    uint64_t from, imeis, sent, done, errors;
    double began, rate;
    struct samples samples;
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        bench_die("connect", NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void ask(struct paced *p, struct connection *c, double due)
{
    char imei[IMEI_TEXT15], request[256];
    uint64_t number = p->from + p->sent * STRIDE % p->imeis;
    if (p->sent % 2)
        number = (number + POPULATION_SIZE / 2) % POPULATION_SIZE; /* not in the register */
    imei_format15(population_imei(&p->population, number), imei);
    int n =
        snprintf(request, sizeof request,
                 "GET /api/v1/check/%s HTTP/1.1\r\nHost: bench\r\nUser-Agent: paced\r\n\r\n", imei);
    c->busy = true;
    c->due = due;
    c->n = 0;
    p->sent++;
    if (write(c->fd, request, (size_t)n) != n)
        bench_die("write", NULL);
}

/* Sends what is due, as far as connections are idle. */
static void send_due(struct paced *p, uint64_t most)
{
    uint64_t due = (uint64_t)((bench_seconds() - p->began) * p->rate);
    if (due > most)
        due = most;
    for (unsigned looked = 0; p->sent < due && looked < p->count; looked++) {
        struct connection *c = &p->connections[p->next++ % p->count];
        if (c->busy)
            continue;
        ask(p, c, p->began + (double)p->sent / p->rate);
        looked = 0;
    }
}

/* Is the answer whole? Its length stands in its head. */
static bool whole(struct connection *c)
{
    c->answer[c->n] = '\0';
    char *end = strstr(c->answer, "\r\n\r\n");
    char *length = end ? strcasestr(c->answer, "\r\nContent-Length: ") : NULL;
    if (!length || length > end)
        return false;
    return c->n >= (size_t)(end + 4 - c->answer) + strtoul(length + 18, NULL, 10);
}

static void take(struct paced *p, struct connection *c)
{
    ssize_t n = read(c->fd, c->answer + c->n, sizeof c->answer - 1 - c->n);
    if (n <= 0)
        bench_die("read", n ? NULL : "the server closed a connection");
    c->n += (size_t)n;
    if (!whole(c))
        return;
    samples_add(&p->samples, bench_seconds() - c->due);
    p->errors += strncmp(c->answer, "HTTP/1.1 200", 12) != 0;
    p->done++;
    c->busy = false;
}

static void run(struct paced *p, double seconds)
{
    int poll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec every = {{0, 200000}, {0, 200000}};
    struct epoll_event event = {.events = EPOLLIN};
    timerfd_settime(timer, 0, &every, NULL);
    epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event);
    for (unsigned i = 0; i < p->count; i++) {
        event.data.ptr = &p->connections[i];
        epoll_ctl(poll, EPOLL_CTL_ADD, p->connections[i].fd, &event);
    }
    uint64_t most = (uint64_t)(seconds * p->rate);
    p->began = bench_seconds();
    while (p->done < most && bench_seconds() < p->began + seconds + LINGER_SECONDS) {
        struct epoll_event events[64];
        int n = epoll_wait(poll, events, 64, 1000);
        for (int i = 0; i < n; i++) {
            uint64_t ticks;
            if (events[i].data.ptr)
                take(p, events[i].data.ptr);
            else if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
                bench_die("timer", NULL);
        }
        send_due(p, most);
    }
    p->errors += most - p->done;
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: paced PORT RATE SECONDS CONNECTIONS SEED FROM COUNT\n", stderr);
        return 2;
    }
    struct paced p = {.rate = (double)bench_number(argv[2]),
                      .count = (unsigned)bench_number(argv[4]),
                      .from = bench_number(argv[6]),
                      .imeis = bench_number(argv[7])};
    population_init(&p.population, bench_number(argv[5]));
    if (!p.count || p.count > CONNECTIONS_MAX)
        bench_die("connections", "1 to 1024");
    p.connections = calloc(p.count, sizeof *p.connections);
    if (!p.connections)
        bench_die("memory", NULL);
    for (unsigned i = 0; i < p.count; i++)
        p.connections[i].fd = connect_to((uint16_t)bench_number(argv[1]));
    run(&p, (double)bench_number(argv[3]));
    printf("errors=%llu ", (unsigned long long)p.errors);
    samples_print(&p.samples);
    return 0;
}
