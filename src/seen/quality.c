/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/quality.h"

#include <stdlib.h>

const char *quality_finding_name(enum quality_finding finding)
{
    static const char *const names[QUALITY_FINDINGS] = {
#define X(name, text) text,
#include "seen/quality.def"
#undef X
    };
    return names[finding];
}

uint64_t quality_bad(const struct seen_report *r)
{
    uint64_t n = 0;
    for (int i = SEEN_ROW; i <= SEEN_OTHER; i++)
        n += r->of[i];
    return n;
}

uint64_t quality_rows(const struct seen_report *r)
{
    return r->home + r->roaming + r->of[SEEN_UNKNOWN] + quality_bad(r);
}

/* Days before the last that the trend may need: its own, and as many as the newest may be old. */
enum { LOOK_BACK = 2 * QUALITY_LATE_DAYS + QUALITY_EARLY_DAYS };

/* ---- the days ---- */

struct reading {
    struct quality *q;
    daynum first; /* of the days read: the trend looks back further than the report */
    struct quality_day *all;
    size_t n;
};

static bool take(void *ctx, uint16_t day, uint64_t party, const struct seen_report *report)
{
    struct reading *r = ctx;
    size_t at = (size_t)(daynum_unpack(day, DAYNUM_NONE) - r->first);
    if (party == r->q->party && at < r->n)
        r->all[at].report = *report;
    return true;
}

bool quality_missing(const struct quality *q, size_t i)
{
    return !quality_rows(&q->days[i].report) && q->newest != DAYNUM_NONE &&
           q->days[i].day < q->newest;
}

static void sum_up(struct quality *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const struct seen_report *r = &q->days[i].report;
        q->missing += quality_missing(q, i);
        q->all.loads += r->loads;
        q->all.home += r->home;
        q->all.roaming += r->roaming;
        q->all.pairs += r->pairs;
        for (size_t k = 0; k < SEEN_COUNTS; k++)
            q->all.of[k] += r->of[k];
    }
}

/* ---- the trend ---- */

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t share(uint64_t part, uint64_t of)
{
    return of ? part * 10000 / of : 0;
}

enum { LEVELS = 5 };

static void measure(const struct quality_day *days, size_t n, struct quality_level *out)
{
    uint64_t v[LEVELS][QUALITY_EARLY_DAYS];
    size_t came = 0;
    for (size_t i = 0; i < n; i++) {
        const struct seen_report *r = &days[i].report;
        uint64_t rows = quality_rows(r);
        if (!rows)
            continue;
        v[0][came] = rows;
        v[1][came] = r->pairs;
        v[2][came] = r->of[SEEN_PAIRS_NEW];
        v[3][came] = share(quality_bad(r), rows);
        v[4][came++] = share(r->of[SEEN_UNKNOWN], rows);
    }
    *out = (struct quality_level){.days = (uint32_t)came};
    if (!came)
        return;
    for (size_t k = 0; k < LEVELS; k++)
        qsort(v[k], came, sizeof **v, by_number);
    out->rows = v[0][came / 2];
    out->pairs = v[1][came / 2];
    out->pairs_new = v[2][came / 2];
    out->bad_share = v[3][came / 2];
    out->unknown_share = v[4][came / 2];
}

static bool too_many(uint64_t late, uint64_t early, bool known)
{
    return known ? (late > QUALITY_SHARE_MOST && late > early) ||
                       (late >= QUALITY_SHARE_NOTED && late > 2 * early)
                 : late > QUALITY_SHARE_MOST;
}

