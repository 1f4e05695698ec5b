/* SPDX-License-Identifier: Apache-2.0
 *
 * eir - a node from its settings, its reload, its end. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/eir_parts.h"
#include "node/say.h"

static enum err make_tls(const struct node_face *face, const char *alpn, struct engine_tls **out,
                         struct fault *fault)
{
    if (!*face->certificate)
        return ERR_OK;
    return engine_tls_new(face->certificate, face->tls_key, *face->clients ? face->clients : NULL,
                          alpn, out, fault);
}

static enum err make_s13(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    struct str allow[LIMIT_NODE_PEERS];
    struct peer_names *names = peer_names_new(NULL, s);
    if (!names)
        return ERR_MEMORY;
    atomic_store(&eir->peers, names);
    peer_names_list(names, allow);
    struct s13_settings with = {.identity = str_z(s->identity),
                                .realm = str_z(s->realm),
                                .allow = allow,
                                .allow_count = LIMIT_NODE_PEERS,
                                .origin_state = (uint32_t)(clock_now_us(&clock_system) / 1000000),
                                .tw_seconds = s->watchdog_seconds,
                                .rate_max = s->rate_max,
                                .many = s->several,
                                .tell = eir_on_s13,
                                .tell_ctx = eir};
    return s13_new(&with, &eir->s13, fault);
}

struct link_options eir_link(const struct eir *eir)
{
    return (struct link_options){.url = eir->settings->registry,
                                 .api_key = eir->key.api_key,
                                 .ca = eir->settings->registry_ca,
                                 .agent = eir->agent};
}

static enum err make_guard(struct eir *eir, struct fault *fault)
{
    const struct node_settings *s = eir->settings;
    const struct token_guard_options with = {
        .keys = s->oauth2_keys,
        .rules = {str_z(s->nf_instance), str_z(s->oauth2_issuer), s->oauth2_leeway_seconds},
        .clock = eir->clock,
        .workers = eir->workers};
    return s->oauth2 ? token_guard_new(&with, &eir->n5g.guard, fault) : ERR_OK;
}

static unsigned number_amf(void *ctx, struct str origin, bool is_address)
{
    const struct eir *eir = ctx;
    return asker_names_number(eir->amfs, origin, is_address);
}

static void on_restored(void *ctx)
{
    struct eir *eir = ctx;
    sightings_forget(eir->sightings);
}

/* No key: the cache has its own. */
static struct link_options cache_of(const struct eir *eir)
{
    const struct node_settings *s = eir->settings;
    return (struct link_options){
        .url = s->cache, .api_key = "", .ca = s->cache_ca, .agent = eir->agent};
}

static enum err make_follow(struct eir *eir)
{
    static const uint8_t overrides[] = {OVERRIDE_NONE, OVERRIDE_GREY, OVERRIDE_WHITE};
    const struct node_settings *s = eir->settings;
    struct follow_options with = {
        .copy = {.directory = s->directory, .key = &eir->key, .clock = eir->clock},
        .link = eir_link(eir),
        .cache = cache_of(eir),
        .views = eir->views,
        .status = &eir->status,
        .settings = s->network,
        .stale_after_us = s->stale_after_hours * 3600000000LL,
        .stale_override = overrides[s->stale],
        .log_bytes = s->feed_log_bytes,
        .tacs = s->tacs,
        .snapshot = *s->snapshot ? s->snapshot : NULL,
        .on_restored = on_restored,
        .ctx = eir};
    return follow_new(&with, &eir->follow);
}

/* Before anything is begun, and for -n: has this kernel what the settings ask for? */
static enum err check_places(const struct node_settings *s, struct fault *fault)
{
    enum err err = ERR_OK;
    for (unsigned i = 0; !err && i < s->s13.listen_count + s->connect_count; i++) {
        bool ours = i >= s->s13.listen_count;
        const struct node_listen *l =
            ours ? &s->connect[i - s->s13.listen_count] : &s->s13.listen[i];
        struct engine_listener place = {.address = l->address, .port = l->port, .sctp = l->sctp};
        err = l->sctp ? engine_check(&place, fault) : ERR_OK;
        if (err)
            fault_field(fault, ours ? "s13.sctp_connect" : "s13.sctp_listen");
    }
    return err;
}

