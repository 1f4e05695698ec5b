/* SPDX-License-Identifier: Apache-2.0
 *
 * rules, and the second person: proposals, confirm, reject. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "app/batch_part.h"
#include "app/whatif.h"
#include "cmd/command.h"

int cmd_rules_show(struct cli *cli)
{
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    const char *key, *preset, *meaning;
    struct buf out = {0};
    if (!cli->json)
        buf_printf(&out, "# rule set %" PRIu32 "\n", reg->rules.number);
    for (uint32_t i = 0; rules_setting(i, &key, &preset, &meaning); i++) {
        struct buf value = {0};
        rules_format_value(&reg->rules, str_z(key), &value);
        if (cli->json)
            buf_printf(&out, "%s\"%s\":\"%.*s\"", i ? "," : "{", key, (int)value.n,
                       value.p ? (char *)value.p : "");
        else
            buf_printf(&out, "%s=%.*s\t# %s\n", key, (int)value.n, value.p ? (char *)value.p : "",
                       meaning);
        buf_release(&value);
    }
    if (cli->json)
        buf_printf(&out, ",\"rule_set\":%" PRIu32 "}\n", reg->rules.number);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    registry_close(reg);
    return 0;
}

int cmd_rules_set(struct cli *cli)
{
    const char *guards = NULL, *why = NULL;
    const struct option_spec specs[] = {{.name = "--accept", .value = &guards},
                                        {.name = "--reason", .value = &why}};
    struct accept accept;
    if (!cli_options(cli, specs, 2) || !cli_accept(cli, guards, why, &accept))
        return 2;
    if (cli->argc == 0)
        return cli_usage(cli, "KEY=VALUE is wanted");
    int code;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct rules rules;
    struct batch_result result = {0};
    char label[BATCH_LABEL_MAX], reason[GUARD_REASON_MAX];
    uint32_t tripped = 0;
    size_t at = (size_t)snprintf(label, sizeof label, "rules set");
    for (int i = 0; i < cli->argc && at < sizeof label; i++)
        at += (size_t)snprintf(label + at, sizeof label - at, " %s", cli->argv[i]);
    enum err err =
        whatif_rules(reg, (const char *const *)cli->argv, (size_t)cli->argc, &rules, &fault);
    if (!err)
        err = guard_rules(reg, &rules, false, &accept, &tripped, &fault);
    if (!err)
        err = rules_change(reg,
                           &(struct rules_plan){.rules = &rules,
                                                .label = label,
                                                .reason = guard_reason(&accept, tripped, reason)},
                           &result, &fault);
    if (!err && !cli->json)
        printf("rule set %" PRIu32 " is in force: %" PRIu64 " verdicts moved\n", reg->rules.number,
               result.rows);
    else
        code = cli_batch(cli, err, &result, &fault);
    registry_close(reg);
    return code;
}

/* ---- the second person ---- */

struct naming {
    struct registry *reg;
    bool json;
};

static void print_proposal_json(const struct batch *b, const char *by, const char *when)
{
    json_t *line = json_pack("{s:I, s:s, s:s, s:s, s:I, s:s}", "proposal", (json_int_t)b->id, "at",
                             when, "by", by, "event", event_name(b->entry.event), "changes",
                             (json_int_t)b->count, "label", b->label);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static bool print_proposal(void *ctx, const struct batch *b)
{
    const struct naming *naming = ctx;
    struct registry *reg = naming->reg;
    if (b->state != BATCH_PROPOSED)
        return true;
    struct party by = {0};
    if (store_party_get(reg->store, b->actor, &by, NULL))
        str_copy(by.name, sizeof by.name, STR("?"));
    char when[24];
    instant_format(b->time_ms / 1000, when);
    if (naming->json) {
        print_proposal_json(b, by.name, when);
        return true;
    }
    printf("%" PRIu64 "  %s  by %s  %s  %" PRIu64 " changes  %s\n", b->id, when, by.name,
           event_name(b->entry.event), b->count, b->label);
    return true;
}

/* What a second person must see before confirming. */
static void print_changes(const struct batch *b, const struct change *changes, size_t n)
{
    enum { SHOWN = 20 };
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        char imei[IMEI_TEXT15];
        imei_format15(changes[i].imei, imei);
        printf("  %s  %s\n", imei, change_kind_name(changes[i].kind));
    }
    if (b->count > SHOWN)
        printf("  ... %" PRIu64 " in all\n", b->count);
}

