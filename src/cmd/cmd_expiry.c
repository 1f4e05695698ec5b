/* SPDX-License-Identifier: Apache-2.0
 *
 * expiry hold, release, holds: a wrong midnight is stopped for one operator or some models (app/expiry_hold.h). */
#include <inttypes.h>

#include <jansson.h>

#include "app/expiry_hold.h"
#include "cmd/command.h"

/* "35735007" or "35735007-35735009". */
static bool read_tacs(const char *text, struct expiry_hold *hold)
{
    struct str last, first = str_split(str_z(text), '-', &last);
    uint64_t from, to;
    if (!last.p)
        last = first;
    if (first.n != 8 || last.n != 8 || !str_to_u64(first, TAC_COUNT - 1, &from) ||
        !str_to_u64(last, TAC_COUNT - 1, &to) || from > to)
        return false;
    hold->tac_from = (uint32_t)from;
    hold->tac_to = (uint32_t)to;
    return true;
}

static void name_account(struct registry *reg, uint64_t id, char out[LIMIT_NAME + 1])
{
    struct party party = {0};
    if (id && store_party_get(reg->store, id, &party, NULL) == ERR_OK && party.name[0])
        str_copy(out, LIMIT_NAME + 1, str_z(party.name));
    else
        str_copy(out, LIMIT_NAME + 1, id ? STR("?") : STR("-"));
}

struct telling {
    struct registry *reg;
    bool json, all;
};

static void tell_json(const struct expiry_hold *h, const char *by, const char *asked)
{
    char day[DAYNUM_TEXT], at[24], until[24], from[16], to[16];
    daynum_format(h->through, day);
    instant_format(h->at_ms / 1000, at);
    instant_format(h->until_ms / 1000, until);
    snprintf(from, sizeof from, "%08" PRIu32, h->tac_from);
    snprintf(to, sizeof to, "%08" PRIu32, h->tac_to);
    json_t *line = json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "hold",
                             h->seq ? json_integer((json_int_t)h->seq) : json_null(), "operator",
                             h->operator_name[0] ? json_string(h->operator_name) : json_null(),
                             "tac_from", from, "tac_to", to, "expire_through", day, "at", at, "by",
                             by, "release_asked_by", asked ? json_string(asked) : json_null(),
                             "released", h->until_seq ? json_string(until) : json_null());
    if (line && !h->seq) {
        json_object_del(line, "release_asked_by");
        json_object_set_new(line, "asked_by", json_string(asked));
    }
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static bool tell(void *ctx, const struct expiry_hold *h)
{
    const struct telling *t = ctx;
    char by[LIMIT_NAME + 1], asked[LIMIT_NAME + 1], day[DAYNUM_TEXT], at[24];
    if (h->until_seq && !t->all)
        return true;
    name_account(t->reg, h->by, by);
    bool asks =
        h->until_seq || expiry_asked_now(t->reg, h); /* what has lapsed is nothing any more */
    if (!h->seq && !asks)
        return true;
    name_account(t->reg, asks ? h->asked_by : 0, asked);
    if (t->json) {
        tell_json(h, by, asks && h->asked_by ? asked : NULL);
        return true;
    }
    daynum_format(h->through, day);
    instant_format(h->at_ms / 1000, at);
    if (!h->seq) {
        printf("-  %s  TAC %08" PRIu32 "-%08" PRIu32
               "  expire_through to stay %s: asked by %s, waits for a second person\n",
               h->operator_name[0] ? h->operator_name : "all operators", h->tac_from, h->tac_to,
               day, asked);
        return true;
    }
    printf("%" PRIu64 "  %s  TAC %08" PRIu32 "-%08" PRIu32 "  expire_through stays %s  %s by %s",
           h->seq, h->operator_name[0] ? h->operator_name : "all operators", h->tac_from, h->tac_to,
           day, at, by);
    if (h->until_seq) {
        instant_format(h->until_ms / 1000, at);
        printf("  released %s\n", at);
    } else {
        printf(asks && h->asked_by ? "  release asked by %s\n" : "\n", asked);
    }
    return true;
}

int cmd_expiry_hold(struct cli *cli)
{
    const char *name = NULL, *tacs = NULL, *through = NULL, *reason = NULL;
    struct expiry_hold hold = {.tac_to = TAC_COUNT - 1, .through = DAYNUM_NONE};
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--tac", .value = &tacs},
                                        {.name = "--through", .value = &through},
                                        {.name = "--reason", .value = &reason}};
    if (!cli_options(cli, specs, 4) || (through && !cli_day(cli, through, &hold.through)))
        return 2;
    if (cli->argc || !reason || !*reason || (!name && !tacs))
        return cli_usage(cli, "--reason, and --operator or --tac are wanted");
    if (name && (!*name || strlen(name) > LIMIT_NAME || !str_printable(str_z(name))))
        return cli_usage(cli, "--operator wants a name of 1 to 64 bytes");
    if (tacs && !read_tacs(tacs, &hold))
        return cli_usage(cli,
                         "--tac wants 8 digits, or the first and the last with a dash between");
    str_copy(hold.operator_name, sizeof hold.operator_name, str_z(name ? name : ""));
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = expiry_hold_put(reg, &hold, reason, &fault);
    if (!err)
        (void)tell(&(struct telling){reg, cli->json, true}, &hold);
    return cli_close(cli, reg, err, &fault);
}

int cmd_expiry_release(struct cli *cli)
{
    const char *reason = NULL;
    const struct option_spec specs[] = {{.name = "--reason", .value = &reason}};
    uint64_t seq = 0;
    if (!cli_options(cli, specs, 1))
        return 2;
    if (cli->argc != 1 || !str_to_u64(str_z(cli->argv[0]), INT64_MAX, &seq))
        return cli_usage(cli, "the number of a hold is wanted");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct expiry_hold hold = {0};
    enum err err = expiry_hold_release(reg, seq, reason, &hold, &fault);
    if (!err)
        (void)tell(&(struct telling){reg, cli->json, true}, &hold);
    return cli_close(cli, reg, err, &fault);
}

static bool keep(void *ctx, const struct expiry_hold *hold)
{
    struct buf *all = ctx;
    buf_put(all, hold, sizeof *hold);
    return !all->failed;
}

int cmd_expiry_holds(struct cli *cli)
{
    const char *all = NULL;
    const struct option_spec specs[] = {{.name = "--all", .flag = true, .value = &all}};
    if (!cli_options_only(cli, specs, 1))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct buf holds = {0};
    struct telling t = {reg, cli->json, all != NULL};
    enum err err = expiry_holds(reg, keep, &holds, &fault);
    if (!err)
        err = expiry_holds_asked(reg, keep, &holds, &fault);
    for (size_t at = 0; !err && at < holds.n; at += sizeof(struct expiry_hold)) {
        struct expiry_hold hold;
        memcpy(&hold, holds.p + at, sizeof hold);
        (void)tell(&t, &hold);
    }
    buf_release(&holds);
    return cli_close(cli, reg, err, &fault);
}
