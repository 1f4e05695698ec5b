/* SPDX-License-Identifier: Apache-2.0
 *
 * lists receipt, lists receipts: what operators say that they applied, and how old it is. */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/lists_receipt.h"
#include "cmd/command.h"

enum { RECEIPTS_MOST = 1024, LATE_S = 86400 /* a day without the newest list */ };

static enum err open_lists(const struct cli *cli, struct registry *reg, uint8_t list,
                           struct lists **out, struct fault *fault)
{
    char directory[CLI_DIRECTORY];
    struct lists *lists;
    cli_lists_directory(cli, directory);
    if (!*directory)
        return fault_set(fault, ERR_UNAVAILABLE,
                         "this register has no directory for lists: name one in the settings, "
                         "[serve] lists");
    enum err err = lists_open(directory, list, &lists, fault);
    if (err)
        return err;
    err = lists_follow(lists, reg, fault);
    if (err)
        lists_close(lists);
    else
        *out = lists;
    return err;
}

static void print(const struct cli *cli, const struct lists_standing *s)
{
    char at[24];
    const struct lists_receipt *r = &s->receipt;
    instant_format(r->at_ms / 1000, at);
    if (cli->json) {
        json_t *line =
            json_pack("{s:s, s:s, s:I, s:s, s:I, s:I}", "operator", r->operator_name, "list",
                      lists_kind_name(r->list), "applied", (json_int_t)r->place.next_seq - 1,
                      "acknowledged_at", at, "waiting", (json_int_t)s->waiting, "age_seconds",
                      (json_int_t)s->age_s);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else
        printf("%s  %s  applied %" PRIu64 ", said at %s; %" PRIu64
               " changes wait, the first for %" PRIi64 " s%s\n",
               r->operator_name, lists_kind_name(r->list), r->place.next_seq - 1, at, s->waiting,
               s->age_s, s->age_s >= LATE_S ? "  LATE" : "");
}

int cmd_lists_receipt(struct cli *cli)
{
    const char *name = NULL, *cursor = NULL, *list_text = "black";
    struct lists_receipt receipt = {.at_ms = clock_now_us(cli->clock) / 1000};
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--cursor", .value = &cursor},
                                        {.name = "--list", .value = &list_text}};
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (cli->argc || !name || !cursor)
        return cli_usage(cli, "--operator NAME and --cursor CURSOR are wanted");
    if (!*name || strlen(name) > LIMIT_NAME || !str_printable(str_z(name)))
        return cli_usage(cli, "--operator wants a name of 1 to 64 bytes");
    if (!feed_cursor_parse(str_z(cursor), &receipt.place))
        return cli_usage(cli, "--cursor wants the cursor of the list that was applied");
    const uint8_t list = lists_kind_find(str_z(list_text));
    if (list == LISTS_NONE)
        return cli_usage(cli, "--list wants black, white or exceptions");
    int code;
    struct fault fault = {0};
    struct lists *lists = NULL;
    struct lists_standing standing;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    str_copy(receipt.operator_name, sizeof receipt.operator_name, str_z(name));
    receipt.list = list;
    receipt.by = reg->actor;
    enum err err = open_lists(cli, reg, list, &lists, &fault);
    if (!err)
        err = lists_receipt_put(lists, reg, &receipt, &fault);
    if (!err)
        err = lists_stand(lists, reg, &receipt, &standing, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        print(cli, &standing);
    lists_close(lists);
    registry_close(reg);
    return code;
}

/* ---- how all stand ---- */

struct found {
    struct lists_receipt *all;
    size_t count;
};

static bool collect(void *ctx, const struct lists_receipt *receipt)
{
    struct found *f = ctx;
    f->all[f->count++] = *receipt;
    return f->count < RECEIPTS_MOST;
}

/* *out_late: does one stand late? */
static enum err print_all(const struct cli *cli, struct registry *reg, const struct found *found,
                          bool *out_late, struct fault *fault)
{
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < LISTS_KINDS; k++) {
        struct lists *lists = NULL;
        for (size_t i = 0; !err && i < found->count; i++) {
            struct lists_standing standing;
            if (found->all[i].list != lists_kind_at(k))
                continue;
            if (!lists)
                err = open_lists(cli, reg, lists_kind_at(k), &lists, fault);
            if (!err)
                err = lists_stand(lists, reg, &found->all[i], &standing, fault);
            if (!err) {
                print(cli, &standing);
                *out_late |= standing.age_s >= LATE_S;
            }
        }
        lists_close(lists);
    }
    return err;
}

int cmd_lists_receipts(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "no more words");
    int code;
    bool late = false;
    struct fault fault = {0};
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct found found = {calloc(RECEIPTS_MOST, sizeof *found.all), 0};
    enum err err = found.all ? lists_receipts(reg, collect, &found, &fault) : ERR_MEMORY;
    if (!err)
        err = print_all(cli, reg, &found, &late, &fault);
    free(found.all);
    registry_close(reg);
    return err ? cli_fail(cli, err, &fault) : late;
}
