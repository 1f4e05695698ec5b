/* SPDX-License-Identifier: Apache-2.0
 *
 * dictionary - an array that readers look into and a hash table that only the writer knows. A
 * number reaches readers with the cell that names it, stored after the array's word. */
#include "index/dictionary.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mix.h"

#define ARRAY_BYTES (2 * sizeof(uint64_t) << NUMBER_BITS)

static uint32_t place_of(const struct dictionary *d, const struct verdict *verdict)
{
    uint32_t i = (uint32_t)mix64(verdict_pack(verdict) + 1) & (d->size - 1);
    for (; d->places[i]; i = (i + 1) & (d->size - 1)) {
        struct verdict there;
        dictionary_verdict(d, d->places[i] - 1, &there);
        if (verdict_equal(&there, verdict))
            break;
    }
    return i;
}

static enum err grow(struct dictionary *d)
{
    struct dictionary larger = *d;
    larger.size = d->size ? 2 * d->size : 1024;
    larger.places = calloc(larger.size, sizeof *larger.places);
    if (!larger.places)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < d->count; i++) {
        struct verdict verdict;
        dictionary_verdict(d, i, &verdict);
        if (i != NUMBER_NONE && i != NUMBER_RARE)
            larger.places[place_of(&larger, &verdict)] = i + 1;
    }
    free(d->places);
    d->places = larger.places;
    d->size = larger.size;
    return ERR_OK;
}

static uint32_t add(struct dictionary *d, const struct verdict *verdict)
{
    uint64_t words[2];
    struct verdict whole = {0}; /* without bytes that nobody wrote */
    if (d->count == NUMBER_NONE)
        d->count = NUMBER_RARE + 1;
    whole.reason = verdict->reason;
    whole.next_reason = verdict->next_reason;
    whole.flags = verdict->flags;
    whole.deadline = verdict->deadline;
    whole.valid_through = verdict->valid_through;
    memcpy(words, &whole, sizeof words);
    for (unsigned i = 0; i < 2; i++)
        atomic_store_explicit(&d->words[2 * d->count + i], words[i], memory_order_relaxed);
    return d->count++;
}

enum err dictionary_number(struct dictionary *d, const struct verdict *verdict, uint32_t *out)
{
    if (d->count + 2 >= d->size / 2) {
        enum err err = grow(d);
        if (err)
            return err;
    }
    uint32_t i = place_of(d, verdict);
    if (!d->places[i] && d->count == NUMBER_ODD) {
        *out = NUMBER_ODD;
        return ERR_OK;
    }
    if (!d->places[i])
        d->places[i] = add(d, verdict) + 1;
    *out = d->places[i] - 1;
    return ERR_OK;
}

static enum err add_plain(struct dictionary *d, enum reason reason, uint8_t flags)
{
    struct verdict v = {.reason = (uint8_t)reason,
                        .next_reason = (uint8_t)reason,
                        .flags = flags,
                        .deadline = DAYNUM_NONE,
                        .valid_through = DAYNUM_OPEN};
    uint32_t number;
    return dictionary_number(d, &v, &number);
}

/* What most phones of a register are, so that every container can name it in few bits. */
static const struct {
    enum reason reason;
    uint8_t flags;
} common[] = {
    {REASON_AMNESTY, VERDICT_USED},
    {REASON_VERIFIED, VERDICT_USED},
    {REASON_VERIFIED, 0},
    {REASON_EXPIRED, VERDICT_USED},
    {REASON_GSMA, 0},
    {REASON_STOLEN, VERDICT_USED},
    {REASON_BEFORE_DUTY, VERDICT_USED},
    {REASON_AMNESTY, 0},
    {REASON_MACHINE, VERDICT_USED},
    {REASON_GSMA, VERDICT_USED},
    {REASON_LOST, VERDICT_USED},
    {REASON_BEFORE_DUTY, 0},
    {REASON_MACHINE, 0},
    {REASON_HELD, VERDICT_USED},
    {REASON_NEVER_ACTIVATED, 0},
};

enum err dictionary_init(struct dictionary *d)
{
    *d = (struct dictionary){0};
    void *p = mmap(NULL, ARRAY_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return ERR_MEMORY;
    d->words = p;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof common / sizeof *common; i++)
        err = add_plain(d, common[i].reason, common[i].flags);
    for (unsigned flags = 0; flags < 4; flags++)
        for (unsigned reason = 0; !err && reason < REASON_COUNT; reason++)
            if (reason_table[reason].name)
                err = add_plain(d, (enum reason)reason, (uint8_t)flags);
    if (err)
        dictionary_end(d);
    return err;
}

bool dictionary_is_packed(uint64_t packed)
{
    struct verdict v = verdict_unpack(packed);
    return reason_table[v.reason % REASON_COUNT].name &&
           reason_table[v.next_reason % REASON_COUNT].name && verdict_pack(&v) == packed;
}

enum err dictionary_load(struct dictionary *d, const uint64_t *packed, uint32_t count)
{
    if (count < NUMBER_LEAST || count > NUMBER_ODD ||
        (count > NUMBER_NONE && count <= NUMBER_RARE + 1))
        return ERR_SNAPSHOT;
    memset(d->places, 0, d->size * sizeof *d->places);
    d->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct verdict verdict = verdict_unpack(packed[i]);
        uint32_t number;
        if ((i == NUMBER_NONE || i == NUMBER_RARE) && !packed[i])
            continue;
        if (!dictionary_is_packed(packed[i]))
            return ERR_SNAPSHOT;
        enum err err = dictionary_number(d, &verdict, &number);
        if (err || number != i)
            return err ? err : ERR_SNAPSHOT;
    }
    return ERR_OK;
}

void dictionary_end(struct dictionary *d)
{
    if (d->words)
        munmap((void *)(uintptr_t)d->words, ARRAY_BYTES);
    free(d->places);
    *d = (struct dictionary){0};
}

uint64_t dictionary_bytes(const struct dictionary *d)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t array = (2 * d->count * sizeof(uint64_t) + page - 1) / page * page;
    return array + d->size * sizeof *d->places;
}
