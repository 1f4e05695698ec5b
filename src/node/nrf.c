/* SPDX-License-Identifier: Apache-2.0 */
#include "node/nrf.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <sodium.h>

#include "base/clock.h"
#include "node/counts.h"
#include "node/link.h"
#include "node/say.h"

enum {
    LOOK_MS = 200, /* a change of how it stands is told so soon */
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 60000,
    WHOLE_MS = 5000,
    GOODBYE_MS = 4000,
    TIMER_SECONDS = 60, /* where an NRF says none */
};

struct nrf {
    struct nrf_options with;
    struct link *links[LIMIT_NODE_NRFS]; /* one an address */
    unsigned at;                         /* whom it asks */
    unsigned failed;                     /* addresses, one after the other */
    bool registered, said_away, told_suspended;
    bool unsure; /* its registration was broken off by the end: the NRF may know it */
    uint32_t timer_seconds;
    int64_t beat_us;     /* monotonic: when the next heart-beat is due */
    int64_t back_off_ms; /* of the next rest */
    int64_t load_wall_us, load_cpu_us;
    unsigned load;
    struct buf body, answer;
    char path[64];
    bool runs;
    pthread_t thread;
};

/* ---- how it stands ---- */

static int64_t cpu_us(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used))
        return 0;
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

/* Processor time since the last look, of what its workers could have. */
static void measure(struct nrf *nrf)
{
    int64_t wall = clock_monotonic_us(), cpu = cpu_us();
    int64_t could = (wall - nrf->load_wall_us) * nrf->with.workers;
    int64_t load = could > 0 ? (cpu - nrf->load_cpu_us) * 100 / could : 0;
    nrf->load = load < 0 ? 0 : load > 100 ? 100 : (unsigned)load;
    nrf->load_wall_us = wall;
    nrf->load_cpu_us = cpu;
}

static bool is_suspended(const struct nrf *nrf)
{
    const struct node_status *st = nrf->with.status;
    bool stands_in = nrf->with.self.settings->stale != STALE_GO_ON && atomic_load(&st->stale);
    return stands_in || !atomic_load(&st->ready);
}

/* ---- questions ---- */

/* ERR_OK with the status, whatever it is. */
static enum err ask(struct nrf *nrf, struct link *link, const char *method, const char *type,
                    long *out_status, struct fault *fault)
{
    buf_clear(&nrf->answer);
    if (nrf->body.failed)
        return ERR_MEMORY;
    struct link_question q = {.path = nrf->path,
                              .method = method,
                              .type = type,
                              .whole_ms = type ? WHOLE_MS : GOODBYE_MS,
                              .answer = &nrf->answer,
                              .most = LIMIT_NODE_NRF_ANSWER};
    if (type)
        q.body = (struct str){(const char *)nrf->body.p, nrf->body.n};
    return link_ask(link, &q, out_status, fault);
}

/* It took the question. */
static void well(struct nrf *nrf)
{
    nrf->failed = 0;
    nrf->back_off_ms = BACK_OFF_MS;
    nrf->said_away = false;
    nrf->timer_seconds = nrf_profile_timer((struct str){(const char *)nrf->answer.p, nrf->answer.n},
                                           nrf->timer_seconds);
    /* Early, so that it is there in time: a tenth, and some jitter. */
    int64_t us = nrf->timer_seconds * 900000LL;
    nrf->beat_us = clock_monotonic_us() + us - (int64_t)randombytes_uniform((uint32_t)(us / 50));
    atomic_store(&nrf->with.status->nrf_away, false);
}

/* It did not: the next address, and a rest when each had its turn. */
static void badly(struct nrf *nrf, enum err err, long status, const struct fault *fault)
{
    const struct node_nrf *to = &nrf->with.self.settings->nrf;
    if (err == ERR_STOPPED)
        return;
    count_add(&nrf->with.status->nrf_failures, 1);
    if (!nrf->said_away)
        say(!err && status / 100 == 4 ? SAY_ALARM : SAY_WARNING,
            "event=nrf_away nrf=%s status=%ld detail=\"%s\"", to->address[nrf->at],
            err ? 0 : status, err ? fault->detail : "it refuses");
    nrf->at = (nrf->at + 1) % to->address_count;
    if (++nrf->failed < to->address_count) {
        nrf->beat_us = 0; /* the next one hears it at once */
        return;
    }
    nrf->failed = 0;
    nrf->said_away = true;
    atomic_store(&nrf->with.status->nrf_away, true);
    int64_t ms = nrf->back_off_ms;
    nrf->back_off_ms = ms * 2 < BACK_OFF_MAX_MS ? ms * 2 : BACK_OFF_MAX_MS;
    nrf->beat_us =
        clock_monotonic_us() + 1000 * (ms / 2 + randombytes_uniform((uint32_t)(ms / 2 + 1)));
}

static void set_registered(struct nrf *nrf, bool registered)
{
    nrf->registered = registered;
    atomic_store(&nrf->with.status->nrf_registered, registered);
}

static void make_body(struct nrf *nrf, bool profile)
{
    struct nrf_standing standing = {.suspended = is_suspended(nrf), .load = nrf->load};
    buf_clear(&nrf->body);
    if (profile)
        nrf_profile_put(&nrf->with.self, &standing, &nrf->body);
    else
        nrf_patch_put(&standing, &nrf->body);
    nrf->told_suspended = standing.suspended;
    atomic_store(&nrf->with.status->nrf_suspended, standing.suspended);
}

