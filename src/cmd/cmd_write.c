/* SPDX-License-Identifier: Apache-2.0
 *
 * suspend, resume, sweep, user: small writing commands. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "app/staff.h"
#include "app/suspend.h"
#include "app/sweep.h"
#include "cmd/command.h"
#include "seen/notices_due.h"

typedef enum err suspension_fn(struct registry *, const struct suspension *, const struct imei *,
                               size_t, struct batch_result *, struct fault *);

static bool read_imeis(const struct cli *cli, struct imei *out)
{
    for (int i = 0; i < cli->argc; i++)
        if (!cli_imei(cli, cli->argv[i], &out[i]))
            return false;
    return true;
}

static int run_suspension(struct cli *cli, suspension_fn *fn, struct suspension *s)
{
    int code = 2;
    struct imei *imeis = calloc((size_t)cli->argc, sizeof *imeis);
    struct registry *reg = NULL;
    if (imeis && read_imeis(cli, imeis))
        reg = cli_open(cli, true, false, &code);
    if (reg) {
        struct fault fault = {0};
        struct batch_result result = {0};
        enum err err = fn(reg, s, imeis, (size_t)cli->argc, &result, &fault);
        code = cli_batch(cli, err, &result, &fault);
    }
    registry_close(reg);
    free(imeis);
    return code;
}

static int suspension(struct cli *cli, suspension_fn *fn)
{
    const char *mark = NULL, *by = NULL, *order = NULL, *from = NULL, *until = NULL;
    struct suspension s = {.from = DAYNUM_NONE, .last = DAYNUM_OPEN};
    const struct option_spec specs[] = {
        {.name = "--mark", .value = &mark},   {.name = "--by", .value = &by},
        {.name = "--order", .value = &order}, {.name = "--reason", .value = &s.reason},
        {.name = "--from", .value = &from},   {.name = "--until", .value = &until},
    };
    if (!cli_options(cli, specs, fn == suspend ? 6 : 4))
        return 2;
    if (!mark || !by || !order)
        return cli_usage(cli, "--mark, --by and --order are wanted");
    if (!mark_kind_find(str_z(mark), &s.kind))
        return cli_usage(cli, "--mark is stolen, lost, order or penitentiary");
    if (cli->argc == 0)
        return cli_usage(cli, "which IMEI?");
    if ((from && !cli_day(cli, from, &s.from)) || (until && !cli_day(cli, until, &s.last)))
        return 2;
    s.body = str_z(by);
    s.order = str_z(order);
    return run_suspension(cli, fn, &s);
}

int cmd_suspend(struct cli *cli)
{
    return suspension(cli, suspend);
}

int cmd_resume(struct cli *cli)
{
    return suspension(cli, resume);
}

static void print_sweep(const struct cli *cli, const struct sweep_result *r)
{
    static const char *const states[] = {"passed", "not armed", "stopped"};
    char through[DAYNUM_TEXT], swept[DAYNUM_TEXT];
    daynum_format(r->expire_through, through);
    daynum_format(r->swept_through, swept);
    if (cli->json) {
        printf("{\"expire_through\":\"%s\",\"swept_through\":\"%s\",\"days\":%" PRIu32
               ",\"rows\":%" PRIu64 ",\"expired\":%" PRIu64 ",\"stopped\":%s}\n",
               through, swept, r->days, r->rows, r->expired,
               r->stopped_at == DAYNUM_NONE ? "false" : "true");
        return;
    }
    printf("swept through %s, expire_through %s: %" PRIu32 " days, %" PRIu64 " rows, %" PRIu64
           " expired\n",
           swept, through, r->days, r->rows, r->expired);
    for (int i = 0; i < SWEEP_GUARDS; i++)
        printf("  guard %-22s %s\n", sweep_guard_name((enum sweep_guard)i), states[r->guards[i]]);
}

int cmd_sweep(struct cli *cli)
{
    const char *until_text = NULL, *dry = NULL;
    daynum until = DAYNUM_NONE;
    const struct option_spec specs[] = {{.name = "--until", .value = &until_text},
                                        {.name = "--dry-run", .flag = true, .value = &dry}};
    if (!cli_options(cli, specs, 2) || (until_text && !cli_day(cli, until_text, &until)))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, !dry, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct sweep_result result;
    enum err err = ERR_OK;
    if (until_text && until > registry_today(reg)) {
        fault_value(&fault, until_text, strlen(until_text));
        err = fault_set(&fault, ERR_DATE, "--until lies after today: that day has not come");
    }
    reg->untold = notices_untold;
    if (!err)
        err = sweep(reg, until, dry != NULL, &result, &fault);
    if (!err || err == ERR_GUARD || err == ERR_HELD)
        print_sweep(cli, &result);
    return cli_close(cli, reg, err, &fault);
}

int cmd_user_add(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "one name");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct batch_result result;
    bool two = false;
    enum err err = staff_add(reg, str_z(cli->argv[0]), &result, &fault);
    if (!err)
        err = batch_two_person(reg, &two, &fault);
    if (!err && cli->json)
        printf("{\"two_person\":%s}\n", two ? "true" : "false");
    else if (!err)
        printf("staff account %s; two persons decide: %s\n", cli->argv[0], two ? "yes" : "no");
    else
        code = cli_batch(cli, err, &result, &fault);
    registry_close(reg);
    return code;
}

static bool print_user(void *ctx, const struct party *party)
{
    const struct cli *cli = ctx;
    if (party->kind != PARTY_ACCOUNT || !(party->flags & PARTY_STAFF))
        return true;
    if (!cli->json) {
        puts(party->name);
        return true;
    }
    json_t *line = json_pack("{s:s}", "name", party->name);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
    return true;
}

int cmd_user_list(struct cli *cli)
{
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = store_parties(reg->store, print_user, cli, &fault);
    return cli_close(cli, reg, err, &fault);
}
