/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/earliest.h"

#include <stdlib.h>

#include "bulk/radix.h"

void earliest_keep(struct imei_list *list)
{
    size_t kept = 0;
    radix_sort(list->keys, list->n);
    for (size_t i = 0; i < list->n; i++)
        if (!kept || list->keys[kept - 1] >> 16 != list->keys[i] >> 16)
            list->keys[kept++] = list->keys[i];
    list->n = kept;
}

/* Twice the room, unless half of it is free once the twins are gone. */
static enum err make_room(struct imei_list *list, size_t most)
{
    earliest_keep(list);
    if (list->n > most)
        return ERR_TOO_MANY;
    if (list->n <= list->size / 2)
        return ERR_OK;
    uint64_t *keys = realloc(list->keys, 2 * list->size * sizeof *keys);
    if (!keys)
        return ERR_MEMORY;
    list->keys = keys;
    list->size *= 2;
    return ERR_OK;
}

enum err earliest_add(struct imei_list *list, uint64_t key, size_t most)
{
    enum err err = ERR_OK;
    if (list->n == list->size && list->size >= EARLIEST_ROOM)
        err = make_room(list, most);
    return err ? err : imei_list_add(list, key);
}
