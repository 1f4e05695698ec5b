/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole look reads the facts of all phones with a term, a quick one only where the days say that a step has come. All
 * that is owed is judged by the one judge. */
#include "seen/notices_due.h"

#include <stdlib.h>

#include "seen/notices_look.h"
#include "seen/notices_owner.h"

enum {
    CLAIM = INT32_MAX -
            1,   /* among the numbers of batches, which no batch reaches; seen.c has the next */
    ROWS = 1024, /* facts read at a time */
    WHOLE_MINUTES = 30, /* of a day's hours, in which all facts are read */
};

struct maybe {
    uint64_t imei;
    uint32_t subscriber, network;
    struct notice_told told;
};

struct making {
    struct registry *reg;
    const struct notices_options *options;
    struct notices_settings settings;
    struct notices_channels channels;
    struct notice_time now;
    struct look look;
    struct owed *owed;
    size_t n, size;
    struct maybe *maybe; /* whose facts are to be read */
    size_t maybe_n, maybe_size;
    struct facts_row *rows;
};

static void *room_for(void *p, size_t n, size_t *size, size_t each)
{
    if (n < *size)
        return p;
    size_t more = *size ? 2 * *size : ROWS;
    void *bigger = realloc(p, more * each);
    if (bigger)
        *size = more;
    return bigger;
}

/* ---- whether anything is due ---- */

static enum err judge_one(struct making *m, const struct facts_row *row, const struct maybe *maybe)
{
    const struct verdict v = policy_judge_gated(row->imei, &row->facts, &m->reg->rules, m->now.day,
                                                m->reg->head.gate.expire_through);
    const enum notice_step step = notice_due(&v, &maybe->told, &m->now);
    if (!step)
        return ERR_OK;
    struct owed *all = room_for(m->owed, m->n, &m->size, sizeof *all);
    if (!all)
        return ERR_MEMORY;
    m->owed = all;
    m->owed[m->n++] = (struct owed){.imei = row->imei,
                                    .subscriber = maybe->subscriber,
                                    .network = maybe->network,
                                    .verdict = v,
                                    .step = (uint8_t)step};
    return ERR_OK;
}

/* Those that are kept, ascending by IMEI. */
static enum err judge_kept(struct making *m, struct fault *fault)
{
    size_t n = 0;
    for (size_t i = 0; i < m->maybe_n; i++)
        if (!n || m->rows[n - 1].imei.body != m->maybe[i].imei)
            m->rows[n++] = (struct facts_row){.imei = {m->maybe[i].imei}};
    enum err err = n ? store_facts_get(m->reg->store, m->rows, n, fault) : ERR_OK;
    for (size_t i = 0, row = 0; !err && i < m->maybe_n; i++) {
        row += m->rows[row].imei.body != m->maybe[i].imei;
        err = judge_one(m, &m->rows[row], &m->maybe[i]);
    }
    m->maybe_n = 0;
    return err;
}

/* Can something be due, by what the days tell? grey NULL: it has no term. */
static bool may_be_due(const struct making *m, const struct look_grey *grey,
                       const struct notice_told *told)
{
    const bool quick = m->options->quick && m->now.minute >= m->now.from + WHOLE_MINUTES;
    if (!quick && (grey || told->step))
        return true;
    if (!grey || grey->last_day < m->now.day)
        return grey || told->step != NOTICE_NONE;
    const struct verdict v = {.reason = REASON_UNVERIFIED, .deadline = grey->last_day};
    return told->last_day != grey->last_day || notice_due(&v, told, &m->now) != NOTICE_NONE;
}

static enum err keep(struct making *m, const struct look_user *user, const struct notice_told *told)
{
    struct maybe *all = room_for(m->maybe, m->maybe_n, &m->maybe_size, sizeof *all);
    if (!all)
        return ERR_MEMORY;
    m->maybe = all;
    m->maybe[m->maybe_n++] = (struct maybe){user->imei, user->subscriber, user->network, *told};
    return ERR_OK;
}

/* All users, in order, beside the two other lists in theirs. */
static enum err find_owed(struct making *m, struct fault *fault)
{
    const struct look_user *users = m->look.users.p;
    const struct look_grey *grey = m->look.grey.p;
    const struct look_told *told = m->look.told.p;
    size_t g = 0, t = 0, imeis = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < m->look.users.n; i++) {
        const struct look_user *u = &users[i];
        while (g < m->look.grey.n && grey[g].imei < u->imei)
            g++;
        while (t < m->look.told.n &&
               (told[t].imei < u->imei ||
                (told[t].imei == u->imei && told[t].subscriber < u->subscriber)))
            t++;
        const bool has = g < m->look.grey.n && grey[g].imei == u->imei;
        const bool said =
            t < m->look.told.n && told[t].imei == u->imei && told[t].subscriber == u->subscriber;
        const struct notice_told was =
            said ? (struct notice_told){told[t].step, told[t].last_day} : (struct notice_told){0};
        if (!may_be_due(m, has ? &grey[g] : NULL, &was))
            continue;
        const bool another = !m->maybe_n || m->maybe[m->maybe_n - 1].imei != u->imei;
        if (another && imeis == ROWS) {
            err = judge_kept(m, fault);
            imeis = 0;
        }
        imeis += another;
        if (!err)
            err = keep(m, u, &was);
    }
    return err ? err : judge_kept(m, fault);
}

