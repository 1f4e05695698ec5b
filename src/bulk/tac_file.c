/* SPDX-License-Identifier: Apache-2.0
 *
 * tac_file - finds out which columns hold what, then reads row by row.
 *
 * Seen in the field. GSMA: TAC, Manufacturer or "Manufacturer (or) Applicant", Brand Name, Marketing
 * Name, Model Name, Internal Model Name, Device Type among others, in changing order, no quoting.
 * Osmocom: a line of notice, a header with the column name twice (brand, then model), blanks behind
 * commas, leading zeros lost; copies of it go round without notice and header. */
#include "bulk/tac_file.h"

#include "bulk/csv.h"
#include "core/radio.h"

enum { NONE = UINT32_MAX, NOTICE_LINES = 5 };

/* Where the values stand in a row. Of two places for a name the first that has one counts. */
struct layout {
    uint32_t tac;
    uint32_t brand[2];
    uint32_t model[2];
    uint32_t type;
    uint32_t allocated;
    uint32_t bands[2];           /* words of both are read */
    uint32_t kinds[RADIO_KINDS]; /* bands of one technology each */
};

static const struct layout osmocom_layout = {.tac = 0,
                                             .brand = {1, NONE},
                                             .model = {2, NONE},
                                             .type = NONE,
                                             .allocated = NONE,
                                             .bands = {NONE, NONE},
                                             .kinds = {NONE, NONE, NONE, NONE, NONE}};

enum err tac_format_parse(struct str text, enum tac_format *out)
{
    if (str_eq(text, STR("gsma")))
        *out = TAC_FORMAT_GSMA;
    else if (str_eq(text, STR("osmocom")))
        *out = TAC_FORMAT_OSMOCOM;
    else
        return ERR_USAGE;
    return ERR_OK;
}

/* The n-th (from 0) field of that name. */
static uint32_t column(const struct csv_row *row, struct str name, uint32_t n)
{
    for (uint32_t i = 0; i < row->count; i++)
        if (str_eq_nocase(row->fields[i], name) && n-- == 0)
            return i;
    return NONE;
}

static uint32_t first_of(const struct csv_row *row, struct str a, struct str b)
{
    uint32_t i = column(row, a, 0);
    return i == NONE ? column(row, b, 0) : i;
}

/* False when the row is no header of a TAC list: it lacks a TAC or any name. */
static bool layout_of(const struct csv_row *row, struct layout *out)
{
    out->tac = column(row, STR("tac"), 0);
    out->brand[0] = first_of(row, STR("brand name"), STR("brand"));
    out->brand[1] = first_of(row, STR("manufacturer"), STR("manufacturer (or) applicant"));
    out->model[0] = column(row, STR("marketing name"), 0);
    out->model[1] = first_of(row, STR("model name"), STR("model"));
    if (out->model[1] == NONE)
        out->model[1] = column(row, STR("internal model name"), 0);
    if (out->brand[0] == NONE && out->brand[1] == NONE)
        out->brand[0] = column(row, STR("name"), 0);
    if (out->model[0] == NONE && out->model[1] == NONE)
        out->model[0] = column(row, STR("name"), 1);
    out->type = column(row, STR("device type"), 0);
    out->allocated = first_of(row, STR("allocation date"), STR("allocation_date"));
    out->bands[0] = column(row, STR("bands"), 0);
    out->bands[1] = column(row, STR("radio interface"), 0);
    out->kinds[0] = column(row, STR("2g bands"), 0);
    out->kinds[1] = column(row, STR("3g bands"), 0);
    out->kinds[2] = first_of(row, STR("4g bands"), STR("lte bands"));
    out->kinds[3] = column(row, STR("5g bands"), 0);
    out->kinds[4] = column(row, STR("cdma bands"), 0);
    return out->tac != NONE && (out->brand[0] != NONE || out->brand[1] != NONE ||
                                out->model[0] != NONE || out->model[1] != NONE);
}

static struct str value_at(const struct csv_row *row, uint32_t at)
{
    return at < row->count ? row->fields[at] : STR("");
}

/* What says something; else empty. */
static struct str told_at(const struct csv_row *row, uint32_t at)
{
    static const struct str nothing[] = {STR("not known"), STR("unknown"), STR("null"),
                                         STR("n/a"),       STR("none"),    STR("-")};
    struct str value = value_at(row, at);
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        if (str_eq_nocase(value, nothing[i]))
            return STR("");
    return value;
}

