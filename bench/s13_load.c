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
 * peers does not wait for those of the last run. Prints key=value. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mix.h"
#include "population.h"
#include "s13_message.h"
#include "spread.h"

enum {
    CONNECTIONS_MAX = 20000,
    ASKED = 1 << 22,
    RING = 1 << 16, /* times of the questions in flight of a connection, at most */
    OUT = 1 << 20,  /* bytes that wait to be sent on a connection */
    OUT_PACED = 1 << 25,
    IN = 1 << 18,
    GOODBYE_MS = 2000,
};

struct connection {
    int fd;
    bool waits_to_write;
    uint32_t asked, answered; /* ids: of the next question, how many came back */
    size_t out_n, out_sent, in_n;
    int64_t *times; /* of the questions in flight, by the low bits of their ids */
    uint32_t ring;
    uint8_t *out, *in;
    struct s13_template ecr;
    char host[64];
};

struct tally {
    struct spread spread;
    uint64_t status[3], none, unknown, busy, wrong, bytes_in;
};

struct load {
    struct connection *c;
    unsigned count, in_flight, next;
    uint16_t port;
    size_t out; /* OUT or OUT_PACED */
    double seconds, warm, rate;
    bool quickack, guests, counting, parting;
    long pid;
    uint64_t seed, known;
    const char *realm;
    struct s13_asked *asked;
    struct s13_digits digits;
    uint64_t sent; /* of all connections, paced */
    int64_t began;
    struct tally tally;
    int poll;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* CPU time of a process so far, in ticks of 10 ms; 0 when nobody is to be watched. */
static uint64_t ticks_of(long pid)
{
    char path[64], text[1024];
    if (!pid)
        return 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *p = strrchr(text, ')'); /* proc(5): utime and stime are fields 14 and 15 */
    for (int field = 2; p && field < 14; field++)
        p = strchr(p + 1, ' ');
    if (!p)
        bench_die("--pid", "no such process");
    char *rest;
    uint64_t user = strtoull(p, &rest, 10);
    return user + strtoull(rest, NULL, 10);
}

/* ---- before the run ---- */

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

static void quickack(const struct load *l, const struct connection *c)
{
    int on = 1;
    if (l->quickack)
        setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
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
        quickack(l, c);
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

/* ---- the run ---- */

static void flush(struct load *l, struct connection *c)
{
    while (c->out_sent < c->out_n) {
        ssize_t n = write(c->fd, c->out + c->out_sent, c->out_n - c->out_sent);
        if (n < 0 && errno != EAGAIN)
            bench_die("write", NULL);
        if (n < 0)
            break;
        c->out_sent += (size_t)n;
    }
    bool waits = c->out_sent < c->out_n;
    if (!waits)
        c->out_n = c->out_sent = 0;
    if (waits == c->waits_to_write)
        return;
    c->waits_to_write = waits;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(l->poll, EPOLL_CTL_MOD, c->fd, &event);
}

/* One question more into out; its time runs from `due`. */
static void ask(struct load *l, struct connection *c, int64_t due)
{
    if (c->out_n + c->ecr.n > l->out && c->out_sent) {
        memmove(c->out, c->out + c->out_sent, c->out_n - c->out_sent);
        c->out_n -= c->out_sent;
        c->out_sent = 0;
    }
    if (c->out_n + c->ecr.n > l->out || c->asked - c->answered >= c->ring)
        bench_die("paced", "the server is so slow that no room is left to wait");
    s13_ask(c->out + c->out_n, &c->ecr, &l->digits, c->asked, &l->asked[l->next++ % ASKED]);
    c->out_n += c->ecr.n;
    c->times[c->asked++ & (c->ring - 1)] = due;
}

static void count(struct load *l, const struct connection *c, const uint8_t *p, size_t n)
{
    struct tally *t = &l->tally;
    uint32_t id;
    memcpy(&id, p + 12, 4);
    id = __builtin_bswap32(id);
    if (!l->counting)
        return;
    spread_add(&t->spread, (uint64_t)(now_ns() - c->times[id & (c->ring - 1)]));
    t->bytes_in += n;
    struct s13_said said = s13_hear(p, n);
    if (said.result == 2001 && said.status >= 0 && said.status < 3)
        t->status[said.status]++;
    else if (said.result == 2001)
        t->none++;
    else if (said.experimental == 5422)
        t->unknown++;
    else if (said.result == 3004)
        t->busy++;
    else
        t->wrong++;
}

/* A request of the server's own: the watchdog's is answered. */
static void heard_request(const struct load *l, struct connection *c, const uint8_t *p)
{
    unsigned command = (unsigned)p[5] << 16 | (unsigned)p[6] << 8 | p[7];
    struct s13_who who = {c->host, strchr(c->host, '.') + 1, "", 0};
    if (command == S13_DPR)
        bench_die("run", "the server says goodbye");
    if (command == S13_DWR && c->out_n + S13_MESSAGE_MAX < l->out)
        c->out_n += s13_base(c->out + c->out_n, S13_DWR, &who, p + 12);
}

/* Takes what came; returns the answers to ECRs among it. */
static uint32_t take(struct load *l, struct connection *c)
{
    ssize_t got = read(c->fd, c->in + c->in_n, IN - c->in_n);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0 && !l->parting)
        bench_die("run", got ? NULL : "the server closed a connection");
    if (got <= 0) { /* it has heard our goodbye */
        epoll_ctl(l->poll, EPOLL_CTL_DEL, c->fd, NULL);
        c->answered = c->asked;
        c->out_n = c->out_sent = 0;
        return 0;
    }
    quickack(l, c);
    c->in_n += (size_t)got;
    size_t at = 0;
    uint32_t answers = 0;
    while (c->in_n - at >= S13_HEADER) {
        const uint8_t *p = c->in + at;
        size_t n = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (p[0] != 1 || n < S13_HEADER || n > IN)
            bench_die("run", "what came is no Diameter message");
        if (n > c->in_n - at)
            break;
        if (p[4] & 0x80) {
            heard_request(l, c, p);
        } else {
            count(l, c, p, n);
            answers++;
        }
        at += n;
    }
    c->in_n -= at;
    memmove(c->in, c->in + at, c->in_n);
    c->answered += answers;
    return answers;
}

static void send_due(struct load *l, int64_t now)
{
    uint64_t due = (uint64_t)((double)(now - l->began) / 1e9 * l->rate);
    if (l->sent >= due)
        return;
    for (; l->sent < due; l->sent++)
        ask(l, &l->c[l->sent % l->count], l->began + (int64_t)((double)l->sent / l->rate * 1e9));
    for (unsigned i = 0; i < l->count; i++)
        if (l->c[i].out_n && !l->c[i].waits_to_write)
            flush(l, &l->c[i]);
}

enum { EVENTS = 256, WAIT_MS = 100 };

/* Paced: sends what is due, and sleeps no longer than until the next question is. */
static int wait_for(struct load *l, struct epoll_event *events, int64_t now, bool paced)
{
    if (!paced)
        return epoll_wait(l->poll, events, EVENTS, WAIT_MS);
    send_due(l, now);
    int64_t next = l->began + (int64_t)((double)(l->sent + 1) / l->rate * 1e9) - now_ns();
    struct timespec time = {0, next < 0 ? 0 : next < WAIT_MS * 1000000 ? next : WAIT_MS * 1000000};
    return epoll_pwait2(l->poll, events, EVENTS, &time, NULL);
}

static uint64_t unanswered(const struct load *l)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < l->count; i++)
        n += l->c[i].asked - l->c[i].answered;
    return n;
}

