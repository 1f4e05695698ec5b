/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/teller.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "cases/notices_push.h"
#include "cmd/notices_words.h"
#include "seen/notices_due.h"

enum {
    EVERY_S = 1800, /* local time: at 10:00 the last day is told */
    TRY_AGAIN_S = 60,
    PUSH_EVERY_S = 2,
    FIGURES_EVERY_S = 5,
    PATIENCE_MS = 5000,
    TICK_US = 200000,
    SECOND = 1000000 / TICK_US,
};

struct teller {
    const struct cli *cli;
    struct notices_desk *desk;
    pthread_t thread;
    atomic_int stop;
    struct registry *reg;
    struct notices_push *push;
    int64_t slot;          /* half hour of the local time in which notices were made last */
    int64_t not_before_us; /* monotonic */
};

static enum err open_register(struct teller *t)
{
    struct fault fault = {0};
    const struct registry_options options = {.url = t->cli->url,
                                             .key = cli_key(t->cli, t->cli->url),
                                             .clock = t->cli->clock,
                                             .write = true};
    enum err err = t->reg ? ERR_OK : registry_open(&options, &t->reg, &fault);
    if (!err)
        store_patience(t->reg->store, PATIENCE_MS);
    return err;
}

/* One look a half hour; what failed is tried again a minute later. */
static void make(struct teller *t)
{
    const int64_t now_s = clock_now_us(t->reg->clock) / 1000000;
    const int64_t slot = (now_s + zone_offset(&t->reg->zone, now_s)) / EVERY_S;
    if (slot == t->slot || clock_monotonic_us() < t->not_before_us)
        return;
    const struct notices_options options = {.stop = &t->stop, .quick = t->slot >= 0};
    struct notices_result result;
    struct fault fault = {0};
    enum err err = notices_make(t->reg, &options, &result, &fault);
    if (!err)
        t->slot = slot;
    t->not_before_us = clock_monotonic_us() + TRY_AGAIN_S * INT64_C(1000000);
    if (err || result.made)
        fprintf(stderr,
                "event=notices_made result=%s made=%" PRIu64 " imeis=%" PRIu64
                " unreachable=%" PRIu64 "%s%s\n",
                err_name(err), result.made, result.imeis, result.unreachable, err ? " detail=" : "",
                err ? fault.detail : "");
}

static void push(struct teller *t)
{
    struct notices_pushed pushed;
    struct fault fault = {0};
    enum err err = notices_push_run(t->push, t->reg, &t->stop, &pushed, &fault);
    const char *why = err ? fault.detail : pushed.why;
    if (err ? err != ERR_STORE_BUSY : pushed.tries)
        fprintf(stderr,
                "event=notices_pushed result=%s sent=%" PRIu64 " refused=%" PRIu64 " tries=%" PRIu64
                " failed=%" PRIu64 " stopped=%zu%s%s\n",
                err_name(err), pushed.sent, pushed.refused, pushed.tries, pushed.failed,
                pushed.stopped, *why ? " detail=" : "", why);
}

static unsigned refusals(const void *push, uint64_t party)
{
    return notices_push_refusals(push, party);
}

static void *run(void *arg)
{
    struct teller *t = arg;
    for (int64_t tick = 0; !t->stop; tick++) {
        if (tick % SECOND == 0 && !open_register(t)) {
            make(t);
            if (tick % (PUSH_EVERY_S * SECOND) == 0 && !t->stop)
                push(t);
            if (tick % (FIGURES_EVERY_S * SECOND) == 0 && !t->stop)
                (void)!notices_desk_look(t->desk, t->reg, refusals, t->push, NULL);
        }
        usleep(TICK_US);
    }
    return NULL;
}

enum err teller_start(const struct cli *cli, struct notices_desk *desk, struct teller **out)
{
    struct teller *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_MEMORY;
    *t = (struct teller){.cli = cli, .desk = desk, .slot = -1};
    enum err err = notices_push_new(&notices_words, &t->push);
    if (!err && pthread_create(&t->thread, NULL, run, t))
        err = ERR_MEMORY;
    if (err) {
        notices_push_free(t->push);
        free(t);
        return err;
    }
    *out = t;
    return ERR_OK;
}

void teller_stop(struct teller *t)
{
    if (!t)
        return;
    t->stop = 1;
    pthread_join(t->thread, NULL);
    notices_push_free(t->push);
    registry_close(t->reg);
    free(t);
}
