/* SPDX-License-Identifier: Apache-2.0
 *
 * `tamga serve` is the program tamga-serve beside this one, with the same words: it alone links
 * the HTTP library and the TLS library behind it, whose loading costs a `tamga check` more than its
 * own work. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cmd/command.h"

int cmd_serve(struct cli *cli)
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
