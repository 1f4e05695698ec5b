/* SPDX-License-Identifier: Apache-2.0
 *
 * The wizard's questions: what each looks like, and what is taken from it. What may be answered is said by
 * the rules of filing (filing_check): a page shows them, it has none of its own. */
#include "face/page_answer.h"
#include "portal/apply.h"

/* Names of the fields of a page, in the order of apply.fields; NULL ends. */
static const char *const imei_names[] = {"imei1", "imei2", "imei3", "imei4"};
static const char *const date_names[] = {"day", "month", "year", NULL};
static const char *const model_names[] = {"brand", "model", NULL, NULL};
static const char *const traveller_names[] = {"consents", "iin", "msisdn", "key"};
static const char *const consent_names[] = {"code", "act", "key", NULL};

static const char *field_name(enum apply_step step, size_t i)
{
    switch ((unsigned)step) {
    case APPLY_IMEI:
    case APPLY_OLD:
        return imei_names[i];
    case APPLY_MODEL:
        return model_names[i];
    case APPLY_ENTERED:
        return date_names[i];
    case APPLY_TRAVELLER:
        return traveller_names[i];
    case APPLY_CONSENT:
        return consent_names[i];
    case APPLY_MORE:
        return i ? NULL : "more";
    case APPLY_COUNTRY:
        return i ? NULL : "country";
    default:
        return i ? NULL : "document";
    }
}

/* ---- from the draft into the fields ---- */

static void set(struct apply *a, size_t i, struct str text)
{
    str_copy(a->fields[i].typed, APPLY_TYPED, text);
}

static void fill_imeis(struct apply *a, const struct imei *imeis, unsigned n)
{
    for (unsigned i = 0; i < n && i < LIMIT_DEVICE_IMEIS; i++) {
        char digits[IMEI_TEXT15];
        imei_format15(imeis[i], digits);
        set(a, i, str_z(digits));
    }
}

/* What the list of models says, when nothing was answered yet. */
static bool listed_model(const struct apply *a, struct tac_info *out)
{
    const struct case_device *d = &a->draft.devices[a->device];
    return d->is.count && tac_find(a->v->office.registry->tac, imei_tac(d->is.imeis[0]), out);
}

static void fill_model(struct apply *a)
{
    const struct case_device *d = &a->draft.devices[a->device];
    struct tac_info listed;
    bool answered = a->draft.models >> a->device & 1;
    bool known = !answered && listed_model(a, &listed);
    set(a, 0, known ? listed.brand : str_z(d->brand));
    set(a, 1, known ? listed.model : str_z(d->model));
}

static void fill_date(struct apply *a)
{
    int part[3];
    if (a->draft.entered == DAYNUM_NONE)
        return;
    daynum_to_ymd(a->draft.entered, &part[2], &part[1], &part[0]);
    for (size_t i = 0; i < 3; i++)
        snprintf(a->fields[i].typed, APPLY_TYPED, "%d", part[i]);
}

void apply_fill(struct apply *a)
{
    const struct case_device *d = &a->draft.devices[a->device];
    switch ((unsigned)a->step) {
    case APPLY_IMEI:
        fill_imeis(a, d->is.imeis, d->is.count);
        break;
    case APPLY_OLD:
        fill_imeis(a, d->is.old, d->is.old_count);
        break;
    case APPLY_MODEL:
        fill_model(a);
        break;
    case APPLY_ENTERED:
        fill_date(a);
        break;
    case APPLY_COUNTRY:
        set(a, 0, str_z(a->draft.country));
        break;
    case APPLY_DOCUMENT:
        set(a, 0, str_z(a->draft.document));
        break;
    default:
        break;
    }
}

/* ---- from the fields into the draft ---- */

void apply_wrong(struct apply *a, size_t i, enum text why)
{
    if (a->fields[i].wrong)
        return;
    a->fields[i].wrong = true;
    a->fields[i].why = why;
}

void apply_wrong_err(struct apply *a, size_t i, enum err err)
{
    enum text why;
    apply_wrong(
        a, i, text_find_parts(err_info(err)->text_id, NULL, NULL, &why) ? why : TEXT_ERROR_HEADING);
}

