/* SPDX-License-Identifier: Apache-2.0
 *
 * s13_load PORT CONNECTIONS IN_FLIGHT SECONDS [--paced RATE] [--quickack] [--guests] [--pid PID]
 *          [--seed SEED] [--count COUNT] [--realm REALM] [--warm SECONDS]
 *
 * Asks a Diameter server on loopback for equipment over S13, one thread. Every second IMEI is of the first COUNT
 * of the population of SEED, the others are of nobody; --guests: those come with a subscriber of another country,
 * so that they are no first use.
 *
 * Closed loop: IN_FLIGHT questions wait on each connection; as answers come, so many new ones go out, in one write.
 * --paced: an open loop. Question k is due at k / RATE whatever became of those before it, and its time runs from
 * when it was due: a server that stands still is told by all who would have asked meanwhile.
 * --quickack: acknowledges at once, for servers that clear TCP_NODELAY. --pid: whose CPU time counts.
 *
 * Each run has names of its own (Origin-Host by the time) and says goodbye (DPR), so that a server that remembers
 * peers does not wait for those of the last run. Prints key=value. window_p99_us: a paced run is cut in windows of a
 * tenth of a second, and this is the median of their p99: what the server does when the machine lets it run. */
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mix.h"
#include "population.h"
#include "s13_load.h"

static void choose(struct load *l)
{
    static struct population population;
    population_init(&population, l->seed);
    l->asked = calloc(ASKED, sizeof *l->asked);
    if (!l->asked)
        bench_die("memory", NULL);
    for (uint64_t i = 0; i < ASKED; i++) {
        uint64_t random = mix64(i + 1), half = POPULATION_SIZE - l->known;
        bool known = random % 2;
        uint64_t number = known ? random / 2 % l->known : l->known + random / 2 % half;
        char text[IMEI_TEXT14];
        imei_format14(population_imei(&population, number), text);
        memcpy(l->asked[i].imei, text, sizeof l->asked[i].imei);
        l->asked[i].guest = !known && l->guests;
    }
}

/* Reads until a whole message stands at the beginning of in; its length. */
static size_t whole(const struct load *l, struct connection *c)
{
    for (;;) {
        size_t n = c->in_n < 4 ? 0 : (size_t)c->in[1] << 16 | (size_t)c->in[2] << 8 | c->in[3];
        if (n && n <= c->in_n)
            return n;
        ssize_t got = read(c->fd, c->in + c->in_n, IN - c->in_n);
        if (got <= 0)
            bench_die("CER", got ? NULL : "the server closed the connection");
        s13_quickack(l, c);
        c->in_n += (size_t)got;
    }
}

static void greet(struct load *l, struct connection *c, unsigned i)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(l->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timespec t;
    int on = 1;
    uint8_t ids[8] = {0}, hello[S13_MESSAGE_MAX];
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(c->host, sizeof c->host, "mme%u-%llx.%s", i,
             (unsigned long long)(t.tv_sec * 1000000LL + t.tv_nsec / 1000), l->realm);
    struct s13_who who = {c->host, l->realm, l->realm, (uint64_t)t.tv_sec};
    s13_ecr(&c->ecr, &who);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to))
        bench_die("connect", NULL);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    size_t n = s13_base(hello, S13_CER, &who, ids);
    if (write(c->fd, hello, n) != (ssize_t)n)
        bench_die("CER", NULL);
    size_t got = whole(l, c);
    if (s13_hear(c->in, got).result != 2001)
        bench_die("CER", "the server refuses us");
    c->in_n -= got;
    memmove(c->in, c->in + got, c->in_n);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(l->poll, EPOLL_CTL_ADD, c->fd, &event);
}

static void prepare(struct load *l)
{
    uint32_t ring = 1;
    l->out = l->rate > 0 ? OUT_PACED : OUT;
    while (ring < l->in_flight || (l->rate > 0 && ring < RING))
        ring *= 2;
    l->poll = epoll_create1(EPOLL_CLOEXEC);
    l->c = calloc(l->count, sizeof *l->c);
    if (!l->c)
        bench_die("memory", NULL);
    for (unsigned i = 0; i < l->count; i++) {
        struct connection *c = &l->c[i];
        c->ring = ring;
        c->times = calloc(ring, sizeof *c->times);
        c->out = malloc(l->out);
        c->in = malloc(IN);
        if (!c->times || !c->out || !c->in)
            bench_die("memory", NULL);
        greet(l, c, i);
    }
}

