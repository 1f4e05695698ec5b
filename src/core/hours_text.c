/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of working time as text, and the one that is shipped. */
#include "core/hours.h"

#include <assert.h>

enum { DAY_MINUTES = 1440, WEEK = 7 };

static const char shipped[] = "until 2027-12-31\n"
                              "open 09:00-18:30\n"
                              "days mon-fri\n"
#define X(day, what, why) day " " #what " # " why "\n"
#include "core/holidays_kz.def"
#undef X
    ;

struct reading {
    struct hours hours;
    bool has_until, has_open, has_days;
    daynum last; /* latest day told, and where */
    uint64_t last_line;
};

struct str hours_default_text(void)
{
    return (struct str){shipped, sizeof shipped - 1};
}

void hours_init(struct hours *out)
{
    enum err err = hours_parse(hours_default_text(), out, NULL);
    assert(err == ERR_OK); /* ours */
}

static struct str next_word(struct str *rest)
{
    struct str s = str_trim(*rest);
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
        n++;
    *rest = str_trim((struct str){s.p + n, s.n - n});
    return (struct str){s.p, n};
}

/* "09:00", up to "24:00": minutes of the day; -1: none. */
static int32_t parse_minute(struct str text)
{
    uint64_t hour, minute;
    if (text.n != 5 || text.p[2] != ':' || !str_to_u64((struct str){text.p, 2}, 24, &hour) ||
        !str_to_u64((struct str){text.p + 3, 2}, 59, &minute))
        return -1;
    int32_t at = (int32_t)(hour * 60 + minute);
    return at <= DAY_MINUTES ? at : -1;
}

static bool parse_open(struct str text, struct hours *out)
{
    struct str to, from = str_split(text, '-', &to);
    int32_t opening = parse_minute(from), closing = to.p ? parse_minute(to) : -1;
    if (opening < 0 || closing <= opening)
        return false;
    out->open_minute = opening;
    out->close_minute = closing;
    return true;
}

static int parse_weekday(struct str text)
{
    static const char names[WEEK][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int i = 0; i < WEEK; i++)
        if (str_eq(text, str_z(names[i])))
            return i;
    return -1;
}

/* Days and ranges of days; a range may go over the end of the week: sun-thu. */
static bool parse_days(struct str text, struct hours *out)
{
    unsigned mask = 0;
    while (text.p) {
        struct str to, from = str_split(str_split(text, ',', &text), '-', &to);
        int first = parse_weekday(from), last = to.p ? parse_weekday(to) : first;
        if (first < 0 || last < 0)
            return false;
        for (int i = first; i != last; i = (i + 1) % WEEK)
            mask |= 1u << i;
        mask |= 1u << last;
    }
    out->weekdays = (uint8_t)mask;
    return true;
}

/* Where a day belongs in a list. */
static uint32_t place_of(const daynum *days, uint32_t count, daynum day)
{
    uint32_t at = count;
    while (at && days[at - 1] >= day)
        at--;
    return at;
}

static bool listed(const daynum *days, uint32_t count, daynum day)
{
    uint32_t at = place_of(days, count, day);
    return at < count && days[at] == day;
}

static enum err read_day(struct reading *r, daynum day, struct str what, struct fault *fault)
{
    struct hours *h = &r->hours;
    bool off = str_eq(what, STR("off"));
    if (!off && !str_eq(what, STR("work")))
        return fault_set(fault, ERR_SETTING_VALUE, "after a day: off or work");
    if (listed(h->off, h->off_count, day) || listed(h->work, h->work_count, day))
        return fault_set(fault, ERR_SETTING_VALUE, "this day comes twice");
    daynum *days = off ? h->off : h->work;
    uint32_t *count = off ? &h->off_count : &h->work_count;
    if (*count == LIMIT_HOLIDAYS)
        return fault_set(fault, ERR_TOO_MANY, "more than %d days of a kind", LIMIT_HOLIDAYS);
    uint32_t at = place_of(days, *count, day);
    memmove(days + at + 1, days + at, (*count - at) * sizeof *days);
    days[at] = day;
    (*count)++;
    return ERR_OK;
}

