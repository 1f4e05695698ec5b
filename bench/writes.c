/* SPDX-License-Identifier: Apache-2.0
 *
 * writes - single writes through the library.
 *
 *   writes verified URL SEED FROM CALLERS SECONDS   CALLERS threads; each verifies one new device
 *                                                   after another through one committer and waits
 *                                                   until it is durable
 *   writes suspend URL SEED FROM COUNT PID          one thread suspends one IMEI of the range after
 *                                                   another until process PID is gone
 *
 * Prints "rows=.. seconds=.. rate=.." and the time a caller waited. */
#include "population.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "app/suspend.h"
#include "app/verify.h"

enum { CALLERS_MAX = 2048 };

static void need(enum err err, const struct fault *fault)
{
    if (err)
        bench_die(err_name(err), fault->detail);
}

static struct registry *open_register(const char *url)
{
    struct registry_options options = {
        .url = url, .key = getenv("TAMGA_KEY"), .clock = &clock_system, .write = true};
    struct registry *reg;
    struct fault fault = {0};
    need(registry_open(&options, &reg, &fault), &fault);
    return reg;
}

struct calling {
    const struct population *p;
    struct registry *reg;
    struct committer *committer;
    struct approving how;
    double until;
    _Atomic uint64_t next;
};

struct caller {
    struct calling *all;
    struct samples samples;
    pthread_t thread;
};

static void *call(void *arg)
{
    struct caller *me = arg;
    struct calling *all = me->all;
    struct fault fault = {0};
    double now = bench_seconds();
    while (now < all->until) {
        struct device device = {.count = 1};
        device.imeis[0] = population_imei(all->p, atomic_fetch_add(&all->next, 1));
        need(verify_device(all->reg, all->committer, &all->how, &device, &fault), &fault);
        double then = bench_seconds();
        samples_add(&me->samples, then - now);
        now = then;
    }
    return NULL;
}

static void verified(const struct population *p, char **argv)
{
    uint64_t from = bench_number(argv[2]), callers = bench_number(argv[3]);
    static struct caller caller[CALLERS_MAX];
    struct samples samples = {0};
    struct fault fault = {0};
    struct calling all = {.p = p, .reg = open_register(argv[0]), .next = from};
    if (callers > CALLERS_MAX)
        bench_die("callers", "at most 2048");
    all.how = (struct approving){.kind = APPROVAL_IMPORT, .at = INSTANT_NONE};
    need(registry_party(all.reg, PARTY_PERSON, STR("940140000385"), &all.how.party, &fault),
         &fault);
    need(committer_new(all.reg, &all.committer), &fault);
    double began = bench_seconds();
    all.until = began + (double)bench_number(argv[4]);
    for (uint64_t i = 0; i < callers; i++) {
        caller[i].all = &all;
        if (pthread_create(&caller[i].thread, NULL, call, &caller[i]) != 0)
            bench_die("pthread_create", NULL);
    }
    for (uint64_t i = 0; i < callers; i++) {
        pthread_join(caller[i].thread, NULL);
        for (size_t k = 0; k < caller[i].samples.n; k++)
            samples_add(&samples, caller[i].samples.p[k]);
        free(caller[i].samples.p);
    }
    double seconds = bench_seconds() - began;
    committer_free(all.committer);
    printf("rows=%zu seconds=%.3f rate=%.0f ", samples.n, seconds, (double)samples.n / seconds);
    samples_print(&samples);
    registry_close(all.reg);
}

static void suspensions(const struct population *p, char **argv)
{
    uint64_t from = bench_number(argv[2]), count = bench_number(argv[3]);
    pid_t until = (pid_t)bench_number(argv[4]);
    struct suspension how = {.kind = MARK_ORDER,
                             .body = STR("Bench court"),
                             .order = STR("7-21"),
                             .from = DAYNUM_NONE,
                             .last = DAYNUM_OPEN};
    struct samples samples = {0};
    struct registry *reg = open_register(argv[0]);
    for (uint64_t i = 0; kill(until, 0) == 0; i++) {
        struct imei imei = population_imei(p, from + i * 7368787 % count);
        struct batch_result result;
        struct fault fault = {0};
        double began = bench_seconds();
        need(suspend(reg, &how, &imei, 1, &result, &fault), &fault);
        samples_add(&samples, bench_seconds() - began);
    }
    samples_print(&samples);
    registry_close(reg);
}

int main(int argc, char **argv)
{
    static struct population p;
    if (argc != 7)
        bench_die("writes",
                  "verified URL SEED FROM CALLERS SECONDS, suspend URL SEED FROM COUNT PID");
    population_init(&p, bench_number(argv[3]));
    if (strcmp(argv[1], "verified") == 0)
        verified(&p, argv + 2);
    else
        suspensions(&p, argv + 2);
    return 0;
}
