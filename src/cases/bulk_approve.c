/* SPDX-License-Identifier: Apache-2.0
 *
 * Approvals of an application by file. The facts are looked at once more: what moved since the file was checked
 * leaves its device out, all its IMEIs together. The others become one batch of the register. Approvals carry the
 * second of the decision, so what is revoked, or verified for somebody else, while they are entered stands
 * after them whatever comes first (domain.md 3 rule 5). */
#include <stdlib.h>

#include "app/batch.h"
#include "cases/bulk_enter.h"

/* ---- what is known by now ---- */

struct known {
    uint64_t body;
    uint8_t found;
};

struct looking {
    struct entering *e;
    struct known *list; /* ascending */
    size_t n, size;
    uint64_t *held; /* IMEIs with an open hold, ascending */
    size_t held_n, held_size;
    size_t entered; /* IMEIs that have this very approval already */
};

static bool is_entered(const struct application *a, const struct facts *f)
{
    const struct approval *by = a->kind == APPROVAL_BEFORE_DUTY ? &f->before_duty : &f->verified;
    int64_t at = a->kind == APPROVAL_BEFORE_DUTY ? f->before_duty_at : f->verified_at;
    return at == a->decided_s && by->application == a->id && by->party == a->applicant;
}

static enum err look(void *ctx, const struct facts_row *row)
{
    struct looking *l = ctx;
    const struct application *a = &l->e->before;
    enum bulk_found found = bulk_judge(&row->facts, a->applicant, a->kind);
    l->entered += is_entered(a, &row->facts);
    if (row->facts.hold_until == DAYNUM_OPEN) {
        if (l->held_n == l->held_size) {
            size_t size = l->held_size ? 2 * l->held_size : 1024;
            uint64_t *list = realloc(l->held, size * sizeof *list);
            if (!list)
                return ERR_MEMORY;
            l->held = list;
            l->held_size = size;
        }
        l->held[l->held_n++] = row->imei.body;
    }
    if (!bulk_found_bad(found))
        return ERR_OK;
    if (l->n == l->size) {
        size_t size = l->size ? 2 * l->size : 256;
        struct known *list = realloc(l->list, size * sizeof *list);
        if (!list)
            return ERR_MEMORY;
        l->list = list;
        l->size = size;
    }
    l->list[l->n++] = (struct known){row->imei.body, (uint8_t)found};
    return ERR_OK;
}

static int by_body(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = ((const struct known *)b)->body;
    return x < y ? -1 : x > y;
}

static uint8_t known_of(const struct looking *l, uint64_t body)
{
    const struct known *k = l->n ? bsearch(&body, l->list, l->n, sizeof *l->list, by_body) : NULL;
    return k ? k->found : BULK_NOTHING;
}

/* ---- the devices, part by part ---- */

/* An IMEI that is approved, and the group that links the IMEIs of its device; 0 = it has one alone. */
struct entry_imei {
    uint64_t body;
    uint64_t group;
};

struct gathering {
    struct entry_imei *list;
    size_t n;
    uint64_t left_out;
    bool groups;
};

static void gather_device(struct gathering *g, const struct bulk_device *d)
{
    uint64_t least = UINT64_MAX;
    g->left_out += d->found != BULK_NOTHING;
    for (unsigned k = 0; k < d->count; k++)
        least = d->imeis[k] < least ? d->imeis[k] : least;
    for (unsigned k = 0; !d->found && k < d->count; k++)
        g->list[g->n++] = (struct entry_imei){d->imeis[k], d->count > 1 ? least + 1 : 0};
    g->groups |= d->count > 1;
}

struct part {
    struct record_key key;
    struct buf plain;
    const struct application *before;
};

static enum err still(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct part *part = c->ctx;
    struct application now;
    enum err err = application_get(reg, part->before->id, &now, fault);
    if (err)
        return err;
    bool same = now.version == part->before->version;
    application_release(&now);
    return same ? ERR_OK : ERR_STALE;
}

static enum err put_part(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct part *part = c->ctx;
    return bulk_part_put(reg, &part->key, (struct str){(const char *)part->plain.p, part->plain.n},
                         fault);
}

enum err enter_write_part(const struct entering *e, uint32_t number, const struct bulk_device *list,
                          size_t n)
{
    uint32_t line = 0;
    struct part part = {.key = bulk_part_key(RECORD_BULK_DEVICES, e->upload.id, number),
                        .before = &e->before};
    for (size_t i = 0; i < n; i++)
        bulk_device_encode(&part.plain, &list[i], &line);
    struct commit_case c = {.ask = still, .also = put_part, .ctx = &part};
    enum err err = part.plain.failed ? ERR_MEMORY : committer_submit(e->office->committer, &c);
    buf_release(&part.plain);
    return err;
}

