/* SPDX-License-Identifier: Apache-2.0
 *
 * tac - the builder collects, sorts and packs; the table checks a packed list whole and answers
 * from it. Workload: a few hundred lists in a register's life, 10^5 entries each; then billions of
 * tac_classify, each one load from a 24 kB directory and one from a page of two bits a TAC.
 *
 * The packed form is canonical: records ascend, every name stands once, names stand in the order
 * in which the records first use them (brand before model), and none stands unused. The table
 * refuses everything else, so that equal lists have equal bytes. A list that says of no TAC when it was allocated, or
 * which radio its phones have, is of version 1. */
#include "core/tac.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "core/radio.h"

enum { MAGIC = 0x54475431, MAGIC_2 = 0x54475432, HEADER = 12 }; /* "TGT1", "TGT2" */
enum { RECORD = 13, RECORD_2 = RECORD + 3 };
enum { PAGE_BITS = 13, PAGE_TACS = 1 << PAGE_BITS, PAGE_BYTES = PAGE_TACS / 4 };
enum { DIRECTORY = (TAC_COUNT + PAGE_TACS - 1) / PAGE_TACS };

/* Names, each length and bytes one after another, found by content: open addressing over offsets
 * into bytes that the caller holds. */
struct name_set {
    uint32_t *slots; /* offset + 1; 0 = empty */
    size_t size;     /* a power of two */
    size_t count;
};

static uint64_t name_hash(const uint8_t *p, size_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15 ^ n;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3;
    return h ^ h >> 29;
}

static bool name_set_grow(struct name_set *set, const uint8_t *names)
{
    size_t size = set->size ? set->size * 4 : 1024;
    uint32_t *slots = calloc(size, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < set->size; i++) {
        if (!set->slots[i])
            continue;
        const uint8_t *name = names + set->slots[i] - 1;
        size_t at = name_hash(name + 1, name[0]) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->size = size;
    return true;
}

/* The slot of a name, or the empty one where it belongs; NULL when there is no memory. */
static uint32_t *name_set_slot(struct name_set *set, const uint8_t *names, struct str name)
{
    if (set->count * 2 >= set->size && !name_set_grow(set, names))
        return NULL;
    size_t at = name_hash((const uint8_t *)name.p, name.n) & (set->size - 1);
    while (set->slots[at]) {
        const uint8_t *there = names + set->slots[at] - 1;
        if (there[0] == name.n && memcmp(there + 1, name.p, name.n) == 0)
            break;
        at = (at + 1) & (set->size - 1);
    }
    return &set->slots[at];
}

struct entry {
    uint32_t tac;
    uint32_t order; /* of adding */
    uint32_t brand; /* offsets into names */
    uint32_t model;
    uint16_t allocated; /* packed; UINT16_MAX: not said */
    uint8_t class;
    uint8_t radio; /* 0: not said */
};

struct tac_builder {
    struct entry *entries;
    size_t count;
    size_t size;
    struct buf names;
    struct name_set set;
};

struct tac_builder *tac_builder_new(void)
{
    return calloc(1, sizeof(struct tac_builder));
}

void tac_builder_free(struct tac_builder *b)
{
    if (!b)
        return;
    free(b->entries);
    free(b->set.slots);
    buf_release(&b->names);
    free(b);
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

/* A name as it is stored: cut at a character, control bytes blank, '?' for what is no UTF-8. */
static struct str clean_name(struct str name, char out[LIMIT_TAC_NAME])
{
    size_t n = name.n;
    if (n > LIMIT_TAC_NAME) {
        n = LIMIT_TAC_NAME;
        while (n && ((uint8_t)name.p[n] & 0xc0) == 0x80)
            n--;
    }
    bool utf8 = str_utf8((struct str){name.p, n});
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)name.p[i];
        out[i] = is_control(c) ? ' ' : c >= 0x80 && !utf8 ? '?' : name.p[i];
    }
    return (struct str){out, n};
}

