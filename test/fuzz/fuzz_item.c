/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_item - whatever item_decode takes, the encoder of its kind writes again, byte by byte. */
#include <stdint.h>
#include <stdlib.h>

#include "journal/item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t encode(const struct item *item, struct buf *out)
{
    uint8_t row[LIMIT_ROW_ITEM];
    switch (item->type) {
    case ITEM_ENTRY:
        return item_encode_entry(&item->entry, out);
    case ITEM_RULES:
        return item_encode_rules(item->rules.number, item->rules.text, out);
    case ITEM_GATE:
        return item_encode_gate(&item->gate, out);
    default:
        buf_put(out, row, item_encode_row(&item->row, row));
        return out->n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item;
    struct buf again = {0};
    if (item_decode(data, size, &item) != ERR_OK)
        return 0;
    if (encode(&item, &again) != size || memcmp(again.p, data, size) != 0)
        abort();
    buf_release(&again);
    return 0;
}
