/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_map - words by IMEI in memory: open addressing, never shrinks but by clearing. */
#ifndef APP_LISTS_MAP_H
#define APP_LISTS_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lists_map {
    struct lists_cell {
        uint64_t key; /* body + 1; 0 = empty */
        uint64_t value;
    } * cells;
    size_t size, used;
};
void lists_map_release(struct lists_map *map);
void lists_map_clear(struct lists_map *map);
/* NULL: nothing stands there. */
uint64_t *lists_map_find(const struct lists_map *map, uint64_t body);
/* ERR_MEMORY. */
MUST_USE enum err lists_map_put(struct lists_map *map, uint64_t body, uint64_t value);

#endif
