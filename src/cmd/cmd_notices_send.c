/* SPDX-License-Identifier: Apache-2.0
 *
 * notices send: one push to each operator that takes notices over HTTP, for whoever runs no server. */
#include <inttypes.h>

#include "cases/notices_push.h"
#include "cmd/command.h"
#include "cmd/notices_words.h"

static void print(const struct cli *cli, const struct notices_pushed *p)
{
    if (cli->json)
        printf("{\"sent\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"tries\":%" PRIu64
               ",\"failed\":%" PRIu64 ",\"waiting\":%s,\"quiet\":%s}\n",
               p->sent, p->refused, p->tries, p->failed, p->waiting ? "true" : "false",
               p->quiet ? "true" : "false");
    else if (p->quiet && !p->tries)
        puts("people are not written to at this hour");
    else
        printf("%" PRIu64 " notices sent, %" PRIu64 " refused; %" PRIu64 " of %" PRIu64
               " requests failed\n",
               p->sent, p->refused, p->failed, p->tries);
}

int cmd_notices_send(struct cli *cli)
{
    if (!cli_options_only(cli, NULL, 0))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct notices_push *push = NULL;
    struct notices_pushed pushed;
    enum err err = notices_push_new(&notices_words, &push);
    if (!err)
        err = notices_push_run(push, reg, cli->stop, &pushed, &fault);
    if (!err)
        print(cli, &pushed);
    if (!err && *pushed.why)
        fprintf(stderr, "not answered: %s\n", pushed.why);
    code = err ? cli_fail(cli, err, &fault) : pushed.failed || pushed.waiting ? 1 : 0;
    notices_push_free(push);
    registry_close(reg);
    return code;
}
