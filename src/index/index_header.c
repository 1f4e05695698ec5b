/* SPDX-License-Identifier: Apache-2.0
 *
 * index_header - the header of an index file, and where its sections lie. */
#include "index/index_file.h"

/* No arena, list or table is larger; keeps sums of sections far from 2^64. */
#define SECTION_MAX (1ULL << 40)

static uint64_t align(uint64_t at, uint64_t to)
{
    return (at + to - 1) / to * to;
}

bool index_file_layout(struct index_header *header, struct index_layout *out)
{
    uint64_t at = INDEX_FILE_START, parts = 0;
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++) {
        if (header->bytes[i] > SECTION_MAX)
            return false;
        out->part[i] = parts;
        parts += index_parts(header->bytes[i]);
    }
    header->bytes[SECTION_LISTS] = parts * SHA256_BYTES;
    out->part[SECTION_LISTS] = 0;
    out->parts = parts;
    for (int i = SECTION_LISTS; i < SECTION_COUNT; i++) {
        at = align(at, i == SECTION_LINES ? INDEX_FILE_PAGE : INDEX_FILE_ALIGN);
        out->at[i] = at;
        at += header->bytes[i];
    }
    out->end = at;
    return true;
}

void index_header_encode(const struct index_header *header, uint8_t p[INDEX_FILE_HEADER])
{
    const uint32_t order = INDEX_FILE_ORDER;
    const struct boxes_shape *s = &header->shape;
    memset(p, 0, INDEX_FILE_HEADER);
    memcpy(p, INDEX_FILE_MAGIC, 4);
    put_le(p + INDEX_AT_VERSION, header->tacs.count ? INDEX_FILE_PART_VERSION : INDEX_FILE_VERSION,
           4);
    memcpy(p + INDEX_AT_ORDER, &order, sizeof order);
    memcpy(p + INDEX_AT_ID, header->register_id, INDEX_FILE_ID);
    put_le(p + INDEX_AT_NEXT_SEQ, header->state.next_seq, 8);
    memcpy(p + INDEX_AT_HASH, header->state.hash, SHA256_BYTES);
    put_le(p + INDEX_AT_RULES, header->state.rules, 4);
    put_le(p + INDEX_AT_EXPIRE, (uint32_t)header->state.gate.expire_through, 4);
    put_le(p + INDEX_AT_SWEPT, (uint32_t)header->state.gate.swept_through, 4);
    put_le(p + INDEX_AT_EFFECTIVE, (uint32_t)header->entry.effective, 4);
    put_le(p + INDEX_AT_ENTRY, header->entry.seq, 8);
    put_le(p + INDEX_AT_ROOT, s->root, 8);
    put_le(p + INDEX_AT_RARE_ROOT, s->rare_root, 8);
    put_le(p + INDEX_AT_TAC_SEED, s->tac_seed, 8);
    put_le(p + INDEX_AT_RARE_SEED, s->rare_seed, 8);
    put_le(p + INDEX_AT_COUNT, s->count, 8);
    put_le(p + INDEX_AT_TACS, s->tac_count, 8);
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++)
        put_le(p + INDEX_AT_BYTES + 8 * (i - 1), header->bytes[i], 8);
    memcpy(p + INDEX_AT_LISTS, header->lists, SHA256_BYTES);
    put_le(p + INDEX_AT_RANGE_COUNT, header->tacs.count, 4);
    for (uint32_t i = 0; i < header->tacs.count; i++) {
        put_le(p + INDEX_AT_RANGES + 8 * i, header->tacs.of[i].from, 4);
        put_le(p + INDEX_AT_RANGES + 8 * i + 4, header->tacs.of[i].to, 4);
    }
}

static void decode_ranges(const uint8_t p[INDEX_FILE_HEADER], struct tac_ranges *out)
{
    out->count = (uint32_t)get_le(p + INDEX_AT_RANGE_COUNT, 4);
    for (uint32_t i = 0; i < out->count && i < LIMIT_TAC_RANGES; i++) {
        out->of[i].from = (uint32_t)get_le(p + INDEX_AT_RANGES + 8 * i, 4);
        out->of[i].to = (uint32_t)get_le(p + INDEX_AT_RANGES + 8 * i + 4, 4);
    }
}

void index_header_decode(const uint8_t p[INDEX_FILE_HEADER], struct index_header *out)
{
    struct index_header h = {0};
    memcpy(h.register_id, p + INDEX_AT_ID, INDEX_FILE_ID);
    h.state.next_seq = get_le(p + INDEX_AT_NEXT_SEQ, 8);
    memcpy(h.state.hash, p + INDEX_AT_HASH, SHA256_BYTES);
    h.state.rules = (uint32_t)get_le(p + INDEX_AT_RULES, 4);
    h.state.gate.expire_through = (daynum)get_le(p + INDEX_AT_EXPIRE, 4);
    h.state.gate.swept_through = (daynum)get_le(p + INDEX_AT_SWEPT, 4);
    h.entry.effective = (daynum)get_le(p + INDEX_AT_EFFECTIVE, 4);
    h.entry.seq = get_le(p + INDEX_AT_ENTRY, 8);
    h.shape.root = get_le(p + INDEX_AT_ROOT, 8);
    h.shape.rare_root = get_le(p + INDEX_AT_RARE_ROOT, 8);
    h.shape.tac_seed = get_le(p + INDEX_AT_TAC_SEED, 8);
    h.shape.rare_seed = get_le(p + INDEX_AT_RARE_SEED, 8);
    h.shape.count = get_le(p + INDEX_AT_COUNT, 8);
    h.shape.tac_count = (uint32_t)get_le(p + INDEX_AT_TACS, 4);
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++)
        h.bytes[i] = get_le(p + INDEX_AT_BYTES + 8 * (i - 1), 8);
    memcpy(h.lists, p + INDEX_AT_LISTS, SHA256_BYTES);
    if (get_le(p + INDEX_AT_VERSION, 4) == INDEX_FILE_PART_VERSION)
        decode_ranges(p, &h.tacs);
    *out = h;
}