/* ---- whose he is ---- */

static int by_phone(const void *a, const void *b)
{
    const struct owed *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return (x->subscriber > y->subscriber) - (x->subscriber < y->subscriber);
}

static int by_party(const void *a, const void *b)
{
    const struct owed *x = a, *y = b;
    if (x->party != y->party)
        return x->party < y->party ? -1 : 1;
    return by_phone(a, b);
}

/* Different IMEIs of which somebody can be told; an IMEI may have users of several operators. */
static uint64_t count_imeis(struct making *m)
{
    uint64_t n = 0, imei = UINT64_MAX;
    if (m->n)
        qsort(m->owed, m->n, sizeof *m->owed, by_phone);
    for (size_t i = 0; i < m->n; i++)
        if (m->owed[i].party && m->owed[i].imei.body != imei) {
            imei = m->owed[i].imei.body;
            n++;
        }
    return n;
}

/* Those of nobody come first: their party is 0. */
static enum err find_owners(struct making *m, uint64_t *out_imeis, struct fault *fault)
{
    enum err err = owners_find(m->reg, &m->channels, &m->look.last, m->owed, m->n, fault);
    if (!err)
        *out_imeis = count_imeis(m);
    if (!err && m->n)
        qsort(m->owed, m->n, sizeof *m->owed, by_party);
    return err;
}

/* ---- the whole ---- */

static void count(const struct making *m, struct notices_result *out)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->owed[i].party)
            out->by_step[m->owed[i].step]++;
        else
            out->unreachable++;
}

static enum err make(struct making *m, struct notices_result *out, struct fault *fault)
{
    m->rows = calloc(ROWS, sizeof *m->rows);
    enum err err =
        m->rows ? look_at(m->reg, &m->settings, m->now.day, &m->look, fault) : ERR_MEMORY;
    if (!err)
        err = find_owed(m, fault);
    if (!err)
        err = find_owners(m, &out->imeis, fault);
    if (err)
        return err;
    count(m, out);
    const size_t nobody = (size_t)out->unreachable;
    if (!m->options->dry_run && m->n)
        return owed_write(m->reg, m->owed + nobody, m->n - nobody, m->options, &out->made, fault);
    out->made = m->n - nobody;
    return ERR_OK;
}

/* Local time, also where the clock is put forward and back. */
static struct notice_time time_of(const struct registry *reg, const struct notices_settings *s)
{
    const int64_t now_s = clock_now_us(reg->clock) / 1000000;
    const int64_t local = now_s + zone_offset(&reg->zone, now_s);
    return (struct notice_time){.day = zone_day(&reg->zone, now_s),
                                .minute = (int)(local % 86400 / 60),
                                .from = s->from,
                                .to = s->to};
}

static enum err prepare(struct making *m, struct notices_result *out, struct fault *fault)
{
    enum err err = notices_settings_get(m->reg, &m->settings, fault);
    if (!err)
        err = notices_channels_get(m->reg, &m->channels, fault);
    if (err)
        return err;
    m->now = time_of(m->reg, &m->settings);
    if (m->options->dry_run && m->options->at_any_hour)
        m->now.to = 24 * 60, m->now.from = 0;
    out->channels = m->channels.n;
    out->quiet = m->now.minute < m->now.from || m->now.minute >= m->now.to;
    return ERR_OK;
}

enum err notices_make(struct registry *reg, const struct notices_options *options,
                      struct notices_result *out, struct fault *fault)
{
    struct making *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_MEMORY;
    *out = (struct notices_result){0};
    m->reg = reg;
    m->options = options;
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = prepare(m, out, fault);
    const bool looks = !err && !out->quiet && out->channels;
    const bool claims = looks && !options->dry_run;
    if (claims)
        err = store_batch_claim(reg->store, CLAIM, fault);
    if (!err && looks) {
        err = make(m, out, fault);
        if (claims)
            store_batch_release(reg->store, CLAIM);
    }
    look_release(&m->look);
    free(m->owed);
    free(m->maybe);
    free(m->rows);
    free(m);
    return err;
}
