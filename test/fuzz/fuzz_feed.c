/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_feed - what a register, or somebody who stands before it, may send a node: an answer of the feed, read from
 * where its first block says that it begins; a signed list of models; a node's key file. The first byte tells which.
 * Nobody can sign here, so of an answer that ends as it should the head is refused last. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "node/feed.h"
#include "node/node_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The place before the first block, so that the blocks behind it are read, too. */
static struct feed_place place_of(struct str bytes)
{
    struct feed_place place = {.next_seq = 1};
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (bytes.n < FEED_FRAME + BLOCK_HEADER_BYTES + SHA256_BYTES)
        return place;
    place.next_seq = get_be(p + FEED_FRAME + 4, 8);
    memcpy(place.hash, p + FEED_FRAME + BLOCK_HEADER_BYTES, SHA256_BYTES);
    return place;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t id[FEED_ID] = {1}, key[32] = {2};
    const struct feed_want want = {id, key};
    if (!size)
        return 0;
    struct str bytes = {(const char *)data + 1, size - 1};
    struct fault fault = {0};
    if (data[0] == 'f') {
        struct feed_answer answer;
        struct feed_place from = place_of(bytes);
        struct sha256 *h = sha256_new();
        size_t used = 0;
        if (!h)
            return 0;
        if (feed_answer_parse(h, bytes, &want, &from, &answer, &used, &fault) == ERR_OK)
            abort();
        feed_answer_release(&answer);
        sha256_free(h);
    } else if (data[0] == 't') {
        struct str packed;
        if (feed_tac_list(bytes, &want, 1, &packed, &fault) == ERR_OK)
            abort();
    } else {
        struct node_key out;
        if (node_key_parse(bytes, &out, &fault) == ERR_OK && !out.register_id[0])
            return 0;
    }
    return 0;
}
