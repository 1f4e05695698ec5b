/* SPDX-License-Identifier: Apache-2.0
 *
 * What each source is asked, and how its answer is read. */
#include "cases/ask_http.h"

/* ---- border and post: {"iin", "day", "document", "purpose"} -> {"answer": "yes" | "no"} ---- */

static bool read_yes_no(const json_t *json, void *out)
{
    struct str answer = json_text_of(json, "answer");
    enum asked *asked = out;
    if (str_eq(answer, STR("yes")))
        *asked = ASKED_YES;
    else if (str_eq(answer, STR("no")))
        *asked = ASKED_NO;
    else
        return false;
    return true;
}

static enum asked ask_person(void *ctx, const struct check_question *q)
{
    char day[DAYNUM_TEXT] = "";
    enum asked asked = ASKED_AWAY;
    if (daynum_is_day(q->entered))
        daynum_format(q->entered, day);
    json_t *json = json_pack("{s:s, s:s?, s:s, s:s}", "iin", q->iin, "day", *day ? day : NULL,
                             "document", q->document, "purpose", q->number);
    return ask_http_put(ctx, json, read_yes_no, &asked) ? asked : ASKED_AWAY;
}

struct check_source ask_http_source(struct ask_http *s)
{
    return (struct check_source){s ? ask_person : NULL, s};
}

/* ---- customs: {"declaration_no", "goods_item", "bin", "purpose"} -> {"found", "own", "quantity"} ---- */

struct customs_reading {
    bool found;
    struct customs_answer is;
};

static bool read_customs(const json_t *json, void *out)
{
    struct customs_reading *r = out;
    const json_t *found = json_object_get(json, "found"), *own = json_object_get(json, "own"),
                 *quantity = json_object_get(json, "quantity");
    json_int_t n = json_integer_value(quantity);
    if (json_is_false(found)) {
        r->found = false;
        return true;
    }
    r->found = true;
    r->is = (struct customs_answer){json_is_true(own), (uint64_t)(n > 0 ? n : 0)};
    bool counted = json_is_integer(quantity) && n >= 0 && n <= LIMIT_CUSTOMS_QUANTITY;
    return json_is_true(found) && json_is_boolean(own) && (counted || !r->is.own);
}

static enum asked ask_customs(void *ctx, const struct customs_question *q,
                              struct customs_answer *out)
{
    struct customs_reading r = {0};
    json_t *item = q->item ? json_integer((json_int_t)q->item) : json_null();
    json_t *json =
        json_pack("{s:s%, s:o, s:s, s:s}", "declaration_no", q->declaration.p, q->declaration.n,
                  "goods_item", item, "bin", q->bin, "purpose", q->number);
    if (!ask_http_put(ctx, json, read_customs, &r))
        return ASKED_AWAY;
    *out = r.is;
    return r.found ? ASKED_YES : ASKED_NO;
}

struct customs_source ask_http_customs(struct ask_http *s)
{
    return (struct customs_source){.ask = s ? ask_customs : NULL, .ctx = s};
}

/* ---- GSMA: {"imeis": [...], "purpose"} -> {"listed": [...]} ---- */

struct gsma_reading {
    const struct imei *imeis;
    bool *listed;
    size_t n;
};

static bool mark_listed(const struct gsma_reading *r, struct imei imei)
{
    bool known = false;
    for (size_t i = 0; i < r->n; i++)
        if (r->imeis[i].body == imei.body)
            known = r->listed[i] = true;
    return known;
}

/* One that names another IMEI than those asked for is none. */
static bool read_listed(const json_t *json, void *out)
{
    const struct gsma_reading *r = out;
    const json_t *list = json_object_get(json, "listed");
    if (!json_is_array(list) || json_array_size(list) > r->n)
        return false;
    memset(r->listed, 0, r->n * sizeof *r->listed);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct imei imei;
        struct str text = {json_string_value(one), json_string_length(one)};
        if (!json_is_string(one) || imei_parse_typed(text, &imei) || !mark_listed(r, imei))
            return false;
    }
    return true;
}

static enum asked ask_gsma(void *ctx, const char *number, const struct imei *imeis, size_t n,
                           bool *listed)
{
    struct gsma_reading r = {imeis, listed, n};
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char text[IMEI_TEXT15];
        imei_format15(imeis[i], text);
        json_array_append_new(list, json_string(text));
    }
    json_t *json = json_pack("{s:o, s:s}", "imeis", list, "purpose", number);
    return ask_http_put(ctx, json, read_listed, &r) ? ASKED_YES : ASKED_AWAY;
}

struct gsma_source ask_http_gsma(struct ask_http *s)
{
    return (struct gsma_source){s ? ask_gsma : NULL, s};
}