static enum err once(bool *seen, const char *word, struct fault *fault)
{
    if (*seen)
        return fault_set(fault, ERR_SETTING_VALUE, "%s comes twice", word);
    *seen = true;
    return ERR_OK;
}

static enum err read_until(struct reading *r, struct str value, struct fault *fault)
{
    enum err err = once(&r->has_until, "until", fault);
    if (err)
        return err;
    if (daynum_parse(value, &r->hours.until))
        return fault_set(fault, ERR_DATE, "until wants a day, YYYY-MM-DD");
    return ERR_OK;
}

static enum err read_pair(struct reading *r, struct str word, struct str value, uint64_t line,
                          struct fault *fault)
{
    if (str_eq(word, STR("until")))
        return read_until(r, value, fault);
    if (str_eq(word, STR("open"))) {
        enum err err = once(&r->has_open, "open", fault);
        if (!err && !parse_open(value, &r->hours))
            err = fault_set(fault, ERR_SETTING_VALUE, "open wants two times, such as 09:00-18:30");
        return err;
    }
    if (str_eq(word, STR("days"))) {
        enum err err = once(&r->has_days, "days", fault);
        if (!err && !parse_days(value, &r->hours))
            err =
                fault_set(fault, ERR_SETTING_VALUE, "days wants days, such as mon-fri or mon,sat");
        return err;
    }
    if (word.p[0] < '0' || word.p[0] > '9')
        return fault_set(fault, ERR_SETTING_UNKNOWN, "want until, open, days, or a day");
    daynum day;
    if (daynum_parse(word, &day))
        return fault_set(fault, ERR_DATE, "want a day, YYYY-MM-DD");
    if (day >= r->last) {
        r->last = day;
        r->last_line = line;
    }
    return read_day(r, day, value, fault);
}

static enum err read_line(struct reading *r, struct str text, uint64_t line, struct fault *fault)
{
    struct str comment, rest = str_split(text, '#', &comment);
    struct str word = next_word(&rest), value = next_word(&rest);
    if (!word.n)
        return ERR_OK;
    enum err err = value.n && !rest.n
                       ? read_pair(r, word, value, line, fault)
                       : fault_set(fault, ERR_SETTING_VALUE, "want a word and one value");
    if (err) {
        struct str shown = str_trim(str_split(text, '#', &comment));
        fault_value(fault, shown.p, shown.n);
    }
    return err;
}

static enum err finish(const struct reading *r, uint64_t *line, struct fault *fault)
{
    *line = 0;
    if (!r->has_until)
        return fault_set(fault, ERR_SETTING_VALUE, "no line `until YYYY-MM-DD`");
    if (r->last <= r->hours.until)
        return ERR_OK;
    *line = r->last_line;
    return fault_set(fault, ERR_SETTING_VALUE, "a day past the table's last one (until)");
}

enum err hours_parse(struct str text, struct hours *out, struct fault *fault)
{
    struct reading r = {.last = DAYNUM_NONE};
    if (text.n > LIMIT_HOURS_TEXT)
        return fault_set(fault, ERR_TOO_LONG, "a table of more than %d bytes", LIMIT_HOURS_TEXT);
    (void)parse_open(STR("09:00-18:30"), &r.hours);
    (void)parse_days(STR("mon-fri"), &r.hours);
    enum err err = ERR_OK;
    uint64_t line = 0;
    for (struct str rest = text; !err && rest.p && rest.n;) {
        struct str one = str_split(rest, '\n', &rest);
        err = read_line(&r, one, ++line, fault);
    }
    if (!err)
        err = finish(&r, &line, fault);
    if (!err)
        *out = r.hours;
    else if (fault)
        fault->line = line;
    return err;
}