/* Until the time `end`, or with `finish` until every question is answered, at most so long. */
static void turn(struct load *l, int64_t end, bool finish)
{
    for (int64_t now = now_ns(); now < end; now = now_ns()) {
        struct epoll_event events[EVENTS];
        int n = wait_for(l, events, now, l->rate > 0 && !finish);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            uint32_t more = events[i].events & ~(uint32_t)EPOLLOUT ? take(l, c) : 0;
            now = now_ns();
            for (; more && !finish && l->rate <= 0; more--)
                ask(l, c, now);
            flush(l, c);
        }
        if (finish && !unanswered(l))
            return;
    }
}

/* Says goodbye on every connection and hears the answers, for a while. */
static void part(struct load *l)
{
    static const uint8_t ids[8] = {255, 255, 255, 255};
    l->parting = true;
    for (unsigned i = 0; i < l->count; i++) {
        struct connection *c = &l->c[i];
        struct s13_who who = {c->host, l->realm, l->realm, 0};
        if (c->out_n + S13_MESSAGE_MAX > l->out)
            continue;
        c->out_n += s13_base(c->out + c->out_n, S13_DPR, &who, ids);
        c->asked++;
        flush(l, c);
    }
    turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
}

static void print(const struct load *l, double seconds, uint64_t ticks, uint64_t lost)
{
    const struct tally *t = &l->tally;
    const struct spread *s = &t->spread;
    double answers = s->n ? (double)s->n : 1;
    printf("rate=%.0f n=%llu seconds=%.2f p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f "
           "bytes_asked=%zu bytes_answered=%.0f white=%llu black=%llu grey=%llu unknown=%llu "
           "none=%llu "
           "busy=%llu wrong=%llu lost=%llu",
           (double)s->n / seconds, (unsigned long long)s->n, seconds,
           (double)spread_quantile(s, 0.5) / 1e3, (double)spread_quantile(s, 0.99) / 1e3,
           (double)spread_quantile(s, 0.999) / 1e3, (double)s->most / 1e3, l->c[0].ecr.n,
           (double)t->bytes_in / answers, (unsigned long long)t->status[0],
           (unsigned long long)t->status[1], (unsigned long long)t->status[2],
           (unsigned long long)t->unknown, (unsigned long long)t->none, (unsigned long long)t->busy,
           (unsigned long long)t->wrong, (unsigned long long)lost);
    if (l->pid)
        printf(" cpu_us=%.3f cpu_share=%.2f",
               (double)ticks * 1e6 / (double)sysconf(_SC_CLK_TCK) / answers,
               (double)ticks / (double)sysconf(_SC_CLK_TCK) / seconds);
    putchar('\n');
}

static void run(struct load *l)
{
    l->began = now_ns();
    if (l->rate <= 0) {
        for (unsigned i = 0; i < l->count; i++) {
            for (unsigned k = 0; k < l->in_flight; k++)
                ask(l, &l->c[i], now_ns());
            flush(l, &l->c[i]);
        }
    }
    turn(l, l->began + (int64_t)(l->warm * 1e9), false);
    l->counting = true;
    uint64_t ticks = ticks_of(l->pid);
    int64_t from = now_ns();
    turn(l, from + (int64_t)(l->seconds * 1e9), false);
    double seconds = (double)(now_ns() - from) / 1e9;
    ticks = ticks_of(l->pid) - ticks;
    if (l->rate > 0) /* those that are late count, or nobody would tell of them */
        turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
    l->counting = false;
    turn(l, now_ns() + GOODBYE_MS * 1000000LL, true);
    uint64_t lost = unanswered(l);
    part(l);
    print(l, seconds, ticks, lost);
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
    run(&l);
    return 0;
}
