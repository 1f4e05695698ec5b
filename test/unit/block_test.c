/* SPDX-License-Identifier: Apache-2.0
 *
 * block_test - the root against a plain recursive reading of RFC 6962, and a small block of which
 * every byte of every column is changed in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/sha.h>

#include "chain.h"
#include "journal/merkle.h"

/* ---- RFC 6962 2.1, word by word, without a line of ours ---- */

struct leaf {
    uint8_t p[80];
    size_t n;
};

static void naive_root(const struct leaf *leaves, size_t n, uint8_t out[32])
{
    uint8_t bytes[128] = {0};
    if (n == 0) {
        SHA256(bytes, 0, out);
        return;
    }
    if (n == 1) {
        bytes[0] = 0;
        memcpy(bytes + 1, leaves->p, leaves->n);
        SHA256(bytes, 1 + leaves->n, out);
        return;
    }
    size_t k = 1; /* the largest power of two smaller than n */
    while (2 * k < n)
        k *= 2;
    bytes[0] = 1;
    naive_root(leaves, k, bytes + 1);
    naive_root(leaves + k, n - k, bytes + 33);
    SHA256(bytes, 65, out);
}

static void roots_are_those_of_rfc_6962(void **state)
{
    (void)state;
    enum { MOST = 130 };
    struct leaf leaves[MOST];
    struct sha256 *h = sha256_new();
    assert_non_null(h);
    for (size_t i = 0; i < MOST; i++) {
        leaves[i].n = 1 + i * 7 % sizeof leaves[i].p;
        memset(leaves[i].p, (int)(i * 31 % 256), leaves[i].n);
        leaves[i].p[0] = (uint8_t)i;
    }
    for (size_t n = 1; n <= MOST; n++) {
        struct buf body = {0};
        uint8_t want[32], got[32];
        for (size_t i = 0; i < n; i++) {
            buf_varint(&body, leaves[i].n);
            buf_put(&body, leaves[i].p, leaves[i].n);
        }
        struct str text = {(const char *)body.p, body.n};
        naive_root(leaves, n, want);
        assert_int_equal(block_root(h, text, (uint32_t)n, got), ERR_OK);
        assert_memory_equal(got, want, 32);
        assert_int_equal(block_root(h, text, (uint32_t)n + 1, got), ERR_CODEC);
        if (n > 1)
            assert_int_equal(block_root(h, text, (uint32_t)n - 1, got), ERR_CODEC);
        text.n--;
        assert_int_equal(block_root(h, text, (uint32_t)n, got), ERR_CODEC);
        buf_release(&body);
    }
    sha256_free(h);
}

static void root_of_nothing_and_of_long_leaves(void **state)
{
    (void)state;
    struct sha256 *h = sha256_new();
    struct merkle m;
    uint8_t got[32], want[32], bytes[301] = {0};
    assert_non_null(h);
    merkle_begin(&m, h);
    merkle_end(&m, got);
    SHA256(bytes, 0, want);
    assert_memory_equal(got, want, 32);
    memset(bytes + 1, 'x', 300);
    for (size_t n = 120; n <= 300; n++) {
        merkle_begin(&m, h);
        merkle_add(&m, bytes + 1, n);
        merkle_end(&m, got);
        SHA256(bytes, 1 + n, want);
        assert_memory_equal(got, want, 32);
    }
    sha256_free(h);
}

/* ---- one block with everything in it ---- */

static void small_block(struct chain *c)
{
    chain_init(c, 0x11);
    chain_entry(c, 20500);
    chain_rules(c, 1, STR("duty_from=2025-03-25\n"));
    chain_gate(c, (struct gate){20499, 20499});
    struct row row = plain_row(35824005000001, REASON_NEVER_ACTIVATED, REASON_UNVERIFIED);
    row.change.kind = CHANGE_ACTIVATED;
    row.change.activated.day = 20500;
    row.change.activated.known = 20501;
    chain_row(c, &row);
    row = plain_row(0, REASON_NEVER_ACTIVATED, REASON_CLONE);
    row.change.kind = CHANGE_CLONE;
    row.change.clone = FACTS_CLONE;
    chain_row(c, &row);
    chain_pair(c, (struct imei){0}, 0x1122334455667788, false);
    chain_pair(c, (struct imei){0}, 0x99aabbccddeeff00, true);
    chain_seal(c);
}

static enum err verify(struct chain *c, const struct block *b)
{
    uint8_t prev[32] = {0};
    memset(prev, 0x11, 16);
    return block_verify(c->h, b, prev, 1, NULL);
}

