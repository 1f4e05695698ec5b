/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as the settings file of a node, read and checked as `tamga-eir -n` does: what is taken keeps its limits,
 * what is refused says in which line and why. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keeps_limits(const struct node_settings *s)
{
    assert(s->s13.listen_count <= LIMIT_NODE_LISTEN && s->n5geir.listen_count <= LIMIT_NODE_LISTEN);
    assert(s->connect_count <= LIMIT_NODE_CONNECT && s->peer_count <= LIMIT_NODE_PEERS);
    for (unsigned i = 0; i < s->peer_count; i++)
        assert(s->peers[i][0] && memchr(s->peers[i], 0, NODE_PEER));
    for (unsigned i = 0; i < s->connect_count; i++)
        assert(s->connect[i].port && memchr(s->connect[i].address, 0, NODE_ADDRESS));
    assert(memchr(s->registry, 0, sizeof s->registry) && memchr(s->root, 0, sizeof s->root));
    assert(s->network.unknown < EQUIPMENT_COUNT && s->network.malformed <= EQUIPMENT_COUNT);
    assert(s->threads <= LIMIT_NODE_WORKERS && s->watchdog_seconds >= 6 && s->log_keep <= 1000);
}

/* The same file for all of the run. */
static const char *file_of(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct node_settings s;
    struct fault fault = {0};
    node_settings_init(&s);
    enum err err = node_settings_read(&s, file_of(data, size), &fault);
    keeps_limits(&s);
    assert(!err || (fault.line > 0 && fault.detail[0]));
    if (!err && node_settings_check(&s, &fault) == ERR_OK)
        assert(*s.key && (*s.registry || *s.snapshot));
    return 0;
}
