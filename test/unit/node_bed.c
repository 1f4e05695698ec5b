/* SPDX-License-Identifier: Apache-2.0 */
#include "node_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sodium.h>

struct node_bed *bed_new(void)
{
    struct node_bed *bed = calloc(1, sizeof *bed);
    uint8_t seed[32] = {9};
    assert_non_null(bed);
    assert_true(sodium_init() >= 0);
    chain_init(&bed->chain, 0x42);
    crypto_sign_seed_keypair(bed->keys.public_key, bed->keys.secret_key, seed);
    memset(bed->key.register_id, 0x42, sizeof bed->key.register_id);
    memcpy(bed->key.public_key, bed->keys.public_key, 32);
    clock_init_fixed(&bed->clock, BED_NOW_US);
    snprintf(bed->directory, sizeof bed->directory, "/tmp/tamga-node.XXXXXX");
    assert_non_null(mkdtemp(bed->directory));
    bed->options =
        (struct copy_options){.directory = bed->directory, .key = &bed->key, .clock = &bed->clock};
    return bed;
}

void bed_free(struct node_bed *bed)
{
    char command[128];
    snprintf(command, sizeof command, "/tmp/tamga-node.");
    assert_int_equal(strncmp(bed->directory, command, strlen(command)), 0);
    uint64_t seqs[16];
    size_t n = copy_list(bed->directory, seqs, 16);
    for (size_t i = 0; i < n; i++)
        copy_remove(bed->directory, seqs[i]);
    for (uint64_t i = 1; i < 10; i++) {
        char path[COPY_PATH];
        copy_path(bed->directory, "tac", i, "tgts", path);
        remove(path);
    }
    remove(bed->directory);
    chain_release(&bed->chain);
    buf_release(&bed->answer);
    free(bed);
}

void bed_sign(const struct node_bed *bed, const char *label, const void *p, size_t n,
              uint8_t out[64])
{
    struct buf message = {0};
    buf_str(&message, str_z(label));
    buf_put(&message, p, n);
    crypto_sign_detached(out, NULL, message.p, message.n, bed->keys.secret_key);
    buf_release(&message);
}

void bed_begin(struct node_bed *bed)
{
    buf_clear(&bed->answer);
}

void bed_block(struct node_bed *bed)
{
    const struct block *b = &bed->chain.block;
    uint8_t header[BLOCK_HEADER_BYTES];
    block_header_encode(&b->header, header);
    buf_str(&bed->answer, STR("B"));
    buf_uint(&bed->answer, BLOCK_HEADER_BYTES + SHA256_BYTES + b->body.n + b->section.n, 4);
    buf_put(&bed->answer, header, sizeof header);
    buf_put(&bed->answer, b->prev_hash, SHA256_BYTES);
    buf_str(&bed->answer, b->body);
    buf_str(&bed->answer, b->section);
}

struct str bed_head(struct node_bed *bed, int64_t time_us)
{
    uint8_t signature[64];
    buf_str(&bed->answer, STR("H"));
    buf_uint(&bed->answer, FEED_HEAD, 4);
    size_t at = bed->answer.n;
    buf_put(&bed->answer, bed->key.register_id, FEED_ID);
    buf_uint(&bed->answer, bed->chain.next_seq, 8);
    buf_put(&bed->answer, bed->chain.block.hash, SHA256_BYTES);
    buf_uint(&bed->answer, bed->chain.next_seq, 8);
    buf_uint(&bed->answer, (uint64_t)time_us, 8);
    bed_sign(bed, FEED_HEAD_LABEL, bed->answer.p + at, FEED_HEAD_SIGNED, signature);
    buf_put(&bed->answer, signature, sizeof signature);
    assert_false(bed->answer.failed);
    return (struct str){(char *)bed->answer.p, bed->answer.n};
}

void bed_row(struct node_bed *bed, uint64_t batch, uint64_t body, uint8_t before, uint8_t after)
{
    struct row row = plain_row(body, before, after);
    if (!batch)
        chain_entry(&bed->chain, 20000);
    chain_row(&bed->chain, &row);
    bed->chain.block.header.batch = batch;
    if (batch)
        bed->chain.block.header.open_entry = batch;
    chain_seal(&bed->chain);
    bed_block(bed);
}

uint64_t bed_batch_begin(struct node_bed *bed)
{
    struct entry entry = {.event = EVENT_AMNESTY, .flags = ENTRY_BATCH_BEGIN, .effective = 20000};
    uint64_t seq = chain_entry_as(&bed->chain, &entry);
    chain_seal(&bed->chain);
    bed_block(bed);
    return seq;
}

void bed_batch_end(struct node_bed *bed, uint64_t batch)
{
    struct entry entry = {
        .event = EVENT_AMNESTY, .flags = ENTRY_BATCH_END, .effective = 20000, .batch = batch};
    chain_entry_as(&bed->chain, &entry);
    bed->chain.block.header.batch = batch;
    chain_seal(&bed->chain);
    bed_block(bed);
}

void bed_rules(struct node_bed *bed, uint32_t number, struct str text)
{
    chain_entry(&bed->chain, 20000);
    chain_rules(&bed->chain, number, text);
    bed->chain.rules = number;
    chain_seal(&bed->chain);
    bed_block(bed);
}

void bed_tac_list(struct node_bed *bed, uint32_t number, struct buf *out)
{
    uint8_t signature[64];
    struct tac_builder *builder = tac_builder_new();
    assert_non_null(builder);
    assert_int_equal(tac_builder_add(builder, 35824005, TAC_DEVICE, STR("Brand"), STR("Model")),
                     ERR_OK);
    buf_str(out, STR("TGTS"));
    buf_put(out, bed->key.register_id, FEED_ID);
    buf_uint(out, number, 4);
    assert_int_equal(tac_builder_pack(builder, out), ERR_OK);
    bed_sign(bed, FEED_TAC_LABEL, out->p, out->n, signature);
    buf_put(out, signature, sizeof signature);
    tac_builder_free(builder);
}

void bed_snapshot(struct node_bed *bed)
{
    char path[COPY_PATH];
    struct index *ix;
    struct index_state state = {.next_seq = 1, .rules = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    struct rules rules;
    struct buf text = {0};
    memcpy(state.hash, bed->chain.block.hash, SHA256_BYTES);
    rules_init(&rules);
    rules_format(&rules, &text);
    assert_int_equal(index_new(&ix), ERR_OK);
    index_set_state(ix, &state);
    copy_path(bed->directory, "snapshot", 1, "tgix", path);
    struct index_image *image;
    struct index_file file = {bed->key.register_id, {(char *)text.p, text.n}, STR("")};
    assert_int_equal(index_image_new(ix, &image), ERR_OK);
    assert_int_equal(index_image_write(image, path, &file, &bed->keys, NULL), ERR_OK);
    index_image_free(image);
    index_free(ix);
    buf_release(&text);
}

int bed_reason(const struct copy *copy, uint64_t body)
{
    struct verdict v;
    return index_find(copy->index->index, (struct imei){body}, &v) ? v.reason : -1;
}