/* What the store would hand over after one byte of its header column changed. */
static enum err verify_header_bytes(struct chain *c, const uint8_t bytes[BLOCK_HEADER_BYTES])
{
    struct block b = c->block;
    if (block_header_decode(bytes, &b.header) != ERR_OK)
        return ERR_CODEC;
    return verify(c, &b);
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    struct chain c;
    struct fault fault = {0};
    uint8_t header[BLOCK_HEADER_BYTES];
    small_block(&c);
    assert_int_equal(verify(&c, &c.block), ERR_OK);
    block_header_encode(&c.block.header, header);
    assert_int_equal(verify_header_bytes(&c, header), ERR_OK);

    for (int bit = 0; bit < 8; bit++) {
        uint8_t mask = (uint8_t)(1 << bit);
        for (size_t i = 0; i < BLOCK_HEADER_BYTES; i++) {
            header[i] ^= mask;
            assert_int_not_equal(verify_header_bytes(&c, header), ERR_OK);
            header[i] ^= mask;
        }
        uint8_t *columns[] = {c.block.prev_hash, c.block.root, c.block.hash, c.body.p, c.section.p};
        size_t sizes[] = {32, 32, 32, c.body.n, c.section.n};
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            for (size_t i = 0; i < sizes[k]; i++) {
                columns[k][i] ^= mask;
                assert_int_equal(verify(&c, &c.block), ERR_CHAIN);
                columns[k][i] ^= mask;
            }
        }
    }
    assert_int_equal(verify(&c, &c.block), ERR_OK);

    uint8_t other[32] = {0};
    assert_int_equal(block_verify(c.h, &c.block, other, 1, &fault), ERR_CHAIN);
    assert_string_equal(fault.detail, "block at 1: previous hash differs");
    assert_int_equal(block_verify(c.h, &c.block, c.block.prev_hash, 2, &fault), ERR_CHAIN);
    assert_string_equal(fault.detail, "block at 1 stands where 2 should follow");
    chain_release(&c);
}

static void cut_and_lengthened_columns_are_found(void **state)
{
    (void)state;
    struct chain c;
    small_block(&c);
    for (size_t n = 0; n < c.body.n; n++) {
        struct block b = c.block;
        b.body.n = n;
        assert_int_equal(verify(&c, &b), ERR_CHAIN);
        b.header.body_bytes = (uint32_t)n;
        assert_int_equal(verify(&c, &b), ERR_CHAIN);
    }
    for (size_t n = 0; n < c.section.n; n++) {
        struct block b = c.block;
        b.section.n = n;
        assert_int_equal(verify(&c, &b), ERR_CHAIN);
    }
    chain_release(&c);
}

/* Sealed, so hashes fit, but an item is none: no writer of ours made it. */
static void sealed_nonsense_is_found(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct sha256 *h = sha256_new();
    struct block b = {
        .header = {.first_seq = 1, .item_count = 2, .gate = {DAYNUM_NONE, DAYNUM_NONE}},
        .body = STR("\5G\xff\xff\xff\xff\3X12"),
    };
    assert_non_null(h);
    assert_int_equal(block_seal(h, &b), ERR_OK);
    assert_int_equal(block_verify(h, &b, b.prev_hash, 1, &fault), ERR_CHAIN);
    assert_string_equal(fault.detail, "block at 1: item 2 does not decode");
    b.section = STR("not a pair at all");
    assert_int_equal(block_seal(h, &b), ERR_CODEC);
    b.section = STR("\xff\xff\xff\xff\xff\xff 8 bytes1");
    b.section.n = 15;
    assert_int_equal(block_seal(h, &b), ERR_OK);
    assert_int_equal(block_verify(h, &b, b.prev_hash, 1, &fault), ERR_CHAIN);
    sha256_free(h);
}