bool apply_right(const struct apply *a)
{
    for (size_t i = 0; i < APPLY_FIELDS; i++)
        if (a->fields[i].wrong)
            return false;
    return true;
}

void apply_read(struct apply *a)
{
    for (size_t i = 0; i < APPLY_FIELDS; i++) {
        const char *name = field_name(a->step, i);
        struct buf value = {0};
        enum err err = name ? screen_value(a->x, name, &value) : ERR_OK;
        struct str typed = str_trim((struct str){value.n ? (const char *)value.p : "", value.n});
        if (err)
            apply_wrong_err(a, i, ERR_UTF8);
        else if (typed.n >= APPLY_TYPED)
            apply_wrong(a, i, TEXT_APPLY_LONG);
        if (!err)
            set(a, i, typed);
        buf_release(&value);
    }
}

/* Fields that are empty are passed over. */
static void take_imeis(struct apply *a, struct imei out[LIMIT_DEVICE_IMEIS], uint8_t *out_n)
{
    uint8_t n = 0;
    for (size_t i = 0; i < LIMIT_DEVICE_IMEIS; i++) {
        struct str typed = str_z(a->fields[i].typed);
        struct imei imei;
        if (!typed.n)
            continue;
        enum err err = imei_parse_typed(typed, &imei);
        if (err)
            apply_wrong_err(a, i, err);
        else
            out[n++] = imei;
    }
    if (!n)
        apply_wrong(a, 0, TEXT_APPLY_IMEI_NONE);
    *out_n = n;
}

static void take_device(struct apply *a)
{
    struct draft *d = &a->draft;
    struct case_device *of = &d->devices[a->device];
    uint32_t tac = of->is.count ? imei_tac(of->is.imeis[0]) : UINT32_MAX;
    if (a->step == APPLY_OLD) {
        take_imeis(a, of->is.old, &of->is.old_count);
        return;
    }
    take_imeis(a, of->is.imeis, &of->is.count);
    if (of->is.count && tac != imei_tac(of->is.imeis[0])) { /* another phone */
        *of->brand = *of->model = '\0';
        d->models &= ~(1U << a->device);
    }
    if (a->device == d->device_count) {
        d->device_count++;
        d->answered &= ~(1U << APPLY_MORE);
    }
}

static void take_date(struct apply *a)
{
    char text[3 * APPLY_TYPED];
    uint64_t part[3];
    for (size_t i = 0; i < 3; i++)
        if (!str_to_u64(str_z(a->fields[i].typed), 9999, &part[i])) {
            apply_wrong(a, i, TEXT_APPLY_ENTERED_WRONG);
            return;
        }
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)part[2], (unsigned)part[1],
             (unsigned)part[0]);
    if (daynum_parse(str_z(text), &a->draft.entered))
        apply_wrong(a, 0, TEXT_APPLY_ENTERED_WRONG);
}

static void take(struct apply *a)
{
    struct draft *d = &a->draft;
    struct case_device *of = &d->devices[a->device];
    const char *first = a->fields[0].typed;
    switch ((unsigned)a->step) {
    case APPLY_IMEI:
    case APPLY_OLD:
        take_device(a);
        return;
    case APPLY_MODEL:
        if (strlen(first) > LIMIT_TAC_NAME || strlen(a->fields[1].typed) > LIMIT_TAC_NAME)
            apply_wrong(a, strlen(first) > LIMIT_TAC_NAME ? 0 : 1, TEXT_APPLY_LONG);
        if (!*first && !*a->fields[1].typed)
            apply_wrong(a, 0, TEXT_APPLY_MODEL_NONE);
        str_copy(of->brand, sizeof of->brand, str_z(first));
        str_copy(of->model, sizeof of->model, str_z(a->fields[1].typed));
        d->models |= 1U << a->device;
        return;
    case APPLY_ENTERED:
        take_date(a);
        break;
    case APPLY_COUNTRY:
        if (strlen(first) >= sizeof d->country)
            apply_wrong(a, 0, TEXT_APPLY_CHOOSE);
        str_copy(d->country, sizeof d->country, str_z(first));
        break;
    case APPLY_DOCUMENT:
        if (strlen(first) > LIMIT_DOCUMENT)
            apply_wrong(a, 0, TEXT_APPLY_LONG);
        str_copy(d->document, sizeof d->document, str_z(first));
        break;
    default:
        if (strcmp(first, "yes") != 0 && strcmp(first, "no") != 0)
            apply_wrong(a, 0, TEXT_APPLY_CHOOSE);
        else if (*first == 'y' && d->device_count == FILING_DEVICES_MAX)
            apply_wrong(a, 0, TEXT_APPLY_MORE_FULL);
        if (*first == 'y') /* it is asked again after that one */
            return;
        break;
    }
    d->answered |= 1U << a->step;
}

