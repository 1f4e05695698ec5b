/* SPDX-License-Identifier: Apache-2.0
 *
 * eir_told - what a node says of its connections in the log, and of itself in /metrics and /healthz. */
#include "cmd/eir_parts.h"
#include "node/say.h"

enum { SAID_A_SECOND = 20 }; /* lines about connections */

/* At most some lines a second: strangers knock as often as they like. */
static bool may_say(struct eir *eir)
{
    long long second = clock_monotonic_us() / 1000000;
    if (atomic_exchange(&eir->said_second, second) != second) {
        unsigned unsaid = atomic_exchange(&eir->unsaid, 0);
        atomic_store(&eir->said, 0);
        if (unsaid)
            say(SAY_WARNING, "event=connections_unsaid count=%u", unsaid);
    }
    if (atomic_fetch_add(&eir->said, 1) < SAID_A_SECOND)
        return true;
    atomic_fetch_add(&eir->unsaid, 1);
    return false;
}

void eir_on_dropped(void *ctx, const struct line *line, const char *why)
{
    if (may_say(ctx))
        say(SAY_INFO, "event=dropped address=%.*s why=\"%s\"", STR_ARG(line->address), why);
}

void eir_on_s13(void *ctx, const struct s13_told *told)
{
    static const char *const events[S13_EVENTS] = {"peer_open", "peer_refused", "peer_silent",
                                                   "peer_faulty", "peer_closed"};
    if (may_say(ctx))
        say(told->event == S13_OPEN || told->event == S13_CLOSED ? SAY_INFO : SAY_WARNING,
            "event=%s origin=\"%.*s\" address=%.*s result=%u", events[told->event],
            STR_ARG(told->origin), STR_ARG(told->address), told->result);
}

static struct status_lines lines_of(void *ctx)
{
    struct eir *eir = ctx;
    struct engine *engine = atomic_load(&eir->engine);
    struct engine_counts c = {0};
    if (engine)
        c = engine_counts(engine);
    return (struct status_lines){c.open,      c.accepted, c.refused,  c.dropped,
                                 c.connected, c.bytes_in, c.bytes_out};
}

static struct str peer_of(void *ctx, unsigned face, unsigned number)
{
    struct eir *eir = ctx;
    if (face == NETWORK_N5G)
        return asker_names_text(eir->amfs, number);
    const struct peer_names *names = atomic_load(&eir->peers);
    return names && number && number <= LIMIT_NODE_PEERS ? str_z(names->text[number - 1]) : STR("");
}

void eir_say_listen(const struct engine *engine, const struct engine_listener *l, size_t i)
{
    say(SAY_INFO, "event=listen face=%s address=%s port=%u tls=%s transport=%s", l[i].face->name,
        l[i].address, engine_port(engine, i), l[i].tls ? "yes" : "no", l[i].sctp ? "sctp" : "tcp");
}

enum err eir_start_status(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    const struct engine_listener listener = {.face = &status_face,
                                             .face_ctx = &eir->sources,
                                             .address = s->metrics.address,
                                             .port = s->metrics.port};
    const struct engine_options with = {.workers = 1,
                                        .connections_max = EIR_STATUS_CONNECTIONS,
                                        .stop_us = EIR_STOP_US,
                                        .dropped = eir_on_dropped,
                                        .ctx = eir};
    eir->sources = (struct status_sources){.status = &eir->status,
                                           .clock = eir->clock,
                                           .counts = eir->counts,
                                           .checks = eir->checks,
                                           .sightings = eir->first_uses,
                                           .workers = eir->workers,
                                           .lines = lines_of,
                                           .peer = peer_of,
                                           .ctx = eir,
                                           .version = TAMGA_VERSION};
    if (!s->metrics_on)
        return ERR_OK;
    enum err err = engine_new(&with, &listener, 1, &eir->status_engine, fault);
    if (!err)
        err = engine_run(eir->status_engine, fault);
    if (!err)
        eir_say_listen(eir->status_engine, &listener, 0);
    return err;
}
