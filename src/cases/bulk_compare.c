/* SPDX-License-Identifier: Apache-2.0
 *
 * The devices of a file against each other, against the register's facts and against open applications. Each is
 * one pass over IMEIs in their order; what was found is few, so it is kept as a list and looked up by the
 * devices in a last pass. */
#include <stdlib.h>

#include "bulk/radix.h"
#include "cases/bulk_check.h"

enum { LOOK_AT = 4096 };

/* IMEIs about which something was found, ascending. */
struct remark {
    uint64_t body;
    uint8_t found;
    bool seen; /* of a twin: its first device has passed */
};

struct remarks {
    struct remark *p;
    size_t n, size;
};

static enum err remark(struct remarks *r, uint64_t body, enum bulk_found found)
{
    if (r->n == r->size) {
        size_t size = r->size ? 2 * r->size : 256;
        struct remark *p = realloc(r->p, size * sizeof *p);
        if (!p)
            return ERR_MEMORY;
        r->p = p;
        r->size = size;
    }
    r->p[r->n++] = (struct remark){.body = body, .found = (uint8_t)found};
    return ERR_OK;
}

static struct remark *find(const struct remarks *r, uint64_t body)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->p[mid].body < body)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->n && r->p[low].body == body ? &r->p[low] : NULL;
}

static enum err leave_out(struct bulk_checking *c, struct bulk_device *d, unsigned which,
                          enum bulk_found found)
{
    char text[IMEI_TEXT15];
    imei_format15((struct imei){d->imeis[which]}, text);
    if (bulk_found_bad(found))
        d->found = (uint8_t)found;
    return bulk_note(c, d->line, which + 1, found, str_z(text));
}

/* ---- twins ---- */

static enum err find_twins(struct bulk_checking *c, struct remarks *twins)
{
    enum err err = ERR_OK;
    for (size_t i = 1; !err && i < c->imei_count; i++)
        if (c->imeis[i] == c->imeis[i - 1] && !(i > 1 && c->imeis[i] == c->imeis[i - 2]))
            err = remark(twins, c->imeis[i], BULK_DUPLICATE_IN_FILE);
    return err;
}

/* The first device with an IMEI keeps it. One that is left out for another of its IMEIs keeps none. */
static enum err part_twins(struct bulk_checking *c, struct remarks *twins)
{
    enum err err = ERR_OK;
    for (size_t i = 0; twins->n && !err && i < c->count; i++) {
        struct bulk_device *d = &c->devices[i];
        bool alone = true;
        for (unsigned k = 0; !err && alone && k < d->count; k++) {
            const struct remark *twin = find(twins, d->imeis[k]);
            for (unsigned j = 0; j < k; j++)
                alone &= d->imeis[j] != d->imeis[k];
            alone &= !twin || !twin->seen;
            if (!alone)
                err = leave_out(c, d, k, BULK_DUPLICATE_IN_FILE);
        }
        for (unsigned k = 0; alone && k < d->count; k++) {
            struct remark *twin = find(twins, d->imeis[k]);
            if (twin)
                twin->seen = true;
        }
    }
    return err;
}

/* ---- the register ---- */

enum bulk_found bulk_judge(const struct facts *f, uint64_t applicant, uint8_t kind)
{
    bool proof = kind == APPROVAL_BEFORE_DUTY;
    if (f->flags & FACTS_GSMA)
        return BULK_GSMA_LISTED;
    if (f->mark_count)
        return BULK_MARKED;
    if (f->flags & (FACTS_CLONE | FACTS_CLONE_SUSPECTED))
        return BULK_CLONE;
    if (f->revoked_at != INSTANT_NONE || f->replaced_at != INSTANT_NONE)
        return BULK_REVOKED;
    if ((f->verified_at != INSTANT_NONE && f->verified.party != applicant) ||
        (f->before_duty_at != INSTANT_NONE && f->before_duty.party != applicant))
        return BULK_VERIFIED_OTHER;
    bool mine = proof ? f->before_duty_at != INSTANT_NONE : f->verified_at != INSTANT_NONE;
    return mine ? BULK_VERIFIED_ALREADY : BULK_NOTHING;
}

static enum err look_at(struct bulk_checking *c, const uint64_t *bodies, size_t n,
                        struct facts_row *rows, struct remarks *out, struct fault *fault)
{
    for (size_t i = 0; i < n; i++)
        rows[i].imei.body = bodies[i];
    enum err err = store_facts_get(c->office->registry->store, rows, n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        enum bulk_found found = bulk_judge(&rows[i].facts, c->upload.applicant, 0);
        if (found)
            err = remark(out, bodies[i], found);
    }
    return err;
}

