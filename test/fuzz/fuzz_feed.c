/* SPDX-License-Identifier: Apache-2.0
 *
 * What a register, or somebody who stands before it, may send a node: an answer of the feed ('f': the head is
 * signed here; 'a': and what is taken is applied to an index, which costs more than all before; 'u': as it came) or a
 * list of models ('t'; 'v': as it came). Answers begin where their first block does. How they are changed:
 * feed_mutator.c. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/buf.h"
#include "fuzz/cheap_sign.h"
#include "index/index.h"
#include "node/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t id[FEED_ID] = {1}, key[32] = {2};

/* The place before the first block, so that the blocks behind it are read, too. */
static struct feed_place place_of(const uint8_t *p, size_t n)
{
    struct feed_place place = {.next_seq = 1};
    if (n < FEED_FRAME + BLOCK_HEADER_BYTES + SHA256_BYTES || p[0] != 'B')
        return place;
    place.next_seq = get_be(p + FEED_FRAME + 4, 8);
    memcpy(place.hash, p + FEED_FRAME + BLOCK_HEADER_BYTES, SHA256_BYTES);
    return place;
}

static void apply(const struct feed_answer *answer, const struct feed_place *from, struct sha256 *h)
{
    struct index *ix;
    struct feed_place place = *from;
    if (index_new(&ix) != ERR_OK)
        return;
    struct index_state state = index_state(ix);
    state.next_seq = from->next_seq;
    memcpy(state.hash, from->hash, SHA256_BYTES);
    index_set_state(ix, &state);
    for (size_t i = 0; i < answer->count; i++) {
        const struct block *b = &answer->blocks[i];
        bool good = block_verify(h, b, place.hash, place.next_seq, NULL) == ERR_OK;
        bool applied = index_apply(ix, b, 9800) == ERR_OK;
        assert(good == applied);
        if (!applied)
            break;
        place.next_seq = b->header.first_seq + b->header.item_count;
        memcpy(place.hash, b->hash, SHA256_BYTES);
        assert(index_state(ix).next_seq == place.next_seq);
    }
    index_free(ix);
}

static void sign_head(uint8_t *p, size_t n)
{
    static const char label[] = FEED_HEAD_LABEL;
    enum { LABEL = sizeof label - 1 };
    uint8_t message[LABEL + FEED_HEAD_SIGNED];
    for (size_t at = 0; n - at >= FEED_FRAME;) {
        size_t bytes = get_be(p + at + 1, 4);
        if (bytes > n - at - FEED_FRAME)
            return;
        at += FEED_FRAME;
        if (p[at - FEED_FRAME] == 'H' && bytes == FEED_HEAD) {
            memcpy(message, label, LABEL);
            memcpy(message + LABEL, p + at, FEED_HEAD_SIGNED);
            cheap_sign(p + at + FEED_HEAD_SIGNED, message, sizeof message, key);
        }
        at += bytes;
    }
}

static void read_answer(uint8_t *p, size_t n, uint8_t how)
{
    const struct feed_want want = {id, key};
    struct feed_answer answer;
    struct fault fault = {0};
    size_t used = 0;
    char cursor[FEED_CURSOR];
    static struct sha256 *h;
    if (!h) {
        h = sha256_new();
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* an index is two megabytes of zeros otherwise */
    }
    struct feed_place from = place_of(p, n);
    if (how != 'u')
        sign_head(p, n);
    if (h && feed_answer_parse(h, (struct str){(const char *)p, n}, &want, &from, &answer, &used,
                               &fault) == ERR_OK) {
        assert(used <= n && answer.head.place.next_seq >= from.next_seq);
        feed_cursor(&answer.head.place, cursor);
        if (how == 'a')
            apply(&answer, &from, h);
    }
    if (h)
        feed_answer_release(&answer);
}

static void read_list(uint8_t *p, size_t n, bool sign)
{
    static const char label[] = FEED_TAC_LABEL;
    const struct feed_want want = {id, key};
    struct buf message = {0};
    struct str packed;
    struct tac_table *table;
    struct fault fault = {0};
    if (sign && n >= CHEAP_SIGNATURE) {
        buf_put(&message, label, sizeof label - 1);
        buf_put(&message, p, n - CHEAP_SIGNATURE);
        cheap_sign(p + n - CHEAP_SIGNATURE, message.p, message.n, key);
        buf_release(&message);
    }
    if (feed_tac_list((struct str){(const char *)p, n}, &want, 1, &packed, &fault) == ERR_OK &&
        tac_table_new(packed.p, packed.n, &table) == ERR_OK)
        tac_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = size - 1;
    uint8_t *p = malloc(n); /* so that nothing can be read behind its end */
    if (!p)
        return 0;
    memcpy(p, data + 1, n);
    if (data[0] == 't' || data[0] == 'v')
        read_list(p, n, data[0] == 't');
    else
        read_answer(p, n, data[0]);
    free(p);
    return 0;
}