static void find(struct quality *q, const struct quality_day *late, size_t late_n)
{
    bool known = q->late.days >= QUALITY_LATE_LEAST && q->early.days >= QUALITY_EARLY_LEAST;
    uint32_t found = 0;
    bool gaps = false, held = false;
    for (size_t i = 0; i < late_n; i++) {
        gaps = gaps || (!quality_rows(&late[i].report) && q->early.days);
        held = held || late[i].report.of[SEEN_HELD];
    }
    for (size_t i = 0; i < q->count; i++)
        held = held || q->days[i].report.of[SEEN_HELD];
    found |= q->newest == DAYNUM_NONE ? 1u << QUALITY_NOTHING : 0;
    found |= q->newest != DAYNUM_NONE && q->age_days > QUALITY_OLD_DAYS ? 1u << QUALITY_OLD : 0;
    found |= gaps ? 1u << QUALITY_GAPS : 0;
    found |= held ? 1u << QUALITY_HELD : 0;
    if (known && q->late.rows * 100 < q->early.rows * QUALITY_FEWER_PERCENT)
        found |= 1u << QUALITY_FEWER;
    if (known && q->late.rows * 100 > q->early.rows * QUALITY_MORE_PERCENT)
        found |= 1u << QUALITY_MORE;
    found |= too_many(q->late.bad_share, q->early.bad_share, known) ? 1u << QUALITY_BAD : 0;
    found |=
        too_many(q->late.unknown_share, q->early.unknown_share, known) ? 1u << QUALITY_UNKNOWN : 0;
    found |= !known && q->newest != DAYNUM_NONE ? 1u << QUALITY_LITTLE : 0;
    q->findings = found;
}

static void judge(struct reading *r, daynum today)
{
    struct quality *q = r->q;
    size_t end = r->n;
    while (end && !quality_rows(&r->all[end - 1].report))
        end--;
    q->newest = end ? r->all[end - 1].day : DAYNUM_NONE;
    q->age_days = end ? today - q->newest : 0;
    size_t late = end < QUALITY_LATE_DAYS ? end : QUALITY_LATE_DAYS, left = end - late;
    size_t early = left < QUALITY_EARLY_DAYS ? left : QUALITY_EARLY_DAYS;
    measure(r->all + end - late, late, &q->late);
    measure(r->all + end - late - early, early, &q->early);
    find(q, r->all + end - late, late);
}

/* Days before its first are not missing: the operator had not begun. */
static enum err cut(struct reading *r)
{
    struct quality *q = r->q;
    size_t at = (size_t)(q->from - r->first);
    size_t begun = 0;
    while (begun < r->n && !quality_rows(&r->all[begun].report) &&
           !r->all[begun].report.of[SEEN_HELD])
        begun++;
    if (begun < r->n && begun > at) {
        at = begun;
        q->from = r->all[at].day;
    }
    q->count = r->n - at;
    q->days = malloc((q->count + 1) * sizeof *q->days);
    if (!q->days)
        return ERR_MEMORY;
    memcpy(q->days, r->all + at, q->count * sizeof *q->days);
    return ERR_OK;
}

enum err quality_read(struct registry *reg, uint64_t party, daynum from, daynum to,
                      struct quality *out, struct fault *fault)
{
    struct quality q = {.party = party};
    daynum today = registry_today(reg);
    q.to = to == DAYNUM_NONE ? today : to;
    q.from = from == DAYNUM_NONE ? q.to - QUALITY_DAYS + 1 : from;
    if (q.from > q.to || q.to - q.from >= QUALITY_DAYS_MOST)
        return fault_set(fault, ERR_DATE, "from a day to a later one, %d days at most",
                         QUALITY_DAYS_MOST);
    struct reading r = {.q = &q, .first = q.to - LOOK_BACK};
    r.first = q.from < r.first ? q.from : r.first;
    r.first = r.first < DAYNUM_FIRST ? DAYNUM_FIRST : r.first;
    q.from = q.from < DAYNUM_FIRST ? DAYNUM_FIRST : q.from;
    q.to = q.to < q.from ? q.from : q.to;
    r.n = (size_t)(q.to - r.first) + 1;
    r.all = calloc(r.n, sizeof *r.all);
    enum err err = r.all ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < r.n; i++)
        r.all[i].day = r.first + (daynum)i;
    if (!err)
        err = seen_reports(reg, daynum_pack(r.first), daynum_pack(q.to), take, &r, fault);
    if (!err)
        err = cut(&r);
    if (!err) {
        judge(&r, today);
        sum_up(&q);
        *out = q;
    }
    free(r.all);
    return err;
}

