/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_block - a block of any bytes: header (88), count of pairs (1), section, body. It is judged as
 * it stands, then sealed (as a writer with a fault would) and read by all that read blocks. */
#include <stdint.h>
#include <stdlib.h>

#include "index/index.h"
#include "journal/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_pair(void *ctx, const struct pair *pair)
{
    (void)pair;
    ++*(int *)ctx;
}

static void read_all(struct sha256 *h, const struct block *b)
{
    struct block_cursor cursor = block_walk(b);
    struct item item;
    struct str bytes;
    uint32_t items = 0;
    int pairs = 0;
    while (block_next(&cursor, &item, &bytes))
        items++;
    enum err walked = section_walk(b->section, count_pair, &pairs);
    enum err verified = block_verify(h, b, b->prev_hash, b->header.first_seq, NULL);
    if (verified == ERR_OK && (cursor.err || walked || items != b->header.item_count))
        abort();
}

static void apply_all(const struct block *b)
{
    struct index *ix;
    struct replay *r;
    struct fault fault;
    if (index_new(&ix) == ERR_OK) {
        struct index_state state = index_state(ix);
        state.next_seq = b->header.first_seq;
        memcpy(state.hash, b->prev_hash, SHA256_BYTES);
        index_set_state(ix, &state);
        bool applied = index_apply(ix, b, 20700) == ERR_OK;
        if (applied != (index_state(ix).next_seq != b->header.first_seq))
            abort();
        index_free(ix);
    }
    if (replay_new(&r) == ERR_OK) {
        if (replay_block(r, b, &fault) == ERR_OK && b->header.first_seq != 1)
            abort();
        replay_free(r);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd rd = rd_of(data, size);
    const uint8_t *header = rd_bytes(&rd, BLOCK_HEADER_BYTES);
    size_t section_n = rd_uint(&rd, 1) * 15;
    const uint8_t *section = rd_bytes(&rd, section_n);
    struct sha256 *h = sha256_new();
    struct block b = {0};
    if (!rd.failed && h && block_header_decode(header, &b.header) == ERR_OK) {
        b.section = (struct str){(const char *)section, section_n};
        b.body = (struct str){(const char *)rd.p, rd_left(&rd)};
        read_all(h, &b);
        if (block_seal(h, &b) == ERR_OK) {
            read_all(h, &b);
            apply_all(&b);
        }
    }
    sha256_free(h);
    return 0;
}
