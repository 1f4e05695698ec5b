/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/marks_form.h"

#include "core/imei.h"

static bool is_between(char c)
{
    return c == '\n' || c == '\r' || c == ',' || c == ';';
}

static enum err add(struct str typed, struct imei *out, size_t *n, struct fault *fault)
{
    struct imei imei;
    enum err err = imei_parse_typed(typed, &imei);
    if (err) {
        fault_value(fault, typed.p, typed.n);
        return fault_set(fault, err, "14 to 16 digits, the check digit right");
    }
    for (size_t i = 0; i < *n; i++)
        if (out[i].body == imei.body)
            return ERR_OK;
    if (*n == MARKS_AT_ONCE)
        return fault_set(fault, ERR_TOO_MANY, "at most %d", MARKS_AT_ONCE);
    out[(*n)++] = imei;
    return ERR_OK;
}

enum err marks_read_imeis(struct str text, struct imei out[MARKS_AT_ONCE], size_t *out_n,
                          struct fault *fault)
{
    size_t at = 0, n = 0;
    enum err err = ERR_OK;
    while (!err && at < text.n) {
        size_t end = at;
        while (end < text.n && !is_between(text.p[end]))
            end++;
        struct str typed = str_trim((struct str){text.p + at, end - at});
        if (typed.n)
            err = add(typed, out, &n, fault);
        at = end + 1;
    }
    if (!err)
        *out_n = n;
    return err;
}

enum err marks_json_imeis(const json_t *body, struct imei out[MARKS_AT_ONCE], size_t *out_n,
                          struct fault *fault)
{
    const json_t *list = json_object_get(body, "imeis");
    size_t n = json_array_size(list), taken = 0;
    enum err err = ERR_OK;
    if (!json_is_array(list))
        err = fault_set(fault, ERR_USAGE, "a list of texts");
    else if (!n || n > MARKS_AT_ONCE)
        err = fault_set(fault, ERR_TOO_MANY, "1 to %d", MARKS_AT_ONCE);
    if (err)
        fault_field(fault, "imeis");
    for (size_t i = 0; !err && i < n; i++) {
        const json_t *one = json_array_get(list, i);
        struct str typed = {json_string_value(one), json_string_length(one)};
        err = json_is_string(one) ? add(typed, out, &taken, fault)
                                  : fault_set(fault, ERR_USAGE, "a text");
        if (err)
            fault_field(fault, "imeis[%zu]", i);
    }
    if (!err)
        *out_n = taken;
    return err;
}

enum err marks_look(struct visit *v, const struct mark_body *body, const struct marking *w,
                    struct mark_look *looks, bool *out_waits, struct fault *fault)
{
    enum err err = marks_preview(v->office.registry, body, w, looks, out_waits, fault);
    for (size_t i = 0; !err && i < w->count; i++)
        portal_note(v, AUDIT_MARK_LOOK, body->party, w->imeis[i].body, ERR_OK);
    return err;
}

enum err marks_act(struct visit *v, const struct mark_body *body, const struct marking *w,
                   struct marked *out, struct fault *fault)
{
    enum err err = marks_do(portal_hand(v), &v->who, body, w, out, fault);
    portal_hand_back(v);
    uint64_t object = err ? 0 : out->proposal ? out->proposal : out->entry;
    portal_note(v, AUDIT_MARK, body->party, object, err);
    return err;
}

enum err marks_settle(struct visit *v, const struct mark_body *body, uint64_t proposal,
                      bool confirm, struct batch_result *out, struct fault *fault)
{
    struct registry *hand = portal_hand(v);
    enum err err = registry_refresh(hand, fault);
    if (!err)
        err = confirm ? marks_confirm(hand, body, proposal, out, fault)
                      : marks_reject(hand, body, proposal, fault);
    portal_hand_back(v);
    portal_note(v, AUDIT_MARK, body->party, proposal, err);
    return err;
}

void marks_name(struct registry *reg, uint64_t account, char out[LIMIT_NAME + 1])
{
    struct party party;
    *out = '\0';
    if (account && store_party_get(reg->store, account, &party, NULL) == ERR_OK &&
        party.kind == PARTY_ACCOUNT)
        str_copy(out, LIMIT_NAME + 1, str_z(party.name));
}
