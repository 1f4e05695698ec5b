/* SPDX-License-Identifier: Apache-2.0 */
#include "face/guard.h"

#include "face/limiter.h"
#include "face/signature.h"
#include "face/stats.h"

static struct str cut(struct str s)
{
    return (struct str){s.p, s.n < LIMIT_FINGERPRINT ? s.n : LIMIT_FINGERPRINT};
}

/* From one bucket; the longest wait of a request is what is told. */
static enum err pay(struct exchange *x, enum limit_kind kind, uint64_t client, uint64_t imeis,
                    int64_t now_us)
{
    const struct site *site = x->site;
    int64_t wait = limiter_take(site->limiter, kind, client, imeis, now_us);
    if (!wait)
        return ERR_OK;
    stats_add(site->stats, STAT_LIMITED + (unsigned)kind, imeis);
    x->response->retry_after_s = (unsigned)((wait + 999999) / 1000000);
    return kind == LIMIT_KIND_PUBLIC ? ERR_CROWDED : ERR_RATE;
}

static enum err pay_as_public(struct exchange *x, uint64_t imeis)
{
    const struct request *request = x->request;
    const struct limiter *limiter = x->site->limiter;
    const struct str pieces[] = {
        {(const char *)request->client.bytes, address_client_bytes(&request->client)},
        cut(request->user_agent),
        cut(request->accept_language),
    };
    int64_t now_us = clock_now_us(x->site->steady);
    /* The narrow bucket first: one script that is refused there costs its neighbours nothing. */
    enum err err = pay(x, LIMIT_KIND_PERSON, limiter_client(limiter, LIMIT_KIND_PERSON, pieces, 3),
                       imeis, now_us);
    if (!err)
        err = pay(x, LIMIT_KIND_ADDRESS, limiter_client(limiter, LIMIT_KIND_ADDRESS, pieces, 1),
                  imeis, now_us);
    return err ? err : pay(x, LIMIT_KIND_PUBLIC, 0, imeis, now_us);
}

static enum err pay_by_key(struct exchange *x, uint64_t imeis)
{
    uint8_t id[4];
    put_be(id, x->caller.id, sizeof id);
    const struct str piece = {(const char *)id, sizeof id};
    return pay(x, LIMIT_KIND_KEY, limiter_client(x->site->limiter, LIMIT_KIND_KEY, &piece, 1),
               imeis, clock_now_us(x->site->steady));
}

enum err guard_identify(struct exchange *x, uint32_t scopes)
{
    const struct request *request = x->request;
    struct str rest, scheme = str_split(request->authorization, ' ', &rest);
    struct caller caller = {0};
    enum err err = ERR_KEY;
    if (request->waits_until_us && str_eq_nocase(scheme, signature_scheme)) {
        x->caller = request->waited; /* a signature is good once */
        return ERR_OK;
    }
    if (!x->machine || !(request->authorization.n || request->certificate.n))
        return scopes ? ERR_KEY : ERR_OK;
    if (!request->authorization.n)
        err = service_certificate(x->site->service, request->certificate, &caller);
    else if (str_eq_nocase(scheme, STR("Bearer")))
        err = service_bearer(x->site->service, str_trim(rest), &caller);
    else if (str_eq_nocase(scheme, signature_scheme))
        err = signature_check(x, rest, &caller);
    if (!err)
        err = caller.standing;
    if (!err && !(caller.scopes & (scopes ? scopes : API_SCOPE_CHECK | API_SCOPE_CHECK_BATCH)))
        err = ERR_SCOPE;
    if (!err)
        x->caller = caller;
    return err;
}

enum err guard_knock(struct exchange *x, uint32_t scopes)
{
    struct str rest, scheme = str_split(x->request->authorization, ' ', &rest);
    return str_eq_nocase(scheme, signature_scheme) ? ERR_OK : guard_identify(x, scopes);
}

size_t guard_most(const struct exchange *x)
{
    return x->caller.scopes & API_SCOPE_CHECK_BATCH ? LIMIT_CHECK_BATCH : LIMIT_CHECK_IMEIS;
}

enum err guard_admit(struct exchange *x, uint64_t imeis)
{
    if (x->request->crowd > (x->caller.id ? CROWD_MANY : CROWD_NONE)) {
        stats_add(x->site->stats, STAT_CROWDED, 1);
        x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
        return ERR_CROWDED;
    }
    if (!x->site->limiter || !imeis)
        return ERR_OK;
    return x->caller.id ? pay_by_key(x, imeis) : pay_as_public(x, imeis);
}

enum err guard_admit_rest(struct exchange *x, uint64_t imeis)
{
    enum err err = guard_admit(x, imeis);
    if (err)
        x->response->retry_after_s++;
    return err;
}

enum err guard_check(struct exchange *x, struct str typed, uint64_t imsi, struct checked *out)
{
    enum err err = service_check(x->site->service, typed, imsi, out);
    if (!err)
        stats_add(x->site->stats, STAT_LIST + (unsigned)out->answer.list, 1);
    return err;
}
