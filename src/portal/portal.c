/* SPDX-License-Identifier: Apache-2.0
 *
 * The portal: opening and closing it, and what it hands to the addresses behind the sign-in. */
#include <stdio.h>
#include <stdlib.h>

#include "people/oidc.h"
#include "portal/bulk_worker.h"
#include "portal/demo.h"
#include "portal/figures_worker.h"
#include "portal/pace.h"
#include "portal/portal_house.h"
#include "portal/reports_worker.h"

enum {
    READ_PATIENCE_MS = 1000, /* for a lost database */
    WRITE_PATIENCE_MS = 5000,
    SIGN_INS_AT_ONCE = 4, /* each costs as much as sixteen checks; the others hear 503 */
};

struct bulk_worker *portal_bulk(struct portal *p)
{
    return p->bulk;
}

struct figures_worker *portal_figures(struct portal *p)
{
    return p->figures;
}

struct reports_worker *portal_reports(struct portal *p)
{
    return p->reports;
}

void portal_metrics(struct portal *p, struct buf *out)
{
    reports_metrics(p->reports, out);
}

const struct eds_port *portal_eds(struct portal *p)
{
    if (p->eds.verify)
        return &p->eds;
    return p->demo ? demo_eds(p->demo) : NULL;
}

struct oidc *portal_oidc(struct portal *p)
{
    return p->oidc;
}

bool portal_has_app(struct portal *p)
{
    return p->app_door && portal_eds(p);
}

const struct demo *portal_demo(struct portal *p)
{
    return p->demo;
}

const char *portal_nca_layer(struct portal *p)
{
    return p->nca_layer;
}

const char *portal_connect(struct portal *p)
{
    return p->connect;
}

const struct paper_place *portal_papers_place(struct portal *p)
{
    return &p->papers;
}

const struct operators *portal_operators(const struct portal *p)
{
    return p->operators;
}

struct pace *portal_looks(struct portal *p)
{
    return p->looks;
}

bool portal_sends(const struct portal *p)
{
    return p->outbox.send || p->demo;
}

struct committer *portal_committer(struct portal *p)
{
    return p->committer;
}
bool portal_sign_in_begin(struct portal *p)
{
    return sem_trywait(&p->sign_ins) == 0;
}

void portal_sign_in_end(struct portal *p)
{
    sem_post(&p->sign_ins);
}

static void wake(void *ctx)
{
    portal_wake(ctx);
}

/* ---- opening and closing ---- */

static enum err open_registers(struct portal *p, const struct portal_options *o,
                               struct fault *fault)
{
    struct registry_options writes = {
        .url = o->url, .key = o->key, .clock = o->clock, .write = true};
    enum err err = registry_open(&writes, &p->writer, fault);
    if (!err)
        store_patience(p->writer->store, WRITE_PATIENCE_MS);
    if (!err)
        err = committer_new(p->writer, &p->committer);
    if (!err)
        err = registry_open(&writes, &p->hand, fault);
    if (!err)
        store_patience(p->hand->store, WRITE_PATIENCE_MS);
    struct registry_options reads = {.url = o->url, .key = o->key, .clock = o->clock};
    if (!err)
        err = registry_open(&reads, &p->worker_reg, fault);
    for (unsigned i = 0; !err && i < o->readers && i < PORTAL_READERS_MAX; i++) {
        err = registry_open(&reads, &p->free[i], fault);
        if (err)
            break;
        store_patience(p->free[p->free_count++]->store, READ_PATIENCE_MS);
    }
    return err ? err : audit_log_new(p->committer, o->clock, &p->log);
}

static enum err open_bulk(struct portal *p, const struct portal_options *o, struct fault *fault)
{
    if (!o->spool || !*o->spool)
        return ERR_OK;
    const struct bulk_options options = {.url = o->url,
                                         .key = o->key,
                                         .clock = o->clock,
                                         .committer = p->committer,
                                         .hours = &p->hours,
                                         .sources = &p->sources,
                                         .spool = o->spool,
                                         .spool_bytes = o->spool_bytes};
    return bulk_worker_open(&options, &p->bulk, fault);
}

enum err portal_open(const struct portal_options *o, struct portal **out, struct fault *fault)
{
    struct portal *p = calloc(1, sizeof *p);
    if (!p)
        return fault_set(fault, ERR_MEMORY, "portal");
    p->eds = o->eds;
    p->oidc = o->oidc;
    p->app_door = o->app_door;
    p->demo = o->demo;
    str_copy(p->nca_layer, sizeof p->nca_layer,
             o->nca_layer ? str_z(o->nca_layer) : STR("wss://127.0.0.1:13579"));
    snprintf(p->connect, sizeof p->connect, "%s https://127.0.0.1:24680", p->nca_layer);
    p->sources = o->sources;
    p->secure = o->secure;
    p->papers = o->papers;
    p->outbox = o->outbox;
    p->second_from = o->second_from;
    p->operators = o->operators;
    p->looks = pace_new();
    p->woken = true; /* what a server before this one left is taken up at once */
    if (o->hours)
        p->hours = *o->hours;
    else
        hours_init(&p->hours);
    sem_init(&p->sign_ins, 0, SIGN_INS_AT_ONCE);
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->hand_lock, NULL);
    pthread_cond_init(&p->given_back, NULL);
    pthread_cond_init(&p->work, NULL);
    enum err err = p->looks ? open_registers(p, o, fault) : fault_set(fault, ERR_MEMORY, "portal");
    if (!err)
        err = inquiry_open(&p->sources, wake, p, &p->inquiry, fault);
    if (!err)
        err = open_bulk(p, o, fault);
    const struct figures_options figures = {o->url, o->key, o->clock, &p->hours};
    if (!err)
        err = figures_worker_open(&figures, &p->figures, fault);
    const struct reports_options reports = {o->url, o->key, o->clock, o->lists, o->test_tacs};
    if (!err)
        err = reports_worker_open(&reports, &p->reports, fault);
    if (!err) {
        p->working = pthread_create(&p->worker, NULL, portal_settle, p) == 0;
        err = p->working ? ERR_OK : fault_set(fault, ERR_MEMORY, "a thread");
    }
    if (err)
        portal_close(p);
    else
        *out = p;
    return err;
}

void portal_close(struct portal *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
    if (p->working)
        pthread_join(p->worker, NULL);
    inquiry_close(p->inquiry);
    figures_worker_close(p->figures);
    reports_worker_close(p->reports);
    bulk_worker_close(p->bulk);
    audit_log_free(p->log);
    committer_free(p->committer);
    for (unsigned i = 0; i < p->free_count; i++)
        registry_close(p->free[i]);
    registry_close(p->worker_reg);
    registry_close(p->hand);
    registry_close(p->writer);
    pace_free(p->looks);
    eds_close(&p->eds);
    oidc_close(p->oidc);
    demo_close(p->demo);
    sem_destroy(&p->sign_ins);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->hand_lock);
    pthread_cond_destroy(&p->given_back);
    pthread_cond_destroy(&p->work);
    free(p);
}