void quality_release(struct quality *q)
{
    free(q->days);
    *q = (struct quality){0};
}

/* ---- whose there are ---- */

struct gathering {
    uint64_t *out;
    size_t most, n;
};

static bool gather(void *ctx, uint16_t day, uint64_t party, const struct seen_report *report)
{
    struct gathering *g = ctx;
    (void)day;
    (void)report;
    for (size_t i = 0; i < g->n; i++)
        if (g->out[i] == party)
            return true;
    if (g->n < g->most)
        g->out[g->n++] = party;
    return true;
}

enum err quality_parties(struct registry *reg, uint64_t *out, size_t most, size_t *out_n,
                         struct fault *fault)
{
    struct gathering g = {.out = out, .most = most};
    enum err err = seen_reports(reg, 0, UINT16_MAX, gather, &g, fault);
    *out_n = g.n;
    return err;
}

/* ---- as JSON ---- */

static json_t *day_text(daynum day)
{
    char text[DAYNUM_TEXT];
    if (day == DAYNUM_NONE)
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}

static json_t *counts_json(const struct seen_report *r)
{
    json_t *bad = json_object();
    for (int i = SEEN_ROW; i <= SEEN_OTHER; i++)
        if (r->of[i])
            json_object_set_new(bad, seen_count_name((enum seen_count)i),
                                json_integer((json_int_t)r->of[i]));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I}", "loads",
                     (json_int_t)r->loads, "rows", (json_int_t)quality_rows(r), "home",
                     (json_int_t)r->home, "roaming", (json_int_t)r->roaming, "unknown",
                     (json_int_t)r->of[SEEN_UNKNOWN], "unknown_malformed",
                     (json_int_t)r->of[SEEN_IMSI], "set_aside", (json_int_t)quality_bad(r),
                     "reasons", bad, "past", (json_int_t)r->of[SEEN_PAST], "held",
                     (json_int_t)r->of[SEEN_HELD], "pairs", (json_int_t)r->pairs, "pairs_new",
                     (json_int_t)r->of[SEEN_PAIRS_NEW], "imeis_new", (json_int_t)r->of[SEEN_FIRST]);
}

static json_t *level_json(const struct quality_level *l)
{
    return json_pack("{s:i, s:I, s:I, s:I, s:f, s:f}", "days", (int)l->days, "rows",
                     (json_int_t)l->rows, "pairs", (json_int_t)l->pairs, "pairs_new",
                     (json_int_t)l->pairs_new, "set_aside_percent", (double)l->bad_share / 100,
                     "unknown_percent", (double)l->unknown_share / 100);
}

json_t *quality_json(const struct quality *q, const char *operator_name)
{
    json_t *days = json_array(), *missing = json_array(), *findings = json_array();
    for (size_t i = 0; i < q->count; i++) {
        if (quality_missing(q, i))
            json_array_append_new(missing, day_text(q->days[i].day));
        if (!quality_rows(&q->days[i].report) && !q->days[i].report.of[SEEN_HELD])
            continue;
        json_t *day = counts_json(&q->days[i].report);
        json_object_set_new(day, "day", day_text(q->days[i].day));
        json_array_append_new(days, day);
    }
    for (int i = 0; i < QUALITY_FINDINGS; i++)
        if (q->findings & 1u << i)
            json_array_append_new(findings,
                                  json_string(quality_finding_name((enum quality_finding)i)));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o}", "operator",
                     operator_name, "from", day_text(q->from), "to", day_text(q->to), "days", days,
                     "missing", missing, "all", counts_json(&q->all), "newest", day_text(q->newest),
                     "age_days", q->newest == DAYNUM_NONE ? json_null() : json_integer(q->age_days),
                     "trend", "last", level_json(&q->late), "before", level_json(&q->early),
                     "findings", findings);
}
