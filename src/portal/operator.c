/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/operator.h"

#include <string.h>

#include "app/audit.h"

enum err operator_name(const struct visit *v, struct str *out, struct fault *fault)
{
    *out = str_z(v->who.organisation);
    return out->n ? ERR_OK
                  : fault_set(fault, ERR_NO_BODY,
                              "tamga user password NAME --role operator --body OPERATOR");
}

/* ---- checks ---- */

struct since {
    uint8_t reason;
    daynum day;
    unsigned walked;
};

static bool find_since(void *ctx, const struct audit_line *line)
{
    enum { WALK_MOST = 50 };
    struct since *s = ctx;
    const struct row *row = &line->item.row;
    if (row->after.reason != s->reason)
        return false; /* the calendar turned it, and no row says so yet */
    s->day = line->entry.effective;
    return row->before == s->reason && ++s->walked < WALK_MOST;
}

enum err operator_look(struct registry *reg, struct imei imei, struct operator_check *out,
                       struct fault *fault)
{
    struct since since = {.day = DAYNUM_NONE};
    out->imei = imei;
    enum err err = registry_check(reg, imei, &out->now, NULL, fault);
    if (!err) {
        since.reason = out->now.reason;
        err = audit_history(reg, imei, find_since, &since, fault);
    }
    out->since = since.day;
    return err;
}

enum err operator_checks(struct visit *v, const struct imei *imeis, size_t n,
                         struct operator_check *out, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        err = operator_look(v->office.registry, imeis[i], &out[i], fault);
        portal_note(v, AUDIT_CHECK, 0, imeis[i].body, err);
    }
    return err;
}

/* ---- keys ---- */

struct keys {
    struct str name;
    struct api_key *out;
    size_t n;
};

static bool is_theirs(const struct api_key *key, struct str name)
{
    struct str of = str_z(key->name);
    return str_starts(of, name) && (of.n == name.n || of.p[name.n] == '/');
}

static bool take_key(void *ctx, const struct api_key *key)
{
    struct keys *k = ctx;
    if (is_theirs(key, k->name))
        k->out[k->n++] = *key;
    return k->n < OPERATOR_KEYS;
}

enum err operator_keys(struct visit *v, struct str name, struct api_key *out, size_t *out_n,
                       struct fault *fault)
{
    struct keys k = {name, out, 0};
    enum err err = store_api_keys(v->office.registry->store, take_key, &k, fault);
    *out_n = k.n;
    return err;
}

enum err operator_key_revoke(struct visit *v, struct str name, struct str id, struct api_key *out,
                             struct fault *fault)
{
    struct api_key keys[OPERATOR_KEYS];
    uint32_t number;
    size_t n = 0;
    enum err err = operator_keys(v, name, keys, &n, fault);
    bool theirs = false;
    if (!err && api_key_id_parse(id, &number))
        for (size_t i = 0; i < n; i++)
            theirs |= keys[i].id == number;
    if (!err && !theirs)
        err = fault_set(fault, ERR_KEY, "no key of this operator has this id");
    if (!err) {
        err = api_key_revoke(portal_hand(v), id, out, fault);
        portal_hand_back(v);
    }
    portal_note(v, AUDIT_ACCOUNT, 0, err ? 0 : number, err);
    return err;
}

/* ---- files ---- */

struct files {
    struct str name;
    struct operator_files *out;
    size_t seen;
};

/* The latest stand first; what is older than all of them is left out. */
static bool take_load(void *ctx, const struct load *load)
{
    const struct files *f = ctx;
    struct operator_files *out = f->out;
    if (!str_eq(str_z(load->operator_name), f->name))
        return true;
    size_t at = out->load_count;
    while (at && out->loads[at - 1].time_ms < load->time_ms)
        at--;
    if (at == OPERATOR_FILES)
        return true;
    size_t last = out->load_count < OPERATOR_FILES ? out->load_count : OPERATOR_FILES - 1;
    memmove(&out->loads[at + 1], &out->loads[at], (last - at) * sizeof *out->loads);
    out->loads[at] = *load;
    out->load_count = last + 1;
    return true;
}

static bool take_finding(void *ctx, const struct finding *finding)
{
    enum { LOOK_MOST = 100000 };
    struct files *f = ctx;
    struct operator_files *out = f->out;
    if (++f->seen > LOOK_MOST) {
        out->more = true;
        return false;
    }
    if (!str_eq(str_z(finding->operator_name), f->name))
        return true;
    size_t i = 0;
    while (i < out->finding_count && strcmp(out->findings[i].kind, finding->kind) != 0)
        i++;
    if (i == OPERATOR_FINDINGS)
        return true;
    if (i == out->finding_count) {
        out->findings[i] = (struct operator_finding){.count = 0};
        str_copy(out->findings[i].kind, sizeof out->findings[i].kind, str_z(finding->kind));
        out->finding_count++;
    }
    out->findings[i].count += finding->count;
    return true;
}

enum err operator_files(struct visit *v, struct str name, struct operator_files *out,
                        struct fault *fault)
{
    struct store *store = v->office.registry->store;
    struct files f = {name, out, 0};
    memset(out, 0, sizeof *out);
    enum err err = store_loads(store, take_load, &f, fault);
    return err ? err : store_findings(store, take_finding, &f, fault);
}
