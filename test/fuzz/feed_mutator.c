/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_mutator - how the answers of the feed are changed that fuzz_feed reads. A mutation goes into an item, a pair,
 * a header or a frame, and then what hangs on it, lengths, counts, hashes, the chain, is put right again: so what
 * stands in blocks is changed, and not the first length before them. One of eight is left wrong, one of sixteen is
 * made as if nothing were known of the form. Linked with libFuzzer only. */
#include <stdint.h>

#include "base/buf.h"
#include "base/mix.h"
#include "node/feed.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n,
                                 uint8_t *out, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size); /* libFuzzer's */

enum {
    FRAMES = 24,
    ITEMS = 64,
    BEFORE_BODY = BLOCK_HEADER_BYTES + SHA256_BYTES,
    PAIR = 15,
    MORE = 32, /* bytes by which a piece may grow */
};

/* ---- frames ---- */

struct frame {
    uint8_t kind;
    struct buf bytes;
};

struct frames {
    struct frame at[FRAMES];
    size_t n;
};

static void add_frames(struct frames *f, const uint8_t *p, size_t n, size_t from, size_t to)
{
    struct rd rd = rd_of(p, n);
    for (size_t i = 0; f->n < FRAMES && i < to; i++) {
        uint8_t kind = (uint8_t)rd_uint(&rd, 1);
        uint64_t bytes = rd_uint(&rd, 4);
        if (rd.failed)
            break;
        bytes = bytes < rd_left(&rd) ? bytes : rd_left(&rd);
        const uint8_t *rest = rd_bytes(&rd, bytes);
        if (i < from)
            continue;
        struct frame *frame = &f->at[f->n++];
        frame->kind = kind;
        buf_put(&frame->bytes, rest, bytes);
    }
}

static void release(struct frames *f)
{
    for (size_t i = 0; i < f->n; i++)
        buf_release(&f->at[i].bytes);
}

static bool is_block(const struct frame *frame)
{
    return frame->kind == 'B' && frame->bytes.n >= BEFORE_BODY;
}

/* 0: it does not fit. */
static size_t write_frames(const struct frames *f, uint8_t *out, size_t max_size)
{
    size_t n = 1;
    for (size_t i = 0; i < f->n; i++)
        n += FEED_FRAME + f->at[i].bytes.n;
    if (n > max_size)
        return 0;
    n = 1;
    for (size_t i = 0; i < f->n; i++) {
        const struct buf *bytes = &f->at[i].bytes;
        out[n] = f->at[i].kind;
        put_be(out + n + 1, bytes->n, 4);
        if (bytes->n)
            memcpy(out + n + FEED_FRAME, bytes->p, bytes->n);
        n += FEED_FRAME + bytes->n;
    }
    return n;
}

/* ---- what stands in a block ---- */

static size_t body_bytes(const struct buf *bytes)
{
    size_t n = get_be(bytes->p + 16, 4), most = bytes->n - BEFORE_BODY;
    return n < most ? n : most;
}

struct items {
    struct str at[ITEMS];
    size_t n;
    bool whole;
};

static struct items items_of(const struct buf *bytes)
{
    struct items items = {.n = 0};
    struct rd rd = rd_of(bytes->p + BEFORE_BODY, body_bytes(bytes));
    while (items.n < ITEMS && rd_left(&rd)) {
        uint64_t n = rd_varint(&rd);
        if (rd.failed || !n || n > rd_left(&rd))
            return items;
        items.at[items.n++] = (struct str){(const char *)rd_bytes(&rd, n), n};
    }
    items.whole = !rd_left(&rd);
    return items;
}

static void set_body(struct buf *bytes, const struct items *items)
{
    size_t body = body_bytes(bytes);
    struct buf made = {0};
    buf_put(&made, bytes->p, BEFORE_BODY);
    for (size_t i = 0; i < items->n; i++) {
        buf_varint(&made, items->at[i].n);
        buf_str(&made, items->at[i]);
    }
    put_be(made.p + 16, made.n - BEFORE_BODY, 4);
    buf_put(&made, bytes->p + BEFORE_BODY + body, bytes->n - BEFORE_BODY - body);
    buf_release(bytes);
    *bytes = made;
}

static void change_item(struct buf *bytes, unsigned r)
{
    uint8_t room[LIMIT_DOCUMENT + 256];
    struct items items = items_of(bytes);
    size_t i = items.n ? r / 8 % items.n : 0;
    if (!items.n || items.at[i].n > sizeof room - MORE)
        return;
    if (r % 8 == 0) { /* one less */
        items.at[i] = items.at[--items.n];
    } else if (r % 8 == 1 && items.n < ITEMS) { /* the same twice */
        items.at[items.n++] = items.at[i];
    } else if (r % 8 == 2) {
        struct str other = items.at[items.n - 1];
        items.at[items.n - 1] = items.at[i];
        items.at[i] = other;
    } else {
        memcpy(room, items.at[i].p, items.at[i].n);
        items.at[i].n = LLVMFuzzerMutate(room, items.at[i].n, items.at[i].n + MORE);
        items.at[i].p = (const char *)room;
    }
    set_body(bytes, &items);
}

static void change_section(struct buf *bytes, unsigned r)
{
    size_t at = BEFORE_BODY + body_bytes(bytes), n = bytes->n - at;
    uint8_t pair[PAIR] = {0, 32};
    if (r % 4 == 0 || n < PAIR) {
        buf_put(bytes, pair, PAIR);
        n += PAIR;
    } else if (r % 4 == 1) {
        bytes->n -= PAIR;
        return;
    }
    uint8_t *p = bytes->p + at + n / PAIR * PAIR - PAIR;
    LLVMFuzzerMutate(p, PAIR, PAIR);
    p[PAIR - 1] &= 1;
}