static enum err gather_part(struct entering *e, const struct looking *l, uint32_t number,
                            struct gathering *g, struct fault *fault)
{
    struct bulk_device *list = NULL;
    size_t n = 0;
    bool moved = false;
    enum err err = bulk_devices(e->office->registry, e->upload.id, number, &list, &n, fault);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        struct bulk_device *d = &list[i];
        for (unsigned k = 0; l->n && !d->found && k < d->count; k++) {
            d->found = known_of(l, d->imeis[k]);
            moved |= d->found != BULK_NOTHING;
        }
        gather_device(g, d);
    }
    if (moved)
        err = enter_write_part(e, number, list, n);
    free(list);
    return err;
}

static int by_entry(const void *a, const void *b)
{
    uint64_t x = ((const struct entry_imei *)a)->body, y = ((const struct entry_imei *)b)->body;
    return x < y ? -1 : x > y;
}

/* ---- the batch ---- */

/* Changes in the order of a batch: of each IMEI its approval, the end of its hold, its group. */
struct source {
    const struct gathering *g;
    const struct looking *l;
    struct change approval;
    size_t at, held_at;
    unsigned step;
};

static bool next(void *ctx, struct change *out)
{
    struct source *s = ctx;
    while (s->at < s->g->n) {
        const struct entry_imei *e = &s->g->list[s->at];
        struct imei imei = {e->body};
        switch (s->step++) {
        case 0:
            *out = s->approval;
            out->imei = imei;
            return true;
        case 1:
            while (s->held_at < s->l->held_n && s->l->held[s->held_at] < e->body)
                s->held_at++;
            if (s->held_at == s->l->held_n || s->l->held[s->held_at] != e->body)
                continue;
            *out = (struct change){.imei = imei, .kind = CHANGE_HOLD, .until = DAYNUM_NONE};
            return true;
        default:
            s->at++;
            s->step = 0;
            if (!e->group)
                continue;
            *out = (struct change){.imei = imei, .kind = CHANGE_GROUP, .group = e->group};
            return true;
        }
    }
    return false;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
    struct bulk_progress *p = ctx;
    atomic_store(&p->done, 300 + 700 * done / (total ? total : 1));
}

static enum err run_batch(struct entering *e, const struct gathering *g, const struct looking *l,
                          struct fault *fault)
{
    const struct application *a = &e->before;
    struct registry *reg = e->office->registry;
    uint64_t actor = reg->actor;
    struct batch_result result;
    char number[APPLICATION_NUMBER_TEXT], label[BATCH_LABEL_MAX];
    application_number(a, number);
    snprintf(label, sizeof label, "application %s", number);
    struct source source = {
        .g = g,
        .l = l,
        .approval = {
            .kind = a->kind == APPROVAL_BEFORE_DUTY ? CHANGE_BEFORE_DUTY : CHANGE_VERIFIED,
            .approval = {.at = a->decided_s,
                         .by = {.party = a->applicant, .application = a->id, .kind = a->kind}}}};
    struct batch_plan plan = {
        .entry = {.event = EVENT_VERIFIED, .ground = a->kind, .party = a->applicant},
        .label = label,
        .source = {next, &source, g->groups || l->held_n ? NULL : &source.approval},
        .progress = progress,
        .progress_ctx = e->progress};
    plan.entry.document_n = (uint8_t)strlen(number);
    memcpy(plan.entry.document, number, plan.entry.document_n);
    reg->actor = a->decided_by;
    enum err err = batch_run(reg, &plan, &result, fault);
    reg->actor = actor;
    return err;
}

enum err enter_approvals(struct entering *e, uint64_t *out_left, struct fault *fault)
{
    struct looking l = {.e = e};
    struct gathering g = {0};
    enum err err = enter_each(e, look, &l, fault);
    if (!err)
        g.list = malloc((e->imei_count + 1) * sizeof *g.list);
    if (!err && !g.list)
        err = ERR_MEMORY;
    for (uint32_t part = 0; !err && part < e->upload.device_parts; part++)
        err = gather_part(e, &l, part, &g, fault);
    if (!err && g.n)
        qsort(g.list, g.n, sizeof *g.list, by_entry);
    if (!err && g.n && (l.entered < g.n || l.held_n))
        err = run_batch(e, &g, &l, fault);
    *out_left = g.left_out;
    free(g.list);
    free(l.list);
    free(l.held);
    return err;
}
