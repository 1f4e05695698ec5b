/* SPDX-License-Identifier: Apache-2.0
 *
 * clones report, figures: the table of cases for those outside the house, and what became of cases by month. */
#include <inttypes.h>

#include "clones/case.h"
#include "cmd/command.h"
#include "people/audit_log.h"

static bool write_text(void *ctx, struct str text)
{
    return fwrite(text.p, 1, text.n, ctx) == text.n;
}

static enum err note_report(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct audit_event event = *(const struct audit_event *)c->ctx;
    event.time_ms = clock_now_us(reg->clock) / 1000;
    return audit_log_put(reg, &event, 1, fault);
}

static enum err report(struct registry *reg, const char *path, uint64_t *rows, struct fault *fault)
{
    bool out = str_eq(str_z(path), STR("-"));
    FILE *file = out ? stdout : fopen(path, "wx");
    if (!file) {
        fault_value(fault, path, strlen(path));
        return fault_set(fault, ERR_FILE_WRITE, "it cannot be made, or is there already");
    }
    enum err err = clone_report(reg, write_text, file, rows, fault);
    bool bad = fflush(file) != 0;
    bad |= !out && fclose(file) != 0;
    if (!err && bad)
        err = fault_set(fault, ERR_FILE_WRITE, "the report was not written to its end");
    struct audit_event event = {.what = AUDIT_CLONE_REPORT, .actor = reg->actor, .object = *rows};
    struct commit_case c = {.also = note_report, .ctx = &event};
    return err ? err : commit_one(reg, &c, fault);
}

int cmd_clones_report(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "one file (- = standard output)");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    uint64_t rows = 0;
    const char *path = cli->argv[0];
    enum err err = report(reg, path, &rows, &fault);
    bool told = !str_eq(str_z(path), STR("-"));
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (told && cli->json)
        printf("{\"rows\":%" PRIu64 "}\n", rows);
    else if (told)
        printf("%s: %" PRIu64 " IMEIs\n", path, rows);
    registry_close(reg);
    return code;
}

static void print_month(const struct cli *cli, const struct clone_month *m)
{
    if (cli->json)
        printf("{\"month\":\"%04d-%02d\",\"opened\":%" PRIu32 ",\"confirmed\":%" PRIu32
               ",\"dismissed\":%" PRIu32 ",\"fleets\":%" PRIu32 "}\n",
               m->year, m->month, m->moved[CLONE_OPEN], m->moved[CLONE_CONFIRMED],
               m->moved[CLONE_DISMISSED], m->moved[CLONE_FLEET]);
    else
        printf("%04d-%02d  %8" PRIu32 " opened  %8" PRIu32 " confirmed  %8" PRIu32
               " dismissed  %8" PRIu32 " of fleets\n",
               m->year, m->month, m->moved[CLONE_OPEN], m->moved[CLONE_CONFIRMED],
               m->moved[CLONE_DISMISSED], m->moved[CLONE_FLEET]);
}

int cmd_clones_figures(struct cli *cli)
{
    enum { MONTHS = 120 };
    if (!cli_options_only(cli, NULL, 0))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct clone_month months[MONTHS];
    size_t n = 0;
    enum err err = clone_months(reg, months, MONTHS, &n, &fault);
    for (size_t i = 0; !err && i < n; i++)
        print_month(cli, &months[i]);
    return cli_close(cli, reg, err, &fault);
}