/* ---- the rules of filing, asked about one answer ---- */

/* What is not answered yet stands in as something that is right. */
static void stand_in(const struct apply *a, struct draft *d, struct filing *out)
{
    for (size_t i = 0; i < d->device_count; i++) {
        struct device *is = &d->devices[i].is;
        if (d->kind == APPROVAL_REPAIR && !is->old_count && a->step != APPLY_OLD)
            is->old[is->old_count++].body = i + 1;
    }
    d->paper_count = 0; /* those are asked about where they are stored */
    draft_filing(d, NULL, out);
    if (out->entered == DAYNUM_NONE)
        out->entered = registry_today(a->v->office.registry);
    if (!out->document.n && a->step != APPLY_DOCUMENT)
        out->document = STR("1");
}

/* Which field holds the IMEI that a fault names? */
static size_t field_of(const struct apply *a, const struct fault *fault)
{
    struct imei named, typed;
    if (imei_parse_listed(str_z(fault->value), &named))
        return 0;
    for (size_t i = APPLY_FIELDS; i > 0; i--) /* the later of two that are the same */
        if (!imei_parse_listed(str_z(a->fields[i - 1].typed), &typed) && typed.body == named.body)
            return i - 1;
    return 0;
}

static enum text missing(const struct apply *a)
{
    switch ((unsigned)a->step) {
    case APPLY_ENTERED:
        return TEXT_APPLY_ENTERED_WRONG;
    case APPLY_DOCUMENT:
        return TEXT_APPLY_DOCUMENT_NONE;
    case APPLY_IMEI:
    case APPLY_OLD:
        return TEXT_APPLY_IMEI_NONE;
    default:
        return TEXT_APPLY_CHOOSE;
    }
}

/* A second code is filed with the verified one: the first empty field wants the other. */
static bool other_missing(struct apply *a)
{
    const struct device *is = &a->draft.devices[a->device].is;
    if (a->step != APPLY_IMEI || a->draft.kind != APPROVAL_SECOND_IMEI || is->count != 1)
        return false;
    apply_wrong(a, *a->fields[0].typed ? 1 : 0, TEXT_APPLY_IMEI_BOTH);
    return true;
}

static void ask_rules(struct apply *a)
{
    struct draft whole = a->draft;
    struct filing wish;
    struct fault fault = {0};
    stand_in(a, &whole, &wish);
    enum err err = filing_check(&a->v->office, &a->v->who, &wish, &fault);
    if (err == ERR_DEVICE_IMEIS && other_missing(a))
        return;
    if (err == ERR_USAGE || err == ERR_DEVICE_IMEIS)
        apply_wrong(a, 0, missing(a));
    else if (err == ERR_DUPLICATE_IN_FILE)
        apply_wrong(a, field_of(a, &fault), TEXT_APPLY_IMEI_TWICE);
    else if (err == ERR_DATE)
        apply_wrong(a, 0, TEXT_APPLY_ENTERED_LATER);
    else if (err == ERR_ONE_LINE)
        apply_wrong(a, 0, TEXT_APPLY_SIGNS);
    else if (err)
        apply_wrong_err(a, 0, err);
}

bool apply_take(struct apply *a)
{
    struct draft before = a->draft;
    apply_read(a);
    if (apply_right(a))
        take(a);
    if (apply_right(a))
        ask_rules(a);
    if (!apply_right(a))
        a->draft = before;
    return apply_right(a);
}

/* ---- pages ---- */