enum err eir_new(const struct node_settings *settings, const struct clock *clock, struct eir **out,
                 struct fault *fault)
{
    struct eir *eir = calloc(1, sizeof *eir);
    if (!eir)
        return ERR_MEMORY;
    eir->settings = settings;
    eir->lock = -1;
    eir->clock = clock;
    eir->log_white = settings->log_white;
    eir->n5g.root = str_z(settings->root);
    eir->n5g.number = number_amf;
    eir->n5g.number_ctx = eir;
    eir->amfs = asker_names_new();
    snprintf(eir->agent, sizeof eir->agent, "tamga-eir/" TAMGA_VERSION);
    snprintf(eir->spool, sizeof eir->spool, "%s/sightings", settings->directory);
    enum err err = eir->amfs ? node_key_read(settings->key, &eir->key, fault) : ERR_MEMORY;
    if (!err)
        err = check_places(settings, fault);
    if (!err)
        err = make_tls(&settings->s13, NULL, &eir->s13_tls, fault);
    if (!err)
        err = make_tls(&settings->n5geir, "h2", &eir->n5g_tls, fault);
    if (!err && (settings->s13.listen_count || settings->connect_count))
        err = make_s13(eir, fault);
    if (!err)
        err = eir_make_workers(eir);
    if (!err)
        err = make_guard(eir, fault);
    if (!err)
        err = views_new(eir->key.paired ? eir->key.subscriber : NULL, &eir->views);
    if (!err)
        err = make_follow(eir);
    if (err)
        eir_free(eir);
    else
        *out = eir;
    return err;
}

static enum err allow_peers(struct eir *eir, const struct node_settings *settings)
{
    struct str allow[LIMIT_NODE_PEERS];
    struct peer_names *names = peer_names_new(atomic_load(&eir->peers), settings);
    if (!names)
        return ERR_MEMORY;
    peer_names_list(names, allow);
    enum err err = eir->s13 ? s13_allow(eir->s13, allow, LIMIT_NODE_PEERS) : ERR_OK;
    if (err)
        free(names);
    else
        atomic_store(&eir->peers, names);
    return err;
}

/* Both faces' files, before either is used. */
static enum err load_tls(struct eir *eir, struct ssl_ctx_st **out_s13, struct ssl_ctx_st **out_n5g,
                         struct fault *fault)
{
    enum err err = eir->s13_tls ? engine_tls_load(eir->s13_tls, out_s13, fault) : ERR_OK;
    if (!err && eir->n5g_tls)
        err = engine_tls_load(eir->n5g_tls, out_n5g, fault);
    return err;
}

/* All or nothing, as far as memory goes: what cannot be used changes nothing. */
static enum err apply_settings(struct eir *eir, const struct node_settings *settings,
                               struct fault *fault)
{
    struct view_change change = {.settings = &settings->network};
    struct token_keys *keys = NULL;
    struct ssl_ctx_st *s13 = NULL, *n5g = NULL;
    bool guarded = eir->n5g.guard && settings->oauth2; /* without, the keys stay until a start */
    enum err err = guarded ? token_keys_read(settings->oauth2_keys, &keys, fault) : ERR_OK;
    if (!err)
        err = load_tls(eir, &s13, &n5g, fault);
    if (!err)
        err = allow_peers(eir, settings);
    if (!err && keys)
        err = token_guard_take(eir->n5g.guard, keys);
    if (err) {
        token_keys_free(keys);
        engine_tls_forget(s13);
        engine_tls_forget(n5g);
        return err;
    }
    if (s13)
        engine_tls_use(eir->s13_tls, s13);
    if (n5g)
        engine_tls_use(eir->n5g_tls, n5g);
    return views_publish(eir->views, &change, fault);
}

void eir_reload(struct eir *eir, const struct node_settings *settings)
{
    struct fault fault = {0};
    check_log_reopen(eir->log); /* who moved it waits for this, whatever the settings are */
    enum err err = apply_settings(eir, settings, &fault);
    if (err)
        say_fault(SAY_ALARM, "reload", err, &fault);
    if (err && err != ERR_ZONE &&
        err != ERR_ZONE_STALE) /* with these the view is there all the same */
        return;
    eir->settings = settings;
    follow_want_tacs(eir->follow, &settings->tacs);
    atomic_store(&eir->log_white, settings->log_white);
    say(SAY_INFO, "event=reload peers=%u unknown=%s", settings->peer_count,
        equipment_name((enum equipment)settings->network.unknown));
}

void eir_free(struct eir *eir)
{
    if (!eir)
        return;
    if (eir->engine) {
        say(SAY_INFO, "event=stopping");
        nrf_free(
            eir->nrf); /* while it still answers, so that nobody is sent to a node that is gone */
        engine_stop(eir->engine);
    }
    follow_stop(eir->follow);
    engine_free(eir->status_engine); /* before what it shows */
    engine_free(eir->engine);
    s13_free(eir->s13);
    engine_tls_free(eir->s13_tls);
    engine_tls_free(eir->n5g_tls);
    token_guard_free(eir->n5g.guard);
    follow_free(eir->follow);
    sightings_free(eir->sightings);
    check_log_free(eir->log);
    views_free(eir->views);
    peer_names_free(atomic_load(&eir->peers));
    asker_names_free(eir->amfs);
    eir_free_workers(eir);
    if (eir->lock >= 0)
        close(eir->lock);
    free(eir);
}