static void print_rules(const struct registry *reg, struct str text)
{
    struct buf now = {0};
    rules_format(&reg->rules, &now);
    struct str rest = text, rest_now = {(char *)now.p, now.n};
    while (rest.p && rest.n) {
        struct str wanted = str_split(rest, '\n', &rest);
        struct str stands = str_split(rest_now, '\n', &rest_now);
        if (!str_eq(wanted, stands))
            printf("  %.*s  (now %.*s)\n", STR_ARG(wanted), STR_ARG(stands));
    }
    buf_release(&now);
}

static int show_proposal(struct cli *cli, struct registry *reg, uint64_t id)
{
    struct fault fault = {0};
    struct batch b;
    struct buf rules = {0};
    size_t n = 0;
    struct change *changes = calloc(BATCH_PART_CHANGES, sizeof *changes);
    enum err err = changes ? batch_look(reg, id, &b, changes, &n, &rules, &fault) : ERR_MEMORY;
    if (!err) {
        struct party body = {0};
        print_proposal(&(struct naming){.reg = reg}, &b);
        if (b.entry.document_n)
            printf("  %s %.*s\n",
                   b.entry.event == EVENT_TAC_LIST ? "list of models, SHA-256" : "order",
                   b.entry.document_n, b.entry.document);
        if (b.entry.party && !store_party_get(reg->store, b.entry.party, &body, NULL) &&
            body.name[0])
            printf("  for %s\n", body.name);
        print_changes(&b, changes, n);
        print_rules(reg, (struct str){(char *)rules.p, rules.n});
    }
    buf_release(&rules);
    free(changes);
    return err ? cli_fail(cli, err, &fault) : 0;
}

int cmd_proposals(struct cli *cli)
{
    int code;
    uint64_t id = 0;
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc > 1 || (cli->argc && !str_to_u64(str_z(cli->argv[0]), INT64_MAX, &id)))
        return cli_usage(cli, "at most one, the number of a proposal");
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct registry *names = NULL;
    enum err err = registry_again(reg, &names, &fault);
    if (!err && id) {
        code = show_proposal(cli, names, id);
    } else {
        if (!err)
            err = store_batches(reg->store, print_proposal, &(struct naming){names, cli->json},
                                &fault);
        code = err ? cli_fail(cli, err, &fault) : 0;
    }
    registry_close(names);
    registry_close(reg);
    return code;
}

static int with_id(struct cli *cli, uint64_t *out_id)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1 || !str_to_u64(str_z(cli->argv[0]), INT64_MAX, out_id))
        return cli_usage(cli, "the number of a proposal is wanted");
    return 0;
}

int cmd_confirm(struct cli *cli)
{
    uint64_t id = 0;
    int code = with_id(cli, &id);
    struct registry *reg = code ? NULL : cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct batch_result result = {0};
    int64_t began = clock_monotonic_us();
    uint32_t rules = reg->rules.number;
    enum err err = batch_confirm(reg, id, &result, &fault);
    if (!err && !cli->json && reg->rules.number != rules)
        printf("rule set %" PRIu32 " is in force: %" PRIu64 " verdicts moved\n", reg->rules.number,
               result.rows);
    else
        code = cli_batch(cli, err, &result, &fault);
    if (!err && !cli->json)
        cli_rate(result.changes, "IMEI", 0, began);
    registry_close(reg);
    return code;
}

int cmd_reject(struct cli *cli)
{
    uint64_t id = 0;
    int code = with_id(cli, &id);
    struct registry *reg = code ? NULL : cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = batch_reject(reg, id, &fault);
    return cli_close(cli, reg, err, &fault);
}
