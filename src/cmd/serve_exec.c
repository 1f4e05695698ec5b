/* SPDX-License-Identifier: Apache-2.0
 *
 * `tamga serve` is the program tamga-serve beside this one, with the same words: it alone links
 * the HTTP library and the TLS library behind it, whose loading costs a `tamga check` more than its
 * own work. `tamga lists` and `tamga notices send` are there too, for the sake of what packs
 * files and what asks over HTTP. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cmd/command.h"

static int hand_over(const struct cli *cli)
{
    static const char name[] = "-serve";
    char path[PATH_MAX + sizeof name];
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    if (n > 0) {
        memcpy(path + n, name, sizeof name);
        execv(path, cli->words);
    }
    fprintf(stderr, "tamga: cannot start the server program %s: %s\n", n > 0 ? path : "",
            strerror(errno));
    return 2;
}

int cmd_serve(struct cli *cli)
{
    return hand_over(cli);
}

int cmd_lists(struct cli *cli)
{
    return hand_over(cli);
}

int cmd_notices_send(struct cli *cli)
{
    return hand_over(cli);
}
