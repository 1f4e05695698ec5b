/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the file gathers (IMEI, day) of home sightings as numbers; sorted, the first of an
 * IMEI is its earliest day. One pass over the facts then tells which activations are new or
 * earlier, and what the judge would say, before anything is written. */
#include "bulk/feed.h"

#include <stdlib.h>

#include "app/changes.h"
#include "app/observe.h"
#include "bulk/findings.h"
#include "bulk/imeis.h"
#include "bulk/radix.h"

enum column { COL_DATE, COL_IMEI, COL_IMSI, COL_MSISDN, COL_RAT, COL_TIME, COLUMNS };
enum { LOOK_AT = 16384, DATE_TEXT = 10, RAT_TEXT = 8 /* longest of each, bytes */ };

static const char *const columns[COLUMNS] = {"date", "imei", "imsi", "msisdn", "rat", "time"};
struct feeding {
    struct registry *reg;
    const struct load_options *options;
    const struct feed_options *feed;
    struct feed_result *out;
    struct imei_list seen; /* body << 16 | packed day */
    struct findings findings;
    struct changes changes;
    bool again;                             /* of this file only what was left out is new */
    struct imei soon[LIMIT_BAD_ROWS_SHOWN]; /* the first of those without a notice */
    unsigned examples;
    struct fault example[LIMIT_BAD_ROWS_SHOWN]; /* the first rows that were set aside */
    daynum today;
    /* the date column repeats: the last one parsed */
    char date_text[16];
    size_t date_n;
    daynum date;
};

static void note(struct feeding *f, const char *kind, struct str raw, daynum day)
{
    findings_note(&f->findings, f->feed->operator_name, day, kind, raw);
}

/* What stands in a column that names nobody: as it is, when it can only be that. Where columns have
 * slipped a subscriber's number stands there, and no finding keeps one. */
static struct str short_text(struct str raw, size_t most)
{
    return raw.n <= most ? raw : STR("too long");
}

/* The row is set aside; the first ones are told when a guard stops the load. */
static void aside(struct feeding *f, const struct csv *csv, const struct csv_row *row,
                  enum column column, enum err why, const char *what)
{
    if (f->examples == LIMIT_BAD_ROWS_SHOWN)
        return;
    struct fault *fault = &f->example[f->examples++];
    csv_where(csv, row, (uint32_t)column, fault);
    fault->err = fault_set(fault, why, "%s", what);
}

static bool two_digits(const char *p, int max)
{
    unsigned tens = (unsigned)(p[0] - '0'), ones = (unsigned)(p[1] - '0');
    return tens <= 9 && ones <= 9 && (int)(tens * 10 + ones) <= max;
}

/* HH:MM or HH:MM:SS, as nearly all are. */
static bool is_clock(struct str time)
{
    const char *p = time.p;
    if ((time.n != 5 && time.n != 8) || p[2] != ':' || !two_digits(p, 23) || !two_digits(p + 3, 59))
        return false;
    return time.n == 5 || (p[5] == ':' && two_digits(p + 6, 59));
}

static bool day_of(struct feeding *f, const struct csv_row *row, daynum *out)
{
    struct str date = row->fields[COL_DATE], time = row->fields[COL_TIME];
    if (date.n != f->date_n || memcmp(date.p, f->date_text, date.n) != 0) {
        if (date.n >= sizeof f->date_text || daynum_parse(date, &f->date))
            return false;
        memcpy(f->date_text, date.p, date.n);
        f->date_n = date.n;
    }
    *out = f->date;
    if (!time.n || is_clock(time))
        return true;
    /* An offset other than ours may put the sighting on another of our days. */
    char text[64], day[DAYNUM_TEXT];
    int64_t seconds;
    daynum_format(f->date, day);
    int n = snprintf(text, sizeof text, "%sT%.*s", day, STR_ARG(time));
    if (n < 0 || n >= (int)sizeof text || instant_parse(str_z(text), &f->reg->zone, &seconds))
        return false;
    *out = zone_day(&f->reg->zone, seconds);
    return true;
}

/* Codes of DIRBS: 001-007, 101-105, joined by |. Unknown ones are findings, no more. */
static void look_at_rat(struct feeding *f, struct str rat, daynum day)
{
    struct str rest = rat;
    while (rat.n && rest.p) {
        uint64_t v = 0;
        struct str code = str_split(rest, '|', &rest);
        bool known = code.n == 3 && str_to_u64(code, 999, &v) &&
                     ((v >= 1 && v <= 7) || (v >= 101 && v <= 105));
        if (!known)
            note(f, "rat_unknown", short_text(code, RAT_TEXT), day);
    }
}

