/* SPDX-License-Identifier: Apache-2.0 */
#include "app/whatif.h"

#include <stdlib.h>

static bool is_served(const struct verdict *v)
{
    return reason_list(v->reason) != LIST_BLACK;
}

enum err whatif_rules(struct registry *reg, const char *const *sets, size_t n, struct rules *out,
                      struct fault *fault)
{
    struct rules rules = reg->rules;
    for (size_t i = 0; i < n; i++) {
        struct str value, key = str_split(str_z(sets[i]), '=', &value);
        if (!value.p) {
            fault_value(fault, key.p, key.n);
            return fault_set(fault, ERR_SETTING_VALUE, "want KEY=VALUE");
        }
        if (rules_settable(str_trim(key)) == false && str_starts(key, STR("tac_list")))
            return fault_set(fault, ERR_SETTING_VALUE, "only `import tac` sets the TAC list");
        enum err err = rules_set(&rules, str_trim(key), value, fault);
        if (err)
            return err;
    }
    if (!str_eq(str_z(rules.zone), str_z(reg->rules.zone))) {
        struct zone zone;
        enum err err = zone_load(rules.zone, &zone, fault);
        if (err)
            return err;
    }
    *out = rules;
    return ERR_OK;
}

/* ---- the pass over all facts ---- */

struct pass {
    const struct whatif_ask *ask;
    const struct rules *before, *after;
    daynum day, expire_through;
    struct whatif *result;
};

static bool look(void *ctx, const struct facts_row *row)
{
    struct pass *p = ctx;
    struct verdict before =
        policy_judge_gated(row->imei, &row->facts, p->before, p->day, p->expire_through);
    struct verdict after =
        policy_judge_gated(row->imei, &row->facts, p->after, p->day, p->expire_through);
    bool changed = !verdict_equal(&before, &after);
    struct whatif *w = p->result;
    w->imeis++;
    bool lost = is_served(&before) && !is_served(&after);
    top_models_add(&w->models, row->imei, lost);
    if (!changed)
        return true;
    w->changed++;
    if (before.reason != after.reason)
        w->moves[before.reason][after.reason]++;
    bool regained = !is_served(&before) && is_served(&after);
    w->lost += lost;
    w->regained += regained;
    if (p->ask->moved && (lost || regained))
        p->ask->moved(p->ask->ctx, row->imei, lost);
    return true;
}

enum err whatif_run(struct registry *reg, const struct whatif_ask *ask, struct whatif *out,
                    struct fault *fault)
{
    bool today = ask->as_of == DAYNUM_NONE;
    memset(out, 0, sizeof *out);
    struct pass p = {.ask = ask,
                     .before = &reg->rules,
                     .after = ask->rules,
                     .day = today ? registry_today(reg) : ask->as_of,
                     .expire_through = today ? reg->head.gate.expire_through : DAYNUM_OPEN,
                     .result = out};
    enum err err = store_facts_scan(reg->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                                    look, &p, fault);
    top_models_end(&out->models);
    return err;
}

/* ---- doing it ---- */

/* Does the set differ from the one in force by expiry_release=manual alone? */
static bool only_holds_expiry(const struct rules *now, const struct rules *then)
{
    struct rules held = *now;
    held.expiry_release = RELEASE_MANUAL;
    held.number = then->number;
    held.tac = then->tac;
    struct buf a = {0}, b = {0};
    rules_format(&held, &a);
    rules_format(then, &b);
    bool same = then->expiry_release == RELEASE_MANUAL && !a.failed && !b.failed && a.n == b.n &&
                memcmp(a.p, b.p, a.n) == 0;
    buf_release(&a);
    buf_release(&b);
    return same;
}

/* The entry's document is the SHA-256 of the packed list: the list itself stands beside the
 * journal, and `db check` compares. */
static void name_list(struct registry *reg, struct str packed, struct entry *entry)
{
    uint8_t hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_begin(reg->sha);
    sha256_add(reg->sha, packed.p, packed.n);
    sha256_end(reg->sha, hash);
    sha256_hex(hash, hex);
    memcpy(entry->document, hex, LIMIT_DOCUMENT);
    entry->document_n = LIMIT_DOCUMENT;
}

enum err rules_change(struct registry *reg, const struct rules_plan *wanted,
                      struct batch_result *out, struct fault *fault)
{
    struct rules rules = *wanted->rules;
    struct str list = wanted->tac_list;
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    rules.number = reg->head.rules + 1;
    struct entry entry = {.event = list.n ? EVENT_TAC_LIST : EVENT_RULES};
    if (list.n) {
        rules.tac_list = rules.number; /* a list has the number of the set that brought it */
        name_list(reg, list, &entry);
    }
    struct batch_plan plan = {.entry = entry,
                              .label = wanted->label,
                              .reason = wanted->reason,
                              .needs_second =
                                  list.n ? wanted->grave : !only_holds_expiry(&reg->rules, &rules),
                              .rules = &rules,
                              .tac_list = list};
    return batch_run(reg, &plan, out, fault);
}
