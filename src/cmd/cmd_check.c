/* SPDX-License-Identifier: Apache-2.0
 *
 * check: one facts row by key, judged. The shell's answer to "may this phone be used?"; staff and
 * scripts read it, so it tells the internal reason. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "face/explain_text.h"

struct checking {
    struct cli *cli;
    struct registry *reg;
    daynum as_of; /* DAYNUM_NONE = today, through the gate */
    uint64_t imsi;
    bool explain;
    enum lang lang; /* of the explanation */
};

struct told {
    struct imei imei;
    struct verdict verdict;
    struct answer answer;
    struct tac_info tac;
    bool tac_known;
    daynum day;
};

struct pair_question {
    struct pair wanted;
    bool found;
};

static bool is_paired(void *ctx, const struct pair *pair)
{
    struct pair_question *q = ctx;
    q->found |= pair->imei.body == q->wanted.imei.body && pair->subscriber == q->wanted.subscriber;
    return !q->found;
}

static enum err look(const struct checking *c, struct imei imei, struct told *out,
                     struct fault *fault)
{
    struct registry *reg = c->reg;
    struct facts facts;
    struct told t = {.imei = imei};
    enum err err = registry_check(reg, imei, &t.verdict, &facts, fault);
    if (err)
        return err;
    t.day = c->as_of == DAYNUM_NONE ? registry_today(reg) : c->as_of;
    if (c->as_of != DAYNUM_NONE)
        t.verdict = policy_judge(imei, &facts, &reg->rules, c->as_of);
    struct asking asking = {.imsi = c->imsi};
    if (c->imsi && t.verdict.reason == REASON_CLONE) {
        struct pair_question q = {
            .wanted = {.imei = imei,
                       .subscriber = answer_subscriber(reg->keys.subscriber, c->imsi)}};
        err = store_pairs_scan(reg->store, is_paired, &q, fault);
        asking.paired = q.found;
    }
    t.answer = answer_make(&t.verdict, c->imsi ? &asking : NULL, &reg->rules);
    t.tac_known = tac_find(reg->tac, imei_tac(imei), &t.tac);
    if (!err)
        *out = t;
    return err;
}

static json_t *day_json(daynum day)
{
    char text[DAYNUM_TEXT];
    if (!daynum_is_day(day))
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}

static void print_json(const struct checking *c, const struct told *t)
{
    char imei[IMEI_TEXT15];
    imei_format15(t->imei, imei);
    const struct verdict *v = &t->verdict;
    const struct answer *a = &t->answer;
    bool has_next = verdict_has_next(v) && a->reason == v->reason;
    json_t *next = json_null(), *tac = json_null();
    if (has_next)
        next = json_pack("{s:s,s:s,s:o}", "list", list_name(reason_list(v->next_reason)), "reason",
                         reason_name(v->next_reason), "from", day_json(v->valid_through + 1));
    if (t->tac_known)
        tac = json_pack("{s:s%,s:s%}", "brand", t->tac.brand.p, t->tac.brand.n, "model",
                        t->tac.model.p, t->tac.model.n);
    json_t *line = json_pack(
        "{s:s,s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:b,s:b,s:b,s:o,s:I,s:o}", "imei", imei, "list",
        list_name((enum list)a->list), "reason", reason_name(a->reason), "public_reason",
        reason_public(a->reason), "rule", (int)reason_table[a->reason].rule, "deadline",
        day_json(verdict_deadline(v)), "valid_through",
        day_json(has_next ? v->valid_through : DAYNUM_NONE), "next", next, "served", (int)a->served,
        "used", (v->flags & VERDICT_USED) != 0, "duplicate", (v->flags & VERDICT_DUPLICATE) != 0,
        "tac", tac, "rule_set", (json_int_t)c->reg->rules.number, "as_of", day_json(t->day));
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void put_line(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "  %-14s%s\n", name, value);
}

static void put_why(const struct checking *c, const struct told *t, struct buf *out)
{
    struct explain_line lines[EXPLAIN_LINES];
    uint32_t n = explain(&t->verdict, t->answer.reason, &c->reg->rules, t->day, lines);
    for (uint32_t i = 0; i < n; i++) {
        buf_str(out, STR("    "));
        explain_text(out, c->lang, &lines[i]);
        buf_str(out, STR("\n"));
    }
}

static void print_text(const struct checking *c, const struct told *t)
{
    char imei[IMEI_TEXT15], day[DAYNUM_TEXT];
    imei_format15(t->imei, imei);
    struct buf out = {0};
    buf_printf(&out, "%s  %s  %s  %s\n", imei, list_name((enum list)t->answer.list),
               reason_name(t->answer.reason), t->answer.served ? "served" : "not served");
    if (t->tac_known)
        buf_printf(&out, "  model         %.*s %.*s\n", STR_ARG(t->tac.brand),
                   STR_ARG(t->tac.model));
    if (verdict_deadline(&t->verdict) != DAYNUM_NONE) {
        daynum_format(verdict_deadline(&t->verdict), day);
        put_line(&out, "last day", day);
    }
    if (t->verdict.flags & VERDICT_DUPLICATE)
        put_line(&out, "duplicate", "several users");
    if (c->explain)
        put_why(c, t, &out);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}

static void print_unusable(const struct checking *c, const char *text, enum err err)
{
    if (!c->cli->json) {
        cli_unusable_imei(c->cli, text, err);
        return;
    }
    json_t *line = json_pack("{s:s,s:s}", "input", text, "error", err_name(err));
    if (!line) /* not UTF-8 */
        line = json_pack("{s:n,s:s}", "input", "error", err_name(err));
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static int check_all(struct checking *c)
{
    int code = 0;
    for (int i = 0; i < c->cli->argc; i++) {
        struct imei imei;
        struct told told;
        struct fault fault = {0};
        enum err err = imei_parse_typed(str_z(c->cli->argv[i]), &imei);
        if (err) {
            print_unusable(c, c->cli->argv[i], err);
            code = 2;
            continue;
        }
        err = look(c, imei, &told, &fault);
        if (err)
            return cli_fail(c->cli, err, &fault);
        if (c->cli->json)
            print_json(c, &told);
        else
            print_text(c, &told);
        if (!code && (!told.answer.served || told.answer.list == LIST_UNKNOWN))
            code = 1;
    }
    return code;
}

int cmd_check(struct cli *cli)
{
    const char *as_of = NULL, *imsi = NULL, *explain_flag = NULL, *lang = "en";
    struct checking c = {.cli = cli, .as_of = DAYNUM_NONE};
    const struct option_spec specs[] = {{.name = "--as-of", .value = &as_of},
                                        {.name = "--imsi", .value = &imsi},
                                        {.name = "--explain", .flag = true, .value = &explain_flag},
                                        {.name = "--lang", .value = &lang}};
    if (!cli_options(cli, specs, 4) || (as_of && !cli_day(cli, as_of, &c.as_of)))
        return 2;
    if (imsi && imsi_parse(str_z(imsi), &c.imsi))
        return cli_usage(cli, "--imsi wants 6 to 15 digits");
    if (!lang_find(str_z(lang), &c.lang))
        return cli_usage(cli, "--lang is kk, ru or en");
    if (cli->argc == 0)
        return cli_usage(cli, "which IMEI?");
    int code;
    c.explain = explain_flag != NULL;
    c.reg = cli_open(cli, false, false, &code);
    if (!c.reg)
        return code;
    code = check_all(&c);
    registry_close(c.reg);
    return code;
}
