/* SPDX-License-Identifier: Apache-2.0 */
#include "node/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/buf.h"

enum { SIGNATURE = 64 };

void feed_cursor(const struct feed_place *place, char out[FEED_CURSOR])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(place->hash, hex);
    snprintf(out, FEED_CURSOR, "%" PRIu64 "-%.16s", place->next_seq, hex);
}

void feed_answer_release(struct feed_answer *a)
{
    free(a->blocks);
    *a = (struct feed_answer){0};
}

static bool is_signed(const char *label, const void *p, size_t n, const uint8_t *signature,
                      const uint8_t *public_key)
{
    struct buf message = {0};
    buf_str(&message, str_z(label));
    buf_put(&message, p, n);
    bool ok = !message.failed &&
              crypto_sign_verify_detached(signature, message.p, message.n, public_key) == 0;
    buf_release(&message);
    return ok;
}

/* A `B` frame: header, previous hash, body, section; sealed, so that root and hash are computed. */
static enum err read_block(struct sha256 *h, struct str frame, struct block *out)
{
    struct rd rd = rd_of(frame.p, frame.n);
    const uint8_t *header = rd_bytes(&rd, BLOCK_HEADER_BYTES);
    const uint8_t *prev = rd_bytes(&rd, SHA256_BYTES);
    struct block block = {0};
    if (rd.failed)
        return ERR_CODEC;
    enum err err = block_header_decode(header, &block.header);
    if (err)
        return err;
    memcpy(block.prev_hash, prev, SHA256_BYTES);
    const uint8_t *body = rd_bytes(&rd, block.header.body_bytes);
    if (!body)
        return ERR_CODEC;
    block.body = (struct str){(const char *)body, block.header.body_bytes};
    block.section = (struct str){(const char *)rd.p, rd_left(&rd)};
    uint8_t section_hash[SHA256_BYTES];
    memcpy(section_hash, block.header.section_hash, SHA256_BYTES);
    err = block_seal(h, &block);
    if (err)
        return err;
    if (memcmp(section_hash, block.header.section_hash, SHA256_BYTES) != 0)
        return ERR_CODEC;
    *out = block;
    return ERR_OK;
}

static enum err add_block(struct feed_answer *a, const struct block *block)
{
    if (a->count == a->room) {
        size_t room = a->room ? 2 * a->room : 16;
        struct block *blocks = realloc(a->blocks, room * sizeof *blocks);
        if (!blocks)
            return ERR_MEMORY;
        a->blocks = blocks;
        a->room = room;
    }
    a->blocks[a->count++] = *block;
    return ERR_OK;
}

