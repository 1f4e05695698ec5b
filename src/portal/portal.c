/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/portal.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "cases/inquiry.h"
#include "cases/desk.h"
#include "cases/draft.h"
#include "people/attorney.h"
#include "people/oidc.h"
#include "portal/bulk_worker.h"
#include "people/sign_in.h"
#include "portal/demo.h"
#include "portal/figures_worker.h"
#include "portal/post.h"
#include "portal/seal_teller.h"

enum {
    READERS_MAX = 64,
    WORK_EVERY_MS = 1000, /* when nobody wakes the worker */
    SWEEP_EVERY_S = 30,   /* papers that did not come, old nonces, old drafts */
    AWAY_REST_S =
        10, /* after somebody could not be asked; a new application is looked at at once */
    READ_PATIENCE_MS = 1000, /* for a lost database */
    WRITE_PATIENCE_MS = 5000,
    WORK_MOST = 64,
    SIGN_INS_AT_ONCE = 4, /* each costs as much as sixteen checks; the others hear 503 */
};
static const char cookie_name[] = "tamga", door_cookie_name[] = "tamga-door";

struct portal {
    struct registry *writer; /* the committer's alone */
    struct committer *committer;
    struct registry *hand; /* of use cases that take no committer: one request at a time */
    pthread_mutex_t hand_lock;
    struct audit_log *log;
    struct eds_port eds;
    struct oidc *oidc;
    bool app_door;
    struct check_sources sources;
    struct inquiry *inquiry; /* puts the questions of typed applications */
    struct paper_place papers;
    struct outbox_port outbox;
    struct hours hours;
    unsigned second_from;
    struct demo *demo;
    char nca_layer[LIMIT_CONNECT / 2];
    char connect[LIMIT_CONNECT];
    bool secure;
    sem_t sign_ins;   /* that may be at work at once, so that checks go on */
    atomic_bool away; /* the database: the worker asks every second whether it is back */

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t given_back;
    struct registry *free[READERS_MAX];
    unsigned free_count;

    struct bulk_worker *bulk; /* NULL: no place for uploads */
    struct figures_worker *figures;

    pthread_cond_t work;
    bool woken;
    atomic_bool stopping;
    struct registry *worker_reg;
    pthread_t worker;
    bool working;
};

struct bulk_worker *portal_bulk(struct portal *p)
{
    return p->bulk;
}

