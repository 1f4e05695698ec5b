/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/table.h"

#include <assert.h>
#include <sys/mman.h>

enum { PIECE = 1 << 22 }; /* slots poured between two drains: 64 MiB */

uint64_t seen_table_size_for(uint64_t count)
{
    uint64_t size = count + count / 2 + count / 10;
    return size < SEEN_TABLE_LEAST ? SEEN_TABLE_LEAST : size;
}

void seen_table_put(struct seen_table *t, const struct seen_slot *slot)
{
    assert(slot->number && seen_table_has_room(t, 1));
    uint64_t at = mix_range(slot->hash, t->size);
    while (t->slots[at].number)
        at = at + 1 < t->size ? at + 1 : 0;
    t->slots[at] = *slot;
    t->count++;
}

/* Whole pages between the two places; what was read from a file is there still, what was our own is not. */
static void drain_piece(const struct seen_table *t, uint64_t from, uint64_t to)
{
    (void)madvise(&t->slots[from], (to - from) * sizeof *t->slots, MADV_DONTNEED);
}

void seen_table_pour(struct seen_table *to, const struct seen_table *from, bool drain)
{
    for (uint64_t at = 0; at < from->size; at++) {
        if (from->slots[at].number)
            seen_table_put(to, &from->slots[at]);
        if (drain && at && at % PIECE == 0)
            drain_piece(from, at - PIECE, at);
    }
}

static struct seen_slot *slots_new(uint64_t size)
{
    void *p = mmap(NULL, size * sizeof(struct seen_slot), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

enum err seen_table_grow(struct seen_table *t, uint64_t more)
{
    if (seen_table_has_room(t, more))
        return ERR_OK;
    struct seen_table larger = {.size = seen_table_size_for(t->count + more)};
    larger.slots = slots_new(larger.size);
    if (!larger.slots)
        return ERR_MEMORY;
    seen_table_pour(&larger, t, true);
    seen_table_release(t);
    *t = larger;
    return ERR_OK;
}

void seen_table_release(struct seen_table *t)
{
    if (t->slots)
        munmap(t->slots, t->size * sizeof *t->slots);
    *t = (struct seen_table){0};
}