void apply_field(struct apply *a, size_t i, enum text label, const enum text *hint,
                 const char *attributes)
{
    const struct apply_field *f = &a->fields[i];
    screen_field(a->x, &(struct screen_field){.name = field_name(a->step, i),
                                              .attributes = attributes,
                                              .label = label,
                                              .hint = hint,
                                              .wrong = f->wrong ? &f->why : NULL,
                                              .value = str_z(f->typed)});
}

static const char imei_input[] =
    "inputmode=\"numeric\" autocomplete=\"off\" spellcheck=\"false\" maxlength=\"40\" "
    "class=\"digits\"";

static void imei_fields(struct apply *a)
{
    static const enum text labels[] = {TEXT_APPLY_IMEI_1, TEXT_APPLY_IMEI_2, TEXT_APPLY_IMEI_3,
                                       TEXT_APPLY_IMEI_4};
    static const enum text second = TEXT_APPLY_IMEI_SECOND;
    bool open = *a->fields[2].typed || *a->fields[3].typed;
    apply_field(a, 0, labels[0], NULL, imei_input);
    apply_field(a, 1, labels[1], a->step == APPLY_IMEI ? &second : NULL, imei_input);
    html_put(a->x, open ? "<details open><summary>" : "<details><summary>");
    html_say(a->x, TEXT_APPLY_IMEI_MORE);
    html_put(a->x, "</summary>\n");
    apply_field(a, 2, labels[2], NULL, imei_input);
    apply_field(a, 3, labels[3], NULL, imei_input);
    html_put(a->x, "</details>\n");
}

static void model_fields(struct apply *a)
{
    struct tac_info listed;
    html_put(a->x, "<p>");
    html_say(a->x, listed_model(a, &listed) ? TEXT_APPLY_MODEL_LISTED : TEXT_APPLY_MODEL_UNKNOWN);
    html_put(a->x, "</p>\n");
    apply_field(a, 0, TEXT_APPLY_BRAND, NULL, "autocomplete=\"off\" maxlength=\"96\"");
    apply_field(a, 1, TEXT_APPLY_MODEL, NULL, "autocomplete=\"off\" maxlength=\"96\"");
}

static void error(struct exchange *x, const char *id, enum text why)
{
    html_put(x, "<div class=\"error\" id=\"");
    html_put(x, id);
    html_put(x, "\">");
    html_sign(x, "hint");
    html_put(x, "<p>");
    html_say(x, why);
    html_put(x, "</p></div>\n");
}

static enum text heading(const struct apply *a)
{
    bool repair = a->draft.kind == APPROVAL_REPAIR;
    switch ((unsigned)a->step) {
    case APPLY_IMEI:
        return repair ? TEXT_APPLY_IMEI_HEADING_NEW : TEXT_APPLY_IMEI_HEADING;
    case APPLY_OLD:
        return TEXT_APPLY_IMEI_HEADING_OLD;
    case APPLY_MODEL:
        return TEXT_APPLY_MODEL_HEADING;
    case APPLY_ENTERED:
        return a->draft.way == WAY_PARCEL ? TEXT_APPLY_CAME_HEADING
               : a->draft.way == WAY_GIFT ? TEXT_APPLY_TRAVELLER_CAME_HEADING
                                          : TEXT_APPLY_ENTERED_HEADING;
    case APPLY_COUNTRY:
        return TEXT_APPLY_COUNTRY_HEADING;
    case APPLY_MORE:
        return TEXT_APPLY_MORE_HEADING;
    default:
        return a->draft.way == WAY_PARCEL ? TEXT_APPLY_DOCUMENT_HEADING_PARCEL
                                          : TEXT_APPLY_DOCUMENT_HEADING;
    }
}

/* Day, month and year, a field each: nobody has to guess an order or a mark between them. */
static void date_fields(struct apply *a)
{
    static const enum text labels[] = {TEXT_APPLY_DAY, TEXT_APPLY_MONTH, TEXT_APPLY_YEAR};
    struct exchange *x = a->x;
    bool said = false;
    html_put(x, "<fieldset class=\"date\"><legend class=\"heard\">");
    html_say(x, heading(a));
    html_put(x, "</legend>\n");
    for (size_t i = 0; i < 3 && !said; i++)
        if ((said = a->fields[i].wrong))
            error(x, "date-wrong", a->fields[i].why);
    html_put(x, "<div class=\"parts\">\n");
    for (size_t i = 0; i < 3; i++) {
        buf_printf(x->out, "<div class=\"field\"><label for=\"%s\">", date_names[i]);
        html_say(x, labels[i]);
        buf_printf(x->out,
                   "</label><input id=\"%s\" name=\"%s\" inputmode=\"numeric\" "
                   "autocomplete=\"off\" maxlength=\"4\"%s value=\"",
                   date_names[i], date_names[i],
                   said ? " aria-describedby=\"date-wrong\" aria-invalid=\"true\"" : "");
        html_text(x, str_z(a->fields[i].typed));
        html_put(x, "\"></div>\n");
    }
    html_put(x, "</div></fieldset>\n");
}

