/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a file of a node's spool of first uses: a record is taken as it was written or counted as damaged,
 * none is lost without a word. The first byte: how many records are put right before. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 40 };

static char dir[64], path[96];

static void leave(void)
{
    unlink(path);
    rmdir(dir);
}

static struct node_spool *spool_of(void)
{
    static struct node_spool *spool;
    if (spool)
        return spool;
    str_copy(dir, sizeof dir, STR("/tmp/tamga-fuzz.XXXXXX"));
    if (!mkdtemp(dir) || atexit(leave) != 0 || node_spool_open(dir, 1 << 20, &spool, NULL))
        abort();
    snprintf(path, sizeof path, "%s/1.sightings", dir);
    return spool;
}

/* As a node with this time and IMEI would have written it. */
static void put_right(uint8_t *record)
{
    struct sighting s = {{get_be(record, 8) % IMEI_BODIES}, (int64_t)get_be(record + 8, 8)};
    node_spool_encode(&s, record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct node_spool *spool = spool_of();
    struct sighting sightings[MOST];
    struct spool_batch batch = {.sightings = sightings, .max = MOST};
    uint8_t bytes[MOST * SPOOL_RECORD], again[SPOOL_RECORD];
    size_t n = size ? size - 1 : 0, good = 0, records;
    n = n < sizeof bytes ? n : sizeof bytes;
    if (n)
        memcpy(bytes, data + 1, n);
    for (size_t i = 0; n && i < data[0] && (i + 1) * SPOOL_RECORD <= n; i++)
        put_right(bytes + i * SPOOL_RECORD);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    close(fd);
    if (node_spool_read(spool, 1, &batch, NULL) != ERR_OK)
        abort();
    records = (n + SPOOL_RECORD - 1) / SPOOL_RECORD;
    assert(batch.count + batch.damaged == records);
    for (size_t i = 0; i < n / SPOOL_RECORD; i++) {
        struct sighting s;
        if (!node_spool_decode(bytes + i * SPOOL_RECORD, &s))
            continue;
        node_spool_encode(&s, again);
        assert(memcmp(again, bytes + i * SPOOL_RECORD, SPOOL_RECORD) == 0);
        assert(good < batch.count && sightings[good].imei.body == s.imei.body);
        good++;
    }
    assert(good == batch.count);
    return 0;
}