/* Puts a name into the names once; its offset, UINT32_MAX when there is no memory. */
static uint32_t intern(struct buf *names, struct name_set *set, struct str name)
{
    uint32_t *slot = name_set_slot(set, names->p, name);
    if (!slot || names->n > UINT32_MAX / 2)
        return UINT32_MAX;
    if (!*slot) {
        uint32_t offset = (uint32_t)names->n;
        buf_uint(names, name.n, 1);
        buf_str(names, name);
        if (names->failed)
            return UINT32_MAX;
        *slot = offset + 1;
        set->count++;
    }
    return *slot - 1;
}

enum err tac_builder_add(struct tac_builder *b, uint32_t tac, enum tac_class class,
                         struct str brand, struct str model)
{
    assert(tac < TAC_COUNT && (class == TAC_DEVICE || class == TAC_MACHINE));
    if (b->count == b->size) {
        size_t size = b->size ? b->size * 2 : 4096;
        struct entry *grown = reallocarray(b->entries, size, sizeof *grown);
        if (!grown || size > UINT32_MAX)
            return ERR_MEMORY;
        b->entries = grown;
        b->size = size;
    }
    char text[LIMIT_TAC_NAME];
    uint32_t brand_at = intern(&b->names, &b->set, clean_name(brand, text));
    uint32_t model_at = intern(&b->names, &b->set, clean_name(model, text));
    if (brand_at == UINT32_MAX || model_at == UINT32_MAX)
        return ERR_MEMORY;
    b->entries[b->count] = (struct entry){.tac = tac,
                                          .order = (uint32_t)b->count,
                                          .brand = brand_at,
                                          .model = model_at,
                                          .allocated = UINT16_MAX,
                                          .class = (uint8_t) class};
    b->count++;
    return ERR_OK;
}

void tac_builder_detail(struct tac_builder *b, daynum allocated, uint8_t radio)
{
    assert(b->count && radio <= RADIO_ALL);
    struct entry *last = &b->entries[b->count - 1];
    if (allocated != DAYNUM_NONE && allocated < DAYNUM_FIRST)
        allocated = DAYNUM_FIRST;
    last->allocated = daynum_pack(allocated);
    last->radio = radio;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->tac != y->tac)
        return x->tac < y->tac ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Sorted, of several for one TAC only the last. */
static void settle(struct tac_builder *b)
{
    if (!b->count)
        return;
    qsort(b->entries, b->count, sizeof *b->entries, compare_entries);
    size_t kept = 0;
    for (size_t i = 1; i < b->count; i++) {
        if (b->entries[i].tac != b->entries[kept].tac)
            kept++;
        b->entries[kept] = b->entries[i];
    }
    b->count = kept + 1;
    for (size_t i = 0; i < b->count; i++)
        b->entries[i].order = (uint32_t)i;
}

static bool says_details(uint16_t allocated, uint8_t radio)
{
    return allocated != UINT16_MAX || radio;
}

enum err tac_builder_pack(struct tac_builder *b, struct buf *out)
{
    settle(b);
    struct buf records = {0}, names = {0};
    struct name_set set = {0};
    bool details = false;
    for (size_t i = 0; i < b->count; i++)
        details |= says_details(b->entries[i].allocated, b->entries[i].radio);
    bool ok = buf_reserve(&records, b->count * RECORD_2);
    for (size_t i = 0; ok && i < b->count; i++) {
        const struct entry *entry = &b->entries[i];
        const uint8_t *brand = b->names.p + entry->brand, *model = b->names.p + entry->model;
        uint32_t brand_at = intern(&names, &set, (struct str){(const char *)brand + 1, brand[0]});
        uint32_t model_at = intern(&names, &set, (struct str){(const char *)model + 1, model[0]});
        ok = brand_at != UINT32_MAX && model_at != UINT32_MAX;
        buf_uint(&records, entry->tac, 4);
        buf_uint(&records, entry->class, 1);
        buf_uint(&records, brand_at, 4);
        buf_uint(&records, model_at, 4);
        if (!details)
            continue;
        buf_uint(&records, entry->allocated, 2);
        buf_uint(&records, entry->radio, 1);
    }
    if (ok && buf_reserve(out, HEADER + records.n + names.n)) {
        buf_uint(out, details ? MAGIC_2 : MAGIC, 4);
        buf_uint(out, b->count, 4);
        buf_uint(out, names.n, 4);
        buf_put(out, records.p, records.n);
        buf_put(out, names.p, names.n);
    }
    ok = ok && !out->failed;
    buf_release(&records);
    buf_release(&names);
    free(set.slots);
    return ok ? ERR_OK : ERR_MEMORY;
}

