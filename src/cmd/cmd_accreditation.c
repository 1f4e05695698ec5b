/* SPDX-License-Identifier: Apache-2.0
 *
 * accreditation load, list, revoke: which makers and service centres the country has accredited. */
#include <inttypes.h>
#include <jansson.h>

#include "cases/accreditation.h"
#include "cmd/command.h"

static void print_row(const struct cli *cli, const struct accreditation *a, daynum today)
{
    char from[DAYNUM_TEXT], until[DAYNUM_TEXT], revoked[DAYNUM_TEXT] = "",
                                                kinds[ACCREDITATION_KINDS_TEXT];
    const char *state = accreditation_state_name(accreditation_state(a, today));
    daynum_format(a->from, from);
    daynum_format(a->until, until);
    if (a->revoked != DAYNUM_NONE)
        daynum_format(a->revoked, revoked);
    accreditation_kinds_format(a->kinds, kinds);
    if (!cli->json) {
        printf("%s  %-18s  %s to %s  %-8s  %s%s%s\n", a->bin, kinds, from, until, state, a->number,
               *revoked ? ", revoked on " : "", revoked);
        return;
    }
    json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s}", "bin", a->bin, "kinds", kinds,
                             "certificate_no", a->number, "valid_from", from, "valid_until", until,
                             "revoked_on", *revoked ? revoked : NULL, "state", state);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

int cmd_accreditation_load(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "one file");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct accreditation_loaded loaded;
    enum err err = accreditation_load(reg, cli->argv[0], &loaded, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        printf("{\"rows\":%" PRIu64 ",\"new\":%" PRIu64 ",\"corrected\":%" PRIu64 "}\n",
               loaded.rows, loaded.fresh, loaded.corrected);
    else
        printf("%" PRIu64 " rows, %" PRIu64 " new, %" PRIu64 " corrected\n", loaded.rows,
               loaded.fresh, loaded.corrected);
    registry_close(reg);
    return code;
}

int cmd_accreditation_list(struct cli *cli)
{
    enum { PAGE = 100 };
    int code;
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "nothing more");
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct accreditation page[PAGE];
    struct accreditation_place last, *after = NULL;
    size_t n = PAGE;
    enum err err = ERR_OK;
    while (!err && n == PAGE) {
        err = accreditation_list(reg, after, page, PAGE, &n, &last, &fault);
        for (size_t i = 0; !err && i < n; i++)
            print_row(cli, &page[i], registry_today(reg));
        after = &last;
    }
    return cli_close(cli, reg, err, &fault);
}

int cmd_accreditation_revoke(struct cli *cli)
{
    const char *from = NULL;
    daynum day = DAYNUM_NONE;
    const struct option_spec specs[] = {{.name = "--from", .value = &from}};
    if (!cli_options(cli, specs, 1) || (from && !cli_day(cli, from, &day)))
        return 2;
    if (cli->argc != 2)
        return cli_usage(cli, "a BIN and the certificate's number");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct accreditation a;
    const struct accreditation_actor actor = {.party = reg->actor};
    enum err err = accreditation_revoke(reg, NULL, str_z(cli->argv[0]), str_z(cli->argv[1]),
                                        from ? day : registry_today(reg), &actor, &a, &fault);
    if (!err)
        print_row(cli, &a, registry_today(reg));
    return cli_close(cli, reg, err, &fault);
}