/* Where phones are mostly brought from, the nearest first. */
static const char countries[][3] = {
    "RU", "CN", "TR", "AE", "UZ", "KG", "KR", "US", "DE", "GB", "JP", "GE", "AZ", "AM", "BY", "TJ",
    "TM", "MN", "TH", "VN", "MY", "SG", "HK", "IN", "SA", "QA", "IT", "FR", "ES", "PL", "CZ", "CA"};

void apply_countries(struct exchange *x, const char *chosen)
{
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++) {
        bool is = strcmp(chosen, countries[i]) == 0;
        buf_printf(x->out, "<option value=\"%s\"%s>", countries[i], is ? " selected" : "");
        html_say_key(x, "apply", "country", countries[i]);
        html_put(x, "</option>\n");
    }
}

static void country_field(struct apply *a)
{
    struct exchange *x = a->x;
    html_put(x, "<div class=\"field\">\n<label class=\"heard\" for=\"country\">");
    html_say(x, TEXT_APPLY_COUNTRY_HEADING);
    html_put(x, "</label>\n");
    if (a->fields[0].wrong)
        error(x, "country-wrong", a->fields[0].why);
    html_put(x, "<select id=\"country\" name=\"country\"");
    html_put(x, a->fields[0].wrong ? " aria-describedby=\"country-wrong\" aria-invalid=\"true\">\n"
                                   : ">\n");
    bool other = !*a->fields[0].typed && (a->draft.answered >> APPLY_COUNTRY & 1);
    if ((!*a->fields[0].typed && !other) ||
        a->fields[0].wrong) { /* nobody's choice is made for him */
        html_put(x, "<option value=\"-\" selected>");
        html_say(x, TEXT_APPLY_COUNTRY_CHOOSE);
        html_put(x, "</option>\n");
    }
    apply_countries(x, a->fields[0].typed);
    html_put(x, other ? "<option value=\"\" selected>" : "<option value=\"\">");
    html_say(x, TEXT_APPLY_COUNTRY_OTHER);
    html_put(x, "</option>\n</select>\n</div>\n");
}

static void document_field(struct apply *a)
{
    static const enum text hints[] = {
        TEXT_APPLY_DOCUMENT_HINT_PARCEL, TEXT_APPLY_DOCUMENT_HINT_IMPORT,
        TEXT_APPLY_DOCUMENT_HINT_REPAIR, TEXT_APPLY_DOCUMENT_HINT_BEFORE};
    size_t i = a->draft.kind == APPROVAL_IMPORT        ? 1
               : a->draft.kind == APPROVAL_REPAIR      ? 2
               : a->draft.kind == APPROVAL_BEFORE_DUTY ? 3
                                                       : 0;
    apply_field(a, 0, i ? TEXT_APPLY_DOCUMENT : TEXT_APPLY_DOCUMENT_PARCEL, &hints[i],
                "autocomplete=\"off\" spellcheck=\"false\" maxlength=\"64\"");
}

static void radio(struct apply *a, const char *value, enum text says)
{
    struct exchange *x = a->x;
    const char *name = field_name(a->step, 0);
    buf_printf(x->out, "<label><input type=\"radio\" name=\"%s\" value=\"%s\"%s", name, value,
               strcmp(a->fields[0].typed, value) == 0 ? " checked" : "");
    if (a->fields[0].wrong)
        buf_printf(x->out, " aria-describedby=\"%s-wrong\"", name);
    html_put(x, "> <span>");
    html_say(x, says);
    html_put(x, "</span></label>\n");
}

