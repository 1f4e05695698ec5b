/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void chain_init(struct chain *c, uint8_t id)
{
    *c = (struct chain){
        .h = sha256_new(), .next_seq = 1, .rules = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    assert_non_null(c->h);
    memset(c->block.hash, id, 16);
}

void chain_release(struct chain *c)
{
    sha256_free(c->h);
    buf_release(&c->body);
    buf_release(&c->section);
}

static void open_block(struct chain *c)
{
    if (c->count == 0 && !c->sealed)
        c->block.header = (struct block_header){.first_seq = c->next_seq};
    if (!c->sealed)
        return;
    buf_clear(&c->body);
    buf_clear(&c->section);
    c->sealed = false;
    c->count = 0;
    c->block.header = (struct block_header){.first_seq = c->next_seq, .open_entry = c->last_entry};
}

static uint64_t add(struct chain *c, const void *p, size_t n)
{
    open_block(c);
    assert_true(n > 0);
    buf_varint(&c->body, n);
    buf_put(&c->body, p, n);
    assert_false(c->body.failed);
    c->count++;
    return c->next_seq++;
}

static uint64_t add_buf(struct chain *c, struct buf *item, size_t n)
{
    uint64_t seq = add(c, item->p, n);
    buf_release(item);
    return seq;
}

uint64_t chain_entry_as(struct chain *c, const struct entry *entry)
{
    struct buf item = {0};
    size_t n = item_encode_entry(entry, &item);
    return c->last_entry = add_buf(c, &item, n);
}

uint64_t chain_entry(struct chain *c, daynum effective)
{
    struct entry entry = {
        .event = EVENT_OBSERVED,
        .actor = 1,
        .time_ms = 1763800000000,
        .effective = effective,
    };
    return chain_entry_as(c, &entry);
}

uint64_t chain_row(struct chain *c, const struct row *row)
{
    uint8_t item[LIMIT_ROW_ITEM];
    return add(c, item, item_encode_row(row, item));
}

uint64_t chain_gate(struct chain *c, struct gate gate)
{
    struct buf item = {0};
    size_t n = item_encode_gate(&gate, &item);
    c->gate = gate;
    return add_buf(c, &item, n);
}

uint64_t chain_rules(struct chain *c, uint32_t number, struct str text)
{
    struct buf item = {0};
    size_t n = item_encode_rules(number, text, &item);
    return add_buf(c, &item, n);
}

void chain_pair(struct chain *c, struct imei imei, uint64_t subscriber, bool removed)
{
    open_block(c);
    struct pair pair = {imei, subscriber, removed};
    section_encode(&pair, 1, &c->section);
}

const struct block *chain_seal(struct chain *c)
{
    struct block *b = &c->block;
    assert_true(c->count > 0 && !c->sealed);
    memcpy(b->prev_hash, b->hash, SHA256_BYTES);
    b->header.item_count = c->count;
    b->header.written_us = 1763800000000000;
    b->header.rules = c->rules;
    b->header.gate = c->gate;
    b->body = (struct str){(const char *)c->body.p, c->body.n};
    b->section = (struct str){(const char *)c->section.p, c->section.n};
    assert_int_equal(block_seal(c->h, b), ERR_OK);
    c->sealed = true;
    return b;
}

struct verdict plain_verdict(uint8_t reason)
{
    return (struct verdict){
        .reason = reason,
        .next_reason = reason,
        .deadline = DAYNUM_NONE,
        .valid_through = DAYNUM_OPEN,
    };
}

struct row plain_row(uint64_t body, uint8_t before, uint8_t after)
{
    return (struct row){
        .change = {.imei = {body}, .kind = CHANGE_NONE},
        .before = before,
        .after = plain_verdict(after),
    };
}
