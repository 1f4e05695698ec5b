/* SPDX-License-Identifier: Apache-2.0
 *
 * What a follower says where it stands: a cursor that is taken is one that feed_cursor_format writes, byte by byte. */
#include <assert.h>

#include "app/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {size ? (const char *)data : "", size};
    struct feed_cursor cursor;
    uint8_t hash[SHA256_BYTES] = {0};
    char again[FEED_CURSOR_TEXT];
    if (!feed_cursor_parse(text, &cursor))
        return 0;
    memcpy(hash, cursor.hash, sizeof cursor.hash);
    feed_cursor_format(cursor.next_seq, hash, again);
    assert(str_eq(text, str_z(again)));
    return 0;
}