static enum err take_block(struct sha256 *h, struct str frame, struct feed_place *place,
                           struct feed_answer *out, struct fault *fault)
{
    struct block block;
    enum err err = read_block(h, frame, &block);
    if (err)
        return fault_set(fault, err, "behind %" PRIu64 " stands no block", place->next_seq);
    if (block.header.first_seq != place->next_seq ||
        memcmp(block.prev_hash, place->hash, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_CHAIN, "block %" PRIu64 " does not follow %" PRIu64,
                         block.header.first_seq, place->next_seq);
    place->next_seq = block.header.first_seq + block.header.item_count;
    memcpy(place->hash, block.hash, SHA256_BYTES);
    return add_block(out, &block);
}

static enum err check_place(const struct feed_place *said, const struct feed_place *place,
                            struct fault *fault)
{
    if (said->next_seq == place->next_seq && memcmp(said->hash, place->hash, SHA256_BYTES) == 0)
        return ERR_OK;
    return fault_set(fault, ERR_CHAIN, "the head stands at %" PRIu64 ", the blocks at %" PRIu64,
                     said->next_seq, place->next_seq);
}

static enum err take_head(struct str frame, const struct feed_want *want,
                          const struct feed_place *place, struct feed_head *out,
                          struct fault *fault)
{
    struct rd rd = rd_of(frame.p, frame.n);
    const uint8_t *id = rd_bytes(&rd, FEED_ID);
    struct feed_head head = {.place.next_seq = rd_uint(&rd, 8)};
    const uint8_t *hash = rd_bytes(&rd, SHA256_BYTES);
    head.register_next_seq = rd_uint(&rd, 8);
    head.time_us = (int64_t)rd_uint(&rd, 8);
    const uint8_t *signature = rd_bytes(&rd, SIGNATURE);
    if (rd.failed || rd_left(&rd))
        return fault_set(fault, ERR_CODEC, "the head has not %d bytes", FEED_HEAD);
    if (memcmp(id, want->register_id, FEED_ID) != 0)
        return fault_set(fault, ERR_SIGNATURE, "the feed is of another register");
    if (!is_signed(FEED_HEAD_LABEL, frame.p, FEED_HEAD_SIGNED, signature, want->public_key))
        return fault_set(fault, ERR_SIGNATURE,
                         "the head of the feed is not signed by the register");
    memcpy(head.place.hash, hash, SHA256_BYTES);
    enum err err = check_place(&head.place, place, fault);
    if (!err)
        *out = head;
    return err;
}

static enum err take_seal(struct str frame, const struct feed_want *want,
                          const struct feed_place *place, struct feed_answer *out,
                          struct fault *fault)
{
    struct rd rd = rd_of(frame.p, frame.n);
    const uint8_t *id = rd_bytes(&rd, FEED_ID);
    struct feed_place said = {.next_seq = rd_uint(&rd, 8)};
    const uint8_t *hash = rd_bytes(&rd, SHA256_BYTES);
    const uint8_t *signature = rd_bytes(&rd, SIGNATURE);
    if (rd.failed || rd_left(&rd))
        return fault_set(fault, ERR_CODEC, "the seal has not %d bytes", FEED_SEAL);
    if (memcmp(id, want->register_id, FEED_ID) != 0)
        return fault_set(fault, ERR_SIGNATURE, "the segment is of another register");
    if (!is_signed(FEED_SEAL_LABEL, frame.p, FEED_SEAL_SIGNED, signature, want->public_key))
        return fault_set(fault, ERR_SIGNATURE, "the segment is not signed by the register");
    memcpy(said.hash, hash, SHA256_BYTES);
    out->sealed = true;
    out->head.place = said;
    out->head.register_next_seq = said.next_seq;
    return check_place(&said, place, fault);
}

/* Signed for this very place, so that none of another time is believed. */
static enum err take_spared(struct str frame, const struct feed_want *want,
                            const struct feed_place *place, struct feed_answer *out,
                            struct fault *fault)
{
    enum { FIXED = FEED_ID + 8 };
    if (frame.n < FIXED + 1 + SIGNATURE)
        return fault_set(fault, ERR_CODEC, "what is spared is too short");
    const size_t n = frame.n - SIGNATURE;
    struct rd rd = rd_of(frame.p, n);
    const uint8_t *id = rd_bytes(&rd, FEED_ID);
    const uint64_t next_seq = rd_uint(&rd, 8);
    struct spared spared;
    enum err err = spared_decode(&rd, &spared);
    if (err || rd_left(&rd))
        return fault_set(fault, ERR_CODEC, "what is spared cannot be read");
    if (memcmp(id, want->register_id, FEED_ID) != 0 ||
        !is_signed(FEED_SPARED_LABEL, frame.p, n, (const uint8_t *)frame.p + n, want->public_key))
        return fault_set(fault, ERR_SIGNATURE, "what is spared is not signed by the register");
    if (next_seq != place->next_seq)
        return fault_set(fault, ERR_CHAIN, "what is spared is of another place");
    out->told = true;
    out->spared = spared;
    return ERR_OK;
}

enum err feed_read_frame(struct sha256 *h, const struct feed_want *want,
                         struct feed_reading *reading, struct fault *fault)
{
    struct rd rd = rd_of(reading->bytes.p + reading->used, reading->bytes.n - reading->used);
    uint64_t kind = rd_uint(&rd, 1), n = rd_uint(&rd, 4);
    const uint8_t *p = rd_bytes(&rd, (size_t)n);
    if (rd.failed || !p)
        return fault_set(fault, ERR_CODEC, "the feed ends in the middle");
    struct str frame = {(const char *)p, (size_t)n};
    enum err err = ERR_OK;
    if (kind == 'B')
        err = take_block(h, frame, &reading->place, &reading->answer, fault);
    else if (kind == 'H')
        err = take_head(frame, want, &reading->place, &reading->answer.head, fault);
    else if (kind == 'O')
        err = take_spared(frame, want, &reading->place, &reading->answer, fault);
    else if (kind == 'S')
        err = take_seal(frame, want, &reading->place, &reading->answer, fault);
    else
        err = fault_set(fault, ERR_CODEC, "a frame of kind %u is not known here", (unsigned)kind);
    if (err)
        return err;
    reading->whole = kind == 'H' || kind == 'S';
    reading->used = (size_t)((const char *)rd.p - reading->bytes.p);
    return ERR_OK;
}

enum err feed_answer_parse(struct sha256 *h, struct str bytes, const struct feed_want *want,
                           const struct feed_place *from, struct feed_answer *out, size_t *out_used,
                           struct fault *fault)
{
    struct feed_reading reading = {.bytes = bytes, .place = *from};
    enum err err = ERR_OK;
    while (!err && !reading.whole)
        err = feed_read_frame(h, want, &reading, fault);
    *out = reading.answer;
    if (!err)
        *out_used = reading.used;
    return err;
}

size_t feed_segment_skip(struct str bytes, const struct feed_place *from)
{
    struct rd rd = rd_of(bytes.p, bytes.n);
    for (;;) {
        size_t before = bytes.n - rd_left(&rd);
        struct block_header header;
        uint64_t kind = rd_uint(&rd, 1), n = rd_uint(&rd, 4);
        const uint8_t *p = rd_bytes(&rd, (size_t)n);
        if (rd.failed || !p || kind != 'B' || n < BLOCK_HEADER_BYTES ||
            block_header_decode(p, &header) || header.first_seq >= from->next_seq)
            return before;
    }
}

enum err feed_tac_list(struct str bytes, const struct feed_want *want, uint32_t number,
                       struct str *out_packed, struct fault *fault)
{
    enum { HEAD = 4 + FEED_ID + 4 };
    if (bytes.n < HEAD + SIGNATURE || memcmp(bytes.p, "TGTS", 4) != 0)
        return fault_set(fault, ERR_CODEC, "no signed list of models");
    const uint8_t *p = (const uint8_t *)bytes.p;
    size_t before = bytes.n - SIGNATURE;
    if (memcmp(p + 4, want->register_id, FEED_ID) != 0 || get_be(p + 4 + FEED_ID, 4) != number)
        return fault_set(fault, ERR_SIGNATURE, "a list of models of another register or number");
    if (!is_signed(FEED_TAC_LABEL, p, before, p + before, want->public_key))
        return fault_set(fault, ERR_SIGNATURE, "the list of models is not signed by the register");
    *out_packed = (struct str){bytes.p + HEAD, before - HEAD};
    return ERR_OK;
}
