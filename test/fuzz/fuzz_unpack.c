/* SPDX-License-Identifier: Apache-2.0
 *
 * A packed file from anywhere: it unpacks or is refused; where it unpacks, pieces of any size give the same text. (Of a zstd
 * frame that holds less than it says, libzstd complains in one go only.) */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "bulk/unpack.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum err unpack(const char *path, size_t piece, struct buf *out)
{
    struct unpack *u = NULL;
    enum err err = unpack_open(path, &u, NULL);
    for (size_t got = piece; !err && got == piece && out->n < MOST;) {
        if (!buf_reserve(out, piece))
            abort();
        err = unpack_reader(u)->read(unpack_reader(u)->ctx, out->p + out->n, piece, &got, NULL);
        out->n += err ? 0 : got;
    }
    unpack_close(u);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64];
    struct buf whole = {0}, pieces = {0};
    int fd = memfd_create("unpack", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err a = unpack(path, MOST, &whole), b = unpack(path, 997, &pieces);
    if (!a && !b && whole.n < MOST)
        assert(whole.n == pieces.n && (!whole.n || memcmp(whole.p, pieces.p, whole.n) == 0));
    buf_release(&whole);
    buf_release(&pieces);
    close(fd);
    return 0;
}
