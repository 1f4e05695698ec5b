/* SPDX-License-Identifier: Apache-2.0
 *
 * export: all that is held of one IMEI, subscriber or person goes to a file, for a lawful request (held/held.h). */
#include <inttypes.h>
#include <unistd.h>

#include <sodium.h>

#include "cmd/command.h"
#include "core/iin.h"
#include "held/held.h"

struct typed {
    const char *imei, *imsi, *msisdn, *person, *order, *out, *reason;
};

/* What is wrong with it is told without repeating a subscriber's or a person's number. */
static bool read_whom(const struct cli *cli, const struct typed *t, struct held_ask *ask)
{
    int given = !!t->imei + !!t->imsi + !!t->msisdn + !!t->person;
    if (given != 1) {
        cli_usage(cli, "one of --imei, --imsi, --msisdn and --person is wanted");
        return false;
    }
    if (t->imei) {
        ask->by = HELD_BY_IMEI;
        return cli_imei(cli, t->imei, &ask->imei);
    }
    if (t->imsi) {
        ask->by = HELD_BY_IMSI;
        if (imsi_parse(str_z(t->imsi), &ask->imsi) == ERR_OK)
            return true;
        cli_usage(cli, "--imsi is 6 to 15 digits");
        return false;
    }
    if (t->msisdn) {
        ask->by = HELD_BY_MSISDN;
        if (msisdn_parse(str_z(t->msisdn), ask->msisdn, NULL) == ERR_OK)
            return true;
        cli_usage(cli, "--msisdn is a phone number, as +77011234567");
        return false;
    }
    ask->by = HELD_BY_PERSON;
    if (iin_check(str_z(t->person), NULL) == ERR_OK) {
        str_copy(ask->iin, sizeof ask->iin, str_z(t->person));
        return true;
    }
    cli_usage(cli, "--person is an IIN or BIN: 12 digits, the last of them a check digit");
    return false;
}

static bool read_order(const struct cli *cli, const struct typed *t, struct held_ask *ask)
{
    ask->order = str_z(t->order);
    ask->path = t->out;
    ask->reason = t->reason;
    bool fits = ask->order.n && ask->order.n <= LIMIT_DOCUMENT && str_printable(ask->order);
    struct str reason = str_z(t->reason);
    if (!t->order || !t->out)
        cli_usage(cli, "--order and --out are wanted: what is given out rests on an order");
    else if (!fits)
        cli_usage(cli, "--order is 1 to 64 bytes of plain text on one line");
    else if (t->reason && (!reason.n || reason.n > LIMIT_REASON || !str_printable(reason)))
        cli_usage(cli, "--reason is 1 to 500 bytes of plain text on one line");
    else
        return true;
    return false;
}

static void print_result(const struct cli *cli, const struct held_ask *ask,
                         const struct held_result *r)
{
    char sha[2 * SHA256_BYTES + 1];
    sha256_hex(r->sha256, sha);
    if (cli->json) {
        printf("{\"items\":%" PRIu64 ",\"stores\":%u,\"empty\":%u,\"bytes\":%" PRIu64
               ",\"sha256\":\"%s\",\"audit\":{\"object\":%" PRIu64 ",\"subject\":%" PRIu64 "}}\n",
               r->items, r->looked, r->empty, r->bytes, sha, r->asked, r->order);
        return;
    }
    if (r->items)
        printf("%" PRIu64 " items", r->items);
    else
        printf("nothing is held");
    printf("; of %u stores that were looked at %u hold nothing\n", r->looked, r->empty);
    printf("%s: %" PRIu64 " bytes, SHA-256 %s\n", ask->path, r->bytes, sha);
    printf("in the audit log: object %" PRIu64 ", subject %" PRIu64 "\n", r->asked, r->order);
}

int cmd_export(struct cli *cli)
{
    struct typed t = {0};
    const struct option_spec specs[] = {
        {.name = "--imei", .value = &t.imei},     {.name = "--imsi", .value = &t.imsi},
        {.name = "--msisdn", .value = &t.msisdn}, {.name = "--person", .value = &t.person},
        {.name = "--order", .value = &t.order},   {.name = "--out", .value = &t.out},
        {.name = "--reason", .value = &t.reason},
    };
    int64_t began = clock_monotonic_us();
    struct held_ask ask = {.progress = cli_progress, .progress_ctx = &began, .stop = cli->stop};
    if (!cli_options_only(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (!read_whom(cli, &t, &ask) || !read_order(cli, &t, &ask))
        return 2;
    int code;
    struct registry *reg =
        cli_open(cli, false, true, &code); /* one that is not there is not made */
    if (!reg)
        return code;
    registry_close(reg);
    reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct held_result result;
    enum err err = held_export(reg, &ask, &result, &fault);
    if (isatty(2))
        fputs("\r\033[K", stderr);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        print_result(cli, &ask, &result);
    registry_close(reg);
    sodium_memzero(&ask, sizeof ask);
    return err ? code : result.items ? 0 : 1;
}