static enum err take_row(void *ctx, const struct csv *csv, const struct csv_row *row,
                         const struct fault *bad)
{
    struct feeding *f = ctx;
    struct feed_result *out = f->out;
    daynum day;
    struct imei imei;
    if (bad) {
        note(f, "row", str_z(err_name(bad->err)), DAYNUM_NONE);
        if (f->examples < LIMIT_BAD_ROWS_SHOWN)
            f->example[f->examples++] = *bad;
        out->malformed++;
        return ERR_OK;
    }
    if (!day_of(f, row, &day)) {
        note(f, "date", short_text(row->fields[COL_DATE], DATE_TEXT), DAYNUM_NONE);
        aside(f, csv, row, COL_DATE, ERR_DATE,
              "a date is YYYYMMDD or YYYY-MM-DD, a time HH:MM[:SS]");
        out->malformed++;
        return ERR_OK;
    }
    if (day > f->today) {
        note(f, "date_future", row->fields[COL_DATE], day);
        aside(f, csv, row, COL_DATE, ERR_DATE, "this day has not come");
        out->future++;
        return ERR_OK;
    }
    if (imei_parse_network(row->fields[COL_IMEI], &imei) || imei_all_same(imei)) {
        note(f, "imei", row->fields[COL_IMEI], day);
        aside(f, csv, row, COL_IMEI, ERR_IMEI_FORM, "14 to 16 digits, not all the same");
        out->malformed++;
        return ERR_OK;
    }
    look_at_rat(f, row->fields[COL_RAT], day);
    uint64_t imsi;
    if (imsi_parse(row->fields[COL_IMSI], &imsi)) {
        if (row->fields[COL_IMSI].n)
            note(f, "imsi", STR("not 6 to 15 digits"), day); /* no subscriber's number here */
        out->unknown++;
        return ERR_OK;
    }
    if (!rules_is_home(&f->reg->rules, imsi)) {
        out->roaming++;
        return ERR_OK;
    }
    out->home++;
    return imei_list_add(&f->seen, imei.body << 16 | daynum_pack(day));
}

/* Keeps the earliest day of each IMEI. */
static void earliest(struct imei_list *seen)
{
    size_t kept = 0;
    radix_sort(seen->keys, seen->n);
    for (size_t i = 0; i < seen->n; i++)
        if (!kept || seen->keys[kept - 1] >> 16 != seen->keys[i] >> 16)
            seen->keys[kept++] = seen->keys[i];
    seen->n = kept;
}

static enum err look(struct feeding *f, const uint64_t *keys, size_t n, struct facts_row *rows,
                     struct fault *fault)
{
    for (size_t i = 0; i < n; i++)
        rows[i].imei.body = keys[i] >> 16;
    enum err err = store_facts_get(f->reg->store, rows, n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        daynum day = daynum_unpack((uint16_t)keys[i], DAYNUM_NONE);
        daynum had = rows[i].facts.activation;
        if (had != DAYNUM_NONE && had <= day)
            continue;
        f->out->first += had == DAYNUM_NONE;
        f->out->earlier += had != DAYNUM_NONE;
        struct change change = {.imei = rows[i].imei,
                                .kind = CHANGE_ACTIVATED,
                                .activated = {.day = day, .known = f->today}};
        if (observe_unnoticed(f->reg, &rows[i], &change) &&
            f->out->unnoticed++ < LIMIT_BAD_ROWS_SHOWN)
            f->soon[f->out->unnoticed - 1] = rows[i].imei;
        f->out->whitened += observe_whitens(f->reg, &rows[i], &change);
        changes_add(&f->changes, &change);
    }
    return err;
}

static enum err compare(struct feeding *f, struct fault *fault)
{
    struct facts_row *rows = malloc(LOOK_AT * sizeof *rows);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < f->seen.n; at += LOOK_AT)
        err = look(f, f->seen.keys + at, f->seen.n - at < LOOK_AT ? f->seen.n - at : LOOK_AT, rows,
                   fault);
    free(rows);
    return err ? err : f->changes.failed ? ERR_MEMORY : ERR_OK;
}

/* What a guard found, for who looks: rows that were set aside, IMEIs that nobody has warned. */
static void tell(const struct feeding *f, uint32_t stops)
{
    FILE *out = f->options->tell;
    if (!out)
        return;
    for (unsigned i = 0; i < f->examples && stops & (GUARD_DATES | GUARD_NULLS); i++)
        load_tell(out, &f->example[i]);
    for (uint64_t i = 0; i < f->out->unnoticed && i < LIMIT_BAD_ROWS_SHOWN && stops & GUARD_NOTICE;
         i++) {
        char imei[IMEI_TEXT15];
        imei_format15(f->soon[i], imei);
        fprintf(out, "%s: %s would be black, or within %d days of it, before a notice\n",
                f->options->path, imei, OBSERVE_NOTICE_DAYS);
    }
}

