/* SPDX-License-Identifier: Apache-2.0
 *
 * expiring: a look at the evenings to come, for whoever may hold one of them. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/expiring.h"
#include "cmd/groups_out.h"

static const struct groups_words words = {{"imeis", NULL}};

void cli_models(const struct registry *reg, const struct top_models *top)
{
    for (uint32_t i = 0; i < top->n; i++) {
        struct tac_info info = {.brand = STR("not in"), .model = STR("our list of models")};
        (void)tac_find(reg->tac, top->list[i].tac, &info);
        printf("  %12" PRIu64 "  %08" PRIu32 " %.*s %.*s\n", top->list[i].imeis, top->list[i].tac,
               STR_ARG(info.brand), STR_ARG(info.model));
    }
}

static void note_expiring(void *ctx, struct imei imei)
{
    groups_add(ctx, imei, 0);
}

static void print_json(const struct expiring *e, const struct groups *groups)
{
    char day[DAYNUM_TEXT];
    printf("{\"waiting\":%" PRIu64 ",\"days\":[", e->waiting);
    for (unsigned i = 0; i < e->days; i++) {
        daynum_format(e->from + (daynum)i, day);
        printf("%s{\"last_day\":\"%s\",\"imeis\":%" PRIu64 "}", i ? "," : "", day, e->imeis[i]);
    }
    printf("],\"models\":[");
    for (uint32_t i = 0; i < e->models.n; i++)
        printf("%s{\"tac\":\"%08" PRIu32 "\",\"imeis\":%" PRIu64 "}", i ? "," : "",
               e->models.list[i].tac, e->models.list[i].imeis);
    printf("],\"operators\":");
    json_t *operators = groups_json(&groups->operators, &words);
    json_t *regions = groups_json(&groups->regions, &words);
    json_dumpf(operators, stdout, JSON_COMPACT);
    printf(",\"regions\":");
    json_dumpf(regions, stdout, JSON_COMPACT);
    printf("}\n");
    json_decref(operators);
    json_decref(regions);
}

static void print_text(const struct registry *reg, const struct expiring *e,
                       const struct groups *groups)
{
    char day[DAYNUM_TEXT];
    printf("last day with service, IMEIs that are black the day after:\n");
    for (unsigned i = 0; i < e->days; i++) {
        daynum_format(e->from + (daynum)i, day);
        printf("  %s  %12" PRIu64 "%s\n", day, e->imeis[i], i ? "" : "  today");
    }
    if (e->waiting)
        printf("%" PRIu64 " wait: their last day is over, expire_through has not come to it\n",
               e->waiting);
    if (e->models.n)
        printf("models that lose service most:\n");
    cli_models(reg, &e->models);
    if (e->models.n)
        groups_print(groups, &words);
}

static enum err look(struct cli *cli, struct registry *reg, const char *regions, unsigned days,
                     struct fault *fault)
{
    struct expiring e = {0};
    struct groups_of of = {0};
    struct groups *groups = calloc(1, sizeof *groups);
    const struct expiring_ask ask = {days, note_expiring, &of};
    enum err err = groups ? expiring_count(reg, &ask, &e, fault) : ERR_MEMORY;
    if (!err)
        err = groups_of_cli(cli, reg, &of, regions, groups, fault);
    if (!err && cli->json)
        print_json(&e, groups);
    else if (!err)
        print_text(reg, &e, groups);
    groups_of_release(&of);
    free(groups);
    return err;
}

int cmd_expiring(struct cli *cli)
{
    const char *text = NULL, *regions = cli->settings->regions;
    uint64_t days = 2;
    const struct option_spec specs[] = {{.name = "--days", .value = &text},
                                        {.name = "--regions", .value = &regions}};
    if (!cli_options_only(cli, specs, 2))
        return 2;
    if (text && (!str_to_u64(str_z(text), EXPIRING_DAYS, &days) || !days))
        return cli_usage(cli, "--days is 1 to 62");
    int code;
    struct registry *reg = cli_open(cli, *regions != '\0', false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = look(cli, reg, regions, (unsigned)days, &fault);
    return cli_close(cli, reg, err, &fault);
}
