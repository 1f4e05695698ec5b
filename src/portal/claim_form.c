/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/claim_form.h"

#include <sodium.h>

#include "face/form.h"
#include "face/page_answer.h"

enum { KEY_TEXT = 33 };

static const struct {
    const char *name;
    const char *member; /* in a fault of the use case */
    const char *attributes;
    enum text label;
    bool lines;
} fields[CLAIM_FIELDS] = {
    [CLAIM_IMEIS] = {"imei", "imeis",
                     "rows=\"2\" inputmode=\"numeric\" maxlength=\"200\" autocomplete=\"off\"",
                     TEXT_CLAIM_IMEIS, true},
    [CLAIM_BIN] = {"bin", "seller.bin",
                   "inputmode=\"numeric\" maxlength=\"20\" autocomplete=\"off\"", TEXT_CLAIM_BIN,
                   false},
    [CLAIM_NAME] = {"name", "seller.name", "maxlength=\"200\" autocomplete=\"off\"",
                    TEXT_CLAIM_NAME, false},
    [CLAIM_ADDRESS] = {"address", "seller.address", "maxlength=\"300\" autocomplete=\"off\"",
                       TEXT_CLAIM_ADDRESS, false},
    [CLAIM_BOUGHT] = {"bought", "bought", "type=\"date\"", TEXT_CLAIM_BOUGHT, false},
    [CLAIM_PLACE] = {"place", "place", "maxlength=\"300\" autocomplete=\"off\"", TEXT_CLAIM_PLACE,
                     false},
    [CLAIM_DOCUMENT] = {"document", "document", "maxlength=\"64\" autocomplete=\"off\"",
                        TEXT_CLAIM_DOCUMENT, false},
    [CLAIM_NOTE] = {"note", "note", "", TEXT_CLAIM_NOTE, true},
};

void claim_form_release(struct claim_form *f)
{
    for (size_t i = 0; i < CLAIM_FIELDS; i++)
        buf_release(&f->typed[i]);
    buf_release(&f->key);
}

struct str claim_form_typed(const struct claim_form *f, enum claim_field field)
{
    const struct buf *b = &f->typed[field];
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

enum err claim_form_read(const struct exchange *x, struct claim_form *f)
{
    struct buf named = {0};
    enum err err = screen_value(x, "key", &f->key);
    for (size_t i = 0; !err && i < CLAIM_FIELDS; i++)
        err = screen_value(x, fields[i].name, &f->typed[i]);
    if (!err)
        err = screen_value(x, "named", &named);
    f->named = named.n > 0;
    buf_release(&named);
    struct buf *note = &f->typed[CLAIM_NOTE];
    for (size_t i = 0; i < note->n; i++)
        note->p[i] = note->p[i] < ' ' ? ' ' : note->p[i]; /* a note is one line of a record */
    return err;
}

void claim_form_fill(struct claim_form *f, const struct purchase *p)
{
    char text[IMEI_TEXT15], day[DAYNUM_TEXT];
    for (unsigned i = 0; i < p->imei_count; i++) {
        imei_format15(p->imeis[i], text);
        buf_printf(&f->typed[CLAIM_IMEIS], "%s%s", i ? "\n" : "", text);
    }
    buf_str(&f->typed[CLAIM_BIN], str_z(p->seller.bin));
    buf_str(&f->typed[CLAIM_NAME], str_z(p->seller.name));
    buf_str(&f->typed[CLAIM_ADDRESS], str_z(p->seller.address));
    daynum_format(p->bought, day);
    if (daynum_is_day(p->bought))
        buf_str(&f->typed[CLAIM_BOUGHT], str_z(day));
}

/* ---- taking ---- */

void claim_form_missing(struct claim_form *f, enum claim_field field, enum text why)
{
    f->is_wrong[field] = true;
    f->wrong[field] = why;
}

static void wrong(struct claim_form *f, enum claim_field field, enum err err)
{
    f->is_wrong[field] = text_find_parts(err_info(err)->text_id, NULL, NULL, &f->wrong[field]);
    if (!f->is_wrong[field])
        f->err = err;
}

/* One a line, or after a comma. */
static enum err take_imeis(struct str text, struct purchase *out)
{
    while (text.n) {
        size_t end = 0;
        while (end < text.n && !strchr("\n,;", text.p[end]))
            end++;
        struct str one = str_trim((struct str){text.p, end});
        end += end < text.n;
        text = (struct str){text.p + end, text.n - end};
        if (!one.n)
            continue;
        if (out->imei_count == LIMIT_DEVICE_IMEIS)
            return ERR_DEVICE_IMEIS;
        enum err err = imei_parse_typed(one, &out->imeis[out->imei_count]);
        if (err)
            return err;
        out->imei_count++;
    }
    return out->imei_count ? ERR_OK : ERR_DEVICE_IMEIS;
}

static void take_text(struct claim_form *f, enum claim_field field, size_t size, char *out)
{
    struct str typed = claim_form_typed(f, field);
    if (typed.n >= size)
        wrong(f, field, ERR_TOO_LONG);
    else
        str_copy(out, size, typed);
}

bool claim_form_take(struct claim_form *f, struct purchase *out)
{
    struct str bought = claim_form_typed(f, CLAIM_BOUGHT);
    *out = (struct purchase){.bought = DAYNUM_NONE};
    enum err err = take_imeis(claim_form_typed(f, CLAIM_IMEIS), out);
    if (err)
        wrong(f, CLAIM_IMEIS, err);
    if (daynum_parse(bought, &out->bought))
        wrong(f, CLAIM_BOUGHT, ERR_DATE);
    if (claim_form_typed(f, CLAIM_BIN).n >= sizeof out->seller.bin)
        wrong(f, CLAIM_BIN, ERR_IIN_BIN);
    else
        take_text(f, CLAIM_BIN, sizeof out->seller.bin, out->seller.bin);
    take_text(f, CLAIM_NAME, sizeof out->seller.name, out->seller.name);
    take_text(f, CLAIM_ADDRESS, sizeof out->seller.address, out->seller.address);
    take_text(f, CLAIM_PLACE, sizeof out->place, out->place);
    take_text(f, CLAIM_DOCUMENT, sizeof out->document, out->document);
    for (size_t i = 0; i < CLAIM_FIELDS; i++)
        if (f->is_wrong[i])
            return false;
    return !f->err;
}

void claim_form_refuse(struct claim_form *f, enum err err, const struct fault *fault)
{
    for (size_t i = 0; i < CLAIM_FIELDS; i++)
        if (str_starts(str_z(fault->field), str_z(fields[i].member)))
            wrong(f, (enum claim_field)i, err);
    for (size_t i = 0; i < CLAIM_FIELDS; i++)
        if (f->is_wrong[i])
            return;
    f->err = err;
}

/* ---- showing ---- */

static void field(struct exchange *x, const struct claim_form *f, const struct claim_asks *asks,
                  enum claim_field i)
{
    static const enum text bin = TEXT_CLAIM_BIN_HINT, imeis = TEXT_CLAIM_IMEIS_HINT;
    bool is_note = i == CLAIM_NOTE;
    struct screen_field field = {.name = fields[i].name,
                                 .attributes = is_note ? asks->note_fields : fields[i].attributes,
                                 .label = is_note            ? asks->note
                                          : i == CLAIM_IMEIS ? asks->imeis
                                                             : fields[i].label,
                                 .wrong = f->is_wrong[i] ? &f->wrong[i] : NULL,
                                 .value = claim_form_typed(f, i),
                                 .lines = fields[i].lines};
    field.hint = i == CLAIM_BIN ? &bin : i == CLAIM_IMEIS ? &imeis : is_note ? asks->hint : NULL;
    screen_field(x, &field);
}

void claim_form_fields(struct exchange *x, const struct claim_form *f,
                       const struct claim_asks *asks)
{
    char key[KEY_TEXT];
    uint8_t random[(KEY_TEXT - 1) / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, sizeof key, random, sizeof random);
    html_put(x, "<input type=\"hidden\" name=\"key\" value=\"");
    html_text(x, f->key.n && !f->err ? (struct str){(const char *)f->key.p, f->key.n} : str_z(key));
    html_put(x, "\">\n");
    for (enum claim_field i = 0; i < CLAIM_FIELDS; i++)
        if (asks->document || (i != CLAIM_PLACE && i != CLAIM_DOCUMENT))
            field(x, f, asks, i);
    if (!asks->names)
        return;
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_CLAIM_NAMED_LEGEND);
    html_put(x, "</legend>\n<label><input type=\"checkbox\" name=\"named\" value=\"yes\"");
    html_put(x, f->named ? " checked> <span>" : "> <span>");
    html_say(x, TEXT_CLAIM_NAMED);
    html_put(x, "</span></label></fieldset>\n");
}