static enum err guard(struct feeding *f, struct fault *fault)
{
    struct feed_result *out = f->out;
    uint64_t rows = out->load.rows;
    out->tripped |= out->future * 100 > rows * FEED_PERCENT ? GUARD_DATES : 0;
    out->tripped |= out->malformed * 100 > rows * FEED_PERCENT ? GUARD_NULLS : 0;
    out->tripped |= out->unnoticed ? GUARD_NOTICE : 0;
    tell(f, out->tripped & ~f->feed->accept.guards);
    if (fault)
        str_copy(fault->file, sizeof fault->file, str_z(f->options->path));
    enum err err = guard_stop(&f->feed->accept, out->tripped, fault,
                              "of %llu rows %llu are dated later than today, %llu malformed; %llu "
                              "IMEIs would be black or within %d days of it before a notice",
                              (unsigned long long)rows, (unsigned long long)out->future,
                              (unsigned long long)out->malformed,
                              (unsigned long long)out->unnoticed, OBSERVE_NOTICE_DAYS);
    if (!err && fault)
        fault->file[0] = '\0';
    return err;
}

static enum err apply(struct feeding *f, struct load *load, struct fault *fault)
{
    char label[BATCH_LABEL_MAX], reason[GUARD_REASON_MAX];
    snprintf(label, sizeof label, "feed load --operator %.*s %s", STR_ARG(f->feed->operator_name),
             f->options->path);
    if (f->out->future)
        load_left_out(load);
    struct batch_plan plan = {.entry = {.event = EVENT_OBSERVED},
                              .label = label,
                              .reason = guard_reason(&f->feed->accept, f->out->tripped, reason),
                              .source = changes_source(&f->changes),
                              .needs_second = f->out->whitened > 0,
                              .load = load,
                              .findings = f->findings.list,
                              .finding_count = f->again ? 0 : f->findings.n,
                              .progress = f->options->progress,
                              .progress_ctx = f->options->progress_ctx,
                              .stop = f->options->stop};
    enum err err =
        registry_party(f->reg, PARTY_OPERATOR, f->feed->operator_name, &plan.entry.party, fault);
    return err ? err : batch_run(f->reg, &plan, &f->out->load.batch, fault);
}

static enum err read_file(struct feeding *f, struct load *load, struct fault *fault)
{
    struct csv_options csv_options = {.path = f->options->path,
                                      .columns = columns,
                                      .column_count = COLUMNS,
                                      .required = 1u << COL_DATE,
                                      .hash = true};
    struct csv *csv = NULL;
    char as[LIMIT_NAME + 8];
    uint8_t file[SHA256_BYTES];
    enum err err = csv_open(&csv_options, &csv, fault);
    for (uint32_t i = COL_IMEI; !err && i <= COL_IMSI; i++)
        if (!csv_has(csv, i)) {
            csv_where(csv, &(struct csv_row){.line = 1}, i, fault);
            err = fault_set(fault, ERR_FILE_HEADER,
                            "column %s is missing; wanted: "
                            "date,imei,imsi,msisdn,rat[,time]",
                            columns[i]);
        }
    if (!err)
        err = load_each(csv, f->options, take_row, f, &f->out->load.rows, fault);
    if (!err && f->out->load.rows == 0)
        err = fault_set(fault, ERR_FILE_EMPTY, "%s holds no row", f->options->path);
    if (!err) {
        snprintf(as, sizeof as, "feed %.*s", STR_ARG(f->feed->operator_name));
        f->out->load.bytes = csv_bytes(csv, NULL);
        csv_hash(csv, file);
        load_key(f->reg, as, file, load->hash);
        load->rows = f->out->load.rows;
        enum load_before before = LOAD_NEW;
        err = load_before(f->reg, load->hash, &before, fault);
        f->out->load.known = before == LOAD_WHOLE;
        f->again = before == LOAD_PART;
    }
    csv_close(csv);
    return err;
}

enum err feed_load(struct registry *reg, const struct load_options *options,
                   const struct feed_options *feed, struct feed_result *out, struct fault *fault)
{
    struct load load = {.kind = "feed"};
    struct feeding f = {
        .reg = reg, .options = options, .feed = feed, .out = out, .today = registry_today(reg)};
    *out = (struct feed_result){0};
    str_copy(load.operator_name, sizeof load.operator_name, feed->operator_name);
    enum err err = findings_init(&f.findings);
    if (!err)
        err = read_file(&f, &load, fault);
    if (!err && !out->load.known) {
        earliest(&f.seen);
        out->imeis = f.seen.n;
        err = compare(&f, fault);
        if (!err)
            err = guard(&f, fault);
        if (!err)
            err = apply(&f, &load, fault);
    }
    imei_list_release(&f.seen);
    findings_release(&f.findings);
    changes_release(&f.changes);
    return err;
}
