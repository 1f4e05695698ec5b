/* SPDX-License-Identifier: Apache-2.0
 *
 * audit show: the audit log, a line an event, oldest first. Parties and applications by their numbers: who
 * they are stands sealed in the register. */
#include <inttypes.h>
#include <jansson.h>

#include "cmd/command.h"
#include "people/audit_log.h"
#include "people/role.h"

static bool print_event(void *ctx, uint64_t page, const struct audit_event *e)
{
    const struct cli *cli = ctx;
    char time[24];
    instant_format(e->time_ms / 1000, time);
    if (!cli->json) {
        printf("%s  %-11s  %-12s  actor %" PRIu64 "  subject %" PRIu64 "  object %" PRIu64 "  %s\n",
               time, audit_what_name(e->what), *role_name(e->role) ? role_name(e->role) : "-",
               e->actor, e->subject, e->object, err_name(e->outcome));
        return !ferror(stdout);
    }
    json_t *line =
        json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:s}", "at", time, "page", (json_int_t)page,
                  "what", audit_what_name(e->what), "role", role_name(e->role), "actor",
                  (json_int_t)e->actor, "subject", (json_int_t)e->subject, "object",
                  (json_int_t)e->object, "outcome", err_name(e->outcome));
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
    return !ferror(stdout);
}

int cmd_audit_show(struct cli *cli)
{
    if (!cli_options_only(cli, NULL, 0))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = audit_log_read(reg, print_event, cli, &fault);
    return cli_close(cli, reg, err, &fault);
}
