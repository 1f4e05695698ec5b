/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file - the index file as bytes in memory: what index_file_read maps, and what comes over
 * a wire. Bytes: ARCHITECTURE.md, "Index file". */
#ifndef INDEX_INDEX_FILE_H
#define INDEX_INDEX_FILE_H

#include "index/index.h"

/* What a reader insists on. */
struct index_want {
    const uint8_t *register_id; /* 16 bytes */
    const uint8_t *public_key;  /* 32 bytes, Ed25519 */
    uint64_t at_least;          /* next_seq */
};

/* Promises as index_file_read; out_rules is appended to. */
MUST_USE enum err index_file_decode(struct str bytes, const struct index_want *want,
                                    struct index **out, struct buf *out_rules, struct fault *fault);

/* Where things lie, for the two coders and the tests. All integers little-endian. */
enum {
    INDEX_FILE_HEADER = 256,
    INDEX_FILE_SIGNATURE = 64,
    INDEX_FILE_ALIGN = 64,
    INDEX_FILE_CELL = 16, /* body 8, packed verdict 8 */
    INDEX_FILE_PAIR = 16, /* body 8, subscriber 8 */
    INDEX_FILE_VERSION = 1,
    INDEX_FILE_ID = 16,
    INDEX_AT_VERSION = 4,
    INDEX_AT_ID = 8,
    INDEX_AT_NEXT_SEQ = 24,
    INDEX_AT_HASH = 32,
    INDEX_AT_RULES = 64,
    INDEX_AT_EXPIRE = 68,
    INDEX_AT_SWEPT = 72,
    INDEX_AT_CELLS = 76,
    INDEX_AT_PAIRS = 84,
    INDEX_AT_RULES_BYTES = 92,
    INDEX_AT_SECTIONS = 100, /* SHA-256 of rules text, cells, pairs */
    INDEX_AT_ZERO = INDEX_AT_SECTIONS + 3 * SHA256_BYTES,
};
#define INDEX_FILE_MAGIC "TGIX"

enum index_section { SECTION_RULES, SECTION_CELLS, SECTION_PAIRS, SECTION_COUNT };

/* Offset and bytes of each section and of the whole file, from the counts of a header. False for
 * counts that no register can have. */
struct index_layout {
    uint64_t at[SECTION_COUNT];
    uint64_t bytes[SECTION_COUNT];
    uint64_t end;
};
bool index_file_layout(uint64_t rules_bytes, uint64_t cells, uint64_t pairs,
                       struct index_layout *out);

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