static struct str name_of(const struct csv_row *row, const uint32_t at[2])
{
    struct str name = told_at(row, at[0]);
    return name.n ? name : told_at(row, at[1]);
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A device type that names machines: "Module", "IoT Device", "M2M". */
static bool is_machine(struct str type)
{
    static const struct str words[] = {STR("m2m"), STR("iot"), STR("module"), STR("modules"),
                                       STR("machine")};
    for (size_t i = 0; i < type.n;) {
        size_t from = i;
        while (i < type.n && is_word_byte(type.p[i]))
            i++;
        struct str word = {type.p + from, i - from};
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            if (str_eq_nocase(word, words[k]))
                return true;
        i += i == from;
    }
    return false;
}

static void keep_example(struct tac_finding *examples, uint32_t *count, uint64_t line,
                         struct str text)
{
    if (*count == LIMIT_BAD_ROWS_SHOWN)
        return;
    struct tac_finding *example = &examples[(*count)++];
    struct fault printable;
    fault_value(&printable, text.p, text.n);
    example->line = line;
    str_copy(example->text, sizeof example->text, str_z(printable.value));
}

static void find(struct tac_file *file, uint64_t line, struct str text)
{
    file->finding_count++;
    keep_example(file->examples, &file->example_count, line, text);
}

/* ---- when it was allocated, which radio it has ---- */

/* "01-Jan-2015"; the month in English, any case. */
static bool date_of_months(struct str text, daynum *out)
{
    static const struct str months[] = {STR("jan"), STR("feb"), STR("mar"), STR("apr"),
                                        STR("may"), STR("jun"), STR("jul"), STR("aug"),
                                        STR("sep"), STR("oct"), STR("nov"), STR("dec")};
    struct str rest, day_text = str_split(text, '-', &rest),
                     month_text = str_split(rest, '-', &rest);
    uint64_t day, year;
    int month = 0;
    if (!day_text.n || day_text.n > 2 || rest.n != 4 || !str_to_u64(day_text, 31, &day) ||
        !str_to_u64(rest, 9999, &year) || !day)
        return false;
    while (month < 12 && !str_eq_nocase(month_text, months[month]))
        month++;
    if (month == 12)
        return false;
    int y, m, d;
    *out = daynum_from_ymd((int)year, month + 1, (int)day);
    daynum_to_ymd(*out, &y, &m, &d);
    return d == (int)day; /* 31-Feb is none */
}

enum err tac_date_parse(struct str text, daynum *out)
{
    daynum day = DAYNUM_NONE;
    if (!date_of_months(text, &day) && daynum_parse(text, &day))
        return ERR_DATE;
    if (day > DAYNUM_LAST)
        return ERR_DATE;
    *out = day < DAYNUM_FIRST ? DAYNUM_FIRST : day;
    return ERR_OK;
}

static daynum allocation_of(const struct csv_row *row, const struct layout *layout, daynum today,
                            struct tac_file *file)
{
    struct str text = told_at(row, layout->allocated);
    daynum day = DAYNUM_NONE;
    if (!text.n)
        return DAYNUM_NONE;
    if (tac_date_parse(text, &day) || day > today) {
        file->undated_count++;
        keep_example(file->undated, &file->undated_example_count, row->line, text);
        return DAYNUM_NONE;
    }
    file->dated_count++;
    return day;
}

static unsigned radio_of_row(const struct csv_row *row, const struct layout *layout)
{
    unsigned radio = radio_of_bands(told_at(row, layout->bands[0])) |
                     radio_of_bands(told_at(row, layout->bands[1]));
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        if (told_at(row, layout->kinds[k]).n)
            radio |= 1u << k;
    return radio;
}

/* A list that is read. */
struct reading {
    struct layout layout;
    daynum today;
    struct tac_builder *b;
    struct tac_file file;
};

static enum err take_row(const struct csv_row *row, struct reading *r)
{
    const struct layout *layout = &r->layout;
    struct tac_file *file = &r->file;
    struct str text = value_at(row, layout->tac);
    uint64_t tac;
    if ((text.n != 7 && text.n != 8) || !str_to_u64(text, TAC_COUNT - 1, &tac)) {
        find(file, row->line, text);
        return ERR_OK;
    }
    bool machine = is_machine(value_at(row, layout->type));
    enum err err = tac_builder_add(r->b, (uint32_t)tac, machine ? TAC_MACHINE : TAC_DEVICE,
                                   name_of(row, layout->brand), name_of(row, layout->model));
    if (err)
        return err;
    const unsigned radio = radio_of_row(row, layout);
    tac_builder_detail(r->b, allocation_of(row, layout, r->today, file), (uint8_t)radio);
    file->taken_count++;
    file->radio_count += radio != 0;
    file->machine_count += machine;
    file->padded_count += text.n == 7;
    return ERR_OK;
}

static enum err no_list(const struct csv *csv, enum tac_format format, struct fault *fault)
{
    csv_where(csv, &(struct csv_row){.line = 1}, 0, fault);
    if (format == TAC_FORMAT_GSMA)
        return fault_set(
            fault, ERR_FILE_HEADER,
            "no GSMA list: want a first line of columns cut by |, TAC and one of Brand "
            "Name, Manufacturer, Marketing Name, Model Name among them");
    return fault_set(fault, ERR_FILE_HEADER,
                     "no list of TACs: want tac,name,name,... (Osmocom) or TAC|Manufacturer|... "
                     "(GSMA)");
}

/* Reads up to the header, or to the first row of a list without one. Of a row that is a row
 * already *out_row is kept, else its fields are NULL. */
static enum err find_layout(struct csv *csv, enum tac_format format, struct layout *out,
                            struct csv_row *out_row, struct fault *fault)
{
    for (int i = 0;; i++) {
        struct csv_row row = {0};
        enum err err = csv_next(csv, &row, fault);
        if (err && csv_stopped(csv))
            return err;
        bool cut = !err && row.fields;
        *out_row = (struct csv_row){0};
        if (cut && layout_of(&row, out))
            return ERR_OK;
        bool headless =
            format == TAC_FORMAT_OSMOCOM && cut && row.count >= 3 && str_digits(row.fields[0]);
        if (headless) {
            *out = osmocom_layout;
            *out_row = row;
            return ERR_OK;
        }
        bool notice = format == TAC_FORMAT_OSMOCOM && i < NOTICE_LINES && (err || row.fields);
        if (!notice)
            return no_list(csv, format, fault);
    }
}

/* GSMA's lists have a | in the first line, which nobody else's have. */
static enum err find_format(struct csv *csv, enum tac_format *format, struct fault *fault)
{
    struct str first;
    enum err err = csv_peek(csv, &first, fault);
    if (err)
        return err;
    if (*format == TAC_FORMAT_AUTO)
        *format = memchr(first.p, '|', first.n) ? TAC_FORMAT_GSMA : TAC_FORMAT_OSMOCOM;
    bool gsma = *format == TAC_FORMAT_GSMA;
    csv_form(csv, gsma ? '|' : ',', !gsma);
    return ERR_OK;
}

static enum err read_rows(struct csv *csv, struct reading *r, struct fault *fault)
{
    enum err err = find_format(csv, &r->file.format, fault);
    struct csv_row row;
    if (!err)
        err = find_layout(csv, r->file.format, &r->layout, &row, fault);
    if (err)
        return err;
    if (!row.fields)
        err = csv_next(csv, &row, fault);
    for (;; err = csv_next(csv, &row, fault)) {
        if (err && csv_stopped(csv))
            return err;
        if (err) {
            r->file.row_count++;
            find(&r->file, row.line, row.text);
            continue;
        }
        if (!row.fields)
            return ERR_OK;
        r->file.row_count++;
        if (take_row(&row, r))
            return fault_set(fault, ERR_MEMORY, "no memory for the list of TACs");
    }
}

enum err tac_file_read(const struct tac_reading *how, struct tac_builder *b, struct tac_file *out,
                       struct fault *fault)
{
    struct reading r = {.today = how->today, .b = b, .file = {.format = how->format}};
    struct csv *csv;
    enum err err = csv_open(
        &(struct csv_options){.path = how->path, .header = CSV_RAW, .hash = true}, &csv, fault);
    if (err)
        return err;
    err = read_rows(csv, &r, fault);
    if (!err && r.file.taken_count == 0) {
        csv_where(csv, &(struct csv_row){.line = 1}, 0, fault);
        err = fault_set(fault, ERR_ROW, "not one TAC of 8 digits in %llu rows",
                        (unsigned long long)r.file.row_count);
    }
    if (!err) {
        csv_hash(csv, r.file.hash);
        *out = r.file;
    }
    csv_close(csv);
    return err;
}
