/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/odd_tacs.h"

#include <stdlib.h>

enum err odd_prefixes_read(struct str text, struct odd_prefixes *out, struct fault *fault)
{
    struct str rest = text;
    struct odd_prefixes all = {0};
    while (rest.n) {
        uint64_t digits = 0;
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (one.n < 2 || one.n > 8 || !str_to_u64(one, TAC_COUNT - 1, &digits) ||
            all.n == ODD_PREFIXES) {
            fault_value(fault, one.p, one.n);
            return fault_set(fault, ERR_SETTING_VALUE,
                             "test TACs are at most %d prefixes of 2 to 8 digits, with commas",
                             ODD_PREFIXES);
        }
        uint64_t span = 1;
        for (size_t i = one.n; i < 8; i++)
            span *= 10;
        all.list[all.n++] =
            (struct odd_prefix){(uint32_t)(digits * span), (uint32_t)(digits * span + span - 1)};
    }
    *out = all;
    return ERR_OK;
}

static bool is_test(const struct odd_prefixes *tests, uint32_t tac)
{
    for (unsigned i = 0; i < tests->n; i++)
        if (tac >= tests->list[i].from && tac <= tests->list[i].to)
            return true;
    return false;
}

/* ---- facts ---- */

struct passing {
    const struct odd_ask *ask;
    const struct tac_table *list;
    struct odd_tacs *out;
    struct groups_of *of; /* NULL: they are counted already */
};

static void count(struct odd_kind *kind, struct imei imei)
{
    kind->imeis++;
    top_models_add(&kind->models, imei, true);
    bool again = kind->examples && imei_tac(kind->example[kind->examples - 1]) == imei_tac(imei);
    if (!again && kind->examples < ODD_EXAMPLES)
        kind->example[kind->examples++] = imei;
}

static bool look(void *ctx, const struct facts_row *row)
{
    struct passing *p = ctx;
    if (row->facts.activation == DAYNUM_NONE)
        return true;
    uint32_t tac = imei_tac(row->imei);
    bool test = is_test(p->ask->tests, tac);
    p->out->in_use++;
    if (!test && (!p->list || tac_classify(p->list, tac) != TAC_MISSING))
        return true;
    groups_add(p->of, row->imei, test ? ODD_TEST : ODD_MISSING);
    if (!p->ask->operator_name.n)
        count(&p->out->kinds[test ? ODD_TEST : ODD_MISSING], row->imei);
    return p->of->err != ERR_MEMORY;
}

/* What an operator saw of a kind is told from GROUPS_LEAST IMEIs on, and of a model. */
static void leave_out_few(struct odd_kind *kind)
{
    uint32_t kept = 0;
    kind->few = kind->imeis && kind->imeis < GROUPS_LEAST;
    if (kind->few)
        kind->examples = 0;
    for (uint32_t i = 0; i < kind->models.n; i++)
        if (kind->models.list[i].imeis >= GROUPS_LEAST)
            kind->models.list[kept++] = kind->models.list[i];
    kind->models.n = kept;
}

static void seen_by(void *ctx, struct imei imei, unsigned kind)
{
    struct odd_tacs *out = ctx;
    count(&out->kinds[kind], imei);
}

/* ---- radio ---- */

static bool add_radio(void *ctx, uint64_t party, const struct radio_count *radio)
{
    struct odd_tacs *out = ctx;
    unsigned at = 0;
    while (at < out->operators && out->radio[at].party != party)
        at++;
    if (at == ODD_OPERATORS)
        return true;
    if (at == out->operators)
        out->radio[out->operators++] = (struct odd_radio){.party = party};
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        out->radio[at].rows[k] += radio->rows[k];
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct odd_radio *)a)->name, ((const struct odd_radio *)b)->name);
}

static enum err look_at_radio(struct registry *reg, const struct odd_ask *ask, struct odd_tacs *out,
                              struct fault *fault)
{
    unsigned kept = 0;
    enum err err = radio_each(reg, add_radio, out, fault);
    for (unsigned i = 0; !err && i < out->operators; i++) {
        struct party party = {0};
        if (store_party_get(reg->store, out->radio[i].party, &party, NULL))
            str_copy(party.name, sizeof party.name, STR("?"));
        str_copy(out->radio[i].name, sizeof out->radio[i].name, str_z(party.name));
        if (!ask->operator_name.n || str_eq(str_z(party.name), ask->operator_name))
            out->radio[kept++] = out->radio[i];
    }
    out->operators = kept;
    qsort(out->radio, kept, sizeof *out->radio, by_name);
    return err;
}

enum err odd_tacs_count(struct registry *reg, const struct odd_ask *ask, struct odd_tacs *out,
                        struct fault *fault)
{
    struct groups_of of = {0};
    memset(out, 0, sizeof *out);
    out->has_list = reg->tac && tac_table_count(reg->tac) > 0;
    struct passing p = {ask, out->has_list ? reg->tac : NULL, out, &of};
    struct groups_options options = ask->groups;
    options.only = ask->operator_name;
    options.seen = seen_by;
    options.seen_ctx = out;
    enum err err = store_facts_scan(reg->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                                    look, &p, fault);
    if (!err)
        err = groups_count(reg, &of, &options, &out->groups, fault);
    for (unsigned k = 0; k < ODD_KINDS; k++)
        top_models_end(&out->kinds[k].models);
    for (unsigned k = 0; k < ODD_KINDS && ask->operator_name.n; k++)
        leave_out_few(&out->kinds[k]);
    groups_of_release(&of);
    return err ? err : look_at_radio(reg, ask, out, fault);
}