struct tac_table {
    uint8_t *packed;      /* own copy */
    const uint8_t *names; /* within packed */
    uint32_t count;
    uint32_t names_bytes;
    uint32_t record;               /* bytes of one */
    uint8_t *pages;                /* two bits a TAC: enum tac_class */
    uint32_t *first;               /* page -> its first record; one more ends the last */
    uint16_t directory[DIRECTORY]; /* TAC >> PAGE_BITS -> page; 0 is the empty page */
};

static const uint8_t *record_at(const struct tac_table *t, size_t i)
{
    return t->packed + HEADER + i * t->record;
}

static bool has_details(const struct tac_table *t)
{
    return t->record == RECORD_2;
}

static struct str name_at(const struct tac_table *t, uint64_t offset)
{
    return (struct str){(const char *)t->names + offset + 1, t->names[offset]};
}

/* A record may name one that a record used before, or the next one. */
struct name_walk {
    struct name_set seen; /* by content: no name twice */
    uint8_t *begins;      /* a bit for each offset at which a used name begins */
    uint32_t next;        /* offset of the first name that no record has used */
};

static enum err walk_fresh(const struct tac_table *t, struct name_walk *walk)
{
    uint32_t offset = walk->next;
    struct str name = name_at(t, offset);
    if (name.n > LIMIT_TAC_NAME || name.n >= t->names_bytes - offset || !str_utf8(name))
        return ERR_CODEC;
    for (size_t i = 0; i < name.n; i++)
        if (is_control((uint8_t)name.p[i]))
            return ERR_CODEC;
    uint32_t *slot = name_set_slot(&walk->seen, t->names, name);
    if (!slot)
        return ERR_MEMORY;
    if (*slot)
        return ERR_CODEC;
    *slot = offset + 1;
    walk->seen.count++;
    walk->begins[offset / 8] = (uint8_t)(walk->begins[offset / 8] | 1u << offset % 8);
    walk->next = (uint32_t)(offset + 1 + name.n);
    return ERR_OK;
}

static enum err walk_name(const struct tac_table *t, struct name_walk *walk, uint64_t offset)
{
    if (offset < walk->next)
        return walk->begins[offset / 8] >> offset % 8 & 1 ? ERR_OK : ERR_CODEC;
    if (offset > walk->next || offset >= t->names_bytes)
        return ERR_CODEC;
    return walk_fresh(t, walk);
}

/* Every record and every name; counts the pages that are used. */
static enum err check_records(const struct tac_table *t, size_t *out_pages)
{
    struct name_walk walk = {.begins = calloc(t->names_bytes / 8 + 1, 1)};
    enum err err = walk.begins ? ERR_OK : ERR_MEMORY;
    size_t pages = 0;
    uint64_t before = 0;
    bool details = false;
    for (size_t i = 0; !err && i < t->count; i++) {
        const uint8_t *record = record_at(t, i);
        uint64_t tac = get_be(record, 4);
        if (tac >= TAC_COUNT || (i && tac <= before) ||
            (record[4] != TAC_DEVICE && record[4] != TAC_MACHINE) ||
            (has_details(t) && record[RECORD + 2] > RADIO_ALL)) {
            err = ERR_CODEC;
            break;
        }
        details |= has_details(t) &&
                   says_details((uint16_t)get_be(record + RECORD, 2), record[RECORD + 2]);
        pages += i == 0 || tac >> PAGE_BITS != before >> PAGE_BITS;
        before = tac;
        err = walk_name(t, &walk, get_be(record + 5, 4));
        if (!err)
            err = walk_name(t, &walk, get_be(record + 9, 4));
    }
    if (!err && (walk.next != t->names_bytes || details != has_details(t)))
        err = ERR_CODEC;
    free(walk.seen.slots);
    free(walk.begins);
    *out_pages = pages;
    return err;
}

