/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts are read once, before anything is written, and a commit passes over what another has moved earlier
 * meanwhile; so two nodes that saw the same phone do not write it twice. */
#include "app/observe.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commit.h"

enum {
    PATIENCE_MS = 5000
}; /* for a lost database, in the line of writers: the sender comes again */

struct observer {
    char *url, *key; /* key NULL: beside the register */
    const struct clock *clock;
    pthread_mutex_t lock; /* guards what follows: one report at a time */
    struct registry *reader;
    struct registry *writer; /* the committer's alone */
    struct committer *committer;
};

/* ---- what a machine may not start ---- */

bool observe_whitens(const struct registry *reg, const struct facts_row *row,
                     const struct change *activated)
{
    if (activated->activated.day >= reg->rules.amnesty_before)
        return false;
    const struct verdict was =
        policy_judge(row->imei, &row->facts, &reg->rules, registry_today(reg));
    return reason_list(was.reason) != LIST_WHITE && reason_list(was.reason) != LIST_EXEMPT;
}

bool observe_unnoticed(const struct registry *reg, const struct facts_row *row,
                       const struct change *activated)
{
    const daynum through = reg->head.gate.expire_through, today = registry_today(reg);
    struct facts after = row->facts;
    bool changed;
    const struct verdict was =
        policy_judge_gated(row->imei, &row->facts, &reg->rules, today, through);
    if (change_apply(&after, activated, &changed) || reason_list(was.reason) == LIST_BLACK)
        return false;
    const struct verdict v = policy_judge_gated(row->imei, &after, &reg->rules, today, through);
    if (reason_list(v.reason) == LIST_BLACK)
        return true;
    return reason_list(v.reason) == LIST_GREY && v.deadline != DAYNUM_NONE &&
           v.deadline - today <= OBSERVE_NOTICE_DAYS &&
           !(reason_list(was.reason) == LIST_GREY && was.deadline == v.deadline);
}

/* ---- opening ---- */

enum err observer_new(const char *url, const char *key, const struct clock *clock,
                      struct observer **out)
{
    struct observer *o = calloc(1, sizeof *o);
    if (!o)
        return ERR_MEMORY;
    pthread_mutex_init(&o->lock, NULL);
    o->clock = clock;
    o->url = strdup(url);
    o->key = key ? strdup(key) : NULL;
    if (!o->url || (key && !o->key)) {
        observer_free(o);
        return ERR_MEMORY;
    }
    *out = o;
    return ERR_OK;
}

void observer_free(struct observer *o)
{
    if (!o)
        return;
    committer_free(o->committer);
    registry_close(o->writer);
    registry_close(o->reader);
    pthread_mutex_destroy(&o->lock);
    free(o->url);
    free(o->key);
    free(o);
}

static enum err open_registers(struct observer *o, struct fault *fault)
{
    struct registry_options options = {.url = o->url, .key = o->key, .clock = o->clock};
    enum err err = ERR_OK;
    if (!o->reader) {
        err = registry_open(&options, &o->reader, fault);
        if (!err)
            store_patience(o->reader->store, PATIENCE_MS);
    }
    options.write = true;
    if (!err && !o->writer) {
        err = registry_open(&options, &o->writer, fault);
        if (!err)
            store_patience(o->writer->store, PATIENCE_MS);
    }
    if (!err && !o->committer)
        err = committer_new(o->writer, &o->committer);
    return err;
}

/* ---- a report ---- */

/* A sighting whose facts are looked at, by IMEI and the time within it. */
struct seen {
    struct sighting *of;
    daynum day; /* of the register's zone */
};

struct report {
    struct observer *o;
    struct seen *seen;
    size_t n;
    struct facts_row *rows; /* one an IMEI */
    struct change *changes;
    struct entry entry;
    char operator_name[LIMIT_NAME + 1];
};

static int by_imei_and_time(const void *a, const void *b)
{
    const struct sighting *x = ((const struct seen *)a)->of, *y = ((const struct seen *)b)->of;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->at_s < y->at_s ? -1 : x->at_s > y->at_s;
}

/* Those that a report may tell of, in order; the earliest of an IMEI alone, the others are known by it. */
static void sort_out(struct report *r, struct sighting *all, size_t n)
{
    const struct registry *reg = r->o->reader;
    const int64_t now_s = clock_now_us(reg->clock) / 1000000;
    const daynum today = zone_day(&reg->zone, now_s);
    for (size_t i = 0; i < n; i++) {
        struct sighting *s = &all[i];
        s->is = s->at_s > now_s + OBSERVE_AHEAD_S                        ? OBSERVED_AHEAD
                : s->at_s < now_s - LIMIT_SIGHTING_DAYS * INT64_C(86400) ? OBSERVED_LATE
                                                                         : OBSERVED_KNOWN;
        if (s->is != OBSERVED_KNOWN)
            continue;
        daynum day = zone_day(&reg->zone, s->at_s);
        r->seen[r->n++] = (struct seen){s, day < today ? day : today};
    }
    qsort(r->seen, r->n, sizeof *r->seen, by_imei_and_time);
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!kept || r->seen[kept - 1].of->imei.body != r->seen[i].of->imei.body)
            r->seen[kept++] = r->seen[i];
    r->n = kept;
}