struct figures_worker *portal_figures(struct portal *p)
{
    return p->figures;
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

bool portal_sends(const struct portal *p)
{
    return p->outbox.send || p->demo;
}

struct committer *portal_committer(struct portal *p)
{
    return p->committer;
}

/* ---- the worker ---- */

static void settle_one(struct portal *p, const struct office *office, uint64_t id, bool *away,
                       struct fault *fault)
{
    bool is_away = false;
    enum err err = checks_settle(office, inquiry_sources(p->inquiry), id, &is_away, fault);
    *away |= is_away;
    if (err && err != ERR_STALE && err != ERR_NOT_FOUND)
        fprintf(stderr, "event=checks application=%llu result=%s detail=%s\n",
                (unsigned long long)id, err_name(err), fault->detail);
}

/* What waits for an answer is left alone: settle_heard takes it. */
static enum err settle_some(struct portal *p, const struct office *office, uint64_t *after,
                            bool *out_more, bool *out_away, struct fault *fault)
{
    uint64_t ids[WORK_MOST];
    size_t n = 0;
    enum err err = checks_due(office, *after, ids, WORK_MOST, &n, fault);
    for (size_t i = 0; !err && i < n && !atomic_load(&p->stopping); i++) {
        if (!inquiry_waits(p->inquiry, ids[i]))
            settle_one(p, office, ids[i], out_away, fault);
        *after = ids[i];
    }
    *out_more = !err && n == WORK_MOST;
    return err;
}

/* Those for which a source has answered. */
static void settle_heard(struct portal *p, const struct office *office, bool *away)
{
    struct fault fault = {0};
    uint64_t ids[WORK_MOST];
    size_t n = WORK_MOST;
    while (n == WORK_MOST && !atomic_load(&p->stopping)) {
        inquiry_heard(p->inquiry, ids, WORK_MOST, &n);
        if (n && registry_refresh(office->registry, &fault))
            break;
        for (size_t i = 0; i < n && !atomic_load(&p->stopping); i++)
            settle_one(p, office, ids[i], away, &fault);
    }
}

/* All that are due after an id: one whose source is down does not stand before the others. *seen: the
 * greatest that was looked at. */
static void settle_due(struct portal *p, const struct office *office, uint64_t after,
                       uint64_t *seen, bool *out_away)
{
    struct fault fault = {0};
    bool more = true;
    *out_away = false;
    enum err err = registry_refresh(office->registry, &fault);
    while (!err && more && !atomic_load(&p->stopping))
        err = settle_some(p, office, &after, &more, out_away, &fault);
    *seen = after > *seen ? after : *seen;
    if (err)
        fprintf(stderr, "event=checks result=%s detail=%s\n", err_name(err), fault.detail);
}

/* A moment in milliseconds from now, as waiting wants it. */
static struct timespec in_ms(int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    return until;
}

/* Waits until it is woken (*out_woken), or for at most ms. False: the portal closes. */
static bool wait_for_work(struct portal *p, int ms, bool *out_woken)
{
    struct timespec until = in_ms(ms);
    pthread_mutex_lock(&p->lock);
    while (!p->woken && !p->stopping && pthread_cond_timedwait(&p->work, &p->lock, &until) == 0)
        ;
    *out_woken = p->woken;
    p->woken = false;
    bool goes_on = !p->stopping;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

/* What the clock asks for: papers that did not come, checks that run once more, old nonces. */
static void sweep_portal(struct portal *p, const struct office *office)
{
    struct fault fault = {0};
    size_t closed, again, over;
    int64_t now_s = clock_now_us(p->worker_reg->clock) / 1000000;
    enum err errs[] = {desk_close_unanswered(office, &closed, &fault),
                       checks_again(office, &again, &fault),
                       sign_in_forget(p->worker_reg, p->committer, now_s, &fault),
                       draft_forget(office, &over, &fault), code_forget(office, &fault)};
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++)
        if (errs[i])
            fprintf(stderr, "event=portal_sweep result=%s detail=%s\n", err_name(errs[i]),
                    fault.detail);
}

/* Is the database still away? Only this thread waits for it. */
static bool is_away(struct portal *p)
{
    if (atomic_load(&p->away))
        atomic_store(&p->away, registry_refresh(p->worker_reg, NULL) != ERR_OK);
    return atomic_load(&p->away);
}

/* Woken by a new application, it looks at the new ones at once; at those before, which wait for somebody who
 * could not be asked, every AWAY_REST_S. It waits for no source: those are asked by threads of their own, and it
 * is woken when one has answered. */
static void *work(void *arg)
{
    struct portal *p = arg;
    const struct office office = {p->worker_reg, p->committer, &p->hours, p->second_from,
                                  &p->sources};
    int64_t swept_s = 0, rest_until_s = 0;
    struct post post = {.papers = &p->papers, .outbox = &p->outbox};
    struct seal_teller teller;
    seal_teller_init(&teller, p->bulk, p->papers.files != NULL);
    uint64_t seen = 0;
    bool woken;
    while (wait_for_work(p, WORK_EVERY_MS, &woken)) {
        int64_t now_s = clock_monotonic_us() / 1000000;
        bool away = false;
        if (is_away(p))
            continue;
        settle_heard(p, &office, &away);
        if (now_s >= rest_until_s) {
            settle_due(p, &office, 0, &seen, &away);
            rest_until_s = away ? now_s + AWAY_REST_S : 0;
        } else if (woken) {
            settle_due(p, &office, seen, &seen, &away);
        }
        bool sweeps = now_s - swept_s >= SWEEP_EVERY_S;
        if (sweeps) {
            swept_s = now_s;
            sweep_portal(p, &office);
        }
        post_work(&post, &office, sweeps);
        seal_teller_work(&teller, p->worker_reg, p->committer, p->bulk);
    }
    seal_teller_end(&teller, p->committer);
    return NULL;
}

bool portal_sign_in_begin(struct portal *p)
{
    return sem_trywait(&p->sign_ins) == 0;
}

void portal_sign_in_end(struct portal *p)
{
    sem_post(&p->sign_ins);
}

void portal_wake(struct portal *p)
{
    pthread_mutex_lock(&p->lock);
    p->woken = true;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
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
    for (unsigned i = 0; !err && i < o->readers && i < READERS_MAX; i++) {
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
    enum err err = open_registers(p, o, fault);
    if (!err)
        err = inquiry_open(&p->sources, wake, p, &p->inquiry, fault);
    if (!err)
        err = open_bulk(p, o, fault);
    const struct figures_options figures = {o->url, o->key, o->clock, &p->hours};
    if (!err)
        err = figures_worker_open(&figures, &p->figures, fault);
    if (!err) {
        p->working = pthread_create(&p->worker, NULL, work, p) == 0;
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
    bulk_worker_close(p->bulk);
    audit_log_free(p->log);
    committer_free(p->committer);
    for (unsigned i = 0; i < p->free_count; i++)
        registry_close(p->free[i]);
    registry_close(p->worker_reg);
    registry_close(p->hand);
    registry_close(p->writer);
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

/* ---- visits ---- */

static struct registry *borrow(struct portal *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->free_count)
        pthread_cond_wait(&p->given_back, &p->lock);
    struct registry *reg = p->free[--p->free_count];
    pthread_mutex_unlock(&p->lock);
    return reg;
}

/* The form's mark, or the script's header, is the one that this session was given. */
static bool of_session(const struct exchange *x, const struct visit *v, struct str form_csrf)
{
    char want[SESSION_CSRF_TEXT];
    struct str got = form_csrf.n ? form_csrf : x->request->csrf;
    session_csrf(v->office.registry, &v->who, want);
    return got.n == strlen(want) && sodium_memcmp(got.p, want, got.n) == 0;
}

static enum err may_send(struct exchange *x, uint32_t roles, bool form)
{
    struct portal *p = x->site->portal;
    struct visit v = {.portal = p};
    struct str token = portal_token(x);
    if (token.n != SESSION_TOKEN_TEXT - 1)
        return ERR_SESSION;
    if (atomic_load(&p->away))
        return ERR_UNAVAILABLE;
    pthread_mutex_lock(&p->lock);
    if (p->free_count)
        v.office.registry = p->free[--p->free_count];
    pthread_mutex_unlock(&p->lock);
    if (!v.office.registry)
        return ERR_CROWDED;
    int64_t now_s = clock_now_us(v.office.registry->clock) / 1000000;
    enum err err = session_find(v.office.registry, token, now_s, &v.who, NULL);
    if (!err && !(form ? portal_is_own(x) : of_session(x, &v, STR(""))))
        err = ERR_CSRF;
    else if (!err && !(roles & ROLE_BIT(v.who.role)))
        err = ERR_ROLE;
    portal_leave(&v);
    return err;
}

enum err portal_may_send(struct exchange *x, uint32_t roles)
{
    return may_send(x, roles, false);
}

enum err portal_may_send_form(struct exchange *x, uint32_t roles)
{
    return may_send(x, roles, true);
}

void portal_leave(struct visit *v)
{
    struct portal *p = v->portal;
    if (!v->office.registry)
        return;
    pthread_mutex_lock(&p->lock);
    p->free[p->free_count++] = v->office.registry;
    pthread_cond_signal(&p->given_back);
    pthread_mutex_unlock(&p->lock);
    v->office.registry = NULL;
}

struct registry *portal_hand(struct visit *v)
{
    struct registry *hand = v->portal->hand;
    pthread_mutex_lock(&v->portal->hand_lock);
    hand->actor = v->who.party;
    str_copy(hand->actor_name, sizeof hand->actor_name, str_z(v->who.name));
    return hand;
}

void portal_hand_back(struct visit *v)
{
    v->portal->hand->actor = 0;
    *v->portal->hand->actor_name = '\0';
    pthread_mutex_unlock(&v->portal->hand_lock);
}

void portal_heard(struct visit *v, enum err err)
{
    if (err == ERR_STORE_AWAY)
        atomic_store(&v->portal->away, true);
}

void portal_note(struct visit *v, enum audit_what what, uint64_t subject, uint64_t object,
                 enum err outcome)
{
    audit_log_add(v->portal->log, &(struct audit_event){.what = (uint8_t)what,
                                                        .role = v->who.role,
                                                        .actor = v->who.party,
                                                        .subject = subject,
                                                        .object = object,
                                                        .outcome = outcome});
}

static struct str token_in(struct str rest, const char *wanted)
{
    while (rest.n) {
        struct str value, pair = str_split(rest, ';', &rest);
        struct str name = str_trim(str_split(pair, '=', &value));
        if (str_eq(name, str_z(wanted)))
            return str_trim(value);
    }
    return STR("");
}

struct str portal_token(const struct exchange *x)
{
    return token_in(x->request->cookie, cookie_name);
}

struct str portal_door_token(const struct exchange *x)
{
    return token_in(x->request->cookie, door_cookie_name);
}

void portal_door_cookie(struct exchange *x, const char *token, bool from_elsewhere)
{
    snprintf(x->response->set_cookie, sizeof x->response->set_cookie,
             "%s=%s; Path=/sign-in; HttpOnly; SameSite=%s; Max-Age=%d%s", door_cookie_name, token,
             from_elsewhere ? "Lax" : "Strict", SIGN_IN_LIFE_S,
             x->site->portal->secure ? "; Secure" : "");
}

void portal_cookie(struct exchange *x, const char *token)
{
    snprintf(x->response->set_cookie, sizeof x->response->set_cookie,
             "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name, token ? token : "",
             x->site->portal->secure ? "; Secure" : "", token ? "" : "; Max-Age=0");
}

static enum err who_asks(struct exchange *x, uint32_t roles, bool changes, struct str form_csrf,
                         struct visit *v)
{
    struct str token = portal_token(x);
    int64_t now_s = clock_now_us(v->office.registry->clock) / 1000000;
    enum err err = session_find(v->office.registry, token, now_s, &v->who, &v->fault);
    if (!err)
        err = attorney_stands(v->office.registry, &v->who, NULL);
    if (err == ERR_SESSION && !roles) {
        v->who = (struct session){0};
        v->fault = (struct fault){0};
        return ERR_OK;
    }
    if (err)
        return err;
    if (changes && !of_session(x, v, form_csrf))
        err = ERR_CSRF;
    else if (roles && !(roles & ROLE_BIT(v->who.role)))
        err = ERR_ROLE;
    if (err)
        portal_note(v, AUDIT_REFUSED, 0, 0, err);
    if (err)
        return err;
    /* That it was used just now need not be written for it to be answered; that it is over, counts. */
    return session_touch(v->portal->committer, &v->who, now_s) == ERR_SESSION ? ERR_SESSION
                                                                              : ERR_OK;
}

enum err portal_visit(struct exchange *x, uint32_t roles, bool changes, struct str form_csrf,
                      struct visit *out)
{
    struct portal *p = x->site->portal;
    *out = (struct visit){.portal = p};
    if (roles && portal_token(x).n != SESSION_TOKEN_TEXT - 1)
        return ERR_SESSION; /* without a look at the register */
    x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
    if (atomic_load(&p->away))
        return ERR_STORE_AWAY;
    x->response->retry_after_s = 0;
    out->office = (struct office){borrow(p), p->committer, &p->hours, p->second_from, &p->sources};
    enum err err = registry_refresh(out->office.registry, &out->fault);
    if (!err)
        err = who_asks(x, roles, changes, form_csrf, out);
    portal_heard(out, err);
    if (err)
        portal_leave(out);
    return err;
}
