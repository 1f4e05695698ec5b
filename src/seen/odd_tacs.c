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
    struct groups_of *of;
    struct tac_info info; /* of the TAC that the pass is at */
    uint32_t at;
    bool at_known; /* info is of `at`, which stands in the list */
};

static void count(struct odd_kind *kind, struct imei imei)
{
    kind->imeis++;
    top_models_add(&kind->models, imei, true);
    bool again = kind->examples && imei_tac(kind->example[kind->examples - 1]) == imei_tac(imei);
    if (!again && kind->examples < ODD_EXAMPLES)
        kind->example[kind->examples++] = imei;
}

/* Facts come by TAC, so that each is looked for once. */
static const struct tac_info *info_of(struct passing *p, uint32_t tac)
{
    if (p->at != tac) {
        p->at = tac;
        p->at_known = tac_find(p->list, tac, &p->info);
    }
    return p->at_known ? &p->info : NULL;
}

/* ODD_KINDS: it is not odd. */
static enum odd_tac kind_of(struct passing *p, uint32_t tac, daynum first_use)
{
    if (is_test(p->ask->tests, tac))
        return ODD_TEST;
    if (!p->list)
        return ODD_KINDS;
    const struct tac_info *info = info_of(p, tac);
    if (!info)
        return ODD_MISSING;
    return info->allocated != DAYNUM_NONE && info->allocated > first_use ? ODD_LATER : ODD_KINDS;
}

static int month_of(daynum day)
{
    int y, m, d;
    daynum_to_ymd(day, &y, &m, &d);
    return y * 12 + m - 1;
}

static bool look(void *ctx, const struct facts_row *row)
{
    struct passing *p = ctx;
    const daynum first_use = row->facts.activation;
    if (first_use == DAYNUM_NONE)
        return true;
    const enum odd_tac kind = kind_of(p, imei_tac(row->imei), first_use);
    p->out->in_use++;
    if (kind == ODD_KINDS)
        return true;
    groups_add(p->of, row->imei, kind);
    if (!p->ask->operator_name.n) {
        const int back = p->out->month - month_of(first_use);
        count(&p->out->kinds[kind], row->imei);
        if (back >= 0 && back < ODD_MONTHS)
            p->out->kinds[kind].months[back]++;
    }
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

struct listening {
    struct odd_tacs *out;
    const struct tac_table *list;
    uint64_t only; /* 0: all operators */
    struct odd_wrong *wrong;
    size_t n, size;
    bool no_memory;
};

static struct odd_radio *radio_of(struct odd_tacs *out, uint64_t party)
{
    unsigned at = 0;
    while (at < out->operators && out->radio[at].party != party)
        at++;
    if (at == ODD_OPERATORS)
        return NULL;
    if (at == out->operators)
        out->radio[out->operators++] = (struct odd_radio){.party = party};
    return &out->radio[at];
}

/* Which of the technologies that were seen the model lacks: bits. */
static unsigned lacks(const struct listening *l, const struct radio_count *radio)
{
    struct tac_info info;
    unsigned seen = 0;
    if (!tac_find(l->list, radio->tac, &info) || !info.radio)
        return 0;
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        seen |= radio->rows[k] ? 1u << k : 0;
    return seen & ~(unsigned)info.radio;
}

static bool keep_wrong(struct listening *l, const struct odd_wrong *one)
{
    if (l->n == l->size) {
        const size_t size = l->size ? 2 * l->size : 256;
        struct odd_wrong *wrong = realloc(l->wrong, size * sizeof *wrong);
        if (!wrong)
            return false;
        l->wrong = wrong;
        l->size = size;
    }
    l->wrong[l->n++] = *one;
    return true;
}

static bool add_radio(void *ctx, uint64_t party, const struct radio_count *radio)
{
    struct listening *l = ctx;
    struct odd_radio *of = l->only && l->only != party ? NULL : radio_of(l->out, party);
    if (!of)
        return true;
    const unsigned wrong = lacks(l, radio);
    struct odd_wrong one = {.tac = radio->tac, .radio = (uint8_t)wrong, .rows = 0};
    for (unsigned k = 0; k < RADIO_KINDS; k++) {
        const uint64_t of_wrong = wrong >> k & 1 ? radio->rows[k] : 0;
        of->rows[k] += radio->rows[k];
        of->wrong[k] += of_wrong;
        one.rows += of_wrong;
    }
    l->no_memory = wrong && !keep_wrong(l, &one);
    return !l->no_memory;
}

static int by_tac(const void *a, const void *b)
{
    const struct odd_wrong *x = a, *y = b;
    return (x->tac > y->tac) - (x->tac < y->tac);
}

static int most_rows_first(const void *a, const void *b)
{
    const struct odd_wrong *x = a, *y = b;
    return x->rows != y->rows ? (x->rows < y->rows ? 1 : -1) : by_tac(a, b);
}

/* What several operators saw of a TAC is one. */
static void tell_wrong(struct listening *l)
{
    size_t n = 0;
    if (l->n)
        qsort(l->wrong, l->n, sizeof *l->wrong, by_tac);
    for (size_t i = 0; i < l->n; i++) {
        if (!n || l->wrong[n - 1].tac != l->wrong[i].tac) {
            l->wrong[n++] = l->wrong[i];
            continue;
        }
        l->wrong[n - 1].rows += l->wrong[i].rows;
        l->wrong[n - 1].radio |= l->wrong[i].radio;
    }
    if (n)
        qsort(l->wrong, n, sizeof *l->wrong, most_rows_first);
    l->out->wrong_tacs = (uint32_t)n;
    l->out->wrong_n = n < TOP_MODELS ? (unsigned)n : TOP_MODELS;
    if (n)
        memcpy(l->out->wrong, l->wrong, l->out->wrong_n * sizeof *l->wrong);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct odd_radio *)a)->name, ((const struct odd_radio *)b)->name);
}

static enum err look_at_radio(struct registry *reg, const struct odd_ask *ask, struct odd_tacs *out,
                              struct fault *fault)
{
    struct listening l = {.out = out, .list = out->has_details ? reg->tac : NULL};
    if (ask->operator_name.n)
        l.only = registry_party_id(reg, PARTY_OPERATOR, ask->operator_name);
    enum err err = radio_each(reg, add_radio, &l, fault);
    if (!err && l.no_memory)
        err = ERR_MEMORY;
    if (!err)
        tell_wrong(&l);
    free(l.wrong);
    for (unsigned i = 0; !err && i < out->operators; i++) {
        struct party party = {0};
        if (store_party_get(reg->store, out->radio[i].party, &party, NULL))
            str_copy(party.name, sizeof party.name, STR("?"));
        str_copy(out->radio[i].name, sizeof out->radio[i].name, str_z(party.name));
    }
    qsort(out->radio, out->operators, sizeof *out->radio, by_name);
    return err;
}

enum err odd_tacs_count(struct registry *reg, const struct odd_ask *ask, struct odd_tacs *out,
                        struct fault *fault)
{
    struct groups_of of = {0};
    memset(out, 0, sizeof *out);
    out->has_list = reg->tac && tac_table_count(reg->tac) > 0;
    out->has_details = out->has_list && tac_table_has_details(reg->tac);
    out->month = month_of(registry_today(reg));
    struct passing p = {.ask = ask,
                        .list = out->has_list ? reg->tac : NULL,
                        .out = out,
                        .of = &of,
                        .at = TAC_COUNT};
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
