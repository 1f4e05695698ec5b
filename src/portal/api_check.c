/* SPDX-License-Identifier: Apache-2.0
 *
 * The check with its explanation, for assistants (service office, operator's shop, hot line) and officers: the internal
 * reason and which rule spoke, nothing of owners. Each is noted in the audit log, with the IMEI. */
#include "portal/api.h"
#include "portal/handlers.h"

static json_t *day_json(daynum day)
{
    char text[DAYNUM_TEXT];
    if (!daynum_is_day(day))
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}

static json_t *said(struct exchange *x, uint8_t reason)
{
    enum text id;
    if (!text_find_parts("reason", reason_name(reason), "internal", &id))
        return json_null();
    struct str text = text_get(x->lang, id);
    return json_stringn(text.p, text.n);
}

static enum err check(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct imei imei;
    struct verdict v;
    struct facts f;
    char digits[IMEI_TEXT15];
    enum err err = imei_parse_typed(a->x->param, &imei);
    if (!err)
        err = registry_check(reg, imei, &v, &f, a->fault);
    if (err)
        return err;
    portal_note(a->visit, AUDIT_CHECK, 0, imei.body, ERR_OK);
    imei_format15(imei, digits);
    a->answer =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:b, s:b, s:o}", "imei", digits, "list",
                  list_name(reason_list(v.reason)), "reason", reason_name(v.reason),
                  "public_reason", reason_public(v.reason), "rule", reason_table[v.reason].rule,
                  "explanation", said(a->x, v.reason), "last_day", day_json(verdict_deadline(&v)),
                  "used", (v.flags & VERDICT_USED) != 0, "duplicate",
                  (v.flags & VERDICT_DUPLICATE) != 0, "activated", day_json(f.activation));
    return ERR_OK;
}

void portal_desk_check(struct exchange *x)
{
    api_run(x,
            &(struct api_row){ROLE_BIT(ROLE_ASSISTANT) | ROLE_BIT(ROLE_OFFICER), API_LOOKS, check});
}
