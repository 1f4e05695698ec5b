/* SPDX-License-Identifier: Apache-2.0
 *
 * writers - a process that writes until it is stopped, for the tests that kill things around it.
 *
 *   writers URL KEY CALLERS SECONDS FROM ACKS
 *
 * CALLERS threads verify one new device of 1 to 4 IMEIs after another, from the FROM-th on, through one
 * committer; what was acknowledged stands in the file ACKS, 14 digits a line, before the next begins. A
 * write that fails is tried again, as a caller does who was told 503. At the end, one line:
 * acks=devices refused=tries gap=longest time without an acknowledgement, in seconds. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/verify.h"

enum { CALLERS_MAX = 64, PATIENCE_MS = 1000, REST_US = 20000 };

struct work {
    struct registry *reg;
    struct committer *committer;
    struct approving how;
    int acks;
    int64_t until;
    _Atomic uint64_t next, done, refused;
    _Atomic int64_t last, gap; /* microseconds */
};

static void die(const char *what, enum err err, const struct fault *fault)
{
    fprintf(stderr, "writers: %s: %s: %s\n", what, err_name(err), fault->detail);
    exit(1);
}

/* The n-th device: its first IMEI is number 4 n of the model. */
static struct device device_of(uint64_t n)
{
    struct device device = {.count = (uint8_t)(1 + n % 4)};
    for (uint8_t i = 0; i < device.count; i++)
        device.imeis[i] = (struct imei){UINT64_C(35735007000000) + 4 * n + i};
    return device;
}

static void acknowledge(struct work *w, const struct device *device)
{
    char lines[4 * 16];
    size_t n = 0;
    for (uint8_t i = 0; i < device->count; i++)
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%014" PRIu64 "\n",
                              device->imeis[i].body);
    if (write(w->acks, lines, n) != (ssize_t)n)
        abort();
    int64_t now = clock_monotonic_us(), gap = now - atomic_exchange(&w->last, now);
    int64_t most = atomic_load(&w->gap);
    while (gap > most && !atomic_compare_exchange_weak(&w->gap, &most, gap))
        ;
    atomic_fetch_add(&w->done, 1);
}

static void *call(void *arg)
{
    struct work *w = arg;
    while (clock_monotonic_us() < w->until) {
        struct device device = device_of(atomic_fetch_add(&w->next, 1));
        struct fault fault = {0};
        enum err err;
        while ((err = verify_device(w->reg, w->committer, &w->how, &device, &fault)) &&
               clock_monotonic_us() < w->until) {
            if (err != ERR_STORE_AWAY && err != ERR_STORE_BUSY)
                die("verify", err, &fault);
            atomic_fetch_add(&w->refused, 1);
            usleep(REST_US);
        }
        if (!err)
            acknowledge(w, &device);
    }
    return NULL;
}

static uint64_t number(const char *text)
{
    uint64_t v;
    return str_to_u64(str_z(text), UINT64_MAX, &v) ? v : 0;
}

int main(int argc, char **argv)
{
    static struct work w;
    struct fault fault = {0};
    pthread_t threads[CALLERS_MAX];
    if (argc != 7)
        return 2;
    struct registry_options options = {
        .url = argv[1], .key = argv[2], .clock = &clock_system, .write = true};
    enum err err = registry_open(&options, &w.reg, &fault);
    if (err)
        die("open", err, &fault);
    uint64_t callers = number(argv[3]);
    w.how = (struct approving){.kind = APPROVAL_IMPORT, .at = INSTANT_NONE};
    w.next = number(argv[5]);
    w.acks = open(argv[6], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    err = registry_party(w.reg, PARTY_PERSON, STR("940140000385"), &w.how.party, &fault);
    if (!err)
        err = committer_new(w.reg, &w.committer);
    if (err || w.acks < 0 || callers > CALLERS_MAX)
        die("begin", err, &fault);
    store_patience(w.reg->store, PATIENCE_MS);
    w.last = clock_monotonic_us();
    w.until = w.last + (int64_t)number(argv[4]) * 1000000;
    for (uint64_t i = 0; i < callers; i++)
        if (pthread_create(&threads[i], NULL, call, &w) != 0)
            die("thread", ERR_MEMORY, &fault);
    for (uint64_t i = 0; i < callers; i++)
        pthread_join(threads[i], NULL);
    committer_free(w.committer);
    registry_close(w.reg);
    printf("acks=%" PRIu64 " refused=%" PRIu64 " gap=%.2f\n", w.done, w.refused,
           (double)w.gap / 1e6);
    return 0;
}
