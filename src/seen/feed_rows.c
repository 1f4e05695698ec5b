/* SPDX-License-Identifier: Apache-2.0
 *
 * A row in order costs no more than its digits: the date and the column rat repeat, so what was looked at once is known
 * again by its bytes. */
#include "seen/feed_rows.h"

#include <sodium.h>

#include "base/mix.h"
#include "seen/feed_mask.h"
#include "seen/term.h"

enum {
    IMSI_LEAST = 14,
    /* Bytes of a text of which a finding keeps something. */
    IMEI_TEXT = 64,
    OTHER_TEXT = 24,
};

const char *const feed_columns[FEED_COLUMNS] = {"date", "imei", "imsi", "msisdn", "rat", "time"};

enum err feed_rows_init(struct feed_rows *f, struct registry *reg)
{
    f->reg = reg;
    f->today = registry_today(reg);
    f->beside = *f->options;
    f->beside.keep_good = true;
    f->beside.tell = NULL;
    f->rejects.options = &f->beside;
    f->kept_from = term_first_day(&reg->rules, f->today);
    seen_hash_key(reg, f->key);
    enum err err = radio_seen_new(&f->radio);
    if (!err)
        err = feed_counts_init(&f->counts);
    return err ? err : findings_init(&f->findings);
}

void feed_rows_release(struct feed_rows *f)
{
    findings_release(&f->findings);
    radio_seen_free(f->radio);
    feed_counts_release(&f->counts);
}

/* Where columns have slipped a subscriber's number stands there, and no finding keeps one. */
static void note(struct feed_rows *f, const char *kind, struct str raw, daynum day)
{
    char text[FEED_MASKED];
    const bool is_imei = strcmp(kind, "imei") == 0;
    findings_note(&f->findings, f->feed->operator_name, day, kind,
                  feed_mask(raw, is_imei ? IMEI_TEXT : OTHER_TEXT, text));
}

static void note_date(struct feed_rows *f, const char *kind, daynum day)
{
    char text[DAYNUM_TEXT];
    daynum_format(day, text);
    findings_note(&f->findings, f->feed->operator_name, day, kind, str_z(text));
}

/* A day that is not kept has no report. */
static daynum kept_day(const struct feed_rows *f, daynum day)
{
    return day < f->kept_from ? DAYNUM_NONE : day;
}

/* The row is set aside: it stands in the file beside, the first ones are told when a guard stops the load. */
static enum err set_aside(struct feed_rows *f, struct str text, const struct fault *fault)
{
    struct fault at = *fault;
    at.line -= f->lines_before;
    if (f->examples < LIMIT_BAD_ROWS_SHOWN)
        f->example[f->examples++] = at;
    return rejects_add(&f->rejects, text, &at);
}