static void print(struct load *l, const struct s13_ran *ran)
{
    const struct tally *t = &l->tally;
    const struct spread *s = &t->spread;
    double answers = s->n ? (double)s->n : 1;
    printf("rate=%.0f n=%llu seconds=%.2f p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f "
           "bytes_asked=%zu bytes_answered=%.0f white=%llu black=%llu grey=%llu unknown=%llu "
           "none=%llu "
           "busy=%llu wrong=%llu lost=%llu",
           (double)s->n / ran->seconds, (unsigned long long)s->n, ran->seconds,
           (double)spread_quantile(s, 0.5) / 1e3, (double)spread_quantile(s, 0.99) / 1e3,
           (double)spread_quantile(s, 0.999) / 1e3, (double)s->most / 1e3, l->c[0].ecr.n,
           (double)t->bytes_in / answers, (unsigned long long)t->status[0],
           (unsigned long long)t->status[1], (unsigned long long)t->status[2],
           (unsigned long long)t->unknown, (unsigned long long)t->none, (unsigned long long)t->busy,
           (unsigned long long)t->wrong, (unsigned long long)ran->lost);
    if (l->rate > 0)
        printf(" window_p99_us=%.1f", (double)s13_window_p99(&l->tally.windows) / 1e3);
    if (l->pid)
        printf(" cpu_us=%.3f cpu_share=%.2f",
               (double)ran->ticks * 1e6 / (double)sysconf(_SC_CLK_TCK) / answers,
               (double)ran->ticks / (double)sysconf(_SC_CLK_TCK) / ran->seconds);
    putchar('\n');
}

int main(int argc, char **argv)
{
    static const struct option words[] = {{"paced", required_argument, 0, 'p'},
                                          {"quickack", no_argument, 0, 'q'},
                                          {"guests", no_argument, 0, 'g'},
                                          {"pid", required_argument, 0, 'w'},
                                          {"seed", required_argument, 0, 's'},
                                          {"count", required_argument, 0, 'c'},
                                          {"realm", required_argument, 0, 'r'},
                                          {"warm", required_argument, 0, 'u'},
                                          {0}};
    static struct load l = {
        .seed = 20250325, .known = 1000000, .realm = "bench.example", .warm = 1};
    for (int word; (word = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        l.quickack |= word == 'q';
        l.guests |= word == 'g';
        if (word == '?')
            return 2;
        if (word == 'r')
            l.realm = optarg;
        else if (word == 'u')
            l.warm = (double)bench_number(optarg);
        else if (word == 'p')
            l.rate = (double)bench_number(optarg);
        else if (word == 'w')
            l.pid = (long)bench_number(optarg);
        else if (word == 's')
            l.seed = bench_number(optarg);
        else if (word == 'c')
            l.known = bench_number(optarg);
    }
    if (argc - optind != 4) {
        fputs("usage: s13_load PORT CONNECTIONS IN_FLIGHT SECONDS [options]\n", stderr);
        return 2;
    }
    l.port = (uint16_t)bench_number(argv[optind]);
    l.count = (unsigned)bench_number(argv[optind + 1]);
    l.in_flight = (unsigned)bench_number(argv[optind + 2]);
    l.seconds = (double)bench_number(argv[optind + 3]);
    if (!l.count || l.count > CONNECTIONS_MAX || !l.in_flight || l.in_flight > RING / 32 ||
        !l.known || l.known >= POPULATION_SIZE || strlen(l.realm) > 24)
        bench_die("s13_load", "a number or the realm is out of range");
    prctl(PR_SET_TIMERSLACK, 1UL); /* nanoseconds: to be woken when it was asked for */
    s13_digits_init(&l.digits);
    choose(&l);
    prepare(&l);
    struct s13_ran ran = s13_run(&l);
    print(&l, &ran);
    return 0;
}