static enum err find_facts(struct bulk_checking *c, struct remarks *out, struct fault *fault)
{
    struct facts_row *rows = malloc(LOOK_AT * sizeof *rows);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < c->imei_count; at += LOOK_AT) {
        size_t n = c->imei_count - at < LOOK_AT ? c->imei_count - at : LOOK_AT;
        err = look_at(c, c->imeis + at, n, rows, out, fault);
        atomic_store(&c->progress->done, 500 + 400 * at / c->imei_count);
        if (!err && atomic_load(&c->progress->stop))
            err = ERR_STOPPED;
    }
    free(rows);
    return err;
}

/* ---- open applications ---- */

struct meeting {
    struct bulk_checking *c;
    struct remarks *out;
    size_t at; /* in c->imeis */
    uint64_t before;
    enum err err;
};

/* Each application comes in the order of its IMEIs: a step back means that another begins. */
static bool meet(void *ctx, uint64_t application, uint64_t body)
{
    struct meeting *m = ctx;
    const struct bulk_checking *c = m->c;
    if (application == c->upload.application)
        return true;
    if (body < m->before)
        m->at = 0;
    m->before = body;
    while (m->at < c->imei_count && c->imeis[m->at] < body)
        m->at++;
    if (m->at < c->imei_count && c->imeis[m->at] == body)
        m->err = remark(m->out, body, BULK_OPEN_ELSEWHERE);
    return !m->err;
}

static enum err find_open(struct bulk_checking *c, struct remarks *out, struct fault *fault)
{
    struct meeting m = {.c = c, .out = out};
    if (!c->imei_count)
        return ERR_OK;
    enum err err = bulk_open_each(c->office->registry, c->imeis[0], c->imeis[c->imei_count - 1],
                                  meet, &m, fault);
    return err ? err : m.err;
}

static int by_body(const void *a, const void *b)
{
    const struct remark *x = a, *y = b;
    if (x->body != y->body)
        return x->body < y->body ? -1 : 1;
    return (int)x->found - (int)y->found; /* what is BAD before what is told only */
}

/* Of several remarks about one IMEI the first counts. */
static void sort_remarks(struct remarks *r)
{
    size_t kept = 0;
    if (r->n)
        qsort(r->p, r->n, sizeof *r->p, by_body);
    for (size_t i = 0; i < r->n; i++)
        if (!kept || r->p[kept - 1].body != r->p[i].body)
            r->p[kept++] = r->p[i];
    r->n = kept;
}

static enum err tell_devices(struct bulk_checking *c, const struct remarks *r)
{
    enum err err = ERR_OK;
    for (size_t i = 0; r->n && !err && i < c->count; i++) {
        struct bulk_device *d = &c->devices[i];
        for (unsigned k = 0; !err && !d->found && k < d->count; k++) {
            const struct remark *found = find(r, d->imeis[k]);
            if (found)
                err = leave_out(c, d, k, found->found);
        }
    }
    return err;
}

/* The IMEIs of the devices that are good so far, ascending. */
static enum err gather(struct bulk_checking *c, bool once)
{
    size_t n = 0;
    if (!c->imeis)
        c->imeis = malloc((c->count * LIMIT_DEVICE_IMEIS + 1) * sizeof *c->imeis);
    if (!c->imeis)
        return ERR_MEMORY;
    for (size_t i = 0; i < c->count; i++)
        for (unsigned k = 0; !c->devices[i].found && k < c->devices[i].count; k++)
            c->imeis[n++] = c->devices[i].imeis[k];
    radix_sort(c->imeis, n);
    c->imei_count = once ? radix_unique(c->imeis, n) : n;
    return ERR_OK;
}

enum err bulk_compare(struct bulk_checking *c, struct fault *fault)
{
    struct remarks twins = {0}, known = {0};
    enum err err = gather(c, false);
    if (!err)
        err = find_twins(c, &twins);
    if (!err)
        err = part_twins(c, &twins);
    if (!err)
        err = gather(c, true);
    if (!err)
        err = find_facts(c, &known, fault);
    if (!err)
        err = find_open(c, &known, fault);
    sort_remarks(&known);
    if (!err)
        err = tell_devices(c, &known);
    if (!err)
        err = gather(c, true);
    free(twins.p);
    free(known.p);
    return err;
}
