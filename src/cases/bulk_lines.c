/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_lines.h"

#include <stdlib.h>

#include "cases/bulk_list.h"
#include "cases/customs.h"

void bulk_lines_release(struct bulk_lines *l)
{
    free(l->list);
    free(l->slots);
    *l = (struct bulk_lines){0};
}

static uint32_t hash_of(const struct bulk_line *line)
{
    uint32_t h = 2166136261U ^ line->item; /* FNV-1a */
    for (unsigned i = 0; i < line->plain_n; i++)
        h = (h ^ (uint8_t)line->plain[i]) * 16777619U;
    return h ^ h >> 15;
}

static bool same_number(const struct bulk_line *a, const struct bulk_line *b)
{
    return a->plain_n == b->plain_n && memcmp(a->plain, b->plain, a->plain_n) == 0;
}

static bool same(const struct bulk_line *a, const struct bulk_line *b)
{
    return a->item == b->item && same_number(a, b);
}

/* The slot in which it stands, or the free one where it belongs. */
static uint32_t slot_of(const struct bulk_lines *l, const struct bulk_line *line)
{
    uint32_t at = hash_of(line) & (l->slot_count - 1);
    while (l->slots[at] && !same(&l->list[l->slots[at] - 1], line))
        at = (at + 1) & (l->slot_count - 1);
    return at;
}

static enum err grow(struct bulk_lines *l)
{
    uint32_t size = l->size ? 2 * l->size : 64;
    struct bulk_line *list = realloc(l->list, size * sizeof *list);
    if (!list)
        return ERR_MEMORY;
    l->list = list;
    uint32_t *slots = calloc(4 * (size_t)size, sizeof *slots);
    if (!slots)
        return ERR_MEMORY;
    free(l->slots);
    l->slots = slots;
    l->size = size;
    l->slot_count = 4 * size; /* a power of two */
    for (uint32_t i = 0; i < l->n; i++)
        l->slots[slot_of(l, &l->list[i])] = i + 1;
    return ERR_OK;
}

enum err bulk_lines_index(struct bulk_lines *l, struct str number, uint32_t item, uint32_t *out,
                          struct fault *fault)
{
    struct bulk_line line = {.item = item};
    line.plain_n = (uint8_t)customs_plain(number, line.plain);
    str_copy(line.number, sizeof line.number, number);
    if (l->n && same(&l->list[l->last], &line)) {
        *out = l->last;
        return ERR_OK;
    }
    if (l->n == l->size && grow(l))
        return fault_set(fault, ERR_MEMORY, "declaration lines");
    uint32_t at = slot_of(l, &line);
    if (!l->slots[at]) {
        if (l->n == LIMIT_CUSTOMS_LINES)
            return fault_set(fault, ERR_TOO_MANY, "at most %d lines of declarations in one file",
                             LIMIT_CUSTOMS_LINES);
        l->list[l->n++] = line;
        l->slots[at] = l->n;
    }
    *out = l->last = l->slots[at] - 1;
    return ERR_OK;
}

void bulk_lines_encode(const struct bulk_lines *l, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct bulk_line *line = &l->list[i];
        if (!line->devices)
            continue;
        buf_varint(out, line->item);
        buf_varint(out, line->devices);
        buf_uint(out, strlen(line->number), 1);
        buf_put(out, line->number, strlen(line->number));
    }
}

static enum err decode(const struct buf *plain, struct bulk_lines *out, struct fault *fault)
{
    struct rd rd = rd_of(plain->p, plain->n);
    enum err err = ERR_OK;
    while (!err && rd_left(&rd)) {
        uint32_t item = (uint32_t)rd_varint(&rd), devices = (uint32_t)rd_varint(&rd), at = 0;
        size_t n = (size_t)rd_uint(&rd, 1);
        const uint8_t *number = rd_bytes(&rd, n);
        if (rd.failed || !number || n > LIMIT_DOCUMENT)
            return fault_set(fault, ERR_CODEC, "a list of declaration lines is damaged");
        err = bulk_lines_index(out, (struct str){(const char *)number, n}, item, &at, fault);
        if (!err)
            out->list[at].devices += devices;
    }
    return err;
}

enum err bulk_lines_get(struct registry *reg, uint64_t upload, struct bulk_lines *out,
                        struct fault *fault)
{
    struct buf plain = {0};
    struct record_key key = bulk_part_key(RECORD_BULK_LINES, upload, 0);
    *out = (struct bulk_lines){0};
    enum err err = bulk_part_get(reg, &key, &plain, fault);
    if (!err)
        err = decode(&plain, out, fault);
    buf_release(&plain);
    if (err)
        bulk_lines_release(out);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The lines of one part. */
static enum err part_lines(struct registry *reg, uint64_t upload, uint32_t part, uint32_t *out,
                           struct fault *fault)
{
    struct buf plain = {0};
    struct record_key key = bulk_part_key(RECORD_BULK_LINES, upload, part + 1);
    memset(out, 0, BULK_PART_DEVICES * sizeof *out);
    enum err err = bulk_part_get(reg, &key, &plain, fault);
    struct rd rd = rd_of(plain.p, plain.n);
    for (size_t i = 0; !err && rd_left(&rd) && i < BULK_PART_DEVICES; i++)
        out[i] = (uint32_t)rd_varint(&rd);
    if (!err && rd.failed)
        err = fault_set(fault, ERR_CODEC, "a list of declaration lines is damaged");
    buf_release(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK
                                : err; /* it names none, or was checked before they were kept */
}

enum err bulk_lines_name(struct registry *reg, uint64_t upload, const uint32_t *places,
                         uint32_t *out, size_t n, struct fault *fault)
{
    uint32_t *lines = malloc(BULK_PART_DEVICES * sizeof *lines), part = UINT32_MAX;
    enum err err = lines ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++) {
        if (places[i] / BULK_PART_DEVICES != part) {
            part = places[i] / BULK_PART_DEVICES;
            err = part_lines(reg, upload, part, lines, fault);
        }
        out[i] = err ? 0 : lines[places[i] % BULK_PART_DEVICES];
    }
    free(lines);
    return err;
}

uint64_t bulk_lines_devices(const struct bulk_lines *l, uint32_t i)
{
    const struct bulk_line *one = &l->list[i];
    uint64_t n = 0;
    for (uint32_t k = 0; k < l->n; k++) {
        const struct bulk_line *line = &l->list[k];
        bool meets = !one->item || !line->item || one->item == line->item;
        n += meets && same_number(one, line) ? line->devices : 0;
    }
    return n;
}
