/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/given_file.h"

#include <stdlib.h>
#include <unistd.h>

char *given_file(const void *bytes, size_t n)
{
    char *path = strdup("/tmp/tamga-file.XXXXXX");
    int fd = path ? mkstemp(path) : -1;
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    close(fd);
    return path;
}

void given_file_remove(char *path)
{
    unlink(path);
    free(path);
}
