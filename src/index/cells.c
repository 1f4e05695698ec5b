/* SPDX-License-Identifier: Apache-2.0 */
#include "index/cells.h"

#include <sys/mman.h>

enum { SMALLEST = 1024, HUGE_PAGE = 2 << 20 };

struct cells *cells_new(uint64_t count)
{
    if (count > UINT64_MAX / 4 / sizeof(struct cell))
        return NULL;
    uint64_t size = count + count / 3 + 2;
    if (size < SMALLEST)
        size = SMALLEST;
    size_t bytes = sizeof(struct cells) + size * sizeof(struct cell);
    struct cells *cells =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (cells == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE_PAGE)
        madvise(cells, bytes, MADV_HUGEPAGE); /* a wish: small pages do, too */
    cells->size = size;
    cells->bytes = bytes;
    return cells;
}

void cells_free(struct cells *cells)
{
    while (cells) {
        struct cells *older = cells->older;
        munmap(cells, cells->bytes);
        cells = older;
    }
}

uint64_t cells_bytes(const struct cells *cells)
{
    uint64_t bytes = 0;
    for (; cells; cells = cells->older)
        bytes += cells->bytes;
    return bytes;
}
