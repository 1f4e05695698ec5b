/* SPDX-License-Identifier: Apache-2.0
 *
 * retention: what is older than the term of who used which phone goes (seen/retention.h). A server does the same each
 * night. */
#include <inttypes.h>

#include "cmd/command.h"
#include "seen/retention.h"

static void print_result(const struct cli *cli, const struct retention_result *r, bool dry)
{
    char day[DAYNUM_TEXT];
    daynum_format(r->first, day);
    if (cli->json) {
        printf("{\"first\":\"%s\",\"dry_run\":%s,\"days\":%" PRIu64 ",\"pairs\":%" PRIu64
               ",\"subscribers\":%" PRIu64 ",\"named\":%" PRIu64 ",\"pairs_left\":%" PRIu64
               ",\"subscribers_left\":%" PRIu64 ",\"transactions\":%" PRIu64 "}\n",
               day, dry ? "true" : "false", r->days, r->pairs, r->subscribers, r->named,
               r->pairs_left, r->subscribers_left, r->transactions);
        return;
    }
    if (!r->days) {
        printf("nothing is older than %s\n", day);
        return;
    }
    printf("days before %s%s: %" PRIu64 " days of operators, %" PRIu64
           " pairs of a phone and a subscriber, %" PRIu64 " subscribers\n  %" PRIu64
           " pairs and %" PRIu64 " subscribers stay; facts of IMEIs stay\n",
           day, dry ? " would go" : " are gone", r->days, r->pairs, r->subscribers, r->pairs_left,
           r->subscribers_left);
}

int cmd_retention(struct cli *cli)
{
    const char *dry = NULL, *all = NULL;
    const struct option_spec specs[] = {{.name = "--dry-run", .flag = true, .value = &dry},
                                        {.name = "--all", .flag = true, .value = &all}};
    if (!cli_options_only(cli, specs, 2))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, !dry, true, &code);
    if (!reg)
        return code;
    int64_t began = clock_monotonic_us();
    struct fault fault = {0};
    struct retention_result result;
    const struct retention_options options = {.dry_run = dry != NULL,
                                              .all = all != NULL,
                                              .progress = cli_progress,
                                              .progress_ctx = &began,
                                              .stop = cli->stop};
    enum err err = retention_run(reg, &options, &result, &fault);
    if (!err)
        print_result(cli, &result, dry != NULL);
    return cli_close(cli, reg, err, &fault);
}