static void fill_pages(struct tac_table *t)
{
    uint16_t used = 0;
    for (size_t i = 0; i < t->count; i++) {
        const uint8_t *record = record_at(t, i);
        uint32_t tac = (uint32_t)get_be(record, 4), in_page = tac % PAGE_TACS;
        uint16_t *page = &t->directory[tac >> PAGE_BITS];
        if (!*page) {
            *page = ++used;
            t->first[used] = (uint32_t)i;
        }
        uint8_t *cell = &t->pages[(size_t)*page * PAGE_BYTES + in_page / 4];
        *cell = (uint8_t)(*cell | record[4] << in_page % 4 * 2);
    }
    t->first[used + 1] = t->count;
}

enum err tac_table_new(const void *packed, size_t n, struct tac_table **out)
{
    const uint8_t *p = packed;
    if (n < HEADER || (get_be(p, 4) != MAGIC && get_be(p, 4) != MAGIC_2))
        return ERR_CODEC;
    uint64_t count = get_be(p + 4, 4), names_bytes = get_be(p + 8, 4);
    uint32_t record = get_be(p, 4) == MAGIC ? RECORD : RECORD_2;
    if (n != HEADER + count * record + names_bytes)
        return ERR_CODEC;
    struct tac_table *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_MEMORY;
    t->count = (uint32_t)count;
    t->names_bytes = (uint32_t)names_bytes;
    t->record = record;
    t->packed = malloc(n);
    if (!t->packed) {
        tac_table_free(t);
        return ERR_MEMORY;
    }
    memcpy(t->packed, packed, n);
    t->names = t->packed + HEADER + count * record;
    size_t pages;
    enum err err = check_records(t, &pages);
    if (!err) {
        t->pages = calloc(pages + 1, PAGE_BYTES);
        t->first = calloc(pages + 2, sizeof *t->first);
        err = t->pages && t->first ? ERR_OK : ERR_MEMORY;
    }
    if (err) {
        tac_table_free(t);
        return err;
    }
    fill_pages(t);
    *out = t;
    return ERR_OK;
}

void tac_table_free(struct tac_table *t)
{
    if (!t)
        return;
    free(t->packed);
    free(t->pages);
    free(t->first);
    free(t);
}

size_t tac_table_count(const struct tac_table *t)
{
    return t ? t->count : 0;
}

bool tac_table_has_details(const struct tac_table *t)
{
    return t && has_details(t);
}

enum tac_class tac_classify(const struct tac_table *t, uint32_t tac)
{
    if (!t || tac >= TAC_COUNT)
        return TAC_MISSING;
    size_t page = t->directory[tac >> PAGE_BITS];
    unsigned cell = t->pages[page * PAGE_BYTES + tac % PAGE_TACS / 4];
    return (enum tac_class)(cell >> tac % 4 * 2 & 3);
}

bool tac_find(const struct tac_table *t, uint32_t tac, struct tac_info *out)
{
    if (tac_classify(t, tac) == TAC_MISSING)
        return false;
    size_t page = t->directory[tac >> PAGE_BITS];
    size_t low = t->first[page], high = t->first[page + 1];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (get_be(record_at(t, middle), 4) <= tac)
            low = middle;
        else
            high = middle;
    }
    const uint8_t *record = record_at(t, low);
    out->class = (enum tac_class)record[4];
    out->brand = name_at(t, get_be(record + 5, 4));
    out->model = name_at(t, get_be(record + 9, 4));
    out->allocated = DAYNUM_NONE;
    out->radio = 0;
    if (has_details(t)) {
        out->allocated = daynum_unpack((uint16_t)get_be(record + RECORD, 2), DAYNUM_NONE);
        out->radio = record[RECORD + 2];
    }
    return true;
}
