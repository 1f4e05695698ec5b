/* SPDX-License-Identifier: Apache-2.0
 *
 * What networks saw, and what is made of it: who used what on which days, who is excepted, whom a clone's case names, what
 * he was told. Subscribers are opened for the document alone and wiped. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "answer/answer.h"
#include "app/notices.h"
#include "clones/case.h"
#include "held/inside.h"
#include "seen/named.h"

/* ---- who used what ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t place_of(const struct held_run *run, uint32_t number)
{
    const uint32_t *at = run->subscriber_n ? bsearch(&number, run->subscribers, run->subscriber_n,
                                                     sizeof number, by_number)
                                           : NULL;
    return at ? (size_t)(at - run->subscribers) : SIZE_MAX;
}

static bool name_one(void *ctx, uint32_t number, const struct seen_subscriber *who)
{
    struct held_run *run = ctx;
    size_t at = place_of(run, number);
    if (at != SIZE_MAX)
        run->named[at] = *who;
    return true;
}

static enum err name_all(struct held_run *run)
{
    const struct history *h = &run->history;
    run->subscribers = calloc(h->n + 1, sizeof *run->subscribers);
    run->named = calloc(h->n + 1, sizeof *run->named);
    if (!run->subscribers || !run->named)
        return ERR_MEMORY;
    for (size_t i = 0; i < h->n; i++)
        run->subscribers[i] = h->pairs[i].subscriber;
    qsort(run->subscribers, h->n, sizeof *run->subscribers, by_number);
    for (size_t i = 0; i < h->n; i++)
        if (!i || run->subscribers[i] != run->subscribers[run->subscriber_n - 1])
            run->subscribers[run->subscriber_n++] = run->subscribers[i];
    return named_each(run->reg, run->subscribers, run->subscriber_n, name_one, run, run->fault);
}

enum err held_find_users(struct held_run *run)
{
    const struct held_ask *ask = run->ask;
    struct history_ask look = {.by_imei = ask->by == HELD_BY_IMEI,
                               .imei = ask->imei,
                               .imsi = ask->imsi,
                               .from = DAYNUM_NONE,
                               .to = DAYNUM_NONE,
                               .inside = true,
                               .progress = ask->progress,
                               .progress_ctx = ask->progress_ctx,
                               .stop = ask->stop};
    enum err err = ERR_OK;
    if (ask->by == HELD_BY_PERSON)
        return ERR_OK;
    if (ask->by == HELD_BY_MSISDN)
        err = imsi_parse(str_z(ask->msisdn + 1), &look.msisdn);
    if (!err)
        err = history_find(run->reg, &look, &run->history, run->fault);
    return err ? err : name_all(run);
}

static json_t *packed_day(uint16_t day)
{
    return held_day(daynum_unpack(day, DAYNUM_NONE));
}

static json_t *pair_json(const struct held_run *run, const struct history_pair *p)
{
    const struct history *h = &run->history;
    size_t who = place_of(run, p->subscriber);
    const struct seen_subscriber nobody = {0}, *s = who == SIZE_MAX ? &nobody : &run->named[who];
    json_t *operators = json_array();
    for (size_t i = 0; i < h->operator_count; i++)
        if (p->by[i])
            json_array_append_new(operators,
                                  json_pack("{s:o, s:i, s:o, s:o}", "operator",
                                            held_name(run, h->operators[i]), "days", (int)p->by[i],
                                            "first", packed_day(p->span[i].first), "last",
                                            packed_day(p->span[i].last)));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "imei", held_imei(p->imei), "imsi",
                     held_digits(s->imsi), "msisdn", held_digits(s->msisdn), "first",
                     packed_day(p->first), "last", packed_day(p->last), "days", (int)p->days,
                     "operators", operators);
}

enum err held_put_networks(struct held_run *run)
{
    bool more = true;
    for (size_t i = 0; more && i < run->history.n; i++)
        more = held_item(run, pair_json(run, &run->history.pairs[i]));
    if (more && run->history.more) /* it is said where somebody would miss it */
        held_item(run, json_pack("{s:b, s:i}", "more", 1, "told", HISTORY_PAIRS));
    return ERR_OK;
}

/* ---- pairs of confirmed clones ---- */

/* The IMSI of a pair's hash, where it is one of those that were found. */
static uint64_t imsi_of(const struct held_run *run, uint64_t hash)
{
    const uint8_t *key = run->reg->keys.subscriber;
    if (run->ask->imsi && answer_subscriber(key, run->ask->imsi) == hash)
        return run->ask->imsi;
    for (size_t i = 0; i < run->subscriber_n; i++)
        if (run->named[i].imsi && answer_subscriber(key, run->named[i].imsi) == hash)
            return run->named[i].imsi;
    return 0;
}

static bool take_pair(void *ctx, const struct pair *pair)
{
    struct held_run *run = ctx;
    bool by_imei = run->ask->by == HELD_BY_IMEI;
    if (by_imei && pair->imei.body != run->ask->imei.body)
        return !held_over(run);
    uint64_t imsi = imsi_of(run, pair->subscriber);
    if (!by_imei && !imsi)
        return !held_over(run);
    return held_item(run, json_pack("{s:o, s:o}", "imei", held_imei(pair->imei.body), "imsi",
                                    held_digits(imsi)));
}

enum err held_put_exceptions(struct held_run *run)
{
    return store_pairs_scan(run->reg->store, take_pair, run, run->fault);
}

/* ---- clones' cases ---- */