void apply_choose(struct apply *a, const struct apply_choice *choice)
{
    struct exchange *x = a->x;
    char id[APPLY_TYPED];
    snprintf(id, sizeof id, "%s-wrong", field_name(a->step, 0));
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, choice->question);
    html_put(x, "</legend>\n");
    if (a->fields[0].wrong)
        error(x, id, a->fields[0].why);
    radio(a, "yes", choice->yes);
    radio(a, "no", choice->no);
    html_put(x, "</fieldset>\n");
}

/* The devices so far, each with ways to change it and to take it out. */
static void devices_so_far(struct apply *a)
{
    struct exchange *x = a->x;
    html_put(x, "<ul class=\"devices\">\n");
    for (size_t i = 0; i < a->draft.device_count; i++) {
        const struct case_device *d = &a->draft.devices[i];
        char path[APPLY_PATH];
        html_put(x, "<li><div><strong>");
        apply_say_device(x, d);
        html_put(x, "</strong>");
        for (unsigned k = 0; k < d->is.count; k++) {
            html_put(x, "<br>");
            page_imei(x, d->is.imeis[k]);
        }
        html_put(x, "</div>\n<div class=\"ways\"><a href=\"");
        apply_path(&a->draft, APPLY_IMEI, i, path);
        html_url(x, path);
        html_put(x, "\">");
        html_say(x, TEXT_GUIDE_CHANGE);
        html_put(x, "</a>\n");
        if (a->draft.device_count > 1) {
            apply_path(&a->draft, APPLY_REMOVE, i, path);
            screen_form(x, a->v, path, "inline");
            html_put(x, "<button class=\"link\">");
            html_say(x, TEXT_APPLY_REMOVE);
            html_put(x, "</button></form>\n");
        }
        html_put(x, "</div></li>\n");
    }
    html_put(x, "</ul>\n");
}

static void questions(struct apply *a)
{
    static const struct apply_choice more = {TEXT_APPLY_MORE_QUESTION, TEXT_APPLY_YES,
                                             TEXT_APPLY_NO};
    switch ((unsigned)a->step) {
    case APPLY_IMEI:
    case APPLY_OLD:
        imei_fields(a);
        break;
    case APPLY_MODEL:
        model_fields(a);
        break;
    case APPLY_ENTERED:
        date_fields(a);
        break;
    case APPLY_COUNTRY:
        country_field(a);
        break;
    case APPLY_MORE:
        apply_choose(a, &more);
        break;
    default:
        document_field(a);
        break;
    }
}

/* A sentence before the fields, where one helps. */
static void lead(struct apply *a)
{
    enum text says = a->draft.way == WAY_PARCEL ? TEXT_APPLY_CAME_HINT
                     : a->draft.way == WAY_GIFT ? TEXT_APPLY_TRAVELLER_CAME_HINT
                                                : TEXT_APPLY_ENTERED_HINT;
    if (a->step == APPLY_IMEI)
        says = a->draft.kind == APPROVAL_SECOND_IMEI ? TEXT_APPLY_IMEI_HINT_SECOND
                                                     : TEXT_APPLY_IMEI_HINT;
    else if (a->step == APPLY_OLD)
        says = TEXT_APPLY_IMEI_HINT_OLD;
    else if (a->step != APPLY_ENTERED)
        return;
    html_put(a->x, "<p>");
    html_say(a->x, says);
    html_put(a->x, "</p>\n");
}

void apply_ask(struct apply *a)
{
    char path[APPLY_PATH];
    apply_path(&a->draft, a->step, a->device, path);
    screen_begin(a->x, a->v, heading(a), path);
    apply_heading(a, heading(a));
    lead(a);
    if (a->step == APPLY_MORE)
        devices_so_far(a);
    screen_form(a->x, a->v, path, "ask");
    questions(a);
    html_put(a->x, "<p class=\"ways\"><button class=\"main\">");
    html_say(a->x, TEXT_APPLY_NEXT);
    html_put(a->x, "</button> <a href=\"");
    html_url(a->x, "/cabinet");
    html_put(a->x, "\">");
    html_say(a->x, TEXT_APPLY_LATER);
    html_put(a->x, "</a></p>\n</form>\n");
    screen_end(a->x);
}