/* ---- telling ---- */

void claim_row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

void claim_row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

void claim_text_row(struct exchange *x, enum text label, const char *value)
{
    if (!*value)
        return;
    claim_row(x, label);
    html_text(x, str_z(value));
    claim_row_end(x);
}

void claim_quote(struct exchange *x, const char *text)
{
    if (!*text)
        return;
    html_put(x, "<blockquote>");
    html_text(x, str_z(text));
    html_put(x, "</blockquote>\n");
}

void claim_device(struct exchange *x, const struct visit *v, const struct purchase *p)
{
    struct tac_info model;
    if (!tac_find(v->office.registry->tac, imei_tac(p->imeis[0]), &model)) {
        page_imei(x, p->imeis[0]);
        return;
    }
    html_text(x, model.brand);
    html_put(x, " ");
    html_text(x, model.model);
}

void claim_seller(struct exchange *x, const struct purchase *p)
{
    html_text(x, str_z(*p->seller.name ? p->seller.name : p->seller.bin));
}

enum err claim_rows(struct exchange *x, const struct visit *v, const struct purchase *p)
{
    struct standing s;
    enum err err = purchase_standing(v->office.registry, p, &s, NULL);
    if (err)
        return err;
    claim_row(x, TEXT_CLAIM_IMEIS);
    for (unsigned i = 0; i < p->imei_count; i++) {
        html_put(x, i ? "<br>" : "");
        page_imei(x, p->imeis[i]);
    }
    claim_row_end(x);
    claim_row(x, TEXT_CLAIM_STANDS);
    html_say_key(x, "list", list_name(s.list), "title");
    if (daynum_is_day(s.last_day)) {
        html_put(x, "<br>");
        html_say_day(x, TEXT_CLAIM_LAST_DAY, s.last_day);
    }
    claim_row_end(x);
    claim_text_row(x, TEXT_CLAIM_BIN, p->seller.bin);
    claim_text_row(x, TEXT_CLAIM_NAME, p->seller.name);
    claim_text_row(x, TEXT_CLAIM_ADDRESS, p->seller.address);
    if (daynum_is_day(p->bought)) {
        claim_row(x, TEXT_CLAIM_BOUGHT);
        text_date(x->out, x->lang, p->bought);
        claim_row_end(x);
    }
    claim_text_row(x, TEXT_CLAIM_PLACE, p->place);
    claim_text_row(x, TEXT_CLAIM_DOCUMENT, p->document);
    return ERR_OK;
}
