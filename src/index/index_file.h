/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file - the index file as bytes: where things lie, for the two coders and their tests.
 * Numbers of the header are little-endian; sections hold words as the machine has them that wrote
 * them, and the header says in which order. Bytes: ARCHITECTURE.md, "Index file".
 *
 * A section's hash is a list: one for each INDEX_FILE_PART bytes of it, so that several threads can
 * check the greatest. The lists stand in the first section, whose hash stands in the header. */
#ifndef INDEX_INDEX_FILE_H
#define INDEX_INDEX_FILE_H

#include "index/image.h"

/* Promises as index_file_read, of bytes in memory. */
MUST_USE enum err index_file_decode(struct str bytes, const struct index_want *want,
                                    struct index_loaded *out, struct fault *fault);

enum {
    INDEX_FILE_VERSION = 2,      /* all TACs */
    INDEX_FILE_PART_VERSION = 3, /* some: so no reader of before takes it for a whole */
    INDEX_FILE_HEADER = 512,
    INDEX_FILE_SIGNATURE = 64,
    INDEX_FILE_ALIGN = 64,
    INDEX_FILE_PAGE = 4096,    /* the lines begin at one */
    INDEX_FILE_PART = 1 << 20, /* bytes that are hashed as one */
    INDEX_FILE_RECORD = 16,    /* two words */
    INDEX_FILE_ID = 16,
    INDEX_FILE_ORDER = 0x01020304, /* as the machine stores it */
    INDEX_AT_VERSION = 4,
    INDEX_AT_ORDER = 8,
    INDEX_AT_ID = 16,
    INDEX_AT_NEXT_SEQ = 32,
    INDEX_AT_HASH = 40,
    INDEX_AT_RULES = 72,
    INDEX_AT_EXPIRE = 76,
    INDEX_AT_SWEPT = 80,
    INDEX_AT_EFFECTIVE = 84, /* of the last entry applied */
    INDEX_AT_ENTRY = 88,     /* its sequence number */
    INDEX_AT_ROOT = 96,
    INDEX_AT_RARE_ROOT = 104,
    INDEX_AT_TAC_SEED = 112,
    INDEX_AT_RARE_SEED = 120,
    INDEX_AT_COUNT = 128, /* IMEIs */
    INDEX_AT_TACS = 136,
    INDEX_AT_BYTES = 144,                 /* of each section but the first: 7 x 8 */
    INDEX_AT_LISTS = INDEX_AT_BYTES + 56, /* SHA-256 of the first section */
    INDEX_AT_ZERO = INDEX_AT_LISTS + SHA256_BYTES,
    INDEX_AT_RANGE_COUNT = INDEX_AT_ZERO, /* of version 3: how many, 4 */
    INDEX_AT_RANGES = INDEX_AT_ZERO + 8,  /* from 4, to 4 */
    INDEX_AT_RANGES_END = INDEX_AT_RANGES + 8 * LIMIT_TAC_RANGES,
};
static_assert((int)INDEX_AT_RANGES_END <= (int)INDEX_FILE_HEADER, "ranges stand in the header");
#define INDEX_FILE_MAGIC "TGIX"
static_assert(INDEX_FILE_START == INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE, "index.h says so");

enum index_section {
    SECTION_LISTS,    /* hashes of parts: of each section that follows, in order */
    SECTION_RULES,    /* text */
    SECTION_TAC,      /* packed list */
    SECTION_CODES,    /* struct codes: 32 bytes each */
    SECTION_VERDICTS, /* of the dictionary, by number: verdict_pack */
    SECTION_ODD,      /* ascending: body, verdict_pack */
    SECTION_PAIRS,    /* ascending: body, subscriber */
    SECTION_LINES,    /* of the arena, from line 1 on; holes are zero */
    SECTION_COUNT
};

struct index_header {
    uint8_t register_id[INDEX_FILE_ID];
    struct index_state state;
    struct index_entry entry;
    struct boxes_shape shape;
    struct tac_ranges tacs;        /* count 0: version 2 */
    uint64_t bytes[SECTION_COUNT]; /* [SECTION_LISTS] follows from the others */
    uint8_t lists[SHA256_BYTES];
};

/* Offset and bytes of each section, the number of its first part, and the bytes of the whole.
 * Fills header->bytes[SECTION_LISTS]. False for sizes that no register has. */
struct index_layout {
    uint64_t at[SECTION_COUNT];
    uint64_t part[SECTION_COUNT];
    uint64_t parts, end;
};
bool index_file_layout(struct index_header *header, struct index_layout *out);

/* The header's bytes. Read, but for magic, version and order, which the callers look at; the ranges of a
 * version 3 may be none that tac_ranges_are_right. */
void index_header_encode(const struct index_header *header, uint8_t p[INDEX_FILE_HEADER]);
void index_header_decode(const uint8_t p[INDEX_FILE_HEADER], struct index_header *out);

static inline uint64_t index_parts(uint64_t bytes)
{
    return (bytes + INDEX_FILE_PART - 1) / INDEX_FILE_PART;
}

static inline void put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t get_le(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = bytes; i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

#endif
