/* SPDX-License-Identifier: Apache-2.0 */
#include "app/imei_list.h"

#include <stdlib.h>

enum { FIRST_SIZE = 1 << 16 };

enum err imei_list_add(struct imei_list *list, uint64_t key)
{
    if (list->n >= LIMIT_BATCH_IMEIS)
        return ERR_TOO_MANY;
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : FIRST_SIZE;
        uint64_t *keys = realloc(list->keys, size * sizeof *keys);
        if (!keys)
            return ERR_MEMORY;
        list->keys = keys;
        list->size = size;
    }
    list->keys[list->n++] = key;
    return ERR_OK;
}

void imei_list_release(struct imei_list *list)
{
    free(list->keys);
    *list = (struct imei_list){0};
}

static bool next(void *ctx, struct change *out)
{
    struct imei_list *list = ctx;
    if (list->at == list->n)
        return false;
    out->imei.body = list->keys[list->at++];
    return true;
}

struct batch_source imei_list_source(struct imei_list *list, const struct change *common)
{
    list->at = 0;
    return (struct batch_source){next, list, common};
}
