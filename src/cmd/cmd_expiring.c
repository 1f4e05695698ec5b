/* SPDX-License-Identifier: Apache-2.0
 *
 * expiring: a look at the evenings to come, for whoever may hold one of them. */
#include <inttypes.h>

#include "app/expiring.h"
#include "cmd/command.h"

void cli_models(const struct registry *reg, const struct top_models *top)
{
    for (uint32_t i = 0; i < top->n; i++) {
        struct tac_info info = {.brand = STR("not in"), .model = STR("our list of models")};
        (void)tac_find(reg->tac, top->list[i].tac, &info);
        printf("  %12" PRIu64 "  %08" PRIu32 " %.*s %.*s\n", top->list[i].imeis, top->list[i].tac,
               STR_ARG(info.brand), STR_ARG(info.model));
    }
}

static void print_json(const struct expiring *e)
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
    printf("]}\n");
}

static void print_text(const struct registry *reg, const struct expiring *e)
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
}

int cmd_expiring(struct cli *cli)
{
    const char *text = NULL;
    uint64_t days = 2;
    const struct option_spec specs[] = {{.name = "--days", .value = &text}};
    if (!cli_options(cli, specs, 1))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "takes no words");
    if (text && (!str_to_u64(str_z(text), EXPIRING_DAYS, &days) || !days))
        return cli_usage(cli, "--days is 1 to 62");
    int code;
    struct registry *reg = cli_open(cli, false, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct expiring e;
    enum err err = expiring_count(reg, (unsigned)days, &e, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(&e);
    else
        print_text(reg, &e);
    registry_close(reg);
    return code;
}