static enum err aside(struct feed_rows *f, const struct csv *csv, const struct csv_row *row,
                      uint32_t column, const char *what)
{
    struct fault fault = {0};
    csv_where(csv, row, column, &fault);
    fault.err = fault_set(&fault, column == FEED_IMEI ? ERR_IMEI_FORM : ERR_DATE, "%s", what);
    return set_aside(f, row->text, &fault);
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

static uint64_t eight(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint32_t four(const char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Of the bytes of a short text: equal texts alone, but for chance. The last bytes are read together with some before, so
 * that none is read by itself. */
static uint64_t mix_text(struct str text)
{
    const char *p = text.p, *end = text.p + text.n;
    uint64_t mixed = text.n + 1;
    if (text.n >= 8) {
        for (; end - p > 8; p += 8)
            mixed = mix64(mixed ^ eight(p));
        return mix64(mixed ^ eight(end - 8));
    }
    if (text.n >= 4)
        return mix64(mix64(mixed ^ four(p)) ^ four(end - 4));
    if (text.n)
        mixed ^= (uint64_t)(uint8_t)p[0] << 32 | (uint64_t)(uint8_t)p[text.n / 2] << 40 |
                 (uint64_t)(uint8_t)end[-1] << 48;
    return mix64(mixed);
}

/* For the digest: of the columns that no other word of it tells. */
static uint64_t more_of(const struct csv_row *row)
{
    return row->fields[FEED_RAT].n ? mix_text(row->fields[FEED_RAT]) : 0;
}

/* As memcmp, for the ten bytes of a date without a call. */
static bool same_text(const char *a, const char *b, size_t n)
{
    return n >= 8 && n <= 16 ? eight(a) == eight(b) && eight(a + n - 8) == eight(b + n - 8)
                             : memcmp(a, b, n) == 0;
}

/* One that was read before is known again by its bytes. */
static bool date_of(struct feed_rows *f, struct str text, daynum *out)
{
    struct feed_date *known = &f->dates[mix_text(text) % FEED_DATES];
    if (text.n == known->n && same_text(text.p, known->text, text.n)) {
        *out = known->day;
        return true;
    }
    if (text.n > sizeof known->text || daynum_parse(text, out))
        return false;
    *known = (struct feed_date){.n = (uint8_t)text.n, .day = *out};
    memcpy(known->text, text.p, text.n);
    return true;
}

static bool day_of(struct feed_rows *f, const struct csv_row *row, daynum *out)
{
    struct str time = row->fields[FEED_TIME];
    if (!date_of(f, row->fields[FEED_DATE], out))
        return false;
    if (!time.n || is_clock(time))
        return true;
    /* An offset other than ours may put the sighting on another of our days. */
    char text[64], day[DAYNUM_TEXT];
    int64_t seconds;
    daynum_format(*out, day);
    int n = snprintf(text, sizeof text, "%sT%.*s", day, STR_ARG(time));
    if (n < 0 || n >= (int)sizeof text || instant_parse(str_z(text), &f->reg->zone, &seconds))
        return false;
    *out = zone_day(&f->reg->zone, seconds);
    return daynum_is_day(*out);
}

/* Codes of DIRBS: 001-007, 101-105, joined by |. Unknown ones are findings, no more. */
static bool look_at_rat(struct feed_rows *f, struct str rat, daynum day, unsigned *out_radio)
{
    struct str rest = rat;
    bool good = true;
    while (rat.n && rest.p) {
        uint64_t v = 0;
        struct str code = str_split(rest, '|', &rest);
        bool known = code.n == 3 && str_to_u64(code, 999, &v) &&
                     ((v >= 1 && v <= 7) || (v >= 101 && v <= 105));
        if (!known)
            note(f, "rat_unknown", code, day);
        *out_radio |= known ? radio_of_code(v) : 0;
        good = good && known;
    }
    return good;
}

/* One that was looked at before is known again. */
static void check_rat(struct feed_rows *f, struct imei imei, struct str rat, uint64_t mixed,
                      daynum day)
{
    if (!rat.n)
        return;
    unsigned radio = f->radios[mixed % FEED_RATS];
    if (f->rats[mixed % FEED_RATS] != mixed) {
        radio = 0;
        if (look_at_rat(f, rat, day, &radio)) {
            f->rats[mixed % FEED_RATS] = mixed;
            f->radios[mixed % FEED_RATS] = (uint8_t)radio;
        }
    }
    radio_note(f->radio, imei_tac(imei), radio);
}

static uint64_t sum_of(const struct feed_rows *f, struct str text)
{
    uint8_t mac[crypto_shorthash_BYTES];
    uint64_t sum;
    crypto_shorthash(mac, (const uint8_t *)text.p, text.n, f->key);
    memcpy(&sum, mac, sizeof sum);
    return sum;
}

/* For the digest: a row that gives none is itself. */
static void sum_up(struct feed_rows *f, struct str text, daynum day)
{
    const uint64_t sum = sum_of(f, text);
    f->sum += sum;
    feed_count_sum(&f->counts, day, sum);
}

/* The phone's number, as far as it is one. */
static uint64_t msisdn_of(struct str text)
{
    uint64_t packed = 0;
    if (text.n && text.p[0] == '+') {
        text.p++;
        text.n--;
    }
    return imsi_parse(text, &packed) ? 0 : packed;
}

/* Who it is; false: nobody, so the row is counted and no more. */
static bool imsi_of(struct feed_rows *f, struct str text, daynum day, uint64_t *out)
{
    if (text.n >= IMSI_LEAST && imsi_parse(text, out) == ERR_OK)
        return true;
    feed_count(&f->counts, day, SEEN_UNKNOWN);
    if (text.n)
        feed_count(&f->counts, day, SEEN_IMSI);
    if (text.n)
        note(f, "imsi", STR("not 14 or 15 digits"), day); /* no subscriber's number here */
    return false;
}

/* What a row says, once its day is known. out->imsi and out->more are set. */
static void say(struct feed_rows *f, const struct csv_row *row, struct imei imei, daynum day,
                struct seen_row *out)
{
    out->imei = imei.body;
    out->msisdn = msisdn_of(row->fields[FEED_MSISDN]);
    out->day = daynum_pack(day);
    out->ahead = day > f->today;
    out->past = day < f->kept_from;
    out->home = rules_is_home(&f->reg->rules, out->imsi);
    if (out->past) {
        f->out->past++;
        feed_count(&f->counts, DAYNUM_NONE, SEEN_PAST);
    }
}

/* A row of a day to come: set aside, but for the digest it is what it will be. */
static enum err not_yet(struct feed_rows *f, const struct csv *csv, const struct csv_row *row,
                        daynum day, struct seen_row *out, bool *out_used)
{
    struct imei imei;
    struct str imsi = row->fields[FEED_IMSI];
    feed_count(&f->counts, DAYNUM_NONE, SEEN_FUTURE);
    note_date(f, "date_future", day);
    f->out->future++;
    *out_used = imei_parse_network(row->fields[FEED_IMEI], &imei) == ERR_OK &&
                !imei_all_same(imei) && imsi.n >= IMSI_LEAST &&
                imsi_parse(imsi, &out->imsi) == ERR_OK;
    if (*out_used) {
        out->more = more_of(row);
        say(f, row, imei, day, out);
        feed_count_sum(&f->counts, DAYNUM_NONE, sum_of(f, row->text));
    } else {
        sum_up(f, row->text, DAYNUM_NONE);
    }
    return aside(f, csv, row, FEED_DATE, "this day has not come");
}

/* For the guard `zeros`. */
static void note_length(struct feed_rows *f, struct str imei)
{
    size_t n = imei.n < 15 ? imei.n : 15;
    if (n < 13)
        return;
    f->lengths.of[n]++;
    f->lengths.zero[n] += imei.p[0] == '0';
}

enum err feed_row(struct feed_rows *f, const struct csv *csv, const struct csv_row *row,
                  const struct fault *bad, struct seen_row *out, bool *out_used)
{
    daynum day = DAYNUM_NONE;
    struct imei imei;
    *out_used = false;
    if (bad) {
        feed_count(&f->counts, DAYNUM_NONE, SEEN_ROW);
        note(f, "row", str_z(err_name(bad->err)), DAYNUM_NONE);
        sum_up(f, row->text, DAYNUM_NONE);
        f->out->malformed++;
        return set_aside(f, row->text, bad);
    }
    if (!day_of(f, row, &day)) {
        feed_count(&f->counts, DAYNUM_NONE, SEEN_DATE);
        note(f, "date", row->fields[FEED_DATE], DAYNUM_NONE);
        sum_up(f, row->text, DAYNUM_NONE);
        f->out->malformed++;
        return aside(f, csv, row, FEED_DATE, "a date is YYYYMMDD or YYYY-MM-DD, a time HH:MM[:SS]");
    }
    if (day > f->today)
        return not_yet(f, csv, row, day, out, out_used);
    if (imei_parse_network(row->fields[FEED_IMEI], &imei) || imei_all_same(imei)) {
        feed_count(&f->counts, kept_day(f, day), feed_count_imei(row->fields[FEED_IMEI]));
        note(f, "imei", row->fields[FEED_IMEI], day);
        sum_up(f, row->text, kept_day(f, day));
        f->out->malformed++;
        if (row->fields[FEED_IMEI].n == 13 && str_digits(row->fields[FEED_IMEI]))
            note_length(f, row->fields[FEED_IMEI]);
        return aside(f, csv, row, FEED_IMEI, "14 to 16 digits, not all the same");
    }
    note_length(f, row->fields[FEED_IMEI]);
    out->more = more_of(row);
    check_rat(f, imei, row->fields[FEED_RAT], out->more, day);
    if (!imsi_of(f, row->fields[FEED_IMSI], kept_day(f, day), &out->imsi)) {
        sum_up(f, row->text, kept_day(f, day));
        f->out->unknown++;
        return ERR_OK;
    }
    say(f, row, imei, day, out);
    if (out->past)
        note_date(f, "date_past", day);
    f->out->home += out->home;
    f->out->roaming += !out->home;
    *out_used = true;
    return ERR_OK;
}

enum err feed_rows_end(struct feed_rows *f, struct fault *fault)
{
    str_copy(f->out->load.beside, sizeof f->out->load.beside, str_z(f->rejects.beside_path));
    f->out->load.bad = f->rejects.count;
    return rejects_end(&f->rejects, fault);
}