static void headers_go_round(void **state)
{
    (void)state;
    uint8_t bytes[BLOCK_HEADER_BYTES], again[BLOCK_HEADER_BYTES];
    struct block_header h = {
        .first_seq = 0x0000123456789abc,
        .item_count = LIMIT_BLOCK_ITEMS,
        .body_bytes = UINT32_MAX,
        .written_us = INT64_MAX,
        .batch = 0x0000123456789abd,
        .open_entry = 0x0000123456789abb,
        .rules = UINT32_MAX,
        .gate = {DAYNUM_FIRST, DAYNUM_LAST},
    };
    struct block_header got;
    memset(h.section_hash, 0x77, sizeof h.section_hash);
    block_header_encode(&h, bytes);
    assert_memory_equal(bytes, "TGB1", 4);
    assert_int_equal(block_header_decode(bytes, &got), ERR_OK);
    assert_true(got.first_seq == h.first_seq && got.item_count == h.item_count);
    assert_true(got.body_bytes == h.body_bytes && got.written_us == h.written_us);
    assert_true(got.batch == h.batch && got.open_entry == h.open_entry && got.rules == h.rules);
    assert_int_equal(got.gate.expire_through, DAYNUM_FIRST);
    assert_int_equal(got.gate.swept_through, DAYNUM_LAST);
    assert_memory_equal(got.section_hash, h.section_hash, sizeof h.section_hash);
    for (size_t i = 0; i < sizeof bytes * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        if (block_header_decode(bytes, &got) == ERR_OK) {
            block_header_encode(&got, again);
            assert_memory_equal(again, bytes, sizeof bytes);
        }
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static void walk_tells_sequence_and_entry(void **state)
{
    (void)state;
    struct chain c;
    struct item item;
    struct str bytes;
    chain_init(&c, 1);
    struct row row = plain_row(7, REASON_NEVER_ACTIVATED, REASON_GSMA);
    uint64_t first = chain_entry(&c, 20500);
    uint8_t last_hash[32];
    memcpy(last_hash, chain_seal(&c)->hash, 32);
    uint64_t of_first = chain_row(&c, &row);
    uint64_t second = chain_entry(&c, 20500);
    uint64_t of_second = chain_row(&c, &row);
    const struct block *b = chain_seal(&c);
    assert_int_equal(block_verify(c.h, b, last_hash, 2, NULL), ERR_OK);

    struct block_cursor cursor = block_walk(b);
    assert_true(block_next(&cursor, &item, &bytes));
    assert_true(cursor.seq == of_first && cursor.entry == first && item.type == ITEM_ROW);
    assert_true(block_next(&cursor, &item, &bytes));
    assert_true(cursor.seq == second && cursor.entry == second && item.type == ITEM_ENTRY);
    assert_true(bytes.p[0] == 'E');
    assert_true(block_next(&cursor, &item, NULL));
    assert_true(cursor.seq == of_second && cursor.entry == second);
    assert_false(block_next(&cursor, &item, &bytes));
    assert_false(block_next(&cursor, &item, &bytes));
    assert_int_equal(cursor.err, ERR_OK);

    struct block cut = *b;
    cut.body.n--;
    cursor = block_walk(&cut);
    while (block_next(&cursor, &item, &bytes))
        ;
    assert_int_equal(cursor.err, ERR_CODEC);
    assert_true(cursor.seq == of_second);
    chain_release(&c);
}

static void collect(void *ctx, const struct pair *pair)
{
    struct pair **next = ctx;
    *(*next)++ = *pair;
}

static void sections_go_round(void **state)
{
    (void)state;
    struct buf b = {0};
    struct pair pairs[] = {
        {{IMEI_BODIES - 1}, UINT64_MAX, false}, {{0}, 0, true}, {{1}, 42, false}};
    struct pair got[3], *next = got;
    section_encode(pairs, 3, &b);
    assert_int_equal(b.n, 45);
    struct str section = {(const char *)b.p, b.n};
    assert_int_equal(section_walk(section, collect, &next), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_true(got[i].imei.body == pairs[i].imei.body && got[i].removed == pairs[i].removed &&
                    got[i].subscriber == pairs[i].subscriber);

    next = got;
    b.p[44] = 2; /* removed: yes or no */
    assert_int_equal(section_walk(section, collect, &next), ERR_CODEC);
    b.p[44] = 0;
    memset(b.p + 30, 0xff, 6);
    assert_int_equal(section_walk(section, collect, &next), ERR_CODEC);
    section.n--;
    assert_int_equal(section_walk(section, collect, &next), ERR_CODEC);
    assert_ptr_equal(next, got); /* a bad section moves nothing */
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_rfc_6962),
        cmocka_unit_test(root_of_nothing_and_of_long_leaves),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(cut_and_lengthened_columns_are_found),
        cmocka_unit_test(sealed_nonsense_is_found),
        cmocka_unit_test(headers_go_round),
        cmocka_unit_test(walk_tells_sequence_and_entry),
        cmocka_unit_test(sections_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
