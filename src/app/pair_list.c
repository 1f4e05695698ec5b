/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pair_list.h"

#include <stdlib.h>

static void take(void *ctx, const struct pair *pair)
{
    struct pair_list *list = ctx;
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 64;
        struct numbered_pair *p = realloc(list->p, size * sizeof *p);
        list->failed |= !p;
        if (!p)
            return;
        list->p = p;
        list->size = size;
    }
    list->p[list->n] = (struct numbered_pair){*pair, list->n};
    list->n++;
}

enum err pair_list_take(struct pair_list *list, const struct block *block)
{
    enum err err = block->section.n ? section_walk(block->section, take, list) : ERR_OK;
    return !err && list->failed ? ERR_MEMORY : err;
}

int pair_compare(const struct pair *x, const struct pair *y)
{
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->subscriber < y->subscriber ? -1 : x->subscriber > y->subscriber;
}

static int by_pair(const void *a, const void *b)
{
    const struct numbered_pair *x = a, *y = b;
    int order = pair_compare(&x->pair, &y->pair);
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

void pair_list_settle(struct pair_list *list)
{
    size_t kept = 0;
    if (list->n)
        qsort(list->p, list->n, sizeof *list->p, by_pair);
    for (size_t i = 0; i < list->n; i++) {
        bool last = i + 1 == list->n || pair_compare(&list->p[i].pair, &list->p[i + 1].pair) != 0;
        if (last && !list->p[i].pair.removed)
            list->p[kept++] = list->p[i];
    }
    list->n = kept;
}

void pair_list_release(struct pair_list *list)
{
    free(list->p);
    *list = (struct pair_list){0};
}
