/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_map.h"

#include <stdlib.h>

#include "base/mix.h"

enum { FIRST_CELLS = 1024 };

void lists_map_release(struct lists_map *map)
{
    free(map->cells);
    *map = (struct lists_map){0};
}

void lists_map_clear(struct lists_map *map)
{
    lists_map_release(map);
}

static struct lists_cell *place_of(struct lists_cell *cells, size_t size, uint64_t key)
{
    size_t i = (size_t)mix_range(mix64(key), size);
    while (cells[i].key && cells[i].key != key)
        i = i + 1 == size ? 0 : i + 1;
    return &cells[i];
}

uint64_t *lists_map_find(const struct lists_map *map, uint64_t body)
{
    if (!map->used)
        return NULL;
    struct lists_cell *cell = place_of(map->cells, map->size, body + 1);
    return cell->key ? &cell->value : NULL;
}

static enum err map_grow(struct lists_map *map)
{
    const size_t size = map->size ? 2 * map->size : FIRST_CELLS;
    struct lists_cell *cells = calloc(size, sizeof *cells);
    if (!cells)
        return ERR_MEMORY;
    for (size_t i = 0; i < map->size; i++)
        if (map->cells[i].key)
            *place_of(cells, size, map->cells[i].key) = map->cells[i];
    free(map->cells);
    map->cells = cells;
    map->size = size;
    return ERR_OK;
}

enum err lists_map_put(struct lists_map *map, uint64_t body, uint64_t value)
{
    if (map->used >= map->size - map->size / 4) {
        enum err err = map_grow(map);
        if (err)
            return err;
    }
    struct lists_cell *cell = place_of(map->cells, map->size, body + 1);
    map->used += !cell->key;
    *cell = (struct lists_cell){body + 1, value};
    return ERR_OK;
}