/* Which of them say something new; their changes. */
static enum err compare(struct report *r, size_t *out_changes, struct fault *fault)
{
    struct registry *reg = r->o->reader;
    const daynum today = registry_today(reg);
    size_t changes = 0;
    for (size_t i = 0; i < r->n; i++)
        r->rows[i].imei = r->seen[i].of->imei;
    enum err err = store_facts_get(reg->store, r->rows, r->n, fault);
    for (size_t i = 0; !err && i < r->n; i++) {
        struct sighting *s = r->seen[i].of;
        const daynum had = r->rows[i].facts.activation;
        if (had != DAYNUM_NONE && had <= r->seen[i].day)
            continue;
        const struct change change = {.imei = s->imei,
                                      .kind = CHANGE_ACTIVATED,
                                      .activated = {.day = r->seen[i].day, .known = today}};
        s->is = observe_whitens(reg, &r->rows[i], &change)     ? OBSERVED_WHITENS
                : observe_unnoticed(reg, &r->rows[i], &change) ? OBSERVED_UNNOTICED
                                                               : OBSERVED_TAKEN;
        if (s->is == OBSERVED_TAKEN)
            r->changes[changes++] = change;
    }
    *out_changes = changes;
    return err;
}

/* Another wrote an activation as early since the facts were read. */
static bool is_known(const struct commit_case *c, const struct facts *facts,
                     const struct change *change)
{
    (void)c;
    return facts->activation != DAYNUM_NONE && facts->activation <= change->activated.day;
}

struct naming {
    uint32_t id;
    char name[LIMIT_NAME + 1];
};

static bool look_for_key(void *ctx, const struct api_key *key)
{
    struct naming *naming = ctx;
    if (key->id == naming->id)
        memcpy(naming->name, key->name, sizeof naming->name);
    return key->id != naming->id;
}

/* Whose node it is: the party of its entries, by the name of its key. */
static enum err name_operator(struct report *r, uint32_t key, struct fault *fault)
{
    struct naming naming = {.id = key};
    struct str node;
    enum err err = store_api_keys(r->o->reader->store, look_for_key, &naming, fault);
    if (err)
        return err;
    struct str name = str_trim(str_split(str_z(naming.name), '/', &node));
    if (!name.n)
        name = str_z(naming.name);
    str_copy(r->operator_name, sizeof r->operator_name, name);
    r->entry = (struct entry){.event = EVENT_OBSERVED, .effective = DAYNUM_NONE};
    r->entry.party = registry_party_id(r->o->reader, PARTY_OPERATOR, name);
    r->entry.document_n = (uint8_t)snprintf(r->entry.document, sizeof r->entry.document,
                                            "api key %08x", (unsigned)key);
    return ERR_OK;
}

/* In the transaction: an operator's name is public, and stands in the register with what he reported. */
static enum err put_operator(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const char *name = c->ctx;
    uint64_t id;
    return registry_party(reg, PARTY_OPERATOR, str_z(name), &id, fault);
}

static enum err write_down(struct report *r, size_t n)
{
    enum err err = ERR_OK;
    for (size_t at = 0; !err && at < n; at += LIMIT_COMMIT_ROWS) {
        struct commit_case c = {.entry = r->entry,
                                .changes = r->changes + at,
                                .count = n - at < LIMIT_COMMIT_ROWS ? n - at : LIMIT_COMMIT_ROWS,
                                .lenient = true,
                                .skip = is_known,
                                .also = put_operator,
                                .ctx = r->operator_name};
        err = committer_submit(r->o->committer, &c);
    }
    return err;
}

static enum err take(struct report *r, uint32_t key, struct sighting *all, size_t n,
                     struct fault *fault)
{
    size_t changes = 0;
    enum err err = open_registers(r->o, fault);
    if (!err)
        err = registry_refresh(r->o->reader, fault);
    if (err)
        return err;
    sort_out(r, all, n);
    err = compare(r, &changes, fault);
    if (!err && changes)
        err = name_operator(r, key, fault);
    return err ? err : write_down(r, changes);
}

enum err observe(struct observer *o, uint32_t key, struct sighting *all, size_t n,
                 struct fault *fault)
{
    struct report r = {.o = o};
    r.seen = calloc(n + 1, sizeof *r.seen);
    r.rows = calloc(n + 1, sizeof *r.rows);
    r.changes = calloc(n + 1, sizeof *r.changes);
    enum err err = ERR_MEMORY;
    if (r.seen && r.rows && r.changes) {
        pthread_mutex_lock(&o->lock);
        err = take(&r, key, all, n, fault);
        pthread_mutex_unlock(&o->lock);
    }
    free(r.seen);
    free(r.rows);
    free(r.changes);
    return err;
}