/* ---- putting right ---- */

static struct feed_place first_place(const struct frames *f)
{
    struct feed_place place = {.next_seq = 1};
    if (f->n && is_block(&f->at[0])) {
        place.next_seq = get_be(f->at[0].bytes.p + 4, 8);
        memcpy(place.hash, f->at[0].bytes.p + BLOCK_HEADER_BYTES, SHA256_BYTES);
    }
    return place;
}

static void repair_block(struct sha256 *h, struct buf *bytes, struct feed_place *place)
{
    struct items items = items_of(bytes);
    size_t body = body_bytes(bytes);
    struct block b = {.body = {(const char *)bytes->p + BEFORE_BODY, body}};
    b.section = (struct str){b.body.p + body, bytes->n - BEFORE_BODY - body};
    put_be(bytes->p + 4, place->next_seq, 8);
    if (items.whole)
        put_be(bytes->p + 12, items.n, 4);
    put_be(bytes->p + 16, body, 4);
    memcpy(bytes->p + BLOCK_HEADER_BYTES, place->hash, SHA256_BYTES);
    memcpy(b.prev_hash, place->hash, SHA256_BYTES);
    if (block_header_decode(bytes->p, &b.header) || block_seal(h, &b))
        return;
    memcpy(bytes->p + BLOCK_HEADER_BYTES - SHA256_BYTES, b.header.section_hash, SHA256_BYTES);
    place->next_seq = b.header.first_seq + b.header.item_count;
    memcpy(place->hash, b.hash, SHA256_BYTES);
}

static void repair(struct frames *f)
{
    static struct sha256 *h;
    struct feed_place place = first_place(f);
    h = h ? h : sha256_new();
    for (size_t i = 0; h && i < f->n; i++) {
        struct buf *bytes = &f->at[i].bytes;
        if (is_block(&f->at[i]))
            repair_block(h, bytes, &place);
        if (f->at[i].kind != 'H' || bytes->n != FEED_HEAD)
            continue;
        put_be(bytes->p + FEED_ID, place.next_seq, 8);
        memcpy(bytes->p + FEED_ID + 8, place.hash, SHA256_BYTES);
    }
}

/* ---- mutations ---- */

static bool is_answer(const uint8_t *data)
{
    return data[0] == 'f' || data[0] == 'a';
}

static void add_head(struct frames *f)
{
    static const uint8_t head[FEED_HEAD] = {1};
    if (f->n && f->at[f->n - 1].kind == 'H')
        return;
    if (f->n == FRAMES)
        buf_release(&f->at[--f->n].bytes);
    f->at[f->n] = (struct frame){.kind = 'H'};
    buf_put(&f->at[f->n++].bytes, head, sizeof head);
}

static void change_frames(struct frames *f, unsigned r)
{
    size_t i = r / 4 % f->n;
    struct frame *frame = &f->at[i], last = f->at[f->n - 1];
    if (r % 4 == 0 && f->n < FRAMES) { /* the same twice */
        struct frame again = {.kind = frame->kind};
        buf_put(&again.bytes, frame->bytes.p, frame->bytes.n);
        memmove(frame + 1, frame, (f->n++ - i) * sizeof *frame);
        *frame = again;
    } else if (r % 4 == 1) {
        buf_release(&frame->bytes);
        memmove(frame, frame + 1, (--f->n - i) * sizeof *frame);
    } else if (r % 4 == 2) {
        f->at[f->n - 1] = *frame;
        *frame = last;
    } else if (buf_reserve(&frame->bytes, MORE)) {
        frame->bytes.n = LLVMFuzzerMutate(frame->bytes.p, frame->bytes.n, frame->bytes.n + MORE);
    }
}

static void change(struct frames *f, unsigned r)
{
    struct frame *frame = &f->at[r / 16 % f->n];
    if (r % 16 >= 13 || !is_block(frame))
        change_frames(f, r / 16);
    else if (r % 16 >= 11)
        LLVMFuzzerMutate(frame->bytes.p + 20, 32, 32); /* what a header says beside sizes */
    else if (r % 16 >= 9)
        change_section(&frame->bytes, r / 256);
    else
        change_item(&frame->bytes, r / 256);
}

static size_t finish(struct frames *f, uint8_t *out, size_t max_size, unsigned r)
{
    if (r % 8) {
        add_head(f);
        repair(f);
    }
    size_t n = write_frames(f, out, max_size);
    release(f);
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct frames f = {.n = 0};
    unsigned r = (unsigned)mix64(seed);
    if (size && is_answer(data) && r % 16)
        add_frames(&f, data + 1, size - 1, 0, FRAMES);
    if (!f.n)
        return LLVMFuzzerMutate(data, size, max_size);
    change(&f, r / 16);
    data[0] = r >> 29 ? 'f' : 'a';
    size_t n = f.n ? finish(&f, data, max_size, (unsigned)(mix64(seed) >> 40)) : 0;
    return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

/* The first frames of one answer, then the last of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    struct frames f = {.n = 0};
    unsigned r = (unsigned)mix64(seed);
    if (!a_n || !b_n || !is_answer(a) || !is_answer(b))
        return 0;
    add_frames(&f, a + 1, a_n - 1, 0, r % 8);
    add_frames(&f, b + 1, b_n - 1, r / 8 % 8, FRAMES);
    out[0] = 'f';
    return f.n ? finish(&f, out, max_size, r / 64) : 0;
}
