/* SPDX-License-Identifier: Apache-2.0
 *
 * seen_days - the days of a load and what is told of them: compressed before their transaction, and no more of them in one
 * than are written in a tenth of a second, so that a theft order does not wait. A transaction that is done again finds
 * what it began from. */
#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "seen/seen_load.h"

enum {
    DAYS_STEP = 32,      /* days of a transaction, */
    BITS_STEP = 1 << 22, /* unless they have more pairs together */
};

struct writing {
    struct seen *seen;
    const struct seen_write *what;
    uint32_t before;            /* pairs, before this load */
    roaring_bitmap_t *met;      /* of those after them: seen on an earlier day of the load */
    roaring_bitmap_t *met_then; /* the same, before the step */
    roaring_bitmap_t *bits[DAYS_STEP];
    size_t from, n; /* of the step, among the days */
};

static int by_day(const void *a, const void *b)
{
    const struct seen_day *x = a, *y = b;
    return (x->day > y->day) - (x->day < y->day);
}

/* How many pairs of the day this load saw for the first time ever; days come in order. */
static uint64_t first_seen(struct writing *w, const roaring_bitmap_t *bits)
{
    if (w->seen->head.pairs <= w->before)
        return 0;
    roaring_bitmap_t *fresh =
        roaring_bitmap_from_range((uint64_t)w->before + 1, (uint64_t)w->seen->head.pairs + 1, 1);
    if (!fresh)
        return 0;
    roaring_bitmap_and_inplace(fresh, bits);
    uint64_t n = roaring_bitmap_andnot_cardinality(fresh, w->met);
    roaring_bitmap_or_inplace(w->met, fresh);
    roaring_bitmap_free(fresh);
    return n;
}

/* Of the day's rows in this load, whatever their order. */
static uint64_t digest_of(const struct seen_day *day)
{
    return mix64(day->sum ^ mix64(day->home ^ mix64(day->roaming + 1)));
}

static bool taken_before(const struct seen_report *report, uint64_t digest)
{
    for (uint64_t i = 0; i < report->taken_n; i++)
        if (report->taken[i] == digest)
            return true;
    return false;
}

static void remember(struct seen_report *report, uint64_t digest)
{
    if (report->taken_n == SEEN_TAKEN)
        memmove(report->taken, report->taken + 1, --report->taken_n * sizeof *report->taken);
    report->taken[report->taken_n++] = digest;
}

/* What came of the day again changes no count; what was held is in. */
static void count_day(const struct seen_day *day, struct seen_report *report)
{
    report->loads += day->home || day->roaming; /* a day came when a good row did */
    report->home += day->home;
    report->roaming += day->roaming;
    for (size_t i = 0; i < SEEN_COUNTS; i++)
        report->of[i] += day->of[i];
    remember(report, digest_of(day));
}

static enum err write_day(struct writing *w, const struct seen_day *day,
                          const roaring_bitmap_t *bits, struct fault *fault)
{
    struct seen *s = w->seen;
    struct seen_report report;
    uint64_t new = 0;
    const bool bare = roaring_bitmap_is_empty(bits);
    enum err err = seen_day_add(s->reg, s->party, day->day, bits, &new, fault);
    if (!err)
        err = seen_report_get(s->reg, s->party, day->day, &report, fault);
    if (err)
        return err;
    const bool counts = (new || (bare && !report.loads)) && !taken_before(&report, digest_of(day));
    if (!counts && !new && !report.of[SEEN_HELD])
        return ERR_OK;
    report.pairs += new;
    if (counts)
        count_day(day, &report);
    report.of[SEEN_PAIRS_NEW] += new ? first_seen(w, bits) : 0;
    report.of[SEEN_HELD] = 0;
    return seen_report_put(s->reg, s->party, day->day, &report, fault);
}

/* The next days' bits. */
static enum err make_step(struct writing *w, struct fault *fault)
{
    const struct seen *s = w->seen;
    uint64_t pairs = 0;
    while (w->n < DAYS_STEP && w->from + w->n < s->day_count && pairs <= BITS_STEP) {
        roaring_bitmap_t *bits = day_bits_roaring(&s->days[w->from + w->n].bits);
        if (!bits)
            return fault_set(fault, ERR_MEMORY, "no memory for a day");
        w->bits[w->n++] = bits;
        pairs += roaring_bitmap_get_cardinality(bits);
    }
    roaring_bitmap_overwrite(w->met_then, w->met);
    return ERR_OK;
}

static void drop_step(struct writing *w)
{
    for (size_t i = 0; i < w->n; i++)
        roaring_bitmap_free(w->bits[i]);
    w->from += w->n;
    w->n = 0;
}

/* A step; with the last of them what goes with the load. */
static enum err write_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct seen *s = w->seen;
    enum err err = seen_same_head(s, fault);
    roaring_bitmap_overwrite(w->met, w->met_then);
    for (size_t i = 0; !err && i < w->n; i++)
        err = write_day(w, &s->days[w->from + i], w->bits[i], fault);
    if (!err && w->from + w->n == s->day_count && w->what->also)
        err = w->what->also(reg, w->what->ctx, fault);
    return err;
}

enum err seen_write_days(struct seen *s, const struct seen_write *what, uint32_t before,
                         struct fault *fault)
{
    struct writing w = {.seen = s, .what = what, .before = before};
    w.met = roaring_bitmap_create();
    w.met_then = roaring_bitmap_create();
    enum err err =
        w.met && w.met_then ? ERR_OK : fault_set(fault, ERR_MEMORY, "no memory for a day");
    if (s->day_count)
        qsort(s->days, s->day_count, sizeof *s->days, by_day);
    do {
        struct commit_case c = {.also = write_step, .ctx = &w};
        if (!err)
            err = seen_stopped(s, fault);
        if (!err)
            err = make_step(&w, fault);
        if (!err)
            err = commit_one(s->reg, &c, fault);
        drop_step(&w);
    } while (!err && w.from < s->day_count);
    if (w.met)
        roaring_bitmap_free(w.met);
    if (w.met_then)
        roaring_bitmap_free(w.met_then);
    return err;
}
