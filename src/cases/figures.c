/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/figures.h"

#include <string.h>

void figures_begin(const struct office *office, struct figures_count *c)
{
    memset(c, 0, sizeof *c);
    c->out.today = registry_today(office->registry);
    c->next = 1;
}

/* ---- applications ---- */

static void count_officer(struct figures *f, uint64_t party, daynum day)
{
    int32_t ago = f->today - day;
    size_t i = 0;
    if (!party || ago < 0 || ago >= FIGURES_DAYS)
        return;
    while (i < f->officer_count && f->officers[i].party != party)
        i++;
    if (i == FIGURES_OFFICERS)
        return;
    if (i == f->officer_count)
        f->officers[f->officer_count++] = (struct figures_officer){.party = party};
    f->officers[i].approved[FIGURES_DAYS - 1 - ago]++;
}

static void count_case(const struct office *office, struct figures_count *c,
                       const struct application *a)
{
    struct figures *f = &c->out;
    const struct zone *zone = &office->registry->zone;
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    if (a->kind >= FIGURES_KINDS || a->state >= APPLICATION_STATE_COUNT)
        return;
    f->cases[a->kind][a->state]++;
    f->overdue[a->kind] += a->state == APPLICATION_CHECKING && a->due_s < now_s;
    if (a->corrects && a->ground < FIGURES_GROUNDS)
        f->corrections[a->ground][a->state]++;
    if (a->appeal)
        f->appeals[a->state]++;
    if (!a->decided_s || (a->state != APPLICATION_APPROVED && a->state != APPLICATION_REFUSED))
        return;
    int64_t step = hours_between(office->hours, zone, a->filed_s, a->decided_s) / FIGURES_STEP_S;
    c->took[a->kind][step < FIGURES_STEPS ? step : FIGURES_STEPS - 1]++;
    f->decided[a->kind]++;
    if (a->state == APPLICATION_APPROVED)
        count_officer(f, a->decided_by, zone_day(zone, a->decided_s));
}

static void medians(struct figures_count *c)
{
    for (size_t kind = 0; kind < FIGURES_KINDS; kind++) {
        uint64_t half = (c->out.decided[kind] + 1) / 2, seen = 0;
        for (size_t i = 0; half && i < FIGURES_STEPS; i++) {
            seen += c->took[kind][i];
            if (seen < half)
                continue;
            c->out.median_s[kind] = (int64_t)i * FIGURES_STEP_S;
            break;
        }
    }
}

/* ---- marks ---- */

static bool count_mark(void *ctx, const struct listed_mark *m)
{
    struct figures *f = ctx;
    size_t i = 0;
    while (i < f->body_count && f->bodies[i].party != m->setter)
        i++;
    if (i == FIGURES_BODIES || m->kind > MARK_PENITENTIARY)
        return true;
    if (i == f->body_count)
        f->bodies[f->body_count++] = (struct figures_body){.party = m->setter};
    f->bodies[i].marks[m->kind]++;
    return true;
}

enum err figures_step(const struct office *office, struct figures_count *c, size_t most,
                      struct fault *fault)
{
    uint64_t ids[256];
    const size_t room = sizeof ids / sizeof *ids;
    struct registry *reg = office->registry;
    struct record_key all = record_key(RECORD_CASE),
                      after = record_key_of(RECORD_CASE, c->next - 1);
    size_t n = 0, want = most < room ? most : room;
    enum err err = record_numbers(reg, &all, &after, ids, want, &n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        struct application a;
        c->next = ids[i] + 1;
        if (application_get(reg, ids[i], &a, NULL))
            continue; /* a damaged one is told elsewhere */
        count_case(office, c, &a);
        application_release(&a);
    }
    if (err || n == want)
        return err;
    medians(c);
    err = mark_list(reg, 0, 0, count_mark, &c->out, fault);
    c->out.made_s = clock_now_us(reg->clock) / 1000000;
    c->over = !err;
    return err;
}
