/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a file of the spool: nothing of it is read that was not sealed here, it is sealed anew under no other
 * key, and nothing is appended to what is damaged. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "cases/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void leave(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/0000000000000007.part", dir);
    unlink(path);
    rmdir(dir);
}

static void make(void)
{
    str_copy(dir, sizeof dir, STR("/tmp/tamga-fuzz.XXXXXX"));
    if (sodium_init() < 0 || !mkdtemp(dir) || atexit(leave) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct people_keys keys = {
        .count = 2, .use = 1, .number = {1, 2}, .key = {{7}, {9}}};
    struct spool bare, spool;
    char path[96], bytes[4096];
    if (!dir[0])
        make();
    snprintf(path, sizeof path, "%s/0000000000000007.part", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    if (spool_init(&bare, dir, NULL) != ERR_OK)
        abort();
    spool = spool_under(&bare, &keys);
    struct spool_reader *reader = NULL;
    const struct source_reader *source = NULL;
    struct fault fault = {0};
    size_t n = 0;
    enum err err = spool_read(&spool, 7, &reader, &source, &fault);
    if (!err) {
        err = source->read(source->ctx, bytes, sizeof bytes, &n, &fault);
        assert((err && fault.detail[0]) || !n);
        spool_read_end(reader);
    }
    (void)!spool_renew(&spool, 7, NULL);
    return 0;
}
