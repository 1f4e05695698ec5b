/* SPDX-License-Identifier: Apache-2.0
 *
 * customs load: what customs say was declared, as a file. */
#include <inttypes.h>

#include "cases/customs.h"
#include "cmd/command.h"

int cmd_customs_load(struct cli *cli)
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
    struct customs_loaded loaded;
    enum err err = customs_load(reg, cli->argv[0], &loaded, &fault);
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