/* NFRegister, TS 29.510 5.2.2.2. */
static void join(struct nrf *nrf)
{
    const char *whom = nrf->with.self.settings->nrf.address[nrf->at];
    struct fault fault = {0};
    long status = 0;
    make_body(nrf, true);
    enum err err = ask(nrf, nrf->links[nrf->at], "PUT", "application/json", &status, &fault);
    nrf->unsure = err == ERR_STOPPED;
    if (err || status / 100 != 2) {
        badly(nrf, err, status, &fault);
        return;
    }
    well(nrf);
    set_registered(nrf, true);
    count_add(&nrf->with.status->nrf_registrations, 1);
    say(SAY_INFO, "event=nrf_registered nrf=%s heart_beat_seconds=%u", whom, nrf->timer_seconds);
}

/* NFUpdate as heart-beat, TS 29.510 5.2.2.3.2. */
static void beat(struct nrf *nrf)
{
    struct fault fault = {0};
    long status = 0;
    make_body(nrf, false);
    enum err err =
        ask(nrf, nrf->links[nrf->at], "PATCH", "application/json-patch+json", &status, &fault);
    if (!err && status == 404) { /* it was forgotten: at once */
        say(SAY_WARNING, "event=nrf_forgot nrf=%s", nrf->with.self.settings->nrf.address[nrf->at]);
        set_registered(nrf, false);
        nrf->beat_us = 0;
    } else if (err || status / 100 != 2) {
        if (!err &&
            status / 100 == 4) /* it knows us in another way: anew, with the whole profile */
            set_registered(nrf, false);
        badly(nrf, err, status, &fault);
    } else {
        well(nrf);
        count_add(&nrf->with.status->nrf_heart_beats, 1);
    }
}

static void *run(void *arg)
{
    struct nrf *nrf = arg;
    do {
        bool turned = nrf->registered && nrf->told_suspended != is_suspended(nrf) &&
                      !atomic_load(&nrf->with.status->nrf_away);
        if (!turned && clock_monotonic_us() < nrf->beat_us)
            continue;
        measure(nrf);
        if (nrf->registered)
            beat(nrf);
        else
            join(nrf);
    } while (link_rest(nrf->links[0], LOOK_MS));
    return NULL;
}

/* ---- beginning and end ---- */

static struct link_options link_to(const struct nrf *nrf, unsigned address)
{
    const struct node_nrf *to = &nrf->with.self.settings->nrf;
    return (struct link_options){.url = to->address[address],
                                 .api_key = "",
                                 .ca = to->face.clients,
                                 .agent = nrf->with.agent,
                                 .http2 = true,
                                 .certificate = to->face.certificate,
                                 .key = to->face.tls_key};
}

/* NFDeregister, TS 29.510 5.2.2.4: with a link of its own, for the others were stopped. */
static void leave(struct nrf *nrf)
{
    const struct link_options with = link_to(nrf, nrf->at);
    struct link *link = NULL;
    struct fault fault = {0};
    long status = 0;
    enum err err = link_new(&with, &link);
    if (!err)
        err = ask(nrf, link, "DELETE", NULL, &status, &fault);
    say(err || status / 100 != 2 ? SAY_WARNING : SAY_INFO, "event=nrf_left nrf=%s status=%ld",
        with.url, err ? 0 : status);
    link_free(link);
}

enum err nrf_new(const struct nrf_options *options, struct nrf **out)
{
    const struct node_settings *s = options->self.settings;
    struct nrf *nrf = calloc(1, sizeof *nrf);
    enum err err = nrf ? ERR_OK : ERR_MEMORY;
    if (err)
        return err;
    nrf->with = *options;
    nrf->back_off_ms = BACK_OFF_MS;
    nrf->timer_seconds = s->nrf.heart_beat_seconds ? s->nrf.heart_beat_seconds : TIMER_SECONDS;
    nrf->load_wall_us = clock_monotonic_us();
    nrf->load_cpu_us = cpu_us();
    snprintf(nrf->path, sizeof nrf->path, "/nnrf-nfm/v1/nf-instances/%s", s->nf_instance);
    for (unsigned i = 0; !err && i < s->nrf.address_count; i++) {
        const struct link_options with = link_to(nrf, i);
        err = link_new(&with, &nrf->links[i]);
    }
    if (!err) {
        atomic_store(&options->status->nrf_wanted, true);
        nrf->runs = pthread_create(&nrf->thread, NULL, run, nrf) == 0;
        err = nrf->runs ? ERR_OK : ERR_MEMORY;
    }
    if (err)
        nrf_free(nrf);
    else
        *out = nrf;
    return err;
}

void nrf_free(struct nrf *nrf)
{
    if (!nrf)
        return;
    for (unsigned i = 0; i < LIMIT_NODE_NRFS; i++)
        if (nrf->links[i])
            link_stop(nrf->links[i]);
    if (nrf->runs)
        pthread_join(nrf->thread, NULL);
    if (nrf->registered || nrf->unsure)
        leave(nrf);
    for (unsigned i = 0; i < LIMIT_NODE_NRFS; i++)
        link_free(nrf->links[i]);
    buf_release(&nrf->body);
    buf_release(&nrf->answer);
    free(nrf);
}
