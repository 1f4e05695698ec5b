/* SPDX-License-Identifier: Apache-2.0 */
#include "face/explain_text.h"

static void reason_text(struct buf *out, enum lang lang, uint8_t reason)
{
    enum text id;
    if (text_find_parts("reason", reason_name(reason), "internal", &id))
        buf_str(out, text_get(lang, id));
}

static void list_text(struct buf *out, enum lang lang, enum list list)
{
    enum text id;
    if (text_find_parts("list", list_name(list), "title", &id))
        buf_str(out, text_get(lang, id));
}

static void value_text(struct buf *out, enum lang lang, uint8_t kind, int64_t value)
{
    switch ((enum explain_value)kind) {
    case EXPLAIN_NUMBER:
        buf_printf(out, "%lld", (long long)value);
        break;
    case EXPLAIN_DAY:
        text_date(out, lang, (daynum)value);
        break;
    case EXPLAIN_THROUGH:
        text_date_through(out, lang, (daynum)value);
        break;
    case EXPLAIN_LIST:
        list_text(out, lang, (enum list)value);
        break;
    case EXPLAIN_REASON:
        reason_text(out, lang, (uint8_t)value);
        break;
    }
}

void explain_text(struct buf *out, enum lang lang, const struct explain_line *line)
{
    enum text id;
    struct buf values[2] = {0};
    struct text_var vars[2];
    for (uint32_t i = 0; i < line->count; i++) {
        value_text(&values[i], lang, line->vars[i].kind, line->vars[i].value);
        vars[i] = (struct text_var){line->vars[i].name, {(char *)values[i].p, values[i].n}};
    }
    if (!line->text_id)
        buf_put(out, values[0].p, values[0].n);
    else if (text_find(str_z(line->text_id), &id))
        text_format(out, text_get(lang, id), vars, line->count);
    buf_release(&values[0]);
    buf_release(&values[1]);
}