static bool names_him(const struct held_run *run, const struct clone_case *c)
{
    for (uint32_t i = 0; i < c->user_count; i++)
        if (place_of(run, c->users[i].subscriber) != SIZE_MAX)
            return true;
    return false;
}

static json_t *users_json(const struct held_run *run, const struct clone_case *c)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->user_count; i++) {
        size_t at = place_of(run, c->users[i].subscriber);
        if (at == SIZE_MAX) /* of another subscriber nothing is said */
            continue;
        json_array_append_new(
            list,
            json_pack("{s:o, s:i, s:o, s:o, s:b}", "imsi", held_digits(run->named[at].imsi), "days",
                      (int)c->users[i].days, "first", held_day(c->users[i].first), "last",
                      held_day(c->users[i].last), "served", (c->served >> i & 1) != 0));
    }
    return list;
}

static bool put_case(void *ctx, const struct clone_case *c)
{
    struct held_run *run = ctx;
    if (run->ask->by != HELD_BY_IMEI && !names_him(run, c))
        return !held_over(run);
    return held_item(run, json_pack("{s:o, s:s, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:s, s:o}",
                                    "imei", held_imei(c->imei.body), "state", clone_at_name(c->at),
                                    "opened", held_day(c->opened), "subscribers", (int)c->imsis,
                                    "days", (int)c->days, "first", held_day(c->first), "last",
                                    held_day(c->last), "decided_by", held_name(run, c->decided_by),
                                    "decided", held_instant(c->decided_ms / 1000), "reason",
                                    c->reason, "users", users_json(run, c)));
}

enum err held_put_clone_cases(struct held_run *run)
{
    if (run->ask->by != HELD_BY_IMEI)
        return run->subscriber_n ? clone_cases_each(run->reg, put_case, run, run->fault) : ERR_OK;
    struct clone_case *c = calloc(1, sizeof *c);
    enum err err = c ? clone_case_get(run->reg, run->ask->imei, c, run->fault) : ERR_MEMORY;
    if (!err)
        put_case(run, c);
    free(c);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- notices ---- */

static bool is_told(const struct held_run *run, uint64_t imei, uint32_t subscriber)
{
    return run->ask->by == HELD_BY_IMEI ? imei == run->ask->imei.body
                                        : place_of(run, subscriber) != SIZE_MAX;
}

static json_t *told_msisdn(const struct held_run *run, uint32_t subscriber)
{
    size_t at = place_of(run, subscriber);
    return at == SIZE_MAX ? json_null() : held_digits(run->named[at].msisdn);
}

static bool take_told(void *ctx, const struct notices_told *t)
{
    struct held_run *run = ctx;
    if (!is_told(run, t->imei.body, t->subscriber))
        return !held_over(run);
    return held_item(run,
                     json_pack("{s:o, s:o, s:s?, s:o, s:o}", "imei", held_imei(t->imei.body),
                               "msisdn", told_msisdn(run, t->subscriber), "step",
                               notice_name((enum notice_step)t->told.step), "last_day",
                               held_day(t->told.last_day), "operator", held_name(run, t->party)));
}

enum err held_put_told(struct held_run *run)
{
    const struct imei *only = run->ask->by == HELD_BY_IMEI ? &run->ask->imei : NULL;
    if (!only && !run->subscriber_n)
        return ERR_OK;
    return notices_told_all(run->reg, only, take_told, run, run->fault);
}

static json_t *notice_json(const struct held_run *run, const struct notices_row *r,
                           const struct notices_standing *standing)
{
    char id[NOTICES_ID_TEXT];
    bool handed = r->number <= standing->handed;
    notices_id(run->reg, standing->party, r->number, id);
    const char *state = r->state != NOTICES_WAITING ? notices_state_name(r->state)
                        : handed                    ? "sent"
                                                    : "waiting";
    return json_pack("{s:s, s:o, s:o, s:o, s:s?, s:s, s:o, s:o, s:s, s:o}", "id", id, "operator",
                     held_name(run, standing->party), "imei", held_imei(r->imei.body), "msisdn",
                     told_msisdn(run, r->subscriber), "step",
                     notice_name((enum notice_step)r->step), "reason", reason_name(r->reason),
                     "last_day", held_day(r->last_day), "made", held_instant(r->made_s), "state",
                     state, "at", held_instant(r->at_s));
}

static enum err notices_of(struct held_run *run, uint64_t operator, struct notices_part * part)
{
    struct notices_standing standing;
    bool found = true;
    enum err err = notices_standing_get(run->reg, operator, & standing, run->fault);
    standing.party = operator;
    for (uint64_t number = 1; !err && found && !held_over(run);) {
        err = notices_part_at(run->reg, operator, number, part, &found, run->fault);
        for (size_t i = 0; !err && found && i < part->n; i++)
            if (is_told(run, part->rows[i].imei.body, part->rows[i].subscriber))
                held_item(run, notice_json(run, &part->rows[i], &standing));
        if (!err && found)
            number = part->first + (part->n ? part->n : 1);
    }
    return err;
}

enum err held_put_notices(struct held_run *run)
{
    if (run->ask->by != HELD_BY_IMEI && !run->subscriber_n)
        return ERR_OK;
    struct notices_part *part = malloc(sizeof *part);
    enum err err = part ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < run->party_n; i++)
        if (run->parties[i].kind == PARTY_OPERATOR)
            err = notices_of(run, run->parties[i].id, part);
    free(part);
    return err;
}
